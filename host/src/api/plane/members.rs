//! `/orgs/{org}/members`.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::auth::{Asker, InOrg};
use super::super::openapi::{After, Condition, Key};
use super::super::parameters::Names;
use super::super::view::{Member, MemberChange, NewMember, Page};
use super::super::{Code, PREFIX, Problem, State};
use super::{Body, IfMatch, Once, Tagged, commit, listing, orgs, write};
use crate::store::catalog::{Change, Expect, Identity, Item as _, Items as _, Kept, MemberItem, Role};

impl From<MemberItem> for Member {
    fn from(item: MemberItem) -> Self {
        let id = item.key();
        let MemberItem { identity, role, display_name, created_at } = item;
        let (issuer, subject, email) = match identity {
            Identity::Subject { issuer, subject } => (Some(issuer), Some(subject), None),
            Identity::Email(email) => (None, None, Some(email)),
        };
        Self { id, issuer, subject, email, role, display_name, created_at }
    }
}

/// List members
#[utoipa::path(get, path = "/members", tag = "members", params(After), responses((status = 200, body = Page<Member>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Member>>, Problem> {
    let (limit, after) = listing(query.as_deref())?;
    let page = api.catalog.page::<MemberItem>(&asker.org, "", after, limit).await?;
    let items = page.records.into_iter().map(|kept| kept.item.into()).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// Make somebody a member
#[utoipa::path(post, path = "/members", tag = "members", params(Key), request_body = NewMember, responses((status = 201, body = Member)))]
pub(in crate::api) async fn create(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    once: Once,
    Body(new): Body<NewMember>,
) -> Result<Response, Problem> {
    asker.may(Role::Owner)?;
    let asked = match once.ask(&api, &asker.org, &asker.caller, &new).await? {
        Ok(answered) => return Ok(answered),
        Err(asked) => asked,
    };
    let identity = identity(new.issuer, new.subject, new.email)?;
    let (role, display_name) = (new.role, orgs::display(new.display_name)?);
    let item = MemberItem { identity, role, display_name, created_at: api.clock.now() };
    let id = item.key();
    let role = serde_json::to_value(item.role).unwrap_or_default();
    let told = asker.did(&api, "member.create", id.as_str()).with("role", role);
    let exists = |_| Problem::new(Code::MemberExists, format!("they are the member `{id}` already"));
    let location = format!("{PREFIX}/orgs/{}/members/{id}", asker.org);
    let mut changes = vec![Change::put(&item, Expect::Absent)?];
    let made = Member::from(item);
    changes.extend(asked.keep(&api, &asker.org, &location, &made).await?);
    let revision = commit(&api, &asker.org, changes, told, exists).await?;
    Ok(Tagged(revision, made).created(location))
}

/// Show a member
#[utoipa::path(get, path = "/members/{member}", tag = "members", responses((status = 200, body = Member)))]
pub(in crate::api) async fn show(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    path: Names,
) -> Result<Tagged<Member>, Problem> {
    let Kept { item, revision, .. } = find(&api, &asker, path.get("member")).await?;
    Ok(Tagged(revision, item.into()))
}

/// Change a member
#[utoipa::path(patch, path = "/members/{member}", tag = "members", params(Condition), request_body = MemberChange, responses((status = 200, body = Member)))]
pub(in crate::api) async fn change(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    path: Names,
    condition: IfMatch,
    Body(change): Body<MemberChange>,
) -> Result<Tagged<Member>, Problem> {
    asker.may(Role::Owner)?;
    let Kept { mut item, revision, .. } = find(&api, &asker, path.get("member")).await?;
    item.role = change.role.unwrap_or(item.role);
    if change.display_name.is_some() {
        item.display_name = orgs::display(change.display_name)?;
    }
    let role = serde_json::to_value(item.role).unwrap_or_default();
    let told = asker.did(&api, "member.change", item.key()).with("role", role);
    let put = vec![Change::put(&item, condition.0.or_at(revision))?];
    let revision = commit(&api, &asker.org, put, told, |_| write::changed()).await?;
    Ok(Tagged(revision, item.into()))
}

/// Remove a member
#[utoipa::path(delete, path = "/members/{member}", tag = "members", params(Condition), responses((status = 204)))]
pub(in crate::api) async fn remove(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    path: Names,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    asker.may(Role::Owner)?;
    let id = path.get("member");
    let told = asker.did(&api, "member.remove", id);
    let gone = vec![Change::remove::<MemberItem>(id, condition.or(Expect::Present))];
    commit(&api, &asker.org, gone, told, |_| not_found(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(api: &State, asker: &Asker, id: &str) -> Result<Kept<MemberItem>, Problem> {
    api.catalog.find::<MemberItem>(&asker.org, id).await?.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Problem {
    Problem::new(Code::MemberNotFound, format!("there is no member `{id}`"))
}

fn identity(issuer: Option<String>, subject: Option<String>, email: Option<String>) -> Result<Identity, Problem> {
    let invalid = |detail: &str| Err(Problem::new(Code::InvalidBody, detail));
    match (issuer, subject, email) {
        (Some(issuer), Some(subject), None) => {
            if issuer.is_empty() || subject.is_empty() || issuer.len() > 500 || subject.len() > 255 {
                return invalid("`issuer` has 1 to 500 bytes and `subject` 1 to 255");
            }
            Ok(Identity::Subject { issuer, subject })
        }
        (None, None, Some(email)) => {
            let is_address = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
            if !is_address || email.len() > 254 || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return invalid("`email` is not an address, as `ada@example.com` is");
            }
            Ok(Identity::Email(email.to_lowercase()))
        }
        _ => invalid("give either `issuer` and `subject`, or `email`"),
    }
}

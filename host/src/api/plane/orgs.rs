//! `GET /whoami`, `/orgs` and `/orgs/{org}`.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::response::Response;

use super::super::auth::{Access, Asker, Caller, InOrg, Operator, memberships};
use super::super::view::{Membership, NewOrg, Org, OrgChange, Page, Whoami};
use super::super::{Code, PREFIX, Problem, State};
use super::{Body, IfMatch, Once, Tagged, commit, listing, tokens};
use crate::store::catalog::{Change, Expect, HOST, Items as _, Kept, Kind, OrgItem, Quotas, Role, Row};

impl From<OrgItem> for Org {
    fn from(item: OrgItem) -> Self {
        let OrgItem { name, display_name, created_at, quotas, suspended_at, .. } = item;
        Self { name, display_name, created_at, quotas, suspended_at }
    }
}

/// Who asks
#[utoipa::path(get, path = "/whoami", tag = "orgs", responses((status = 200, body = Whoami)))]
pub(in crate::api) async fn whoami(
    extract::State(api): extract::State<State>,
    caller: Caller,
) -> Result<Json<Whoami>, Problem> {
    let Caller { actor, access, token, .. } = caller;
    let (operator, orgs) = match access {
        Access::Operator => (true, Vec::new()),
        Access::Org { org, role, project } => (false, vec![Membership { org: org.to_string(), role, project }]),
        Access::Member(ids) => {
            let of = |(org, role): (crate::event::Org, Role)| Membership { org: org.to_string(), role, project: None };
            (false, memberships(&api, &ids).await?.into_iter().map(of).collect())
        }
    };
    Ok(Json(Whoami { actor, operator, orgs, token: token.map(|item| tokens::view(item, None)) }))
}

/// List orgs
///
/// An operator sees all of them, others theirs.
#[utoipa::path(get, path = "/orgs", tag = "orgs", params(super::super::openapi::After), responses((status = 200, body = Page<Org>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Org>>, Problem> {
    let (limit, after) = listing(query.as_deref())?;
    let (rows, next) = match &caller.access {
        Access::Operator => {
            let mut rows = api.catalog.orgs(after.as_deref(), limit + 1).await?;
            let more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            let next = if more { rows.last().map(|row| row.key.clone()) } else { None };
            (rows, next)
        }
        Access::Org { org, .. } if after.as_deref().is_none_or(|after| &**org > after) => {
            let row = api.catalog.record(org, Kind::Org, org).await?;
            (row.into_iter().collect(), None)
        }
        Access::Org { .. } => (Vec::new(), None),
        Access::Member(ids) => of_member(&api, ids, after.as_deref(), limit).await?,
    };
    let items = rows.iter().map(|row| Ok(Kept::<OrgItem>::of(row)?.item)).collect::<Result<Vec<_>, Problem>>()?;
    // One that is being removed is not there any more.
    let items = items.into_iter().filter(|item| item.deleted_at.is_none()).map(Org::from).collect();
    Ok(Json(Page { items, next }))
}

/// A page of the orgs that somebody is a member of.
async fn of_member(
    api: &State,
    ids: &[String],
    after: Option<&str>,
    limit: u32,
) -> Result<(Vec<Row>, Option<String>), Problem> {
    let mut left: Vec<_> = memberships(api, ids).await?.into_keys().collect();
    left.retain(|org| after.is_none_or(|after| &**org > after));
    let more = left.len() > limit as usize;
    left.truncate(limit as usize);
    let next = if more { left.last().map(|org| org.to_string()) } else { None };
    let mut rows = Vec::with_capacity(left.len());
    for org in left {
        rows.extend(api.catalog.record(&org, Kind::Org, &org).await?);
    }
    Ok((rows, next))
}

/// Make an org
///
/// For operators.
#[utoipa::path(post, path = "/orgs", tag = "orgs", params(super::super::openapi::Key), request_body = NewOrg, responses((status = 201, body = Org)))]
pub(in crate::api) async fn create(
    extract::State(api): extract::State<State>,
    Operator(caller): Operator,
    once: Once,
    Body(new): Body<NewOrg>,
) -> Result<Response, Problem> {
    // An org that is not there yet has no room of its own.
    let asked = match once.ask(&api, &HOST.into(), &caller, &new).await? {
        Ok(answered) => return Ok(answered),
        Err(asked) => asked,
    };
    let NewOrg { name, display_name, quotas } = new;
    if !is_name(&name) {
        let detail = format!(
            "`name`: `{name}` is not a name: use 1 to 40 of `a-z`, `0-9` and `-`, and neither begin nor end with `-`"
        );
        return Err(Problem::new(Code::InvalidBody, detail));
    }
    bounded(quotas.as_ref())?;
    let display_name = display(display_name)?;
    let item = OrgItem::new(name, display_name, quotas.unwrap_or_default(), api.clock.now());
    let org: crate::event::Org = item.name.as_str().into();
    let told = caller.by().did(api.clock.now(), "org.create", item.name.as_str());
    let change = vec![Change::put(&item, Expect::Absent)?];
    let exists =
        |_| Problem::new(Code::OrgExists, format!("the name `{org}` is taken: by an org, or by one that was deleted"));
    let revision = super::write::commit_new(&api, &org, change, told, exists).await?;
    api.registry.allow(&item);
    let location = format!("{PREFIX}/orgs/{org}");
    let made = Org::from(item);
    // In another org's room, so in another commit: if it fails, the next request with the key is told that the org is there.
    if let Some(kept) = asked.keep(&api, &HOST.into(), &location, &made).await? {
        let told = caller.by().did(api.clock.now(), "answer.keep", org.to_string());
        commit(&api, &HOST.into(), vec![kept], told, |_| super::write::changed()).await?;
    }
    Ok(Tagged(revision, made).created(location))
}

/// Show an org
#[utoipa::path(get, path = "/orgs/{org}", tag = "orgs", responses((status = 200, body = Org)))]
pub(in crate::api) async fn show(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
) -> Result<Tagged<Org>, Problem> {
    let Kept { item, revision, .. } = find(&api, &asker).await?;
    Ok(Tagged(revision, item.into()))
}

/// Change an org
///
/// Its owners change its display name, operators its quotas.
#[utoipa::path(patch, path = "/orgs/{org}", tag = "orgs", params(super::super::openapi::Condition), request_body = OrgChange, responses((status = 200, body = Org)))]
pub(in crate::api) async fn change(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    condition: IfMatch,
    Body(change): Body<OrgChange>,
) -> Result<Tagged<Org>, Problem> {
    asker.may(Role::Owner)?;
    if change.quotas.is_some() && asker.caller.access != Access::Operator {
        return Err(Problem::new(Code::Forbidden, "`quotas`: only operators of the host change what an org may take"));
    }
    bounded(change.quotas.as_ref())?;
    let turn = api.registry.turn(&asker.org);
    let _turn = turn.lock().await;
    let Kept { mut item, revision, .. } = find(&api, &asker).await?;
    if change.display_name.is_some() {
        item.display_name = display(change.display_name)?;
    }
    item.quotas = change.quotas.unwrap_or(item.quotas);
    let told = asker.did(&api, "org.change", item.name.as_str());
    let quotas = serde_json::to_value(item.quotas).unwrap_or_default();
    let told = if change.quotas.is_some() { told.with("quotas", quotas) } else { told };
    let put = vec![Change::put(&item, condition.0.or_at(revision))?];
    let revision = commit(&api, &asker.org, put, told, |_| super::write::changed()).await?;
    api.registry.allow(&item);
    Ok(Tagged(revision, item.into()))
}

pub(super) async fn find(api: &State, asker: &Asker) -> Result<Kept<OrgItem>, Problem> {
    let found = api.catalog.find::<OrgItem>(&asker.org, &asker.org).await?;
    let found = found.filter(|kept| kept.item.deleted_at.is_none());
    found.ok_or_else(|| Problem::new(Code::OrgNotFound, format!("there is no org `{}`", asker.org)))
}

/// Numbers of bytes have 63 bits, as they are described: most clients know no greater ones.
fn bounded(quotas: Option<&Quotas>) -> Result<(), Problem> {
    let bytes =
        |of: &Quotas| [of.module_bytes, of.modules_bytes, of.stored_bytes, of.log_bytes, of.memory_bytes, of.kv_bytes];
    let bytes = quotas.map(bytes);
    let too_great = bytes.into_iter().flatten().flatten().any(|bytes| i64::try_from(bytes).is_err());
    if too_great {
        Err(Problem::new(Code::InvalidBody, "`quotas`: a number of bytes is less than 2^63"))
    } else {
        Ok(())
    }
}

/// The form of an org's name: it stands in paths, in tables, and some day in host names.
fn is_name(name: &str) -> bool {
    let chars = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    chars && (1..=40).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-')
}

/// A name for people, of a bounded length; an empty one is none.
pub(super) fn display(name: Option<String>) -> Result<Option<String>, Problem> {
    match name {
        Some(name) if name.chars().count() > 200 => {
            Err(Problem::new(Code::InvalidBody, "`display_name` has more than 200 characters"))
        }
        name => Ok(name.filter(|name| !name.is_empty())),
    }
}

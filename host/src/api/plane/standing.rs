//! `/orgs/{org}/suspend`, `/resume`, and `DELETE /orgs/{org}`: whether an org takes anything.

use axum::extract;
use axum::http::StatusCode;

use super::super::auth::{Access, Asker, InOrg};
use super::super::body::Fields;
use super::super::openapi::{Condition, Nothing};
use super::super::parameters::Parameters;
use super::super::view::Org;
use super::super::{Code, Problem, State};
use super::{IfMatch, Tagged, commit, orgs, write};
use crate::store::catalog::{Change, HOST, Kept, OrgItem};

/// Suspend an org
///
/// Its webhooks are refused from now on, and its sessions wait; those that run end. Its API answers as before. For operators.
#[utoipa::path(post, path = "/suspend", tag = "orgs", params(Condition), request_body = Nothing, responses((status = 200, body = Org)))]
pub(in crate::api) async fn suspend(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    condition: IfMatch,
    Fields(fields): Fields,
) -> Result<Tagged<Org>, Problem> {
    operator(&asker)?;
    Parameters::of_object(fields, &[])?;
    let now = api.clock.now();
    change(&api, &asker, condition, "org.suspend", |item| {
        item.suspended_at.get_or_insert(now);
    })
    .await
}

/// Resume an org
///
/// Its webhooks are taken again, and its sessions go on. For operators.
#[utoipa::path(post, path = "/resume", tag = "orgs", params(Condition), request_body = Nothing, responses((status = 200, body = Org)))]
pub(in crate::api) async fn resume(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    condition: IfMatch,
    Fields(fields): Fields,
) -> Result<Tagged<Org>, Problem> {
    operator(&asker)?;
    Parameters::of_object(fields, &[])?;
    change(&api, &asker, condition, "org.resume", |item| item.suspended_at = None).await
}

/// Delete an org
///
/// It is not there from now on, its tokens are no good, its sessions end, and all that it has is removed in the background, its audit log
/// too; that of the host keeps the fact. Its name is not given to another. For operators.
#[utoipa::path(delete, path = "/orgs/{org}", tag = "orgs", params(Condition), responses((status = 204)))]
pub(in crate::api) async fn remove(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    operator(&asker)?;
    let now = api.clock.now();
    // Before it is done, since its own log goes with it: a line too many tells more than one that is missing.
    let told = asker.did(&api, "org.delete", asker.org.to_string());
    commit(&api, &HOST.into(), Vec::new(), told, |_| write::changed()).await?;
    change(&api, &asker, condition, "org.delete", |item| item.deleted_at = Some(now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn operator(asker: &Asker) -> Result<(), Problem> {
    match asker.caller.access {
        Access::Operator => Ok(()),
        Access::Org { .. } | Access::Member(_) => {
            Err(Problem::new(Code::Forbidden, "this is for operators of the host"))
        }
    }
}

async fn change(
    api: &State,
    asker: &Asker,
    condition: IfMatch,
    action: &str,
    change: impl FnOnce(&mut OrgItem),
) -> Result<Tagged<Org>, Problem> {
    // What is committed last is also what holds last.
    let turn = api.registry.turn(&asker.org);
    let _turn = turn.lock().await;
    let Kept { mut item, revision, .. } = orgs::find(api, asker).await?;
    change(&mut item);
    let told = asker.did(api, action, item.name.as_str());
    let put = vec![Change::put(&item, condition.0.or_at(revision))?];
    let revision = commit(api, &asker.org, put, told, |_| write::changed()).await?;
    api.registry.allow(&item);
    Ok(Tagged(revision, item.into()))
}

//! `GET /usage`: how much is kept, and how much runs.

use axum::extract::RawQuery;
use axum::{Json, extract};

use super::auth::InOrg;
use super::parameters::Parameters;
use super::{Problem, State, plane, view};
use crate::store::catalog::{Items as _, ModuleItem};

/// Show what the org has and may have
#[utoipa::path(get, path = "/usage", tag = "orgs", responses((status = 200, body = view::Usage)))]
pub(super) async fn show(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    RawQuery(query): RawQuery,
) -> Result<Json<view::Usage>, Problem> {
    Parameters::of_query(query.as_deref(), &[])?;
    let usage = api.history.usage(&asker.org).await?;
    let modules = api.catalog.all::<ModuleItem>(&asker.org, "").await?;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Json(view::Usage {
        events: usage.events,
        bytes: usage.bytes,
        running: count(api.control.running(&asker.org).len()),
        modules: count(modules.len()),
        modules_bytes: modules.iter().map(|kept| kept.item.bytes).sum(),
        kv_bytes: api.kv.bytes(&asker.org).await?,
        cpu: api.control.cpu(&asker.org),
        limits: plane::limits(&api, &asker.org),
    }))
}

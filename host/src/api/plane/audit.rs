//! `GET /orgs/{org}/audit` and `GET /audit`.

use axum::Json;
use axum::extract::{self, RawQuery};

use super::super::auth::{InOrg, Operator};
use super::super::openapi::AuditLog;
use super::super::parameters::Parameters;
use super::super::view::{Audit, Page};
use super::super::{DEFAULT_LIMIT, Problem, State, lists};
use crate::event::{AuditId, Org};
use crate::store::catalog::{AuditEntry, HOST, Role};

impl From<AuditEntry> for Audit {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, from, action, target, detail } = entry;
        Self { id, at, actor, from, action, target, detail }
    }
}

/// List who did what
///
/// Newest first. For owners.
#[utoipa::path(get, path = "/audit", tag = "orgs", params(AuditLog), responses((status = 200, body = Page<Audit>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Audit>>, Problem> {
    asker.may(Role::Owner)?;
    page(&api, &asker.org, query.as_deref()).await
}

/// List what was done to the host
///
/// Orgs that were deleted, and operators' tokens. Newest first. For operators.
#[utoipa::path(get, path = "/audit", tag = "operators", params(AuditLog), responses((status = 200, body = Page<Audit>)))]
pub(in crate::api) async fn list_of_host(
    extract::State(api): extract::State<State>,
    _: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Audit>>, Problem> {
    page(&api, &HOST.into(), query.as_deref()).await
}

async fn page(api: &State, org: &Org, query: Option<&str>) -> Result<Json<Page<Audit>>, Problem> {
    let mut given = Parameters::of_query(query, &["limit", "before"])?;
    let limit = given.take("limit", lists::limit)?.unwrap_or(DEFAULT_LIMIT);
    let before: Option<AuditId> = given.take("before", str::parse)?;
    Ok(Json(api.catalog.audit(org, before, limit).await?.into()))
}

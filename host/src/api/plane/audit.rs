//! `GET /orgs/{org}/audit`.

use axum::Json;
use axum::extract::{self, RawQuery};

use super::super::auth::InOrg;
use super::super::openapi::Before;
use super::super::parameters::Parameters;
use super::super::view::{Audit, Page};
use super::super::{DEFAULT_LIMIT, Problem, State, lists};
use crate::event::AuditId;
use crate::store::catalog::{AuditEntry, Role};

impl From<AuditEntry> for Audit {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, from, action, target, detail } = entry;
        Self { id, at, actor, from, action, target, detail }
    }
}

/// List who did what
///
/// Newest first. For owners.
#[utoipa::path(get, path = "/audit", tag = "orgs", params(Before), responses((status = 200, body = Page<Audit>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Audit>>, Problem> {
    asker.may(Role::Owner)?;
    let mut given = Parameters::of_query(query.as_deref(), &["limit", "before"])?;
    let limit = given.take("limit", lists::limit)?.unwrap_or(DEFAULT_LIMIT);
    let before: Option<AuditId> = given.take("before", str::parse)?;
    Ok(Json(api.catalog.audit(&asker.org, before, limit).await?.into()))
}

//! `/orgs/{org}/projects/{project}/triggers` and `/endpoints`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{self, RawQuery};

use super::super::auth::InProject;
use super::super::body::Fields;
use super::super::openapi::{After, Nothing};
use super::super::parameters::{Names, Parameters};
use super::super::view::{Endpoint, Page, Trigger};
use super::super::{Code, Problem, State};
use super::{deployments, listing, projects};
use crate::deploy::{self, Rotated};
use crate::event::Org;
use crate::store::catalog::{EndpointItem, Items as _, Role};

/// List triggers
///
/// Those of the deployment that serves.
#[utoipa::path(get, path = "/projects/{project}/triggers", tag = "projects", responses((status = 200, body = Page<Trigger>)))]
pub(in crate::api) async fn triggers(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Trigger>>, Problem> {
    Parameters::of_query(query.as_deref(), &[])?;
    projects::find(&api, &asker.org, &project).await?;
    let snapshot = api.registry.deployed().load();
    let active = snapshot.project(&asker.org, &project).and_then(|serving| serving.active.as_ref());
    let items = active.map(|deployment| of(&api, &asker.org, deployment)).unwrap_or_default();
    Ok(Json(Page { items, next: None }))
}

/// List endpoints
///
/// With the slugs that senders use. A page has the slugs of whole endpoints.
#[utoipa::path(get, path = "/projects/{project}/endpoints", tag = "projects", params(After), responses((status = 200, body = Page<Endpoint>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Endpoint>>, Problem> {
    let (limit, after) = listing(query.as_deref())?;
    projects::find(&api, &asker.org, &project).await?;
    let all = all(&api, &asker.org, &project).await?;
    let left = all.into_iter().filter(|endpoint| after.as_ref().is_none_or(|after| endpoint.name > *after));
    let mut items: Vec<Endpoint> = left.collect();
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = if more { items.last().map(|endpoint| endpoint.name.clone()) } else { None };
    Ok(Json(Page { items, next }))
}

/// Give an endpoint another slug
///
/// A random one. The one that it had takes nothing any more.
#[utoipa::path(post, path = "/projects/{project}/endpoints/{endpoint}/rotate", tag = "projects", request_body = Nothing, responses((status = 200, body = Endpoint)))]
pub(in crate::api) async fn rotate(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    path: Names,
    Fields(fields): Fields,
) -> Result<Json<Endpoint>, Problem> {
    asker.may(Role::Developer)?;
    Parameters::of_object(fields, &[])?;
    projects::find(&api, &asker.org, &project).await?;
    let name = path.get("endpoint");
    let rotated = api.registry.rotate(&asker.org, &project, name, &asker.caller.by()).await;
    let missing = || Problem::new(Code::EndpointNotFound, format!("the project has no endpoint `{name}`"));
    match rotated.map_err(deployments::refused)? {
        Rotated::Unknown => Err(missing()),
        Rotated::Done(_) => {
            let all = all(&api, &asker.org, &project).await?;
            all.into_iter().find(|endpoint| endpoint.name == name).map(Json).ok_or_else(missing)
        }
    }
}

async fn all(api: &State, org: &Org, project: &str) -> Result<Vec<Endpoint>, Problem> {
    let mut names: BTreeMap<String, (Option<EndpointItem>, Vec<String>)> = BTreeMap::new();
    for kept in api.catalog.all::<EndpointItem>(org, &format!("{project}/")).await? {
        let (live, retired) = names.entry(kept.item.name.clone()).or_default();
        match kept.item.retired_at {
            None => *live = Some(kept.item),
            Some(_) => retired.push(kept.item.slug),
        }
    }
    let endpoints = names.into_values().filter_map(|(live, retired)| {
        let EndpointItem { slug, name, created_at, .. } = live?;
        Some(Endpoint { name, path: path_of(&slug), slug, created_at, retired })
    });
    Ok(endpoints.collect())
}

fn path_of(slug: &str) -> String {
    format!("/webhooks/{slug}")
}

/// The triggers of a deployment, and where they listen.
pub(super) fn of(api: &State, org: &Org, deployment: &Arc<deploy::Deployment>) -> Vec<Trigger> {
    let snapshot = api.registry.deployed().load();
    let serving = snapshot.project(org, &deployment.project);
    let trigger = |trigger: &crate::trigger::Trigger| Trigger {
        name: trigger.name.to_string(),
        endpoint: trigger.endpoint.to_string(),
        path: serving.and_then(|serving| serving.slug(&trigger.endpoint)).map(|slug| path_of(slug)),
        event_type: trigger.event_type.as_ref().map(|kind| kind.as_str().to_owned()),
        filter: trigger.filter.as_ref().map(|filter| filter.source().to_owned()),
        call: trigger.call.to_string(),
        is_sync: trigger.is_sync,
    };
    deployment.triggers.iter().map(trigger).collect()
}

//! `/orgs/{org}/projects`.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::auth::{Asker, InProject, project_not_found};
use super::super::body::Fields;
use super::super::openapi::{After, Condition, Key, Nothing};
use super::super::parameters::Parameters;
use super::super::view::{Canary, NewProject, Page, Project};
use super::super::{Code, PREFIX, Problem, State};
use super::{Body, IfMatch, Once, Tagged, commit, listing};
use crate::event::Org;
use crate::store::catalog::{Change, Expect, Items as _, Kept, ProjectItem, Role};

impl From<ProjectItem> for Project {
    fn from(item: ProjectItem) -> Self {
        let ProjectItem { name, created_at, active, previous, canary, testing, .. } = item;
        let canary = canary.map(|canary| Canary { deployment: canary.deployment, percent: canary.percent });
        let testing = testing.into_iter().map(|testing| testing.deployment).collect();
        Self { name, created_at, active, previous, canary, testing }
    }
}

/// List projects
#[utoipa::path(get, path = "/projects", tag = "projects", params(After), responses((status = 200, body = Page<Project>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    asker: Asker,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Project>>, Problem> {
    let (limit, after) = listing(query.as_deref())?;
    if let Some(own) = &asker.project {
        let found = api.catalog.find::<ProjectItem>(&asker.org, own).await?;
        let found = found.filter(|kept| is_there(&kept.item) && after.as_ref().is_none_or(|after| own > after));
        return Ok(Json(Page { items: found.into_iter().map(|kept| kept.item.into()).collect(), next: None }));
    }
    let page = api.catalog.page::<ProjectItem>(&asker.org, "", after, limit).await?;
    let items = page.records.into_iter().map(|kept| kept.item).filter(is_there).map(Project::from).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// Make a project
///
/// A first deployment makes it too.
#[utoipa::path(post, path = "/projects", tag = "projects", params(Key), request_body = NewProject, responses((status = 201, body = Project)))]
pub(in crate::api) async fn create(
    extract::State(api): extract::State<State>,
    asker: Asker,
    once: Once,
    Body(new): Body<NewProject>,
) -> Result<Response, Problem> {
    asker.may(Role::Developer)?;
    let asked = match once.ask(&api, &asker.org, &asker.caller, &new).await? {
        Ok(answered) => return Ok(answered),
        Err(asked) => asked,
    };
    let NewProject { name } = new;
    if asker.project.as_ref().is_some_and(|own| *own != name) {
        return Err(Problem::new(Code::Forbidden, "the token is for another project alone"));
    }
    if let Err(wrong) = crate::deploy::manifest::project_name(&name) {
        return Err(Problem::new(Code::InvalidBody, format!("`name`: `{name}` {wrong}")));
    }
    let item = ProjectItem::new(name, api.clock.now());
    let told = asker.did(&api, "project.create", item.name.as_str());
    let exists = |_| Problem::new(Code::ProjectExists, "the org has a project of this name already");
    let location = format!("{PREFIX}/orgs/{}/projects/{}", asker.org, item.name);
    let mut changes = vec![Change::put(&item, Expect::Absent)?];
    let made = Project::from(item);
    changes.extend(asked.keep(&api, &asker.org, &location, &made).await?);
    let revision = commit(&api, &asker.org, changes, told, exists).await?;
    Ok(Tagged(revision, made).created(location))
}

/// Show a project
#[utoipa::path(get, path = "/projects/{project}", tag = "projects", responses((status = 200, body = Project)))]
pub(in crate::api) async fn show(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
) -> Result<Tagged<Project>, Problem> {
    let Kept { item, revision, .. } = find(&api, &asker.org, &project).await?;
    Ok(Tagged(revision, item.into()))
}

/// Stop a project
///
/// None of its deployments serves from now on; what they have is finished. Its slugs stay its own.
#[utoipa::path(post, path = "/projects/{project}/stop", tag = "projects", params(Condition), request_body = Nothing, responses((status = 204)))]
pub(in crate::api) async fn stop(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    condition: IfMatch,
    Fields(fields): Fields,
) -> Result<StatusCode, Problem> {
    asker.may(Role::Owner)?;
    Parameters::of_object(fields, &[])?;
    let stopped = api.registry.stop(&asker.org, &project, condition.0, &asker.caller.by()).await;
    stopped.map_err(super::deployments::refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a project
///
/// It takes nothing from now on, its sessions end, and what it has is removed in the background: events, what handlers keep, deployments,
/// variables, slugs. Its name is free after that, and its slugs are anybody's.
#[utoipa::path(delete, path = "/projects/{project}", tag = "projects", params(Condition), responses((status = 204)))]
pub(in crate::api) async fn remove(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    asker.may(Role::Owner)?;
    let deleted = api.registry.delete(&asker.org, &project, condition.0, &asker.caller.by()).await;
    deleted.map_err(super::deployments::refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// One that is being removed is not there any more.
fn is_there(item: &ProjectItem) -> bool {
    item.deleted_at.is_none()
}

pub(super) async fn find(api: &State, org: &Org, project: &str) -> Result<Kept<ProjectItem>, Problem> {
    let found = api.catalog.find::<ProjectItem>(org, project).await?;
    found.filter(|kept| is_there(&kept.item)).ok_or_else(|| project_not_found(project))
}

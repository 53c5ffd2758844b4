//! `/orgs/{org}/projects/{project}/deployments`: apply, list, show, compare.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use similar::TextDiff;

use super::super::auth::InProject;
use super::super::openapi::{Deployments, From};
use super::super::parameters::{Names, Parameters};
use super::super::view::{Deployment, DeploymentState, Diff, ManifestMistake, ModuleDiff, NewDeployment, Page, Placed};
use super::super::{Code, DEFAULT_LIMIT, PREFIX, Problem, State, lists};
use super::{Body, Tagged, endpoints, owed, place, projects, write};
use crate::deploy::manifest;
use crate::deploy::{self, ApplyError, Draft, Misplaced};
use crate::event::{DeploymentId, Org};
use crate::store::catalog::{ProjectItem, Role, Why};
use crate::store::{self, DeploymentRecord};

/// List deployments
///
/// Newest first.
#[utoipa::path(get, path = "/projects/{project}/deployments", tag = "deployments", params(Deployments), responses((status = 200, body = Page<Deployment>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Deployment>>, Problem> {
    let mut given = Parameters::of_query(query.as_deref(), &["limit", "before"])?;
    let limit = given.take("limit", lists::limit)?.unwrap_or(DEFAULT_LIMIT);
    let before: Option<DeploymentId> = given.take("before", str::parse)?;
    let item = projects::find(&api, &asker.org, &project).await?.item;
    let page = api.catalog.deployments(&asker.org, &project, before, limit).await?;
    let owed = owed(&api, &asker.org).await?;
    let next = page.next.map(|id| id.to_string());
    let items = page.records.into_iter().map(|record| view(record, &item, &owed, false)).collect();
    Ok(Json(Page { items, next }))
}

/// Show a deployment
#[utoipa::path(get, path = "/projects/{project}/deployments/{deployment}", tag = "deployments", responses((status = 200, body = Deployment)))]
pub(in crate::api) async fn show(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    path: Names,
) -> Result<Json<Deployment>, Problem> {
    let item = projects::find(&api, &asker.org, &project).await?.item;
    let record = find(&api, &asker.org, &project, path.id("deployment")?).await?;
    Ok(Json(view(record, &item, &owed(&api, &asker.org).await?, true)))
}

/// Deploy
///
/// All of it is checked, and with one mistake nothing changes. The modules were uploaded before. What serves already is answered with 200 and
/// changes nothing.
#[utoipa::path(post, path = "/projects/{project}/deployments", tag = "deployments", request_body = NewDeployment,
    responses((status = 201, body = Placed), (status = 200, description = "It serves already", body = Placed)))]
pub(in crate::api) async fn create(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    Body(new): Body<NewDeployment>,
) -> Result<Response, Problem> {
    asker.may(Role::Developer)?;
    let NewDeployment { manifest, modules, state, percent } = new;
    let place = place::of(state, percent)?;
    let source = manifest.clone();
    let draft = Draft { project: project.clone(), manifest, modules, place };
    let applied = api.registry.deploy(&asker.org, draft, &asker.caller.by()).await;
    let deployed = applied.map_err(|error| with_mistakes(error, &source))?;
    let deploy::Deployed { deployment, is_new, testing_token } = deployed;
    let kept = projects::find(&api, &asker.org, &project).await?;
    let record = find(&api, &asker.org, &project, deployment.id).await?;
    let placed = Placed {
        deployment: view(record, &kept.item, &BTreeSet::new(), false),
        created: is_new,
        testing_token,
        triggers: endpoints::of(&api, &asker.org, &deployment),
        warnings: warnings(&api, &deployment, &source),
    };
    let location = format!("{PREFIX}/orgs/{}/projects/{project}/deployments/{}", asker.org, deployment.id);
    let tagged = Tagged(kept.revision, placed);
    Ok(if is_new { tagged.created(location) } else { (StatusCode::OK, tagged).into_response() })
}

/// Compare deployments
///
/// With what serves, or with `from`.
#[utoipa::path(get, path = "/projects/{project}/deployments/{deployment}/diff", tag = "deployments", params(From), responses((status = 200, body = Diff)))]
pub(in crate::api) async fn diff(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    path: Names,
    RawQuery(query): RawQuery,
) -> Result<Json<Diff>, Problem> {
    let mut given = Parameters::of_query(query.as_deref(), &["from"])?;
    let from: Option<DeploymentId> = given.take("from", str::parse)?;
    let item = projects::find(&api, &asker.org, &project).await?.item;
    let nothing = || Problem::new(Code::NothingDeployed, "nothing serves to compare with: give `from`");
    let from = from.or(item.active).ok_or_else(nothing)?;
    let to = find(&api, &asker.org, &project, path.id("deployment")?).await?;
    let from = find(&api, &asker.org, &project, from).await?;
    Ok(Json(compared(&from, &to)))
}

pub(super) async fn find(api: &State, org: &Org, project: &str, id: DeploymentId) -> Result<DeploymentRecord, Problem> {
    let found = api.catalog.deployment(org, id).await?.filter(|record| record.project == project);
    let missing = || Problem::new(Code::DeploymentNotFound, format!("the project `{project}` has no deployment {id}"));
    found.ok_or_else(missing)
}

/// A deployment as clients see it, of a project that says which of them serve.
pub(super) fn view(
    record: DeploymentRecord,
    project: &ProjectItem,
    owed: &BTreeSet<DeploymentId>,
    is_whole: bool,
) -> Deployment {
    let id = record.id;
    let canary = project.canary.filter(|canary| canary.deployment == id);
    let (state, percent) = if project.active == Some(id) {
        (DeploymentState::Active, project.canary.map(|canary| 100 - canary.percent))
    } else if let Some(canary) = canary {
        (DeploymentState::Active, Some(canary.percent))
    } else if project.testing.iter().any(|testing| testing.deployment == id) {
        (DeploymentState::Testing, None)
    } else if owed.contains(&id) {
        (DeploymentState::Draining, None)
    } else {
        (DeploymentState::Inactive, None)
    };
    let DeploymentRecord { project, created_at, modules, manifest, .. } = record;
    Deployment { id, project, created_at, state, percent, modules, manifest: is_whole.then_some(manifest) }
}

/// What is likely not what was meant.
pub(super) fn warnings(api: &State, deployment: &deploy::Deployment, source: &str) -> Vec<ManifestMistake> {
    let found = api.registry.warnings(deployment, source);
    if found.is_empty() { Vec::new() } else { mistakes(&found.into(), source) }
}

fn mistakes(error: &manifest::Error, source: &str) -> Vec<ManifestMistake> {
    let one = |found: &manifest::Diagnostic| {
        let rendered = manifest::Error::from(vec![found.clone()]).render(manifest::FILE, source);
        let (message, help) = (found.message.clone(), found.help.clone());
        ManifestMistake { message, line: found.line, column: found.column, help, rendered }
    };
    error.diagnostics.iter().map(one).collect()
}

fn with_mistakes(error: ApplyError, source: &str) -> Problem {
    match error {
        ApplyError::Invalid(invalid) => {
            let count = invalid.diagnostics.len() + invalid.omitted;
            let detail = match count {
                1 => "the project has a mistake".to_owned(),
                count => format!("the project has {count} mistakes"),
            };
            Problem::new(Code::InvalidManifest, detail).errors(mistakes(&invalid, source))
        }
        error => refused(error),
    }
}

pub(super) fn refused(error: ApplyError) -> Problem {
    match error {
        ApplyError::Invalid(error) => Problem::new(Code::DeploymentBroken, error.to_string()),
        ApplyError::Refused(refusal) if refusal.why == Why::Missing => {
            Problem::new(Code::ProjectNotFound, format!("there is no project `{}`", refusal.key))
        }
        ApplyError::Refused(_) => write::changed(),
        ApplyError::Misplaced(misplaced) => {
            let code = match &misplaced {
                Misplaced::NoProject(_) => Code::ProjectNotFound,
                Misplaced::NoDeployment(..) => Code::DeploymentNotFound,
                Misplaced::Broken(..) => Code::DeploymentBroken,
                Misplaced::Leaving(_) => Code::BeingRemoved,
                Misplaced::NothingToShare | Misplaced::ServesAll(_) | Misplaced::NothingBefore => Code::NotPlaceable,
            };
            Problem::new(code, misplaced.to_string())
        }
        ApplyError::Random(error) => store::Error::Unavailable(error.to_string()).into(),
        ApplyError::Seal(error) => {
            tracing::error!(%error, "failed to seal or open the values of a deployment");
            Problem::new(Code::StoreFailed, "the server's log says why")
        }
        ApplyError::Store(error) => error.into(),
    }
}

fn compared(from: &DeploymentRecord, to: &DeploymentRecord) -> Diff {
    let text = TextDiff::from_lines(&from.manifest, &to.manifest);
    let manifest = text.unified_diff().header(&from.id.to_string(), &to.id.to_string()).to_string();
    let names: BTreeSet<&String> = from.modules.keys().chain(to.modules.keys()).collect();
    let at = |modules: &BTreeMap<String, _>, name: &String| modules.get(name).copied();
    let both = names.into_iter().map(|name| (name, at(&from.modules, name), at(&to.modules, name)));
    let modules = both.filter(|(_, from, to)| from != to);
    let modules = modules.map(|(name, from, to)| ModuleDiff { name: name.clone(), from, to }).collect();
    let same = from.manifest == to.manifest;
    Diff { from: from.id, to: to.id, manifest: if same { String::new() } else { manifest }, modules }
}

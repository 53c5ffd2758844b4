//! `/orgs/{org}/modules`: what an org uploads. Another org's modules are not there, even with the same bytes.

use std::io::{Read as _, Seek as _, Write as _};
use std::time::Instant;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};
use tracing::error;

use super::super::auth::Asker;
use super::super::openapi::{After, Wasm};
use super::super::parameters::Names;
use super::super::view::{Module, Page};
use super::super::{Code, PREFIX, Problem, State};
use super::{Tagged, commit, limits, listing, write};
use crate::event::{Digest, Org};
use crate::guest::LoadError;
use crate::store::catalog::{By, Change, Expect, Items as _, Kept, ModuleItem, ModuleState, Role};

impl From<ModuleItem> for Module {
    fn from(item: ModuleItem) -> Self {
        let ModuleItem { digest, component, bytes, uploaded_at, uploaded_by, state } = item;
        Self { digest, component, bytes, uploaded_at, uploaded_by, state }
    }
}

/// List modules
#[utoipa::path(get, path = "/modules", tag = "modules", params(After), responses((status = 200, body = Page<Module>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    asker: Asker,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Module>>, Problem> {
    let (limit, after) = listing(query.as_deref())?;
    let page = api.catalog.page::<ModuleItem>(&asker.org, "", after, limit).await?;
    let items = page.records.into_iter().map(|kept| kept.item.into()).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// Show a module
#[utoipa::path(get, path = "/modules/{digest}", tag = "modules", responses((status = 200, body = Module)))]
pub(in crate::api) async fn show(
    extract::State(api): extract::State<State>,
    asker: Asker,
    path: Names,
) -> Result<Tagged<Module>, Problem> {
    let Kept { item, revision, .. } = find(&api, &asker.org, path.id("digest")?).await?;
    Ok(Tagged(revision, item.into()))
}

/// Upload a module
///
/// The body is a WebAssembly component, or a core module that says what component it is. `digest` is the SHA-256 of the body. It is
/// compiled afterwards: `state` says how far that is.
#[utoipa::path(put, path = "/modules/{digest}", tag = "modules",
    request_body(content = Wasm, content_type = "application/octet-stream"),
    responses((status = 201, body = Module), (status = 200, description = "The org has it already", body = Module)))]
pub(in crate::api) async fn upload(
    extract::State(api): extract::State<State>,
    asker: Asker,
    path: Names,
    body: Body,
) -> Result<Response, Problem> {
    asker.may(Role::Developer)?;
    let digest: Digest = path.id("digest")?;
    let known = api.catalog.find::<ModuleItem>(&asker.org, &digest.to_string()).await?;
    if let Some(Kept { item, revision, .. }) = known
        && !matches!(item.state, ModuleState::Refused { .. })
    {
        return Ok(Tagged(revision, Module::from(item)).into_response());
    }
    let bytes = receive(&api, &asker.org, digest, body).await?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    room(&api, &asker.org, size).await?;
    let component = match api.registry.library().keep(bytes).await {
        Ok(component) => component,
        Err(LoadError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Problem::new(Code::InvalidModule, error.to_string())),
    };
    let item = ModuleItem {
        digest,
        component,
        bytes: size,
        uploaded_at: api.clock.now(),
        uploaded_by: asker.caller.actor.clone(),
        state: ModuleState::Compiling,
    };
    let told = asker.did(&api, "module.upload", digest.to_string()).with("bytes", size);
    let put = vec![Change::put(&item, Expect::Anything)?];
    let revision = commit(&api, &asker.org, put, told, |_| write::changed()).await?;
    api.tasks.spawn(compile(api.clone(), asker.org.clone(), item.clone()));
    let location = format!("{PREFIX}/orgs/{}/modules/{digest}", asker.org);
    Ok(Tagged(revision, Module::from(item)).created(location))
}

/// Remove a module
#[utoipa::path(delete, path = "/modules/{digest}", tag = "modules", responses((status = 204)))]
pub(in crate::api) async fn remove(
    extract::State(api): extract::State<State>,
    asker: Asker,
    path: Names,
) -> Result<StatusCode, Problem> {
    asker.may(Role::Developer)?;
    let Kept { item, revision, .. } = find(&api, &asker.org, path.id("digest")?).await?;
    let snapshot = api.registry.deployed().load();
    let mut serving = snapshot.projects(&asker.org).flat_map(|serving| serving.deployments());
    let uses = serving.find(|deployment| deployment.modules.values().any(|module| module.digest == item.component));
    if let Some(deployment) = uses {
        let detail = format!("the deployment {} of the project `{}` has it", deployment.id, deployment.project);
        return Err(Problem::new(Code::ModuleInUse, detail));
    }
    let told = asker.did(&api, "module.remove", item.digest.to_string());
    let gone = vec![Change::remove::<ModuleItem>(item.digest.to_string(), Expect::At(revision))];
    commit(&api, &asker.org, gone, told, |_| not_found(item.digest)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(api: &State, org: &Org, digest: Digest) -> Result<Kept<ModuleItem>, Problem> {
    let found = api.catalog.find::<ModuleItem>(org, &digest.to_string()).await?;
    found.ok_or_else(|| not_found(digest))
}

fn not_found(digest: Digest) -> Problem {
    Problem::new(Code::ModuleNotFound, format!("there is no module {digest}"))
}

/// The whole body, which must have this digest. It goes to a file first, so that slow uploads take no memory.
async fn receive(api: &State, org: &Org, digest: Digest, mut body: Body) -> Result<Bytes, Problem> {
    let most = limits(api, org).module_bytes;
    let broken = |err: std::io::Error| {
        error!(%err, "failed to keep an upload");
        Problem::new(Code::StoreUnavailable, "try again in a moment")
    };
    let mut file = tempfile::tempfile().map_err(broken)?;
    let (mut sha256, mut size) = (Sha256::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|err| Problem::new(Code::InvalidBody, format!("the body broke off: {err}")))?;
        let Ok(data) = frame.into_data() else { continue };
        size += u64::try_from(data.len()).unwrap_or(u64::MAX);
        if size > most {
            let detail = format!("it has more than {most} bytes, which is the most that a module of the org may have");
            return Err(Problem::new(Code::ModuleTooLarge, detail));
        }
        // A piece has some KiB, so this is as short as a write to a socket.
        sha256.update(&data);
        file.write_all(&data).map_err(broken)?;
    }
    let found = Digest::from_bytes(sha256.finalize().into());
    if found != digest {
        let detail = format!("the body's SHA-256 is {found}, not {digest}");
        return Err(Problem::new(Code::DigestMismatch, detail));
    }
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(Bytes::from(bytes))
    });
    read.await.map_err(|panic| broken(std::io::Error::other(panic)))?.map_err(broken)
}

/// Whether the org may have one more of this size.
async fn room(api: &State, org: &Org, size: u64) -> Result<(), Problem> {
    let limits = limits(api, org);
    let all = api.catalog.all::<ModuleItem>(org, "").await?;
    let bytes: u64 = all.iter().map(|kept| kept.item.bytes).sum();
    let full = |what: String| Err(Problem::new(Code::QuotaExceeded, what));
    if all.len() >= limits.modules as usize {
        return full(format!("the org has {} modules and may have {}: remove some", all.len(), limits.modules));
    }
    if bytes.saturating_add(size) > limits.modules_bytes {
        let most = limits.modules_bytes;
        return full(format!("the org has modules of {bytes} bytes and may have {most}: remove some"));
    }
    Ok(())
}

/// Compiles what was uploaded, and notes how it went.
async fn compile(api: State, org: Org, item: ModuleItem) {
    let started = Instant::now();
    let compiled = tokio::select! {
        compiled = api.registry.library().loaded(item.component) => compiled,
        // The next deployment compiles it.
        () = api.tasks.stopping() => return,
    };
    let state = match compiled {
        Ok(module) => ModuleState::Ready {
            handlers: module.handlers().into_iter().flatten().cloned().collect(),
            imports: module.imports().to_vec(),
            compile_ms: u64::try_from(started.elapsed().as_millis()).ok(),
        },
        Err(LoadError::Store(error)) => {
            return error!(%org, module = %item.digest, %error, "failed to compile an uploaded module");
        }
        Err(error) => ModuleState::Refused { reason: error.to_string() },
    };
    let told = By::host().did(api.clock.now(), "module.compile", item.digest.to_string());
    let noted = async {
        let change = Change::put(&ModuleItem { state, ..item }, Expect::Present)?;
        api.catalog.commit(&org, vec![change], Some(told)).await
    };
    if let Err(error) = noted.await {
        error!(%org, %error, "failed to note that a module was compiled");
    }
}

//! `GET /openapi.json`: what clients may ask, as OpenAPI 3.1. It is made of the routes themselves; what all of them have in common is
//! added here.

use std::sync::OnceLock;

use axum::Json;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{DEFAULT_LIMIT, MAX_LIMIT, PROBLEM_MEDIA_TYPE};

/// A page of a list in the order of its keys.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct After {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Only what comes after this: the `next` of an earlier page.
    #[param(min_length = 1)]
    after: Option<String>,
}

/// A page of an audit log, newest first.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct AuditLog {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Only what is older than this id: the `next` of an earlier page.
    before: Option<crate::event::AuditId>,
}

/// A page of deployments, newest first.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct Deployments {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Only what is older than this id: the `next` of an earlier page.
    before: Option<crate::event::DeploymentId>,
}

/// With what a deployment is compared.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct From {
    /// The deployment to compare with; what serves when it is left out.
    from: Option<crate::event::DeploymentId>,
}

/// On what condition something is written.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct Condition {
    /// The `ETag` of the version that was looked at: if it was changed since, nothing is written.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// By what a client names a creation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct Key {
    /// Asked for twice with the same key within a day, it happens once.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
}

/// By what a list of events is narrowed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct Events {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Only what is older than this id: the `next` of an earlier page.
    before: Option<crate::event::EventId>,
    /// Received then or later: a time, or how long ago: `1h`.
    #[param(min_length = 1)]
    since: Option<String>,
    /// Received before then: a time, or how long ago.
    #[param(min_length = 1)]
    until: Option<String>,
    /// On this slug.
    #[param(min_length = 1)]
    endpoint: Option<String>,
    /// Of this type.
    #[param(min_length = 1)]
    r#type: Option<String>,
}

/// By what a list of sessions is narrowed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct Sessions {
    /// How many items at the most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Only what is older than this id: the `next` of an earlier page.
    before: Option<crate::event::SessionId>,
    /// Created then or later: a time, or how long ago: `1h`.
    #[param(min_length = 1)]
    since: Option<String>,
    /// Created before then: a time, or how long ago.
    #[param(min_length = 1)]
    until: Option<String>,
    /// Of this trigger.
    #[param(min_length = 1)]
    trigger: Option<String>,
    /// In this state.
    state: Option<crate::event::SessionState>,
    /// Of events of this type.
    #[param(min_length = 1)]
    r#type: Option<String>,
    /// With this text in the reason of its end.
    #[param(min_length = 1)]
    error: Option<String>,
}

/// A WebAssembly component, or a core module that says what component it is.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it is read by the derive alone")]
pub(super) struct Wasm(Vec<u8>);

/// An action that takes nothing.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The document, made once.
static DOCUMENT: OnceLock<Value> = OnceLock::new();

/// The description of this API
#[utoipa::path(get, path = "/openapi.json", tag = "api", responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)))]
pub(super) async fn show() -> Json<&'static Value> {
    Json(document())
}

/// What clients may ask.
pub fn document() -> &'static Value {
    DOCUMENT.get_or_init(|| {
        let (_, api) = super::routes::documented().split_for_parts();
        let mut document = serde_json::to_value(api).expect("a document has text for keys");
        complete(&mut document);
        document
    })
}

/// Adds what all routes have in common: names, a path's parameters, problems, and that a token is needed.
fn complete(document: &mut Value) {
    document["info"] = json!({
        "title": "Tenterhook",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "The control plane of a webhook host: orgs, projects, modules, deployments, events and sessions.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["security"] = json!([{ "token": [] }]);
    let Some(components) = field(document, "components") else { return };
    components.insert(
        "securitySchemes".to_owned(),
        json!({ "token": { "type": "http", "scheme": "bearer", "description": "An API token: `th_…`" } }),
    );
    if let Some(schemas) = components.entry("schemas").or_insert_with(|| json!({})).as_object_mut() {
        schemas.insert("Problem".to_owned(), problem());
    }
    bound(document);
    let Some(paths) = field(document, "paths") else { return };
    for (path, methods) in paths.iter_mut() {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            complete_operation(path, method, operation);
        }
    }
}

/// Gives numbers without a sign the bounds that they are held to: `int32` is one bit less than what is taken, and of a number of bytes
/// most clients know no more than 63.
fn bound(value: &mut Value) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(bound);
    }
    let Value::Object(fields) = value else { return };
    if fields.get("minimum").and_then(Value::as_u64).is_some() && !fields.contains_key("maximum") {
        let most = match fields.get("format").and_then(Value::as_str) {
            Some("int32") => Some(u64::from(u32::MAX)),
            Some("int64") => Some(i64::MAX.unsigned_abs()),
            _ => None,
        };
        if let Some(most) = most {
            fields.insert("format".to_owned(), "int64".into());
            fields.insert("maximum".to_owned(), most.into());
        }
    }
    fields.values_mut().for_each(bound);
}

fn field<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Map<String, Value>> {
    value.as_object_mut()?.entry(name).or_insert_with(|| json!({})).as_object_mut()
}

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    let Some(operation) = operation.as_object_mut() else { return };
    operation.insert("operationId".to_owned(), operation_id(path, method).into());
    if let Some(parameters) = operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut() {
        parameters.extend(names(path).map(|name| parameter(path, name)));
    }
    if let Some(responses) = operation.entry("responses").or_insert_with(|| json!({})).as_object_mut() {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let content = json!({ PROBLEM_MEDIA_TYPE: { "schema": schema } });
        responses.insert("default".to_owned(), json!({ "description": "A problem of RFC 9457", "content": content }));
    }
}

/// `get_orgs_org_members`: the method and the path's words.
fn operation_id(path: &str, method: &str) -> String {
    let path = path.strip_prefix(super::PREFIX).unwrap_or(path);
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// The parameters that a path's template has.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(path: &str, name: &str) -> Value {
    let (schema, description) = match name {
        "org" => (json!({ "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$" }), "The org's name."),
        "project" => {
            (json!({ "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9._~-]{0,63}$" }), "The project's name.")
        }
        "endpoint" => (
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9._~-]{0,63}$" }),
            "The endpoint, as the manifest calls it.",
        ),
        "name" => (json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$" }), "The variable's name."),
        "digest" => (json!({ "$ref": "#/components/schemas/Digest" }), "A SHA-256."),
        "deployment" => (json!({ "$ref": "#/components/schemas/DeploymentId" }), "The deployment's id."),
        "id" if path.contains("/events/") => (json!({ "$ref": "#/components/schemas/EventId" }), "The event's id."),
        "id" => (json!({ "$ref": "#/components/schemas/SessionId" }), "The session's id."),
        _ => (json!({ "type": "string", "minLength": 1 }), "Its name."),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema, "description": description })
}

fn problem() -> Value {
    let codes: Vec<&str> = super::Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "description": "What went wrong: RFC 9457. Decide by `code`, which never changes.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": { "type": "string", "format": "uri" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "code": { "type": "string", "description": "One of the API's own, or one that a sender of webhooks gets.", "examples": codes },
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/ManifestMistake" } },
        },
    })
}

const _: () = assert!(DEFAULT_LIMIT == 50 && MAX_LIMIT == 200, "the bounds that are described are those that hold");

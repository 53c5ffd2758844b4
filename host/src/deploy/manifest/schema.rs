//! The manifest as a JSON Schema, from which editors complete and check. Knows no YAML.
//!
//! The types here are read by their derives alone: the reader keeps spans and finds more, so it has its own. A test holds
//! both to the same manifests.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::Value;

use super::{grammar, limits, retry, trigger};
use crate::egress;

/// The JSON Schema (draft 7, which editors know best) of `tenterhook.yaml`.
///
/// It says all but what takes more than one place to see: names that are there twice, methods that do not exist, filters that
/// do not compile and handlers that are not there.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Root>();
    schema.insert("title".to_owned(), "Tenterhook's manifest".into());
    schema.to_value()
}

/// `tenterhook.yaml`: a project's triggers, and the WebAssembly components that handle them.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Root {
    /// The version of this format.
    #[schemars(schema_with = "version")]
    version: String,
    /// The project: its vars and triggers.
    project: Project,
    /// Where the modules that triggers call are. A module that is not listed is the `.wasm` file of its name: `webhooks.py` is
    /// `webhooks.wasm`.
    #[schemars(extend(
        "propertyNames" = { "pattern": grammar::MODULE },
        "examples" = [{ "webhooks.py": { "path": "target/webhooks.wasm", "build": "make" } }],
    ))]
    modules: Option<BTreeMap<String, Module>>,
}

/// The project: its vars and triggers.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Project {
    /// Its name: 1 to 64 letters, digits and `.` `_` `~` `-`.
    #[schemars(regex(pattern = grammar::SLUG), extend("examples" = ["http_sample"]))]
    name: String,
    /// Its name for people.
    #[schemars(extend("examples" = ["HTTP sample"]))]
    display_name: Option<String>,
    /// Values that handlers may read.
    vars: Option<Vec<Var>>,
    /// Whether handlers may keep things between events, in a store of the project.
    #[schemars(extend("default" = false))]
    kv: Option<bool>,
    /// Where handlers' requests may go. Without it, nowhere.
    #[schemars(extend("examples" = [["https://api.github.com", "https://*.slack.com"]]))]
    outbound: Option<Vec<Outbound>>,
    /// Which requests call which handlers.
    triggers: Option<Vec<Trigger>>,
    /// What holds for all triggers that listen on an endpoint, by its name.
    #[schemars(extend(
        "propertyNames" = { "pattern": grammar::SLUG },
        "examples" = [{ "orders": { "dedup": "auto" } }],
    ))]
    endpoints: Option<BTreeMap<String, Endpoint>>,
}

/// What holds for all triggers that listen on it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Endpoint {
    /// By what it tells that a delivery was sent before: `auto` for the headers `webhook-id`, `X-GitHub-Delivery` and
    /// `Idempotency-Key`.
    #[schemars(extend("examples" = ["auto", { "key": "data.body.json.id", "window": "24h" }]))]
    dedup: Either,
}

/// `auto` or a mapping.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the derive reads it")]
enum Either {
    Auto(#[schemars(schema_with = "auto")] String),
    Dedup(Dedup),
}

/// By what an endpoint tells that a delivery was sent before.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Dedup {
    /// A CEL expression over `data` and `event_type` that gives a string, or `auto`.
    #[schemars(regex(pattern = r"\S"), extend("examples" = ["data.body.json.id", "auto"]))]
    key: String,
    /// How long a key is remembered, from `1s` to `30d`. Without it, `72h`.
    #[schemars(regex(pattern = grammar::WINDOW), extend("examples" = ["30m", "72h", "7d"]))]
    window: Option<String>,
}

/// A value that handlers may read.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Var {
    /// Its name: letters, digits and `_`.
    #[schemars(regex(pattern = grammar::VAR), extend("examples" = ["HTTPBIN_BASE_URL"]))]
    name: String,
    /// Its value: text. A number or a boolean is the text that stands there; without a value it is empty.
    #[schemars(default, skip_serializing_if = "Option::is_none", schema_with = "scalar", extend("examples" = ["https://httpbin.org/"]))]
    value: Option<String>,
    /// Whether nobody but handlers may see the value.
    #[schemars(extend("default" = false))]
    secret: Option<bool>,
    /// Who alone may see the value of a secret: handlers then name it in a header, and the host puts the value there.
    #[schemars(default, skip_serializing_if = "Option::is_none", schema_with = "hosts", extend("examples" = [["https://api.github.com"]]))]
    hosts: Option<Vec<String>>,
    /// What it is for.
    description: Option<String>,
}

/// Which requests call which handler.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Trigger {
    /// Its name, unique in the project: 1 to 64 letters, digits and `.` `_` `~` `-`.
    #[schemars(regex(pattern = grammar::SLUG), extend("examples" = ["receive_http_post_json"]))]
    name: String,
    /// What it waits for: webhooks.
    #[schemars(rename = "type", schema_with = "webhook")]
    kind: String,
    /// The last segment of its URL, `/webhooks/{endpoint}`. Triggers with the same endpoint share it. Without it, its name.
    #[schemars(regex(pattern = grammar::SLUG), extend("examples" = ["orders"]))]
    endpoint: Option<String>,
    /// The HTTP method that it takes, in lower case. Without it, or with `*`, all methods.
    #[schemars(default, skip_serializing_if = "Option::is_none", schema_with = "event_type")]
    event_type: Option<String>,
    /// A CEL expression over `data` and `event_type` that must be true.
    #[schemars(extend("examples" = ["data.method in [\"GET\", \"HEAD\"]", "data.url.path.endsWith(\"/foo\")"]))]
    filter: Option<String>,
    /// The handler, `module:function`.
    #[schemars(regex(pattern = grammar::CALL), extend("examples" = ["webhooks.py:on_http_get"]))]
    call: String,
    /// Whether the sender waits for the handler's response.
    #[schemars(extend("default" = false))]
    is_sync: Option<bool>,
    /// AutoKitteh's durable sessions do not exist here: only `false` is taken.
    #[schemars(default, skip_serializing_if = "Option::is_none", schema_with = "never")]
    is_durable: Option<bool>,
    /// How long the handler may take, from `1ms` to `15m`.
    #[schemars(regex(pattern = grammar::TIMEOUT), extend("examples" = ["500ms", "30s", "2m"]))]
    timeout: Option<String>,
    /// What the handler may take, as far as the host allows.
    #[schemars(extend("examples" = [{ "memory": "128MiB", "cpu": "10s" }]))]
    limits: Option<Limits>,
    /// When a session that failed is tried again. Not for synchronous triggers.
    #[schemars(extend("examples" = [{ "attempts": 3, "backoff": { "initial": "1s" }, "on": ["retry"] }]))]
    retry: Option<Retry>,
    /// How many of its sessions may run at once.
    #[schemars(range(min = 1, max = trigger::MAX_CONCURRENCY), extend("examples" = [1]))]
    max_concurrency: Option<u32>,
    /// A CEL expression over `data` and `event_type` that gives a string: of events with the same one, one after the other is
    /// handled.
    #[schemars(extend("examples" = ["data.body.json.customer", "data.headers[\"X-Shop\"]"]))]
    ordered_by: Option<String>,
    /// How much of an event and its session stays once it has ended. `none` needs `is_sync: true`. Without it, `full`.
    #[schemars(default, skip_serializing_if = "Option::is_none", schema_with = "history")]
    history: Option<String>,
    /// Whether its handler may keep things between events. Without it, as the project says.
    kv: Option<bool>,
    /// Where its handler's requests may go. Without it, as the project says.
    #[schemars(extend("examples" = [["https://api.github.com"], []]))]
    outbound: Option<Vec<Outbound>>,
}

/// A URL or a mapping.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the derive reads it")]
enum Outbound {
    Url(#[schemars(regex(pattern = egress::RULE))] String),
    Rule(Rule),
}

/// Where requests may go.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Rule {
    /// A scheme, a host and perhaps a port; `*.` stands for all names below a domain.
    #[schemars(regex(pattern = egress::RULE), extend("examples" = ["https://api.github.com", "http://10.1.2.3:8080"]))]
    url: String,
    /// With which methods. Without it, all.
    #[schemars(default, skip_serializing_if = "Option::is_none", schema_with = "methods", extend("examples" = [["GET"]]))]
    method: Option<Vec<String>>,
    /// To which addresses its name may lead beside the public ones.
    #[schemars(extend("examples" = [["10.1.2.3"], ["10.0.0.0/8"]]))]
    addresses: Option<Vec<String>>,
}

/// What a handler may take. Without one of them, the host's default.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Limits {
    /// Linear memory: a whole number with its unit.
    #[schemars(regex(pattern = grammar::SIZE), extend("examples" = ["64MiB", "512MiB"]))]
    memory: Option<String>,
    /// Time on a processor, from `1ms` to `15m`; `timeout` bounds the whole time.
    #[schemars(regex(pattern = grammar::TIMEOUT), extend("examples" = ["500ms", "10s"]))]
    cpu: Option<String>,
    /// Elements of all its tables.
    #[schemars(range(min = 1, max = limits::MAX_COUNT), extend("examples" = [100_000]))]
    table_elements: Option<u32>,
    /// Core instances: the parts that a component is linked of.
    #[schemars(range(min = 1, max = limits::MAX_COUNT), extend("examples" = [50]))]
    instances: Option<u32>,
    /// Streams, timers and other things of the host that it holds at once.
    #[schemars(range(min = 1, max = limits::MAX_COUNT), extend("examples" = [1000]))]
    handles: Option<u32>,
    /// The text of a session's log.
    #[schemars(regex(pattern = grammar::SIZE), extend("examples" = ["256KiB"]))]
    log: Option<String>,
    /// The body of a response.
    #[schemars(regex(pattern = grammar::SIZE), extend("examples" = ["2MiB"]))]
    response: Option<String>,
    /// The header fields of a response.
    #[schemars(range(min = 1, max = limits::MAX_COUNT), extend("examples" = [100]))]
    response_headers: Option<u32>,
    /// The names and values of a response's header fields together.
    #[schemars(regex(pattern = grammar::SIZE), extend("examples" = ["32KiB"]))]
    response_header_size: Option<String>,
}

/// When a session that failed is tried again.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Retry {
    /// How many attempts a session has at the most, the first included. Without it, 5.
    #[schemars(range(min = 1, max = retry::MAX_ATTEMPTS), extend("examples" = [1, 10]))]
    attempts: Option<u32>,
    /// How long it waits between two attempts.
    #[schemars(extend("examples" = [{ "initial": "1s", "factor": 2, "max": "10m", "jitter": 0.2 }]))]
    backoff: Option<Backoff>,
    /// After which ends: `fault` is a trap or a broken limit, `timeout` is the trigger's, and `retry` is what the handler asked
    /// for. Without it, all of them.
    #[schemars(default, skip_serializing_if = "Option::is_none", schema_with = "outcomes", extend("examples" = [["fault", "timeout"]]))]
    on: Option<Vec<String>>,
}

/// A wait that grows with each attempt.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the derive reads it")]
struct Backoff {
    /// The wait after the first attempt, from `1ms` to `24h`. Without it, `5s`.
    #[schemars(regex(pattern = grammar::WAIT), extend("examples" = ["500ms", "5s", "1h"]))]
    initial: Option<String>,
    /// What each wait is of the one before. Without it, 4.
    #[schemars(range(min = 1.0, max = retry::MAX_FACTOR), extend("examples" = [2, 1.5]))]
    factor: Option<f64>,
    /// The longest wait, from `1ms` to `24h`. Without it, `1h`.
    #[schemars(regex(pattern = grammar::WAIT), extend("examples" = ["10m"]))]
    max: Option<String>,
    /// The part of a wait by which chance makes it shorter or longer. Without it, 0.2.
    #[schemars(range(min = 0.0, max = 1.0), extend("examples" = [0, 0.5]))]
    jitter: Option<f64>,
}

/// Where a module's component is, and how it is built.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("anyOf" = [
        { "required": ["path"], "properties": { "path": { "type": "string" } } },
        { "required": ["build"], "properties": { "build": { "type": "string" } } },
    ])
)]
#[expect(dead_code, reason = "the derive reads it")]
struct Module {
    /// The component's file, relative to the manifest. Without it, the `.wasm` file of the module's name.
    #[schemars(regex(pattern = r"\S"), extend("examples" = ["target/wasm32-wasip2/release/http_sample.wasm"]))]
    path: Option<String>,
    /// A shell command, run in the manifest's directory, that writes that file.
    #[schemars(
        regex(pattern = r"\S"),
        extend("examples" = ["cargo build --release --target wasm32-wasip2"])
    )]
    build: Option<String>,
}

fn version(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "const": "v1" })
}

fn webhook(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "const": "webhook" })
}

fn never(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "enum": [false, null] })
}

fn auto(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "const": "auto" })
}

fn history(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["full", "metadata", "none", null] })
}

fn outcomes(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "minItems": 1, "uniqueItems": true, "items": { "enum": retry::OUTCOMES } })
}

fn methods(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "minItems": 1, "items": { "type": "string" } })
}

fn hosts(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": ["array", "null"], "minItems": 1, "items": { "type": "string", "pattern": egress::RULE } })
}

fn scalar(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "number", "boolean", "null"] })
}

/// Editors offer the list; whatever else the registry of methods has is taken too, in either case.
fn event_type(_: &mut schemars::SchemaGenerator) -> Schema {
    let usual = ["get", "head", "post", "put", "patch", "delete", "options", "trace", "*"];
    json_schema!({ "anyOf": [{ "enum": usual }, { "type": ["string", "null"] }] })
}

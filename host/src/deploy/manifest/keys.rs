//! Which keys there are, and what to say to those who expect others. Knows AutoKitteh's.

/// The keys of one kind of mapping.
pub(super) struct Keys {
    /// Whose they are: `a trigger`.
    pub(super) of: &'static str,
    pub(super) known: &'static [&'static str],
    /// Keys that people have reason to expect here: what to say of each, and what to do.
    pub(super) refused: &'static [(&'static str, &'static str, &'static str)],
    /// Mappings further down, whose keys stand here when their indentation is wrong, and what to do then.
    pub(super) below: &'static [(&'static Keys, &'static str)],
}

pub(super) const ROOT: Keys = Keys {
    of: "a manifest",
    known: &["version", "project", "modules"],
    refused: &[("connections", NO_CONNECTIONS, CONNECTIONS_HELP)],
    below: &[(&PROJECT, "indent it, to stand under `project:`"), (&TRIGGER, ALIGN)],
};

pub(super) const PROJECT: Keys = Keys {
    of: "a project",
    known: &["name", "display_name", "vars", "kv", "outbound", "triggers", "endpoints"],
    refused: &[
        ("connections", NO_CONNECTIONS, CONNECTIONS_HELP),
        ("modules", "`modules` is not a key of the project", "move it beside `project:`, without indentation"),
    ],
    below: &[(&TRIGGER, ALIGN), (&ENDPOINT, "put it under the endpoint's name, under `endpoints:`")],
};

pub(super) const VAR: Keys = Keys {
    of: "a var",
    known: &["name", "value", "secret", "hosts", "description"],
    refused: &[
        ("is_secret", "a var has no key `is_secret`", "write `secret`"),
        (
            "env_var",
            "a var does not take its value from the environment",
            "give the value itself, with `secret: true` if only handlers may see it",
        ),
    ],
    below: &[],
};

pub(super) const TRIGGER: Keys = Keys {
    of: "a trigger",
    known: &[
        "name",
        "type",
        "endpoint",
        "event_type",
        "filter",
        "call",
        "is_sync",
        "is_durable",
        "timeout",
        "limits",
        "retry",
        "max_concurrency",
        "ordered_by",
        "history",
        "kv",
        "outbound",
    ],
    refused: &[
        ("connection", "a trigger on a connection does not run here", CONNECTION_HELP),
        ("schedule", "a trigger on a schedule does not run here", SCHEDULE_HELP),
        ("timezone", "a trigger on a schedule does not run here", SCHEDULE_HELP),
        ("webhook", "a trigger has no key `webhook`", "write `type: webhook`"),
        ("entrypoint", "a trigger has no key `entrypoint`", "write `call: module:function`"),
        ("data", "a trigger has no key `data`", DATA_HELP),
        ("path", "a trigger has no key `path`", PATH_HELP),
        ("dedup", "`dedup` is a key of an endpoint, not of a trigger", DEDUP_HELP),
    ],
    below: &[
        (&RETRY, "indent it, to stand under `retry:`"),
        (&LIMITS, "indent it, to stand under `limits:`"),
        (&BACKOFF, "indent it, to stand under `backoff:`, which is under `retry:`"),
    ],
};

pub(super) const LIMITS: Keys = Keys {
    of: "`limits`",
    known: &[
        "memory",
        "cpu",
        "table_elements",
        "instances",
        "handles",
        "log",
        "response",
        "response_headers",
        "response_header_size",
    ],
    refused: &[("timeout", "`timeout` is a key of the trigger, not of its `limits`", "move it beside `limits:`")],
    below: &[],
};

pub(super) const RETRY: Keys = Keys {
    of: "`retry`",
    known: &["attempts", "backoff", "on"],
    refused: &[],
    below: &[(&BACKOFF, "indent it, to stand under `backoff:`")],
};

pub(super) const BACKOFF: Keys =
    Keys { of: "`backoff`", known: &["initial", "factor", "max", "jitter"], refused: &[], below: &[] };

pub(super) const ENDPOINT: Keys = Keys {
    of: "an endpoint",
    known: &["dedup"],
    refused: &[],
    below: &[(&DEDUP, "indent it, to stand under `dedup:`")],
};

pub(super) const DEDUP: Keys = Keys { of: "`dedup`", known: &["key", "window"], refused: &[], below: &[] };

pub(super) const OUTBOUND: Keys =
    Keys { of: "a rule of `outbound`", known: &["url", "method", "addresses"], refused: &[], below: &[] };

pub(super) const MODULE: Keys = Keys { of: "a module", known: &["path", "build"], refused: &[], below: &[] };

pub(super) const CONNECTION_HELP: &str =
    "have the service send its webhooks to the URL of a `type: webhook` trigger, and remove this one";
pub(super) const SCHEDULE_HELP: &str =
    "have a scheduler, such as cron, send requests to the URL of a `type: webhook` trigger, and remove this one";

const ALIGN: &str = "indent it as far as the `name` of its trigger";
const NO_CONNECTIONS: &str = "connections do not exist here";
const CONNECTIONS_HELP: &str = "have the service send its webhooks to the URL of a `type: webhook` trigger, and put its \
                                credentials under `vars` with `secret: true`";
const DATA_HELP: &str = "say in `filter` which paths it takes: `data.url.path.endsWith(\"/foo\")`";
const PATH_HELP: &str = "the path is `/webhooks/` and the trigger's `endpoint`, or else its name";
const DEDUP_HELP: &str =
    "write it beside `triggers:`, under the endpoint's name: `endpoints: { my_endpoint: { dedup: auto } }`";

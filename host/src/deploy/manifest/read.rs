//! From a tree to a manifest: the keys, what each may say, and what no two may share.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::diagnostic::{Diagnostic, Error};
use super::fields::{Fields, Keys, Reader};
use super::suggest::nearest;
use super::tree::{self, Node};
use super::{At, Call, Manifest, ModuleSpec, Project, Span, TriggerSpec, Var, grammar};
use crate::event::EventType;

const ROOT: Keys = Keys {
    of: "a manifest",
    known: &["version", "project", "modules"],
    refused: &[
        ("triggers", "`triggers` is not a key of the manifest itself", "indent it, to stand under `project:`"),
        ("vars", "`vars` is not a key of the manifest itself", "indent it, to stand under `project:`"),
        ("name", "`name` is not a key of the manifest itself", "indent it, to stand under `project:`"),
        ("display_name", "`display_name` is not a key of the manifest itself", "indent it, to stand under `project:`"),
        ("connections", NO_CONNECTIONS, CONNECTIONS_HELP),
    ],
};

const PROJECT: Keys = Keys {
    of: "a project",
    known: &["name", "display_name", "vars", "triggers"],
    refused: &[
        ("connections", NO_CONNECTIONS, CONNECTIONS_HELP),
        ("modules", "`modules` is not a key of the project", "move it beside `project:`, without indentation"),
    ],
};

const VAR: Keys = Keys {
    of: "a var",
    known: &["name", "value", "secret", "description"],
    refused: &[
        ("is_secret", "a var has no key `is_secret`", "write `secret`"),
        ("env_var", "a var does not take its value from the environment", "give the value itself, and `secret: true`"),
    ],
};

const TRIGGER: Keys = Keys {
    of: "a trigger",
    known: &["name", "type", "endpoint", "event_type", "filter", "call", "is_sync", "is_durable", "timeout"],
    refused: &[
        ("connection", "a trigger on a connection does not run here", CONNECTION_HELP),
        ("schedule", "a trigger on a schedule does not run here", SCHEDULE_HELP),
        ("timezone", "a trigger on a schedule does not run here", SCHEDULE_HELP),
        ("webhook", "a trigger has no key `webhook`", "write `type: webhook`"),
        ("entrypoint", "a trigger has no key `entrypoint`", "write `call: module:function`"),
        (
            "data",
            "a trigger has no key `data`",
            "say in `filter` which paths it takes: `data.url.path.endsWith(\"/foo\")`",
        ),
        (
            "path",
            "a trigger has no key `path`",
            "the path is `/webhooks/` and the trigger's `endpoint`, or else its name",
        ),
    ],
};

const MODULE: Keys = Keys { of: "a module", known: &["path", "build"], refused: &[] };

const NO_CONNECTIONS: &str = "connections do not exist here";
const CONNECTIONS_HELP: &str = "have the service send its webhooks to the URL of a `type: webhook` trigger, and put its \
     credentials under `vars` with `secret: true`";
const CONNECTION_HELP: &str = "have the service send its webhooks to the URL of a `type: webhook` trigger";
const SCHEDULE_HELP: &str = "have a scheduler, such as cron, send requests to the URL of a `type: webhook` trigger";

/// A manifest, or all that is wrong with it.
pub(super) fn manifest(bytes: &[u8]) -> Result<Manifest, Error> {
    let source = std::str::from_utf8(bytes).map_err(not_utf8(bytes))?;
    let root = tree::read(source)?;
    let mut reader = Reader { source, found: Vec::new() };
    match reader.root(&root) {
        Some(manifest) if reader.found.is_empty() => Ok(manifest),
        _ => Err(Error::from(reader.found)),
    }
}

fn not_utf8(bytes: &[u8]) -> impl FnOnce(std::str::Utf8Error) -> Diagnostic {
    move |e| {
        let source = String::from_utf8_lossy(bytes);
        let span = Span { start: e.valid_up_to(), end: e.valid_up_to() + 1 };
        let help = "save the file in the encoding UTF-8".to_owned();
        Diagnostic::error(&source, span, "the file is not UTF-8 text").help(help)
    }
}

impl Reader<'_> {
    fn root(&mut self, node: &Node) -> Option<Manifest> {
        if node.is_null() {
            let help = "begin with `version: v1` and `project:`".to_owned();
            self.error(Span::default(), "the manifest is empty", help);
            return None;
        }
        let fields = self.fields(node, &ROOT)?;
        self.version(&fields);
        let listed = self.modules(fields.get("modules"));
        let project = self.required(&fields, "project", "the manifest", "project:")?;
        let project = self.project(project)?;
        let modules = with_called(listed, &project.triggers);
        Some(Manifest { project, modules })
    }

    fn version(&mut self, fields: &Fields<'_>) {
        const V1: &str = "version: v1";
        let Some(node) = self.required(fields, "version", "the manifest", V1) else { return };
        if node.scalar() != Some("v1") {
            self.error(node.span, "the only version of manifests is `v1`", format!("write `{V1}`"));
        }
    }

    fn project(&mut self, node: &Node) -> Option<Project> {
        let fields = self.fields(node, &PROJECT)?;
        let name = self.required(&fields, "name", "the project", "name: my_project");
        let name = self.slug(name, "name");
        let display_name = self.text(fields.get("display_name"), "display_name").map(|text| text.value);

        let mut vars = Vec::new();
        for item in self.items(fields.get("vars"), "vars") {
            vars.extend(self.var(item));
        }
        self.unique("var", vars.iter().map(|var| &var.name));

        let mut triggers = Vec::new();
        let mut names = Vec::new();
        for item in self.items(fields.get("triggers"), "triggers") {
            triggers.extend(self.trigger(item, &mut names));
        }
        self.unique("trigger", names.iter());

        Some(Project { name: name?, display_name, vars, triggers })
    }

    fn var(&mut self, node: &Node) -> Option<Var> {
        let fields = self.fields(node, &VAR)?;
        let name = self.required(&fields, "name", "the var", "name: MY_VAR");
        let name = self.text(name, "name");
        let name = name.and_then(|name| self.checked("name", &name, grammar::var(&name)).map(|()| name));
        let value = fields.get("value").map(|value| value.scalar().map(str::to_owned).ok_or(value));
        let value = match value {
            None => Some(String::new()),
            Some(Ok(text)) => Some(text),
            Some(Err(node)) => {
                let help =
                    "write it as text: `value: '{\"a\": 1}'`, or as a block that begins with `value: |`".to_owned();
                self.error(node.span, format!("`value` is text, and this is {}", node.kind()), help);
                None
            }
        };
        let secret = self.flag(fields.get("secret"), "secret").unwrap_or(false);
        let description = self.text(fields.get("description"), "description").map(|text| text.value);
        Some(Var { name: name?, value: value?, secret, description })
    }

    /// A trigger; its name goes to `names` even if the rest of it is refused, so that doubles show.
    fn trigger(&mut self, node: &Node, names: &mut Vec<At<String>>) -> Option<TriggerSpec> {
        if self.foreign(node) {
            return None;
        }
        let fields = self.fields(node, &TRIGGER)?;
        let name = self.required(&fields, "name", "the trigger", "name: my_trigger");
        let name = self.slug(name, "name");
        names.extend(name.clone());
        self.kind(&fields, name.as_ref());
        let endpoint = self.slug(fields.get("endpoint"), "endpoint");
        let event_type = self.event_type(fields.get("event_type"));
        let filter = self.text(fields.get("filter"), "filter").filter(|text| !text.trim().is_empty());
        let call = self.required(&fields, "call", "the trigger", "call: webhooks.py:on_http_get");
        let call = self.call(call);
        let is_sync = self.flag(fields.get("is_sync"), "is_sync").unwrap_or(false);
        self.durable(&fields);
        let timeout = self.timeout(fields.get("timeout"));
        Some(TriggerSpec { name: name?, endpoint, event_type, filter, call: call?, is_sync, timeout })
    }

    /// Whether it is a trigger of a type that is not here. That is said once, and nothing of its other keys.
    fn foreign(&mut self, node: &Node) -> bool {
        let Some(kind) = node.field("type") else { return false };
        let (message, help) = match kind.scalar() {
            Some("schedule") => ("triggers of the type `schedule` do not run here", SCHEDULE_HELP),
            Some("connection") => ("triggers of the type `connection` do not run here", CONNECTION_HELP),
            _ => return false,
        };
        self.error(kind.span, message, help.to_owned());
        true
    }

    fn kind(&mut self, fields: &Fields<'_>, name: Option<&At<String>>) {
        const WEBHOOK: &str = "type: webhook";
        let Some(node) = fields.get("type") else {
            let span = fields.key("type").or(name.map(|name| name.span)).unwrap_or(fields.start);
            self.error(span, "the trigger has no `type`", format!("add `{WEBHOOK}`"));
            return;
        };
        let Some(text) = self.text(Some(node), "type") else { return };
        if text.value != "webhook" {
            let help = match nearest(&text, ["webhook"]) {
                Some(_) => "did you mean `webhook`?".to_owned(),
                None => format!("write `{WEBHOOK}`"),
            };
            self.error(text.span, format!("there are no triggers of the type `{}`", text.value), help);
        }
    }

    fn event_type(&mut self, node: Option<&Node>) -> Option<EventType> {
        let node = node?;
        if node.is_list() {
            let help = "a trigger takes one type or all: leave `event_type` out and write a filter, such as \
                        `filter: data.method in [\"GET\", \"POST\"]`";
            self.error(node.span, "`event_type` is text, and this is a list", help.to_owned());
            return None;
        }
        let text = self.text(Some(node), "event_type")?;
        let word = text.trim();
        if word.is_empty() || word == "*" {
            return None;
        }
        match EventType::parse(word) {
            Ok(kind) => Some(kind),
            Err(unknown) => {
                let help = match unknown.suggestion {
                    Some(method) => format!("did you mean `{method}`?"),
                    None => "an event's type is its HTTP method: `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, \
                             `trace`, or one of WebDAV's; leave `event_type` out to take them all"
                        .to_owned(),
                };
                self.error(text.span, format!("no event has the type `{word}`"), help);
                None
            }
        }
    }

    fn call(&mut self, node: Option<&Node>) -> Option<At<Call>> {
        let text = self.text(node, "call")?;
        let call = self.checked("call", &text, grammar::call(&text))?;
        Some(At { value: call, span: text.span })
    }

    /// AutoKitteh's default is false, and what a handler of this host is anyhow; true is a promise that it cannot keep.
    fn durable(&mut self, fields: &Fields<'_>) {
        if self.flag(fields.get("is_durable"), "is_durable") == Some(true) {
            let span = fields.key("is_durable").unwrap_or(fields.start);
            let help =
                "remove it: every event is stored before it is answered and its handler is run again after a crash, \
                        from its first line"
                    .to_owned();
            self.error(span, "a handler does not go on in the middle after a crash", help);
        }
    }

    fn timeout(&mut self, node: Option<&Node>) -> Option<std::time::Duration> {
        let node = node?;
        let Some(text) = node.scalar() else {
            self.text(Some(node), "timeout");
            return None;
        };
        let text = At { value: text.to_owned(), span: node.span };
        self.checked("timeout", &text, grammar::timeout(&text))
    }

    fn slug(&mut self, node: Option<&Node>, key: &str) -> Option<At<String>> {
        let text = self.text(node, key)?;
        self.checked(key, &text, grammar::slug(&text))?;
        Some(text)
    }

    fn unique<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n At<String>>) {
        let mut seen = HashMap::new();
        for name in names {
            if let Some(first) = seen.insert(name.as_str(), name.span) {
                seen.insert(name.as_str(), first);
                self.duplicate(format!("two {what}s have the name `{}`", name.value), name.span, first);
            }
        }
    }

    fn modules(&mut self, node: Option<&Node>) -> IndexMap<String, ModuleSpec> {
        let mut modules = IndexMap::new();
        for (name, node) in node.and_then(|node| self.entries(node, "`modules`")).unwrap_or_default() {
            let spec = self.module(&name, node);
            if self.checked("modules", &name, grammar::module(&name)).is_some()
                && let Some(spec) = spec
            {
                modules.insert(name.value, spec);
            }
        }
        modules
    }

    fn module(&mut self, name: &At<String>, node: &Node) -> Option<ModuleSpec> {
        let default = grammar::default_path(name);
        if node.is_null() {
            self.error(
                name.span,
                format!("the module `{}` has neither `path` nor `build`", name.value),
                format!("add `path: {default}`"),
            );
            return None;
        }
        if let Some(text) = node.scalar() {
            self.error(
                node.span,
                "a module is a mapping, and this is text",
                format!("write `{}: {{ path: {text} }}`", name.value),
            );
            return None;
        }
        let fields = self.fields(node, &MODULE)?;
        let path = self.filled(&fields, "path");
        let build = self.filled(&fields, "build");
        if fields.get("path").is_none() && fields.get("build").is_none() {
            self.error(
                name.span,
                format!("the module `{}` has neither `path` nor `build`", name.value),
                format!("add `path: {default}`"),
            );
            return None;
        }
        let span = path.as_ref().map_or(name.span, |path| path.span);
        let path = path.map_or(default, |path| path.value);
        Some(ModuleSpec { path, build: build.map(|build| build.value), listed: true, span })
    }

    /// A text that says something.
    fn filled(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<String>> {
        let text = self.text(fields.get(key), key)?;
        if text.trim().is_empty() {
            self.error(text.span, format!("`{key}` is empty"), None);
            return None;
        }
        Some(text)
    }
}

/// The listed modules, and after them those that are only called.
fn with_called(mut modules: IndexMap<String, ModuleSpec>, triggers: &[TriggerSpec]) -> IndexMap<String, ModuleSpec> {
    for call in triggers.iter().map(|trigger| &trigger.call) {
        modules.entry(call.module.clone()).or_insert_with(|| {
            let path = grammar::default_path(&call.module);
            ModuleSpec { path, build: None, listed: false, span: call.span }
        });
    }
    modules
}

//! From a tree to a manifest: what each key may say, and what no two may share. Its triggers are read next door.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::diagnostic::{Diagnostic, Error};
use super::fields::{Fields, Reader};
use super::tree::{self, Node};
use super::{At, Manifest, ModuleSpec, Project, Span, TriggerSpec, Var, grammar, keys};
use crate::trigger::Grants;

/// A manifest, or all that is wrong with it.
pub(super) fn manifest(bytes: &[u8]) -> Result<Manifest, Error> {
    let source = std::str::from_utf8(bytes).map_err(not_utf8(bytes))?;
    let root = tree::read(source)?;
    let mut reader = Reader::new(source);
    match reader.root(&root) {
        Some(manifest) if reader.found_nothing() => Ok(manifest),
        _ => Err(reader.into_error()),
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
        let fields = self.fields(node, &keys::ROOT)?;
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
        let fields = self.fields(node, &keys::PROJECT)?;
        let name = self.required(&fields, "name", "the project", "name: my_project");
        let name = self.slug(name, "name");
        let display_name = self.text(fields.get("display_name"), "display_name").map(|text| text.value);

        let (grants, outbound) = self.grants(&fields, &Grants::default());
        let mut vars = Vec::new();
        for item in self.items(fields.get("vars"), "vars") {
            vars.extend(self.var(item));
        }
        self.unique("var", vars.iter().map(|var| &var.name));

        let mut triggers = Vec::new();
        let mut names = Vec::new();
        let before = self.mistakes();
        for item in self.items(fields.get("triggers"), "triggers") {
            triggers.extend(self.trigger(item, &grants, &mut names));
        }
        self.unique("trigger", names.iter());

        let are_sound = self.mistakes() == before;
        let endpoints = self.endpoints(fields.get("endpoints"));
        // Of a trigger with a mistake it is not known where it listens.
        if are_sound {
            self.listeners(&endpoints, &triggers);
        }
        Some(Project { name: name?, display_name, vars, outbound, triggers, endpoints })
    }

    fn var(&mut self, node: &Node) -> Option<Var> {
        let fields = self.fields(node, &keys::VAR)?;
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
        let secret = match fields.get("secret") {
            Some(node) => self.flag(Some(node), "secret"),
            None => Some(false),
        };
        let hosts = self.hosts(&fields, secret);
        if let (Some(_), Some(value)) = (&hosts, &value)
            && http::HeaderValue::from_str(value).is_err()
        {
            let span = fields.get("value").map_or(fields.start, |node| node.span);
            let help = "the value goes into a header of a request, which is one line of text".to_owned();
            self.error(span, "the value has a character that no header may have", help);
        }
        let description = self.text(fields.get("description"), "description").map(|text| text.value);
        Some(Var { name: name?, value: value?, secret: secret == Some(true), hosts, description })
    }

    pub(super) fn slug(&mut self, node: Option<&Node>, key: &str) -> Option<At<String>> {
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
        if !node.is_null()
            && let Some(text) = node.scalar()
        {
            let help = format!("write `{}: {{ path: {text} }}`", name.value);
            self.error(node.span, format!("a module is a mapping, and this is {}", node.kind()), help);
            return None;
        }
        let fields = if node.is_null() { Fields::default() } else { self.fields(node, &keys::MODULE)? };
        if fields.says_nothing() {
            let message = format!("the module `{}` has neither `path` nor `build`", name.value);
            self.error(name.span, message, format!("add `path: {default}`"));
            return None;
        }
        let path = self.filled(&fields, "path");
        let build = self.filled(&fields, "build");
        let span = path.as_ref().map_or(name.span, |path| path.span);
        let path = path.map_or(default, |path| path.value);
        Some(ModuleSpec { path, build: build.map(|build| build.value), listed: true, span })
    }

    /// A text that says something.
    pub(super) fn filled(&mut self, fields: &Fields<'_>, key: &str) -> Option<At<String>> {
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

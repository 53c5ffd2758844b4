//! From AutoKitteh's manifest to this host's. A function of its argument.

use anyhow::bail;
use serde_json::{Value, json};

use crate::deploy::manifest::Manifest;

/// What became of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// The part: `trigger on_push`.
    pub(super) what: String,
    pub(super) verdict: Verdict,
    /// What is different, or what to do.
    pub(super) note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Carried,
    /// It works, and something about it is different.
    Changed,
    Lost,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Carried => "carries over",
            Self::Changed => "carries over, changed",
            Self::Lost => "does not",
        }
    }
}

impl Item {
    pub(super) fn new(what: impl Into<String>, verdict: Verdict, note: impl Into<String>) -> Self {
        Self { what: what.into(), verdict, note: note.into() }
    }

    pub(super) fn to_json(&self) -> Value {
        let verdict = match self.verdict {
            Verdict::Carried => "carried",
            Verdict::Changed => "changed",
            Verdict::Lost => "lost",
        };
        json!({ "part": self.what, "verdict": verdict, "note": self.note })
    }
}

/// What becomes of each part, and the manifest of those that carry over.
///
/// # Errors
/// It is no manifest of AutoKitteh's.
pub(super) fn carry(manifest: &Value) -> anyhow::Result<(Vec<Item>, String)> {
    let Some(project) = manifest.get("project").filter(|project| project.is_object()) else {
        bail!("the file has no `project:`: it is no manifest of AutoKitteh's");
    };
    let mut items = Vec::new();
    let name = text(project, "name").unwrap_or_else(|| "project".to_owned());
    let mut yaml = format!("version: v1\n\nproject:\n  name: {}\n", quoted(&name));
    for connection in list(project, "connections") {
        let what = format!("connection {}", named(connection));
        let note = "have the service send its webhooks to a trigger's URL, and keep its credentials in `vars` with `secret: true`";
        items.push(Item::new(what, Verdict::Lost, note));
    }
    let vars: String = list(project, "vars").filter_map(|var| carry_var(var, &mut items)).collect();
    if !vars.is_empty() {
        yaml.push_str(&format!("\n  vars:\n{vars}"));
    }
    let triggers: String = list(project, "triggers").filter_map(|trigger| carry_trigger(trigger, &mut items)).collect();
    if !triggers.is_empty() {
        yaml.push_str(&format!("\n  triggers:\n{triggers}"));
    }
    const KNOWN: [&str; 5] = ["name", "display_name", "connections", "vars", "triggers"];
    for key in
        project.as_object().into_iter().flat_map(|fields| fields.keys()).filter(|key| !KNOWN.contains(&key.as_str()))
    {
        items.push(Item::new(format!("project {key}"), Verdict::Lost, "there is no such key"));
    }
    // What is left may still have a mistake that this host alone knows, such as a filter's.
    if let Err(mistakes) = Manifest::parse(&yaml) {
        for found in &mistakes.diagnostics {
            let note =
                format!("{}{}", found.message, found.help.as_ref().map(|help| format!(": {help}")).unwrap_or_default());
            items.push(Item::new(format!("tenterhook.yaml, line {}", found.line), Verdict::Lost, note));
        }
    }
    Ok((items, yaml))
}

fn carry_var(var: &Value, items: &mut Vec<Item>) -> Option<String> {
    let name = text(var, "name")?;
    let is_secret = ["secret", "is_secret"].iter().any(|key| var.get(key).and_then(Value::as_bool) == Some(true));
    let value = text(var, "value").unwrap_or_default();
    let (verdict, note) = match (value.is_empty(), is_secret) {
        (true, _) => (Verdict::Changed, "give it its value here: `value:`"),
        (false, true) => (Verdict::Changed, "`secret: true`"),
        (false, false) => (Verdict::Carried, "`os.getenv` reads it"),
    };
    items.push(Item::new(format!("var {name}"), verdict, note));
    let secret = if is_secret { "      secret: true\n" } else { "" };
    Some(format!("    - name: {}\n      value: {}\n{secret}", quoted(&name), quoted(&value)))
}

fn carry_trigger(trigger: &Value, items: &mut Vec<Item>) -> Option<String> {
    let what = format!("trigger {}", named(trigger));
    let kind = text(trigger, "type").unwrap_or_default();
    let is = |key: &str| trigger.get(key).is_some_and(|value| !value.is_null());
    if kind == "schedule" || is("schedule") {
        let note = "have a scheduler, such as cron, send a request to a trigger's URL";
        items.push(Item::new(what, Verdict::Lost, note));
        return None;
    }
    if is("connection") || (!kind.is_empty() && kind != "webhook") {
        let note = "it waits for a connection's events: write a trigger with `type: webhook`, and have the service send to its URL";
        items.push(Item::new(what, Verdict::Lost, note));
        return None;
    }
    let Some(call) = text(trigger, "call").or_else(|| text(trigger, "entrypoint")) else {
        items.push(Item::new(what, Verdict::Lost, "it calls nothing"));
        return None;
    };
    let mut changes = Vec::new();
    if trigger.get("is_durable").and_then(Value::as_bool) == Some(true) {
        changes.push("`is_durable`: a handler that was cut off runs again from its start; what it does must bear that");
    }
    if is("timezone") || is("data") {
        changes.push("`data` and `timezone` are not read");
    }
    let verdict = if changes.is_empty() { Verdict::Carried } else { Verdict::Changed };
    let note = if changes.is_empty() { "its Python file stays as it is".to_owned() } else { changes.join("; ") };
    items.push(Item::new(&what, verdict, note));
    let mut yaml = format!("    - name: {}\n      type: webhook\n", quoted(&named(trigger)));
    for key in ["event_type", "filter"] {
        if let Some(value) = text(trigger, key).filter(|value| !value.is_empty()) {
            yaml.push_str(&format!("      {key}: {}\n", quoted(&value)));
        }
    }
    yaml.push_str(&format!("      call: {}\n", quoted(&call)));
    if trigger.get("is_sync").and_then(Value::as_bool) == Some(true) {
        yaml.push_str("      is_sync: true\n");
    }
    Some(yaml)
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A scalar as a text.
fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn named(value: &Value) -> String {
    text(value, "name").unwrap_or_else(|| "without a name".to_owned())
}

/// A text as YAML: as it is where that is plain, else in double quotes, whose escapes are JSON's.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:".contains(c))
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

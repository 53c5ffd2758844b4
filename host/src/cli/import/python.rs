//! What Python files use of AutoKitteh that this host does not have. A look at their text, and no more.

use super::carry::{Item, Verdict};

/// Names of the package `autokitteh`, and what to do without them.
const NAMES: [(&str, &str); 5] = [
    ("next_event", "a handler here gets one event and ends: write a trigger for the next one"),
    ("subscribe", "a handler here gets one event and ends: write a trigger for the next one"),
    ("unsubscribe", "a handler here gets one event and ends: write a trigger for the next one"),
    ("start", "a handler here starts no other: send a request to a trigger's URL"),
    ("get_webhook_url", "a webhook's URL is the host's address, `/webhooks/` and the trigger's endpoint"),
];

/// What does not carry over of the file `name`.
pub(super) fn look(name: &str, code: &str) -> Vec<Item> {
    let mut items = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let what = format!("{name}, line {}", index + 1);
        if line.starts_with("from autokitteh.") || line.starts_with("import autokitteh.") {
            let note =
                "AutoKitteh's clients of services are not here: call the service's API with a credential from `vars`";
            items.push(Item::new(what, Verdict::Lost, note));
            continue;
        }
        let imported = line.strip_prefix("from autokitteh import ").unwrap_or_default();
        let is_used = |word: &str| {
            imported.split(',').any(|other| other.split_whitespace().next() == Some(word))
                || line.contains(&format!("autokitteh.{word}("))
        };
        for (_, note) in NAMES.iter().filter(|(word, _)| is_used(word)) {
            items.push(Item::new(&what, Verdict::Lost, *note));
        }
        if line.starts_with("async def ") && line.contains("(event") {
            items.push(Item::new(what, Verdict::Lost, "a handler is not `async`: write `def`"));
        }
    }
    items
}

//! The feed on standard output: one readable line for each notice, or lines of JSON.

use super::output::{self, Closed, count, line};
use crate::observe::feed::{Heard, Notice, Subscription};

/// Prints what happens until the feed ends or nobody reads on.
///
/// # Errors
/// Standard output failed.
pub(crate) async fn tail(mut feed: Subscription, json: bool) -> anyhow::Result<()> {
    while let Some(heard) = feed.next().await {
        let text = match (heard, json) {
            (Heard::Notice(notice), true) => json_line(&notice)? + "\n",
            (Heard::Notice(notice), false) => readable(&notice),
            (Heard::Skipped(number), true) => format!("{{\"kind\":\"skipped\",\"lines\":{number}}}\n"),
            (Heard::Skipped(number), false) => format!("… {number} lines skipped\n"),
        };
        match output::print(&text) {
            Err(err) if err.is::<Closed>() => return Ok(()),
            printed => printed?,
        }
    }
    Ok(())
}

/// The notice as JSON, in one line.
pub(super) fn json_line(notice: &Notice) -> serde_json::Result<String> {
    let json = serde_json::to_string(notice)?;
    Ok(output::harmless_json(&json).into_owned())
}

/// One line, save for a deployment's error, which has several.
pub(crate) fn readable(notice: &Notice) -> String {
    match notice {
        Notice::Event(event) => {
            let time = output::time_of_day(event.received_at);
            let request = format!("{} {}", event.method, event.raw_url);
            let elapsed = output::duration(event.elapsed);
            let chosen = match (event.matched.as_slice(), event.not_matched) {
                ([], 0) => "no triggers".to_owned(),
                ([], others) => format!("no match ({})", count(others, "trigger")),
                (matched, 0) => matched.join(", "),
                (matched, others) => format!("{} ({others} not matched)", matched.join(", ")),
            };
            let chosen = match (&event.note, chosen.as_str()) {
                (None, _) => chosen,
                (Some(note), "no triggers") => note.clone(),
                (Some(note), _) => format!("{chosen}; {note}"),
            };
            format!("{time}  {} {}  {elapsed}  {} -> {}\n", line(&request), event.status, event.id, line(&chosen))
        }
        Notice::Session(session) => {
            let time = output::time_of_day(session.ended_at);
            let (elapsed, cpu) = (output::duration(session.elapsed), std::time::Duration::from_micros(session.cpu_us));
            let mut text = format!(
                "{time}    {} {}  {elapsed} (CPU {})  {}",
                line(&session.trigger),
                session.state,
                output::duration(cpu),
                session.id
            );
            if session.log_lines > 0 {
                text += &format!("  {}", count(session.log_lines, "log line"));
            }
            if let Some(error) = &session.error {
                text += &format!("  {}", line(error));
            }
            text + "\n"
        }
        Notice::Deployed(deployed) => {
            let time = output::time_of_day(deployed.at);
            let triggers = count(deployed.triggers, "trigger");
            let warnings = match deployed.warnings.len() {
                0 => String::new(),
                number => format!(", {}", count(number, "warning")),
            };
            format!("{time}  deployed {} with {triggers}{warnings}  {}\n", line(&deployed.project), deployed.id)
        }
        Notice::DeployFailed(failed) => {
            let time = output::time_of_day(failed.at);
            let serving = failed.serving.map_or_else(
                || "nothing is served until it is mended".to_owned(),
                |serving| format!("{serving} goes on serving"),
            );
            format!("{time}  failed to deploy; {serving}\n{}", output::block(&failed.error, 2))
        }
    }
}

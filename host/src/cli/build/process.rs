//! Runs the user's tools.

use std::process::{Command, Stdio};

/// How many lines of what a failed tool printed are shown, from the end, unless the recipe knows better.
const SHOWN: usize = 40;

/// How a tool ended.
pub(super) struct Ran {
    pub(super) succeeded: bool,
    /// The exit status in words.
    pub(super) status: String,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    /// The end of all that it printed, standard output first.
    pub(super) fn said(&self) -> String {
        let text = format!("{}\n{}", self.stdout.trim(), self.stderr.trim());
        let lines: Vec<&str> = text.trim().lines().collect();
        lines.get(lines.len().saturating_sub(SHOWN)..).unwrap_or_default().join("\n")
    }
}

/// Runs a tool to its end, without a terminal.
///
/// # Errors
/// It cannot be started.
pub(super) fn run(command: &mut Command) -> Result<Ran, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).env("NO_COLOR", "1").output();
    let output = output.map_err(|error| format!("failed to start `{program}`: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ran {
        succeeded: output.status.success(),
        status: output.status.to_string(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    })
}

//! Runs other programs. A program that fails is an error that names its command line.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Runs `command` to its end; what it prints goes to standard error, since standard output is for results.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command.stdout(std::io::stderr()).status().with_context(|| format!("starting `{line}`"))?;
    ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}

/// Runs `command` to its end and gives what it printed to standard output, without the last line's end.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command.stderr(Stdio::piped()).output().with_context(|| format!("starting `{line}`"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{line}` failed ({}): {}", output.status, complaint.trim());
    let text = String::from_utf8(output.stdout).with_context(|| format!("reading what `{line}` printed"))?;
    Ok(text.trim_end().to_owned())
}

/// Runs `command` to its end, however it ends, and gives what it printed to both outputs.
pub(crate) fn read_all(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command.output().with_context(|| format!("starting `{line}`"))?;
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    Ok(text.concat())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

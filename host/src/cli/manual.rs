//! `tenterhook completions` and `tenterhook man`: what a shell and a reader want to know of the command line, from its own description.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use super::output;

/// Print what completes commands in a shell
///
/// For bash: `tenterhook completions bash > ~/.local/share/bash-completion/completions/tenterhook`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

/// Print a manual page
///
/// `tenterhook man events list | man -l -` shows it.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The command that it is about, none for the program: `events list`
    command: Vec<String>,
    /// Write the pages of all commands to this directory, `tenterhook-events-list.1` for example
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "tenterhook", &mut script);
        output::print(&String::from_utf8(script).context("the completions are text")?)
    }
}

impl Man {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut program = Cli::command();
        program.build();
        if let Some(folder) = self.out {
            fs::create_dir_all(&folder).with_context(|| format!("creating `{}`", folder.display()))?;
            let pages = write_all(&program, &folder)?;
            return output::print(&format!("Wrote {} to `{}`.\n", output::count(pages, "page"), folder.display()));
        }
        let mut command = &program;
        for name in &self.command {
            let Some(next) = command.find_subcommand(name) else {
                let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
                match known.is_empty() {
                    true => bail!("`{}` has no commands below it", command.get_bin_name().unwrap_or("tenterhook")),
                    false => bail!("there is no command `{name}`; there are: {}", known.join(", ")),
                }
            };
            command = next;
        }
        output::print(&page(command)?)
    }
}

fn write_all(command: &clap::Command, folder: &std::path::Path) -> anyhow::Result<usize> {
    let file = folder.join(format!("{}.1", name(command)));
    fs::write(&file, page(command)?).with_context(|| format!("writing `{}`", file.display()))?;
    let mut pages = 1;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        pages += write_all(below, folder)?;
    }
    Ok(pages)
}

/// `tenterhook-events-list`.
fn name(command: &clap::Command) -> String {
    command.get_bin_name().unwrap_or("tenterhook").replace(' ', "-")
}

/// The manual page of a command, in roff.
pub(super) fn page(command: &clap::Command) -> anyhow::Result<String> {
    let name = name(command);
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone().display_name(name)).render(&mut text).context("writing a manual page")?;
    String::from_utf8(text).context("a manual page is text")
}

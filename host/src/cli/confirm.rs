//! Asks before something is gone for good.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};

/// Has somebody type the name of what will be gone, unless `--yes` says that they know.
///
/// # Errors
/// They typed something else, or there is no terminal to ask on.
pub(super) fn confirm(is_sure: bool, what: &str, name: &str) -> anyhow::Result<()> {
    if is_sure {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        bail!("this removes {what} `{name}` for good: say `--yes` if that is meant");
    }
    eprint!("This removes {what} `{name}` with all that it has, for good. Type its name to go on: ");
    io::stderr().flush().context("writing to the terminal")?;
    let mut typed = String::new();
    io::stdin().read_line(&mut typed).context("reading from the terminal")?;
    if typed.trim() != name {
        bail!("that is not its name: nothing is removed");
    }
    Ok(())
}

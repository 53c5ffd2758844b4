//! One process that compiles, as its parent sees it.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::worker::{FAILED, Order, REFUSED};

/// What is kept of what the process says, in bytes.
const SAID: u64 = 64 << 10;

/// Has the process's allocator take no more addresses than it needs, of which the process may have only so many: else it begins
/// with a gigabyte. The name is [mimalloc's](https://microsoft.github.io/mimalloc/environment.html).
pub const ALLOCATOR: [(&str, &str); 1] = [("MIMALLOC_ARENA_RESERVE", "0")];

/// What the process says when its memory is used up: the allocator's words, and the operating system's.
const NO_MEMORY: [&str; 2] = ["memory allocation of", "Cannot allocate memory"];

/// A process that runs. It is killed when this is dropped before it ends.
pub(super) struct Child {
    process: Option<std::process::Child>,
    input: Option<Sender>,
    said: Receiver,
}

/// How it ended.
pub(super) enum Ended {
    /// The output has what was asked for.
    Done,
    /// It says why the input cannot be used.
    Refused(String),
    /// It says why it could not do its work.
    Failed(String),
    /// By one of its limits, or a fault of its own.
    Died(Death),
}

/// What it died of.
pub(super) enum Death {
    /// Its time on processors.
    Time,
    /// Its memory.
    Memory,
    /// Something else, in words.
    Other(String),
}

impl Child {
    pub(super) fn start(
        path: &Path,
        arguments: &[String],
        order: &Order,
        threads: usize,
        output: File,
    ) -> io::Result<Self> {
        let mut command = Command::new(path);
        command.args(arguments).args(order.arguments());
        // What the host knows of its surroundings is no business of a compiler.
        command.env_clear().env("RAYON_NUM_THREADS", threads.to_string()).envs(ALLOCATOR);
        command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped());
        let mut process = Guard(Some(command.spawn()?));
        let running = process.0.as_mut().expect("it was just started");
        let missing = || io::Error::other("a pipe is missing");
        let input = Sender::from_owned_fd(OwnedFd::from(running.stdin.take().ok_or_else(missing)?))?;
        let said = Receiver::from_owned_fd(OwnedFd::from(running.stderr.take().ok_or_else(missing)?))?;
        Ok(Self { process: process.0.take(), input: Some(input), said })
    }

    /// Hands the input over, and waits for the end.
    pub(super) async fn finish(&mut self, input: &[u8]) -> io::Result<Ended> {
        let Self { process, input: sender, said } = self;
        let mut text = Vec::new();
        let writing = async {
            // A process that has ended reads no more; how it ended says why. The pipe stays open: its end would be the
            // host's own.
            if let Some(sender) = sender.as_mut() {
                drop(sender.write_all(input).await);
            }
        };
        let reading = async {
            let read = (&mut *said).take(SAID).read_to_end(&mut text).await;
            read.map(|_| ())
        };
        let ((), read) = tokio::join!(writing, reading);
        read?;
        let Some(mut process) = process.take().map(|process| Guard(Some(process))) else {
            return Err(io::Error::other("the process was waited for twice"));
        };
        // It has nothing more to say, and ends; giving back its memory may take a while.
        let waited = tokio::task::spawn_blocking(move || process.wait()).await;
        let status = waited.map_err(io::Error::other)??;
        Ok(ended(status, &String::from_utf8_lossy(&text)))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(Guard(self.process.take()));
    }
}

/// Kills a process that nobody waited for.
struct Guard(Option<std::process::Child>);

impl Guard {
    fn wait(&mut self) -> io::Result<ExitStatus> {
        let process = self.0.as_mut().ok_or_else(|| io::Error::other("the process is gone"))?;
        let status = process.wait()?;
        self.0 = None;
        Ok(status)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(process) = &mut self.0 {
            // It may have ended by itself.
            drop(process.kill());
            drop(process.wait());
        }
    }
}

fn ended(status: ExitStatus, said: &str) -> Ended {
    let said = said.trim();
    if status.success() {
        return Ended::Done;
    }
    if status.code() == Some(REFUSED) {
        return Ended::Refused(said.to_owned());
    }
    if status.code() == Some(FAILED) {
        return Ended::Failed(said.to_owned());
    }
    if status.signal() == Some(Signal::XCPU.as_raw()) {
        return Ended::Died(Death::Time);
    }
    if NO_MEMORY.iter().any(|words| said.contains(words)) {
        return Ended::Died(Death::Memory);
    }
    let last = said.lines().next_back().unwrap_or_default();
    Ended::Died(Death::Other(if last.is_empty() { status.to_string() } else { format!("{status}: {last}") }))
}

//! Compiles what tenants upload, in processes of their own: a component that takes too much of a compiler takes down that
//! process, and nothing else.

mod child;
mod worker;

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::Semaphore;

pub use child::ALLOCATOR;
pub use worker::{Order, work};

use self::child::{Child, Ended};

/// How modules are compiled.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Modules that are compiled at once, each in a process of its own.
    pub processes: usize,
    /// Threads of each of these processes; 0 is half of the processors.
    pub threads: usize,
    /// Address space of one of these processes, in bytes.
    pub memory: u64,
    /// Its time on processors, in milliseconds, to the second.
    pub cpu_ms: u64,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

/// The program that compiles when it is given the arguments of an [`Order`].
#[derive(Clone, Debug)]
pub enum Program {
    /// A program that calls [`work`].
    File {
        /// Where it is.
        path: PathBuf,
        /// What it is given before those of the order.
        arguments: Vec<String>,
    },
    /// This one: the tests of this crate come before there is a program.
    #[cfg(test)]
    Here,
}

/// What is to be made of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Machine code of a component.
    Compile,
    /// A component of a core module.
    Componentize,
}

/// Why there is nothing to show for it.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Failure {
    /// What was uploaded cannot be used; the text says why.
    #[error("{0}")]
    Refused(String),
    /// The host could not do it now.
    #[error("failed to compile: {0}")]
    Host(String),
}

/// Makes of files what [`Task`] says, a few at once.
pub(super) struct Compiler {
    config: Config,
    program: Program,
    turns: Semaphore,
}

impl Compiler {
    pub(super) fn new(config: Config, program: Program) -> Self {
        let turns = Semaphore::new(config.processes);
        Self { config, program, turns }
    }

    /// Does `task` with `input`, and writes what comes of it to `output`.
    pub(super) async fn run(&self, task: Task, input: Bytes, output: File) -> Result<(), Failure> {
        let (path, arguments) = match &self.program {
            Program::File { path, arguments } => (path, arguments),
            #[cfg(test)]
            Program::Here => return here(task, &input, output),
        };
        let _turn = self.turns.acquire().await.expect("nobody closes the semaphore");
        let order = Order { task, size: input.len() as u64, memory: self.config.memory, cpu: self.cpu() };
        let started = Child::start(path, arguments, &order, self.threads(), output);
        let mut child = started.map_err(|error| Failure::Host(format!("starting a process: {error}")))?;
        let timeout = Duration::from_millis(self.config.timeout_ms);
        match tokio::time::timeout(timeout, child.finish(&input)).await {
            Ok(Ok(Ended::Done)) => Ok(()),
            Ok(Ok(Ended::Refused(reason))) => Err(Failure::Refused(reason)),
            Ok(Ok(Ended::Failed(reason))) => Err(Failure::Host(reason)),
            Ok(Ok(Ended::Died(how))) => Err(Failure::Refused(self.in_words(&how))),
            Ok(Err(error)) => Err(Failure::Host(error.to_string())),
            Err(_) => {
                let limit = format!("it takes longer than {timeout:?} to compile (guest.compile.timeout_ms)");
                Err(Failure::Refused(limit))
            }
        }
    }

    fn cpu(&self) -> Duration {
        Duration::from_millis(self.config.cpu_ms)
    }

    fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if self.config.threads > 0 { self.config.threads } else { (cores / 2).max(1) }
    }

    fn in_words(&self, died: &child::Death) -> String {
        let cpu = self.cpu();
        match died {
            child::Death::Time => {
                format!("it takes longer than {cpu:?} of a processor to compile (guest.compile.cpu_ms)")
            }
            child::Death::Memory => {
                let memory = self.config.memory;
                format!("it takes more than {memory} bytes of memory to compile (guest.compile.memory)")
            }
            child::Death::Other(how) => format!("compiling it failed: {how}"),
        }
    }
}

#[cfg(test)]
fn here(task: Task, input: &[u8], mut output: File) -> Result<(), Failure> {
    let made = worker::make(task, input).map_err(Failure::Refused)?;
    std::io::Write::write_all(&mut output, &made).map_err(|error| Failure::Host(error.to_string()))
}

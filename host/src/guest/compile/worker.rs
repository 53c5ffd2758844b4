//! The process that compiles, from within: it bounds itself, reads, writes, and ends.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setpriority_process, setrlimit};

use super::Task;
use crate::guest::{code, component};

/// The exit code that says that the input is no good, as told on standard error.
pub(super) const REFUSED: i32 = 2;

/// The exit code that says that the process could not do its work: its bounds, its input or its output failed.
pub(super) const FAILED: i32 = 1;

/// The exit code when the parent is gone.
const ORPHANED: i32 = 3;

/// At nice 0 a compilation would take half of the host's requests with it. Idle scheduling would be lower still, with a fifth of this
/// weight: a deployment to a host at full load would then run out of its time.
const NICENESS: i32 = 19;

/// The largest output, in bytes. Machine code has some three times the size of its source.
const OUTPUT: u64 = 2 << 30;

/// Between the time at which the process is told to end and the time at which it is killed, in seconds.
const GRACE: u64 = 5;

/// What a process is to do, and within which bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What to make.
    pub task: Task,
    /// How many bytes of standard input it is made of.
    pub size: u64,
    /// The address space that it may take, in bytes.
    pub memory: u64,
    /// The time that it may have on processors, to the second.
    pub cpu: Duration,
}

impl Order {
    /// As arguments of a command: `compile 1024 2147483648 60`.
    pub(super) fn arguments(&self) -> [String; 4] {
        let task = match self.task {
            Task::Compile => "compile",
            Task::Componentize => "componentize",
        };
        [task.to_owned(), self.size.to_string(), self.memory.to_string(), self.cpu.as_secs().max(1).to_string()]
    }

    /// From the arguments of a command; none when they are not those of an order.
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let [task, size, memory, cpu] = arguments else { return None };
        let task = match task.as_str() {
            "compile" => Task::Compile,
            "componentize" => Task::Componentize,
            _ => return None,
        };
        let cpu = Duration::from_secs(cpu.parse().ok()?);
        Some(Self { task, size: size.parse().ok()?, memory: memory.parse().ok()?, cpu })
    }
}

/// Does what the order says: reads standard input, and writes to standard output, or says on standard error why not. The
/// process bounds itself first, and ends when its input does, which its parent leaves open for as long as it lives.
pub fn work(order: &Order) -> ExitCode {
    let failed = |code: i32, words: &str| {
        // Nobody reads: the exit code says it all the same.
        drop(writeln!(std::io::stderr(), "{words}"));
        ExitCode::from(u8::try_from(code).unwrap_or(1))
    };
    if let Err(error) = bound(order) {
        return failed(FAILED, &format!("bounding the process: {error}"));
    }
    let mut input = Vec::new();
    let read = std::io::stdin().take(order.size).read_to_end(&mut input);
    match read {
        Ok(size) if size as u64 == order.size => {}
        Ok(size) => return failed(FAILED, &format!("only {size} of {} bytes came", order.size)),
        Err(error) => return failed(FAILED, &format!("reading: {error}")),
    }
    std::thread::spawn(end_with_parent);
    let made = match make(order.task, &input) {
        Ok(made) => made,
        Err(reason) => return failed(REFUSED, &reason),
    };
    match std::io::stdout().write_all(&made).and_then(|()| std::io::stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(FAILED, &format!("writing: {error}")),
    }
}

/// What the task makes of a file, or what is wrong with the file.
pub(super) fn make(task: Task, input: &[u8]) -> Result<Vec<u8>, String> {
    match task {
        Task::Compile => code::compile(input),
        Task::Componentize => component::encode(input),
    }
}

fn bound(order: &Order) -> rustix::io::Result<()> {
    let cpu = order.cpu.as_secs().max(1);
    setpriority_process(None, NICENESS)?;
    limit(Resource::Core, 0, 0)?;
    limit(Resource::Fsize, OUTPUT, OUTPUT)?;
    limit(Resource::Cpu, cpu, cpu.saturating_add(GRACE))?;
    limit(Resource::As, order.memory, order.memory)
}

/// Bounds the process, unless whoever started the host has bounded it more.
fn limit(resource: Resource, soft: u64, hard: u64) -> rustix::io::Result<()> {
    let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    setrlimit(resource, Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) })
}

/// Nobody waits for what a process compiles whose parent is gone.
fn end_with_parent() {
    let mut nothing = [0; 16];
    loop {
        match std::io::stdin().read(&mut nothing) {
            Ok(0) | Err(_) => std::process::exit(ORPHANED),
            Ok(_) => {}
        }
    }
}

//! `cargo xtask fuzz`: filters that nobody would write over requests that nobody would send, for some minutes. Each run
//! may neither panic nor end the process, nor take more than a filter may. The work is done in another process, since a
//! stack that overflows ends the one that it is in.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, exit};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::inputs::input::{Answer, Input, compile, evaluate};
use crate::inputs::mutate::mutate;
use crate::inputs::random::Random;
use crate::measure::{MAX_MEMORY, MAX_TIME, Took, measure};

/// How long the other process may say nothing. It speaks every second.
const SILENCE: Duration = Duration::from_secs(60);

/// How many inputs are kept for others to be made of.
const KEPT: usize = 4_000;

/// Runs for `minutes` and says how many inputs were tried. Ends with an exit code when one of them fails.
pub(crate) fn run(minutes: f64, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let current = folder.path().join("current");
    let program = std::env::current_exe().unwrap();
    let mut arguments = vec!["fuzz-child".to_owned(), minutes.to_string(), seed.to_string()];
    arguments.push(current.display().to_string());
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let last = follow(&mut child);
    let status = child.wait().unwrap();
    if status.success() {
        return println!("{last}\nno panic, no abort, none over {MAX_TIME:?} or {} MiB", MAX_MEMORY >> 20);
    }
    let input = std::fs::read_to_string(&current).unwrap_or_default();
    println!("{last}\nfailed ({status}) with seed {seed} on this input:\n{}", shown(&input));
    println!("the whole input is in {}", keep(&input).display());
    exit(1);
}

/// Prints what the child says, and ends it when it says nothing for long.
fn follow(child: &mut Child) -> String {
    let (sender, receiver) = channel();
    let output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let reader =
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let mut last = String::new();
    loop {
        match receiver.recv_timeout(SILENCE) {
            Ok(line) => {
                eprintln!("{line}");
                last = line;
            }
            Err(RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                last = format!("it did not end within {SILENCE:?}");
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    reader.join().unwrap().unwrap();
    last
}

fn shown(input: &str) -> String {
    let start: String = input.chars().take(4_000).collect();
    if start.len() < input.len() { start + "…" } else { start }
}

/// Where cargo-fuzz keeps what fails.
fn keep(input: &str) -> PathBuf {
    let folder = fuzz_folder().join("artifacts/filter");
    std::fs::create_dir_all(&folder).unwrap();
    let hash = input
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let path = folder.join(format!("crash-{hash:016x}"));
    std::fs::write(&path, input).unwrap();
    path
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// What the first panic said, wherever it was caught.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// The child: tries inputs until the time is over. Its last input is in `current`.
pub(crate) fn child(minutes: f64, seed: u64, current: &Path) {
    std::panic::set_hook(Box::new(|panic| {
        PANIC.lock().unwrap().get_or_insert_with(|| panic.to_string());
    }));
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let mut random = Random::new(seed);
    let mut runs = Runs::default();
    let mut kept = corpus();
    for input in kept.clone() {
        runs.check(&input, current);
    }
    let mut told = Instant::now();
    while Instant::now() < end {
        let (one, other) = (random.pick(&kept), random.pick(&kept));
        let input = mutate(&mut random_of(&mut random), one, other);
        if runs.check(&input, current) {
            if kept.len() == KEPT {
                drop(kept.swap_remove(random.below(KEPT)));
            }
            kept.push(input);
        }
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            println!("{}", runs.told());
        }
    }
    println!("{}", runs.told());
}

/// A generator of its own for each input.
fn random_of(random: &mut Random) -> Random {
    Random::new(u64::try_from(random.below(usize::MAX)).unwrap())
}

/// The inputs that are checked in.
fn corpus() -> Vec<Input> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(fuzz_folder().join("corpus/filter")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let mut text = String::new();
        std::fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
        Input::parse(&text)
    };
    paths.iter().map(read).collect()
}

#[derive(Debug, Default)]
struct Runs {
    tried: u64,
    compiled: u64,
    matched: u64,
    over_budget: u64,
    slowest: Duration,
    largest: usize,
    seen: HashSet<String>,
}

impl Runs {
    fn told(&self) -> String {
        let Self { tried, compiled, matched, over_budget, slowest, largest, seen } = self;
        format!(
            "{tried} runs, {compiled} compiled, {matched} matched, {over_budget} over budget, {} kinds of answers, \
             at most {slowest:.1?} and {:.1} MiB",
            seen.len(),
            *largest as f64 / f64::from(1 << 20)
        )
    }

    /// Whether the filter compiled, and the answer is one that no input gave before. Ends the process when the input fails.
    fn check(&mut self, input: &Input, current: &Path) -> bool {
        // Before it runs: what ends the process cannot be written down afterwards.
        std::fs::write(current, input.to_string()).unwrap();
        let mut tried = attempt(input);
        // Another process may have slowed this one down, and an input that takes too long does so every time.
        for _ in 0..3 {
            if tried.time <= MAX_TIME {
                break;
            }
            tried.time = tried.time.min(attempt(input).time);
        }
        if let Some(panic) = PANIC.lock().unwrap().take() {
            println!("{}\nit panicked: {panic}", self.told());
            exit(1);
        }
        if tried.time > MAX_TIME || tried.memory > MAX_MEMORY {
            println!("{}\nit took {:.1?} and {} KiB", self.told(), tried.time, tried.memory >> 10);
            exit(1);
        }
        self.tried += 1;
        self.slowest = self.slowest.max(tried.time);
        self.largest = self.largest.max(tried.memory);
        let words = match &tried.answer {
            Answer::Refused(errors) => errors.lines().next().unwrap_or_default().to_owned(),
            Answer::Verdict(verdict, detail) => {
                self.compiled += 1;
                let words = format!("{verdict:?} {}", detail.as_deref().unwrap_or_default());
                self.matched += u64::from(words.starts_with("Matched"));
                self.over_budget += u64::from(words.starts_with("FilterOverBudget"));
                words
            }
        };
        let is_compiled = matches!(tried.answer, Answer::Verdict(..));
        // What a refusal quotes differs from one to the next.
        let kind_len = if is_compiled { 60 } else { 30 };
        let kind: String = words.chars().filter(|c| c.is_ascii_alphabetic()).take(kind_len).collect();
        let size = (tried.time.as_micros().max(1).ilog2() / 2, tried.memory.max(1).ilog2() / 2);
        self.seen.insert(format!("{kind} {size:?}")) && is_compiled
    }
}

struct Attempt {
    answer: Answer,
    time: Duration,
    memory: usize,
}

/// Compiling and evaluating are bounded each.
fn attempt(input: &Input) -> Attempt {
    let (compiled, compiling) = measure(|| compile(&input.expression));
    match compiled {
        Err(answer) => Attempt { answer, time: compiling.time, memory: compiling.memory },
        Ok(filter) => {
            let data = input.data();
            let (answer, Took { time, memory }) = measure(|| on_small_stack(|| evaluate(&filter, &data)));
            Attempt { answer, time: time.max(compiling.time), memory: memory.max(compiling.memory) }
        }
    }
}

/// Runs `work` on a stack as small as that of the host's threads, of which something else may have taken half.
fn on_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let builder = std::thread::Builder::new().stack_size(1 << 20);
    std::thread::scope(|scope| builder.spawn_scoped(scope, work).unwrap().join().unwrap())
}

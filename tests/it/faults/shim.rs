//! Faults between the program and its files: a library in C that is loaded into it before the system's own.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The library, compiled once in a run of the tests.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/faults/shim.c");
        let mut command = Command::new("cc");
        command.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"]).arg(&library).arg(source).arg("-ldl");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        library
    })
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// The process is killed before it.
    Before,
    /// The process is killed when half of it is written.
    Torn,
    /// The process is killed after it.
    After,
    /// It fails: the device does not do as it is told.
    Eio,
    /// It fails: there is no room.
    Enospc,
    /// It fails as with [`What::Eio`], and the process is killed before it does anything more.
    Last,
}

/// Which calls count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Those that write.
    Write,
    /// Those that make durable what was written.
    Sync,
    /// All that change files or make changes durable.
    Any,
}

/// Calls that go wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) what: What,
    pub(super) kind: Kind,
    /// The first of them, counted from 1.
    pub(super) at: u64,
    /// How many.
    pub(super) count: u64,
    /// The end of the names of files that count.
    pub(super) suffix: &'static str,
}

impl Rule {
    fn text(&self) -> String {
        let Self { what, kind, at, count, suffix } = self;
        format!("{what:?}:{kind:?}:{at}:{count}:{suffix}").to_ascii_lowercase()
    }
}

/// Everything that is to go wrong with one process.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) rules: Vec<Rule>,
    /// Nothing goes wrong until this file is there.
    pub(super) switch: Option<PathBuf>,
    /// Gets a line for each call that went wrong, with which a test knows that there was one.
    pub(super) trace: Option<PathBuf>,
    /// Gets a record of every change.
    pub(super) journal: Option<PathBuf>,
}

impl Plan {
    /// The variables that bring it about for the files below `data`.
    pub(super) fn environment(&self, data: &Path) -> Vec<(&'static str, PathBuf)> {
        let Self { rules, switch, trace, journal } = self;
        if rules.is_empty() && journal.is_none() {
            return Vec::new();
        }
        let mut environment = vec![("LD_PRELOAD", library().to_owned()), ("FAULT_DIR", data.to_owned())];
        let rules: Vec<String> = rules.iter().map(Rule::text).collect();
        if !rules.is_empty() {
            environment.push(("FAULT_PLAN", rules.join(",").into()));
        }
        let files = [("FAULT_SWITCH", switch), ("FAULT_TRACE", trace), ("FAULT_JOURNAL", journal)];
        environment.extend(files.into_iter().filter_map(|(name, file)| Some((name, file.clone()?))));
        environment
    }
}

/// Chance that can be repeated.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// New ones each time; those of an earlier run when `TENTERHOOK_SEED` has the number that it printed.
    pub(super) fn new(what: &str) -> Self {
        let asked = std::env::var_os("TENTERHOOK_SEED").map(|seed| seed.to_str().unwrap().parse().unwrap());
        let seed: u64 = asked.unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish());
        println!("{what}: TENTERHOOK_SEED={seed}");
        Self(seed)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(super) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// One of several.
    pub(super) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// A line of the table that `cargo xtask faults` prints: what a test went through.
pub(super) fn report(test: &str, what: &str) {
    let mut line = String::new();
    writeln!(line, "{test}: {what}").unwrap();
    print!("{line}");
    if let Some(file) = std::env::var_os("TENTERHOOK_REPORT") {
        use std::io::Write as _;
        let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
}

//! What a handler costs in each language: `plugins/echo`, as `tenterhook build` makes it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tenterhook_host::clock::Clock;
use tenterhook_host::event::{Digest, Outcome};
use tenterhook_host::guest::{Engine, Library};

use crate::{density, sandbox, servers};

/// The language and the plugin's component. The first is what the others are compared with.
const ECHOES: [(&str, &str); 6] = [
    ("Rust", "echo.wasm"),
    ("C", "c/echo.wasm"),
    ("Go", "go/echo.wasm"),
    ("JavaScript (QuickJS)", "js/echo.wasm"),
    ("TypeScript (QuickJS)", "ts/echo.wasm"),
    ("Python", "python/echo.wasm"),
];

/// The handler's export.
const EXPORT: &str = "on-request";

/// How long calls are measured.
const TIME: Duration = Duration::from_secs(3);

/// What a language costs: bytes, microseconds and KiB.
struct Cost {
    component: f64,
    compile: f64,
    first: f64,
    warm: f64,
    idle: f64,
    session: f64,
}

pub(crate) fn print() {
    println!(
        "| language | component | compiled in | first call after a start | warm call | memory of an idle module | memory of a session |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut costs = Vec::new();
    for (language, file) in ECHOES {
        let path = plugin().join(file);
        let Ok(component) = std::fs::read(&path) else {
            println!("| {language} | not built: `{}` | | | | | |", path.display());
            continue;
        };
        let cost = measure(component);
        println!("{}", cost.row(language));
        costs.push((language, cost));
    }
    let Some(((base, first), others)) = costs.split_first() else { return };
    println!("\nof what it is in {base}:\n");
    for (language, cost) in others {
        println!("{}", cost.ratios(language, first));
    }
}

fn plugin() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/echo")
}

impl Cost {
    fn row(&self, language: &str) -> String {
        format!(
            "| {language} | {:.0} KiB | {:.1} s | {:.1} ms | {:.2} ms | {:.0} KiB | {:.1} MiB |",
            self.component / 1024.0,
            self.compile / 1e6,
            self.first / 1e3,
            self.warm / 1e3,
            self.idle,
            self.session / 1024.0
        )
    }

    fn ratios(&self, language: &str, base: &Self) -> String {
        let ratio = |own: f64, of: f64| format!("{:.1}", own / of);
        let all = [
            ratio(self.component, base.component),
            ratio(self.compile, base.compile),
            ratio(self.first, base.first),
            ratio(self.warm, base.warm),
            ratio(self.idle, base.idle),
            ratio(self.session, base.session),
        ];
        format!("| {language} | {} |", all.join(" | "))
    }
}

/// Compiles a component, and lets a process that starts anew, as a host does, call it.
fn measure(component: Vec<u8>) -> Cost {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("blobs")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bytes = component.len() as f64;
    let (digest, compile) = runtime.block_on(async {
        let (_, library) = library(folder.path());
        let start = Instant::now();
        let module = library.add(component.into()).await.unwrap();
        (module.digest, start.elapsed())
    });
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).arg("calls").arg(folder.path()).arg(digest.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<f64> = said.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    let [first, warm, idle, session] = figures[..] else { panic!("{said}") };
    Cost { component: bytes, compile: compile.as_secs_f64() * 1e6, first, warm, idle, session }
}

/// Calls what another process compiled: the first time, and then for a while.
pub(crate) fn calls(folder: &Path, digest: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (engine, library) = runtime.block_on(async { library(folder) });
    // The first of all makes what all share.
    let (hello, export) = servers::hello();
    let hello = runtime.block_on(library.add(hello.into())).unwrap();
    call(&runtime, &engine, &library, hello.digest, export);

    let digest: Digest = digest.parse().unwrap();
    let module = library.module(digest);
    let before = density::memory();
    let (first, session) = call(&runtime, &engine, &library, digest, EXPORT);
    let idle = density::memory() - before;
    let mut calls = Vec::new();
    let start = Instant::now();
    while start.elapsed() < TIME || calls.len() < 10 {
        calls.push(call(&runtime, &engine, &library, digest, EXPORT).0);
    }
    drop(module);
    calls.sort();
    let micros = |took: Duration| took.as_secs_f64() * 1e6;
    println!("{} {} {idle} {}", micros(first), micros(calls[calls.len() / 2]), session / 1024);
}

/// How long a call takes, and how much memory its session had.
fn call(
    runtime: &tokio::runtime::Runtime,
    engine: &Engine,
    library: &Library,
    digest: Digest,
    export: &str,
) -> (Duration, u64) {
    let start = Instant::now();
    let run = runtime.block_on(engine.run(&library.module(digest), sandbox::job(export), &Clock::system()));
    let took = start.elapsed();
    assert!(matches!(run.outcome, Some(Outcome::Answered(Some(_)))), "{:?}", run.outcome);
    (took, run.peak_memory)
}

fn library(folder: &Path) -> (Engine, Library) {
    density::library(&folder.join("blobs"), &folder.join("compiled"))
}

//! What a handler costs in each language: `plugins/echo`, as `tenterhook build` makes it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tenterhook_host::clock::Clock;
use tenterhook_host::config::Config;
use tenterhook_host::event::Outcome;
use tenterhook_host::guest::{Engine, Library, Parts};
use tenterhook_host::store::Blobs;

use crate::{sandbox, servers};

/// The language, the plugin's component, and its handler's export.
const ECHOES: [(&str, &str, &str); 6] = [
    ("Rust", "echo.wasm", "on-request"),
    ("C", "c/echo.wasm", "on-request"),
    ("Go", "go/echo.wasm", "on-request"),
    ("JavaScript (QuickJS)", "js/echo.wasm", "on-request"),
    ("TypeScript (QuickJS)", "ts/echo.wasm", "on-request"),
    ("Python", "python/echo.wasm", "on-request"),
];

/// How long calls are measured.
const TIME: Duration = Duration::from_secs(3);

struct Cost {
    bytes: usize,
    compile: Duration,
    first: Duration,
    warm: Duration,
    memory: u64,
}

pub(crate) fn print() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!(
        "| language | component | compiled in | first call | warm call | memory of a session |\n|---|---|---|---|---|---|"
    );
    for (language, file, export) in ECHOES {
        let path = plugin().join(file);
        let Ok(component) = std::fs::read(&path) else {
            println!("| {language} | not built: `{}` | | | | |", path.display());
            continue;
        };
        let cost = runtime.block_on(measure(component, export));
        println!(
            "| {language} | {} KiB | {:.1} s | {:.1} ms | {:.2} ms | {:.1} MiB |",
            cost.bytes.div_ceil(1024),
            cost.compile.as_secs_f64(),
            cost.first.as_secs_f64() * 1e3,
            cost.warm.as_secs_f64() * 1e3,
            cost.memory as f64 / f64::from(1 << 20)
        );
    }
}

fn plugin() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/echo")
}

/// The compilation, the first call of what is compiled, and the median of the others.
async fn measure(component: Vec<u8>, export: &str) -> Cost {
    let config = Config::load(None).unwrap();
    let engine = Engine::new(&config.guest, 1).unwrap();
    let (clock, job) = (Clock::system(), sandbox::job(export));
    let parts = Parts {
        engine: engine.clone(),
        blobs: Blobs::memory(),
        folder: None,
        program: servers::compiler(),
        clock: clock.clone(),
    };
    let library = Library::new(&config.guest.modules, config.guest.compile.clone(), parts).unwrap();
    let bytes = component.len();
    let start = Instant::now();
    let module = library.add(component.into()).await.unwrap();
    let compile = start.elapsed();
    let mut memory = 0;
    let mut calls = Vec::new();
    let start = Instant::now();
    while start.elapsed() < TIME || calls.len() < 10 {
        let start = Instant::now();
        let run = engine.run(&module, job.clone(), &clock).await;
        calls.push(start.elapsed());
        assert!(matches!(run.outcome, Some(Outcome::Answered(Some(_)))), "{:?}", run.outcome);
        memory = run.peak_memory;
    }
    let first = calls[0];
    calls.sort();
    Cost { bytes, compile, first, warm: calls[calls.len() / 2], memory }
}

//! What a module costs that is deployed: compiling it, memory while it is idle, and the first call after a restart.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tenterhook_host::clock::Clock;
use tenterhook_host::config::Config;
use tenterhook_host::event::{Digest, Outcome};
use tenterhook_host::guest::{Engine, Library, Parts};
use tenterhook_host::store::Blobs;

use crate::{sandbox, servers};

/// How many modules there are: every one is compiled in a process of its own, which takes most of the time.
const MODULES: usize = 100;

pub(crate) fn print() {
    println!("\n{MODULES} modules in Rust (plugins/echo), compiled and kept on a disk");
    let folder = tempfile::tempdir().unwrap();
    let compiled = folder.path().join("compiled");
    let blobs = folder.path().join("blobs");
    std::fs::create_dir(&blobs).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (took, digests) = runtime.block_on(async {
        let (_, library) = library(&blobs, &compiled);
        let (component, _) = servers::echo();
        let start = Instant::now();
        let mut digests = Vec::new();
        for number in 0..MODULES {
            digests.push(library.add(distinct(&component, number).into()).await.unwrap().digest.to_string());
        }
        (start.elapsed(), digests)
    });
    println!("  deploying one, on one core                       {:>9.1?}", took / u32::try_from(MODULES).unwrap());
    std::fs::write(folder.path().join("digests"), digests.join("\n")).unwrap();
    // A process that starts anew, as a host does.
    let program = std::env::current_exe().unwrap();
    assert!(Command::new(program).arg("loads").arg(folder.path()).status().unwrap().success());
}

/// Loads and calls what another process compiled.
pub(crate) fn load(folder: &Path) {
    let digests = std::fs::read_to_string(folder.join("digests")).unwrap();
    let digests: Vec<Digest> = digests.lines().map(|digest| digest.parse().unwrap()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (engine, library) = runtime.block_on(async { library(&folder.join("blobs"), &folder.join("compiled")) });
    let (_, export) = servers::echo();
    let clock = Clock::system();
    let call = |digest: Digest| {
        let start = Instant::now();
        let module = library.module(digest);
        let run = runtime.block_on(engine.run(&module, sandbox::job(export), &clock));
        assert!(matches!(run.outcome, Some(Outcome::Answered(Some(_)))), "{:?}", run.outcome);
        (start.elapsed(), module)
    };
    // The first of all makes what all share.
    let (first, rest) = digests.split_first().unwrap();
    let mut held = vec![call(*first)];
    let before = memory();
    held.extend(rest.iter().map(|digest| call(*digest)));
    let each = (memory() - before) / rest.len() as f64;
    let mut took: Vec<Duration> = held.iter().skip(1).map(|(took, _)| *took).collect();
    took.sort();
    println!(
        "  first call after a start, median and worst       {:>9.1?} {:>9.1?}",
        took[took.len() / 2],
        took[took.len() - 1]
    );
    println!("  memory of one that was called and is idle         {each:>7.0} KiB, of it not of a file");
    println!("  memory of one that was not called since the start       0 KiB");
}

/// A host's modules, whose components and code are in these folders.
pub(crate) fn library(blobs: &Path, compiled: &Path) -> (Engine, Library) {
    let mut config = Config::load(None).unwrap();
    config.guest.modules.loaded = 10_000;
    let engine = Engine::new(&config.guest, 4).unwrap();
    let parts = Parts {
        engine: engine.clone(),
        blobs: Blobs::directory(blobs).unwrap(),
        folder: Some(compiled.to_owned()),
        program: servers::compiler(),
        clock: Clock::system(),
    };
    let library = Library::new(&config.guest.modules, config.guest.compile.clone(), parts).unwrap();
    (engine, library)
}

/// The same component with a custom section that no other has.
fn distinct(component: &[u8], number: usize) -> Vec<u8> {
    let name = format!("{number:08}");
    let mut component = component.to_vec();
    component.extend([0, 9, 8]);
    component.extend(name.as_bytes());
    component
}

/// What this process holds that is of no file, in KiB.
pub(crate) fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

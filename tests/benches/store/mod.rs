//! What keeping costs: `cargo xtask bench store` runs it. Everything is in a folder of the build, on the disk that is
//! measured; ratios within one run compare, figures of different machines do not.

// The one file that speaks the store's traits.
mod stored;
// The contenders that the store is measured against.
mod logs;
mod accept;
mod end_to_end;
mod history;
mod recovery;

use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Runs the part of this name, or all of them.
pub(crate) fn run(part: Option<&str>) {
    let parts: [(&str, fn()); 4] = [
        ("accept", accept::run),
        ("end-to-end", end_to_end::run),
        ("recovery", recovery::run),
        ("history", history::run),
    ];
    let chosen = parts.iter().filter(|(name, _)| part.is_none_or(|part| part == *name));
    let ran = chosen.map(|(_, run)| run()).count();
    let names = parts.map(|(name, _)| name).join(", ");
    assert!(ran > 0, "there is no part {part:?}; there are {names}");
}

/// On the disk that the build is on: a temporary folder of the system may be in memory.
fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The middle one and the one that 99 of 100 do not exceed, in milliseconds.
fn percentiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    (at(50), at(99))
}

/// Runs all of these at the same time, each as a task, and gives their results in order.
async fn in_parallel<F: Future<Output: Send> + Send + 'static>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut results = Vec::new();
    let handle = tokio::runtime::Handle::current();
    for task in futures.map(|future| handle.spawn(future)).collect::<Vec<_>>() {
        results.push(task.await.unwrap());
    }
    results
}

//! The process is paused; another one wants its data.

use std::time::Duration;

use rustix::process::Signal;

use super::scene::Scene;
use super::shim::report;
use crate::harness::program;

/// Longer than the lease in [`SETTINGS`].
const PAUSE: Duration = Duration::from_secs(5);

const SETTINGS: &str = "[dispatch]\nlease_ms = 3000\n";

/// Paused past its lease, then continued: nobody else may have its data, so it goes on where it was.
#[test]
fn paused_and_continued() {
    let scene = Scene::with(SETTINGS);
    let load = scene.load(None);
    let server = scene.serve();
    load.serve_at(server.address);
    for _ in 0..2 {
        load.wait_for(202, 300);
        server.signal(Signal::STOP);
        let before = load.answers(202);
        std::thread::sleep(PAUSE);
        let during = load.answers(202) - before;
        // What had left the process when it stopped may still have been under way.
        assert!(
            during <= super::scene::CONNECTIONS as u64,
            "{during} webhooks were answered by a process that is paused"
        );
        server.signal(Signal::CONT);
    }
    load.wait_for(202, 300);
    let answers = load.stop();
    assert!(answers.keys().eq(&[202]), "{answers:?}");
    let found = scene.drain(server);
    assert_eq!(found.events, found.acknowledged);
    report(
        "paused_and_continued",
        &format!("2 pauses of {PAUSE:?}, {} acknowledged, 0 lost, 0 stuck", found.acknowledged),
    );
}

/// A second process on the same data is refused and says so, and the first one does not notice.
#[test]
fn second_process() {
    let scene = Scene::new();
    let load = scene.load(None);
    let server = scene.serve();
    load.serve_at(server.address);
    load.wait_for(202, 300);
    let (project, data) = (scene.path("project"), scene.data.to_str().unwrap());
    for _ in 0..3 {
        let second =
            program::run(&["up", project.to_str().unwrap(), "--data", data, "--listen", "127.0.0.1:0", "--no-watch"]);
        assert_eq!(second.status.code(), Some(1));
        let said = program::text(&second.stderr);
        assert!(said.contains("another process uses the data directory") && said.contains(data), "{said}");
    }
    load.wait_for(202, 300);
    let answers = load.stop();
    assert!(answers.keys().eq(&[202]), "{answers:?}");
    let found = scene.drain(server);
    assert_eq!(found.events, found.acknowledged);
    report(
        "second_process",
        &format!("refused 3 times, {} acknowledged meanwhile, 0 lost, 0 stuck", found.acknowledged),
    );
}

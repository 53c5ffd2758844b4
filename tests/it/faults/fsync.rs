//! A sync fails, once. The kernel then takes what it could not write for written, and no later sync writes it.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;

use super::checker::{Owed, check, how_many_owed};
use super::journal::{Journal, Unsynced};
use super::load::wait;
use super::scene::Scene;
use super::shim::{Dice, Kind, Plan, Rule, What, report};

/// How many points a power cut is tried at.
const CUTS: usize = 12;

/// A plan whose rule begins when the file `switch` is there.
fn plan(scene: &Scene, rules: Vec<Rule>) -> (Plan, PathBuf) {
    let switch = scene.path("switch");
    let plan = Plan {
        rules,
        switch: Some(switch.clone()),
        trace: Some(scene.path("trace")),
        journal: Some(scene.path("journal")),
    };
    (plan, switch)
}

/// The power may go anywhere after the failed sync, too: by then the program must not have relied on what was not written.
fn try_power_cuts(scene: &Scene, dice: &mut Dice) -> usize {
    let journal = Journal::read(&scene.path("journal"));
    // A directory's failed sync takes nothing from a file, so it is not in the record: then any point will do.
    let from = journal.first_failure().unwrap_or(0);
    let sent = scene.sent();
    let mut tried = 0;
    for unsynced in [Unsynced::Lost, Unsynced::Torn] {
        let cuts = journal.cuts(dice, CUTS, from, "tenterhook.db");
        journal.replay(&scene.path("disk"), &cuts, unsynced, dice, |disk, at| {
            tried += 1;
            let before = sent.values().filter(|acknowledged| acknowledged.at <= at);
            let checked = check(disk, before, Owed::Allowed);
            checked.unwrap_or_else(|wrong| panic!("cut at {at}, {unsynced:?}: {wrong}"));
        });
    }
    tried
}

/// The process goes on by itself: senders are told 503 of what could not be made durable, nothing is stuck, and nothing that
/// is acknowledged afterwards rests on what was not written.
#[test]
fn failed_sync_while_serving() {
    let mut dice = Dice::new("fsync");
    let (mut acknowledged, mut refused, mut cuts) = (0, 0, 0);
    for (count, is_read) in [(1, false), (1, true), (3, false), (3, true)] {
        let scene = Scene::new();
        let rule = Rule { what: What::Eio, kind: Kind::Sync, at: 1 + dice.below(20), count, suffix: "" };
        let (plan, switch) = plan(&scene, vec![rule]);
        let load = scene.load(plan.journal.as_deref());
        let server = scene.serve_in(&scene.data, &plan).unwrap();
        load.serve_at(server.address);
        load.wait_for(202, 300);
        if is_read {
            // A connection that reads keeps the log's index in memory alive.
            scene.read(&server);
        }
        std::fs::write(switch, "").unwrap();
        // Whether it is senders who hear of it depends on whose commit it is.
        let failed = || std::fs::read_to_string(plan.trace.as_ref().unwrap()).unwrap_or_default();
        wait("the syncs to fail", || failed().lines().count() as u64 >= count);
        load.wait_for(202, 500);
        let answers = load.stop();
        let trace = failed();
        assert_eq!(trace.lines().count() as u64, count, "{trace}");
        assert!(answers.keys().all(|status| [202, 503].contains(status)), "{answers:?}");
        wait("all sessions to end without a new start", || how_many_owed(&scene.data).is_ok_and(|owed| owed == 0));
        server.kill();
        let found = scene.check(Owed::Nothing);
        (acknowledged, refused) = (acknowledged + found.acknowledged, refused + answers.get(&503).unwrap_or(&0));
        cuts += try_power_cuts(&scene, &mut dice);
    }
    assert!(refused > 0, "no sender was told");
    let what = format!("{refused} refused, then {acknowledged} acknowledged, {cuts} power cuts, 0 lost, 0 stuck");
    report("failed_sync_while_serving", &what);
}

/// The process ends with the failed sync, and the next one finds in the file what the disk does not have.
#[test]
fn failed_sync_and_the_end() {
    let mut dice = Dice::new("fsync and the end");
    let (mut acknowledged, mut cuts) = (0, 0);
    for suffix in ["-wal", ""] {
        let scene = Scene::new();
        // Soon after a clean stop, so that most of what the failed commit changes is in the database and not in the log.
        let rule = Rule { what: What::Last, kind: Kind::Sync, at: 4 + dice.below(8), count: 1, suffix };
        let (plan, switch) = plan(&scene, vec![rule]);
        let load = scene.load(plan.journal.as_deref());
        let server = scene.serve_in(&scene.data, &plan).unwrap();
        load.serve_at(server.address);
        load.wait_for(202, 300);
        assert!(server.stop().success());
        std::fs::write(switch, "").unwrap();
        let ended = match scene.serve_in(&scene.data, &plan) {
            Ok(server) => {
                load.serve_at(server.address);
                server.end()
            }
            Err(ended) => ended,
        };
        let trace = std::fs::read_to_string(plan.trace.as_ref().unwrap()).unwrap_or_default();
        assert_eq!(trace.lines().count(), 1, "one sync fails: {trace}");
        // It says so itself when it has not begun to serve.
        assert!(ended.signal() == Some(9) || ended.code() == Some(1), "{ended}: {}", scene.said());
        scene.check(Owed::Allowed);

        let server = scene.serve_in(&scene.data, &Plan { rules: Vec::new(), ..plan }).unwrap();
        load.serve_at(server.address);
        load.wait_for(202, 500);
        load.stop();
        acknowledged += scene.drain(server).acknowledged;
        cuts += try_power_cuts(&scene, &mut dice);
    }
    report("failed_sync_and_the_end", &format!("{acknowledged} acknowledged, {cuts} power cuts, 0 lost, 0 stuck"));
}

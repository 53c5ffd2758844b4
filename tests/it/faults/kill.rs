//! `kill -9` at any point.

use std::os::unix::process::ExitStatusExt as _;

use super::checker::Owed;
use super::load::Load;
use super::scene::Scene;
use super::shim::{Dice, Kind, Plan, Rule, What, report};

/// How often the program is killed.
const ROUNDS: u64 = 12;

/// The program is killed before, in the midst of or after one of its calls to the disk: in some rounds while it starts and
/// repairs what the last one left.
#[test]
fn killed_at_any_point() {
    let mut dice = Dice::new("kill");
    let scene = Scene::new();
    let load = scene.load(None);
    for round in 0..ROUNDS {
        // The first start makes the directory and the tables, which takes some fifty calls; later ones only a few.
        kill(&scene, &load, &mut dice, if round % 3 == 0 { 40 } else { 300 });
    }
    let server = scene.serve();
    load.serve_at(server.address);
    load.wait_for(202, 200);
    load.stop();
    let found = scene.drain(server);
    assert!(found.acknowledged > 200, "{found:?}");
    report("killed_at_any_point", &format!("{ROUNDS} kills, {} acknowledged, 0 lost, 0 stuck", found.acknowledged));
}

/// So many senders have the same delivery at the same time.
const COPIES: u64 = 16;

/// What many send at once is one event, though the program is killed in between and some are answered by one process and some
/// by the next.
#[test]
fn same_key_from_many_senders() {
    let mut dice = Dice::new("same key");
    let scene = Scene::new();
    let load = scene.load_of_copies(COPIES);
    for _ in 0..ROUNDS / 2 {
        kill(&scene, &load, &mut dice, 200);
    }
    let server = scene.serve();
    load.serve_at(server.address);
    load.wait_for(202, 2000);
    let answers = load.stop();
    let found = scene.drain(server);
    let told = answers[&202];
    assert!(told > 2 * found.acknowledged as u64, "few of the {told} answers were to duplicates: {found:?}");
    let what = format!("{} kills, {told} answers, {} events, 0 twice, 0 lost", ROUNDS / 2, found.events);
    report("same_key_from_many_senders", &what);
}

/// Starts the program and kills it within so many calls, and checks what it leaves.
fn kill(scene: &Scene, load: &Load, dice: &mut Dice, within: u64) {
    let what = dice.pick(&[What::Before, What::Torn, What::After]);
    let kind = dice.pick(&[Kind::Write, Kind::Sync, Kind::Any]);
    let rule = Rule { what, kind, at: 1 + dice.below(within), count: 1, suffix: "" };
    let plan = Plan { rules: vec![rule], ..Plan::default() };
    let ended = match scene.serve_in(&scene.data, &plan) {
        Err(ended) => ended,
        Ok(server) => {
            load.serve_at(server.address);
            server.end()
        }
    };
    assert_eq!(ended.signal(), Some(9), "{rule:?}: {ended}: {}", scene.said());
    if !scene.sent().is_empty() {
        scene.check(Owed::Allowed);
    }
}

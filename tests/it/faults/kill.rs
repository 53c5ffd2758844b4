//! `kill -9` at any point.

use std::os::unix::process::ExitStatusExt as _;

use super::checker::Owed;
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
    let mut points = Vec::new();
    for round in 0..ROUNDS {
        let what = dice.pick(&[What::Before, What::Torn, What::After]);
        let kind = dice.pick(&[Kind::Write, Kind::Sync, Kind::Any]);
        // The first start makes the directory and the tables, which takes some fifty calls; later ones only a few.
        let at = 1 + dice.below(if round % 3 == 0 { 40 } else { 300 });
        let rule = Rule { what, kind, at, count: 1, suffix: "" };
        points.push(rule);
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
    let server = scene.serve();
    load.serve_at(server.address);
    load.wait_for(202, 200);
    load.stop();
    let found = scene.drain(server);
    assert!(found.acknowledged > 200, "{found:?}: {points:?}");
    report("killed_at_any_point", &format!("{ROUNDS} kills, {} acknowledged, 0 lost, 0 stuck", found.acknowledged));
}

//! `kill -9` at random, again and again: what `cargo xtask chaos` runs.

use std::time::{Duration, Instant};

use super::checker::Owed;
use super::scene::{CONNECTIONS, Scene};
use super::shim::Dice;

/// Under load, kills the program every few seconds, starts it again, and checks after each kill and at the end.
#[test]
#[ignore = "takes as long as it is told to: `cargo xtask chaos`"]
fn chaos() {
    let minutes = std::env::var_os("TENTERHOOK_MINUTES").map_or(1.0, |text| text.to_str().unwrap().parse().unwrap());
    let end = Instant::now() + Duration::from_secs_f64(60.0 * minutes);
    let mut dice = Dice::new("chaos");
    let mut scene = Scene::new();
    println!("{CONNECTIONS} connections, asynchronous triggers, some handlers trap; {minutes} minutes");
    let (mut kills, mut acknowledged, mut ended) = (0, 0, 0);
    while Instant::now() < end {
        // Now and then on new data, so that a check takes no longer than what is checked.
        let load = scene.load(None);
        for round in 1.. {
            let server = scene.serve();
            load.serve_at(server.address);
            load.wait_for(202, 1);
            let life = Duration::from_millis(500 + dice.below(4500));
            std::thread::sleep(life);
            server.kill();
            kills += 1;
            let found = scene.check(Owed::Allowed);
            println!("kill {kills} after {life:.1?}: {found}");
            if found.events > 100_000 || round == 20 || Instant::now() >= end {
                break;
            }
        }
        let answers = load.stop();
        assert!(answers.keys().all(|status| [202, 429, 503].contains(status)), "{answers:?}");
        let server = scene.serve();
        let found = scene.drain(server);
        println!("drained: {found}; answers {answers:?}");
        (acknowledged, ended) = (acknowledged + found.acknowledged, ended + found.ended);
        scene = Scene::new();
    }
    println!("{kills} kills, {acknowledged} acknowledged, {ended} sessions ended: 0 lost, 0 stuck");
}

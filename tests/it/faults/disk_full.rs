//! The disk is full, then it is not.

use super::load::wait;
use super::mount::{self, Mount};
use super::scene::Scene;
use super::shim::{Dice, Kind, Plan, Rule, What, report};

/// On a real file system: webhooks are refused with 503, reads work, and when there is room it goes on by itself.
#[test]
fn disk_full_then_freed() {
    if !mount::is_allowed("disk_full_then_freed") {
        return;
    }
    let mut scene = Scene::new();
    let (image, place) = (scene.path("image"), scene.path("disk"));
    mount::format(&image, 96);
    std::fs::create_dir(&place).unwrap();
    let mount = Mount::new(&image, &place);
    scene.data = mount.path.join("data");
    let load = scene.load(None);
    let server = scene.serve();
    load.serve_at(server.address);
    for _ in 0..2 {
        load.wait_for(202, 300);
        let filler = mount.fill();
        load.wait_for(503, 300);
        let while_full = load.answers(202);
        load.wait_for(503, 300);
        assert!(load.answers(202) - while_full < 300, "there is no room, and yet most webhooks are accepted");
        scene.read(&server);
        std::fs::remove_file(filler).unwrap();
    }
    load.wait_for(202, 300);
    let answers = load.stop();
    assert!(answers.keys().eq(&[202, 503]), "{answers:?}");
    let found = scene.drain(server);
    drop(mount);
    let what = format!("{} refused, {} acknowledged, 0 lost, 0 stuck", answers[&503], found.acknowledged);
    report("disk_full_then_freed", &what);
}

/// Writes that find no room, anywhere: each is refused or made good, and nothing is half there.
#[test]
fn writes_without_room() {
    let mut dice = Dice::new("no room");
    let scene = Scene::new();
    let mut rules = Vec::new();
    let mut at = 1;
    for _ in 0..6 {
        at += 20 + dice.below(60);
        let count = 1 + dice.below(12);
        rules.push(Rule { what: What::Enospc, kind: Kind::Write, at, count, suffix: "" });
        at += count;
    }
    let switch = scene.path("switch");
    let trace = scene.path("trace");
    let plan = Plan { rules, switch: Some(switch.clone()), trace: Some(trace.clone()), journal: None };
    let load = scene.load(None);
    let server = scene.serve_in(&scene.data, &plan).unwrap();
    load.serve_at(server.address);
    load.wait_for(202, 100);
    std::fs::write(switch, "").unwrap();
    let wanted: u64 = plan.rules.iter().map(|rule| rule.count).sum();
    let failed = || std::fs::read_to_string(&trace).map_or(0, |trace| trace.lines().count() as u64);
    wait("every write to fail that is to", || failed() == wanted);
    load.wait_for(202, 300);
    let answers = load.stop();
    assert!(answers.keys().eq(&[202, 503]), "{answers:?}");
    let found = scene.drain(server);
    let what = format!(
        "{wanted} writes failed, {} refused, {} acknowledged, 0 lost, 0 stuck",
        answers[&503], found.acknowledged
    );
    report("writes_without_room", &what);
}

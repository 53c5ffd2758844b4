//! The power goes.

use std::path::Path;

use rustix::process::Signal;

use super::checker::{Owed, check};
use super::journal::{Journal, Unsynced};
use super::load::wait;
use super::mount::{self, Mount};
use super::scene::Scene;
use super::shim::{Dice, Plan, report};

/// How many points are tried with each way of losing what was not synced.
const CUTS: usize = 16;

/// Whatever of the unsynced changes reached the disk, wherever the cut is, all that was acknowledged before it is there; and
/// the program starts on that disk and goes on.
#[test]
fn power_cut_at_any_point() {
    let mut dice = Dice::new("power");
    let scene = Scene::new();
    let record = scene.path("journal");
    let plan = Plan { journal: Some(record.clone()), ..Plan::default() };
    let load = scene.load(Some(&record));
    // Far enough for SQLite to merge its log into the database; then on after a crash.
    for megabytes in [48, 8] {
        let server = scene.serve_in(&scene.data, &plan).unwrap();
        load.serve_at(server.address);
        let length = || std::fs::metadata(&record).unwrap().len();
        let enough = length() + (megabytes << 20);
        wait("the record of changes to grow", || length() > enough);
        server.kill();
    }
    load.stop();

    let journal = Journal::read(&record);
    let sent = scene.sent();
    let disk = scene.path("disk");
    let mut tried = 0;
    for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Torn] {
        let cuts = journal.cuts(&mut dice, CUTS, 0, "tenterhook.db");
        // A few of them are not only read but gone on from.
        let mut started = 0;
        journal.replay(&disk, &cuts, unsynced, &mut dice, |disk, at| {
            tried += 1;
            let before: Vec<_> = sent.values().filter(|acknowledged| acknowledged.at <= at).collect();
            let starts = started * CUTS < tried * 3 && started < 3;
            if !before.is_empty() {
                let checked = check(disk, before.iter().copied(), Owed::Allowed);
                checked.unwrap_or_else(|wrong| panic!("cut at {at}, {unsynced:?}: {wrong}"));
            }
            if starts {
                started += 1;
                let server = scene.serve_in(disk, &Plan::default());
                let server =
                    server.unwrap_or_else(|ended| panic!("cut at {at}, {unsynced:?}: {ended}: {}", scene.said()));
                let found = scene.drain_in(disk, server, before.iter().copied());
                assert_eq!(found.acknowledged, before.len());
            }
        });
    }
    report("power_cut_at_any_point", &format!("{tried} cuts, {} acknowledged, 0 lost", sent.len()));
}

/// On a real file system: its image is copied while the process is frozen, and what the file system still kept in memory is
/// not in the copy.
#[test]
fn power_cut_on_a_real_disk() {
    if !mount::is_allowed("power_cut_on_a_real_disk") {
        return;
    }
    let mut scene = Scene::new();
    let (image, place) = (scene.path("image"), scene.path("disk"));
    mount::format(&image, 128);
    std::fs::create_dir(&place).unwrap();
    let mount = Mount::new(&image, &place);
    scene.data = mount.path.join("data");
    let load = scene.load(None);
    let server = scene.serve();
    load.serve_at(server.address);
    let (copy, copied) = (scene.path("copy"), scene.path("copied"));
    std::fs::create_dir(&copied).unwrap();
    let mut acknowledged = 0;
    for _ in 0..3 {
        load.wait_for(202, 300);
        server.signal(Signal::STOP);
        let sent = scene.sent();
        copy_at_one_instant(&image, &copy, &mount);
        server.signal(Signal::CONT);

        // The file system repairs itself from its own log.
        let after = Mount::new(&copy, &copied);
        let data = after.path.join("data");
        let checked = check(&data, sent.values(), Owed::Allowed);
        checked.unwrap_or_else(|wrong| panic!("{wrong}"));
        let restarted = scene.serve_in(&data, &Plan::default());
        let restarted = restarted.unwrap_or_else(|ended| panic!("{ended}: {}", scene.said()));
        acknowledged += scene.drain_in(&data, restarted, sent.values()).acknowledged;
    }
    load.stop();
    scene.drain(server);
    drop(mount);
    report("power_cut_on_a_real_disk", &format!("3 cuts, {acknowledged} acknowledged, 0 lost, 0 stuck"));
}

/// Copies an image that is mounted. The kernel writes back when it likes: a copy in which it did would be of no instant.
fn copy_at_one_instant(image: &Path, copy: &Path, mount: &Mount) {
    wait("the kernel to leave the image alone for a moment", || {
        let before = mount.writes();
        std::fs::copy(image, copy).unwrap();
        mount.writes() == before
    });
}

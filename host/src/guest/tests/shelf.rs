//! Compiled modules on a disk: what is not what was put there is not loaded.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Clock;
use crate::event::{Digest, Timestamp};
use crate::guest::code::{self, Kind};
use crate::guest::shelf::Shelf;

/// A shelf, the engine that its code is for, and the code of an empty component.
struct Scene {
    folder: tempfile::TempDir,
    engine: wasmtime::Engine,
    clock: Clock,
    code: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let code = code::compile(b"\0asm\x0d\0\x01\0").unwrap();
        let clock = Clock::manual(Timestamp::from_second(1_800_000_000).unwrap());
        let engine = code::compiler(Kind::Plain).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), engine, clock, code }
    }

    fn open(&self, bytes: u64) -> Shelf {
        Shelf::open(Some(self.folder.path()), bytes, self.clock.clone()).unwrap()
    }

    fn put(&self, shelf: &Shelf, digest: Digest) {
        let mut file = shelf.blank().unwrap();
        file.write_all(&self.code).unwrap();
        shelf.put(digest, file).unwrap();
    }

    fn has(&self, shelf: &Shelf, digest: Digest) -> bool {
        shelf.find(digest).is_some_and(|code| code.load(&self.engine).is_ok())
    }

    fn files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn file(&self) -> PathBuf {
        let [file] = self.files().try_into().unwrap();
        file
    }
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

#[test]
fn what_was_put_is_there_after_a_restart() {
    let scene = Scene::new();
    let first = digest("a");
    scene.put(&scene.open(1 << 30), first);
    let shelf = scene.open(1 << 30);
    assert!(scene.has(&shelf, first));
    assert!(!scene.has(&shelf, digest("b")));
}

#[test]
fn what_is_damaged_is_not_loaded() {
    let scene = Scene::new();
    let (shelf, key) = (scene.open(1 << 30), digest("a"));
    scene.put(&shelf, key);
    let file = scene.file();
    let whole = std::fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> =
        [0, 1, 39, 40, 41, whole.len() / 2, whole.len() - 1].iter().map(|size| whole[..*size].to_vec()).collect();
    for place in [0, 100, whole.len() / 2, whole.len() - 41, whole.len() - 36, whole.len() - 1] {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        damaged.push(altered);
    }
    damaged.push([whole.as_slice(), b"more"].concat());
    // Code without the trailer, as another program would keep it.
    damaged.push(scene.code.clone());
    for bytes in damaged {
        std::fs::write(&file, &bytes).unwrap();
        assert!(!scene.has(&shelf, key), "{} of {} bytes", bytes.len(), whole.len());
    }
    scene.put(&shelf, key);
    assert!(scene.has(&shelf, key), "what is put again is whole");
}

#[test]
fn one_modules_code_is_not_anothers() {
    let scene = Scene::new();
    let (shelf, other) = (scene.open(1 << 30), digest("b"));
    scene.put(&shelf, digest("a"));
    let file = scene.file();
    let name = file.file_name().unwrap().to_str().unwrap();
    let renamed = name.replace(&digest("a").to_string(), &other.to_string());
    std::fs::rename(&file, file.with_file_name(renamed)).unwrap();
    assert!(!scene.has(&shelf, other));
}

#[test]
fn what_another_version_or_a_crash_left_is_removed() {
    let scene = Scene::new();
    let key = digest("a");
    scene.put(&scene.open(1 << 30), key);
    let write = |name: &str| std::fs::write(Path::new(scene.folder.path()).join(name), "x").unwrap();
    write(&format!("{}-0123456789abcdef.cwasm", digest("b")));
    write("crash.part");
    write("notes.txt");
    let shelf = scene.open(1 << 30);
    assert!(scene.has(&shelf, key));
    let names: Vec<_> = scene.files().iter().map(|path| path.extension().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 2, "one of code, and one that is not the host's: {names:?}");
}

#[test]
fn what_was_used_longest_ago_makes_room() {
    let scene = Scene::new();
    let room_for_two = scene.code.len() as u64 * 2 + 1000;
    let shelf = scene.open(room_for_two);
    let pass = || scene.clock.advance(Duration::from_secs(60));
    let (a, b, c, d) = (digest("a"), digest("b"), digest("c"), digest("d"));
    scene.put(&shelf, a);
    pass();
    scene.put(&shelf, b);
    pass();
    assert!(scene.has(&shelf, a));
    pass();
    scene.put(&shelf, c);
    assert_eq!([a, b, c].map(|key| scene.has(&shelf, key)), [true, false, true]);
    // What alone is too large is kept all the same: somebody is about to call it.
    let small = scene.open(1);
    pass();
    scene.put(&small, d);
    assert_eq!([a, b, c, d].map(|key| scene.has(&small, key)), [false, false, false, true]);
}

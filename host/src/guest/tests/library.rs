//! Modules that are loaded when they are called, and let go when others are.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::component;
use crate::clock::Clock;
use crate::event::{Digest, Timestamp};
use crate::guest::compile::Program;
use crate::guest::{Config, Engine, Library, LoadError, Module, Parts};
use crate::store::Blobs;

struct Scene {
    folder: tempfile::TempDir,
    blobs: Blobs,
    clock: Clock,
    config: Config,
}

impl Scene {
    fn new() -> Self {
        let mut settings: toml::Table = include_str!("../../../default.toml").parse().unwrap();
        let config = settings.remove("guest").unwrap().try_into().unwrap();
        let clock = Clock::manual(Timestamp::from_second(1_800_000_000).unwrap());
        Self { folder: tempfile::tempdir().unwrap(), blobs: Blobs::memory(), clock, config }
    }

    fn open(&self) -> Library {
        let parts = Parts {
            engine: Engine::new(&self.config, 1).unwrap(),
            blobs: self.blobs.clone(),
            folder: Some(self.folder.path().to_owned()),
            program: Program::Here,
            clock: self.clock.clone(),
        };
        Library::new(&self.config.modules, self.config.compile.clone(), parts).unwrap()
    }
}

/// Components that differ in what nobody reads.
fn distinct(number: u8) -> Bytes {
    let custom = [0, 3, 1, b'n', number];
    [component("hello").as_ref(), &custom].concat().into()
}

fn is_held(module: &Arc<Module>) -> bool {
    module.held().is_some()
}

#[tokio::test]
async fn a_start_loads_nothing_and_the_first_call_does() {
    let scene = Scene::new();
    let digest = scene.open().add(distinct(1)).await.unwrap().digest;
    let module = scene.open().module(digest);
    assert!(!is_held(&module));
    assert_eq!(module.handlers(), None);
    module.load().await.unwrap();
    assert!(is_held(&module));
    let handlers: Vec<&str> = module.handlers().unwrap().iter().map(String::as_str).collect();
    assert_eq!(handlers, ["handle"]);
}

#[tokio::test]
async fn those_that_call_at_once_share_one_load() {
    let scene = Scene::new();
    let digest = scene.open().add(distinct(1)).await.unwrap().digest;
    let library = scene.open();
    let modules: Vec<_> = (0..16).map(|_| library.module(digest)).collect();
    let loaded = futures_util::future::join_all(modules.iter().map(Module::load)).await;
    let first = loaded[0].as_ref().unwrap();
    assert!(loaded.iter().all(|other| Arc::ptr_eq(first, other.as_ref().unwrap())));
    assert_eq!(library.loads(), 1);
}

#[tokio::test]
async fn those_that_were_called_longest_ago_leave_memory() {
    let mut scene = Scene::new();
    scene.config.modules.loaded = 2;
    let library = scene.open();
    let [a, b, c] = [distinct(1), distinct(2), distinct(3)];
    let (a, b) = (library.add(a).await.unwrap(), library.add(b).await.unwrap());
    a.load().await.unwrap();
    let c = library.add(c).await.unwrap();
    assert_eq!([&a, &b, &c].map(is_held), [true, false, true]);
    b.load().await.unwrap();
    assert!(is_held(&b), "what is called is loaded again");

    scene.config.modules.loaded = 100;
    scene.config.modules.loaded_bytes = 1;
    let library = scene.open();
    let (a, b) = (library.module(a.digest), library.module(b.digest));
    a.load().await.unwrap();
    b.load().await.unwrap();
    assert_eq!([&a, &b].map(is_held), [false, true]);
}

#[tokio::test]
async fn what_is_damaged_or_gone_is_compiled_again() {
    let scene = Scene::new();
    let digest = scene.open().add(distinct(1)).await.unwrap().digest;
    let file = std::fs::read_dir(scene.folder.path()).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::metadata(&file).unwrap().len();
    std::fs::write(&file, b"not code").unwrap();
    scene.open().module(digest).load().await.unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().len(), whole);
    std::fs::remove_file(&file).unwrap();
    scene.open().module(digest).load().await.unwrap();
    assert!(file.exists());
}

#[tokio::test]
async fn what_cannot_be_compiled_is_not_tried_at_each_call() {
    let scene = Scene::new();
    let library = scene.open();
    let broken = scene.blobs.put(Bytes::from_static(b"\0asm\x0d\0\x01\0\xff")).await.unwrap();
    let module = library.module(broken);
    assert!(matches!(module.load().await, Err(LoadError::Invalid(_))));
    // Whoever compiles needs the directory.
    std::fs::remove_dir_all(scene.folder.path()).unwrap();
    assert!(matches!(module.load().await, Err(LoadError::Invalid(_))), "it is remembered");
    scene.clock.advance(Duration::from_secs(61));
    assert!(matches!(module.load().await, Err(LoadError::Store(_))), "and tried again later");
    let missing = library.module(Digest::of(b"nothing"));
    assert!(matches!(missing.load().await, Err(LoadError::Missing(_))));
}

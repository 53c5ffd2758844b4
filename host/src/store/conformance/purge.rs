//! What is removed for good.

use std::collections::BTreeSet;

use super::sample::{at, deployment, ended, log, new_event, org, settlement};
use super::{accept, events, join, sessions};
use crate::event::{Digest, Org, SessionState};
use crate::store::catalog::{
    By, Change, EndpointItem, Expect, Items as _, ModuleItem, ModuleState, OrgItem, ProjectItem, Quotas,
};
use crate::store::{self, Error, OrgKey, Part, Purged, Room, Settlement, Space, Store, Usage};

const ROOM: Room = Room { keys: 9, bytes: 9_000, bytes_of_org: 9_000 };

fn endpoint(project: &str, slug: &str) -> EndpointItem {
    let (slug, project, name) = (slug.to_owned(), project.to_owned(), "hook".to_owned());
    EndpointItem { slug, project, name, created_at: at(0), retired_at: None }
}

fn module(bytes: &[u8]) -> ModuleItem {
    ModuleItem {
        digest: Digest::of(bytes),
        component: Digest::of(bytes),
        bytes: 1,
        uploaded_at: at(0),
        uploaded_by: "host".to_owned(),
        state: ModuleState::Compiling,
    }
}

/// An org with two projects, `shop` on the slug of the sample's events and `blog`, with some of everything.
async fn furnish(store: &Store, name: &str) {
    let lease = join(store).await;
    let org = org(name);
    let slug = new_event(name, &[]).event.endpoint.to_string();
    let mut changes = vec![
        Change::put(&OrgItem::new(name.to_owned(), None, Quotas::default(), at(0)), Expect::Absent).unwrap(),
        Change::put(&module(name.as_bytes()), Expect::Absent).unwrap(),
    ];
    for (project, slug) in [("shop", format!("{slug}-of-{name}")), ("blog", format!("blog-of-{name}"))] {
        changes.push(Change::put(&ProjectItem::new(project.to_owned(), at(0)), Expect::Absent).unwrap());
        changes.push(Change::put(&endpoint(project, &slug), Expect::Absent).unwrap());
        changes.push(Change::Deploy(Box::new(deployment(name, project, at(1)))));
        let space = Space { org: org.clone(), project: project.into() };
        for key in ["a", "b", "c"] {
            let set = store::Change::Set { value: "v".into(), expires_at: None };
            store.kv.change(&space, key, set, ROOM, at(0)).await.unwrap();
        }
    }
    let told = By::host().did(at(0), "org.create", name);
    store.catalog.commit(&org, changes, Some(told)).await.unwrap();
    let key = OrgKey { org: org.clone(), master: "m".to_owned(), wrapped: vec![1] };
    store.keyring.keep_org_key(key).await.unwrap();
    for _ in 0..3 {
        // One session has ended, with a log; the other is owed.
        let new = accept(store, &lease, name, &["on_post", "on_any"]).await;
        let logs = vec![log("hello", &[])];
        let settled = Settlement { logs, next: ended(SessionState::Succeeded, None), ..settlement(&new.deliveries[0]) };
        store.ledger.settle(&lease, settled).await.unwrap();
    }
}

async fn counts(store: &Store, org: &Org) -> (usize, usize, usize, usize, u64) {
    let events = store.history.events(org, events()).await.unwrap().records.len();
    let sessions = store.history.sessions(org, sessions()).await.unwrap().records.len();
    let projects = store.catalog.all::<ProjectItem>(org, "").await.unwrap().len();
    let endpoints = store.catalog.all::<EndpointItem>(org, "").await.unwrap().len();
    (events, sessions, projects, endpoints, store.kv.bytes(org).await.unwrap())
}

async fn purge(store: &Store, org: &Org, mut part: Part, budget: u32) -> u32 {
    let mut steps = 1;
    while let Purged::More { after: next } = store.purge.purge(org, part.clone(), budget).await.unwrap() {
        if let Part::Project { after, .. } = &mut part {
            *after = next;
        }
        steps += 1;
        assert!(steps < 100, "it comes to an end");
    }
    steps
}

pub(super) async fn an_org_is_removed_and_others_stay(store: Store) {
    let (acme, zeta) = (org("acme"), org("zeta"));
    furnish(&store, "acme").await;
    furnish(&store, "zeta").await;
    let before = counts(&store, &zeta).await;
    let components = store.purge.components().await.unwrap();
    assert!([&b"acme"[..], b"zeta", b"one"].iter().all(|bytes| components.contains(&Digest::of(bytes))));
    let lease = join(&store).await;
    let owed = accept(&store, &lease, "acme", &["on_post"]).await;
    purge(&store, &acme, Part::Org, 2).await;
    assert_eq!(counts(&store, &acme).await, (0, 0, 0, 0, 0));
    assert_eq!(store.history.usage(&acme).await.unwrap(), Usage::default());
    assert_eq!(store.keyring.org_key(&acme).await.unwrap(), None);
    assert!(store.catalog.audit(&acme, None, 9).await.unwrap().records.is_empty());
    assert!(store.catalog.deployments(&acme, "shop", None, 9).await.unwrap().records.is_empty());
    assert!(
        store.catalog.find::<OrgItem>(&acme, "acme").await.unwrap().is_some(),
        "its own record is another's to remove"
    );
    // Who runs what was owed is told when they settle it.
    let late = store.ledger.settle(&lease, settlement(&owed.deliveries[0])).await;
    assert!(matches!(late, Err(Error::LeaseLost)), "{late:?}");
    assert_eq!(counts(&store, &zeta).await, before);
    let components = store.purge.components().await.unwrap();
    assert!(!components.contains(&Digest::of(b"acme")) && components.contains(&Digest::of(b"zeta")));
    assert_eq!(store.purge.purge(&acme, Part::Org, 2).await.unwrap(), Purged::All, "twice is once");
}

pub(super) async fn a_project_is_removed_and_others_stay(store: Store) {
    let acme = org("acme");
    furnish(&store, "acme").await;
    let slug = new_event("acme", &[]).event.endpoint.to_string();
    let (_, _, _, _, bytes) = counts(&store, &acme).await;
    let none =
        Part::Project { name: "blog".to_owned(), slugs: BTreeSet::from(["blog-of-acme".to_owned()]), after: None };
    purge(&store, &acme, none, 1).await;
    assert_eq!(counts(&store, &acme).await, (3, 6, 2, 1, bytes / 2), "the other's events stay");
    let usage = store.history.usage(&acme).await.unwrap();
    assert!(usage.events == 3 && usage.bytes > 0);
    let shop = Part::Project { name: "shop".to_owned(), slugs: BTreeSet::from([slug]), after: None };
    purge(&store, &acme, shop, 1).await;
    assert_eq!(counts(&store, &acme).await, (0, 0, 2, 0, 0), "its own record is another's to remove");
    assert_eq!(store.history.usage(&acme).await.unwrap(), Usage::default(), "and nothing counts any more");
    assert!(store.catalog.deployments(&acme, "shop", None, 9).await.unwrap().records.is_empty());
    assert!(store.keyring.org_key(&acme).await.unwrap().is_some(), "the org's own stays");
    let audit = store.catalog.audit(&acme, None, 9).await.unwrap().records;
    assert_eq!(audit.len(), 1);
}

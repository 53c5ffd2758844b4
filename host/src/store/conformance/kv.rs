//! What handlers keep.

use proptest::prelude::*;

use super::sample::at;
use crate::store::{Change, Changed, Entries, Entry, EntryQuery, Room, Space, Store, memory, sqlite};

const ROOM: Room = Room { keys: 1_000, bytes: 1_000_000, bytes_of_org: 1_000_000 };

fn space(project: &str) -> Space {
    Space { org: "acme".into(), project: project.into() }
}

fn set(value: &str, expires: Option<i64>) -> Change {
    Change::Set { value: value.to_owned().into(), expires_at: expires.map(at) }
}

fn add(delta: i64, expires: Option<i64>) -> Change {
    Change::Add { delta, expires_at: expires.map(at) }
}

fn swap(expected: Option<u64>, value: &str) -> Change {
    Change::Swap { expected, value: value.to_owned().into(), expires_at: None }
}

async fn change(store: &Store, key: &str, change: Change, now: i64) -> Changed {
    store.kv.change(&space("p"), key, change, ROOM, at(now)).await.unwrap()
}

async fn value(store: &Store, key: &str, now: i64) -> Option<String> {
    let found = store.kv.get(&space("p"), key, at(now)).await.unwrap();
    found.map(|entry| String::from_utf8(entry.value.into()).unwrap())
}

async fn list(store: &Store, prefix: &str, after: Option<&str>, limit: u32, now: i64) -> Entries {
    let query = EntryQuery { prefix: prefix.to_owned(), after: after.map(str::to_owned), limit, bytes: 100 };
    store.kv.list(&space("p"), query, at(now)).await.unwrap()
}

fn keys(page: &Entries) -> Vec<&str> {
    page.entries.iter().map(|entry| &*entry.key).collect()
}

pub(super) async fn what_handlers_keep_is_found_by_its_key(store: Store) {
    assert_eq!(value(&store, "a", 0).await, None);
    let Changed::Set(first) = change(&store, "a", set("1", None), 0).await else { panic!() };
    let Changed::Set(second) = change(&store, "a", set("2", None), 0).await else { panic!() };
    assert!(second > first);
    let found = store.kv.get(&space("p"), "a", at(0)).await.unwrap();
    assert_eq!(found, Some(Entry { key: "a".to_owned(), value: "2".into(), version: second }));
    assert_eq!(change(&store, "a", Change::Delete, 0).await, Changed::Deleted(true));
    assert_eq!(change(&store, "a", Change::Delete, 0).await, Changed::Deleted(false));
    assert_eq!(value(&store, "a", 0).await, None);
    // A version is never given twice, or a swap could take a new entry for an old one.
    let Changed::Set(third) = change(&store, "a", set("3", None), 0).await else { panic!() };
    assert!(third > second);
    let strange = "k\0é\u{10ffff}";
    change(&store, strange, Change::Set { value: vec![0, 255, 10].into(), expires_at: None }, 0).await;
    let found = store.kv.get(&space("p"), strange, at(0)).await.unwrap().unwrap();
    assert_eq!((&*found.key, &*found.value), (strange, &[0, 255, 10][..]));
}

/// Whatever single projects may have, an org has so much.
pub(super) async fn an_orgs_projects_share_its_room(store: Store) {
    let room = Room { keys: 9, bytes: 1_000, bytes_of_org: 400 };
    let put = async |project: &str, key: &str, size: usize| {
        store.kv.change(&space(project), key, set(&"v".repeat(size), None), room, at(0)).await.unwrap()
    };
    // An entry takes 128 bytes beside its key and its value.
    assert!(matches!(put("p", "a", 71).await, Changed::Set(_)));
    assert!(matches!(put("q", "a", 71).await, Changed::Set(_)));
    assert_eq!(put("q", "b", 0).await, Changed::TooManyBytesOfOrg);
    assert_eq!(put("p", "a", 72).await, Changed::TooManyBytesOfOrg);
    assert!(matches!(put("p", "a", 70).await, Changed::Set(_)), "less is always taken");
    let other = Space { org: "zeta".into(), project: "p".into() };
    let set = store.kv.change(&other, "a", set("1", None), room, at(0)).await.unwrap();
    assert!(matches!(set, Changed::Set(_)), "another org has its own");
    assert_eq!(store.kv.bytes(&"acme".into()).await.unwrap(), 399);
    assert_eq!(store.kv.bytes(&"nobody".into()).await.unwrap(), 0);
}

pub(super) async fn what_has_expired_is_not_there(store: Store) {
    change(&store, "a", set("1", Some(5)), 0).await;
    assert_eq!(value(&store, "a", 4).await.as_deref(), Some("1"));
    assert_eq!(value(&store, "a", 5).await, None);
    assert!(list(&store, "", None, 9, 5).await.entries.is_empty());
    assert_eq!(change(&store, "a", Change::Delete, 5).await, Changed::Deleted(false));
    assert_eq!(change(&store, "a", add(3, None), 5).await, Changed::Sum(3));
    // What is set without a time stays.
    change(&store, "b", set("1", Some(5)), 0).await;
    change(&store, "b", set("2", None), 1).await;
    assert_eq!(value(&store, "b", 9).await.as_deref(), Some("2"));
}

pub(super) async fn numbers_are_added_in_one_step(store: Store) {
    assert_eq!(change(&store, "n", add(5, Some(9)), 0).await, Changed::Sum(5));
    assert_eq!(change(&store, "n", add(-7, None), 0).await, Changed::Sum(-2));
    assert_eq!(value(&store, "n", 0).await.as_deref(), Some("-2"));
    // It kept its time.
    assert_eq!(value(&store, "n", 9).await, None);
    assert_eq!(change(&store, "n", add(1, Some(20)), 0).await, Changed::Sum(-1));
    assert_eq!(value(&store, "n", 9).await.as_deref(), Some("-1"));
    change(&store, "t", set("many", None), 0).await;
    let Changed::NotANumber(text) = change(&store, "t", add(1, None), 0).await else { panic!() };
    assert_eq!(text, "the value of `t` is not a decimal integer of 64 bits");
    change(&store, "m", set(&i64::MAX.to_string(), None), 0).await;
    let Changed::NotANumber(text) = change(&store, "m", add(1, None), 0).await else { panic!() };
    assert_eq!(text, "9223372036854775807 and 1 add up to more than 64 bits");
    assert_eq!(value(&store, "m", 0).await, Some(i64::MAX.to_string()));
}

pub(super) async fn a_swap_needs_the_version_that_is_there(store: Store) {
    let Changed::Set(version) = change(&store, "a", swap(None, "1"), 0).await else { panic!() };
    let there = Entry { key: "a".to_owned(), value: "1".into(), version };
    assert_eq!(change(&store, "a", swap(None, "2"), 0).await, Changed::Conflict(Some(there.clone())));
    assert_eq!(change(&store, "a", swap(Some(version + 1), "2"), 0).await, Changed::Conflict(Some(there)));
    assert!(matches!(change(&store, "a", swap(Some(version), "2"), 0).await, Changed::Set(next) if next > version));
    assert_eq!(value(&store, "a", 0).await.as_deref(), Some("2"));
    assert_eq!(change(&store, "b", swap(Some(1), "2"), 0).await, Changed::Conflict(None));
    // What has expired is nothing.
    change(&store, "c", set("1", Some(5)), 0).await;
    assert!(matches!(change(&store, "c", swap(None, "2"), 5).await, Changed::Set(_)));
}

pub(super) async fn of_many_swaps_at_once_none_is_lost(store: Store) {
    let count = |store: Store| async move {
        loop {
            let there = store.kv.get(&space("p"), "n", at(0)).await.unwrap();
            let number: u32 = there.as_ref().map_or(0, |entry| String::from_utf8_lossy(&entry.value).parse().unwrap());
            let swapped = change(&store, "n", swap(there.map(|entry| entry.version), &(number + 1).to_string()), 0);
            if matches!(swapped.await, Changed::Set(_)) {
                return;
            }
        }
    };
    futures_util::future::join_all((0..16).map(|_| count(store.clone()))).await;
    assert_eq!(value(&store, "n", 0).await.as_deref(), Some("16"));
}

pub(super) async fn entries_are_listed_in_the_order_of_their_keys(store: Store) {
    for key in ["b", "a/2", "a/é", "a/1", "a", "a/10"] {
        change(&store, key, set("v", None), 0).await;
    }
    assert_eq!(keys(&list(&store, "", None, 9, 0).await), ["a", "a/1", "a/10", "a/2", "a/é", "b"]);
    let page = list(&store, "a/", None, 2, 0).await;
    assert_eq!((keys(&page), page.next.as_deref()), (vec!["a/1", "a/10"], Some("a/10")));
    let page = list(&store, "a/", page.next.as_deref(), 2, 0).await;
    assert_eq!((keys(&page), page.next.as_deref()), (vec!["a/2", "a/é"], None));
    assert_eq!(keys(&list(&store, "b", Some("a/1"), 9, 0).await), ["b"]);
    assert!(list(&store, "a", Some("b"), 9, 0).await.entries.is_empty());
    // A page has so many bytes, but one entry at the least.
    change(&store, "c/1", set(&"v".repeat(200), None), 0).await;
    change(&store, "c/2", set("v", None), 0).await;
    let page = list(&store, "c/", None, 9, 0).await;
    assert_eq!((keys(&page), page.next.as_deref()), (vec!["c/1"], Some("c/1")));
}

pub(super) async fn a_space_has_its_keys_and_bytes(store: Store) {
    let room = Room { keys: 2, bytes: 300, bytes_of_org: 1_000_000 };
    let space = space("p");
    let put = |key: &'static str, value: &str| store.kv.change(&space, key, set(value, None), room, at(0));
    assert!(matches!(put("a", "").await.unwrap(), Changed::Set(_)));
    assert!(matches!(put("b", "").await.unwrap(), Changed::Set(_)));
    assert_eq!(put("c", "").await.unwrap(), Changed::TooManyKeys);
    // Two entries take 128 bytes each beside their texts.
    assert_eq!(put("a", &"v".repeat(43)).await.unwrap(), Changed::TooManyBytes);
    assert!(matches!(put("a", &"v".repeat(42)).await.unwrap(), Changed::Set(_)));
    assert_eq!(change(&store, "b", Change::Delete, 0).await, Changed::Deleted(true));
    assert!(matches!(put("c", "").await.unwrap(), Changed::Set(_)));
    // Less than what is there is always taken, whatever the operator has set meanwhile.
    let less = Room { keys: 0, bytes: 0, bytes_of_org: 1_000_000 };
    let smaller = store.kv.change(&space, "a", set("v", None), less, at(0)).await.unwrap();
    assert!(matches!(smaller, Changed::Set(_)));
}

pub(super) async fn what_has_expired_makes_room(store: Store) {
    let room = Room { keys: 2, bytes: 1_000, bytes_of_org: 1_000_000 };
    for key in ["a", "b"] {
        change(&store, key, set("v", Some(5)), 0).await;
    }
    let space = space("p");
    let put = |now| store.kv.change(&space, "c", set("v", None), room, at(now));
    assert_eq!(put(4).await.unwrap(), Changed::TooManyKeys);
    assert!(matches!(put(5).await.unwrap(), Changed::Set(_)));
}

pub(super) async fn what_has_expired_is_removed_within_a_budget(store: Store) {
    for (key, end) in [("a", 5), ("b", 6), ("c", 7)] {
        change(&store, key, set("v", Some(end)), 0).await;
    }
    change(&store, "d", set("v", None), 0).await;
    let mut removed = Vec::new();
    for now in [4, 7, 7, 7] {
        removed.push(store.kv.expire(at(now), 2).await.unwrap());
    }
    assert_eq!(removed, [0, 2, 1, 0]);
    assert_eq!(value(&store, "d", 7).await.as_deref(), Some("v"));
}

pub(super) async fn spaces_do_not_see_each_other(store: Store) {
    let spaces = [("acme", "p"), ("acme", "q"), ("zeta", "p")];
    let of = |(org, project): (&str, &str)| Space { org: org.into(), project: project.into() };
    for (place, space) in spaces.into_iter().enumerate() {
        store.kv.change(&of(space), "k", set(&place.to_string(), None), ROOM, at(0)).await.unwrap();
    }
    for (place, space) in spaces.into_iter().enumerate() {
        let found = store.kv.get(&of(space), "k", at(0)).await.unwrap().unwrap();
        assert_eq!(found.value, place.to_string());
        let query = EntryQuery { prefix: String::new(), after: None, limit: 9, bytes: 100 };
        assert_eq!(store.kv.list(&of(space), query, at(0)).await.unwrap().entries, [found]);
    }
}

#[derive(Clone, Debug)]
enum Op {
    Change { space: usize, key: String, change: Change, now: i64 },
    List { space: usize, prefix: String, after: Option<String>, limit: u32, now: i64 },
    Expire { now: i64 },
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let key = || "[ab]{1,3}";
    let end = || prop::option::of((0..9_i64).prop_map(at));
    let value = || prop_oneof!["[0-9]{1,3}", "[a-z]{0,90}"].prop_map(bytes::Bytes::from);
    let change = prop_oneof![
        4 => (value(), end()).prop_map(|(value, expires_at)| Change::Set { value, expires_at }),
        2 => Just(Change::Delete),
        3 => (any::<i64>(), end()).prop_map(|(delta, expires_at)| Change::Add { delta, expires_at }),
        3 => (prop::option::of(0..9_u64), value(), end())
            .prop_map(|(expected, value, expires_at)| Change::Swap { expected, value, expires_at }),
    ];
    prop_oneof![
        9 => (0..2_usize, key(), change, 0..9_i64)
            .prop_map(|(space, key, change, now)| Op::Change { space, key, change, now }),
        3 => (0..2_usize, "[ab]{0,2}", prop::option::of(key()), 0..4_u32, 0..9_i64)
            .prop_map(|(space, prefix, after, limit, now)| Op::List { space, prefix, after, limit, now }),
        1 => (0..9_i64).prop_map(|now| Op::Expire { now }),
        1 => Just(Op::Reopen),
    ]
}

/// Time only goes on: what has expired once does not come back.
async fn agree(ops: Vec<Op>) {
    let dir = tempfile::tempdir().unwrap();
    let (model, mut sqlite) = (memory::store(), Some(sqlite::open(dir.path()).unwrap()));
    let spaces = [space("p"), space("q")];
    let room = Room { keys: 5, bytes: 900, bytes_of_org: 1_000_000 };
    let mut time = 0;
    for op in ops {
        let store = sqlite.as_ref().unwrap();
        match op {
            Op::Change { space, key, change, now } => {
                time = time.max(now);
                let expected = model.kv.change(&spaces[space], &key, change.clone(), room, at(time)).await.unwrap();
                let answer = store.kv.change(&spaces[space], &key, change, room, at(time)).await.unwrap();
                assert_eq!(answer, expected);
                let expected = model.kv.get(&spaces[space], &key, at(time)).await.unwrap();
                assert_eq!(store.kv.get(&spaces[space], &key, at(time)).await.unwrap(), expected);
            }
            Op::List { space, prefix, after, limit, now } => {
                time = time.max(now);
                let query = EntryQuery { prefix, after, limit, bytes: 100 };
                let expected = model.kv.list(&spaces[space], query.clone(), at(time)).await.unwrap();
                assert_eq!(store.kv.list(&spaces[space], query, at(time)).await.unwrap(), expected);
            }
            // What the model removed earlier is not removed again, so the numbers differ; what is there does not.
            Op::Expire { now } => {
                time = time.max(now);
                model.kv.expire(at(time), 3).await.unwrap();
                store.kv.expire(at(time), 3).await.unwrap();
            }
            Op::Reopen => {
                drop(sqlite.take());
                sqlite = Some(sqlite::open(dir.path()).unwrap_or_else(|err| panic!("{err}")));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_keeps_what_the_model_keeps(ops in prop::collection::vec(op(), 1..50)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agree(ops));
    }
}

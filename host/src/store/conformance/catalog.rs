//! Who may do what, and what is deployed.

use crate::event::{DeploymentId, Org};
use crate::store::catalog::{By, Change, Committed, Expect, Kind, RecordQuery, Refusal, Revision, Row, Why};
use crate::store::{Error, Store};

use super::sample::{at, deployment, org};

/// A record of a kind that has marks.
pub(super) fn put(key: &str, mark: Option<&str>, expect: Expect) -> Change {
    let (key, mark) = (key.to_owned(), mark.map(str::to_owned));
    let body = format!("{{\"key\": \"{key}\"}}");
    Change::Put { kind: Kind::Endpoint, key, expect, mark, expires_at: None, body }
}

fn remove(key: &str, expect: Expect) -> Change {
    Change::Remove { kind: Kind::Endpoint, key: key.to_owned(), expect }
}

async fn commit(store: &Store, org: &Org, changes: Vec<Change>) -> Committed {
    store.catalog.commit(org, changes, None).await.unwrap()
}

async fn done(store: &Store, org: &Org, changes: Vec<Change>) -> Revision {
    match commit(store, org, changes).await {
        Committed::Done(revision) => revision,
        Committed::Refused(refusal) => panic!("{refusal:?}"),
    }
}

async fn find(store: &Store, org: &Org, key: &str) -> Option<Row> {
    store.catalog.record(org, Kind::Endpoint, key).await.unwrap()
}

fn refused(key: &str, why: Why) -> Committed {
    Committed::Refused(Refusal { kind: Kind::Endpoint, key: key.to_owned(), why })
}

pub(super) async fn a_commit_is_made_whole_or_not_at_all(store: Store) {
    let acme = org("acme");
    let first = done(&store, &acme, vec![put("a", Some("m"), Expect::Absent), put("b", None, Expect::Absent)]).await;
    assert_eq!(find(&store, &acme, "a").await.unwrap().revision, first);

    let told = By::host().did(at(1), "test", "a");
    let record = deployment("acme", "shop", at(1));
    let changes = vec![
        put("c", Some("n"), Expect::Absent),
        remove("b", Expect::Present),
        Change::Deploy(Box::new(record.clone())),
        put("a", Some("o"), Expect::Absent),
    ];
    let outcome = store.catalog.commit(&acme, changes.clone(), Some(told.clone())).await.unwrap();
    assert_eq!(outcome, refused("a", Why::Exists));
    assert_eq!(find(&store, &acme, "c").await, None);
    assert!(find(&store, &acme, "b").await.is_some());
    assert_eq!(store.catalog.marked(Kind::Endpoint, "n").await.unwrap(), None);
    assert_eq!(store.catalog.deployment(&acme, record.id).await.unwrap(), None);
    assert_eq!(store.catalog.audit(&acme, None, 9).await.unwrap().records, []);

    let outcome = store.catalog.commit(&acme, changes[..3].to_vec(), Some(told.clone())).await.unwrap();
    let Committed::Done(second) = outcome else { panic!("{outcome:?}") };
    assert!(second > first);
    assert_eq!(find(&store, &acme, "c").await.unwrap().revision, second);
    assert_eq!(find(&store, &acme, "a").await.unwrap().revision, first);
    assert_eq!(find(&store, &acme, "b").await, None);
    assert_eq!(store.catalog.audit(&acme, None, 9).await.unwrap().records, [told]);
    assert_eq!(store.catalog.audit(&org("zeta"), None, 9).await.unwrap().records, []);
}

pub(super) async fn a_condition_is_on_what_is_there(store: Store) {
    let acme = org("acme");
    assert_eq!(commit(&store, &acme, vec![put("a", None, Expect::Present)]).await, refused("a", Why::Missing));
    assert_eq!(commit(&store, &acme, vec![put("a", None, Expect::At(1))]).await, refused("a", Why::Missing));
    assert_eq!(commit(&store, &acme, vec![remove("a", Expect::Present)]).await, refused("a", Why::Missing));
    done(&store, &acme, vec![remove("a", Expect::Anything)]).await;
    let first = done(&store, &acme, vec![put("a", None, Expect::Absent)]).await;
    assert_eq!(commit(&store, &acme, vec![put("a", None, Expect::Absent)]).await, refused("a", Why::Exists));
    let second = done(&store, &acme, vec![put("a", None, Expect::At(first))]).await;
    assert_eq!(commit(&store, &acme, vec![put("a", None, Expect::At(first))]).await, refused("a", Why::Changed));
    assert_eq!(commit(&store, &acme, vec![remove("a", Expect::At(first))]).await, refused("a", Why::Changed));
    done(&store, &acme, vec![remove("a", Expect::At(second))]).await;
    assert_eq!(find(&store, &acme, "a").await, None);
}

pub(super) async fn a_mark_is_of_one_record(store: Store) {
    let (acme, zeta) = (org("acme"), org("zeta"));
    done(&store, &acme, vec![put("a", Some("m"), Expect::Absent)]).await;
    for (org, key) in [(&acme, "b"), (&zeta, "a"), (&zeta, "b")] {
        assert_eq!(commit(&store, org, vec![put(key, Some("m"), Expect::Anything)]).await, refused(key, Why::Taken));
    }
    let (owner, row) = store.catalog.marked(Kind::Endpoint, "m").await.unwrap().unwrap();
    assert_eq!((owner, row.key.as_str()), (acme.clone(), "a"));
    assert_eq!(store.catalog.marked(Kind::Token, "m").await.unwrap(), None);
    // Who has it may keep it, change it, or give it up; also within one commit.
    done(&store, &acme, vec![put("a", Some("m"), Expect::Present)]).await;
    done(&store, &acme, vec![put("a", Some("n"), Expect::Present), put("b", Some("m"), Expect::Absent)]).await;
    done(&store, &acme, vec![remove("a", Expect::Present)]).await;
    done(&store, &zeta, vec![put("a", Some("n"), Expect::Absent)]).await;
    assert_eq!(store.catalog.marked(Kind::Endpoint, "n").await.unwrap().unwrap().0, zeta);
}

pub(super) async fn records_are_listed_by_their_keys(store: Store) {
    let (acme, zeta) = (org("acme"), org("zeta"));
    let keys = ["a/1", "a/2", "ab/1", "b/1", "a", "a/"];
    done(&store, &acme, keys.iter().map(|key| put(key, None, Expect::Absent)).collect()).await;
    done(&store, &zeta, vec![put("a/9", None, Expect::Absent)]).await;
    let list = async |prefix: &str, after: Option<&str>, limit| {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        let query = RecordQuery { kind: Kind::Endpoint, prefix, after, limit };
        let rows = store.catalog.records(&acme, query).await.unwrap();
        rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!(list("", None, 9).await, ["a", "a/", "a/1", "a/2", "ab/1", "b/1"]);
    assert_eq!(list("a/", None, 9).await, ["a/", "a/1", "a/2"]);
    assert_eq!(list("a/", Some("a/1"), 9).await, ["a/2"]);
    assert_eq!(list("", Some("a/1"), 2).await, ["a/2", "ab/1"]);
    assert_eq!(list("c", None, 9).await, [""; 0]);
    let other = RecordQuery { kind: Kind::Var, prefix: String::new(), after: None, limit: 9 };
    assert_eq!(store.catalog.records(&acme, other).await.unwrap(), []);
}

pub(super) async fn orgs_and_holders_are_found(store: Store) {
    let of = |kind, key: &str| Change::Put {
        kind,
        key: key.to_owned(),
        expect: Expect::Absent,
        mark: None,
        expires_at: None,
        body: "{}".to_owned(),
    };
    for name in ["zeta", "acme", "mid"] {
        done(&store, &org(name), vec![of(Kind::Org, name), of(Kind::Module, "digest")]).await;
    }
    done(&store, &org("acme"), vec![of(Kind::Module, "other")]).await;
    let names = async |after, limit| {
        let rows = store.catalog.orgs(after, limit).await.unwrap();
        rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 9).await, ["acme", "mid", "zeta"]);
    assert_eq!(names(Some("acme"), 1).await, ["mid"]);
    let mid = org("mid");
    let holders = async |key, after| store.catalog.holders(Kind::Module, key, after, 9).await.unwrap();
    assert_eq!(holders("digest", None).await, ["acme", "mid", "zeta"].map(org));
    assert_eq!(holders("digest", Some(&mid)).await, [org("zeta")]);
    assert_eq!(holders("other", None).await, [org("acme")]);
    assert_eq!(holders("none", None).await, [] as [Org; 0]);
}

pub(super) async fn a_record_is_used_and_expires(store: Store) {
    let acme = org("acme");
    let expiring = |key: &str, micros| match put(key, None, Expect::Anything) {
        Change::Put { kind, key, expect, mark, body, .. } => {
            Change::Put { kind, key, expect, mark, expires_at: Some(at(micros)), body }
        }
        other => other,
    };
    let changes =
        vec![expiring("late", 9), expiring("soon", 3), expiring("now", 2), put("never", None, Expect::Absent)];
    let revision = done(&store, &acme, changes).await;
    store.catalog.touch(&acme, Kind::Endpoint, "soon", at(7)).await.unwrap();
    store.catalog.touch(&acme, Kind::Endpoint, "nothing", at(7)).await.unwrap();
    store.catalog.touch(&org("zeta"), Kind::Endpoint, "late", at(7)).await.unwrap();
    let soon = find(&store, &acme, "soon").await.unwrap();
    assert_eq!((soon.used_at, soon.revision), (Some(at(7)), revision));
    assert_eq!(find(&store, &acme, "late").await.unwrap().used_at, None);
    // What it says is another matter than that it was used.
    done(&store, &acme, vec![expiring("soon", 3)]).await;
    assert_eq!(find(&store, &acme, "soon").await.unwrap().used_at, Some(at(7)));

    assert_eq!(store.catalog.remove_expired(at(3), 1).await.unwrap(), 1);
    assert_eq!(find(&store, &acme, "now").await, None);
    assert_eq!(store.catalog.remove_expired(at(3), 9).await.unwrap(), 1);
    assert_eq!(store.catalog.remove_expired(at(3), 9).await.unwrap(), 0);
    assert!(find(&store, &acme, "late").await.is_some() && find(&store, &acme, "never").await.is_some());
}

pub(super) async fn deployments_are_listed_by_their_commits(store: Store) {
    // The clock may go back: what counts is the order of the commits.
    let records = [9, 3, 5].map(|micros| deployment("acme", "shop", at(micros)));
    let others = [deployment("acme", "blog", at(4)), deployment("zeta", "shop", at(6))];
    for record in records.iter().chain(&others) {
        done(&store, &record.org, vec![Change::Deploy(Box::new(record.clone()))]).await;
    }
    let acme = org("acme");
    let list = async |before, limit| {
        let page = store.catalog.deployments(&acme, "shop", before, limit).await.unwrap();
        (page.records, page.next)
    };
    let [first, second, third] = records;
    assert_eq!(list(None, 9).await, (vec![third.clone(), second.clone(), first.clone()], None));
    assert_eq!(list(None, 1).await, (vec![third.clone()], Some(third.id)));
    assert_eq!(list(Some(third.id), 1).await, (vec![second.clone()], Some(second.id)));
    assert_eq!(list(Some(second.id), 9).await, (vec![first.clone()], None));
    assert_eq!(list(Some(others[0].id), 9).await, (vec![], None));
    assert_eq!(store.catalog.deployment(&acme, first.id).await.unwrap(), Some(first));
    assert_eq!(store.catalog.deployment(&acme, others[1].id).await.unwrap(), None);
    assert_eq!(store.catalog.deployment(&acme, DeploymentId::new(at(1))).await.unwrap(), None);
}

pub(super) async fn a_deployment_is_immutable(store: Store) {
    let first = deployment("acme", "shop", at(1));
    let deploy = |record: &_| vec![Change::Deploy(Box::new(Clone::clone(record)))];
    done(&store, &first.org, deploy(&first)).await;
    let mut changed = first.clone();
    changed.manifest = "other".to_owned();
    let refused = store.catalog.commit(&first.org, deploy(&changed), None).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let refused = store.catalog.commit(&org("zeta"), deploy(&deployment("acme", "shop", at(2))), None).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(store.catalog.deployment(&first.org, first.id).await.unwrap(), Some(first));
}

pub(super) async fn an_audit_log_is_newest_first(store: Store) {
    let acme = org("acme");
    let entries = [1, 2, 3].map(|micros| By::host().did(at(micros), "test", micros.to_string()).with("n", micros));
    for entry in &entries {
        assert!(matches!(
            store.catalog.commit(&acme, Vec::new(), Some(entry.clone())).await.unwrap(),
            Committed::Done(_)
        ));
    }
    let [one, two, three] = entries;
    let page = store.catalog.audit(&acme, None, 2).await.unwrap();
    assert_eq!((page.records, page.next), (vec![three, two.clone()], Some(two.id)));
    let page = store.catalog.audit(&acme, page.next, 2).await.unwrap();
    assert_eq!((page.records, page.next), (vec![one], None));
}

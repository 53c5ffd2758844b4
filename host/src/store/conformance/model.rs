//! Whatever is asked, in whatever order, SQLite answers as the model does, and still does when it is opened again.

use std::fmt::Debug;
use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;

use super::sample::{at, deployment, event, log, new_event, settlement, verdict};
use crate::event::{DeploymentId, EventId, Raw, SessionId, SessionState, VerdictKind};
use crate::store::{Delivery, Lease, NewEvent, Page, Store, memory, sqlite};

const ORGS: [&str; 2] = ["acme", "zeta"];

#[derive(Clone, Debug)]
enum Op {
    Accept { org: usize, triggers: usize, raw: Raw, twice: bool },
    Settle { which: prop::sample::Index, lease: prop::sample::Index, lines: Vec<String>, failed: bool },
    Join,
    Claim { lease: prop::sample::Index },
    Deploy { org: usize, project: bool, twice: bool },
    Page { org: usize, before: prop::sample::Index, limit: u32 },
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<prop::sample::Index>;
    let org = 0..ORGS.len();
    prop_oneof![
        6 => (org.clone(), 0..4_usize, raw(), prop::bool::weighted(0.1))
            .prop_map(|(org, triggers, raw, twice)| Op::Accept { org, triggers, raw, twice }),
        6 => (index(), index(), prop::collection::vec(any::<String>(), 0..3), any::<bool>())
            .prop_map(|(which, lease, lines, failed)| Op::Settle { which, lease, lines, failed }),
        1 => Just(Op::Join),
        1 => index().prop_map(|lease| Op::Claim { lease }),
        1 => (org.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(org, project, twice)| Op::Deploy { org, project, twice }),
        3 => (org, index(), 0..5_u32).prop_map(|(org, before, limit)| Op::Page { org, before, limit }),
        1 => Just(Op::Reopen),
    ]
}

fn raw() -> impl Strategy<Value = Raw> {
    let fields = || prop::collection::vec(("[A-Za-z-]{1,8}", any::<Vec<u8>>()), 0..4);
    let body = prop::option::of(any::<Vec<u8>>().prop_map(Bytes::from));
    ("[A-Z]{1,6}", any::<String>(), fields(), fields(), body).prop_map(|(method, url, headers, trailers, body)| Raw {
        method,
        url,
        headers: headers.into_iter().collect(),
        trailers: trailers.into_iter().collect(),
        body,
    })
}

/// Both stores, and what was given to them.
struct Both<'d> {
    dir: &'d Path,
    model: Store,
    sqlite: Option<Store>,
    leases: Vec<Lease>,
    deliveries: Vec<Delivery>,
    events: Vec<EventId>,
    deployments: Vec<DeploymentId>,
}

/// The answers of both to the same call, which must be the same.
macro_rules! ask {
    ($both:ident . $part:ident . $method:ident ( $($arg:expr),* )) => {{
        let sqlite = $both.sqlite.as_ref().unwrap();
        let expected = $both.model.$part.$method($($arg),*).await;
        let answer = sqlite.$part.$method($($arg),*).await;
        assert_eq!(told(&answer), told(&expected), stringify!($method));
        answer
    }};
}

/// A store's error has no equality, and needs none elsewhere.
fn told<T: Debug>(answer: &T) -> String {
    format!("{answer:?}")
}

impl Both<'_> {
    async fn apply(&mut self, op: Op) {
        match op {
            Op::Accept { org, triggers, raw, twice } => {
                let new = self.new_event(ORGS[org], triggers, raw);
                let lease = self.leases.last().unwrap();
                for _ in 0..=usize::from(twice) {
                    drop(ask!(self.ledger.accept(lease, new.clone())));
                }
                self.events.push(new.event.id);
                self.deliveries.extend(new.deliveries);
            }
            Op::Settle { which, lease, lines, failed } => {
                let Some(delivery) = self.deliveries.get(which.index(self.deliveries.len().max(1))) else { return };
                let mut settled = settlement(delivery);
                settled.logs = lines.iter().map(|line| log(line, &[(line, line)])).collect();
                settled.attempt.error = failed.then(|| lines.concat());
                settled.state = if failed { SessionState::Failed } else { SessionState::Succeeded };
                let lease = lease.get(&self.leases);
                drop(ask!(self.ledger.settle(lease, settled.clone())));
            }
            Op::Join => self.leases.push(ask!(self.ledger.join(at(0))).unwrap()),
            Op::Claim { lease } => {
                let lease = lease.get(&self.leases);
                drop(ask!(self.ledger.claim(lease)));
            }
            Op::Deploy { org, project, twice } => {
                let record = deployment(ORGS[org], if project { "shop" } else { "blog" }, at(0));
                self.deployments.push(record.id);
                for _ in 0..=usize::from(twice) {
                    drop(ask!(self.catalog.deploy(record.clone())));
                }
            }
            Op::Page { org, before, limit } => self.page(org, before, limit).await,
            Op::Reopen => {
                self.sqlite = None;
                self.sqlite = Some(sqlite::open(self.dir).unwrap());
            }
        }
    }

    fn new_event(&self, org: &str, triggers: usize, raw: Raw) -> NewEvent {
        let names = &["a", "b", "c"][..triggers];
        let mut new = new_event(org, names);
        new.event = event(org, raw);
        for delivery in &mut new.deliveries {
            delivery.event = new.event.clone();
        }
        new.verdicts.push(verdict("d", VerdictKind::FilterFalse, Some("false")));
        new
    }

    async fn page(&self, org: usize, before: prop::sample::Index, limit: u32) {
        let org = &ORGS[org].into();
        let ids: Vec<SessionId> = self.deliveries.iter().map(|delivery| delivery.session).collect();
        let (event, session) = (any_or_none(before, &self.events), any_or_none(before, &ids));
        drop(ask!(self.history.events(org, Page { before: event, limit })));
        drop(ask!(self.history.sessions(org, Page { before: session, limit })));
    }

    async fn compare_all(&self) {
        drop(ask!(self.catalog.active()));
        for org in &ORGS.map(Into::into) {
            drop(ask!(self.history.events(org, Page { before: None, limit: 1000 })));
            drop(ask!(self.history.sessions(org, Page { before: None, limit: 1000 })));
            for id in &self.events {
                drop(ask!(self.history.event(org, *id)));
            }
            for delivery in &self.deliveries {
                drop(ask!(self.history.session(org, delivery.session)));
                drop(ask!(self.history.logs(org, delivery.session)));
            }
            for id in &self.deployments {
                drop(ask!(self.catalog.deployment(org, *id)));
            }
        }
    }
}

/// One of them, or none.
fn any_or_none<T: Copy>(index: prop::sample::Index, of: &[T]) -> Option<T> {
    of.get(index.index(of.len() + 1)).copied()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_the_model_does(ops in prop::collection::vec(op(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let (model, sqlite) = (memory::store(), Some(sqlite::open(dir.path()).unwrap()));
            let mut both = Both {
                dir: dir.path(), model, sqlite, leases: Vec::new(), deliveries: Vec::new(), events: Vec::new(),
                deployments: Vec::new(),
            };
            for op in [Op::Join].into_iter().chain(ops).chain([Op::Reopen]) {
                both.apply(op).await;
            }
            both.compare_all().await;
        });
    }
}

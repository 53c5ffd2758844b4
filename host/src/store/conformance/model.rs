//! Whatever is asked, in whatever order, SQLite answers as the model does, and still does when it is opened again.

use std::fmt::Debug;
use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::sample::Index;

use super::catalog::put;
use super::sample::{at, deployment, ended, event, log, new_event, settlement, verdict};
use crate::event::{
    DeploymentId, EventId, EventType, Keep, Org, Raw, Response, SessionId, SessionState, Timestamp, VerdictKind,
};
use crate::store::catalog::{Change, Expect, Kind, RecordQuery};
use crate::store::{
    DedupKey, Delivery, EventQuery, Expiry, Lease, NewEvent, Next, SessionQuery, Settlement, Store, Told, memory,
    sqlite,
};

const ORGS: [&str; 2] = ["acme", "zeta"];

#[derive(Clone, Debug)]
enum Op {
    Accept { org: usize, triggers: usize, raw: Raw, key: Option<u8>, awaited: bool, keep: bool, twice: bool },
    Settle { which: Index, lease: Index, lines: Vec<String>, ends: Option<SessionState>, told: Option<bool>, ran: bool },
    Begin { which: Index, lease: Index },
    Redrive { which: Index, lease: Index },
    Join,
    Renew { lease: Index, until: i64 },
    Claim { lease: Index, now: i64, limit: u32 },
    Deploy { org: usize, project: bool, twice: bool },
    Page { org: usize, before: Index, limit: u32, filters: u8, state: Index },
    Expire { before: Option<i64>, bytes: Option<u64>, now: i64, budget: u32 },
    Write { org: usize, key: u8, mark: Option<u8>, expect: Index, removes: bool, twice: bool },
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<Index>;
    let org = 0..ORGS.len();
    let states =
        prop::sample::select(SessionState::ALL.into_iter().filter(|state| state.is_final()).collect::<Vec<_>>());
    let accept = (org.clone(), 0..4_usize, raw(), prop::option::of(0..3_u8), any::<bool>(), any::<bool>());
    let lines = prop::collection::vec(prop_oneof![any::<String>(), Just("long ".repeat(200))], 0..3);
    prop_oneof![
        8 => (accept, prop::bool::weighted(0.1)).prop_map(|((org, triggers, raw, key, awaited, keep), twice)| {
            Op::Accept { org, triggers, raw, key, awaited, keep, twice }
        }),
        8 => (index(), index(), lines, prop::option::weighted(0.7, states), prop::option::of(any::<bool>()), any::<bool>())
            .prop_map(|(which, lease, lines, ends, told, ran)| Op::Settle { which, lease, lines, ends, told, ran }),
        1 => (index(), index()).prop_map(|(which, lease)| Op::Begin { which, lease }),
        2 => (index(), index()).prop_map(|(which, lease)| Op::Redrive { which, lease }),
        1 => Just(Op::Join),
        1 => (index(), 0..20_i64).prop_map(|(lease, until)| Op::Renew { lease, until }),
        2 => (index(), 0..20_i64, 0..5_u32).prop_map(|(lease, now, limit)| Op::Claim { lease, now, limit }),
        1 => (org.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(org, project, twice)| Op::Deploy { org, project, twice }),
        3 => (org.clone(), index(), 0..5_u32, any::<u8>(), index())
            .prop_map(|(org, before, limit, filters, state)| Op::Page { org, before, limit, filters, state }),
        1 => (prop::option::of(0..2_i64), prop::option::of(0..9_000_u64), 0..9_i64, 0..4_u32)
            .prop_map(|(before, bytes, now, budget)| Op::Expire { before, bytes, now, budget }),
        4 => (org, 0..4_u8, prop::option::of(0..3_u8), index(), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(org, key, mark, expect, removes, twice)| Op::Write { org, key, mark, expect, removes, twice }),
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
            Op::Accept { org, triggers, raw, key, awaited, keep, twice } => {
                let mut new = self.new_event(ORGS[org], triggers, raw);
                new.keep = if keep { Keep::Full } else { Keep::Metadata };
                let awaited = new.deliveries.first().filter(|_| awaited).map(|delivery| delivery.session);
                new.key = key.map(|key| DedupKey { key: format!("key {key}").into(), expires_at: at(5), awaited });
                for (number, delivery) in new.deliveries.iter_mut().enumerate() {
                    delivery.keep = if keep && number != 1 { Keep::Full } else { Keep::Metadata };
                    delivery.lane = (number == 2).then(|| "lane".into());
                }
                let lease = self.leases.last().unwrap();
                for _ in 0..=usize::from(twice) {
                    drop(ask!(self.ledger.accept(lease, new.clone())));
                }
                self.events.push(new.event.id);
                self.deliveries.extend(new.deliveries);
            }
            Op::Settle { which, lease, lines, ends, told, ran } => {
                let Some(which) = any_or_none(which, &self.indices()) else { return };
                let settled = self.settlement(which, &lines, ends, told, ran);
                let lease = lease.get(&self.leases);
                if ask!(self.ledger.settle(lease, settled.clone())).is_ok() && ran {
                    self.deliveries[which].attempt += 1;
                }
            }
            Op::Begin { which, lease } => {
                let Some((org, session)) = self.session(which) else { return };
                let lease = lease.get(&self.leases);
                drop(ask!(self.ledger.begin(lease, &org, session)));
            }
            Op::Redrive { which, lease } => {
                let Some((org, session)) = self.session(which) else { return };
                let lease = lease.get(&self.leases);
                drop(ask!(self.ledger.redrive(lease, &org, session, at(7))));
            }
            Op::Join => self.leases.push(ask!(self.ledger.join(at(0), at(10))).unwrap()),
            Op::Renew { lease, until } => {
                let lease = lease.get(&self.leases);
                drop(ask!(self.ledger.renew(lease, at(until))));
            }
            Op::Claim { lease, now, limit } => {
                let lease = lease.get(&self.leases);
                drop(ask!(self.ledger.claim(lease, at(now), limit)));
            }
            Op::Deploy { org, project, twice } => {
                let record = deployment(ORGS[org], if project { "shop" } else { "blog" }, at(0));
                self.deployments.push(record.id);
                for _ in 0..=usize::from(twice) {
                    let deploy = vec![Change::Deploy(Box::new(record.clone()))];
                    drop(ask!(self.catalog.commit(&record.org, deploy.clone(), None)));
                }
            }
            Op::Write { org, key, mark, expect, removes, twice } => {
                let org = ORGS[org].into();
                let revisions = (0..9).map(Expect::At);
                let expects: Vec<Expect> =
                    [Expect::Anything, Expect::Absent, Expect::Present].into_iter().chain(revisions).collect();
                let (key, mark) = (key.to_string(), mark.map(|mark| mark.to_string()));
                let change = match put(&key, mark.as_deref(), *expect.get(&expects)) {
                    Change::Put { kind, key, expect, .. } if removes => Change::Remove { kind, key, expect },
                    change => change,
                };
                let changes: Vec<Change> = std::iter::repeat_n(change, 1 + usize::from(twice)).collect();
                drop(ask!(self.catalog.commit(&org, changes.clone(), None)));
            }
            Op::Page { org, before, limit, filters, state } => self.page(org, before, limit, filters, state).await,
            Op::Expire { before, bytes, now, budget } => {
                let before = before.map(|millis| at(millis * 1000));
                let expiry = Expiry { before, bytes, bytes_of: Default::default(), now: at(now), budget };
                drop(ask!(self.history.expire(expiry.clone())));
            }
            Op::Reopen => {
                self.sqlite = None;
                self.sqlite = Some(sqlite::open(self.dir).unwrap());
                // Who opens a directory knows that nobody else uses it.
                for lease in &self.leases {
                    self.model.ledger.renew(lease, Timestamp::UNIX_EPOCH).await.unwrap();
                }
            }
        }
    }

    fn indices(&self) -> Vec<usize> {
        (0..self.deliveries.len()).collect()
    }

    fn session(&self, which: Index) -> Option<(Org, SessionId)> {
        let delivery = &self.deliveries[any_or_none(which, &self.indices())?];
        Some((delivery.event.org.clone(), delivery.session))
    }

    fn settlement(
        &self,
        which: usize,
        lines: &[String],
        ends: Option<SessionState>,
        told: Option<bool>,
        ran: bool,
    ) -> Settlement {
        let mut settled = settlement(&self.deliveries[which]);
        settled.logs = lines.iter().map(|line| log(line, &[(line, line)])).collect();
        settled.attempt = settled.attempt.filter(|_| ran);
        if let Some(attempt) = &mut settled.attempt {
            attempt.error = (!lines.is_empty()).then(|| lines.concat());
        }
        settled.next = match ends {
            Some(state) => ended(state, lines.first().map(String::as_str)),
            None => Next::Again { due: at(4) },
        };
        settled.told = told.map(|good| {
            let headers = vec![("a".to_owned(), "b".to_owned())];
            let response = Response { status: 201, headers, body: Bytes::from(lines.concat()) };
            if good { Told::Response(response) } else { Told::Failure }
        });
        settled
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

    async fn page(&self, org: usize, before: Index, limit: u32, filters: u8, state: Index) {
        let org = &ORGS[org].into();
        let ids: Vec<SessionId> = self.deliveries.iter().map(|delivery| delivery.session).collect();
        let has = |bit: u8| filters & (1 << bit) != 0;
        let since = has(0).then(|| at(0));
        let until = has(1).then(|| at(i64::from(filters) * 10));
        let event_type = has(2).then(|| EventType::of("POST"));
        let events = EventQuery {
            before: any_or_none(before, &self.events),
            limit,
            since,
            until,
            endpoint: has(3).then(|| if has(4) { "orders" } else { "other" }.to_owned()),
            event_type: event_type.clone(),
        };
        drop(ask!(self.history.events(org, events.clone())));
        let sessions = SessionQuery {
            before: any_or_none(before, &ids),
            limit,
            since,
            until,
            trigger: has(5).then(|| "b".to_owned()),
            state: has(6).then(|| *state.get(&SessionState::ALL)),
            event_type,
            error: has(7).then(|| "LONG".to_owned()),
        };
        drop(ask!(self.history.sessions(org, sessions.clone())));
    }

    async fn compare_all(&self) {
        for org in &ORGS.map(Into::into) {
            drop(ask!(self.history.events(org, EventQuery { limit: 1000, ..EventQuery::default() })));
            drop(ask!(self.history.sessions(org, SessionQuery { limit: 1000, ..SessionQuery::default() })));
            drop(ask!(self.history.usage(org)));
            for id in &self.events {
                drop(ask!(self.history.event(org, *id)));
                drop(ask!(self.history.answer(org, *id)));
            }
            for delivery in &self.deliveries {
                drop(ask!(self.history.session(org, delivery.session)));
                drop(ask!(self.history.logs(org, delivery.session)));
            }
            for id in &self.deployments {
                drop(ask!(self.catalog.deployment(org, *id)));
            }
            drop(ask!(self.history.owed_to(org)));
            for project in ["shop", "blog"] {
                drop(ask!(self.catalog.deployments(org, project, None, 3)));
            }
            for kind in [Kind::Endpoint, Kind::Token] {
                let query = RecordQuery { kind, prefix: String::new(), after: None, limit: 1000 };
                drop(ask!(self.catalog.records(org, query.clone())));
            }
        }
    }
}

/// One of them, or none.
fn any_or_none<T: Copy>(index: Index, of: &[T]) -> Option<T> {
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

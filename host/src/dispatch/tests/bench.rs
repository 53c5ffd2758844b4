//! A dispatcher with its store, its deployments and its clock. Its timers and its lease are the test's to turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Config, Handle, Parts, Ticket};
use crate::clock::Clock;
use crate::deploy::{self, Applied, Current, Defaults, Deployment, Naming, Project, Registry};
use crate::egress::{Client, System};
use crate::event::{Data, Event, EventId, EventType, Org, Raw, SessionId, SessionState, Timestamp};
use crate::guest::compile::Program;
use crate::guest::tests::component;
use crate::guest::{self, Engine, Library, Services};
use crate::observe::feed::Feed;
use crate::quota::Limits;
use crate::seal::{MasterKeys, Vault};
use crate::store::{Delivery, Lease, NewEvent, SessionRecord, Store, memory};
use crate::task::Tasks;
use bytes::Bytes;

/// How long anything that a test waits for may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Bench {
    pub(super) store: Store,
    pub(super) registry: Registry,
    pub(super) clock: Clock,
    pub(super) config: Config,
    engine: Engine,
    services: Services,
    quotas: Limits,
}

/// A start of the host: a dispatcher and its lease.
pub(super) struct Start {
    pub(super) handle: Handle,
    pub(super) lease: Lease,
    pub(super) tasks: Tasks,
    store: Store,
    clock: Clock,
}

pub(super) fn org() -> Org {
    "org".into()
}

/// A trigger `hook` on a fixture, with more keys of its own.
pub(super) fn manifest(fixture: &str, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "version: v1\nproject:\n  name: p\n  triggers:\n    - name: hook\n      type: webhook\n      call: {fixture}.wat:handle\n{more}"
    )
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    /// A bench with other settings than the defaults, and few slots.
    pub(super) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config: Config = defaults("dispatch");
        (config.slots, config.slots_per_org) = (8, 8);
        change(&mut config);
        let store = memory::store();
        let clock = Clock::manual(Timestamp::from_second(1_800_000_000).unwrap());
        let guests: guest::Config = defaults("guest");
        let engine = Engine::new(&guests, config.slots).unwrap();
        let parts = guest::Parts {
            engine: engine.clone(),
            blobs: store.blobs.clone(),
            folder: None,
            program: Program::Here,
            clock: clock.clone(),
        };
        let library = Library::new(&guests.modules, guests.compile.clone(), parts).unwrap();
        let client = Arc::new(Client::new(guests.outbound.clone(), Arc::new(System)).unwrap());
        let services = Services { kv: store.kv.clone(), kv_config: guests.kv, client };
        let registry = Registry::new(deploy::Parts {
            catalog: store.catalog.clone(),
            library,
            deployed: Current::default(),
            clock: clock.clone(),
            naming: Naming::Names,
            defaults: Defaults { timeout: config.timeout(), limits: guests.limits, ceilings: guests.ceilings },
            policy: guests.outbound.policy().unwrap(),
            vault: Vault::new(MasterKeys::generate().unwrap(), store.keyring.clone()),
        });
        let quotas = Limits {
            events_per_second: None,
            burst: 1,
            backlog: 10_000,
            sessions: 8,
            modules: 10,
            module_bytes: 1 << 27,
            modules_bytes: 1 << 30,
            stored_bytes: None,
            log_bytes: guests.limits.log_bytes,
            cpu_seconds_per_minute: None,
            memory_bytes: guests.ceilings.memory,
            kv_bytes: 1 << 30,
        };
        Self { store, registry, clock, config, engine, services, quotas }
    }

    pub(super) async fn deploy(&self, manifest: &str) -> Arc<Deployment> {
        self.deploy_for(&org(), manifest).await
    }

    pub(super) async fn deploy_for(&self, org: &Org, manifest: &str) -> Arc<Deployment> {
        let calls = manifest.lines().filter_map(|line| line.trim().strip_prefix("call: ")?.split_once(':'));
        let module = |name: &str| component(name.trim_end_matches(".wat"));
        let modules: BTreeMap<String, Bytes> = calls.map(|(name, _)| (name.to_owned(), module(name))).collect();
        match self.registry.apply(org, Project { manifest: manifest.to_owned(), modules }).await.unwrap() {
            Applied::New(deployment) | Applied::Unchanged(deployment) => deployment,
        }
    }

    /// A dispatcher that has a lease and does nothing by itself.
    pub(super) async fn start(&self) -> Start {
        let now = self.clock.now();
        let lease_end = self.config.lease_end(now);
        let lease = self.store.ledger.join(now, lease_end).await.unwrap();
        let tasks = Tasks::default();
        let parts = Parts {
            store: self.store.clone(),
            lease: lease.clone(),
            lease_end,
            registry: self.registry.clone(),
            quotas: self.quotas,
            engine: self.engine.clone(),
            services: self.services.clone(),
            guests: tokio::runtime::Handle::current(),
            tasks: tasks.clone(),
            clock: self.clock.clone(),
            feed: Feed::default(),
        };
        let handle = Handle::new(&self.config, parts);
        Start { handle, lease, tasks, store: self.store.clone(), clock: self.clock.clone() }
    }

    /// Makes every lease end.
    pub(super) fn end_leases(&self) {
        self.clock.advance(Duration::from_millis(self.config.lease_ms));
    }
}

impl Start {
    /// Accepts an event for the deployment's trigger `hook`, and runs nothing.
    pub(super) async fn accept(&self, deployment: &Deployment, body: &str, lane: Option<&str>) -> Delivery {
        let now = self.clock.now();
        let raw = Raw {
            method: "POST".to_owned(),
            url: "/webhooks/hook".to_owned(),
            body: Some(body.to_owned().into()),
            ..Raw::default()
        };
        let event = Arc::new(Event {
            id: EventId::new(now),
            org: deployment.org.clone(),
            endpoint: "hook".into(),
            received_at: now,
            kind: EventType::of("POST"),
            redispatched_from: None,
            data: Arc::new(Data::new(raw)),
        });
        let (trigger, _) = deployment.target("hook").unwrap();
        let delivery = Delivery {
            session: SessionId::new(now),
            event: event.clone(),
            trigger: trigger.name.clone(),
            deployment: deployment.id,
            attempt: 1,
            first_attempt: 1,
            due: now,
            lane: lane.map(Into::into),
            keep: trigger.history,
            interruptions: 0,
        };
        let deliveries = vec![delivery.clone()];
        let new = NewEvent { event, key: None, keep: trigger.history, verdicts: Vec::new(), deliveries };
        self.store.ledger.accept(&self.lease, new).await.unwrap();
        delivery
    }

    /// Accepts an event and runs its session.
    pub(super) async fn run(
        &self,
        deployment: &Arc<Deployment>,
        body: &str,
        lane: Option<&str>,
    ) -> (SessionId, Ticket) {
        let delivery = self.accept(deployment, body, lane).await;
        let place = self.handle.reserve(&deployment.org, 1).unwrap();
        (delivery.session, self.handle.run(deployment.clone(), delivery, place))
    }

    /// Turns the clock, keeps the lease and wakes what is due.
    pub(super) async fn turn(&self, by: Duration) {
        self.clock.advance(by);
        self.handle.0.renew().await.unwrap();
    }

    /// Takes over what earlier starts left, all of it.
    pub(super) async fn claim(&self) {
        let claiming = async { while !self.handle.0.claim().await.unwrap().is_last {} };
        tokio::time::timeout(PATIENCE, claiming).await.expect("there is no room for what is left");
    }

    pub(super) async fn record(&self, session: SessionId) -> SessionRecord {
        self.store.history.session(&org(), session).await.unwrap().unwrap()
    }

    /// The session once it is settled after so many attempts, be it that it waits for another or has ended.
    pub(super) async fn attempted(&self, session: SessionId, attempts: usize) -> SessionRecord {
        let is_over = || async {
            let record = self.record(session).await;
            record.attempts.len() >= attempts && !self.handle.is_running(session)
        };
        until(is_over).await;
        self.record(session).await
    }

    /// The session once it has ended.
    pub(super) async fn ended(&self, session: SessionId) -> SessionRecord {
        until(|| async { self.record(session).await.state.is_final() && !self.handle.is_running(session) }).await;
        self.record(session).await
    }

    /// Waits until so many sessions run.
    pub(super) async fn running(&self, count: usize) -> Vec<SessionId> {
        until(|| async { self.handle.running(&org()).len() == count }).await;
        self.handle.running(&org())
    }

    pub(super) async fn state(&self, session: SessionId) -> SessionState {
        self.record(session).await.state
    }
}

/// A section of the default settings.
fn defaults<T: serde::de::DeserializeOwned>(section: &str) -> T {
    let mut settings: toml::Table = include_str!("../../../default.toml").parse().unwrap();
    settings.remove(section).unwrap().try_into().unwrap()
}

/// Waits until a condition holds.
pub(super) async fn until<F: Future<Output = bool>>(holds: impl Fn() -> F) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it does not come true");
}

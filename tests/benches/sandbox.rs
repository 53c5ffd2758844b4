//! The sandbox in a loop, without HTTP, store or other threads.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tenterhook_host::clock::Clock;
use tenterhook_host::config::Config;
use tenterhook_host::event::{Data, Event, EventId, EventType, Outcome, Raw, SessionId};
use tenterhook_host::guest::{Engine, Job, Library, Parts};
use tenterhook_host::store::Blobs;

use crate::servers;

const ROUNDS: u32 = 20_000;

pub(crate) fn lines() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let guests = [
        ("WAT handler that answers `hello`", servers::hello()),
        ("Rust handler `echo` of plugins/echo", servers::echo()),
        // What the engine of concurrent components costs, to whom it matters and to whom it does not.
        ("WAT handler beside an `async` one", servers::concurrent("plain")),
        ("WAT handler that is `async`", servers::concurrent("handle")),
    ];
    let measure = |(name, (component, export)): (&str, (Vec<u8>, &str))| {
        let took = runtime.block_on(measure(&component, export));
        format!("{name:<40} {:>8.1} µs", took.as_secs_f64() * 1e6)
    };
    guests.into_iter().map(measure).collect()
}

/// The median of five runs, per event, in time on the processor: nothing else runs on this thread, whatever runs beside it.
async fn measure(component: &[u8], export: &str) -> Duration {
    let config = Config::load(None).unwrap();
    let engine = Engine::new(&config.guest, 1).unwrap();
    let (clock, job) = (Clock::system(), job(export));
    let parts = Parts {
        engine: engine.clone(),
        blobs: Blobs::memory(),
        folder: None,
        program: servers::compiler(),
        clock: clock.clone(),
    };
    let library = Library::new(&config.guest.modules, config.guest.compile.clone(), parts).unwrap();
    let module = library.add(component.to_vec().into()).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..5 {
        let start = spent();
        for _ in 0..ROUNDS {
            let run = engine.run(&module, job.clone(), &clock).await;
            assert!(matches!(run.outcome, Some(Outcome::Answered(Some(_)))), "{:?}", run.outcome);
        }
        runs.push((spent() - start) / ROUNDS);
    }
    runs.sort();
    runs[2]
}

/// What this thread has had of a processor.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = Duration::from_secs(time.tv_sec.unsigned_abs());
    seconds + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

pub(crate) fn job(export: &str) -> Job {
    let now = Clock::system().now();
    let raw = Raw {
        method: "POST".to_owned(),
        url: "/webhooks/hook?name=Ada".to_owned(),
        headers: [("Host", "example.com"), ("Content-Type", "application/json")].into_iter().collect(),
        body: Some("{\"hello\": \"world\"}".into()),
        ..Raw::default()
    };
    let event = Event {
        id: EventId::new(now),
        org: "bench".into(),
        endpoint: "hook".into(),
        received_at: now,
        kind: EventType::of("POST"),
        data: Arc::new(Data::new(raw)),
        redispatched_from: None,
    };
    Job {
        memory_quota: u64::MAX,
        event: Arc::new(event),
        session: SessionId::new(now),
        attempt: 1,
        trigger: "hook".into(),
        export: export.to_owned(),
        vars: Arc::default(),
        timeout: Duration::from_secs(30),
        limits: Config::load(None).unwrap().guest.limits,
        grants: Default::default(),
    }
}

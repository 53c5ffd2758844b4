//! What follows from each outcome.

use std::sync::Arc;
use std::time::Duration;

use super::policy;
use crate::event::{
    Data, DeploymentId, Event, EventId, EventType, Fault, FaultKind, Outcome, Raw, Response, SessionId, SessionState,
    Timestamp,
};
use crate::guest::Run;
use crate::store::{Delivery, Next};

fn delivery() -> Delivery {
    let now = Timestamp::UNIX_EPOCH;
    let event = Event {
        id: EventId::new(now),
        org: "org".into(),
        endpoint: "hook".into(),
        received_at: now,
        kind: EventType::of("GET"),
        data: Arc::new(Data::new(Raw::default())),
        redispatched_from: None,
    };
    Delivery::new(Arc::new(event), SessionId::new(now), "hook".into(), DeploymentId::new(now))
}

fn run(outcome: Outcome) -> Run {
    let started_at = Timestamp::UNIX_EPOCH;
    let ended_at = started_at + jiff::SignedDuration::from_millis(5);
    Run { outcome, logs: Vec::new(), started_at, ended_at, cpu: Duration::from_micros(7), peak_memory: 9 }
}

#[test]
fn each_outcome_has_its_state_and_its_reason() {
    let response = Response { status: 418, headers: Vec::new(), body: Default::default() };
    let fault = Fault { kind: FaultKind::Timeout, message: "too long".to_owned() };
    let cases = [
        (Outcome::Answered(Some(response)), SessionState::Succeeded, Some(418), None, None),
        (Outcome::Answered(None), SessionState::Succeeded, None, None, None),
        (
            Outcome::Retry { after: None, reason: "busy".to_owned() },
            SessionState::Failed,
            None,
            None,
            Some("the handler asked for a retry: busy"),
        ),
        (
            Outcome::Rejected("no".to_owned()),
            SessionState::Failed,
            None,
            None,
            Some("the handler rejected the event: no"),
        ),
        (Outcome::Fault(fault), SessionState::Failed, None, Some(FaultKind::Timeout), Some("timeout: too long")),
    ];
    for (outcome, state, status, fault, error) in cases {
        let delivery = delivery();
        let settlement = policy::settle(&delivery, &run(outcome));
        let ended = Next::Ended { state, reason: error.map(str::to_owned), at: run(Outcome::Answered(None)).ended_at };
        assert_eq!((settlement.session, settlement.next), (delivery.session, ended));
        let attempt = settlement.attempt.unwrap();
        assert_eq!((attempt.number, attempt.cpu_us, attempt.peak_memory), (1, 7, 9));
        assert_eq!((attempt.status, attempt.fault, attempt.error.as_deref()), (status, fault, error));
    }
}

//! What happens, as it is told.

use std::time::Duration;

use insta::assert_snapshot;

use super::super::tail;
use super::{DEPLOYMENT, EVENT, SESSION, at};
use crate::event::{EventType, SessionState};
use crate::observe::feed::{DeployFailedNotice, DeployedNotice, EventNotice, Notice, SessionNotice};

fn notices() -> Vec<Notice> {
    let event = |matched: &[&str], not_matched, status| {
        Notice::Event(EventNotice {
            id: EVENT.parse().unwrap(),
            kind: EventType::of("POST"),
            method: "POST".to_owned(),
            raw_url: "/webhooks/orders?\u{1b}[2J".to_owned(),
            endpoint: "orders".to_owned(),
            received_at: at(0),
            matched: matched.iter().map(|name| (*name).to_owned()).collect(),
            not_matched,
            note: None,
            status,
            elapsed: Duration::from_micros(850),
        })
    };
    let session = |state, error: Option<&str>, log_lines| {
        Notice::Session(SessionNotice {
            id: SESSION.parse().unwrap(),
            event: EVENT.parse().unwrap(),
            trigger: "on_post".to_owned(),
            state,
            ended_at: at(3),
            elapsed: Duration::from_micros(3_210),
            cpu_us: 1_250,
            error: error.map(str::to_owned),
            log_lines,
        })
    };
    vec![
        event(&["on_post"], 0, 202),
        event(&["on_post", "on_big"], 3, 200),
        event(&[], 1, 202),
        event(&[], 0, 202),
        session(SessionState::Succeeded, None, 2),
        session(SessionState::Failed, Some("trap: \u{1b}[31munreachable"), 0),
        Notice::Deployed(DeployedNotice {
            id: DEPLOYMENT.parse().unwrap(),
            project: "shop".to_owned(),
            at: at(0),
            triggers: 1,
            warnings: vec!["line 3, column 5: event types are in lower case".to_owned()],
        }),
        Notice::DeployFailed(DeployFailedNotice {
            at: at(0),
            error: "error: unknown key\n --> tenterhook.yaml:1:1".to_owned(),
            serving: Some(DEPLOYMENT.parse().unwrap()),
        }),
        Notice::DeployFailed(DeployFailedNotice { at: at(0), error: "no manifest".to_owned(), serving: None }),
    ]
}

#[test]
fn the_feed_for_people() {
    assert_snapshot!(notices().iter().map(tail::readable).collect::<String>(), @r"
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 202  850 µs  evt_01kb0000000000000000000001 -> on_post
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 200  850 µs  evt_01kb0000000000000000000001 -> on_post, on_big (3 not matched)
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 202  850 µs  evt_01kb0000000000000000000001 -> no match (1 trigger)
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 202  850 µs  evt_01kb0000000000000000000001 -> no triggers
    20:25:01.003    on_post succeeded  3.2 ms (CPU 1.2 ms)  ses_01kb0000000000000000000002  2 log lines
    20:25:01.003    on_post failed  3.2 ms (CPU 1.2 ms)  ses_01kb0000000000000000000002  trap: \u{1b}[31munreachable
    20:25:01.000  deployed shop with 1 trigger, 1 warning  dep_01kb0000000000000000000003
    20:25:01.000  failed to deploy; dep_01kb0000000000000000000003 goes on serving
      error: unknown key
       --> tenterhook.yaml:1:1
    20:25:01.000  failed to deploy; nothing is served until it is mended
      no manifest
    ");
}

#[test]
fn the_feed_for_scripts() {
    let lines: Vec<_> = notices().iter().map(|notice| tail::json_line(notice).unwrap()).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":["on_post"],"not_matched":0,"status":202,"elapsed_us":850}
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":["on_post","on_big"],"not_matched":3,"status":200,"elapsed_us":850}
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":[],"not_matched":1,"status":202,"elapsed_us":850}
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":[],"not_matched":0,"status":202,"elapsed_us":850}
    {"kind":"session","id":"ses_01kb0000000000000000000002","event":"evt_01kb0000000000000000000001","trigger":"on_post","state":"succeeded","ended_at":"2026-11-23T20:25:01.003Z","elapsed_us":3210,"cpu_us":1250,"error":null,"log_lines":2}
    {"kind":"session","id":"ses_01kb0000000000000000000002","event":"evt_01kb0000000000000000000001","trigger":"on_post","state":"failed","ended_at":"2026-11-23T20:25:01.003Z","elapsed_us":3210,"cpu_us":1250,"error":"trap: \u001b[31munreachable","log_lines":0}
    {"kind":"deployed","id":"dep_01kb0000000000000000000003","project":"shop","at":"2026-11-23T20:25:01Z","triggers":1,"warnings":["line 3, column 5: event types are in lower case"]}
    {"kind":"deploy_failed","at":"2026-11-23T20:25:01Z","error":"error: unknown key\n --> tenterhook.yaml:1:1","serving":"dep_01kb0000000000000000000003"}
    {"kind":"deploy_failed","at":"2026-11-23T20:25:01Z","error":"no manifest","serving":null}
    "#);
}

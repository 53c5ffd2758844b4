//! What handlers keep between events, through a real host and a real store.

use crate::harness::host::Host;

fn manifest(project: &str, trigger: &str) -> String {
    let handlers = ["count", "keep"].map(|handler| {
        format!(
            "    - name: {handler}
      type: webhook
      call: grants-wasm32-unknown-unknown.rs:{handler}
      is_sync: true
      {trigger}
"
        )
    });
    format!("version: v1\nproject:\n  name: kv\n  {project}\n  triggers:\n{}", handlers.concat())
}

async fn ask(host: &Host, query: &str) -> String {
    let answer = host.send(format!("GET /webhooks/keep?{query} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.text().to_owned()
}

#[tokio::test]
async fn what_is_kept_is_there_for_the_next_event_and_after_a_restart() {
    let manifest = manifest("kv: true", "");
    let host = Host::start(&manifest).await;
    let mut said = Vec::new();
    for query in [
        "do=get&key=a",
        "do=set&key=a&value=one",
        "do=get&key=a",
        "do=add&key=n&value=5",
        "do=add&key=n&value=-7",
        "do=add&key=a&value=1",
        "do=set&key=b&value=two&ttl=0",
        "do=get&key=b",
        "do=set&key=a2&value=x",
        "do=entries&key=a",
        "do=entries&key=",
        "do=delete&key=a2",
        "do=delete&key=a2",
        "do=get&key=",
        "do=large&key=c&value=262145",
        "do=flood&key=c&value=999",
        "do=flood&key=c&value=1001",
    ] {
        said.push(format!("{query}: {}", ask(&host, query).await));
    }
    insta::assert_snapshot!(said.join("\n"), @r#"
    do=get&key=a: None
    do=set&key=a&value=one: set
    do=get&key=a: Some(Some("one"))
    do=add&key=n&value=5: 5
    do=add&key=n&value=-7: -2
    do=add&key=a&value=1: NotANumber("the value of `a` is not a decimal integer of 64 bits")
    do=set&key=b&value=two&ttl=0: set
    do=get&key=b: None
    do=set&key=a2&value=x: set
    do=entries&key=a: a a2
    do=entries&key=: a a2 n
    do=delete&key=a2: true
    do=delete&key=a2: false
    do=get&key=: Limit("a key is one byte long at the least, and this one is empty")
    do=large&key=c&value=262145: Limit("the value has 262145 bytes, more than the limit of 262144 (guest.kv.value_bytes)")
    do=flood&key=c&value=999: done
    do=flood&key=c&value=1001: Limit("an attempt makes at most 1000 calls (guest.kv.calls)")
    "#);
    let host = host.restart(&manifest).await;
    assert_eq!(ask(&host, "do=get&key=a").await, "Some(Some(\"one\"))");
}

#[tokio::test]
async fn what_the_manifest_does_not_grant_is_refused() {
    for (project, trigger, expected) in [
        ("kv: false", "", "NotGranted"),
        ("display_name: P", "", "NotGranted"),
        ("kv: true", "kv: false", "NotGranted"),
        ("kv: false", "kv: true", "None"),
    ] {
        let host = Host::start(&manifest(project, trigger)).await;
        assert_eq!(ask(&host, "do=get&key=a").await, expected, "{project}, {trigger}");
    }
}

/// Of sessions that run at once and count with compare-and-swap, none is lost; and their calls are counted.
#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_sessions_at_once_lose_no_count() {
    let host = Host::start(&manifest("kv: true", "")).await;
    let count = "GET /webhooks/count HTTP/1.1\r\nHost: h\r\n\r\n";
    let answers = futures_util::future::join_all((0..64).map(|_| host.send(count))).await;
    let mut counts: Vec<u32> = answers.iter().map(|answer| answer.text().parse().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=64).collect::<Vec<_>>());
    let mut calls = 0;
    for answer in answers {
        let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
        calls += event["sessions"][0]["attempts"][0]["used"]["kv"].as_u64().unwrap();
    }
    assert!(calls >= 2 * 64, "each reads and swaps at least once: {calls}");
}

//! What a manifest says of retries, order, history and duplicates.

use std::time::Duration;

use insta::assert_snapshot;

use super::{only_trigger, read, refused, text, trigger_with};
use crate::event::Keep;
use crate::trigger::{Backoff, Retry, RetryOn};

/// The mistakes of a trigger that is sound but for these lines.
fn line(more: &str) -> String {
    refused(&trigger_with(more))
}

/// A manifest with the triggers `t` and `u`, the latter on the endpoint `orders`, and these lines under `endpoints:`.
fn endpoints(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "{}    - {{name: u, type: webhook, endpoint: orders, call: a.py:f}}\n  endpoints:\n{lines}",
        trigger_with("")
    )
}

#[test]
fn every_key_is_read() {
    let trigger = only_trigger(&trigger_with(
        "retry:
  attempts: 3
  backoff: {initial: 500ms, factor: 1.5, max: 1h, jitter: 0}
  on: [retry, timeout]
max_concurrency: 4
ordered_by: data.body.json.customer
history: metadata",
    ));
    let backoff =
        Backoff { initial: Duration::from_millis(500), factor: 1.5, max: Duration::from_secs(3600), jitter: 0.0 };
    let retry = Retry { attempts: 3, backoff, on: RetryOn { fault: false, timeout: true, retry: true } };
    assert_eq!((trigger.retry, trigger.max_concurrency), (retry, Some(4)));
    assert_eq!(text(trigger.ordered_by.as_ref()), Some("data.body.json.customer"));
    assert_eq!(trigger.history, Keep::Metadata);

    let endpoints =
        read(&endpoints("t: {dedup: auto}\norders: {dedup: {key: data.body.json.id, window: 7d}}")).project.endpoints;
    let read: Vec<_> = endpoints
        .iter()
        .map(|endpoint| {
            let dedup = endpoint.dedup.as_ref().unwrap();
            (endpoint.slug.as_str(), text(dedup.key.as_ref()), dedup.window)
        })
        .collect();
    let week = Duration::from_secs(7 * 24 * 3600);
    assert_eq!(read, [("t", None, None), ("orders", Some("data.body.json.id"), Some(week))]);
}

#[test]
fn what_is_left_out_has_its_default() {
    let plain = only_trigger(&trigger_with(""));
    assert_eq!((plain.retry, plain.max_concurrency, plain.history), (Retry::default(), None, Keep::Full));
    assert_eq!(only_trigger(&trigger_with("is_sync: true")).retry, Retry::never());
    assert_eq!(only_trigger(&trigger_with("is_sync: true\nhistory: none")).history, Keep::None);
    let retry = |more: &str| only_trigger(&trigger_with(&format!("retry: {{{more}}}"))).retry;
    assert_eq!(retry(""), Retry::default());
    assert_eq!(retry("attempts: 9"), Retry { attempts: 9, ..Retry::default() });
    // Whoever names one of the two means it.
    let waits = |more: &str| {
        let backoff = retry(&format!("backoff: {{{more}}}")).backoff;
        (backoff.initial.as_secs(), backoff.max.as_secs())
    };
    assert_eq!(waits("initial: 2h"), (7200, 7200));
    assert_eq!(waits("max: 2s"), (2, 2));
    assert_eq!(waits("max: 1m"), (5, 60));
    assert_eq!(waits("initial: 1s"), (1, 3600));
}

#[test]
fn retries() {
    assert_snapshot!(line("retry: 3"), @"
    error: `retry` is a mapping, and this is a number
     --> tenterhook.yaml:7:14
      |
    7 |       retry: 3
      |              ^
      |
      = help: `retry` has the keys `attempts`, `backoff` and `on`
    ");
    assert_snapshot!(line("retry: {attempts: 0, on: [falt, timeout, timeout, trap]}"), @"
    error: `attempts: 0` is not a whole number from 1 to 100
     --> tenterhook.yaml:7:25
      |
    7 |       retry: {attempts: 0, on: [falt, timeout, timeout, trap]}
      |                         ^

    error: no session ends with `falt`
     --> tenterhook.yaml:7:33
      |
    7 |       retry: {attempts: 0, on: [falt, timeout, timeout, trap]}
      |                                 ^^^^
      |
      = help: did you mean `fault`?

    error: `timeout` is there twice
     --> tenterhook.yaml:7:48
      |
    7 |       retry: {attempts: 0, on: [falt, timeout, timeout, trap]}
      |                                                ^^^^^^^

    error: no session ends with `trap`
     --> tenterhook.yaml:7:57
      |
    7 |       retry: {attempts: 0, on: [falt, timeout, timeout, trap]}
      |                                                         ^^^^
      |
      = help: there are `fault`, `timeout` and `retry`
    ");
    assert_snapshot!(line("retry: {attempts: three, backof: {}, on: []}"), @"
    error: `attempts` is a whole number, and this is text
     --> tenterhook.yaml:7:25
      |
    7 |       retry: {attempts: three, backof: {}, on: []}
      |                         ^^^^^
      |
      = help: write `attempts: 1`, or another one up to 100

    error: `retry` has no key `backof`
     --> tenterhook.yaml:7:32
      |
    7 |       retry: {attempts: three, backof: {}, on: []}
      |                                ^^^^^^
      |
      = help: did you mean `backoff`?

    error: `on` lists nothing, so no session would be tried again
     --> tenterhook.yaml:7:48
      |
    7 |       retry: {attempts: three, backof: {}, on: []}
      |                                                ^
      |
      = help: list some of `fault`, `timeout` and `retry`, or write `attempts: 1`
    ");
    assert_snapshot!(line("retry: {on: fault, backoff: {initial: 1m, max: 30s, factor: 0, jitter: a bit}}"), @"
    error: `on` is a list, and this is text
     --> tenterhook.yaml:7:19
      |
    7 |       retry: {on: fault, backoff: {initial: 1m, max: 30s, factor: 0, jitter: a bit}}
      |                   ^^^^^
      |
      = help: write them in brackets: `on: [fault, timeout]`

    error: `max` is less than `initial`
     --> tenterhook.yaml:7:54
      |
    7 |       retry: {on: fault, backoff: {initial: 1m, max: 30s, factor: 0, jitter: a bit}}
      |                                                      ^^^
      |
      = help: `max` is the longest wait, and `initial` the first one

    error: `factor: 0` is not a number from 1 to 100
     --> tenterhook.yaml:7:67
      |
    7 |       retry: {on: fault, backoff: {initial: 1m, max: 30s, factor: 0, jitter: a bit}}
      |                                                                   ^

    error: `jitter` is a number, and this is text
     --> tenterhook.yaml:7:78
      |
    7 |       retry: {on: fault, backoff: {initial: 1m, max: 30s, factor: 0, jitter: a bit}}
      |                                                                              ^^^^^
      |
      = help: write `jitter: 1`, or another one from 0 to 1
    ");
    assert_snapshot!(line("retry: {initial: 1s}\nattempts: 3\nfactor: 2"), @"
    error: `initial` is a key of `backoff`, not of `retry`
     --> tenterhook.yaml:7:15
      |
    7 |       retry: {initial: 1s}
      |               ^^^^^^^
      |
      = help: indent it, to stand under `backoff:`

    error: `attempts` is a key of `retry`, not of a trigger
     --> tenterhook.yaml:8:7
      |
    8 |       attempts: 3
      |       ^^^^^^^^
      |
      = help: indent it, to stand under `retry:`

    error: `factor` is a key of `backoff`, not of a trigger
     --> tenterhook.yaml:9:7
      |
    9 |       factor: 2
      |       ^^^^^^
      |
      = help: indent it, to stand under `backoff:`, which is under `retry:`
    ");
    assert_snapshot!(line("is_sync: true\nretry: {attempts: 3}"), @"
    error: a synchronous trigger is not tried again
     --> tenterhook.yaml:8:7
      |
    8 |       retry: {attempts: 3}
      |       ^^^^^
      |
      = help: remove it: the sender waits for the answer, so it is the sender who tries again
    ");
}

#[test]
fn concurrency_order_and_history() {
    assert_snapshot!(line("max_concurrency: 0\nordered_by: 7\nhistory: nnoe"), @r#"
    error: `max_concurrency: 0` is not a whole number from 1 to 10000
     --> tenterhook.yaml:7:24
      |
    7 |       max_concurrency: 0
      |                        ^

    error: `ordered_by` is text, and YAML takes this for a number
     --> tenterhook.yaml:8:19
      |
    8 |       ordered_by: 7
      |                   ^
      |
      = help: put it in quotes: `ordered_by: "7"`

    error: there is no history of the kind `nnoe`
     --> tenterhook.yaml:9:16
      |
    9 |       history: nnoe
      |                ^^^^
      |
      = help: did you mean `none`?
    "#);
    assert_snapshot!(line("max_concurrency: all\nhistory: everything"), @"
    error: `max_concurrency` is a whole number, and this is text
     --> tenterhook.yaml:7:24
      |
    7 |       max_concurrency: all
      |                        ^^^
      |
      = help: write `max_concurrency: 1`, or another one up to 10000

    error: there is no history of the kind `everything`
     --> tenterhook.yaml:8:16
      |
    8 |       history: everything
      |                ^^^^^^^^^^
      |
      = help: `history` is one of `full`, `metadata` and `none`
    ");
    assert_snapshot!(line("history: none"), @"
    error: `history: none` needs `is_sync: true`: what its sender does not wait for must be kept until it is handled
     --> tenterhook.yaml:7:16
      |
    7 |       history: none
      |                ^^^^
      |
      = help: write `history: metadata`, which keeps no payload once the handler has ended, or add `is_sync: true`
    ");
    // What `is_sync` is, is not known: nothing follows from it.
    assert_snapshot!(line("is_sync: maybe\nhistory: none\nretry: {attempts: 1}"), @"
    error: `is_sync` is `true` or `false`, and this is text
     --> tenterhook.yaml:7:16
      |
    7 |       is_sync: maybe
      |                ^^^^^
      |
      = help: write `is_sync: true` or `is_sync: false`
    ");
}

#[test]
fn duplicates() {
    let refused = |lines: &str| refused(&endpoints(lines));
    assert_snapshot!(refused("ordres: {dedup: auto}"), @"
    error: no trigger listens on the endpoint `ordres`
      --> tenterhook.yaml:10:5
       |
    10 |     ordres: {dedup: auto}
       |     ^^^^^^
       |
       = help: did you mean `orders`?
    ");
    assert_snapshot!(refused("payments: {dedup: auto}"), @"
    error: no trigger listens on the endpoint `payments`
      --> tenterhook.yaml:10:5
       |
    10 |     payments: {dedup: auto}
       |     ^^^^^^^^
       |
       = help: triggers listen on `orders` and `t`
    ");
    assert_snapshot!(refused("t:\norders: {dedup: atuo}"), @"
    error: nothing is said of the endpoint `t`
      --> tenterhook.yaml:10:5
       |
    10 |     t:
       |     ^
       |
       = help: add `dedup: auto`, or remove it: endpoints need not be listed

    error: `dedup` is `auto` or a mapping with a `key`, and this is text
      --> tenterhook.yaml:11:21
       |
    11 |     orders: {dedup: atuo}
       |                     ^^^^
       |
       = help: did you mean `auto`?
    ");
    assert_snapshot!(refused("orders: {dedup: data.body.json.id}"), @"
    error: `dedup` is `auto` or a mapping with a `key`, and this is text
      --> tenterhook.yaml:10:21
       |
    10 |     orders: {dedup: data.body.json.id}
       |                     ^^^^^^^^^^^^^^^^^
       |
       = help: write `dedup: auto`, or `dedup: { key: 'data.body.json.id' }`
    ");
    assert_snapshot!(refused("orders: {key: auto}"), @"
    error: `key` is a key of `dedup`, not of an endpoint
      --> tenterhook.yaml:10:14
       |
    10 |     orders: {key: auto}
       |              ^^^
       |
       = help: indent it, to stand under `dedup:`
    ");
    assert_snapshot!(refused("orders: {dedup: {widnow: 1h}}\nt: {dedup: {key: auto, window: 72}}"), @"
    error: `dedup` has no key `widnow`
      --> tenterhook.yaml:10:22
       |
    10 |     orders: {dedup: {widnow: 1h}}
       |                      ^^^^^^
       |
       = help: did you mean `window`?

    error: `dedup` has no `key`
      --> tenterhook.yaml:10:22
       |
    10 |     orders: {dedup: {widnow: 1h}}
       |                      ^^^^^^
       |
       = help: add `key: auto`

    error: `window: 72` has no unit
      --> tenterhook.yaml:11:36
       |
    11 |     t: {dedup: {key: auto, window: 72}}
       |                                    ^^
       |
       = help: write `72s` for 72 seconds
    ");
    assert_snapshot!(refused("orders: {dedup: {key: auto, window: 60d}}\norders: {dedup: auto}"), @"
    error: `window: 60d` is out of bounds
      --> tenterhook.yaml:10:41
       |
    10 |     orders: {dedup: {key: auto, window: 60d}}
       |                                         ^^^
       |
       = help: a window is between `1s` and `30d`

    error: the key `orders` is there twice
      --> tenterhook.yaml:11:5
       |
    10 |     orders: {dedup: {key: auto, window: 60d}}
       |     ------ first here
    11 |     orders: {dedup: auto}
       |     ^^^^^^
    ");
    assert_snapshot!(line("dedup: auto"), @"
    error: `dedup` is a key of an endpoint, not of a trigger
     --> tenterhook.yaml:7:7
      |
    7 |       dedup: auto
      |       ^^^^^
      |
      = help: write it beside `triggers:`, under the endpoint's name: `endpoints: { my_endpoint: { dedup: auto } }`
    ");
    let untraced = trigger_with("is_sync: true\nhistory: none") + "  endpoints: {t: {dedup: auto}}\n";
    assert_snapshot!(super::refused(&untraced), @"
    error: the endpoint `t` keeps nothing by which it could tell duplicates
      --> tenterhook.yaml:10:15
       |
    10 |   endpoints: {t: {dedup: auto}}
       |               ^
       |
       = help: remove its `dedup`, or write `history: metadata` in one of its triggers
    ");
}

/// Of a trigger with a mistake it is not known where it listens.
#[test]
fn no_endpoint_is_missed_for_a_mistake_elsewhere() {
    let source = trigger_with("endpoint: a b") + "  endpoints: {orders: {dedup: auto}}\n";
    assert_eq!(refused(&source).matches("error:").count(), 1);
}

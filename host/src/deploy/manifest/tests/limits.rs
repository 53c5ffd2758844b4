//! What a manifest says of what its handlers may take.

use insta::assert_snapshot;

use super::{only_trigger, refused, trigger_with};
use crate::trigger::Limit;

#[test]
fn limits_are_read() {
    let trigger =
        only_trigger(&trigger_with("limits: {memory: 128MiB, cpu: 10s, handles: 20, log: 512KiB, response: 3B}"));
    let read: Vec<(Limit, u64)> = trigger.limits.iter().map(|(limit, at)| (*limit, at.value)).collect();
    let expected = [
        (Limit::Memory, 128 << 20),
        (Limit::Cpu, 10_000),
        (Limit::Handles, 20),
        (Limit::Log, 512 << 10),
        (Limit::Response, 3),
    ];
    assert_eq!(read, expected);
    assert!(only_trigger(&trigger_with("")).limits.is_empty());
}

#[test]
fn every_limit_has_its_key() {
    for limit in Limit::ALL {
        let value = match limit.unit() {
            crate::trigger::Unit::Bytes => "1KiB",
            crate::trigger::Unit::Milliseconds => "1s",
            crate::trigger::Unit::Count => "7",
        };
        let trigger = only_trigger(&trigger_with(&format!("limits: {{{}: {value}}}", limit.key())));
        assert_eq!(trigger.limits.len(), 1, "{limit:?}");
        assert_eq!(trigger.limits[0].0, limit);
    }
}

#[test]
fn mistakes_say_what_to_write() {
    assert_snapshot!(refused(&trigger_with("limits: {memory: 64MB, cpu: 20m, log: 256, response: big, instances: 0, timeout: 1s}")), @"
    error: `memory: 64MB` has a unit that is not known
     --> tenterhook.yaml:7:26
      |
    7 |       limits: {memory: 64MB, cpu: 20m, log: 256, response: big, instances: 0, timeout: 1s}
      |                          ^^
      |
      = help: write `64MiB`

    error: `cpu: 20m` is out of bounds
     --> tenterhook.yaml:7:35
      |
    7 |       limits: {memory: 64MB, cpu: 20m, log: 256, response: big, instances: 0, timeout: 1s}
      |                                   ^^^
      |
      = help: a handler's time on a processor is between `1ms` and `15m`

    error: `log: 256` has no unit
     --> tenterhook.yaml:7:45
      |
    7 |       limits: {memory: 64MB, cpu: 20m, log: 256, response: big, instances: 0, timeout: 1s}
      |                                             ^^^
      |
      = help: write `256B` for 256 bytes

    error: `response: big` is not a size
     --> tenterhook.yaml:7:60
      |
    7 |       limits: {memory: 64MB, cpu: 20m, log: 256, response: big, instances: 0, timeout: 1s}
      |                                                            ^^^
      |
      = help: write a whole number and its unit, `B`, `KiB`, `MiB` or `GiB`: `512KiB`, `128MiB`

    error: `instances: 0` is not a whole number from 1 to 1000000000
     --> tenterhook.yaml:7:76
      |
    7 |       limits: {memory: 64MB, cpu: 20m, log: 256, response: big, instances: 0, timeout: 1s}
      |                                                                            ^

    error: `timeout` is a key of the trigger, not of its `limits`
     --> tenterhook.yaml:7:79
      |
    7 |       limits: {memory: 64MB, cpu: 20m, log: 256, response: big, instances: 0, timeout: 1s}
      |                                                                               ^^^^^^^
      |
      = help: move it beside `limits:`
    ");
    assert_snapshot!(refused(&trigger_with("limits: 1GiB\nmemory: 1MiB")), @"
    error: `limits` is a mapping, and this is text
     --> tenterhook.yaml:7:15
      |
    7 |       limits: 1GiB
      |               ^^^^
      |
      = help: `limits` has the keys `memory`, `cpu`, `table_elements`, `instances`, `handles`, `log`, `response`, `response_headers` and `response_header_size`

    error: `memory` is a key of `limits`, not of a trigger
     --> tenterhook.yaml:8:7
      |
    8 |       memory: 1MiB
      |       ^^^^^^
      |
      = help: indent it, to stand under `limits:`
    ");
}

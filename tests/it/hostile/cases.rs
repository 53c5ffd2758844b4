//! The table of guests that are meant to hurt, and what becomes of each.

use super::concurrent;
use super::guest::{EVENT, Guest, HARMLESS, LOG, around, bomb, nested, powers_of_ten};
use crate::harness::wat;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) component: fn() -> Vec<u8>,
    /// Further keys of its trigger.
    pub(crate) keys: &'static str,
    pub(crate) end: End,
}

/// What becomes of it.
pub(crate) enum End {
    /// It is not deployed, with this in the reason.
    Refused(&'static str),
    /// Its session has this fault, with this in the error.
    Fault(&'static str, &'static str),
    /// It does nothing that it may not.
    Answered,
}

use End::{Answered, Fault, Refused};

pub(super) const fn case(name: &'static str, keys: &'static str, end: End, component: fn() -> Vec<u8>) -> Case {
    Case { name, component, keys, end }
}

pub(super) const CPU: &str = "limits: {cpu: 300ms}";

/// WASI, as far as it is imported here.
const CLOCK: (&str, &str) = (
    "package wasi:io@0.2.0 {
        interface poll { resource pollable { block: func(); } }
    }
    package wasi:clocks@0.2.0 {
        interface monotonic-clock {
            use wasi:io/poll@0.2.0.{pollable};
            subscribe-duration: func(when: u64) -> pollable;
        }
    }",
    "import wasi:clocks/monotonic-clock@0.2.0;",
);
const CLOCK_IMPORTS: &str = r#"(import "cm32p2|wasi:clocks/monotonic-clock@0.2" "subscribe-duration" (func $after (param i64) (result i32)))
  (import "cm32p2|wasi:io/poll@0.2" "[method]pollable.block" (func $block (param i32)))"#;
const RANDOM: (&str, &str) = (
    "package wasi:random@0.2.0 { interface random { get-random-bytes: func(len: u64) -> list<u8>; } }",
    "import wasi:random/random@0.2.0;",
);
const REQUESTS: (&str, &str) = (
    "package wasi:http@0.2.0 { interface types {
        variant header-error { invalid-syntax, forbidden, immutable }
        resource fields { constructor(); append: func(name: string, value: list<u8>) -> result<_, header-error>; }
        resource outgoing-request { constructor(headers: fields); set-authority: func(authority: option<string>) -> result; }
    } }",
    "import wasi:http/types@0.2.0;",
);
const SOCKETS: (&str, &str) = (
    "package wasi:keyvalue@0.2.0 { interface store { open: func(name: string); } }",
    "import wasi:keyvalue/store@0.2.0;",
);

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = running();
    cases.extend(lying());
    cases.extend(taking());
    cases.extend(concurrent::all());
    cases.extend(uploaded());
    cases
}

/// Those that do not end.
fn running() -> Vec<Case> {
    vec![
        case("loops for ever", "timeout: 1s", Fault("timeout", "the handler ran longer than 1s"), || {
            wat::fixture("loop")
        }),
        case("loops, with less time on a processor", CPU, Fault("cpu_time", "more than the limit of 300 ms"), || {
            wat::fixture("loop")
        }),
        case("loops in calls to the host", CPU, Fault("cpu_time", "limits: {cpu"), || {
            let handle = "(loop $again (call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (br $again))";
            Guest { imports: LOG, handle, ..HARMLESS }.component()
        }),
        case("loops within a call to the host: its allocator never ends", CPU, Fault("cpu_time", "300 ms"), || {
            let realloc = "(loop $again (br $again)) (i32.const 0)";
            Guest { imports: EVENT, realloc, handle: "(call $data (local.get $event) (i32.const 256))", ..HARMLESS }
                .component()
        }),
        case("loops when the sandbox is made", CPU, Fault("cpu_time", "300 ms"), || wat::fixture("start-loop")),
        case("loops in a core start function", CPU, Fault("cpu_time", "300 ms"), || {
            Guest { more: "(func $s (loop $again (br $again))) (start $s)", ..HARMLESS }.component()
        }),
        case("traps when the sandbox is made", "", Fault("trap", "unreachable"), || {
            Guest { initialize: "unreachable", ..HARMLESS }.component()
        }),
        case("waits for an hour", "timeout: 1s", Fault("timeout", "the handler ran longer than 1s"), || {
            let handle = "(call $block (call $after (i64.const 3600000000000)))";
            Guest { imports: CLOCK_IMPORTS, wasi: CLOCK, handle, ..HARMLESS }.component()
        }),
        case("computes, waits a nanosecond, and again", CPU, Fault("cpu_time", "300 ms"), || {
            let handle = "(loop $again
                (local.set $i (i32.const 100000))
                (loop $spin (br_if $spin (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                (local.set $i (call $after (i64.const 1)))
                (call $block (local.get $i))
                (call $drop (local.get $i))
                (br $again))";
            const DROPS: &str = r#"(import "cm32p2|wasi:clocks/monotonic-clock@0.2" "subscribe-duration" (func $after (param i64) (result i32)))
              (import "cm32p2|wasi:io/poll@0.2" "[method]pollable.block" (func $block (param i32)))
              (import "cm32p2|wasi:io/poll@0.2" "pollable_drop" (func $drop (param i32)))"#;
            Guest { imports: DROPS, wasi: CLOCK, handle, ..HARMLESS }.component()
        }),
    ]
}

/// Those that break the ABI.
fn lying() -> Vec<Case> {
    vec![
        case("the body's length lies", "", Fault("trap", "out of bounds"), || {
            Guest { handle: "(i32.store (i32.const 92) (i32.const -1))", ..HARMLESS }.component()
        }),
        case("the number of headers lies", "", Fault("trap", "out of bounds"), || {
            Guest { handle: "(i32.store (i32.const 84) (i32.const 0x0fffffff))", ..HARMLESS }.component()
        }),
        case("a string's length lies", "", Fault("trap", "out of bounds"), || {
            let handle = "(call $log (i32.const 2) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0))";
            Guest { imports: LOG, handle, ..HARMLESS }.component()
        }),
        case("a pointer beyond its memory", "", Fault("trap", "out of bounds"), || {
            let handle = "(call $log (i32.const 2) (i32.const 0xfffffff0) (i32.const 8) (i32.const 0) (i32.const 0))";
            Guest { imports: LOG, handle, ..HARMLESS }.component()
        }),
        case("the response's pointer is beyond its memory", "", Fault("trap", "out of bounds"), || {
            Guest { handle: "(return (i32.const 0xfffffff0))", ..HARMLESS }.component()
        }),
        case("invalid UTF-8", "", Fault("trap", "utf-8"), || {
            let handle = "(i32.store (i32.const 512) (i32.const -1))
                (call $log (i32.const 2) (i32.const 512) (i32.const 4) (i32.const 0) (i32.const 0))";
            Guest { imports: LOG, handle, ..HARMLESS }.component()
        }),
        case("its allocator answers beyond its memory", "", Fault("trap", "realloc"), || {
            let realloc = "(i32.const 0xfffffff0)";
            Guest { imports: EVENT, realloc, handle: "(call $data (local.get $event) (i32.const 256))", ..HARMLESS }
                .component()
        }),
        case("its allocator answers unaligned", "", Fault("trap", "align"), || {
            let realloc = "(i32.const 4097)";
            Guest { imports: EVENT, realloc, handle: "(call $data (local.get $event) (i32.const 256))", ..HARMLESS }
                .component()
        }),
        case("a handle that it was never given", "", Fault("trap", "handle"), || {
            Guest { imports: EVENT, handle: "(call $id (i32.const 77) (i32.const 256))", ..HARMLESS }.component()
        }),
        case("a handle dropped twice", "", Fault("trap", "handle"), || {
            let handle = "(call $drop (local.get $event)) (call $drop (local.get $event))";
            Guest { imports: EVENT, handle, ..HARMLESS }.component()
        }),
        case("a handle kept after the return", "", Answered, || {
            Guest { imports: EVENT, handle: "(call $id (local.get $event) (i32.const 256))", ..HARMLESS }.component()
        }),
        case("a level of the log that there is not", "", Fault("trap", "discriminant"), || {
            let handle = "(call $log (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))";
            Guest { imports: LOG, handle, ..HARMLESS }.component()
        }),
    ]
}

/// Those that take too much.
fn taking() -> Vec<Case> {
    vec![
        case("grows its memory by 4 GiB", "", Fault("out_of_memory", "more than the limit of 64 MiB"), || {
            let handle = "(if (i32.eq (memory.grow (i32.const 65534)) (i32.const -1)) (then unreachable))";
            Guest { handle, ..HARMLESS }.component()
        }),
        case("grows its memory bit by bit, and touches it", "", Fault("out_of_memory", "limits: {memory"), || {
            wat::fixture("grow")
        }),
        case("grows a table", "", Fault("limit", "elements of tables, more than the limit of 100000"), || {
            let more = "(table $t 1 funcref)";
            let handle = "(loop $again
                (if (i32.eq (table.grow $t (ref.null func) (i32.const 10000)) (i32.const -1)) (then unreachable))
                (br $again))";
            Guest { more, handle, ..HARMLESS }.component()
        }),
        case("calls itself for ever", "", Fault("stack_overflow", "more than the limit of 512 KiB"), || {
            wat::fixture("recurse")
        }),
        case("holds ever more timers", "", Fault("limit", "things of the host, more than the limit of 1000"), || {
            let handle = "(loop $again (drop (call $after (i64.const 1))) (br $again))";
            Guest { imports: CLOCK_IMPORTS, wasi: CLOCK, handle, ..HARMLESS }.component()
        }),
        case("asks for 2^63 random bytes", "", Fault("trap", "exceeds limit 65536"), || {
            let imports =
                r#"(import "cm32p2|wasi:random/random@0.2" "get-random-bytes" (func $random (param i64 i32)))"#;
            let handle = "(call $random (i64.const 0x7fffffffffffffff) (i32.const 256))";
            Guest { imports, wasi: RANDOM, handle, ..HARMLESS }.component()
        }),
        case("hands the host 30 MB in one call", "", Fault("limit", "in one call than the limit of 16 MiB"), || {
            let handle = "(drop (call $has (local.get $event) (i32.const 0) (i32.const 30000000)))";
            Guest { imports: EVENT, memory: 512, handle, ..HARMLESS }.component()
        }),
        case("gives a request a header of 20 KB", "", Fault("limit", "more than the limit of 16 KiB"), || {
            let imports = r#"(import "cm32p2|wasi:http/types@0.2" "[constructor]fields" (func $fields (result i32)))
              (import "cm32p2|wasi:http/types@0.2" "[method]fields.append"
                (func $append (param i32 i32 i32 i32 i32 i32)))"#;
            let handle = "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 20000))
              (call $append (call $fields) (i32.const 1024) (i32.const 5) (i32.const 65536) (i32.const 20000) (i32.const 256))";
            Guest { imports, wasi: REQUESTS, handle, ..HARMLESS }.component()
        }),
        case(
            "gives a thousand requests hosts of 1 MB each, and sends none",
            "",
            Fault("limit", "the limit of 1 MiB"),
            || {
                let imports = r#"(import "cm32p2|wasi:http/types@0.2" "[constructor]fields" (func $fields (result i32)))
              (import "cm32p2|wasi:http/types@0.2" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
              (import "cm32p2|wasi:http/types@0.2" "[method]outgoing-request.set-authority"
                (func $host (param i32 i32 i32 i32) (result i32)))"#;
                let handle = "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 1000000))
              (loop $again
                (drop (call $host (call $request (call $fields)) (i32.const 1) (i32.const 65536) (i32.const 1000000)))
                (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))";
                Guest { imports, wasi: REQUESTS, memory: 32, handle, ..HARMLESS }.component()
            },
        ),
        case(
            "a response of 2 MiB + 1",
            "",
            Fault("bad_response", "2097153 bytes, more than the limit of 2 MiB"),
            || wat::fixture("oversized"),
        ),
        case("100,000 headers", "", Fault("bad_response", "the number of headers is 100000"), || {
            let handle = "(i32.store (i32.const 80) (i32.const 8192)) (i32.store (i32.const 84) (i32.const 100000))";
            Guest { memory: 32, handle, ..HARMLESS }.component()
        }),
        case("headers of 40 KB", "", Fault("bad_response", "more than the limit of 32 KiB"), || {
            wat::fixture("large-header")
        }),
        case("floods its log with fields", "", Fault("trap", "unreachable"), || wat::fixture("log-flood")),
        case("floods its log for ever", CPU, Fault("cpu_time", "300 ms"), || {
            let handle = "(loop $again (call $log (i32.const 4) (i32.const 1024) (i32.const 50000) (i32.const 0) (i32.const 0)) (br $again))";
            Guest { imports: LOG, handle, ..HARMLESS }.component()
        }),
    ]
}

/// Those that hurt before they run.
fn uploaded() -> Vec<Case> {
    vec![
        case("1,000 components in each other", "", Refused("it exports nothing"), || nested(1_000)),
        case("10^6 instances", "", Refused("(guest.ceilings.instances)"), || powers_of_ten(6)),
        case("100 instances", "", Refused("maximum of 4 in the pooling allocator: no handler may have more"), || {
            powers_of_ten(2)
        }),
        case("a memory that begins with 2 GiB", "", Refused("(guest.ceilings.memory)"), || {
            Guest { memory: 32_768, ..HARMLESS }.component()
        }),
        case("a table that begins with 10^8 elements", "", Refused("(guest.ceilings.table_elements)"), || {
            Guest { more: "(table 100000000 funcref)", ..HARMLESS }.component()
        }),
        case("40 MB of one function with 10^6 locals", "", Refused("exceeds limit"), || {
            around(&bomb(1_000_000, 40_000_000))
        }),
        case("one function of 7 MB with 50,000 locals", "", Refused("to compile"), || around(&bomb(50_000, 7_000_000))),
        case("an import that there is not", "", Refused("what this host does not offer"), || {
            let imports = r#"(import "cm32p2|wasi:keyvalue/store@0.2" "open" (func $open (param i32 i32)))"#;
            Guest { imports, wasi: SOCKETS, handle: "(call $open (i32.const 0) (i32.const 0))", ..HARMLESS }.component()
        }),
        case("a component of another world", "", Refused("it exports `greet`"), || {
            let source = r#"(component
              (core module $m (func (export "f")))
              (core instance $i (instantiate $m))
              (func (export "greet") (canon lift (core func $i "f"))))"#;
            ::wat::parse_str(source).unwrap()
        }),
        case("a core module", "", Refused("it is a core module that cannot be made a component"), || {
            ::wat::parse_str("(module)").unwrap()
        }),
        case("no WebAssembly", "", Refused("not a WebAssembly component"), || b"MZ".to_vec()),
    ]
}

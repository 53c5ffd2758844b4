//! Guests that hurt by what only `async` functions and WASI 0.3 can do.

use super::cases::{CPU, Case, End, case};
use super::instances;
use crate::harness::wat;

use End::{Answered, Fault, Refused};

/// A core module in WAT with an `async` handler. Each part is what a harmless one would have unless it is given.
struct Guest {
    /// Of functions of the host.
    imports: &'static str,
    /// Packages of WASI, reduced to what is imported, and the imports of the world.
    wasi: (&'static str, &'static str),
    /// The handler's body: what it is waiting for, or that it has ended.
    handle: &'static str,
    /// The body of what is called with an event that it waits for.
    callback: &'static str,
}

const HARMLESS: Guest = Guest { imports: "", wasi: ("", ""), handle: "(call $answer) (i32.const 0)", callback: ENDED };

/// What a guest tells the engine.
const ENDED: &str = "(i32.const 0)";
const YIELDS: &str = "(i32.const 1)";

/// Waits for what is in a set.
const SETS: &str = r#"(import "$root" "[waitable-set-new]" (func $set (result i32)))
  (import "$root" "[waitable-join]" (func $join (param i32 i32)))"#;

const CLOCK: (&str, &str) = (
    "package wasi:clocks@0.3.0 { interface monotonic-clock { wait-for: async func(how-long: u64); } }",
    "import wasi:clocks/monotonic-clock@0.3.0;",
);
const CLOCK_IMPORTS: &str = r#"(import "$root" "[waitable-set-new]" (func $set (result i32)))
  (import "$root" "[waitable-join]" (func $join (param i32 i32)))
  (import "wasi:clocks/monotonic-clock@0.3.0" "[async-lower]wait-for" (func $after (param i64) (result i32)))"#;

const CANCELS: &str = r#"(import "$root" "[subtask-cancel]" (func $cancel (param i32) (result i32)))
  (import "$root" "[subtask-drop]" (func $drop (param i32)))
  (import "wasi:clocks/monotonic-clock@0.3.0" "[async-lower]wait-for" (func $after (param i64) (result i32)))"#;

const OUTPUT: (&str, &str) = (
    "package wasi:cli@0.3.0 {
        interface types { enum error-code { io, illegal-byte-sequence, pipe } }
        interface stdout {
            use types.{error-code};
            write-via-stream: func(data: stream<u8>) -> future<result<_, error-code>>;
        }
    }",
    "import wasi:cli/stdout@0.3.0;",
);
const OUTPUT_IMPORTS: &str = r#"(import "wasi:cli/stdout@0.3.0" "[stream-new-0]write-via-stream" (func $stream (result i64)))
  (import "wasi:cli/stdout@0.3.0" "write-via-stream" (func $print (param i32) (result i32)))"#;

impl Guest {
    fn component(&self) -> Vec<u8> {
        let Self { imports, wasi, handle, callback } = self;
        let source = format!(
            r#"(module
  (import "[export]$root" "[task-return]handle" (func $return (param i32 i32 i32 i64 i32 i32 i32)))
  {imports}
  (memory (export "memory") 2)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (data (i32.const 1024) "hello")
  (func $answer
    (call $return (i32.const 0) (i32.const 1) (i32.const 200)
                  (i64.const 0) (i32.const 0) (i32.const 1024) (i32.const 5)))
  (func (export "[async-lift]handle") (param $event i32) (result i32)
    (local $i i32)
    {handle})
  (func (export "[callback][async-lift]handle") (param i32 i32 i32) (result i32)
    {callback}))"#
        );
        wat::concurrent(&source, wasi.0, wasi.1)
    }
}

/// How one ends that never answers. An engine that asserts more than a released one fails by it.
const NO_ANSWER: End = if cfg!(debug_assertions) {
    Fault("trap", "the host failed while the handler ran")
} else {
    Fault("trap", "async-lifted export failed to produce a result")
};

/// One that never waits for anything, and never loops.
pub(super) fn gives_way_for_ever() -> Vec<u8> {
    Guest { handle: YIELDS, callback: YIELDS, ..HARMLESS }.component()
}

/// All of them, in the order of the table.
pub(super) fn all() -> Vec<Case> {
    vec![
        case("async: waits for what never comes", "", Fault("trap", "deadlock"), || {
            let handle = "(i32.or (i32.const 2) (i32.shl (call $set) (i32.const 4)))";
            Guest { imports: SETS, handle, ..HARMLESS }.component()
        }),
        case("async: waits for an hour", "timeout: 1s", Fault("timeout", "the handler ran longer than 1s"), || {
            let handle = "(local.set $i (call $set))
                (call $join (i32.shr_u (call $after (i64.const 3600000000000)) (i32.const 4)) (local.get $i))
                (i32.or (i32.const 2) (i32.shl (local.get $i) (i32.const 4)))";
            Guest { imports: CLOCK_IMPORTS, wasi: CLOCK, handle, ..HARMLESS }.component()
        }),
        case("async: gives way for ever", CPU, Fault("cpu_time", "300 ms"), gives_way_for_ever),
        case("async: loops after its answer", CPU, Fault("cpu_time", "300 ms"), || {
            Guest { handle: "(call $answer) (loop $again (br $again)) (i32.const 0)", ..HARMLESS }.component()
        }),
        case("async: answers, and goes on giving way", "", Answered, || {
            let handle = "(call $answer) (i32.const 1)";
            Guest { handle, callback: YIELDS, ..HARMLESS }.component()
        }),
        case("async: answers twice", "", Fault("trap", "task.return"), || {
            Guest { handle: "(call $answer) (call $answer) (i32.const 0)", ..HARMLESS }.component()
        }),
        case("async: ends without an answer", "", NO_ANSWER, || Guest { handle: ENDED, ..HARMLESS }.component()),
        case("async: answers, and leaves what it waited for", "", Answered, || {
            let handle = "(drop (call $after (i64.const 3600000000000))) (call $answer) (i32.const 0)";
            Guest { imports: CLOCK_IMPORTS, wasi: CLOCK, handle, ..HARMLESS }.component()
        }),
        case("async: calls ever more that it does not wait for", "", Fault("limit", "limit of 1000"), || {
            let handle = "(loop $again (drop (call $after (i64.const 3600000000000))) (br $again)) (i32.const 0)";
            Guest { imports: CLOCK_IMPORTS, wasi: CLOCK, handle, ..HARMLESS }.component()
        }),
        case("async: makes ever more sets to wait for", "", Fault("limit", "limit of 1000"), || {
            let handle = "(loop $again (drop (call $set)) (br $again)) (i32.const 0)";
            Guest { imports: SETS, handle, ..HARMLESS }.component()
        }),
        case("async: makes ever more streams", "", Fault("limit", "limit of 1000"), || {
            let handle = "(loop $again (drop (call $stream)) (br $again)) (i32.const 0)";
            Guest { imports: OUTPUT_IMPORTS, wasi: OUTPUT, handle, ..HARMLESS }.component()
        }),
        case("async: prints ever more streams that it does not write", "", Fault("limit", "limit of 1000"), || {
            let handle = "(loop $again (drop (call $print (i32.wrap_i64 (call $stream)))) (br $again)) (i32.const 0)";
            Guest { imports: OUTPUT_IMPORTS, wasi: OUTPUT, handle, ..HARMLESS }.component()
        }),
        case("async: calls and cancels for ever", CPU, Fault("cpu_time", "300 ms"), || {
            let handle = "(loop $again
                (local.set $i (i32.shr_u (call $after (i64.const 3600000000000)) (i32.const 4)))
                (drop (call $cancel (local.get $i)))
                (call $drop (local.get $i))
                (br $again))
                (i32.const 0)";
            Guest { imports: CANCELS, wasi: CLOCK, handle, ..HARMLESS }.component()
        }),
        case("async: writes to itself for ever", CPU, Fault("cpu_time", "300 ms"), instances::writing_to_each_other),
        case("async: waits in 16 instances at once", "timeout: 1s", Fault("timeout", "longer than 1s"), || {
            instances::waiting(instances::MOST)
        }),
        case("async: 17 instances of components", "", Refused("it is made of 17 instances of components"), || {
            instances::waiting(instances::MOST + 1)
        }),
    ]
}

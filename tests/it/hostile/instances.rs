//! Components with `async` functions that are made of several, written in WAT as a whole: what joins them is in no core module.

/// Instances of components that one may be made of.
pub(crate) const MOST: usize = 16;

/// A component that is made of so many instances of components. Its handler waits for an hour in each that has code, all at once: each of
/// these holds a stack meanwhile.
pub(crate) fn waiting(instances: usize) -> Vec<u8> {
    // The outermost one has no code, and the handler's is one of them.
    let others = 2..instances;
    let all = |of: fn(usize) -> String| others.clone().map(of).collect::<String>();
    let made = all(|place| {
        format!(r#"(instance $waits{place} (instantiate $waits (with "wait-for" (func $clock "wait-for"))))"#)
    });
    let runs = all(|place| {
        format!(
            r#"(import "run{place}" (func $other{place} async)) (core func $run{place} (canon lower (func $other{place}) async))"#
        )
    });
    let imports = all(|place| format!(r#"(import "" "run{place}" (func $run{place} (result i32)))"#));
    let calls = all(|place| format!("(drop (call $run{place}))"));
    let exports = all(|place| format!(r#"(export "run{place}" (func $run{place}))"#));
    let given = all(|place| format!(r#"(with "run{place}" (func $waits{place} "run"))"#));
    Parts {
        others: &format!(
            r#"(import "wasi:clocks/monotonic-clock@0.3.0"
    (instance $clock (export "wait-for" (func async (param "how-long" u64)))))
  (component $waits
    (import "wait-for" (func $wait-for async (param "how-long" u64)))
    (core func $wait (canon lower (func $wait-for)))
    (core module $code
      (import "" "wait" (func $wait (param i64)))
      (func (export "run") (result i32) (call $wait (i64.const 3600000000000)) unreachable)
      (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
    (core instance $made (instantiate $code (with "" (instance (export "wait" (func $wait))))))
    (func (export "run") async (canon lift (core func $made "run") async (callback (func $made "callback")))))
  {made}"#
        ),
        handler: &format!(
            r#"(import "wait-for" (func $wait-for async (param "how-long" u64)))
    (core func $wait (canon lower (func $wait-for)))
    {runs}
    (core module $code
      (import "" "wait" (func $wait (param i64)))
      {imports}
      (memory (export "memory") 1)
      (func (export "handle") (param i32) (result i32) {calls} (call $wait (i64.const 3600000000000)) unreachable)
      (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
    (core instance $made (instantiate $code (with "" (instance (export "wait" (func $wait)) {exports}))))"#
        ),
        given: &format!(r#"(with "wait-for" (func $clock "wait-for")) {given}"#),
    }
    .component()
}

/// A component whose handler writes to a stream for ever, which an instance of another reads for ever: each time one of them waits for the
/// other, and neither loops.
pub(super) fn writing_to_each_other() -> Vec<u8> {
    // At one end of a stream: reads or writes until that waits for the other end.
    let pump = r#"(import "" "copy" (func $copy (param i32 i32 i32) (result i32)))
      (import "" "set" (func $new-set (result i32)))
      (import "" "join" (func $join (param i32 i32)))
      (memory (export "memory") 1)
      (global $end (mut i32) (i32.const 0))
      (global $set (mut i32) (i32.const 0))
      (func $pump (result i32)
        (loop $again (br_if $again (i32.ne (call $copy (global.get $end) (i32.const 0) (i32.const 1)) (i32.const -1))))
        (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))
      (func $begin (param $end i32) (result i32)
        (global.set $end (local.get $end))
        (global.set $set (call $new-set))
        (call $join (global.get $end) (global.get $set))
        (call $pump))
      (func (export "callback") (param i32 i32 i32) (result i32) (call $pump))"#;
    let held = r#"(core module $memory (memory (export "memory") 1))
    (core instance $held (instantiate $memory))
    (core func $set (canon waitable-set.new))
    (core func $join (canon waitable.join))
    (type $bytes (stream u8))"#;
    let exports = r#"(export "copy" (func $copy)) (export "set" (func $set)) (export "join" (func $join))"#;
    Parts {
        others: &format!(
            r#"(component $reads
    {held}
    (core func $copy (canon stream.read $bytes async (memory (core memory $held "memory"))))
    (core module $code
      {pump}
      (func (export "run") (param $end i32) (result i32) (call $begin (local.get $end))))
    (core instance $made (instantiate $code (with "" (instance {exports}))))
    (func (export "run") async (param "bytes" $bytes)
      (canon lift (core func $made "run") async (callback (func $made "callback")))))
  (instance $reads (instantiate $reads))"#
        ),
        handler: &format!(
            r#"{held}
    (import "run" (func $other async (param "bytes" $bytes)))
    (core func $run (canon lower (func $other) async))
    (core func $copy (canon stream.write $bytes async (memory (core memory $held "memory"))))
    (core func $new (canon stream.new $bytes))
    (core module $code
      (import "" "new" (func $new (result i64)))
      (import "" "run" (func $run (param i32) (result i32)))
      {pump}
      (func (export "handle") (param i32) (result i32)
        (local $ends i64)
        (local.set $ends (call $new))
        (drop (call $run (i32.wrap_i64 (local.get $ends))))
        (call $begin (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))))
    (core instance $made
      (instantiate $code (with "" (instance {exports} (export "new" (func $new)) (export "run" (func $run))))))"#
        ),
        given: r#"(with "run" (func $reads "run"))"#,
    }
    .component()
}

/// What components are made of here. A component may not call those within it, so the handler is in one beside the others.
struct Parts<'a> {
    /// Imports, and what is beside the handler.
    others: &'a str,
    /// What the handler imports of it, and the core instance `$made`, whose `handle` it is. It must not answer.
    handler: &'a str,
    /// What is given for these imports.
    given: &'a str,
}

/// The types of handlers, as far as theirs is made of them.
const TYPES: &str = r#"(import "tenterhook:webhook/types@0.1.0" (instance $types
    (export "event" (type (sub resource)))
    (type $pair (record (field "name" string) (field "value" string)))
    (export "pair" (type $named-pair (eq $pair)))
    (type $response (record (field "status" u16) (field "headers" (list $named-pair)) (field "body" (list u8))))
    (export "response" (type (eq $response)))
    (type $retry (record (field "after-ms" (option u64)) (field "reason" string)))
    (export "retry-later" (type $named-retry (eq $retry)))
    (type $failure (variant (case "retry" $named-retry) (case "reject" string)))
    (export "failure" (type (eq $failure)))))"#;

impl Parts<'_> {
    fn component(&self) -> Vec<u8> {
        let Self { others, handler, given } = self;
        let source = format!(
            r#"(component
  {TYPES}
  {others}
  (component $handles
    {TYPES}
    (alias export $types "event" (type $event))
    (alias export $types "response" (type $response))
    (alias export $types "failure" (type $failure))
    {handler}
    (func (export "handle") async (param "event" (own $event)) (result (result (option $response) (error $failure)))
      (canon lift (core func $made "handle") async
        (callback (func $made "callback")) (memory (core memory $made "memory")))))
  (instance $handles (instantiate $handles (with "tenterhook:webhook/types@0.1.0" (instance $types)) {given}))
  (export "handle" (func $handles "handle")))"#
        );
        ::wat::parse_str(&source).unwrap_or_else(|error| panic!("{error}\n{source}"))
    }
}

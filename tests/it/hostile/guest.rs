//! Guests that are meant to hurt, written as what differs from a harmless one.

use crate::harness::wat;

/// A core module in WAT. Each part is what a harmless handler would have unless it is given.
pub(crate) struct Guest {
    /// Of functions of the host.
    pub(crate) imports: &'static str,
    /// Packages of WASI, reduced to what is imported, and the imports of the world.
    pub(crate) wasi: (&'static str, &'static str),
    /// In pages.
    pub(crate) memory: u32,
    /// Run when the sandbox is made.
    pub(crate) initialize: &'static str,
    /// The allocator's body.
    pub(crate) realloc: &'static str,
    /// Other parts of the module: functions, tables, data.
    pub(crate) more: &'static str,
    /// The handler's body; the answer `hello` follows it.
    pub(crate) handle: &'static str,
}

/// A bump allocator without free: an instance lives for one event.
const REALLOC: &str = "(local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
                            (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.get $at)";

pub(crate) const HARMLESS: Guest =
    Guest { imports: "", wasi: ("", ""), memory: 2, initialize: "", realloc: REALLOC, more: "", handle: "" };

/// What a handler imports to write to the log.
pub(crate) const LOG: &str = r#"(import "cm32p2|tenterhook:webhook/log@0.1" "log"
    (func $log (param $level i32) (param $text i32) (param $size i32) (param $fields i32) (param $count i32)))"#;

/// What it imports to ask for an event's id, and to let go of an event.
pub(crate) const EVENT: &str = r#"(import "cm32p2|tenterhook:webhook/types@0.1" "[method]event.id" (func $id (param i32 i32)))
  (import "cm32p2|tenterhook:webhook/types@0.1" "[method]event.data" (func $data (param i32 i32)))
  (import "cm32p2|tenterhook:webhook/types@0.1" "[method]event.has" (func $has (param i32 i32 i32) (result i32)))
  (import "cm32p2|tenterhook:webhook/types@0.1" "event_drop" (func $drop (param i32)))"#;

impl Guest {
    pub(crate) fn component(&self) -> Vec<u8> {
        let Self { imports, wasi, memory, initialize, realloc, more, handle } = self;
        let source = format!(
            r#"(module
  {imports}
  (memory (export "cm32p2_memory") {memory})
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cm32p2_initialize") {initialize})
  (func (export "cm32p2_realloc") (param $old i32) (param $oldsize i32) (param $align i32) (param $size i32) (result i32)
    {realloc})
  (func (export "cm32p2||handle_post") (param i32))
  (data (i32.const 1024) "hello")
  {more}
  (func (export "cm32p2||handle") (param $event i32) (result i32)
    (local $i i32)
    ;; result<option<response>, failure> at 64: ok, some, then status, headers and body.
    (i32.store8 (i32.const 64) (i32.const 0))
    (i32.store8 (i32.const 72) (i32.const 1))
    (i32.store16 (i32.const 76) (i32.const 200))
    (i32.store (i32.const 80) (i32.const 0)) (i32.store (i32.const 84) (i32.const 0))
    (i32.store (i32.const 88) (i32.const 1024)) (i32.store (i32.const 92) (i32.const 5))
    {handle}
    (i32.const 64)))"#
        );
        wat::component_with(&source, "handle", wasi.0, wasi.1)
    }
}

/// A section of a component: its kind, its length, its bytes.
fn section(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut section = vec![kind];
    leb(&mut section, bytes.len());
    section.extend_from_slice(bytes);
    section
}

fn leb(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A component with one core module in it, which nothing instantiates.
pub(crate) fn around(module: &[u8]) -> Vec<u8> {
    [COMPONENT, &section(1, module)].concat()
}

/// Components in components.
pub(crate) fn nested(depth: usize) -> Vec<u8> {
    (0..depth).fold(COMPONENT.to_vec(), |inner, _| [COMPONENT, &section(4, &inner)].concat())
}

/// A component in which one with ten instances is instantiated ten times, and so on.
pub(crate) fn powers_of_ten(power: u32) -> Vec<u8> {
    let mut source = r#"(component $c0 (core module $m (memory 1)) (core instance (instantiate $m)))"#.to_owned();
    for level in 1..=power {
        let inner = level - 1;
        let instances = format!("(instance (instantiate $c{inner}))").repeat(10);
        source = format!("(component $c{level} {source} {instances})");
    }
    ::wat::parse_str(source).unwrap()
}

/// A core module of one function with so many locals of type `i32`, and a body of about so many bytes that makes a compiler
/// think: loops in which all of them change.
pub(crate) fn bomb(locals: usize, bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    // One group of locals.
    leb(&mut body, 1);
    leb(&mut body, locals);
    body.push(0x7f);
    let mut depth = 0;
    let mut local = 0;
    while body.len() < bytes {
        if depth < 200 {
            // loop
            body.extend([0x03, 0x40]);
            depth += 1;
        }
        for _ in 0..4 {
            // local.get a, local.get b, i32.add, local.set a
            body.push(0x20);
            leb(&mut body, local);
            body.push(0x20);
            leb(&mut body, (local * 7 + 1) % locals);
            body.push(0x6a);
            body.push(0x21);
            leb(&mut body, local);
            local = (local + 1) % locals;
        }
        // local.get a, br_if to one of the loops
        body.push(0x20);
        leb(&mut body, local);
        body.push(0x0d);
        leb(&mut body, local % depth);
    }
    body.extend(std::iter::repeat_n(0x0b, depth + 1));
    let mut code = vec![1];
    leb(&mut code, body.len());
    code.extend(body);
    let module = [b"\0asm\x01\0\0\0".to_vec(), section(1, &[1, 0x60, 0, 0]), section(3, &[1, 0]), section(10, &code)];
    module.concat()
}

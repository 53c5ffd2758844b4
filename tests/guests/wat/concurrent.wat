(module
  ;; Answers 200 "hello", as an `async` function and as one that is not.
  (import "[export]$root" "[task-return]handle" (func $return (param i32 i32 i32 i64 i32 i32 i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 4096))
  ;; A bump allocator without free: an instance lives for one event.
  (func (export "cabi_realloc") (param $old i32) (param $oldsize i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
                            (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (data (i32.const 1024) "hello")
  (func (export "[async-lift]handle") (param $event i32) (result i32)
    ;; ok, some, then status, headers and body.
    (call $return (i32.const 0) (i32.const 1) (i32.const 200)
                  (i64.const 0) (i32.const 0) (i32.const 1024) (i32.const 5))
    ;; It has ended.
    (i32.const 0))
  (func (export "[callback][async-lift]handle") (param i32 i32 i32) (result i32) unreachable)
  (func (export "cabi_post_plain") (param i32))
  (func (export "plain") (param $event i32) (result i32)
    ;; result<option<response>, failure> at 64: ok, some, then status, headers and body.
    (i32.store8 (i32.const 64) (i32.const 0))
    (i32.store8 (i32.const 72) (i32.const 1))
    (i32.store16 (i32.const 76) (i32.const 200))
    (i32.store (i32.const 80) (i32.const 0)) (i32.store (i32.const 84) (i32.const 0))
    (i32.store (i32.const 88) (i32.const 1024)) (i32.store (i32.const 92) (i32.const 5))
    (i32.const 64)))

(module
  ;; Traps when the body's JSON has `trap`, and at the first attempt when it has `trap_once`. Otherwise answers 200 "hello".
  (import "cm32p2|tenterhook:webhook/types@0.1" "[method]event.has"
    (func $has (param $event i32) (param $key i32) (param $size i32) (result i32)))
  (import "cm32p2|tenterhook:webhook/types@0.1" "[method]event.attempt"
    (func $attempt (param $event i32) (result i32)))
  (memory (export "cm32p2_memory") 1)
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cm32p2_initialize"))
  ;; A bump allocator without free: an instance lives for one event.
  (func (export "cm32p2_realloc") (param $old i32) (param $oldsize i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
                            (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func (export "cm32p2||handle_post") (param i32))
  (data (i32.const 1024) "hello")
  (data (i32.const 1040) "/body/json/trap")
  (data (i32.const 1072) "/body/json/trap_once")
  (func (export "cm32p2||handle") (param $event i32) (result i32)
    (if (call $has (local.get $event) (i32.const 1040) (i32.const 15)) (then unreachable))
    (if (i32.and (call $has (local.get $event) (i32.const 1072) (i32.const 20))
                 (i32.eq (call $attempt (local.get $event)) (i32.const 1)))
      (then unreachable))
    ;; result<option<response>, failure> at 64: ok, some, then status, headers and body.
    (i32.store8 (i32.const 64) (i32.const 0))
    (i32.store8 (i32.const 72) (i32.const 1))
    (i32.store16 (i32.const 76) (i32.const 200))
    (i32.store (i32.const 80) (i32.const 0)) (i32.store (i32.const 84) (i32.const 0))
    (i32.store (i32.const 88) (i32.const 1024)) (i32.store (i32.const 92) (i32.const 5))
    (i32.const 64)))

(module
  ;; Rejects the event with four megabytes of reasons.
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
  (func (export "cm32p2||handle") (param $event i32) (result i32)
    ;; result<option<response>, failure> at 64: err, reject, then the text.
    (drop (memory.grow (i32.const 70)))
    (memory.fill (i32.const 4096) (i32.const 97) (i32.const 4000000))
    (i32.store8 (i32.const 64) (i32.const 1))
    (i32.store8 (i32.const 72) (i32.const 1))
    (i32.store (i32.const 80) (i32.const 4096)) (i32.store (i32.const 84) (i32.const 4000000))
    (i32.const 64)))

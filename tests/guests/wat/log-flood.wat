(module
  ;; Writes entries of ten thousand empty fields to the log, again and again, and then traps.
  (import "cm32p2|tenterhook:webhook/log@0.1" "log"
    (func $log (param $level i32) (param $text i32) (param $size i32) (param $fields i32) (param $count i32)))
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
    (local $round i32)
    (drop (memory.grow (i32.const 4)))
    (loop $again
      (call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 8192) (i32.const 10000))
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $round) (i32.const 100))))
    unreachable))

(module
  (memory (export "cm32p2_memory") 1)
  ;; The host asks for memory for what it returns: one block after the other, since an instance lives for one event.
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cm32p2_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
                            (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func (export "cm32p2_initialize"))

  (data (i32.const 1024) "Content-Typetext/plain; charset=utf-8I am a teapot.\n")

  (func (export "cm32p2||on-coffee") (param $event i32) (result i32)
    ;; list<pair> at 128, with one pair: its name and its value, each an address and a length.
    (i32.store (i32.const 128) (i32.const 1024)) (i32.store (i32.const 132) (i32.const 12))
    (i32.store (i32.const 136) (i32.const 1036)) (i32.store (i32.const 140) (i32.const 25))
    ;; result<option<response>, failure> at 64: ok; at 72 the option: some; from 76 on the response.
    (i32.store8 (i32.const 64) (i32.const 0))
    (i32.store8 (i32.const 72) (i32.const 1))
    (i32.store16 (i32.const 76) (i32.const 418))
    (i32.store (i32.const 80) (i32.const 128)) (i32.store (i32.const 84) (i32.const 1))
    (i32.store (i32.const 88) (i32.const 1061)) (i32.store (i32.const 92) (i32.const 15))
    (i32.const 64))
  ;; What the host calls when it has read the answer.
  (func (export "cm32p2||on-coffee_post") (param $answer i32)))

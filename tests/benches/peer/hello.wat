(module
  ;; Answers 200 "hello", with its length, as the servers beside it do.
  (import "cm32p2|wasi:http/types@0.2" "[static]fields.from-list" (func $fields (param i32 i32 i32)))
  (import "cm32p2|wasi:http/types@0.2" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
  (import "cm32p2|wasi:http/types@0.2" "[method]outgoing-response.body" (func $body (param i32 i32)))
  (import "cm32p2|wasi:http/types@0.2" "[static]response-outparam.set"
    (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
  (import "cm32p2|wasi:http/types@0.2" "[method]outgoing-body.write" (func $write (param i32 i32)))
  (import "cm32p2|wasi:http/types@0.2" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (import "cm32p2|wasi:io/streams@0.2" "[method]output-stream.blocking-write-and-flush"
    (func $send (param i32 i32 i32 i32)))
  (import "cm32p2|wasi:io/streams@0.2" "output-stream_drop" (func $drop (param i32)))
  (memory (export "cm32p2_memory") 1)
  (func (export "cm32p2_initialize"))
  ;; Called for the text of errors only, which it does not have.
  (func (export "cm32p2_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "cm32p2|wasi:http/incoming-handler@0.2|handle_post"))
  (data (i32.const 1024) "hello")
  (data (i32.const 1040) "content-length")
  (data (i32.const 1056) "5")
  ;; One entry: where its name is and how long, and the same of its value.
  (data (i32.const 1072) "\10\04\00\00\0e\00\00\00\20\04\00\00\01\00\00\00")
  ;; Results are at 64: whether it failed, and 4 bytes on what it is.
  (func $value (result i32)
    (if (i32.load8_u (i32.const 64)) (then unreachable))
    (i32.load (i32.const 68)))
  (func (export "cm32p2|wasi:http/incoming-handler@0.2|handle") (param $request i32) (param $out i32)
    (local $response i32) (local $body i32) (local $stream i32)
    (call $fields (i32.const 1072) (i32.const 1) (i32.const 64))
    (local.set $response (call $response (call $value)))
    (call $body (local.get $response) (i32.const 64))
    (local.set $body (call $value))
    ;; The response rather than an error, whose parts follow.
    (call $set (local.get $out) (i32.const 0) (local.get $response)
      (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
    (call $write (local.get $body) (i32.const 64))
    (local.set $stream (call $value))
    (call $send (local.get $stream) (i32.const 1024) (i32.const 5) (i32.const 64))
    (drop (call $value))
    (call $drop (local.get $stream))
    (call $finish (local.get $body) (i32.const 0) (i32.const 0) (i32.const 64))
    (drop (call $value))))

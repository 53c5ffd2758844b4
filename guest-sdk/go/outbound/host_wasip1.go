package outbound

import (
	"unsafe"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/abi"
)

// What is imported of WASI 0.2, by the handles of its resources.

//go:wasmimport wasi:http/types@0.2.0 [constructor]fields
func newFields() uint32

//go:wasmimport wasi:http/types@0.2.0 [method]fields.append
func fieldsAppend(self uint32, name unsafe.Pointer, length uint32, value unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [method]fields.entries
func fieldsEntries(self uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]fields
func dropFields(self uint32)

//go:wasmimport wasi:http/types@0.2.0 [constructor]outgoing-request
func newRequest(headers uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-request.body
func requestBody(self uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-request.set-method
func setMethod(self, tag uint32, text unsafe.Pointer, length uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-request.set-scheme
func setScheme(self, isSome, tag uint32, text unsafe.Pointer, length uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-request.set-authority
func setAuthority(self, isSome uint32, text unsafe.Pointer, length uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-request.set-path-with-query
func setPath(self, isSome uint32, text unsafe.Pointer, length uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]outgoing-request
func dropRequest(self uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]outgoing-body.write
func bodyWrite(self uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [static]outgoing-body.finish
func bodyFinish(body, hasTrailers, trailers uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]outgoing-body
func dropOutgoingBody(self uint32)

//go:wasmimport wasi:http/outgoing-handler@0.2.0 handle
func handle(request, hasOptions, options uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [method]future-incoming-response.subscribe
func futureSubscribe(self uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [method]future-incoming-response.get
func futureGet(self uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]future-incoming-response
func dropFuture(self uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-response.status
func responseStatus(self uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-response.headers
func responseHeaders(self uint32) uint32

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-response.consume
func responseConsume(self uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]incoming-response
func dropResponse(self uint32)

//go:wasmimport wasi:http/types@0.2.0 [method]incoming-body.stream
func bodyStream(self uint32, result unsafe.Pointer)

//go:wasmimport wasi:http/types@0.2.0 [resource-drop]incoming-body
func dropIncomingBody(self uint32)

//go:wasmimport wasi:http/types@0.2.0 http-error-code
func httpErrorCode(err uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/error@0.2.0 [method]error.to-debug-string
func errorText(self uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/error@0.2.0 [resource-drop]error
func dropError(self uint32)

//go:wasmimport wasi:io/streams@0.2.0 [method]input-stream.read
func streamRead(self uint32, most uint64, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.0 [method]input-stream.subscribe
func streamSubscribe(self uint32) uint32

//go:wasmimport wasi:io/streams@0.2.0 [resource-drop]input-stream
func dropInput(self uint32)

//go:wasmimport wasi:io/streams@0.2.0 [method]output-stream.blocking-write-and-flush
func streamWrite(self uint32, bytes unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/streams@0.2.0 [resource-drop]output-stream
func dropOutput(self uint32)

//go:wasmimport wasi:io/poll@0.2.0 poll
func poll(pollables unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport wasi:io/poll@0.2.0 [resource-drop]pollable
func dropPollable(self uint32)

//go:wasmimport wasi:clocks/monotonic-clock@0.2.0 subscribe-duration
func subscribeDuration(nanoseconds uint64) uint32

// errorCode is WASI's variant of that name.
type errorCode struct {
	tag  uint8
	_    [7]byte
	text abi.Optional
	_    [12]byte
}

// answered is an option<result<result<incoming-response, error-code>>>.
type answered struct {
	isSome    uint8
	_         [7]byte
	isTaken   uint8
	_         [7]byte
	isRefused uint8
	_         [7]byte
	code      errorCode
}

// response gives the handle of the response, which lies where the code of an error would.
func (a *answered) response() uint32 { return *abi.As[uint32](&a.code) }

// owned calls what gives a result with a handle.
func owned(call func(uint32, unsafe.Pointer), self uint32) (uint32, bool) {
	result := abi.Returned[abi.Short]()
	call(self, unsafe.Pointer(result))
	return result.Case[0], result.IsError == 0
}

//go:build wasip1

package tenterhook

import (
	"encoding/json"
	"log/slog"
	"math"
	"runtime"
	"unsafe"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/abi"
)

// This file speaks the canonical ABI of the component model for the contract in wit/: see internal/abi.

var current host = sandbox{}

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.id
func eventID(self uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.kind
func eventKind(self uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.session
func eventSession(self uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.attempt
func eventAttempt(self uint32) uint32

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.created-at
func eventCreatedAt(self uint32) int64

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.trigger
func eventTrigger(self uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.redispatched-from
func eventRedispatchedFrom(self uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.get
func eventGet(self uint32, key unsafe.Pointer, length, tag uint32, first uint64, second uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.has
func eventHas(self uint32, key unsafe.Pointer, length uint32) uint32

//go:wasmimport tenterhook:webhook/types@0.1.0 [method]event.keys
func eventKeys(self uint32, key unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/log@0.1.0 log
func logLog(level uint32, message unsafe.Pointer, length uint32, fields unsafe.Pointer, count uint32)

//go:wasmimport tenterhook:webhook/vars@0.1.0 get
func varsGet(name unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/vars@0.1.0 names
func varsNames(result unsafe.Pointer)

// variant is a value of the payload as it lies in memory.
type variant struct {
	tag  uint8
	_    [7]byte
	bits uint64
}

// hostEvent is the handle of the host's resource.
type hostEvent uint32

func (e hostEvent) text(call func(uint32, unsafe.Pointer)) string {
	result := abi.Returned[abi.List]()
	call(uint32(e), unsafe.Pointer(result))
	return result.String()
}

func (e hostEvent) id() string       { return e.text(eventID) }
func (e hostEvent) kind() string     { return e.text(eventKind) }
func (e hostEvent) session() string  { return e.text(eventSession) }
func (e hostEvent) attempt() uint32  { return eventAttempt(uint32(e)) }
func (e hostEvent) createdAt() int64 { return eventCreatedAt(uint32(e)) }
func (e hostEvent) trigger() string  { return e.text(eventTrigger) }

func (e hostEvent) redispatchedFrom() string {
	result := abi.Returned[abi.Optional]()
	eventRedispatchedFrom(uint32(e), unsafe.Pointer(result))
	if result.IsSome == 0 {
		return ""
	}
	return result.Text.String()
}

// The cases of the variant `value`.
const (
	tagNull = iota
	tagBoolean
	tagInteger
	tagUnsigned
	tagNumber
	tagText
	tagBytes
	tagJSON
)

func (e hostEvent) get(pointer string) content {
	result := abi.Returned[variant]()
	key, length := abi.Parts(pointer)
	// No field's value: a JSON text is never empty. So one call tells what is missing from what is null.
	eventGet(uint32(e), key, length, tagJSON, 8, 0, unsafe.Pointer(result))
	runtime.KeepAlive(pointer)
	text := *(*abi.List)(unsafe.Pointer(&result.bits))
	switch result.tag {
	case tagNull:
		return nil
	case tagBoolean:
		return uint8(result.bits) != 0
	case tagInteger:
		return int64(result.bits)
	case tagUnsigned:
		return contentOf(result.bits)
	case tagNumber:
		return math.Float64frombits(result.bits)
	case tagText:
		return text.String()
	case tagBytes:
		return text.Bytes()
	default:
		if text.Length == 0 {
			return missing{}
		}
		return json.RawMessage(text.Bytes())
	}
}

func (e hostEvent) has(pointer string) bool {
	key, length := abi.Parts(pointer)
	found := eventHas(uint32(e), key, length) != 0
	runtime.KeepAlive(pointer)
	return found
}

func (e hostEvent) keys(pointer string) []string {
	result := abi.Returned[abi.List]()
	key, length := abi.Parts(pointer)
	eventKeys(uint32(e), key, length, unsafe.Pointer(result))
	runtime.KeepAlive(pointer)
	return result.Strings()
}

// sandbox is the host of a component.
type sandbox struct{}

func (sandbox) log(level Level, message string, fields []field) {
	pairs := make([]abi.Pair, len(fields))
	for index, field := range fields {
		pairs[index] = abi.Pair{abi.Lower(field.name), abi.Lower(field.value)}
	}
	text, length := abi.Parts(message)
	logLog(uint32(level), text, length, unsafe.Pointer(unsafe.SliceData(pairs)), uint32(len(pairs)))
	runtime.KeepAlive(message)
	runtime.KeepAlive(pairs)
}

func (sandbox) variable(name string) (string, bool) {
	result := abi.Returned[abi.Optional]()
	text, length := abi.Parts(name)
	varsGet(text, length, unsafe.Pointer(result))
	runtime.KeepAlive(name)
	if result.IsSome == 0 {
		return "", false
	}
	return result.Text.String(), true
}

func (sandbox) variables() []string {
	result := abi.Returned[abi.List]()
	varsNames(unsafe.Pointer(result))
	return result.Strings()
}

// answer is a result<option<response>, failure> as it lies in memory.
type answer struct {
	isError uint8
	_       [7]byte
	// The option's tag, or the failure's.
	tag uint8
	_   [3]byte
	ok  response
}

type response struct {
	status  uint16
	_       [2]byte
	headers abi.List
	body    abi.List
	_       [8]byte
}

type retry struct {
	isError  uint8
	_        [7]byte
	tag      uint8
	_        [7]byte
	hasAfter uint8
	_        [7]byte
	after    uint64
	reason   abi.List
}

type reject struct {
	isError uint8
	_       [7]byte
	tag     uint8
	_       [7]byte
	reason  abi.List
	_       [16]byte
}

// Run is what the code that `tenterhook build` writes calls, with the event's handle. It may change in any release.
func Run[H Handler](event uint32, handler H) unsafe.Pointer {
	slog.SetDefault(slog.New(NewLogHandler()))
	returned, err := Call(handler, &Event{hostEvent(event)})
	if err != nil {
		return lowerFailure(failureOf(err))
	}
	result := &answer{}
	abi.Keep(result)
	if returned == nil {
		return unsafe.Pointer(result)
	}
	pairs := make([]abi.Pair, len(returned.Headers))
	for index, header := range returned.Headers {
		pairs[index] = abi.Pair{abi.Lower(header.Name), abi.Lower(header.Value)}
	}
	status := returned.Status
	if status == 0 {
		status = 200
	}
	// What is no status at all is refused by the host as 0 is.
	if status < 0 || status > math.MaxUint16 {
		status = 0
	}
	result.tag = 1
	result.ok = response{status: uint16(status), headers: abi.LowerAll(pairs), body: abi.Lower(returned.Body)}
	return unsafe.Pointer(result)
}

func lowerFailure(failure Failure) unsafe.Pointer {
	if failure.IsReject {
		result := &reject{isError: 1, tag: 1, reason: abi.Lower(failure.Reason)}
		abi.Keep(result)
		return unsafe.Pointer(result)
	}
	result := &retry{isError: 1, reason: abi.Lower(failure.Reason)}
	if failure.After > 0 {
		result.hasAfter, result.after = 1, uint64(failure.After.Milliseconds())
	}
	abi.Keep(result)
	return unsafe.Pointer(result)
}

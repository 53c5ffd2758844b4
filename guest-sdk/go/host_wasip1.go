//go:build wasip1

package tenterhook

import (
	"encoding/json"
	"log/slog"
	"math"
	"runtime"
	"unsafe"
)

// This file speaks the canonical ABI of the component model for the contract in wit/. An instance handles one event and is thrown
// away, so memory that crosses is never freed.

var current host = sandbox{}

// kept holds what only the host points at.
var kept []any

// sbrk takes memory that is none of the garbage collector's.
//
//go:linkname sbrk runtime.sbrk
func sbrk(size uintptr) unsafe.Pointer

// room is the rest of what was taken last.
var room struct{ next, end uintptr }

// cabiRealloc gives the host memory for what it returns. It may be called before the runtime has started, and must not call the host in turn,
// as the garbage collector does when it reads the clock: so it takes none of Go's memory.
//
//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	next := (room.next + uintptr(align) - 1) &^ (uintptr(align) - 1)
	if next+uintptr(size) > room.end || room.next == 0 {
		const page = 64 << 10
		taken := (uintptr(size) + uintptr(align) + page - 1) &^ (page - 1)
		room.next = uintptr(sbrk(taken))
		room.end = room.next + taken
		next = (room.next + uintptr(align) - 1) &^ (uintptr(align) - 1)
	}
	room.next = next + uintptr(size)
	fresh := unsafe.Pointer(next)
	for at := uint32(0); at < min(oldSize, size); at++ {
		*(*byte)(unsafe.Add(fresh, at)) = *(*byte)(unsafe.Add(old, at))
	}
	return fresh
}

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

// list is a string or a list as it lies in memory.
type list struct {
	start  uint32
	length uint32
}

func (l list) bytes() []byte {
	if l.length == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(l.start))), l.length)
}

func (l list) string() string { return string(l.bytes()) }

func (l list) strings() []string {
	texts := make([]string, l.length)
	for index, item := range unsafe.Slice((*list)(unsafe.Pointer(uintptr(l.start))), l.length) {
		texts[index] = item.string()
	}
	return texts
}

// optional is an option<string> as it lies in memory.
type optional struct {
	isSome uint8
	text   list
}

// variant is a value of the payload as it lies in memory.
type variant struct {
	tag  uint8
	_    [7]byte
	bits uint64
}

// returned is where the host writes a result: not on the stack, which the host's call for memory may move.
func returned[T any]() *T {
	result := new(T)
	kept = append(kept, result)
	return result
}

// parts gives a text's place; it must be kept alive as long as that is used.
func parts(text string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(text)), uint32(len(text))
}

// lower keeps a text or bytes for the host.
func lower[T string | []byte](content T) list {
	bytes := []byte(content)
	kept = append(kept, bytes)
	return list{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes)))), uint32(len(bytes))}
}

// lowerAll keeps a list for the host.
func lowerAll[T any](items []T) list {
	kept = append(kept, items)
	return list{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(items)))), uint32(len(items))}
}

type pair struct{ name, value list }

// hostEvent is the handle of the host's resource.
type hostEvent uint32

func (e hostEvent) text(call func(uint32, unsafe.Pointer)) string {
	result := returned[list]()
	call(uint32(e), unsafe.Pointer(result))
	return result.string()
}

func (e hostEvent) id() string       { return e.text(eventID) }
func (e hostEvent) kind() string     { return e.text(eventKind) }
func (e hostEvent) session() string  { return e.text(eventSession) }
func (e hostEvent) attempt() uint32  { return eventAttempt(uint32(e)) }
func (e hostEvent) createdAt() int64 { return eventCreatedAt(uint32(e)) }
func (e hostEvent) trigger() string  { return e.text(eventTrigger) }

func (e hostEvent) redispatchedFrom() string {
	result := returned[optional]()
	eventRedispatchedFrom(uint32(e), unsafe.Pointer(result))
	if result.isSome == 0 {
		return ""
	}
	return result.text.string()
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
	result := returned[variant]()
	key, length := parts(pointer)
	// No field's value: a JSON text is never empty. So one call tells what is missing from what is null.
	eventGet(uint32(e), key, length, tagJSON, 8, 0, unsafe.Pointer(result))
	runtime.KeepAlive(pointer)
	text := *(*list)(unsafe.Pointer(&result.bits))
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
		return text.string()
	case tagBytes:
		return text.bytes()
	default:
		if text.length == 0 {
			return missing{}
		}
		return json.RawMessage(text.bytes())
	}
}

func (e hostEvent) has(pointer string) bool {
	key, length := parts(pointer)
	found := eventHas(uint32(e), key, length) != 0
	runtime.KeepAlive(pointer)
	return found
}

func (e hostEvent) keys(pointer string) []string {
	result := returned[list]()
	key, length := parts(pointer)
	eventKeys(uint32(e), key, length, unsafe.Pointer(result))
	runtime.KeepAlive(pointer)
	return result.strings()
}

// sandbox is the host of a component.
type sandbox struct{}

func (sandbox) log(level Level, message string, fields []field) {
	pairs := make([]pair, len(fields))
	for index, field := range fields {
		pairs[index] = pair{lower(field.name), lower(field.value)}
	}
	text, length := parts(message)
	logLog(uint32(level), text, length, unsafe.Pointer(unsafe.SliceData(pairs)), uint32(len(pairs)))
	runtime.KeepAlive(message)
	runtime.KeepAlive(pairs)
}

func (sandbox) variable(name string) (string, bool) {
	result := returned[optional]()
	text, length := parts(name)
	varsGet(text, length, unsafe.Pointer(result))
	runtime.KeepAlive(name)
	if result.isSome == 0 {
		return "", false
	}
	return result.text.string(), true
}

func (sandbox) variables() []string {
	result := returned[list]()
	varsNames(unsafe.Pointer(result))
	return result.strings()
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
	headers list
	body    list
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
	reason   list
}

type reject struct {
	isError uint8
	_       [7]byte
	tag     uint8
	_       [7]byte
	reason  list
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
	kept = append(kept, result)
	if returned == nil {
		return unsafe.Pointer(result)
	}
	pairs := make([]pair, len(returned.Headers))
	for index, header := range returned.Headers {
		pairs[index] = pair{lower(header.Name), lower(header.Value)}
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
	result.ok = response{status: uint16(status), headers: lowerAll(pairs), body: lower(returned.Body)}
	return unsafe.Pointer(result)
}

func lowerFailure(failure Failure) unsafe.Pointer {
	if failure.IsReject {
		result := &reject{isError: 1, tag: 1, reason: lower(failure.Reason)}
		kept = append(kept, result)
		return unsafe.Pointer(result)
	}
	result := &retry{isError: 1, reason: lower(failure.Reason)}
	if failure.After > 0 {
		result.hasAfter, result.after = 1, uint64(failure.After.Milliseconds())
	}
	kept = append(kept, result)
	return unsafe.Pointer(result)
}

package kv

import (
	"runtime"
	"unsafe"

	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/abi"
	"github.com/tenterhook/tenterhook/guest-sdk/go/internal/failure"
)

//go:wasmimport tenterhook:webhook/kv@0.1.0 get
func kvGet(key unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/kv@0.1.0 set
func kvSet(key unsafe.Pointer, length uint32, value unsafe.Pointer, size, hasTTL uint32, ttl uint64, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/kv@0.1.0 delete
func kvDelete(key unsafe.Pointer, length uint32, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/kv@0.1.0 add
func kvAdd(key unsafe.Pointer, length uint32, delta int64, hasTTL uint32, ttl uint64, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/kv@0.1.0 compare-and-swap
func kvCompareAndSwap(key unsafe.Pointer, length, isExpected uint32, expected uint64, value unsafe.Pointer, size, hasTTL uint32, ttl uint64, result unsafe.Pointer)

//go:wasmimport tenterhook:webhook/kv@0.1.0 list
func kvList(prefix unsafe.Pointer, length, hasAfter uint32, after unsafe.Pointer, afterLength, limit uint32, result unsafe.Pointer)

// entry is one as it lies in memory.
type entry struct {
	key, value abi.List
	version    uint64
}

func (e entry) read() Entry {
	return Entry{Key: e.key.String(), Value: e.value.Bytes(), Version: e.version}
}

// optionalEntry is an option<entry>.
type optionalEntry struct {
	isSome uint8
	_      [7]byte
	entry  entry
}

func (o *optionalEntry) read() (Entry, bool) {
	if o.isSome == 0 {
		return Entry{}, false
	}
	return o.entry.read(), true
}

// errorOf gives the error of a variant `error`, in the contract's order.
func errorOf(found *abi.Text) error {
	if found.Tag == 0 {
		return ErrNotGranted
	}
	kinds := [...]error{ErrNotGranted, ErrLimit, ErrNotANumber, ErrUnavailable}
	return &failure.Failure{Kind: kinds[found.Tag], Text: found.Text.String()}
}

func get(key string) (Entry, bool, error) {
	result := abi.Returned[abi.Result]()
	text, length := abi.Parts(key)
	kvGet(text, length, unsafe.Pointer(result))
	runtime.KeepAlive(key)
	if result.IsError != 0 {
		return Entry{}, false, errorOf(abi.As[abi.Text](&result.Case))
	}
	there, is := abi.As[optionalEntry](&result.Case).read()
	return there, is, nil
}

func set(key string, value []byte, with settings) (uint64, error) {
	result := abi.Returned[abi.Result]()
	text, length := abi.Parts(key)
	bytes, size := abi.Parts(value)
	kvSet(text, length, bytes, size, abi.Flag(with.hasTTL), with.ttl, unsafe.Pointer(result))
	runtime.KeepAlive(key)
	runtime.KeepAlive(value)
	if result.IsError != 0 {
		return 0, errorOf(abi.As[abi.Text](&result.Case))
	}
	return result.Case[0], nil
}

func remove(key string) (bool, error) {
	result := abi.Returned[abi.Short]()
	text, length := abi.Parts(key)
	kvDelete(text, length, unsafe.Pointer(result))
	runtime.KeepAlive(key)
	if result.IsError != 0 {
		return false, errorOf(abi.As[abi.Text](&result.Case))
	}
	return *abi.As[uint8](&result.Case) != 0, nil
}

func add(key string, delta int64, with settings) (int64, error) {
	result := abi.Returned[abi.Result]()
	text, length := abi.Parts(key)
	kvAdd(text, length, delta, abi.Flag(with.hasTTL), with.ttl, unsafe.Pointer(result))
	runtime.KeepAlive(key)
	if result.IsError != 0 {
		return 0, errorOf(abi.As[abi.Text](&result.Case))
	}
	return int64(result.Case[0]), nil
}

func compareAndSwap(key string, expected uint64, value []byte, with settings) (Entry, bool, error) {
	result := abi.Returned[abi.Result]()
	text, length := abi.Parts(key)
	bytes, size := abi.Parts(value)
	kvCompareAndSwap(text, length, abi.Flag(expected != 0), expected, bytes, size, abi.Flag(with.hasTTL), with.ttl, unsafe.Pointer(result))
	runtime.KeepAlive(key)
	runtime.KeepAlive(value)
	if result.IsError != 0 {
		return Entry{}, false, errorOf(abi.As[abi.Text](&result.Case))
	}
	if isConflict := *abi.As[uint8](&result.Case) != 0; isConflict {
		there, _ := abi.As[optionalEntry](abi.As[[4]uint64](&result.Case[1])).read()
		return there, false, nil
	}
	return Entry{Key: key, Value: value, Version: result.Case[1]}, true, nil
}

func list(prefix, after string, limit uint32) (Page, error) {
	result := abi.Returned[abi.Short]()
	text, length := abi.Parts(prefix)
	from, fromLength := abi.Parts(after)
	kvList(text, length, abi.Flag(after != ""), from, fromLength, limit, unsafe.Pointer(result))
	runtime.KeepAlive(prefix)
	runtime.KeepAlive(after)
	if result.IsError != 0 {
		return Page{}, errorOf(abi.As[abi.Text](&result.Case))
	}
	found := abi.As[struct {
		entries abi.List
		next    abi.Optional
	}](&result.Case)
	page := Page{Entries: make([]Entry, found.entries.Length), More: found.next.IsSome != 0}
	for index, entry := range abi.Items[entry](found.entries) {
		page.Entries[index] = entry.read()
	}
	if page.More {
		page.Next = found.next.Text.String()
	}
	return page, nil
}

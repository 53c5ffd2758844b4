package abi

import "unsafe"

// An instance handles one event and is thrown away, so memory that crosses is never freed.

// kept holds what only the host points at.
var kept []any

// Keep keeps what only the host points at.
func Keep(value any) { kept = append(kept, value) }

// List is a string or a list as it lies in memory.
type List struct{ Start, Length uint32 }

// Bytes gives a list of bytes, where it lies.
func (l List) Bytes() []byte {
	if l.Length == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(l.Start))), l.Length)
}

// String gives a string's copy.
func (l List) String() string { return string(l.Bytes()) }

// Strings gives a list of strings.
func (l List) Strings() []string {
	texts := make([]string, l.Length)
	for index, item := range Items[List](l) {
		texts[index] = item.String()
	}
	return texts
}

// Items gives a list's items, where they lie.
func Items[T any](l List) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(uintptr(l.Start))), l.Length)
}

// Optional is an option<string> as it lies in memory.
type Optional struct {
	IsSome uint8
	Text   List
}

// Pair is a pair, or a tuple of two strings or lists of bytes, as it lies in memory.
type Pair struct{ Name, Value List }

// Result is a result whose cases begin after 8 bytes, for what they are to be read from.
type Result struct {
	IsError uint8
	_       [7]byte
	Case    [5]uint64
}

// Short is a result whose cases begin after 4 bytes.
type Short struct {
	IsError uint8
	_       [3]byte
	Case    [5]uint32
}

// Text is a variant's case as it lies in memory: most errors are one.
type Text struct {
	Tag  uint8
	Text List
}

// As reads memory as what lies there.
func As[T any, From any](from *From) *T { return (*T)(unsafe.Pointer(from)) }

// Returned is where the host writes a result: not on the stack, which the host's call for memory may move.
func Returned[T any]() *T {
	result := new(T)
	Keep(result)
	return result
}

// Parts gives the place of a text or bytes; it must be kept alive as long as that is used.
func Parts[T ~string | ~[]byte](content T) (unsafe.Pointer, uint32) {
	// Both begin with where their bytes are.
	return *(*unsafe.Pointer)(unsafe.Pointer(&content)), uint32(len(content))
}

// Lower keeps a text or bytes for the host.
func Lower[T ~string | ~[]byte](content T) List {
	bytes := []byte(content)
	Keep(bytes)
	return List{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes)))), uint32(len(bytes))}
}

// LowerAll keeps a list for the host.
func LowerAll[T any](items []T) List {
	Keep(items)
	return List{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(items)))), uint32(len(items))}
}

// Flag is a boolean, or an option's tag, as it is handed over.
func Flag(is bool) uint32 {
	if is {
		return 1
	}
	return 0
}

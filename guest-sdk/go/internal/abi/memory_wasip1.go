package abi

import (
	"runtime"
	"unsafe"
)

// sbrk takes memory that is none of the garbage collector's.
//
//go:linkname sbrk runtime.sbrk
func sbrk(size uintptr) unsafe.Pointer

// room is the rest of what was taken last.
var room struct{ next, end uintptr }

// lent is where bytes go that a caller has a place for.
var lent struct{ start, length uintptr }

// cabiRealloc gives the host memory for what it returns. It may be called before the runtime has started, and must not call the host in turn,
// as the garbage collector does when it reads the clock: so it takes none of Go's memory.
//
//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	if align == 1 && oldSize == 0 && size > 0 && uintptr(size) <= lent.length {
		lent.length = 0
		return unsafe.Pointer(lent.start)
	}
	next := (room.next + uintptr(align) - 1) &^ (uintptr(align) - 1)
	if next+uintptr(size) > room.end || room.next == 0 {
		const page = 64 << 10
		taken := (uintptr(size) + uintptr(align) + page - 1) &^ (page - 1)
		start := sbrk(taken)
		if start == nil {
			// The sandbox has no more. Whatever else were called would take memory too, so this is a trap by its address.
			start = unsafe.Pointer(^uintptr(0))
			*(*byte)(start) = 0
		}
		room.next = uintptr(start)
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

// Lend calls the host, which may put the bytes that it returns into this buffer.
func Lend(buffer []byte, call func()) {
	lent.start, lent.length = uintptr(unsafe.Pointer(unsafe.SliceData(buffer))), uintptr(len(buffer))
	call()
	lent.length = 0
	runtime.KeepAlive(buffer)
}

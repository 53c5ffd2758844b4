//! The global allocator of guests: memory that the module starts with first, the ordinary allocator after it.
//!
//! A sandbox lives for one event. What a handler allocates fits, nearly always, in 128 KiB that are part of the module's
//! initial memory, so they are handed out one after the other and not taken back: no bookkeeping, and above all no
//! `memory.grow`, which costs the host more than all the rest of a small handler. Only the latest block grows, shrinks and is
//! freed in place, as a `String` being written to does. What does not fit goes to the system's allocator, which reuses what is
//! freed: a handler that works through megabytes holds no more than it would without the arena.

#![expect(unsafe_code, reason = "an allocator deals in raw memory")]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;
use std::ptr;

/// With a stack of 64 KiB and a module's own data it keeps the initial memory within the 256 KiB that the host keeps
/// resident.
#[cfg(any(target_family = "wasm", test))]
const SIZE: usize = 128 << 10;

/// Not with threads: nothing here is atomic.
#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
#[global_allocator]
static ARENA: Arena<SIZE, std::alloc::System> = Arena::new(std::alloc::System);

/// A buffer that is handed out from its start to its end, and what serves the rest.
struct Arena<const SIZE: usize, A> {
    buffer: UnsafeCell<MaybeUninit<Buffer<SIZE>>>,
    /// Offset of the first byte that is free.
    free: Cell<usize>,
    /// Offset of the latest block.
    latest: Cell<usize>,
    beyond: A,
}

#[repr(align(16))]
struct Buffer<const SIZE: usize>([u8; SIZE]);

// SAFETY: it is used as a global allocator only where there are no threads.
unsafe impl<const SIZE: usize, A> Sync for Arena<SIZE, A> {}

impl<const SIZE: usize, A> Arena<SIZE, A> {
    const fn new(beyond: A) -> Self {
        let buffer = UnsafeCell::new(MaybeUninit::uninit());
        Self { buffer, free: Cell::new(0), latest: Cell::new(0), beyond }
    }

    fn start(&self) -> *mut u8 {
        self.buffer.get().cast()
    }

    /// The offset of a block of the arena's own.
    fn offset(&self, block: *mut u8) -> Option<usize> {
        let offset = block.addr().wrapping_sub(self.start().addr());
        (offset < SIZE).then_some(offset)
    }

    /// Makes the latest block end at `end`, if that is within the buffer.
    fn end_latest(&self, latest: usize, size: usize) -> bool {
        let Some(end) = latest.checked_add(size).filter(|end| *end <= SIZE) else { return false };
        self.latest.set(latest);
        self.free.set(end);
        true
    }
}

// SAFETY: a block lies within the buffer, after all blocks before it that were not freed, or is the other allocator's.
unsafe impl<const SIZE: usize, A: GlobalAlloc> GlobalAlloc for Arena<SIZE, A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let address = self.start().addr() + self.free.get();
        let padding = address.wrapping_neg() & (layout.align() - 1);
        let offset = self.free.get() + padding;
        if self.end_latest(offset, layout.size()) {
            // SAFETY: `end_latest` found the block within the buffer.
            return unsafe { self.start().add(offset) };
        }
        // SAFETY: the caller's.
        unsafe { self.beyond.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match self.offset(block) {
            Some(offset) if offset == self.latest.get() => self.free.set(offset),
            Some(_) => {}
            // SAFETY: the caller's; the block is the other allocator's.
            None => unsafe { self.beyond.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(offset) = self.offset(block) else {
            // SAFETY: the caller's; the block is the other allocator's.
            return unsafe { self.beyond.realloc(block, layout, size) };
        };
        if size <= layout.size() && offset != self.latest.get() {
            return block;
        }
        if offset == self.latest.get() && self.end_latest(offset, size) {
            return block;
        }
        // SAFETY: the caller's: `size` rounded up to the alignment does not overflow.
        let larger = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: the two blocks do not overlap, and both hold what is copied.
        unsafe {
            let moved = self.alloc(larger);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests;

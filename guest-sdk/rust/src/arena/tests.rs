//! The arena keeps apart what it hands out, and gives back what it can.

use std::alloc::System;

use super::*;

type Small = Box<Arena<1024, System>>;

fn arena() -> Small {
    Box::new(Arena::new(System))
}

fn bytes(size: usize) -> Layout {
    Layout::from_size_align(size, 1).unwrap()
}

/// Fills a block, so that an overlap shows.
unsafe fn fill(block: *mut u8, size: usize, with: u8) {
    unsafe { block.write_bytes(with, size) }
}

unsafe fn holds(block: *mut u8, size: usize, expected: u8) -> bool {
    (0..size).all(|at| unsafe { block.add(at).read() } == expected)
}

#[test]
fn the_latest_block_grows_in_place() {
    let arena = arena();
    unsafe {
        let block = arena.alloc(bytes(10));
        fill(block, 10, 7);
        let grown = arena.realloc(block, bytes(10), 1000);
        assert_eq!(grown, block);
        assert!(holds(grown, 10, 7));
        assert_eq!(arena.free.get(), arena.offset(grown).unwrap() + 1000);
        arena.dealloc(grown, bytes(1000));
        assert_eq!(arena.alloc(bytes(1)), block, "the latest block is free again");
    }
}

#[test]
fn an_earlier_block_moves_when_it_grows() {
    let arena = arena();
    unsafe {
        let first = arena.alloc(bytes(10));
        fill(first, 10, 1);
        let second = arena.alloc(bytes(10));
        fill(second, 10, 2);
        let moved = arena.realloc(first, bytes(10), 20);
        fill(moved.add(10), 10, 3);
        assert!(holds(moved, 10, 1) && holds(second, 10, 2));
        assert_eq!(arena.realloc(second, bytes(10), 5), second, "shrinking never moves");
    }
}

#[test]
fn what_does_not_fit_goes_beyond() {
    let arena = arena();
    unsafe {
        let inside = arena.alloc(bytes(1000));
        fill(inside, 1000, 1);
        let outside = arena.alloc(bytes(25));
        assert_eq!(arena.offset(outside), None);
        fill(outside, 25, 2);
        let larger = arena.realloc(outside, bytes(25), 5000);
        assert!(holds(larger, 25, 2) && holds(inside, 1000, 1));
        arena.dealloc(larger, bytes(5000));
        let moved = arena.realloc(inside, bytes(1000), 2000);
        assert_eq!(arena.offset(moved), None);
        assert!(holds(moved, 1000, 1));
        arena.dealloc(moved, bytes(2000));
        let reused = arena.alloc(bytes(1024));
        assert_eq!(arena.offset(reused), Some(0), "the block that moved out was the latest, and is free");
    }
}

/// Some thousand steps, the same in every run; each block's bytes are checked when it goes.
#[test]
fn blocks_never_overlap() {
    let arena: Box<Arena<SIZE, System>> = Box::new(Arena::new(System));
    let mut live: Vec<(*mut u8, Layout, u8)> = Vec::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below).unwrap()
    };
    for step in 0..5000 {
        let mark = u8::try_from(step % 251).unwrap();
        match random(3) {
            0 if !live.is_empty() => {
                let (block, layout, filled) = live.swap_remove(random(live.len() as u64));
                assert!(unsafe { holds(block, layout.size(), filled) });
                unsafe { arena.dealloc(block, layout) };
            }
            1 if !live.is_empty() => {
                let (block, layout, filled) = live.pop().unwrap();
                let size = 1 + random(600);
                let block = unsafe { arena.realloc(block, layout, size) };
                assert!(unsafe { holds(block, layout.size().min(size), filled) });
                let layout = Layout::from_size_align(size, layout.align()).unwrap();
                unsafe { fill(block, size, mark) };
                live.push((block, layout, mark));
            }
            _ => {
                let layout = Layout::from_size_align(1 + random(300), 1 << random(5)).unwrap();
                let block = unsafe { arena.alloc(layout) };
                assert_eq!(block.addr() % layout.align(), 0);
                unsafe { fill(block, layout.size(), mark) };
                live.push((block, layout, mark));
            }
        }
    }
    for (block, layout, filled) in live {
        assert!(unsafe { holds(block, layout.size(), filled) });
        unsafe { arena.dealloc(block, layout) };
    }
}

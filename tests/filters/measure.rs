//! How much processor time and memory something takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The time that compiling or evaluating a filter may take, whatever it is and whatever it reads.
pub(crate) const MAX_TIME: Duration = Duration::from_millis(100);

/// The memory that it may take, in bytes.
pub(crate) const MAX_MEMORY: usize = 64 << 20;

/// What something took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    /// On processors, in all threads of this process.
    pub(crate) time: Duration,
    /// The most memory of the heap that was held at once, beyond what was held before, in bytes.
    pub(crate) memory: usize,
}

/// Runs `work` to its end. One at a time: what other threads do meanwhile counts too.
pub(crate) fn measure<T>(work: impl FnOnce() -> T) -> (T, Took) {
    HELD.store(0, Relaxed);
    MOST.store(0, Relaxed);
    COUNTS.store(true, Relaxed);
    let start = processor_time();
    let result = work();
    let time = processor_time() - start;
    COUNTS.store(false, Relaxed);
    (result, Took { time, memory: usize::try_from(MOST.load(Relaxed)).unwrap_or(0) })
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// How many items are made at once: few enough to stay in the processor's cache, as an event does that was just read.
const AT_ONCE: usize = 16;

/// The processor's time for one item, in all threads: the median of five runs. What an item needs is made before the clock starts.
pub(crate) fn median<T>(items: usize, make: impl Fn() -> T, work: impl Fn(&T)) -> Duration {
    let batches = items.div_ceil(AT_ONCE);
    let run = || {
        let mut took = Duration::ZERO;
        for _ in 0..batches {
            let made: Vec<T> = (0..AT_ONCE).map(|_| make()).collect();
            let start = processor_time();
            made.iter().for_each(&work);
            took += processor_time() - start;
        }
        took / u32::try_from(batches * AT_ONCE).unwrap()
    };
    let mut runs: Vec<Duration> = (0..5).map(|_| run()).collect();
    runs.sort();
    runs[2]
}

/// Counts what is allocated while something is measured, and costs next to nothing otherwise.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
/// Below zero when what was held before is freed meanwhile.
static HELD: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    if COUNTS.load(Relaxed) {
        let held = HELD.fetch_add(bytes, Relaxed) + bytes;
        MOST.fetch_max(held, Relaxed);
    }
}

fn signed(size: usize) -> isize {
    isize::try_from(size).unwrap_or(isize::MAX)
}

#[expect(unsafe_code, reason = "an allocator is unsafe to write; this one hands everything on to the system's")]
// SAFETY: every call is handed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(signed(size) - signed(layout.size()));
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-signed(layout.size()));
        unsafe { System.dealloc(block, layout) }
    }
}

//! What one evaluation may take. Tenants write the filters and senders choose the data, so each filter pays for its
//! loops, for what it builds, and for the time that it runs.
//!
//! The rewriting puts the calls of `@tick` and `@cap` into the tree. What lies between two of them is bounded by the
//! size of the event and of what was built, so checking the time there is enough.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cel::ExecutionError;
use cel::common::types::{CelBool, CelBytes, CelList, CelMap, CelMapKey, CelString, Kind, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use rustix::time::{ClockId, clock_gettime};

use super::lazy::Shared;

/// What an evaluation is for, and so what it may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Whether the filter holds.
    #[default]
    Verdict,
    /// Why it does not. What explaining takes is counted apart, so that it changes no verdict.
    Explanation,
}

impl Purpose {
    /// Steps of loops, comparisons and calls. Those of a verdict are 20 ms in a release build.
    const fn steps(self) -> u64 {
        match self {
            Self::Verdict => 100_000,
            Self::Explanation => 10_000,
        }
    }

    /// What may be built in all, in bytes: twice the largest body for a verdict.
    const fn built(self) -> usize {
        match self {
            Self::Verdict => 1 << 20,
            Self::Explanation => 1 << 18,
        }
    }

    /// The time on a processor. A machine under load must not change verdicts, so waiting for one does not count.
    const fn time(self) -> Duration {
        match self {
            Self::Verdict => Duration::from_millis(50),
            Self::Explanation => Duration::from_millis(5),
        }
    }

    /// The time that all filters of one event may take together, however many triggers listen for it: they run on one
    /// thread.
    const fn event_time(self) -> Duration {
        match self {
            Self::Verdict => Duration::from_millis(200),
            Self::Explanation => Duration::from_millis(20),
        }
    }
}

/// The most that any evaluation may build.
pub(super) const BUILT: usize = Purpose::Verdict.built();

const EVENT_TIME_SPENT: &str =
    "all filters of this event together take more than 200 ms, and those before it took the rest";

/// Up to this time by the clock, asking what of it the processor spent costs too much.
const SHORT: Duration = Duration::from_micros(100);

/// About what a value takes besides its text.
pub(super) const NODE: usize = 32;

/// Counts for one evaluation after the other, and the time for all of them.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Spent>);

#[derive(Debug, Default)]
struct Spent {
    steps: u64,
    built: usize,
    since: Option<(Instant, Duration)>,
    exceeded: Option<&'static str>,
    purpose: Purpose,
    /// What the evaluations before this one took, for verdicts.
    judging: Duration,
    /// And for explanations.
    explaining: Duration,
}

impl Meter {
    /// Begins a new evaluation.
    pub(super) fn start(&self, purpose: Purpose) {
        let mut spent = self.spent();
        let Spent { judging, explaining, .. } = *spent;
        *spent = Spent { judging, explaining, purpose, ..Spent::default() };
    }

    /// Ends the evaluation. One without a step took next to nothing.
    pub(super) fn stop(&self) {
        let mut spent = self.spent();
        if let Some((wall, processor)) = spent.since.take() {
            let elapsed = wall.elapsed();
            let took = if elapsed < SHORT { elapsed } else { processor_time().saturating_sub(processor) };
            *spent.earlier() += took;
        }
    }

    /// Whether the evaluation exceeded a bound. Asked at the end, since an error is lost in `error || true`.
    pub(super) fn is_exceeded(&self) -> bool {
        self.spent().exceeded.is_some()
    }

    /// Which bound the evaluation exceeded, and what it took until it was stopped; none when it exceeded none.
    pub(super) fn exceeded(&self) -> Option<String> {
        let spent = self.spent();
        let reason = spent.exceeded?;
        // What reads too much may have taken no step.
        let Some((_, processor)) = spent.since else { return Some(reason.to_owned()) };
        let millis = processor_time().saturating_sub(processor).as_secs_f64() * 1e3;
        let (steps, kib) = (grouped(spent.steps), spent.built.div_ceil(1 << 10));
        Some(format!("{reason}; stopped after {millis:.1} ms, {steps} steps and {kib} KiB built"))
    }

    /// Takes a step.
    pub(super) fn tick(&self) -> Result<(), ExecutionError> {
        self.take(1)
    }

    /// Takes some steps.
    pub(super) fn take(&self, steps: u64) -> Result<(), ExecutionError> {
        let mut spent = self.spent();
        // An operator may have absorbed the error: whatever comes after it is not done either.
        spent.verdict()?;
        // What is refused is not taken.
        match spent.steps.checked_add(steps).filter(|steps| *steps <= spent.purpose.steps()) {
            Some(steps) => spent.steps = steps,
            None => spent.exceeded = Some("it takes more than 100,000 steps"),
        }
        // From the first step, so that a filter without one does not ask for the time.
        let (wall, processor) = *spent.since.get_or_insert_with(|| (Instant::now(), processor_time()));
        let purpose = spent.purpose;
        let left = purpose.event_time().saturating_sub(*spent.earlier());
        let bound = purpose.time().min(left);
        if left.is_zero() || (wall.elapsed() > bound && processor_time().saturating_sub(processor) > bound) {
            let reason = if left < purpose.time() { EVENT_TIME_SPENT } else { "it takes more than 50 ms" };
            spent.exceeded = Some(reason);
        }
        spent.verdict()
    }

    /// Pays for `bytes` that are built now.
    pub(super) fn build(&self, bytes: usize) -> Result<(), ExecutionError> {
        let mut spent = self.spent();
        spent.verdict()?;
        match spent.built.checked_add(bytes).filter(|built| *built <= spent.purpose.built()) {
            Some(built) => spent.built = built,
            None => spent.exceeded = Some("it builds more than 1 MiB"),
        }
        spent.verdict()
    }

    /// Gives up: an operation of its own would take too long.
    pub(super) fn refuse(&self, reason: &'static str) -> ExecutionError {
        self.exceed(reason);
        over_budget(reason)
    }

    /// Whatever the evaluation gives, it took too much.
    pub(super) fn exceed(&self, reason: &'static str) {
        self.spent().exceeded.get_or_insert(reason);
    }

    fn spent(&self) -> MutexGuard<'_, Spent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spent {
    fn earlier(&mut self) -> &mut Duration {
        match self.purpose {
            Purpose::Verdict => &mut self.judging,
            Purpose::Explanation => &mut self.explaining,
        }
    }

    fn verdict(&self) -> Result<(), ExecutionError> {
        self.exceeded.map_or(Ok(()), |reason| Err(over_budget(reason)))
    }
}

/// `99,999`: no evaluation takes a million.
fn grouped(steps: u64) -> String {
    if steps < 1_000 { steps.to_string() } else { format!("{},{:03}", steps / 1_000, steps % 1_000) }
}

fn over_budget(reason: &str) -> ExecutionError {
    ExecutionError::InternalError(reason.to_owned())
}

pub(super) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// `@tick(@meter)`: true, or an error.
pub(super) fn tick<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    meter(&arguments)?.tick()?;
    Ok(CowVal::owned(CelBool::from(true)))
}

/// `@cap(value, @meter)`: the value, paid for.
pub(super) fn cap<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let meter = Arc::clone(meter(&arguments)?);
    meter.tick()?;
    let value = arguments.swap_remove(0);
    meter.build(weigh(value.as_ref(), BUILT))?;
    Ok(value)
}

/// `@printable(list, @meter)`: the arguments of `format`, paid for as the text that they become.
pub(super) fn printable<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let meter = Arc::clone(meter(&arguments)?);
    meter.tick()?;
    let list = arguments.swap_remove(0);
    meter.build(print_size(list.as_ref(), BUILT))?;
    Ok(list)
}

/// The meter, which is the last argument of every function that needs one.
pub(super) fn meter<'c>(arguments: &'c [CowVal<'_, '_>]) -> Result<&'c Arc<Meter>, ExecutionError> {
    let handle = arguments.last().and_then(|last| last.as_any()).and_then(<dyn Any>::downcast_ref::<Handle>);
    handle.map(|handle| &handle.0).ok_or_else(ExecutionError::missing_argument_or_target)
}

/// The parameters of a function that needs the meter, in a declaration.
pub(super) fn metered(mut parameters: Vec<Type>) -> Vec<Type> {
    parameters.push(Handle::TYPE);
    parameters
}

/// The bytes that a value holds, and that a copy of it would take; about `most` when it is more. Parts of the payload
/// are shared between copies.
pub(super) fn weigh(value: &dyn Val, most: usize) -> usize {
    let mut total = NODE;
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        let is_shared = text.as_borrowed().is_some() || Shared::of(value).is_some();
        total += if is_shared { 0 } else { text.inner().len() };
    } else if let Some(bytes) = value.downcast_ref::<CelBytes<'_>>() {
        total += bytes.inner().len();
    } else if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        for element in list.inner() {
            if total > most {
                break;
            }
            total += weigh(element.as_ref(), most - total);
        }
    } else if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        for (key, element) in map.inner() {
            if total > most {
                break;
            }
            let key = if let CelMapKey::String(name) = key { name.inner().len() } else { 0 };
            total += NODE + key;
            total += weigh(element.as_ref(), most.saturating_sub(total));
        }
    }
    total
}

/// The bytes of a value as text; about `most` when it is more.
fn print_size(value: &dyn Val, most: usize) -> usize {
    let mut total = NODE;
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        total += text.inner().len();
    } else if let Some(bytes) = value.downcast_ref::<CelBytes<'_>>() {
        total += bytes.inner().len();
    } else if let Some(elements) = value.as_iterable() {
        let values = value.as_indexer().filter(|_| value.get_type().kind() == Kind::Map);
        let mut elements = elements.iter();
        while let Some(element) = elements.next() {
            if total > most {
                break;
            }
            total += print_size(element, most - total);
            // The value that the key has.
            if let Some(Ok(value)) = values.map(|values| values.get(element)) {
                total += print_size(value.as_ref(), most.saturating_sub(total));
            }
        }
    }
    total
}

/// The meter as a value that only `@` functions take.
#[derive(Clone, Debug)]
pub(super) struct Handle(pub(super) Arc<Meter>);

impl Handle {
    pub(super) const TYPE: Type = Type::new_unspecified_type("@meter");
}

static HANDLE: Type = Handle::TYPE;

impl Val for Handle {
    fn get_type(&self) -> &Type {
        &HANDLE
    }

    fn cel_type() -> &'static Type {
        &HANDLE
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Handle {}

//! What is said of a guest that did what it may not.

use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::FieldMapError;

use super::budget::Exhausted;
use super::imports::State;
use super::imports::limiter::Refused;
use super::imports::outbound::FIELDS;
use super::imports::outbound::text::TooMuch;
use super::invoke::{HOST_CALL_BYTES, host_call_bytes};
use super::meter::UsedUp;
use crate::event::{Fault, FaultKind};
use crate::trigger::Limit;

/// The longest reason that a session keeps, in bytes: an error's text and its stack.
const MAX_REASON: usize = 16 << 10;

/// How the engine begins to say that a sandbox is linked of too many parts. It has no type for it.
const TOO_MANY: &str = "resource limit exceeded: ";

/// How it ends when it says that a guest handed the host too much in one call.
const TOO_MUCH: &str = "fuel allocated for hostcalls has been exhausted";

/// How it ends when it says that a guest has as many handles as it may.
const TOO_MANY_HANDLES: &str = "store handle limit exceeded";

/// A guest's end by an error of the engine, with the limit that it met, or else its own words: an uncaught exception's text is
/// on standard error only.
pub(super) fn of(error: &wasmtime::Error, state: &State, stack: usize) -> Fault {
    if let Some(I32Exit(status)) = error.downcast_ref() {
        let message = exited(*status, state.standard_error());
        return Fault { kind: FaultKind::Trap, message: shorten(message) };
    }
    let (kind, mut message) = cause(error, state, stack);
    if let Some(said) = state.standard_error() {
        message.push('\n');
        message.push_str(&said);
    }
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        message.push('\n');
        message.push_str(backtrace.to_string().trim_end());
    }
    Fault { kind, message: shorten(message) }
}

/// What is said of a guest that ended itself, as the runtimes of Python, JavaScript and Go do after an exception or a panic that nobody
/// caught: its own words, which the engine's frames would only hide.
fn exited(status: i32, said: Option<String>) -> String {
    match said {
        None => format!("the guest ended itself with the exit status {status}, and said nothing"),
        Some(said) => match summary(&said) {
            Some(summary) if !said.starts_with(summary) => format!("{summary}\n{said}"),
            _ => said,
        },
    }
}

/// The line that says what happened: Python writes it below the frames of its traceback, JavaScript above those of its stack, Go above all.
fn summary(said: &str) -> Option<&str> {
    let lines: Vec<&str> = said.lines().collect();
    let is_frame = |line: &&str| line.starts_with([' ', '\t']);
    if let Some(start) = lines.iter().rposition(|line| *line == "Traceback (most recent call last):") {
        return lines.iter().skip(start + 1).find(|line| !is_frame(line)).copied();
    }
    let is_of_go = |line: &&&str| line.starts_with("panic: ") || line.starts_with("fatal error: ");
    lines.iter().find(is_of_go).or_else(|| lines.iter().rev().find(|line| !is_frame(line))).copied()
}

fn cause(error: &wasmtime::Error, state: &State, stack: usize) -> (FaultKind, String) {
    let root = error.root_cause().to_string();
    if error.is::<UsedUp>() {
        let most = state.exceeded(Limit::Cpu);
        return (FaultKind::CpuTime, format!("the handler wanted more time on a processor, {most}"));
    }
    if let Some(Trap::StackOverflow) = error.downcast_ref::<Trap>() {
        let most = Limit::Memory.show(stack as u64);
        let who = "which is the same for all handlers of this host (guest.stack)";
        return (FaultKind::StackOverflow, format!("{root}: the guest wanted more than the limit of {most}, {who}"));
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return (FaultKind::Unavailable, root);
    }
    let is_full = matches!(error.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full));
    if is_full || root.ends_with(TOO_MANY_HANDLES) {
        let most = state.exceeded(Limit::Handles);
        return (FaultKind::Limit, format!("the guest holds more things of the host, {most}"));
    }
    if root.ends_with(TOO_MUCH) {
        let [most, least] = [host_call_bytes(state.limits()), HOST_CALL_BYTES].map(|bytes| Limit::Memory.show(bytes));
        let who = format!("{least}, or four times the handler's `response_bytes` if that is more");
        return (
            FaultKind::Limit,
            format!("the guest handed the host more in one call than the limit of {most} ({who})"),
        );
    }
    if error.is::<TooMuch>() {
        return (FaultKind::Limit, root);
    }
    if let Some(FieldMapError::TotalSizeTooBig) = error.downcast_ref() {
        let most = Limit::Memory.show(FIELDS as u64);
        let what = "the headers of one of the handler's requests hold";
        return (FaultKind::Limit, format!("{what} more than the limit of {most}, which is the same for all handlers"));
    }
    if let Some(what) = root.strip_prefix(TOO_MANY) {
        return (FaultKind::Limit, too_many(what, state));
    }
    // What was refused before may have been got over; of what ends a guest afterwards it is the likely cause.
    match state.refused() {
        Some(Refused::Limit { limit, wanted }) => {
            let wanted = limit.show(wanted);
            let (kind, what) = match limit {
                Limit::Memory => (FaultKind::OutOfMemory, "of memory"),
                _ => (FaultKind::Limit, "elements of tables"),
            };
            (kind, format!("the guest wanted {wanted} {what}, {}", state.exceeded(limit)))
        }
        Some(Refused::Memory(exhausted)) => {
            let Fault { kind, message } = self::exhausted(exhausted);
            (kind, message)
        }
        None => (FaultKind::Trap, root),
    }
}

/// What is said of a guest for which there is no memory, which is no fault of its own.
pub(super) fn exhausted(exhausted: Exhausted) -> Fault {
    let (whose, most, setting) = match exhausted {
        Exhausted::Org { most } => ("the org's", most, "guest.memory_per_org"),
        Exhausted::Host { most } => ("all", most, "guest.memory_total"),
    };
    let most = Limit::Memory.show(most);
    let message =
        format!("{whose} sandboxes together would hold more memory than the {most} that they may ({setting})");
    Fault { kind: FaultKind::Unavailable, message }
}

/// `what` is the engine's own word: `instance count too high at 51`.
fn too_many(what: &str, state: &State) -> String {
    if what.starts_with("instance") {
        format!("the component is linked of more parts ({what}), {}", state.exceeded(Limit::Instances))
    } else {
        format!("the component has more tables or memories than any may have ({what})")
    }
}

/// A guest's own words as far as they are kept.
pub(super) fn shorten(mut text: String) -> String {
    if text.len() > MAX_REASON {
        text.truncate(text.floor_char_boundary(MAX_REASON));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::exited;

    #[test]
    fn a_guest_that_ended_itself_is_summed_up_in_its_own_words() {
        let first = |said: &str| exited(1, Some(said.to_owned())).lines().next().unwrap().to_owned();
        let traceback =
            "Traceback (most recent call last):\n  File \"a.py\", line 2, in f\n    g(\n      ^\nKeyError: 'nope'";
        assert_eq!(first(traceback), "KeyError: 'nope'");
        let chained =
            format!("warned\n{traceback}\n\nDuring handling …\n\n{}", traceback.replace("nope", "b\nof two lines"));
        assert_eq!(first(&chained), "KeyError: 'b");
        assert_eq!(
            first("panic: out of stock\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:3 +0x5"),
            "panic: out of stock"
        );
        assert_eq!(
            first("warned\nTypeError: x is undefined\n    at f (/hooks.js:3:5)\n    at g (/hooks.js:7:1)"),
            "TypeError: x is undefined"
        );
        assert_eq!(exited(3, Some("usage: …".to_owned())), "usage: …");
        assert_eq!(exited(3, None), "the guest ended itself with the exit status 3, and said nothing");
    }
}

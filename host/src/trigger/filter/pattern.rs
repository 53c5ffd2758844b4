//! `matches`: regular expressions in RE2's manner, compiled once.

use std::any::Any;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cel::ExecutionError;
use cel::common::types::{CelBool, CelString, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use regex::{Regex, RegexBuilder};
use regex_automata::Input;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson::{self, NFA};

use super::budget::{Meter, meter};
use super::re2::translate;

/// The most memory that one compiled expression may take, in bytes: `a{1000}{1000}` is refused.
pub(super) const SIZE_LIMIT: usize = 1 << 20;

/// How many expressions that are no literals are kept for one event. A filter with more of them compiles anew.
const CACHED: usize = 16;

/// The longest expression that is no literal, in bytes. It may come from the event, and takes time and memory to compile.
const MAX_DYNAMIC: usize = 1024;

/// How many steps the slowest engine may take: a step for each byte and each state, some nanoseconds each.
const SLOW_STEPS: usize = 4 << 20;

/// A compiled regular expression, as a value that only `@matches` takes.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    regex: Regex,
    nfa: NFA,
    /// For texts that are long for this expression: none when it cannot be built.
    lazy: OnceLock<Option<DFA>>,
}

impl Pattern {
    pub(super) const TYPE: Type = Type::new_unspecified_type("@pattern");

    /// Compiles `source`. Errors are in words, without the source.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        let source = translate(source)?;
        let regex = RegexBuilder::new(&source).size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT).build();
        let regex = regex.map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => format!("it takes more than {limit} bytes when compiled"),
            // The text spans lines, with the source and a caret in it; the last line is the reason.
            other => {
                let text = other.to_string();
                let reason = text.lines().last().unwrap_or_default().trim();
                reason.strip_prefix("error: ").unwrap_or(reason).to_owned()
            }
        })?;
        let config = thompson::Config::new().nfa_size_limit(Some(SIZE_LIMIT));
        let nfa = NFA::compiler().configure(config).build(&source).map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(Compiled { regex, nfa, lazy: OnceLock::new() })))
    }

    /// About what it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        self.0.nfa.memory_usage()
    }

    fn is_match(&self, text: &str, meter: &Meter) -> Result<bool, ExecutionError> {
        meter.tick()?;
        let Compiled { regex, nfa, lazy } = self.0.as_ref();
        if text.len().saturating_mul(nfa.states().len()) <= SLOW_STEPS {
            return Ok(regex.is_match(text));
        }
        // The regex crate falls back to an engine that takes all those steps when its automaton grows too large; this
        // one gives up.
        let dfa = lazy.get_or_init(|| lazy_dfa(nfa));
        let search =
            dfa.as_ref().map(|dfa| dfa.try_search_fwd(&mut dfa.create_cache(), &Input::new(text).earliest(true)));
        match search {
            Some(Ok(found)) => Ok(found.is_some()),
            Some(Err(_)) | None => Err(meter.refuse("its regular expression takes too long for so long a text")),
        }
    }
}

fn lazy_dfa(nfa: &NFA) -> Option<DFA> {
    let config = DFA::config()
        .cache_capacity(SIZE_LIMIT)
        .skip_cache_capacity_check(true)
        .unicode_word_boundary(true)
        .minimum_cache_clear_count(Some(3))
        .minimum_bytes_per_state(Some(10));
    DFA::builder().configure(config).build_from_nfa(nfa.clone()).ok()
}

/// The expressions of an event's filters that are no literals.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Vec<(String, Result<Pattern, String>)>>);

impl Cache {
    pub(super) const TYPE: Type = Type::new_unspecified_type("@patterns");

    fn get(&self, source: &str) -> Result<Pattern, String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pattern)) = kept.iter().find(|(other, _)| other == source) {
            return pattern.clone();
        }
        let pattern = Pattern::compile(source);
        if kept.len() == CACHED {
            drop(kept.remove(0));
        }
        kept.push((source.to_owned(), pattern.clone()));
        pattern
    }
}

/// `@matches(text, pattern, @meter)`: what a call of `matches` with a literal becomes.
pub(super) fn matches<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (Some(text), Some(pattern)) = (string(arguments.first()), downcast::<Pattern>(arguments.get(1))) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    Ok(CowVal::owned(CelBool::from(pattern.is_match(text, meter(&arguments)?)?)))
}

/// `@matches(text, source, cache, @meter)`: what any other call of `matches` becomes.
pub(super) fn matches_cached<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let (Some(text), Some(source), Some(cache)) =
        (string(arguments.first()), string(arguments.get(1)), downcast::<Cache>(arguments.get(2)))
    else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let invalid = |reason: String| ExecutionError::function_error("matches", describe(source, &reason));
    if source.len() > MAX_DYNAMIC {
        let reason = format!("it has {} bytes, and one that is no literal may have {MAX_DYNAMIC}", source.len());
        return Err(invalid(reason));
    }
    let meter = meter(&arguments)?;
    meter.tick()?;
    let pattern = cache.get(source).map_err(invalid)?;
    Ok(CowVal::owned(CelBool::from(pattern.is_match(text, meter)?)))
}

/// `'(' is not a regular expression: unclosed group`.
pub(super) fn describe(source: &str, reason: &str) -> String {
    let shown = match source.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", source.get(..end).unwrap_or_default()),
        None => source.to_owned(),
    };
    format!("'{shown}' is not a regular expression: {reason}")
}

fn string<'c>(argument: Option<&'c CowVal<'_, '_>>) -> Option<&'c str> {
    argument?.downcast_ref::<CelString<'_>>().map(CelString::inner)
}

fn downcast<'c, T: StaticVal>(argument: Option<&'c CowVal<'_, '_>>) -> Option<&'c T> {
    argument?.as_any()?.downcast_ref()
}

static PATTERN: Type = Pattern::TYPE;
static CACHE: Type = Cache::TYPE;

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        &PATTERN
    }

    fn cel_type() -> &'static Type {
        &PATTERN
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}

impl Val for Cache {
    fn get_type(&self) -> &Type {
        &CACHE
    }

    fn cel_type() -> &'static Type {
        &CACHE
    }

    /// Nothing copies it: only `@matches` names it.
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Cache {}

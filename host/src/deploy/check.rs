//! Whether a manifest's triggers can work with its modules. A function of its arguments.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::manifest::{self, At, Diagnostic, EndpointSpec, Manifest, TriggerSpec};
use crate::egress::Policy;
use crate::guest::Module;
use crate::trigger::filter::{self, CompileError};
use crate::trigger::{Dedup, Filter, Key, Limits, Trigger, WINDOW};

/// What the modules of a manifest were found to be: a module that could not be had has its diagnostic elsewhere.
pub(super) type Modules = HashMap<String, Arc<Module>>;

/// What holds for triggers that do not say, and what none of them may exceed.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// How long a handler may take.
    pub timeout: Duration,
    /// What a handler may take.
    pub limits: Limits,
    /// The most that a trigger may allow its handler.
    pub ceilings: Limits,
}

/// The manifest's triggers, their filters compiled and their handlers found. All mistakes are pushed to `mistakes`.
pub(super) fn triggers(
    manifest: &Manifest,
    source: &str,
    modules: &Modules,
    defaults: &Defaults,
    mistakes: &mut Vec<Diagnostic>,
) -> Vec<Trigger> {
    let specs = &manifest.project.triggers;
    specs.iter().filter_map(|spec| trigger(spec, source, modules, defaults, mistakes)).collect()
}

fn trigger(
    spec: &TriggerSpec,
    source: &str,
    modules: &Modules,
    defaults: &Defaults,
    mistakes: &mut Vec<Diagnostic>,
) -> Option<Trigger> {
    let filter = filter(spec, source, mistakes);
    let ordered_by = ordered_by(spec, source, mistakes);
    let module = modules.get(&spec.call.module)?;
    // What is deployed anew is loaded. What was deployed before was checked then, and is loaded when it is called.
    if let Some(handlers) = module.handlers()
        && !handlers.contains(&spec.call.export())
    {
        mistakes.push(spec.missing_handler(source, handlers.iter().map(String::as_str)));
    }
    Some(Trigger {
        name: spec.name.as_str().into(),
        endpoint: spec.slug().into(),
        event_type: spec.event_type.clone(),
        filter: filter?,
        call: spec.call.value.clone(),
        is_sync: spec.is_sync,
        timeout: spec.timeout.unwrap_or(defaults.timeout),
        limits: limits(spec, defaults),
        retry: spec.retry.clone(),
        max_concurrency: spec.max_concurrency,
        ordered_by: ordered_by?,
        history: spec.history,
        grants: Arc::new(spec.grants.clone()),
    })
}

/// What a trigger's handler may take: what the trigger says, or else the default, and no more than the host allows.
pub(super) fn limits(spec: &TriggerSpec, defaults: &Defaults) -> Limits {
    let wished = spec.limits.iter().fold(defaults.limits, |limits, (limit, wished)| limits.with(*limit, wished.value));
    wished.within(&defaults.ceilings)
}

/// The limits by which triggers ask for more than the host allows. For what is deployed anew: what was deployed before the
/// ceilings came down goes on within them.
pub(super) fn beyond_ceilings(manifest: &Manifest, source: &str, ceilings: &Limits) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for spec in &manifest.project.triggers {
        for (limit, wished) in &spec.limits {
            let most = ceilings.of(*limit);
            if wished.value > most {
                found.push(spec.beyond_ceiling(source, *limit, wished, most));
            }
        }
    }
    found
}

/// By what the manifest's endpoints tell duplicates, by their slugs. All mistakes are pushed to `mistakes`.
pub(super) fn dedups(
    manifest: &Manifest,
    source: &str,
    mistakes: &mut Vec<Diagnostic>,
) -> HashMap<Arc<str>, Arc<Dedup>> {
    let mut dedups = HashMap::new();
    for EndpointSpec { slug, dedup } in &manifest.project.endpoints {
        let Some(spec) = dedup else { continue };
        if let Some(key) = key("key", spec.key.as_ref(), source, mistakes) {
            let dedup = Dedup { key, window: spec.window.unwrap_or(WINDOW) };
            dedups.insert(slug.as_str().into(), Arc::new(dedup));
        }
    }
    dedups
}

/// What is wrong with a manifest's expressions, and what is likely not what was meant. It needs no modules.
pub fn expressions(manifest: &Manifest, source: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for spec in &manifest.project.triggers {
        if let Some(Some(filter)) = filter(spec, source, &mut found) {
            found.extend(doubts(spec, source, &filter));
        }
        ordered_by(spec, source, &mut found);
    }
    dedups(manifest, source, &mut found);
    found
}

/// What is likely not what was meant in what `manifest` was deployed as, on a host whose operator has this policy.
pub(super) fn warnings(manifest: &Manifest, source: &str, deployed: &[Trigger], policy: &Policy) -> Vec<Diagnostic> {
    let project = &manifest.project;
    let rules = project.outbound.iter().chain(project.triggers.iter().flat_map(|trigger| &trigger.outbound));
    let forbidden = rules.filter(|rule| !policy.may_allow(&rule.value));
    let mut found = filter_warnings(manifest, source, deployed);
    found.extend(forbidden.map(|rule| manifest::forbidden(source, rule)));
    found
}

fn filter_warnings(manifest: &Manifest, source: &str, deployed: &[Trigger]) -> Vec<Diagnostic> {
    let specs = manifest.project.triggers.iter();
    let filter = |spec: &TriggerSpec| {
        let trigger = deployed.iter().find(|trigger| *trigger.name == *spec.name.value)?;
        trigger.filter.clone()
    };
    let found = specs.filter_map(|spec| Some((spec, filter(spec)?)));
    found.flat_map(|(spec, filter)| doubts(spec, source, &filter)).collect()
}

fn doubts(spec: &TriggerSpec, source: &str, filter: &Filter) -> Vec<Diagnostic> {
    let doubt =
        |found: &filter::Diagnostic| spec.doubtful_filter(source, found.span.clone(), &found.message, help(found));
    filter.warnings().iter().map(doubt).collect()
}

fn help(found: &filter::Diagnostic) -> Option<String> {
    found.suggestion.as_ref().map(|suggestion| format!("did you mean `{suggestion}`?"))
}

/// None when it does not compile; none within when there is none.
fn filter(spec: &TriggerSpec, source: &str, mistakes: &mut Vec<Diagnostic>) -> Option<Option<Arc<Filter>>> {
    let Some(text) = &spec.filter else { return Some(None) };
    compiled("filter", text, Filter::compile(text), source, mistakes).map(|filter| Some(Arc::new(filter)))
}

/// As [`filter`].
fn ordered_by(spec: &TriggerSpec, source: &str, mistakes: &mut Vec<Diagnostic>) -> Option<Option<Arc<Key>>> {
    key("ordered_by", spec.ordered_by.as_ref(), source, mistakes).map(|key| key.map(Arc::new))
}

/// As [`filter`].
fn key(name: &str, text: Option<&At<String>>, source: &str, mistakes: &mut Vec<Diagnostic>) -> Option<Option<Key>> {
    let Some(text) = text else { return Some(None) };
    compiled(name, text, Key::compile(text), source, mistakes).map(Some)
}

fn compiled<T>(
    name: &str,
    text: &At<String>,
    compiled: Result<T, CompileError>,
    source: &str,
    mistakes: &mut Vec<Diagnostic>,
) -> Option<T> {
    let error = match compiled {
        Ok(expression) => return Some(expression),
        Err(error) => error,
    };
    for found in error.diagnostics() {
        mistakes.push(manifest::bad_expression(source, name, text, found.span.clone(), &found.message, help(found)));
    }
    None
}

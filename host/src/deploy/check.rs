//! Whether a manifest's triggers can work with its modules. A function of its arguments.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::manifest::{Diagnostic, Manifest, TriggerSpec};
use crate::event::Keep;
use crate::guest::Module;
use crate::trigger::{Filter, Retry, Trigger, filter};

/// What the modules of a manifest were found to be: a module that could not be had has its diagnostic elsewhere.
pub(super) type Modules = HashMap<String, Arc<Module>>;

/// The manifest's triggers, their filters compiled and their handlers found. All mistakes are pushed to `mistakes`.
pub(super) fn triggers(
    manifest: &Manifest,
    source: &str,
    modules: &Modules,
    timeout: Duration,
    mistakes: &mut Vec<Diagnostic>,
) -> Vec<Trigger> {
    let specs = &manifest.project.triggers;
    specs.iter().filter_map(|spec| trigger(spec, source, modules, timeout, mistakes)).collect()
}

fn trigger(
    spec: &TriggerSpec,
    source: &str,
    modules: &Modules,
    timeout: Duration,
    mistakes: &mut Vec<Diagnostic>,
) -> Option<Trigger> {
    let filter = filter(spec, source, mistakes);
    let module = modules.get(&spec.call.module)?;
    if !module.handlers().contains(spec.call.export().as_str()) {
        mistakes.push(spec.missing_handler(source, module.handlers()));
    }
    Some(Trigger {
        name: spec.name.as_str().into(),
        endpoint: spec.slug().into(),
        event_type: spec.event_type.clone(),
        filter: filter?,
        call: spec.call.value.clone(),
        is_sync: spec.is_sync,
        timeout: spec.timeout.unwrap_or(timeout),
        retry: if spec.is_sync { Retry::never() } else { Retry::default() },
        max_concurrency: None,
        history: Keep::Full,
    })
}

/// What is wrong with a manifest's filters, and what is likely not what was meant. It needs no modules.
pub fn filters(manifest: &Manifest, source: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for spec in &manifest.project.triggers {
        if let Some(Some(filter)) = filter(spec, source, &mut found) {
            found.extend(doubts(spec, source, &filter));
        }
    }
    found
}

/// What is likely not what was meant in the filters of what `manifest` was deployed as.
pub fn filter_warnings(manifest: &Manifest, source: &str, deployed: &[Trigger]) -> Vec<Diagnostic> {
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
    match Filter::compile(text) {
        Ok(filter) => Some(Some(Arc::new(filter))),
        Err(error) => {
            for found in error.diagnostics() {
                mistakes.push(spec.bad_filter(source, found.span.clone(), &found.message, help(found)));
            }
            None
        }
    }
}

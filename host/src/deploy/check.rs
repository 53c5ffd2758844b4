//! Whether a manifest's triggers can work with its modules. A function of its arguments.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::manifest::{Diagnostic, Manifest, TriggerSpec};
use crate::event::Keep;
use crate::guest::Module;
use crate::trigger::{Filter, Retry, Trigger};

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

/// The mistakes of a manifest's filters, which need no modules.
pub fn filters(manifest: &Manifest, source: &str) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    for spec in &manifest.project.triggers {
        filter(spec, source, &mut mistakes);
    }
    mistakes
}

/// None when it does not compile; none within when there is none.
fn filter(spec: &TriggerSpec, source: &str, mistakes: &mut Vec<Diagnostic>) -> Option<Option<Arc<Filter>>> {
    let Some(text) = &spec.filter else { return Some(None) };
    match Filter::compile(text) {
        Ok(filter) => Some(Some(Arc::new(filter))),
        Err(error) => {
            for found in error.diagnostics() {
                let help = found.suggestion.as_ref().map(|suggestion| format!("did you mean `{suggestion}`?"));
                mistakes.push(spec.bad_filter(source, found.span.clone(), &found.message, help));
            }
            None
        }
    }
}

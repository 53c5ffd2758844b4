//! Words for mistakes that the text alone does not show: those who have the modules and the filters find them.

use std::ops::Range;

use super::diagnostic::Diagnostic;
use super::suggest::{did_you_mean, list, nearest};
use super::{At, Manifest, Span, TriggerSpec};
use crate::egress::Rule;
use crate::trigger::Limit;

impl Manifest {
    /// There is no file for a module. `name` is its key in `modules`, and `source` the manifest's text.
    pub fn missing_module(&self, source: &str, name: &str) -> Diagnostic {
        let Some(spec) = self.modules.get(name) else {
            return Diagnostic::error(source, Span::default(), format!("the manifest has no module `{name}`"));
        };
        let path = &spec.path;
        let message = format!("the module `{name}` is not there: no file `{path}`");
        let others = self.modules.iter().filter(|(_, other)| other.listed).map(|(other, _)| other.as_str());
        let help = match (spec.listed, &spec.build) {
            (true, Some(build)) => format!("`{build}` has not written it: give `path` the file that it writes"),
            (true, None) => "build the component to that file, or correct `path`".to_owned(),
            (false, _) => {
                let meant =
                    nearest(name, others).map(|other| format!("did you mean `{other}`? or else ")).unwrap_or_default();
                format!(
                    "{meant}build the component to `{path}` beside the manifest, or say where it is: \
                     `modules: {{ {name}: {{ path: … }} }}`"
                )
            }
        };
        Diagnostic::error(source, spec.span, message).help(help)
    }
}

impl TriggerSpec {
    /// Its module lacks the function. `handlers` are the names of the component's exports that are handlers.
    pub fn missing_handler<'h>(&self, source: &str, handlers: impl IntoIterator<Item = &'h str>) -> Diagnostic {
        let call = &self.call;
        let handlers: Vec<String> = handlers.into_iter().map(|export| export.replace('-', "_")).collect();
        let names = || handlers.iter().map(String::as_str);
        let help = did_you_mean(&call.function, names()).or_else(|| match handlers.is_empty() {
            true => Some("it has no handlers at all".to_owned()),
            false => Some(format!("it has {}", list(names()))),
        });
        let message = format!("the module `{}` has no handler `{}`", call.module, call.function);
        // A `call` in quotes or over lines: rare enough to point at all of it.
        let written = source.get(call.span.start..call.span.end).unwrap_or_default();
        let start = if written == call.to_string() { call.span.start + call.module.len() + 1 } else { call.span.start };
        Diagnostic::error(source, Span { start, end: call.span.end }, message).help(help)
    }
}

impl TriggerSpec {
    /// Its filter compiles and is likely not what was meant: `part` are the bytes of the expression that are doubtful.
    pub fn doubtful_filter(&self, source: &str, part: Range<usize>, message: &str, help: Option<String>) -> Diagnostic {
        let message = format!("the filter is doubtful: {message}");
        let found = match &self.filter {
            Some(filter) => Diagnostic::inside(source, filter, part, message),
            None => Diagnostic::error(source, self.name.span, message),
        };
        found.warning().help(help)
    }
}

/// The host's operator allows no request that a rule of `outbound` is for.
pub(in crate::deploy) fn forbidden(source: &str, rule: &At<Rule>) -> Diagnostic {
    let message = format!("the host's operator allows no request to `{}`: each will be refused", rule.value);
    let help = "remove the rule, or have the operator allow it: `guest.outbound.allow`, and for an address that is not public \
                `guest.outbound.networks`";
    Diagnostic::error(source, rule.span, message).warning().help(help.to_owned())
}

impl TriggerSpec {
    /// It asks for more of something than the host allows.
    pub(in crate::deploy) fn beyond_ceiling(
        &self,
        source: &str,
        limit: Limit,
        wished: &At<u64>,
        most: u64,
    ) -> Diagnostic {
        let (key, setting, most_shown) = (limit.key(), limit.setting(), limit.written(most));
        let message = format!("`{key}` is {}, more than this host allows", limit.show(wished.value));
        let help =
            format!("write `{most_shown}` or less, or have the host's operator raise `guest.ceilings.{setting}`");
        Diagnostic::error(source, wished.span, message).help(help)
    }
}

/// The expression that `key` of the manifest has does not compile: `part` are the bytes of it that are wrong.
pub fn bad_expression(
    source: &str,
    key: &str,
    expression: &At<String>,
    part: Range<usize>,
    message: &str,
    help: Option<String>,
) -> Diagnostic {
    let name = if key == "filter" { "the filter".to_owned() } else { format!("`{key}`") };
    let comment = || format!("to YAML, ` #` begins a comment and ends {name}: put {name} in quotes, `{key}: '…'`");
    let help = if cut_short(source, expression.span) { Some(comment()) } else { help };
    Diagnostic::inside(source, expression, part, format!("{name} does not compile: {message}")).help(help)
}

/// Whether YAML ended a scalar because a comment begins after it.
fn cut_short(source: &str, scalar: Span) -> bool {
    let written = source.get(scalar.start..scalar.end).unwrap_or_default();
    let line = source.get(scalar.end..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    !written.starts_with(['"', '\'']) && !written.ends_with('\n') && line.trim_start().starts_with('#')
}

//! What may be imported, in words: for components that import something else.

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// How many imports are named of a component that has more of the wrong ones.
const SHOWN: usize = 20;

/// Interfaces of one package.
struct Package {
    name: &'static str,
    version: &'static str,
    interfaces: &'static [&'static str],
}

const fn package(name: &'static str, version: &'static str, interfaces: &'static [&'static str]) -> Package {
    Package { name, version, interfaces }
}

/// What is linked for all components, and after it what is linked where WASI 0.3 is offered.
const OFFERED: [Package; 14] = [
    package("tenterhook:webhook", "0.1", &["kv", "log", "reply", "types", "vars"]),
    package("wasi:cli", "0.2", CLI),
    package("wasi:clocks", "0.2", &["monotonic-clock", "wall-clock"]),
    package("wasi:filesystem", "0.2", &["preopens", "types"]),
    package("wasi:http", "0.2", &["outgoing-handler", "types"]),
    package("wasi:io", "0.2", &["error", "poll", "streams"]),
    package("wasi:random", "0.2", RANDOM),
    package("wasi:sockets", "0.2", SOCKETS),
    package("wasi:cli", "0.3", CLI),
    package("wasi:clocks", "0.3", &["monotonic-clock", "system-clock", "types"]),
    package("wasi:filesystem", "0.3", &["preopens", "types"]),
    package("wasi:http", "0.3", &["client", "types"]),
    package("wasi:random", "0.3", RANDOM),
    package("wasi:sockets", "0.3", &["ip-name-lookup", "types"]),
];
const CLI: &[&str] = &[
    "environment",
    "exit",
    "stderr",
    "stdin",
    "stdout",
    "terminal-input",
    "terminal-output",
    "terminal-stderr",
    "terminal-stdin",
    "terminal-stdout",
];
const RANDOM: &[&str] = &["insecure", "insecure-seed", "random"];
const SOCKETS: &[&str] =
    &["instance-network", "ip-name-lookup", "network", "tcp", "tcp-create-socket", "udp", "udp-create-socket"];

/// What stands here for interfaces that others offer.
const INSTEAD: [(&str, &str); 4] = [
    ("wasi:config/", "a project's variables are in `tenterhook:webhook/vars@0.1`"),
    ("wasi:keyvalue/", "values are kept with `tenterhook:webhook/kv@0.1`"),
    ("wasi:logging/", "the session's log is `tenterhook:webhook/log@0.1`"),
    ("wasi:http/", "requests are sent with `wasi:http/outgoing-handler@0.2`"),
];

/// Why a component was not linked: all its imports that are not offered, or else the engine's own word for what of an
/// interface is not as the component expects it.
pub(super) fn unlinked(component: &Component, wasi_0_3: bool, error: &wasmtime::Error) -> String {
    let engine = component.engine();
    let kind = component.component_type();
    let is_needed = |item: &ComponentItem| match item {
        // One that has types alone need not be there.
        ComponentItem::ComponentInstance(instance) => instance
            .exports(engine)
            .any(|(_, export)| matches!(export.ty, ComponentItem::ComponentFunc(_) | ComponentItem::Resource(_))),
        // Another name for a type of an interface.
        ComponentItem::Type(_) | ComponentItem::Resource(_) => false,
        _ => true,
    };
    let needed = kind.imports(engine).filter(|(_, import)| is_needed(&import.ty)).map(|(name, _)| name);
    refusal(needed, wasi_0_3).unwrap_or_else(|| format!("it imports what this host does not offer: {error:#}"))
}

/// What is said of the imports that are not offered; none when all are.
fn refusal<'a>(imports: impl Iterator<Item = &'a str>, wasi_0_3: bool) -> Option<String> {
    let mut missing: Vec<&str> = imports.filter(|import| !is_offered(import, wasi_0_3)).collect();
    missing.sort_unstable();
    if missing.is_empty() {
        return None;
    }
    let mut named: Vec<String> = missing.iter().take(SHOWN).map(|import| named(import, wasi_0_3)).collect();
    if let Some(more) = missing.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        named.push(format!("and {more} more"));
    }
    let wasi = if wasi_0_3 { "WASI 0.2 and 0.3" } else { "WASI 0.2" };
    Some(format!(
        "it imports what this host does not offer, which is {wasi} and the interfaces of `tenterhook:webhook`: {}",
        named.join(", ")
    ))
}

fn named(import: &str, wasi_0_3: bool) -> String {
    match advice(import, wasi_0_3) {
        Some(advice) => format!("`{import}` ({advice})"),
        None => format!("`{import}`"),
    }
}

/// What to import instead.
fn advice(import: &str, wasi_0_3: bool) -> Option<String> {
    let Some((package, interface, _)) = parts(import) else {
        return Some("functions are imported from interfaces: `package:name/interface@version`".to_owned());
    };
    let packages: Vec<&Package> = offered(wasi_0_3).filter(|other| other.name == package).collect();
    let versions: Vec<&str> =
        packages.iter().filter(|other| other.interfaces.contains(&interface)).map(|other| other.version).collect();
    if !versions.is_empty() {
        return Some(format!("it is offered in version {}", versions.join(" and ")));
    }
    if let Some((_, instead)) = INSTEAD.iter().find(|(prefix, _)| import.starts_with(prefix)) {
        return Some((*instead).to_owned());
    }
    let [first, ..] = packages.as_slice() else { return None };
    let interfaces = first.interfaces.iter().map(|other| format!("`{other}`")).collect::<Vec<_>>().join(", ");
    Some(format!("of `{package}@{}` there are {interfaces}", first.version))
}

fn is_offered(import: &str, wasi_0_3: bool) -> bool {
    let Some((package, interface, version)) = parts(import) else { return false };
    offered(wasi_0_3).any(|other| {
        other.name == package && is_compatible(version, other.version) && other.interfaces.contains(&interface)
    })
}

fn offered(wasi_0_3: bool) -> impl Iterator<Item = &'static Package> {
    OFFERED.iter().filter(move |package| wasi_0_3 || package.version != "0.3")
}

/// Whether a version is a patch of `minor`: those take each other's place. Candidates for a release take nobody's.
fn is_compatible(version: &str, minor: &str) -> bool {
    let patch = version.strip_prefix(minor);
    patch.is_some_and(|patch| patch.is_empty() || (patch.starts_with('.') && !patch.contains('-')))
}

/// The package, the interface and the version of `wasi:cli/environment@0.2.6`.
fn parts(import: &str) -> Option<(&str, &str, &str)> {
    let (name, version) = import.split_once('@').unwrap_or((import, ""));
    let (package, interface) = name.split_once('/')?;
    package.contains(':').then_some((package, interface, version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::code::{self, Kind};
    use crate::guest::imports;

    fn said(imports: &[&str], wasi_0_3: bool) -> Option<String> {
        refusal(imports.iter().copied(), wasi_0_3)
    }

    #[test]
    fn all_imports_that_are_not_offered_are_named_at_once_with_what_is() {
        let imports = [
            "wasi:keyvalue/store@0.2.0",
            "wasi:cli/environment@0.2.99",
            "acme:rockets/launch@1.0.0",
            "wasi:cli/run@0.2.6",
            "wasi:clocks/wall-clock@0.4.0",
            "log",
        ];
        insta::assert_snapshot!(said(&imports, true).unwrap(), @"it imports what this host does not offer, which is WASI 0.2 and 0.3 and the interfaces of `tenterhook:webhook`: `acme:rockets/launch@1.0.0`, `log` (functions are imported from interfaces: `package:name/interface@version`), `wasi:cli/run@0.2.6` (of `wasi:cli@0.2` there are `environment`, `exit`, `stderr`, `stdin`, `stdout`, `terminal-input`, `terminal-output`, `terminal-stderr`, `terminal-stdin`, `terminal-stdout`), `wasi:clocks/wall-clock@0.4.0` (it is offered in version 0.2), `wasi:keyvalue/store@0.2.0` (values are kept with `tenterhook:webhook/kv@0.1`)");
        let wasi = ["wasi:http/client@0.3.0", "wasi:random/random@0.3.1"];
        insta::assert_snapshot!(said(&wasi, false).unwrap(), @"it imports what this host does not offer, which is WASI 0.2 and the interfaces of `tenterhook:webhook`: `wasi:http/client@0.3.0` (requests are sent with `wasi:http/outgoing-handler@0.2`), `wasi:random/random@0.3.1` (it is offered in version 0.2)");
        assert_eq!(said(&wasi, true), None);
        let many: Vec<String> = (0..25).map(|number| format!("acme:parts/p{number:02}@1.0.0")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(said(&many, true).unwrap().ends_with("`acme:parts/p19@1.0.0`, and 5 more"));
    }

    /// One thing in each interface of the list, by which it shows that it is there.
    const THINGS: &[(&str, &str)] = &[
        ("kv", "get"),
        ("log", "log"),
        ("reply", "start"),
        ("vars", "get"),
        ("environment", "get-environment"),
        ("exit", "exit"),
        ("stderr", "get-stderr write-via-stream"),
        ("stdin", "get-stdin read-via-stream"),
        ("stdout", "get-stdout write-via-stream"),
        ("terminal-input", "terminal-input"),
        ("terminal-output", "terminal-output"),
        ("terminal-stderr", "get-terminal-stderr"),
        ("terminal-stdin", "get-terminal-stdin"),
        ("terminal-stdout", "get-terminal-stdout"),
        ("monotonic-clock", "now"),
        ("wall-clock", "now"),
        ("system-clock", "now"),
        ("preopens", "get-directories"),
        ("outgoing-handler", "handle"),
        ("client", "send"),
        ("error", "error"),
        ("poll", "poll"),
        ("streams", "input-stream"),
        ("insecure", "get-insecure-random-u64"),
        ("insecure-seed", "insecure-seed get-insecure-seed"),
        ("random", "get-random-u64"),
        ("instance-network", "instance-network"),
        ("ip-name-lookup", "resolve-addresses"),
        ("network", "network"),
        ("tcp", "tcp-socket"),
        ("tcp-create-socket", "create-tcp-socket"),
        ("udp", "udp-socket"),
        ("udp-create-socket", "create-udp-socket"),
        ("types", "event descriptor fields tcp-socket"),
    ];

    #[test]
    fn what_is_said_to_be_offered_is_linked() {
        let engine = code::compiler(Kind::Concurrent).unwrap();
        let mut linker = imports::linker(&engine, true).unwrap();
        for Package { name, version, interfaces } in &OFFERED {
            for interface in *interfaces {
                // In 0.3 it has a type alone, which is linked by not being there.
                if (*name, *version, *interface) == ("wasi:clocks", "0.3", "types") {
                    continue;
                }
                let (_, things) = THINGS.iter().find(|(of, _)| of == interface).unwrap();
                // What is there cannot be defined again. It is there in one of the version's patches.
                let mut is_there = |patch: u32, thing: &str| {
                    let mut instance = linker.instance(&format!("{name}/{interface}@{version}.{patch}")).unwrap();
                    instance.func_wrap(thing, |_, (): ()| Ok(())).is_err()
                };
                let found = (0..20).any(|patch| things.split(' ').any(|thing| is_there(patch, thing)));
                assert!(found, "{name}/{interface}@{version}");
            }
        }
    }
}

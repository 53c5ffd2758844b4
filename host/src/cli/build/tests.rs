//! Versions, names and worlds.

use super::recipe::{Job, Language};
use super::tool::Version;
use super::world;
use crate::deploy::manifest::Manifest;

fn job(calls: &[&str]) -> Result<Vec<String>, String> {
    let mut manifest = "version: v1\nproject:\n  name: p\n  triggers:\n".to_owned();
    for (index, call) in calls.iter().enumerate() {
        manifest.push_str(&format!("    - {{name: t{index}, type: webhook, call: '{call}'}}\n"));
    }
    let manifest = Manifest::parse(&manifest).unwrap();
    let job = Job::new(std::path::Path::new("/"), "a.py", &manifest)?;
    Ok(job.handlers.into_iter().map(|handler| handler.export).collect())
}

#[test]
fn handlers_are_what_calls_of_the_module_name() {
    let calls = ["a.py:on_get", "b.py:on_other", "a.py:onPost", "a.py:on_get", "a.py:OnHTTPPut2", "a.py:x"];
    assert_eq!(job(&calls).unwrap(), ["on-get", "on-post", "on-http-put2", "x"]);
    assert!(job(&["a.py:on_get", "a.py:onGet"]).unwrap_err().contains("would both be the export `on-get`"));
    for name in ["on__get", "on_", "_on", "on_2fa"] {
        let error = job(&[&format!("a.py:{name}")]).unwrap_err();
        assert!(error.contains(&format!("`{name}` cannot be the name")), "{error}");
    }
}

#[test]
fn a_language_is_known_by_its_extension() {
    assert_eq!(Language::of("a/b.mts"), Some(Language::JavaScript));
    assert_eq!(Language::of("a.b.py"), Some(Language::Python));
    assert_eq!((Language::of("a.txt"), Language::of("py")), (None, None));
}

#[test]
fn versions_are_found_in_what_tools_print() {
    let found = |text| Version::find(text).map(|version| version.to_string());
    assert_eq!(found("go version go1.26.8 linux/amd64").as_deref(), Some("1.26.8"));
    assert_eq!(found("componentize-py 0.25.1\n").as_deref(), Some("0.25.1"));
    assert_eq!(found("cargo 1.95.0 (f2d3ce0bd 2026-03-21)").as_deref(), Some("1.95.0"));
    assert_eq!(found("v20.20").as_deref(), Some("20.20.0"));
    assert_eq!(found("none"), None);
    assert!(Version::find("1.9.9") < Version::find("1.10.0"));
}

/// A handler may have a name that is a word of WIT's, or the name of an interface.
#[test]
fn any_export_makes_a_world() {
    let mut module = wat::parse_str("(module)").unwrap();
    let world = world::text(["interface", "log", "types", "on-http-get"].into_iter());
    world::embed(&mut module, &world).unwrap_or_else(|error| panic!("{error}"));
}

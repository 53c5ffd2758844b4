//! Modules, the handlers in them, and filters.

use insta::assert_snapshot;

use super::*;

#[test]
fn module_entries() {
    assert_snapshot!(modules("a.py:"), @"
    error: the module `a.py` has neither `path` nor `build`
     --> tenterhook.yaml:5:3
      |
    5 |   a.py:
      |   ^^^^
      |
      = help: add `path: a.wasm`
    ");
    assert_snapshot!(modules("a.py: {}"), @"
    error: the module `a.py` has neither `path` nor `build`
     --> tenterhook.yaml:5:3
      |
    5 |   a.py: {}
      |   ^^^^
      |
      = help: add `path: a.wasm`
    ");
    assert_snapshot!(modules("a.py: a.wasm"), @"
    error: a module is a mapping, and this is text
     --> tenterhook.yaml:5:9
      |
    5 |   a.py: a.wasm
      |         ^^^^^^
      |
      = help: write `a.py: { path: a.wasm }`
    ");
    assert_snapshot!(modules("a.py: {path: ''}"), @"
    error: `path` is empty
     --> tenterhook.yaml:5:16
      |
    5 |   a.py: {path: ''}
      |                ^^
    ");
    assert_snapshot!(modules("a.py: {path: [a]}"), @"
    error: `path` is text, and this is a list
     --> tenterhook.yaml:5:16
      |
    5 |   a.py: {path: [a]}
      |                ^
    ");
    assert_snapshot!(modules("../a.py: {path: a.wasm}"), @"
    error: `modules: ../a.py` has the segment `..`
     --> tenterhook.yaml:5:3
      |
    5 |   ../a.py: {path: a.wasm}
      |   ^^
      |
      = help: name a module as the file that its handlers are in, relative to the manifest: `webhooks.py`
    ");
    assert_snapshot!(modules("- a.py"), @"
    error: `modules` is a mapping, and this is a list
     --> tenterhook.yaml:5:3
      |
    5 |   - a.py
      |   ^
    ");
}

fn rendered(source: &str, found: crate::deploy::manifest::Diagnostic) -> String {
    crate::deploy::manifest::Error::from(found).render("tenterhook.yaml", source)
}

/// The handlers and files are looked up by others, who word what they find with these.
#[test]
fn what_the_modules_lack() {
    let source = "version: v1
project:
  name: p
  triggers:
    - {name: a, type: webhook, call: webhooks.py:on_http_gte}
    - {name: b, type: webhook, call: webhoks.py:on_http_get}
    - {name: c, type: webhook, call: 'other.py:on_http_get'}
modules:
  webhooks.py: {path: target/webhooks.wasm}
  built.py: {build: make}
";
    let manifest = read(source);
    let trigger = |i: usize| &manifest.project.triggers[i];
    let handlers = ["on-http-get", "on-http-post"];
    assert_snapshot!(rendered(source, trigger(0).missing_handler(source, handlers)), @"
    error: the module `webhooks.py` has no handler `on_http_gte`
     --> tenterhook.yaml:5:50
      |
    5 |     - {name: a, type: webhook, call: webhooks.py:on_http_gte}
      |                                                  ^^^^^^^^^^^
      |
      = help: did you mean `on_http_get`?
    ");
    assert_snapshot!(rendered(source, trigger(2).missing_handler(source, ["send"])), @"
    error: the module `other.py` has no handler `on_http_get`
     --> tenterhook.yaml:7:38
      |
    7 |     - {name: c, type: webhook, call: 'other.py:on_http_get'}
      |                                      ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: it has `send`
    ");
    assert_snapshot!(rendered(source, trigger(1).missing_handler(source, [])), @"
    error: the module `webhoks.py` has no handler `on_http_get`
     --> tenterhook.yaml:6:49
      |
    6 |     - {name: b, type: webhook, call: webhoks.py:on_http_get}
      |                                                 ^^^^^^^^^^^
      |
      = help: it has no handlers at all
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "webhooks.py")), @"
    error: the module `webhooks.py` is not there: no file `target/webhooks.wasm`
     --> tenterhook.yaml:9:23
      |
    9 |   webhooks.py: {path: target/webhooks.wasm}
      |                       ^^^^^^^^^^^^^^^^^^^^
      |
      = help: build the component to that file, or correct `path`
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "webhoks.py")), @"
    error: the module `webhoks.py` is not there: no file `webhoks.wasm`
     --> tenterhook.yaml:6:38
      |
    6 |     - {name: b, type: webhook, call: webhoks.py:on_http_get}
      |                                      ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `webhooks.py`? or else build the component to `webhoks.wasm` beside the manifest, or say where it is: `modules: { webhoks.py: { path: … } }`
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "other.py")), @"
    error: the module `other.py` is not there: no file `other.wasm`
     --> tenterhook.yaml:7:38
      |
    7 |     - {name: c, type: webhook, call: 'other.py:on_http_get'}
      |                                      ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: build the component to `other.wasm` beside the manifest, or say where it is: `modules: { other.py: { path: … } }`
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "built.py")), @"
    error: the module `built.py` is not there: no file `built.wasm`
      --> tenterhook.yaml:10:3
       |
    10 |   built.py: {build: make}
       |   ^^^^^^^^
       |
       = help: `make` has not written it: give `path` the file that it writes
    ");
}

#[test]
fn filters_that_do_not_compile() {
    let wrong = |filter: &str, word: &str| {
        let source = trigger_with(filter);
        let manifest = read(&source);
        let trigger = &manifest.project.triggers[0];
        let expression = trigger.filter.as_ref().unwrap();
        let start = expression.find(word).unwrap();
        let part = start..start + word.len();
        let message = "undeclared reference to `dat`";
        rendered(&source, bad_expression(&source, "filter", expression, part, message, None))
    };
    assert_snapshot!(wrong("filter: data.a == 'x' && dat.method == 'GET'", "dat."), @"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:32
      |
    7 |       filter: data.a == 'x' && dat.method == 'GET'
      |                                ^^^^
    ");
    assert_snapshot!(wrong("filter: 'dat.a == \"it''s\" || dato'", "dato"), @r#"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:36
      |
    7 |       filter: 'dat.a == "it''s" || dato'
      |                                    ^^^^
    "#);
    assert_snapshot!(wrong("filter: >-\n  data.a &&\n  dat.b", "dat.b"), @"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:9:9
      |
    9 |         dat.b
      |         ^^^^^
    ");
    assert_snapshot!(wrong("filter: \"data\\x2ea == 'x' && dat.b\"", "dat.b"), @r#"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:15
      |
    7 |       filter: "data\x2ea == 'x' && dat.b"
      |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
     ::: its value:1:18
      |
    1 | data.a == 'x' && dat.b
      |                  ^^^^^
    "#);
    assert_snapshot!(wrong("filter: dat.a == 'b #c'", "dat"), @"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:15
      |
    7 |       filter: dat.a == 'b #c'
      |               ^^^
      |
      = help: to YAML, ` #` begins a comment and ends the filter: put the filter in quotes, `filter: '…'`
    ");
}

//! What is wrong with a manifest's expressions, as `manifest check` and deploying tell it.

use insta::assert_snapshot;

use super::check_expressions;
use super::manifest::{Error, Manifest};

const MANIFEST: &str = "version: v1
project:
  name: p
  triggers:
    - name: t
      type: webhook
      filter: data.method == 'POST'
      ordered_by: data.headers['X-Shop']
      call: a.py:f
  endpoints:
    t: {dedup: {key: data.body.json.id, window: 1h}}
";

fn mistakes(source: &str) -> String {
    let manifest = Manifest::parse(source).unwrap();
    Error::from(check_expressions(&manifest, source)).render("tenterhook.yaml", source)
}

#[test]
fn all_expressions_are_checked() {
    assert_eq!(mistakes(MANIFEST), "");
    let wrong = MANIFEST
        .replace("data.method ==", "dta.method ==")
        .replace("data.headers['X-Shop']", "data.headers.size()")
        .replace("data.body.json.id", "data.bdy.json.id");
    assert_snapshot!(mistakes(&wrong), @"
    error: the filter does not compile: undeclared reference to 'dta'
     --> tenterhook.yaml:7:15
      |
    7 |       filter: dta.method == 'POST'
      |               ^^^
      |
      = help: did you mean `data`?

    error: `ordered_by` does not compile: a key is a string, this gives an int
     --> tenterhook.yaml:8:19
      |
    8 |       ordered_by: data.headers.size()
      |                   ^^^^^^^^^^^^^^^^^^^

    error: `key` does not compile: undefined field 'bdy'
      --> tenterhook.yaml:11:27
       |
    11 |     t: {dedup: {key: data.bdy.json.id, window: 1h}}
       |                           ^^^
       |
       = help: did you mean `body`?
    ");
    let cut_off = MANIFEST.replace("data.headers['X-Shop']", "data.headers['X #1']");
    assert_snapshot!(mistakes(&cut_off), @"
    error: `ordered_by` does not compile: the text that begins here does not end
     --> tenterhook.yaml:8:32
      |
    8 |       ordered_by: data.headers['X #1']
      |                                ^
      |
      = help: to YAML, ` #` begins a comment and ends `ordered_by`: put `ordered_by` in quotes, `ordered_by: '…'`
    ");
}

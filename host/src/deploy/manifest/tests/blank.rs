//! What is kept of a manifest.

use insta::assert_snapshot;

use crate::deploy::manifest::Manifest;

/// The text without its values; it says the same but for these.
fn blanked(source: &str) -> String {
    let text = Manifest::without_values(source).unwrap();
    let (before, after) = (Manifest::parse(source).unwrap(), Manifest::parse(&text).unwrap());
    assert!(after.project.vars.iter().all(|var| var.value.is_empty()), "{text}");
    let names = |manifest: &Manifest| {
        let vars = manifest.project.vars.iter();
        let vars: Vec<_> = vars.map(|var| (var.name.value.clone(), var.secret, var.description.clone())).collect();
        let triggers: Vec<_> = manifest
            .project
            .triggers
            .iter()
            .map(|trigger| (trigger.name.value.clone(), trigger.filter.clone().map(|at| at.value)))
            .collect();
        (vars, triggers, manifest.modules.len())
    };
    assert_eq!(names(&before), names(&after));
    assert_eq!(Manifest::without_values(&text).unwrap(), text, "it is blank already");
    text
}

#[test]
fn values_are_blank_and_all_else_is_as_it_was() {
    let source = r#"# My shop
version: v1
project:
  name: shop
  vars:
    - name: PLAIN   # the first
      value: sk_live_plain   # do not tell
    - name: QUOTED
      value: "sk_live_\"quoted"
      secret: true
    - {name: FLOW, value: 'sk_live_''flow', secret: true}
    - name: NUMBER
      value: 12345678
    - name: NONE
    - name: EMPTY
      value:
    - name: BLOCK
      value: |
        sk_live_line one
        sk_live_line two
      description: a block
    - name: FOLDED
      value: >-
        sk_live_folded
        sk_live_folds
    - name: SPREAD
      value: sk_live_spread
        sk_live_on
  triggers:
    - name: hook
      type: webhook
      filter: data.method == "POST"  # é
      call: a.wasm:f
"#;
    assert_snapshot!(blanked(source), @r#"
    # My shop
    version: v1
    project:
      name: shop
      vars:
        - name: PLAIN   # the first
          value: ""   # do not tell
        - name: QUOTED
          value: ""
          secret: true
        - {name: FLOW, value: "", secret: true}
        - name: NUMBER
          value: ""
        - name: NONE
        - name: EMPTY
          value:
        - name: BLOCK
          value: ""
          description: a block
        - name: FOLDED
          value: ""
        - name: SPREAD
          value: ""
      triggers:
        - name: hook
          type: webhook
          filter: data.method == "POST"  # é
          call: a.wasm:f
    "#);
}

#[test]
fn a_value_that_stands_elsewhere_is_blank_too() {
    let head = "version: v1\nproject:\n  name: shop\n  vars:\n";
    let anchored = format!("{head}    - name: A\n      value: &s sk_live_anchor\n    - name: B\n      value: *s\n");
    assert!(!blanked(&anchored).contains("sk_live"));
    // A text that an anchor makes a value goes with it.
    let described = format!("{head}    - name: A\n      description: &s sk_live_anchor\n      value: *s\n");
    let kept = Manifest::without_values(&described).unwrap();
    assert!(!kept.contains("sk_live") && Manifest::parse(&kept).is_ok(), "{kept}");
    let merged = format!("{head}    - &s\n      name: A\n      value: sk_live_merged\n    - <<: *s\n      name: B\n");
    assert!(!blanked(&merged).contains("sk_live"), "{}", blanked(&merged));
    let whole = "version: v1\nproject: {name: shop, vars: [{name: A, value: sk_live_flow}, {\"name\": \"B\", \"value\": \"sk_live_b\"}]}";
    assert_snapshot!(blanked(whole), @r#"
    version: v1
    project: {name: shop, vars: [{name: A, value: ""}, {"name": "B", "value": ""}]}
    "#);
    let windows = format!("{head}    - name: A\n      value: sk_live\n      secret: true\n").replace('\n', "\r\n");
    assert!(!blanked(&windows).contains("sk_live"));
}

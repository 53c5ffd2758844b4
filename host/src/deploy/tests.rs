//! What is wrong with a manifest's expressions, as `manifest check` and deploying tell it; and what it asks for that the host does not
//! allow.

use insta::assert_snapshot;

use super::manifest::{Error, Manifest};
use super::{check, check_expressions};
use crate::egress::{Policy, Rule};
use crate::guest;
use crate::trigger::Limit;

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

#[test]
fn a_limit_beyond_the_hosts_is_refused_anew_and_lowered_again() {
    let mut settings: toml::Table = include_str!("../../default.toml").parse().unwrap();
    let guest::Config { limits, ceilings, .. } = settings.remove("guest").unwrap().try_into().unwrap();
    let source = MANIFEST
        .replace("      call:", "      limits: {memory: 1GiB, cpu: 60s, handles: 20000, log: 1KiB}\n      call:");
    let manifest = Manifest::parse(&source).unwrap();
    let found = check::beyond_ceilings(&manifest, &source, &ceilings);
    assert_snapshot!(Error::from(found).render("tenterhook.yaml", &source), @"
    error: `memory` is 1 GiB, more than this host allows
     --> tenterhook.yaml:9:24
      |
    9 |       limits: {memory: 1GiB, cpu: 60s, handles: 20000, log: 1KiB}
      |                        ^^^^
      |
      = help: write `256MiB` or less, or have the host's operator raise `guest.ceilings.memory`

    error: `handles` is 20000, more than this host allows
     --> tenterhook.yaml:9:49
      |
    9 |       limits: {memory: 1GiB, cpu: 60s, handles: 20000, log: 1KiB}
      |                                                 ^^^^^
      |
      = help: write `10000` or less, or have the host's operator raise `guest.ceilings.handles`
    ");
    let defaults = check::Defaults { timeout: std::time::Duration::from_secs(1), limits, ceilings };
    let within = check::limits(&manifest.project.triggers[0], &defaults);
    assert_eq!(within.memory, ceilings.memory, "what was deployed under a higher ceiling goes on under today's");
    let unsaid = [Limit::Instances, Limit::Response].map(|limit| within.of(limit) == limits.of(limit));
    assert_eq!((within.log_bytes, within.cpu_ms, within.handles, unsaid), (1024, 60_000, ceilings.handles, [true; 2]));
}

#[test]
fn a_rule_of_which_the_operator_allows_nothing_is_a_warning_wherever_it_is_written() {
    let source = MANIFEST.replace(
        "  triggers:\n    - name: t\n",
        "  outbound: ['https://api.github.com', 'http://wiki.example']\n  triggers:\n    - name: t\n      \
         outbound: [{url: 'https://10.1.2.3', method: [GET]}]\n",
    );
    let manifest = Manifest::parse(&source).unwrap();
    let policy = Policy { allow: vec![Rule::parse_wide("https://*").unwrap()], networks: Vec::new() };
    let found = Error::from(check::warnings(&manifest, &source, &[], &policy));
    assert_snapshot!(found.render("tenterhook.yaml", &source), @"
    warning: the host's operator allows no request to `http://wiki.example`: each will be refused
     --> tenterhook.yaml:4:40
      |
    4 |   outbound: ['https://api.github.com', 'http://wiki.example']
      |                                        ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: remove the rule, or have the operator allow it: `guest.outbound.allow`, and for an address that is not public `guest.outbound.networks`

    warning: the host's operator allows no request to `https://10.1.2.3`: each will be refused
     --> tenterhook.yaml:7:18
      |
    7 |       outbound: [{url: 'https://10.1.2.3', method: [GET]}]
      |                  ^
      |
      = help: remove the rule, or have the operator allow it: `guest.outbound.allow`, and for an address that is not public `guest.outbound.networks`
    ");
}

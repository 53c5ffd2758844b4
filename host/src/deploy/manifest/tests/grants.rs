//! `kv`, `outbound` and a secret's `hosts`.

use insta::assert_snapshot;

use super::{read, refused};

/// A project with these lines, and two triggers of which the second has these.
fn project(lines: &str, trigger: &str) -> String {
    let indent =
        |lines: &str, by: usize| -> String { lines.lines().map(|line| format!("{:by$}{line}\n", "")).collect() };
    format!(
        "version: v1\nproject:\n  name: p\n{}  triggers:\n  - name: a\n    type: webhook\n    call: a.py:f\n  - name: b\n    type: webhook\n    call: a.py:f\n{}",
        indent(lines, 2),
        indent(trigger, 4)
    )
}

#[test]
fn a_triggers_grants_are_the_projects_unless_it_says_otherwise() {
    let granted = |lines: &str, trigger: &str| {
        let manifest = read(&project(lines, trigger));
        let grants = manifest.project.triggers.iter().map(|trigger| {
            let rules: Vec<_> = trigger.grants.outbound.iter().map(ToString::to_string).collect();
            format!("{} [{}]", trigger.grants.kv, rules.join(", "))
        });
        grants.collect::<Vec<_>>().join("; ")
    };
    let outbound =
        "outbound: ['https://api.github.com', 'https://*.slack.com:443', {url: 'http://10.1.2.3:8080', method: [GET]}]";
    assert_eq!(granted("", ""), "false []; false []");
    assert_eq!(granted("kv: true", ""), "true []; true []");
    assert_eq!(granted("kv: true", "kv: false"), "true []; false []");
    assert_eq!(granted("", "kv: true"), "false []; true []");
    assert_eq!(granted("kv:\noutbound:", "kv:\noutbound:"), "false []; false []");
    let all = "https://api.github.com, https://*.slack.com, http://10.1.2.3:8080";
    assert_eq!(granted(outbound, ""), format!("false [{all}]; false [{all}]"));
    assert_eq!(granted(outbound, "outbound: []"), format!("false [{all}]; false []"));
    assert_eq!(granted(outbound, "outbound: [http://a]"), format!("false [{all}]; false [http://a]"));
}

#[test]
fn a_secret_may_be_for_hosts_alone() {
    let manifest = read(&project(
        "vars:\n- {name: A, value: s3cret, secret: true, hosts: ['https://*.slack.com', 'http://plain.example']}\n- {name: B, value: x}",
        "",
    ));
    let hosts = manifest.project.vars[0].hosts.as_ref().unwrap();
    assert_eq!(
        hosts.iter().map(|host| host.value.to_string()).collect::<Vec<_>>(),
        ["https://*.slack.com", "http://plain.example"]
    );
    assert!(manifest.project.vars[1].hosts.is_none());
    assert!(!format!("{manifest:?}").contains("s3cret"));
}

#[test]
fn mistakes_in_them_are_shown() {
    assert_snapshot!(refused(&project(
        "kv: yes
outbound:
- https://*
- https://api.github.com/user
- ftp://a.example
- 8080
- [a]
- {url: https://a.example, method: GET}
- {url: https://a.example, method: [GTE]}
- {url: https://a.example, method: []}
- {url: https://a.example, addresses: [10.0.0.1/8]}
- {urll: https://a.example}
- {method: [GET]}",
        "outbound: https://a.example"
    )), @r#"
    error: `kv` is `true` or `false`, and this is text
     --> tenterhook.yaml:4:7
      |
    4 |   kv: yes
      |       ^^^
      |
      = help: write `kv: true` or `kv: false`

    error: `https://*` is for every host
     --> tenterhook.yaml:6:5
      |
    6 |   - https://*
      |     ^^^^^^^^^
      |
      = help: name each host, as in `https://api.github.com`, or those below a domain, as in `https://*.slack.com`

    error: `https://api.github.com/user` has a path
     --> tenterhook.yaml:7:27
      |
    7 |   - https://api.github.com/user
      |                           ^^^^^
      |
      = help: write `https://api.github.com`: a rule is for all paths of a host

    error: `ftp://a.example` has the scheme `ftp`
     --> tenterhook.yaml:8:5
      |
    8 |   - ftp://a.example
      |     ^^^
      |
      = help: requests go over `https` or `http`

    error: `outbound` is text, and YAML takes this for a number
     --> tenterhook.yaml:9:5
      |
    9 |   - 8080
      |     ^^^^
      |
      = help: put it in quotes: `outbound: "8080"`

    error: a rule of `outbound` is a mapping, and this is a list
      --> tenterhook.yaml:10:5
       |
    10 |   - [a]
       |     ^
       |
       = help: a rule of `outbound` has the keys `url`, `method` and `addresses`

    error: `method` is a list, and this is text
      --> tenterhook.yaml:11:38
       |
    11 |   - {url: https://a.example, method: GET}
       |                                      ^^^
       |
       = help: begin each item with `- `

    error: there is no method `GTE`
      --> tenterhook.yaml:12:39
       |
    12 |   - {url: https://a.example, method: [GTE]}
       |                                       ^^^
       |
       = help: did you mean `GET`?

    error: `method` names no method
      --> tenterhook.yaml:13:38
       |
    13 |   - {url: https://a.example, method: []}
       |                                      ^
       |
       = help: leave it out to take them all

    error: `10.0.0.1/8` names an address within the network: its bits after the first 8 are not 0
      --> tenterhook.yaml:14:42
       |
    14 |   - {url: https://a.example, addresses: [10.0.0.1/8]}
       |                                          ^^^^^^^^^^

    error: a rule of `outbound` has no key `urll`
      --> tenterhook.yaml:15:6
       |
    15 |   - {urll: https://a.example}
       |      ^^^^
       |
       = help: did you mean `url`?

    error: the rule has no `url`
      --> tenterhook.yaml:16:6
       |
    16 |   - {method: [GET]}
       |      ^^^^^^
       |
       = help: add `url: https://api.example.com`

    error: `outbound` is a list, and this is text
      --> tenterhook.yaml:24:15
       |
    24 |     outbound: https://a.example
       |               ^^^^^^^^^^^^^^^^^
       |
       = help: begin each item with `- `
    "#);
    assert_snapshot!(refused(&project(
        "vars:
- {name: A, value: x, hosts: ['https://a.example']}
- {name: B, value: x, secret: true, hosts: []}
- {name: C, value: x, secret: true, hosts: ['http://*.example']}
- {name: D, value: \"a\\nb\", secret: true, hosts: ['https://a.example']}
- {name: E, value: x, secret: true, hosts: https://a.example}",
        ""
    )), @r#"
    error: `hosts` is for secrets alone
     --> tenterhook.yaml:5:25
      |
    5 |   - {name: A, value: x, hosts: ['https://a.example']}
      |                         ^^^^^
      |
      = help: add `secret: true`

    error: `hosts` names no host
     --> tenterhook.yaml:6:39
      |
    6 |   - {name: B, value: x, secret: true, hosts: []}
      |                                       ^^^^^
      |
      = help: name one, as in `hosts: [https://api.github.com]`, or remove it: then handlers see the value

    error: `http://*.example` would send the secret to many hosts in clear
     --> tenterhook.yaml:7:47
      |
    7 |   - {name: C, value: x, secret: true, hosts: ['http://*.example']}
      |                                               ^^^^^^^^^^^^^^^^^^
      |
      = help: write `https://`, or name the one host that may have it in clear

    error: the value has a character that no header may have
     --> tenterhook.yaml:8:22
      |
    8 |   - {name: D, value: "a\nb", secret: true, hosts: ['https://a.example']}
      |                      ^^^^^^
      |
      = help: the value goes into a header of a request, which is one line of text

    error: `hosts` is a list, and this is text
     --> tenterhook.yaml:9:46
      |
    9 |   - {name: E, value: x, secret: true, hosts: https://a.example}
      |                                              ^^^^^^^^^^^^^^^^^
      |
      = help: begin each item with `- `
    "#);
}

//! What people see of orgs and what they have.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::super::context::{Context, Contexts};
use super::super::{deployments, login, members, modules, orgs, projects, tokens, vars, whoami};
use super::DEPLOYMENT;
use crate::api::view;

const DIGEST: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn token(more: Value) -> Value {
    let mut token = json!({
        "id": "tok_01kb0000000000000000000001", "name": "CI\u{1b}[2J", "scope": {"kind": "org", "role": "developer"},
        "created_at": "2026-11-23T20:25:01Z", "created_by": "local", "expires_at": null, "revoked_at": null, "last_used_at": null,
    });
    token.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    token
}

fn deployment(state: &str, percent: Option<u8>) -> Value {
    json!({
        "id": DEPLOYMENT, "project": "shop", "created_at": "2026-11-23T20:25:01Z", "state": state, "percent": percent,
        "modules": {"shop.rs": DIGEST}, "manifest": "version: v1\nproject:\n  name: shop\u{1b}\n",
    })
}

#[test]
fn who_somebody_is() {
    let nobody = json!({"actor": "local", "operator": false, "orgs": [{"org": "default", "role": "owner", "project": null}], "token": null});
    assert_snapshot!(whoami::show(&read(nobody)), @r"
    who  local

    ORG      ROLE   PROJECT
    default  owner  all projects
    ");
    let scoped = json!({
        "actor": "token tok_1", "operator": false, "orgs": [{"org": "acme", "role": "viewer", "project": "shop"}],
        "token": token(json!({"expires_at": "2027-01-31T00:00:00Z"})),
    });
    assert_snapshot!(whoami::show(&read(scoped)), @r"
    who    token tok_1
    token  tok_01kb0000000000000000000001 (CI\u{1b}[2J)
    until  2027-01-31T00:00:00.000Z

    ORG   ROLE    PROJECT
    acme  viewer  shop
    ");
    assert_snapshot!(whoami::show(&read(json!({"actor": "token tok_1", "operator": true, "orgs": [], "token": token(json!({}))}))), @r"
    who    token tok_1
    token  tok_01kb0000000000000000000001 (CI\u{1b}[2J)
    until  it does not expire
    may    everything on this host
    ");
}

#[test]
fn lists() {
    let all: Vec<view::Token> = [
        json!({"last_used_at": "2026-11-23T20:25:01Z"}),
        json!({"expires_at": "2027-01-31T00:00:00Z", "scope": {"kind": "project", "project": "shop", "role": "viewer"}}),
        json!({"revoked_at": "2026-11-24T00:00:00Z", "scope": {"kind": "operator"}}),
    ]
    .map(|more| read(token(more)))
    .into();
    assert_snapshot!(tokens::list(&all, None), @r"
    TOKEN                           NAME         FOR             UNTIL                             LAST USED
    tok_01kb0000000000000000000001  CI\u{1b}[2J  developer       for good                          2026-11-23T20:25:01.000Z
    tok_01kb0000000000000000000001  CI\u{1b}[2J  viewer of shop  2027-01-31T00:00:00.000Z          never
    tok_01kb0000000000000000000001  CI\u{1b}[2J  the host        revoked 2026-11-24T00:00:00.000Z  never
    ");
    assert_snapshot!(tokens::list(&[], None), @"No tokens.");

    let org = json!({"name": "acme", "display_name": "Acme, Inc.", "created_at": "2026-11-23T20:25:01Z", "quotas": {"burst": 10, "module_bytes": 1_048_576}});
    let quotas: Value = serde_json::to_value(crate::store::catalog::Quotas::default()).unwrap();
    assert!(quotas.is_object());
    assert_snapshot!(orgs::list(&[read(org.clone())], None), @r"
    ORG   CREATED                   NAME
    acme  2026-11-23T20:25:01.000Z  Acme, Inc.
    ");
    assert_snapshot!(orgs::show(&read(org)), @r"
    org               acme
    created           2026-11-23T20:25:01.000Z
    name              Acme, Inc.
    events at once    10
    size of a module  1.0 MiB
    ");

    let member = json!({"id": "mem_1", "issuer": null, "subject": null, "email": "ada@example.com", "role": "owner", "display_name": "Ada", "created_at": "2026-11-23T20:25:01Z"});
    assert_snapshot!(members::list(&[read(member)], None), @r"
    MEMBER  ROLE   WHO              NAME  SINCE
    mem_1   owner  ada@example.com  Ada   2026-11-23T20:25:01.000Z
    ");

    let project = json!({"name": "shop", "created_at": "2026-11-23T20:25:01Z", "active": DEPLOYMENT, "previous": null, "canary": null, "testing": []});
    assert_snapshot!(projects::list(&[read(project)], None), @r"
    PROJECT  SERVES                          CREATED
    shop     dep_01kb0000000000000000000003  2026-11-23T20:25:01.000Z
    ");

    let secret =
        json!({"name": "KEY", "secret": true, "value": null, "version": 3, "updated_at": "2026-11-23T20:25:01Z"});
    let plain = json!({"name": "GREETING", "secret": false, "value": "hello", "version": 1, "updated_at": "2026-11-23T20:25:01Z"});
    assert_snapshot!(vars::list(&[read(plain), read(secret)], None), @r"
    NAME      VALUE     SINCE
    GREETING  hello     2026-11-23T20:25:01.000Z
    KEY       (secret)  2026-11-23T20:25:01.000Z
    ");
}

#[test]
fn modules_and_their_states() {
    let module = |state: Value| {
        let mut module = json!({"digest": DIGEST, "component": DIGEST, "bytes": 1_310_720, "uploaded_at": "2026-11-23T20:25:01Z", "uploaded_by": "token tok_1"});
        module.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
        read::<view::Module>(module)
    };
    let ready = module(
        json!({"state": "ready", "handlers": ["on-get", "on-post"], "imports": ["tenterhook:webhook/log@0.1.0"], "compile_ms": 1250}),
    );
    let refused = module(json!({"state": "refused", "reason": "it has no handler"}));
    assert_snapshot!(modules::list(&[ready.clone(), refused.clone(), module(json!({"state": "compiling"}))], None), @r"
    MODULE                                                            STATE      SIZE     HANDLERS  UPLOADED
    2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  ready      1.2 MiB  2         2026-11-23T20:25:01.000Z
    2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  refused    1.2 MiB            2026-11-23T20:25:01.000Z
    2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  compiling  1.2 MiB            2026-11-23T20:25:01.000Z
    ");
    assert_snapshot!(modules::show(&ready), @r"
    module       2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
    size         1.2 MiB
    uploaded     2026-11-23T20:25:01.000Z by token tok_1
    compiled in  1.2 s
    exports      2 handlers: on-get, on-post
    imports      tenterhook:webhook/log@0.1.0
    ");
    assert_snapshot!(modules::show(&refused), @r"
    module    2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
    size      1.2 MiB
    uploaded  2026-11-23T20:25:01.000Z by token tok_1
    refused   it has no handler
    ");
}

#[test]
fn deployments_and_what_differs() {
    let items = [("active", None), ("active", Some(10)), ("testing", None), ("draining", None), ("inactive", None)];
    let items: Vec<view::Deployment> = items.map(|(state, percent)| read(deployment(state, percent))).into();
    let said: Vec<String> = items.iter().map(deployments::stands).collect();
    assert_snapshot!(said.join("\n"), @r"
    dep_01kb0000000000000000000003 serves shop.
    dep_01kb0000000000000000000003 serves 10 of 100 events of shop.
    dep_01kb0000000000000000000003 serves what is addressed to it, of shop.
    dep_01kb0000000000000000000003 of shop serves nothing, and finishes what it has.
    dep_01kb0000000000000000000003 of shop serves nothing.
    ");
    assert_snapshot!(deployments::list(&view::Page { items, next: None }, None), @r"
    DEPLOYMENT                      STATE       CREATED                   MODULES
    dep_01kb0000000000000000000003  active      2026-11-23T20:25:01.000Z  shop.rs
    dep_01kb0000000000000000000003  active 10%  2026-11-23T20:25:01.000Z  shop.rs
    dep_01kb0000000000000000000003  testing     2026-11-23T20:25:01.000Z  shop.rs
    dep_01kb0000000000000000000003  draining    2026-11-23T20:25:01.000Z  shop.rs
    dep_01kb0000000000000000000003  inactive    2026-11-23T20:25:01.000Z  shop.rs
    ");
    assert_snapshot!(deployments::show(&read(deployment("active", None))), @r"
    deployment  dep_01kb0000000000000000000003
    project     shop
    state       active
    created     2026-11-23T20:25:01.000Z

    Modules
      2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  shop.rs

    Manifest, without the values of variables
      version: v1
      project:
        name: shop\u{1b}
    ");
    let other = DEPLOYMENT.replace('3', "4");
    let diff = json!({"from": DEPLOYMENT, "to": other, "manifest": "-a\n+b\u{1b}\n", "modules": [{"name": "a", "from": null, "to": DIGEST}, {"name": "b", "from": DIGEST, "to": null}]});
    assert_snapshot!(deployments::diff(&read(diff)), @r"
    -a
    +b\u{1b}

    Modules
      a: none → 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
      b: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 → none
    ");
    let same = json!({"from": DEPLOYMENT, "to": DEPLOYMENT, "manifest": "", "modules": []});
    assert_snapshot!(deployments::diff(&read(same)), @"dep_01kb0000000000000000000003 and dep_01kb0000000000000000000003 are the same but for values of variables.");
    let trigger = json!({"name": "hook", "endpoint": "hook", "path": "/webhooks/abc", "event_type": "post", "filter": null, "call": "shop:handle", "is_sync": true});
    assert_snapshot!(deployments::triggers(&[read(trigger)], "https://hooks.example", None), @r"
    TRIGGER  URL                                 TYPE  CALLS
    hook     https://hooks.example/webhooks/abc  post  shop:handle
    ");
}

#[test]
fn contexts_have_a_current_one() {
    let context = |server: &str, org: Option<&str>| Context {
        server: server.to_owned(),
        ca: None,
        token: Some("th_secret".to_owned()),
        org: org.map(str::to_owned),
    };
    let all = [
        ("prod".to_owned(), context("https://hooks.example", Some("acme"))),
        ("here".to_owned(), context("http://127.0.0.1:8080", None)),
    ];
    let contexts = Contexts { current: Some("prod".to_owned()), contexts: all.into() };
    assert_snapshot!(login::list(&contexts, None), @r"
    CONTEXT     SERVER                 ORG
    here        http://127.0.0.1:8080
    prod     *  https://hooks.example  acme
    ");
    assert_snapshot!(login::list(&Contexts::default(), None), @"No contexts: log in with `tenterhook login`.");
}

//! Filters that are tried through the API.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{answered, api, at, local, post, receive};
use crate::event::Keep;
use crate::store::{NewEvent, memory};

/// Asks with a body of JSON.
async fn ask_json(api: &Router, path: &str, body: &Value) -> (String, Value) {
    let request =
        local(Method::POST, &format!("/api/v1{path}")).header("content-type", "application/json; charset=utf-8");
    answered(api, request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn an_expression_is_checked() {
    let api = api(&memory::store()).await;
    let check = async |expression: &str| {
        let (head, answer) = ask_json(&api, "/filter/check", &json!({ "expression": expression })).await;
        format!("{head}\n{}", serde_json::to_string_pretty(&answer).unwrap())
    };
    assert_snapshot!(check("event_type == 'POST'").await, @r#"
    200 application/json
    {
      "valid": true,
      "errors": [],
      "warnings": [
        {
          "line": 1,
          "column": 15,
          "message": "event types are in lower case, so none is this",
          "suggestion": "'post'"
        }
      ]
    }
    "#);
    assert_snapshot!(check("dat.method == 1 &&\n evnt_type == ''").await, @r#"
    200 application/json
    {
      "valid": false,
      "errors": [
        {
          "line": 1,
          "column": 1,
          "message": "undeclared reference to 'dat'",
          "suggestion": "data"
        },
        {
          "line": 2,
          "column": 2,
          "message": "undeclared reference to 'evnt_type'",
          "suggestion": "event_type"
        }
      ],
      "warnings": []
    }
    "#);
}

#[tokio::test]
async fn a_filter_is_asked_about_stored_events() {
    let store = memory::store();
    let (first, _) = receive(&store, post(1, "main", r#"{"n":1}"#), None).await;
    receive(&store, post(2, "other", r#"{"n":2}"#), None).await;
    receive(&store, post(3, "main", r#"{"m":3}"#), None).await;
    let api = api(&store).await;
    let (head, answer) = ask_json(&api, "/filter/test", &json!({ "expression": "data.body.json.n == 1" })).await;
    assert_snapshot!(format!("{head}\n{}", serde_json::to_string_pretty(&answer).unwrap()).lines()
        .filter(|line| !line.contains("\"id\": \"evt_")).collect::<Vec<_>>().join("\n"), @r#"
    200 application/json
    {
      "warnings": [],
      "items": [
        {
          "type": "post",
          "endpoint": "orders",
          "received_at": "2026-11-18T11:06:43Z",
          "method": "POST",
          "raw_url": "/webhooks/orders?page=1",
          "verdict": "filter_error",
          "detail": "no such key: n",
          "explanation": {
            "expression": "data.body.json.n == 1",
            "parts": [
              {
                "start": 0,
                "end": 16,
                "line": 1,
                "column": 1,
                "expression": "data.body.json.n",
                "error": "no such key",
                "note": "there are m"
              }
            ]
          }
        },
        {
          "type": "post",
          "endpoint": "orders",
          "received_at": "2026-11-18T11:06:41Z",
          "method": "POST",
          "raw_url": "/webhooks/orders?page=1",
          "verdict": "matched",
          "detail": null
        }
      ],
      "next": null
    }
    "#);
    assert_eq!(answer["items"][1]["id"], first.to_string());
    let one = json!({ "expression": "data.body.json.n == 1", "event": first });
    let (_, answer) = ask_json(&api, "/filter/test", &one).await;
    assert_eq!((&answer["items"][0]["verdict"], answer["items"].as_array().unwrap().len()), (&json!("matched"), 1));
}

#[tokio::test]
async fn of_what_was_cut_a_filter_says_nothing() {
    let store = memory::store();
    let lease = store.ledger.join(at(0), at(0)).await.unwrap();
    let event = Arc::new(post(1, "main", "{}"));
    let new = NewEvent { event, key: None, keep: Keep::Metadata, verdicts: Vec::new(), deliveries: Vec::new() };
    store.ledger.accept(&lease, new).await.unwrap();
    let (_, answer) =
        ask_json(&api(&store).await, "/filter/test", &json!({ "expression": "data.body.json == null" })).await;
    let item = &answer["items"][0];
    assert_eq!((&item["verdict"], &item["detail"]), (&Value::Null, &json!("only the event's metadata is kept")));
}

#[tokio::test]
async fn pages_of_tested_events_follow_each_other_and_end() {
    let store = memory::store();
    let mut expected = Vec::new();
    for second in 0..50 {
        let mut event = post(second, "main", "{}");
        event.endpoint = if second % 3 == 0 { "orders".into() } else { "others".into() };
        let is_expected = second % 3 == 0 && second >= 10;
        let (id, _) = receive(&store, event, None).await;
        if is_expected {
            expected.insert(0, id.to_string());
        }
    }
    let api = api(&store).await;
    for limit in [1, 3, 13, 14, 15, 200] {
        let mut question = json!({ "expression": "true", "limit": limit, "endpoint": "orders", "since": "50s" });
        let mut found = Vec::new();
        loop {
            let (head, page) = ask_json(&api, "/filter/test", &question).await;
            assert_eq!(head, "200 application/json");
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            found.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            if page["next"].is_null() {
                break;
            }
            question["before"] = page["next"].clone();
        }
        assert_eq!(found, expected, "by {limit}");
    }
}

#[tokio::test]
async fn problems_of_filters() {
    let store = memory::store();
    let (event, _) = receive(&store, post(1, "main", "{}"), None).await;
    let (foreign, _) = receive(&store, post(2, "other", "{}"), None).await;
    let api = api(&store).await;
    let mut report = String::new();
    for (path, body) in [
        ("/filter/check", json!({})),
        ("/filter/check", json!({ "expression": ["true"] })),
        ("/filter/check", json!({ "expression": "true", "event": "x" })),
        ("/filter/check", json!({ "expression": "x".repeat(70_000) })),
        ("/filter/test", json!({ "expression": "data.metod ==\n 'GET'" })),
        ("/filter/test", json!({ "expression": "true", "event": "ses_01arz3ndektsv4rrffq69g5fav" })),
        ("/filter/test", json!({ "expression": "true", "event": foreign })),
        ("/filter/test", json!({ "expression": "true", "event": event, "limit": 5 })),
        ("/filter/test", json!({ "expression": "true", "limit": 0 })),
        ("/filter/test", json!({ "expression": "true", "limit": 201 })),
        ("/filter/test", json!({ "expression": "true", "since": "yesterday" })),
        ("/filter/test", json!({ "expression": "" })),
        ("/filter/test", json!([])),
    ] {
        let (head, problem) = ask_json(&api, path, &body).await;
        let detail = problem["detail"].as_str().unwrap().replace(&foreign.to_string(), "evt_…");
        report += &format!("{path}: {head}: {}: {detail}\n", problem["code"].as_str().unwrap());
    }
    for (method, content_type, body) in [
        ("GET", "application/json", ""),
        ("POST", "text/plain", r#"{"expression":"true"}"#),
        ("POST", "application/json", "{"),
    ] {
        let request = local(method.parse().unwrap(), "/api/v1/filter/test").header("content-type", content_type);
        let (head, problem) = answered(&api, request.body(Body::from(body)).unwrap()).await;
        report += &format!("{method} {content_type}: {head}: {}: {}\n", problem["code"], problem["detail"]);
    }
    assert_snapshot!(report, @r#"
    /filter/check: 400 application/problem+json: invalid_body: `expression` is missing: what is to be tried, such as `data.method == "POST"`
    /filter/check: 400 application/problem+json: invalid_body: `expression` is text, in quotes
    /filter/check: 400 application/problem+json: invalid_body: `event` is not a parameter of this route (`expression`)
    /filter/check: 400 application/problem+json: invalid_body: the body has more than 65536 bytes
    /filter/test: 422 application/problem+json: invalid_filter: ERROR: <input>:1:6: undefined field 'metod', did you mean 'method'?
     | data.metod ==
     | .....^
    /filter/test: 400 application/problem+json: invalid_body: `event`: `ses_01arz3ndektsv4rrffq69g5fav` is not an event id (`evt_…`)
    /filter/test: 404 application/problem+json: event_not_found: there is no event `evt_…`
    /filter/test: 400 application/problem+json: invalid_body: `limit` is not a parameter of this route (`expression`, `event`)
    /filter/test: 400 application/problem+json: invalid_body: `limit`: `0` is not a number from 1 to 200
    /filter/test: 400 application/problem+json: invalid_body: `limit`: `201` is not a number from 1 to 200
    /filter/test: 400 application/problem+json: invalid_body: `since`: `yesterday` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
    /filter/test: 400 application/problem+json: invalid_body: `expression` is empty: give it a value, or leave it out
    /filter/test: 400 application/problem+json: invalid_body: the body is not a JSON object: invalid type: sequence, expected a map at line 1 column 0
    GET application/json: 405 application/problem+json POST: "method_not_allowed": "this route does not answer to GET; the header `Allow` has those that it does"
    POST text/plain: 400 application/problem+json: "invalid_body": "send JSON, with the header `Content-Type: application/json`"
    POST application/json: 400 application/problem+json: "invalid_body": "the body is not a JSON object: EOF while parsing an object at line 1 column 1"
    "#);
}

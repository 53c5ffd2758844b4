//! The trigger definitions of the specification, as printed, and what it says of each.

use crate::harness::host::Host;

/// A trigger definition, and requests with whether it selects them.
struct Definition {
    name: &'static str,
    conditions: &'static str,
    requests: &'static [(&'static str, bool)],
}

const GET: &str = "GET /webhooks/trigger_name HTTP/1.1\r\nHost: h\r\n\r\n";
const POST: &str = "POST /webhooks/trigger_name HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
const PUT: &str = "PUT /webhooks/trigger_name HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
const FOO: &str = "GET /webhooks/trigger_name/bar/foo HTTP/1.1\r\nHost: h\r\n\r\n";
const FOOD: &str = "GET /webhooks/trigger_name/bar/food HTTP/1.1\r\nHost: h\r\n\r\n";
const JSON: &str =
    "POST /webhooks/trigger_name HTTP/1.1\r\nHost: h\r\ncontent-type: application/json\r\nContent-Length: 2\r\n\r\n{}";
const CHARSET: &str = "POST /webhooks/trigger_name HTTP/1.1\r\nHost: h\r\n\
     Content-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}";
const PUT_JSON: &str =
    "PUT /webhooks/trigger_name HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

const DEFINITIONS: [Definition; 10] = [
    Definition { name: "no condition", conditions: "", requests: &[(GET, true), (POST, true), (PUT, true)] },
    Definition { name: "get", conditions: "event_type: get", requests: &[(GET, true), (POST, false), (FOO, true)] },
    Definition { name: "post", conditions: "event_type: post", requests: &[(GET, false), (POST, true)] },
    Definition {
        name: "several methods by ||",
        conditions: r#"filter: data.method == "GET" || data.method == "POST""#,
        requests: &[(GET, true), (POST, true), (PUT, false)],
    },
    Definition {
        name: "several methods by in",
        conditions: r#"filter: data.method in ["GET", "POST"]"#,
        requests: &[(GET, true), (POST, true), (PUT, false)],
    },
    Definition {
        name: "a suffix of the path",
        conditions: r#"filter: data.url.path.endsWith("/foo")"#,
        requests: &[(GET, false), (FOO, true), (FOOD, false)],
    },
    Definition {
        name: "a pattern of the path",
        conditions: r#"filter: data.url.path.matches("^/webhooks/.*/foo$")"#,
        requests: &[(GET, false), (FOO, true), (FOOD, false)],
    },
    Definition {
        name: "a header that is exactly",
        conditions: "event_type: post\n      filter: data.headers[\"Content-Type\"] == \"application/json\"",
        requests: &[(JSON, true), (CHARSET, false), (POST, false), (PUT_JSON, false)],
    },
    Definition {
        name: "a header that starts with",
        conditions: "event_type: post\n      filter: data.headers[\"Content-Type\"].startsWith(\"application/json\")",
        requests: &[(JSON, true), (CHARSET, true), (POST, false), (PUT_JSON, false)],
    },
    Definition {
        name: "a header that matches",
        conditions: "event_type: post\n      filter: data.headers[\"Content-Type\"].matches(\"application/json(;.*)?\")",
        requests: &[(JSON, true), (CHARSET, true), (POST, false), (PUT_JSON, false)],
    },
];

#[tokio::test]
async fn every_trigger_definition_works_as_printed() {
    for definition in DEFINITIONS {
        let Definition { name, conditions, requests } = definition;
        let manifest = format!(
            "version: v1

project:
  name: seed

  triggers:
    - name: trigger_name
      type: webhook
      {conditions}
      call: filename.py:handler_function_name
"
        );
        let host = Host::start(&manifest).await;
        for (request, selected) in requests {
            let event = host.event(request).await;
            let matched = event["verdicts"][0]["verdict"] == "matched";
            assert_eq!(matched, *selected, "{name}: {request}\n{}", event["verdicts"]);
            assert_eq!(event["sessions"].as_array().unwrap().len(), usize::from(*selected), "{name}: {request}");
        }
    }
}

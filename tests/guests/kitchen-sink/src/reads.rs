//! Reading: the three equal ways, all fields, the event itself.

use std::time::UNIX_EPOCH;

use serde_json::json;
use tenterhook::{Data, Event, Result};

/// One field at each depth, read in each way, missing ones too.
#[tenterhook::handler]
fn three_ways(event: Event) -> serde_json::Value {
    let data = event.data();
    json!({
        "method": [data.method.as_str(), data["method"].as_str(), data.get("method"), event.get("method")],
        "path": [
            data.url.path.as_str(), data["url"]["path"], data.get("url").get_or("path", "/"), event.get("/url/path"),
            data.url["path"], data.url.get("path"),
        ],
        "header": [
            data.headers["content-type"], data["headers"]["CONTENT-TYPE"], data.get("headers").get_or("Content-Type", "none"),
            event.get("/headers/content-Type"),
        ],
        "nested": [
            data.body.json["a"]["b~/"][1], data["body"]["json"]["a"]["b~/"][1], data.get("body").get("json").get("a").get("b~/").get("1"),
            event.get("/body/json/a/b~0~1/1"),
        ],
        "missing": [
            data.get("verb"), data.get_or("verb", "GET"), data.get("nope").get_or("path", "/"), event.get_or("/nope/path", "/"),
            data.headers.get_or("X-Nope", 7), data.headers.contains_key("x-nope"),
        ],
        "null": [data.get("body").get_or("form", "default"), event.get_or("/body/form", "default"), data.body.contains_key("form")],
    })
}

/// Every field by its attribute, in the shape of the payload's documentation.
#[tenterhook::handler]
fn attributes(event: Event) -> serde_json::Value {
    let Data { method, url, raw_url, headers, headers_all, trailers, trailers_all, body, .. } = event.data();
    json!({
        "method": **method,
        "url": {
            "path": *url.path,
            "query": url.query,
            "raw_query": *url.raw_query,
            "fragment": *url.fragment,
            "raw_fragment": *url.raw_fragment,
            "raw_path": *url.raw_path,
            "path_suffix": *url.path_suffix,
            "query_all": url.query_all,
        },
        "raw_url": **raw_url,
        "headers": headers,
        "headers_all": headers_all,
        "trailers": trailers,
        "trailers_all": trailers_all,
        "body": {
            "bytes": *body.bytes,
            "text": *body.text,
            "form": body.form,
            "form_all": body.form_all,
            "json": body.json,
            "json_value": body.json_value,
        },
    })
}

/// What the event says of itself.
#[tenterhook::handler]
fn about(event: Event) -> Result<serde_json::Value> {
    Ok(json!({
        "id": event.id(),
        "kind": event.kind(),
        "session": event.session(),
        "attempt": event.attempt(),
        "micros": event.created_at().duration_since(UNIX_EPOCH)?.as_micros() as u64,
        "trigger": event.trigger(),
        "redispatched_from": event.redispatched_from(),
    }))
}

/// Integers exactly, the keys in order, the elements of a list.
#[tenterhook::handler]
fn exact(event: Event) -> serde_json::Value {
    let json = &event.data().body.json;
    json!({
        "keys": json.keys(),
        "i64": json["i64"].as_i64(),
        "u64": json["u64"].as_u64(),
        "f64": json["f64"].as_f64(),
        "list": json["list"].items().map(|item| item.to_string()).collect::<Vec<_>>(),
        "printed": json.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>(),
    })
}

/// A long list, read by index: each element twice, while the first is held.
#[tenterhook::handler]
fn long(event: Event) -> serde_json::Value {
    let list = &event.data().body.json_value;
    let (first, count) = (&list[0], list.items().count());
    let sum = || (0..count).filter_map(|index| list[index].as_u64()).sum::<u64>();
    json!({"first": first, "count": count, "sum": sum(), "again": sum()})
}

#[derive(serde::Deserialize, serde::Serialize)]
struct Order {
    id: u64,
    items: Vec<String>,
}

/// The body as a type of the handler's; a body that is none rejects the event.
#[tenterhook::handler]
fn typed(event: Event) -> Result<tenterhook::Json<Order>> {
    let mut order: Order = event.data().body.json()?;
    order.items.reverse();
    Ok(tenterhook::Json(order))
}

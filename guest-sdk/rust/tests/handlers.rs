//! Handlers as their authors test them: on this machine, with fake events.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics; helpers are outside of its functions")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use tenterhook::{Error, Event, IntoAnswer, Json, OrReject as _, Response, Result, Value, fake, kv, log, reply, vars};

fn order() -> Event {
    let body = r#"{"id": 9007199254740993, "big": 18446744073709551615, "ratio": 0.5, "done": false, "note": null,
        "items": [{"sku": "a/b"}, {"sku": "c~d"}], "a/b~c": {"": "deep"}}"#;
    Event::fake()
        .method("POST")
        .url("/webhooks/orders/new%20ones?page=2&page=3&q=a+b")
        .header("content-type", "application/json")
        .header("x-tag", "one")
        .header("X-Tag", "two")
        .header("cookie", "a=1")
        .header("Cookie", "b=2")
        .body(body)
        .build()
}

#[test]
fn the_three_ways_agree_at_every_depth() {
    let event = order();
    let data = event.data();
    assert_eq!(data.method, "POST");
    assert_eq!(data["method"], "POST");
    assert_eq!(data.get("method"), "POST");
    assert_eq!(event.get("method"), "POST");
    assert_eq!(data.url.path, "/webhooks/orders/new ones");
    assert_eq!(data["url"]["path"], "/webhooks/orders/new ones");
    assert_eq!(data.url["path"], "/webhooks/orders/new ones");
    assert_eq!(data.get("url").get_or("path", "/"), "/webhooks/orders/new ones");
    assert_eq!(data.url.path_suffix, "new ones");
    assert_eq!(data.url.query["page"], "2, 3");
    assert_eq!(data.body.json["a/b~c"][""], "deep");
    assert_eq!(event.get("/body/json/a~1b~0c/"), "deep");
    assert_eq!(data["body"]["json"]["items"][1]["sku"], "c~d");
}

#[test]
fn a_default_is_for_what_is_missing_only() {
    let event = order();
    let json = &event.data().body.json;
    assert_eq!(json.get_or("nope", "default"), "default");
    assert!(json.get_or("note", "default").is_null() && json.get("note").exists());
    assert!(json.get("nope").is_null() && !json.get("nope").exists());
    assert_eq!(json.get("nope").get("deeper").get_or("still", 7), 7);
    assert_eq!(event.data().body.get_or("form", "none").to_string(), "null");
    assert_eq!(event.get_or("/body/json/items/2/sku", true), true);
    let nothing: Option<&str> = None;
    assert!(json.get_or("nope", nothing).is_null());
}

#[test]
fn a_missing_key_is_a_panic_that_names_it() {
    let event = order();
    let message = |read: &dyn Fn() -> String| {
        let panic = catch_unwind(AssertUnwindSafe(read)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    assert_eq!(
        message(&|| event.data()["body"]["json"]["items"][0]["size"].to_string()),
        r#"no key "size" in event.data["body"]["json"]["items"]["0"], whose keys are ["sku"]"#
    );
    assert_eq!(
        message(&|| event.data().body.json["items"][2].to_string()),
        r#"no element 2 in event.data["body"]["json"]["items"]"#
    );
}

#[test]
fn headers_are_found_in_any_case() {
    let event = order();
    let headers = &event.data().headers;
    assert_eq!(headers["CONTENT-type"], "application/json");
    assert_eq!(headers.get("x-TAG"), "one, two");
    assert_eq!(headers["Cookie"], "a=1; b=2");
    assert!(headers.contains_key("content-length") && headers["Content-Length"].as_u64().is_some());
    assert_eq!(headers.keys(), ["Content-Type", "X-Tag", "Cookie", "Content-Length"]);
    assert_eq!(event.get("/headers_all/1/1"), "one");
}

#[test]
fn values_are_exact_and_print_as_what_they_are() {
    let event = order();
    let json = &event.data().body.json;
    assert_eq!(json["id"].as_i64(), Some(9_007_199_254_740_993));
    assert_eq!(json["big"].as_u64(), Some(u64::MAX));
    assert_eq!((json["big"].as_i64(), json["ratio"].as_f64()), (None, Some(0.5)));
    assert_eq!(json["done"], false);
    assert_eq!(json["items"].items().map(|item| item["sku"].to_string()).collect::<Vec<_>>(), ["a/b", "c~d"]);
    assert_eq!(json["id"].items().count(), 0);
    assert_eq!(
        format!("{} {} {}", json["items"], json["note"], json["id"]),
        r#"[{"sku":"a/b"},{"sku":"c~d"}] null 9007199254740993"#
    );
    assert_eq!(json["items"].to_json().unwrap(), json!([{"sku": "a/b"}, {"sku": "c~d"}]));
    let pairs: Vec<(String, String)> = event.data().url.query_all.deserialize().unwrap();
    assert_eq!(pairs, [("page".into(), "2".into()), ("page".into(), "3".into()), ("q".into(), "a b".into())]);
}

#[test]
fn a_body_has_each_of_its_forms_and_no_other() {
    let form = Event::fake().method("PUT").form(&[("a", "1"), ("b", "x y"), ("a", "2")]).build();
    let body = &form.data().body;
    assert_eq!(body.bytes.as_deref(), Some(&b"a=1&b=x+y&a=2"[..]));
    assert_eq!(body["bytes"].to_string(), "b\"a=1&b=x+y&a=2\"");
    assert_eq!(body.form["a"], "1, 2");
    assert!(body.json.is_null() && body.json.is_empty() && !body.form.is_empty());

    let list = Event::fake().body("[1]").build();
    assert!(list.data().body.json.is_null());
    assert_eq!(list.data().body.json_value[0], 1);
    assert_eq!(list.data().body.json::<Vec<u8>>().unwrap(), [1]);

    let none = Event::fake().body("").build();
    assert!(none.data().body.bytes.is_none() && none.data().body.text.is_none());
    assert!(none.data().body.json::<serde_json::Value>().unwrap_err().is_reject());
}

fn answer(answer: impl IntoAnswer) -> (u16, String, String) {
    let response = answer.into_answer().unwrap().unwrap();
    let content_type = response.headers.iter().find(|(name, _)| name == "Content-Type");
    let content_type = content_type.map(|(_, value)| value.clone()).unwrap_or_default();
    (response.status, content_type, String::from_utf8(response.body).unwrap())
}

#[test]
fn anything_sensible_is_an_answer() {
    let text = |status, body: &str| (status, "text/plain; charset=utf-8".to_owned(), body.to_owned());
    let json = |status, body: &str| (status, "application/json".to_owned(), body.to_owned());
    assert_eq!(answer("hi"), text(200, "hi"));
    assert_eq!(answer(Some("hi".to_owned())), text(200, "hi"));
    assert_eq!(answer((404, "no")), text(404, "no"));
    assert_eq!(answer((204, ())), (204, String::new(), String::new()));
    assert_eq!(answer(Json([1, 2])), json(200, "[1,2]"));
    assert_eq!(answer(order().get("/body/json/items/0")), json(200, r#"{"sku":"a/b"}"#));
    assert_eq!(answer(Value::from("ü")), json(200, "\"ü\""));
    assert_eq!(answer(Ok::<_, Error>((201, Response::html("<p>")))).0, 201);
    assert_eq!(().into_answer().unwrap(), None);
    assert_eq!(None::<&str>.into_answer().unwrap(), None);
}

#[tenterhook::handler]
fn with_anyhow(event: Event) -> anyhow::Result<String> {
    use anyhow::Context as _;
    let page = event.data()["url"]["query"]["page"].to_string();
    Ok(page.parse::<u32>().with_context(|| format!("reading page `{page}`"))?.to_string())
}

#[test]
fn any_error_asks_for_another_attempt() {
    let error = with_anyhow(order()).into_answer().unwrap_err();
    assert_eq!(format!("{error:?}"), "retry: reading page `2, 3`: invalid digit found in string");
    assert!(!error.is_reject() && error.delay().is_none());
    let plain: Error = "no luck".into();
    assert_eq!(plain.to_string(), "no luck");
    let later = Error::retry_after(Duration::from_secs(3), "busy");
    assert_eq!((later.delay(), later.is_reject()), (Some(Duration::from_secs(3)), false));
    let never = None::<u8>.or_reject("finding the user").unwrap_err();
    assert_eq!((never.is_reject(), never.to_string()), (true, "finding the user".to_owned()));
}

/// The attribute leaves the function as it is.
#[tenterhook::handler]
fn on_push(event: Event) -> Result<()> {
    log::warn!(branch = event.data().body.json["ref"], token = vars::names().len(), "pushed by {}", "Ada");
    tenterhook::println!("{}-{:02}", "line", 7);
    if event.attempt() > 1 {
        return Err(Error::reject(vars::get("REASON").or_reject("finding REASON")?));
    }
    Ok(())
}

#[test]
fn logs_and_variables_are_the_tests_own() {
    fake::set_var("REASON", "twice");
    let push = Event::fake().json(&json!({"ref": "main"}));
    assert!(on_push(push.clone().build()).is_ok());
    assert_eq!(fake::take_logs(), ["warn pushed by Ada branch=main token=1", "info line-07"]);
    assert_eq!(on_push(push.attempt(2).build()).unwrap_err().to_string(), "twice");
}

#[test]
fn an_event_says_who_it_is() {
    let at = UNIX_EPOCH + Duration::from_micros(1_500_000_000_000_001);
    let event =
        Event::fake().method("PATCH").id("evt_1").session("ses_2").attempt(3).created_at(at).trigger("t").build();
    assert_eq!((event.id().as_str(), event.session().as_str(), event.attempt()), ("evt_1", "ses_2", 3));
    assert_eq!((event.kind().as_str(), event.trigger().as_str(), event.created_at()), ("patch", "t", at));
    assert_eq!(event.redispatched_from(), None);
    let copy = Event::fake().redispatched_from("evt_1").build();
    assert_eq!(copy.redispatched_from().as_deref(), Some("evt_1"));
}

#[test]
fn what_is_kept_is_listed_a_page_at_a_time() {
    for number in 0..250 {
        kv::set(&format!("k/{number:03}"), "v").unwrap();
    }
    kv::set("l", "v").unwrap();
    let keys: Vec<String> = kv::entries("k/").map(|entry| entry.unwrap().key).collect();
    assert_eq!((keys.len(), &*keys[0], &*keys[249]), (250, "k/000", "k/249"));
    let last = kv::get("l").unwrap().unwrap();
    assert_eq!(kv::compare_and_swap("l", None, "w").unwrap(), kv::Swapped::Conflict(Some(last.clone())));
    assert!(matches!(kv::compare_and_swap("l", Some(last.version), "w").unwrap(), kv::Swapped::Done(_)));
    assert!(matches!(kv::add("l", 1), Err(kv::Error::NotANumber(_))));
    kv::set_for(Duration::ZERO, "l", "x").unwrap();
    assert_eq!(kv::get("l").unwrap(), None);
}

#[test]
fn a_response_is_begun_once() {
    let mut answer = reply::start(200, &[]).unwrap();
    assert!(matches!(reply::start(200, &[]), Err(reply::Error::Invalid(_))));
    std::io::Write::write_all(&mut answer, b"whole").unwrap();
    assert_eq!(fake::take_reply().unwrap().body, b"whole");
    assert_eq!(fake::take_reply(), None);
}

//! Webhooks that print what they receive to their session's log, and one that sends requests of its own.

use serde_json::json;
use tenterhook::{Data, Event, Result, Value, http, println, vars};

/// GET and HEAD requests: their query parameters.
#[tenterhook::handler]
fn on_http_get_or_head(event: Event) {
    print_request_details(event.data());

    print_sorted("Query parameters:", &event.data().url.query);
}

/// Submissions of a URL-encoded form in a POST request.
#[tenterhook::handler]
fn on_http_post_form(event: Event) {
    print_request_details(event.data());
    println!("Body: {}", event.data()["body"]["bytes"]);

    print_sorted("Form parameters:", &event.data().body.form);
}

/// POST requests with a JSON body.
#[tenterhook::handler]
fn on_http_post_json(event: Event) {
    print_request_details(event.data());
    println!("Body: {}", event.data()["body"]["bytes"]);
    println!("JSON: {}", event.data().body.json);
}

fn print_request_details(data: &Data) {
    println!("Triggered by an HTTP {} request", data.method);
    println!("Full URL: {}", data.raw_url);
    println!("URL path: {}", data.url.path);

    print_sorted("Headers:", &data.headers);
}

fn print_sorted(title: &str, fields: &Value) {
    println!("{title}");
    let mut keys = fields.keys();
    keys.sort();
    if keys.is_empty() {
        println!("  none");
    }
    for key in keys {
        println!("  {key} = {}", fields[&*key]);
    }
}

/// Sends requests, with and without credentials, to a server that says what it was sent.
#[tenterhook::handler]
fn send_requests(_event: Event) -> Result<()> {
    let base = vars::get("HTTPBIN_BASE_URL").unwrap_or_default();
    let url = |path: &str| format!("{}/{path}", base.trim_end_matches('/'));
    let form = "application/x-www-form-urlencoded";

    print_answer(http::get(url("get?key1=value1&key2=value2")))?;
    print_answer(http::get(url("status/404")))?;
    print_answer(http::post(url("post")).header("Content-Type", form).body("foo=bar"))?;
    print_answer(http::post(url("post")).json(&json!({"foo": "bar"}))?)?;
    // `user` and `pass`, and what is neither.
    print_answer(http::get(url("basic-auth/user/pass")).header("Authorization", "Basic dXNlcjpwYXNz"))?;
    print_answer(http::get(url("basic-auth/user/pass")).header("Authorization", "Basic d2hvOndoYXQ="))?;
    // The host puts the value in the place of what the handler reads.
    print_answer(http::get(url("bearer")).bearer(vars::get("HTTPBIN_TOKEN").unwrap_or_default()))
}

fn print_answer(request: http::Request) -> Result<()> {
    println!("{} {}", request.method, request.url);
    let answer = request.send()?;
    println!("Status: {}, {}", answer.status, answer.header("Content-Type").unwrap_or("without a body"));
    println!("{}", answer.text());
    Ok(())
}

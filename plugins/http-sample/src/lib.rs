//! Webhooks that print what they receive to their session's log.

use tenterhook::{Data, Event, Value, println};

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

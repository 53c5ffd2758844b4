//! Each kind of answer.

use tenterhook::{Event, Json, Response, Result, Value};

#[tenterhook::handler]
fn unit(_event: Event) {}

#[tenterhook::handler]
fn text(_event: Event) -> &'static str {
    "größer"
}

#[tenterhook::handler]
fn status_alone(_event: Event) -> (u16, ()) {
    (204, ())
}

#[tenterhook::handler]
fn status_and_json(_event: Event) -> (u16, Json<[u8; 3]>) {
    (201, Json([1, 2, 3]))
}

#[tenterhook::handler]
fn maybe(event: Event) -> Option<String> {
    event.data().url.query.get("name").as_str().map(|name| format!("hello {name}"))
}

#[tenterhook::handler]
fn value(event: Event) -> Value {
    event.get("/url/query")
}

#[tenterhook::handler]
fn response(event: Event) -> Result<Response> {
    let page = Response::html("<p>teapot</p>").status(418);
    Ok(page.header("X-Session", event.session()).header("Set-Cookie", "a=1").header("Set-Cookie", "b=2"))
}

/// As many bytes as the query says.
#[tenterhook::handler]
fn large(event: Event) -> Result<Vec<u8>> {
    let size: usize = event.data()["url"]["query"]["size"].to_string().parse()?;
    Ok(vec![b'x'; size])
}

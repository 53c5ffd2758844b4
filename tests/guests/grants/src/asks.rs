//! Requests to others.

use tenterhook::{Event, Result, http, vars};

/// Sends the request that the event's JSON describes, and answers what came of it.
#[tenterhook::handler]
fn ask(event: Event) -> Result<String> {
    #[derive(serde::Deserialize)]
    struct Wish {
        method: String,
        url: String,
        #[serde(default)]
        headers: Vec<(String, String)>,
        body: Option<String>,
        /// So many bytes instead.
        size: Option<usize>,
        /// So often.
        times: Option<usize>,
    }
    let wish: Wish = event.data().body.json()?;
    let mut said = String::new();
    for _ in 0..wish.times.unwrap_or(1) {
        let mut request = http::Request::new(&*wish.method, &*wish.url);
        request.headers = wish.headers.clone();
        request.body = wish.body.clone().map(String::into_bytes).or(wish.size.map(|size| vec![b'-'; size]));
        said = match request.send() {
            Ok(response) => format!("{} {}", response.status, response.text()),
            Err(error) => format!("{error:?}"),
        };
    }
    Ok(said)
}

/// What a handler sees of a secret that only hosts may see.
#[tenterhook::handler]
fn peek(_event: Event) -> String {
    let seen = vars::get("TOKEN").unwrap_or_default();
    let environment = std::env::var("TOKEN").unwrap_or_default();
    format!("{seen} {environment}")
}

//! What handlers keep, send and stream, in Rust: see the README above.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tenterhook::{Event, Response, Result, http, kv, log, reply, vars};

/// What the request's JSON says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    r#do: String,
    key: String,
    value: Option<String>,
    size: usize,
    delta: i64,
    ttl_ms: Option<u64>,
    expected: String,
    prefix: String,
    after: Option<String>,
    limit: u32,
    count: u32,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    timeout_ms: Option<u64>,
    status: u16,
    chunks: Vec<String>,
    again: bool,
}

/// Does what the request says.
#[tenterhook::handler]
fn on_ask(event: Event) -> Result<Option<Response>> {
    let wish: Wish = event.data().body.json()?;
    let says = match &*wish.r#do {
        "send" => wish.send().unwrap_or_else(|error| refusal(case_of_request(&error), &error)),
        "reply" => match wish.reply() {
            Ok(()) => return Ok(None),
            Err(error) => refusal(case_of_reply(&error), &error),
        },
        _ => wish.keep().unwrap_or_else(|error| refusal(case_of_kv(&error), &error)),
    };
    log::info!("{says}");
    Ok(Some(Response::json(&says)?))
}

impl Wish {
    fn keep(&self) -> Result<Value, kv::Error> {
        let key = &*self.key;
        let ttl = self.ttl_ms.map(Duration::from_millis);
        let text = |entry: kv::Entry| String::from_utf8_lossy(&entry.value).into_owned();
        Ok(match &*self.r#do {
            "get" => json!(kv::get(key)?.map(text)),
            "set" => {
                let value = self.value.clone().map_or(vec![0; self.size], String::into_bytes);
                match ttl {
                    None => kv::set(key, value)?,
                    Some(ttl) => kv::set_for(ttl, key, value)?,
                };
                json!("set")
            }
            "add" => json!(ttl.map_or_else(|| kv::add(key, self.delta), |ttl| kv::add_for(ttl, key, self.delta))?),
            "delete" => json!(kv::delete(key)?),
            "swap" => {
                let expected = match &*self.expected {
                    "there" => kv::get(key)?.map(|entry| entry.version),
                    "older" => Some(1),
                    _ => None,
                };
                let value = self.value.as_deref().unwrap_or_default();
                let swapped = match ttl {
                    None => kv::compare_and_swap(key, expected, value)?,
                    Some(ttl) => kv::compare_and_swap_for(ttl, key, expected, value)?,
                };
                match swapped {
                    kv::Swapped::Done(_) => json!(["done", value]),
                    kv::Swapped::Conflict(there) => json!(["conflict", there.map(text)]),
                }
            }
            "fill" => {
                for number in 0..self.count {
                    kv::set(&format!("{}{number:03}", self.prefix), "")?;
                }
                json!("filled")
            }
            "list" => {
                let entries = kv::entries(&self.prefix).map(|entry| entry.map(|entry| entry.key));
                let keys = entries.collect::<Result<Vec<_>, _>>()?;
                json!([keys.len(), keys.first(), keys.last()])
            }
            "page" => {
                let page = kv::list(&self.prefix, self.after.as_deref(), self.limit)?;
                json!([page.entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>(), page.next])
            }
            other => json!(format!("nothing is called {other}")),
        })
    }

    fn send(&self) -> Result<Value, http::Error> {
        let mut request = http::Request::new(&*self.method, &*self.url);
        let token = vars::get("TOKEN").unwrap_or_default();
        request.headers = self.headers.clone();
        for (_, value) in &mut request.headers {
            *value = value.replace("{TOKEN}", &token);
        }
        request.body = self.body.clone().map(String::into_bytes);
        if self.size > 0 {
            request.body = Some(vec![b'-'; self.size]);
        }
        request.timeout = self.timeout_ms.map(Duration::from_millis);
        let answer = request.send()?;
        let body = if self.size > 0 { json!(answer.body.len()) } else { json!(answer.text()) };
        Ok(json!([answer.status, answer.header("x-echo"), body]))
    }

    fn reply(&self) -> Result<(), reply::Error> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let mut answer = reply::start(self.status, &headers)?;
        for chunk in &self.chunks {
            answer.write(chunk)?;
        }
        if self.again
            && let Err(error) = reply::start(self.status, &[])
        {
            answer.write(refusal(case_of_reply(&error), &error).to_string())?;
        }
        Ok(())
    }
}

fn refusal(case: &str, error: &impl std::fmt::Display) -> Value {
    json!({"error": case, "text": error.to_string()})
}

fn case_of_kv(error: &kv::Error) -> &'static str {
    match error {
        kv::Error::NotGranted => "not-granted",
        kv::Error::Limit(_) => "limit",
        kv::Error::NotANumber(_) => "not-a-number",
        kv::Error::Unavailable(_) => "unavailable",
    }
}

fn case_of_request(error: &http::Error) -> &'static str {
    match error {
        http::Error::Denied => "denied",
        http::Error::Timeout(_) => "timeout",
        http::Error::Limit(_) => "limit",
        http::Error::Failed(_) | http::Error::Status(_) => "failed",
    }
}

fn case_of_reply(error: &reply::Error) -> &'static str {
    match error {
        reply::Error::NoSender => "no-sender",
        reply::Error::Closed => "closed",
        reply::Error::Invalid(_) => "invalid",
        reply::Error::Limit(_) => "limit",
    }
}

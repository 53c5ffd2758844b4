//! An event that a test describes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;

use super::payload::{Request, payload};
use crate::Event;
use crate::source::{Content, Source};

/// Describes a request; [`build`](Self::build) makes of it the event that the host would. It begins as
/// `GET /webhooks/slug` without headers, the first attempt of a trigger called `trigger`.
#[derive(Clone, Debug)]
pub struct FakeEvent {
    id: String,
    session: String,
    attempt: u32,
    created_at: i64,
    trigger: String,
    redispatched_from: Option<String>,
    request: Request,
}

impl Default for FakeEvent {
    fn default() -> Self {
        Self {
            id: "evt_00000000000000000000000000".into(),
            session: "ses_00000000000000000000000000".into(),
            attempt: 1,
            created_at: 1_767_225_600_000_000,
            trigger: "trigger".into(),
            redispatched_from: None,
            request: Request {
                method: "GET".into(),
                url: "/webhooks/slug".into(),
                headers: Vec::new(),
                trailers: Vec::new(),
                body: None,
            },
        }
    }
}

impl FakeEvent {
    /// With this HTTP method, in upper case.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.request.method = method.into();
        self
    }

    /// With this request target: `/webhooks/slug?key=value`.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.request.url = url.into();
        self
    }

    /// With one more header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request.headers.push((canonical(name), value.into()));
        self
    }

    /// With one more trailer field.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl Into<String>) -> Self {
        self.request.trailers.push((canonical(name), value.into()));
        self
    }

    /// With this body, and its `Content-Length`.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        self.request.headers.retain(|(name, _)| name != "Content-Length");
        let length = body.len().to_string();
        self.request.body = Some(body);
        self.header("Content-Length", length)
    }

    /// With this value as the body, as `application/json`.
    ///
    /// # Panics
    /// The value has no form in JSON.
    #[must_use]
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        let body = serde_json::to_vec(value).expect("a test's value has a form in JSON");
        self.header("Content-Type", "application/json").body(body)
    }

    /// With these fields as the body, as a URL-encoded form.
    #[must_use]
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    /// With this `evt_…`.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// With this `ses_…`.
    #[must_use]
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = session.into();
        self
    }

    /// As this attempt, 1 being the first.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Received at this time, to the microsecond.
    #[must_use]
    pub fn created_at(mut self, at: SystemTime) -> Self {
        let micros = |since: Duration| i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        self.created_at = at.duration_since(UNIX_EPOCH).map_or_else(|before| -micros(before.duration()), micros);
        self
    }

    /// Selected by this trigger.
    #[must_use]
    pub fn trigger(mut self, trigger: impl Into<String>) -> Self {
        self.trigger = trigger.into();
        self
    }

    /// As a copy of this `evt_…`, dispatched again.
    #[must_use]
    pub fn redispatched_from(mut self, first: impl Into<String>) -> Self {
        self.redispatched_from = Some(first.into());
        self
    }

    /// The event.
    pub fn build(self) -> Event {
        let payload = payload(&self.request);
        Event::from_source(FakeSource { event: self, payload })
    }
}

/// `x-github-event` as `X-Github-Event`, as the host writes it: its `event::pairs` has the same function, which a
/// crate for guests cannot share, and a property test of `tests` holds the two together.
fn canonical(name: &str) -> String {
    let mut starts = true;
    let mut canonical = String::new();
    for c in name.chars() {
        canonical.push(if starts { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
        starts = c == '-';
    }
    canonical
}

struct FakeSource {
    event: FakeEvent,
    payload: Value,
}

impl FakeSource {
    fn find(&self, pointer: &str) -> Option<&Value> {
        let mut found = &self.payload;
        let mut in_headers = false;
        for (depth, key) in pointer.split('/').skip(1).enumerate() {
            let key = key.replace("~1", "/").replace("~0", "~");
            found = match found {
                Value::Object(map) if in_headers => map.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key))?.1,
                Value::Object(map) => map.get(&key)?,
                Value::Array(list) => list.get(key.parse::<usize>().ok()?)?,
                _ => return None,
            };
            in_headers = depth == 0 && matches!(key.as_str(), "headers" | "trailers");
        }
        Some(found)
    }
}

impl Source for FakeSource {
    fn id(&self) -> String {
        self.event.id.clone()
    }

    fn kind(&self) -> String {
        self.event.request.method.to_ascii_lowercase()
    }

    fn session(&self) -> String {
        self.event.session.clone()
    }

    fn attempt(&self) -> u32 {
        self.event.attempt
    }

    fn created_at(&self) -> i64 {
        self.event.created_at
    }

    fn trigger(&self) -> String {
        self.event.trigger.clone()
    }

    fn redispatched_from(&self) -> Option<String> {
        self.event.redispatched_from.clone()
    }

    fn get(&self, pointer: &str) -> Option<Content> {
        if pointer == "/body/bytes" {
            return Some(self.event.request.body().map_or(Content::Null, |body| Content::Bytes(body.to_owned())));
        }
        Some(match self.find(pointer)? {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Content::Int(value),
                (None, Some(value)) => Content::Uint(value),
                (None, None) => Content::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Content::Text(text.clone()),
            map_or_list => Content::Json(map_or_list.to_string()),
        })
    }

    fn has(&self, pointer: &str) -> bool {
        self.find(pointer).is_some()
    }

    fn keys(&self, pointer: &str) -> Vec<String> {
        let map = self.find(pointer).and_then(Value::as_object);
        map.map(|map| map.keys().cloned().collect()).unwrap_or_default()
    }
}

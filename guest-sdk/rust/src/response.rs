//! What the sender of a synchronous webhook receives.

use serde::Serialize;

use crate::Result;
use crate::bindings::tenterhook::webhook::types;

/// An HTTP response, 200 and empty at first.
///
/// ```
/// use tenterhook::{Event, Response, Result};
///
/// fn on_http_post(event: Event) -> Result<Response> {
///     let order: serde_json::Value = event.data().body.json()?;
///     Ok(Response::json(&order)?.status(201).header("X-Session", event.session()))
/// }
/// # let response = on_http_post(Event::fake().body("{}").build()).unwrap();
/// # assert_eq!((response.status, &*response.body), (201, &b"{}"[..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200 to 599.
    pub status: u16,
    /// In this order; a name may stand more than once.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
}

impl Default for Response {
    fn default() -> Self {
        Self { status: 200, headers: Vec::new(), body: Vec::new() }
    }
}

impl Response {
    /// 200, without headers or body.
    pub fn new() -> Self {
        Self::default()
    }

    /// 200 and this text, as `text/plain`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::content("text/plain; charset=utf-8", text.into().into_bytes())
    }

    /// 200 and this page, as `text/html`.
    pub fn html(page: impl Into<String>) -> Self {
        Self::content("text/html; charset=utf-8", page.into().into_bytes())
    }

    /// 200 and this value, as `application/json`.
    ///
    /// # Errors
    /// The value has no form in JSON: a map whose keys are not texts.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self> {
        Ok(Self::content("application/json", serde_json::to_vec(value)?))
    }

    pub(crate) fn content(content_type: &str, body: Vec<u8>) -> Self {
        Self::new().header("Content-Type", content_type).body(body)
    }

    /// With this status, 200 to 599. The host refuses others, as it refuses header fields that HTTP/1.1 would not carry or
    /// that concern the connection.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With one more header field.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With these bytes as the body, and no word on what they are.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl From<Response> for types::Response {
    fn from(response: Response) -> Self {
        let pair = |(name, value)| types::Pair { name, value };
        let headers = response.headers.into_iter().map(pair).collect();
        Self { status: response.status, headers, body: response.body }
    }
}

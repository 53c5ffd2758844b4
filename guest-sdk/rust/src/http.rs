//! Requests to others, where the project's manifest lets them.
//!
//! ```
//! use tenterhook::{Event, Result, http, vars};
//!
//! #[tenterhook::handler]
//! fn on_push(_event: Event) -> Result<String> {
//!     let token = vars::get("GITHUB_TOKEN").unwrap_or_default();
//!     let user: serde_json::Value = http::get("https://api.github.com/user").bearer(token).send()?.ok()?.json()?;
//!     Ok(user["login"].to_string())
//! }
//! # tenterhook::fake::answer_requests(|_| Ok(http::Response::new(200, r#"{"login": "ada"}"#)));
//! # assert_eq!(on_push(Event::fake().build()).unwrap(), "\"ada\"");
//! ```
//!
//! The manifest names each host: `outbound: ["https://api.github.com"]`. Of a secret with `hosts`, [`vars::get`](crate::vars::get)
//! gives a placeholder, and the host puts the value in its place when the header goes to one of these. Redirects are not followed:
//! they are responses like others.
//!
//! Every request is in the session's record, with why it was refused. A unit test answers them itself:
//! [`fake::answer_requests`](crate::fake::answer_requests).

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(not(target_family = "wasm"))]
use crate::fake::http as imp;

#[cfg(target_family = "wasm")]
mod imp;

/// A request that is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// With its scheme and host.
    pub url: String,
    /// In this order; a name may stand more than once.
    pub headers: Vec<(String, String)>,
    /// The exact bytes; none sends no body.
    pub body: Option<Vec<u8>>,
    /// How long each part may take: to connect, until the answer begins, and between two pieces of it. The host's own limits hold too.
    pub timeout: Option<Duration>,
}

/// A response, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200.
    pub status: u16,
    /// In the order received.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The manifest or the operator does not let the request go there: the session's record says which rule would.
    Denied,
    /// Something took too long; the text says what.
    Timeout(String),
    /// A body, a number of requests or of connections is more than it may be; the text says which.
    Limit(String),
    /// It failed otherwise; the text says how.
    Failed(String),
    /// [`Response::ok`] met another status.
    Status(u16),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("the request may not go there: the session's record says why"),
            Self::Timeout(text) | Self::Limit(text) | Self::Failed(text) => f.write_str(text),
            Self::Status(status) => write!(f, "the answer has the status {status}"),
        }
    }
}

impl std::error::Error for Error {}

/// A `GET` request.
///
/// ```
/// use tenterhook::http;
///
/// # tenterhook::fake::answer_requests(|request| Ok(http::Response::new(200, request.body.unwrap_or(request.method.into_bytes()))));
/// let answer = http::get("https://api.example/user").send()?;
/// # assert_eq!(answer.text(), "GET");
/// # Ok::<(), http::Error>(())
/// ```
pub fn get(url: impl Into<String>) -> Request {
    Request::new("GET", url)
}

/// A `POST` request.
///
/// ```
/// use tenterhook::http;
///
/// # tenterhook::fake::answer_requests(|request| Ok(http::Response::new(200, request.body.unwrap_or(request.method.into_bytes()))));
/// let answer = http::post("https://api.example/notes").body("remember").send()?.ok()?;
/// # assert_eq!(answer.text(), "remember");
/// # Ok::<(), http::Error>(())
/// ```
pub fn post(url: impl Into<String>) -> Request {
    Request::new("POST", url)
}

/// A `PUT` request.
///
/// ```
/// use tenterhook::http;
///
/// let request = http::put("https://api.example/notes/7");
/// assert_eq!(request.method, "PUT");
/// ```
pub fn put(url: impl Into<String>) -> Request {
    Request::new("PUT", url)
}

/// A `PATCH` request.
///
/// ```
/// use tenterhook::http;
///
/// let request = http::patch("https://api.example/notes/7");
/// assert_eq!(request.method, "PATCH");
/// ```
pub fn patch(url: impl Into<String>) -> Request {
    Request::new("PATCH", url)
}

/// A `DELETE` request.
///
/// ```
/// use tenterhook::http;
///
/// let request = http::delete("https://api.example/notes/7");
/// assert_eq!(request.method, "DELETE");
/// ```
pub fn delete(url: impl Into<String>) -> Request {
    Request::new("DELETE", url)
}

impl Request {
    /// A request of any method.
    ///
    /// ```
    /// use tenterhook::http;
    ///
    /// let request = http::Request::new("PURGE", "https://cdn.example/page").header("X-Soft", "1");
    /// assert_eq!((&*request.method, request.headers.len()), ("PURGE", 1));
    /// ```
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self { method: method.into(), url: url.into(), headers: Vec::new(), body: None, timeout: None }
    }

    /// With one more header.
    ///
    /// ```
    /// use tenterhook::http;
    ///
    /// let request = http::get("https://api.example/").header("Accept", "text/csv");
    /// assert_eq!(request.headers, [("Accept".into(), "text/csv".into())]);
    /// ```
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With `Authorization: Bearer …`.
    ///
    /// ```
    /// use tenterhook::{http, vars};
    ///
    /// let request = http::get("https://api.example/").bearer(vars::get("TOKEN").unwrap_or_default());
    /// assert_eq!(request.headers[0].0, "Authorization");
    /// ```
    #[must_use]
    pub fn bearer(self, token: impl fmt::Display) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// With this body.
    ///
    /// ```
    /// use tenterhook::http;
    ///
    /// let request = http::post("https://api.example/").body([0xff, 0x00]);
    /// assert_eq!(request.body.unwrap(), [0xff, 0x00]);
    /// ```
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// With this value as a body of JSON.
    ///
    /// ```
    /// use tenterhook::http;
    ///
    /// let request = http::post("https://api.example/").json(&["bug"])?;
    /// assert_eq!(request.body.unwrap(), br#"["bug"]"#);
    /// # Ok::<(), tenterhook::Error>(())
    /// ```
    ///
    /// # Errors
    /// The value has no form in JSON: a map whose keys are not texts.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> crate::Result<Self> {
        let body = serde_json::to_vec(value)?;
        Ok(self.header("Content-Type", "application/json").body(body))
    }

    /// With so much time for each part.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tenterhook::http;
    ///
    /// # tenterhook::fake::answer_requests(|_| Err(http::Error::Timeout("the answer took too long".into())));
    /// let late = http::get("https://api.example/").timeout(Duration::from_secs(2)).send();
    /// assert!(matches!(late, Err(http::Error::Timeout(_))));
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it, and waits for all of the response.
    ///
    /// ```
    /// use tenterhook::{fake, http};
    ///
    /// fake::answer_requests(|_| Ok(http::Response::new(404, "")));
    /// assert_eq!(http::get("https://api.example/nope").send()?.status, 404);
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is no response. One with a status such as 404 is no error here; see [`Response::ok`].
    pub fn send(self) -> Result<Response, Error> {
        imp::send(self)
    }
}

impl Response {
    /// A response, for the answers of unit tests.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// Itself when its status is one of 200 to 299.
    ///
    /// ```
    /// use tenterhook::http;
    ///
    /// assert_eq!(http::Response::new(404, "").ok(), Err(http::Error::Status(404)));
    /// assert!(http::Response::new(204, "").ok().is_ok());
    /// ```
    ///
    /// # Errors
    /// It is another.
    pub fn ok(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(Error::Status(self.status)) }
    }

    /// The first value of a header, in any case.
    ///
    /// ```
    /// use tenterhook::http;
    ///
    /// let mut answer = http::Response::new(429, "");
    /// answer.headers.push(("Retry-After".into(), "30".into()));
    /// assert_eq!(answer.header("retry-after"), Some("30"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The body as text; what is not UTF-8 is replaced.
    ///
    /// ```
    /// assert_eq!(tenterhook::http::Response::new(200, "päivä").text(), "päivä");
    /// ```
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as what its JSON says.
    ///
    /// ```
    /// use tenterhook::http;
    ///
    /// let user: serde_json::Value = http::Response::new(200, r#"{"login": "ada"}"#).json()?;
    /// assert_eq!(user["login"], "ada");
    /// # Ok::<(), tenterhook::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is not JSON, or that of another type.
    pub fn json<T: DeserializeOwned>(&self) -> crate::Result<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

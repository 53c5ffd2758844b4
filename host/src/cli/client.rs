//! Asks a running server. Knows the API's shapes and nothing of what is done with them.

use std::error::Error;
use std::fmt::Display;
use std::io;

use anyhow::{Context as _, anyhow};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, Url};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::remote::is_local;
use crate::api;
use crate::event::Timestamp;

/// A running server, and as whom it is asked.
#[derive(Debug)]
pub(super) struct Client {
    server: Url,
    http: reqwest::Client,
}

/// The parts of a problem that matter here.
#[derive(Deserialize)]
struct Problem {
    code: String,
    title: String,
    detail: String,
}

/// The server's answer is a problem.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Refused {
    /// Which problem: `session_not_found`.
    pub(super) code: String,
    /// In words.
    pub(super) message: String,
}

fn limit() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(1..=u64::from(api::MAX_LIMIT))
}

/// What every list is narrowed by.
#[derive(Args, Clone, Debug)]
pub(super) struct Narrow {
    /// How many at the most
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = limit())]
    limit: u32,
    /// Only what is not older: a time (`2026-11-23T20:25:01Z`) or an age (`90s`, `30m`, `1h30m`, `7d`)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<String>,
    /// Only what is older: a time or an age
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<String>,
    /// Only events of this type and their sessions: `post`
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
}

impl Narrow {
    /// The query of a page that begins before this one, narrowed by this and by `further`.
    pub(super) fn query(
        self,
        before: Option<impl Display>,
        further: impl IntoIterator<Item = (&'static str, Option<String>)>,
    ) -> Vec<(&'static str, String)> {
        let given = [
            ("limit", Some(self.limit.to_string())),
            ("before", before.map(|id| id.to_string())),
            ("since", self.since),
            ("until", self.until),
            ("type", self.event_type),
        ];
        let given = given.into_iter().chain(further);
        given.filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }
}

/// A time as the server understands it, which has a clock to say what an age is.
pub(super) fn moment(text: &str) -> Result<String, String> {
    api::moment(text, Timestamp::UNIX_EPOCH).map(|_| text.to_owned())
}

impl Client {
    pub(super) fn new(server: Url, http: reqwest::Client) -> Self {
        Self { server, http }
    }

    /// The JSON at a path below the API's prefix, `/events`, with these query parameters.
    ///
    /// # Errors
    /// Nobody answers, or the answer is a problem ([`Refused`]), or it is not this API's; in words that say what to do.
    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        self.ask(self.http.get(self.url(path)).query(query)).await
    }

    /// Asks or does something: what `POST` of this JSON gives.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn post(&self, path: &str, question: &impl Serialize) -> anyhow::Result<Value> {
        self.ask(self.http.post(self.url(path)).json(question)).await
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.server.clone();
        url.set_path(&format!("{}{}{path}", self.server.path().trim_end_matches('/'), api::PREFIX));
        url
    }

    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let response = request.send().await.map_err(|err| self.unreachable(&err))?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let bytes = response.bytes().await.map_err(|err| self.unreachable(&err))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes)
            .with_context(|| format!("reading the answer of the server at {}", self.address()))
    }

    /// As people write it, without the slash that a URL has at its end.
    fn address(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    fn unreachable(&self, err: &reqwest::Error) -> anyhow::Error {
        let reason = reason(err);
        if err.is_connect() {
            return anyhow!("server unreachable at {}: {reason}{}", self.address(), hint(&self.server, &reason));
        }
        anyhow!("failed to ask the server at {}: {reason}", self.address())
    }

    async fn refused(&self, response: Response) -> anyhow::Error {
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE).map(|value| value.as_bytes().to_owned());
        if content_type.as_deref() == Some(api::PROBLEM_MEDIA_TYPE.as_bytes())
            && let Ok(problem) = response.json::<Problem>().await
        {
            // What is wrong with the request is in the detail; what is wrong with the server is in the title.
            let what = if status.is_server_error() { problem.title.to_lowercase() + ": " } else { String::new() };
            return Refused { code: problem.code, message: what + &problem.detail }.into();
        }
        anyhow!(
            "the server at {} answered {status}, and not as Tenterhook does: is it another program?",
            self.address()
        )
    }
}

/// What to look at when nobody answers.
fn hint(server: &Url, reason: &str) -> &'static str {
    if reason.contains("certificate") {
        return "; name the file of its authority with `--ca` if it is a private one";
    }
    if is_local(server) { "; is `tenterhook up` running?" } else { "" }
}

/// The innermost cause, which is the one that says something: `connection refused`.
fn reason(err: &reqwest::Error) -> String {
    if err.is_timeout() {
        return "it does not answer in time".to_owned();
    }
    let mut cause: &(dyn Error + 'static) = err;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(kind) if kind != io::ErrorKind::Other => kind.to_string(),
        _ => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::cli::remote;

    #[tokio::test]
    async fn a_server_that_is_not_there() {
        // Nobody listens on a port that has just been given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = remote::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let http = remote::http(&url, None).unwrap();
        let error = Client::new(url, http).get("/events", &[]).await.unwrap_err().to_string();
        assert_snapshot!(error.replace(&port.to_string(), "PORT"), @"server unreachable at http://127.0.0.1:PORT: connection refused; is `tenterhook up` running?");
    }
}

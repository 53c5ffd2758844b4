//! Asks a running server. Knows the API's shapes and nothing of what is done with them.

use std::error::Error;
use std::fmt::Display;
use std::io;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::remote::is_local;
use crate::api;
use crate::api::view::Whoami;
use crate::event::Timestamp;

/// A running server, and as whom it is asked.
#[derive(Debug)]
pub(super) struct Client {
    server: Url,
    http: reqwest::Client,
    /// The org that was named, by a flag or by the context.
    pub(super) org: Option<String>,
}

/// What a segment of a path has as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path of these segments, whatever is in them.
pub(super) fn at(segments: &[&str]) -> String {
    segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, SEGMENT))).collect()
}

/// All items of a list, as the server gave them.
#[derive(Debug, Serialize)]
pub(super) struct All {
    pub(super) items: Vec<Value>,
}

impl All {
    /// As what they are; `what` is for the error.
    pub(super) fn read<T: DeserializeOwned>(self, what: &str) -> anyhow::Result<Vec<T>> {
        let items: Result<Vec<T>, _> = self.items.into_iter().map(serde_json::from_value).collect();
        items.with_context(|| format!("reading the server's list of {what}"))
    }
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
    /// All of it.
    pub(super) problem: Value,
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
    pub(super) fn new(server: Url, http: reqwest::Client, org: Option<String>) -> Self {
        Self { server, http, org }
    }

    /// The org that is meant: the one that was named, or the only one that there is to who asks.
    ///
    /// # Errors
    /// Nothing says which, or the server cannot be asked.
    pub(super) async fn org(&self) -> anyhow::Result<String> {
        if let Some(org) = &self.org {
            return Ok(org.clone());
        }
        let who: Whoami =
            serde_json::from_value(self.get("/whoami", &[]).await?).context("reading who you are to the server")?;
        let mut names: Vec<&str> = who.orgs.iter().map(|membership| membership.org.as_str()).collect();
        names.dedup();
        match names.as_slice() {
            [only] => Ok((*only).to_owned()),
            [] => bail!("name an org with `--org`: `tenterhook orgs list` tells which there are"),
            several => bail!("name an org with `--org`: you are in {}", several.join(", ")),
        }
    }

    /// As [`Client::get`], of something that an org has: the one that was named, or that of who asks.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn get_own(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        self.get(&self.own(path), query).await
    }

    /// As [`Client::post`], of something that an org has: the one that was named, or that of who asks.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub(super) async fn post_own(&self, path: &str, question: &impl Serialize) -> anyhow::Result<Value> {
        self.post(&self.own(path), question).await
    }

    fn own(&self, path: &str) -> String {
        self.org.as_ref().map_or_else(String::new, |org| at(&["orgs", org])) + path
    }

    /// All items of a list, page after page.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn all(&self, path: &str) -> anyhow::Result<All> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let mut query = vec![("limit", api::MAX_LIMIT.to_string())];
            query.extend(after.map(|after| ("after", after)));
            let page = self.get(path, &query).await?;
            let page: api::view::Page<Value> = serde_json::from_value(page)
                .with_context(|| format!("reading the list of the server at {}", self.address()))?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(All { items });
            }
        }
    }

    /// Writes something: what `PUT` of this JSON gives.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn put(&self, path: &str, thing: &impl Serialize) -> anyhow::Result<Value> {
        self.ask(self.http.put(self.url(path)).json(thing)).await
    }

    /// Changes something: what `PATCH` of this JSON gives.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn patch(&self, path: &str, change: &impl Serialize) -> anyhow::Result<Value> {
        self.ask(self.http.patch(self.url(path)).json(change)).await
    }

    /// Removes something.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.ask(self.http.delete(self.url(path))).await.map(drop)
    }

    /// Uploads so many bytes: what `PUT` of them gives.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(super) async fn upload(&self, path: &str, length: u64, bytes: Body) -> anyhow::Result<Value> {
        let request = self.http.put(self.url(path)).header(CONTENT_TYPE, "application/wasm");
        self.ask(request.header(CONTENT_LENGTH, length).body(bytes)).await
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

    pub(super) fn url(&self, path: &str) -> Url {
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
    pub(super) fn address(&self) -> &str {
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
            && let Ok(answer) = response.json::<Value>().await
            && let Ok(problem) = Problem::deserialize(&answer)
        {
            // What is wrong with the request is in the detail; what is wrong with the server is in the title.
            let what = if status.is_server_error() { problem.title.to_lowercase() + ": " } else { String::new() };
            let login = match status {
                StatusCode::UNAUTHORIZED => format!("; log in with `tenterhook login {}`", self.address()),
                _ => String::new(),
            };
            return Refused { code: problem.code, message: what + &problem.detail + &login, problem: answer }.into();
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
    if is_local(server) { "; is `tenterhook up` or `serve` running?" } else { "" }
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

    #[test]
    fn a_segment_stays_one() {
        assert_snapshot!(at(&["orgs", "acme", "projects", "a/b?c=d#e %2f..", "é"]), @"/orgs/acme/projects/a%2Fb%3Fc%3Dd%23e%20%252f../%C3%A9");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there() {
        // Nobody listens on a port that has just been given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = remote::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let http = remote::http(&url, None, None).unwrap();
        let error = Client::new(url, http, None).get("/events", &[]).await.unwrap_err().to_string();
        assert_snapshot!(error.replace(&port.to_string(), "PORT"), @"server unreachable at http://127.0.0.1:PORT: connection refused; is `tenterhook up` or `serve` running?");
    }
}

//! `types`: the event resource. A handler pays for what it reads: the record is made only when `data` is called.

use std::borrow::Cow;

use serde_json::Value as Json;
use wasmtime::component::Resource;

use super::State;
use crate::event::{Data, Field, Headers};
use crate::guest::bindings::types::{self, Pair, Value};

/// What an `event` handle stands for: the one event of the sandbox.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Handle;

impl types::Host for State {}

impl types::HostEvent for State {
    fn id(&mut self, _event: Resource<Handle>) -> String {
        self.calls.event += 1;
        self.job.event.id.to_string()
    }

    fn kind(&mut self, _event: Resource<Handle>) -> String {
        self.calls.event += 1;
        self.job.event.kind.to_string()
    }

    fn session(&mut self, _event: Resource<Handle>) -> String {
        self.calls.event += 1;
        self.job.session.to_string()
    }

    fn attempt(&mut self, _event: Resource<Handle>) -> u32 {
        self.calls.event += 1;
        self.job.attempt
    }

    fn created_at(&mut self, _event: Resource<Handle>) -> i64 {
        self.calls.event += 1;
        self.job.event.received_at.as_microsecond()
    }

    fn trigger(&mut self, _event: Resource<Handle>) -> String {
        self.calls.event += 1;
        self.job.trigger.to_string()
    }

    fn redispatched_from(&mut self, _event: Resource<Handle>) -> Option<String> {
        self.calls.event += 1;
        self.job.event.redispatched_from.map(|first| first.to_string())
    }

    fn data(&mut self, _event: Resource<Handle>) -> types::Data {
        self.calls.event += 1;
        record(&self.job.event.data)
    }

    fn get(&mut self, _event: Resource<Handle>, key: String, fallback: Value) -> Value {
        self.calls.event += 1;
        self.job.event.data.get(&key).map_or(fallback, value)
    }

    fn has(&mut self, _event: Resource<Handle>, key: String) -> bool {
        self.calls.event += 1;
        self.job.event.data.get(&key).is_some()
    }

    fn keys(&mut self, _event: Resource<Handle>, key: String) -> Vec<String> {
        self.calls.event += 1;
        self.job.event.data.get(&key).map(|field| field.keys()).unwrap_or_default()
    }

    fn drop(&mut self, _event: Resource<Handle>) -> wasmtime::Result<()> {
        Ok(())
    }
}

fn value(field: Field<'_>) -> Value {
    let json = match field {
        Field::Text(text) => return Value::Text(text.into_owned()),
        Field::Bytes(bytes) => return Value::Bytes(bytes.to_vec()),
        Field::Json(json) => json,
    };
    match json.as_ref() {
        Json::Null => Value::Null,
        Json::Bool(boolean) => Value::Boolean(*boolean),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(_) | Json::Object(_) => Value::Json(json.to_string()),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, Some(unsigned)) => Value::Unsigned(unsigned),
            (None, None) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        },
    }
}

fn record(data: &Data) -> types::Data {
    types::Data {
        method: data.method().to_owned(),
        url: types::Url {
            path: data.path().into_owned(),
            raw_path: data.raw_path().to_owned(),
            path_suffix: data.path_suffix().into_owned(),
            query: pairs(data.query().joined()),
            raw_query: data.raw_query().to_owned(),
            fragment: data.fragment().into_owned(),
            raw_fragment: data.raw_fragment().to_owned(),
        },
        raw_url: data.raw_url().to_owned(),
        headers: headers(data.headers()),
        trailers: headers(data.trailers()),
        body: types::Body {
            bytes: data.bytes().map(|body| body.to_vec()),
            text: data.text().map(str::to_owned),
            form: data.form().map(|form| pairs(form.joined())),
            // The sender's own text: no number in it has been through another representation.
            json: data.json().and_then(|_| data.text()).map(str::to_owned),
        },
    }
}

fn headers(headers: &Headers) -> Vec<Pair> {
    pairs(headers.joined())
}

fn pairs<'a>(joined: impl IntoIterator<Item = (&'a str, Cow<'a, str>)>) -> Vec<Pair> {
    joined.into_iter().map(|(name, value)| Pair { name: name.to_owned(), value: value.into_owned() }).collect()
}

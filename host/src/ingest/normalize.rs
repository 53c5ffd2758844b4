//! Turns a received request into what an event keeps of it. Knows nothing of triggers or storage.

use http::{HeaderMap, Uri, header};

use super::body::Received;
use super::endpoint::TESTING;
use crate::event::{Headers, Raw};

/// What the request says, the same whether it came by HTTP/1.1 or HTTP/2.
pub(super) fn normalize(received: &Received) -> Raw {
    let head = &received.head;
    Raw {
        method: head.method.as_str().to_owned(),
        url: origin_form(&head.uri),
        headers: with_host(headers(&head.headers), head),
        trailers: headers(&received.trailers),
        body: Some(received.body.clone()),
    }
}

/// The request target without scheme and authority.
fn origin_form(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

fn headers(map: &HeaderMap) -> Headers {
    let mut headers = Headers::with_capacity(map.len());
    for (name, value) in map {
        // By it a deployment is addressed: a secret, and the event is the same without it.
        if *name != TESTING {
            headers.append(name.as_str(), value.as_bytes());
        }
    }
    headers
}

/// HTTP/2 has `:authority` in the place of Host.
fn with_host(mut headers: Headers, head: &http::request::Parts) -> Headers {
    if !head.headers.contains_key(header::HOST)
        && let Some(authority) = head.uri.authority()
    {
        headers.append("Host", authority.as_str().as_bytes());
    }
    headers
}

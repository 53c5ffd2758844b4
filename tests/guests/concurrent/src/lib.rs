//! `async` handlers that use WASI 0.3, for the tests of the host.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tenterhook::webhook::types::Value;
use wasip3::clocks::monotonic_clock;
use wasip3::http::types::{ErrorCode, Fields, Method, Request, Response as Answer, Scheme};
use wasip3::{http::client, wit_future, wit_stream};

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package test:guest;
        world guest {
            include tenterhook:webhook/imports@0.1.0;
            use tenterhook:webhook/types@0.1.0.{event, response, failure};
            export ask: async func(event: event) -> result<option<response>, failure>;
            export flood: async func(event: event) -> result<option<response>, failure>;
            export pause: async func(event: event) -> result<option<response>, failure>;
        }
    ",
    generate_all,
});

struct Handlers;
export!(Handlers);

impl Guest for Handlers {
    /// Posts the body of the event, twice at once, to `/url/query/path` of `/url/query/authority`.
    async fn ask(event: Event) -> Result<Option<Response>, Failure> {
        let text = |key| text(&event, key);
        let (authority, path, secret) =
            (text("/url/query/authority"), text("/url/query/path"), text("/headers/authorization"));
        let body = text("/body/text").into_bytes();
        let one = || said(&authority, &path, &secret, body.clone());
        let (first, second) = both(one(), one()).await;
        Ok(Some(response(format!("{first}, {second}"))))
    }

    /// Sends 100 requests at once to `/url/query/path` of `/url/query/authority`, and counts what becomes of them.
    async fn flood(event: Event) -> Result<Option<Response>, Failure> {
        let (authority, path) = (text(&event, "/url/query/authority"), text(&event, "/url/query/path"));
        let mut ends = BTreeMap::<String, usize>::new();
        for end in all((0..100).map(|_| post(&authority, &path, "", Vec::new()))).await {
            let end = end.map_or_else(|error| format!("{error:?}"), |(status, _)| status.to_string());
            *ends.entry(end).or_default() += 1;
        }
        Ok(Some(response(format!("{ends:?}"))))
    }

    /// Waits for a while, twice at once.
    async fn pause(_event: Event) -> Result<Option<Response>, Failure> {
        println!("before");
        both(monotonic_clock::wait_for(20_000_000), monotonic_clock::wait_for(10_000_000)).await;
        println!("after");
        Ok(Some(response("waited".to_owned())))
    }
}

fn text(event: &Event, key: &str) -> String {
    match event.get(key, &Value::Null) {
        Value::Text(text) => text,
        other => format!("{other:?}"),
    }
}

fn response(text: String) -> Response {
    Response { status: 200, headers: Vec::new(), body: text.into_bytes() }
}

async fn said(authority: &str, path: &str, secret: &str, body: Vec<u8>) -> String {
    match post(authority, path, secret, body).await {
        Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(&body)),
        Err(error) => format!("{error:?}"),
    }
}

async fn post(authority: &str, path: &str, secret: &str, body: Vec<u8>) -> Result<(u16, Vec<u8>), ErrorCode> {
    let headers = Fields::new();
    headers.append("authorization", secret.as_bytes()).expect("the header is one");
    let (mut writer, contents) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (request, sent) = Request::new(headers, Some(contents), trailers, None);
    request.set_method(&Method::Post).expect("the method is one");
    request.set_scheme(Some(&Scheme::Http)).expect("the scheme is one");
    request.set_authority(Some(authority)).expect("the authority is one");
    request.set_path_with_query(Some(path)).expect("the path is one");
    let writing = async move {
        writer.write_all(body).await;
        drop(writer);
        // Nobody reads when the request was refused.
        drop(trailers_writer.write(Ok(None)).await);
    };
    let (answer, ()) = both(client::send(request), writing).await;
    let answer = answer?;
    drop(sent);
    let status = answer.get_status_code();
    let (_done, done) = wit_future::new(|| Ok(()));
    let (body, _trailers) = Answer::consume_body(answer, done);
    Ok((status, body.collect().await))
}

/// Awaits many things at once.
async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(|future| Some(Box::pin(future))).collect();
    let mut values = Vec::new();
    poll_fn(move |context| {
        for place in &mut futures {
            if let Some(future) = place
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                values.push(value);
                *place = None;
            }
        }
        if futures.iter().all(Option::is_none) { Poll::Ready(std::mem::take(&mut values)) } else { Poll::Pending }
    })
    .await
}

/// Awaits two things at once.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(context)
        {
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(context)
        {
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

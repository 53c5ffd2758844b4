//! Reads a request's body and trailers within the limits.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::{Parts, Rejection};

/// A request that has been read to its end.
pub(super) struct Received {
    pub(super) head: http::request::Parts,
    pub(super) body: Bytes,
    pub(super) trailers: HeaderMap,
    /// The body's room: given back when the request has been answered and the event's sessions have ended.
    pub(super) room: Arc<OwnedSemaphorePermit>,
}

/// Reads the whole body, or refuses: too large by its Content-Length or by its bytes, too slow, broken, or no room now.
pub(super) async fn read(intake: &Parts, request: Request<Body>) -> Result<Received, Rejection> {
    let limit = intake.config.body_bytes;
    let (head, body) = request.into_parts();
    let declared = body.size_hint();
    if declared.lower() > limit as u64 {
        return Err(Rejection::TooLarge { limit });
    }
    let most = declared.upper().map_or(limit, |upper| usize::try_from(upper).unwrap_or(limit).min(limit));
    let room = room(intake, most)?;
    let (body, trailers) = if body.is_end_stream() {
        (Bytes::new(), HeaderMap::new())
    } else {
        tokio::time::timeout(intake.config.body_timeout(), pieces(body, limit, intake.config.read_timeout())).await??
    };
    Ok(Received { head, body, trailers, room: Arc::new(room) })
}

/// What all pieces hold. They are copied even when there is one: it is part of the buffer that the connection reads into, all of which
/// would be held for as long as the event is in memory.
async fn pieces(mut body: Body, limit: usize, patience: Duration) -> Result<(Bytes, HeaderMap), Rejection> {
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(limit);
    let mut whole = Vec::with_capacity(declared.min(limit));
    let mut trailers = HeaderMap::new();
    while let Some(frame) = tokio::time::timeout(patience, body.frame()).await? {
        let frame = frame.map_err(|error| Rejection::Malformed(broken(&error)))?;
        match frame.into_data() {
            Ok(piece) if whole.len() + piece.len() > limit => return Err(Rejection::TooLarge { limit }),
            Ok(piece) => whole.extend_from_slice(&piece),
            Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    Ok((whole.into_boxed_slice().into(), trailers))
}

/// Room for a body of so many bytes.
pub(super) fn room(intake: &Parts, most: usize) -> Result<OwnedSemaphorePermit, Rejection> {
    let kib = u32::try_from(most.div_ceil(1024)).unwrap_or(u32::MAX);
    let permit = intake.room.clone().try_acquire_many_owned(kib);
    permit.map_err(|_| Rejection::Unavailable("the host holds as many bodies as it may".to_owned()))
}

/// The innermost cause: the outer ones only say that a body was read.
fn broken(error: &axum::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What waits in memory is as large as what was sent.
    #[tokio::test]
    async fn a_body_does_not_hold_what_it_was_read_into() {
        let buffer = Bytes::from(vec![b'x'; 8192]);
        let body = Body::from(buffer.slice(100..105));
        let (whole, trailers) = pieces(body, 10, Duration::from_secs(1)).await.unwrap();
        assert_eq!((&whole[..], trailers.len()), (&b"xxxxx"[..], 0));
        assert!(!buffer.as_ptr_range().contains(&whole.as_ptr()));
        assert!(buffer.is_unique(), "nothing else holds the buffer");
    }
}

//! A body that is counted, and of which only so much passes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::{Error, WasiBody};

use super::record::Record;

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A request's, from the guest.
    Out,
    /// A response's, to the guest.
    In,
}

/// A body under its limits.
pub(super) struct Metered {
    inner: WasiBody,
    record: Record,
    way: Way,
    passed: u64,
    most: u64,
    idle: Duration,
    /// When it has made no progress for too long.
    late: Pin<Box<Sleep>>,
    /// Whether it is waited for: nobody is late while nobody asks.
    is_waited_for: bool,
}

impl Metered {
    pub(super) fn new(inner: WasiBody, record: Record, way: Way, most: u64, idle: Duration) -> Self {
        Self { inner, record, way, passed: 0, most, idle, late: Box::pin(sleep(idle)), is_waited_for: false }
    }

    /// Counts some bytes.
    fn pass(&mut self, bytes: usize) -> Result<(), Error> {
        self.passed += bytes as u64;
        let (passed, most) = (self.passed, self.most);
        match self.way {
            Way::Out => self.record.sent(bytes as u64),
            Way::In => self.record.received(bytes as u64),
        }
        if passed <= most {
            return Ok(());
        }
        let (of, setting) = match self.way {
            Way::Out => ("request", "guest.outbound.request_bytes"),
            Way::In => ("response", "guest.outbound.response_bytes"),
        };
        self.record.fail(format!("the {of}'s body has more bytes than the limit of {most} ({setting})"));
        Err(match self.way {
            Way::Out => Error::HttpRequestBodySize(Some(most)),
            Way::In => Error::HttpResponseBodySize(Some(most)),
        })
    }

    fn is_late(&self) -> Error {
        let idle = self.idle;
        match self.way {
            Way::Out => {
                self.record.fail(format!("the request's body made no progress for {idle:?}"));
                Error::ConnectionWriteTimeout
            }
            Way::In => {
                self.record.fail(format!("the response's body made no progress for {idle:?}"));
                Error::ConnectionReadTimeout
            }
        }
    }
}

impl Body for Metered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) else {
            if !self.is_waited_for {
                let end = Instant::now() + self.idle;
                self.late.as_mut().reset(end);
                self.is_waited_for = true;
            }
            ready!(self.late.as_mut().poll(context));
            return Poll::Ready(Some(Err(self.is_late())));
        };
        self.is_waited_for = false;
        Poll::Ready(match frame {
            None => None,
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                Some(self.pass(bytes).map(|()| frame))
            }
            Some(Err(error)) => {
                self.record.fail(format!("its body was cut off: {error}"));
                Some(Err(error))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

//! `reply`: a response that is sent while the handler runs.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::State;
use crate::event::{Fault, FaultKind, Response};
use crate::guest::bindings::reply::{self, Error};
use crate::guest::bindings::types::Pair;
use crate::guest::response;
use crate::trigger::{Limit, Limits};

/// So many chunks wait for a sender that reads more slowly than the handler writes; then the handler waits.
const WAITING: usize = 1;

/// A response that has begun.
#[derive(Debug)]
pub struct Started {
    /// 200 to 599.
    pub status: u16,
    /// In the handler's order.
    pub headers: Vec<(String, String)>,
    /// The body, as it is written. Its end says nothing of whether the handler did well.
    pub chunks: mpsc::Receiver<Bytes>,
}

/// Who waits for a session's response. Clones are the same one.
#[derive(Clone)]
pub struct Waiting(Arc<Mutex<Option<oneshot::Sender<Started>>>>);

impl Waiting {
    /// The one who is told by `sender`.
    pub fn new(sender: oneshot::Sender<Started>) -> Self {
        Self(Arc::new(Mutex::new(Some(sender))))
    }

    fn take(&self) -> Option<oneshot::Sender<Started>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What was sent of a response.
pub(super) struct Sent {
    status: u16,
    headers: Vec<(String, String)>,
    chunks: mpsc::Sender<Bytes>,
    /// Kept for those who send the event again: they are told the same.
    body: Vec<u8>,
    /// Whether the sender went before it had all.
    is_cut: bool,
}

impl reply::Host for State {
    fn start(&mut self, status: u16, headers: Vec<Pair>) -> Result<(), Error> {
        self.calls.reply += 1;
        if self.sent.is_some() {
            return Err(Error::Invalid("the head was sent before".to_owned()));
        }
        let waiting = self.job.grants.reply.as_ref().ok_or(Error::NoSender)?;
        let head = response::check_head(status, &headers, None, &self.job.limits, &self.ceilings);
        head.map_err(|fault| Error::Invalid(fault.message))?;
        let sender = waiting.take().ok_or(Error::NoSender)?;
        let (chunks, received) = mpsc::channel(WAITING);
        let headers: Vec<_> = headers.into_iter().map(|header| (header.name, header.value)).collect();
        let started = Started { status, headers: headers.clone(), chunks: received };
        sender.send(started).map_err(|_| Error::NoSender)?;
        self.sent = Some(Sent { status, headers, chunks, body: Vec::new(), is_cut: false });
        Ok(())
    }

    async fn write(&mut self, chunk: Vec<u8>) -> Result<(), Error> {
        self.calls.reply += 1;
        let (limits, ceilings) = (self.job.limits, self.ceilings);
        let Some(sent) = &mut self.sent else {
            let text = "a chunk comes before the head: call `start` first";
            return Err(if self.job.grants.reply.is_some() {
                Error::Invalid(text.to_owned())
            } else {
                Error::NoSender
            });
        };
        if chunk.is_empty() {
            return Ok(());
        }
        sent.write(chunk.into(), &limits, &ceilings).await
    }
}

impl Sent {
    async fn write(&mut self, chunk: Bytes, limits: &Limits, ceilings: &Limits) -> Result<(), Error> {
        if response::has_no_body(self.status) {
            return Err(Error::Invalid(format!("a response of status {} has no body", self.status)));
        }
        let size = self.body.len().saturating_add(chunk.len());
        if size as u64 > limits.of(Limit::Response) {
            let exceeded = Limit::Response.exceeded(limits, ceilings);
            return Err(Error::Limit(format!("the body would have {size} bytes, {exceeded}")));
        }
        if self.chunks.send(chunk.clone()).await.is_err() {
            self.is_cut = true;
            return Err(Error::Closed);
        }
        self.body.extend_from_slice(&chunk);
        Ok(())
    }

    /// The whole response, for those who are told it later; none when the sender did not get all of it.
    fn whole(self) -> Option<Response> {
        let Self { status, headers, body, is_cut, .. } = self;
        (!is_cut).then(|| Response { status, headers, body: body.into() })
    }
}

impl State {
    /// What a handler that returned well answered: what it returned, or what it sent before.
    pub(in crate::guest) fn answered(&mut self, returned: Option<Response>) -> Result<Option<Response>, Fault> {
        match (self.sent.take(), returned) {
            (None, returned) => Ok(returned),
            (Some(sent), None) => Ok(sent.whole()),
            (Some(_), Some(_)) => {
                let message =
                    "the handler returned a response after it had sent one by `reply`: return none".to_owned();
                Err(Fault { kind: FaultKind::BadResponse, message })
            }
        }
    }
}

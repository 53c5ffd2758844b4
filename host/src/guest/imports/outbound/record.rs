//! What is kept of a request while it is made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::event::OutboundRequest;

/// One request of the list. Clones write the same one.
#[derive(Clone)]
pub(super) struct Record {
    list: Arc<Mutex<Vec<OutboundRequest>>>,
    place: usize,
    began: Instant,
}

pub(super) fn lock(list: &Mutex<Vec<OutboundRequest>>) -> MutexGuard<'_, Vec<OutboundRequest>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Record {
    pub(super) fn begin(list: &Arc<Mutex<Vec<OutboundRequest>>>, method: &Method, url: &str) -> Self {
        let mut requests = lock(list);
        let place = requests.len();
        requests.push(OutboundRequest {
            method: method.to_string(),
            url: url.to_owned(),
            status: None,
            sent: 0,
            received: 0,
            elapsed_us: 0,
            error: None,
        });
        Self { list: list.clone(), place, began: Instant::now() }
    }

    pub(super) fn answered(&self, status: StatusCode) {
        self.write(|request| request.status = Some(status.as_u16()));
    }

    /// The first reason is the one that counts.
    pub(super) fn fail(&self, reason: String) {
        self.write(|request| request.error = request.error.take().or(Some(reason)));
    }

    pub(super) fn sent(&self, bytes: u64) {
        self.write(|request| request.sent += bytes);
    }

    pub(super) fn received(&self, bytes: u64) {
        self.write(|request| request.received += bytes);
    }

    /// Writes, and says how long it has taken by now.
    fn write(&self, change: impl FnOnce(&mut OutboundRequest)) {
        let elapsed = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let Some(request) = lock(&self.list).get_mut(self.place) {
            request.elapsed_us = elapsed;
            change(request);
        }
    }
}

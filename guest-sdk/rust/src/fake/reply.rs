//! What [`crate::reply`] asks: a sender that waits, and keeps what it is sent.

use std::cell::RefCell;

use crate::Response;
use crate::reply::Error;

thread_local! {
    static SENT: RefCell<Option<Response>> = const { RefCell::new(None) };
}

pub(super) fn take() -> Option<Response> {
    SENT.take()
}

pub(crate) fn start(status: u16, headers: &[(&str, &str)]) -> Result<(), Error> {
    SENT.with_borrow_mut(|sent| {
        if sent.is_some() {
            return Err(Error::Invalid("the head was sent before".to_owned()));
        }
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        *sent = Some(Response { status, headers, body: Vec::new() });
        Ok(())
    })
}

pub(crate) fn write(chunk: &[u8]) -> Result<(), Error> {
    SENT.with_borrow_mut(|sent| {
        let sent = sent.as_mut().ok_or_else(|| Error::Invalid("a chunk comes before the head".to_owned()))?;
        sent.body.extend(chunk);
        Ok(())
    })
}

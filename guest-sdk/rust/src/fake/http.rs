//! Who answers requests: the test.

use std::cell::RefCell;

use crate::http::{Error, Request, Response};

type Answer = Box<dyn FnMut(Request) -> Result<Response, Error>>;

thread_local! {
    static ANSWER: RefCell<Option<Answer>> = const { RefCell::new(None) };
}

pub(super) fn answer(answer: Answer) {
    ANSWER.set(Some(answer));
}

pub(crate) fn send(request: Request) -> Result<Response, Error> {
    ANSWER.with_borrow_mut(|answer| match answer {
        Some(answer) => answer(request),
        None => Err(Error::Denied),
    })
}

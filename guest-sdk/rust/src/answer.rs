//! What a handler may return.

use serde::Serialize;

use crate::{Error, Response, Result, Value};

/// What a handler may return:
///
/// | value | the sender of a synchronous webhook receives |
/// |---|---|
/// | `()`, `None` | nothing from the handler: the host answers 502 |
/// | `&str`, `String` | 200 and the text |
/// | `Vec<u8>` | 200 and the bytes |
/// | [`Json`]`(value)`, [`serde_json::Value`], [`Value`] | 200 and the value as JSON |
/// | `(status, answer)` | the answer with that status; `(204, ())` is the status alone |
/// | [`Response`] | exactly that |
/// | `Some(answer)` | the answer |
/// | `Ok(answer)` | the answer |
/// | `Err(error)` | 502; for any error that is or becomes an [`Error`] |
///
/// For an asynchronous trigger the sender has its 202 already: the session keeps the response's status.
#[diagnostic::on_unimplemented(
    message = "a handler cannot answer with `{Self}`",
    label = "not something that a sender can receive",
    note = "a handler returns `()`, text, `Json(value)`, `(status, text)` or a `Response`, as it is or in an `Option` or a `Result`",
    note = "to answer with a value that serde can serialize, wrap it: `Json(value)`",
    note = "the error of a `Result` is `tenterhook::Error` or any type that `?` turns into one"
)]
pub trait IntoAnswer {
    /// A response, none, or the error.
    ///
    /// # Errors
    /// The handler's own, or the value has no form as a response.
    fn into_answer(self) -> Result<Option<Response>>;
}

/// A value that is answered as JSON.
///
/// ```
/// use std::collections::BTreeMap;
/// use tenterhook::{Event, Json};
///
/// #[tenterhook::handler]
/// fn on_http_get(event: Event) -> Json<BTreeMap<&'static str, u32>> {
///     Json(BTreeMap::from([("attempt", event.attempt())]))
/// }
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl IntoAnswer for () {
    fn into_answer(self) -> Result<Option<Response>> {
        Ok(None)
    }
}

impl IntoAnswer for Response {
    fn into_answer(self) -> Result<Option<Response>> {
        Ok(Some(self))
    }
}

impl IntoAnswer for &str {
    fn into_answer(self) -> Result<Option<Response>> {
        self.to_owned().into_answer()
    }
}

impl IntoAnswer for String {
    fn into_answer(self) -> Result<Option<Response>> {
        Ok(Some(Response::text(self)))
    }
}

impl IntoAnswer for Vec<u8> {
    fn into_answer(self) -> Result<Option<Response>> {
        Ok(Some(Response::content("application/octet-stream", self)))
    }
}

impl<T: Serialize> IntoAnswer for Json<T> {
    fn into_answer(self) -> Result<Option<Response>> {
        Response::json(&self.0).map(Some)
    }
}

impl IntoAnswer for serde_json::Value {
    fn into_answer(self) -> Result<Option<Response>> {
        Json(self).into_answer()
    }
}

/// The JSON text of a map or a list goes out as the host gave it, without being parsed.
impl IntoAnswer for Value {
    fn into_answer(self) -> Result<Option<Response>> {
        match self.json_text() {
            Some(text) => Ok(Some(Response::content("application/json", text.into()))),
            None => Json(self).into_answer(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoAnswer> IntoAnswer for (u16, T) {
    fn into_answer(self) -> Result<Option<Response>> {
        let (status, answer) = self;
        Ok(Some(answer.into_answer()?.unwrap_or_default().status(status)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoAnswer> IntoAnswer for Option<T> {
    fn into_answer(self) -> Result<Option<Response>> {
        self.map_or(Ok(None), IntoAnswer::into_answer)
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoAnswer, E: Into<Error>> IntoAnswer for Result<T, E> {
    fn into_answer(self) -> Result<Option<Response>> {
        self.map_err(Into::into)?.into_answer()
    }
}

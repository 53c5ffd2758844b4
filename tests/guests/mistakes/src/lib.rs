//! Handlers with mistakes, one for each feature: the tests read what the compiler says to them.

#[cfg(feature = "wrong_answer")]
#[tenterhook::handler]
fn on_http_get(event: tenterhook::Event) -> u64 {
    u64::from(event.attempt())
}

#[cfg(feature = "wrong_error")]
#[tenterhook::handler]
fn on_http_get(_event: tenterhook::Event) -> Result<(), u64> {
    Err(42)
}

#[cfg(feature = "wrong_argument")]
#[tenterhook::handler]
fn on_http_get(body: String) -> String {
    body
}

#[cfg(feature = "no_argument")]
#[tenterhook::handler]
fn on_http_get() -> &'static str {
    "hello"
}

#[cfg(feature = "asynchronous")]
#[tenterhook::handler]
async fn on_http_get(_event: tenterhook::Event) -> &'static str {
    "hello"
}

#[cfg(feature = "generic")]
#[tenterhook::handler]
fn on_http_get<T: Default>(_event: tenterhook::Event) -> &'static str {
    "hello"
}

#[cfg(feature = "options")]
#[tenterhook::handler(sync)]
fn on_http_get(_event: tenterhook::Event) -> &'static str {
    "hello"
}

#[cfg(feature = "wrong_name")]
#[tenterhook::handler]
fn on_2fa(_event: tenterhook::Event) -> &'static str {
    "hello"
}

#[cfg(feature = "not_a_function")]
#[tenterhook::handler]
struct OnHttpGet;

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

#[cfg(feature = "two_arguments")]
#[tenterhook::handler]
fn on_http_get(_event: tenterhook::Event, _attempt: u32) -> &'static str {
    "hello"
}

#[cfg(feature = "method")]
mod method {
    struct Greeter;

    impl Greeter {
        #[tenterhook::handler]
        fn on_http_get(&self, _event: tenterhook::Event) -> &'static str {
            "hello"
        }
    }
}

#[cfg(feature = "not_safe")]
#[tenterhook::handler]
unsafe fn on_http_get(_event: tenterhook::Event) -> &'static str {
    "hello"
}

#[cfg(feature = "attribute_twice")]
#[tenterhook::handler]
#[tenterhook::handler]
fn on_http_get(_event: tenterhook::Event) -> &'static str {
    "hello"
}

#[cfg(feature = "same_name_twice")]
mod same_name_twice {
    #[tenterhook::handler]
    fn on_http_get(_event: tenterhook::Event) -> &'static str {
        "hello"
    }

    #[tenterhook::handler]
    fn on_http_get(_event: tenterhook::Event) -> &'static str {
        "hello again"
    }
}

#[cfg(feature = "raw_wrong_name")]
#[tenterhook::handler]
fn r#type_(_event: tenterhook::Event) -> &'static str {
    "hello"
}

//! The attribute macro of the `tenterhook` crate, whose pages say how to use it.

mod expand;
mod name;
mod world;

use proc_macro::TokenStream;

/// Exports a function as a handler: `fn on_http_get(event: Event) -> Result<Response>` becomes the export `on-http-get`,
/// which a trigger names as `call: module:on_http_get`.
///
/// The function takes one [`Event`] and returns anything that is an [`IntoAnswer`]: `()`, text, `Json(value)`,
/// `(status, text)`, a `Response`, an `Option` of these, or a `Result` of any. A module may have any number of handlers.
/// The function itself stays as it is, so that tests call it as any other.
///
/// [`Event`]: https://docs.rs/tenterhook/latest/tenterhook/struct.Event.html
/// [`IntoAnswer`]: https://docs.rs/tenterhook/latest/tenterhook/trait.IntoAnswer.html
#[proc_macro_attribute]
pub fn handler(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    match expand::handler(options.into(), item.clone()) {
        Ok(expanded) => expanded.into(),
        // With the function, so that the compiler does not also complain of calls to what is not there.
        Err(error) => [item, error.into_compile_error()].into_iter().collect::<proc_macro2::TokenStream>().into(),
    }
}

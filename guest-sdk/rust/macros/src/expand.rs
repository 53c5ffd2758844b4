//! A function with `#[handler]`, as the function and what exports it.

use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, Error, FnArg, ItemFn, Result, ReturnType, Safety, Signature, Type};

use crate::{name, world};

/// The function, unchanged, and its export.
pub(crate) fn handler(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !options.is_empty() {
        return Err(Error::new_spanned(options, "`handler` takes no options: the trigger has them all"));
    }
    let not_a_function = |error: Error| Error::new(error.span(), "`handler` goes on a function");
    let function: ItemFn = syn::parse2(item).map_err(not_a_function)?;
    let signature = &function.sig;
    refuse_a_second_attribute(&function)?;
    refuse_what_cannot_be_exported(signature)?;
    let event = only_argument(signature)?;
    let export = export(signature, event)?;
    // Where there is no function, there is nothing to export.
    let conditions = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    Ok(quote! { #function #(#conditions)* #export })
}

fn refuse_a_second_attribute(function: &ItemFn) -> Result<()> {
    let is_handler = |attribute: &&Attribute| {
        let mut path = attribute.path().segments.iter().rev();
        let (last, before) = (path.next(), path.next());
        last.is_some_and(|last| last.ident == "handler") && before.is_none_or(|before| before.ident == "tenterhook")
    };
    match function.attrs.iter().find(is_handler) {
        Some(second) => {
            Err(Error::new_spanned(second, "this function is a handler already: one `#[handler]` is enough"))
        }
        None => Ok(()),
    }
}

fn refuse_what_cannot_be_exported(signature: &Signature) -> Result<()> {
    if let Some(keyword) = &signature.asyncness {
        let message = "a handler is not `async`: each runs alone in a sandbox, where calls to the host simply return";
        return Err(Error::new_spanned(keyword, message));
    }
    if let Safety::Unsafe(keyword) = &signature.safety {
        let message = "a handler is not `unsafe`: the host calls it, and promises nothing but a valid event";
        return Err(Error::new_spanned(keyword, message));
    }
    if let Some(parameter) = signature.generics.params.first() {
        return Err(Error::new_spanned(parameter, "a handler has no type parameters: the host calls it by its name"));
    }
    Ok(())
}

fn only_argument(signature: &Signature) -> Result<&Type> {
    let mut inputs = signature.inputs.iter();
    match (inputs.next(), inputs.next()) {
        (Some(FnArg::Typed(argument)), None) => Ok(&argument.ty),
        (Some(FnArg::Receiver(receiver)), _) => {
            let message = "a handler is a function, not a method: the host has no `self` to call it with";
            Err(Error::new_spanned(receiver, message))
        }
        _ => {
            let message = format!("a handler takes one argument: `fn {}(event: tenterhook::Event)`", signature.ident);
            Err(Error::new_spanned(signature, message))
        }
    }
}

/// What makes the host find and call the function. The checks of its types are there on every target, so that a test
/// on the author's machine finds what a build for WebAssembly would.
///
/// The core exports have the names of the component model's build target, `cm32p2||on-http-get`. The older ones are the bare
/// names of the handlers: `write` would take the place of libc's `write`.
///
/// Names begin with `__` where a function or a type of the author's could have the same.
fn export(signature: &Signature, event: &Type) -> Result<TokenStream> {
    let function = &signature.ident;
    let name = name::export(&function.unraw().to_string()).map_err(|why| Error::new_spanned(function, why))?;
    let call = format!("cm32p2||{name}");
    let post_return = format!("{call}_post");
    let section = format!("component-type:tenterhook:{name}");
    let world = world::encode(&name);
    let length = world.len();
    let world = Literal::byte_string(&world);
    // The types are written out, so that the compiler points at them when they are not right.
    let argument = quote! { ::tenterhook::__rt::argument::<#event> };
    let answer = match &signature.output {
        ReturnType::Default => quote! { ::tenterhook::__rt::answer::<()> },
        ReturnType::Type(_, answer) if can_be_written_out(answer) => quote! { ::tenterhook::__rt::answer::<#answer> },
        ReturnType::Type(..) => quote! { ::tenterhook::__rt::answer },
    };
    Ok(quote! {
        const _: () = {
            struct __Handler;

            impl ::tenterhook::__rt::Guest for __Handler {
                fn handle(__event: ::tenterhook::__rt::Event) -> ::tenterhook::__rt::Answer {
                    #answer(#function(#argument(__event)))
                }
            }

            #[cfg(target_family = "wasm")]
            #[allow(unsafe_code, reason = "the export speaks the canonical ABI, in code that wit-bindgen wrote")]
            const _: () = {
                #[unsafe(export_name = #call)]
                unsafe extern "C" fn call(event: ::core::primitive::i32) -> *mut ::core::primitive::u8 {
                    unsafe { ::tenterhook::__rt::call::<__Handler>(event) }
                }

                #[unsafe(export_name = #post_return)]
                unsafe extern "C" fn post_return(answer: *mut ::core::primitive::u8) {
                    unsafe { ::tenterhook::__rt::post_return::<__Handler>(answer) }
                }

                #[unsafe(link_section = #section)]
                #[used]
                static WORLD: [::core::primitive::u8; #length] = *#world;
            };
        };
    })
}

/// `impl Trait` has no name.
fn can_be_written_out(answer: &Type) -> bool {
    let is_impl = |token: TokenTree| matches!(token, TokenTree::Ident(word) if word == "impl");
    !flatten(answer.to_token_stream()).into_iter().any(is_impl)
}

/// All tokens, those in groups too.
fn flatten(tokens: TokenStream) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => flat.extend(flatten(group.stream())),
            token => flat.push(token),
        }
    }
    flat
}

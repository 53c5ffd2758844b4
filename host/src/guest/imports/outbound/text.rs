//! What the texts of requests hold before they are sent. The engine's own functions keep what they are given, however long it
//! is, and count it nowhere: a guest could have the host hold gigabytes by a thousand requests that it never sends.

use wasmtime::StoreContextMut;
use wasmtime::component::{Lift, Linker, LinkerInstance, Resource};
use wasmtime_wasi_http::p2::bindings::http::types as p2;
use wasmtime_wasi_http::p3::bindings::http::types as p3;
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView as _};

use crate::guest::imports::State;

/// Methods, authorities and paths of an attempt's requests together, in bytes, be they sent or not.
const MOST: usize = 1 << 20;

/// An interface that the engine's crate offers, and its functions that keep a request's method, authority and path.
struct Setters {
    interface: &'static str,
    names: [&'static str; 3],
}

const P2: Setters = Setters {
    interface: "wasi:http/types@0.2.12",
    names: [
        "[method]outgoing-request.set-method",
        "[method]outgoing-request.set-authority",
        "[method]outgoing-request.set-path-with-query",
    ],
};
const P3: Setters = Setters {
    interface: "wasi:http/types@0.3.0",
    names: ["[method]request.set-method", "[method]request.set-authority", "[method]request.set-path-with-query"],
};

/// The guest gave its requests more text than they may have.
#[derive(Debug, thiserror::Error)]
#[error(
    "the methods, hosts and paths of the handler's requests hold more than the limit of {} MiB, which is the same for all handlers",
    MOST >> 20
)]
pub(in crate::guest) struct TooMuch;

/// Texts that a guest gave its requests.
#[derive(Default)]
pub(super) struct Texts(usize);

impl Texts {
    fn add(&mut self, text: Option<&str>) -> Result<(), TooMuch> {
        self.0 = self.0.saturating_add(text.map_or(0, str::len));
        if self.0 > MOST { Err(TooMuch) } else { Ok(()) }
    }
}

/// The text of a value.
type Of<V> = fn(&V) -> Option<&str>;

/// Counts what the functions of `wasi:http/types` keep, which are in the linker already.
pub(in crate::guest) fn count(linker: &mut Linker<State>, wasi_0_3: bool) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    of_p2(&mut linker.instance(P2.interface)?)?;
    if wasi_0_3 {
        of_p3(&mut linker.instance(P3.interface)?)?;
    }
    linker.allow_shadowing(false);
    Ok(())
}

fn of_p2(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    use p2::{HostOutgoingRequest as _, Method};

    let of: Of<Method> = |method| if let Method::Other(method) = method { Some(method) } else { None };
    let [method, authority, path] = P2.names;
    setter(types, method, of, |http, request, it| http.set_method(request, it))?;
    let of: Of<Option<String>> = |text| text.as_deref();
    setter(types, authority, of, |http, request, it| http.set_authority(request, it))?;
    setter(types, path, of, |http, request, it| http.set_path_with_query(request, it))
}

fn of_p3(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    use p3::{HostRequest as _, Method};

    let of: Of<Method> = |method| if let Method::Other(method) = method { Some(method) } else { None };
    let [method, authority, path] = P3.names;
    setter(types, method, of, |http, request, it| http.set_method(request, it))?;
    let of: Of<Option<String>> = |text| text.as_deref();
    setter(types, authority, of, |http, request, it| http.set_authority(request, it))?;
    setter(types, path, of, |http, request, it| http.set_path_with_query(request, it))
}

/// A setter as the engine's crate has it.
type Set<R, V> = fn(&mut WasiHttpCtxView<'_>, Resource<R>, V) -> wasmtime::Result<Result<(), ()>>;

/// Puts the function `name` in the place of the one that there is: it counts the text `of` the value, and then does what that
/// one did.
fn setter<R: 'static, V: Lift + Send + Sync + 'static>(
    types: &mut LinkerInstance<'_, State>,
    name: &str,
    of: Of<V>,
    set: Set<R, V>,
) -> wasmtime::Result<()> {
    let call = move |mut store: StoreContextMut<'_, State>, (request, value): (Resource<R>, V)| {
        let state = store.data_mut();
        state.outbound.texts.add(of(&value))?;
        Ok((set(&mut state.http(), request, value)?,))
    };
    types.func_wrap(name, call)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::code::{self, Kind};

    /// Under another name they would be further functions, which nobody calls.
    #[test]
    fn what_is_counted_takes_the_place_of_what_the_engines_crate_offers() {
        let engine = code::compiler(Kind::Concurrent).unwrap();
        let mut linker: Linker<State> = Linker::new(&engine);
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p3::add_to_linker(&mut linker).unwrap();
        for Setters { interface, names } in [P2, P3] {
            for name in names {
                let mut types = linker.instance(interface).unwrap();
                let added = types.func_wrap(name, |_: StoreContextMut<'_, State>, (): ()| Ok(()));
                assert!(added.is_err(), "{interface} has no {name}");
            }
        }
        count(&mut linker, true).unwrap();
    }

    #[test]
    fn texts_are_counted_together() {
        let mut texts = Texts::default();
        texts.add(Some(&"a".repeat(MOST - 1))).unwrap();
        texts.add(None).unwrap();
        texts.add(Some("a")).unwrap();
        assert!(texts.add(Some("a")).is_err());
    }
}

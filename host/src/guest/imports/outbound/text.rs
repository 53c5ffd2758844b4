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

/// The versions of `wasi:http/types` that the engine's crate offers.
const P2: &str = "wasi:http/types@0.2.12";
const P3: &str = "wasi:http/types@0.3.0";

/// The guest gave its requests more text than they may have.
#[derive(Debug, thiserror::Error)]
#[error(
    "the methods, hosts and paths of the handler's requests hold more than the limit of 1 MiB, which is the same for all handlers"
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
    of_p2(&mut linker.instance(P2)?)?;
    if wasi_0_3 {
        of_p3(&mut linker.instance(P3)?)?;
    }
    linker.allow_shadowing(false);
    Ok(())
}

fn of_p2(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    use p2::{HostOutgoingRequest as _, Method};

    let of: Of<Method> = |method| if let Method::Other(name) = method { Some(name) } else { None };
    setter(types, "outgoing-request.set-method", of, |http, request, it| http.set_method(request, it))?;
    let of: Of<Option<String>> = |text| text.as_deref();
    setter(types, "outgoing-request.set-authority", of, |http, request, it| http.set_authority(request, it))?;
    setter(types, "outgoing-request.set-path-with-query", of, |http, request, it| http.set_path_with_query(request, it))
}

fn of_p3(types: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    use p3::{HostRequest as _, Method};

    let of: Of<Method> = |method| if let Method::Other(name) = method { Some(name) } else { None };
    setter(types, "request.set-method", of, |http, request, it| http.set_method(request, it))?;
    let of: Of<Option<String>> = |text| text.as_deref();
    setter(types, "request.set-authority", of, |http, request, it| http.set_authority(request, it))?;
    setter(types, "request.set-path-with-query", of, |http, request, it| http.set_path_with_query(request, it))
}

/// A setter as the engine's crate has it.
type Set<R, V> = fn(&mut WasiHttpCtxView<'_>, Resource<R>, V) -> wasmtime::Result<Result<(), ()>>;

/// Puts the method `name` of a request in the place of the one that there is: it counts the text `of` the value, and then does what that
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
    types.func_wrap(&format!("[method]{name}"), call)
}

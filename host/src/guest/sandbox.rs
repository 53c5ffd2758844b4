//! One guest in its sandbox, as something that runs, may be stopped, and leaves behind what it did.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::Resource;

use super::bindings::types;
use super::imports::State;
use super::imports::event::Handle;
use super::lane::{Lane, Place};
use super::meter::{Meter, UsedUp};
use super::module::Loaded;
use crate::event::Org;

/// What a handler returns.
pub(super) type Answer = Result<Option<types::Response>, types::Failure>;

/// How a guest ended.
pub(super) type Ended = wasmtime::Result<Answer>;

/// A guest that has not ended. It owns its sandbox, so that it can go from one thread to another.
pub(super) type Task = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// A guest in its sandbox.
pub(super) struct Sandbox {
    place: Place,
    meter: Arc<Meter>,
    left: Left,
}

/// What a guest leaves behind, whichever way it ends.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Option<State>>>);

/// A store that leaves its state behind when it is dropped.
struct Seat {
    store: Option<Store<State>>,
    left: Left,
}

impl Sandbox {
    /// Calls a handler in `store` as soon as it runs.
    pub(super) fn new(store: Store<State>, module: Arc<Loaded>, export: String, meter: Arc<Meter>) -> Self {
        let left = Left::default();
        let mut seat = Seat { store: Some(store), left: left.clone() };
        let task: Task = Box::pin(async move {
            let store = seat.store.as_mut().expect("the store is taken when the seat is dropped");
            let ended = call(store, &module, &export).await;
            // Before anybody hears of the end: what is left behind is asked for then.
            drop(seat);
            ended
        });
        Self { place: Place::Here(task), meter, left }
    }

    /// Runs the guest to its end. One that becomes long goes on in `lane`.
    pub(super) async fn finish(&mut self, lane: &Lane, org: &Org) -> Ended {
        match self.among_others().await {
            Some(ended) => ended,
            None => lane.finish(org, &self.meter, &mut self.place).await,
        }
    }

    /// Runs the guest on the thread of the task; none when it has become long.
    async fn among_others(&mut self) -> Option<Ended> {
        let Self { place, meter, .. } = self;
        let Place::Here(task) = place else { return None };
        let ended = poll_fn(|context| match poll(meter, task.as_mut(), context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if meter.is_used_up() => Poll::Ready(Some(Err(UsedUp.into()))),
            // Whether it waits shows there too: some give way by themselves, and would go on at once.
            Poll::Pending if meter.is_long() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await;
        if ended.is_some() {
            *place = Place::Over;
        }
        ended
    }

    /// Ends the guest if it has not ended, and gives its state, and the time that it had on a processor.
    pub(super) async fn leave(mut self) -> (State, Duration) {
        self.place.clear().await;
        let state = self.left.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        (state.expect("a store that is dropped leaves its state"), self.meter.spent())
    }
}

/// Polls a guest. Should the engine or a function of the host panic meanwhile, the guest has failed, and no more than it: its session
/// ends, and the next guest of the thread runs.
pub(super) fn poll(
    meter: &Meter,
    task: Pin<&mut (dyn Future<Output = Ended> + Send)>,
    context: &mut Context<'_>,
) -> Poll<Ended> {
    let polled = catch_unwind(AssertUnwindSafe(|| meter.poll(task, context)));
    polled.unwrap_or_else(|_| Poll::Ready(Err(wasmtime::Error::msg("the host failed while the handler ran"))))
}

impl Drop for Seat {
    fn drop(&mut self) {
        let state = self.store.take().map(Store::into_data);
        *self.left.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

async fn call(store: &mut Store<State>, module: &Loaded, export: &str) -> Ended {
    let Some(index) = module.handler(export) else {
        wasmtime::bail!("the module has no handler `{export}`");
    };
    let instance = module.pre.instantiate_async(&mut *store).await?;
    let handler = instance.get_typed_func::<(Resource<Handle>,), (Answer,)>(&mut *store, index)?;
    // The sandbox has one event, so its handle needs no table: any number stands for it.
    let (answer,) = handler.call_async(&mut *store, (Resource::new_own(0),)).await?;
    Ok(answer)
}

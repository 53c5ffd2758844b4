//! Guests that compute for long, played by futures that give way as guests do.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rustix::process::getpriority_process;

use super::{LIMITS, job};
use crate::clock::Clock;
use crate::event::Org;
use crate::guest::budget::{Budget, Held};
use crate::guest::imports::State;
use crate::guest::lane::{Lane, Place};
use crate::guest::meter::Meter;
use crate::guest::sandbox::{Ended, Task};

/// How long anything that a test waits for may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a guest does, and what is seen of it.
#[derive(Default)]
struct Watched {
    ticks: AtomicU32,
    niceness: Mutex<Option<i32>>,
    waker: Mutex<Option<Waker>>,
    is_done: AtomicBool,
}

/// Computes and gives way at each tick until it is done; or waits for the host once.
struct Guest {
    watched: Arc<Watched>,
    meter: Arc<Meter>,
    waits: bool,
}

impl Future for Guest {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        *self.watched.niceness.lock().unwrap() = getpriority_process(None).ok();
        if self.watched.is_done.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(Ok(None)));
        }
        if std::mem::take(&mut self.waits) {
            *self.watched.waker.lock().unwrap() = Some(context.waker().clone());
            return Poll::Pending;
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        self.watched.ticks.fetch_add(1, Ordering::SeqCst);
        if let Err(error) = self.meter.tick() {
            return Poll::Ready(Err(error));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn guest(waits: bool) -> (Arc<Watched>, Arc<Meter>, Place) {
    let watched = Arc::new(Watched::default());
    let meter = Arc::new(Meter::new(PATIENCE, Duration::ZERO));
    let task: Task = Box::pin(Guest { watched: watched.clone(), meter: meter.clone(), waits });
    (watched, meter, Place::Here(task))
}

async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it does not come true");
}

#[tokio::test]
async fn guests_of_an_org_take_turns_at_a_low_priority() {
    let (lane, org) = (Lane::new(2, 1).unwrap(), Org::from("org"));
    let ((first, first_meter, mut first_place), (second, second_meter, mut second_place)) =
        (guest(false), guest(false));
    let both = async {
        tokio::join!(
            lane.finish(&org, &first_meter, &mut first_place),
            lane.finish(&org, &second_meter, &mut second_place)
        )
    };
    let ticks = |watched: &Watched| watched.ticks.load(Ordering::SeqCst);
    let watching = async {
        until(|| ticks(&first) > 60 && ticks(&second) > 60).await;
        first.is_done.store(true, Ordering::SeqCst);
        second.is_done.store(true, Ordering::SeqCst);
    };
    let ((first_ended, second_ended), ()) = tokio::join!(both, watching);
    assert!(first_ended.is_ok() && second_ended.is_ok());
    let own = getpriority_process(None).unwrap();
    assert_eq!(*first.niceness.lock().unwrap(), Some((own + 10).min(19)));
}

#[tokio::test]
async fn one_that_waits_holds_no_thread_and_goes_on_when_it_is_woken() {
    let (lane, org) = (Lane::new(1, 1).unwrap(), Org::from("org"));
    let ((waits, waits_meter, mut waits_place), (computes, computes_meter, mut computes_place)) =
        (guest(true), guest(false));
    let both = async {
        tokio::join!(
            lane.finish(&org, &waits_meter, &mut waits_place),
            lane.finish(&org, &computes_meter, &mut computes_place)
        )
    };
    let watching = async {
        until(|| computes.ticks.load(Ordering::SeqCst) > 5).await;
        computes.is_done.store(true, Ordering::SeqCst);
        assert_eq!(waits.ticks.load(Ordering::SeqCst), 0);
        waits.waker.lock().unwrap().take().unwrap().wake();
        until(|| waits.ticks.load(Ordering::SeqCst) > 0).await;
        waits.is_done.store(true, Ordering::SeqCst);
    };
    let ((waits_ended, computes_ended), ()) = tokio::join!(both, watching);
    assert!(waits_ended.is_ok() && computes_ended.is_ok());
}

/// One that is given up on ends at its next tick; one that waits for a thread is gone at once.
#[tokio::test]
async fn one_that_is_given_up_on_ends() {
    let (lane, busy, other) = (Lane::new(1, 1).unwrap(), Org::from("busy"), Org::from("other"));
    let ((first, first_meter, mut first_place), (second, second_meter, mut second_place)) =
        (guest(false), guest(false));
    // A turn of its own for each, so that the second waits for the thread and not for its org.
    let both = async {
        tokio::join!(
            lane.finish(&busy, &first_meter, &mut first_place),
            lane.finish(&other, &second_meter, &mut second_place)
        )
    };
    let started =
        async { until(|| first.ticks.load(Ordering::SeqCst) + second.ticks.load(Ordering::SeqCst) > 3).await };
    tokio::select! {
        _ = both => panic!("they never end"),
        () = started => {}
    }
    let clearing = async {
        first_place.clear().await;
        second_place.clear().await;
    };
    tokio::time::timeout(PATIENCE, clearing).await.unwrap();
    let ticks = || first.ticks.load(Ordering::SeqCst) + second.ticks.load(Ordering::SeqCst);
    let before = ticks();
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(ticks(), before, "nothing runs any more");
    assert_eq!(Arc::strong_count(&first) + Arc::strong_count(&second), 2, "both are gone");
}

/// A guest that computes is not gone as soon as nobody waits for it any more: until it is, its place is nobody else's.
#[tokio::test]
async fn a_place_is_taken_until_the_sandbox_is_gone() {
    let (lane, org, meter) = (Lane::new(1, 1).unwrap(), Org::from("org"), Meter::new(PATIENCE, Duration::ZERO));
    let (memory, places) = (Budget::of_memory(1 << 20, 1 << 20), Budget::of_places(1, 1));
    let held = Held { memory: memory.share(&org, 0).await, place: Some(places.share(&org, 1).await) };
    let state = State::new(job(), LIMITS, held, Clock::system());
    let [computes, is_done] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
    let (here, told) = (computes.clone(), is_done.clone());
    let guest: Task = Box::pin(async move {
        here.store(true, Ordering::SeqCst);
        while !told.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        drop(state);
        Ok(Ok(None))
    });
    let (mut place, meter) = (Place::Here(guest), Arc::new(meter));
    tokio::select! {
        _ = lane.finish(&org, &meter, &mut place) => panic!("it is not done"),
        () = until(|| computes.load(Ordering::SeqCst)) => {}
    }
    drop(place);
    let mut next = pin!(places.share(&org, 1));
    assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    is_done.store(true, Ordering::SeqCst);
    tokio::time::timeout(PATIENCE, next).await.expect("the place is given back");
}

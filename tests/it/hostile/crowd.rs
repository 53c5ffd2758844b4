//! Many guests at once that are meant to hurt, beside honest ones of the same engine and of the other.

use std::collections::BTreeMap;

use tenterhook_host::config::Config;

use super::instances::{self, MOST};
use super::{GET, NEIGHBOUR, beside, concurrent, manifest};
use crate::harness::host::Host;
use crate::harness::wat;

/// Sandboxes of concurrent guests that exist at once.
const PLACES: usize = 4;

/// Sessions at once, so that some of them wait for a place.
const SESSIONS: usize = 2 * PLACES;

/// A host on which one org may have all places for concurrent guests.
async fn host(hostile: Vec<u8>, neighbour: Vec<u8>) -> Host {
    let mut config = Config::load(None).unwrap();
    config.guest.concurrent.sandboxes = PLACES;
    config.guest.concurrent.sandboxes_per_org = PLACES;
    let none = manifest("").replace("hostile.wat", "hello.wat").replace("neighbour.wat", "hello.wat");
    let host = Host::start_with(config, &none).await;
    deploy(&host, hostile, neighbour).await;
    host
}

async fn deploy(host: &Host, hostile: Vec<u8>, neighbour: Vec<u8>) {
    let modules = [("hostile.wat", hostile), ("neighbour.wat", neighbour)];
    let modules: BTreeMap<_, _> = modules.map(|(name, bytes)| (name.to_owned(), bytes.into())).into();
    host.apply(&manifest("timeout: 1s"), modules).await.unwrap();
}

/// Runs many sessions at once, each of which must end by its trigger's `timeout`. The neighbour is asked meanwhile, and must answer.
async fn run_out_of_time(host: &Host) {
    let sessions = (0..SESSIONS).map(async |_| {
        let answer = host.send(GET).await;
        let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
        event["sessions"][0]["attempts"][0].clone()
    });
    let (attempts, answered) = beside(host, futures_util::future::join_all(sessions)).await;
    assert!(!answered.is_empty(), "the neighbour did not answer");
    for attempt in attempts {
        assert_eq!(attempt["fault"], "timeout", "{attempt}");
    }
}

/// Each instance holds a stack while it waits, so all of them hold as many as there may be: none of them takes what is another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_that_hold_all_their_stacks_take_none_of_others() {
    let host = host(instances::waiting(MOST), wat::fixture("hello")).await;
    // The second time they have the stacks that the first ones gave back.
    for _ in 0..2 {
        run_out_of_time(&host).await;
    }
    deploy(&host, instances::waiting(MOST), wat::concurrent_fixture()).await;
    assert_eq!(host.send(NEIGHBOUR).await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_guests_that_never_end_leave_plain_ones_their_turn() {
    run_out_of_time(&host(concurrent::gives_way_for_ever(), wat::fixture("hello")).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_guests_that_never_end_leave_concurrent_ones_their_turn() {
    run_out_of_time(&host(wat::fixture("loop"), wat::concurrent_fixture()).await).await;
}

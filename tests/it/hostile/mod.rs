//! Guests that are meant to hurt: what becomes of each, and that nobody else is hurt. `cargo xtask hostile` prints the table.

mod cases;
mod concurrent;
mod crowd;
mod guest;
pub(crate) mod instances;
mod soak;
mod worker;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use tenterhook_host::config::Config;

use self::cases::{Case, End};
use crate::harness::host::Host;
use crate::harness::wat;

const GET: &str = "GET /webhooks/hook HTTP/1.1\r\nHost: h\r\n\r\n";
const NEIGHBOUR: &str = "GET /webhooks/neighbour HTTP/1.1\r\nHost: h\r\n\r\n";

fn manifest(keys: &str) -> String {
    format!(
        "
version: v1
project:
  name: hostile
  triggers:
    - name: hook
      type: webhook
      call: hostile.wat:handle
      is_sync: true
      {keys}
    - name: neighbour
      type: webhook
      call: neighbour.wat:handle
      is_sync: true
"
    )
}

/// An attempt ended because its org's sandboxes have all the memory that they may, which is 8 MiB.
pub(crate) fn assert_org_is_out_of_memory(attempt: &Value) {
    assert_eq!(attempt["fault"], "unavailable", "{attempt}");
    let error = attempt["error"].as_str().unwrap();
    let expected =
        "the org's sandboxes together would hold more memory than the 8 MiB that they may (guest.memory_per_org)";
    assert!(error.contains(expected), "{error}");
}

/// Whatever its triggers may ask for, an org's sandboxes together have no more than the host gives an org; and what one of them had is
/// there again when it has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orgs_memory_is_bounded() {
    let mut config = Config::load(None).unwrap();
    config.guest.memory_per_org = 8 << 20;
    let manifest = manifest("").replace("hostile.wat", "grow.wat").replace("neighbour.wat", "hello.wat");
    let host = Host::start_with(config, &manifest).await;
    for _ in 0..3 {
        let answer = host.send(GET).await;
        let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
        let attempt = &event["sessions"][0]["attempts"][0];
        assert_org_is_out_of_memory(attempt);
        assert!(attempt["peak_memory"].as_u64().unwrap() > 4 << 20, "{attempt}");
        assert_eq!(host.send(NEIGHBOUR).await.text(), "hello");
    }
}

/// A host on which compiling may take a few seconds only, so that the tests do not take minutes.
async fn host() -> Host {
    let mut config = Config::load(None).unwrap();
    config.guest.compile.cpu_ms = 4_000;
    config.guest.compile.memory = 2 << 30;
    Host::start_with(config, &manifest("").replace("hostile.wat", "hello.wat").replace("neighbour.wat", "hello.wat"))
        .await
}

/// What became of a guest, in words: why it was refused, or its fault and the error.
async fn end(host: &Host, case: &Case) -> Result<(Option<String>, String), String> {
    let modules = [("hostile.wat", (case.component)()), ("neighbour.wat", wat::fixture("hello"))];
    let modules: BTreeMap<_, _> = modules.map(|(name, bytes)| (name.to_owned(), bytes.into())).into();
    host.apply(&manifest(case.keys), modules).await?;
    let answer = host.send(GET).await;
    let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
    let attempt = &event["sessions"][0]["attempts"][0];
    Ok((attempt["fault"].as_str().map(str::to_owned), attempt["error"].as_str().unwrap_or("answered").to_owned()))
}

/// What is wrong with it; none when it ended as it must.
fn wrong(case: &Case, ended: &Result<(Option<String>, String), String>) -> Option<String> {
    let is_right = match (&case.end, ended) {
        (End::Refused(reason), Err(error)) => error.contains("cannot be run") && error.contains(reason),
        (End::Fault(kind, reason), Ok((fault, error))) => fault.as_deref() == Some(*kind) && error.contains(reason),
        (End::Answered, Ok((fault, _))) => fault.is_none(),
        (End::Refused(_) | End::Answered, _) | (End::Fault(..), Err(_)) => false,
    };
    (!is_right).then(|| format!("{}: {ended:?}", case.name))
}

/// The latencies of a neighbour's requests, one after the other, for as long as something takes.
async fn beside<T>(host: &Host, work: impl Future<Output = T>) -> (T, Vec<Duration>) {
    let mut work = std::pin::pin!(work);
    let mut latencies = Vec::new();
    loop {
        let request = async {
            let start = Instant::now();
            assert_eq!(host.send(NEIGHBOUR).await.text(), "hello");
            start.elapsed()
        };
        tokio::select! {
            biased;
            done = &mut work => return (done, latencies),
            took = request => latencies.push(took),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_guest_ends_as_it_must_and_its_neighbour_is_served() {
    let host = host().await;
    let mut found = Vec::new();
    for case in cases::all() {
        let (ended, _) = beside(&host, Box::pin(end(&host, &case))).await;
        found.extend(wrong(&case, &ended));
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    assert_eq!(host.send(NEIGHBOUR).await.text(), "hello");
}

/// Prints what becomes of each, with the host's memory before and after, and a neighbour's latency meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints a table: `cargo xtask hostile`"]
async fn table() {
    let host = host().await;
    let (_, alone) = beside(&host, tokio::time::sleep(Duration::from_secs(2))).await;
    println!("Hostile guests: a neighbour alone has p50 {:.1?}, p99 {:.1?}", part(&alone, 0.5), part(&alone, 0.99));
    println!("  {:<56} {:>8} {:>15} {:>9} {:>9}  end", "guest", "took", "memory MiB", "p50", "p99");
    let mut found = Vec::new();
    for case in cases::all() {
        let (before, start) = (memory(), Instant::now());
        let (ended, latencies) = beside(&host, Box::pin(end(&host, &case))).await;
        let (took, after) = (start.elapsed(), memory());
        let said = match &ended {
            Ok((fault, error)) => format!("{}: {error}", fault.as_deref().unwrap_or("answered")),
            Err(error) => error
                .lines()
                .next()
                .unwrap_or_default()
                .replace("error: the module `hostile.wat` cannot be run: ", "refused: "),
        };
        let said: String = said.replace('\n', " ").chars().take(120).collect();
        let (p50, p99) = (part(&latencies, 0.5), part(&latencies, 0.99));
        println!("  {:<56} {took:>8.1?} {before:>7} {after:>7} {p50:>9.1?} {p99:>9.1?}  {said}", case.name);
        found.extend(wrong(&case, &ended));
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

fn part(latencies: &[Duration], part: f64) -> Duration {
    let mut sorted = latencies.to_vec();
    sorted.sort();
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place).or(sorted.last()).copied().unwrap_or_default()
}

/// What this process holds, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

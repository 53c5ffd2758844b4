//! What a webhook costs, as ratios against a bare HTTP server in the same run: `cargo xtask bench`; and what keeping it costs:
//! `cargo xtask bench store`.
//!
//! Each server is a process of its own on one core, and the load comes from another core, so that its processor time is
//! its own. Figures of different machines or minutes do not compare; the ratios do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, and stands outside the host"
)]

mod density;
mod languages;
mod load;
mod peer;
mod sandbox;
mod senders;
mod servers;
mod store;

use mimalloc::MiMalloc;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tenterhook_host::guest::compile::{Order, work};

/// The program's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long each server is under load, after a warm-up of a quarter of it.
const TIME: Duration = Duration::from_secs(4);

/// Requests under way at once.
const CONNECTIONS: usize = 64;

/// Handlers that never end.
const HOGS: usize = 32;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map(String::as_str) {
        Some("compile-module") => {
            let order = Order::parse(&arguments[1..]).unwrap();
            return work(&order);
        }
        Some("serve") => servers::serve(&arguments[1]),
        Some("store") => store::run(arguments.get(1).map(String::as_str)),
        Some("webhooks") => webhooks(&arguments[1..]),
        Some("neighbours") => neighbours(),
        Some("languages") => languages::print(),
        Some("density") => density::print(),
        Some("loads") => density::load(Path::new(&arguments[1])),
        Some("calls") => languages::calls(Path::new(&arguments[1]), &arguments[2]),
        Some(other) => panic!("unknown argument {other:?}"),
        None => run(),
    }
    ExitCode::SUCCESS
}

fn run() {
    println!("Sandbox alone, one thread: make it, call the handler, drop it; processor time");
    for line in sandbox::lines() {
        println!("  {line}");
    }
    webhooks(&[]);
    neighbours();
    density::print();
}

/// What each server makes of webhooks, or only those of these names, beside the bare one.
fn webhooks(names: &[String]) {
    println!("\nWebhooks, {CONNECTIONS} connections, {TIME:?} each, one core for the server and one for the load");
    println!(
        "Where the server's core is not busy, the load is the limit or a disk, and the ratio of processor times says more than that of rates"
    );
    println!("{}", peer::line());
    println!(
        "  {:<52} {:>12} {:>8} {:>16} {:>8} {:>6}",
        "server", "requests/s", "÷ bare", "CPU µs/request", "bare ÷", "busy"
    );
    let mut bare = None;
    let is_wanted = |name: &str| names.is_empty() || name == "bare" || names.iter().any(|wanted| wanted == name);
    for server in servers::ALL.iter().filter(|server| is_wanted(server.name)) {
        let Some(command) = server.command() else { continue };
        let measured = load::measure(command, CONNECTIONS, TIME, 0);
        let (rate, cpu, busy) = (measured.rate, measured.cpu_us, measured.busy * 100.0);
        let (bare_rate, bare_cpu) = *bare.get_or_insert((rate, cpu));
        let (by_rate, by_cpu) = (rate / bare_rate, bare_cpu / cpu);
        println!("  {:<52} {rate:>12.0} {by_rate:>8.2} {cpu:>16.1} {by_cpu:>8.2} {busy:>5.0}%", server.what);
    }
}

/// What is left of an org's requests beside another's handlers that never end.
fn neighbours() {
    println!("\nBeside {HOGS} handlers of another org that never end, the same cores, {CONNECTIONS} connections");
    println!("  {:<52} {:>12} {:>8} {:>9} {:>9}", "server", "requests/s", "÷ alone", "p50", "p99");
    for server in servers::ALL.iter().filter(|server| ["memory-unkept", "sqlite-sync"].contains(&server.name)) {
        let measure = |hogs| load::measure(server.command().expect("it is this program"), CONNECTIONS, TIME, hogs);
        let (alone, beside) = (measure(0), measure(HOGS));
        for (what, measured) in [("alone", &alone), ("beside them", &beside)] {
            let (rate, ratio) = (measured.rate, measured.rate / alone.rate);
            let name = format!("{}, {what}", server.what);
            let (p50, p99) = (measured.latency(0.5), measured.latency(0.99));
            println!("  {name:<52} {rate:>12.0} {ratio:>8.2} {p50:>9.1?} {p99:>9.1?}");
        }
    }
}

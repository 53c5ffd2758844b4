//! Load from this process on a server in another one, each on a core of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::senders::Senders;

pub(crate) struct Measured {
    /// Requests per second.
    pub(crate) rate: f64,
    /// The server's processor time per request, in microseconds.
    pub(crate) cpu_us: f64,
    /// The part of its core that the server used, from 0 to 1. Where it is not about 1 the load is the limit, or a disk.
    pub(crate) busy: f64,
    /// The time from request to answer, in order.
    latencies: Vec<Duration>,
}

impl Measured {
    /// The latency that a part of the requests, from 0 to 1, does not exceed.
    pub(crate) fn latency(&self, part: f64) -> Duration {
        let place = (self.latencies.len() as f64 * part) as usize;
        self.latencies.get(place).copied().unwrap_or_default()
    }
}

/// Starts a server on the first core and loads it from the second, while so many further connections each have a request under way to a
/// handler that never ends.
pub(crate) fn measure(server: Command, connections: usize, time: Duration, hogs: usize) -> Measured {
    let mut process = Process::start(server);
    pin(1);
    let mut senders = Senders::connect(process.address(), connections, hogs);
    senders.run(time / 4);
    let before = process.cpu();
    let start = Instant::now();
    let mut latencies = senders.run(time);
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), (process.cpu() - before).as_secs_f64());
    let answered = latencies.len() as f64;
    latencies.sort();
    Measured { rate: answered / elapsed, cpu_us: cpu * 1e6 / answered, busy: cpu / elapsed, latencies }
}

/// How many requests a server in this process answers meanwhile.
pub(crate) async fn answered(address: SocketAddr, connections: usize, time: Duration) -> usize {
    let load = move || Senders::connect(address, connections, 0).run(time).len();
    tokio::task::spawn_blocking(load).await.unwrap()
}

/// Has this thread, and what it starts, run on one of the cores that this program was started with. Where there is but one, all share it.
fn pin(place: usize) {
    static CORES: LazyLock<Vec<usize>> = LazyLock::new(|| {
        let set = sched_getaffinity(None).expect("a process may ask for its cores");
        (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
    });
    let mut set = CpuSet::new();
    set.set(CORES[place % CORES.len()]);
    sched_setaffinity(None, &set).expect("a process may choose among its cores");
}

struct Process(Child);

impl Process {
    fn start(mut server: Command) -> Self {
        // The child inherits the first core from this thread, and so do all threads that it starts.
        pin(0);
        Self(server.spawn().unwrap())
    }

    /// Waits until it says where it listens.
    fn address(&mut self) -> SocketAddr {
        let stdout = self.0.stdout.as_mut().map(|output| output as &mut dyn Read);
        let output = stdout.or_else(|| self.0.stderr.as_mut().map(|output| output as &mut dyn Read));
        let mut line = String::new();
        BufReader::new(output.expect("one of its outputs is piped")).read_line(&mut line).unwrap();
        let port = line.rsplit(':').next().unwrap_or_default().trim_end().trim_end_matches('/');
        let port = port.parse().unwrap_or_else(|_| panic!("the server's first line has no port: {line}"));
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// The processor time that all its threads have used.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

//! Load from this process on a server in another one: keep-alive connections, each with one request under way.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::servers;

pub(crate) struct Measured {
    /// Requests per second.
    pub(crate) rate: f64,
    /// The server's processor time per request, in microseconds.
    pub(crate) cpu_us: f64,
    /// The time from request to answer.
    latencies: Vec<Duration>,
}

impl Measured {
    /// The latency that a part of the requests, from 0 to 1, does not exceed.
    pub(crate) fn latency(&self, part: f64) -> Duration {
        let place = (self.latencies.len() as f64 * part) as usize;
        self.latencies.get(place).copied().unwrap_or_default()
    }
}

/// Starts a server on the first core and loads it from the second.
pub(crate) fn measure(server: &str, connections: usize, time: Duration) -> Measured {
    measure_beside(server, connections, time, 0)
}

/// As [`measure`], while so many further connections each have a request under way to a handler that never ends.
pub(crate) fn measure_beside(server: &str, connections: usize, time: Duration, hogs: usize) -> Measured {
    let mut process = Process::start(server);
    pin(None, 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], process.port()));
    let end = Instant::now() + time + time / 4;
    runtime.block_on(async {
        let hogs = (0..hogs).map(|_| hog(address, end));
        let hogs = futures_util::future::join_all(hogs);
        let measuring = async {
            load(address, connections, time / 4).await;
            let before = process.cpu();
            let start = Instant::now();
            let mut latencies = load(address, connections, time).await;
            let (elapsed, cpu) = (start.elapsed(), process.cpu() - before);
            let answered = latencies.len() as f64;
            latencies.sort();
            Measured { rate: answered / elapsed.as_secs_f64(), cpu_us: cpu.as_secs_f64() * 1e6 / answered, latencies }
        };
        let mut measuring = std::pin::pin!(measuring);
        tokio::select! {
            measured = &mut measuring => measured,
            // The last of their requests are not waited for.
            _ = hogs => measuring.await,
        }
    })
}

/// The latencies of all requests that are answered meanwhile.
pub(crate) async fn load(address: SocketAddr, connections: usize, time: Duration) -> Vec<Duration> {
    let end = Instant::now() + time;
    let senders = (0..connections).map(|_| sender(address, end));
    futures_util::future::join_all(senders).await.concat()
}

fn request(path: &str) -> String {
    let body = "{\"hello\": \"world\"}";
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench/1\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn sender(address: SocketAddr, end: Instant) -> Vec<Duration> {
    let request = request(servers::PATH);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = [0; 4096];
    let mut latencies = Vec::new();
    while Instant::now() < end {
        let start = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        // Every answer here is small and arrives in one piece.
        let count = stream.read(&mut answer).await.unwrap();
        latencies.push(start.elapsed());
        let status = &answer[..12.min(count)];
        assert!(status.starts_with(b"HTTP/1.1 20"), "{}", String::from_utf8_lossy(&answer[..count]));
    }
    latencies
}

async fn hog(address: SocketAddr, end: Instant) {
    let request = request(servers::HOG);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = [0; 4096];
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(stream.read(&mut answer).await.unwrap() > 0, "the server hung up");
    }
}

fn pin(process: Option<Pid>, core: usize) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut set = CpuSet::new();
    set.set(core % cores);
    sched_setaffinity(process, &set).expect("a process may choose among its cores");
}

struct Process(Child);

impl Process {
    fn start(server: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        // The child inherits the first core from this thread, and so do all threads that it starts.
        pin(None, 0);
        Self(Command::new(program).args(["serve", server]).stdout(Stdio::piped()).spawn().unwrap())
    }

    fn port(&mut self) -> u16 {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
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

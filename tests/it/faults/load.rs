//! Senders on many connections, each with one webhook under way, that go on whatever happens to the server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::sent::{Acknowledged, Log, PATH, Webhook};

/// How long anything that a test waits for may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// Senders at work. Dropping it ends them where they are.
pub(super) struct Load {
    // Its tasks use all else.
    runtime: Runtime,
    shared: Arc<Shared>,
    address: watch::Sender<Option<SocketAddr>>,
    senders: Vec<tokio::task::JoinHandle<()>>,
}

struct Shared {
    log: Log,
    /// The record of the disk's changes, if there is one.
    journal: Option<PathBuf>,
    next: AtomicU64,
    /// How often each webhook is sent, at about the same time.
    copies: u64,
    stop: AtomicBool,
    /// How many answers of each status there were.
    answers: Mutex<BTreeMap<u16, u64>>,
}

impl Load {
    /// Senders that begin when they are told of a server. What they are promised is written to `log`. Each webhook is sent
    /// `copies` times, with a key that says so when that is more than once.
    pub(super) fn start(connections: usize, copies: u64, log: &Path, journal: Option<&Path>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let shared = Arc::new(Shared {
            log: Log::create(log),
            journal: journal.map(Path::to_owned),
            next: AtomicU64::new(copies),
            copies,
            stop: AtomicBool::new(false),
            answers: Mutex::default(),
        });
        let (address, server) = watch::channel(None);
        let sender = |_| runtime.spawn(send_all(shared.clone(), server.clone()));
        let senders = (0..connections).map(sender).collect();
        Self { runtime, shared, address, senders }
    }

    /// From now on webhooks go to this server.
    pub(super) fn serve_at(&self, address: SocketAddr) {
        self.address.send_replace(Some(address));
    }

    /// How many answers of a status there were.
    pub(super) fn answers(&self, status: u16) -> u64 {
        self.shared.answers.lock().unwrap().get(&status).copied().unwrap_or(0)
    }

    /// Waits until there were `more` answers of a status from now on.
    pub(super) fn wait_for(&self, status: u16, more: u64) {
        let wanted = self.answers(status) + more;
        wait(&format!("{more} answers {status}"), || self.answers(status) >= wanted);
    }

    /// Lets each sender end the webhook that it has under way, and gives how many answers of each status there were.
    pub(super) fn stop(self) -> BTreeMap<u16, u64> {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.runtime.block_on(async {
            for sender in self.senders {
                let ended = tokio::time::timeout(PATIENCE, sender).await;
                ended.expect("a sender waits for an answer that does not come").unwrap();
            }
        });
        self.shared.answers.lock().unwrap().clone()
    }
}

/// Waits for a condition.
pub(super) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn send_all(shared: Arc<Shared>, server: watch::Receiver<Option<SocketAddr>>) {
    let mut stream: Option<TcpStream> = None;
    while !shared.stop.load(Ordering::SeqCst) {
        let Some(address) = *server.borrow() else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let connected = match stream.take() {
            Some(open) => Ok(open),
            None => TcpStream::connect(address).await,
        };
        // A server that is being killed breaks off anywhere; what it did not acknowledge it owes nothing for.
        let Ok(mut open) = connected else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let webhook = Webhook(shared.next.fetch_add(1, Ordering::SeqCst) / shared.copies);
        let key = if shared.copies > 1 { format!("Webhook-Id: {}\r\n", webhook.0) } else { String::new() };
        let Ok(Some(answer)) = exchange(&mut open, webhook, &key).await else { continue };
        if answer.status == 202 {
            let at = shared.journal.as_deref().map_or(0, |journal| std::fs::metadata(journal).unwrap().len());
            let event = answer.event.expect("an acknowledgement names the event");
            shared.log.write(&Acknowledged { event, webhook, at });
        }
        *shared.answers.lock().unwrap().entry(answer.status).or_default() += 1;
        if answer.status == 503 || answer.status == 429 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stream = Some(open);
    }
}

pub(super) struct Answer {
    pub(super) status: u16,
    event: Option<String>,
}

/// Sends a webhook with one more header, or none, and reads the answer; none when the server broke off.
pub(super) async fn exchange(stream: &mut TcpStream, webhook: Webhook, key: &str) -> std::io::Result<Option<Answer>> {
    let body = webhook.body();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: faults\r\nContent-Type: application/json\r\n{key}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    let mut bytes = Vec::new();
    loop {
        if let Some(answer) = parse(&bytes) {
            return Ok(Some(answer));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// An answer that is there as a whole.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let header = |name: &str| head.lines().filter_map(|line| line.split_once(": ")).find(|(other, _)| *other == name);
    let length = header("content-length").map_or(0, |(_, length)| length.parse().unwrap());
    (bytes.len() - end - 4 >= length).then(|| Answer {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap(),
        event: header("tenterhook-event-id").map(|(_, id)| id.to_owned()),
    })
}

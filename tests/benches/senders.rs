//! Keep-alive connections to a server, each with one request under way. One thread serves them all with a system call for each thing
//! sent and received and little besides, since what the load costs is what a server's limit cannot be measured beyond.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::time::Timespec;

use crate::servers;

/// How long no server takes to answer any of the requests that are waited for.
const PATIENCE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

pub(crate) struct Senders {
    ready: OwnedFd,
    senders: Vec<Sender>,
}

struct Sender {
    stream: TcpStream,
    request: Vec<u8>,
    /// Its requests are to the handler that never ends, and nothing waits for their answers.
    is_hog: bool,
    sent: Instant,
    answer: [u8; 4096],
    received: usize,
}

impl Senders {
    /// Opens so many connections, and so many further ones whose requests are to a handler that never ends.
    pub(crate) fn connect(address: SocketAddr, connections: usize, hogs: usize) -> Self {
        let ready = epoll::create(CreateFlags::CLOEXEC).unwrap();
        let senders = (0..connections + hogs).map(|number| Sender::connect(address, number >= connections));
        let mut senders: Vec<Sender> = senders.collect();
        for (place, sender) in senders.iter_mut().enumerate() {
            epoll::add(&ready, &sender.stream, EventData::new_u64(place as u64), EventFlags::IN).unwrap();
            if sender.is_hog {
                sender.send(Instant::now());
            }
        }
        Self { ready, senders }
    }

    /// Sends requests for so long, and waits for the last answers; gives the latencies.
    pub(crate) fn run(&mut self, time: Duration) -> Vec<Duration> {
        let end = Instant::now() + time;
        let mut under_way = 0;
        for sender in self.senders.iter_mut().filter(|sender| !sender.is_hog) {
            sender.send(Instant::now());
            under_way += 1;
        }
        let mut latencies = Vec::new();
        let mut events = Vec::with_capacity(self.senders.len());
        while under_way > 0 {
            events.clear();
            epoll::wait(&self.ready, spare_capacity(&mut events), Some(&PATIENCE)).unwrap();
            assert!(!events.is_empty(), "the server does not answer");
            for event in &events {
                let sender = &mut self.senders[event.data.u64() as usize];
                if !sender.receive() {
                    continue;
                }
                let now = Instant::now();
                if !sender.is_hog {
                    latencies.push(now - sender.sent);
                }
                if sender.is_hog || now < end {
                    sender.send(now);
                } else {
                    under_way -= 1;
                }
            }
        }
        latencies
    }
}

impl Sender {
    fn connect(address: SocketAddr, is_hog: bool) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let request = request(if is_hog { servers::HOG } else { servers::PATH }).into_bytes();
        Self { stream, request, is_hog, sent: Instant::now(), answer: [0; 4096], received: 0 }
    }

    fn send(&mut self, now: Instant) {
        (self.sent, self.received) = (now, 0);
        self.stream.write_all(&self.request).unwrap();
    }

    /// Takes what is there of an answer; whether it is whole.
    fn receive(&mut self) -> bool {
        let count = self.stream.read(&mut self.answer[self.received..]).unwrap();
        assert!(count > 0, "the server hung up");
        self.received += count;
        let answer = &self.answer[..self.received];
        let is_whole = is_whole(answer);
        let is_right = self.is_hog || !is_whole || answer.starts_with(b"HTTP/1.1 20");
        assert!(is_right, "{}", String::from_utf8_lossy(answer));
        is_whole
    }
}

/// Every answer here says how long it is.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let lines = answer[..head].split(|byte| *byte == b'\n');
    let name = b"content-length:";
    let mut lengths = lines.filter(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)));
    let length = lengths.next().unwrap_or_else(|| panic!("no length: {}", String::from_utf8_lossy(answer)));
    let length: usize = str::from_utf8(&length[name.len()..]).unwrap().trim().parse().unwrap();
    answer.len() >= head + 4 + length
}

fn request(path: &str) -> String {
    let body = "{\"hello\": \"world\"}";
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench/1\r\nAccept: */*\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

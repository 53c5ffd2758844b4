//! HTTP/1.1 as bytes, so that a test sees what no client library would send or show.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A response as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Sends `request` and reads one response. Interim ones (100 Continue) are read past.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    tokio::time::timeout(Duration::from_secs(60), read(&mut stream, request.starts_with(b"HEAD"))).await.unwrap()
}

/// Reads one response: its head, and a body as long as its Content-Length, or in chunks.
pub(crate) async fn read(stream: &mut TcpStream, headless: bool) -> Answer {
    read_or_rest(stream, headless).await.unwrap_or_else(|rest| panic!("the connection closed after {rest:?}"))
}

/// As [`read`], of a connection that may be closed instead.
pub(crate) async fn try_read(stream: &mut TcpStream) -> Option<Answer> {
    read_or_rest(stream, false).await.ok()
}

async fn read_or_rest(stream: &mut TcpStream, headless: bool) -> Result<Answer, String> {
    let mut bytes = Vec::new();
    let mut piece = [0; 8192];
    loop {
        if let Some(answer) = parse(&bytes, headless) {
            return Ok(answer);
        }
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&piece[..count]),
            _ => return Err(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}

fn parse(bytes: &[u8], headless: bool) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().unwrap();
    let rest = &bytes[end + 4..];
    if status < 200 {
        return parse(rest, headless);
    }
    let mut answer = Answer { status, head, body: Vec::new() };
    if !headless && answer.header("transfer-encoding") == Some("chunked") {
        answer.body = whole(rest)?;
        return Some(answer);
    }
    let length = if headless { 0 } else { answer.header("content-length").map_or(0, |length| length.parse().unwrap()) };
    answer.body = rest.get(..length)?.to_vec();
    Some(answer)
}

/// The body that these chunks make, once the last one is there.
fn whole(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        let chunk = chunks.get(end + 2..end + 2 + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        chunks = chunks.get(end + 2 + size + 2..)?;
    }
}

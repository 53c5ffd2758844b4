//! Hostile and honest handlers at full load for long: the host must not grow. `cargo xtask soak` runs it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::cases::{self, Case, End};
use super::part;
use crate::harness::program::Up;
use crate::harness::wat;

/// Connections of honest senders, each with one request under way.
const HONEST: usize = 8;

/// Connections of senders whose handlers are hostile.
const HOSTILE: usize = 8;

/// By so much the host may seem to grow: allocators keep what they had, and samples fall where they fall.
const SLACK: f64 = 1.10;
const SLACK_MIB: f64 = 24.0;
const SLACK_COUNT: f64 = 64.0;

/// What the host holds at a moment.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    mib: f64,
    files: f64,
    maps: f64,
}

impl Sample {
    fn of(process: u32) -> Self {
        let folder = Path::new("/proc").join(process.to_string());
        let status = std::fs::read_to_string(folder.join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: f64 = line.split_whitespace().next().unwrap().parse().unwrap();
        let maps = std::fs::read_to_string(folder.join("maps")).unwrap().lines().count();
        let files = std::fs::read_dir(folder.join("fd")).unwrap().count();
        Self { mib: kib / 1024.0, files: files as f64, maps: maps as f64 }
    }

    fn median(samples: &[Self]) -> Self {
        let middle = |of: fn(&Self) -> f64| {
            let mut values: Vec<f64> = samples.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Self {
            mib: middle(|sample| sample.mib),
            files: middle(|sample| sample.files),
            maps: middle(|sample| sample.maps),
        }
    }
}

fn manifest(hostile: &[Case]) -> String {
    let mut manifest = "version: v1\nproject:\n  name: soak\n  triggers:\n".to_owned();
    let mut add = |name: &str, keys: &str| {
        manifest.push_str(&format!(
            "    - name: {name}\n      type: webhook\n      call: {name}.wat:handle\n      is_sync: true\n      history: none\n{keys}"
        ));
    };
    add("honest", "");
    for (place, case) in hostile.iter().enumerate() {
        add(&format!("hostile{place}"), &format!("      {}\n", case.keys));
    }
    manifest
}

/// Sends requests one after the other until it is over.
async fn send(
    address: &str,
    paths: &[String],
    is_over: &AtomicBool,
    sent: &AtomicU64,
    mut took: impl FnMut(Duration, &[u8]),
) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answer = vec![0; 64 << 10];
    for path in paths.iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let start = Instant::now();
        let request = format!("GET /webhooks/{path} HTTP/1.1\r\nHost: h\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        // Every answer is small and arrives in one piece.
        let size = stream.read(&mut answer).await.unwrap();
        assert!(size > 0, "the host hung up on {path}");
        sent.fetch_add(1, Ordering::Relaxed);
        took(start.elapsed(), &answer[..size]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: `cargo xtask soak`"]
async fn soak() {
    let minutes: f64 =
        std::env::var_os("TENTERHOOK_MINUTES").map_or(1.0, |text| text.to_str().unwrap().parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let hostile: Vec<Case> = cases::all().into_iter().filter(|case| !matches!(case.end, End::Refused(_))).collect();
    std::fs::write(folder.path().join("tenterhook.yaml"), manifest(&hostile)).unwrap();
    std::fs::write(folder.path().join("honest.wasm"), wat::fixture("hello")).unwrap();
    for (place, case) in hostile.iter().enumerate() {
        std::fs::write(folder.path().join(format!("hostile{place}.wasm")), (case.component)()).unwrap();
    }
    let data = tempfile::tempdir().unwrap();
    let mut up = Up::start(folder.path(), data.path());
    up.notice("deployed");
    up.forget();
    let address = up.url.strip_prefix("http://").unwrap().to_owned();
    let (is_over, honest, attacks) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let latencies = std::sync::Mutex::new(Vec::new());
    let mut samples = Vec::new();
    let clock = async {
        let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
        while Instant::now() < end {
            tokio::time::sleep(Duration::from_secs(1)).await;
            samples.push(Sample::of(up.id()));
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let honest_path = ["honest".to_owned()];
    let good = (0..HONEST).map(|_| {
        send(&address, &honest_path, &is_over, &honest, |took, answer| {
            assert!(answer.ends_with(b"hello"), "{}", String::from_utf8_lossy(answer));
            latencies.lock().unwrap().push(took);
        })
    });
    let rotated: Vec<Vec<String>> = (0..HOSTILE)
        .map(|sender| {
            let places = (0..hostile.len()).map(|place| (place + sender * hostile.len() / HOSTILE) % hostile.len());
            places.map(|place| format!("hostile{place}")).collect()
        })
        .collect();
    let bad = rotated.iter().map(|paths| send(&address, paths, &is_over, &attacks, |_, _| ()));
    tokio::join!(clock, futures_util::future::join_all(good), futures_util::future::join_all(bad));
    let half = &samples[samples.len() / 4..samples.len() / 2];
    let (early, late) = (Sample::median(half), Sample::median(&samples[samples.len() * 3 / 4..]));
    let latencies = latencies.into_inner().unwrap();
    println!(
        "{minutes} minutes: {} honest requests (p50 {:.1?}, p99 {:.1?}) beside {} hostile ones",
        honest.load(Ordering::Relaxed),
        part(&latencies, 0.5),
        part(&latencies, 0.99),
        attacks.load(Ordering::Relaxed)
    );
    println!("  second quarter: {:.0} MiB, {} files, {} maps", early.mib, early.files, early.maps);
    println!("  last quarter:   {:.0} MiB, {} files, {} maps", late.mib, late.files, late.maps);
    assert!(late.mib <= early.mib * SLACK + SLACK_MIB, "the host's memory grows");
    assert!(late.files <= early.files * SLACK + SLACK_COUNT, "the host's open files grow");
    assert!(late.maps <= early.maps * SLACK + SLACK_COUNT, "the host's maps grow");
    assert_eq!(up.stop(), Some(0));
}

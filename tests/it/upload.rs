//! A large module is uploaded and compiled, and another org's webhooks do not notice. A measurement, to be run by itself:
//! `cargo test -p tenterhook-tests --test it -- --ignored --nocapture upload::`

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::program::{Up, text};
use crate::harness::{wat, web};

/// The size of what is uploaded, in bytes.
const SIZE: usize = 40 << 20;

/// So many webhooks are measured without the upload.
const QUIET: usize = 1_500;

/// Another org's p99 may be so many times the quiet one.
const TIMES: f64 = 2.0;

/// So much of it is code, in bytes: as in the component of a large runtime. The rest is carried along.
const CODE: usize = 10 << 20;

/// A component of that size with that much code: functions no two of which are the same.
fn large() -> Vec<u8> {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/wat/hello.wat")).unwrap();
    let mut functions = String::new();
    // A function of so many steps takes some two kilobytes.
    for number in 0..CODE / 2_000 {
        write!(functions, "(func (param $a i32) (param $b i32) (result i32) local.get $a").unwrap();
        for step in 0..220 {
            let constant = 100_000_000 + number * 1_000 + step;
            write!(functions, " i32.const {constant} i32.xor local.get $b i32.add").unwrap();
        }
        functions.push_str(")\n");
    }
    let end = source.rfind(')').unwrap();
    let mut component = wat::component(&format!("{}{functions})", &source[..end]), "handle");
    // A section that nothing reads: its id, its length in seven bits at a time, its name, and what is in it.
    let name = b"\x07ballast";
    let mut length = SIZE - component.len();
    component.push(0);
    let mut rest = length;
    for byte in 0..4 {
        component.push(u8::try_from(rest & 0x7f).unwrap() | if byte < 3 { 0x80 } else { 0 });
        rest >>= 7;
    }
    component.extend(name);
    length -= name.len();
    component.extend(std::iter::repeat_n(0x5a, length));
    component
}

/// The p50 and the p99 of an org's webhooks, one after the other, until `is_over` says so.
async fn measure(url: &str, mut is_over: impl FnMut(usize) -> bool) -> (Duration, Duration, usize) {
    let client = web::client().build().unwrap();
    let mut times = Vec::new();
    while !is_over(times.len()) {
        let begin = Instant::now();
        let answer = client.post(url).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap();
        times.push(begin.elapsed());
        // A sender that pauses: as many are measured in each phase as it is long.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], times.len())
}

#[test]
#[ignore = "a measurement of a minute, on a quiet machine"]
fn a_large_upload_keeps_no_other_org_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::serve(&dir.path().join("data"));
    let operator = up.listening["operator_token"].as_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let output = up.run_as(&operator, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        output.stdout
    };
    run(&["orgs", "create", "large"]);
    run(&["orgs", "create", "small"]);
    let project = dir.path().join("small");
    std::fs::create_dir(&project).unwrap();
    let manifest = "version: v1\nproject:\n  name: small\n  triggers:\n    - name: hook\n      type: webhook\n      call: hello:handle\n      is_sync: true\n";
    std::fs::write(project.join("tenterhook.yaml"), manifest).unwrap();
    std::fs::write(project.join("hello.wasm"), wat::fixture("hello")).unwrap();
    let placed = run(&["deploy", project.to_str().unwrap(), "--org", "small", "--json"]);
    let placed: Value = serde_json::from_slice(&placed).unwrap();
    let url = format!("{}{}", up.url, placed["triggers"][0]["path"].as_str().unwrap());
    let module = dir.path().join("large.wasm");
    let bytes = large();
    let size = bytes.len();
    std::fs::write(&module, bytes).unwrap();

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // The first ones find nothing warm.
    runtime.block_on(measure(&url, |sent| sent == 200));
    let quiet = runtime.block_on(measure(&url, |sent| sent == QUIET));
    let is_over = AtomicBool::new(false);
    let begin = Instant::now();
    let (uploaded, (p50, p99, sent)) = std::thread::scope(|scope| {
        let measuring = scope.spawn(|| runtime.block_on(measure(&url, |_| is_over.load(Ordering::Relaxed))));
        let uploaded = run(&["modules", "upload", module.to_str().unwrap(), "--org", "large", "--json"]);
        is_over.store(true, Ordering::Relaxed);
        (serde_json::from_slice::<Value>(&uploaded).unwrap(), measuring.join().unwrap())
    });
    let took = begin.elapsed();
    let ratio = p99.as_secs_f64() / quiet.1.as_secs_f64();
    println!(
        "a module of {size} bytes uploaded and compiled in {took:.1?} (state {}); another org's webhooks: quiet p50 {:.2?} p99 {:.2?} of {}, \
         meanwhile p50 {p50:.2?} p99 {p99:.2?} of {sent}: {ratio:.2} times",
        uploaded[0]["state"], quiet.0, quiet.1, quiet.2
    );
    assert!(ratio <= TIMES, "{ratio:.2} times the quiet p99");
}

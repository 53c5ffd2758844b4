//! The process that compiles, alone: it does what it is told within its bounds, and does not outlive who started it.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tenterhook_host::guest::compile::ALLOCATOR;

use super::guest::{around, bomb};
use crate::harness::{program, wat};

/// How long a process may take to end on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn start(task: &str, size: usize, memory: u64, seconds: u32) -> Child {
    let order = [task, &size.to_string(), &memory.to_string(), &seconds.to_string()].map(str::to_owned);
    let mut command = Command::new(program::path());
    // As the host starts it.
    command.arg("compile-module").args(order).env_clear().envs(ALLOCATOR);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Its exit code, none when a signal ended it, and what it said.
fn ended(mut child: Child) -> (Option<i32>, Vec<u8>, String) {
    let (mut made, mut said) = (Vec::new(), String::new());
    child.stdout.take().unwrap().read_to_end(&mut made).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), made, said)
}

#[test]
fn it_makes_code_of_a_component_and_says_what_is_wrong_with_others() {
    let component = wat::fixture("hello");
    let mut child = start("compile", component.len(), 2 << 30, 60);
    child.stdin.as_mut().unwrap().write_all(&component).unwrap();
    let (code, made, said) = ended(child);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert!(made.starts_with(b"\x7fELF"), "{} bytes", made.len());

    let mut child = start("compile", 9, 2 << 30, 60);
    child.stdin.as_mut().unwrap().write_all(b"\0asm\x0d\0\x01\0\xff").unwrap();
    let (code, made, said) = ended(child);
    assert_eq!((code, made.len()), (Some(2), 0));
    assert!(!said.is_empty());

    let mut child = start("componentize", 8, 2 << 30, 60);
    child.stdin.as_mut().unwrap().write_all(b"\0asm\x01\0\0\0").unwrap();
    let (code, _, said) = ended(child);
    assert_eq!(code, Some(2));
    assert!(said.contains("build it with a Tenterhook SDK"), "{said}");
}

/// The pipe ends when the host does, however it does.
#[test]
fn it_ends_with_who_started_it() {
    let bomb = around(&bomb(50_000, 7_000_000));
    let mut child = start("compile", bomb.len(), 4 << 30, 600);
    child.stdin.as_mut().unwrap().write_all(&bomb).unwrap();
    assert_eq!(child.try_wait().unwrap(), None, "it has minutes to do");
    let start = Instant::now();
    drop(child.stdin.take());
    assert_eq!(ended(child).0, Some(3));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());

    let child = start_with_half();
    let (code, _, said) = ended(child);
    assert_eq!((code, said.trim()), (Some(1), "only 4 of 8 bytes came"));
}

fn start_with_half() -> Child {
    let mut child = start("compile", 8, 2 << 30, 60);
    child.stdin.take().unwrap().write_all(b"\0asm").unwrap();
    child
}

#[test]
fn its_memory_and_its_time_are_bounded() {
    let bomb = around(&bomb(50_000, 7_000_000));
    let ends = |memory: u64, seconds: u32| {
        let mut child = start("compile", bomb.len(), memory, seconds);
        // It may end before it has read all of it.
        drop(child.stdin.as_mut().unwrap().write_all(&bomb));
        ended(child)
    };
    let (code, made, said) = ends(256 << 20, 600);
    assert!(code != Some(0) && made.is_empty(), "{code:?}: {said}");
    assert!(said.contains("memory allocation of"), "{code:?}: {said}");
    let (code, made, _) = ends(4 << 30, 1);
    assert_eq!((code, made.len()), (None, 0), "a signal ends it");
}

//! The program itself, `tenterhook`, as a process: what it prints, what it exits with.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tenterhook_host::guest::compile::Program;

/// How long anything that a test waits for may take on a busy machine: an interpreter of Python's takes a minute to compile there.
const PATIENCE: Duration = Duration::from_secs(300);

/// The program, built as this test is: `cargo test --workspace` builds both.
pub(crate) fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let program = place();
        let built = std::fs::metadata(&program).and_then(|file| file.modified()).ok();
        assert!(built >= newest(&source()), "`{}` is not there or old: test the workspace", program.display());
        program
    })
}

/// `target/debug/deps/it-…` → `target/debug/tenterhook`
fn place() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("tenterhook")
}

/// The program, as what a host compiles modules with. It may be older than this test: how code is made changes with the engine only, and
/// every test of a host needs it.
pub(crate) fn compiler() -> Program {
    let path = place();
    assert!(path.exists(), "`{}` is not there: test the workspace once", path.display());
    Program::File { path, arguments: vec!["compile-module".to_owned()] }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src")
}

/// When the last of a folder's files was changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    // Tools leave hidden files beside the sources, and tests are no part of the program.
    let entries = entries.filter(|entry| {
        let name = entry.file_name();
        !name.to_string_lossy().starts_with('.') && name != "tests" && name != "tests.rs"
    });
    let times = entries
        .map(|entry| entry.path())
        .map(|path| if path.is_dir() { newest(&path) } else { path.metadata().unwrap().modified().ok() });
    times.max().flatten()
}

/// The program, without what the environment of the tests says to it. It finds the toolchains that `cargo xtask toolchains`
/// provides.
fn command() -> Command {
    let mut command = Command::new(path());
    for name in ["SERVER", "CONTEXT", "ORG", "PROJECT", "CA", "TOKEN", "MASTER_KEY"] {
        command.env_remove(format!("TENTERHOOK_{name}"));
    }
    command.env("PATH", super::toolchains::path()).env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs a command to its end, of somebody whose home this is, and who types this.
pub(crate) fn run_at_home(home: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = command();
    command.args(arguments).env("XDG_CONFIG_HOME", home);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read may have ended by now.
    drop(process.stdin.take().unwrap().write_all(input.as_bytes()));
    process.wait_with_output().unwrap()
}

/// A text output.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// `tenterhook up` on a directory, at a free port, with lines of JSON. Ended when dropped.
pub(crate) struct Up {
    process: Child,
    notices: Receiver<Value>,
    /// Notices that came while another kind was waited for.
    passed: Vec<Value>,
    pub(crate) url: String,
    /// What it said first: where it listens.
    pub(crate) listening: Value,
}

impl Up {
    pub(crate) fn start(dir: &Path, data: &Path) -> Self {
        Self::start_with(dir, data, &[])
    }

    /// With more arguments.
    pub(crate) fn start_with(dir: &Path, data: &Path, more: &[&str]) -> Self {
        let mut command = command();
        command.arg("up").arg(dir).arg("--data").arg(data).args(["--listen", "127.0.0.1:0", "--json"]).args(more);
        Self::spawn(command)
    }

    /// With these variables in its environment.
    pub(crate) fn start_told(dir: &Path, data: &Path, variables: &[(&str, PathBuf)]) -> Self {
        let mut command = command();
        command.arg("up").arg(dir).arg("--data").arg(data).args(["--listen", "127.0.0.1:0", "--json"]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Self::spawn(command)
    }

    /// `tenterhook serve` on a data directory.
    pub(crate) fn serve(data: &Path) -> Self {
        Self::serve_with(data, &[])
    }

    /// With more arguments.
    pub(crate) fn serve_with(data: &Path, more: &[&str]) -> Self {
        let mut command = command();
        command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0", "--json"]).args(more);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, notices) = channel();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let notice = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
                if sender.send(notice).is_err() {
                    break;
                }
            }
        });
        let mut up = Self { process, notices, passed: Vec::new(), url: String::new(), listening: Value::Null };
        up.listening = up.notice("listening");
        up.url = up.listening["url"].as_str().unwrap().to_owned();
        up
    }

    /// Forgets what it says from now on, which is a line for every session.
    pub(crate) fn forget(&mut self) {
        let (_, none) = channel();
        let notices = std::mem::replace(&mut self.notices, none);
        std::thread::spawn(move || notices.into_iter().for_each(drop));
        let mut errors = self.process.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
    }

    /// The next notice of a kind.
    pub(crate) fn notice(&mut self, kind: &str) -> Value {
        if let Some(place) = self.passed.iter().position(|notice| notice["kind"] == kind) {
            return self.passed.remove(place);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.notices.recv_timeout(left) {
                Ok(notice) if notice["kind"] == kind => return notice,
                Ok(notice) => self.passed.push(notice),
                Err(error) => {
                    self.process.kill().unwrap();
                    let mut said = String::new();
                    self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                    panic!("no notice `{kind}`: {error}; {said}");
                }
            }
        }
    }

    /// Runs a command against this server.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        command().args(arguments).args(["--server", &self.url]).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a command against this server, with a token.
    pub(crate) fn run_as(&self, token: &str, arguments: &[&str]) -> Output {
        let mut command = command();
        command.args(arguments).args(["--server", &self.url]).env("TENTERHOOK_TOKEN", token);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a command against this server, which must succeed, and reads its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it as an operator would, and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let id = i32::try_from(self.process.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        self.process.wait().unwrap().code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

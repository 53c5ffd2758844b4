//! `tenterhook up` as a process that may be killed, paused or end by itself at any time.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;

use rustix::process::{Pid, Signal, kill_process};

use super::load::{PATIENCE, wait};
use super::shim::Plan;
use crate::harness::program;

/// A server that listens.
pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts it on a project's directory, with the settings beside the manifest; it says what it has to say to the file
    /// `log`.
    ///
    /// # Errors
    /// How it ended, when it ended before it listened.
    pub(super) fn start(project: &Path, data: &Path, log: &Path, plan: &Plan) -> Result<Self, ExitStatus> {
        let mut command = Command::new(program::path());
        command.arg("up").arg(project).arg("--data").arg(data);
        command.arg("--config").arg(project.join("settings.toml"));
        command.args(["--listen", "127.0.0.1:0", "--json", "--no-watch"]).envs(plan.environment(data));
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let (sender, listening) = channel();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        // Reads to the end, or the server would wait for a reader.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok).filter(|line| line.contains("\"kind\":\"listening\"")) {
                drop(sender.send(line));
            }
        });
        match listening.recv_timeout(PATIENCE) {
            Ok(line) => {
                let notice: serde_json::Value = serde_json::from_str(&line).unwrap();
                let address = notice["url"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
                Ok(Self { process, address })
            }
            Err(_) => {
                let mut ended = None;
                wait("the server to listen or to end", || {
                    ended = process.try_wait().unwrap();
                    ended.is_some()
                });
                Err(ended.unwrap())
            }
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// Waits for its end.
    pub(super) fn end(mut self) -> ExitStatus {
        wait("the server to end", || self.ended().is_some());
        self.ended().unwrap()
    }

    /// Ends it as `kill -9` does.
    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it as an operator would.
    pub(super) fn stop(self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.end()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

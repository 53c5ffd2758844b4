//! WASI's context: no files, no network, the project's variables as environment, standard streams into the log.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::log::{self, Log};
use crate::event::LogLevel;
use crate::guest::Vars;

/// What one write may carry, in bytes: what WASI's own streams allow.
const PERMIT: usize = 64 << 10;

/// What one call may ask of the random numbers, in bytes.
const MAX_RANDOM: u64 = 64 << 10;

pub(super) fn context(vars: &Vars, log: &Arc<Mutex<Log>>) -> WasiCtx {
    let mut builder = WasiCtxBuilder::new();
    // One call is not interrupted, so it must not take long.
    builder.max_random_size(MAX_RANDOM);
    builder.stdout(Stream { log: log.clone(), level: LogLevel::Info });
    builder.stderr(Stream { log: log.clone(), level: LogLevel::Error });
    for (name, value) in &vars.0 {
        builder.env(name, value);
    }
    builder.build()
}

/// Standard output or standard error.
#[derive(Clone)]
struct Stream {
    log: Arc<Mutex<Log>>,
    level: LogLevel,
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl OutputStream for Stream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        log::lock(&self.log).write(self.level, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        log::lock(&self.log).write(self.level, bytes);
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

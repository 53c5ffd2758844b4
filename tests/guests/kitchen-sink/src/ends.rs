//! Each way not to answer.

use std::time::Duration;

use tenterhook::{Error, Event, OrReject as _, Result};

#[tenterhook::handler]
fn retry(_event: Event) -> Result<()> {
    Err(Error::retry("the tide is out"))
}

#[tenterhook::handler]
fn retry_after(_event: Event) -> Result<()> {
    Err(Error::retry_after(Duration::from_secs(90), "the tide is out"))
}

#[tenterhook::handler]
fn reject(_event: Event) -> Result<String> {
    "five".parse::<u32>().map(|number| number.to_string()).or_reject("reading the number")
}

/// `?` asks for another attempt.
#[tenterhook::handler]
fn question_mark(_event: Event) -> Result<String> {
    Ok("five".parse::<u32>()?.to_string())
}

#[tenterhook::handler]
fn missing_key(event: Event) -> String {
    event.data()["headers"]["X-Nope"].to_string()
}

#[tenterhook::handler]
fn spin(event: Event) {
    while event.data().method == "POST" {
        std::hint::spin_loop();
    }
}

/// Allocates and frees: more in sum than the sandbox may hold, little at a time.
#[tenterhook::handler]
fn churn(_event: Event) -> String {
    let mut total = 0;
    for round in 0..20_000_usize {
        let mut text = String::new();
        for _ in 0..100 {
            text.push_str(&round.to_string());
            text.push_str(&"-".repeat(100));
        }
        total += text.len();
    }
    total.to_string()
}

/// Allocates and keeps, until the host says no.
#[tenterhook::handler]
fn hoard(_event: Event) -> String {
    let mut kept = Vec::new();
    loop {
        kept.push(vec![1_u8; 1 << 20]);
        if kept.len() > 1 << 16 {
            return kept.len().to_string();
        }
    }
}

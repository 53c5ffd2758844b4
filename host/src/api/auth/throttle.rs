//! Slows down who guesses tokens. A function of its arguments.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::event::Timestamp;
use crate::quota::Allowance;

/// For so long wrong tokens are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// So many addresses are remembered at the most. Whoever has more than that has other ways.
const PEERS: usize = 10_000;

/// Who showed wrong tokens lately.
#[derive(Debug)]
pub(super) struct Throttle {
    /// So many an address may show in a window.
    limit: u32,
    peers: HashMap<IpAddr, Failures>,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    since: Timestamp,
}

impl Throttle {
    /// One that has seen nobody yet, and lets an address show `limit` wrong tokens in a minute.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit, peers: HashMap::new() }
    }

    /// How long a peer must wait; none when it may go on.
    pub(super) fn wait(&self, peer: IpAddr, now: Timestamp) -> Option<Duration> {
        let failures = self.peers.get(&network(peer)).filter(|failures| failures.count >= self.limit)?;
        let left = failures.ends().duration_since(now);
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    /// What is left to a peer that must wait for so long.
    pub(super) fn allowance(&self, wait: Duration) -> Allowance {
        Allowance { name: "wrong-tokens", quota: self.limit, window: WINDOW, remaining: 0, reset: wait }
    }

    /// A peer showed a wrong token.
    pub(super) fn failed(&mut self, peer: IpAddr, now: Timestamp) {
        if self.peers.len() >= PEERS {
            self.peers.retain(|_, failures| failures.ends() > now);
        }
        if self.peers.len() >= PEERS {
            self.peers.clear();
        }
        let failures = self.peers.entry(network(peer)).or_insert(Failures { count: 0, since: now });
        if failures.ends() <= now {
            *failures = Failures { count: 0, since: now };
        }
        failures.count += 1;
    }
}

impl Failures {
    fn ends(&self) -> Timestamp {
        self.since.checked_add(WINDOW).unwrap_or(Timestamp::MAX)
    }
}

/// Whoever has one address of IPv6 has all of its network of 64 bits.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(peer) => Ipv6Addr::from_bits(peer.to_bits() & !u128::from(u64::MAX)).into(),
        peer @ IpAddr::V4(_) => peer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURES: u32 = 20;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn who_guesses_waits_until_the_window_ends() {
        let (guesser, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let mut throttle = Throttle::new(FAILURES);
        for _ in 0..FAILURES {
            assert_eq!(throttle.wait(guesser, at(0)), None);
            throttle.failed(guesser, at(0));
        }
        assert_eq!(throttle.wait(guesser, at(10)), Some(Duration::from_secs(50)));
        assert_eq!(throttle.wait(other, at(10)), None);
        assert_eq!(throttle.wait(guesser, at(60)), None);
        throttle.failed(guesser, at(60));
        assert_eq!(throttle.wait(guesser, at(61)), None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer_and_memory_is_bounded() {
        let mut throttle = Throttle::new(FAILURES);
        for host in 0..FAILURES {
            throttle.failed(format!("2001:db8::{host:x}").parse().unwrap(), at(0));
        }
        assert!(throttle.wait("2001:db8::ffff".parse().unwrap(), at(1)).is_some());
        assert!(throttle.wait("2001:db8:0:1::1".parse().unwrap(), at(1)).is_none());
        for peer in 0..2 * u32::try_from(PEERS).unwrap() {
            throttle.failed(IpAddr::V4(peer.into()), at(1));
        }
        assert!(throttle.peers.len() <= PEERS);
    }
}

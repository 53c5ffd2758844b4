//! Slows down who guesses tokens. A function of its arguments.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::event::Timestamp;
use crate::quota::Allowance;

/// So many wrong tokens an address may show in so long: whoever has a right one seldom shows another.
const FAILURES: u32 = 20;
const WINDOW: Duration = Duration::from_secs(60);

/// So many addresses are remembered at the most. Whoever has more than that has other ways.
const PEERS: usize = 10_000;

/// Who showed wrong tokens lately.
#[derive(Debug, Default)]
pub(super) struct Throttle(HashMap<IpAddr, Failures>);

#[derive(Debug)]
struct Failures {
    count: u32,
    since: Timestamp,
}

impl Throttle {
    /// How long a peer must wait; none when it may go on.
    pub(super) fn wait(&self, peer: IpAddr, now: Timestamp) -> Option<Duration> {
        let failures = self.0.get(&network(peer)).filter(|failures| failures.count >= FAILURES)?;
        let left = failures.ends().duration_since(now);
        Duration::try_from(left).ok().filter(|left| !left.is_zero())
    }

    /// What is left to a peer that must wait for so long.
    pub(super) fn allowance(wait: Duration) -> Allowance {
        Allowance { name: "wrong-tokens", quota: FAILURES, window: WINDOW, remaining: 0, reset: wait }
    }

    /// A peer showed a wrong token.
    pub(super) fn failed(&mut self, peer: IpAddr, now: Timestamp) {
        if self.0.len() >= PEERS {
            self.0.retain(|_, failures| failures.ends() > now);
        }
        if self.0.len() >= PEERS {
            self.0.clear();
        }
        let failures = self.0.entry(network(peer)).or_insert(Failures { count: 0, since: now });
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

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn who_guesses_waits_until_the_window_ends() {
        let (guesser, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let mut throttle = Throttle::default();
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
        let mut throttle = Throttle::default();
        for host in 0..FAILURES {
            throttle.failed(format!("2001:db8::{host:x}").parse().unwrap(), at(0));
        }
        assert!(throttle.wait("2001:db8::ffff".parse().unwrap(), at(1)).is_some());
        assert!(throttle.wait("2001:db8:0:1::1".parse().unwrap(), at(1)).is_none());
        for peer in 0..2 * u32::try_from(PEERS).unwrap() {
            throttle.failed(IpAddr::V4(peer.into()), at(1));
        }
        assert!(throttle.0.len() <= PEERS);
    }
}

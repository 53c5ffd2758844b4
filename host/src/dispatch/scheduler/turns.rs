//! Whose turn it is: deficit round robin, for orgs and for the projects of one.
//!
//! In each round an account gets [`QUANTUM`] and may begin work as long as something of it is left; work that costs more than
//! is left makes a debt, which the quanta of later rounds pay. Rounds in which every account would only pay are not walked
//! through: an account stands in the queue at the round in which it has something left again, so that a turn is found in
//! logarithmic time however long the debts are.

use std::collections::BTreeMap;

/// What an account gets in each round, in microseconds: some short sessions.
const QUANTUM: i64 = 1_000;

/// The longest debt: a burst of long sessions, begun before it was known how long they are, is not held against their owner
/// for longer than so much work of each other one.
const MAX_DEBT: i64 = 60_000_000;

/// Those who have something to begin, in the order of their turns.
#[derive(Debug)]
pub(super) struct Turns<K> {
    round: u64,
    /// Gives those of one round the order in which they came to it.
    arrivals: u64,
    queue: BTreeMap<Place, K>,
}

/// A round and the arrival in it.
type Place = (u64, u64);

/// What one of those who take turns has used of its share.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    /// What is left in `round`, in microseconds.
    left: i64,
    round: u64,
    place: Option<Place>,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        // A new account's round, 0, is over, so that it begins with a quantum.
        Self { round: 1, arrivals: 0, queue: BTreeMap::new() }
    }
}

impl<K: Clone> Turns<K> {
    /// Whether nobody has anything to begin.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whose turn it is. Rounds in which nobody has anything left are over with that.
    pub(super) fn first(&mut self) -> Option<K> {
        let (place, key) = self.queue.first_key_value()?;
        self.round = self.round.max(place.0);
        Some(key.clone())
    }

    /// Puts `key` among those who have something to begin, unless it is there. What it has not used of earlier rounds is
    /// gone, its debt is not.
    pub(super) fn join(&mut self, account: &mut Account, key: &K) {
        if account.place.is_some() {
            return;
        }
        if account.round < self.round {
            *account = Account { left: QUANTUM, round: self.round, place: None };
        }
        self.enter(account, key.clone());
    }

    /// Takes it out again: it has nothing to begin, or may not.
    pub(super) fn leave(&mut self, account: &mut Account) {
        if let Some(place) = account.place.take() {
            self.queue.remove(&place);
        }
    }

    /// Books what work costs; a negative cost is given back.
    pub(super) fn charge(&mut self, account: &mut Account, cost: i64) {
        account.left = account.left.saturating_sub(cost).max(-MAX_DEBT);
        let rounds = if account.left <= 0 {
            // The first round in which something is left.
            account.left / -QUANTUM + 1
        } else {
            // As many rounds earlier as leave at most a quantum.
            -((account.left - 1) / QUANTUM)
        };
        if rounds == 0 {
            return;
        }
        account.left += rounds * QUANTUM;
        let latest = self.round.saturating_add(MAX_DEBT.unsigned_abs() / QUANTUM.unsigned_abs());
        account.round = account.round.saturating_add_signed(rounds).min(latest);
        if account.round < self.round {
            *account = Account { left: QUANTUM, round: self.round, place: account.place };
        }
        if let Some(key) = account.place.take().and_then(|place| self.queue.remove(&place)) {
            self.enter(account, key);
        }
    }

    /// Whether an account that has nothing to begin may be forgotten.
    pub(super) fn is_even(&self, account: &Account) -> bool {
        account.round <= self.round
    }

    fn enter(&mut self, account: &mut Account, key: K) {
        self.arrivals += 1;
        let place = (account.round, self.arrivals);
        account.place = Some(place);
        self.queue.insert(place, key);
    }
}

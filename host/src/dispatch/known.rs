//! A map of names that tenants choose, which does not grow for ever.

use std::collections::HashMap;
use std::sync::Arc;

/// So many names are known before any is forgotten.
const LEAST: usize = 64;

/// What is known by a name. Names of which nothing needs to be known are forgotten when their number has doubled, so that
/// looking through all of them costs little for each.
#[derive(Debug)]
pub(in crate::dispatch) struct Known<V> {
    names: HashMap<Arc<str>, V>,
    sweep_at: usize,
}

impl<V> Default for Known<V> {
    fn default() -> Self {
        Self { names: HashMap::new(), sweep_at: LEAST }
    }
}

impl<V: Default> Known<V> {
    /// The name as it is shared. One that is not known is, from now on; then those may go for which `is_idle` holds.
    pub(in crate::dispatch) fn name(&mut self, name: &str, is_idle: impl Fn(&V) -> bool) -> Arc<str> {
        if let Some((name, _)) = self.names.get_key_value(name) {
            return name.clone();
        }
        if self.names.len() >= self.sweep_at {
            self.names.retain(|_, value| !is_idle(value));
            self.sweep_at = LEAST.max(2 * self.names.len());
        }
        let name: Arc<str> = name.into();
        self.names.insert(name.clone(), V::default());
        name
    }

    /// What is known of it.
    pub(in crate::dispatch) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.names.get_mut(name)
    }

    /// All that is known.
    pub(in crate::dispatch) fn values(&self) -> impl Iterator<Item = &V> {
        self.names.values()
    }
}

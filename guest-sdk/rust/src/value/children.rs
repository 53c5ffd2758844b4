//! The values below a value that have been reached by key. Knows nothing of events.

use std::cell::OnceCell;

use super::Value;

/// A trie over the keys' hashes that only grows, so that what it lends stays where it is: a handler holds
/// `&data["a"]` while it asks for `data["b"]`. Reaching a child takes a few steps however many there are.
#[derive(Default)]
pub(super) struct Children(OnceCell<Box<Child>>);

struct Child {
    key: String,
    value: Value,
    /// Each has the keys whose hash goes on with its index.
    below: [Children; 4],
}

impl Children {
    /// The child at `key`, which `make` gives when it is reached for the first time.
    pub(super) fn get_or_insert(&self, key: &str, make: impl FnOnce() -> Value) -> &Value {
        let mut hash = hash(key);
        let mut children = self;
        while let Some(child) = children.0.get() {
            if child.key == key {
                return &child.value;
            }
            let [zero, one, two, three] = &child.below;
            children = match hash & 3 {
                0 => zero,
                1 => one,
                2 => two,
                _ => three,
            };
            hash >>= 2;
        }
        let child = || Box::new(Child { key: key.to_owned(), value: make(), below: Default::default() });
        &children.0.get_or_init(child).value
    }
}

/// Without recursion: a sender may choose keys whose hashes are equal, and a handler's stack is small.
impl Drop for Children {
    fn drop(&mut self) {
        let mut rest: Vec<Box<Child>> = self.0.take().into_iter().collect();
        while let Some(mut child) = rest.pop() {
            rest.extend(child.below.iter_mut().filter_map(|children| children.0.take()));
        }
    }
}

/// FNV-1a, whose low bits are spread over by its high ones.
fn hash(key: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests;

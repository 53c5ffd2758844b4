use std::thread;

use super::{Child, Children, hash};
use crate::Value;

#[test]
fn what_is_lent_stays_while_more_is_reached() {
    let children = Children::default();
    let first = children.get_or_insert("0", || Value::from(0));
    for key in 1..10_000 {
        assert_eq!(*children.get_or_insert(&key.to_string(), || Value::from(key)), key);
    }
    for key in 0..10_000 {
        assert_eq!(*children.get_or_insert(&key.to_string(), || panic!("{key} is there already")), key);
    }
    assert_eq!(*first, 0);
}

fn depth(children: &Children) -> usize {
    children.0.get().map_or(0, |child| 1 + child.below.iter().map(depth).max().unwrap_or(0))
}

#[test]
fn many_children_are_a_few_steps_away() {
    let (indices, words) = (Children::default(), Children::default());
    for index in 0..10_000 {
        indices.get_or_insert(&index.to_string(), || Value::from(()));
        words.get_or_insert(&format!("a/word~{index:x}"), || Value::from(()));
    }
    assert!(depth(&indices) <= 24 && depth(&words) <= 24, "{} {}", depth(&indices), depth(&words));
}

/// Keys with one hash, as a sender could find them, hang below each other.
#[test]
fn a_long_chain_is_dropped_on_a_small_stack() {
    let small = thread::Builder::new().stack_size(64 << 10);
    let dropped = small.spawn(|| {
        let mut chain = Children::default();
        for _ in 0..100_000 {
            let child = Child {
                key: "same".to_owned(),
                value: Value::from(()),
                below: [chain, Children::default(), Children::default(), Children::default()],
            };
            chain = Children(Box::new(child).into());
        }
        drop(chain);
    });
    dropped.unwrap().join().unwrap();
}

#[test]
fn one_key_has_one_hash() {
    assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c ^ 0xaf63_dc4c, "FNV-1a of `a`, its halves folded");
}

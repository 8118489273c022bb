//! The bodies, for the fuzzer's targets.

// They are shared with tests that have no public interface.
#![allow(unreachable_pub, dead_code)]

#[path = "../bodies/mod.rs"]
mod bodies;
#[path = "../world/mod.rs"]
mod world;

pub use bodies::{ALL, Body};

/// The body of this name.
pub const fn body(name: &str) -> Body {
    let mut at = 0;
    while at < ALL.len() {
        if same(ALL[at].0.as_bytes(), name.as_bytes()) {
            return ALL[at].1;
        }
        at += 1;
    }
    panic!("there is no such body");
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

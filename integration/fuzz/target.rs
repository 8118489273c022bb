//! One target of the fuzzer: the body of its own name.
#![no_main]

use chatroom_fuzz::{Body, body};

const BODY: Body = body(env!("CARGO_BIN_NAME"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| BODY(bytes));

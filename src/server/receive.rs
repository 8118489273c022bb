//! The receive thread: from the socket to the router, and nothing else, since the socket's own buffer is small.

use super::Shared;
use super::queue::ClosesWithMe;
use crate::limits;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) fn run(shared: &Shared) {
    // A room that hears nothing is over.
    let _closes = ClosesWithMe(&shared.queue);
    if let Err(error) = shared.socket.set_read_timeout(Some(limits::RECEIVE_POLL)) {
        log::warn!("cannot set a timeout on the socket: {error}");
    }
    let mut buffer = vec![0; limits::RECEIVE_BUFFER];
    let mut failures = 0u64;
    while !shared.has_ended() {
        match shared.socket.recv_from(&mut buffer) {
            Ok((size, from)) => {
                if !shared.queue.put(from, &buffer[..size]) {
                    // As if the network had lost it.
                    shared.overrun.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(error) if is_passing(error.kind()) => (),
            Err(error) => {
                failures += 1;
                if limits::is_told(failures) {
                    log::error!("cannot receive ({failures} times): {error}");
                }
                // Not a busy loop, whatever is wrong with the socket.
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// Errors that mean no more than that nothing came, or that a datagram of ours was not wanted somewhere.
pub(super) fn is_passing(kind: ErrorKind) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, TimedOut, WouldBlock};
    matches!(
        kind,
        ConnectionRefused | ConnectionReset | Interrupted | TimedOut | WouldBlock
    )
}

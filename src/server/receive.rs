//! The receive thread: from the socket to the router, and nothing else, since the socket's own buffer is small.
//!
//! While the router is at something else, this thread rests between datagrams, and so is woken for several at a time; in a
//! quiet room it does so before it wakes the router for signs of life.

use super::Shared;
use super::queue::{ClosesWithMe, Put};
use crate::{limits, wire};
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn run(shared: &Shared) {
    // A room that hears nothing is over.
    let _closes = ClosesWithMe(&shared.queue);
    if let Err(error) = shared.socket.set_read_timeout(Some(limits::RECEIVE_POLL)) {
        log::warn!("cannot set a timeout on the socket: {error}");
    }
    let mut buffer = vec![0; limits::RECEIVE_BUFFER];
    let mut failures = 0u64;
    let mut called_at = Instant::now();
    while !shared.has_ended() {
        let received = shared.socket.recv_from(&mut buffer);
        let waited = called_at.elapsed() >= limits::RECEIVE_WAITED;
        match received {
            Ok((size, from)) => {
                let bytes = &buffer[..size];
                if waited && shared.quiet.load(Ordering::Relaxed) && wire::is_sign_of_life(bytes) {
                    shared.queue.rest(Instant::now() + limits::QUIET_REST);
                }
                match shared.queue.put(from, bytes) {
                    Put::Waits if waited => thread::sleep(limits::RECEIVE_REST),
                    Put::Handed | Put::Waits => (),
                    // As if the network had lost it.
                    Put::Dropped => drop(shared.overrun.fetch_add(1, Ordering::Relaxed)),
                }
            }
            Err(error) if is_passing(error.kind()) => (),
            Err(error) => {
                failures += 1;
                if limits::is_told(failures) {
                    log::error!("cannot receive ({failures} times): {error}");
                }
                // Not a busy loop, whatever is wrong with the socket.
                thread::sleep(Duration::from_millis(10));
            }
        }
        called_at = Instant::now();
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

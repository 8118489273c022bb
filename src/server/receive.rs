//! The receive thread: from the socket to the router, and nothing else, since the socket's own buffer is small.

use super::{Datagram, Shared};
use crate::limits;
use crate::wire;
use crossbeam_channel::{Sender, TrySendError};
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) fn run(shared: &Shared, datagrams: &Sender<Datagram>) {
    if let Err(error) = shared.socket.set_read_timeout(Some(limits::RECEIVE_POLL)) {
        log::warn!("cannot set a timeout on the socket: {error}");
    }
    let mut buffer = vec![0; limits::RECEIVE_BUFFER];
    let mut failures = 0u64;
    while !shared.has_ended() {
        match shared.socket.recv_from(&mut buffer) {
            // As if the network had lost it.
            Ok((size, _)) if !has_place(&buffer[..size], datagrams.len()) => {
                shared.overrun.fetch_add(1, Ordering::Relaxed);
            }
            Ok((size, from)) => {
                let datagram = Datagram {
                    from,
                    bytes: buffer[..size].into(),
                };
                match datagrams.try_send(datagram) {
                    Ok(()) => (),
                    Err(TrySendError::Full(_)) => {
                        shared.overrun.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(TrySendError::Disconnected(_)) => return,
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

/// Whether a datagram is handed on while so many wait already.
fn has_place(bytes: &[u8], waiting: usize) -> bool {
    if bytes.len() > limits::DATAGRAM {
        !wire::is_ours(bytes) && waiting < limits::RECEIVE_QUEUE_LONG
    } else {
        waiting < limits::RECEIVE_QUEUE_STRANGERS || !wire::is_open(bytes)
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

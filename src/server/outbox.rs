//! What the router sends, on its way to the socket.
//!
//! With the feature `gso` it is handed to the kernel together: one datagram each for many members (`sendmmsg(2)`), and what
//! goes to one member as one, which the kernel cuts into datagrams again (generic segmentation offload, `UDP_SEGMENT` in
//! udp(7)).

#[cfg(all(feature = "gso", target_os = "linux"))]
mod batch;

use crate::limits;
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// Whether full datagrams are to have one size.
pub(super) const EVEN: bool = cfg!(all(feature = "gso", target_os = "linux"));

/// See the module.
#[derive(Default)]
pub(super) struct Outbox {
    failures: Failures,
    #[cfg(all(feature = "gso", target_os = "linux"))]
    batch: batch::Batch,
}

impl Outbox {
    /// Sends a datagram, now or together with those that follow.
    pub(super) fn send(&mut self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8]) {
        #[cfg(all(feature = "gso", target_os = "linux"))]
        while !self.batch.put(to, bytes) {
            self.flush(socket);
        }
        #[cfg(not(all(feature = "gso", target_os = "linux")))]
        self.failures.note(to, socket.send_to(bytes, to).map(drop));
    }

    /// Sends what still waits for more.
    pub(super) fn flush(&mut self, socket: &UdpSocket) {
        #[cfg(all(feature = "gso", target_os = "linux"))]
        self.batch
            .depart(socket, |to, sent| self.failures.note(to, sent));
        #[cfg(not(all(feature = "gso", target_os = "linux")))]
        let _ = socket;
    }
}

/// How often the kernel took nothing.
#[derive(Default)]
struct Failures(u64);

impl Failures {
    /// Not sent is lost, and what is lost is sent again.
    fn note(&mut self, to: SocketAddr, sent: io::Result<()>) {
        if let Err(error) = sent {
            self.0 += 1;
            if limits::is_told(self.0) {
                log::warn!("cannot send to {to} ({} times): {error}", self.0);
            }
        }
    }
}

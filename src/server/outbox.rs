//! What the router sends, on its way to the socket.
//!
//! With the feature `gso` what goes to one member at a time is handed to the kernel together, which cuts it into datagrams
//! again (generic segmentation offload, `UDP_SEGMENT` in udp(7)). All but the last of them have the same size.

#[cfg(all(feature = "gso", target_os = "linux"))]
mod train;

use crate::limits;
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// Whether full datagrams are to have one size.
pub(super) const EVEN: bool = cfg!(all(feature = "gso", target_os = "linux"));

/// See the module.
#[derive(Default)]
pub(super) struct Outbox {
    /// Times that the kernel took nothing.
    unsent: u64,
    #[cfg(all(feature = "gso", target_os = "linux"))]
    train: train::Train,
}

impl Outbox {
    /// Sends a datagram, now or together with those that follow.
    pub(super) fn send(&mut self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8]) {
        #[cfg(all(feature = "gso", target_os = "linux"))]
        if self.train.takes_on() {
            if !self.train.has_place(to, bytes.len()) {
                self.flush(socket);
            }
            return self.train.put(to, bytes);
        }
        let sent = socket.send_to(bytes, to);
        self.note(to, sent.map(drop));
    }

    /// Sends what still waits for more.
    pub(super) fn flush(&mut self, socket: &UdpSocket) {
        #[cfg(all(feature = "gso", target_os = "linux"))]
        if let Some((to, sent)) = self.train.depart(socket) {
            self.note(to, sent);
        }
        #[cfg(not(all(feature = "gso", target_os = "linux")))]
        let _ = socket;
    }

    /// Not sent is lost, and what is lost is sent again.
    fn note(&mut self, to: SocketAddr, sent: io::Result<()>) {
        if let Err(error) = sent {
            self.unsent += 1;
            if limits::is_told(self.unsent) {
                log::warn!("cannot send to {to} ({} times): {error}", self.unsent);
            }
        }
    }
}

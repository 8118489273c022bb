//! Datagrams to one member that leave together.
//!
//! What always holds here: they go to one address; all but the last have the size of the first; they are no more, and have
//! no more bytes, than the kernel takes at once. Where it takes none together, each goes alone, then and from there on.

use crate::limits;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};
use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

/// See the module.
#[derive(Default)]
pub(super) struct Train {
    to: Option<SocketAddr>,
    bytes: Vec<u8>,
    /// Of all but the last, which may be smaller.
    size: usize,
    count: usize,
    /// The last one has come: it was smaller than the others.
    complete: bool,
    /// The kernel does not do it.
    refused: bool,
}

impl Train {
    /// Whether datagrams are to be sent together at all.
    pub(super) fn takes_on(&self) -> bool {
        !self.refused
    }

    /// Whether a datagram of this size to this address may go along.
    pub(super) fn has_place(&self, to: SocketAddr, size: usize) -> bool {
        self.to.is_none()
            || self.to == Some(to)
                && !self.complete
                && size <= self.size
                && self.count < limits::TRAIN
                && self.bytes.len() + size <= limits::TRAIN_BYTES
    }

    /// Adds a datagram that has a place.
    pub(super) fn put(&mut self, to: SocketAddr, bytes: &[u8]) {
        if self.to.replace(to).is_none() {
            self.size = bytes.len();
        }
        self.complete = bytes.len() < self.size;
        self.count += 1;
        self.bytes.extend_from_slice(bytes);
    }

    /// Sends what has been put; gives to whom, and what became of it, if there was anything.
    pub(super) fn depart(&mut self, socket: &UdpSocket) -> Option<(SocketAddr, io::Result<()>)> {
        let to = self.to.take()?;
        let mut sent = if self.count > 1 {
            self.send_together(socket, to)
        } else {
            socket.send_to(&self.bytes, to).map(drop)
        };
        if let Err(error) = &sent
            && self.count > 1
            && is_refusal(error)
        {
            let alone = { self.bytes.chunks(self.size) }
                .try_for_each(|bytes| socket.send_to(bytes, to).map(drop));
            // What goes neither way is the fault of the address, which a stranger may have made up.
            self.refused = alone.is_ok();
            if self.refused {
                log::info!("datagrams are sent one by one: {error}");
            }
            sent = alone;
        }
        self.bytes.clear();
        self.count = 0;
        self.complete = false;
        Some((to, sent))
    }

    fn send_together(&self, socket: &UdpSocket, to: SocketAddr) -> io::Result<()> {
        let size = u16::try_from(self.size).map_err(io::Error::other)?;
        let parts = [IoSlice::new(&self.bytes)];
        let together = [ControlMessage::UdpGsoSegments(&size)];
        let to = SockaddrStorage::from(to);
        sendmsg(
            socket.as_raw_fd(),
            &parts,
            &together,
            MsgFlags::empty(),
            Some(&to),
        )?;
        Ok(())
    }
}

/// The kernel or the network device does not do it, or the path is too narrow for it.
fn is_refusal(error: &io::Error) -> bool {
    let refusals = [
        Errno::EINVAL,
        Errno::EIO,
        Errno::EMSGSIZE,
        Errno::EOPNOTSUPP,
        Errno::ENOPROTOOPT,
    ];
    error
        .raw_os_error()
        .is_some_and(|code| refusals.contains(&Errno::from_raw(code)))
}

#[cfg(test)]
mod tests {
    use super::super::Outbox;
    use super::*;
    use std::time::Duration;

    fn socket() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn takes(socket: &UdpSocket) -> Vec<u8> {
        let mut buffer = [0; 2000];
        let size = socket.recv(&mut buffer).unwrap();
        buffer[..size].to_vec()
    }

    #[test]
    fn what_was_put_in_comes_out_as_the_same_datagrams() {
        let ((from, _), (one, first), (two, second)) = (socket(), socket(), socket());
        let mut outbox = Outbox::default();
        let sizes = [300, 300, 299, 300, 1200, 1200, 7, 7, 8];
        for (number, size) in sizes.into_iter().enumerate() {
            outbox.send(&from, first, &vec![number as u8; size]);
        }
        outbox.send(&from, second, &[100; 8]);
        outbox.send(&from, first, &[101; 8]);
        outbox.flush(&from);
        outbox.flush(&from);
        for (number, size) in sizes.into_iter().enumerate() {
            assert_eq!(takes(&one), vec![number as u8; size]);
        }
        assert_eq!((takes(&one), takes(&two)), (vec![101; 8], vec![100; 8]));
        assert!(outbox.train.takes_on(), "this kernel sends them together");
    }

    #[test]
    fn a_train_is_no_longer_than_the_kernel_takes() {
        let ((from, _), (to, address)) = (socket(), socket());
        let mut outbox = Outbox::default();
        for (size, count) in [(1, 2 * limits::TRAIN), (limits::DATAGRAM, 60)] {
            for number in 0..count {
                outbox.send(&from, address, &vec![number as u8; size]);
                assert!(outbox.train.count <= limits::TRAIN);
                assert!(outbox.train.bytes.len() <= limits::TRAIN_BYTES);
            }
            outbox.flush(&from);
            for number in 0..count {
                assert_eq!(takes(&to), vec![number as u8; size]);
            }
        }
        assert!(outbox.train.takes_on());
    }

    #[test]
    fn what_the_kernel_does_not_take_together_goes_one_by_one() {
        let ((from, _), (to, address)) = (socket(), socket());
        let mut train = Train::default();
        // More than any kernel takes.
        for number in 0..200 {
            train.put(address, &[number]);
        }
        assert!(train.depart(&from).is_some_and(|(_, sent)| sent.is_ok()));
        assert!(!train.takes_on());
        for number in 0..200 {
            assert_eq!(takes(&to), [number]);
        }
        assert!(train.depart(&from).is_none());
    }

    #[test]
    fn an_address_that_cannot_be_sent_to_does_not_change_how_others_are() {
        let (from, mut nowhere) = socket();
        nowhere.set_port(0);
        let mut train = Train::default();
        for number in 0..2 {
            train.put(nowhere, &[number]);
        }
        assert!(train.depart(&from).is_some_and(|(_, sent)| sent.is_err()));
        assert!(train.takes_on());
    }
}

//! Datagrams that leave together: to many members by one system call (`sendmmsg`), and those to one member that follow each
//! other as one datagram, which the kernel cuts into them again (`UDP_SEGMENT`).
//!
//! What always holds here: of a train, all but the last have the size of the first; neither a train nor the batch has more
//! datagrams or bytes than the kernel takes at once. Where it does not cut a size, such datagrams go on their own, then and from
//! there on.

use crate::limits;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};
use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::os::fd::AsRawFd;

/// See the module.
pub(super) struct Batch {
    bytes: Vec<u8>,
    trains: Vec<Train>,
    /// The smallest size that the kernel did not cut: its reason may be a narrow path, which carries smaller ones.
    refused: usize,
}

/// Datagrams to one address, one behind the other.
struct Train {
    to: SocketAddr,
    bytes: Range<usize>,
    /// Of all but the last, which may be smaller.
    size: usize,
    count: usize,
}

impl Train {
    /// Whether a datagram of this size to this address may go along.
    fn takes(&self, to: SocketAddr, size: usize) -> bool {
        self.to == to
            && size <= self.size
            && self.count < limits::TRAIN
            && self.bytes.len() == self.count * self.size
    }
}

impl Default for Batch {
    fn default() -> Batch {
        Batch {
            bytes: Vec::new(),
            trains: Vec::new(),
            refused: usize::MAX,
        }
    }
}

impl Batch {
    /// Adds a datagram; false if what is there has to depart first.
    pub(super) fn put(&mut self, to: SocketAddr, bytes: &[u8]) -> bool {
        let (begin, end) = (self.bytes.len(), self.bytes.len() + bytes.len());
        if end > limits::TRAIN_BYTES && begin > 0 {
            return false;
        }
        let full = self.trains.len() == limits::TRAIN;
        match self.trains.last_mut() {
            Some(last) if last.size < self.refused && last.takes(to, bytes.len()) => {
                last.count += 1;
                last.bytes.end = end;
            }
            _ if full => return false,
            _ => self.trains.push(Train {
                to,
                bytes: begin..end,
                size: bytes.len(),
                count: 1,
            }),
        }
        self.bytes.extend_from_slice(bytes);
        true
    }

    /// Sends what was put in, and tells what became of it.
    pub(super) fn depart(
        &mut self,
        socket: &UdpSocket,
        mut note: impl FnMut(SocketAddr, io::Result<()>),
    ) {
        let trains = std::mem::take(&mut self.trains);
        for group in trains.chunk_by(|one, next| one.count == 1 && next.count == 1) {
            match group {
                [train] if train.count == 1 => {
                    let sent = socket.send_to(&self.bytes[train.bytes.clone()], train.to);
                    note(train.to, sent.map(drop));
                }
                [train] => note(train.to, self.send_train(socket, train)),
                singles => send_singles(socket, &self.bytes, singles, &mut note),
            }
        }
        self.trains = trains;
        self.trains.clear();
        self.bytes.clear();
    }

    fn send_train(&mut self, socket: &UdpSocket, train: &Train) -> io::Result<()> {
        let bytes = &self.bytes[train.bytes.clone()];
        let sent = send_to_be_cut(socket, train, bytes);
        if !sent.as_ref().is_err_and(is_refusal) {
            return sent;
        }
        let alone = { bytes.chunks(train.size) }
            .try_for_each(|bytes| socket.send_to(bytes, train.to).map(drop));
        // What goes neither way is the fault of the address, which a stranger may have made up.
        if let (Err(error), Ok(())) = (&sent, &alone) {
            self.refused = self.refused.min(train.size);
            log::info!(
                "datagrams of {} bytes are not sent as one: {error}",
                train.size
            );
        }
        alone
    }
}

fn send_to_be_cut(socket: &UdpSocket, train: &Train, bytes: &[u8]) -> io::Result<()> {
    let size = u16::try_from(train.size).map_err(io::Error::other)?;
    let parts = [IoSlice::new(bytes)];
    let cut = [ControlMessage::UdpGsoSegments(&size)];
    let to = SockaddrStorage::from(train.to);
    sendmsg(
        socket.as_raw_fd(),
        &parts,
        &cut,
        MsgFlags::empty(),
        Some(&to),
    )?;
    Ok(())
}

/// Trains of one datagram each.
fn send_singles(
    socket: &UdpSocket,
    bytes: &[u8],
    singles: &[Train],
    mut note: impl FnMut(SocketAddr, io::Result<()>),
) {
    let addresses: Vec<SocketAddrAny> = singles.iter().map(|single| single.to.into()).collect();
    let parts = { singles.iter() }.map(|single| [IoSlice::new(&bytes[single.bytes.clone()])]);
    let parts: Vec<_> = parts.collect();
    let mut nothing: Vec<_> = { singles.iter() }
        .map(|_| SendAncillaryBuffer::default())
        .collect();
    let mut messages: Vec<MMsgHdr<'_>> = { addresses.iter().zip(&parts).zip(&mut nothing) }
        .map(|((to, parts), nothing)| MMsgHdr::new_with_addr(to, parts, nothing))
        .collect();
    let mut done = 0;
    while done < singles.len() {
        match sendmmsg(socket, &mut messages[done..], SendFlags::empty()) {
            Ok(sent) => done += sent,
            // It is the first of them that was not sent.
            Err(error) => {
                note(singles[done].to, Err(error.into()));
                done += 1;
            }
        }
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

    /// Puts them in and sends them; how many could not be sent.
    fn send(batch: &mut Batch, from: &UdpSocket, datagrams: &[(SocketAddr, Vec<u8>)]) -> usize {
        for (to, bytes) in datagrams {
            assert!(batch.put(*to, bytes), "all of them leave together");
        }
        let mut unsent = 0;
        batch.depart(from, |_, sent| unsent += usize::from(sent.is_err()));
        unsent
    }

    #[test]
    fn what_was_put_in_comes_out_as_the_same_datagrams() {
        let ((from, _), (one, first), (two, second)) = (socket(), socket(), socket());
        let mut outbox = Outbox::default();
        let sizes = [300, 300, 299, 300, 1200, 1200, 7, 7, 8];
        for (number, size) in sizes.into_iter().enumerate() {
            outbox.send(&from, first, &vec![number as u8; size]);
        }
        for number in 100..105 {
            outbox.send(&from, second, &[number; 8]);
            outbox.send(&from, first, &[number; 9]);
        }
        outbox.flush(&from);
        outbox.flush(&from);
        for (number, size) in sizes.into_iter().enumerate() {
            assert_eq!(takes(&one), vec![number as u8; size]);
        }
        for number in 100..105 {
            assert_eq!(
                (takes(&one), takes(&two)),
                (vec![number; 9], vec![number; 8])
            );
        }
        assert_eq!(outbox.failures.0, 0);
        assert_eq!(outbox.batch.refused, usize::MAX, "this kernel cuts trains");
    }

    #[test]
    fn a_batch_is_no_more_than_the_kernel_takes() {
        let ((from, _), (one, first), (two, second)) = (socket(), socket(), socket());
        let mut outbox = Outbox::default();
        for (size, count) in [(1, 2 * limits::TRAIN), (limits::DATAGRAM, 60)] {
            for turns in [1, 2] {
                for number in 0..count {
                    let to = [first, second][number % turns];
                    outbox.send(&from, to, &vec![number as u8; size]);
                    let Batch { bytes, trains, .. } = &outbox.batch;
                    assert!(trains.len() <= limits::TRAIN);
                    assert!(trains.iter().all(|train| train.count <= limits::TRAIN));
                    assert!(bytes.len() <= limits::TRAIN_BYTES);
                }
                outbox.flush(&from);
                for number in 0..count {
                    let to = [&one, &two][number % turns];
                    assert_eq!(takes(to), vec![number as u8; size]);
                }
            }
        }
        assert_eq!(outbox.failures.0, 0);
        assert_eq!(outbox.batch.refused, usize::MAX);
    }

    #[test]
    fn what_the_kernel_does_not_cut_goes_one_by_one() {
        let ((from, _), (to, address)) = (socket(), socket());
        let mut batch = Batch::default();
        let two = [(address, vec![1]), (address, vec![2])];
        assert_eq!(send(&mut batch, &from, &two), 0);
        assert_eq!(batch.refused, usize::MAX);
        assert_eq!((takes(&to), takes(&to)), (vec![1], vec![2]));
        // More than any kernel cuts.
        batch.bytes.extend((0..200).flat_map(|number| [number; 2]));
        batch.trains.push(Train {
            to: address,
            bytes: 0..400,
            size: 2,
            count: 200,
        });
        assert_eq!(send(&mut batch, &from, &[]), 0);
        for number in 0..200 {
            assert_eq!(takes(&to), [number; 2]);
        }
        // Neither that size nor a larger one, but smaller ones as before.
        for (size, trains) in [(1, 1), (2, 2), (3, 2)] {
            for number in [1, 2] {
                assert!(batch.put(address, &vec![number; size]));
            }
            assert_eq!(batch.trains.len(), trains, "{size} bytes");
            assert_eq!(send(&mut batch, &from, &[]), 0);
            assert_eq!((takes(&to), takes(&to)), (vec![1; size], vec![2; size]));
        }
    }

    #[test]
    fn an_address_that_cannot_be_sent_to_changes_nothing_for_others() {
        let ((from, mut nowhere), (to, address)) = (socket(), socket());
        nowhere.set_port(0);
        let mut batch = Batch::default();
        let datagrams = |order: [SocketAddr; 5]| {
            let numbered = order.into_iter().zip(0u8..);
            numbered
                .map(|(to, number)| (to, vec![number]))
                .collect::<Vec<_>>()
        };
        let apart = datagrams([nowhere, address, nowhere, address, nowhere]);
        assert_eq!(send(&mut batch, &from, &apart), 3);
        assert_eq!((takes(&to), takes(&to)), (vec![1], vec![3]));
        let together = datagrams([nowhere, nowhere, address, address, nowhere]);
        assert_eq!(
            send(&mut batch, &from, &together),
            2,
            "a train and a datagram"
        );
        assert_eq!((takes(&to), takes(&to)), (vec![2], vec![3]));
        assert_eq!(batch.refused, usize::MAX);
    }
}

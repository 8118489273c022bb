//! Being found on the network. The room's own socket hears the multicast groups, and broadcasts to its port; in a build
//! with the feature `terminal` a second socket listens at the port that the servers of a machine share.
//!
//! The second socket takes nothing but a Seek, which goes to the router like any datagram and is answered from the
//! room's address.

use crate::limits;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// Lets a socket hear what is sent to the groups of rooms; a machine without a network does without.
pub(super) fn join_groups(socket: &UdpSocket, own: SocketAddr) {
    if !own.ip().is_unspecified() {
        return;
    }
    let v4 = socket.join_multicast_v4(&limits::DISCOVERY_V4, &Ipv4Addr::UNSPECIFIED);
    if let Err(error) = v4 {
        log::debug!("cannot join {}: {error}", limits::DISCOVERY_V4);
    }
    if own.is_ipv6()
        && let Err(error) = socket.join_multicast_v6(&limits::DISCOVERY_V6, 0)
    {
        log::debug!("cannot join {}: {error}", limits::DISCOVERY_V6);
    }
}

/// What a room is called if its operator does not say: the machine's name.
pub(super) fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok());
    let name = name.map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "chatroom".into())
}

/// Whether a datagram from there may be for a room that is bound so.
#[cfg_attr(
    not(feature = "terminal"),
    expect(dead_code, reason = "for the second socket")
)]
fn reaches(own: SocketAddr, from: IpAddr) -> bool {
    !own.ip().is_loopback() || from.to_canonical().is_loopback()
}

#[cfg(feature = "terminal")]
pub(super) use shared_port::{listen, run};

#[cfg(feature = "terminal")]
mod shared_port {
    use super::super::Shared;
    use super::super::queue::Put;
    use super::super::receive::is_passing;
    use super::{join_groups, limits, reaches};
    use crate::wire::{self, Open};
    use socket2::{Domain, Protocol, Socket, Type};
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
    use std::sync::atomic::Ordering;

    /// The second socket; without it the room is found at its own port only.
    pub(in super::super) fn listen(own: SocketAddr) -> Option<UdpSocket> {
        match open(own) {
            Ok(socket) => Some(socket),
            Err(error) => {
                log::info!("cannot listen at port {}: {error}", limits::DISCOVERY_PORT);
                None
            }
        }
    }

    fn open(own: SocketAddr) -> std::io::Result<UdpSocket> {
        let any = if own.is_ipv4() {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, limits::DISCOVERY_PORT))
        } else {
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, limits::DISCOVERY_PORT))
        };
        let socket = Socket::new(Domain::for_address(any), Type::DGRAM, Some(Protocol::UDP))?;
        // Every socket at the port is given its own copy of what is sent to all.
        socket.set_reuse_address(true)?;
        #[cfg(all(unix, not(target_os = "linux")))]
        socket.set_reuse_port(true)?;
        socket.bind(&any.into())?;
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(limits::SOCKET_POLL))?;
        join_groups(&socket, any);
        Ok(socket)
    }

    /// The thread: hands each Seek to the router.
    pub(in super::super) fn run(shared: &Shared, own: SocketAddr, socket: &UdpSocket) {
        let mut buffer = [0; limits::SEEK + 1];
        while !shared.has_ended() {
            let (size, from) = match socket.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(error) if is_passing(error.kind()) => continue,
                Err(error) => {
                    log::warn!("cannot receive at port {}: {error}", limits::DISCOVERY_PORT);
                    return;
                }
            };
            let bytes = &buffer[..size];
            let seeks = matches!(wire::decode(bytes), Ok(wire::Datagram::Open(Open::Seek(_))));
            if !seeks || !reaches(own, from.ip()) {
                continue;
            }
            if shared.queue.put(from, bytes) == Put::Dropped {
                shared.overrun.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

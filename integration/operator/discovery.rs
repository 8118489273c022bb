//! Rooms that are looked for.

use super::{PATIENCE, server};
use chatroom::limits;
use chatroom::wire::{self, Datagram, Found, Hello, Open, Seek};
use std::net::{SocketAddr, UdpSocket};

const NONCE: u64 = 7;

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn send(socket: &UdpSocket, open: &Open<'_>, to: SocketAddr) {
    let mut bytes = Vec::new();
    wire::encode(open, &mut bytes);
    socket.send_to(&bytes, to).unwrap();
}

/// What comes next, whatever it is.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> (SocketAddr, usize) {
    let (size, from) = socket.recv_from(buffer).expect("an answer");
    (from, size)
}

#[test]
fn a_room_is_found_at_its_own_port() {
    let (_server, address) = server(&["--title", "教室", "--max-members", "30"]);
    let (socket, mut buffer) = (socket(), [0; 2000]);
    send(&socket, &Open::Seek(Seek { nonce: NONCE }), address);
    let (from, size) = receive(&socket, &mut buffer);
    let found = Found {
        nonce: NONCE,
        version: wire::VERSION,
        members: 0,
        capacity: 30,
        title: "教室",
    };
    let told = wire::decode(&buffer[..size]);
    assert_eq!(
        (from, told),
        (address, Ok(Datagram::Open(Open::Found(found))))
    );
    assert!(size <= limits::SEEK);
}

#[test]
fn a_room_that_is_not_to_be_found_says_nothing() {
    let (_server, address) = server(&["--no-discovery"]);
    let (socket, mut buffer) = (socket(), [0; 2000]);
    send(&socket, &Open::Seek(Seek { nonce: NONCE }), address);
    send(&socket, &Open::Hello(Hello { nonce: NONCE }), address);
    // The first answer is to the second question.
    let (_, size) = receive(&socket, &mut buffer);
    let told = wire::decode(&buffer[..size]);
    assert!(
        matches!(told, Ok(Datagram::Open(Open::Challenge(_)))),
        "{told:?}"
    );
}

#[cfg(feature = "terminal")]
mod terminal {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn all_rooms_of_a_machine_are_found_at_the_shared_port() {
        let titles = ["甲", "乙"].map(|name| format!("{name}{}", std::process::id()));
        let servers = titles.each_ref().map(|title| server(&["--title", title]));
        let socket = socket();
        socket.set_broadcast(true).unwrap();
        let all = ([127, 255, 255, 255], limits::DISCOVERY_PORT).into();
        send(&socket, &Open::Seek(Seek { nonce: NONCE }), all);
        let (mut found, mut buffer) = (BTreeMap::new(), [0; 2000]);
        // Other rooms of this machine may answer too.
        while found.len() < titles.len() {
            let (from, size) = receive(&socket, &mut buffer);
            if let Ok(Datagram::Open(Open::Found(Found { title, .. }))) =
                wire::decode(&buffer[..size])
                && titles.iter().any(|known| known == title)
            {
                found.insert(title.to_owned(), from);
            }
        }
        for (title, (_, address)) in titles.iter().zip(&servers) {
            assert_eq!(found[title], *address);
        }
    }
}

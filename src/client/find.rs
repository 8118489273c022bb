//! Looking for rooms, if no server is named: on this machine and on the local network.
//!
//! What always holds here: what answers is believed no more than that there may be a room; a title is made harmless
//! before anything else is done with it, at most [`limits::ROOMS_FOUND`] rooms are kept, and after
//! [`limits::SEARCH`] it is over. If nothing is found, the server is the default one, as if nobody had looked.

use super::{cli, fail};
use crate::cli::{ClientOptions, DEFAULT_PORT, Exit, Find};
use crate::limits;
use crate::lines::Lines;
use crate::text::{Lang, screen::harmless};
use crate::wire::{self, Datagram, Found, Hello, Open, Seek};
use std::io::BufRead;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Where to look, and for how long.
#[derive(Clone, Debug)]
pub struct Search {
    /// Addresses that are sent a Seek.
    pub places: Vec<SocketAddr>,
    /// Where a room is taken for one even if it does not say so.
    pub home: Option<SocketAddr>,
    /// A room at home ends the search: nobody is there to choose another.
    pub ends_at_home: bool,
}

/// A room that has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Where it is.
    pub address: SocketAddr,
    /// What it says of itself; nothing if it only answered a Hello.
    pub told: Option<Told>,
    /// It is on this machine.
    here: bool,
}

/// What a room says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The version of the protocol that it speaks.
    pub version: u8,
    /// Who is in it…
    pub members: u32,
    /// …and how many it takes.
    pub capacity: u32,
    /// What its operator calls it, made harmless.
    pub title: String,
}

/// The options with a server in them: the one that was named, found, or chosen, or else the default one.
pub(super) fn settle<R: BufRead>(
    options: &ClientOptions,
    asks: bool,
    lines: &mut Lines<R>,
) -> Result<ClientOptions, Exit> {
    let mut settled = options.clone();
    let Some(search) = Search::wanted(&options.find, !asks) else {
        return Ok(settled);
    };
    let (rooms, lang) = (rooms(&search, options.lang)?, options.lang);
    let room = match rooms.as_slice() {
        [] => {
            let server = &options.server;
            say(&lang.pick(
                format!("没有找到聊天室，尝试 {server}；也可写明服务器：chat-client HOST:PORT"),
                format!(
                    "found no room; trying {server}. A server can be named: chat-client HOST:PORT"
                ),
            ));
            return Ok(settled);
        }
        [room] => {
            let found = lang.pick("找到聊天室：", "found a room: ");
            say(&format!("{found}{}", room.line(lang)));
            room
        }
        several => choose(several, asks, lines, lang)?,
    };
    settled.server = room.address.to_string();
    Ok(settled)
}

/// The rooms that one could enter; of others it is said why not.
pub(super) fn rooms(search: &Search, lang: Lang) -> Result<Vec<Room>, Exit> {
    let nonce = super::seed(lang).map_err(|what| fail(Exit::Failure, &what))?;
    let (rooms, foreign): (Vec<Room>, Vec<Room>) =
        look(search, nonce).into_iter().partition(Room::is_ours);
    for room in foreign {
        let why = lang.pick(
            "协议版本不同，请换用相同版本",
            "it speaks another version of the protocol: use the same on both sides",
        );
        say(&lang.pick(
            format!("无法进入 {}：{why}", room.line(lang)),
            format!("cannot enter {}: {why}", room.line(lang)),
        ));
    }
    Ok(rooms)
}

/// One of several rooms: the person's choice, or, if nobody can be asked, none.
fn choose<'a, R: BufRead>(
    rooms: &'a [Room],
    asks: bool,
    lines: &mut Lines<R>,
    lang: Lang,
) -> Result<&'a Room, Exit> {
    let count = rooms.len();
    say(&lang.pick(
        format!("找到 {count} 个聊天室："),
        format!("found {count} rooms:"),
    ));
    for (index, room) in rooms.iter().enumerate() {
        cli::complain(&format!("  {}  {}", index + 1, room.line(lang)));
    }
    if let Some(room) = asks.then(|| ask(rooms, lines, lang)).flatten() {
        return Ok(room);
    }
    say(&lang.pick(
        format!("请写明其中一个：chat-client {}", rooms[0].address),
        format!("name one of them: chat-client {}", rooms[0].address),
    ));
    Err(Exit::Usage)
}

/// The person's choice; `None` at the end of input.
fn ask<'a, R: BufRead>(rooms: &'a [Room], lines: &mut Lines<R>, lang: Lang) -> Option<&'a Room> {
    let count = rooms.len();
    loop {
        say(&lang.pick(
            format!("请输入 1 到 {count} 的序号："),
            format!("which one? Type a number from 1 to {count}:"),
        ));
        let number = lines.next()?.text.trim().parse::<usize>().ok();
        if let Some(room) = number.and_then(|number| rooms.get(number.checked_sub(1)?)) {
            return Some(room);
        }
    }
}

fn say(what: &str) {
    cli::complain(&format!("chat-client: {what}"));
}

impl Search {
    /// What these options wish for; `None`: no search.
    pub(super) fn wanted(find: &Find, ends_at_home: bool) -> Option<Search> {
        let (places, home) = match find {
            Find::Off => return None,
            Find::At(places) => (places.clone(), None),
            Find::Around => (around(), Some((Ipv4Addr::LOCALHOST, DEFAULT_PORT).into())),
        };
        Some(Search {
            places,
            home,
            ends_at_home,
        })
    }
}

/// Everywhere: this machine, the network that broadcasts go to, the groups of rooms.
fn around() -> Vec<SocketAddr> {
    let ports = [DEFAULT_PORT, limits::DISCOVERY_PORT];
    // One host's address reaches only one of the servers at the shared port.
    let machine = [
        (Ipv4Addr::LOCALHOST, DEFAULT_PORT).into(),
        (Ipv4Addr::new(127, 255, 255, 255), limits::DISCOVERY_PORT).into(),
        (Ipv6Addr::LOCALHOST, DEFAULT_PORT).into(),
    ];
    let network = ports.into_iter().flat_map(|port| {
        [
            (Ipv4Addr::BROADCAST, port).into(),
            (limits::DISCOVERY_V4, port).into(),
            (limits::DISCOVERY_V6, port).into(),
        ]
    });
    machine.into_iter().chain(network).collect()
}

/// Every room that answers, once, those of this machine first. `nonce` is random: whoever cannot see the Seeks cannot
/// answer them.
pub fn look(search: &Search, nonce: u64) -> Vec<Room> {
    let v4 = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
    let v6 = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0));
    let mut looking = Looking {
        search,
        nonce,
        rooms: Vec::new(),
        at_home: false,
    };
    if let Ok(v4) = &v4 {
        // Without it there are still the groups, and this machine.
        if let Err(error) = v4.set_broadcast(true) {
            log::debug!("cannot broadcast: {error}");
        }
        looking.wait(v4, v6.as_ref().ok());
    }
    // What came meanwhile waits there.
    if let Ok(v6) = &v6
        && !looking.is_over()
        && v6.set_nonblocking(true).is_ok()
    {
        looking.drain(v6);
    }
    let mut rooms = looking.rooms;
    rooms.sort_by_key(|room| (Some(room.address) != search.home, !room.here, room.address));
    rooms
}

/// A search under way.
struct Looking<'a> {
    search: &'a Search,
    nonce: u64,
    rooms: Vec<Room>,
    at_home: bool,
}

impl Looking<'_> {
    /// Asks, and asks again, since what is sent to everyone is often lost.
    fn wait(&mut self, v4: &UdpSocket, v6: Option<&UdpSocket>) {
        let began = Instant::now();
        let mut ask_at = Duration::ZERO;
        let mut buffer = [0; limits::SEEK];
        while !self.is_over() {
            let now = began.elapsed();
            if now >= limits::SEARCH {
                return;
            }
            if now >= ask_at {
                ask_at += limits::SEARCH_REPEAT;
                self.ask(v4, v6);
            }
            let pause = ask_at.min(limits::SEARCH).saturating_sub(now);
            let pause = pause.max(Duration::from_millis(1));
            if v4.set_read_timeout(Some(pause)).is_err() {
                return;
            }
            // A time that is over is no answer, and neither is word of a closed port.
            if let Ok((size, from)) = v4.recv_from(&mut buffer) {
                self.handle(&buffer[..size], from);
            }
        }
    }

    fn drain(&mut self, socket: &UdpSocket) {
        let mut buffer = [0; limits::SEEK];
        for _ in 0..limits::ANSWERS_WAITING {
            match socket.recv_from(&mut buffer) {
                Ok((size, from)) => self.handle(&buffer[..size], from),
                Err(_) => return,
            }
        }
    }

    fn ask(&self, v4: &UdpSocket, v6: Option<&UdpSocket>) {
        let mut bytes = Vec::new();
        let send = |bytes: &[u8], to: SocketAddr| {
            let Some(socket) = (if to.is_ipv4() { Some(v4) } else { v6 }) else {
                return;
            };
            if let Err(error) = socket.send_to(bytes, to) {
                log::debug!("cannot look at {to}: {error}");
            }
        };
        wire::encode(&Open::Seek(Seek { nonce: self.nonce }), &mut bytes);
        for place in &self.search.places {
            send(&bytes, *place);
        }
        if let Some(home) = self.search.home {
            bytes.clear();
            wire::encode(&Open::Hello(Hello { nonce: self.nonce }), &mut bytes);
            send(&bytes, home);
        }
    }

    fn is_over(&self) -> bool {
        self.at_home && self.search.ends_at_home
    }

    fn handle(&mut self, bytes: &[u8], from: SocketAddr) {
        let home = self.search.home == Some(from);
        let told = match wire::decode(bytes) {
            Ok(Datagram::Open(Open::Found(found))) if found.nonce == self.nonce => {
                Some(Told::from(found))
            }
            Ok(Datagram::Open(Open::Challenge(challenge)))
                if home && challenge.nonce == self.nonce =>
            {
                None
            }
            _ => return,
        };
        let room = Room {
            address: from,
            told,
            here: is_here(from),
        };
        self.at_home |= home && room.is_ours();
        self.keep(room);
    }

    fn keep(&mut self, room: Room) {
        let Some(known) = self.rooms.iter_mut().find(|known| known.is(&room)) else {
            if self.rooms.len() < limits::ROOMS_FOUND {
                self.rooms.push(room);
            }
            return;
        };
        if room.rank() < known.rank() {
            known.address = room.address;
        }
        if known.told.is_none() {
            known.told = room.told;
        }
    }
}

impl Room {
    fn is_ours(&self) -> bool {
        let other = |told: &Told| told.version != wire::VERSION;
        !self.told.as_ref().is_some_and(other)
    }

    /// Whether both are the same room, as far as that can be told: a machine with several addresses answers from
    /// several.
    fn is(&self, other: &Room) -> bool {
        let alike = match (&self.told, &other.told) {
            (Some(told), Some(others)) => {
                (&told.title, told.capacity) == (&others.title, others.capacity)
            }
            _ => true,
        };
        let families = self.address.is_ipv4() != other.address.is_ipv4();
        let machine = (self.here && other.here) || (families && self.here == other.here);
        self.address == other.address
            || (self.address.port() == other.address.port() && alike && machine)
    }

    /// Which of a room's addresses to use: the lower the better.
    fn rank(&self) -> (bool, bool) {
        (!self.address.ip().is_loopback(), self.address.is_ipv6())
    }

    /// For a person.
    pub(super) fn line(&self, lang: Lang) -> String {
        let address = self.address;
        let Some(Told {
            members,
            capacity,
            title,
            ..
        }) = &self.told
        else {
            return address.to_string();
        };
        lang.pick(
            format!("“{title}” {address}（{members}/{capacity} 人）"),
            format!("“{title}” at {address} ({members} of {capacity} here)"),
        )
    }
}

impl From<Found<'_>> for Told {
    fn from(found: Found<'_>) -> Told {
        Told {
            version: found.version,
            members: found.members,
            capacity: found.capacity,
            title: harmless(found.title).into_owned(),
        }
    }
}

/// Whether an address is one of this machine: only those can be bound.
fn is_here(mut address: SocketAddr) -> bool {
    address.set_port(0);
    address.ip().is_loopback() || UdpSocket::bind(address).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(address: &str, told: Option<&str>, here: bool) -> Room {
        let told = told.map(|title| Told {
            version: wire::VERSION,
            members: 0,
            capacity: 9,
            title: title.into(),
        });
        Room {
            address: address.parse().unwrap(),
            told,
            here,
        }
    }

    #[test]
    fn a_room_is_chosen_by_its_number() {
        let rooms = ["127.0.0.1:1", "127.0.0.1:2"].map(|address| room(address, Some("教室"), true));
        let choose = |typed: &str, asks| {
            let mut lines = Lines::new(typed.as_bytes());
            choose(&rooms, asks, &mut lines, Lang::Zh).map(|room| room.address.port())
        };
        assert_eq!(choose("2\n", true), Ok(2));
        assert_eq!(
            choose("\n0\n3\n-1\n二\n99999999999999999999\n 1 \n", true),
            Ok(1)
        );
        assert_eq!(choose("3\n", true), Err(Exit::Usage));
        assert_eq!(choose("1\n", false), Err(Exit::Usage));
    }

    #[test]
    fn the_same_room_is_known_again() {
        let same = |one: &Room, other: &Room| one.is(other) && other.is(one);
        let local = room("127.0.0.1:8888", Some("教室"), true);
        let home = room("127.0.0.1:8888", None, true);
        let outer = room("192.168.1.5:8888", Some("教室"), true);
        assert!(same(&local, &outer) && same(&home, &outer) && same(&home, &local));
        assert!(local.rank() < outer.rank());
        let far = room("192.168.1.5:8888", Some("教室"), false);
        let far6 = room("[2001:db8::1]:8888", Some("教室"), false);
        assert!(same(&far, &far6) && far.rank() < far6.rank());
        for other in [
            room("192.168.1.6:8888", Some("教室"), false),
            room("192.168.1.5:8889", Some("教室"), false),
            room("[2001:db8::1]:8888", Some("别处"), false),
        ] {
            assert!(!same(&far, &other), "{other:?}");
        }
        assert!(!same(&home, &far));
    }
}

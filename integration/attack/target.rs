//! What is attacked: a room and two or more sessions in virtual time, on a network that loses nothing and on which
//! somebody may write down everything.

use chatroom::room::{Config, InMemory, Room, Stats, UserMap};
use chatroom::session::{Event, Session};
use chatroom::wire::{
    self, Datagram, Join, Kind, Open, PacketNumber, Stamps, Up, UpEncoder, Utterance, Welcome,
};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

pub const SERVER: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)),
    8888,
);

/// A datagram as it was on the wire.
#[derive(Clone, Debug)]
pub struct Packet {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

pub struct Person {
    pub session: Session,
    pub address: SocketAddr,
    pub events: Vec<Event>,
}

/// See the module.
pub struct Target {
    pub room: Room,
    pub users: UserMap,
    pub now: Duration,
    pub people: Vec<Person>,
    /// Everything that was on the wire.
    pub captured: Vec<Packet>,
    under_way: VecDeque<Packet>,
}

/// What no stranger's datagram may change.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    events: u64,
    members: Vec<(String, SocketAddr, u32)>,
    seen: Vec<(Option<u64>, usize, usize)>,
}

pub fn address(host: u8, port: u16) -> SocketAddr {
    ([10, 0, 1, host], port).into()
}

/// An address of 127.0.0.0/8 and a port, for each number another one.
pub fn stranger(number: u32) -> SocketAddr {
    let [_, b, c, d] = (number % 0xff_fffe + 1).to_be_bytes();
    ([127, b, c, d], 1024 + (number % 60_000) as u16).into()
}

impl Target {
    pub fn new(config: Config) -> Target {
        Target {
            room: Room::new(config, [3; 32], Box::<InMemory>::default()),
            users: UserMap::default(),
            now: Duration::from_secs(5),
            people: Vec::new(),
            captured: Vec::new(),
            under_way: VecDeque::new(),
        }
    }

    /// Two who are in and have talked.
    pub fn in_talk(config: Config) -> Target {
        let mut target = Target::new(config);
        target.enter("小明");
        target.enter("小红");
        target.says(0, "大家好");
        target.says(1, "你好，小明");
        target.people[0].session.handle_who(target.now);
        target.pass(Duration::from_secs(6));
        target
    }

    pub fn enter(&mut self, name: &str) -> usize {
        let at = self.people.len();
        let session = Session::new(self.now, name, 20, 77 + at as u64);
        self.people.push(Person {
            session,
            address: address(at as u8 + 1, 5000),
            events: Vec::new(),
        });
        self.pass(Duration::from_secs(1));
        assert!(
            self.people[at].session.seen_up_to().is_some(),
            "{name} is in"
        );
        at
    }

    pub fn says(&mut self, person: usize, text: &str) {
        self.people[person].session.handle_say(text);
        self.pass(Duration::from_millis(300));
    }

    /// Lets time pass, and everything arrive that is sent meanwhile.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.run();
            let sessions = self
                .people
                .iter()
                .filter_map(|person| person.session.poll_timeout());
            let next = sessions.chain(self.room.poll_timeout()).min();
            match next.filter(|at| *at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => break,
            }
            self.room.handle_timeout(&mut self.users, self.now);
            for person in &mut self.people {
                person.session.handle_timeout(self.now);
            }
        }
        self.now = end;
    }

    /// Delivers what there is to deliver at this time.
    fn run(&mut self) {
        loop {
            self.collect();
            let Some(packet) = self.under_way.pop_front() else {
                return;
            };
            self.captured.push(packet.clone());
            self.deliver(&packet);
        }
    }

    pub fn deliver(&mut self, packet: &Packet) {
        if packet.to == SERVER {
            let from = packet.from;
            self.room
                .handle_datagram(&mut self.users, self.now, from, &packet.bytes);
            self.room.handle_timeout(&mut self.users, self.now);
        } else if packet.from == SERVER {
            // A client's socket is connected: it takes what comes from the server's address.
            let person = self
                .people
                .iter_mut()
                .find(|person| person.address == packet.to);
            if let Some(person) = person {
                person.session.handle_datagram(self.now, &packet.bytes);
            }
        }
    }

    /// What everyone has to send goes on its way.
    fn collect(&mut self) {
        while let Some((to, bytes)) = self.room.poll_transmit(self.now) {
            let bytes = bytes.to_vec();
            self.under_way.push_back(Packet {
                from: SERVER,
                to,
                bytes,
            });
        }
        let mut bytes = Vec::new();
        for person in &mut self.people {
            while let Some(event) = person.session.poll_event() {
                person.events.push(event);
            }
            while person.session.poll_transmit(self.now, &mut bytes) {
                let (from, to, bytes) = (person.address, SERVER, bytes.clone());
                self.under_way.push_back(Packet { from, to, bytes });
            }
        }
    }

    /// A datagram for the server from somewhere: what the server sends because of it, to whomever.
    pub fn attack(&mut self, from: SocketAddr, bytes: &[u8]) -> Vec<(SocketAddr, Vec<u8>)> {
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
        self.room.handle_timeout(&mut self.users, self.now);
        let mut answers = Vec::new();
        while let Some((to, bytes)) = self.room.poll_transmit(self.now) {
            answers.push((to, bytes.to_vec()));
        }
        answers
    }

    /// The same, where the stranger may be answered with no more than it brought, and nobody else with anything.
    #[track_caller]
    pub fn attack_in_vain(&mut self, from: SocketAddr, bytes: &[u8]) {
        let answers = self.attack(from, bytes);
        let sent: usize = answers.iter().map(|(_, bytes)| bytes.len()).sum();
        let astray = answers.iter().any(|(to, _)| *to != from);
        assert!(
            answers.len() <= 1 && sent <= bytes.len() && !astray,
            "{} bytes are answered: {answers:02x?}",
            bytes.len()
        );
    }

    pub fn stats(&self) -> Stats {
        self.room.stats()
    }

    pub fn state(&self) -> State {
        State {
            events: self.stats().events,
            members: { self.users.iter() }
                .map(|user| (user.name.as_str().to_owned(), user.address, user.session.0))
                .collect(),
            seen: { self.people.iter() }
                .map(|person| {
                    let session = &person.session;
                    (
                        session.seen_up_to(),
                        session.undelivered(),
                        person.events.len(),
                    )
                })
                .collect(),
        }
    }

    /// After an attack: the state is as it was, and both still talk with each other.
    #[track_caller]
    pub fn is_unharmed(&mut self, before: &State) {
        self.run();
        assert_eq!(self.state(), *before);
        self.talks();
    }

    /// The first two say something, and the other one sees it, soon.
    #[track_caller]
    pub fn talks(&mut self) {
        for (speaker, listener) in [(0, 1), (1, 0)] {
            let before = self.people[listener].events.len();
            self.says(speaker, "还在吗");
            let new = &self.people[listener].events[before..];
            let said = new.iter().filter(|event| {
                matches!(event, Event::Happened { what: chatroom::session::Seen::Said(_, text), .. } if text == "还在吗")
            });
            assert_eq!(said.count(), 1, "{new:?}");
        }
    }

    /// What the server let this person in with.
    pub fn welcome(&self, person: usize) -> Welcome {
        let to = self.people[person].address;
        let mut welcomes =
            self.captured
                .iter()
                .rev()
                .filter_map(|packet| match wire::decode(&packet.bytes) {
                    Ok(Datagram::Open(Open::Welcome(welcome))) if packet.to == to => Some(welcome),
                    _ => None,
                });
        welcomes.next().expect("a Welcome")
    }

    /// Datagrams of this kind, the newest first.
    pub fn of_kind(&self, kind: Kind) -> Vec<Packet> {
        let of_kind = |packet: &&Packet| packet.bytes[2] == kind as u8;
        self.captured
            .iter()
            .rev()
            .filter(of_kind)
            .cloned()
            .collect()
    }
}

/// Someone with a session who speaks the datagrams by hand.
pub struct Insider {
    pub welcome: Welcome,
    pub packet: u64,
}

impl Insider {
    pub fn new(welcome: Welcome) -> Insider {
        // Beyond whatever the session's own client has used.
        Insider {
            welcome,
            packet: 1000,
        }
    }

    pub fn up(&mut self, acked: u64, gap_end: u64, first: u64, texts: &[&str]) -> Vec<u8> {
        self.packet += 1;
        let up = Up {
            answer: true,
            bye: false,
            acked,
            gap_end,
            stamps: Stamps::default(),
            first,
            utterances: vec![],
        };
        let (mut bytes, packet) = (Vec::new(), PacketNumber(self.packet));
        let mut encoder = UpEncoder::new(&mut bytes, self.welcome.session, packet, &up);
        for text in texts {
            assert!(encoder.push(Utterance::Say(text)));
        }
        encoder.finish(self.welcome.secret);
        bytes
    }
}

pub fn open(open: Open<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::encode(&open, &mut bytes);
    bytes
}

/// A Join of someone new.
pub fn join(nonce: u64, cookie: u64, name: &str) -> Vec<u8> {
    let (history, resume) = (0, None);
    open(Open::Join(Join {
        nonce,
        cookie,
        history,
        resume,
        name,
    }))
}

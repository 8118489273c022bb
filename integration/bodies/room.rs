//! A room that is handed datagrams of anyone, also of members who know their secret and do what they like with it.

use super::{Choices, seal};
use chatroom::limits;
use chatroom::room::{Ban, Classic, Config, InMemory, Room, UserMap, Whom};
use chatroom::seal::{Key, OPEN};
use chatroom::text::Name;
use chatroom::wire::{self, Datagram, Hello, Join, MAGIC, Open, SessionId, VERSION};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Steps of one input.
const STEPS: usize = 100;
/// Addresses; members come from the first ones.
const ADDRESSES: usize = 8;

struct Insider {
    session: SessionId,
    secret: Key,
    packet: u64,
}

struct Stage {
    room: Room,
    users: UserMap,
    now: Duration,
    /// Bytes from each address less those to it.
    credit: BTreeMap<SocketAddr, i64>,
    insiders: Vec<Insider>,
}

fn address(at: usize) -> SocketAddr {
    let network = if at.is_multiple_of(2) { 10 } else { 127 };
    ([network, 0, 0, 1 + at as u8], 1000).into()
}

/// The room, the address and the time of each datagram are as the input says.
pub fn room(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let config = Config {
        rate: [0, 10][choices.of(2)],
        classic: [Classic::Nobody, Classic::Any][choices.of(2)],
        idle_timeout: [limits::IDLE_TIMEOUT, Duration::from_secs(5)][choices.of(2)],
        ..Config::default()
    };
    let mut stage = Stage {
        room: Room::new(config, [7; 32], Box::new(InMemory::default())),
        users: UserMap::default(),
        now: Duration::from_secs(1),
        credit: BTreeMap::new(),
        insiders: Vec::new(),
    };
    stage.enters("小明");
    stage.enters("小红");
    for _ in 0..STEPS {
        if choices.is_empty() {
            break;
        }
        stage.step(&mut choices);
        stage.attend();
        // Text turns the room's traffic to where it says that it comes from.
        if config.classic == Classic::Nobody {
            stage.check_credit();
        }
    }
    stage.check_sizes();
}

impl Stage {
    fn handle(&mut self, from: SocketAddr, bytes: &[u8]) {
        *self.credit.entry(from).or_default() += bytes.len() as i64;
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
    }

    /// A datagram without a session, and the answer to it.
    fn ask(&mut self, from: SocketAddr, open: &Open<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        wire::encode(open, &mut bytes);
        self.handle(from, &bytes);
        let answer = self.room.poll_transmit(self.now);
        answer.map(|(_, bytes)| bytes.to_vec()).unwrap_or_default()
    }

    fn enters(&mut self, name: &str) {
        let (from, nonce) = (address(self.insiders.len()), self.insiders.len() as u64);
        let answer = self.ask(from, &Open::Hello(Hello { nonce }));
        let Ok(Datagram::Open(Open::Challenge(challenge))) = wire::decode(&answer) else {
            panic!("no Challenge");
        };
        let join = Join {
            nonce,
            cookie: challenge.cookie,
            history: 0,
            resume: None,
            name,
        };
        let answer = self.ask(from, &Open::Join(join));
        let Ok(Datagram::Open(Open::Welcome(welcome))) = wire::decode(&answer) else {
            panic!("no Welcome");
        };
        self.insiders.push(Insider {
            session: welcome.session,
            secret: welcome.secret,
            packet: 0,
        });
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.byte() {
            0..32 => self.handle(address(choices.of(ADDRESSES)), choices.bytes()),
            32..80 => {
                let from = address(choices.of(ADDRESSES));
                let mut bytes = vec![MAGIC, VERSION];
                bytes.extend_from_slice(choices.bytes());
                seal(&mut bytes, OPEN);
                self.handle(from, &bytes);
            }
            80..216 => self.insider_speaks(choices),
            216..240 => self.now += choices.time(),
            _ => self.operate(choices),
        }
    }

    /// A datagram that its session's secret vouches for, whatever is in it.
    fn insider_speaks(&mut self, choices: &mut Choices<'_>) {
        let at = choices.of(self.insiders.len());
        let kind = [7, 7, 7, 9, 12, 14, 8, 11][choices.of(8)];
        // Mostly the next packet number; else another one.
        let packet = match choices.of(8) {
            0 => choices.number(),
            1 => self.insiders[at]
                .packet
                .saturating_sub(choices.number() % 100),
            _ => self.insiders[at].packet + 1,
        };
        let from = match choices.of(4) {
            0 => address(choices.of(ADDRESSES)),
            _ => address(at),
        };
        let insider = &mut self.insiders[at];
        insider.packet = insider.packet.max(packet).min(u64::MAX - 1);
        let mut bytes = vec![MAGIC, VERSION, kind];
        bytes.extend(insider.session.0.to_be_bytes());
        bytes.extend(packet.to_be_bytes());
        bytes.extend([0; 8]);
        bytes.extend_from_slice(choices.bytes());
        seal(&mut bytes, insider.secret);
        self.handle(from, &bytes);
    }

    fn operate(&mut self, choices: &mut Choices<'_>) {
        let (users, now) = (&mut self.users, self.now);
        let name = Name::new(["小明", "小红", "小丁"][choices.of(3)]).expect("a name");
        match choices.of(8) {
            0 => drop(self.room.handle_kick(users, now, &name, "去")),
            1 => {
                let whom = Whom::Name(name);
                let ban = Ban { whom, until: None };
                let _ = self.room.handle_ban(users, now, ban, "去");
            }
            2 => drop(self.room.handle_mute(&name, None)),
            3 if choices.of(8) == 0 => self.room.handle_close(users, now),
            4 => self.room.set_wall_clock(choices.number()),
            5 => self.room.show_history(choices.of(2) == 0),
            _ => self.room.handle_announce(users, now, "请注意"),
        }
    }

    fn attend(&mut self) {
        self.room.handle_timeout(&mut self.users, self.now);
        let mut sent = 0;
        while let Some((to, bytes)) = self.room.poll_transmit(self.now) {
            *self.credit.entry(to).or_default() -= bytes.len() as i64;
            sent += 1;
            assert!(sent < 10_000, "it sends without end");
        }
        while self.room.poll_shown().is_some() {}
        assert!(self.users.len() <= self.insiders.len() + ADDRESSES);
    }

    /// Who is no member, and has proved nothing, gets no more than it brought.
    fn check_credit(&self) {
        let strangers = (self.insiders.len()..ADDRESSES).map(address);
        for stranger in strangers {
            let credit = self.credit.get(&stranger).copied().unwrap_or_default();
            assert!(credit >= 0, "{stranger} got {} too many", -credit);
        }
    }

    fn check_sizes(&mut self) {
        let sizes = self.room.sizes();
        assert!(sizes.early <= limits::UTTERANCES_UNORDERED as usize);
        assert!(sizes.waiting <= limits::UTTERANCES_UNORDERED as usize);
        assert!(sizes.replies <= limits::REPLIES && sizes.departed <= limits::DEPARTED);
        assert!(sizes.timers <= 2 * sizes.members + limits::STALE_TIMERS);
        assert!(sizes.flights <= 2 * limits::WINDOW_MOST as usize);
        assert!(sizes.log_bytes <= limits::LOG_BYTES);
    }
}

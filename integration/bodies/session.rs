//! A session that is handed datagrams of anyone, also of its server, which knows its secret and does what it likes.

use super::{Choices, seal};
use chatroom::limits;
use chatroom::seal::{Key, OPEN};
use chatroom::session::{Session, Wish};
use chatroom::wire::{self, Challenge, Datagram, MAGIC, Open, SessionId, VERSION, Welcome};
use std::time::Duration;

/// Steps of one input.
const STEPS: usize = 100;
const SECRET: [u8; 16] = [9; 16];
const SESSION: SessionId = SessionId(1);

struct Stage {
    session: Session,
    now: Duration,
    /// Of its handshake.
    nonce: u64,
    packet: u64,
}

/// The session, its server, and the time of each datagram are as the input says.
pub fn session(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let now = Duration::from_secs(1);
    let mut stage = Stage {
        session: Session::new(now, "小明", 20, 5),
        now,
        nonce: 0,
        packet: 0,
    };
    stage.enters(&mut choices);
    for _ in 0..STEPS {
        if choices.is_empty() {
            break;
        }
        stage.step(&mut choices);
        stage.attend();
    }
}

impl Stage {
    /// Comes in, at whichever number; or not at all.
    fn enters(&mut self, choices: &mut Choices<'_>) {
        self.attend();
        let (nonce, cookie) = (self.nonce, 4);
        self.handle_open(&Open::Challenge(Challenge { nonce, cookie }));
        self.attend();
        let first = match choices.of(4) {
            0 => choices.number(),
            _ => 1,
        };
        let heard = match choices.of(4) {
            0 => choices.number(),
            _ => 0,
        };
        let key = Key::from_bytes(SECRET);
        self.handle_open(&Open::Welcome(Welcome {
            nonce,
            session: SESSION,
            secret: key,
            resume: key,
            epoch: 1,
            first,
            live: first,
            heard,
            idle_timeout: u16::from(choices.byte()),
        }));
        self.attend();
    }

    fn handle_open(&mut self, open: &Open<'_>) {
        let mut bytes = Vec::new();
        wire::encode(open, &mut bytes);
        self.session.handle_datagram(self.now, &bytes);
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.byte() {
            0..16 => self.session.handle_datagram(self.now, choices.bytes()),
            // Under the nonce of its handshake.
            16..64 => {
                let mut bytes = vec![MAGIC, VERSION, 1 + choices.of(16) as u8];
                bytes.extend([0; 8]);
                bytes.extend(self.nonce.to_be_bytes());
                bytes.extend_from_slice(choices.bytes());
                if choices.of(2) == 0 {
                    bytes.resize(limits::DATAGRAM, 0);
                }
                seal(&mut bytes, OPEN);
                self.session.handle_datagram(self.now, &bytes);
            }
            64..192 => self.server_speaks(choices),
            192..224 => self.now += choices.time(),
            _ => self.person_acts(choices),
        }
    }

    fn server_speaks(&mut self, choices: &mut Choices<'_>) {
        let kind = [8, 8, 8, 8, 10, 11, 13, 7][choices.of(8)];
        let packet = match choices.of(8) {
            0 => choices.number(),
            1 => self.packet.saturating_sub(choices.number() % 100),
            _ => self.packet + 1,
        };
        self.packet = self.packet.max(packet).min(u64::MAX - 1);
        let mut bytes = vec![MAGIC, VERSION, kind];
        bytes.extend(SESSION.0.to_be_bytes());
        bytes.extend(packet.to_be_bytes());
        if kind == 8 {
            let heard = match choices.of(8) {
                0 => choices.number(),
                _ => u64::from(choices.byte()) % 8,
            };
            bytes.extend(heard.to_be_bytes());
            bytes.push(choices.byte() & 0xBF);
        }
        bytes.extend([0; 8]);
        bytes.extend_from_slice(choices.bytes());
        seal(&mut bytes, Key::from_bytes(SECRET));
        self.session.handle_datagram(self.now, &bytes);
    }

    fn person_acts(&mut self, choices: &mut Choices<'_>) {
        let (session, now) = (&mut self.session, self.now);
        if !session.has_room() {
            return;
        }
        match choices.of(12) {
            0 => session.handle_who(now),
            1 => session.handle_reach(now),
            2 => session.handle_ping(now),
            3 => session.handle_name(now, "小刚"),
            4 => session.handle_pause(now, true),
            5 => session.handle_pause(now, false),
            6 if choices.of(4) == 0 => session.handle_leave(),
            7 => drop(session.handle_wish(Wish::Rename("小刚".into()))),
            8 => drop(session.handle_wish(Wish::Whisper("小红".into(), "嘘".into()))),
            _ => session.handle_say("大家好"),
        }
    }

    fn attend(&mut self) {
        self.session.handle_timeout(self.now);
        let (mut bytes, mut sent) = (Vec::new(), 0);
        while self.session.poll_transmit(self.now, &mut bytes) {
            assert!(bytes.len() <= limits::DATAGRAM);
            if let Ok(Datagram::Open(Open::Hello(hello))) = wire::decode(&bytes) {
                self.nonce = hello.nonce;
            }
            sent += 1;
            assert!(sent < 1000, "it sends without end");
        }
        while self.session.poll_event().is_some() {}
        let _ = self.session.poll_timeout();
        let sizes = self.session.sizes();
        assert!(sizes.queue <= limits::UTTERANCES_QUEUED + 1);
        assert!(sizes.tags <= limits::RECENT_TAGS);
        assert!(sizes.early <= limits::EARLY_DATAGRAMS + 1);
        assert!(sizes.flights <= 2 * limits::WINDOW_MOST as usize);
    }
}

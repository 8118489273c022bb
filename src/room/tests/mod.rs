//! The room by itself: a driver, and peers that speak its datagrams by hand.

mod bans;
mod classic;
mod crowd;
mod door;
mod order;
mod pace;
mod seam;
mod seek;
mod stay;
mod talk;

use super::*;
use crate::seal::Key;
use crate::text::Name;
use crate::wire::GoneReason;
use crate::wire::{
    Ask, Asked, Challenge, Datagram, Gone, Hello, Join, Kind, Moved, PacketNumber, Resume, Sealed,
    Stamps, Tell, Told, Up, UpEncoder, Utterance, Welcome, What, decode_down,
};

type Datagrams = Vec<(SocketAddr, Vec<u8>)>;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn numbers(event: u64) -> Numbers {
    Numbers {
        event,
        ..Numbers::default()
    }
}

fn address(host: u8) -> SocketAddr {
    ([10, 0, 0, host], 4000 + u16::from(host)).into()
}

/// A room and its driver.
struct House {
    room: Room,
    users: UserMap,
    now: Duration,
}

impl House {
    fn new(config: Config) -> House {
        House::with(config, Box::new(InMemory::default()), 1)
    }

    fn with(config: Config, ledger: Box<dyn Ledger>, first: u64) -> House {
        let mut room = Room::with_numbers(config, [7; 32], ledger, numbers(first));
        room.set_wall_clock(1_800_000_000_000);
        let users = UserMap::default();
        House {
            room,
            users,
            now: ms(100_000),
        }
    }

    /// Everything that there is to send, also what waits for the pace of the fan-out.
    fn flush(&mut self) -> Datagrams {
        let mut out = self.flush_now();
        while let Some(at) = self.room.flush.poll_timeout() {
            self.now = at.max(self.now);
            out.extend(self.flush_now());
        }
        out
    }

    fn flush_now(&mut self) -> Datagrams {
        let mut out = Datagrams::new();
        while let Some((to, bytes)) = self.room.poll_transmit(self.now) {
            assert!(bytes.len() <= limits::DATAGRAM_SIZES[3]);
            out.push((to, bytes.to_vec()));
        }
        out
    }

    /// One datagram, and what comes of it.
    fn give(&mut self, from: SocketAddr, bytes: &[u8]) -> Datagrams {
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
        self.room.handle_timeout(&mut self.users, self.now);
        self.flush()
    }

    /// Lets time pass, timer by timer.
    fn wait(&mut self, time: Duration) -> Datagrams {
        let until = self.now + time;
        let mut out = Datagrams::new();
        for _ in 0..100_000 {
            let Some(at) = self.room.poll_timeout().filter(|at| *at <= until) else {
                self.now = until;
                return out;
            };
            self.now = at.max(self.now);
            self.room.handle_timeout(&mut self.users, self.now);
            out.extend(self.flush());
        }
        panic!("a timer spins");
    }

    fn announce(&mut self, text: &str) -> Datagrams {
        self.room.handle_announce(&mut self.users, self.now, text);
        self.flush()
    }

    fn kick(&mut self, name: &str, why: &str) -> Datagrams {
        let name = Name::new(name).expect("a name");
        assert!(self.room.handle_kick(&mut self.users, self.now, &name, why));
        self.flush()
    }

    fn shown(&mut self) -> Vec<Shown> {
        std::iter::from_fn(|| self.room.poll_shown()).collect()
    }

    fn cookie(&mut self, from: SocketAddr, nonce: u64) -> u64 {
        let out = self.give(from, &encoded(&Open::Hello(Hello { nonce })));
        match open(&out) {
            Some(Open::Challenge(challenge)) => {
                assert_eq!((challenge.nonce, out[0].0), (nonce, from));
                challenge.cookie
            }
            other => panic!("{other:?}"),
        }
    }

    /// A whole handshake; what comes after the Welcome is lost.
    fn enter(&mut self, name: &str, from: SocketAddr, history: u16) -> Peer {
        let mut peer = Peer::new(name, from);
        peer.history = history;
        peer.enter(self);
        peer
    }

    /// Lets everything come to everyone.
    fn settle(&mut self, peers: &mut [&mut Peer]) {
        for _ in 0..20 {
            let out = self.wait(ms(1000));
            for peer in &mut *peers {
                peer.take(&out);
                peer.answer(self);
            }
            if peers
                .iter()
                .all(|peer| peer.acked + 1 == self.room.log.end())
            {
                return;
            }
        }
        panic!("not settled");
    }

    /// Someone who enters and confirms it, from an address of its own.
    fn member(&mut self, name: &str, host: u8) -> Peer {
        let mut peer = self.enter(name, address(host), 0);
        peer.answer(self);
        peer
    }
}

/// A client by hand.
#[derive(Clone)]
struct Peer {
    name: String,
    address: SocketAddr,
    nonce: u64,
    history: u16,
    welcome: Option<Welcome>,
    resume: Option<(u64, u64, Key)>,
    packet: u64,
    acked: u64,
    /// The newest Down, whenever it is answered, has just come.
    stamps: Stamps,
    /// Utterances that it has said.
    said: u64,
    /// What it was told of its utterances: heard, and waiting.
    heard: (u64, u64),
    seen: Vec<(u64, String)>,
    gone: Option<(GoneReason, String)>,
    downs: usize,
}

impl Peer {
    fn new(name: &str, address: SocketAddr) -> Peer {
        Peer {
            name: name.into(),
            address,
            nonce: 1000 + u64::from(address.port()),
            history: 0,
            welcome: None,
            resume: None,
            packet: 0,
            acked: 0,
            stamps: Stamps::default(),
            said: 0,
            heard: (0, 0),
            seen: Vec::new(),
            gone: None,
            downs: 0,
        }
    }

    fn join(&self, cookie: u64) -> Vec<u8> {
        let resume = self.resume.map(|(epoch, next, key)| Resume {
            epoch,
            next,
            proof: Resume::prove(key, self.nonce, cookie),
        });
        encoded(&Open::Join(Join {
            nonce: self.nonce,
            cookie,
            history: self.history,
            resume,
            name: &self.name,
        }))
    }

    /// Asks to be let in; gives all that comes of the Join.
    fn try_enter(&mut self, house: &mut House) -> Datagrams {
        let cookie = house.cookie(self.address, self.nonce);
        let join = self.join(cookie);
        house.give(self.address, &join)
    }

    fn enter(&mut self, house: &mut House) {
        let out = self.try_enter(house);
        let Some(Open::Welcome(welcome)) = open(&out) else {
            panic!("{} is not let in: {:?}", self.name, open(&out));
        };
        self.admit(welcome);
        self.take(&out);
    }

    fn admit(&mut self, welcome: Welcome) {
        self.welcome = Some(welcome);
        self.packet = 0;
        self.acked = welcome.first - 1;
        self.said = welcome.heard;
        self.heard = (welcome.heard, 0);
    }

    /// Comes again under another nonce, as the member that it was.
    fn again(&mut self, house: &mut House) {
        let welcome = self.welcome();
        self.resume = Some((welcome.epoch, self.acked + 1, welcome.resume));
        self.nonce += 1_000_000;
        self.enter(house);
    }

    fn welcome(&self) -> Welcome {
        self.welcome.expect("let in")
    }

    /// An Up with the next packet number.
    fn up(&mut self, up: &Up<'_>) -> Vec<u8> {
        self.packet += 1;
        let (session, secret) = (self.welcome().session, self.welcome().secret);
        let mut bytes = Vec::new();
        let mut encoder = UpEncoder::new(&mut bytes, session, PacketNumber(self.packet), up);
        for utterance in &up.utterances {
            assert!(encoder.push(*utterance));
        }
        encoder.finish(secret);
        bytes
    }

    /// An Up that acknowledges what came, and nothing else.
    fn acknowledging(&self) -> Up<'static> {
        Up {
            answer: false,
            bye: false,
            acked: self.acked,
            gap_end: 0,
            stamps: self.stamps,
            first: 0,
            utterances: Vec::new(),
        }
    }

    fn answer(&mut self, house: &mut House) -> Datagrams {
        let up = self.acknowledging();
        self.send(house, &up)
    }

    fn send(&mut self, house: &mut House, up: &Up<'_>) -> Datagrams {
        let bytes = self.up(up);
        let out = house.give(self.address, &bytes);
        self.take(&out);
        out
    }

    fn say(&mut self, house: &mut House, texts: &[&str]) -> Datagrams {
        let utterances: Vec<_> = texts.iter().map(|text| Utterance::Say(text)).collect();
        self.utter(house, &utterances)
    }

    fn utter(&mut self, house: &mut House, utterances: &[Utterance<'_>]) -> Datagrams {
        let up = Up {
            first: self.said + 1,
            utterances: utterances.to_vec(),
            ..self.acknowledging()
        };
        self.said += utterances.len() as u64;
        self.send(house, &up)
    }

    fn leave(&mut self, house: &mut House) -> Datagrams {
        self.utter(house, &[Utterance::Leave])
    }

    /// Reads what is for it; what is out of order is as good as lost.
    fn take(&mut self, out: &Datagrams) {
        for (to, bytes) in out {
            if *to != self.address {
                continue;
            }
            let Ok(Datagram::Sealed(sealed)) = wire::decode(bytes) else {
                continue;
            };
            if self.welcome.is_none_or(|w| w.session != sealed.session) {
                continue;
            }
            assert!(sealed.verify(self.welcome().secret), "a wrong tag");
            match sealed.kind {
                Kind::Down => self.take_down(&sealed),
                Kind::Gone => {
                    let gone = Gone::read(&sealed).expect("well-formed");
                    self.gone = Some((gone.reason, gone.why.to_owned()));
                }
                _ => (),
            }
        }
    }

    fn take_down(&mut self, sealed: &Sealed<'_>) {
        let down = decode_down(sealed).expect("well-formed");
        self.downs += 1;
        self.heard = (down.heard, down.waiting);
        self.stamps.echo = down.stamps.value;
        if down
            .events
            .first()
            .is_none_or(|first| first.number.0 > self.acked + 1)
        {
            return;
        }
        for event in &down.events {
            if event.end() <= self.acked + 1 {
                continue;
            }
            let told = match event.what {
                What::Entered(name) => format!("+{name}"),
                What::Said(name, text) => format!("{name}:{text}"),
                What::Left(name) => format!("-{name}"),
                What::Announced(text) => format!("!{text}"),
                What::Yours(number) | What::YourName(number @ 0, _) => format!("#{number}"),
                What::YourName(number, name) => format!("#{number}={name}"),
                What::Failed(number, failure) => format!("#{number}!{failure:?}"),
                What::Acted(name, text) => format!("{name}*{text}"),
                What::Whispered(name, text) => format!("{name}>{text}"),
                What::Renamed(name, other) => format!("{name}={other}"),
                What::Hidden(count) => format!("?{count}"),
                What::Gap(count) => format!("gap {count}"),
            };
            self.seen.push((event.number.0, told));
            self.acked = event.end() - 1;
        }
    }

    fn told(&self) -> Vec<&str> {
        self.seen.iter().map(|(_, told)| told.as_str()).collect()
    }
}

fn encoded(open: &Open<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::encode(open, &mut bytes);
    bytes
}

/// The first datagram, if it belongs to no session.
fn open(out: &Datagrams) -> Option<Open<'_>> {
    match wire::decode(&out.first()?.1) {
        Ok(Datagram::Open(open)) => Some(open),
        _ => None,
    }
}

fn refusal(out: &Datagrams) -> Option<Refusal> {
    match open(out)? {
        Open::Refused(refused) if out.len() == 1 => Some(refused.reason),
        _ => None,
    }
}

/// How much of what this one said was ordered, by each Gone that it is sent.
fn ordered_by_gones(out: &Datagrams, to: &Peer) -> Vec<u64> {
    let datagrams = out.iter().filter(|(at, _)| *at == to.address);
    let gones = datagrams.filter_map(|(_, bytes)| match wire::decode(bytes) {
        Ok(Datagram::Sealed(sealed)) => Gone::read(&sealed)
            .ok()
            .filter(|_| sealed.kind == Kind::Gone),
        _ => None,
    });
    gones.map(|gone| gone.ordered).collect()
}

//! What must hold of the datagrams themselves, whoever sent them: the watch sees each one as it is sent and as it
//! arrives, and takes nobody's word for anything. It reads PROTOCOL.md, not the room and not the session.
//!
//! What it holds them to:
//! - to an address that did not prove itself go no more bytes than came from there;
//! - a session's datagrams go where a Join or a Moved gave back a cookie that was sent there, and nowhere else;
//! - of two sessions under one name the older one is silent;
//! - nobody acknowledges what was never sent, and no acknowledgement is taken back;
//! - a packet number is used once, an utterance number stands for one utterance, an event number for one event of
//!   the log, and a `Yours` for one utterance, which nobody is told as another's.

use chatroom::limits;
use chatroom::room::{Shown, UserMap};
use chatroom::seal::Key;
use chatroom::wire::{
    self, Datagram, Down, Event, Kind, Moved, Open, Sealed, Up, Utterance, Welcome, What,
    decode_down,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

/// What the watch knows of a session.
struct Known {
    secret: Key,
    nonce: u64,
    name: String,
    /// Where its client has proved to be.
    addresses: Vec<SocketAddr>,
    /// Packet numbers: the newest of either side, and those that the server has had.
    up: u64,
    down: u64,
    arrived: HashSet<u64>,
    /// The newest event that was sent, and utterance.
    events: u64,
    said: u64,
    /// What the server has said to have, and that it is in the log.
    heard: u64,
    ordered: u64,
    /// A hash of each utterance, and the event of each of the client's own.
    utterances: HashMap<u64, u64>,
    own: HashMap<u64, u64>,
}

/// The server's log, as it was shown to the operator.
#[derive(Clone, Copy)]
pub struct LogView<'a> {
    /// The number of its first event.
    pub first: u64,
    pub events: &'a [Shown],
}

impl LogView<'_> {
    pub(super) fn event(&self, number: u64) -> Option<&Shown> {
        self.events
            .get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    pub(super) fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }
}

/// See the module.
#[derive(Default)]
pub struct Watch {
    /// Bytes from an address less those to it.
    credit: BTreeMap<SocketAddr, i64>,
    /// Cookies by address and nonce, and when they were sent.
    cookies: BTreeMap<(SocketAddr, u64, u64), Duration>,
    /// Names by address and nonce, of Joins with a right cookie.
    joins: BTreeMap<(SocketAddr, u64), String>,
    /// Whose nonce it is.
    nonces: HashMap<u64, usize>,
    proved: BTreeSet<SocketAddr>,
    sessions: BTreeMap<u32, Known>,
    /// Packets that clients have had, of sessions that they have used before.
    taken: HashSet<(usize, u32, u64)>,
    /// There was another life of the server, of which a session may have the same id.
    pub later: bool,
}

type Verdict = Result<(), String>;

fn need(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

impl Watch {
    /// A datagram has come to the server. Gives whether it came before: then it must be dropped and counted.
    pub fn reaches_server(
        &mut self,
        now: Duration,
        from: SocketAddr,
        (bytes, intact): (&[u8], bool),
    ) -> bool {
        *self.credit.entry(from).or_default() += bytes.len() as i64;
        match wire::decode(bytes) {
            Ok(Datagram::Open(Open::Join(join)))
                if self.is_fresh(now, from, join.nonce, join.cookie) =>
            {
                self.proved.insert(from);
                self.joins.insert((from, join.nonce), join.name.to_owned());
                false
            }
            Ok(Datagram::Sealed(sealed)) => self.sealed_reaches_server(now, from, &sealed, intact),
            _ => false,
        }
    }

    fn sealed_reaches_server(
        &mut self,
        now: Duration,
        from: SocketAddr,
        sealed: &Sealed<'_>,
        intact: bool,
    ) -> bool {
        let moved = Some(sealed)
            .filter(|sealed| sealed.kind == Kind::Moved)
            .and_then(|sealed| Moved::read(sealed).ok())
            .is_some_and(|moved| self.is_fresh(now, from, moved.nonce, moved.cookie));
        let sure = intact && !self.later;
        let known = self.sessions.get_mut(&sealed.session.0);
        let Some(known) = known.filter(|known| sure || sealed.verify(known.secret)) else {
            return false;
        };
        if moved {
            self.proved.insert(from);
            known.addresses.push(from);
        }
        !known.arrived.insert(sealed.packet.0)
    }

    fn is_fresh(&self, now: Duration, address: SocketAddr, nonce: u64, cookie: u64) -> bool {
        self.cookies
            .get(&(address, nonce, cookie))
            .is_some_and(|at| now <= *at + 2 * limits::COOKIE_SLOT)
    }

    /// The server sends a datagram.
    pub fn server_sends(
        &mut self,
        now: Duration,
        to: SocketAddr,
        bytes: &[u8],
        log: LogView<'_>,
        users: &UserMap,
    ) -> Verdict {
        let told = self.check_from_server(now, to, bytes, log, users);
        if !self.proved.contains(&to) {
            let credit = self.credit.entry(to).or_default();
            *credit -= bytes.len() as i64;
            let size = bytes.len();
            need(*credit >= 0, || {
                format!("{size} bytes to {to}, which brought less")
            })?;
        }
        told
    }

    fn check_from_server(
        &mut self,
        now: Duration,
        to: SocketAddr,
        bytes: &[u8],
        log: LogView<'_>,
        users: &UserMap,
    ) -> Verdict {
        match wire::decode(bytes) {
            Ok(Datagram::Open(Open::Challenge(challenge))) => {
                let cookie = (to, challenge.nonce, challenge.cookie);
                self.cookies.insert(cookie, now);
                Ok(())
            }
            Ok(Datagram::Open(Open::Welcome(welcome))) => self.check_welcome(to, &welcome),
            Ok(Datagram::Open(Open::Refused(_) | Open::Unknown(_) | Open::Found(_))) => Ok(()),
            Ok(Datagram::Sealed(sealed)) => self.check_sealed(to, &sealed, log, users),
            other => Err(format!("the server sends {other:?}")),
        }
    }

    fn check_welcome(&mut self, to: SocketAddr, welcome: &Welcome) -> Verdict {
        let session = welcome.session.0;
        if let Some(known) = self.sessions.get_mut(&session)
            && known.nonce == welcome.nonce
        {
            if self.joins.contains_key(&(to, welcome.nonce)) {
                known.addresses.push(to);
            }
            return need(known.addresses.contains(&to), || {
                format!("a Welcome to {to}, which is not there")
            });
        }
        let Some(name) = self.joins.get(&(to, welcome.nonce)).cloned() else {
            return Err(format!("a Welcome to {to}, which did not ask"));
        };
        let known = Known {
            secret: welcome.secret,
            nonce: welcome.nonce,
            name,
            addresses: vec![to],
            up: 0,
            down: 0,
            arrived: HashSet::new(),
            events: welcome.first - 1,
            said: welcome.heard,
            heard: welcome.heard,
            ordered: 0,
            utterances: HashMap::new(),
            own: HashMap::new(),
        };
        self.sessions.insert(session, known);
        Ok(())
    }

    fn check_sealed(
        &mut self,
        to: SocketAddr,
        sealed: &Sealed<'_>,
        log: LogView<'_>,
        users: &UserMap,
    ) -> Verdict {
        let session = sealed.session.0;
        let Some(known) = self.sessions.get_mut(&session) else {
            return Err(format!(
                "the server speaks in session {session:x}, which it never gave"
            ));
        };
        let packet = sealed.packet.0;
        need(packet > known.down, || {
            format!("the server numbers {packet} after {}", known.down)
        })?;
        known.down = packet;
        if sealed.kind == Kind::Gone {
            // An address that is not proved gets no more than it brought, which is seen elsewhere.
            return Ok(());
        }
        let here = users.iter().any(|user| user.session == sealed.session);
        need(here, || {
            format!(
                "{:?} to {}, in a session that is over",
                sealed.kind, known.name
            )
        })?;
        need(known.addresses.contains(&to), || {
            format!(
                "{:?} of {} to {to}, which proved nothing",
                sealed.kind, known.name
            )
        })?;
        if sealed.kind == Kind::Down {
            let down = decode_down(sealed).map_err(|why| format!("a Down: {why:?}"))?;
            known.check_down(&down, log)?;
        }
        Ok(())
    }

    /// A client sends a datagram.
    pub fn client_sends(&mut self, actor: usize, bytes: &[u8]) -> Verdict {
        let sealed = match wire::decode(bytes) {
            Ok(Datagram::Open(Open::Hello(_))) => return Ok(()),
            Ok(Datagram::Open(Open::Join(join))) => {
                let known = *self.nonces.entry(join.nonce).or_insert(actor);
                return need(known == actor, || "a nonce is used by two".into());
            }
            Ok(Datagram::Sealed(sealed)) => sealed,
            other => return Err(format!("a client sends {other:?}")),
        };
        let known = self.sessions.get_mut(&sealed.session.0);
        let sure = !self.later;
        let Some(known) = known.filter(|known| sure || sealed.verify(known.secret)) else {
            return Ok(());
        };
        let packet = sealed.packet.0;
        need(packet > known.up, || {
            format!("{} numbers {packet} after {}", known.name, known.up)
        })?;
        known.up = packet;
        if sealed.kind == Kind::Up {
            let up = Up::read(&sealed).map_err(|why| format!("an Up: {why:?}"))?;
            known.check_up(&up)?;
        }
        Ok(())
    }

    /// A datagram has come to a client: whether it came before, so that it must be as if it had not.
    pub fn reaches_client(&mut self, actor: usize, bytes: &[u8]) -> bool {
        let Ok(Datagram::Sealed(sealed)) = wire::decode(bytes) else {
            return false;
        };
        let session = sealed.session.0;
        let known = self.sessions.get(&session);
        let used =
            known.is_some_and(|known| known.up > 0 && (!self.later || sealed.verify(known.secret)));
        used && !self.taken.insert((actor, session, sealed.packet.0))
    }
}

impl Known {
    fn check_down(&mut self, down: &Down<'_>, log: LogView<'_>) -> Verdict {
        let name = &self.name;
        need(down.heard <= self.said, || {
            format!("{name} is told that {} came, of {}", down.heard, self.said)
        })?;
        need(down.heard >= self.heard, || {
            format!("{name}: {} is taken back", self.heard)
        })?;
        let ordered = down.heard - down.waiting;
        need(ordered >= self.ordered, || {
            format!("{name}: {} is ordered no more", self.ordered)
        })?;
        (self.heard, self.ordered) = (down.heard, ordered);
        let Some(first) = down.events.first() else {
            return Ok(());
        };
        need(first.number.0 <= self.events + 1, || {
            format!("{name} is sent {} after {}", first.number.0, self.events)
        })?;
        for event in &down.events {
            self.check_event(event, log)?;
        }
        self.events = self.events.max(down.end() - 1);
        Ok(())
    }

    fn check_event(&mut self, event: &Event<'_>, log: LogView<'_>) -> Verdict {
        let (name, number) = (&self.name, event.number.0);
        if let What::Gap(_) = event.what {
            return Ok(());
        }
        if let What::Yours(own) = event.what
            && let Some(Shown::Said(_, text)) = log.event(number)
        {
            let said = { self.utterances.get(&own) }.is_none_or(|hash| *hash == hash_of(text));
            need(said, || format!("{name} is told that its {own} is {text}"))?;
        }
        if let What::Said(author, text) = event.what
            && author == name
        {
            let own = { self.utterances.values() }.any(|hash| *hash == hash_of(text));
            need(!own, || {
                format!("{name} is told its own {text} as another's")
            })?;
        }
        for number in number..event.end() {
            let Some(shown) = log.event(number) else {
                return Err(format!("{name} is sent {number}, which is not in the log"));
            };
            need(is_told(shown, &event.what), || {
                format!("{name} is sent {:?} for {number}, {shown:?}", event.what)
            })?;
        }
        if let What::Yours(own) | What::YourName(own, _) | What::Failed(own, _) = event.what
            && own > 0
        {
            let known = *self.own.entry(own).or_insert(number);
            need(known == number, || {
                format!("{name}: {own} is {known} and {number}")
            })?;
        }
        Ok(())
    }

    fn check_up(&mut self, up: &Up<'_>) -> Verdict {
        let name = &self.name;
        need(up.acked <= self.events && up.gap_end <= self.events, || {
            format!(
                "{name} has {} and {}, of {}",
                up.acked, up.gap_end, self.events
            )
        })?;
        for (utterance, number) in up.utterances.iter().zip(up.first..) {
            let hash = match utterance {
                Utterance::Say(text) => hash_of(text),
                other => hash_of(&format!("{other:?}")),
            };
            let known = *self.utterances.entry(number).or_insert(hash);
            need(known == hash, || {
                format!("{name}: {number} is another utterance now")
            })?;
            need(number <= self.said + 1, || {
                format!("{name} says {number} after {}", self.said)
            })?;
            self.said = self.said.max(number);
        }
        Ok(())
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Whether someone may be told the event so.
fn is_told(event: &Shown, what: &What<'_>) -> bool {
    match (event, what) {
        (Shown::Entered(a), What::Entered(b) | What::YourName(0, b))
        | (Shown::Left(a), What::Left(b)) => a.as_str() == *b,
        (Shown::Said(a, said), What::Said(b, text))
        | (Shown::Acted(a, said), What::Acted(b, text)) => a.as_str() == *b && **said == **text,
        (Shown::Announced(said), What::Announced(text)) => **said == **text,
        (Shown::Renamed(a, b), What::Renamed(c, d)) => a.as_str() == *c && b.as_str() == *d,
        (Shown::Renamed(_, a), What::YourName(own, b)) => a.as_str() == *b && *own > 0,
        (Shown::Left(_), What::Yours(0)) => true,
        (Shown::Said(..) | Shown::Acted(..), What::Yours(own)) => *own > 0,
        (Shown::Hidden, What::Hidden(_) | What::Whispered(..)) => true,
        (Shown::Hidden, What::Yours(own) | What::Failed(own, _)) => *own > 0,
        _ => false,
    }
}

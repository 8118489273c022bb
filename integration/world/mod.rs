//! A world in virtual time: the real room and the real sessions, and between them a network with faults.
//!
//! Time jumps from one event to the next; everything follows from the seed. What always holds: nothing here
//! knows more of the protocol than who sent which bytes to whom.

pub mod net;
pub mod private;

use chatroom::link::Random;
use chatroom::room::{Config, InMemory, Room, Shown, UserMap};
use chatroom::session::{End, Event, Seen, Session, Wish};
use chatroom::wire::{Failure, Refusal};
use net::{Faults, Net};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

/// Where the server is.
pub fn server_address() -> SocketAddr {
    ([10, 0, 0, 1], 8888).into()
}

/// A server and all that it has ever shown to its operator: its whole log.
pub struct Server {
    pub room: Room,
    pub users: UserMap,
}

/// A client and what became of it.
pub struct Actor {
    pub name: String,
    /// Every name that it had.
    pub names: BTreeSet<String>,
    pub session: Session,
    pub address: SocketAddr,
    /// Not scheduled: what arrives waits in its socket's buffer.
    pub frozen: bool,
    /// Killed: nothing more comes of it.
    pub dead: bool,
    /// Cut off from the network.
    pub partitioned: bool,
    /// What its own line loses beside what the network does, of a thousand: up, and down.
    pub loss: (u64, u64),
    /// It was told to leave.
    pub leaving: bool,
    /// The operator removed it.
    pub kicked: bool,
    waiting: Vec<Vec<u8>>,
    /// What it was shown: in which of the server's lives, and the event's number.
    pub seen: Vec<(usize, u64, Seen)>,
    /// All other events, as they came.
    pub told: Vec<Event>,
    /// All events, as they came; whoever plays the person takes them.
    pub events: Vec<Event>,
    pub end: Option<End>,
    pub refused: Option<Refusal>,
    /// Texts that it said to all, in order, with a place for everything else that it asked for.
    pub said: Vec<String>,
    /// What it asked for that is no text for all, by its place in `said`.
    pub private: BTreeMap<usize, Wish>,
    /// What of that has come to nothing.
    pub failed: BTreeMap<usize, Failure>,
    pub ordered: u64,
    life: usize,
}

/// See the module.
pub struct World {
    pub now: Duration,
    pub random: Random,
    pub config: Config,
    pub net: Net,
    pub server: Option<Server>,
    pub actors: Vec<Actor>,
    /// The log of each of the server's lives, and the number that it began with.
    pub lives: Vec<Vec<Shown>>,
    epochs: Vec<u64>,
    /// The first event of every log.
    pub first_event: u64,
    /// The wall clock's offset, in milliseconds since 1970.
    pub unix_ms: u64,
    next_port: u32,
    /// Addresses that have belonged to a member.
    proved: BTreeSet<SocketAddr>,
    /// Of every other address: bytes that the server had from it less those that went there.
    credit: BTreeMap<SocketAddr, i64>,
    /// Steps since time last went on.
    still: u32,
    /// The first thing that must not have happened.
    pub wrong: Option<String>,
    /// All clients are on one host, so that they count as one source.
    pub one_host: bool,
    buffer: Vec<u8>,
    /// Mixes everything that was sent: the same seed gives the same trace.
    pub trace: u64,
}

impl World {
    /// `first_event`: the first number of every log.
    pub fn with_first_event(seed: u64, config: Config, faults: Faults, first_event: u64) -> World {
        let mut random = Random::new(seed);
        let net = Net::new(random.bits(), faults);
        let mut world = World {
            now: Duration::from_secs(1),
            random,
            config,
            net,
            server: None,
            actors: Vec::new(),
            lives: Vec::new(),
            epochs: Vec::new(),
            first_event,
            unix_ms: 1_800_000_000_000,
            next_port: 1000,
            proved: BTreeSet::new(),
            credit: BTreeMap::new(),
            still: 0,
            wrong: None,
            one_host: false,
            buffer: Vec::new(),
            trace: 0,
        };
        world.start_server();
        world
    }

    /// Starts the server, in a new life with an empty log.
    pub fn start_server(&mut self) {
        let mut seed = [0; 32];
        for part in seed.chunks_mut(8) {
            part.copy_from_slice(&self.random.bits().to_le_bytes());
        }
        let ledger = Box::new(InMemory::default());
        let room = Room::with_first_event(self.config, seed, ledger, self.first_event);
        self.epochs.push(room.epoch());
        self.lives.push(Vec::new());
        self.server = Some(Server {
            room,
            users: UserMap::default(),
        });
    }

    /// The server's process is killed.
    pub fn kill_server(&mut self) {
        self.server = None;
    }

    /// Someone starts a client; gives its index.
    pub fn join(&mut self, name: &str, history: u16) -> usize {
        let address = self.fresh_address();
        let session = Session::new(self.now, name, history, self.random.bits());
        self.actors.push(Actor {
            name: name.to_owned(),
            names: BTreeSet::from([name.to_owned()]),
            session,
            address,
            frozen: false,
            dead: false,
            partitioned: false,
            loss: (0, 0),
            leaving: false,
            kicked: false,
            waiting: Vec::new(),
            seen: Vec::new(),
            told: Vec::new(),
            events: Vec::new(),
            end: None,
            refused: None,
            said: Vec::new(),
            private: BTreeMap::new(),
            failed: BTreeMap::new(),
            ordered: 0,
            life: 0,
        });
        let actor = self.actors.len() - 1;
        self.attend(actor);
        actor
    }

    /// An address that nobody had yet.
    pub fn fresh_address(&mut self) -> SocketAddr {
        self.next_port += 1;
        let port = (1000 + self.next_port % 60_000) as u16;
        if self.one_host {
            return ([10, 0, 1, 1], port).into();
        }
        let host = (self.next_port % 50 + self.next_port / 60_000 * 50) as u8;
        // Loopback, where larger datagrams are tried, and elsewhere.
        let network = if self.next_port.is_multiple_of(2) {
            127
        } else {
            10
        };
        ([network, 0, 1, host], port).into()
    }

    /// The network gives the client another address, of which it knows nothing.
    pub fn move_actor(&mut self, actor: usize) {
        self.actors[actor].address = self.fresh_address();
    }

    pub fn say(&mut self, actor: usize, text: &str) {
        self.wish(actor, Wish::Say(text.to_owned()));
    }

    /// The person would like something ordered.
    pub fn wish(&mut self, at: usize, wish: Wish) {
        let actor = &mut self.actors[at];
        if let Wish::Say(text) | Wish::Act(text) = &wish {
            actor.said.push(text.clone());
        } else {
            actor.private.insert(actor.said.len(), wish.clone());
            actor.said.push(format!("{wish:?}"));
        }
        let count = actor.session.handle_wish(wish);
        assert_eq!(count, actor.said.len() as u64, "wishes are counted");
        self.attend(at);
    }

    /// The person gives another name after a refusal.
    pub fn rename(&mut self, actor: usize, name: &str) {
        self.actors[actor].name = name.to_owned();
        self.actors[actor].names = BTreeSet::from([name.to_owned()]);
        let now = self.now;
        self.actors[actor].session.handle_name(now, name);
        self.attend(actor);
    }

    /// The person asks something.
    pub fn ask(&mut self, actor: usize, question: fn(&mut Session, Duration)) {
        let now = self.now;
        question(&mut self.actors[actor].session, now);
        self.attend(actor);
    }

    pub fn leave(&mut self, actor: usize) {
        self.actors[actor].leaving = true;
        self.actors[actor].session.handle_leave();
        self.attend(actor);
    }

    /// Stops a client's process, or lets it go on.
    pub fn freeze(&mut self, actor: usize, frozen: bool) {
        self.actors[actor].frozen = frozen;
        if !frozen {
            for bytes in std::mem::take(&mut self.actors[actor].waiting) {
                let now = self.now;
                self.actors[actor].session.handle_datagram(now, &bytes);
            }
            self.attend(actor);
        }
    }

    /// Does something to the room as its operator.
    pub fn operate<T>(
        &mut self,
        act: impl FnOnce(&mut Room, &mut UserMap, Duration) -> T,
    ) -> Option<T> {
        let now = self.now;
        let server = self.server.as_mut()?;
        let result = act(&mut server.room, &mut server.users, now);
        self.attend_server();
        Some(result)
    }

    /// Goes on until `done`, or until the time has come: whether it was done.
    pub fn run_until(&mut self, deadline: Duration, mut done: impl FnMut(&World) -> bool) -> bool {
        loop {
            if done(self) {
                return true;
            }
            if !self.step(deadline) {
                return false;
            }
        }
    }

    /// Goes on for so long.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time, |_| false);
    }

    /// The next thing happens, unless that is after the deadline, which is then the time.
    pub fn step(&mut self, deadline: Duration) -> bool {
        let room = self
            .server
            .as_ref()
            .and_then(|server| server.room.poll_timeout());
        let sessions = self.actors.iter().filter(|a| a.is_running());
        let session = sessions
            .filter_map(|actor| actor.session.poll_timeout())
            .min();
        let next = [self.net.next_at(), room, session]
            .into_iter()
            .flatten()
            .min();
        let Some(next) = next.filter(|next| *next <= deadline) else {
            self.now = deadline.max(self.now);
            return false;
        };
        self.still = if next > self.now { 0 } else { self.still + 1 };
        assert!(self.still < 100_000, "a timer spins at {:?}", self.now);
        self.now = next.max(self.now);
        if self.net.next_at().is_some_and(|at| at <= self.now) {
            self.deliver();
            return true;
        }
        if room.is_some_and(|at| at <= self.now) {
            self.operate(|room, users, now| room.handle_timeout(users, now));
        }
        for actor in 0..self.actors.len() {
            let due = self.actors[actor]
                .session
                .poll_timeout()
                .is_some_and(|at| at <= self.now);
            if due && self.actors[actor].is_running() {
                self.actors[actor].session.handle_timeout(self.now);
                self.attend(actor);
            }
        }
        true
    }

    fn deliver(&mut self) {
        let Some(packet) = self.net.take() else {
            return;
        };
        if packet.to == server_address() {
            *self.credit.entry(packet.from).or_default() += packet.bytes.len() as i64;
            let unix_ms = self.unix_ms.wrapping_add(self.now.as_millis() as u64);
            self.operate(|room, users, now| {
                room.set_wall_clock(unix_ms);
                room.handle_datagram(users, now, packet.from, &packet.bytes);
            });
            return;
        }
        let found = self
            .actors
            .iter()
            .position(|a| a.address == packet.to && !a.partitioned && !a.dead);
        let Some(at) = found else { return };
        if self.random.below(1000) < self.actors[at].loss.1 {
            return;
        }
        if self.actors[at].frozen {
            // As much as a default socket buffer takes.
            if self.actors[at].waiting.len() < 90 {
                self.actors[at].waiting.push(packet.bytes);
            }
            return;
        }
        self.actors[at]
            .session
            .handle_datagram(self.now, &packet.bytes);
        self.attend(at);
    }

    /// Sends what the room has to send, and notes what it shows.
    fn attend_server(&mut self) {
        let Some(server) = &mut self.server else {
            return;
        };
        while let Some((to, bytes)) = server.room.poll_transmit(self.now) {
            self.trace = self.trace.rotate_left(5) ^ bytes.len() as u64 ^ u64::from(to.port());
            self.net.send(self.now, server_address(), to, bytes);
            if !self.proved.contains(&to) {
                if server.users.iter().any(|user| user.address == to) {
                    self.proved.insert(to);
                    continue;
                }
                let credit = self.credit.entry(to).or_default();
                *credit -= bytes.len() as i64;
                if *credit < 0 {
                    let size = bytes.len();
                    let what = format!("{size} bytes to {to}, which brought less");
                    self.wrong.get_or_insert(what);
                }
            }
        }
        if let Some(log) = self.lives.last_mut() {
            log.extend(std::iter::from_fn(|| server.room.poll_shown()));
        }
    }

    /// Sends what a session has to send, and notes what it tells.
    fn attend(&mut self, at: usize) {
        let actor = &mut self.actors[at];
        while actor.is_sending() && actor.session.poll_transmit(self.now, &mut self.buffer) {
            self.trace = self.trace.rotate_left(7) ^ self.buffer.len() as u64;
            if !actor.partitioned && self.random.below(1000) >= actor.loss.0 {
                self.net
                    .send(self.now, actor.address, server_address(), &self.buffer);
            }
        }
        let mut moved = false;
        while let Some(event) = actor.session.poll_event() {
            actor.events.push(event.clone());
            match event {
                Event::Joined(joined) => {
                    let epoch = actor.session.epoch();
                    let life = self.epochs.iter().position(|known| Some(*known) == epoch);
                    actor.life = life.expect("a Welcome of one of the server's lives");
                    actor.told.push(Event::Joined(joined));
                }
                Event::Happened { number, what, .. } => actor.seen.push((actor.life, number, what)),
                Event::Ordered(count) => {
                    assert_eq!(count, actor.ordered + 1, "ordered out of turn");
                    actor.ordered = count;
                }
                Event::Renamed(name) => {
                    actor.names.insert(name.clone());
                    actor.name = name;
                }
                Event::Failed { count, why, wish } => {
                    assert!(count <= actor.ordered, "it fails after it was ordered");
                    let place = count as usize - 1;
                    assert_eq!(
                        wish.as_ref(),
                        actor.private.get(&place),
                        "the wish is known"
                    );
                    let before = actor.failed.insert(place, why);
                    assert_eq!(before, None, "it fails once");
                }
                Event::Ended(end) => actor.end = Some(end),
                Event::Refused(refusal) => actor.refused = Some(refusal),
                Event::Rebind => moved = true,
                other => actor.told.push(other),
            }
        }
        if moved {
            self.move_actor(at);
        }
    }

    /// Whether nothing is under way that a person would wait for.
    pub fn is_settled(&self) -> bool {
        let Some(server) = &self.server else {
            return false;
        };
        let tail = self.first_event + self.lives.last().map_or(0, |log| log.len() as u64) - 1;
        let _ = server;
        self.actors
            .iter()
            .filter(|actor| actor.is_running() && actor.end.is_none())
            .all(|actor| {
                actor.session.undelivered() == 0 && actor.session.seen_up_to() == Some(tail)
            })
    }
}

impl Actor {
    /// Whether it was ever let in.
    pub fn was_in(&self) -> bool {
        self.told
            .iter()
            .any(|told| matches!(told, Event::Joined(_)))
    }

    fn is_running(&self) -> bool {
        !self.dead && !self.frozen
    }

    fn is_sending(&self) -> bool {
        self.is_running()
    }
}

/// Checks one actor's transcript against the logs: every event once, in order, none left out but its own.
pub fn check_transcript(world: &World, actor: &Actor) -> Result<(), String> {
    let mut at = 0;
    while at < actor.seen.len() {
        let (life, first, _) = actor.seen[at];
        let log = &world.lives[life];
        let mut number = first;
        while let Some((_, shown_as, seen)) = actor.seen.get(at).filter(|entry| entry.0 == life) {
            while number < *shown_as {
                let missing = &log[(number - world.first_event) as usize];
                let own = author(missing).is_some_and(|name| actor.names.contains(name));
                if !own && *missing != Shown::Hidden {
                    return Err(format!("{}: not shown: {number} {missing:?}", actor.name));
                }
                number += 1;
            }
            if *shown_as < number {
                return Err(format!(
                    "{}: {shown_as} is shown after {number}",
                    actor.name
                ));
            }
            if let Seen::Gap(count) = seen {
                number += count;
            } else {
                let event = &log[(number - world.first_event) as usize];
                if !matches(event, seen) {
                    return Err(format!(
                        "{}: {number} is {event:?}, shown {seen:?}",
                        actor.name
                    ));
                }
                number += 1;
            }
            at += 1;
        }
    }
    Ok(())
}

fn author(event: &Shown) -> Option<&str> {
    match event {
        Shown::Entered(name)
        | Shown::Said(name, _)
        | Shown::Acted(name, _)
        | Shown::Renamed(name, _)
        | Shown::Left(name) => Some(name.as_str()),
        Shown::Announced(_) | Shown::Gap(_) | Shown::Hidden => None,
    }
}

fn matches(event: &Shown, seen: &Seen) -> bool {
    match (event, seen) {
        (Shown::Entered(a), Seen::Entered(b)) | (Shown::Left(a), Seen::Left(b)) => a.as_str() == b,
        (Shown::Said(a, said), Seen::Said(b, text)) => a.as_str() == b && **said == **text,
        (Shown::Acted(a, said), Seen::Acted(b, text)) => a.as_str() == b && **said == **text,
        (Shown::Renamed(a, b), Seen::Renamed(c, d)) => a.as_str() == c && b.as_str() == d,
        (Shown::Hidden, Seen::Whispered(..)) => true,
        (Shown::Announced(said), Seen::Announced(text)) => **said == **text,
        _ => false,
    }
}

/// Checks that the logs hold what was said: each text of each actor once per life, in its order, and over all
/// lives all of those that the server has acknowledged as ordered.
pub fn check_utterances(world: &World, actor: &Actor) -> Result<(), String> {
    let mut ordered = std::collections::BTreeSet::new();
    for log in &world.lives {
        let mut last = None;
        for event in log {
            let (Shown::Said(name, text) | Shown::Acted(name, text)) = event else {
                continue;
            };
            // A name that more than one had tells nothing.
            let had = world
                .actors
                .iter()
                .filter(|a| a.names.contains(name.as_str()));
            if !actor.names.contains(name.as_str()) || had.count() > 1 {
                continue;
            }
            let Some(place) = actor.said.iter().position(|said| **said == **text) else {
                return Err(format!("{} never said {text:?}", actor.name));
            };
            if last >= Some(place) {
                return Err(format!("{}: {text:?} again, or out of order", actor.name));
            }
            last = Some(place);
            ordered.insert(place);
        }
    }
    let shared = { actor.names.iter() }.any(|name| {
        world
            .actors
            .iter()
            .filter(|a| a.names.contains(name))
            .count()
            > 1
    });
    let missing = (0..actor.ordered as usize)
        .find(|place| !ordered.contains(place) && !actor.private.contains_key(place) && !shared);
    match missing {
        Some(place) => Err(format!(
            "{}: {:?} is ordered and in no log",
            actor.name, actor.said[place]
        )),
        None => Ok(()),
    }
}

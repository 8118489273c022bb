//! A world in virtual time: the real room and the real sessions, and between them a network with faults.
//!
//! Time jumps from one event to the next; everything follows from the seed. What must hold is checked as it
//! happens: of the datagrams by the watch, of the log and what is shown of it by the chronicle.

mod bounds;
mod chronicle;
pub mod net;
pub mod private;
mod watch;

use chatroom::link::Random;
use chatroom::room::{Config, InMemory, Numbers, Room, Shown, UserMap};
use chatroom::session::{End, Event, RosterEntry, Seen, Session, Wish};
use chatroom::wire::{Failure, Refusal};
pub use chronicle::{Chronicle, Reader};
use net::{Faults, Line, Net};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use watch::{LogView, Watch};

/// Where the server is.
pub fn server_address() -> SocketAddr {
    ([10, 0, 0, 1], 8888).into()
}

/// A server's process.
pub struct Server {
    pub room: Room,
    pub users: UserMap,
    /// It was broken off while it sent, and goes on then.
    unsent_at: Option<Duration>,
}

/// A client and what became of it.
pub struct Actor {
    pub name: String,
    /// Every name that it had as one member.
    pub names: BTreeSet<String>,
    pub session: Session,
    pub address: SocketAddr,
    /// Not scheduled: what arrives waits in its socket's buffer.
    pub frozen: bool,
    /// Its screen takes no more: what arrives waits, and the rest goes on.
    pub stuck: bool,
    /// Killed: nothing more comes of it.
    pub dead: bool,
    /// Cut off from the network.
    pub partitioned: bool,
    /// Its own line: up, and down.
    pub lines: [Line; 2],
    /// It was told to leave.
    pub leaving: bool,
    /// The operator removed it.
    pub kicked: bool,
    waiting: Vec<Rc<[u8]>>,
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
    /// When its name had gone to another, and it came in as another member: how much was ordered then, as far as it
    /// knew, and how much was said.
    pub again: Vec<(u64, usize)>,
    /// It goes on where another process ended.
    resumes: bool,
    /// The roster that it was told last.
    pub roster: Option<Vec<RosterEntry>>,
    life: usize,
    /// When its session has something to do.
    due: Option<Duration>,
    pub reader: Reader,
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
    /// What the counts of every room begin with.
    pub numbers: Numbers,
    /// The wall clock's offset, in milliseconds since 1970.
    pub unix_ms: u64,
    next_port: u32,
    watch: Watch,
    /// What was said is `{actor}-{count} …`, and all is checked as it happens; nothing is kept to be looked at later.
    pub chronicle: Option<Chronicle>,
    /// Steps since time last went on.
    still: u32,
    /// Timers are looked at so much late, as threads are woken.
    late: Duration,
    /// The first thing that must not have happened.
    pub wrong: Option<String>,
    /// The operator closes the room: whoever knows is no longer in the user map, and did not leave.
    pub closing: bool,
    /// All clients are on one host, so that they count as one source.
    pub one_host: bool,
    buffer: Vec<u8>,
    /// Mixes everything that was sent: the same seed gives the same trace.
    pub trace: u64,
}

impl World {
    pub fn new(seed: u64, config: Config, faults: Faults, numbers: Numbers) -> World {
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
            numbers,
            unix_ms: 1_800_000_000_000,
            next_port: 1000,
            watch: Watch::default(),
            chronicle: None,
            still: 0,
            late: Duration::from_micros(700) * (seed % 8) as u32,
            wrong: None,
            closing: false,
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
        let room = Room::with_numbers(self.config, seed, ledger, self.numbers);
        self.epochs.push(room.epoch());
        self.lives.push(Vec::new());
        self.watch = Watch::default();
        self.watch.later = self.lives.len() > 1;
        if let Some(chronicle) = &mut self.chronicle {
            chronicle.begin();
        }
        self.server = Some(Server {
            room,
            users: UserMap::default(),
            unsent_at: None,
        });
    }

    /// The server's process is killed.
    pub fn kill_server(&mut self) {
        self.server = None;
    }

    /// Someone starts a client; gives its index.
    pub fn join(&mut self, name: &str, history: u16) -> usize {
        let seed = self.random.bits();
        let session = Session::new(self.now, name, history, seed);
        self.join_with(name, session)
    }

    /// Someone starts a client with this session.
    pub fn join_with(&mut self, name: &str, session: Session) -> usize {
        let address = self.fresh_address();
        self.actors.push(Actor {
            name: name.to_owned(),
            names: BTreeSet::from([name.to_owned()]),
            session,
            address,
            frozen: false,
            stuck: false,
            dead: false,
            partitioned: false,
            lines: [Line::default(); 2],
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
            again: Vec::new(),
            resumes: false,
            roster: None,
            life: 0,
            due: None,
            reader: Reader::default(),
        });
        let actor = self.actors.len() - 1;
        self.attend(actor);
        actor
    }

    /// Someone's session goes on in another process, which knows nothing but that.
    pub fn join_as(&mut self, who: usize, session: Session) -> usize {
        let before = &self.actors[who];
        let (name, names) = (before.name.clone(), before.names.clone());
        let former = before.reader.former.clone();
        let actor = self.join_with(&name, session);
        self.actors[actor].names = names;
        self.actors[actor].resumes = true;
        self.actors[actor].reader.former = former;
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

    /// The network gives each of two clients the address of the other.
    pub fn swap_addresses(&mut self, a: usize, b: usize) {
        let address = self.actors[a].address;
        self.actors[a].address = std::mem::replace(&mut self.actors[b].address, address);
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
        let at = &mut self.actors[actor];
        name.clone_into(&mut at.name);
        let former = std::mem::replace(&mut at.names, BTreeSet::from([name.to_owned()]));
        at.reader.former.extend(former);
        at.refused = None;
        if at.was_in() {
            at.again.push((at.ordered, at.said.len()));
        }
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
        if !frozen && !self.actors[actor].stuck {
            self.take_waiting(actor);
        }
    }

    /// A client's screen takes no more, or takes again.
    pub fn stick(&mut self, actor: usize, stuck: bool) {
        if self.actors[actor].stuck == stuck {
            return;
        }
        self.actors[actor].stuck = stuck;
        let now = self.now;
        self.actors[actor].session.handle_pause(now, stuck);
        self.attend(actor);
        if !stuck && !self.actors[actor].frozen {
            self.take_waiting(actor);
        }
    }

    fn take_waiting(&mut self, actor: usize) {
        if self.actors[actor].dead {
            return;
        }
        for bytes in std::mem::take(&mut self.actors[actor].waiting) {
            let now = self.now;
            self.actors[actor].session.handle_datagram(now, &bytes);
            self.attend(actor);
        }
        self.attend(actor);
    }

    /// Somebody sends datagrams again that the network has carried, from where they came or from elsewhere.
    pub fn replay(&mut self, count: u64, elsewhere: bool) {
        for _ in 0..count {
            let from = elsewhere.then(|| self.fresh_address());
            self.net.replay(self.now, from);
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
        let room = self.server.as_ref().and_then(|server| {
            let timeout = server.room.poll_timeout().map(|at| at + self.late);
            timeout.into_iter().chain(server.unsent_at).min()
        });
        let sessions = self.actors.iter().filter(|a| a.is_running());
        let session = sessions.filter_map(|actor| actor.due).min();
        let session = session.map(|at| at + self.late);
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
            if !self.actors[actor].is_running() {
                continue;
            }
            if self.actors[actor].due.is_some_and(|at| at <= self.now) {
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
            return self.deliver_to_server(&packet);
        }
        let found = self
            .actors
            .iter()
            .position(|a| a.address == packet.to && !a.partitioned && !a.dead);
        let Some(at) = found else { return };
        let (now, size) = (self.now, packet.bytes.len());
        if !self.actors[at].lines[1].passes(now, &mut self.random, size) {
            return;
        }
        let actor = &mut self.actors[at];
        if actor.frozen || actor.stuck {
            // As much as a default socket buffer takes.
            if actor.waiting.len() < 90 {
                actor.waiting.push(packet.bytes);
            }
            return;
        }
        let again = packet.intact && self.watch.reaches_client(at, &packet.bytes);
        let quiet = actor.due.is_none_or(|due| due > now);
        actor.session.handle_datagram(now, &packet.bytes);
        let effect = self.attend(at);
        if again && quiet && effect {
            let name = &self.actors[at].name;
            let what = format!("{name} acts on what came before");
            self.wrong.get_or_insert(what);
        }
    }

    fn deliver_to_server(&mut self, packet: &net::Packet) {
        let now = self.now;
        let Some(server) = &mut self.server else {
            return;
        };
        let again = self
            .watch
            .reaches_server(now, packet.from, (&packet.bytes, packet.intact));
        let unix_ms = self.unix_ms.wrapping_add(now.as_millis() as u64);
        let before = dropped(&server.room);
        server.room.set_wall_clock(unix_ms);
        server
            .room
            .handle_datagram(&mut server.users, now, packet.from, &packet.bytes);
        if again && dropped(&server.room) == before {
            let what = format!("the room took a datagram of {} again", packet.from);
            self.wrong.get_or_insert(what);
        }
        self.attend_server();
    }

    /// Sends what the room has to send, and notes what it shows.
    fn attend_server(&mut self) {
        let Some(server) = &mut self.server else {
            return;
        };
        let (Some(log), first) = (self.lives.last_mut(), self.numbers.event) else {
            return;
        };
        while let Some(shown) = server.room.poll_shown() {
            if let Some(chronicle) = &mut self.chronicle
                && let Err(what) = chronicle.note(&shown, &self.actors)
            {
                self.wrong.get_or_insert(what);
            }
            log.push(shown);
        }
        if let Some(chronicle) = &self.chronicle
            && chronicle.here() != server.users.len()
            && !self.closing
        {
            let (here, users) = (chronicle.here(), server.users.len());
            let what = format!("{users} in the user map, {here} by the log");
            self.wrong.get_or_insert(what);
        }
        let log = LogView { first, events: log };
        let most = match self.random.below(4) {
            0 => 1 + self.random.below(8),
            _ => u64::MAX,
        };
        server.unsent_at = Some(self.now + Duration::from_micros(self.random.below(1000)));
        for _ in 0..most {
            let Some((to, bytes)) = server.room.poll_transmit(self.now) else {
                server.unsent_at = None;
                break;
            };
            self.trace = mix(self.trace ^ u64::from(to.port()), bytes);
            if let Err(what) = self
                .watch
                .server_sends(self.now, to, bytes, log, &server.users)
            {
                self.wrong.get_or_insert(what);
            }
            let line = self.actors.iter().find(|actor| actor.address == to);
            let delay = line.map_or(Duration::ZERO, |actor| actor.lines[1].delay);
            let way = (server_address(), to);
            self.net.send(self.now, delay, way, bytes);
        }
    }

    /// Sends what a session has to send, and notes what it tells; whether there was anything.
    fn attend(&mut self, at: usize) -> bool {
        let actor = &mut self.actors[at];
        let mut effect = false;
        while actor.is_running() && actor.session.poll_transmit(self.now, &mut self.buffer) {
            effect = true;
            self.trace = mix(self.trace, &self.buffer);
            if let Err(what) = self.watch.client_sends(at, &self.buffer) {
                self.wrong.get_or_insert(what);
            }
            let line = &mut actor.lines[0];
            if line.passes(self.now, &mut self.random, self.buffer.len()) && !actor.partitioned {
                let way = (actor.address, server_address());
                self.net.send(self.now, line.delay, way, &self.buffer);
            }
        }
        let mut moved = false;
        while let Some(event) = self.actors[at].session.poll_event() {
            effect = true;
            if self.chronicle.is_none() {
                self.actors[at].events.push(event.clone());
            }
            moved |= event == Event::Rebind;
            self.note(at, event);
        }
        if moved {
            self.move_actor(at);
        }
        self.actors[at].due = self.actors[at].session.poll_timeout();
        effect
    }

    /// Notes what a session tells.
    fn note(&mut self, at: usize, event: Event) {
        let actor = &mut self.actors[at];
        match event {
            Event::Joined(joined) => {
                let epoch = actor.session.epoch();
                let life = self.epochs.iter().position(|known| Some(*known) == epoch);
                actor.life = life.expect("a Welcome of one of the server's lives");
                let past = actor.session.past().expect("it is in, or was");
                let next = past.next;
                actor
                    .reader
                    .joins(joined, actor.life, next, self.numbers.event);
                actor.told.push(Event::Joined(joined));
            }
            Event::Happened { number, what, .. } if self.chronicle.is_some() => {
                let log = LogView {
                    first: self.numbers.event,
                    events: &self.lives[actor.life],
                };
                if let Err(wrong) = actor.reader.sees(&actor.names, number, &what, log) {
                    self.wrong.get_or_insert(wrong);
                }
                if matches!(what, Seen::Whispered(..) | Seen::Gap(_)) {
                    actor.seen.push((actor.life, number, what));
                }
            }
            Event::Happened { number, what, .. } => actor.seen.push((actor.life, number, what)),
            Event::Ordered(count) => {
                assert_eq!(count, actor.ordered + 1, "ordered out of turn");
                actor.ordered = count;
                if let Some(chronicle) = &self.chronicle
                    && !actor.private.contains_key(&(count as usize - 1))
                    && !chronicle.holds(at, count - 1)
                {
                    let what = format!("{}: {count} is ordered and in no log", actor.name);
                    self.wrong.get_or_insert(what);
                }
            }
            Event::Renamed(name) => {
                actor.names.insert(name.clone());
                actor.name = name;
            }
            Event::Logged { count, number, .. } => {
                let said = count
                    .checked_sub(1)
                    .and_then(|place| actor.said.get(place as usize));
                let event = number
                    .checked_sub(self.numbers.event)
                    .and_then(|at| self.lives[actor.life].get(at as usize));
                let right = match event {
                    Some(Shown::Said(_, text) | Shown::Acted(_, text)) => {
                        said.is_some_and(|said| **said == **text)
                    }
                    Some(Shown::Hidden) => actor.private.contains_key(&(count as usize - 1)),
                    _ => false,
                };
                if !right {
                    let what = format!("{}: {said:?} is {number}: {event:?}", actor.name);
                    self.wrong.get_or_insert(what);
                }
            }
            // Of what another process said for it.
            Event::Failed { count: 0, .. } if actor.resumes => (),
            Event::Failed { count, why, wish } => {
                assert!(count <= actor.ordered, "it fails after it was ordered");
                let place = count as usize - 1;
                let known = actor.private.get(&place);
                assert_eq!(wish.as_ref(), known, "the wish is known");
                let before = actor.failed.insert(place, why);
                assert_eq!(before, None, "it fails once");
            }
            Event::Ended(end) => {
                if matches!(end, End::Removed(..))
                    && let Some(chronicle) = &self.chronicle
                    && chronicle.has_come_to(at, &actor.name, actor.ordered)
                {
                    let what = format!(
                        "{}: removed with {} ordered, and more is in the log",
                        actor.name, actor.ordered
                    );
                    self.wrong.get_or_insert(what);
                }
                actor.end = Some(end);
            }
            Event::Refused(refusal) => actor.refused = Some(refusal),
            Event::Roster(names) => {
                actor.roster = Some(names.clone());
                actor.told.push(Event::Roster(names));
            }
            Event::Rebind => (),
            other => actor.told.push(other),
        }
    }

    /// Whether nothing is under way that a person would wait for.
    pub fn is_settled(&self) -> bool {
        if self.server.is_none() {
            return false;
        }
        let tail = self.numbers.event + self.lives.last().map_or(0, |log| log.len() as u64) - 1;
        self.actors
            .iter()
            .filter(|actor| actor.is_running() && !actor.is_out())
            .all(|actor| {
                // The number may be the same in another life.
                actor.session.undelivered() == 0
                    && actor.session.seen_up_to() == Some(tail)
                    && actor.life + 1 == self.lives.len()
            })
    }

    /// Whether everything is within its bounds, in the room and in every session.
    pub fn check_sizes(&mut self) -> Result<(), String> {
        bounds::check(self)
    }

    /// Whether everyone who is in the room was shown all of the log.
    pub fn check_ends(&self) -> Result<(), String> {
        let life = self.lives.len() - 1;
        let log = LogView {
            first: self.numbers.event,
            events: &self.lives[life],
        };
        for actor in &self.actors {
            if actor.is_running() && actor.session.seen_up_to().is_some() {
                actor.reader.ends(&actor.names, life, log)?;
            }
        }
        Ok(())
    }
}

/// What the room has counted and not acted on.
fn dropped(room: &Room) -> u64 {
    let stats = room.stats();
    stats.replayed + stats.stray + stats.forged + stats.turned_away + stats.malformed
}

/// Mixes bytes into a trace.
fn mix(mut trace: u64, bytes: &[u8]) -> u64 {
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.try_into().map_or(0, u64::from_le_bytes);
        trace = (trace.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
    for byte in chunks.remainder() {
        trace = (trace.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x517C_C1B7_2722_0A95);
    }
    trace ^ bytes.len() as u64
}

impl Actor {
    /// Whether it was ever let in.
    pub fn was_in(&self) -> bool {
        self.told
            .iter()
            .any(|told| matches!(told, Event::Joined(_)))
    }

    /// Whether it is over, or was refused for good.
    pub fn is_out(&self) -> bool {
        self.end.is_some() || self.session.is_over()
    }

    /// Whether it may have said this once as one member and once more as another.
    fn may_repeat(&self, place: usize) -> bool {
        let between = |(ordered, said): &(u64, usize)| (*ordered as usize..*said).contains(&place);
        self.again.iter().any(between)
    }

    /// Whether this was ordered for a member that it is no longer, so that what came of it may never be told.
    fn has_outlived(&self, place: usize) -> bool {
        self.again
            .iter()
            .any(|(ordered, _)| place < *ordered as usize)
    }

    fn is_running(&self) -> bool {
        !self.dead && !self.frozen
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
                let missing = &log[(number - world.numbers.event) as usize];
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
                let event = &log[(number - world.numbers.event) as usize];
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

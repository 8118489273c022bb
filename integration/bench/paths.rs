//! The inner paths in process, without sockets: what a delivery costs before the kernel has it.
//!
//! Prints a Markdown table of nanoseconds, to be compared from commit to commit. `make bench-instructions` counts
//! instructions instead, which do not depend on what else the machine does: valgrind sees what runs in [`timed`].
//! `PATH_ONLY` is one of encode, seal, decode, append, flush, crowd; `PATH_MEMBERS` sets the members of flush.

use chatroom::limits;
use chatroom::room::{Config, InMemory, Room, UserMap};
use chatroom::seal::{Key, Tag, digest};
use chatroom::wire::{self, Challenge, Datagram, Hello, Join, Open, PacketNumber, SessionId};
use chatroom::wire::{
    DownEncoder, Named, Own, Stamps, Stored, Up, UpEncoder, What, decode_down, seal_down,
};
use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const TEXT: &str = "sixty bytes of text, as many as in the rows of the other one";
const SECRET: [u8; 16] = [7; 16];
/// Joins between two flushes: their replies fit the queue.
const ROUND: usize = 1000;

fn main() -> Result<()> {
    let only = env::var("PATH_ONLY").unwrap_or_default();
    let wants = |path: &str| only.is_empty() || only == path;
    let members = match env::var("PATH_MEMBERS") {
        Ok(members) => members.parse()?,
        Err(_) => 1000,
    };
    let mut table = Table::new()?;
    if wants("encode") {
        let (mut frame, mut authors) = (Vec::new(), Vec::new());
        let mut count = 0;
        let spent = time(20_000, || count = encode(&mut frame, &mut authors));
        table.row(
            "encode and digest a body, per event",
            spent / f64::from(count),
        )?;
    }
    if wants("seal") {
        let (mut frame, key) = (full_body(), Key::from_bytes(SECRET));
        let body = digest(&frame[limits::DOWN_HEAD..]);
        let mut packet = 0;
        let spent = time(1_000_000, || {
            packet += 1;
            let whose = (SessionId(1), PacketNumber(packet), key);
            seal_down(
                &mut frame,
                whose,
                (1, 0),
                (false, Stamps::default()),
                (Own::default(), body),
            );
        });
        table.row("head and tag, per datagram", spent)?;
    }
    if wants("decode") {
        table.row("verify and decode a full Down, per datagram", decode()?)?;
    }
    if wants("append") {
        let mut crowd = Crowd::new(1)?;
        crowd.join(1)?;
        let spent = time(100_000, || crowd.announce());
        table.row("append, per event", spent)?;
    }
    if wants("flush") {
        fan_out(&mut table, members, 200)?;
    }
    if wants("crowd") {
        fan_out(&mut table, 100_000, 5)?;
    }
    Ok(())
}

struct Table;

impl Table {
    fn new() -> Result<Table> {
        writeln!(io::stdout(), "| path | ns |\n| --- | --: |")?;
        Ok(Table)
    }

    fn row(&mut self, path: &str, nanos: f64) -> Result<()> {
        Ok(writeln!(io::stdout(), "| {path} | {nanos:.1} |")?)
    }
}

/// Everything that is measured runs in here, and nothing else.
#[inline(never)]
fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let result = run();
    (began.elapsed(), result)
}

/// Nanoseconds of each call, on average; of five runs the fastest, since the others were disturbed.
fn time(calls: u32, mut call: impl FnMut()) -> f64 {
    let runs = (0..5).map(|_| {
        let (spent, ()) = timed(|| {
            for _ in 0..calls / 5 {
                call();
            }
        });
        spent.as_nanos() as f64 / f64::from(calls / 5)
    });
    runs.fold(f64::INFINITY, f64::min)
}

/// Fills a datagram with what ten members say in turn; gives how many events it holds.
fn encode(frame: &mut Vec<u8>, authors: &mut Vec<Named>) -> u32 {
    frame.clear();
    frame.resize(limits::DOWN_HEAD, 0);
    let mut encoder = DownEncoder::new(frame, authors, limits::DATAGRAM);
    let mut count = 0;
    while encoder.push(
        1000 + u64::from(count),
        &Stored {
            unix_ms: 1_800_000_000_000 + u64::from(count / 4),
            author: 1 + u64::from(count % 10),
            utterance: 0,
            what: What::Said("m100", black_box(TEXT)),
        },
    ) {
        count += 1;
    }
    black_box(digest(&frame[limits::DOWN_HEAD..]));
    count
}

fn full_body() -> Vec<u8> {
    let mut frame = Vec::new();
    encode(&mut frame, &mut Vec::new());
    frame
}

fn decode() -> Result<f64> {
    let (mut frame, key) = (full_body(), Key::from_bytes(SECRET));
    let body = digest(&frame[limits::DOWN_HEAD..]);
    let whose = (SessionId(1), PacketNumber(1), key);
    seal_down(
        &mut frame,
        whose,
        (1, 0),
        (false, Stamps::default()),
        (Own::default(), body),
    );
    let read = |frame: &[u8]| match wire::decode(frame) {
        Ok(Datagram::Sealed(sealed)) if sealed.verify(key) => {
            decode_down(&sealed).map(|down| down.events.len()).ok()
        }
        _ => None,
    };
    read(&frame).ok_or("what was encoded does not decode")?;
    Ok(time(50_000, || {
        black_box(read(black_box(&frame)));
    }))
}

/// One announcement to everyone, again and again.
fn fan_out(table: &mut Table, members: usize, times: u32) -> Result<()> {
    let mut crowd = Crowd::new(members)?;
    let before = resident()?;
    crowd.join(members)?;
    crowd.rest();
    let each = (resident()? - before) as f64 / members as f64;
    let (mut flush, mut acks) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..times {
        crowd.announce();
        crowd.pause();
        let (spent, sent) = timed(|| crowd.flush());
        // Some probe their path, too.
        flush = flush.min(spent.as_nanos() as f64 / sent as f64);
        if sent < members {
            return Err(format!("{sent} datagrams for {members} members").into());
        }
        let ups = crowd.ups();
        let (spent, ()) = timed(|| crowd.receive(&ups));
        acks = acks.min(spent.as_nanos() as f64 / members as f64);
    }
    table.row(&format!("flush to {members} members, per datagram"), flush)?;
    table.row(
        &format!("acknowledgements of {members} members, each"),
        acks,
    )?;
    writeln!(
        io::stdout(),
        "| *memory of {members} members with the log, bytes per member* | {each:.0} |"
    )?;
    Ok(())
}

/// Bytes of this process that are in memory.
fn resident() -> Result<u64> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages = pages.split_whitespace().nth(1).ok_or("statm")?;
    Ok(pages.parse::<u64>()? * 4096)
}

/// A room and what its members need to answer it.
struct Crowd {
    room: Room,
    users: UserMap,
    now: Duration,
    members: Vec<(SessionId, Key, u64)>,
    tail: u64,
    bytes: Vec<u8>,
}

impl Crowd {
    fn new(members: usize) -> Result<Crowd> {
        let config = Config {
            max_members: members,
            per_address: Some(0),
            rate: 0,
            ..Config::default()
        };
        // Touched now, so that it does not count as the room's memory.
        let mut list = vec![(SessionId(1), Key::from_bytes(SECRET), 1); members];
        list.clear();
        let mut crowd = Crowd {
            room: Room::new(config, [3; 32], Box::new(InMemory::default())),
            users: UserMap::default(),
            now: Duration::from_secs(1),
            members: list,
            tail: 0,
            bytes: Vec::new(),
        };
        // Fills the log, which is no member's.
        for _ in 0..limits::LOG_EVENTS {
            crowd.announce();
        }
        crowd.flush();
        Ok(crowd)
    }

    fn announce(&mut self) {
        self.tail += 1;
        self.room.handle_announce(&mut self.users, self.now, TEXT);
    }

    fn address(member: usize) -> SocketAddr {
        let [_, _, high, low] = (member as u32).to_be_bytes();
        ([10, (member >> 16) as u8, high, low], 9000).into()
    }

    /// Sends to the room, and gives its reply.
    fn ask(&mut self, member: usize, open: &Open<'_>) -> Result<Vec<u8>> {
        let from = Crowd::address(member);
        self.bytes.clear();
        wire::encode(open, &mut self.bytes);
        let bytes = &self.bytes;
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
        // Replies come before anything that is flushed.
        match self.room.poll_transmit(self.now) {
            Some((to, bytes)) if to == from => Ok(bytes.to_vec()),
            _ => Err("no reply".into()),
        }
    }

    fn join(&mut self, members: usize) -> Result<()> {
        for member in self.members.len()..members {
            let nonce = member as u64 + 1;
            let hello = Open::Hello(Hello { nonce });
            let reply = self.ask(member, &hello)?;
            let Ok(Datagram::Open(Open::Challenge(Challenge { cookie, .. }))) =
                wire::decode(&reply)
            else {
                return Err("no challenge".into());
            };
            let name = &format!("m{member}");
            let (history, resume) = (0, None);
            let join = Open::Join(Join {
                nonce,
                cookie,
                history,
                resume,
                name,
            });
            let reply = self.ask(member, &join)?;
            let Ok(Datagram::Open(Open::Welcome(welcome))) = wire::decode(&reply) else {
                return Err("no welcome".into());
            };
            self.members.push((welcome.session, welcome.secret, 0));
            self.tail += 1;
            if self.members.len().is_multiple_of(ROUND) || self.members.len() == members {
                self.pause();
                while self.flush() > 0 {
                    // One after the other, so that they do not count as the room's memory.
                    for member in 0..self.members.len() {
                        let up = self.up(member);
                        self.hand(member, &up);
                    }
                    self.room.handle_timeout(&mut self.users, self.now);
                    let (here, all) = (self.users.len(), self.members.len());
                    if here != all {
                        return Err(format!("{here} of {all} are still in").into());
                    }
                }
            }
        }
        Ok(())
    }

    /// As long as the room rests at most after it has sent to everyone, before words and before notices.
    fn pause(&mut self) {
        self.now += limits::FAN_OUT_PAUSE_MOST.max(limits::NOTICE_PAUSE_MOST);
    }

    /// Nothing happens for so long that every timer has come that waits for an answer.
    fn rest(&mut self) {
        self.now += limits::RTO_MOST;
        self.room.handle_timeout(&mut self.users, self.now);
        self.flush();
    }

    /// Everything that the room has to send; gives how many datagrams.
    fn flush(&mut self) -> usize {
        let mut sent = 0;
        while let Some((_, bytes)) = self.room.poll_transmit(self.now) {
            black_box(bytes);
            sent += 1;
        }
        sent
    }

    /// Everyone has everything.
    fn ups(&mut self) -> Vec<Vec<u8>> {
        (0..self.members.len())
            .map(|member| self.up(member))
            .collect()
    }

    /// The member has everything, and it has come at once.
    fn up(&mut self, member: usize) -> Vec<u8> {
        let value = (self.now.as_nanos() / Stamps::TICK.as_nanos()) as u16;
        let up = Up {
            answer: false,
            bye: false,
            acked: self.tail,
            gap_end: 0,
            stamps: Stamps { value, echo: value },
            first: 0,
            utterances: Vec::new(),
        };
        let (session, secret, packet) = &mut self.members[member];
        *packet += 1;
        let mut bytes = Vec::new();
        let _: Tag =
            UpEncoder::new(&mut bytes, *session, PacketNumber(*packet), &up).finish(*secret);
        bytes
    }

    fn hand(&mut self, member: usize, bytes: &[u8]) {
        let from = Crowd::address(member);
        self.room
            .handle_datagram(&mut self.users, self.now, from, bytes);
    }

    fn receive(&mut self, ups: &[Vec<u8>]) {
        for (member, bytes) in ups.iter().enumerate() {
            self.hand(member, bytes);
        }
        self.room.handle_timeout(&mut self.users, self.now);
    }
}

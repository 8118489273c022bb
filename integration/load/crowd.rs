//! A crowd: many real sessions, each with a socket of its own, driven by one thread; what they see goes to a witness.

use super::witness::Witness;
use chatroom::link::Random;
use chatroom::session::{End, Event, Joined, Session};
use chatroom::wire::Refusal;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Receive buffer of each socket, so that nothing is lost in the crowd.
const RECEIVE_BUFFER: usize = 1 << 20;

/// A text of the crowd: who says it is known by the name, the rest is in it.
#[derive(Clone, Copy)]
pub struct Mark {
    pub count: usize,
    pub said_at: Duration,
}

impl Mark {
    fn text(&self) -> String {
        let micros = self.said_at.as_micros();
        format!("{:09} {micros:015} {:.>35}", self.count, "")
    }

    pub fn read(text: &str) -> Option<Mark> {
        Some(Mark {
            count: text.get(..9)?.parse().ok()?,
            said_at: Duration::from_micros(text.get(10..25)?.parse().ok()?),
        })
    }
}

/// How a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    Outside,
    In,
    /// Leaving, or out.
    Leaving,
    Left,
    /// Not let in because of its name, which the test has asked for.
    Refused,
}

struct Member {
    /// `None` once it has left.
    socket: Option<UdpSocket>,
    session: Session,
    wake: Duration,
    stand: Stand,
    /// Neither reads nor sends, as a process that is stopped.
    stopped: bool,
    undelivered: usize,
}

/// See the module.
pub struct Crowd {
    server: SocketAddr,
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    timers: BinaryHeap<Reverse<(Duration, usize)>>,
    began: Instant,
    random: Random,
    /// Of a thousand datagrams, each way.
    pub loss: u64,
    pub witness: Witness,
    /// Whether somebody's name may be taken.
    pub contested: bool,
    bytes: Vec<u8>,
}

/// A socket at this address that is not waited for.
pub fn socket(at: Ipv4Addr) -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((at, 0)).into())?;
    Ok(socket.into())
}

/// The addresses of 127.0.0.0/8, one after the other, but the first.
pub fn source(number: usize) -> Ipv4Addr {
    let [_, b, c, d] = (number as u32 % 0xff_0000 + 2).to_be_bytes();
    Ipv4Addr::new(127, b, c, d)
}

impl Crowd {
    pub fn new(server: SocketAddr, seed: u64) -> Crowd {
        Crowd {
            server,
            poll: Poll::new().expect("a poll"),
            events: Events::with_capacity(256),
            members: Vec::new(),
            timers: BinaryHeap::new(),
            began: Instant::now(),
            random: Random::new(seed),
            loss: 0,
            witness: Witness::default(),
            contested: false,
            bytes: vec![0; chatroom::limits::RECEIVE_BUFFER],
        }
    }

    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn stand(&self, member: usize) -> Stand {
        self.members[member].stand
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    /// One more, who asks to come in.
    pub fn enter(&mut self, name: &str) -> usize {
        let at = self.members.len();
        let socket = socket(source(at)).expect("a socket");
        socket.connect(self.server).expect("connected");
        let mut socket = UdpSocket::from_std(socket);
        let registry = self.poll.registry();
        registry
            .register(&mut socket, Token(at), Interest::READABLE)
            .expect("registered");
        let session = Session::new(self.now(), name, 0, self.random.bits());
        self.members.push(Member {
            socket: Some(socket),
            session,
            wake: Duration::MAX,
            stand: Stand::Outside,
            stopped: false,
            undelivered: 0,
        });
        self.witness.add(name);
        self.attend(at);
        at
    }

    /// So many come in, named by this and a number, a few at a time.
    pub fn fill(&mut self, name: &str, count: usize) {
        self.fill_at_once(name, count, 16);
    }

    /// The same, where at most so many are on their way at once.
    pub fn fill_at_once(&mut self, name: &str, count: usize, at_once: usize) {
        let first = self.len();
        let deadline = self.now() + Duration::from_secs(60);
        while (first..self.len()).any(|at| self.stand(at) == Stand::Outside)
            || self.len() < first + count
        {
            let outside = (first..self.len()).filter(|at| self.stand(*at) == Stand::Outside);
            if outside.count() < at_once && self.len() < first + count {
                let at = self.len();
                self.enter(&format!("{name}{at}"));
            }
            self.turn(Duration::from_millis(1));
            assert!(self.now() < deadline, "not everyone came in");
        }
    }

    pub fn says(&mut self, member: usize) {
        let count = self.witness.says(member);
        let said_at = self.now();
        let entry = &mut self.members[member];
        entry.undelivered += 1;
        entry.session.handle_say(&Mark { count, said_at }.text());
        self.attend(member);
    }

    pub fn leaves(&mut self, member: usize) {
        self.members[member].stand = Stand::Leaving;
        self.members[member].session.handle_leave();
        self.attend(member);
    }

    /// From now on it neither reads nor sends; or does again.
    pub fn stops(&mut self, member: usize, stopped: bool) {
        self.members[member].stopped = stopped;
        if !stopped {
            self.receive(member);
            self.attend(member);
        }
    }

    /// Texts that have not yet come back to who said them.
    pub fn undelivered(&self) -> usize {
        self.members.iter().map(|member| member.undelivered).sum()
    }

    /// Whether everyone who is in, and not stopped, has seen everything up to the same event.
    pub fn is_level(&self) -> bool {
        let here = self
            .members
            .iter()
            .filter(|m| m.stand == Stand::In && !m.stopped);
        let mut seen = here.map(|member| member.session.seen_up_to());
        let first = seen.next().flatten();
        first.is_some() && seen.all(|up_to| up_to == first)
    }

    /// Goes on until everything said is in the log and everyone has seen everything; false if it does not come to
    /// that in time.
    pub fn settle(&mut self, most: Duration) -> bool {
        let deadline = self.now() + most;
        while self.undelivered() > 0
            || !self.is_level()
            || self.members.iter().any(|m| m.stand == Stand::Leaving)
        {
            self.turn(Duration::from_millis(5));
            if self.now() > deadline {
                return false;
            }
        }
        true
    }

    /// Goes on for a time.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now() + time;
        while self.now() < end {
            self.turn(Duration::from_millis(5));
        }
    }

    /// Holds what all have seen against each other; gives how many texts were lost.
    pub fn check(&mut self) -> usize {
        let seen: Vec<_> = { self.members.iter() }
            .map(|member| match member.stand {
                Stand::In if !member.stopped => member.session.seen_up_to(),
                _ => None,
            })
            .collect();
        let lost = self.witness.check(&seen);
        let wrong = &self.witness.wrong;
        assert!(
            wrong.is_empty(),
            "{} wrong: {:?}",
            wrong.len(),
            &wrong[..wrong.len().min(5)]
        );
        lost
    }

    /// Waits, at most so long, and does what there is to do then.
    pub fn turn(&mut self, most: Duration) {
        let now = self.now();
        let next = self.timers.peek().map(|Reverse((at, _))| *at);
        let pause = next.map_or(most, |at| at.saturating_sub(now).min(most));
        match self.poll.poll(&mut self.events, Some(pause)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            other => other.expect("polled"),
        }
        let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
        for member in ready {
            self.receive(member);
        }
        let now = self.now();
        while let Some(Reverse((at, member))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            if self.members[member].wake == at {
                self.members[member].wake = Duration::MAX;
                self.attend(member);
            }
        }
    }

    fn receive(&mut self, at: usize) {
        let mut came = false;
        while !self.members[at].stopped {
            let member = &mut self.members[at];
            let Some(socket) = &member.socket else { return };
            match socket.recv(&mut self.bytes) {
                Ok(size) => {
                    if self.random.below(1000) >= self.loss {
                        let now = self.began.elapsed();
                        member.session.handle_datagram(now, &self.bytes[..size]);
                        came = true;
                        // One by one, for what it has seen when it is told that it is in.
                        self.listen(at, now);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An answer of the machine's that nobody listens there.
                Err(_) => (),
            }
        }
        if came {
            self.attend(at);
        }
    }

    /// Does what a member's time asks for, takes what it tells, and sends what it has to send.
    fn attend(&mut self, at: usize) {
        if self.members[at].stopped || self.members[at].stand == Stand::Left {
            return;
        }
        let now = self.now();
        self.members[at].session.handle_timeout(now);
        self.listen(at, now);
        let mut out = Vec::new();
        let member = &mut self.members[at];
        if member.stand == Stand::Left {
            while member.session.poll_transmit(now, &mut out) {
                let _ = member.socket.as_ref().map(|socket| socket.send(&out));
            }
            member.socket = None;
            return;
        }
        while member.session.poll_transmit(now, &mut out) {
            if self.random.below(1000) >= self.loss {
                // What can't be sent is lost, and what is lost is sent again.
                let _ = member.socket.as_ref().map(|socket| socket.send(&out));
            }
        }
        match member.session.poll_timeout() {
            Some(wake) if wake < member.wake => {
                member.wake = wake;
                self.timers.push(Reverse((wake, at)));
            }
            _ => (),
        }
    }

    fn listen(&mut self, at: usize, now: Duration) {
        while let Some(event) = self.members[at].session.poll_event() {
            self.told(at, now, event);
        }
    }

    fn told(&mut self, at: usize, now: Duration, event: Event) {
        let member = &mut self.members[at];
        match event {
            Event::Joined(Joined::First) => {
                member.stand = Stand::In;
                let seen = member.session.seen_up_to().unwrap_or_default();
                self.witness.joined(at, seen);
            }
            Event::Joined(Joined::Again) => (),
            Event::Happened { number, what, .. } => self.witness.saw(at, now, number, &what),
            // Not when it is ordered: where there is more than a datagram holds, that is told before the event.
            Event::Logged { .. } => member.undelivered -= 1,
            Event::Rebind => self.rebind(at),
            Event::Ended(End::Left) if member.stand == Stand::Leaving => {
                member.stand = Stand::Left;
            }
            Event::Refused(Refusal::NameTaken) if self.contested => member.stand = Stand::Refused,
            Event::Silent(_) | Event::HeardAgain | Event::Returning => (),
            Event::Ordered(_) | Event::Roster(_) => (),
            // And nobody asks for what these answer.
            _ => {
                self.witness.wrong.push(format!("member {at}: {event:?}"));
                member.stand = Stand::Left;
            }
        }
    }

    /// The session asks for another socket: from another port of the same address.
    fn rebind(&mut self, at: usize) {
        let Ok(socket) = socket(source(at)) else {
            return;
        };
        if socket.connect(self.server).is_err() {
            return;
        }
        let member = &mut self.members[at];
        let mut socket = UdpSocket::from_std(socket);
        let registry = self.poll.registry();
        let _ = registry.register(&mut socket, Token(at), Interest::READABLE);
        member.socket = Some(socket);
    }
}

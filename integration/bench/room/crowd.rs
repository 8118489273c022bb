//! The load generator: one thread that drives thousands of members, each with a socket of its own.
//!
//! What waits in all sockets that are readable is taken out and stamped first, and handed to the members after that, so
//! that the time one member takes is not measured as another's latency.

use super::path::{Packet, Path};
use super::peer::{Peer, SENDERS};
use super::tally::Tally;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Receive buffer of each socket, so that nothing is lost in the generator.
const RECEIVE_BUFFER: usize = 1 << 20;
/// Bytes of the largest datagram that there is.
const LARGEST: usize = chatroom::limits::RECEIVE_BUFFER;
/// Sockets that are read before what came is handed on.
pub const AT_ONCE: usize = 256;

struct Member<P> {
    socket: UdpSocket,
    peer: P,
    /// The earliest entry for it among the timers.
    wake: Duration,
}

/// A datagram that was taken out of a socket.
struct Arrival {
    member: usize,
    at: Duration,
    begin: usize,
    end: usize,
}

/// See the module.
pub struct Crowd<P> {
    server: SocketAddr,
    members: Vec<Member<P>>,
    poll: Poll,
    events: Events,
    timers: BinaryHeap<Reverse<(Duration, usize)>>,
    began: Instant,
    arrivals: Vec<Arrival>,
    bytes: Vec<u8>,
    out: Vec<u8>,
    /// Larger datagrams are lost on the way to the members.
    carries: usize,
    /// There and back, if they are not as good as the machine's own.
    paths: Option<[Path; 2]>,
    pub tally: Tally,
}

/// A socket that is not waited for, with a receive buffer as large as it may be.
pub fn socket() -> io::Result<std::net::UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    Ok(socket.into())
}

impl<P: Peer> Crowd<P> {
    pub fn new(server: SocketAddr) -> io::Result<Crowd<P>> {
        Ok(Crowd {
            server,
            members: Vec::new(),
            poll: Poll::new()?,
            events: Events::with_capacity(AT_ONCE),
            timers: BinaryHeap::new(),
            began: Instant::now(),
            arrivals: Vec::new(),
            bytes: Vec::new(),
            carries: LARGEST,
            out: Vec::new(),
            paths: None,
            tally: Tally::default(),
        })
    }

    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// From now on datagrams take so long each way, and so many of a thousand are lost.
    pub fn worsen(&mut self, delay: Duration, loss: u64) {
        self.paths = Some([Path::new(delay, loss), Path::new(delay, loss)]);
    }

    /// From now on the way to the members carries no more than so many bytes at once.
    pub fn narrow(&mut self, bytes: usize) {
        self.carries = bytes;
    }

    /// One more member, with its socket.
    pub fn add(&mut self, peer: P) -> io::Result<()> {
        let socket = socket()?;
        socket.connect(self.server)?;
        let mut socket = UdpSocket::from_std(socket);
        let at = self.members.len();
        self.poll
            .registry()
            .register(&mut socket, Token(at), Interest::READABLE)?;
        self.members.push(Member {
            socket,
            peer,
            wake: Duration::MAX,
        });
        self.tally.add_member();
        Ok(())
    }

    /// The members from this one on have something to send, or to wait for.
    pub fn start(&mut self, member: usize) {
        let now = self.now();
        self.attend(member, now, now);
    }

    /// The member that speaks as this author: they are spread over all.
    pub fn speaker(&self, author: usize) -> usize {
        author * self.members.len() / SENDERS
    }

    /// The author says so many texts at once.
    pub fn say(&mut self, author: usize, count: usize) {
        if count == 0 {
            return;
        }
        let now = self.now();
        let member = self.speaker(author);
        for _ in 0..count {
            let mark = self.tally.note_said(author, now, self.members.len());
            self.members[member].peer.say(&mark.text());
        }
        self.attend(member, now, now);
    }

    /// Whether every member has seen everything up to the same event.
    pub fn is_level(&self) -> bool {
        let mut seen = self.members.iter().map(|member| member.peer.seen_up_to());
        let first = seen.next().flatten();
        first.is_some() && seen.all(|up_to| up_to == first)
    }

    /// Waits, at most so long, and does what there is to do then.
    pub fn turn(&mut self, most: Duration) -> io::Result<()> {
        let now = self.now();
        let timer = self.timers.peek().map(|Reverse((at, _))| *at);
        let paths = self.paths.iter().flatten().filter_map(Path::next_at);
        let next = paths.chain(timer).min();
        let pause = next.map_or(most, |at| at.saturating_sub(now).min(most));
        match self.poll.poll(&mut self.events, Some(pause)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            other => other?,
        }
        self.receive();
        self.hand_over();
        self.wake_up();
        self.move_along();
        Ok(())
    }

    /// Takes out what waits in the sockets.
    fn receive(&mut self) {
        self.arrivals.clear();
        let mut begin = 0;
        for event in &self.events {
            let Token(member) = event.token();
            loop {
                if self.bytes.len() < begin + LARGEST {
                    self.bytes.resize(2 * (begin + LARGEST), 0);
                }
                // Readiness is told once: until the socket says that nothing is left.
                let received = self.members[member].socket.recv(&mut self.bytes[begin..]);
                match received {
                    Ok(size) if size > self.carries => (),
                    Ok(size) => {
                        let (at, end) = (self.began.elapsed(), begin + size);
                        self.arrivals.push(Arrival {
                            member,
                            at,
                            begin,
                            end,
                        });
                        begin = end;
                        self.tally.datagrams += 1;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => (),
                }
            }
        }
    }

    fn hand_over(&mut self) {
        for index in 0..self.arrivals.len() {
            let Arrival {
                member,
                at,
                begin,
                end,
            } = self.arrivals[index];
            if let Some([_, back]) = &mut self.paths {
                back.put(at, member, &self.bytes[begin..end]);
                continue;
            }
            let now = self.began.elapsed();
            let bytes = &self.bytes[begin..end];
            self.members[member].peer.handle_datagram(now, bytes);
            self.attend(member, now, at);
        }
    }

    fn wake_up(&mut self) {
        let now = self.now();
        while let Some(Reverse((at, member))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            if self.members[member].wake == at {
                self.members[member].wake = Duration::MAX;
                self.members[member].peer.handle_timeout(now);
                self.attend(member, now, now);
            }
        }
    }

    /// What has come through the paths.
    fn move_along(&mut self) {
        let now = self.now();
        let through = |paths: &mut Option<[Path; 2]>, way: usize| {
            paths.as_mut().and_then(|paths| paths[way].take(now))
        };
        while let Some(Packet { member, bytes, .. }) = through(&mut self.paths, 0) {
            let _ = self.members[member].socket.send(&bytes);
        }
        while let Some(Packet { member, bytes, .. }) = through(&mut self.paths, 1) {
            self.members[member].peer.handle_datagram(now, &bytes);
            self.attend(member, now, now);
        }
    }

    /// Sends what a member has to send, and notes what it was shown by a datagram that came at `at`.
    fn attend(&mut self, index: usize, now: Duration, at: Duration) {
        let member = &mut self.members[index];
        while member.peer.poll_transmit(now, &mut self.out) {
            self.tally.answers += 1;
            match &mut self.paths {
                Some([there, _]) => there.put(now, index, &self.out),
                // What can't be sent is lost, and what is lost is sent again.
                None => drop(member.socket.send(&self.out)),
            }
        }
        while let Some(seen) = member.peer.poll_seen() {
            self.tally.note_seen(index, at, seen);
        }
        if let Some(wake) = member.peer.poll_timeout()
            && wake < member.wake
        {
            member.wake = wake;
            self.timers.push(Reverse((wake, index)));
        }
    }
}

//! The router thread: takes everything that waits, hands it to the room, and sends what the room has to send.
//!
//! It holds the user map's mutex once per batch, while the room handles the batch, and not while it sends.

use super::orders::{Answer, Place};
use super::outbox::Outbox;
use super::queue::Datagrams;
use super::{Command, Shared, calendar};
use crate::limits;
use crate::room::{Room, UserMap};
use crossbeam_channel::Sender;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

pub(super) struct Router {
    room: Room,
    shared: Arc<Shared>,
    /// What was taken from the queue, and how far it is handled.
    datagrams: Datagrams,
    handled: usize,
    viewers: Vec<Viewer>,
    /// What the console has asked for, and waits for.
    answers: Vec<Answered>,
    /// Some viewer takes no more at present.
    lags: bool,
    /// There may be more to be sent at once.
    unsent: bool,
    /// When last more than a few datagrams came together.
    busy_at: Duration,
    /// When it is to be at it again.
    due_at: Duration,
    /// It stood still on its way to wait for something.
    late: bool,
    outbox: Outbox,
}

impl Router {
    pub(super) fn new(room: Room, shared: Arc<Shared>, viewers: Vec<Sender<Vec<u8>>>) -> Router {
        let cursor = room.first_seen();
        let viewers = viewers.into_iter().map(|sights| Viewer { sights, cursor });

        Router {
            viewers: viewers.collect(),
            room,
            shared,
            datagrams: Datagrams::default(),
            handled: 0,
            answers: Vec::new(),
            lags: false,
            unsent: false,
            busy_at: Duration::ZERO,
            due_at: Duration::ZERO,
            late: false,
            outbox: Outbox::default(),
        }
    }

    pub(super) fn run(mut self) {
        loop {
            let commands = self.wait();
            self.handle(commands);
            self.transmit();
            self.show();
            self.answer();
            if self.room.is_closed(self.now()) {
                break;
            }
        }
        self.show_rest();
        *self.shared.last.lock() = self.room.stats();
        if let Ok(address) = self.shared.socket.local_addr() {
            self.shared.end(address);
        }
    }

    fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }

    /// Waits until there is something to do; the datagrams lie ready then, and these are the commands.
    fn wait(&mut self) -> VecDeque<Command> {
        if self.handled < self.datagrams.len() {
            return self.shared.queue.commands();
        }
        self.handled = 0;
        let now = self.now();
        let quiet = self.is_quiet(now);
        self.shared.quiet.store(quiet, Ordering::Relaxed);
        let commands = self.sleep(now);
        self.shared.quiet.store(false, Ordering::Relaxed);
        commands
    }

    /// Whether what comes can wait a little: nothing is under way, and no burst has come lately.
    fn is_quiet(&mut self, now: Duration) -> bool {
        if self.datagrams.len() > limits::QUIET_FEW {
            self.busy_at = now;
        }
        now >= self.busy_at + limits::QUIET_AFTER_BURST && self.room.is_quiet(now)
    }

    /// Until something comes, or something is due.
    fn sleep(&mut self, now: Duration) -> VecDeque<Command> {
        let mut until = self.shared.began + now;
        match self.room.poll_fan_out() {
            // Whatever comes until then goes along: nothing need wake the router before.
            Some(at) if !self.unsent => {
                let rest = at.saturating_sub(now);
                thread::sleep(rest.clamp(limits::TIMER_LEAST, limits::ROUTER_REST));
            }
            _ => {
                let pause = self.pause(now);
                self.late = self.is_late(now);
                self.due_at = now + pause;
                until += pause;
            }
        }
        self.shared.queue.take(&mut self.datagrams, until)
    }

    /// Whether it stood still: it is much later than it wanted to be at it.
    fn is_late(&self, now: Duration) -> bool {
        now.saturating_sub(self.due_at) >= limits::STANDSTILL
    }

    /// How long there is nothing to do, unless something comes.
    fn pause(&self, now: Duration) -> Duration {
        if self.unsent {
            return Duration::ZERO;
        }
        let pause = match self.room.poll_timeout() {
            // The kernel's timers are no finer: an earlier one would only spin.
            Some(at) => at.saturating_sub(now).max(limits::TIMER_LEAST),
            None => Duration::from_secs(3600),
        };
        if self.lags {
            pause.min(limits::SCREEN_RETRY)
        } else {
            pause
        }
    }

    /// One batch of datagrams, up to a bound, the commands, and what has come due.
    fn handle(&mut self, commands: VecDeque<Command>) {
        let shared = self.shared.clone();
        let mut users = shared.users.lock();
        let now = self.now();
        self.room.set_wall_clock(calendar::unix_ms());
        if std::mem::take(&mut self.late) || self.is_late(now) {
            self.room.handle_standstill(now);
        }
        self.due_at = now;
        for _ in 0..limits::BATCH {
            let Some((from, bytes)) = self.datagrams.get(self.handled) else {
                break;
            };
            self.room.handle_datagram(&mut users, now, from, bytes);
            self.handled += 1;
        }
        for command in commands {
            self.obey(&mut users, now, command);
        }
        self.room.handle_timeout(&mut users, now);
    }

    fn obey(&mut self, users: &mut UserMap, now: Duration, command: Command) {
        match command {
            Command::Announce(text) => self.room.handle_announce(users, now, &text),
            Command::Obey(command, words, lang, answer) => {
                let mut place = Place {
                    room: &mut self.room,
                    users,
                    now,
                    overrun: self.shared.overrun(),
                    lang,
                };
                self.answers.push(Answered {
                    to: answer,
                    answer: place.obey(&command, &words),
                });
            }
            Command::Do(act) => act(&mut self.room, users, now),
            Command::Close => self.room.handle_close(users, now),
        }
    }

    /// As many datagrams as may go before what has come meanwhile is handled: to serve a large room takes its time, in
    /// which newcomers would wait and the queue overflow. Replies are not among them, or whoever asks for many would hold up
    /// what the others are to be sent.
    fn transmit(&mut self) {
        let now = self.now();
        let most = self.room.replies() + limits::BATCH_SENT;
        self.unsent = (0..most).all(|_| match self.room.poll_transmit(now) {
            Some((to, bytes)) => {
                self.outbox.send(&self.shared.socket, to, bytes);
                true
            }
            None => false,
        });
        self.outbox.flush(&self.shared.socket);
    }

    /// Hands events to each viewer while it takes them; what it does not take stays in the log.
    fn show(&mut self) {
        let room = &self.room;
        self.lags = false;
        let lags = &mut self.lags;
        self.viewers.retain_mut(|viewer| {
            loop {
                if viewer.sights.is_full() {
                    *lags = true;
                    return true;
                }
                let sights = viewer.next(room);
                if sights.is_empty() {
                    return true;
                }
                if viewer.sights.try_send(sights).is_err() {
                    return false;
                }
            }
        });
    }

    /// Answers come behind the events that they know of, unless the screen lags.
    fn answer(&mut self) {
        for Answered { to, answer } in self.answers.drain(..) {
            // The console waits for nothing but this; if it has ended, nobody wants to know.
            let _ = to.try_send(answer);
        }
    }

    /// The room is closed: what was said last is still shown to whoever takes it before long.
    fn show_rest(&mut self) {
        for viewer in &mut self.viewers {
            loop {
                let sights = viewer.next(&self.room);
                if sights.is_empty()
                    || viewer
                        .sights
                        .send_timeout(sights, limits::VIEWER_PATIENCE)
                        .is_err()
                {
                    break;
                }
            }
        }
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.shared.queue.end();
    }
}

/// What a command came to; `None`: there is no such command.
struct Answered {
    to: Sender<Option<Answer>>,
    answer: Option<Answer>,
}

/// Someone who is shown the log: a cursor into it, like any member's, and told of it as those are.
struct Viewer {
    sights: Sender<Vec<u8>>,
    cursor: u64,
}

impl Viewer {
    fn next(&mut self, room: &Room) -> Vec<u8> {
        room.view(&mut self.cursor, limits::SCREEN_BATCH)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Queue;
    use super::*;
    use crate::room::{Config, InMemory};
    use crate::text::Lang;
    use crate::wire::{self, Datagram, Hello, Join, Open};
    use crossbeam_channel::bounded;
    use std::net::{SocketAddr, UdpSocket};
    use std::time::Instant;

    /// A router with an empty room.
    fn router() -> Router {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let room = Room::new(Config::default(), [1; 32], Box::new(InMemory::default()));
        let shared = Shared {
            socket,
            queue: Queue::default(),
            users: Default::default(),
            began: Instant::now(),
            ended: Default::default(),
            quiet: Default::default(),
            overrun: Default::default(),
            lost: Default::default(),
            last: Default::default(),
        };
        Router::new(room, Arc::new(shared), Vec::new())
    }

    /// A router whose room has more to send than may go at once, all of it to its own address.
    fn busy_router() -> Router {
        let mut router = router();
        let room = &mut router.room;
        let own = router.shared.socket.local_addr().expect("its address");
        let (users, now) = (&mut UserMap::default(), Duration::ZERO);
        for member in 0..=limits::BATCH_SENT as u64 / u64::from(limits::WINDOW_FIRST) {
            enter(room, users, own, member + 1);
        }
        assert_ne!(room.replies(), 0);
        for _ in 0..2 * limits::WINDOW_FIRST {
            room.handle_announce(users, now, &"x".repeat(limits::UTTERANCE_BYTES));
        }
        router
    }

    /// Someone comes in; the Welcome waits among the replies.
    fn enter(room: &mut Room, users: &mut UserMap, from: SocketAddr, nonce: u64) {
        let mut bytes = Vec::new();
        wire::encode(&Open::Hello(Hello { nonce }), &mut bytes);
        room.handle_datagram(users, Duration::ZERO, from, &bytes);
        let cookie = loop {
            let (_, reply) = room.poll_transmit(Duration::ZERO).expect("a challenge");
            if let Ok(Datagram::Open(Open::Challenge(challenge))) = wire::decode(reply) {
                break challenge.cookie;
            }
        };
        let join = Join {
            nonce,
            cookie,
            history: 0,
            resume: None,
            name: &format!("m{nonce}"),
        };
        bytes.clear();
        wire::encode(&Open::Join(join), &mut bytes);
        room.handle_datagram(users, Duration::ZERO, from, &bytes);
    }

    #[test]
    fn an_answer_is_given_when_the_viewers_have_what_it_knows_of() {
        let (sights, seen) = bounded(1);
        let mut router = router();
        router.viewers = vec![Viewer { sights, cursor: 1 }];
        let (answer_in, answers) = bounded(1);
        let who = ("who".to_owned(), String::new());
        let announce = Command::Announce("一".into());
        let commands = [announce, Command::Obey(who.0, who.1, Lang::Zh, answer_in)];
        router.handle(commands.into());
        assert!(answers.is_empty() && seen.is_empty());
        router.transmit();
        router.show();
        assert!(answers.is_empty() && seen.len() == 1);
        router.answer();
        assert_eq!(answers.len(), 1);
    }

    #[test]
    fn a_burst_ends_the_quiet_for_a_while() {
        let (mut router, at) = (router(), Duration::from_secs(100));
        let own = router.shared.socket.local_addr().expect("its address");
        assert!(router.is_quiet(at));
        for (count, quiet) in [(limits::QUIET_FEW, true), (limits::QUIET_FEW + 1, false)] {
            for _ in 0..count {
                router.shared.queue.put(own, b"x");
            }
            let queue = &router.shared.queue;
            queue.take(&mut router.datagrams, Instant::now());
            assert_eq!(router.is_quiet(at), quiet, "{count}");
        }
        router.datagrams = Datagrams::default();
        let after = at + limits::QUIET_AFTER_BURST;
        assert!(!router.is_quiet(after - Duration::from_millis(1)));
        assert!(router.is_quiet(after));
    }

    /// A router with one member, which was heard of last so long ago that it is gone if that counts.
    fn long_silent() -> Router {
        let mut router = router();
        let own = router.shared.socket.local_addr().expect("its address");
        let users = &mut UserMap::default();
        enter(&mut router.room, users, own, 1);
        while router
            .room
            .poll_transmit(limits::NOTICE_PAUSE_MOST)
            .is_some()
        {}
        *router.shared.users.lock() = std::mem::take(users);
        let long = Config::default().idle_timeout + 2 * limits::STANDSTILL;
        let shared = Arc::get_mut(&mut router.shared).expect("nobody else has it");
        shared.began = Instant::now().checked_sub(long).expect("not just booted");
        router
    }

    /// What they said meanwhile comes behind the timers, if the receive thread wakes later.
    #[test]
    fn nobody_is_gone_for_the_time_in_which_the_server_stood_still() {
        for (late, members) in [(Duration::ZERO, 0), (limits::STANDSTILL, 1)] {
            let mut router = long_silent();
            router.due_at = router.now() - late;
            router.handle(VecDeque::new());
            assert_eq!(router.shared.users.lock().len(), members, "{late:?} late");
        }
    }

    #[test]
    fn nor_where_that_was_on_the_way_to_wait() {
        for (late, members) in [(Duration::ZERO, 0), (limits::STANDSTILL, 1)] {
            let mut router = long_silent();
            router.due_at = router.now() - late;
            let commands = router.wait();
            router.handle(commands);
            assert_eq!(router.shared.users.lock().len(), members, "{late:?} late");
            assert!(!router.late);
        }
    }

    #[test]
    fn what_is_left_to_send_goes_without_a_wait_for_anything() {
        let mut router = busy_router();
        let before = router.room.stats().sent;
        let most = (router.room.replies() + limits::BATCH_SENT) as u64;
        router.transmit();
        assert_eq!(router.room.stats().sent - before, most);
        assert_eq!(router.pause(router.now()), Duration::ZERO);
        router.transmit();
        assert!(router.room.stats().sent - before > most);
        assert!(router.pause(router.now()) > Duration::ZERO, "that was all");
    }
}

//! The receive and the send thread, and the showing of events, which both do.

use super::screen::{self, Screen};
use super::{Door, Shared, connect};
use crate::cli::Exit;
use crate::limits;
use crate::session::{End, Event, Joined};
use crate::wire::Refusal;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

impl Shared {
    /// The receive thread.
    pub(super) fn receive(&self) {
        let mut buffer = vec![0; limits::RECEIVE_BUFFER];
        while self.state.lock().exit.is_none() {
            let socket = self.socket.lock().clone();
            match socket.recv(&mut buffer) {
                Ok(size) => {
                    self.change(|shown, now| shown.session.handle_datagram(now, &buffer[..size]));
                }
                Err(error) => self.handle_error(error.kind()),
            }
            // Also what the send thread could not show because the screen was taken.
            self.show(Some(self.screen.lock()));
        }
    }

    /// On a socket hardly anything is an end: the network may come back.
    fn handle_error(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => (),
            ErrorKind::ConnectionRefused => {
                let first = self.change(|shown, _| {
                    let first = shown.door == Door::Waiting && !shown.refused_port;
                    shown.refused_port |= first;
                    first
                });
                if first {
                    self.next_server();
                    let server = self.server();
                    self.screen.lock().port_closed(server);
                }
            }
            _ => thread::sleep(limits::SOCKET_POLL),
        }
    }

    /// The send thread.
    pub(super) fn send(&self) {
        let mut bytes = Vec::with_capacity(limits::DATAGRAM);
        let mut paused = false;
        loop {
            let mut shown = self.state.lock();
            let now = self.now();
            // While the screen is stuck nothing is received, which says nothing about the server.
            let stuck = self.screen.is_locked();
            if stuck != paused {
                paused = stuck;
                shown.session.handle_pause(now, paused);
            }
            shown.session.handle_timeout(now);
            while shown.session.poll_transmit(now, &mut bytes) {
                parking_lot::MutexGuard::unlocked(&mut shown, || {
                    // Not sent is lost, and what is lost is sent again.
                    let socket = self.socket.lock().clone();
                    if let Err(error) = socket.send(&bytes) {
                        log::debug!("cannot send: {error}");
                    }
                });
            }
            drop(shown);
            self.show(self.screen.try_lock());
            let mut shown = self.state.lock();
            if shown.exit.is_some() {
                drop(shown);
                self.changed.notify_all();
                return;
            }
            let now = self.now();
            if shown.session.poll_timeout().is_none_or(|at| at > now) {
                let pause = shown
                    .session
                    .poll_timeout()
                    .map_or(limits::SOCKET_POLL, |at| at - now);
                let pause = pause.clamp(Duration::from_millis(1), limits::SOCKET_POLL);
                self.changed.wait_for(&mut shown, pause);
            }
        }
    }

    /// Shows what the session has to tell, in its order; the screen is held from taking to showing.
    fn show(&self, screen: Option<parking_lot::MutexGuard<'_, Screen>>) {
        let Some(mut screen) = screen else { return };
        let mut events = Vec::new();
        loop {
            {
                let mut shown = self.state.lock();
                events.extend(std::iter::from_fn(|| shown.session.poll_event()));
            }
            if events.is_empty() {
                return;
            }
            for event in events.drain(..) {
                self.handle_event(&mut screen, event);
            }
            if !screen.flush() {
                // Nobody reads what we show: leave as if the input had ended.
                self.change(|shown, _| shown.session.handle_leave());
            }
        }
    }

    fn handle_event(&self, screen: &mut Screen, event: Event) {
        match event {
            Event::Joined(joined) => {
                self.change(|shown, _| shown.door = Door::In);
                if joined == Joined::Anew {
                    screen.notice(self.lang.room_anew());
                }
            }
            Event::Refused(refusal) => self.handle_refusal(screen, refusal),
            Event::Happened { what, history, .. } => {
                self.change(|shown, _| shown.correspondent.note(&what));
                screen.happened(&what, history);
            }
            Event::Ordered(_) => (),
            Event::Failed { why, wish, .. } => {
                screen.error(&screen::failed(why, wish.as_ref(), self.lang));
            }
            Event::Renamed(name) => screen.notice(&self.lang.your_name(&name)),
            Event::Away => screen.notice(self.lang.you_are_away()),
            Event::Roster(entries) => screen.roster(entries),
            Event::Reach(reach) => screen.answer(&self.lang.reach(reach)),
            Event::Pong(round_trip) => screen.answer(&self.lang.pong(round_trip)),
            Event::Silent(silence) => screen.notice(&self.lang.silent(silence.as_secs())),
            Event::HeardAgain => screen.notice(self.lang.heard_again()),
            Event::Rebind => self.rebind(),
            Event::Ended(end) => self.handle_end(screen, &end),
        }
    }

    fn handle_refusal(&self, screen: &mut Screen, refusal: Refusal) {
        let (told, exit) = screen::refused(refusal, self.lang);
        screen.error(&told);
        self.change(|shown, _| {
            shown.door = Door::NameRefused;
            shown.exit = exit;
        });
        // Cut off in mid-talk, and the name has gone to another: the person is not asked while typing.
        if exit.is_none() && self.reading.load(Ordering::Acquire) {
            self.change(|shown, _| shown.exit = Some(Exit::NameRefused));
        }
    }

    fn handle_end(&self, screen: &mut Screen, end: &End) {
        let server = self.server();
        let (told, exit) = match screen::ended(end, server, self.lang) {
            (told, Exit::Done) if screen.has_failed() => (told, Exit::Failure),
            ended => ended,
        };
        if let Some(told) = told {
            screen.error(&told);
        }
        let undelivered = self.state.lock().session.undelivered();
        if undelivered > 0 && matches!(end, End::Removed(..)) {
            screen.error(&self.lang.undelivered(undelivered));
        }
        self.change(|shown, _| shown.exit = Some(exit));
    }

    fn server(&self) -> SocketAddr {
        let servers = self.servers.lock();
        servers.0[servers.1]
    }

    /// A name may have several addresses, of which the server listens on one.
    fn next_server(&self) {
        let mut servers = self.servers.lock();
        servers.1 = (servers.1 + 1) % servers.0.len();
    }

    /// Makes the socket anew, from another port: the network may be another one.
    fn rebind(&self) {
        if self.state.lock().door == Door::Waiting {
            self.next_server();
        }
        match connect(self.server()) {
            Ok(socket) => *self.socket.lock() = Arc::new(socket),
            Err(error) => log::debug!("cannot make the socket anew: {error}"),
        }
    }
}

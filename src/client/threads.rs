//! The receive thread, which shows what happens as well, and the send thread.

use super::face::{At, Face};
use super::screen;
use super::{Door, Shared};
use crate::cli::{self, Exit};
use crate::commands::Correspondent;
use crate::limits;
use crate::session::{End, Event, Joined, Past};
use crate::wire::Refusal;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

impl Shared {
    /// The receive thread.
    pub(super) fn receive(&self) {
        let mut buffer = vec![0; limits::RECEIVE_BUFFER];
        while self.state.lock().exit.is_none() {
            if !self.screen.lock().has_room() {
                // What comes meanwhile waits at the server.
                self.changed
                    .wait_for(&mut self.state.lock(), limits::SOCKET_POLL);
                self.show();
                continue;
            }
            let socket = self.socket.lock().clone();
            match socket.recv(&mut buffer) {
                Ok(size) => {
                    self.change(|shown, now| shown.session.handle_datagram(now, &buffer[..size]));
                }
                Err(error) => self.handle_error(error.kind()),
            }
            // Also what the time has brought. The send thread shows nothing: it must not wait for a screen.
            self.show();
        }
    }

    /// On a socket hardly anything is an end: the network may come back.
    fn handle_error(&self, kind: ErrorKind) {
        match kind {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => (),
            ErrorKind::ConnectionRefused => {
                let (closed, addresses) = (self.server(), self.servers.lock().0.len());
                let (refusals, waits) = self.change(|shown, _| {
                    let waits = shown.door == Door::Waiting;
                    shown.refusals += usize::from(waits);
                    (shown.refusals, waits)
                });
                // A name may have several addresses: the server may listen on another one. In the room this one is right,
                // and who does not answer is looked for from another port by and by.
                if waits && refusals < addresses {
                    self.rebind();
                } else if waits && refusals == addresses {
                    self.tell(|face| face.error(&screen::port_closed(closed, self.lang)));
                }
            }
            _ => thread::sleep(limits::SOCKET_POLL),
        }
    }

    /// The send thread.
    pub(super) fn send(&self) {
        let mut bytes = Vec::with_capacity(limits::DATAGRAM);
        let mut paused = false;
        let mut free_at = self.now();
        loop {
            let mut shown = self.state.lock();
            let now = self.now();
            // While the screen is stuck nothing is received, which says nothing about the server.
            if self.screen.try_lock().is_some_and(|face| face.has_room()) {
                free_at = now;
            }
            // Not because the receive thread has it for the moment in which this looks.
            let stuck = now >= free_at + 2 * limits::SOCKET_POLL;
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
            self.heed_signals();
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
    fn show(&self) {
        let mut screen = self.screen.lock();
        screen.tick(self.now());
        let mut events = Vec::new();
        loop {
            if !screen.has_room() {
                return;
            }
            let past = {
                let mut shown = self.state.lock();
                events.extend(std::iter::from_fn(|| shown.session.poll_event()));
                // That of these events: more may come while they are shown.
                { self.keepsake.as_ref() }
                    .and_then(|_| Some((shown.session.name().to_owned(), shown.session.past()?)))
            };
            if events.is_empty() {
                screen.flush();
                return self.keep(past);
            }
            for event in events.drain(..) {
                self.handle_event(&mut **screen, event);
            }
            if !screen.flush() {
                // Nobody reads what we show: leave as if the input had ended.
                self.change(|shown, _| shown.session.handle_leave());
            }
            self.keep(past);
        }
    }

    /// What was shown need not be shown to a program that goes on as this one.
    fn keep(&self, past: Option<(String, Past)>) {
        let (Some(keepsake), Some((name, past))) = (&self.keepsake, past) else {
            return;
        };
        let (now, shown) = (self.now(), self.state.lock());
        let over = shown.exit.is_some() || shown.door != Door::In;
        drop(shown);
        if !over && let Err(error) = keepsake.lock().note(now, &name, past) {
            cli::complain(&format!("chat-client: --resume {error}"));
        }
    }

    fn handle_event(&self, face: &mut dyn Face, event: Event) {
        let now = self.now();
        match event {
            Event::Joined(joined) => self.handle_joined(face, joined),
            Event::Refused(refusal) => self.handle_refusal(face, refusal),
            Event::Happened {
                number,
                unix_ms,
                history,
                what,
            } => {
                self.change(|shown, _| shown.correspondent.note(&what));
                let at = At {
                    number,
                    unix_ms,
                    history,
                };
                face.happened(now, at, &what);
            }
            Event::HistoryEnds => face.history_ends(),
            Event::Ordered(count) => face.ordered(count),
            Event::Logged {
                count,
                number,
                unix_ms,
            } => {
                let at = At {
                    number,
                    unix_ms,
                    history: false,
                };
                face.logged(now, count, at);
            }
            Event::Failed { count, why, wish } => face.failed(count, why, wish.as_ref()),
            Event::Renamed(name) => face.renamed(&name),
            Event::Away => face.away(),
            Event::Roster(entries) => face.roster(entries),
            Event::Reach(reach) => face.reach(reach),
            Event::Pong(round_trip) => face.pong(round_trip),
            Event::Silent(silence) => face.silent(now, silence),
            Event::HeardAgain => face.heard_again(now),
            Event::Returning => face.returning(),
            Event::Rebind => self.rebind(),
            Event::Ended(end) => self.handle_end(face, &end),
        }
    }

    fn handle_joined(&self, face: &mut dyn Face, joined: Joined) {
        let name = self.change(|shown, now| {
            shown.door = Door::In;
            if joined == Joined::Anew {
                // The names may be others' by now.
                shown.correspondent = Correspondent::default();
            }
            if face.wants_roster() {
                shown.session.handle_who(now);
            }
            shown.session.name().to_owned()
        });
        face.joined(self.now(), joined, &name, self.server());
    }

    fn handle_refusal(&self, face: &mut dyn Face, refusal: Refusal) {
        let (told, exit) = screen::refused(refusal, self.lang);
        face.error(&told);
        let (exit, cut_off, undelivered) = self.change(|shown, _| {
            let door = std::mem::replace(&mut shown.door, Door::NameRefused);
            let cut_off = door == Door::In || shown.session.has_entered();
            let lost = (cut_off && !self.asks).then_some(Exit::NameRefused);
            shown.exit = shown.exit.or(exit).or(lost);
            (shown.exit, cut_off, shown.undelivered())
        });
        match exit {
            Some(exit) => {
                if undelivered > 0 {
                    face.error(&self.lang.undelivered(undelivered));
                }
                face.ended(exit, undelivered);
            }
            // In mid-talk the next line may be meant for the room: it is not taken for the name.
            None if cut_off => face.notice(self.lang.come_back_as_another()),
            None => (),
        }
    }

    fn handle_end(&self, face: &mut dyn Face, end: &End) {
        let (ended, door, undelivered) =
            self.change(|shown, _| (shown.exit, shown.door, shown.undelivered()));
        if ended.is_some() {
            // By a refused name: the session has nothing to add to that.
            return;
        }
        let server = self.server();
        face.flush();
        let (told, exit) = match screen::ended(end, server, self.lang) {
            // The server has answered: that somebody else has the name.
            _ if door == Door::NameRefused => {
                let told = (undelivered > 0).then(|| self.lang.undelivered(undelivered));
                (told, Exit::NameRefused)
            }
            (told, Exit::Done) if face.has_failed() || undelivered > 0 => (told, Exit::Failure),
            ended => ended,
        };
        if let Some(told) = told {
            face.error(&told);
        }
        if undelivered > 0 && matches!(end, End::Removed(..)) {
            face.error(&self.lang.undelivered(undelivered));
        }
        face.ended(exit, undelivered);
        if let (Some(keepsake), End::Left | End::Removed(..)) = (&self.keepsake, end) {
            keepsake.lock().remove();
        }
        self.change(|shown, _| shown.exit = Some(exit));
    }

    /// Someone asks the program to end: it leaves properly; asked once more, it does not wait for the server.
    fn heed_signals(&self) {
        let asked = self.signals.poll();
        if asked == 0 {
            return;
        }
        let (door, entered) = {
            let shown = self.state.lock();
            (shown.door, shown.session.has_entered())
        };
        let exit = match door {
            _ if entered => None,
            Door::In => None,
            Door::Waiting => Some(Exit::Unreachable),
            Door::NameRefused => Some(Exit::NameRefused),
        };
        if let Some(exit) = exit {
            // Not in yet, so nothing to deliver; and main may wait for a name, from which nothing can wake it.
            if let Some(keepsake) = &self.keepsake {
                keepsake.lock().forget();
            }
            std::process::exit(exit as i32);
        }
        let (again, undelivered) = self.change(|shown, _| {
            let again = std::mem::replace(&mut shown.asked_to_end, true) || asked > 1;
            shown.session.handle_leave();
            (again, shown.session.undelivered())
        });
        if !again {
            if undelivered > 0
                && let Some(mut face) = self.screen.try_lock()
            {
                face.notice(self.lang.leaving());
                face.flush();
            }
            return;
        }
        // Where lines are edited it is soon had, and the terminal's mode is put back at the end.
        let Some(mut face) = self.screen.try_lock_for(limits::SCREEN_DRAIN) else {
            // Nobody reads what there is to tell, and whoever tells it waits for that.
            std::process::exit(Exit::Unreachable as i32);
        };
        let (told, _) = screen::ended(&End::Undelivered(undelivered), self.server(), self.lang);
        if let Some(told) = told.filter(|_| undelivered > 0) {
            face.error(&told);
        }
        face.ended(Exit::Unreachable, undelivered);
        face.flush();
        drop(face);
        self.change(|shown, _| shown.exit = shown.exit.or(Some(Exit::Unreachable)));
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

/// A socket for this server alone.
pub(super) fn connect(server: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    // Connected, so that a closed port is heard of.
    socket.connect(server)?;
    socket.set_read_timeout(Some(limits::SOCKET_POLL))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::super::Shown;
    use super::super::json::Json;
    use super::super::terminal::Signals;
    use super::*;
    use crate::session::{Session, Wish};
    use crate::text::Lang;
    use parking_lot::{Condvar, Mutex};
    use std::sync::atomic::AtomicBool;
    use std::time::Instant;

    /// A client in the room, of a host with these addresses.
    fn shared(servers: &[SocketAddr]) -> Shared {
        Shared {
            state: Mutex::new(Shown::new(Session::new(Duration::ZERO, "Ann", 0, 1))),
            changed: Condvar::new(),
            screen: Mutex::new(Box::new(Json::new(Lang::En))),
            desk: None,
            signals: Signals::new(),
            socket: Mutex::new(Arc::new(connect(servers[0]).unwrap())),
            servers: Mutex::new((servers.to_vec(), 0)),
            began: Instant::now(),
            reading: AtomicBool::new(false),
            asks: false,
            keepsake: None,
            lang: Lang::En,
        }
    }

    fn own_address() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    #[test]
    fn the_next_address_of_a_host_is_tried_at_once() {
        let sockets = [(); 2].map(|()| own_address());
        let servers = sockets.each_ref().map(|(_, address)| *address);
        let shared = shared(&servers);
        shared.handle_error(ErrorKind::ConnectionRefused);
        let peer = shared.socket.lock().peer_addr();
        assert_eq!(peer.unwrap(), servers[1]);
    }

    #[test]
    fn a_port_that_is_closed_for_a_while_costs_nobody_in_the_room_its_own() {
        let shared = shared(&[own_address().1]);
        shared.state.lock().door = Door::In;
        let before = shared.socket.lock().local_addr().unwrap();
        shared.handle_error(ErrorKind::ConnectionRefused);
        assert_eq!(shared.socket.lock().local_addr().unwrap(), before);
    }

    /// It holds the screen no longer than it takes to show something.
    #[cfg(feature = "terminal")]
    #[test]
    fn who_is_asked_twice_to_end_does_so_by_itself_although_something_is_being_shown() {
        use signal_hook::consts::{SIGHUP, SIGTERM};
        let shared = shared(&[own_address().1]);
        shared.state.lock().door = Door::In;
        let (held_in, held) = crossbeam_channel::bounded(0);
        let never = crossbeam_channel::never::<()>();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _screen = shared.screen.lock();
                held_in.send(()).unwrap();
                let _ = never.recv_timeout(limits::SOCKET_POLL);
            });
            held.recv().unwrap();
            for signal in [SIGHUP, SIGTERM] {
                signal_hook::low_level::raise(signal).unwrap();
            }
            shared.heed_signals();
        });
        assert_eq!(shared.exit(), Exit::Unreachable);
    }

    #[test]
    fn a_line_that_is_read_while_one_leaves_is_not_delivered_and_not_passed_over() {
        let shared = shared(&[own_address().1]);
        shared.state.lock().door = Door::In;
        shared.change(|shown, _| shown.session.handle_leave());
        assert!(shared.state.lock().is_ending());
        shared.order(Wish::Say("late".into()));
        assert_eq!(shared.state.lock().undelivered(), 1);
        shared.handle_end(&mut **shared.screen.lock(), &End::Left);
        assert_eq!(shared.exit(), Exit::Failure);
    }

    #[test]
    fn whose_name_is_another_s_is_told_of_one_end() {
        let shared = shared(&[own_address().1]);
        shared.state.lock().door = Door::In;
        let mut face = shared.screen.lock();
        shared.handle_refusal(&mut **face, Refusal::NameTaken);
        shared.handle_end(&mut **face, &End::Undelivered(1));
        assert_eq!(shared.exit(), Exit::NameRefused);
    }

    /// A screen that takes no more would keep it from sending.
    #[test]
    fn the_send_thread_shows_nothing() {
        let shared = shared(&[own_address().1]);
        {
            let mut shown = shared.state.lock();
            shown.exit = Some(Exit::Done);
            let long = "n".repeat(limits::NAME_SENT + 1);
            shown.session = Session::new(Duration::ZERO, &long, 0, 1);
        }
        shared.send();
        let told = shared.state.lock().session.poll_event();
        assert!(matches!(told, Some(Event::Refused(_))), "{told:?}");
    }

    #[test]
    fn who_can_be_asked_comes_back_under_another_name_and_no_line_is_taken_for_it() {
        let mut shared = shared(&[own_address().1]);
        shared.asks = true;
        shared.state.lock().door = Door::In;
        shared.handle_refusal(&mut **shared.screen.lock(), Refusal::NameTaken);
        shared.order(Wish::Say("words".into()));
        let state = |shared: &Shared| {
            let shown = shared.state.lock();
            (shown.door, shown.undelivered())
        };
        assert_eq!(state(&shared), (Door::NameRefused, 1));
        shared.order(Wish::Rename("Bob".into()));
        assert_eq!(state(&shared), (Door::Waiting, 1));
        assert_eq!(shared.state.lock().exit, None);
    }

    #[test]
    fn an_end_without_a_name_says_what_is_lost() {
        let mut shared = shared(&[own_address().1]);
        shared.asks = true;
        shared.state.lock().door = Door::In;
        shared.handle_refusal(&mut **shared.screen.lock(), Refusal::NameTaken);
        shared.handle_end(&mut **shared.screen.lock(), &End::Undelivered(2));
        assert_eq!(shared.exit(), Exit::NameRefused);
    }
}

//! What stands for a client's process in the virtual player: the person's side of a session.
//!
//! The programs' own functions read what is typed and say what is shown; only the threads between them are not here.

use super::cast::{Cast, Stream};
use crate::world::World;
use chatroom::cli::{ClientOptions, Exit};
use chatroom::client::screen;
use chatroom::commands::{self, Correspondent, Wanted};
use chatroom::session::{Event, Joined, Session, Wish};
use chatroom::text::Lang;
use std::collections::VecDeque;

/// See the module.
pub(crate) struct Person {
    /// The process's place in the cast.
    process: usize,
    /// The session's place in the world, once there is a name.
    pub(crate) actor: Option<usize>,
    options: ClientOptions,
    /// What was typed and not yet read.
    typed: VecDeque<String>,
    /// What was read and not yet said: the queue is full.
    unsaid: VecDeque<Wish>,
    correspondent: Correspondent,
    input_ended: bool,
    door: Door,
    stopped: bool,
}

/// Where the person stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Nameless,
    Waiting,
    In,
    Over,
}

impl Person {
    /// Someone who starts a client with these options.
    pub(crate) fn new(process: usize, options: ClientOptions) -> Person {
        Person {
            process,
            actor: None,
            options,
            typed: VecDeque::new(),
            unsaid: VecDeque::new(),
            correspondent: Correspondent::default(),
            input_ended: false,
            door: Door::Nameless,
            stopped: false,
        }
    }

    pub(crate) fn process(&self) -> usize {
        self.process
    }

    pub(crate) fn types(&mut self, line: &str) {
        self.typed.push_back(line.to_owned());
    }

    pub(crate) fn ends_input(&mut self) {
        self.input_ended = true;
    }

    pub(crate) fn is_killed(&mut self) {
        self.door = Door::Over;
    }

    pub(crate) fn is_stopped(&mut self, stopped: bool) {
        self.stopped = stopped;
    }

    /// Shows what has happened and reads what was typed, as far as that goes.
    pub(crate) fn attend(&mut self, world: &mut World, cast: &mut Cast) {
        loop {
            let happened = self.show(world, cast);
            let read = !self.stopped && self.read(world, cast);
            if !happened && !read {
                return;
            }
        }
    }

    /// Whether there was anything to show.
    fn show(&mut self, world: &mut World, cast: &mut Cast) -> bool {
        let Some(actor) = self.actor.filter(|_| self.door != Door::Over) else {
            return false;
        };
        let events = std::mem::take(&mut world.actors[actor].events);
        let any = !events.is_empty();
        for event in events {
            self.handle(event, cast);
        }
        any
    }

    fn handle(&mut self, event: Event, cast: &mut Cast) {
        let lang = self.options.lang;
        match event {
            Event::Joined(joined) => {
                self.door = Door::In;
                if joined == Joined::Anew {
                    self.tells(cast, lang.room_anew());
                }
            }
            Event::Refused(refusal) => {
                let (told, exit) = screen::refused(refusal, lang);
                self.tells(cast, &told);
                // Someone who gave a name with the command line is not asked for another.
                let asked = self.options.name.is_none() && self.door == Door::Waiting;
                match exit {
                    None if asked => self.door = Door::Nameless,
                    None => self.exits(cast, Exit::NameRefused),
                    Some(exit) => self.exits(cast, exit),
                }
            }
            Event::Happened { what, .. } => {
                self.correspondent.note(&what);
                self.shows(cast, &screen::line(&what, lang));
            }
            Event::Roster(entries) => self.shows(cast, screen::roster(entries, lang).trim_end()),
            Event::Reach(reach) => self.shows(cast, &lang.reach(reach)),
            Event::Pong(round_trip) => self.shows(cast, &lang.pong(round_trip)),
            Event::Failed { why, wish, .. } => {
                self.tells(cast, &screen::failed(why, wish.as_ref(), lang));
            }
            Event::Away => self.tells(cast, lang.you_are_away()),
            Event::Renamed(name) => self.tells(cast, &lang.your_name(&name)),
            Event::Silent(silence) => self.tells(cast, &lang.silent(silence.as_secs())),
            Event::HeardAgain => self.tells(cast, lang.heard_again()),
            // Not on a terminal.
            Event::HistoryEnds
            | Event::Ordered(_)
            | Event::Logged { .. }
            | Event::Returning
            | Event::Rebind => (),
            Event::Ended(end) => {
                let (told, exit) = screen::ended(&end, crate::world::server_address(), lang);
                if let Some(told) = told {
                    self.tells(cast, &told);
                }
                self.exits(cast, exit);
            }
        }
    }

    /// Whether anything was read.
    fn read(&mut self, world: &mut World, cast: &mut Cast) -> bool {
        match (self.door, self.actor) {
            (Door::Nameless, _) => self.read_name(world, cast),
            (Door::In, Some(actor)) => self.read_line(world, cast, actor),
            _ => false,
        }
    }

    fn read_name(&mut self, world: &mut World, cast: &mut Cast) -> bool {
        let first = self.actor.is_none();
        if let Some(name) = self.options.name.clone().filter(|_| first) {
            self.asks_to_come_in(world, &name);
            return true;
        }
        let Some(line) = self.typed.pop_front() else {
            if self.input_ended {
                let exit = if first {
                    Exit::Usage
                } else {
                    Exit::NameRefused
                };
                self.exits(cast, exit);
            }
            return false;
        };
        if !line.trim().is_empty() {
            self.asks_to_come_in(world, line.trim());
        }
        true
    }

    fn asks_to_come_in(&mut self, world: &mut World, name: &str) {
        match self.actor {
            Some(actor) => world.rename(actor, name),
            None => {
                let history = self.options.history.unwrap_or(0);
                self.actor = Some(world.join(name, history as u16));
            }
        }
        self.door = Door::Waiting;
    }

    fn read_line(&mut self, world: &mut World, cast: &mut Cast, actor: usize) -> bool {
        while world.actors[actor].session.has_room() {
            let Some(part) = self.unsaid.pop_front() else {
                break;
            };
            world.wish(actor, part);
        }
        if !self.unsaid.is_empty() {
            return false;
        }
        let Some(line) = self.typed.pop_front() else {
            if std::mem::take(&mut self.input_ended) {
                world.leave(actor);
            }
            return false;
        };
        let typed = commands::read_line(&line);
        match commands::read(typed, &self.correspondent, self.lang()) {
            Wanted::Nothing => (),
            Wanted::Order(wishes) => {
                self.unsaid.extend(wishes);
            }
            Wanted::Quit => world.leave(actor),
            Wanted::Who => world.ask(actor, Session::handle_who),
            Wanted::Reach => world.ask(actor, Session::handle_reach),
            Wanted::Ping => world.ask(actor, Session::handle_ping),
            Wanted::Help => self.shows(
                cast,
                commands::help(commands::CLIENT, self.lang()).trim_end(),
            ),
            Wanted::Wrong(why) => self.tells(cast, &why),
        }
        true
    }

    fn lang(&self) -> Lang {
        self.options.lang
    }

    fn shows(&self, cast: &mut Cast, lines: &str) {
        for line in lines.split('\n') {
            cast.wrote(self.process, Stream::Out, line.to_owned());
        }
    }

    fn tells(&self, cast: &mut Cast, what: &str) {
        cast.wrote(self.process, Stream::Err, format!("chat-client: {what}"));
    }

    fn exits(&mut self, cast: &mut Cast, exit: Exit) {
        self.door = Door::Over;
        cast.processes[self.process].exit = Some(exit as i32);
    }
}

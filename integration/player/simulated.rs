//! The virtual player: the room and the sessions of [`crate::world`], in virtual time, from a seed.

use super::cast::{Cast, Stream};
use super::person::Person;
use super::run::Stage;
use super::script::{Act, SERVER};
use crate::world::net::Faults;
use crate::world::{World, check_transcript, check_utterances, server_address};
use chatroom::cli::{self, Request, ServerOptions, Surroundings, Typed, UsageError};
use chatroom::limits;
use chatroom::room::{Numbers, Shown};
use chatroom::server::orders::{self, Answer, Place};
use chatroom::server::screen;
use chatroom::text::utterance;
use chatroom::wire::What;
use std::time::Duration;

/// See the module.
pub(crate) struct Virtual {
    cast: Cast,
    seed: u64,
    faults: Faults,
    stand: Option<Stand>,
    people: Vec<Person>,
}

/// What stands for the server's process.
struct Stand {
    world: World,
    options: ServerOptions,
    /// Its place in the cast.
    process: usize,
    /// Events of its present life that are on its screen.
    shown: usize,
    input_ended: bool,
}

fn options<T>(request: Result<Request<T>, UsageError>) -> Result<T, String> {
    match request {
        Ok(Request::Run(options)) => Ok(options),
        Ok(Request::Print(_)) => Err("nothing but help: for the real player only".into()),
        Err(UsageError(what)) => Err(what),
    }
}

impl Virtual {
    pub(crate) fn new(seed: u64) -> Virtual {
        Virtual {
            cast: Cast::default(),
            seed,
            faults: Faults::none(),
            stand: None,
            people: Vec::new(),
        }
    }

    fn stand(&mut self) -> Result<&mut Stand, String> {
        self.stand
            .as_mut()
            .ok_or_else(|| "there is no server yet".into())
    }

    fn person(&mut self, who: &str) -> Result<&mut Person, String> {
        let process = self.cast.index(who)?;
        let person = self.people.iter_mut().find(|p| p.process() == process);
        person.ok_or_else(|| format!("{who} is no client"))
    }

    /// The world, and the place in it of someone whose session has begun.
    fn actor(&mut self, who: &str) -> Result<(&mut World, usize), String> {
        let actor = self.person(who)?.actor;
        let actor = actor.ok_or_else(|| format!("{who} has no name yet"))?;
        Ok((&mut self.stand()?.world, actor))
    }

    /// Shows what has happened, reads what was typed.
    fn attend(&mut self) {
        let Some(stand) = &mut self.stand else { return };
        for person in &mut self.people {
            person.attend(&mut stand.world, &mut self.cast);
        }
        stand.show(&mut self.cast);
        let world = &mut stand.world;
        let now = world.now;
        if world
            .server
            .as_ref()
            .is_some_and(|server| server.room.is_closed(now))
        {
            world.kill_server();
            self.cast.processes[stand.process].exit = Some(0);
        }
    }

    fn type_line(&mut self, who: &str, line: &str) -> Result<(), String> {
        self.cast.process(who)?.note(">", line);
        if who != SERVER {
            self.person(who)?.types(line);
            return Ok(());
        }
        let Some(stand) = &mut self.stand else {
            return Err("there is no server yet".into());
        };
        if stand.input_ended {
            return Err("the server's input has ended".into());
        }
        stand.obey(line, &mut self.cast);
        Ok(())
    }

    /// The server begins a new life, with an empty log.
    fn restart(&mut self) -> Result<(), String> {
        if let Some(server) = self.cast.server() {
            server.killed = true;
        }
        let process = self.cast.add(SERVER)?;
        let stand = self.stand()?;
        stand.process = process;
        stand.shown = 0;
        stand.world.start_server();
        self.open(process);
        Ok(())
    }

    /// The first line, which the player itself reads.
    fn open(&mut self, process: usize) {
        let line = format!("… {}", server_address());
        self.cast.wrote(process, Stream::Out, line);
        self.cast.processes[process].read = 1;
    }
}

impl Stand {
    fn show(&mut self, cast: &mut Cast) {
        let log = self.world.lives.last().map_or(&[][..], Vec::as_slice);
        let lang = self.options.lang;
        let shown = log[self.shown..].iter().map(what);
        let shown = shown.filter_map(|what| screen::line(what, lang));
        for line in shown.flat_map(|lines| lines.split('\n').map(str::to_owned).collect::<Vec<_>>())
        {
            cast.wrote(self.process, Stream::Out, line);
        }
        self.shown = log.len();
    }

    /// What the operator's console does with a line.
    fn obey(&mut self, line: &str, cast: &mut Cast) {
        let lang = self.options.lang;
        match cli::read_line(line) {
            Typed::Nothing => (),
            Typed::Text(text) | Typed::Command("say", text) => {
                for part in utterance::split(text, limits::UTTERANCE_BYTES) {
                    self.world
                        .operate(|room, users, now| room.handle_announce(users, now, part));
                }
            }
            Typed::Command("quit", _) => {
                self.world
                    .operate(|room, users, now| room.handle_close(users, now));
                self.input_ended = true;
            }
            Typed::Command(command, words) => {
                let answer = self.world.operate(|room, users, now| {
                    let mut place = Place {
                        room,
                        users,
                        now,
                        overrun: 0,
                        lang,
                    };
                    place.obey(command, words)
                });
                match answer.flatten() {
                    Some(answer) => self.answers(cast, answer),
                    None => {
                        let told = orders::unknown_command(command, lang);
                        cast.wrote(self.process, Stream::Err, told);
                    }
                }
            }
        }
    }

    fn answers(&mut self, cast: &mut Cast, answer: Answer) {
        // What has happened before comes before.
        self.show(cast);
        for line in answer.shown.lines() {
            cast.wrote(self.process, Stream::Out, line.to_owned());
        }
        if let Some(complaint) = answer.complaint {
            cast.wrote(self.process, Stream::Err, complaint);
        }
    }
}

impl Stage for Virtual {
    fn cast(&mut self) -> &mut Cast {
        &mut self.cast
    }

    fn start_server(&mut self, flags: &[String]) -> Result<(), String> {
        let options = options(cli::server_options_in(
            flags.iter().cloned(),
            &Surroundings::default(),
        ))?;
        if self.stand.is_some() {
            return Err("there was a server: use restart server".into());
        }
        let process = self.cast.add(SERVER)?;
        let mut world = World::new(self.seed, options.config, self.faults, Numbers::default());
        world.one_host = true;
        self.stand = Some(Stand {
            world,
            options,
            process,
            shown: 0,
            input_ended: false,
        });
        self.open(process);
        Ok(())
    }

    fn start_client(&mut self, who: &str, flags: &[String]) -> Result<(), String> {
        let options = options(cli::client_options_in(
            flags.iter().cloned(),
            &Surroundings::default(),
        ))?;
        let process = self.cast.add(who)?;
        self.people.push(Person::new(process, options));
        self.attend();
        Ok(())
    }

    fn perform(&mut self, act: &Act) -> Result<(), String> {
        match act {
            Act::Type(who, lines) => {
                for line in lines {
                    self.type_line(who, line)?;
                }
            }
            Act::Eof(who) if who == SERVER => self.stand()?.input_ended = true,
            Act::Eof(who) => self.person(who)?.ends_input(),
            Act::Deaf(_) => return Err("deaf is for the real player only".into()),
            Act::Kill(who) if who == SERVER => self.stand()?.world.kill_server(),
            Act::Kill(who) => {
                self.person(who)?.is_killed();
                let (world, actor) = self.actor(who)?;
                world.actors[actor].dead = true;
            }
            Act::Stop(who) | Act::Continue(who) => {
                let stop = matches!(act, Act::Stop(_));
                self.person(who)?.is_stopped(stop);
                let (world, actor) = self.actor(who)?;
                world.freeze(actor, stop);
            }
            Act::Restart => self.restart()?,
            Act::Net(faults) => {
                self.faults = *faults;
                if let Some(stand) = &mut self.stand {
                    stand.world.net.faults = *faults;
                }
            }
            Act::Partition(who) | Act::Heal(who) => {
                let (world, actor) = self.actor(who)?;
                world.actors[actor].partitioned = matches!(act, Act::Partition(_));
            }
            Act::Move(who) => {
                let (world, actor) = self.actor(who)?;
                world.move_actor(actor);
            }
        }
        self.attend();
        Ok(())
    }

    fn now(&self) -> Duration {
        self.stand
            .as_ref()
            .map_or(Duration::ZERO, |stand| stand.world.now)
    }

    fn step(&mut self, deadline: Duration) -> bool {
        let Some(stand) = &mut self.stand else {
            return false;
        };
        let stepped = stand.world.step(deadline);
        self.attend();
        stepped
    }

    /// Every transcript is the log, and everything said is in it.
    fn check(&self) -> Result<(), String> {
        let Some(Stand { world, .. }) = &self.stand else {
            return Ok(());
        };
        if let Some(wrong) = &world.wrong {
            return Err(wrong.clone());
        }
        for actor in world.actors.iter().filter(|actor| actor.was_in()) {
            check_transcript(world, actor)?;
            let namesakes = world.actors.iter().filter(|a| a.name == actor.name);
            if namesakes.filter(|a| a.was_in()).count() == 1 {
                check_utterances(world, actor)?;
            }
        }
        Ok(())
    }
}

/// As whoever watches a server is told it.
fn what(shown: &Shown) -> What<'_> {
    match shown {
        Shown::Entered(name) => What::Entered(name.as_str()),
        Shown::Said(name, text) => What::Said(name.as_str(), text),
        Shown::Left(name) => What::Left(name.as_str()),
        Shown::Announced(text) => What::Announced(text),
        Shown::Acted(name, text) => What::Acted(name.as_str(), text),
        Shown::Renamed(name, other) => What::Renamed(name.as_str(), other.as_str()),
        Shown::Hidden => What::Hidden(1),
        Shown::Gap(count) => What::Gap(*count),
    }
}

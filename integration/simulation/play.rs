//! Plays a scenario in two phases: safety while the faults last, liveness after they have healed.

use super::scenario::{Act, Ending, Scenario};
use crate::world::net::{Faults, Line};
use crate::world::private::{self, check_whispers};
use crate::world::{Actor, Chronicle, World};
use chatroom::limits;
use chatroom::link::Random;
use chatroom::session::{End, Session};
use chatroom::text::Name;
use chatroom::wire::GoneReason;
use std::time::Duration;

/// After the healing everyone has everything within this time.
const LIVENESS: Duration = Duration::from_secs(120);
/// People at most.
const CROWD: usize = 12;
/// So much is said at once that every room with a rate holds some of it back.
const HASTE: u64 = 60;
/// Someone whose name is taken asks again after this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// Plays it to its end; gives the trace.
pub fn play(scenario: &Scenario) -> Result<u64, String> {
    let mut stage = Stage::new(scenario);
    for (pause, act) in &scenario.steps {
        stage.advance(*pause)?;
        stage.perform(act)?;
        stage.check()?;
    }
    stage.heal();
    stage.settle()?;
    check_whispers(&stage.world)?;
    stage.rest()?;
    match scenario.ending {
        Ending::Leave => stage.all_leave()?,
        Ending::Close => stage.close()?,
    }
    stage.world.check_sizes()?;
    Ok(stage.world.trace)
}

struct Stage<'s> {
    scenario: &'s Scenario,
    world: World,
    /// When those whose name is taken ask again.
    ask_again: Duration,
    /// So that no two names are the same by accident.
    names: usize,
}

impl<'s> Stage<'s> {
    fn new(scenario: &'s Scenario) -> Stage<'s> {
        let mut world = World::new(
            scenario.seed,
            scenario.config,
            scenario.faults,
            scenario.numbers,
        );
        world.chronicle = Some(Chronicle::default());
        let mut stage = Stage {
            scenario,
            world,
            ask_again: Duration::ZERO,
            names: 0,
        };
        for history in &scenario.people {
            stage.joins(None, *history);
        }
        stage
    }

    fn joins(&mut self, name: Option<String>, history: u16) {
        if self.world.actors.len() >= CROWD {
            return;
        }
        let name = name.unwrap_or_else(|| self.another_name());
        let session = self.session(&name, history);
        self.world.join_with(&name, session);
    }

    fn session(&mut self, name: &str, history: u16) -> Session {
        let (now, seed) = (self.world.now, self.world.random.bits());
        Session::new(now, name, history, seed).with_last_packet(self.scenario.last_packet)
    }

    /// Somebody new, of so few packet numbers, says more than is ordered at once.
    fn hurries(&mut self, packets: u64) {
        if self.world.actors.len() < CROWD {
            let name = self.another_name();
            let session = self.session(&name, 0).with_last_packet(u64::MAX - packets);
            let who = self.world.join_with(&name, session);
            say(&mut self.world, who, HASTE, 8);
        }
    }

    /// It is killed, and after a while the same session goes on in another process.
    fn resumes(&mut self, who: usize, pause: Duration) -> Result<(), String> {
        let actor = &mut self.world.actors[who];
        let Some(past) = actor.session.past() else {
            return Ok(());
        };
        if actor.dead || actor.leaving || actor.is_out() || self.world.actors.len() >= CROWD {
            return Ok(());
        }
        self.world.actors[who].dead = true;
        self.advance(pause)?;
        let name = self.world.actors[who].name.clone();
        let session = self.session(&name, 0).with_past(past);
        self.world.join_as(who, session);
        Ok(())
    }

    fn another_name(&mut self) -> String {
        self.names += 1;
        format!("甲{}", self.names)
    }

    /// Time passes; whoever's name is refused gives it again, or another one.
    fn advance(&mut self, time: Duration) -> Result<(), String> {
        let end = self.world.now + time;
        loop {
            if self.world.now >= self.ask_again {
                self.ask_again = self.world.now + PATIENCE;
                self.give_names();
            }
            let next = end.min(self.ask_again);
            self.world.run_for(next.saturating_sub(self.world.now));
            self.wrong()?;
            if next == end {
                return Ok(());
            }
        }
    }

    fn give_names(&mut self) {
        for at in 0..self.world.actors.len() {
            let actor = &self.world.actors[at];
            if actor.refused.is_none() || actor.is_out() || actor.dead || actor.leaving {
                continue;
            }
            let others = self
                .world
                .actors
                .iter()
                .filter(|other| !other.dead && !other.is_out());
            let taken = others.filter(|other| other.name == actor.name).count() > 1;
            // The name of one who was killed is free when its silence has lasted long enough.
            let name = if taken || actor.was_in() {
                self.another_name()
            } else {
                actor.name.clone()
            };
            self.world.rename(at, &name);
        }
    }

    fn wrong(&mut self) -> Result<(), String> {
        self.world.wrong.take().map_or(Ok(()), Err)
    }

    fn check(&mut self) -> Result<(), String> {
        self.wrong()?;
        self.world.check_sizes()
    }

    fn perform(&mut self, act: &Act) -> Result<(), String> {
        let crowd = self.world.actors.len();
        let world = &mut self.world;
        match *act {
            Act::Say { who, count, most } => say(world, who % crowd, count, most),
            Act::Ask(who) => world.ask(who % crowd, Session::handle_who),
            Act::Private(who, seed) => private::disturb(world, &mut Random::new(seed), who % crowd),
            Act::Move(who) => world.move_actor(who % crowd),
            Act::Swap(a, b) => world.swap_addresses(a % crowd, b % crowd),
            Act::Line {
                who,
                way,
                loss,
                burst,
            } => {
                let line = &mut world.actors[who % crowd].lines[way];
                (line.loss, line.burst) = (loss, burst);
            }
            Act::Delay { who, way, time } => world.actors[who % crowd].lines[way].delay = time,
            Act::Narrow { who, way, mtu } => world.actors[who % crowd].lines[way].mtu = mtu,
            Act::Mtu(mtu) => world.net.faults.mtu = mtu,
            Act::Cut(who, cut) => world.actors[who % crowd].partitioned = cut,
            Act::HalfCut(who, way, cut) => world.actors[who % crowd].lines[way].cut = cut,
            Act::Swizzle(order) => self.swizzle(order)?,
            Act::Stop(who, stop) => world.freeze(who % crowd, stop),
            Act::Stick(who, stuck) => world.stick(who % crowd, stuck),
            Act::Crash(who) => world.actors[who % crowd].dead = true,
            Act::Reborn(who) => {
                world.actors[who % crowd].dead = true;
                let name = world.actors[who % crowd].name.clone();
                self.joins(Some(name), 20);
            }
            Act::Resume(who, pause) => self.resumes(who % crowd, pause)?,
            Act::Hasty(packets) => self.hurries(packets),
            Act::Join(history) => self.joins(None, history),
            Act::Namesake(who) => {
                let name = world.actors[who % crowd].name.clone();
                self.joins(Some(name), 20);
            }
            Act::Leave(who) => world.leave(who % crowd),
            Act::Announce(count) => announce(world, count),
            Act::Kick(who) => kick(world, who % crowd),
            Act::KickNobody => {
                let nobody = Name::new("丙").expect("a name");
                let kicked =
                    world.operate(|room, users, now| room.handle_kick(users, now, &nobody, "?"));
                if kicked == Some(true) {
                    return Err("somebody was kicked who is not there".into());
                }
            }
            Act::Restart(pause) => {
                world.kill_server();
                self.advance(pause)?;
                self.world.start_server();
            }
            Act::Silence(who, time) => {
                world.actors[who % crowd].partitioned = true;
                self.advance(time)?;
            }
            Act::FallOff(who, count) => self.fall_off(who % crowd, count)?,
            Act::Contest(who, pause) => self.contest(who % crowd, pause)?,
            Act::Clock(millis) => world.unix_ms = world.unix_ms.saturating_add_signed(millis),
            Act::Replay(count, elsewhere) => world.replay(count, elsewhere),
        }
        Ok(())
    }

    fn swizzle(&mut self, order: u64) -> Result<(), String> {
        let mut random = Random::new(order);
        for cut in [true, false] {
            let mut rest: Vec<usize> = (0..self.world.actors.len()).collect();
            while !rest.is_empty() {
                let who = rest.swap_remove(random.below(rest.len() as u64) as usize);
                self.world.actors[who].partitioned = cut;
                self.advance(Duration::from_millis(random.below(2000)))?;
            }
        }
        Ok(())
    }

    /// One member is away while more happens than the log retains.
    fn fall_off(&mut self, who: usize, count: u64) -> Result<(), String> {
        self.world.actors[who].partitioned = true;
        for _ in 0..count / 100 {
            announce(&mut self.world, 100);
            self.advance(Duration::from_millis(100))?;
        }
        Ok(())
    }

    /// Somebody else gets the name of one who was silent for too long and does not know it; then another server is
    /// started, and both come back.
    fn contest(&mut self, who: usize, pause: Duration) -> Result<(), String> {
        self.world.actors[who].partitioned = true;
        self.advance(self.scenario.config.idle_timeout + Duration::from_secs(1))?;
        let name = self.world.actors[who].name.clone();
        self.joins(Some(name), 20);
        self.advance(Duration::from_secs(4))?;
        self.world.kill_server();
        self.advance(pause)?;
        self.world.start_server();
        self.world.actors[who].partitioned = false;
        Ok(())
    }

    /// No more faults. Who was stopped goes on.
    fn heal(&mut self) {
        let world = &mut self.world;
        world.net.faults = Faults::none();
        for at in 0..world.actors.len() {
            world.actors[at].partitioned = false;
            world.actors[at].lines = [Line::default(); 2];
            world.stick(at, false);
            if world.actors[at].frozen {
                world.freeze(at, false);
            }
        }
    }

    fn settle(&mut self) -> Result<(), String> {
        let deadline = self.world.now + LIVENESS;
        while !self.world.is_settled() {
            if self.world.now >= deadline {
                let waiting = self.world.actors.iter().filter(|a| !a.is_out() && !a.dead);
                let told = waiting.map(|a| {
                    let seen = a.session.seen_up_to();
                    format!(
                        "{} has seen {seen:?}, {} undelivered",
                        a.name,
                        a.session.undelivered()
                    )
                });
                return Err(format!("not settled: {:#?}", told.collect::<Vec<_>>()));
            }
            let next = (self.world.now + PATIENCE).min(deadline);
            self.world.run_until(next, World::is_settled);
            self.advance(Duration::ZERO)?;
        }
        self.world.check_ends()?;
        self.check()
    }

    /// A room in which nothing happens sends nothing but keep-alives and their answers. Whoever asks is told who
    /// is here.
    fn rest(&mut self) -> Result<(), String> {
        // Until the dead have left.
        self.advance(self.scenario.config.idle_timeout + Duration::from_secs(15))?;
        let (sent, events) = (self.world.net.sent, self.events());
        self.advance(Duration::from_secs(60))?;
        let members = self.present().count() as u64;
        let (sent, events) = (self.world.net.sent - sent, self.events() - events);
        let each = 60 / (self.scenario.config.idle_timeout.as_secs() / 4).min(15) + 2;
        let idle = sent <= 2 * each * members && events == 0;
        // Whose packet numbers come to their end comes in again.
        if !idle && !self.scenario.ends_numbers() {
            return Err(format!(
                "{sent} datagrams and {events} events in an idle minute"
            ));
        }
        self.check()?;
        for actor in &mut self.world.actors {
            actor.roster = None;
        }
        // A session whose packet numbers are at their end is resumed first, and forgets the question.
        for _ in 0..2 {
            for at in 0..self.world.actors.len() {
                if self.world.actors[at].roster.is_none() {
                    self.world.ask(at, Session::handle_who);
                }
            }
            self.advance(Duration::from_secs(15))?;
        }
        let users = self
            .world
            .server
            .iter()
            .flat_map(|server| server.users.iter());
        let mut here: Vec<&str> = users.map(|user| user.name.as_str()).collect();
        here.sort_unstable();
        for actor in self.present() {
            let told = actor.roster.iter().flatten();
            let mut told: Vec<&str> = told.map(|entry| entry.name.as_str()).collect();
            told.sort_unstable();
            if told != here {
                return Err(format!("{}: here are {here:?}, not {told:?}", actor.name));
            }
        }
        Ok(())
    }

    fn events(&self) -> usize {
        self.world.lives.last().map_or(0, Vec::len)
    }

    fn present(&self) -> impl Iterator<Item = &Actor> {
        self.world.actors.iter().filter(|a| !a.is_out() && !a.dead)
    }

    fn all_leave(&mut self) -> Result<(), String> {
        for actor in 0..self.world.actors.len() {
            self.world.leave(actor);
        }
        self.advance(Duration::from_secs(90))?;
        let here = self
            .world
            .server
            .iter()
            .flat_map(|server| server.users.iter());
        if let Some(user) = here.into_iter().next() {
            return Err(format!("{} has left and is here", user.name));
        }
        self.world
            .actors
            .iter()
            .try_for_each(|actor| ended(actor, &End::Left))
    }

    fn close(&mut self) -> Result<(), String> {
        self.world.closing = true;
        self.world
            .operate(|room, users, now| room.handle_close(users, now));
        let deadline = self.world.now + limits::CLOSE_TIMEOUT;
        let closed = |world: &World| {
            let server = world.server.as_ref();
            server.is_some_and(|server| server.room.is_closed(world.now))
        };
        self.world.run_until(deadline, closed);
        self.wrong()?;
        let world = &mut self.world;
        if world.now >= deadline {
            return Err("not everyone has confirmed that the room closes".into());
        }
        world.kill_server();
        let end = End::Removed(GoneReason::Closed, String::new());
        let mut crowd = world.actors.iter();
        crowd.try_for_each(|actor| ended(actor, &end))
    }
}

fn say(world: &mut World, who: usize, count: u64, most: u64) {
    for _ in 0..count {
        let actor = &world.actors[who];
        if actor.leaving || actor.dead || actor.is_out() || !actor.session.has_room() {
            return;
        }
        let number = actor.said.len();
        let filler = world.random.below(most) as usize;
        world.say(who, &format!("{who}-{number} {}", "字".repeat(filler)));
    }
}

fn announce(world: &mut World, count: u64) {
    for _ in 0..count {
        world.operate(|room, users, now| room.handle_announce(users, now, "请注意"));
    }
}

fn kick(world: &mut World, who: usize) {
    let name = Name::new(&world.actors[who].name).expect("a name");
    let kicked = world.operate(|room, users, now| room.handle_kick(users, now, &name, "去"));
    if kicked == Some(true) {
        // Whoever of this name is in.
        let name = name.as_str();
        let namesakes = world.actors.iter_mut().filter(|actor| actor.name == name);
        namesakes.for_each(|actor| actor.kicked = true);
    }
}

/// Whether it ended as it should.
fn ended(actor: &Actor, end: &End) -> Result<(), String> {
    if actor.dead {
        return Ok(());
    }
    match &actor.end {
        Some(End::Left) => {
            let (said, ordered) = (actor.said.len() as u64, actor.ordered);
            match ordered == said && (actor.leaving || *end == End::Left) {
                true => Ok(()),
                false => Err(format!("{}: left with {ordered} of {said}", actor.name)),
            }
        }
        Some(End::Removed(GoneReason::Kicked, _)) if actor.kicked => Ok(()),
        // The faults outlasted its patience.
        Some(End::Undelivered(_)) if actor.leaving => Ok(()),
        // Never got in while the faults lasted, or was not let in.
        Some(End::Unreachable) if !actor.was_in() => Ok(()),
        None if actor.refused.is_some() && actor.session.is_over() => Ok(()),
        Some(other) if other == end => Ok(()),
        other => Err(format!("{}: ended {other:?}", actor.name)),
    }
}

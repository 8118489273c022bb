//! Random talk over a faulty network, in virtual time: every transcript is the one log, whole and once.
//!
//! `SEED=n` plays one seed, `SEEDS=n` so many; a fresh one is played each time and printed if it fails.

use crate::world::net::Faults;
use crate::world::private::{self, check_whispers};
use crate::world::{World, check_transcript, check_utterances};
use chatroom::limits;
use chatroom::link::Random;
use chatroom::room::Config;
use chatroom::session::End;
use chatroom::text::Name;
use chatroom::wire::GoneReason;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What one seed makes of the world.
struct Plan {
    faults: Faults,
    config: Config,
    members: usize,
    minutes: u64,
    restarts: bool,
    /// The number of the first event.
    first_event: u64,
    /// The wall clock is set, some years to and fro.
    clock_jumps: bool,
    /// Somebody is away while the log moves on beyond what it retains.
    falls_off: bool,
}

fn plan(random: &mut Random) -> Plan {
    let delay = random.below(40);
    let faults = Faults {
        loss: random.below(400),
        duplicate: random.below(150),
        reorder: random.below(300),
        flip: random.below(30),
        mtu: [0, 0, 9000, 1300][random.below(4) as usize],
        delay: (
            Duration::from_millis(delay),
            Duration::from_millis(delay + random.below(80)),
        ),
    };
    let rate = if random.below(2) == 0 { 0 } else { 10 };
    let first_event = match random.below(8) {
        0 => (1 << 32) - random.below(100),
        1 => (1 << 63) - random.below(100),
        _ => 1,
    };
    Plan {
        faults,
        first_event,
        clock_jumps: random.below(4) == 0,
        falls_off: random.below(250) == 0,
        config: Config {
            rate,
            ..Config::default()
        },
        members: 2 + random.below(5) as usize,
        minutes: 1 + random.below(2),
        restarts: random.below(4) == 0,
    }
}

/// Plays a seed to its end; gives the trace.
fn play(seed: u64) -> Result<u64, String> {
    let mut random = Random::new(seed);
    let plan = plan(&mut random);
    let mut world =
        World::with_first_event(random.bits(), plan.config, plan.faults, plan.first_event);
    for number in 0..plan.members {
        let actor = world.join(&format!("甲{number}"), random.below(50) as u16);
        if random.below(4) == 0 {
            world.actors[actor].loss = (random.below(500), random.below(500));
        }
    }
    let end = world.now + Duration::from_secs(60 * plan.minutes);
    while world.now < end {
        disturb(&mut world, &mut random, &plan);
        world.run_for(Duration::from_millis(random.below(3000)));
    }
    if plan.falls_off {
        fall_off(&mut world, &mut random);
    }
    heal(&mut world);
    let deadline = world.now + Duration::from_secs(120);
    if !world.run_until(deadline, World::is_settled) {
        let waiting: Vec<_> = world
            .actors
            .iter()
            .filter(|a| a.end.is_none() && !a.dead)
            .collect();
        let told = waiting
            .iter()
            .map(|a| format!("{} {:?} {:?}", a.name, a.session.seen_up_to(), a.session));
        return Err(format!("not settled: {:#?}", told.collect::<Vec<_>>()));
    }
    check_whispers(&world)?;
    rest(&mut world)?;
    for actor in 0..world.actors.len() {
        world.leave(actor);
    }
    world.run_for(Duration::from_secs(90));
    check(&world)?;
    Ok(world.trace)
}

/// One member is away while more happens than the log retains.
fn fall_off(world: &mut World, random: &mut Random) {
    let actor = random.below(world.actors.len() as u64) as usize;
    world.actors[actor].partitioned = true;
    let count = limits::LOG_EVENTS + random.below(500) as usize;
    for number in 0..count {
        world.operate(|room, users, now| room.handle_announce(users, now, "请注意"));
        if number.is_multiple_of(100) {
            world.run_for(Duration::from_millis(random.below(200)));
        }
    }
}

/// A room in which nothing happens sends nothing but keep-alives and their answers.
fn rest(world: &mut World) -> Result<(), String> {
    // Until the dead have left.
    world.run_for(Duration::from_secs(75));
    let before = world.net.sent;
    world.run_for(Duration::from_secs(60));
    let members = world.actors.iter().filter(|a| a.end.is_none() && !a.dead);
    let (sent, most) = (world.net.sent - before, 2 * 6 * members.count() as u64);
    if sent > most {
        return Err(format!("{sent} datagrams in an idle minute, not {most}"));
    }
    Ok(())
}

/// Something happens.
fn disturb(world: &mut World, random: &mut Random, plan: &Plan) {
    let actor = random.below(world.actors.len() as u64) as usize;
    match random.below(100) {
        0..60 if !world.actors[actor].leaving => {
            let most = 1 << random.below(6);
            for _ in 0..1 + random.below(most) {
                let count = world.actors[actor].said.len();
                let most = 1 << random.below(8);
                let filler = "字".repeat(random.below(most) as usize);
                if world.actors[actor].session.has_room() {
                    world.say(actor, &format!("{actor}-{count} {filler}"));
                }
            }
        }
        60..64 => private::disturb(world, random, actor),
        64..68 => world.move_actor(actor),
        // A path that carried more carries no more than it must.
        68..70 => world.net.faults.mtu = [1200, 1452][random.below(2) as usize],
        70..75 => world.actors[actor].partitioned ^= true,
        75..80 => {
            let frozen = !world.actors[actor].frozen;
            world.freeze(actor, frozen);
        }
        80..83 => {
            for _ in 0..1 << random.below(6) {
                world.operate(|room, users, now| room.handle_announce(users, now, "请注意"));
            }
        }
        83..86 if plan.restarts => {
            world.kill_server();
            world.run_for(Duration::from_millis(random.below(20_000)));
            world.start_server();
        }
        86..88 => world.actors[actor].dead = true,
        88..90 if world.actors.len() < 12 => {
            let name = format!("乙{}", world.actors.len());
            world.join(&name, random.below(50) as u16);
        }
        90..92 => {
            // Longer than a silence may last.
            world.actors[actor].partitioned = true;
            world.run_for(Duration::from_secs(50 + random.below(30)));
        }
        92..94 if plan.clock_jumps => {
            let decade = 10 * 365 * 86_400_000;
            world.unix_ms = (world.unix_ms + random.below(2 * decade)).saturating_sub(decade);
        }
        94 => {
            let nobody = Name::new("丙").expect("a name");
            let kicked =
                world.operate(|room, users, now| room.handle_kick(users, now, &nobody, "?"));
            assert_ne!(kicked, Some(true), "there is none");
        }
        95 if random.below(5) == 0 => {
            let name = Name::new(&world.actors[actor].name).expect("a name");
            let kicked =
                world.operate(|room, users, now| room.handle_kick(users, now, &name, "去"));
            world.actors[actor].kicked |= kicked == Some(true);
        }
        96 if random.below(5) == 0 => world.leave(actor),
        _ => (),
    }
}

fn heal(world: &mut World) {
    world.net.faults = Faults::none();
    for actor in 0..world.actors.len() {
        world.actors[actor].partitioned = false;
        world.actors[actor].loss = (0, 0);
        if world.actors[actor].frozen {
            world.freeze(actor, false);
        }
    }
}

/// Counts what the library warns of: that a server acknowledged what was never sent, for one.
struct Warnings;

static WARNINGS: AtomicU64 = AtomicU64::new(0);

impl log::Log for Warnings {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn && metadata.target().starts_with("chatroom::session")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            WARNINGS.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

fn check(world: &World) -> Result<(), String> {
    if let Some(wrong) = &world.wrong {
        return Err(wrong.clone());
    }
    let here = world.server.iter().flat_map(|server| server.users.iter());
    if let Some(user) = here.into_iter().next() {
        return Err(format!("{} has left and is here", user.name));
    }
    for actor in &world.actors {
        check_transcript(world, actor)?;
        check_utterances(world, actor)?;
        if actor.dead {
            continue;
        }
        match &actor.end {
            Some(End::Left) => {
                if actor.ordered != actor.said.len() as u64 {
                    let said = actor.said.len();
                    return Err(format!(
                        "{}: left with {} of {said}",
                        actor.name, actor.ordered
                    ));
                }
            }
            Some(End::Removed(GoneReason::Kicked, _)) if actor.kicked => (),
            // The faults outlasted its patience.
            Some(End::Undelivered(_)) if actor.leaving => (),
            // Never got in while the faults lasted.
            Some(End::Unreachable) if actor.seen.is_empty() => (),
            other => return Err(format!("{}: ended {other:?}", actor.name)),
        }
    }
    Ok(())
}

fn env(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
}

#[test]
fn every_transcript_is_the_one_log() {
    let fresh = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos() as u64);
    // Another test may have its own; then this one goes without.
    if log::set_logger(&Warnings).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
    let seeds: Vec<u64> = match env("SEED") {
        Some(seed) => vec![seed],
        None => (0..env("SEEDS").unwrap_or(300)).chain([fresh]).collect(),
    };
    for seed in seeds {
        if let Err(what) = play(seed) {
            panic!("SEED={seed} cargo test --test integration simulation\n{what}");
        }
        let warnings = WARNINGS.load(Ordering::Relaxed);
        assert_eq!(warnings, 0, "SEED={seed}: a session has warned");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..5 {
        assert_eq!(play(seed), play(seed));
    }
}

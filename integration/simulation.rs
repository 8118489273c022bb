//! Random talk over a faulty network, in virtual time: every transcript is the one log, whole and once.
//!
//! `SEED=n` plays one seed, `SEEDS=n` so many; a fresh one is played each time and printed if it fails.

use crate::world::net::Faults;
use crate::world::{World, check_transcript, check_utterances};
use chatroom::link::Random;
use chatroom::room::Config;
use chatroom::session::End;
use std::time::Duration;

/// What one seed makes of the world.
struct Plan {
    faults: Faults,
    config: Config,
    members: usize,
    minutes: u64,
    restarts: bool,
}

fn plan(random: &mut Random) -> Plan {
    let delay = random.below(40);
    let faults = Faults {
        loss: random.below(400),
        duplicate: random.below(150),
        reorder: random.below(300),
        flip: random.below(30),
        delay: (
            Duration::from_millis(delay),
            Duration::from_millis(delay + random.below(80)),
        ),
    };
    let rate = if random.below(2) == 0 { 0 } else { 10 };
    Plan {
        faults,
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
    let mut world = World::new(random.bits(), plan.config, plan.faults);
    for number in 0..plan.members {
        world.join(&format!("甲{number}"), random.below(50) as u16);
    }
    let end = world.now + Duration::from_secs(60 * plan.minutes);
    while world.now < end {
        disturb(&mut world, &mut random, plan.restarts);
        world.run_for(Duration::from_millis(random.below(3000)));
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
    for actor in 0..world.actors.len() {
        world.leave(actor);
    }
    world.run_for(Duration::from_secs(90));
    check(&world)?;
    Ok(world.trace)
}

/// Something happens.
fn disturb(world: &mut World, random: &mut Random, restarts: bool) {
    let actor = random.below(world.actors.len() as u64) as usize;
    match random.below(100) {
        0..60 => {
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
        60..70 => world.move_actor(actor),
        70..75 => world.actors[actor].partitioned ^= true,
        75..80 => {
            let frozen = !world.actors[actor].frozen;
            world.freeze(actor, frozen);
        }
        80..83 => {
            world.operate(|room, users, now| room.handle_announce(users, now, "请注意"));
        }
        83..86 if restarts => {
            world.kill_server();
            world.run_for(Duration::from_millis(random.below(20_000)));
            world.start_server();
        }
        86..88 => world.actors[actor].dead = true,
        88..90 if world.actors.len() < 12 => {
            let name = format!("乙{}", world.actors.len());
            world.join(&name, random.below(50) as u16);
        }
        _ => (),
    }
}

fn heal(world: &mut World) {
    world.net.faults = Faults::none();
    for actor in 0..world.actors.len() {
        world.actors[actor].partitioned = false;
        if world.actors[actor].frozen {
            world.freeze(actor, false);
        }
    }
}

fn check(world: &World) -> Result<(), String> {
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
    let seeds: Vec<u64> = match env("SEED") {
        Some(seed) => vec![seed],
        None => (0..env("SEEDS").unwrap_or(300)).chain([fresh]).collect(),
    };
    for seed in seeds {
        if let Err(what) = play(seed) {
            panic!("SEED={seed} cargo test --test integration simulation\n{what}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..5 {
        assert_eq!(play(seed), play(seed));
    }
}

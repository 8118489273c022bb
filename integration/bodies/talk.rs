//! Two who talk over a network and through a server that the input disturbs: a scenario like those of the simulation,
//! which holds it to the same.

use super::Choices;
use crate::world::net::{Faults, Line};
use crate::world::private::{self, check_whispers};
use crate::world::{Chronicle, World};
use chatroom::link::Random;
use chatroom::room::{Config, Numbers};
use std::time::Duration;

/// Steps of one input.
const STEPS: usize = 60;
const PEOPLE: usize = 2;

/// What they do, and what is done to them, is as the input says.
pub fn talk(bytes: &[u8]) {
    let mut choices = Choices(bytes);
    let seed = u64::from(choices.byte());
    let mut world = World::new(seed, Config::default(), Faults::none(), Numbers::default());
    world.chronicle = Some(Chronicle::default());
    for name in ["甲", "乙"] {
        world.join(name, 20);
    }
    for _ in 0..STEPS {
        if choices.is_empty() {
            break;
        }
        step(&mut world, &mut choices);
        check(&mut world);
    }
    heal(&mut world);
    let deadline = world.now + Duration::from_secs(120);
    let settled = world.run_until(deadline, World::is_settled);
    check(&mut world);
    assert!(settled, "not settled");
    world
        .check_ends()
        .and_then(|()| check_whispers(&world))
        .expect("all is told");
}

fn check(world: &mut World) {
    let wrong = world.wrong.take().map_or(Ok(()), Err);
    wrong
        .and_then(|()| world.check_sizes())
        .expect("what is promised");
}

fn step(world: &mut World, choices: &mut Choices<'_>) {
    let who = choices.of(PEOPLE);
    match choices.of(16) {
        0..4 => say(world, who, choices.of(40)),
        4 => private::disturb(world, &mut Random::new(choices.number()), who),
        5 => world.move_actor(who),
        6 => world.swap_addresses(0, 1),
        7 => {
            let frozen = !world.actors[who].frozen;
            world.freeze(who, frozen);
        }
        8 => {
            let stuck = !world.actors[who].stuck;
            world.stick(who, stuck);
        }
        9 => world.actors[who].partitioned ^= true,
        10 => {
            let line = &mut world.actors[who].lines[choices.of(2)];
            (line.loss, line.burst) = (choices.of(200) as u64 * 3, choices.of(60) as u64);
        }
        11 => {
            world.net.faults = Faults {
                loss: choices.of(100) as u64 * 5,
                duplicate: choices.of(150) as u64,
                reorder: choices.of(100) as u64 * 3,
                flip: choices.of(30) as u64,
                mtu: [0, 1200, 1452][choices.of(3)],
                delay: (
                    Duration::ZERO,
                    Duration::from_millis(choices.of(200) as u64),
                ),
            }
        }
        12 => world.replay(1 + choices.of(4) as u64, choices.of(2) == 0),
        13 if choices.of(4) == 0 => {
            world.kill_server();
            world.run_for(choices.time());
            world.start_server();
        }
        _ => (),
    }
    let time = choices.time();
    world.run_for(time.min(Duration::from_secs(100)));
}

/// What is said tells whose it is, as the chronicle wants it.
fn say(world: &mut World, who: usize, count: usize) {
    for _ in 0..count {
        if !world.actors[who].session.has_room() || world.actors[who].is_out() {
            return;
        }
        let number = world.actors[who].said.len();
        world.say(who, &format!("{who}-{number} 字"));
    }
}

fn heal(world: &mut World) {
    world.net.faults = Faults::none();
    for who in 0..PEOPLE {
        world.actors[who].partitioned = false;
        world.actors[who].lines = [Line::default(); 2];
        world.stick(who, false);
        if world.actors[who].frozen {
            world.freeze(who, false);
        }
    }
}

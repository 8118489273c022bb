//! Integration tests.

// A test binary has no public interface.
#![allow(unreachable_pub)]

mod attack;
mod bodies;
mod bugs;
mod classic;
mod dist;
mod doctor;
mod endurance;
mod finding;
mod halfcopy;
mod json;
mod load;
mod made_up;
mod mutator;
mod names;
mod operator;
mod player;
mod programs;
mod protocol;
mod simulation;
#[cfg(feature = "terminal")]
mod terminal;
mod threads;
mod tidy;
mod world;

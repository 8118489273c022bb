//! Integration tests.

// A test binary has no public interface.
#![allow(unreachable_pub)]

mod classic;
mod endurance;
mod halfcopy;
mod load;
mod mutator;
mod names;
mod operator;
mod player;
mod programs;
mod protocol;
mod simulation;
mod threads;
mod tidy;
mod world;

//! Integration tests.

mod halfcopy;
mod names;
mod simulation;
mod world;

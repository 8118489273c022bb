//! Endurance: the built programs under conditions that last, and under those that end them.

mod killed;
mod network;
mod soak;
mod transcripts;

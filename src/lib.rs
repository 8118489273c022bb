//! A group chat room over UDP: one append-only log of events, one cursor into it per member.
//!
//! ARCHITECTURE.md has the map of the layers, PROTOCOL.md the datagrams byte by byte.

pub mod cli;
pub mod client;
pub mod commands;
#[cfg(feature = "terminal")]
pub mod editor;
pub mod halfcopy;
pub mod limits;
pub mod lines;
pub mod link;
pub mod room;
pub mod seal;
pub mod server;
pub mod session;
pub mod text;
pub mod wire;

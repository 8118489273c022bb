//! A group chat room over UDP: one append-only log, one cursor per member.

pub mod limits;
pub mod text;

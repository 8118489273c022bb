//! Attacks, each against the room it is about: in process where the datagrams are what matters, with the built server where
//! the machine is. Sources are spread over 127.0.0.0/8.

mod acknowledgements;
mod addresses;
mod cookies;
mod floods;
mod forged;
mod replayed;
pub mod target;

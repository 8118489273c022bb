//! Names, utterances and what may go to a screen.
//!
//! The lowest layer: it knows the bounds of [`crate::limits`] and nothing else of the room. What always holds:
//! text from a peer is never a reason to panic, and is cut at character boundaries only.

pub mod name;
mod person;
pub mod phrases;
pub mod screen;
mod tables;
pub mod utterance;

pub use name::{Name, NameError, NameKey};
pub use phrases::Lang;

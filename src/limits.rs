//! Every bound of the room in one place, and how the bounds hang together.
//!
//! What always holds here: a bound that another bound relies on has a const assertion below, so that
//! changing one number alone does not compile into a room that stalls or overruns a datagram.

use std::time::Duration;

/// Bytes of a name in UTF-8, at most.
pub const NAME_BYTES: usize = 64;
/// Characters of a name, at most.
pub const NAME_CHARS: usize = 32;
/// Bytes of one utterance in UTF-8, at most.
pub const UTTERANCE_BYTES: usize = 1024;

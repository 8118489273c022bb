//! `halfcopy`: the library and the program, over real files.

mod copying;
mod joined;
mod offsets;
mod program;
mod refused;
mod scratch;

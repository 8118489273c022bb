//! Integration tests.

mod halfcopy;
mod names;

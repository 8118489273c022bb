//! Integration tests.

mod names;

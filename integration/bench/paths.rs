//! The inner paths in process.
fn main() {}

//! Cost of each codec.
fn main() {}

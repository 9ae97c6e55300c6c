//! Checks of the house that the compiler cannot make.

fn main() {}

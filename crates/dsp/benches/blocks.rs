//! Cost of the heavier blocks on one frame of 10 ms.

fn main() {}

//! Tipring joins analog telephone lines to SIP.

fn main() {}

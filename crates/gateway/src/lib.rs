//! The two planes bound together: Control and Shard.
#![forbid(unsafe_code)]

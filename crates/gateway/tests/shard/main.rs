//! A shard with lines, legs and a far end, in virtual time.

#[path = "../shard_bench/mod.rs"]
mod shard_bench;

mod digits;
mod life;
mod packets;
mod reports;
mod silence;
mod voice;

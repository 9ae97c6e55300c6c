//! The two planes bound together: Control and Shard.

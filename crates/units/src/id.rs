//! Names of lines, calls, legs and the like.

use core::fmt;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )*};
}

id! {
    /// One line port of the gateway, 0 upward in the order of the configuration.
    LineId(u16), "line ";
    /// One call, counted from 1 and never reused.
    CallId(u64), "call ";
    /// The generation of a line: it grows when the line returns to idle, and events or commands of an
    /// older one are refused.
    Epoch(u32), "epoch ";
    /// One media shard.
    ShardId(u8), "shard ";
    /// One leg of the media plane, chosen by the control plane and never reused.
    LegId(u64), "leg ";
    /// One bridge of the media plane, chosen by the control plane and never reused.
    BridgeId(u64), "bridge ";
    /// One pair of UDP sockets (RTP, RTCP) of the host's pool.
    MediaSlot(u16), "media ";
}

impl Epoch {
    /// The generation after this one.
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

//! How the addresses of a server stand, for status.

use core::net::SocketAddr;

use tipring_units::Millis;

/// What is known of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing was asked of it yet, or it has not answered yet.
    Untried,
    /// It answered what it was asked last.
    Answers,
    /// It did not answer, or answered 503.
    Silent,
    /// It answers again, and is used again when it has done so for a while.
    Recovering {
        /// How long it has answered.
        healthy: Millis,
    },
}

/// One address of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressView {
    /// The configured host that it belongs to.
    pub host: String,
    /// The address.
    pub address: SocketAddr,
    /// It is the one in use.
    pub in_use: bool,
    /// What is known of it.
    pub reach: Reach,
    /// Time from the latest OPTIONS or REGISTER to its answer, in microseconds: on the way twice, and in the server. With
    /// a request that had to be repeated it counts from the first. `None` where none was answered since it last failed.
    pub round_trip_micros: Option<u64>,
}

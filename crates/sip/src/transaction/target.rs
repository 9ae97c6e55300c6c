//! Where a message goes.

use core::net::SocketAddr;

/// One TCP connection. The host numbers those that it accepts below [`ConnId::FIRST_OUTBOUND`], the
/// agent those that it asks for from there up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnId(pub u64);

impl ConnId {
    /// The first number of the agent's own connections.
    pub const FIRST_OUTBOUND: u64 = 1 << 63;
}

/// The transport of SIP messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
}

impl Transport {
    /// The name in a Via field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }

    /// Whether the transport itself repeats what is lost.
    pub const fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp => true,
        }
    }
}

/// One way to the next hop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// The transport.
    pub transport: Transport,
    /// The far end.
    pub address: SocketAddr,
    /// The connection to use while it stands; otherwise one is found or made.
    pub conn: Option<ConnId>,
}

impl Target {
    /// A target without a preferred connection.
    pub const fn new(transport: Transport, address: SocketAddr) -> Self {
        Self { transport, address, conn: None }
    }
}

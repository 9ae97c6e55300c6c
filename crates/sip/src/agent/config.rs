//! The agent's configuration.

use core::net::{IpAddr, SocketAddr};

use tipring_units::Millis;

use super::api::Transport;
use crate::digest::{Algorithm, Secret};
use crate::transaction::Timing;

/// A configured server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServerId(pub u16);

/// A configured account: one address of record that registers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountId(pub u16);

/// A host with or without a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostPort {
    /// A name or an IP address, IPv6 without brackets.
    pub host: String,
    /// The UDP or TCP port. Without it SRV records are asked for.
    pub port: Option<u16>,
}

/// A server: a provider, a PBX or a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerConfig {
    /// Its number.
    pub id: ServerId,
    /// Its addresses, best first.
    pub addresses: Vec<HostPort>,
    /// The domain in request URIs; the first address's host if absent.
    pub domain: Option<String>,
    /// How to reach it.
    pub transport: Transport,
}

impl ServerConfig {
    /// The domain in request URIs.
    pub fn domain(&self) -> &str {
        match (&self.domain, self.addresses.first()) {
            (Some(domain), _) => domain,
            (None, Some(first)) => &first.host,
            (None, None) => "invalid",
        }
    }
}

/// An account at a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountConfig {
    /// Its number.
    pub id: AccountId,
    /// Where it registers.
    pub server: ServerId,
    /// The user of the address of record.
    pub user: String,
    /// The name for digest, if it differs.
    pub auth_user: Option<String>,
    /// The secret.
    pub password: Secret,
    /// The lifetime asked for.
    pub expires: Millis,
    /// Whether it registers. If not, it only lends its credentials to calls.
    pub register: bool,
}

/// A network in CIDR form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    /// Any address of the network.
    pub address: IpAddr,
    /// How many leading bits count.
    pub prefix: u8,
}

impl Network {
    /// Whether `address` lies in the network. An IPv4 address as a socket of both families shows it (`::ffff:10.0.0.1`)
    /// is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        fn same(a: u128, b: u128, width: u32, prefix: u8) -> bool {
            let prefix = u32::from(prefix).min(width);
            prefix == 0 || (a ^ b) >> (width - prefix) == 0
        }
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                same(u128::from(a.to_bits()), u128::from(b.to_bits()), 32, self.prefix)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128, self.prefix),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// What an untrusted request gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Refusal {
    /// Nothing, so that scanners learn nothing.
    #[default]
    Silent,
    /// 403 at a bounded rate.
    Forbidden,
}

/// Who may call. Configured servers' addresses and authenticated users always may.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trust {
    /// Networks whose requests are accepted without a password.
    pub networks: Vec<Network>,
    /// What others get.
    pub refusal: Refusal,
}

/// How offers within a session are answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reoffers {
    /// By the agent with the session's media.
    #[default]
    Automatic,
    /// By the gateway.
    Ask,
}

/// Everything that the agent must be told at its start.
#[derive(Clone, PartialEq, Debug)]
pub struct AgentConfig {
    /// The UDP socket, as peers reach it: it is written into Via and Contact.
    pub udp: SocketAddr,
    /// The TCP listener, if there is one.
    pub tcp: Option<SocketAddr>,
    /// User-Agent and Server.
    pub product: String,
    /// The realm of the built-in registrar.
    pub realm: String,
    /// The digest algorithms that it asks for, most wanted first.
    pub digest: Vec<Algorithm>,
    /// Transaction timers.
    pub timing: Timing,
    /// Who may call.
    pub trust: Trust,
    /// How offers within a session are answered.
    pub reoffers: Reoffers,
    /// The session interval that we ask for (RFC 4028); none leaves session timers to the far end.
    pub session_interval: Option<Millis>,
    /// Sessions at a time, of which a tenth is kept for emergency calls.
    pub max_sessions: usize,
}

impl AgentConfig {
    /// Defaults for an agent that listens on `udp`.
    pub fn new(udp: SocketAddr) -> Self {
        Self {
            udp,
            tcp: None,
            product: "Tipring".to_owned(),
            realm: "tipring".to_owned(),
            // MD5 alone: phones built on older libre (baresip 1.0) give up at any challenge of another algorithm, even
            // if MD5 is offered beside it as RFC 8760 §2.4 has it.
            digest: vec![Algorithm::Md5],
            timing: Timing::STANDARD,
            trust: Trust::default(),
            reoffers: Reoffers::Automatic,
            session_interval: None,
            max_sessions: 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_its_prefix_says() {
        let net = Network { address: IpAddr::from([10, 1, 2, 3]), prefix: 16 };
        assert!(net.contains(IpAddr::from([10, 1, 200, 3])));
        assert!(!net.contains(IpAddr::from([10, 2, 2, 3])));
        assert!(!net.contains(IpAddr::from([0u16, 0, 0, 0, 0, 0, 0, 1])));
        assert!(
            Network { address: IpAddr::from([0, 0, 0, 0]), prefix: 0 }.contains(IpAddr::from([9, 9, 9, 9]))
        );
        assert!(
            !Network { address: IpAddr::from([10, 0, 0, 1]), prefix: 40 }
                .contains(IpAddr::from([10, 0, 0, 2]))
        );
    }
}

//! The Via header: the way a request came and its answer goes back.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

use super::host::Host;
use super::lex::{Scan, Syntax, split_list};
use super::params::Params;

/// The first seven characters of a branch that is unique by RFC 3261 §8.1.1.7.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// The transport named in a Via or by a `transport` parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// SCTP.
    Sctp,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// Any other token, as written.
    Other(String),
}

impl Transport {
    /// The transport of that name, in any case.
    pub fn from_name(name: &str) -> Self {
        const KNOWN: [(&str, Transport); 6] = [
            ("UDP", Transport::Udp),
            ("TCP", Transport::Tcp),
            ("TLS", Transport::Tls),
            ("SCTP", Transport::Sctp),
            ("WS", Transport::Ws),
            ("WSS", Transport::Wss),
        ];
        let known = KNOWN.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or_else(|| Self::Other(name.to_owned()), |(_, transport)| transport)
    }

    /// Its name in a Via header.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(name) => name,
        }
    }

    /// Whether the transport delivers by itself, so that SIP does not retransmit.
    pub const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp | Self::Other(_))
    }

    /// The UDP or TCP port that is meant where none is given.
    pub const fn default_port(&self) -> u16 {
        match self {
            Self::Tls | Self::Wss => 5061,
            Self::Udp | Self::Tcp | Self::Sctp | Self::Ws | Self::Other(_) => 5060,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One hop of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Transport of the hop.
    pub transport: Transport,
    /// The sender as it calls itself.
    pub host: Host,
    /// Its UDP or TCP port, if given.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport` and others.
    pub params: Params,
}

impl Via {
    /// A Via of our own, with `branch` (which should start with [`MAGIC_COOKIE`]) and a request for `rport`.
    pub fn new(transport: Transport, sent_by: SocketAddr, branch: &str) -> Self {
        let mut params = Params::new().with("branch", branch);
        params.set_flag("rport");
        Self { transport, host: Host::Ip(sent_by.ip()), port: Some(sent_by.port()), params }
    }

    /// The branch.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// Whether the branch identifies a transaction by itself: cookie and something behind it.
    pub fn has_rfc3261_branch(&self) -> bool {
        let rest = self.branch().and_then(|b| b.split_at_checked(MAGIC_COOKIE.len()));
        rest.is_some_and(|(cookie, id)| cookie.eq_ignore_ascii_case(MAGIC_COOKIE) && !id.is_empty())
    }

    /// The address that the next hop saw, if it noted one.
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        text.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// The UDP or TCP port that the next hop saw (RFC 3581).
    pub fn rport(&self) -> Option<u16> {
        self.params.get("rport")?.parse().ok()
    }

    /// Whether the sender asks for an answer to the port it sent from (RFC 3581).
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }

    /// Notes where the message really came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn stamp(&mut self, source: SocketAddr) {
        if self.wants_rport() {
            self.params.set("rport", &source.port().to_string());
        }
        if self.wants_rport() || self.host.ip() != Some(source.ip()) {
            self.params.set("received", &source.ip().to_string());
        }
    }

    /// Every hop of a comma-separated list.
    ///
    /// # Errors
    /// When an item is no Via.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Syntax> {
        let items = split_list(text).into_iter();
        items.map(|(base, item)| Self::parse(item).map_err(|e| e.shifted(base))).collect()
    }

    /// The hop of `text`.
    ///
    /// # Errors
    /// When protocol, transport, sender or parameters have the wrong form.
    pub fn parse(text: &str) -> Result<Self, Syntax> {
        let mut scan = Scan::new(text);
        scan.skip_lws();
        let at = scan.pos();
        if !scan.token("the protocol SIP")?.eq_ignore_ascii_case("SIP") {
            return Err(Syntax::new(at, "the protocol SIP"));
        }
        slash(&mut scan)?;
        let at = scan.pos();
        if scan.token("the version 2.0")? != "2.0" {
            return Err(Syntax::new(at, "the version 2.0"));
        }
        slash(&mut scan)?;
        let transport = Transport::from_name(scan.token("a transport")?);
        scan.skip_lws();
        let (host, port) = Host::scan_with_port(&mut scan)?;
        scan.skip_comment()?;
        let params = Params::scan(&mut scan)?;
        scan.skip_comment()?;
        scan.finish()?;
        Ok(Self { transport, host, port, params })
    }
}

fn slash(scan: &mut Scan<'_>) -> Result<(), Syntax> {
    if scan.eat_spaced(b'/') { Ok(()) } else { Err(scan.error("a slash")) }
}

impl FromStr for Via {
    type Err = Syntax;

    fn from_str(text: &str) -> Result<Self, Syntax> {
        Self::parse(text)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_slashes_and_colons_are_fine() {
        let via = Via::parse("SIP  / 2.0\t/ udp  192.0.2.2 : 5070 ;branch=390skdjuw;rport").unwrap();
        assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.2:5070;branch=390skdjuw;rport");
        assert!(!via.has_rfc3261_branch());
        assert!(via.wants_rport());
        assert_eq!(via.rport(), None);
    }

    #[test]
    fn a_bare_cookie_identifies_nothing() {
        assert!(!Via::parse("SIP/2.0/UDP a.example;branch=z9hG4bK").unwrap().has_rfc3261_branch());
        assert!(Via::parse("SIP/2.0/UDP a.example;branch=z9hG4bK7").unwrap().has_rfc3261_branch());
    }

    #[test]
    fn stamping_notes_the_real_source() {
        let source: SocketAddr = "192.0.2.9:40000".parse().unwrap();
        let mut asks = Via::parse("SIP/2.0/UDP 192.0.2.9:5060;rport;branch=x").unwrap();
        asks.stamp(source);
        assert_eq!((asks.received(), asks.rport()), (Some(source.ip()), Some(40000)));
        let mut silent = Via::parse("SIP/2.0/UDP 192.0.2.9:5060;branch=x").unwrap();
        silent.stamp(source);
        assert_eq!(silent.received(), None);
        let mut named = Via::parse("SIP/2.0/UDP phone.example;branch=x").unwrap();
        named.stamp(source);
        assert_eq!(named.received(), Some(source.ip()));
    }

    #[test]
    fn wrong_protocols_and_versions_are_refused() {
        for bad in [
            "SIP/1.0/UDP a",
            "HTTP/2.0/UDP a",
            "SIP/2.0 a",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP a:70000",
            "SIP/2.0/UDP a b",
        ] {
            assert!(Via::parse(bad).is_err(), "{bad}");
        }
    }
}

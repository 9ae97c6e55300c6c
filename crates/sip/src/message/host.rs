//! Host names and addresses.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use super::lex::{Scan, Syntax};

/// The host of a URI or Via.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name for DNS, as written.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

impl Host {
    /// The address, if it is one.
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }

    /// Whether both mean the same host: names without case, addresses by value.
    pub fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Name(_), Self::Ip(_)) | (Self::Ip(_), Self::Name(_)) => false,
        }
    }

    /// A host at the cursor: `[v6]`, an IPv4 address or a name.
    pub(crate) fn scan(scan: &mut Scan<'_>) -> Result<Self, Syntax> {
        let at = scan.pos();
        if scan.eat(b'[') {
            let inner = scan.take_while(|b| b != b']');
            let ip = inner.parse::<Ipv6Addr>().map_err(|_| Syntax::new(at, "an IPv6 address in brackets"))?;
            if !scan.eat(b']') {
                return Err(scan.error("a closing bracket"));
            }
            return Ok(Self::Ip(IpAddr::V6(ip)));
        }
        // The underscore is no host name character, but Windows machines carry it.
        let name = scan.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if name.is_empty() {
            return Err(Syntax::new(at, "a host"));
        }
        Ok(match name.parse::<Ipv4Addr>() {
            Ok(ip) => Self::Ip(IpAddr::V4(ip)),
            Err(_) => Self::Name(name.to_owned()),
        })
    }

    /// A host and, after a colon, a UDP or TCP port.
    pub(crate) fn scan_with_port(scan: &mut Scan<'_>) -> Result<(Self, Option<u16>), Syntax> {
        let host = Self::scan(scan)?;
        if !scan.eat_spaced(b':') {
            return Ok((host, None));
        }
        let at = scan.pos();
        let digits = scan.take_while(|b| b.is_ascii_digit());
        let port = digits.parse().map_err(|_| Syntax::new(at, "a UDP port from 0 to 65535"))?;
        Ok((host, Some(port)))
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl FromStr for Host {
    type Err = Syntax;

    /// A bare IPv6 address is taken too.
    fn from_str(text: &str) -> Result<Self, Syntax> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Ip(ip));
        }
        let mut scan = Scan::new(text);
        let host = Self::scan(&mut scan)?;
        scan.finish()?;
        Ok(host)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

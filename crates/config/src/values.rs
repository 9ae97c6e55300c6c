//! The values of a configuration that have a grammar of their own, each read from text and shown as text.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use serde::{Serialize, Serializer};
use tipring_country::NumberKind;
use tipring_units::Millis;

use crate::vocabulary::{Driver, MayCall};

/// Digits of a phone's number, at the most (ITU-T E.164: 15).
pub const MAX_NUMBER: usize = 15;
/// Phones, lines or SIP phones of one range, at the most.
pub const MAX_RANGE: u64 = 4096;
/// The SIP port (UDP and TCP) where none is written.
pub const SIP_PORT: u16 = 5060;

/// The deepest that a jitter buffer can be.
pub const MAX_JITTER: Millis = Millis(400);

/// Limits of the jitter buffer's depth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JitterDepth {
    /// The least.
    pub min: Millis,
    /// The most.
    pub max: Millis,
}

impl fmt::Display for JitterDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} ms", self.min.0, self.max.0)
    }
}

/// Serializes a value by its text.
macro_rules! serialize_as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

serialize_as_text!(Number, PortName, Destination, MediaPorts, Network, ServerAddress, Secret, JitterDepth);

impl MayCall {
    /// True if an outside number of this kind may be called.
    pub const fn allows(self, kind: NumberKind) -> bool {
        match (self, kind) {
            (_, NumberKind::Emergency) | (Self::All, _) => true,
            (Self::Internal, _) => false,
            (_, NumberKind::Local | NumberKind::Service) => true,
            (Self::Local, _) => false,
            (_, NumberKind::National | NumberKind::Mobile) => true,
            (Self::National, NumberKind::Premium | NumberKind::International) => false,
            (Self::NoInternational, kind) => matches!(kind, NumberKind::Premium),
            (Self::NoPremium, kind) => matches!(kind, NumberKind::International),
        }
    }
}

/// A phone's or a line's number: digits, shorter ones first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Number(String);

impl Number {
    /// Reads 1 to [`MAX_NUMBER`] digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = (1..=MAX_NUMBER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number `steps` after this one, of the same width.
    pub(crate) fn after(&self, steps: u64) -> Self {
        let value = self.0.parse::<u64>().unwrap_or(0).saturating_add(steps);
        Self(format!("{value:0width$}", width = self.0.len()))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `201` or `201-236`: the name of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NumberRange {
    pub first: Number,
    pub count: u64,
}

impl NumberRange {
    /// Reads it, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            Number::parse(text)
                .ok_or_else(|| format!("\"{text}\" is no number: write 1 to {MAX_NUMBER} digits"))
        };
        let Some((first, last)) = text.split_once('-') else {
            return Ok(Self { first: number(text)?, count: 1 });
        };
        let (first, last) = (number(first)?, number(last)?);
        if first.0.len() != last.0.len() || first > last {
            return Err(format!(
                "{text} is no range: both numbers have the same length and rise, as 201-236"
            ));
        }
        let value = |number: &Number| number.0.parse::<u64>().unwrap_or(0);
        let count = value(&last) - value(&first) + 1;
        if count > MAX_RANGE {
            return Err(format!("{text} is {count} numbers; {MAX_RANGE} are the most"));
        }
        Ok(Self { first, count })
    }

    pub const fn is_single(&self) -> bool {
        self.count == 1
    }

    pub fn numbers(&self) -> impl Iterator<Item = Number> + '_ {
        (0..self.count).map(|step| self.first.after(step))
    }
}

/// A line port by its driver and its number there: `sim/1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PortName {
    /// What drives it.
    pub driver: Driver,
    /// Its number, from 1.
    pub index: u16,
}

impl PortName {
    /// Reads `sim/1`.
    pub fn parse(text: &str) -> Option<Self> {
        PortRange::parse(text).filter(|range| range.count == 1).map(|range| range.first)
    }
}

impl fmt::Display for PortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.driver, self.index)
    }
}

/// `sim/1` or `sim/1-4`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PortRange {
    pub first: PortName,
    pub count: u16,
}

impl PortRange {
    pub fn parse(text: &str) -> Option<Self> {
        let (driver, range) = text.split_once('/')?;
        let driver = Driver::parse(driver)?;
        let index = |text: &str| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|index| plain && (1..=MAX_RANGE as u16).contains(index))
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (index(first)?, index(last)?),
            None => (index(range)?, index(range)?),
        };
        let count = last.checked_sub(first)? + 1;
        Some(Self { first: PortName { driver, index: first }, count })
    }

    pub fn nth(&self, step: u16) -> PortName {
        PortName { driver: self.first.driver, index: self.first.index.saturating_add(step) }
    }
}

/// Where a call goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Target {
    /// The phone with this number.
    Phone(Number),
    /// The phone whose number was dialled.
    Phones,
    /// A server.
    Server(String),
    /// Any outside line.
    Lines,
    /// One outside line.
    Line(Number),
    /// Several ways in order.
    Route(String),
}

/// Where a call goes, and the number that goes there if it is not the dialled one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Destination {
    /// Where to.
    pub target: Target,
    /// The number to call there; `None`: the dialled one.
    pub number: Option<String>,
}

impl Destination {
    /// Reads `100`, `pbx`, `pbx:8001`, `phones`, `lines`, `lines:15550199`, `line.2`, `line.2:15550199` or `route.out`; `lines:` and
    /// `line.2:` dial nothing: the caller hears the exchange.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, number) = match text.split_once(':') {
            Some((place, number)) => (place, Some(number)),
            None => (text, None),
        };
        let dialable = |number: &str| {
            (1..=32).contains(&number.len())
                && number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'#' | b'+'))
        };
        let target = match place {
            "phones" => Target::Phones,
            "lines" => Target::Lines,
            _ if place.starts_with("route.") => {
                Target::Route(place.strip_prefix("route.").filter(|name| is_name(name))?.to_owned())
            }
            _ => match (Number::parse(place), place.strip_prefix("line.")) {
                (Some(number), _) => Target::Phone(number),
                (None, Some(line)) => Target::Line(Number::parse(line)?),
                (None, None) if is_name(place) => Target::Server(place.to_owned()),
                (None, None) => return None,
            },
        };
        let fits = match (&target, number) {
            (_, None) => true,
            (Target::Phone(_) | Target::Phones | Target::Route(_), Some(_)) => false,
            (Target::Lines | Target::Line(_), Some("")) => true,
            (Target::Lines | Target::Line(_) | Target::Server(_), Some(number)) => dialable(number),
        };
        fits.then(|| Self { target, number: number.map(str::to_owned) })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Phone(number) => write!(f, "{number}")?,
            Target::Phones => f.write_str("phones")?,
            Target::Server(name) => f.write_str(name)?,
            Target::Lines => f.write_str("lines")?,
            Target::Line(number) => write!(f, "line.{number}")?,
            Target::Route(name) => write!(f, "route.{name}")?,
        }
        match &self.number {
            Some(number) => write!(f, ":{number}"),
            None => Ok(()),
        }
    }
}

/// True if a server may be called `text`: letters first, then letters, digits, `-` and `_`.
pub(crate) fn is_name(text: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() <= 32
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(rest)
}

/// UDP ports for RTP and RTCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MediaPorts {
    /// The first, even.
    pub first: u16,
    /// The last, odd.
    pub last: u16,
}

impl MediaPorts {
    /// Reads `16384-17383`: the first is even, the last odd.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let (first, last) = (first.trim().parse::<u16>().ok()?, last.trim().parse::<u16>().ok()?);
        (first >= 1024 && first < last && first % 2 == 0 && last % 2 == 1).then_some(Self { first, last })
    }

    /// How many pairs of RTP and RTCP there are.
    pub const fn pairs(&self) -> u16 {
        (self.last - self.first) / 2 + 1
    }
}

impl fmt::Display for MediaPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// A network: an address and how many of its leading bits count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    /// The address, the other bits zero.
    pub address: IpAddr,
    /// Leading bits.
    pub prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address. The bits beyond the prefix must be zero.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, prefix.parse().ok()?),
            None => (text.parse::<IpAddr>().ok()?, if text.contains(':') { 128 } else { 32 }),
        };
        let network = Self { address, prefix };
        let width = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= width && mask(address, prefix) == bits(address)).then_some(network)
    }

    /// True if `address` is in it; an IPv4 address written as IPv6 is the same address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && mask(address, self.prefix) == bits(self.address)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn mask(address: IpAddr, prefix: u8) -> u128 {
    let width = if address.is_ipv4() { 32 } else { 128 };
    let host = u32::from(width - prefix.min(width));
    bits(address).checked_shr(host).unwrap_or(0).checked_shl(host).unwrap_or(0)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A server's host and, where written, its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerAddress {
    /// A host name or an address.
    pub host: String,
    /// UDP or TCP port; without it SRV records decide.
    pub port: Option<u16>,
}

impl ServerAddress {
    /// Reads `sip.example.net`, `10.0.0.1:5070`, `[::1]` or `[::1]:5070`.
    pub fn parse(text: &str) -> Option<Self> {
        let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
        if let Some(rest) = text.strip_prefix('[') {
            let (host, after) = rest.split_once(']')?;
            host.parse::<core::net::Ipv6Addr>().ok()?;
            let port = match after.strip_prefix(':') {
                Some(text) => Some(port(text)?),
                None if after.is_empty() => None,
                None => return None,
            };
            return Some(Self { host: host.to_owned(), port });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, text)) => (host, Some(port(text)?)),
            None => (text, None),
        };
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let good = host.len() <= 253
            && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
            && (!numeric || host.parse::<core::net::Ipv4Addr>().is_ok());
        good.then(|| Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.host.contains(':');
        match (open, self.port) {
            (false, None) => f.write_str(&self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (true, None) => write!(f, "[{}]", self.host),
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
        }
    }
}

/// Reads the own SIP address: `0.0.0.0:5060`, or an address alone for port 5060.
pub(crate) fn listen_address(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, SIP_PORT)))
}

/// A time of day: `03:30`.
pub(crate) fn time_of_day(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str, below: u8| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u8>().ok().filter(|value| digits && *value < below)
    };
    Some((two(hour, 24)?, two(minute, 60)?))
}

/// A password; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for digest authentication.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

//! The session level of a description.

use core::net::IpAddr;
use core::str::FromStr;

use super::media::{Direction, Media};
use super::parse::{SdpError, parse};
use crate::message::Host;

/// A session description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    /// `o=`
    pub origin: Origin,
    /// `s=`: any bytes.
    pub name: Vec<u8>,
    /// `c=` for all media that have none of their own.
    pub connection: Option<Connection>,
    /// `t=`
    pub time: Time,
    /// `b=`
    pub bandwidth: Vec<Bandwidth>,
    /// Direction for all media that have none of their own.
    pub direction: Option<Direction>,
    /// `a=` lines of the session without a place of their own.
    pub attributes: Vec<Attribute>,
    /// `m=` sections in order.
    pub media: Vec<Media>,
}

/// `o=`: who made the session and which revision this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// User, `-` for none.
    pub username: String,
    /// Session identifier: digits of any length.
    pub id: String,
    /// Revision: digits of any length.
    pub version: String,
    /// Address of the maker.
    pub address: Host,
}

impl Origin {
    /// An origin of our own.
    pub fn new(id: u64, version: u64, address: IpAddr) -> Self {
        Self {
            username: "-".into(),
            id: id.to_string(),
            version: version.to_string(),
            address: address.into(),
        }
    }

    /// The revision as a number, held at the largest that fits.
    pub fn version_number(&self) -> u64 {
        self.version.parse().unwrap_or(u64::MAX)
    }

    /// Whether `self` and `other` are the same revision of the same session, so that nothing changed
    /// (RFC 3264 §8). Compared as text: versions may be longer than 64 bits.
    pub fn same_revision(&self, other: &Self) -> bool {
        let bare = |digits: &str| digits.trim_start_matches('0').to_owned();
        self.username == other.username
            && bare(&self.id) == bare(&other.id)
            && bare(&self.version) == bare(&other.version)
            && self.address.same_as(&other.address)
    }
}

/// `c=`: where media go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The address; a name is rare but allowed.
    pub address: Host,
    /// Time to live of a multicast address.
    pub ttl: Option<u8>,
}

impl Connection {
    /// A unicast address.
    pub const fn new(address: IpAddr) -> Self {
        Self { address: Host::Ip(address), ttl: None }
    }

    /// `0.0.0.0` or `::`: the old way to put a call on hold (RFC 3264 §8.4).
    pub fn is_unspecified(&self) -> bool {
        self.address.ip().is_some_and(|ip| ip.is_unspecified())
    }
}

/// `t=`: start and stop in NTP seconds; 0 and 0 for a session without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// Start.
    pub start: u64,
    /// Stop.
    pub stop: u64,
}

/// `b=`: a limit on bandwidth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// `AS`, `CT`, `TIAS`, `RS`, `RR`.
    pub kind: String,
    /// kbit/s, for `TIAS`, `RS` and `RR` bit/s.
    pub value: u64,
}

/// An `a=` line that has no place of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Name.
    pub name: String,
    /// What stands after the colon: any bytes.
    pub value: Option<Vec<u8>>,
}

impl Attribute {
    /// An attribute with a value.
    pub fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: Some(value.as_bytes().to_vec()) }
    }

    /// An attribute without value.
    pub fn flag(name: &str) -> Self {
        Self { name: name.to_owned(), value: None }
    }
}

impl SessionDescription {
    /// A description without media.
    pub fn new(origin: Origin, connection: Connection) -> Self {
        Self {
            origin,
            name: b"-".to_vec(),
            connection: Some(connection),
            time: Time::default(),
            bandwidth: Vec::new(),
            direction: None,
            attributes: Vec::new(),
            media: Vec::new(),
        }
    }

    /// The description in `bytes`.
    ///
    /// # Errors
    /// With line and offset of what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        parse(bytes)
    }

    /// The connection that holds for `media`: its own, else that of the session.
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The direction that holds for `media`: its own, else that of the session, else both ways.
    pub fn direction_of(&self, media: &Media) -> Direction {
        media.direction.or(self.direction).unwrap_or(Direction::SendRecv)
    }

    /// The value of the first session attribute of that name, as text; empty for one without value.
    pub fn attribute(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        find(&self.attributes, name)
    }
}

impl FromStr for SessionDescription {
    type Err = SdpError;

    fn from_str(text: &str) -> Result<Self, SdpError> {
        parse(text.as_bytes())
    }
}

/// The value of the first attribute of that name.
pub(super) fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<std::borrow::Cow<'a, str>> {
    let attribute = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))?;
    Some(crate::message::text(attribute.value.as_deref().unwrap_or(&[])))
}

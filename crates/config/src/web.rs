//! The web page and the API: where they listen, and who may come.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use serde::{Serialize, Serializer};

use crate::build::Build;
use crate::schema::Place;
use crate::source::Section;
use crate::values::{Network, ServerAddress};

/// The TCP port of a loopback where none is written.
const PLAIN_PORT: u16 = 8080;
/// The TCP port elsewhere.
const TLS_PORT: u16 = 8443;
/// Characters of an interface's name, at the most (`IFNAMSIZ` without its closing zero).
const MAX_INTERFACE: usize = 15;

/// The web page and the API.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Web {
    /// Where they are found.
    pub listen: Vec<WebListen>,
    /// The user's certificate with those that sign it, as a path.
    pub certificate: Option<String>,
    /// Its private key, as a path.
    pub key: Option<String>,
    /// Who may come; empty: everybody.
    pub allow: Vec<Network>,
    /// Names by which browsers reach it, in small letters.
    pub names: Vec<String>,
}

/// Where the web page listens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WebListen {
    /// Nowhere.
    Off,
    /// At an address of this machine.
    Address(SocketAddr),
    /// At each address of an interface.
    Interface {
        /// The interface.
        name: String,
        /// The TCP port; without it that of the kind of address.
        port: Option<u16>,
    },
}

impl WebListen {
    /// Reads `127.0.0.1:8080`, `[::1]`, `eth1:443`, `eth1` or `off`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self::Off);
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let address = text.parse().ok().or_else(|| Some(Web::at(bare.parse().ok()?, None)));
        if let Some(address) = address {
            return Some(Self::Address(address));
        }
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        // What is of digits and points alone is an address with a mistake in it.
        let is_name = (1..=MAX_INTERFACE).contains(&name.len())
            && name.bytes().all(is_plain)
            && name.bytes().any(|byte| byte.is_ascii_alphabetic())
            && name != "localhost";
        is_name.then(|| Self::Interface { name: name.to_owned(), port })
    }

    /// True where everybody who reaches it is on this machine.
    fn is_loopback(&self) -> bool {
        match self {
            Self::Off => true,
            Self::Address(address) => address.ip().is_loopback(),
            Self::Interface { name, .. } => name == "lo",
        }
    }
}

impl Web {
    /// The socket address of `ip`, at the port of its kind where none is written.
    pub fn at(ip: IpAddr, port: Option<u16>) -> SocketAddr {
        SocketAddr::new(ip, port.unwrap_or(if ip.is_loopback() { PLAIN_PORT } else { TLS_PORT }))
    }
}

impl fmt::Display for WebListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Address(address) => address.fmt(f),
            Self::Interface { name, port: Some(port) } => write!(f, "{name}:{port}"),
            Self::Interface { name, port: None } => f.write_str(name),
        }
    }
}

impl Serialize for WebListen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A host's name: no address, no port.
pub(crate) fn host_name(text: &str) -> Option<String> {
    let host = ServerAddress::parse(text).filter(|host| host.port.is_none())?.host;
    host.parse::<IpAddr>().is_err().then(|| host.to_ascii_lowercase())
}

impl Build<'_, '_, '_> {
    /// The web page and the API, written or not.
    pub fn web(&mut self) -> Web {
        let empty = Section { place: Place::Web, name: String::new(), line: 1, entries: Vec::new() };
        let section = self.of(Place::Web).next().unwrap_or(&empty);
        let listen = self.list(section, "listen", &["127.0.0.1:8080"], WebListen::parse);
        if listen.len() > 1 && listen.contains(&WebListen::Off) {
            let line = section.get("listen").map_or(section.line, |entry| entry.line);
            self.findings
                .error(line, "[web] listen: \"off\" stands alone. Take it out, or the addresses beside it.");
        }
        let mut file = |key: &str| {
            let (path, line) = section.text(key)?;
            self.written(format!("web.{key}"), line);
            Some((path.to_owned(), line))
        };
        let (certificate, key) = (file("certificate"), file("key"));
        match (&certificate, &key) {
            (Some((_, line)), None) => self.findings.error(
                *line,
                "[web] certificate without key. Write key = \"web.key\", the file of its private key.",
            ),
            (None, Some((_, line))) => self.findings.error(
                *line,
                "[web] key without certificate. Write certificate = \"web.crt\", the file that it is of.",
            ),
            (Some((_, line)), Some(_)) if listen.iter().all(WebListen::is_loopback) => self.findings.note(
                *line,
                "[web] certificate is not used: on a loopback the page is plain HTTP. For the network: listen = \"0.0.0.0:8443\".",
            ),
            (Some(_), Some(_)) | (None, None) => {}
        }
        Web {
            listen,
            certificate: certificate.map(|(path, _)| path),
            key: key.map(|(path, _)| path),
            allow: self.list(section, "allow", &[], Network::parse),
            names: self.list(section, "names", &[], host_name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_interfaces_are_told_apart_and_have_the_port_of_their_kind() {
        for (text, shown) in [
            ("off", "off"),
            ("127.0.0.1", "127.0.0.1:8080"),
            ("10.0.0.1", "10.0.0.1:8443"),
            ("0.0.0.0:443", "0.0.0.0:443"),
            ("::1", "[::1]:8080"),
            ("[::]", "[::]:8443"),
            ("[fd00::1]:443", "[fd00::1]:443"),
            ("eth1", "eth1"),
            ("eth0.10:443", "eth0.10:443"),
        ] {
            assert_eq!(WebListen::parse(text).map(|it| it.to_string()).as_deref(), Some(shown), "{text}");
        }
        for wrong in
            ["", "localhost:8080", "10.0.0:80", "10.0.0.1:99999", "eth1:", "eth 1", "far-too-long-name0"]
        {
            assert_eq!(WebListen::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_host_name_is_no_address() {
        assert_eq!(host_name("GW.Example.net").as_deref(), Some("gw.example.net"));
        for wrong in ["10.0.0.1", "gw:443", "[::1]", "a b", ""] {
            assert_eq!(host_name(wrong), None, "{wrong}");
        }
    }
}

//! How the web face is entered: where it is, for whom, and what is printed of it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{PoisonError, RwLock};

use tipring_config::{Network, Web};

use super::access::Access;
use super::certificate::Certificates;
use super::interfaces;

/// The door of one gateway, however many addresses it listens at.
#[derive(Debug)]
pub struct Door {
    access: Access,
    certificates: Certificates,
    rules: RwLock<Rules>,
    places: RwLock<Vec<Place>>,
}

#[derive(Debug, Default)]
struct Rules {
    allow: Vec<Network>,
    names: Vec<String>,
}

/// An address at which it listens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The address.
    pub address: SocketAddr,
    /// It is HTTPS there.
    pub secure: bool,
}

impl Place {
    /// `https`, or `http` on a loopback.
    pub const fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

impl Door {
    /// One that is nowhere yet.
    pub fn new(access: Access, certificates: Certificates) -> Self {
        Self { access, certificates, rules: RwLock::default(), places: RwLock::default() }
    }

    /// Who may ask.
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// By what it is known over TLS.
    pub const fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// From now on these settings hold.
    pub fn put_rules(&self, web: &Web) {
        let rules = Rules { allow: web.allow.clone(), names: web.names.clone() };
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// It listens here.
    pub fn put_places(&self, places: Vec<Place>) {
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = places;
    }

    /// True if who has this address may come.
    pub fn allows(&self, from: IpAddr) -> bool {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let from = from.to_canonical();
        rules.allow.is_empty()
            || from.is_loopback()
            || rules.allow.iter().any(|network| network.contains(from))
    }

    /// True if a request at `place` may be for this host. On a loopback only its own names are: a page of somebody else's whose
    /// name leads here (DNS rebinding) gets nothing.
    pub fn answers_to(&self, place: Place, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        if rules.names.iter().any(|name| name.eq_ignore_ascii_case(host)) {
            return true;
        }
        let address = host.parse::<IpAddr>().ok();
        if place.address.ip().is_loopback() {
            return host.eq_ignore_ascii_case("localhost") || address.is_some_and(|it| it.is_loopback());
        }
        rules.names.is_empty() || address.is_some()
    }

    /// Where it is, as a person writes it; nowhere, where it does not listen.
    pub fn addresses(&self) -> Vec<String> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner).clone();
        let names = self.rules.read().unwrap_or_else(PoisonError::into_inner).names.clone();
        let mut told = BTreeSet::new();
        let mut all = Vec::new();
        for place in places {
            let (scheme, port) = (place.scheme(), place.address.port());
            let named = names.iter().filter(|_| place.secure).map(|name| format!("{name}:{port}"));
            let by_number = numbers(place.address.ip()).into_iter();
            let by_number = by_number.map(|ip| SocketAddr::new(ip, port).to_string());
            let hosts = named.chain(by_number).map(|host| format!("{scheme}://{host}/"));
            all.extend(hosts.filter(|address| told.insert(address.clone())));
        }
        all
    }

    /// The addresses with a one-time key, which opens that page.
    pub fn invitations(&self, page: &str) -> Vec<String> {
        let addresses = self.addresses();
        if addresses.is_empty() {
            return addresses;
        }
        // Of one key: whoever opens one of them has opened all.
        let key = self.access.invite();
        addresses.iter().map(|address| format!("{address}{page}#key={key}")).collect()
    }

    /// The same as lines to be printed, with what a browser's warning is compared with.
    pub fn told(&self, page: &str) -> Vec<String> {
        let mut lines = self.invitations(page);
        lines.extend(self.fingerprint().map(|text| format!("  certificate SHA-256 {text}")));
        lines
    }

    /// By what the certificate that a browser shows is compared, where there is HTTPS.
    pub fn fingerprint(&self) -> Option<String> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let is_asked = places.iter().any(|place| place.secure);
        self.certificates.fingerprint().filter(|_| is_asked)
    }
}

/// Addresses by which one is reached that may stand for all.
fn numbers(address: IpAddr) -> Vec<IpAddr> {
    if !address.is_unspecified() {
        return vec![address];
    }
    let mut found = interfaces::reached();
    found.retain(|ip| address.is_ipv6() || ip.is_ipv4());
    if found.is_empty() {
        found.push(Ipv4Addr::LOCALHOST.into());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::users::Users;

    fn door(allow: &[&str], names: &[&str]) -> Door {
        let dir = std::env::temp_dir().join("tipring-no-door");
        let door = Door::new(Access::new(Users::open(&dir).unwrap()), Certificates::new(&dir).unwrap());
        door.put_rules(&Web {
            listen: Vec::new(),
            certificate: None,
            key: None,
            allow: allow.iter().filter_map(|text| Network::parse(text)).collect(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        });
        door
    }

    fn place(address: &str, secure: bool) -> Place {
        Place { address: address.parse().unwrap(), secure }
    }

    #[test]
    fn a_loopback_answers_to_its_own_names_only_and_a_network_to_its_names() {
        let (here, there) = (place("127.0.0.1:8080", false), place("10.0.0.3:8443", true));
        for (host, on_loopback, named) in [
            ("127.0.0.1", true, true),
            ("LOCALHOST", true, false),
            ("::1", true, true),
            ("127.9.9.9", true, true),
            ("evil.example", false, false),
            ("localhost.evil.example", false, false),
            ("10.0.0.1", false, true),
            ("GW.example.net.", true, true),
            ("", false, false),
        ] {
            let door = door(&[], &["gw.example.net"]);
            assert_eq!(
                (door.answers_to(here, host), door.answers_to(there, host)),
                (on_loopback, named),
                "{host}"
            );
        }
        assert!(door(&[], &[]).answers_to(there, "any.example"));
        assert!(!door(&[], &[]).answers_to(here, "gw.example.net"));
    }

    #[test]
    fn who_is_on_no_list_of_those_who_may_come_does_not() {
        let may = |allow: &[&str], from: &str| door(allow, &[]).allows(from.parse().unwrap());
        assert!(may(&[], "192.0.2.1") && may(&["10.0.0.0/8"], "10.9.9.9"));
        assert!(may(&["10.0.0.0/8"], "::ffff:10.9.9.9") && may(&["10.0.0.0/8"], "127.0.0.1"));
        assert!(!may(&["10.0.0.0/8"], "192.0.2.1") && !may(&["10.0.0.0/8"], "fd00::1"));
    }

    #[test]
    fn an_address_is_printed_as_it_is_opened_with_one_key_for_all() {
        let door = door(&[], &["gw.example.net"]);
        assert!(door.invitations("").is_empty());
        door.put_places(vec![place("127.0.0.1:8080", false), place("[fd00::1]:8443", true)]);
        let printed = door.invitations("telephones");
        let (first, key) = printed[0].split_once("#key=").unwrap();
        assert_eq!(first, "http://127.0.0.1:8080/telephones");
        assert_eq!(printed[1], format!("https://gw.example.net:8443/telephones#key={key}"));
        assert_eq!(printed[2], format!("https://[fd00::1]:8443/telephones#key={key}"));
        assert_eq!(printed.len(), 3);
        assert_eq!(door.fingerprint(), None, "there is no certificate");
    }
}

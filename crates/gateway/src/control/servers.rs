//! What is known of servers, in the form of status.

use std::collections::BTreeMap;

use tipring_sip::agent::{AddressView, Reach, Transport};

use super::status::{AddressStatus, ReachStatus, ServerStatus};
use crate::site::ServerSite;

/// The picture of a server whose addresses stand like this; `accounts` by name, with whether each is registered and its
/// state in words.
pub(super) fn server_status(
    site: &ServerSite,
    views: &[AddressView],
    accounts: &BTreeMap<String, (bool, String)>,
) -> ServerStatus {
    let at_server = |account: &str| account.rsplit_once('@').is_some_and(|(_, server)| server == site.name);
    let accounts: Vec<_> = accounts.iter().filter(|(account, _)| at_server(account)).collect();
    let hosts = site.config.addresses.len();
    let address = |view: &AddressView| AddressStatus {
        name: called(&site.name, hosts, view, views),
        address: view.address,
        in_use: view.in_use,
        reach: match view.reach {
            Reach::Untried => ReachStatus::Untried,
            Reach::Answers => ReachStatus::Answers,
            Reach::Silent => ReachStatus::Silent,
            Reach::Recovering { healthy } => ReachStatus::Recovering(u64::from(healthy.0 / 1000)),
        },
        latency_micros: view.round_trip_micros,
    };
    ServerStatus {
        name: site.name.clone(),
        transport: match site.config.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        },
        address: views.iter().find(|view| view.in_use).map(|view| view.address),
        addresses: views.iter().map(address).collect(),
        registered: accounts.iter().filter(|(_, (registered, _))| *registered).count(),
        accounts: accounts.len(),
        trouble: accounts
            .iter()
            .filter(|(_, (registered, _))| !registered)
            .map(|(account, (_, state))| format!("{account}: {state}"))
            .collect(),
    }
}

/// `pbx` where the server has one host, `pbx1` of pbx1.hotel.example where it has several; the address itself where that
/// would name two.
fn called(server: &str, hosts: usize, view: &AddressView, all: &[AddressView]) -> String {
    let name = |view: &AddressView| {
        let is_ip = view.host.trim_matches(['[', ']']).parse::<core::net::IpAddr>().is_ok();
        match view.host.split('.').next() {
            Some(label) if !is_ip && hosts > 1 => label.to_owned(),
            Some(_) if is_ip && hosts > 1 => view.address.to_string(),
            Some(_) | None => server.to_owned(),
        }
    };
    let own = name(view);
    let first = all.iter().find(|other| name(other) == own);
    let hosts_differ = all.iter().any(|other| name(other) == own && other.host != view.host);
    match first {
        Some(first) if first.address == view.address && !hosts_differ => own,
        Some(_) | None => view.address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::SocketAddr;

    fn names(hosts: &[(&str, u8)], configured: usize) -> Vec<String> {
        let view = |(host, last): &(&str, u8)| AddressView {
            host: (*host).to_owned(),
            address: SocketAddr::from(([192, 0, 2, *last], 5060)),
            in_use: false,
            reach: Reach::Untried,
            round_trip_micros: None,
        };
        let views: Vec<_> = hosts.iter().map(view).collect();
        views.iter().map(|view| called("pbx", configured, view, &views)).collect()
    }

    #[test]
    fn addresses_are_called_by_what_tells_them_apart() {
        assert_eq!(names(&[("sip.example.net", 1)], 1), ["pbx"]);
        assert_eq!(names(&[("sip.example.net", 1), ("sip.example.net", 2)], 1), ["pbx", "192.0.2.2:5060"]);
        assert_eq!(names(&[("pbx1.hotel.example", 1), ("pbx2.hotel.example", 2)], 2), ["pbx1", "pbx2"]);
        assert_eq!(names(&[("192.0.2.1", 1), ("192.0.2.2", 2)], 2), ["192.0.2.1:5060", "192.0.2.2:5060"]);
        assert_eq!(
            names(&[("pbx.a.example", 1), ("pbx.b.example", 2)], 2),
            ["192.0.2.1:5060", "192.0.2.2:5060"]
        );
    }
}

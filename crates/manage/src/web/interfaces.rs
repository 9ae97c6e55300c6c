//! The addresses of this machine.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;

/// The addresses of an interface that others can name.
///
/// # Errors
/// In words, if there is none of that name, or it has no address.
pub fn of(name: &str) -> Result<Vec<IpAddr>, String> {
    let all = all();
    let found: Vec<IpAddr> =
        all.iter().filter(|(of, _)| of == name).filter_map(|(_, address)| *address).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    if all.iter().any(|(of, _)| of == name) {
        return Err(format!("interface {name} has no address"));
    }
    if all.is_empty() {
        return Err(format!(
            "interface {name} is not found: this program may not list interfaces (AF_NETLINK)"
        ));
    }
    let mut names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    Err(format!("there is no interface {name}; there are {}", names.join(", ")))
}

/// The addresses by which other machines reach this one.
pub fn reached() -> Vec<IpAddr> {
    let addresses = all().into_iter().filter_map(|(_, address)| address);
    addresses.filter(|address| !address.is_loopback()).collect()
}

/// Each interface with an address, or with none.
fn all() -> Vec<(String, Option<IpAddr>)> {
    let Ok(found) = getifaddrs() else { return Vec::new() };
    let each = found.map(|interface| {
        let address = interface.address.as_ref().and_then(|address| {
            let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
            // One that is of the link alone cannot be written into a browser.
            let v6 = address.as_sockaddr_in6().map(|v6| v6.ip()).filter(|ip| !ip.is_unicast_link_local());
            v4.or(v6.map(IpAddr::V6))
        });
        (interface.interface_name, address)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_has_its_address_and_others_are_told_apart() {
        assert!(of("lo").unwrap().contains(&IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)));
        let told = of("none77").unwrap_err();
        assert!(
            told.starts_with("there is no interface none77; there are ") && told.contains("lo"),
            "{told}"
        );
        assert!(reached().iter().all(|address| !address.is_loopback()));
    }
}

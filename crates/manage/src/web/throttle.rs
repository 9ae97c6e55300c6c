//! How often somebody may try to log in.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The longest that somebody waits.
const LONGEST: Duration = Duration::from_secs(300);
/// What is forgotten after it.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// Addresses and names that are remembered; beyond it the oldest go.
const MAX_KNOWN: usize = 4096;

/// Who failed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Whom {
    Address(IpAddr),
    Name(String),
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

/// The failures of an hour.
#[derive(Debug, Default)]
pub struct Throttle {
    known: BTreeMap<Whom, Failures>,
}

impl Throttle {
    /// How long `name` from `address` has to wait before he is listened to; zero: not at all.
    pub fn wait(&mut self, now: Instant, address: IpAddr, name: &str) -> Duration {
        self.known.retain(|_, failures| now.duration_since(failures.last) < FORGOTTEN);
        let left = |whom: &Whom| {
            let failures = self.known.get(whom)?;
            let doublings = failures.count.checked_sub(FREE)?;
            let pause = Duration::from_secs(1 << doublings.min(16)).min(LONGEST);
            Some(pause.saturating_sub(now.duration_since(failures.last)))
        };
        let both = [Whom::Address(address), Whom::Name(name.to_owned())];
        both.iter().filter_map(left).max().unwrap_or_default()
    }

    /// He failed.
    pub fn failed(&mut self, now: Instant, address: IpAddr, name: &str) {
        for whom in [Whom::Address(address), Whom::Name(name.to_owned())] {
            if self.known.len() == MAX_KNOWN && !self.known.contains_key(&whom) {
                let oldest = self.known.iter().min_by_key(|(_, failures)| failures.last);
                let oldest = oldest.map(|(whom, _)| whom.clone());
                oldest.and_then(|oldest| self.known.remove(&oldest));
            }
            let failures = self.known.entry(whom).or_insert(Failures { count: 0, last: now });
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
        }
    }

    /// He is in: his own failures are forgotten. Those of others at his address are not.
    pub fn succeeded(&mut self, name: &str) {
        self.known.remove(&Whom::Name(name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn who_fails_waits_ever_longer_by_address_and_by_name() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        for _ in 0..FREE {
            assert_eq!(throttle.wait(start, HERE, "ann"), Duration::ZERO);
            throttle.failed(start, HERE, "ann");
        }
        assert_eq!(throttle.wait(start, HERE, "ann"), Duration::from_secs(1));
        assert_eq!(throttle.wait(start, HERE, "bob"), Duration::from_secs(1), "the address");
        assert_eq!(throttle.wait(start, THERE, "ann"), Duration::from_secs(1), "the name");
        assert_eq!(throttle.wait(start, THERE, "bob"), Duration::ZERO);
        assert_eq!(throttle.wait(start + Duration::from_secs(1), HERE, "ann"), Duration::ZERO);
        (0..20).for_each(|_| throttle.failed(start, HERE, "ann"));
        assert_eq!(throttle.wait(start, HERE, "ann"), LONGEST);
        throttle.succeeded("ann");
        assert_eq!(throttle.wait(start, THERE, "ann"), Duration::ZERO);
        assert_eq!(throttle.wait(start + FORGOTTEN, HERE, "ann"), Duration::ZERO);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        (0..MAX_KNOWN * 2).for_each(|n| throttle.failed(start, HERE, &n.to_string()));
        assert_eq!(throttle.known.len(), MAX_KNOWN);
    }
}

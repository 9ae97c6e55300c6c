//! Bounded rates, so that a scanner can neither flood the log nor use us to flood others.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::BTreeMap;

use tipring_units::{Instant, Millis};

use super::api::{Event, RefusedWhy};

/// Answers to untrusted or malformed input each second, to one network (/24, or /64 of IPv6).
pub const ANSWERS_PER_NETWORK: u32 = 20;
/// The same over all networks, without the reserve.
pub const ANSWERS_PER_SECOND: u32 = 200;
/// Answers each second, beyond the others, that are kept for private networks and for those from which somebody
/// has proven a password: a flood from anywhere else leaves these to the phones.
pub const ANSWERS_RESERVED: u32 = 50;
/// Networks that are remembered because somebody there has proven a password; the oldest goes first.
pub const MAX_PROVEN: usize = 1024;
const WINDOW: Millis = Millis(1000);
const REPORT_EVERY: Millis = Millis(1000);

/// Where a source lies: its /24, or its /64 of IPv6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Prefix(IpAddr);

impl Prefix {
    fn of(source: SocketAddr) -> Self {
        match source.ip().to_canonical() {
            IpAddr::V4(ip) => Self(Ipv4Addr::from_bits(ip.to_bits() & !0xff).into()),
            IpAddr::V6(ip) => Self(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into()),
        }
    }

    const fn is_private(self) -> bool {
        match self.0 {
            IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
        }
    }
}

/// How many answers those get who have proven nothing: so many to each network and so many in all, second by
/// second.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    since: Instant,
    /// What each network got in this second. Not more entries than answers are given in a second.
    given: BTreeMap<Prefix, u32>,
    common: u32,
    reserved: u32,
    proven: BTreeMap<Prefix, Instant>,
}

impl Answers {
    /// Whether `source` may have an answer now; counts it.
    pub fn take(&mut self, now: Instant, source: SocketAddr) -> bool {
        if now.since(self.since) >= WINDOW.into() {
            self.since = now;
            self.given.clear();
            (self.common, self.reserved) = (0, 0);
        }
        let prefix = Prefix::of(source);
        let given = self.given.get(&prefix).copied().unwrap_or(0);
        if given >= ANSWERS_PER_NETWORK {
            return false;
        }
        if self.common < ANSWERS_PER_SECOND {
            self.common += 1;
        } else if self.reserved < ANSWERS_RESERVED
            && (prefix.is_private() || self.proven.contains_key(&prefix))
        {
            self.reserved += 1;
        } else {
            return false;
        }
        self.given.insert(prefix, given + 1);
        true
    }

    /// Somebody at `source` has proven a password.
    pub fn proven(&mut self, now: Instant, source: SocketAddr) {
        self.proven.insert(Prefix::of(source), now);
        if self.proven.len() > MAX_PROVEN {
            let oldest = self.proven.iter().min_by_key(|(_, at)| **at).map(|(prefix, _)| *prefix);
            if let Some(oldest) = oldest {
                self.proven.remove(&oldest);
            }
        }
    }
}

/// Counts refusals and reports each reason at most once a second.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    pending: BTreeMap<RefusedWhy, (u32, Option<SocketAddr>)>,
    last_report: BTreeMap<RefusedWhy, Instant>,
}

impl Refusals {
    /// Counts one refusal; gives the event if one is due.
    pub fn count(&mut self, now: Instant, why: RefusedWhy, source: SocketAddr) -> Option<Event> {
        let entry = self.pending.entry(why).or_default();
        entry.0 = entry.0.saturating_add(1);
        entry.1 = Some(source);
        self.report(now, why)
    }

    /// When a held-back report is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.pending.keys().filter_map(|why| self.last_report.get(why)).map(|at| *at + REPORT_EVERY).min()
    }

    /// The held-back reports that are due.
    pub fn due(&mut self, now: Instant) -> Vec<Event> {
        let waiting: Vec<RefusedWhy> = self.pending.keys().copied().collect();
        waiting.into_iter().filter_map(|why| self.report(now, why)).collect()
    }

    fn report(&mut self, now: Instant, why: RefusedWhy) -> Option<Event> {
        if self.last_report.get(&why).is_some_and(|at| now.since(*at) < REPORT_EVERY.into()) {
            return None;
        }
        let (count, source) = self.pending.remove(&why)?;
        self.last_report.insert(why, now);
        Some(Event::Refused { source: source?, why, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(a: u8, b: u8, c: u8, d: u8) -> SocketAddr {
        SocketAddr::from(([a, b, c, d], 5060))
    }

    #[test]
    fn a_network_gets_its_rate_and_no_more_and_takes_nothing_from_others() {
        let mut answers = Answers::default();
        for second in [5000, 6000] {
            let now = Instant::from_millis(second);
            let given = (0..=255).filter(|host| answers.take(now, at(203, 0, 113, *host))).count();
            assert_eq!(given, 20);
            assert!(answers.take(now, at(203, 0, 114, 1)));
        }
    }

    #[test]
    fn a_flood_from_everywhere_leaves_answers_to_private_and_proven_networks() {
        let mut answers = Answers::default();
        let now = Instant::from_millis(5000);
        answers.proven(now, at(198, 51, 100, 7));
        let flood = |answers: &mut Answers| {
            (0..5000u16).filter(|n| answers.take(now, at(60, (n >> 8) as u8, *n as u8, 1))).count()
        };
        assert_eq!(flood(&mut answers), 200);
        assert!(!answers.take(now, at(61, 0, 0, 1)));
        assert!(answers.take(now, at(198, 51, 100, 9)));
        assert!(answers.take(now, at(10, 0, 0, 9)));
        assert!(answers.take(now, "[fd00::1]:5060".parse().expect("an address")));
        assert!(answers.given.len() <= 250);
    }

    #[test]
    fn the_networks_that_are_remembered_are_bounded() {
        let mut answers = Answers::default();
        for n in 0..3000u16 {
            let now = Instant::from_millis(u64::from(n));
            answers.proven(now, at(60, (n >> 8) as u8, n as u8, 1));
        }
        assert_eq!(answers.proven.len(), MAX_PROVEN);
        assert!(answers.proven.contains_key(&Prefix::of(at(60, 11, 183, 1))));
    }

    #[test]
    fn refusals_are_reported_once_a_second_with_their_count() {
        let mut refusals = Refusals::default();
        let source = SocketAddr::from(([192, 0, 2, 1], 5060));
        let count = |e: Option<Event>| match e {
            Some(Event::Refused { count, .. }) => Some(count),
            _ => None,
        };
        assert_eq!(count(refusals.count(Instant::from_millis(0), RefusedWhy::Untrusted, source)), Some(1));
        for _ in 0..5 {
            assert_eq!(refusals.count(Instant::from_millis(10), RefusedWhy::Untrusted, source), None);
        }
        assert_eq!(refusals.deadline(), Some(Instant::from_millis(1000)));
        assert_eq!(count(refusals.due(Instant::from_millis(1000)).pop()), Some(5));
        assert_eq!(refusals.deadline(), None);
    }
}

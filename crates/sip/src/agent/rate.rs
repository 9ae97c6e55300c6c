//! Bounded rates, so that a scanner can neither flood the log nor use us to flood others.

use core::net::SocketAddr;
use std::collections::BTreeMap;

use tipring_units::{Instant, Millis};

use super::api::{Event, RefusedWhy};

/// Answers to untrusted or malformed input each second, over all sources.
pub const ANSWERS_PER_SECOND: u32 = 20;
const REPORT_EVERY: Millis = Millis(1000);

/// A bucket of tokens that refills each second.
#[derive(Clone, Debug)]
pub struct Bucket {
    per_second: u32,
    left: u32,
    since: Instant,
}

impl Bucket {
    /// A full bucket.
    pub const fn new(per_second: u32) -> Self {
        Self { per_second, left: per_second, since: Instant::ZERO }
    }

    /// Takes a token if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        if now.since(self.since) >= Millis(1000).into() {
            self.since = now;
            self.left = self.per_second;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
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

    #[test]
    fn a_bucket_gives_its_rate_and_no_more() {
        let mut bucket = Bucket::new(3);
        assert_eq!((0..10).filter(|_| bucket.take(Instant::from_millis(5000))).count(), 3);
        assert_eq!((0..10).filter(|_| bucket.take(Instant::from_millis(6000))).count(), 3);
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

//! Timer values and their names.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use tipring_units::{Instant, Millis};

/// The base values that all transaction timers derive from, RFC 3261 §17.1.1.1 and table 4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// Round-trip estimate.
    pub t1: Millis,
    /// Longest interval between repeats.
    pub t2: Millis,
    /// Longest life of a message in the network.
    pub t4: Millis,
    /// How long a refused INVITE waits for repeats of the refusal on UDP: at least 32 s.
    pub d: Millis,
}

impl Timing {
    /// The RFC's default values.
    pub const STANDARD: Self =
        Self { t1: Millis(500), t2: Millis(4000), t4: Millis(5000), d: Millis(32_000) };

    /// 64 times T1: how long a transaction lives without an answer.
    pub const fn life(&self) -> Millis {
        Millis(self.t1.0.saturating_mul(64))
    }

    /// The interval after `interval`: doubled, at most T2.
    pub fn doubled(&self, interval: Millis) -> Millis {
        Millis(interval.0.saturating_mul(2).min(self.t2.0))
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// A transaction timer by the letter that the RFC gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    /// Repeat of INVITE.
    A,
    /// No answer to INVITE.
    B,
    /// Repeats of a refusal to INVITE are over.
    D,
    /// Repeat of another request.
    E,
    /// No final answer to another request.
    F,
    /// Repeat of a refusal to INVITE.
    G,
    /// No ACK to a refusal.
    H,
    /// Repeats of ACK are over.
    I,
    /// Repeats of another request are over.
    J,
    /// Repeats of its answer are over.
    K,
    /// Repeats of an accepted INVITE are over (RFC 6026).
    L,
    /// Further 2xx to INVITE are over (RFC 6026).
    M,
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "timer A: repeat INVITE",
            Self::B => "timer B: no answer to INVITE",
            Self::D => "timer D: wait for repeated refusals",
            Self::E => "timer E: repeat request",
            Self::F => "timer F: no final answer",
            Self::G => "timer G: repeat refusal",
            Self::H => "timer H: no ACK to refusal",
            Self::I => "timer I: wait for repeated ACK",
            Self::J => "timer J: wait for repeated requests",
            Self::K => "timer K: wait for repeated answers",
            Self::L => "timer L: wait for repeated INVITE",
            Self::M => "timer M: wait for further 2xx",
        })
    }
}

/// A repeat that doubles: when it is next due and the interval that led there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// When it is due.
    pub at: Instant,
    /// The interval that ends then.
    pub interval: Millis,
}

impl Schedule {
    /// A first interval from `now`.
    pub fn start(now: Instant, interval: Millis) -> Self {
        Self { at: now + interval, interval }
    }
}

/// The earlier of two optional deadlines.
pub(crate) fn earlier<T: Copy>(a: Option<(Instant, T)>, b: Option<(Instant, T)>) -> Option<(Instant, T)> {
    match (a, b) {
        (Some(x), Some(y)) => Some(if y.0 < x.0 { y } else { x }),
        (Some(x), None) => Some(x),
        (None, y) => y,
    }
}

/// The next alarm of each of many machines, in order.
#[derive(Clone, Debug)]
pub struct Alarms<K, W> {
    by_key: BTreeMap<K, (Instant, W)>,
    by_time: BTreeSet<(Instant, K)>,
}

impl<K: Ord + Copy, W: Copy> Alarms<K, W> {
    /// No alarms.
    pub const fn new() -> Self {
        Self { by_key: BTreeMap::new(), by_time: BTreeSet::new() }
    }

    /// Sets, moves or (with `None`) clears the alarm of `key`.
    pub fn set(&mut self, key: K, alarm: Option<(Instant, W)>) {
        let old = match alarm {
            Some(new) => self.by_key.insert(key, new),
            None => self.by_key.remove(&key),
        };
        if let Some((at, _)) = old {
            self.by_time.remove(&(at, key));
        }
        if let Some((at, _)) = alarm {
            self.by_time.insert((at, key));
        }
    }

    /// The earliest alarm.
    pub fn next(&self) -> Option<(Instant, K, W)> {
        let (at, key) = self.by_time.first()?;
        self.by_key.get(key).map(|(_, why)| (*at, *key, *why))
    }

    /// Takes the earliest alarm if it is due.
    pub fn due(&mut self, now: Instant) -> Option<(K, W)> {
        let (at, key, why) = self.next()?;
        (at <= now).then(|| {
            self.set(key, None);
            (key, why)
        })
    }
}

impl<K: Ord + Copy, W: Copy> Default for Alarms<K, W> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_come_in_order_and_can_move() {
        let mut alarms = Alarms::new();
        alarms.set(1, Some((Instant::from_millis(30), 'a')));
        alarms.set(2, Some((Instant::from_millis(20), 'b')));
        alarms.set(1, Some((Instant::from_millis(10), 'c')));
        assert_eq!(alarms.next(), Some((Instant::from_millis(10), 1, 'c')));
        assert_eq!(alarms.due(Instant::from_millis(15)), Some((1, 'c')));
        assert_eq!(alarms.due(Instant::from_millis(15)), None);
        alarms.set(2, None);
        assert_eq!(alarms.next(), None);
    }
}

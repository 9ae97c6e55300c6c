//! What the payload types of one session mean.
//!
//! # What
//! The identities of RTP as types, and the map from payload type to format that SDP agreed on.
//!
//! # How
//! This crate knows no codec: a format is how many bytes 10 ms take and how far the RTP clock runs in
//! them. Opus alone has packets that are whole; of it the first byte is known. A simulation that sends symbols in place of sound is just another size of unit.
//!
//! # Limits
//! [`MAX_FORMATS`] formats at a time.
//!
//! # Standard
//! RFC 3550 clause 5.1, RFC 3551 clause 4, RFC 3389 (comfort noise), RFC 4733, RFC 7587 (Opus).

use core::fmt;
use core::time::Duration;
use tipring_units::Instant;

/// Formats that one session can map.
pub const MAX_FORMATS: usize = 12;

/// A synchronisation source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ssrc(pub u32);

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ssrc {:08x}", self.0)
    }
}

/// A payload type, 0 to 127.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PayloadType(pub u8);

/// A moment on an RTP media clock, which wraps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Timestamp(pub u32);

/// A length of time in ticks of an RTP media clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ticks(pub u32);

impl Timestamp {
    /// The moment `ticks` later.
    pub const fn after(self, ticks: Ticks) -> Self {
        Self(self.0.wrapping_add(ticks.0))
    }

    /// Ticks from `earlier` to this moment, negative if it is the later one.
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }
}

/// The rate of an RTP media clock in ticks per second, exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClockRate(pub u32);

impl ClockRate {
    /// The rate of telephony.
    pub const NARROW: Self = Self(8000);
    /// The rate of Opus, whatever it samples at (RFC 7587 clause 4.1).
    pub const OPUS: Self = Self(48_000);

    /// Ticks in 10 ms.
    pub const fn unit(self) -> Ticks {
        Ticks(self.0 / 100)
    }

    /// What a clock of this rate shows `now`, from the start of monotonic time and without wrapping.
    pub const fn at(self, now: Instant) -> u64 {
        let (seconds, rest) = (now.as_nanos() / 1_000_000_000, now.as_nanos() % 1_000_000_000);
        seconds.wrapping_mul(self.0 as u64).wrapping_add(rest * self.0 as u64 / 1_000_000_000)
    }

    /// How long `ticks` last.
    pub const fn duration(self, ticks: Ticks) -> Duration {
        let rate = if self.0 == 0 { 1 } else { self.0 as u64 };
        Duration::from_nanos(ticks.0 as u64 * 1_000_000_000 / rate)
    }
}

/// Bytes that 10 ms of sound take in a format: 80 for G.711, 10 for G.729, a few for symbols.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UnitSize(pub usize);

/// What packets of one payload type carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Sound in units of 10 ms. A shorter unit at the end of a packet is passed on as it is: a codec may
    /// have frames of its own for silence.
    Audio {
        /// Bytes in 10 ms.
        unit: UnitSize,
        /// Rate of the timestamp.
        clock: ClockRate,
        /// Bytes of the codec's own description of silence, after which nothing may come for a while: 2 for G.729 (Annex
        /// B), zero where it has none.
        silence: UnitSize,
    },
    /// Opus (RFC 7587): packets that cannot be cut, on a clock of 48 kHz.
    Opus {
        /// Bytes in 10 ms, at the most.
        unit: UnitSize,
    },
    /// Telephone events (RFC 4733).
    Events {
        /// Rate of the timestamp.
        clock: ClockRate,
    },
    /// Comfort noise (RFC 3389).
    ComfortNoise,
}

/// From payload type to format, in the order of preference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PayloadMap([Option<(PayloadType, Format)>; MAX_FORMATS]);

impl PayloadMap {
    /// No format at all.
    pub const fn new() -> Self {
        Self([None; MAX_FORMATS])
    }

    /// The same map and one format more, replacing an earlier one of this payload type. One that is more
    /// than [`MAX_FORMATS`] is left out.
    pub fn with(mut self, payload_type: PayloadType, format: Format) -> Self {
        let known = self.0.iter().position(|entry| entry.is_some_and(|(number, _)| number == payload_type));
        let free = self.0.iter().position(Option::is_none);
        if let Some(entry) = known.or(free).and_then(|index| self.0.get_mut(index)) {
            *entry = Some((payload_type, format));
        }
        self
    }

    /// The clock of sound or events under `payload_type`.
    pub fn clock(&self, payload_type: PayloadType) -> Option<ClockRate> {
        match self.get(payload_type)? {
            Format::Audio { clock, .. } | Format::Events { clock } => Some(clock),
            Format::Opus { .. } => Some(ClockRate::OPUS),
            Format::ComfortNoise => None,
        }
    }

    /// What packets of `payload_type` carry.
    pub fn get(&self, payload_type: PayloadType) -> Option<Format> {
        self.iter().find(|(number, _)| *number == payload_type).map(|(_, format)| format)
    }

    /// All formats, in order.
    pub fn iter(&self) -> impl Iterator<Item = (PayloadType, Format)> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Bytes in the largest unit of sound.
    pub fn largest_unit(&self) -> UnitSize {
        let sizes = self.iter().map(|(_, format)| match format {
            Format::Audio { unit, .. } | Format::Opus { unit } => unit,
            Format::Events { .. } | Format::ComfortNoise => UnitSize(0),
        });
        sizes.max().unwrap_or(UnitSize(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_compare_across_the_wrap() {
        let late = Timestamp(u32::MAX - 79).after(Ticks(160));
        assert_eq!(late, Timestamp(80));
        assert_eq!(late.since(Timestamp(u32::MAX - 79)), 160);
        assert_eq!(Timestamp(u32::MAX).since(late), -81);
    }

    #[test]
    fn the_last_meaning_of_a_payload_type_counts() {
        let audio = Format::Audio { unit: UnitSize(80), clock: ClockRate::NARROW, silence: UnitSize(0) };
        let map = PayloadMap::new()
            .with(PayloadType(96), Format::ComfortNoise)
            .with(PayloadType(96), audio)
            .with(PayloadType(101), Format::Events { clock: ClockRate::NARROW });
        assert_eq!(map.get(PayloadType(96)), Some(audio));
        assert_eq!(map.iter().count(), 2);
        assert_eq!(map.get(PayloadType(0)), None);
        assert_eq!(map.largest_unit(), UnitSize(80));
    }

    #[test]
    fn a_clock_runs_its_ticks_each_second() {
        assert_eq!(ClockRate::NARROW.at(Instant::from_millis(12_345)), 98_760);
        assert_eq!(ClockRate(48_000).unit(), Ticks(480));
        assert_eq!(ClockRate::NARROW.duration(Ticks(160)), Duration::from_millis(20));
    }
}

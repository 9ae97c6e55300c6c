//! What is known of one source that we hear.
//!
//! # What
//! Follows the sequence numbers of a source: probation, wrap, loss, duplicates, order; and its jitter.
//!
//! # How
//! The procedures of RFC 3550's appendix, and a window of the last 64 numbers that tells a duplicate from
//! a late packet.
//!
//! # Limits
//! A duplicate that is more than 64 packets old passes for a late packet.
//!
//! # Standard
//! RFC 3550 A.1 (sequence), A.3 (loss), A.8 (jitter).

use crate::{Ssrc, Ticks, Timestamp};

/// Packets in sequence that make a source valid.
pub const MIN_SEQUENTIAL: u8 = 2;
/// A forward gap of this many packets is a restart.
pub const MAX_DROPOUT: u16 = 3000;
/// A packet this far back is late and not a restart.
pub const MAX_MISORDER: u16 = 100;

/// What a packet's number says of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// The source is not yet valid.
    Probation,
    /// The next one.
    Next,
    /// This many are missing before it; they may still come.
    Gap(u16),
    /// An earlier one that had been missing.
    Late,
    /// It was here before.
    Duplicate,
    /// Far off: wait for one that follows it.
    Jump,
    /// The second in a row that is far off: the sender started again.
    Restart,
}

/// A source.
#[derive(Clone, Debug)]
pub struct Source {
    ssrc: Ssrc,
    highest: u16,
    cycles: u32,
    base: u32,
    after_jump: Option<u16>,
    probation: u8,
    received: u32,
    expected_before: u32,
    received_before: u32,
    /// Bit n is set if number `highest - n` was received.
    window: u64,
    transit: Option<(u32, Timestamp)>,
    /// Sixteen times the jitter, as in A.8.
    jitter: u32,
    duplicates: u32,
    late: u32,
}

impl Source {
    /// A source that sent its first packet.
    pub fn new(ssrc: Ssrc, sequence: u16) -> Self {
        let mut source = Self {
            ssrc,
            highest: sequence,
            cycles: 0,
            base: u32::from(sequence),
            after_jump: None,
            probation: MIN_SEQUENTIAL,
            received: 0,
            expected_before: 0,
            received_before: 0,
            window: 0,
            transit: None,
            jitter: 0,
            duplicates: 0,
            late: 0,
        };
        source.start(sequence);
        source.highest = sequence.wrapping_sub(1);
        source
    }

    /// Who it is.
    pub fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// True once it sent [`MIN_SEQUENTIAL`] packets in sequence.
    pub fn is_valid(&self) -> bool {
        self.probation == 0
    }

    /// Takes the number of a packet (A.1), the first one included.
    pub fn sequence(&mut self, sequence: u16) -> Order {
        let ahead = sequence.wrapping_sub(self.highest);
        if self.probation > 0 {
            if ahead != 1 {
                self.probation = MIN_SEQUENTIAL - 1;
                self.highest = sequence;
                return Order::Probation;
            }
            self.probation -= 1;
            self.highest = sequence;
            if self.probation > 0 {
                return Order::Probation;
            }
            self.start(sequence);
            self.received = 1;
            return Order::Next;
        }
        if ahead == 0 {
            self.received = self.received.wrapping_add(1);
            self.duplicates = self.duplicates.wrapping_add(1);
            return Order::Duplicate;
        }
        if ahead < MAX_DROPOUT {
            if sequence < self.highest {
                self.cycles = self.cycles.wrapping_add(1 << 16);
            }
            self.highest = sequence;
            self.window = self.window.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.after_jump = None;
            self.received = self.received.wrapping_add(1);
            return if ahead == 1 { Order::Next } else { Order::Gap(ahead - 1) };
        }
        let behind = self.highest.wrapping_sub(sequence);
        if behind > MAX_MISORDER {
            if self.after_jump == Some(sequence) {
                self.start(sequence);
                self.received = 1;
                return Order::Restart;
            }
            self.after_jump = Some(sequence.wrapping_add(1));
            return Order::Jump;
        }
        self.received = self.received.wrapping_add(1);
        let bit = 1_u64.checked_shl(u32::from(behind)).unwrap_or(0);
        if self.window & bit != 0 {
            self.duplicates = self.duplicates.wrapping_add(1);
            return Order::Duplicate;
        }
        self.window |= bit;
        self.late = self.late.wrapping_add(1);
        Order::Late
    }

    /// Takes the arrival, in ticks of the media clock, of a packet of sound (A.8). Packets that repeat a
    /// timestamp say nothing of the network.
    pub fn arrival(&mut self, arrival: u32, timestamp: Timestamp) {
        let transit = arrival.wrapping_sub(timestamp.0);
        if let Some((before, last)) = self.transit {
            if last == timestamp {
                return;
            }
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            // A jump of the sender's clock is no jitter.
            if difference < JITTER_LIMIT {
                self.jitter = (self.jitter + difference) - ((self.jitter + 8) >> 4);
            }
        }
        self.transit = Some((transit, timestamp));
    }

    /// Interarrival jitter now.
    pub fn jitter(&self) -> Ticks {
        Ticks(self.jitter >> 4)
    }

    /// Highest number with its cycles.
    pub fn highest(&self) -> u32 {
        self.cycles.wrapping_add(u32::from(self.highest))
    }

    /// Packets received since it became valid, duplicates included as RFC 3550 has it.
    pub fn received(&self) -> u32 {
        self.received
    }

    /// Duplicates among them.
    pub fn duplicates(&self) -> u32 {
        self.duplicates
    }

    /// Packets out of order among them.
    pub fn late(&self) -> u32 {
        self.late
    }

    /// Expected less received (A.3); negative where duplicates outweigh losses.
    pub fn lost(&self) -> i32 {
        self.expected().wrapping_sub(self.received) as i32
    }

    /// Loss since the last call in 256ths (A.3): a call for each report.
    pub fn take_fraction_lost(&mut self) -> u8 {
        let expected = self.expected().wrapping_sub(self.expected_before);
        let received = self.received.wrapping_sub(self.received_before);
        (self.expected_before, self.received_before) = (self.expected(), self.received);
        let lost = expected.wrapping_sub(received) as i32;
        if expected == 0 || lost <= 0 {
            return 0;
        }
        (u64::from(lost.unsigned_abs()) * 256 / u64::from(expected)).min(255) as u8
    }

    fn expected(&self) -> u32 {
        if self.is_valid() { self.highest().wrapping_sub(self.base).wrapping_add(1) } else { 0 }
    }

    /// Counts from `sequence` on.
    fn start(&mut self, sequence: u16) {
        self.highest = sequence;
        self.base = u32::from(sequence);
        self.cycles = 0;
        self.after_jump = None;
        self.received = 0;
        self.expected_before = 0;
        self.received_before = 0;
        self.window = 1;
        self.transit = None;
    }
}

/// Ten seconds at 48 kHz: a greater difference of transit is a new clock, not jitter.
const JITTER_LIMIT: u32 = 480_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(first: u16) -> Source {
        let mut source = Source::new(Ssrc(1), first);
        assert_eq!(source.sequence(first), Order::Probation);
        assert_eq!(source.sequence(first.wrapping_add(1)), Order::Next);
        source
    }

    #[test]
    fn two_in_sequence_make_a_source_valid() {
        let mut source = Source::new(Ssrc(1), 10);
        for sequence in [10, 12, 20, 22] {
            assert_eq!(source.sequence(sequence), Order::Probation);
        }
        assert!(!source.is_valid());
        assert_eq!(source.sequence(23), Order::Next);
        assert!(source.is_valid());
        assert_eq!((source.received(), source.lost()), (1, 0));
    }

    #[test]
    fn numbers_wrap_into_cycles() {
        let mut source = valid(65_533);
        assert_eq!(source.sequence(65_535), Order::Next, "65534 made it valid");
        assert_eq!(source.sequence(0), Order::Next);
        assert_eq!(source.sequence(3), Order::Gap(2));
        assert_eq!(source.highest(), 65_536 + 3);
        assert_eq!(source.lost(), 2);
    }

    #[test]
    fn late_packets_and_duplicates_are_told_apart() {
        let mut source = valid(100);
        assert_eq!(source.sequence(104), Order::Gap(2));
        assert_eq!(source.sequence(102), Order::Late);
        assert_eq!(source.sequence(102), Order::Duplicate);
        assert_eq!(source.sequence(104), Order::Duplicate);
        assert_eq!((source.late(), source.duplicates()), (1, 2));
    }

    #[test]
    fn a_far_jump_needs_a_second_packet() {
        let mut source = valid(100);
        assert_eq!(source.sequence(20_000), Order::Jump);
        assert_eq!(source.sequence(102), Order::Next);
        assert_eq!(source.sequence(20_000), Order::Jump);
        assert_eq!(source.sequence(20_001), Order::Restart);
        assert_eq!(source.sequence(20_002), Order::Next);
        assert_eq!(source.lost(), 0);
    }

    #[test]
    fn loss_is_reported_for_the_last_interval() {
        let mut source = valid(0);
        for sequence in (2..102).filter(|sequence| sequence % 4 != 0) {
            source.sequence(sequence);
        }
        // Numbers 1 to 101 were expected, 25 multiples of four from 4 to 100 are missing.
        assert_eq!(source.lost(), 25);
        assert_eq!(source.take_fraction_lost(), (25 * 256 / 101) as u8);
        source.sequence(102);
        assert_eq!(source.take_fraction_lost(), 0);
        assert_eq!(source.lost(), 25);
    }

    #[test]
    fn jitter_settles_at_the_mean_deviation() {
        let mut source = valid(0);
        for packet in 0..1000_u32 {
            let late = if packet % 2 == 0 { 0 } else { 80 };
            source.arrival(packet * 160 + late, Timestamp(packet * 160));
        }
        assert!(source.jitter().0.abs_diff(80) <= 1, "{:?}", source.jitter());
        source.arrival(7, Timestamp(0x8000_0000));
        assert!(source.jitter().0 <= 81, "a new clock is no jitter");
    }
}

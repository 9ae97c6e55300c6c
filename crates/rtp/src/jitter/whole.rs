//! Packets of a jitter buffer that cannot be cut, and what they repeat of the one before them.
//!
//! # What
//! Puts a packet of Opus in its place, gives it out with its first unit that is played, and finds the packet that knows
//! what a lost one said.
//!
//! # How
//! A packet covers the positions of all its units. Who takes them decodes it once and plays its units by number. Where
//! units are missing and the packet behind them repeats just as long a frame, it is given out for them first.
//!
//! # Limits
//! Repaired is only what is missing when it is due while the packet behind it is there: so the buffer is held deeper than a
//! packet for [`REPAIR_MEMORY`] after a loss, if it adapts and packets repeat. A repetition covers the last frame that is missing, whatever is before it is concealed.
//!
//! # Standard
//! RFC 7587 clause 3.3 (forward error correction), RFC 6716 clause 2.1.7.

use super::{JitterBuffer, Phase, UNIT};
use crate::opus::{MAX_OPUS_UNITS, OPUS_SILENCE_BYTES, OpusShape};
use crate::playout::Playout;
use crate::unit_store::{Content, Part};
use crate::{ClockRate, Header};
use tipring_units::{Instant, Millis};

/// How long the buffer is deep enough to repair losses after one.
pub const REPAIR_MEMORY: Millis = Millis::from_secs(20);

/// Which packet is being played, and which positions are played from a repetition.
#[derive(Clone, Debug, Default)]
pub(super) struct Whole {
    /// Where the packet began that was given out last.
    opened: Option<i64>,
    /// Its number.
    sequence: Option<u16>,
    /// Positions that are repaired: from, and up to but without.
    mended: (i64, i64),
    /// The number of the packet that came last.
    newest: Option<u16>,
    /// When one was found to be missing that the next repeats.
    missed: Option<Instant>,
}

impl JitterBuffer {
    /// Takes a packet of Opus.
    pub(super) fn push_opus(&mut self, now: Instant, header: &Header, unit: usize, payload: &[u8]) {
        let room = unit.min(self.store.width());
        let shape = OpusShape::of(payload).filter(|shape| payload.len() <= shape.units as usize * room);
        let Some(shape) = shape else {
            self.statistics.overflow += 1;
            return;
        };
        let ahead = self.whole.newest.map_or(1, |newest| header.sequence.wrapping_sub(newest));
        self.whole.newest = Some(header.sequence);
        if shape.repeats && (2..0x8000).contains(&ahead) {
            self.whole.missed = Some(now);
        }
        self.count_by(ClockRate::OPUS);
        let count = i64::from(shape.units);
        let Some(first) = self.place(now, header, count) else { return };
        self.packet_units = shape.units;
        // Bytes of the whole are needed, also where the first units of it come too late.
        let mut due = first.max(self.next)..first + count;
        let taken = |content| matches!(content, Content::Sound { .. } | Content::Part(_));
        if due.any(|position| taken(self.store.content(position))) {
            self.statistics.duplicates += 1;
            return;
        }
        self.store.put_packet(first, payload);
        for (index, position) in (0..).zip(first..first + count) {
            let event = matches!(self.store.content(position), Content::Event { .. });
            if position >= self.next && !event {
                let (payload_type, sequence) = (header.payload_type, header.sequence);
                let part = Part { payload_type, sequence, index, length: payload.len() };
                self.store.mark(position, Content::Part(part));
            }
        }
    }

    /// Forgets what was being played.
    pub(super) fn close_packet(&mut self) {
        self.whole = Whole { newest: self.whole.newest, missed: self.whole.missed, ..Whole::default() };
    }

    /// The depth at which losses can be repaired, while there are any; else none.
    pub(super) fn repairing_depth(&self, now: Instant) -> i64 {
        let lately = self.whole.missed.is_some_and(|missed| now < missed + REPAIR_MEMORY);
        if lately { (i64::from(self.packet_units) + 1) * UNIT } else { 0 }
    }

    /// A unit of a packet is played: the packet itself, if it is the first one of it that is.
    pub(super) fn play_part(&mut self, at: i64, part: Part) -> Playout<'_> {
        let first = at - i64::from(part.index);
        let unit = u32::from(part.index);
        self.whole.sequence = Some(part.sequence);
        if self.whole.opened.replace(first) == Some(first) {
            return Playout::Rest { unit };
        }
        let payload = self.store.bytes_of(first, part.length);
        Playout::Packet { payload_type: part.payload_type, payload, unit }
    }

    /// Whether what is missing at `at` is played from a repetition, which is looked for now.
    pub(super) fn mends(&mut self, at: i64) -> bool {
        if self.is_mended(at) {
            return true;
        }
        let playing = matches!(self.phase, Phase::Playing(_));
        let found = playing.then(|| self.repetition(at)).flatten();
        if let Some(units) = found {
            self.whole.mended = (at, at + units);
        }
        found.is_some()
    }

    /// True if the next unit is played from a repetition that was given out.
    pub(super) fn is_mended(&self, at: i64) -> bool {
        (self.whole.mended.0..self.whole.mended.1).contains(&at)
    }

    /// What is played of a repetition at `at`.
    pub(super) fn play_mended(&mut self, at: i64) -> Playout<'_> {
        let (from, to) = self.whole.mended;
        if at > from {
            return Playout::Rest { unit: u32::try_from(at - from).unwrap_or(0) };
        }
        match self.store.content(to) {
            Content::Part(part) => Playout::Repeated {
                payload_type: part.payload_type,
                next: self.store.bytes_of(to, part.length),
                units: u32::try_from(to - from).unwrap_or(0),
            },
            Content::Empty | Content::Sound { .. } | Content::Noise { .. } | Content::Event { .. } => {
                Playout::Conceal
            }
        }
    }

    /// Units from `at` to the packet behind it, if that one repeats just what is missing until there.
    fn repetition(&self, at: i64) -> Option<i64> {
        let next = (1..=MAX_OPUS_UNITS as i64)
            .find(|behind| self.store.content(at.saturating_add(*behind)) != Content::Empty)?;
        let Content::Part(part) = self.store.content(at.saturating_add(next)) else { return None };
        let shape = OpusShape::of(self.store.bytes_of(at.saturating_add(next), part.length))?;
        // A gap in time without one in numbers is a pause of the sender.
        let lost = part.sequence.wrapping_sub(self.whole.sequence?);
        let repeats = part.index == 0 && shape.repeats && i64::from(shape.frame_units) == next;
        (repeats && (2..0x8000).contains(&lost) && !is_silence(part)).then_some(next)
    }
}

/// True if a packet of so many bytes says that nobody talks.
pub(super) const fn is_silence(part: Part) -> bool {
    part.length <= OPUS_SILENCE_BYTES
}

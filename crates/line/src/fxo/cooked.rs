//! Cards that judge by themselves: their verdicts in place of readings.
//!
//! # How
//! What a card tells of battery and polarity is put as readings, and judged as those of any other card are: a break has to
//! last as long as the profile asks, a reversal is told from the bounce of one. Its verdict of ringing stands.
//!
//! # Limits
//! No voltage is told: neither another telephone on the line nor foreign voltage is seen, and a line that another telephone
//! uses is seized in the middle of its call.

use tipring_port::{CookedEvent, Feed, LoopReading, LoopStart, READINGS_PER_TICK};
use tipring_units::{Milliamps, SampleTime, Samples, Volts};

use super::Fxo;
use super::event::Event;
use crate::FxsOut;
use crate::detector::READING;
use crate::ring_detector::Ringing;

/// The loop as a card that judges by itself has told of it. What its verdicts mean in readings is judged like readings,
/// by the same watches, so that a break or a reversal counts as on any other card.
#[derive(Clone, Copy, Debug)]
pub(super) struct CookedLoop {
    battery: bool,
    reversed: bool,
}

impl CookedLoop {
    /// Until it tells otherwise: battery, but where only a seizure brings it.
    pub(super) fn new(start: LoopStart) -> Self {
        Self { battery: start == LoopStart::Loop, reversed: false }
    }

    fn reading(self, feed: Feed) -> LoopReading {
        let sign = if self.reversed { -1.0 } else { 1.0 };
        let (volts, current) = match (self.battery, feed) {
            (false, _) => (0.0, 0.0),
            (true, Feed::Closed) => (8.0, 25.0),
            (true, _) => (48.0, 0.0),
        };
        LoopReading {
            voltage: Volts(sign * volts),
            current: Milliamps(sign * current),
            ..LoopReading::default()
        }
    }
}

impl Fxo {
    /// A verdict of such a card.
    pub(super) fn cooked(&mut self, at: SampleTime, event: CookedEvent, out: &mut FxsOut) {
        match event {
            CookedEvent::RingBegan => {
                self.cooked_ring = Some(at);
                self.on(at, Event::Ring(Ringing::Began(at)), out);
                // A card that judges by itself has validated it.
                self.on(at, Event::Ring(Ringing::Valid(at)), out);
            }
            CookedEvent::RingEnded => {
                if let Some(began) = self.cooked_ring.take() {
                    self.on(at, Event::Ring(Ringing::Ended { began, at, valid: true }), out);
                }
            }
            CookedEvent::Battery(on) => {
                self.cooked.get_or_insert(CookedLoop::new(self.start)).battery = on;
            }
            CookedEvent::Reversed(on) => {
                self.cooked.get_or_insert(CookedLoop::new(self.start)).reversed = on;
            }
            CookedEvent::LoopBreak(length) => {
                if let Some(news) = self.watch.cooked_break(length) {
                    self.on(at, Event::Loop(news), out);
                }
            }
            // A telephone's.
            CookedEvent::OffHook | CookedEvent::OnHook | CookedEvent::Flash | CookedEvent::PulseDigit(_) => {}
        }
    }

    /// The tick's readings, as far as the card told of them.
    pub(super) fn read_cooked(&mut self, now: SampleTime, out: &mut FxsOut) {
        let looks = *self.cooked.get_or_insert(CookedLoop::new(self.start));
        for index in 0..READINGS_PER_TICK {
            let reading = looks.reading(self.feed);
            self.read(now + Samples(index as u64 * READING.0), &reading, out);
        }
    }
}

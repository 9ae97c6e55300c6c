//! One bank of detectors.
//!
//! # What it does
//! Listens to one direction of a line and says what it hears besides digits and speech: the tones of the country's
//! exchange, fax and modem signals, the alerting signal of caller ID, special information tones.
//!
//! # How
//! One spectral front end (a transform of 64 ms every 20 ms) serves all: steady frequencies become [`Segment`]s, and what
//! is to be known of them is read from a table, from the cadence, or from the phase of the answer tone. Only the fax
//! preamble, which is modulated, has a small demodulator of its own. The cost is the same whatever is heard.
//!
//! # Limits
//! One tone at a time. [`EVENTS_MAX`] events a frame. Levels below -45 dBm0 are silence.
//!
//! # Standard
//! ITU-T E.180 (call progress), T.30 clause 4 (CNG, CED), V.25 and V.8 (answer tones), V.21, V.22; Bell 103; ETSI EN 300
//! 659-1 and GR-30-CORE (dual-tone alerting signal).

mod answer;
mod cadence;
pub(crate) mod fft;
mod flags;
pub(crate) mod named;
pub(crate) mod segment;
#[cfg(test)]
mod skipping;
pub(crate) mod spectrum;
#[cfg(test)]
mod tests;

pub use segment::{CHORD_MAX, Segment};

use crate::level::{Frame, capped_energy, power_of_level};
use answer::AnswerWatch;
use cadence::{Cadences, KEPT};
use flags::{FlagWatch, Heard};
use named::{ANSWER, Named};
use segment::{SegmentEvent, Tracker};
use spectrum::{FrontEnd, Spectrum};
pub use tipring_port::Signal;
use tipring_port::TonePlan;
use tipring_units::{Dbm0, SampleTime, Samples};

/// Events of one frame, at most.
pub const EVENTS_MAX: usize = 6;
/// Quietest tone that is heard.
const LEVEL_MIN: Dbm0 = Dbm0(-45.0);

/// What a bank reports.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum BankEvent {
    /// A signal is certain. A later `Begin` without an `End` between says that it is another after all (an answer tone
    /// shows its reversals late).
    Begin {
        /// Which.
        signal: Signal,
        /// When it began.
        start: SampleTime,
    },
    /// The signal is over.
    End {
        /// Which.
        signal: Signal,
        /// When it began.
        start: SampleTime,
        /// How long it was.
        length: Samples,
        /// Its level.
        level: Dbm0,
    },
    /// A stretch of steady tone is over, whether it has a name or not.
    Steady(Segment),
}

/// The events of one frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct BankEvents {
    events: [Option<BankEvent>; EVENTS_MAX],
}

impl BankEvents {
    fn push(&mut self, event: BankEvent) {
        if let Some(place) = self.events.iter_mut().find(|place| place.is_none()) {
            *place = Some(event);
        }
    }
}

impl IntoIterator for BankEvents {
    type Item = BankEvent;
    type IntoIter = core::iter::Flatten<core::array::IntoIter<Option<BankEvent>, EVENTS_MAX>>;

    fn into_iter(self) -> Self::IntoIter {
        self.events.into_iter().flatten()
    }
}

/// A signal that goes on.
#[derive(Clone, Copy, Debug)]
struct Open {
    signal: Signal,
    start: SampleTime,
    /// The end of its latest burst.
    end: SampleTime,
    level: Dbm0,
}

/// Hears everything that has a name.
#[derive(Clone, Debug)]
pub struct Bank {
    front: FrontEnd,
    tracker: Tracker,
    cadences: Cadences,
    answer: Option<AnswerWatch>,
    flags: FlagWatch,
    /// The latest bursts, the last `latest_len` places of them.
    latest: [Option<Segment>; KEPT],
    now: SampleTime,
    /// What the stretch that sounds is, what the cadence is, what the demodulator hears.
    named: Option<Open>,
    progress: Option<Open>,
    data: Option<Open>,
}

impl Bank {
    /// A bank for a country's tones.
    pub fn new(plan: &TonePlan) -> Self {
        let floor = power_of_level(LEVEL_MIN);
        Self {
            front: FrontEnd::new(floor),
            tracker: Tracker::new(floor),
            cadences: Cadences::new(plan),
            answer: None,
            flags: FlagWatch::new(floor),
            latest: [None; KEPT],
            now: SampleTime(0),
            named: None,
            progress: None,
            data: None,
        }
    }

    /// The signal that goes on now, fax and modem signals before tones.
    pub fn current(&self) -> Option<Signal> {
        self.data.or(self.named).or(self.progress).map(|open| open.signal)
    }

    /// The stretch of steady tone that goes on now, named or not.
    pub fn steady(&self) -> Option<Segment> {
        self.tracker.current()
    }

    /// Takes a frame in and returns what it brought.
    pub fn process(&mut self, frame: &Frame) -> BankEvents {
        let mut events = BankEvents::default();
        self.advance(frame, &mut events);
        // Nothing, mostly. It is made anew, for to copy what was written in small pieces a moment ago is to wait for it.
        if events.events[0].is_some() { events } else { BankEvents::default() }
    }

    fn advance(&mut self, frame: &Frame, events: &mut BankEvents) {
        self.now.0 += frame.len() as u64;
        let energy = capped_energy(frame);
        let heard = self.flags.advance(frame, energy);
        self.data_is(heard, events);
        let Some(spectrum) = self.front.advance(frame, energy) else { return };
        match self.tracker.advance(&spectrum, &self.front.powers, self.now) {
            Some(SegmentEvent::Begin) => self.answer = None,
            Some(SegmentEvent::End(segment)) => self.over(segment, events),
            None => {}
        }
        if let Some(segment) = self.tracker.current() {
            self.sounds(&segment, &spectrum, events);
        }
        self.progress_is(events);
    }

    /// A stretch sounds.
    fn sounds(&mut self, segment: &Segment, spectrum: &Spectrum, events: &mut BankEvents) {
        if ANSWER.fits(segment) {
            self.answer.get_or_insert_with(AnswerWatch::new).advance(spectrum);
        }
        let Some(signal) = Named::early(segment).map(|signal| self.refined(signal)) else { return };
        if self.named.is_none_or(|open| open.signal != signal) {
            events.push(BankEvent::Begin { signal, start: segment.start });
        }
        self.named = Some(Open { signal, start: segment.start, end: segment.end(), level: segment.level });
    }

    /// A stretch is over.
    fn over(&mut self, segment: Segment, events: &mut BankEvents) {
        let early = self.named.take().map(|open| open.signal);
        let late = Named::late(&segment, early.is_some());
        if let Some(signal) = late {
            events.push(BankEvent::Begin { signal, start: segment.start });
        }
        if let Some(signal) = early.or(late) {
            let Segment { start, length, level, .. } = segment;
            events.push(BankEvent::End { signal, start, length, level });
        }
        self.answer = None;
        self.latest.rotate_left(1);
        self.latest[KEPT - 1] = Some(segment);
        if let Some((start, level)) = named::special_information(&self.latest) {
            let signal = Signal::SpecialInformation;
            let length = Samples(segment.end().0 - start.0);
            events.push(BankEvent::Begin { signal, start });
            events.push(BankEvent::End { signal, start, length, level });
        }
        events.push(BankEvent::Steady(segment));
    }

    /// What the answer tone is by its reversals and modulation.
    fn refined(&self, signal: Signal) -> Signal {
        match (signal, &self.answer) {
            (Signal::Ced, Some(watch)) => match (watch.reversals > 0, watch.modulated) {
                (false, false) => Signal::Ced,
                (true, false) => Signal::AnsReversals,
                (false, true) => Signal::Ansam,
                (true, true) => Signal::AnsamReversals,
            },
            (other, _) => other,
        }
    }

    fn progress_is(&mut self, events: &mut BankEvents) {
        if self.cadences.are_none() {
            return;
        }
        let sounding = self.tracker.current();
        let (mut bursts, mut count) = ([Segment::EMPTY; KEPT + 1], 0);
        for (slot, segment) in bursts.iter_mut().zip(self.latest.iter().flatten().copied().chain(sounding)) {
            *slot = segment;
            count += 1;
        }
        let found = self.cadences.find(&bursts[..count], sounding.is_some(), self.now);
        let last = bursts[..count].last().copied().unwrap_or(Segment::EMPTY);
        match (found, &mut self.progress) {
            (Some(tone), Some(open)) if open.signal == Signal::Progress(tone) => open.end = last.end(),
            (Some(tone), progress) => {
                let signal = Signal::Progress(tone);
                if let Some(old) = progress.take() {
                    events.push(old.ended());
                }
                let start = first_of(&bursts[..count]);
                events.push(BankEvent::Begin { signal, start });
                *progress = Some(Open { signal, start, end: last.end(), level: last.level });
            }
            (None, Some(open)) => {
                if let Signal::Progress(tone) = open.signal
                    && self.now.0 > open.end.0 + self.cadences.patience(tone)
                {
                    events.push(open.ended());
                    self.progress = None;
                }
            }
            (None, None) => {}
        }
    }

    fn data_is(&mut self, heard: Heard, events: &mut BankEvents) {
        let (signal, age) = match heard {
            Heard::Nothing => {
                if let Some(open) = self.data.take() {
                    events.push(open.ended());
                }
                return;
            }
            Heard::Flags(age) => (Signal::Preamble, age),
            Heard::Data(age) => (Signal::V21Data, age),
        };
        match &mut self.data {
            Some(open) if open.signal == signal => open.end = self.now,
            data => {
                if let Some(old) = data.take() {
                    events.push(old.ended());
                }
                let start = SampleTime(self.now.0.saturating_sub(u64::from(age) * 8));
                events.push(BankEvent::Begin { signal, start });
                *data = Some(Open { signal, start, end: self.now, level: self.flags.level() });
            }
        }
    }
}

/// Where the latest run of like bursts began.
fn first_of(bursts: &[Segment]) -> SampleTime {
    let mut start = bursts.last().map_or(SampleTime(0), |b| b.start);
    for pair in bursts.windows(2).rev() {
        let pause = pair[1].start.0.saturating_sub(pair[0].end().0);
        if pair[0].frequencies().len() != pair[1].frequencies().len() || pause > 8 * 6000 {
            break;
        }
        start = pair[0].start;
    }
    start
}

impl Open {
    fn ended(&self) -> BankEvent {
        let Self { signal, start, end, level } = *self;
        BankEvent::End { signal, start, length: Samples(end.0.saturating_sub(start.0)), level }
    }
}

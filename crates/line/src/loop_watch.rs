//! What an exchange does to the loop of a call.
//!
//! # What it does
//! Tells from the readings of an off-hook FXO port that loop current flows, that it broke (CPC) or is gone, and that the
//! polarity changed.
//!
//! # How
//! A break is told as soon as it has lasted as long as the profile asks; a shorter one is noise of the line. A reversal
//! counts when it has lasted [`REVERSED_FOR`]: while it happens the current passes through zero. While our own port
//! opens the loop (pulses, flash) the watch is blind; battery without current at another time means that the card let go of
//! the line by itself. An exchange may reverse the loop as it is answered: what polarity it
//! takes within [`LoopWatch::settle`] is the ordinary one.
//!
//! # Limits
//! None.
//!
//! # Standard
//! Breaks of 200 to 1500 ms are seen as disconnect supervision; TIA-968 lets a line carry no current for some 100 ms at
//! any time.

use tipring_port::LoopReading;
use tipring_units::{Millis, SampleTime};

use crate::detector::READING;

/// Less than this is no loop current.
const OPEN_BELOW: f32 = 4.0;
/// No current for so long: no break, but a line without battery. The longest breaks are of 1.5 s.
const GONE_AFTER: Millis = Millis(5000);
/// A closed port has less across it than this, whatever the loop; one whose relay fell has the battery's.
const PORT_OPEN_ABOVE: f32 = 18.0;
/// So much across it for so long and no current: our own port is open.
const PORT_OPEN_FOR: Millis = Millis(300);
/// The polarity has changed when the current has flowed the other way for so long.
const REVERSED_FOR: Millis = Millis(40);

/// What the exchange did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopNews {
    /// Current flows for the first time.
    Flows,
    /// Current has been broken for this long, and is.
    Broken(Millis),
    /// There has been no current for [`GONE_AFTER`], or less where there is battery: whatever breaks are heeded, the call is
    /// over.
    Gone,
    /// Current flows again after a break that was told and lasted so long in all.
    Mended(Millis),
    /// The polarity is the other one than before.
    Reversed,
}

/// The watch of one line.
#[derive(Clone, Debug)]
pub struct LoopWatch {
    /// A break of this length is told; zero: none is.
    break_least: Millis,
    flowing: bool,
    /// Since when no current flows.
    open_since: Option<SampleTime>,
    told: bool,
    gone: bool,
    /// Since when there is battery without current.
    let_go_since: Option<SampleTime>,
    /// The sign of the current.
    positive: Option<bool>,
    /// Since when it has another one.
    other_since: Option<SampleTime>,
    blind_until: SampleTime,
    settles_until: SampleTime,
}

impl LoopWatch {
    /// A watch of a loop that was just closed.
    pub fn new(break_least: Millis) -> Self {
        Self {
            break_least,
            flowing: false,
            open_since: None,
            told: false,
            gone: false,
            let_go_since: None,
            positive: None,
            other_since: None,
            blind_until: SampleTime(0),
            settles_until: SampleTime(0),
        }
    }

    /// Our own port changes the loop until then.
    pub fn blind(&mut self, until: SampleTime) {
        self.blind_until = self.blind_until.max(until);
        (self.open_since, self.other_since, self.let_go_since) = (None, None, None);
        (self.told, self.gone) = (false, false);
    }

    /// Until then the exchange may choose its polarity.
    pub fn settle(&mut self, until: SampleTime) {
        self.settles_until = self.settles_until.max(until);
    }

    /// True once current has flowed.
    pub fn has_flowed(&self) -> bool {
        self.flowing
    }

    /// True if nothing changes at the moment.
    pub fn is_settled(&self, now: SampleTime) -> bool {
        let waits = self.open_since.is_some() && !self.gone;
        let blind = self.blind_until.max(self.settles_until);
        self.flowing && !waits && self.other_since.is_none() && now >= blind
    }

    /// The reading of the millisecond that starts at `at`.
    pub fn read(&mut self, at: SampleTime, reading: &LoopReading) -> Option<LoopNews> {
        if at < self.blind_until {
            return None;
        }
        let current = reading.current.0;
        let end = at + READING;
        if current.abs() < OPEN_BELOW {
            let since = *self.open_since.get_or_insert(at);
            let open = end.since(since);
            let is_break =
                self.flowing && self.break_least > Millis::ZERO && open >= self.break_least.samples();
            if is_break && !self.told {
                self.told = true;
                return Some(LoopNews::Broken(open.millis()));
            }
            let has_battery = self.flowing && reading.voltage.0.abs() >= PORT_OPEN_ABOVE;
            self.let_go_since = has_battery.then(|| self.let_go_since.unwrap_or(at));
            let is_let_go =
                self.let_go_since.is_some_and(|since| end.since(since) >= PORT_OPEN_FOR.samples());
            if (is_let_go || open >= GONE_AFTER.samples()) && !self.gone {
                self.gone = true;
                return Some(LoopNews::Gone);
            }
            return None;
        }
        (self.gone, self.let_go_since) = (false, None);
        let mended = self.open_since.take().filter(|_| core::mem::take(&mut self.told));
        if !core::mem::replace(&mut self.flowing, true) {
            self.positive = Some(current > 0.0);
            return Some(LoopNews::Flows);
        }
        if let Some(since) = mended {
            return Some(LoopNews::Mended(at.since(since).millis()));
        }
        if self.positive == Some(current > 0.0) || at < self.settles_until {
            (self.positive, self.other_since) = (Some(current > 0.0), None);
            return None;
        }
        let since = *self.other_since.get_or_insert(at);
        if end.since(since) < REVERSED_FOR.samples() {
            return None;
        }
        (self.positive, self.other_since) = (Some(current > 0.0), None);
        Some(LoopNews::Reversed)
    }

    /// A card that judges by itself told of a break.
    pub fn cooked_break(&self, length: Millis) -> Option<LoopNews> {
        let is_break = self.break_least > Millis::ZERO && length >= self.break_least;
        is_break.then_some(LoopNews::Broken(length))
    }
}

//! What the trunk port of a PBX wants of a line: ground start and metering.
//!
//! # What it does
//! Keeps tip of an idle ground-start line open, gives battery when the terminal grounds ring, and takes it away when the far
//! end cleared; sends metering pulses from the answer on.
//!
//! # How
//! A grounded ring counts when it has lasted as long as a seizure has to. Battery then tells the terminal that it is
//! served; it closes the loop, which is a seizure as on any line, or battery goes again after [`CLOSE_WITHIN`]. A call to
//! the terminal gives battery and ringing at once, so that both ends never seize the line together. Metering is one
//! program of the card, which any other order ends.
//!
//! # Limits
//! Caller identity that begins with a reversal is of no use on a ground-start line; none of the standards has it there.
//!
//! # Standard
//! Telcordia GR-506 (ground start); ETSI ES 201 970 clause on metering: 12 or 16 kHz.

use tipring_port::{CardOrder, Feed, LoopReading, LoopStart, Program, ProgramStep};
use tipring_units::{Millis, SampleTime, TICK};

use super::Fxs;
use super::state::State;
use crate::FxsOut;
use crate::detector::READING;

/// A terminal that was given battery closes the loop within this.
const CLOSE_WITHIN: Millis = Millis::from_secs(3);

/// A terminal's wish on a ground-start line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Ground {
    /// Since when ring is grounded.
    since: Option<SampleTime>,
    /// Battery was given because of that; the loop has to be closed by then.
    until: Option<SampleTime>,
}

impl Fxs {
    /// What an idle line is fed with.
    pub(super) fn rest_feed(&self) -> Feed {
        match self.settings.start {
            LoopStart::Loop => self.loop_feed(),
            LoopStart::Ground => Feed::TipOpen,
        }
    }

    /// True if the terminal asks for service: it must not be rung.
    pub(super) fn is_ground_asked(&self) -> bool {
        self.ground.since.is_some() || self.ground.until.is_some()
    }

    /// When the terminal has to have closed the loop.
    pub(super) fn ground_deadline(&self) -> Option<SampleTime> {
        self.ground.until
    }

    /// A reading of an idle line with its tip open.
    pub(super) fn watch_ground(&mut self, at: SampleTime, reading: &LoopReading, out: &mut FxsOut) {
        if self.feed != Feed::TipOpen {
            return;
        }
        if reading.ground.0.abs() < self.settings.threshold.0 {
            self.ground.since = None;
            return;
        }
        let since = *self.ground.since.get_or_insert(at);
        let end = at + READING;
        if end.since(since) >= self.settings.hook.seize.samples() {
            self.ground = Ground { since: None, until: Some(end + CLOSE_WITHIN) };
            self.order_feed(self.tick_start(), Feed::Normal, out);
            self.start_on_hook();
        }
    }

    /// A terminal that grounded ring and then did nothing has its battery taken away.
    pub(super) fn end_ground(&mut self, end: SampleTime, out: &mut FxsOut) {
        if self.state != State::Idle {
            self.ground = Ground::default();
        } else if self.ground.until.is_some_and(|until| until <= end) && !self.hook.is_closing() {
            self.ground = Ground::default();
            self.order_feed(self.tick_start(), self.rest_feed(), out);
            self.start_on_hook();
        }
    }

    /// Pulses from now on, if the line has them: the first at once.
    pub(super) fn start_metering(&mut self, out: &mut FxsOut) {
        let Some(spec) = self.settings.metering.filter(|spec| spec.length > Millis::ZERO) else { return };
        let pulse = Feed::Metering { frequency: spec.frequency, reversed: self.feed == Feed::Reversed };
        let pause = Millis(spec.every.0.saturating_sub(spec.length.0)).max(TICK);
        let steps = [
            ProgramStep { feed: pulse, length: spec.length.samples() },
            ProgramStep { feed: self.feed, length: pause.samples() },
        ];
        let repeat = if spec.every > Millis::ZERO { 0 } else { usize::MAX };
        let id = self.next_program();
        // Two steps are always a program.
        out.order = Program::new(id, &steps, repeat).map(CardOrder::Run);
        self.metering = true;
    }

    /// No more pulses: the battery stays as it is.
    pub(super) fn stop_metering(&mut self, out: &mut FxsOut) {
        if core::mem::take(&mut self.metering) {
            out.order = Some(CardOrder::Feed(self.feed));
        }
    }
}

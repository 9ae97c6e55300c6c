//! Learning how the exchange shows that the far end hung up.
//!
//! # How
//! The next call that comes in is answered by the port itself; from then on breaks of the loop and reversals are recorded,
//! and the ear listens for a tone. Nothing ends the call but time: [`AFTER_SIGN`] after the first sign, at the latest
//! [`LONGEST`] after the answer. The control plane sees a line in use.

use tipring_port::{LearnEnd, LearnReport, LearnedTone, LineEvent, Overheard, Tone};
use tipring_units::{Millis, SampleTime, TICK};

use super::Fxo;
use super::state::{State, Study};
use crate::loop_watch::{LoopNews, LoopWatch};
use crate::{FxsOut, Playing};

/// How long a call is waited for.
const WAIT: Millis = Millis::from_secs(290);
/// After the first sign others may follow: busy tone comes after a break.
const AFTER_SIGN: Millis = Millis::from_secs(15);
/// Who called has hung up long before.
const LONGEST: Millis = Millis::from_secs(60);
/// A shorter break is noise of the line.
const LEAST_BREAK: Millis = Millis(50);

impl Fxo {
    /// Records how the next call that comes in is cleared; what came of it is given by [`Fxo::take_studied`].
    pub fn study(&mut self, now: SampleTime, out: &mut FxsOut) {
        if self.is_free() && self.study_until.is_none() && !self.card_silent {
            self.study_until = Some(now + WAIT);
            self.say(now, LineEvent::InUse(true), out);
        } else {
            self.studied = Some(Err(LearnEnd::NotFree));
        }
    }

    /// True while the ear has to study what it hears.
    pub fn is_studying(&self) -> bool {
        matches!(self.state, State::Studying(_))
    }

    /// What a study found, once: the ear adds its tone to it.
    pub fn take_studied(
        &mut self,
        tone: impl FnOnce() -> Option<LearnedTone>,
    ) -> Option<Result<LearnReport, LearnEnd>> {
        let studied = self.studied.take()?;
        Some(studied.map(|report| LearnReport { tone: tone(), ..report }))
    }

    /// Nobody called.
    pub(super) fn perhaps_end_waiting(&mut self, end: SampleTime, out: &mut FxsOut) {
        let is_over = self.study_until.is_some_and(|until| until <= end);
        if is_over && !matches!(self.state, State::Studying(_)) {
            self.study_until = None;
            self.studied = Some(Err(LearnEnd::NoCall));
            self.say(end, LineEvent::InUse(false), out);
        }
    }

    /// The call has come: answered, whoever it is.
    pub(super) fn start_study(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.study_until = None;
        self.close(at, out);
        // Every break is told, however short; how long it was is seen by its end.
        self.watch = LoopWatch::new(LEAST_BREAK);
        self.watch.blind(at + TICK + super::SETTLE);
        self.watch.settle(at + TICK + super::event::ANSWER_SHOWS);
        self.play(Playing::Tone(Tone::Confirmation), out);
        self.enter(State::Studying(Study {
            since: at,
            until: at + LONGEST,
            broken_since: None,
            loop_break: None,
            reversal: false,
            signed: false,
        }));
    }

    /// The exchange did something to the loop.
    pub(super) fn study_loop(&mut self, at: SampleTime, mut study: Study, news: LoopNews) {
        match news {
            LoopNews::Flows | LoopNews::Gone => return,
            LoopNews::Broken(length) => {
                study.broken_since = Some(SampleTime(at.0.saturating_sub(length.samples().0)));
                study.loop_break = study.loop_break.max(Some(length));
            }
            LoopNews::Mended(length) => {
                study.broken_since = None;
                study.loop_break = study.loop_break.max(Some(length));
            }
            LoopNews::Reversed => study.reversal = true,
        }
        self.signed(at, study);
    }

    /// The ear heard something.
    pub(super) fn study_sound(&mut self, at: SampleTime, study: Study, heard: Overheard) {
        match heard {
            Overheard::Tone(_) | Overheard::Learned => self.signed(at, study),
            Overheard::ToneEnded(_)
            | Overheard::Voice
            | Overheard::Silence(_)
            | Overheard::Alert
            | Overheard::Caller(_)
            | Overheard::Waiting(_) => {}
        }
    }

    fn signed(&mut self, at: SampleTime, mut study: Study) {
        if !core::mem::replace(&mut study.signed, true) {
            study.until = study.until.min(at + AFTER_SIGN);
        }
        self.enter(State::Studying(study));
    }

    /// It is over: the port goes on-hook, and the line is free again.
    pub(super) fn end_study(&mut self, at: SampleTime, study: Study, out: &mut FxsOut) {
        let open = study.broken_since.map(|since| at.since(since).millis());
        self.studied = Some(Ok(LearnReport {
            loop_break: study.loop_break.max(open),
            reversal: study.reversal,
            tone: None,
            listened: at.since(study.since).millis(),
        }));
        self.say(at, LineEvent::InUse(false), out);
        self.hang_up(at, out);
    }
}

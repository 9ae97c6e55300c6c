//! Calls that come in: rings, and who calls.

use tipring_port::{CallerId, CallerIdFault, CallerIdTiming, ClearSign, LineEvent, Overheard};
use tipring_units::{Millis, SampleTime};

use super::Fxo;
use super::event::{ANSWER_SHOWS, Event};
use super::state::{Rung, State};
use crate::FxsOut;
use crate::loop_watch::LoopNews;
use crate::ring_detector::Ringing;

/// A call that is ours by glare and whose caller says nothing for so long before somebody answers is taken to be over: the
/// line is seized for it, and not every exchange shows that a caller gave up.
const GLARED_FOR: Millis = Millis::from_secs(50);
/// Two bursts that are closer are parts of one ring.
const WITHIN_RING: Millis = Millis(1000);
/// How long the port is off-hook for the caller's identity (NTT).
const READ_FOR: Millis = Millis::from_secs(6);
/// A burst that is shorter asks a terminal to answer by itself (NTT: 0.5 s on, 0.5 s off).
const SHORT_RING: Millis = Millis(700);

impl Fxo {
    /// The exchange rings an idle line: a call begins.
    pub(super) fn rung(&mut self, at: SampleTime, began: SampleTime, out: &mut FxsOut) {
        let rung = Rung {
            rings: 1,
            bursting: true,
            last: began,
            until: at + self.profile.ringing.timeout,
            offered: false,
            off_hook: false,
        };
        self.enter(State::Incoming(rung));
        self.tone_found(at, out); // its exchange is alive
        self.say(began, LineEvent::Incoming, out);
        self.show(at, rung, out);
    }

    /// A call that is already ours: the loop was closed as the exchange rang.
    pub(super) fn rung_by_glare(&mut self, at: SampleTime, out: &mut FxsOut) {
        let until = at + GLARED_FOR;
        let rung = Rung { rings: 1, bursting: false, last: at, until, offered: false, off_hook: true };
        self.enter(State::Incoming(rung));
        self.say(at, LineEvent::Incoming, out);
        self.offer(at, rung, out);
    }

    /// What who called by glare does, or his exchange, while nobody has answered.
    pub(super) fn glared(&mut self, at: SampleTime, rung: Rung, event: Event, out: &mut FxsOut) {
        let signs = &self.profile.clear;
        let sign = match event {
            Event::Loop(LoopNews::Broken(length)) => ClearSign::LoopBreak(length),
            Event::Loop(LoopNews::Gone) => ClearSign::NoBattery,
            // What comes at once is the exchange's own answer to ours.
            Event::Loop(LoopNews::Reversed)
                if signs.reversal && at.since(rung.last) > ANSWER_SHOWS.samples() =>
            {
                ClearSign::Reversal
            }
            Event::Heard(Overheard::Tone(tone)) if self.clears(tone, true) => ClearSign::Tone(tone),
            Event::Heard(Overheard::Learned) if signs.learned.is_some() => ClearSign::Learned,
            Event::Timer => ClearSign::Silence(GLARED_FOR),
            Event::Heard(Overheard::Voice) => {
                return self.enter(State::Incoming(Rung { until: at + GLARED_FOR, ..rung }));
            }
            Event::Loop(_)
            | Event::Heard(_)
            | Event::Ring(_)
            | Event::Grounded
            | Event::Glare
            | Event::ProgramEnded(_)
            | Event::Metering => return,
        };
        self.clear(at, sign, out);
    }

    /// A burst begins or ends while a call comes in.
    pub(super) fn ring_goes_on(&mut self, at: SampleTime, mut rung: Rung, news: Ringing, out: &mut FxsOut) {
        match news {
            Ringing::Began(began) => {
                if began.since(rung.last) >= WITHIN_RING.samples() {
                    rung.rings = rung.rings.saturating_add(1);
                }
                (rung.bursting, rung.last) = (true, began);
                self.enter(State::Incoming(rung));
                self.show(at, rung, out);
            }
            Ringing::Valid(_) => {}
            Ringing::Ended { began, at: end, .. } => {
                (rung.bursting, rung.last) = (false, end);
                rung.until = end + self.profile.ringing.timeout;
                self.enter(State::Incoming(rung));
                self.perhaps_read(at, rung, end.since(began).millis(), out);
            }
        }
    }

    /// The terminal has to answer short rings by itself to be told who calls (NTT).
    fn perhaps_read(&mut self, at: SampleTime, rung: Rung, length: Millis, out: &mut FxsOut) {
        let asks = matches!(self.timing, CallerIdTiming::AfterShortRing { .. });
        if asks && length < SHORT_RING && !rung.offered && self.caller.is_none() {
            self.close(at, out);
            self.enter(State::Reading { until: at + READ_FOR });
        }
    }

    /// What the ear understood of who calls.
    pub(super) fn caller(
        &mut self,
        at: SampleTime,
        caller: Result<CallerId, CallerIdFault>,
        out: &mut FxsOut,
    ) {
        // A good message stands whatever noise is taken for another.
        if self.caller.is_some_and(|(_, known)| known.is_ok()) {
            return;
        }
        self.caller = Some((at, caller));
        match self.state {
            State::Incoming(rung) => {
                self.say(at, LineEvent::Caller(caller), out);
                self.offer(at, rung, out);
            }
            // The exchange rings after that; the line is put on-hook to be rung.
            State::Reading { .. } => self.caller_read(at, out),
            // Told when it rings.
            State::OutOfService
            | State::Idle
            | State::Asking { .. }
            | State::Seizing { .. }
            | State::Awaiting { .. }
            | State::Dialling(_)
            | State::Talking(_)
            | State::Studying(_)
            | State::Clearing { .. } => {}
        }
    }

    /// The caller's identity was taken, or did not come: on-hook again, for the ordinary ring.
    pub(super) fn caller_read(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.order(tipring_port::Feed::Open, out);
        self.rest();
        let rung = Rung {
            rings: 0,
            bursting: false,
            last: at,
            until: at + self.profile.ringing.timeout,
            offered: false,
            off_hook: false,
        };
        self.enter(State::Incoming(rung));
        if let Some((_, caller)) = self.caller {
            self.say(at, LineEvent::Caller(caller), out);
        }
    }

    /// Offers the call if its caller is known or has been waited for long enough.
    fn show(&mut self, at: SampleTime, rung: Rung, out: &mut FxsOut) {
        if rung.offered {
            return;
        }
        let first = rung.rings <= 1;
        match self.caller {
            // Told before the ringing (but by NTT's reading it was said already).
            Some((_, caller)) => {
                if first && !matches!(self.timing, CallerIdTiming::AfterShortRing { .. }) {
                    self.say(at, LineEvent::Caller(caller), out);
                }
                self.offer(at, rung, out);
            }
            None if rung.rings >= self.profile.rings.max(1) => self.offer(at, rung, out),
            None => {}
        }
    }

    fn offer(&mut self, at: SampleTime, rung: Rung, out: &mut FxsOut) {
        if !rung.offered {
            self.enter(State::Incoming(Rung { offered: true, ..rung }));
            self.say(at, LineEvent::Offered, out);
        }
    }
}

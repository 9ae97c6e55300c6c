//! What happens on the line, by state.

use tipring_port::{
    AnswerSign, ClearSign, DialWhen, LineEvent, LineFault, Overheard, ProgramId, Refusal, Tone,
};
use tipring_units::{Millis, SampleTime};

use super::state::{Dialling, Digits, Phase, State, Talk};
use super::{Fxo, GLARE_WITHIN};
use crate::loop_watch::LoopNews;
use crate::ring_detector::Ringing;
use crate::{FxsOut, Playing};

/// An exchange shows that it saw our answer within this.
pub(super) const ANSWER_SHOWS: Millis = Millis(800);

/// Dial tone that comes again within this is the one that ended: noise, or a word, had covered it. An exchange gives it to
/// a caller whom the far end has left after more than this.
const SAME_TONE: Millis = Millis::from_secs(5);

/// What happened, by the card's report, by sound or by time.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made and consumed within the tick
pub(super) enum Event {
    /// Ringing voltage.
    Ring(Ringing),
    /// The exchange changed the loop.
    Loop(LoopNews),
    /// The exchange answered a grounded ring.
    Grounded,
    /// The exchange rang in the moment of seizure.
    Glare,
    /// A program is over.
    ProgramEnded(ProgramId),
    /// A metering pulse.
    Metering,
    /// The ear heard something.
    Heard(Overheard),
    /// The state's own timer.
    Timer,
}

impl Fxo {
    /// What the ear of the line heard in the tick that ends at `now`.
    pub fn overheard(&mut self, now: SampleTime, heard: Overheard, out: &mut FxsOut) {
        self.on(now, Event::Heard(heard), out);
    }

    /// The announcement that was played has been said to its end.
    pub fn announced(&mut self, now: SampleTime, out: &mut FxsOut) {
        let Playing::Announcement(_, then) = self.playing else { return }; // another order came first
        let next = then.map_or_else(|| self.through(), Playing::Tone);
        self.play(next, out);
        self.say(now, LineEvent::Announced, out);
    }

    pub(super) fn on(&mut self, at: SampleTime, event: Event, out: &mut FxsOut) {
        match (self.state, event) {
            // Whatever is done to it, a line out of service is left alone.
            (State::OutOfService, _) => {}

            (State::Idle, Event::Ring(Ringing::Valid(_))) if self.study_until.is_some() => {
                self.start_study(at, out);
            }
            (State::Idle, Event::Ring(Ringing::Valid(began))) => self.rung(at, began, out),
            (State::Studying(study), Event::Loop(news)) => self.study_loop(at, study, news),
            (State::Studying(study), Event::Heard(heard)) => self.study_sound(at, study, heard),
            (State::Studying(study), Event::Timer) => self.end_study(at, study, out),
            (State::Clearing { .. }, Event::Ring(Ringing::Valid(began))) => {
                self.end_epoch(at, LineEvent::Released, out);
                self.rung(at, began, out);
            }
            (_, Event::Heard(Overheard::Caller(caller))) => self.caller(at, caller, out),
            (_, Event::Heard(Overheard::Waiting(on))) => self.say(at, LineEvent::Waiting(on), out),
            (State::Incoming(rung), event) if rung.off_hook => self.glared(at, rung, event, out),
            (State::Incoming(rung), Event::Ring(news)) => self.ring_goes_on(at, rung, news, out),
            // The exchange gave up.
            (State::Incoming(_), Event::Timer) => self.end_epoch(at, LineEvent::GaveUp, out),
            (State::Reading { .. }, Event::Timer | Event::Loop(LoopNews::Broken(_) | LoopNews::Gone)) => {
                self.caller_read(at, out);
            }

            (State::Asking { digits, .. }, Event::Grounded) => self.take(at, digits, out),
            (State::Asking { .. }, Event::Timer) => self.fail(at, out),
            (State::Seizing { .. }, Event::Glare) => self.glare(at, out),
            (State::Seizing { .. } | State::Awaiting { .. }, Event::Heard(Overheard::Voice)) => {
                self.spoken = true;
            }
            (State::Seizing { digits, since, .. }, Event::Loop(LoopNews::Flows)) => {
                let until = since + GLARE_WITHIN;
                self.enter(State::Seizing { digits, since, flows: true, until });
            }
            (State::Seizing { digits, since, flows: true, .. }, Event::Timer) => {
                self.await_exchange(at, since, digits, out);
            }
            (State::Seizing { flows: false, .. }, Event::Timer) => self.fail(at, out),
            // Nobody waits for it but the caller, who hears it.
            (State::Seizing { digits, since, .. }, Event::Heard(Overheard::Tone(Tone::Dial)))
                if digits.is_empty() =>
            {
                self.tone_found(at, out);
                self.await_exchange(at, since, digits, out);
                self.say(at, LineEvent::Exchange(Tone::Dial), out);
            }
            (
                State::Seizing { digits, .. } | State::Awaiting { digits, .. },
                Event::Heard(Overheard::Tone(tone)),
            ) => match tone {
                Tone::Dial | Tone::Stutter | Tone::Outside => self.ready(at, digits, true, out),
                Tone::Busy | Tone::Congestion | Tone::SpecialInformation | Tone::Howler => {
                    self.clear(at, ClearSign::Tone(tone), out);
                }
                Tone::Ringback | Tone::CallWaiting | Tone::Confirmation => {}
            },
            (State::Awaiting { digits, .. }, Event::Timer) => self.patience_ends(at, digits, out),

            (State::Dialling(dialling), Event::Timer) => self.digit_over(at, dialling, out),
            (State::Dialling(dialling), Event::ProgramEnded(id)) => match dialling.phase {
                Phase::Pulsing(own, _) if own == id => self.digit_over(at, dialling, out),
                // Of an order that this one replaced.
                Phase::Pulsing(..) | Phase::Sounding(_) | Phase::Pausing(_) => {}
            },
            (State::Dialling(dialling), Event::Heard(Overheard::Tone(tone))) => {
                self.tone_while_dialling(at, dialling, tone, out);
            }
            // A called party may answer while digits still go out, as those of a suffix.
            (State::Dialling(dialling), Event::Loop(LoopNews::Reversed)) => {
                self.reversed(at, dialling.talk, out);
            }
            (State::Dialling(dialling), Event::Metering) => self.metered(at, dialling.talk, out),

            (State::Talking(talk), Event::ProgramEnded(id)) => {
                if talk.flash.is_some_and(|(own, _)| own == id) {
                    self.flashed(at, talk);
                }
            }
            (State::Talking(talk), Event::Timer) => self.flashed(at, talk),
            (State::Talking(talk), Event::Heard(heard)) => self.hear(at, talk, heard, out),
            (State::Talking(talk), Event::Metering) => self.metered(at, talk, out),
            (State::Talking(talk), Event::Loop(LoopNews::Reversed)) => self.reversed(at, talk, out),
            (
                State::Seizing { .. } | State::Awaiting { .. } | State::Dialling(_) | State::Talking(_),
                Event::Loop(LoopNews::Broken(length)),
            ) => self.clear(at, ClearSign::LoopBreak(length), out),
            (
                State::Seizing { .. } | State::Awaiting { .. } | State::Dialling(_) | State::Talking(_),
                Event::Loop(LoopNews::Gone),
            ) => self.clear(at, ClearSign::NoBattery, out),

            (State::Clearing { .. }, Event::Timer) => self.end_epoch(at, LineEvent::Released, out),

            // What else rings, is no call yet or no longer; an alert before caller identity.
            (
                State::Idle
                | State::Clearing { .. }
                | State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_)
                | State::Studying(_),
                Event::Ring(_),
            ) => {}
            // Current that flows is as it should be, and before the call is dialled a reversal tells nothing.
            (
                State::Idle
                | State::Incoming(_)
                | State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_)
                | State::Clearing { .. },
                Event::Loop(_),
            ) => {}
            // Only who waits for it is told.
            (
                State::Idle
                | State::Incoming(_)
                | State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_)
                | State::Studying(_)
                | State::Clearing { .. },
                Event::Grounded | Event::Glare,
            ) => {}
            // Programs and pulses of a call that is over, or was not dialled yet.
            (
                State::Idle
                | State::Incoming(_)
                | State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Studying(_)
                | State::Clearing { .. },
                Event::ProgramEnded(_) | Event::Metering,
            ) => {}
            // What sounds on a line that is not in a call.
            (
                State::Idle
                | State::Incoming(_)
                | State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Clearing { .. },
                Event::Heard(_),
            ) => {}
            // No timer runs in these.
            (State::Idle, Event::Timer) => {}
        }
    }

    /// A seizure that came to nothing by the line's fault. That shows in a call only, so it stands until another one, or
    /// a call that comes in, shows the contrary.
    fn fail(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.toneless = true;
        self.say(at, LineEvent::Fault(LineFault::NoDialTone), out);
        self.hang_up(at, out);
    }

    /// The exchange is there after all.
    pub(super) fn tone_found(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.inviting = true;
        if core::mem::take(&mut self.toneless) {
            self.say(at, LineEvent::FaultCleared(LineFault::NoDialTone), out);
        }
    }

    /// Who calls was faster than we: the line is his.
    fn glare(&mut self, at: SampleTime, out: &mut FxsOut) {
        self.refuse(at, Refusal::Incoming, out);
        self.play(Playing::Tone(Tone::Ringback), out);
        self.rung_by_glare(at, out);
    }

    fn await_exchange(&mut self, at: SampleTime, since: SampleTime, digits: Digits, out: &mut FxsOut) {
        if digits.is_empty() {
            // The caller hears the exchange and judges for himself.
            self.say(at, LineEvent::ExchangeReady(false), out);
            self.play(self.through(), out);
            self.enter(State::Talking(Talk::outgoing(at)));
            self.answered_if(at, AnswerSign::AtOnce, out);
            return;
        }
        self.enter(State::Awaiting { digits, until: since + self.patience() });
    }

    /// How long dial tone is waited for.
    pub(super) const fn patience(&self) -> Millis {
        match self.profile.dial_when {
            DialWhen::Tone(patience) | DialWhen::ToneOr(patience) | DialWhen::Pause(patience) => patience,
        }
    }

    fn ready(&mut self, at: SampleTime, digits: Digits, by_tone: bool, out: &mut FxsOut) {
        if matches!(self.profile.dial_when, DialWhen::Pause(_)) && by_tone {
            return; // the pause is waited for
        }
        if by_tone {
            self.tone_found(at, out);
        }
        self.say(at, LineEvent::ExchangeReady(by_tone), out);
        self.dial(at, digits, Talk::outgoing(at), out);
    }

    /// No dial tone came. A voice in its place is that of a caller whom the exchange put through as the loop was closed.
    fn patience_ends(&mut self, at: SampleTime, digits: Digits, out: &mut FxsOut) {
        let anyhow = digits.as_str().starts_with(',');
        match self.profile.dial_when {
            // Who dials by himself has heard what is there.
            _ if self.bare => self.ready(at, digits, false, out),
            DialWhen::Tone(_) | DialWhen::ToneOr(_) if self.spoken => self.glare(at, out),
            // It would be dialled into the ear of whoever is there.
            DialWhen::Tone(_) if !anyhow => self.fail(at, out),
            DialWhen::Tone(_) | DialWhen::ToneOr(_) | DialWhen::Pause(_) => {
                self.ready(at, digits, false, out);
            }
        }
    }

    /// The exchange may refuse a number before it is whole.
    fn tone_while_dialling(&mut self, at: SampleTime, dialling: Dialling, tone: Tone, out: &mut FxsOut) {
        if dialling.next > 1 && tone != Tone::Dial && self.clears(tone, false) {
            self.clear(at, ClearSign::Tone(tone), out);
        }
    }

    fn flashed(&mut self, at: SampleTime, talk: Talk) {
        self.watch.blind(at + super::SETTLE);
        self.enter(State::Talking(Talk { flash: None, ..talk }));
    }

    /// Sound in a call.
    fn hear(&mut self, at: SampleTime, talk: Talk, heard: Overheard, out: &mut FxsOut) {
        match heard {
            Overheard::Tone(Tone::Ringback) => {
                self.enter(State::Talking(Talk { ringback: true, invited: false, tone_ended: None, ..talk }));
                self.say(at, LineEvent::Exchange(Tone::Ringback), out);
            }
            Overheard::Tone(tone) => {
                let again = talk.tone_ended.is_some_and(|ended| at.since(ended) <= SAME_TONE.samples());
                let invites =
                    matches!(tone, Tone::Dial | Tone::Stutter | Tone::Outside) && (talk.invited || again);
                if invites {
                    self.enter(State::Talking(Talk { invited: true, tone_ended: None, ..talk }));
                    self.tone_found(at, out);
                }
                if !invites && self.clears(tone, talk.answered) {
                    self.clear(at, ClearSign::Tone(tone), out);
                } else {
                    self.say(at, LineEvent::Exchange(tone), out);
                }
            }
            // Somebody dials, or makes a noise; dial tone that comes back later is the end.
            Overheard::ToneEnded(Tone::Dial | Tone::Stutter | Tone::Outside) => {
                let tone_ended = talk.invited.then_some(at);
                self.enter(State::Talking(Talk { invited: false, tone_ended, ..talk }));
            }
            Overheard::ToneEnded(_) | Overheard::Alert => {}
            Overheard::Learned if self.profile.clear.learned.is_some() => {
                self.clear(at, ClearSign::Learned, out);
            }
            Overheard::Learned => {}
            Overheard::Voice => {
                if !talk.invited {
                    self.answered_if(at, AnswerSign::Voice, out);
                }
            }
            Overheard::Silence(length) => {
                let most = self.profile.clear.silence;
                if most.0 > 0 && length >= most && talk.answered && !self.ignores_silence {
                    self.clear(at, ClearSign::Silence(length), out);
                }
            }
            // Taken before, in every state.
            Overheard::Caller(_) | Overheard::Waiting(_) => {}
        }
    }

    /// True if this tone of the exchange tells that the far end cleared, or cannot be reached.
    pub(super) fn clears(&self, tone: Tone, answered: bool) -> bool {
        let signs = &self.profile.clear;
        match tone {
            Tone::Busy | Tone::Congestion | Tone::Dial => signs.tones,
            // In a call that was answered they may be part of an announcement.
            Tone::SpecialInformation => signs.tones && !answered,
            Tone::Howler => signs.howler,
            Tone::Stutter | Tone::Outside | Tone::Ringback | Tone::CallWaiting | Tone::Confirmation => false,
        }
    }

    /// The polarity changed. Away from what it was when a call out was dialled it is the answer, whether that is waited for
    /// or not, and back it is the end. An exchange that reverses it for the time of a call that came in does so as it sees
    /// our answer; one that reverses it to clear such a call does so later.
    fn reversed(&mut self, at: SampleTime, talk: Talk, out: &mut FxsOut) {
        let turned = !talk.turned;
        self.set_talk(Talk { turned, ..talk });
        let shows_answer = talk.incoming && at.since(talk.since) <= ANSWER_SHOWS.samples();
        if turned && !talk.incoming {
            self.answered_if(at, AnswerSign::Reversal, out);
        } else if self.profile.clear.reversal && !(turned && shows_answer) {
            self.clear(at, ClearSign::Reversal, out);
        }
    }

    fn metered(&mut self, at: SampleTime, talk: Talk, out: &mut FxsOut) {
        let metered = talk.metered.saturating_add(1);
        self.set_talk(Talk { metered, ..talk });
        self.answered_if(at, AnswerSign::Metering, out);
        self.say(at, LineEvent::Metered(metered), out);
    }

    /// The call that is dialled or talked in.
    fn talk(&self) -> Option<Talk> {
        match self.state {
            State::Talking(talk) => Some(talk),
            State::Dialling(dialling) => Some(dialling.talk),
            State::OutOfService
            | State::Idle
            | State::Incoming(_)
            | State::Reading { .. }
            | State::Asking { .. }
            | State::Seizing { .. }
            | State::Awaiting { .. }
            | State::Studying(_)
            | State::Clearing { .. } => None,
        }
    }

    fn set_talk(&mut self, talk: Talk) {
        match self.state {
            State::Dialling(dialling) => self.enter(State::Dialling(Dialling { talk, ..dialling })),
            State::OutOfService
            | State::Idle
            | State::Incoming(_)
            | State::Reading { .. }
            | State::Asking { .. }
            | State::Seizing { .. }
            | State::Awaiting { .. }
            | State::Talking(_)
            | State::Studying(_)
            | State::Clearing { .. } => self.enter(State::Talking(talk)),
        }
    }

    /// The far end answered if `sign` is what tells so on this line, and it had not yet.
    pub(super) fn answered_if(&mut self, at: SampleTime, sign: AnswerSign, out: &mut FxsOut) {
        if let Some(talk) = self.talk()
            && !talk.answered
            && self.profile.answer == sign
        {
            self.set_talk(Talk { answered: true, ..talk });
            self.say(at, LineEvent::FarAnswered(sign), out);
        }
    }

    /// The far end is gone: so is our side.
    pub(super) fn clear(&mut self, at: SampleTime, sign: ClearSign, out: &mut FxsOut) {
        self.say(at, LineEvent::FarCleared(sign), out);
        self.hang_up(at, out);
    }
}

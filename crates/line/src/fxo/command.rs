//! What the control plane orders, by state.

use tipring_port::{Feed, LineCommand, LineEvent, LoopStart, ProgramStep, Refusal, TestEnd};
use tipring_units::{Epoch, SampleTime, TICK};

use super::dial::joined;
use super::state::{Digits, State, Talk};
use super::{CURRENT_WITHIN, Fxo, GROUND_WITHIN, PROGRAM_GRACE, SETTLE};
use crate::idle_watch::IdleLine;
use crate::{FxsOut, Playing};

impl Fxo {
    /// A command of the control plane. One of another epoch is refused with that epoch; the administrative state belongs
    /// to no call and is taken in any.
    pub fn command(&mut self, now: SampleTime, epoch: Epoch, command: LineCommand, out: &mut FxsOut) {
        if let LineCommand::InService(in_service) = command {
            return self.administer(now, in_service, out);
        }
        if command == LineCommand::Report {
            return out.report();
        }
        if command == LineCommand::Test {
            return out.say(self.epoch, now, LineEvent::Tested(Err(TestEnd::Outside)));
        }
        if epoch != self.epoch {
            return out.say(epoch, now, LineEvent::Refused(Refusal::Stale));
        }
        match (self.state, command) {
            (_, LineCommand::Seize(digits)) => self.seize(now, digits, out),

            (State::Incoming(rung), LineCommand::Answer) => {
                if !rung.off_hook {
                    self.close(now, out);
                }
                (self.ignores_silence, self.bare) = (false, false);
                self.enter(State::Talking(Talk::incoming(now)));
                self.play(Playing::Bridge, out);
            }
            (State::Talking(talk), LineCommand::Dial(digits)) if self.must_wait(now, talk) => {
                let until = talk.since + self.patience();
                self.enter(State::Awaiting { digits, until });
            }
            (State::Talking(talk), LineCommand::Dial(digits)) => self.dial(now + TICK, digits, talk, out),
            (State::Dialling(dialling), LineCommand::Dial(digits)) => self.dial_more(dialling, digits),
            // Nobody listens to them yet: they wait for the exchange.
            (State::Asking { digits, until }, LineCommand::Dial(more)) => {
                self.enter(State::Asking { digits: joined(digits.as_str(), more), until });
            }
            (State::Seizing { digits, since, flows, until }, LineCommand::Dial(more)) => {
                let digits = joined(digits.as_str(), more);
                self.enter(State::Seizing { digits, since, flows, until });
            }
            (State::Awaiting { digits, until }, LineCommand::Dial(more)) => {
                self.enter(State::Awaiting { digits: joined(digits.as_str(), more), until });
            }
            (
                State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_),
                LineCommand::IgnoreSilence,
            ) => self.ignores_silence = true,
            (State::Talking(talk), LineCommand::FlashOut) => self.flash(now, talk, out),

            (State::Talking(_), LineCommand::Play(tone)) => self.play(Playing::Tone(tone), out),
            (State::Talking(_), LineCommand::Announce { words, then }) => {
                self.play(Playing::Announcement(words, then), out);
            }
            (State::Talking(_), LineCommand::Quiet) => self.play(self.through(), out),

            (
                State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_),
                LineCommand::HangUp,
            ) => self.hang_up(now, out),
            // It was answered by glare, and nobody wants it.
            (State::Incoming(rung), LineCommand::HangUp) if rung.off_hook => self.hang_up(now, out),
            // The exchange rings on until its caller gives up; there is nothing to hang up.
            (State::Incoming(_), LineCommand::HangUp) => {}

            // Raced with the end of the call or of the ringing, of which the control plane learns.
            (
                State::Idle
                | State::Reading { .. }
                | State::Studying(_)
                | State::Clearing { .. }
                | State::OutOfService,
                LineCommand::Answer
                | LineCommand::Dial(_)
                | LineCommand::FlashOut
                | LineCommand::HangUp
                | LineCommand::Play(_)
                | LineCommand::Announce { .. }
                | LineCommand::Quiet
                | LineCommand::IgnoreSilence,
            ) => {}
            // Not yet, or not any more.
            (State::Incoming(_), LineCommand::Dial(_) | LineCommand::IgnoreSilence)
            | (
                State::Incoming(_) | State::Asking { .. } | State::Seizing { .. } | State::Awaiting { .. },
                LineCommand::FlashOut
                | LineCommand::Play(_)
                | LineCommand::Announce { .. }
                | LineCommand::Quiet,
            )
            | (
                State::Dialling(_),
                LineCommand::FlashOut
                | LineCommand::Play(_)
                | LineCommand::Announce { .. }
                | LineCommand::Quiet,
            )
            | (
                State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_),
                LineCommand::Answer,
            ) => {}

            // Orders to a telephone's line.
            (
                State::OutOfService
                | State::Idle
                | State::Incoming(_)
                | State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_)
                | State::Studying(_)
                | State::Clearing { .. },
                LineCommand::Ring(_)
                | LineCommand::StopRing
                | LineCommand::Answered
                | LineCommand::Cleared { .. }
                | LineCommand::Park
                | LineCommand::Release
                | LineCommand::Waiting(_)
                | LineCommand::StopWaiting
                | LineCommand::Lamp(_)
                | LineCommand::Lifeline(_),
            ) => {}

            // Taken above in every state.
            (
                State::OutOfService
                | State::Idle
                | State::Incoming(_)
                | State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_)
                | State::Studying(_)
                | State::Clearing { .. },
                LineCommand::InService(_) | LineCommand::Report | LineCommand::Test,
            ) => {}
        }
    }

    fn seize(&mut self, now: SampleTime, digits: Digits, out: &mut FxsOut) {
        let refusal = match self.state {
            State::OutOfService => Some(Refusal::OutOfService),
            State::Idle if self.card_silent || self.foreign => Some(Refusal::OutOfService),
            State::Idle if self.ring.is_stirring(now) || self.cooked_ring.is_some() => {
                Some(Refusal::Incoming)
            }
            State::Idle if self.study_until.is_some() => Some(Refusal::InUse),
            State::Idle => match self.line {
                IdleLine::Free => None,
                IdleLine::InUse => Some(Refusal::InUse),
                IdleLine::Dead | IdleLine::Foreign => Some(Refusal::OutOfService),
            },
            State::Incoming(_) | State::Reading { .. } => Some(Refusal::Incoming),
            State::Clearing { .. } => Some(Refusal::Guard),
            State::Asking { .. }
            | State::Seizing { .. }
            | State::Awaiting { .. }
            | State::Dialling(_)
            | State::Talking(_)
            | State::Studying(_) => Some(Refusal::InUse),
        };
        if let Some(refusal) = refusal {
            return self.refuse(now, refusal, out);
        }
        self.bare = digits.is_empty();
        match self.start {
            // Battery between the wires of an idle line: its exchange is just about to ring.
            LoopStart::Ground if self.reading.voltage.0.abs() > self.profile.in_use_below.0 => {
                self.refuse(now, Refusal::Incoming, out);
            }
            LoopStart::Ground => {
                self.order(Feed::RingGround, out);
                self.enter(State::Asking { digits, until: now + GROUND_WITHIN });
            }
            LoopStart::Loop => self.take(now, digits, out),
        }
    }

    /// Closes the loop to call.
    pub(super) fn take(&mut self, at: SampleTime, digits: Digits, out: &mut FxsOut) {
        self.close(at, out);
        (self.spoken, self.ignores_silence, self.inviting) = (false, false, false);
        self.enter(State::Seizing { digits, since: at, flows: false, until: at + CURRENT_WITHIN });
    }

    /// True if the caller dials on, and dial tone may still come.
    fn must_wait(&self, now: SampleTime, talk: Talk) -> bool {
        self.bare && !self.inviting && !talk.ringback && now < talk.since + self.patience()
    }

    fn flash(&mut self, now: SampleTime, talk: Talk, out: &mut FxsOut) {
        if talk.flash.is_some() || self.profile.flash.0 == 0 {
            return;
        }
        let open = ProgramStep { feed: Feed::Open, length: self.profile.flash.samples() };
        let back = ProgramStep { feed: Feed::Closed, length: TICK.samples() };
        if let Some(id) = self.run(&[open, back], out) {
            let until = now + TICK + self.profile.flash + TICK + PROGRAM_GRACE;
            self.watch.blind(until + SETTLE);
            // The exchange may give dial tone for a second number.
            self.enter(State::Talking(Talk {
                flash: Some((id, until)),
                invited: true,
                tone_ended: None,
                ..talk
            }));
        }
    }

    fn administer(&mut self, now: SampleTime, in_service: bool, out: &mut FxsOut) {
        match (self.state, in_service) {
            (State::OutOfService, true) => {
                self.order(Feed::Open, out);
                self.rest();
                self.enter(State::Idle);
            }
            (State::OutOfService, false) => {}
            (State::Idle, false) => self.enter(State::OutOfService),
            (State::Incoming(_), false) => {
                self.end_epoch(now, LineEvent::GaveUp, out);
                self.order(Feed::Open, out);
                self.enter(State::OutOfService);
            }
            (
                State::Reading { .. }
                | State::Asking { .. }
                | State::Seizing { .. }
                | State::Awaiting { .. }
                | State::Dialling(_)
                | State::Talking(_)
                | State::Studying(_)
                | State::Clearing { .. },
                false,
            ) => {
                self.end_epoch(now, LineEvent::Released, out);
                self.order(Feed::Open, out);
                self.enter(State::OutOfService);
            }
            // So it is already; it is said again, for whoever asked.
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
                true,
            ) => {}
        }
        self.say(now, LineEvent::InService(in_service), out);
    }
}

//! What the control plane orders, by state.

use tipring_port::{Feed, LineCommand, LineEvent, Refusal, Tone};
use tipring_units::{Epoch, SampleTime, TICK};

use super::state::{After, State};
use super::{Fxs, REVERSAL_SETTLE};
use crate::{FxsOut, Playing};

impl Fxs {
    /// A command of the control plane, before the tick that starts at `now` or after it. One of another epoch is refused
    /// with that epoch, so that its sender knows it again. The administrative state belongs to no call: it is taken
    /// in any epoch, since a line must not stay in service because a telephone was hung up at the wrong moment.
    pub fn command(&mut self, now: SampleTime, epoch: Epoch, command: LineCommand, out: &mut FxsOut) {
        if let LineCommand::InService(in_service) = command {
            return self.administer(now, in_service, out);
        }
        if command == LineCommand::Report {
            return out.report();
        }
        if let LineCommand::Lifeline(join) = command {
            out.relay = Some(join);
            return;
        }
        if let LineCommand::Lamp(on) = command {
            return self.order_lamp(on);
        }
        if command == LineCommand::Test {
            return self.order_test(now, out);
        }
        if epoch != self.epoch {
            return out.say(epoch, now, LineEvent::Refused(Refusal::Stale));
        }
        if let State::Prelude(prelude) = &mut self.state
            && let Some(ring) = prelude.after_lamp()
        {
            match (command, ring) {
                // It comes when the message is over.
                (LineCommand::Ring(request), None) => return prelude.then_ring(Some(request)),
                (LineCommand::StopRing, Some(_)) => {
                    prelude.then_ring(None);
                    out.say(self.epoch, now, LineEvent::RingStopped);
                    self.epoch = self.epoch.next();
                    return;
                }
                (_, None | Some(_)) => return,
            }
        }
        match (self.state, command) {
            (State::OutOfService, _) => self.refuse_out_of_service(now, &command, out),
            (State::Idle, LineCommand::Ring(_)) if self.card_silent || self.joined => {
                self.refuse(now, Refusal::OutOfService, out);
            }
            (State::Testing(_), LineCommand::Ring(request)) => self.called_in_test(now, request, out),
            // The tick decides, when it has seen the loop.
            (State::Idle, LineCommand::Ring(request)) => self.enter(State::RingWait { request }),
            // It rings already, or is just being answered, which the answer to the first order will tell.
            (
                State::RingWait { .. } | State::Prelude(_) | State::Ringing(_) | State::Tripped { .. },
                LineCommand::Ring(_),
            ) => {}
            (State::OffHook { .. } | State::Supervision { .. } | State::Roh { .. }, LineCommand::Ring(_)) => {
                self.refuse(now, Refusal::OffHook, out);
            }

            (State::RingWait { .. }, LineCommand::StopRing) => {
                self.end_epoch(now, LineEvent::RingStopped, out);
            }
            (State::Prelude(_) | State::Ringing(_), LineCommand::StopRing) => {
                self.order_feed(now, self.rest_feed(), out);
                self.start_on_hook();
                self.end_epoch(now, LineEvent::RingStopped, out);
            }
            // The caller gave up as the receiver was lifted: whoever lifted it gets dial tone.
            (State::Tripped { .. }, LineCommand::StopRing) => {
                self.start_on_hook();
                self.end_epoch(now, LineEvent::RingStopped, out);
            }
            // Raced with the refusal (idle), or with ring trip: the control plane learns of it.
            (
                State::Idle
                | State::Testing(_)
                | State::OffHook { .. }
                | State::Supervision { .. }
                | State::Roh { .. },
                LineCommand::StopRing,
            ) => {}

            (State::OffHook { .. }, LineCommand::Play(tone)) => {
                self.waiting = None;
                self.play(Playing::Tone(tone), out);
            }
            (State::OffHook { .. }, LineCommand::Announce { words, then }) => {
                self.waiting = None;
                self.play(Playing::Announcement(words, then), out);
            }
            (State::OffHook { .. }, LineCommand::Quiet) => {
                if !self.is_hushed() {
                    self.play(Playing::Bridge, out);
                }
            }
            (State::OffHook { .. }, LineCommand::Waiting(caller)) => self.start_waiting(now, caller, out),
            (State::OffHook { .. }, LineCommand::StopWaiting) => self.stop_waiting(out),
            // The call in which it would be told is over.
            (
                State::Supervision { .. } | State::Roh { .. },
                LineCommand::Waiting(_) | LineCommand::StopWaiting,
            ) => {}
            (State::Supervision { program, until, .. }, LineCommand::Play(tone)) => {
                self.enter(State::Supervision { program, until, then: After::Tone(tone) });
            }
            (State::Supervision { program, until, .. }, LineCommand::Announce { words, then }) => {
                self.enter(State::Supervision { program, until, then: After::Announcement(words, then) });
            }
            (State::Supervision { program, until, .. }, LineCommand::Quiet) => {
                self.enter(State::Supervision { program, until, then: After::Bridge });
            }
            // Another call on this line goes on (a flash brought it back).
            (State::Roh { .. }, LineCommand::Play(tone)) => {
                self.enter(State::OffHook { reversed_at: None });
                self.play(Playing::Tone(tone), out);
            }
            (State::Roh { .. }, LineCommand::Announce { words, then }) => {
                self.enter(State::OffHook { reversed_at: None });
                self.play(Playing::Announcement(words, then), out);
            }
            (State::Roh { .. }, LineCommand::Quiet) => {
                self.enter(State::OffHook { reversed_at: None });
                self.play(Playing::Bridge, out);
            }

            (State::OffHook { .. }, LineCommand::Answered) => {
                if self.settings.reverse_on_answer && self.feed != Feed::Reversed {
                    self.order_feed(now, Feed::Reversed, out);
                    let calm = now + TICK + REVERSAL_SETTLE;
                    self.hook.blind(calm);
                    self.enter(State::OffHook { reversed_at: Some(calm) });
                } else {
                    self.start_metering(out);
                }
            }
            // The call that was answered is over.
            (State::Supervision { .. } | State::Roh { .. }, LineCommand::Answered) => {}

            (State::OffHook { .. }, LineCommand::Cleared { tone }) => {
                self.supervise(now, After::Roh(tone), out);
            }
            // Given once; only what follows it changes.
            (State::Supervision { program, until, .. }, LineCommand::Cleared { tone }) => {
                self.enter(State::Supervision { program, until, then: After::Roh(tone) });
            }
            (State::OffHook { .. }, LineCommand::Park) => self.start_roh(now, Tone::Congestion, out),
            (State::Supervision { program, until, then }, LineCommand::Park) => {
                let then = match then {
                    After::Roh(tone) => After::Roh(tone),
                    After::Tone(_) | After::Announcement(..) | After::Bridge => After::Roh(Tone::Congestion),
                };
                self.enter(State::Supervision { program, until, then });
            }
            // The sequence runs already.
            (State::Roh { .. }, LineCommand::Cleared { .. } | LineCommand::Park) => {}
            // Stay as it is until hung up.
            (State::OffHook { .. } | State::Supervision { .. } | State::Roh { .. }, LineCommand::Release) => {
            }

            // On-hook there is nobody to tell. The line was never off-hook in this epoch, so these are the control
            // plane's leftovers.
            (
                State::Idle
                | State::Testing(_)
                | State::RingWait { .. }
                | State::Prelude(_)
                | State::Ringing(_)
                | State::Tripped { .. },
                LineCommand::Play(_)
                | LineCommand::Announce { .. }
                | LineCommand::Quiet
                | LineCommand::Answered
                | LineCommand::Cleared { .. }
                | LineCommand::Park
                | LineCommand::Waiting(_)
                | LineCommand::StopWaiting
                | LineCommand::Release,
            ) => {}
            // Orders to an outside line.
            (
                State::Idle
                | State::Testing(_)
                | State::RingWait { .. }
                | State::Prelude(_)
                | State::Ringing(_)
                | State::Tripped { .. }
                | State::OffHook { .. }
                | State::Supervision { .. }
                | State::Roh { .. },
                LineCommand::Seize(_)
                | LineCommand::Dial(_)
                | LineCommand::Answer
                | LineCommand::FlashOut
                | LineCommand::IgnoreSilence
                | LineCommand::HangUp,
            ) => {}

            // Taken above in every state.
            (
                State::Idle
                | State::Testing(_)
                | State::RingWait { .. }
                | State::Prelude(_)
                | State::Ringing(_)
                | State::Tripped { .. }
                | State::OffHook { .. }
                | State::Supervision { .. }
                | State::Roh { .. },
                LineCommand::InService(_)
                | LineCommand::Report
                | LineCommand::Lifeline(_)
                | LineCommand::Test
                | LineCommand::Lamp(_),
            ) => {}
        }
    }

    fn refuse_out_of_service(&mut self, now: SampleTime, command: &LineCommand, out: &mut FxsOut) {
        match command {
            LineCommand::Ring(_)
            | LineCommand::Play(_)
            | LineCommand::Announce { .. }
            | LineCommand::Answered
            | LineCommand::Cleared { .. }
            | LineCommand::Park => self.refuse(now, Refusal::OutOfService, out),
            // What they ask for is so.
            LineCommand::StopRing
            | LineCommand::Quiet
            | LineCommand::Release
            | LineCommand::Report
            | LineCommand::Waiting(_)
            | LineCommand::StopWaiting
            | LineCommand::Lamp(_)
            | LineCommand::Test
            | LineCommand::InService(_)
            // orders to an outside line
            | LineCommand::Seize(_)
            | LineCommand::Dial(_)
            | LineCommand::Answer
            | LineCommand::FlashOut
            | LineCommand::IgnoreSilence
            | LineCommand::HangUp
            | LineCommand::Lifeline(_) => {}
        }
    }

    fn administer(&mut self, now: SampleTime, in_service: bool, out: &mut FxsOut) {
        if !in_service {
            self.drop_lamp(now, out);
            self.drop_test(now, out);
        }
        match (self.state, in_service) {
            (State::OutOfService, true) => {
                self.tell_lamp_again();
                self.lamp_idle(now);
                self.order_feed(now, self.rest_feed(), out);
                self.start_on_hook();
                self.enter(State::Idle);
            }
            (State::Idle | State::Testing(_), false) => self.take_out(now, out),
            (
                State::RingWait { .. } | State::Prelude(_) | State::Ringing(_) | State::Tripped { .. },
                false,
            ) => {
                self.end_epoch(now, LineEvent::RingStopped, out);
                self.take_out(now, out);
            }
            (State::OffHook { .. } | State::Supervision { .. } | State::Roh { .. }, false) => {
                self.end_epoch(now, LineEvent::Released, out);
                self.take_out(now, out);
            }
            // So it is already; it is said again, for whoever asked.
            (State::OutOfService, false)
            | (
                State::Idle
                | State::Testing(_)
                | State::RingWait { .. }
                | State::Prelude(_)
                | State::Ringing(_)
                | State::Tripped { .. }
                | State::OffHook { .. }
                | State::Supervision { .. }
                | State::Roh { .. },
                true,
            ) => {}
        }
        self.say(now, LineEvent::InService(in_service), out);
    }

    fn take_out(&mut self, now: SampleTime, out: &mut FxsOut) {
        self.order_feed(now, Feed::Open, out);
        self.start_on_hook();
        self.enter(State::OutOfService);
    }
}

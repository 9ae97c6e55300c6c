//! What calls tell a line: ring, hear the far end, it is over.

use tipring_port::{LineCommand, RingRequest, Tone};
use tipring_units::CallId;

use super::{LineSide, RING_STOP, Scene, State};
use crate::alert::ring_for;
use crate::outbox::{CallInput, Offer, Order, Sent};
use crate::{CallEvent, Cause, MediaAction, Party, Why};

impl LineSide {
    /// A call says something.
    pub fn on_order(&mut self, call: CallId, order: Order, scene: &mut Scene<'_>) {
        match order {
            Order::Offer(offer) => self.offered(call, offer, scene),
            Order::RingBack(offer) => match self.state {
                State::Recalling(recalled) if recalled == call => {
                    self.timer = Some((scene.now + scene.setup.timers.recall, Why::Recall));
                    self.ring(offer, scene);
                    scene.out.event(CallEvent::Recalled { call, line: self.line });
                }
                // It had hung up on whom it handed on, who comes back.
                State::Idle => {
                    self.enter(State::Recalling(call));
                    self.on_order(call, order, scene);
                }
                // Lifted, or out of service, in the same moment; or it does something else by now.
                State::Recalling(_)
                | State::Dialling(..)
                | State::Waiting(..)
                | State::Talking(_)
                | State::Keying
                | State::Told
                | State::Parked
                | State::Ringing(_)
                | State::Stopping(_)
                | State::Down => self.tell(call, CallInput::NotRung, scene),
            },
            Order::Joined | Order::NotJoined
                if self.passed_on(call, matches!(order, Order::Joined), scene) => {}
            Order::Joined if self.is_recalling(call) => self.on_hook(scene),
            Order::NotJoined if self.is_recalling(call) && self.asked.is_some() => {
                self.asked = None;
                self.tell(call, CallInput::Recall, scene);
            }
            Order::Joined | Order::NotJoined => {} // lost in the same moment
            Order::Transferring => self.sent(call, scene),
            Order::NotTransferring => self.not_sent(call, scene),
            Order::TransferFailed(cause) => self.came_back(call, cause, scene),
            Order::Refer(_) | Order::SendOn { .. } => {} // a telephone goes nowhere by itself
            Order::Alerting | Order::Early | Order::Connected if self.passes_on(call, scene) => {}
            Order::Completable(leg) => {
                if matches!(self.state, State::Waiting(waiting, _) if waiting == call) {
                    self.offered = leg;
                }
            }
            Order::Alerting => self.hear(call, Some(Tone::Ringback), scene),
            Order::Early => self.hear(call, None, scene),
            Order::Connected => {
                self.hear(call, None, scene);
                if matches!(self.state, State::Waiting(waiting, _) if waiting == call) {
                    self.enter(State::Talking(call));
                    self.limit_call(scene);
                    self.command(LineCommand::Answered, scene);
                }
            }
            // In a conference the others go on.
            Order::Recalling if self.is_talking(call) && self.third.is_none() => {
                self.command(LineCommand::Play(Tone::Ringback), scene);
            }
            Order::Retrieved if self.is_talking(call) && self.third.is_none() => {
                self.command(LineCommand::Quiet, scene)
            }
            // Who is held by another line hears nothing of it; who holds that one in turn does not either.
            Order::Held | Order::Recalling | Order::Retrieved => {}
            Order::Data => self.carries_data(call, scene),
            Order::Emergency => {} // told to who is called
            Order::Digit(sent @ Sent { sounded: true, .. }) => self.door(sent, scene),
            Order::Digit(sent @ Sent { digit, length, sounded: false }) => {
                self.door(sent, scene);
                scene.out.media(MediaAction::Digit { to: Party::Line(self.line), digit, length });
            }
            Order::Notice if self.is_talking(call) => {
                self.command(LineCommand::Play(Tone::Confirmation), scene);
            }
            Order::Notice => {} // hung up in the same moment
            Order::TakeOver { answers } => self.takes_over(call, answers, scene),
            Order::Over(cause) => self.over(call, cause, scene),
        }
    }

    /// What a line that waits for `call` hears of ours.
    fn hear(&mut self, call: CallId, tone: Option<Tone>, scene: &mut Scene<'_>) {
        if let State::Waiting(waiting, sounding) = &mut self.state
            && *waiting == call
            && *sounding != tone
        {
            *sounding = tone;
            self.command(tone.map_or(LineCommand::Quiet, LineCommand::Play), scene);
        }
    }

    fn offered(&mut self, call: CallId, offer: Offer, scene: &mut Scene<'_>) {
        if self.pages(call, offer, scene) {
            return;
        }
        // Who called is remembered also where the telephone was busy.
        if let Some(phone) = scene.setup.phones.iter().find(|phone| phone.line == self.line) {
            scene.memory.entry(phone.number).or_default().caller = Some(offer.from);
        }
        match self.state {
            State::Idle => {
                self.enter(State::Ringing(call));
                self.ring(offer, scene);
            }
            State::Stopping(None) => {
                let timer = self.timer;
                self.enter(State::Stopping(Some((call, offer))));
                self.timer = timer;
            }
            State::Talking(_) => self.offered_in_call(call, offer, scene),
            State::Dialling(..)
            | State::Waiting(..)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Stopping(Some(_)) => self.tell(call, CallInput::Failed(Cause::BUSY), scene),
            State::Down => self.tell(call, CallInput::Failed(Cause::OUT_OF_ORDER), scene),
        }
    }

    pub(super) fn ring(&mut self, offer: Offer, scene: &mut Scene<'_>) {
        let Some(phone) = scene.setup.phones.iter().find(|phone| phone.line == self.line) else {
            self.give_up(Cause::OUT_OF_ORDER, scene); // taken out of the configuration in between
            return;
        };
        let caller = Some(offer.from.for_display(scene.wall, scene.setup.offset_minutes));
        // The server knows more of the call than its number.
        let kind = offer.ring.or_else(|| ring_for(&phone.ring_for, &offer.from));
        let pattern = kind.map_or(phone.ring, |kind| kind.pattern(phone.ring));
        self.command(LineCommand::Ring(RingRequest { pattern, caller }), scene);
    }

    pub(super) fn stop_ringing(&mut self, scene: &mut Scene<'_>) {
        self.enter(State::Stopping(None));
        self.timer = Some((scene.now + RING_STOP, Why::RingStop));
        self.command(LineCommand::StopRing, scene);
    }

    /// Off-hook without a call, and without one to go back to.
    pub(super) fn nobody_left(&mut self, scene: &mut Scene<'_>) {
        self.enter(State::Parked);
        self.command(LineCommand::Cleared { tone: scene.setup.tones.cleared }, scene);
    }

    fn over(&mut self, call: CallId, cause: Cause, scene: &mut Scene<'_>) {
        if self.waiting.is_some_and(|(waiting, _)| waiting == call) {
            self.waiting = None;
            match self.state {
                State::Talking(_) => self.command(LineCommand::StopWaiting, scene),
                State::Told if self.held.is_empty() => self.nobody_left(scene),
                State::Idle
                | State::Dialling(..)
                | State::Waiting(..)
                | State::Keying
                | State::Told
                | State::Parked
                | State::Ringing(_)
                | State::Recalling(_)
                | State::Stopping(_)
                | State::Down => {}
            }
            return;
        }
        if self.leaves_conference(call, scene) {
            return;
        }
        if self.leaver == Some(call) {
            (self.leaver, self.timer) = (None, None);
        } else if self.is_talking(call) {
            self.lets_leaver_go(scene);
        }
        let tones = scene.setup.tones;
        let held_before = self.held.len();
        self.held.retain(|held| *held != call);
        self.sends_no_more(call);
        match self.state {
            State::Waiting(waiting, _) if waiting == call => {
                self.enter(State::Told);
                self.busy = self.in_vain().filter(|own| cause == Cause::BUSY || own.far.is_some());
                if !self.will_call_again(scene) && self.held.is_empty() {
                    self.timer = Some((scene.now + scene.setup.timers.tone, Why::ToneLimit));
                }
                self.command(cause.told(tones), scene);
            }
            State::Talking(talking) if talking == call => {
                if self.waits_off_hook(scene) {
                } else if self.held.is_empty() && self.waiting.is_none() {
                    self.nobody_left(scene);
                } else {
                    self.enter(State::Told);
                    self.command(LineCommand::Play(tones.cleared), scene);
                }
            }
            // The digit is waited for: the one that is left is gone back to then.
            State::Keying => {}
            State::Told if held_before > 0 && self.held.is_empty() && self.waiting.is_none() => {
                self.nobody_left(scene);
            }
            State::Ringing(ringing) | State::Recalling(ringing) if ringing == call => {
                self.stop_ringing(scene)
            }
            // What was to be joined ended by a fault before it could answer.
            State::Recalling(held) if self.asked == Some(call) => {
                self.asked = None;
                self.tell(held, CallInput::Recall, scene);
            }
            State::Stopping(Some((next, _))) if next == call => {
                let timer = self.timer;
                self.enter(State::Stopping(None));
                self.timer = timer;
            }
            // Another call than the one that the line is busy with: a held one, or one given up before.
            State::Waiting(..)
            | State::Talking(_)
            | State::Told
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Stopping(_)
            | State::Idle
            | State::Dialling(..)
            | State::Parked
            | State::Down => {}
        }
    }

    fn is_recalling(&self, call: CallId) -> bool {
        matches!(self.state, State::Recalling(recalled) if recalled == call)
    }

    fn is_talking(&self, call: CallId) -> bool {
        matches!(self.state, State::Talking(talking) if talking == call)
    }
}

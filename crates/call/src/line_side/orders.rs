//! What calls tell a line: ring, hear the far end, it is over.

use tipring_port::{LineCommand, RingRequest, Tone};
use tipring_units::CallId;

use super::{LineSide, RING_STOP, Scene, State};
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
                // Lifted, or out of service, in the same moment.
                State::Recalling(_)
                | State::Idle
                | State::Dialling(..)
                | State::Waiting(..)
                | State::Talking(_)
                | State::Told
                | State::Parked
                | State::Ringing(_)
                | State::Stopping(_)
                | State::Down => {}
            },
            Order::Joined if self.is_recalling(call) => self.on_hook(scene),
            Order::NotJoined if self.is_recalling(call) && self.asked.is_some() => {
                self.asked = None;
                self.tell(call, CallInput::Recall, scene);
            }
            Order::Joined | Order::NotJoined => {} // lost in the same moment
            Order::Alerting => self.hear(call, Some(Tone::Ringback), scene),
            Order::Early => self.hear(call, None, scene),
            Order::Connected => {
                self.hear(call, None, scene);
                if matches!(self.state, State::Waiting(waiting, _) if waiting == call) {
                    self.enter(State::Talking(call));
                    self.command(LineCommand::Answered, scene);
                }
            }
            Order::Recalling if self.is_talking(call) => {
                self.command(LineCommand::Play(Tone::Ringback), scene);
            }
            Order::Retrieved if self.is_talking(call) => self.command(LineCommand::Quiet, scene),
            // Who is held by another line hears nothing of it; who holds that one in turn does not either.
            Order::Held | Order::Recalling | Order::Retrieved => {}
            // The media plane does what there is to do.
            Order::Data | Order::Emergency => {}
            Order::Digit(Sent { sounded: true, .. }) => {}
            Order::Digit(Sent { digit, length, sounded: false }) => {
                scene.out.media(MediaAction::Digit { to: Party::Line(self.line), digit, length });
            }
            Order::Notice if self.is_talking(call) => {
                self.command(LineCommand::Play(Tone::Confirmation), scene);
            }
            Order::Notice => {} // hung up in the same moment
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
            State::Dialling(..)
            | State::Waiting(..)
            | State::Talking(_)
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
        scene.memory.entry(phone.number).or_default().caller = Some(offer.from);
        let caller = Some(offer.from.for_display(scene.wall, scene.setup.offset_minutes));
        self.command(LineCommand::Ring(RingRequest { pattern: phone.ring, caller }), scene);
    }

    pub(super) fn stop_ringing(&mut self, scene: &mut Scene<'_>) {
        self.enter(State::Stopping(None));
        self.timer = Some((scene.now + RING_STOP, Why::RingStop));
        self.command(LineCommand::StopRing, scene);
    }

    fn over(&mut self, call: CallId, cause: Cause, scene: &mut Scene<'_>) {
        let tones = scene.setup.tones;
        let held_before = self.held.len();
        self.held.retain(|held| *held != call);
        match self.state {
            State::Waiting(waiting, _) if waiting == call => {
                self.enter(State::Told);
                if self.held.is_empty() {
                    self.timer = Some((scene.now + scene.setup.timers.tone, Why::ToneLimit));
                }
                self.command(cause.told(tones), scene);
            }
            State::Talking(talking) if talking == call => {
                if self.held.is_empty() {
                    self.enter(State::Parked);
                    self.command(LineCommand::Cleared { tone: tones.cleared }, scene);
                } else {
                    self.enter(State::Told);
                    self.command(LineCommand::Play(tones.cleared), scene);
                }
            }
            State::Told if held_before > 0 && self.held.is_empty() => {
                self.enter(State::Parked);
                self.command(LineCommand::Cleared { tone: tones.cleared }, scene);
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

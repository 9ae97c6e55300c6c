//! The sound of a call: who hears whom, who holds, and what machines say.

use tipring_port::Signal;

use super::{CODEC_GRACE, Call, Clock, JointInput, Path, Phase};
use crate::outbox::{Order, Outbox};
use crate::{CallEvent, MediaAction, Party, Side, Way, Why};

impl Call {
    /// A machine sounds. What answers a data call makes this one; a voice call goes on in spite of all others.
    pub(super) fn signal(&mut self, side: Side, signal: Signal, clock: Clock, out: &mut Outbox) {
        // Of three who talk no two are a fax and its machine.
        if self.confers.contains(&true) {
            return;
        }
        if let Some(joint) = self.joint.filter(|joint| !joint.lead) {
            // The other call has the sound.
            return out.tell_joint(joint.call, self.beginning.call, JointInput::Signal(signal));
        }
        if self.data || self.is_held() || !signal.is_data() {
            return;
        }
        match self.phase {
            Phase::Talking => {}
            // An answer tone that overtakes the answer.
            Phase::Early => {
                self.early = Some((side, signal));
                return;
            }
            Phase::Trying | Phase::Alerting | Phase::Over => return, // nobody hears it
        }
        self.data = true;
        let call = self.beginning.call;
        out.event(CallEvent::PassedThrough { call, by: Some((side, signal)) });
        if let Some(Path { a, b, .. }) = self.path {
            out.media(MediaAction::PassThrough { a, b });
        }
        self.tell(side.other(), Order::Data, out);
        self.timer = Some((clock.now + CODEC_GRACE, Why::Codec));
    }

    /// The party at `side` is in a conference, or no longer is. Sound of both of its calls goes at once.
    pub(super) fn confer(&mut self, side: Side, on: bool, out: &mut Outbox) {
        if on && self.holds(side) {
            self.hold(side, false, out);
        }
        self.confers[side as usize] = on;
    }

    pub(super) fn hold(&mut self, side: Side, on: bool, out: &mut Outbox) {
        match self.phase {
            Phase::Talking => {}
            // Before the answer there is nothing to hold; a line gives such a call up instead.
            Phase::Trying | Phase::Alerting | Phase::Early | Phase::Over => return,
        }
        let call = self.beginning.call;
        self.set_holds(side, on);
        self.confers[side as usize] = false;
        if let Some(joint) = self.joint.filter(|joint| !joint.lead) {
            out.tell_joint(joint.call, call, JointInput::Held(on));
        }
        self.route_sound(out);
        let (order, event) = if on {
            (Order::Held, CallEvent::Held { call, by: side })
        } else {
            (Order::Retrieved, CallEvent::Resumed { call, by: side })
        };
        self.tell(side.other(), order, out);
        out.event(event);
    }

    /// Makes the sound path what the phase and the holds ask for.
    pub(super) fn route_sound(&mut self, out: &mut Outbox) {
        let way = match self.phase {
            _ if self.is_for_the_called() || self.is_followed_by_any() => None,
            Phase::Early if self.both => Some(Way::Both),
            Phase::Early => Some(Way::ToA),
            Phase::Talking if !self.is_held() => Some(match self.unheard {
                None => Way::Both,
                Some(Side::Caller) => Way::ToA,
                Some(Side::Called) => Way::ToB,
            }),
            Phase::Talking | Phase::Trying | Phase::Alerting | Phase::Over => None,
        };
        let wanted = match (way, self.ends()) {
            (Some(way), Some((a, b))) => Some(Path { a, b, way }),
            (Some(_) | None, _) => None,
        };
        if wanted == self.path {
            return;
        }
        match wanted {
            Some(Path { a, b, way }) => {
                out.media(MediaAction::Connect { a, b, way });
                if self.data {
                    out.media(MediaAction::PassThrough { a, b });
                }
                self.path = wanted;
            }
            None => self.disconnect(out),
        }
    }

    /// Whose sound this call connects.
    fn ends(&self) -> Option<(Party, Party)> {
        match self.joint {
            None => Some((self.beginning.caller, self.called.first()?.party)),
            Some(joint) if joint.lead && joint.answered => {
                Some((self.party(joint.left.other())?, joint.party?))
            }
            Some(_) => None,
        }
    }

    pub(super) fn holds(&self, side: Side) -> bool {
        match side {
            Side::Caller => self.holds[0],
            Side::Called => self.holds[1],
        }
    }

    pub(super) fn set_holds(&mut self, side: Side, on: bool) {
        match side {
            Side::Caller => self.holds[0] = on,
            Side::Called => self.holds[1] = on,
        }
    }

    pub(super) fn disconnect(&mut self, out: &mut Outbox) {
        if let Some(Path { a, b, .. }) = self.path.take() {
            out.media(MediaAction::Disconnect { a, b });
        }
    }
}

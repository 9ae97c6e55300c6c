//! # What it does
//! Joins two calls of a telephone that hung up: the one that it held and the one in which it was. Their other parties
//! talk to each other from then on.
//!
//! # How
//! Both calls go on, each with its record, and each knows the other: what was told to the telephone is told to the
//! party in the other call. The call that was held, the leading one, has the sound. When one of the two ends, so does
//! the other; so both outside lines are released when either party clears.
//!
//! # Limits
//! One of the two parties has to be on an outside line; a telephone that holds anybody else is rung back. A call is
//! joined once, an emergency call never, and never one in which an exchange's dial tone was given of which nothing
//! tells that somebody answered.

use tipring_port::Signal;
use tipring_units::CallId;

use super::{Call, Clock, Phase};
use crate::outbox::{Order, Outbox};
use crate::{CallEvent, Cause, Clearer, Party, Priority, Side};

/// What one of two joined calls tells the other.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum JointInput {
    /// The telephone `left` hung up in this call while it holds you: be joined.
    Ask { left: Party, party: Option<Party>, answered: bool, held: bool, outside: bool },
    /// We are.
    Accepted,
    /// We cannot be.
    Refused,
    /// Our party, whom the telephone had called, answered.
    Answered(Party),
    /// Tell your party this.
    Relay(Order),
    /// Our party holds yours, or no longer does.
    Held(bool),
    /// Our party sounds as a machine does.
    Signal(Signal),
    /// It is over.
    Over { cause: Cause, by_gateway: bool },
}

/// The other call that this one is joined to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joint {
    pub call: CallId,
    /// Where the telephone was that hung up.
    pub left: Side,
    /// This call has the sound.
    pub lead: bool,
    /// The party of the other call.
    pub party: Option<Party>,
    /// Who was called in the other call has answered.
    pub answered: bool,
    /// The party of the other call holds ours.
    pub held: bool,
}

impl Call {
    /// The telephone at `side` hung up while it holds the call `held`.
    pub(super) fn join(&mut self, side: Side, from: Party, held: CallId, clock: Clock, out: &mut Outbox) {
        let ready = match self.phase {
            Phase::Alerting | Phase::Talking => true,
            // With an exchange's dial tone who is joined could dial on it.
            Phase::Early => !self.both,
            Phase::Trying | Phase::Over => false,
        };
        if !ready || !self.may_be_joined() {
            self.gone(side, Cause::NORMAL, clock, out);
            out.tell_party(from, held, Order::NotJoined);
            return;
        }
        self.disconnect(out);
        let (party, answered) = (self.party(side.other()), self.phase == Phase::Talking);
        let (held_by, outside) = (self.holds(side.other()), self.is_outside(side.other()));
        let joint = Joint { call: held, left: side, lead: false, party: None, answered, held: false };
        self.joint = Some(joint);
        let ask = JointInput::Ask { left: from, party, answered, held: held_by, outside };
        out.tell_joint(held, self.beginning.call, ask);
    }

    /// The other call says something; `of` is its number.
    pub fn on_joint(&mut self, of: CallId, input: JointInput, clock: Clock, out: &mut Outbox) {
        if let JointInput::Ask { left, party, answered, held, outside } = input {
            return self.asked(
                of,
                left,
                Joint { call: of, left: Side::Caller, lead: true, party, answered, held },
                outside,
                out,
            );
        }
        let Some(joint) = self.joint.as_mut().filter(|joint| joint.call == of) else { return };
        let left = joint.left;
        match input {
            JointInput::Ask { .. } | JointInput::Accepted => {}
            JointInput::Refused => {
                self.joint = None;
                self.end(Cause::NORMAL, Clearer::Side(left), clock, out);
            }
            JointInput::Answered(party) => {
                (joint.answered, joint.party) = (true, Some(party));
                self.tell(left.other(), Order::Retrieved, out);
                self.route_sound(out);
            }
            JointInput::Relay(order) => self.tell(left.other(), order, out),
            JointInput::Held(on) => {
                joint.held = on;
                self.route_sound(out);
            }
            JointInput::Signal(signal) => self.signal(left, signal, clock, out),
            JointInput::Over { cause, by_gateway } => {
                let by = if by_gateway { Clearer::Gateway } else { Clearer::Side(left) };
                self.disconnect(out);
                self.end(cause, by, clock, out);
            }
        }
    }

    /// The other call that this one is joined to.
    pub fn joined(&self) -> Option<CallId> {
        self.joint.map(|joint| joint.call)
    }

    fn asked(&mut self, of: CallId, telephone: Party, joint: Joint, outside: bool, out: &mut Outbox) {
        let call = self.beginning.call;
        let left = self.side(telephone).filter(|left| {
            self.phase == Phase::Talking && self.may_be_joined() && (outside || self.is_outside(left.other()))
        });
        let Some(left) = left else {
            out.tell_joint(of, call, JointInput::Refused);
            out.tell_party(telephone, call, Order::NotJoined);
            return;
        };
        out.tell_joint(of, call, JointInput::Accepted);
        out.tell_party(telephone, call, Order::Joined);
        self.joint = Some(Joint { left, ..joint });
        self.set_holds(left, false);
        let order = if joint.answered { Order::Retrieved } else { Order::Recalling };
        self.tell(left.other(), order, out);
        out.event(CallEvent::Joined { call, with: of });
        self.route_sound(out);
    }

    fn may_be_joined(&self) -> bool {
        // Who is joined with an exchange that may still take digits could call the world.
        !self.dials_on
            && self.joint.is_none()
            && !self.beginning.notice
            && self.beginning.priority == Priority::Normal
    }

    /// True if the party there is the exchange of an outside line.
    fn is_outside(&self, side: Side) -> bool {
        match side {
            Side::Caller => self.beginning.outside,
            Side::Called => self.called.first().is_some_and(|branch| branch.outside),
        }
    }

    /// The party there, unless it has left for good.
    pub(super) fn party(&self, side: Side) -> Option<Party> {
        if self.joint.is_some_and(|joint| joint.left == side) {
            return None;
        }
        match side {
            Side::Caller => Some(self.beginning.caller),
            Side::Called => self.called.first().map(|branch| branch.party),
        }
    }

    /// What was for the telephone that left is for the party in the other call.
    pub(super) fn relay(&self, joint: Joint, order: Order, out: &mut Outbox) {
        match order {
            Order::Held | Order::Retrieved | Order::Recalling | Order::Data | Order::Digit(..) => {
                out.tell_joint(joint.call, self.beginning.call, JointInput::Relay(order));
            }
            // Both parties are in a call already; its end is told to the call.
            Order::Offer(_)
            | Order::RingBack(_)
            | Order::Alerting
            | Order::Early
            | Order::Connected
            | Order::Notice
            | Order::Emergency
            | Order::Joined
            | Order::NotJoined
            | Order::Over(_) => {}
        }
    }
}

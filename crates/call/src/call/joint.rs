//! # What it does
//! Joins two calls of a telephone that hung up, or left them by key: the one that it held and the one in which it was. Their
//! other parties talk to each other from then on.
//!
//! # How
//! Both calls go on, each with its record, and each knows the other: what was told to the telephone is told to the
//! party in the other call. The call that was held, the leading one, has the sound. When one of the two ends, so does
//! the other; so both outside lines are released when either party clears.
//!
//! Where both parties are at the same server, that is asked to do it instead (`transfer`).
//!
//! # Limits
//! A call is joined once, an emergency call never, and never one in which an exchange's dial tone was given of which
//! nothing tells that somebody answered, nor one whose exchange said that nobody will.

use tipring_port::Signal;
use tipring_units::CallId;

use super::{Call, Clock, Phase};
use crate::outbox::{Order, Outbox};
use crate::{CallEvent, Cause, Clearer, Number, Party, Priority, ServerName, Side, Via};

/// What one of two joined calls tells the other.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // lives for one message
pub(crate) enum JointInput {
    /// The telephone `left` hung up in this call while it holds you: be joined.
    Ask(Asking),
    /// We are.
    Accepted,
    /// Your party goes elsewhere by itself: ours, which does not answer yet, is called in vain.
    GiveUp,
    /// We cannot be.
    Refused,
    /// Your party goes elsewhere, by us.
    Follows,
    /// It may not.
    NotFollowing(Cause),
    /// It rings there.
    Rings,
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

/// A call that wants to be joined.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Asking {
    /// The telephone that hung up.
    pub left: Party,
    /// The other party.
    pub party: Option<Party>,
    /// Who was called answered.
    pub answered: bool,
    /// The other party holds.
    pub held: bool,
    /// The server that the other party is at.
    pub server: Option<ServerName>,
    /// The number that was called.
    pub sent: Number,
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
    /// Refused, the telephone is in this call as before.
    pub keeps: bool,
}

impl Call {
    /// The telephone at `side` hung up while it holds the call `held`; or wants to leave it, and `keeps` it otherwise.
    pub(super) fn join(
        &mut self,
        side: Side,
        from: Party,
        held: CallId,
        keeps: bool,
        clock: Clock,
        out: &mut Outbox,
    ) {
        let ready = match self.phase {
            Phase::Alerting | Phase::Talking => true,
            // With an exchange's dial tone who is joined could dial on it.
            Phase::Early => !self.both,
            Phase::Trying | Phase::Over => false,
        };
        if !ready || !self.may_be_joined() {
            if keeps {
                return out.tell_party(from, held, Order::NotJoined);
            }
            self.gone(side, Cause::NORMAL, clock, out);
            out.tell_party(from, held, Order::NotJoined);
            return;
        }
        self.disconnect(out);
        let (party, answered) = (self.party(side.other()), self.phase == Phase::Talking);
        let joint = Joint { call: held, left: side, lead: false, party: None, answered, held: false, keeps };
        let ask = Asking {
            left: from,
            party,
            answered,
            held: self.holds(side.other()),
            server: self.server_at(side.other()),
            sent: self.shown_branch().map_or(self.beginning.dialled, |branch| branch.sent),
        };
        self.joint = Some(joint);
        out.tell_joint(held, self.beginning.call, JointInput::Ask(ask));
    }

    /// The other call says something; `of` is its number.
    pub fn on_joint(&mut self, of: CallId, input: JointInput, clock: Clock, out: &mut Outbox) {
        match input {
            JointInput::Ask(asking) => return self.asked(of, asking, clock, out),
            JointInput::Over { .. } if self.waits_for(of) => return self.refer(clock, out),
            _ if self.follow.is_some_and(|follow| follow.call == of) => {
                self.on_follow(of, input, clock, out);
                return;
            }
            JointInput::Over { .. }
            | JointInput::Accepted
            | JointInput::GiveUp
            | JointInput::Refused
            | JointInput::Follows
            | JointInput::NotFollowing(_)
            | JointInput::Rings
            | JointInput::Answered(_)
            | JointInput::Relay(_)
            | JointInput::Held(_)
            | JointInput::Signal(_) => {}
        }
        let Some(joint) = self.joint.as_mut().filter(|joint| joint.call == of) else { return };
        let left = joint.left;
        match input {
            // Not between two that are joined.
            JointInput::Ask(_)
            | JointInput::Accepted
            | JointInput::Follows
            | JointInput::NotFollowing(_)
            | JointInput::Rings => {}
            JointInput::GiveUp => self.end(Cause::NORMAL, Clearer::Side(left), clock, out),
            JointInput::Refused if joint.keeps => {
                self.joint = None;
                self.route_sound(out);
            }
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

    fn asked(&mut self, of: CallId, asking: Asking, clock: Clock, out: &mut Outbox) {
        let (call, telephone) = (self.beginning.call, asking.left);
        // Held by a telephone that leaves, and nobody will answer: neither joined nor rung back for.
        if self.hopeless
            && let Some(left) = self.side(telephone)
        {
            out.tell_joint(of, call, JointInput::Refused);
            return self.end(Cause::NORMAL, Clearer::Side(left), clock, out);
        }
        let left = self.side(telephone).filter(|_| self.phase == Phase::Talking && self.may_be_joined());
        let Some(left) = left else {
            out.tell_joint(of, call, JointInput::Refused);
            out.tell_party(telephone, call, Order::NotJoined);
            return;
        };
        let server = self.server_at(left.other());
        let at_one_server = server.is_some() && server == asking.server && !self.stays;
        if at_one_server && !asking.answered {
            return self.hand_over(left, of, asking, out);
        }
        out.tell_joint(of, call, JointInput::Accepted);
        out.tell_party(telephone, call, Order::Joined);
        let Asking { party, answered, held, .. } = asking;
        self.joint = Some(Joint { call: of, left, lead: true, party, answered, held, keeps: false });
        self.set_holds(left, false);
        let order = if answered { Order::Retrieved } else { Order::Recalling };
        self.tell(left.other(), order, out);
        out.event(CallEvent::Joined { call, with: of });
        self.route_sound(out);
        if at_one_server && let Some(Party::Far(far)) = party {
            self.refer_to_leg(left.other(), of, far, asking.sent, clock, out);
        }
    }

    fn may_be_joined(&self) -> bool {
        // Who is joined with an exchange that may still take digits could call the world.
        !self.dials_on
            && !self.hopeless
            && self.joint.is_none()
            && self.transfer.is_none()
            && self.follow.is_none()
            && self.parked.is_none()
            && !self.beginning.notice
            && self.beginning.priority == Priority::Normal
    }

    /// The server that the party there is at, where it is one.
    pub(super) fn server_at(&self, side: Side) -> Option<ServerName> {
        let via = match side {
            Side::Caller => self.beginning.came_by,
            Side::Called => match self.called.as_slice() {
                [only] => only.via,
                _ => None, // several ring
            },
        };
        match via? {
            Via::Server(name) => Some(name),
            Via::User(_) => None,
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
        if self.tell_followed(joint, order, out) {
            return;
        }
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
            | Order::TakeOver { .. }
            | Order::Completable(_)
            | Order::Refer(_)
            | Order::Transferring
            | Order::NotTransferring
            | Order::TransferFailed(_)
            | Order::SendOn { .. }
            | Order::Over(_) => {}
        }
    }
}

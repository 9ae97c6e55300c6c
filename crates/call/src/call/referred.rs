//! # What it does
//! A far end sends the other party of its call elsewhere: that one gets there, and the far end is out of it.
//!
//! # How
//! A second call is made for the party, without a word to it: it goes on hearing whom it hears. Rung there, the far end is told;
//! answered, the two calls are joined in the far end's place, which is let go; refused, the far end is told that, and all is as it
//! was. A far end may hang up as soon as its wish is taken: the party hears ringback then, and what becomes of the second
//! call becomes of the first.
//!
//! # Limits
//! One at a time, and only while both talk. Sound before the answer is not heard.
//!
//! # Standard
//! What it is by SIP: RFC 3515, RFC 3891 for a place in another call; RFC 5589.

use tipring_units::CallId;

use super::joint::{Joint, JointInput};
use super::{Call, Clock, Phase};
use crate::outbox::{Order, Outbox, Wish};
use crate::{CallEvent, Cause, FarAction, FarId, Number, Party, Priority, ReferEnd, ReferStep, Side};

/// A party that is on its way elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Follow {
    /// By this call, once there is one.
    pub call: CallId,
    /// Where the far end is that wants it.
    by: Side,
    leg: FarId,
    to: Number,
    /// The wish was taken.
    taken: bool,
    /// It hung up.
    gone: bool,
    /// Somebody rings.
    rings: bool,
}

impl Call {
    /// The far end at `side` sends the other party to `to`, or by `place` to where it is itself in another call.
    pub(super) fn referred(&mut self, side: Side, leg: FarId, to: Number, place: bool, out: &mut Outbox) {
        let may = self.phase == Phase::Talking
            && self.joint.is_none()
            && self.transfer.is_none()
            && self.follow.is_none()
            && !self.dials_on
            && !self.confers.contains(&true)
            && !self.beginning.notice
            && self.beginning.priority == Priority::Normal;
        let Some(party) = self.party(side.other()).filter(|_| may) else {
            out.far(leg, FarAction::AnswerRefer(Err(Cause::REJECTED)));
            return;
        };
        let server = self.server_at(side);
        let call = out.new_call();
        self.follow = Some(Follow { call, by: side, leg, to, taken: false, gone: false, rings: false });
        let (of, from) = (self.beginning.call, self.shown_to(side));
        out.begin(call, party, Wish::Referred { of, leg, server, from, to, place });
    }

    /// The far end there has left, and its party is on the way.
    pub(super) fn is_followed(&self, side: Side) -> bool {
        self.follow.is_some_and(|follow| follow.gone && follow.by == side)
    }

    /// A far end has left, and its party is on the way.
    pub(super) fn is_followed_by_any(&self) -> bool {
        self.follow.is_some_and(|follow| follow.gone)
    }

    /// The far end hung up: true if its party is on the way elsewhere, and so stays.
    pub(super) fn leaves_to_follow(&mut self, side: Side, out: &mut Outbox) -> bool {
        let Some(follow) = self.follow.as_mut().filter(|follow| follow.taken && follow.by == side) else {
            return false;
        };
        follow.gone = true;
        let rings = follow.rings;
        self.disconnect(out);
        if rings {
            self.tell(side.other(), Order::Recalling, out);
        }
        true
    }

    /// The call ends: so does that of its party elsewhere.
    pub(super) fn unfollow(&mut self, cause: Cause, out: &mut Outbox) {
        if let Some(follow) = self.follow.take() {
            out.tell_joint(follow.call, self.beginning.call, JointInput::Over { cause, by_gateway: true });
            out.far(follow.leg, FarAction::ReportRefer(ReferStep::Failed(cause)));
        }
    }

    /// News of the second call; false if it is none.
    pub(super) fn on_follow(
        &mut self,
        of: CallId,
        input: JointInput,
        clock: Clock,
        out: &mut Outbox,
    ) -> bool {
        let Some(follow) = self.follow.as_mut().filter(|follow| follow.call == of) else { return false };
        let (call, Follow { by, leg, to, gone, .. }) = (self.beginning.call, *follow);
        match input {
            JointInput::Follows => {
                follow.taken = true;
                out.far(leg, FarAction::AnswerRefer(Ok(())));
                out.event(CallEvent::Referred { call, by, to, with: of });
            }
            JointInput::NotFollowing(cause) => {
                self.follow = None;
                out.far(leg, FarAction::AnswerRefer(Err(cause)));
                out.event(CallEvent::TransferEnded { call, end: ReferEnd::Refused(cause) });
            }
            JointInput::Rings => {
                follow.rings = true;
                out.far(leg, FarAction::ReportRefer(ReferStep::Rings));
                if gone {
                    self.tell(by.other(), Order::Recalling, out);
                }
            }
            JointInput::Answered(party) => {
                self.follow = None;
                self.disconnect(out);
                out.far(leg, FarAction::ReportRefer(ReferStep::Done));
                if !gone {
                    self.tell(by, Order::Over(Cause::NORMAL), out);
                }
                let joint = Joint {
                    call: of,
                    left: by,
                    lead: true,
                    party: Some(party),
                    answered: true,
                    held: false,
                    keeps: false,
                };
                self.joint = Some(joint);
                self.set_holds(by, false);
                self.tell(by.other(), Order::Retrieved, out);
                out.event(CallEvent::TransferEnded { call, end: ReferEnd::Done });
                self.route_sound(out);
            }
            JointInput::Over { cause, .. } => {
                self.follow = None;
                out.far(leg, FarAction::ReportRefer(ReferStep::Failed(cause)));
                out.event(CallEvent::TransferEnded { call, end: ReferEnd::Failed(cause) });
                if gone {
                    self.tell(by.other(), Order::Retrieved, out);
                    self.gone(by, cause, clock, out);
                }
            }
            JointInput::Ask(_)
            | JointInput::Accepted
            | JointInput::GiveUp
            | JointInput::Refused
            | JointInput::Relay(_)
            | JointInput::Held(_)
            | JointInput::Signal(_) => {} // only between joined ones
        }
        true
    }

    /// What is told to the caller of a call that was made for a party without a word to it.
    pub(super) fn tell_followed(&self, joint: Joint, order: Order, out: &mut Outbox) -> bool {
        if self.beginning.follows.is_none() || self.answered.is_some() {
            return false;
        }
        if order == Order::Alerting {
            out.tell_joint(joint.call, self.beginning.call, JointInput::Rings);
        }
        true
    }

    /// The call that this one is made for.
    pub(super) fn joint_of(follows: Option<Follows>) -> Option<Joint> {
        let joint = |follows: Follows| Joint {
            call: follows.of,
            left: Side::Caller,
            lead: false,
            party: None,
            answered: false,
            held: false,
            keeps: false,
        };
        follows.map(joint)
    }
}

/// The call of which a party is on its way elsewhere by this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Follows {
    pub of: CallId,
    /// The far end that wants it.
    pub leg: FarId,
}

impl Follows {
    /// The far end, for who is called in its name.
    pub fn leg_of(follows: Option<Self>, party: Party) -> Option<FarId> {
        match party {
            Party::Far(_) => follows.map(|follows| follows.leg),
            Party::Line(_) => None,
        }
    }
}

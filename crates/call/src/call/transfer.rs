//! # What it does
//! Sends a party of a call elsewhere, so that neither the telephone nor this box has to do with it any more: the other
//! party of a telephone that handed its call on.
//!
//! # How
//! Two parties at one server that both talk are joined here first, and hear each other at once; then one is sent to the
//! other, in the place that this box has there. Should that be refused, nothing is lost: they are joined. Who is to go to a
//! number (`Stage`) stays held until it is there; the telephone is free as soon as it has hung up, and is rung back should the
//! other not get there. That one hears ringback then, and is let go if nobody takes it back.
//!
//! # Limits
//! Only to a number or party at the same server; all else is joined here. [`SILENCE`] without a word of how it goes, then it
//! has failed. A telephone that talks again is tried [`TRIES`] times.
//!
//! # Standard
//! What a server makes of it: RFC 3515, RFC 3891; RFC 5589 clauses 6 and 7.

use tipring_units::{CallId, Millis};

use super::joint::Asking;
use super::{Call, Clock, JointInput, Phase};
use crate::outbox::{Order, Outbox};
use crate::plan::Selection;
use crate::{
    CallEvent, Cause, Clearer, Destination, FarId, Number, Party, Priority, ReferEnd, ReferTo, Side, Timers,
    Why,
};

/// Whoever was sent elsewhere says for so long nothing of how that goes.
const SILENCE: Millis = Millis::from_secs(30);
/// A telephone that cannot be rung back is tried again after this,
const AGAIN: Millis = Millis::from_secs(5);
/// and so often.
const TRIES: u8 = 12;

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The call that this one is in place of has to be given up first.
    Waits(CallId),
    /// The party was asked to go.
    Asked,
    /// It goes.
    Goes,
    /// It is not there, and the telephone is to take it back.
    RingsBack { tries: u8 },
}

/// A party that is sent to a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Transfer {
    /// Where the telephone is that sends the other one.
    by: Side,
    /// It hung up.
    left: bool,
    to: Number,
    stage: Stage,
}

impl Call {
    /// The telephone there has hung up on a party that it sent elsewhere, or has parked.
    pub(super) fn has_hung_up(&self, side: Side) -> bool {
        self.has_parked(side) || self.transfer.is_some_and(|transfer| transfer.left && transfer.by == side)
    }

    /// A party has hung up, and the other one is on its way elsewhere.
    pub fn is_on_its_way(&self) -> bool {
        self.transfer.is_some_and(|transfer| transfer.left) || self.is_followed_by_any()
    }

    /// The call `of` has to be given up before the party here is sent where that went.
    pub(super) fn waits_for(&self, of: CallId) -> bool {
        self.transfer.is_some_and(|transfer| transfer.stage == Stage::Waits(of))
    }

    /// The telephone at `by` hung up while the call `of` rang, by the server of our party: that goes there by itself.
    pub(super) fn hand_over(&mut self, by: Side, of: CallId, asking: Asking, out: &mut Outbox) {
        self.transfer = Some(Transfer { by, left: true, to: asking.sent, stage: Stage::Waits(of) });
        out.tell_joint(of, self.beginning.call, JointInput::GiveUp);
        out.tell_party(asking.left, self.beginning.call, Order::Joined);
    }

    /// The party at `side` is joined to that of `of`: it may take our place there.
    pub(super) fn refer_to_leg(
        &mut self,
        side: Side,
        of: CallId,
        leg: FarId,
        to: Number,
        clock: Clock,
        out: &mut Outbox,
    ) {
        let call = self.beginning.call;
        out.event(CallEvent::Transfers { call, party: side, to, with: Some(of) });
        self.tell(side, Order::Refer(ReferTo::Leg(leg)), out);
        self.timer = Some((clock.now + SILENCE, Why::Transfer));
    }

    /// The telephone at `side`, which holds the other party, sends it to what it dialled.
    pub(super) fn send_away(
        &mut self,
        side: Side,
        from: Party,
        selection: Selection,
        clock: Clock,
        out: &mut Outbox,
    ) {
        let own = self.server_at(side.other());
        let there = match selection.to {
            Some(Destination::Server { name, number }) if Some(name) == own => {
                Some(number.unwrap_or(selection.sent))
            }
            Some(_) | None => None,
        };
        let may = self.phase == Phase::Talking
            && self.beginning.priority == Priority::Normal
            && !self.stays
            && self.transfer.is_none()
            && self.joint.is_none();
        match there.filter(|_| may) {
            Some(to) => {
                self.transfer = Some(Transfer { by: side, left: false, to, stage: Stage::Asked });
                self.refer(clock, out);
            }
            None => out.tell_party(from, self.beginning.call, Order::NotTransferring),
        }
    }

    /// Sends it.
    pub(super) fn refer(&mut self, clock: Clock, out: &mut Outbox) {
        let Some(transfer) = &mut self.transfer else { return };
        transfer.stage = Stage::Asked;
        let Transfer { by, to, .. } = *transfer;
        let call = self.beginning.call;
        out.event(CallEvent::Transfers { call, party: by.other(), to, with: None });
        self.tell(by.other(), Order::Refer(ReferTo::Number(to)), out);
        self.timer = Some((clock.now + SILENCE, Why::Transfer));
    }

    /// It tells that it goes.
    pub(super) fn refer_goes(&mut self, clock: Clock, timers: Timers, out: &mut Outbox) {
        if self.transfer.is_none() && self.joint.is_none() {
            return; // taken back meanwhile
        }
        // Somebody may ring there.
        self.timer = Some((clock.now + timers.answer.max(SILENCE), Why::Transfer));
        if let Some(transfer) = &mut self.transfer
            && transfer.stage == Stage::Asked
        {
            transfer.stage = Stage::Goes;
            let by = transfer.by;
            self.tell(by, Order::Transferring, out);
        }
    }

    /// What became of it.
    pub(super) fn refer_ended(&mut self, end: ReferEnd, clock: Clock, out: &mut Outbox) {
        let call = self.beginning.call;
        out.event(CallEvent::TransferEnded { call, end });
        if matches!(self.timer, Some((_, Why::Transfer))) {
            self.timer = None;
        }
        self.stays |= matches!(end, ReferEnd::Refused(_));
        let by = self.transfer.map(|transfer| transfer.by).or(self.joint.map(|joint| joint.left));
        match (end, by) {
            (ReferEnd::Done, Some(by)) => self.end(Cause::NORMAL, Clearer::Side(by), clock, out),
            // It was taken back, and has gone all the same.
            (ReferEnd::Done, None) => self.end(Cause::NORMAL, Clearer::Gateway, clock, out),
            (ReferEnd::Failed(cause) | ReferEnd::Refused(cause), _) => self.comes_back(cause, out),
            (ReferEnd::Unknown, _) => self.comes_back(Cause::NO_REACTION, out),
        }
    }

    /// It is where it was. Two that are joined stay so.
    fn comes_back(&mut self, cause: Cause, out: &mut Outbox) {
        let Some(transfer) = &mut self.transfer else { return };
        let Transfer { by, left, stage, .. } = *transfer;
        match (stage, left) {
            (Stage::Waits(_) | Stage::RingsBack { .. }, _) => {} // it was not sent
            (Stage::Asked | Stage::Goes, true) => {
                (transfer.left, transfer.stage) = (false, Stage::RingsBack { tries: 0 });
                self.ring_back(by, out);
            }
            (Stage::Asked, false) => {
                self.transfer = None;
                self.tell(by, Order::NotTransferring, out);
            }
            (Stage::Goes, false) => {
                self.transfer = None;
                self.tell(by, Order::TransferFailed(cause), out);
            }
        }
    }

    /// The telephone hung up on whom it has sent elsewhere: it is free.
    pub(super) fn hangs_up_meanwhile(&mut self, side: Side, from: Party, out: &mut Outbox) {
        let Some(transfer) = self.transfer.as_mut().filter(|transfer| transfer.by == side) else { return };
        transfer.left = true;
        out.tell_party(from, self.beginning.call, Order::Joined);
    }

    /// The telephone at `side` has the other one back.
    pub(super) fn takes_back(&mut self, side: Side) {
        if self.transfer.is_some_and(|transfer| transfer.by == side) {
            self.transfer = None;
        }
    }

    /// The telephone talks, or is out of service: it is rung back later.
    pub(super) fn not_rung(&mut self, side: Side, clock: Clock, out: &mut Outbox) {
        let Some(transfer) = self.transfer.as_mut().filter(|transfer| transfer.by == side) else { return };
        let Stage::RingsBack { tries } = &mut transfer.stage else { return };
        *tries += 1;
        if *tries >= TRIES {
            return self.end(Cause::NO_ANSWER, Clearer::Gateway, clock, out);
        }
        transfer.left = true;
        self.timer = Some((clock.now + AGAIN, Why::Transfer));
    }

    /// Nothing was told for long, or the telephone is to be rung back again.
    pub(super) fn transfer_timer(&mut self, clock: Clock, out: &mut Outbox) {
        match self.transfer.as_mut() {
            Some(transfer @ Transfer { stage: Stage::RingsBack { .. }, .. }) => {
                transfer.left = false;
                let by = transfer.by;
                self.ring_back(by, out);
            }
            Some(Transfer { stage: Stage::Waits(_) | Stage::Asked | Stage::Goes, .. }) => {
                self.refer_ended(ReferEnd::Unknown, clock, out);
            }
            // Two that are joined stay so.
            None => {}
        }
    }
}

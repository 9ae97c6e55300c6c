//! # What it does
//! A call that is parked: its telephone has left it, the other party is held, and any telephone of the house takes it back.
//!
//! # How
//! The one who parked is still the call's party, but neither hears of it nor is heard, until somebody takes its place
//! ([`Call::take_over`]) or [`PARKED`] is over: then it is rung back. A telephone that talks just then is tried again.
//!
//! # Limits
//! An answered call of two parties, no emergency. [`TRIES`] times the one who parked is rung back; if it does not answer the
//! call ends.

use tipring_units::Millis;

use super::{Branch, Call, Clock, Phase};
use crate::outbox::{Order, Outbox};
use crate::{CallEvent, Cause, Clearer, Number, Party, Priority, Side, Why};

/// For so long a call stays parked.
const PARKED: Millis = Millis::from_secs(90);
/// Who parked and talks is tried again after this,
const AGAIN: Millis = Millis::from_secs(15);
/// and so often.
const TRIES: u8 = 12;

/// A call that is parked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parked {
    /// Where the telephone is that parked it.
    by: Side,
    /// The number under which it is found: that of the telephone that parked it.
    slot: Number,
    /// The telephone is being rung back.
    rings_back: bool,
    tries: u8,
}

impl Call {
    /// The number under which it is parked.
    pub fn slot(&self) -> Option<Number> {
        self.parked.filter(|parked| !parked.rings_back).map(|parked| parked.slot)
    }

    /// The telephone there has left it parked.
    pub(super) fn has_parked(&self, side: Side) -> bool {
        self.parked.is_some_and(|parked| parked.by == side && !parked.rings_back)
    }

    /// True if `party`, which holds the other, may leave it parked.
    pub fn may_be_parked(&self, party: Party) -> bool {
        self.phase == Phase::Talking
            && self.beginning.priority == Priority::Normal
            && !self.beginning.notice
            && self.joint.is_none()
            && self.transfer.is_none()
            && self.follow.is_none()
            && self.parked.is_none()
            && self.side(party).is_some_and(|side| self.holds(side))
    }

    /// `party` leaves it parked under `slot`.
    pub fn park(&mut self, party: Party, slot: Number, clock: Clock, out: &mut Outbox) {
        let Some(by) = self.side(party) else { return };
        self.parked = Some(Parked { by, slot, rings_back: false, tries: 0 });
        self.timer = Some((clock.now + PARKED, Why::Park));
        out.event(CallEvent::Parked { call: self.beginning.call, slot });
    }

    /// `party` takes the place of the one who parked it, and has to take the other back.
    pub fn take_over(&mut self, party: Party, out: &mut Outbox) {
        let Some(Parked { by, .. }) = self.parked.take() else { return };
        self.timer = None;
        match by {
            Side::Caller => self.beginning.caller = party,
            Side::Called => {
                let branch = Branch { party, via: None, sent: self.beginning.dialled };
                self.called = vec![branch];
                self.last = Some(branch);
            }
        }
        let call = self.beginning.call;
        out.event(CallEvent::PickedUp { call, party, side: by });
        out.tell_party(party, call, Order::TakeOver { answers: false });
    }

    /// True while it rings at `party`, and somebody else may answer.
    pub fn rings_at(&self, party: Party) -> bool {
        match self.phase {
            Phase::Trying | Phase::Alerting | Phase::Early => {
                let may_be_taken = !self.beginning.notice && self.beginning.priority != Priority::Emergency;
                may_be_taken && self.called.iter().any(|branch| branch.party == party)
            }
            Phase::Talking | Phase::Over => false,
        }
    }

    /// `party` answers it in place of those who ring.
    pub fn pick_up(&mut self, party: Party, out: &mut Outbox) {
        self.called.push(Branch { party, via: None, sent: self.beginning.dialled });
        let call = self.beginning.call;
        out.event(CallEvent::PickedUp { call, party, side: Side::Called });
        out.tell_party(party, call, Order::TakeOver { answers: true });
    }

    /// It was parked long enough: the one who parked it is rung back.
    pub(super) fn park_timer(&mut self, out: &mut Outbox) {
        let Some(parked) = &mut self.parked else { return };
        parked.rings_back = true;
        let by = parked.by;
        self.ring_back(by, out);
    }

    /// The one who parked it cannot be rung now. False if nothing was parked.
    pub(super) fn not_rung_for_parked(&mut self, side: Side, clock: Clock, out: &mut Outbox) -> bool {
        let Some(parked) = self.parked.as_mut().filter(|parked| parked.by == side) else { return false };
        parked.tries += 1;
        if parked.tries >= TRIES {
            self.end(Cause::NO_ANSWER, Clearer::Gateway, clock, out);
        } else {
            parked.rings_back = false;
            self.timer = Some((clock.now + AGAIN, Why::Park));
        }
        true
    }

    /// The one who parked it has the other back.
    pub(super) fn is_back_from_park(&mut self, side: Side) {
        if self.parked.is_some_and(|parked| parked.by == side) {
            self.parked = None;
        }
    }
}

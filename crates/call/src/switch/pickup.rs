//! What telephones ask of the house by star code: pick-up of a call that rings elsewhere, and park.
//!
//! # How
//! A call that rings is answered by whoever picks it up, as if that one had rung too. Directed pick-up takes the oldest call
//! that rings at one telephone, by its number; group pick-up the oldest that rings at any telephone of a pick-up group of the
//! one who asks. A call is parked under the number of the telephone that parks it, and taken back by that number.
//!
//! # Rules of the house
//! A telephone that is in pick-up groups is picked up by those who share one with it, also by its number; one that is in
//! none by its number only, by anybody. A desk that is told of an emergency call, and a telephone that is rung back, are not
//! picked up. A telephone parks one call at a time.

use tipring_units::{CallId, LineId};

use super::Switch;
use crate::features::Given;
use crate::outbox::Ask;
use crate::station::Station;
use crate::{Number, Party, Phone, Via};

impl Switch {
    /// A telephone asks something of the house.
    pub(super) fn ask(&mut self, line: LineId, given: Given, ask: Ask) {
        let done = match ask {
            Ask::PickUp(number) => match self.ringing(line, number) {
                Some(call) => {
                    return self.with_call(call, |call, _, out| call.pick_up(Party::Line(line), out));
                }
                None => false,
            },
            Ask::Park(call) => self.park(line, call),
            Ask::Unpark(slot) => match self.parked(slot).filter(|call| !self.is_in(line, *call)) {
                Some(call) => {
                    return self.with_call(call, |call, _, out| call.take_over(Party::Line(line), out));
                }
                None => false,
            },
            Ask::CallBack(number, far) => match self.wants_back(line, number, far) {
                Some(done) => done,
                None => return self.with_telephone(line, |side, scene| side.awaits_house(given, scene)),
            },
            Ask::CallBackOff => self.wants_nobody_back(line),
        };
        self.with_telephone(line, |side, scene| side.answered_by_house(given, done, scene));
    }

    /// The oldest call that `line` may pick up: at that number, or in its groups.
    fn ringing(&self, line: LineId, number: Option<Number>) -> Option<CallId> {
        let own = self.setup.phones.iter().find(|phone| phone.line == line)?;
        let shares = |phone: &Phone| phone.pickup.iter().any(|group| own.pickup.contains(group));
        let may = |phone: &&Phone| match number {
            Some(number) => phone.number == number && (phone.pickup.is_empty() || shares(phone)),
            None => shares(phone),
        };
        let lines = self.setup.phones.iter().filter(may).filter(|phone| phone.line != line);
        let mut parties: Vec<Party> = lines.map(|phone| Party::Line(phone.line)).collect();
        let is_user = |via: Via| number.is_some_and(|number| via == Via::User(number));
        let legs = self.legs.iter().filter(|(_, leg)| is_user(leg.via()));
        parties.extend(legs.map(|(leg, _)| Party::Far(*leg)));
        let rings = |party: &Party, call: CallId| match party {
            Party::Line(line) => self.lines.get(line).and_then(Station::active) == Some(call),
            Party::Far(_) => true,
        };
        let mut calls = self.calls.iter();
        let found = calls
            .find(|(call, own)| parties.iter().any(|party| own.rings_at(*party) && rings(party, **call)));
        // Nobody picks up a call of its own.
        found.filter(|(_, call)| call.caller() != Party::Line(line)).map(|(call, _)| *call)
    }

    fn park(&mut self, line: LineId, call: CallId) -> bool {
        let Some(phone) = self.setup.phones.iter().find(|phone| phone.line == line) else { return false };
        let (slot, party) = (phone.number, Party::Line(line));
        let may = self.calls.get(&call).is_some_and(|call| call.may_be_parked(party));
        if !may || self.parked(slot).is_some() {
            return false;
        }
        self.with_call(call, |call, clock, out| call.park(party, slot, clock, out));
        true
    }

    /// The call that is parked there.
    /// True if the line is one of the two in the call already.
    fn is_in(&self, line: LineId, call: CallId) -> bool {
        self.calls.get(&call).is_some_and(|call| call.side(Party::Line(line)).is_some())
    }

    fn parked(&self, slot: Number) -> Option<CallId> {
        self.calls.iter().find(|(_, call)| call.slot() == Some(slot)).map(|(call, _)| *call)
    }
}

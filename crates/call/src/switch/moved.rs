//! A far end that was called says where else somebody is to be found: whether the call may go there.
//!
//! # How
//! A place at a server of the configuration is good where who calls may call such a number by the class of service, read as the
//! country's numbers; a number that was asked for already, at another server, needs no leave. Where a telephone has
//! forwarded the call its own class counts, and that of a SIP telephone that names the place. Who has none, a caller
//! from outside, is sent on within the server that says so, which pays for it, and to telephones of the house. A place of the house is
//! read by the dial plan, and what is forwarded there is.
//!
//! # Limits
//! Nothing goes to a server that the configuration does not have. No call becomes one to an emergency number so; an emergency call
//! goes on only to emergency numbers, at a server. The call counts the hops ([`crate::call`]).
//!
//! # Standard
//! RFC 3261 §8.1.3.4: in the order of q, one after the other.

use tipring_units::CallId;

use super::Switch;
use super::begin::without;
use super::divert::Came;
use crate::call::{Call, MovedFrom};
use crate::route::{Attempt, Target};
use crate::{
    CallEvent, Cause, Move, MovedTo, Moves, Number, Party, Permission, Priority, ServerName, StayWhy, Via,
};

impl Switch {
    /// `by`, who was called, is to be found elsewhere.
    pub(super) fn moved(&mut self, id: CallId, by: Party, to: Moves) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(from) = call.moved_from(by) else { return };
        let found: Vec<(Move, Result<Vec<Attempt>, StayWhy>)> =
            to.iter().map(|one| one.of(from.sent)).map(|one| (one, self.place(call, from, one))).collect();
        let mut ways = Vec::new();
        let mut last = Cause::REDIRECTED;
        for (Move { to, at }, place) in found {
            let stays = place.as_ref().err().copied();
            self.out.event(CallEvent::Moved { call: id, to, at, stays });
            match place {
                Ok(more) => ways.extend(more),
                Err(why) => last = cause_of(why),
            }
        }
        let ways = if ways.is_empty() { Err(last) } else { Ok(ways) };
        let timers = self.setup.timers;
        self.with_call(id, |call, clock, out| call.goes_on(ways, clock, timers, out));
    }

    fn place(&self, call: &Call, from: MovedFrom, one: Move) -> Result<Vec<Attempt>, StayWhy> {
        let is_emergency = self.plan.emergency(one.to.as_str()).is_some();
        if one.at == MovedTo::Stranger {
            return Err(StayWhy::Stranger);
        }
        if is_emergency != (call.priority() == Priority::Emergency) {
            return Err(StayWhy::Emergency);
        }
        let permission = self.class_for_move(call, from);
        match one.at {
            MovedTo::Server(name) => self.place_at_server(call, from, name, one.to, permission),
            MovedTo::House if is_emergency => Err(StayWhy::Emergency),
            MovedTo::House => self.place_in_house(call, one.to, permission),
            MovedTo::Stranger => Err(StayWhy::Stranger),
        }
    }

    fn place_at_server(
        &self,
        call: &Call,
        from: MovedFrom,
        name: ServerName,
        number: Number,
        permission: Option<Permission>,
    ) -> Result<Vec<Attempt>, StayWhy> {
        let own = from.via == Some(Via::Server(name));
        let is_round = call.has_been(name, number) || own && number == from.sent;
        if is_round || call.came_by() == Some(Via::Server(name)) {
            return Err(StayWhy::Loop);
        }
        if !self.setup.servers.iter().any(|server| server.name == name) {
            return Err(StayWhy::Stranger);
        }
        let (kind, anything) = self.plan.kind_at_server(number.as_str());
        let is_allowed = match permission {
            _ if call.priority() == Priority::Emergency || number == from.sent => true,
            Some(permission) => permission.allows(kind, anything) && !self.plan.bars(number.as_str()),
            None => own,
        };
        if !is_allowed {
            return Err(StayWhy::Barred);
        }
        if self.down.contains(&name) {
            return Err(StayWhy::NoWay);
        }
        Ok(vec![Attempt::one(Target::Server { name, number })])
    }

    fn place_in_house(
        &self,
        call: &Call,
        number: Number,
        permission: Option<Permission>,
    ) -> Result<Vec<Attempt>, StayWhy> {
        if call.has_been(ServerName::EMPTY, number) {
            return Err(StayWhy::Loop);
        }
        let own = match call.caller() {
            Party::Line(line) if self.is_outside(line) => Some(line),
            Party::Line(_) | Party::Far(_) => None,
        };
        let ways = match permission {
            Some(permission) => {
                self.read(number).and_then(|selection| self.allowed(selection, permission, own))
            }
            None => self.map(own).house_of(number).ok_or(Cause::Barred),
        };
        let ways = ways.and_then(|ways| self.rooms_apart(ways, call.caller()));
        let ways = match call.priority() {
            Priority::Normal => ways.and_then(|ways| self.diverted(ways, call.from(), own, Came::default())),
            Priority::High | Priority::Emergency => ways,
        };
        ways.and_then(|ways| without(ways, call.caller())).map_err(|cause| match cause {
            Cause::Barred => StayWhy::Barred,
            _ => StayWhy::NoWay,
        })
    }

    /// By whose class of service a call goes on; none where nobody of the house answers for it.
    fn class_for_move(&self, call: &Call, from: MovedFrom) -> Option<Permission> {
        let user = |number: Number| {
            let user = self.setup.users.iter().find(|user| user.number == number)?;
            Some(self.class_of(user.night, user.may_call))
        };
        if let Some(Via::User(number)) = from.via {
            return user(number);
        }
        if let Some(number) = from.forwarded {
            let phone = self.setup.phones.iter().find(|phone| phone.number == number);
            return phone.map(|phone| self.permission(phone));
        }
        match (call.caller(), call.came_by()) {
            (caller @ Party::Line(_), _) => self.phone_of(caller).map(|phone| self.permission(phone)),
            (Party::Far(_), Some(Via::User(number))) => user(number),
            (Party::Far(_), Some(Via::Server(name))) => self
                .setup
                .servers
                .iter()
                .find(|server| server.name == name)
                .and_then(|server| server.may_call),
            (Party::Far(_), None) => None,
        }
    }
}

/// What who called is told.
const fn cause_of(why: StayWhy) -> Cause {
    match why {
        StayWhy::Barred => Cause::Barred,
        StayWhy::Emergency | StayWhy::Stranger => Cause::REDIRECTED,
        StayWhy::Loop => Cause::TOO_MANY_HOPS,
        StayWhy::NoWay => Cause::NETWORK,
    }
}

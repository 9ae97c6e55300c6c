//! Numbers that reach several: hunt groups and ring groups.
//!
//! # How
//! A group becomes attempts at its members in the order of its hunt, each for its ring time, and a last one without anybody
//! ([`Turn::End`]) at which the call overflows: by what became of the members, as nobody was free or nobody answered. Without
//! a place for calls that nobody answers the members are gone through again ([`Turn::Round`]) as long as any call rings.
//!
//! # Rules of the house
//! A member that is in a call, out of service, does not want to be disturbed or refuses who calls is left out, and nothing
//! waits in its call. What a member has forwarded is not followed: it rings in its group as if nothing were set. Where a call
//! overflows to a telephone, that one's forwarding holds. The caller itself is no member of its own call.
//!
//! # Limits
//! [`MAX_OVERFLOWS`] groups one behind the other, and [`MAX_WAYS`] attempts of one group.

use std::collections::BTreeMap;

use tipring_units::Instant;

use crate::call::Call;
use crate::route::{Attempt, MAX_RINGS, MAX_WAYS, Map, Patience, Turn};
use crate::{Cause, Destination, ForwardWhen, Group, GroupHunt, Number, Overflow, Party, Setup, Via};

/// Groups that overflow one into the other, at the most.
pub(crate) const MAX_OVERFLOWS: u8 = 4;

/// What groups remember.
#[derive(Clone, Default, Debug)]
pub(crate) struct Groups {
    /// Who answered last, by group.
    answered: BTreeMap<Number, Destination>,
    /// When the last call of each member ended.
    ended: BTreeMap<Destination, Instant>,
}

impl Groups {
    /// `call` was answered just now.
    pub fn answered(&mut self, call: &Call) {
        if let Some((group, Some(member))) = call.group() {
            self.answered.insert(group, member);
        }
    }

    /// `call`, which was answered, is over.
    pub fn ended(&mut self, call: &Call, setup: &Setup, now: Instant) {
        let behind = |via| match via {
            Some(Via::User(number)) => Some(Destination::Number(number)),
            Some(Via::Server(_)) | None => None,
        };
        let ends = [(Some(call.caller()), call.came_by()), (call.called(), call.went_by())];
        for (party, via) in ends {
            let line = match party {
                Some(Party::Line(line)) => setup.phones.iter().find(|phone| phone.line == line),
                Some(Party::Far(_)) | None => None,
            };
            let member = line.map(|phone| Destination::Number(phone.number)).or_else(|| behind(via));
            self.member_ended(member, setup, now);
        }
        self.member_ended(call.group().and_then(|(_, member)| member), setup, now);
    }

    /// Forgets what the configuration has no more.
    pub fn keep(&mut self, setup: &Setup) {
        self.answered.retain(|number, _| setup.groups.iter().any(|group| group.number == *number));
        self.ended.retain(|member, _| is_member(*member, setup));
    }

    fn member_ended(&mut self, member: Option<Destination>, setup: &Setup, now: Instant) {
        if let Some(member) = member.filter(|member| is_member(*member, setup)) {
            self.ended.insert(member, now);
        }
    }
}

fn is_member(member: Destination, setup: &Setup) -> bool {
    setup.groups.iter().any(|group| group.members.contains(&member))
}

impl Map<'_> {
    /// The group of that number.
    pub fn group_of(&self, number: Number) -> Option<&Group> {
        self.setup.groups.iter().find(|group| group.number == number)
    }

    /// The ways of a call to `group`.
    pub fn group(&self, group: &Group) -> Result<Vec<Attempt>, Cause> {
        if self.depth >= MAX_OVERFLOWS {
            return Err(Cause::BUSY);
        }
        let mut ways = match group.hunt {
            GroupHunt::Simultaneous => self.together(group),
            GroupHunt::Linear | GroupHunt::Circular | GroupHunt::LeastRecent => self.in_turn(group),
        };
        let mut end = Attempt::at_once();
        let (busy, _) = self.overflow(ForwardWhen::Busy, Some(group.busy), &mut end);
        let (no_answer, told) = self.overflow(ForwardWhen::NoAnswer, group.no_answer, &mut end);
        let no_answer = if told { no_answer } else { Cause::NO_ANSWER };
        end.turn = Some(Turn::End { group: group.number, busy, no_answer });
        end.always = true;
        ways.push(end);
        Ok(ways)
    }

    /// All members at once.
    fn together(&self, group: &Group) -> Vec<Attempt> {
        let mut targets = Vec::new();
        for member in &group.members {
            let first = self.member(*member).into_iter().next();
            let target = first.and_then(|way| way.targets.first().copied());
            targets.extend(target.filter(|target| !targets.contains(target)));
        }
        targets.truncate(MAX_RINGS);
        let patience = match (group.no_answer, self.own) {
            (Some(_), _) => Patience::For(group.ring_time),
            (None, Some(_)) => Patience::Forever,
            (None, None) => Patience::House,
        };
        let turn = Some(Turn::Member { group: group.number, member: None });
        if targets.is_empty() {
            return Vec::new();
        }
        vec![Attempt { targets, patience, turn, always: true, ..Attempt::at_once() }]
    }

    /// One member after the other.
    fn in_turn(&self, group: &Group) -> Vec<Attempt> {
        let number = group.number;
        let mut round = Vec::new();
        for member in self.in_order(group) {
            let turn = Some(Turn::Member { group: number, member: Some(member) });
            let patience = Patience::For(group.ring_time);
            let ways = self.member(member).into_iter();
            round.extend(ways.map(|way| Attempt { turn, patience, always: true, ..way }));
        }
        round.truncate(MAX_WAYS);
        if group.no_answer.is_some() || round.is_empty() {
            return round;
        }
        let length = u64::from(group.ring_time.0.max(1)) * group.members.len().max(1) as u64;
        let rounds = u64::from(self.setup.timers.answer.0).div_ceil(length.max(1)).max(1);
        let rounds = usize::try_from(rounds).unwrap_or(1).min(MAX_WAYS / (round.len() + 1)).max(1);
        let again = Attempt { turn: Some(Turn::Round), always: true, ..Attempt::at_once() };
        let mut ways = Vec::new();
        for _ in 0..rounds {
            ways.extend(round.iter().cloned());
            ways.push(again.clone());
        }
        ways.pop();
        ways
    }

    fn in_order(&self, group: &Group) -> Vec<Destination> {
        let mut members = group.members.clone();
        match group.hunt {
            GroupHunt::Linear | GroupHunt::Simultaneous => {}
            GroupHunt::Circular => {
                let last = self.groups.answered.get(&group.number);
                let place = last.and_then(|last| members.iter().position(|member| member == last));
                members.rotate_left(place.map_or(0, |place| place + 1));
            }
            GroupHunt::LeastRecent => members.sort_by_key(|member| self.groups.ended.get(member)),
        }
        members
    }

    /// The ways to a member; none where it cannot be reached now, or is a group.
    fn member(&self, member: Destination) -> Vec<Attempt> {
        match member {
            Destination::Number(number) if self.group_of(number).is_some() => Vec::new(),
            Destination::Number(_)
            | Destination::Phones
            | Destination::Server { .. }
            | Destination::Lines { .. }
            | Destination::Line { .. }
            | Destination::Route(_) => self.way(member, Number::EMPTY).unwrap_or_default(),
        }
    }

    /// What the caller hears where the call goes nowhere, and whether that is other than usual.
    fn overflow(&self, when: ForwardWhen, to: Option<Overflow>, end: &mut Attempt) -> (Cause, bool) {
        match to {
            None => (Cause::BUSY, false),
            Some(Overflow::Busy) => (Cause::BUSY, true),
            Some(Overflow::Announcement) => (Cause::Unattended, true),
            Some(Overflow::To(to)) => {
                let deeper = Map { depth: self.depth + 1, ..*self };
                match deeper.way(to, Number::EMPTY) {
                    Ok(ways) => end.forwards.push((when, ways)),
                    Err(_) => return (Cause::BUSY, false),
                }
                (Cause::BUSY, false)
            }
        }
    }
}

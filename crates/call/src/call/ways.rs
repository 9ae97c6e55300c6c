//! Whom a call tries, one way after the other, and what becomes of a way.

use tipring_units::Millis;

use super::{
    Branch, Call, Clock, DIALLED_IN, EMERGENCY_LIFE, EMERGENCY_REACTION, Follows, NOTICE_AGAIN, NOTICE_TRIES,
    Phase,
};
use crate::outbox::{Offer, Order, Outbox};
use crate::route::{Attempt, Forwarded, Patience, Routed, Target};
use crate::routes::Failure;
use crate::{Alarm, CallEvent, Cause, Clearer, ForwardWhen, Party, Priority, Side, Timers, Via, Why};

impl Call {
    /// A party cannot be reached, or knows nothing of the call any more.
    pub(super) fn failed(
        &mut self,
        side: Side,
        from: Party,
        cause: Cause,
        clock: Clock,
        timers: Timers,
        out: &mut Outbox,
    ) {
        match (self.phase, side) {
            (Phase::Trying | Phase::Alerting | Phase::Early, Side::Called) => {
                self.called.retain(|branch| branch.party != from);
                if self.called.is_empty() {
                    self.disconnect(out);
                    self.gave_up(cause, Clearer::Side(Side::Called), clock, timers, out);
                }
            }
            (Phase::Trying | Phase::Alerting | Phase::Early, Side::Caller) | (Phase::Talking, _) => {
                self.gone(side, cause, clock, out);
            }
            (Phase::Over, _) => {}
        }
    }

    /// A party left the call for good.
    pub(super) fn gone(&mut self, side: Side, cause: Cause, clock: Clock, out: &mut Outbox) {
        self.disconnect(out);
        // It was this box that took the line for an emergency call.
        let by = if cause == Cause::PREEMPTED { Clearer::Gateway } else { Clearer::Side(side) };
        // The order that it gets of this finds it gone, and does nothing.
        self.end(cause, by, clock, out);
    }

    /// The way came to nothing: the next one, or the end.
    pub(super) fn gave_up(
        &mut self,
        cause: Cause,
        by: Clearer,
        clock: Clock,
        timers: Timers,
        out: &mut Outbox,
    ) {
        self.turn_is_over(cause);
        let forwards = self.trying.as_mut().map(|trying| core::mem::take(&mut trying.forwards));
        let fits = |(when, ways): (ForwardWhen, Vec<Attempt>)| when.fits(cause).then_some(ways);
        if let Some(ways) = forwards.into_iter().flatten().find_map(fits).filter(|ways| !ways.is_empty()) {
            for way in ways.into_iter().rev() {
                self.ways.push_front(way);
            }
            return self.next_way(cause, by, clock, timers, out);
        }
        let always = self.trying.as_ref().is_some_and(|trying| trying.always);
        let routed = self.trying.as_ref().and_then(|trying| trying.routed);
        while !cause.is_of_the_way() && self.ways.front().is_some_and(|way| way.again) {
            self.ways.pop_front();
        }
        let told = by != Clearer::Gateway;
        let at_fault = match (routed, self.ways.front()) {
            // The next line of a hunt, or the next way of a route.
            (Some(routed), Some(next)) if !next.again => {
                Failure::of(cause, told).is_some_and(|failure| routed.on.has(failure))
            }
            (Some(_) | None, _) => cause.is_of_the_way(),
        };
        if (always || at_fault) && !self.ways.is_empty() {
            self.next_way(cause, by, clock, timers, out);
        } else if self.beginning.notice && cause != Cause::NO_ANSWER && self.tries < NOTICE_TRIES {
            self.desk_later(cause, clock, out);
        } else {
            self.end(cause, by, clock, out);
        }
    }

    /// The desk talks, or is not there: it is rung as soon as it can be, and an alarm says meanwhile that it was not told.
    fn desk_later(&mut self, cause: Cause, clock: Clock, out: &mut Outbox) {
        if self.tries == 0 {
            out.alarm(Alarm::DeskNotTold { notice: self.beginning.call, shown: self.beginning.from, cause });
        }
        self.tries += 1;
        self.called.clear();
        self.enter(Phase::Trying);
        self.timer = Some((clock.now + NOTICE_AGAIN, Why::Notice));
    }

    pub(super) fn next_way(
        &mut self,
        last: Cause,
        by: Clearer,
        clock: Clock,
        timers: Timers,
        out: &mut Outbox,
    ) {
        let last = self.pass_turns(last, out);
        let Some(attempt) = self.ways.pop_front() else {
            self.end(last, by, clock, out);
            return;
        };
        let before = self.trying.as_ref().and_then(|trying| trying.forwarded);
        if let Some(Forwarded { by, when, to, .. }) = attempt.forwarded.filter(|own| Some(*own) != before) {
            out.event(CallEvent::Forwarded { call: self.beginning.call, by, when, to });
        }
        if core::mem::take(&mut self.completable) {
            self.tell(Side::Caller, Order::Completable(None), out);
        }
        self.disconnect(out);
        if let [Target::Back(to)] = attempt.targets.as_slice() {
            return self.send_on(*to, attempt.forwarded, clock, out);
        }
        (self.both, self.rang, self.alive, self.hopeless) = (false, false, false, false);
        self.enter(Phase::Trying);
        let far =
            attempt.targets.iter().all(|target| matches!(target, Target::Server { .. } | Target::User(_)));
        let routed = attempt.routed.is_some() && !self.ways.is_empty();
        let reaction = Some((clock.now + self.reaction(timers, far, routed), Why::NoReaction));
        self.timer = match attempt.patience {
            Patience::House | Patience::Forever => reaction,
            Patience::For(length) => Some((clock.now + length, Why::RingTime)),
        };
        let (call, from, priority) = (self.beginning.call, self.beginning.from, self.beginning.priority);
        self.called.clear();
        for target in &attempt.targets {
            let (party, via, sent, preempt) = match *target {
                Target::Line(line) => (Party::Line(line), None, self.beginning.dialled, false),
                Target::User(number) => (Party::Far(out.new_leg()), Some(Via::User(number)), number, false),
                Target::Server { name, number } => {
                    (Party::Far(out.new_leg()), Some(Via::Server(name)), number, false)
                }
                Target::Outside { line, number, preempt } => (Party::Line(line), None, number, preempt),
                Target::Back(_) => continue, // it stands alone
            };
            let branch = Branch { party, via, sent };
            self.called.push(branch);
            self.last = Some(branch);
            out.event(CallEvent::Routed { call, to: party, via, sent });
            let group = attempt.turn.is_some() || attempt.targets.len() > 1;
            let route = attempt.routed.map(|routed| routed.route);
            let referred = Follows::leg_of(self.beginning.follows, party);
            let data = self.data;
            let diverted = attempt.forwarded.as_ref().map(Forwarded::diverter);
            let ring = self.beginning.ring;
            let completes = self.beginning.completes;
            let offer = Offer {
                from,
                number: sent,
                via,
                priority,
                data,
                preempt,
                group,
                route,
                referred,
                diverted,
                ring,
                completes,
            };
            out.tell_party(party, call, Order::Offer(offer));
        }
        self.trying = Some(Attempt { targets: Vec::new(), ..attempt });
    }

    /// One of those who are called has the call; the others are let go.
    pub(super) fn keep_only(&mut self, party: Party, out: &mut Outbox) {
        for branch in self.called.iter().filter(|branch| branch.party != party) {
            out.tell_party(branch.party, self.beginning.call, Order::Over(Cause::NORMAL));
        }
        self.called.retain(|branch| branch.party == party);
        self.last = self.called.first().copied();
    }

    /// Nobody of those who are called is called any more.
    pub(super) fn drop_called(&mut self, cause: Cause, out: &mut Outbox) {
        self.disconnect(out);
        self.tell(Side::Called, Order::Over(cause), out);
        self.called.clear();
    }

    /// An emergency call rings as long as the caller waits, and an outside one as its exchange does; where its line was answered
    /// for its caller to dial, no longer than [`DIALLED_IN`].
    pub(super) fn answer_timer(&mut self, clock: Clock, timers: Timers) {
        let patience = self.trying.as_ref().map_or(Patience::House, |trying| trying.patience);
        self.timer = match (patience, self.beginning.priority) {
            (Patience::For(_), _) => self.timer,
            (Patience::Forever, _) | (Patience::House, Priority::Emergency) => None,
            (Patience::House, Priority::Normal | Priority::High) => {
                let most = if self.beginning.outside { DIALLED_IN } else { timers.answer };
                Some((clock.now + timers.answer.min(most), Why::NoAnswer))
            }
        };
    }

    /// The way is alive: who is in a hurry gives it more time.
    pub(super) fn proceeds(&mut self, clock: Clock, timers: Timers) {
        let routed = self.trying.as_ref().is_some_and(|trying| trying.routed.is_some());
        let has_time = !self.is_in_a_hurry();
        if !self.alive && (routed || !has_time) {
            self.alive = true;
            let most = if has_time { timers.reaction } else { EMERGENCY_REACTION };
            self.timer = Some((clock.now + timers.reaction.min(most), Why::NoReaction));
        }
    }

    fn reaction(&self, timers: Timers, far: bool, routed: bool) -> Millis {
        let hurried = if far { EMERGENCY_LIFE } else { EMERGENCY_REACTION };
        match (self.is_in_a_hurry(), routed && far) {
            (true, _) => timers.reaction.min(hurried),
            (false, true) => timers.reaction.min(Routed::LIFE),
            (false, false) => timers.reaction,
        }
    }

    fn is_in_a_hurry(&self) -> bool {
        self.beginning.priority == Priority::Emergency && !self.ways.is_empty()
    }
}

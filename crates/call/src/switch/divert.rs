//! Where calls go that a telephone has forwarded, and who is refused.
//!
//! # How
//! An attempt at one telephone becomes what its subscriber has set: another number in its place, or that number behind it
//! for the case that it is busy, does not answer or cannot be reached. The other number is read by the dial plan as the
//! subscriber's own dialling would be, with the subscriber's permission; where it is a telephone of the house, that one's
//! own forwarding follows. The caller stays who calls.
//!
//! Where the call came from a server that carries forwarding out itself, and the other number is at that server, the call goes
//! back there with word of it. What the plan takes elsewhere, to a telephone of the house, an outside line or another
//! server, the first one could not reach: the gateway goes on with that itself.
//!
//! # Limits
//! [`MAX_HOPS`] telephones one behind the other, those counted that had sent the call on before it came, and [`MAX_WAYS`]
//! attempts in all; who forwards to somebody who forwards back
//! is busy. Telephones that ring together do not forward: one of the others is there. Who does not want to be disturbed is not
//! rung with them either. The same holds for members of a group that ring one after the other.

use tipring_units::LineId;

use super::Switch;
use crate::features::{Flag, ForwardWhen};
use crate::route::{Attempt, Forwarded, MAX_WAYS, Patience, Target};
use crate::{Cause, Diverters, Identity, Number, Permission, Phone, Presentation, ServerName};

/// Telephones that forward one to the other, at the most.
const MAX_HOPS: usize = 5;

/// How a call came in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Came {
    /// From this server, which carries forwarding out itself.
    pub back: Option<ServerName>,
    /// Who had sent it on.
    pub before: Diverters,
}

/// A call on its way through telephones that forward it.
struct Trip {
    from: Identity,
    /// The outside line that calls, if one does.
    own: Option<LineId>,
    came: Came,
    /// Telephones that have forwarded it up to here.
    hops: Vec<LineId>,
    /// Attempts that may still be added.
    left: usize,
}

impl Switch {
    /// The ways as the subscribers of the telephones on them want them. `own`: the outside line that calls, if one does.
    pub(super) fn diverted(
        &self,
        ways: Vec<Attempt>,
        from: Identity,
        own: Option<LineId>,
        came: Came,
    ) -> Result<Vec<Attempt>, Cause> {
        let mut trip = Trip { from, own, came, hops: Vec::new(), left: MAX_WAYS };
        self.each(ways, &mut trip)
    }

    fn each(&self, ways: Vec<Attempt>, trip: &mut Trip) -> Result<Vec<Attempt>, Cause> {
        let (mut all, mut last) = (Vec::new(), Cause::BUSY);
        for mut way in ways {
            let forwards = core::mem::take(&mut way.forwards).into_iter();
            way.forwards =
                forwards.filter_map(|(when, ways)| Some((when, self.each(ways, trip).ok()?))).collect();
            if let ([Target::Line(line)], None) = (way.targets.as_slice(), way.turn) {
                match self.through(*line, &way, trip) {
                    Ok(more) => all.extend(more),
                    Err(cause) => last = cause,
                }
            } else {
                way.targets.retain(|target| match target {
                    Target::Line(line) => self.refusal(*line, trip.from).is_none(),
                    Target::User(_) | Target::Server { .. } | Target::Outside { .. } | Target::Back(_) => {
                        true
                    }
                });
                if way.ends_group() || way.is_of_use() && trip.left > 0 {
                    trip.left = trip.left.saturating_sub(1);
                    all.push(way);
                }
            }
        }
        if all.is_empty() { Err(last) } else { Ok(all) }
    }

    /// An attempt at one telephone.
    fn through(&self, line: LineId, way: &Attempt, trip: &mut Trip) -> Result<Vec<Attempt>, Cause> {
        let Some(phone) = self.phone(line) else { return Ok(vec![way.clone()]) };
        if trip.hops.contains(&line) || trip.hops.len() >= MAX_HOPS || trip.left == 0 {
            return Err(Cause::BUSY);
        }
        trip.left -= 1;
        trip.hops.push(line);
        let ways = self.as_set(phone, way, trip);
        trip.hops.pop();
        ways
    }

    /// What the subscriber of `phone` has set for a call to it.
    fn as_set(&self, phone: &Phone, way: &Attempt, trip: &mut Trip) -> Result<Vec<Attempt>, Cause> {
        if let Some(cause) = self.rejection(phone, trip.from) {
            return Err(cause);
        }
        if let Some(number) = self.forward(phone, ForwardWhen::Always) {
            return self.elsewhere(phone, ForwardWhen::Always, number, way, trip);
        }
        if self.is_set(phone, Flag::DoNotDisturb) {
            return Err(Cause::BUSY);
        }
        let mut own = way.clone();
        for when in [ForwardWhen::Busy, ForwardWhen::NoAnswer, ForwardWhen::Unreachable] {
            let Some(number) = self.forward(phone, when) else { continue };
            if when == ForwardWhen::NoAnswer {
                own.patience = Patience::For(phone.no_answer);
            }
            // Where it cannot go there, the call is as if nothing were set.
            if let Ok(ways) = self.elsewhere(phone, when, number, way, trip) {
                own.forwards.push((when, ways));
            }
        }
        Ok(vec![own])
    }

    fn elsewhere(
        &self,
        phone: &Phone,
        when: ForwardWhen,
        number: Number,
        way: &Attempt,
        trip: &mut Trip,
    ) -> Result<Vec<Attempt>, Cause> {
        // It would go round for ever, by whoever sent it back here.
        let hops =
            trip.came.before.count().saturating_add(u32::try_from(trip.hops.len()).unwrap_or(u32::MAX));
        if trip.came.before.has(phone.number) || hops > MAX_HOPS as u32 {
            return Err(Cause::BUSY);
        }
        let selection = self.plan.read_whole(number.as_str(), self.is_offline())?;
        if selection.is_emergency() {
            return Err(Cause::Barred);
        }
        let ways = self.allowed(selection, self.class_of(phone.night, phone.may_call), trip.own)?;
        let private = self.is_set(phone, Flag::Hide) || trip.from.presentation == Presentation::Private;
        let forwarded = Some(Forwarded { by: phone.number, when, to: number, name: phone.name, private });
        let back = match ways.as_slice() {
            [Attempt { targets, .. }] => match targets.as_slice() {
                [Target::Server { name, number }] if trip.came.back == Some(*name) => Some(*number),
                _ => None,
            },
            _ => None,
        };
        if let Some(number) = back {
            return Ok(vec![Attempt { forwarded, ..Attempt::one(Target::Back(number)) }]);
        }
        let onward = |next: Attempt| Attempt { always: way.always || next.turn.is_some(), forwarded, ..next };
        self.each(ways.into_iter().map(onward).collect(), trip)
    }

    /// Why a telephone that rings with others is not rung for this caller.
    fn refusal(&self, line: LineId, from: Identity) -> Option<Cause> {
        let phone = self.phone(line)?;
        let disturbs = self.is_set(phone, Flag::DoNotDisturb).then_some(Cause::BUSY);
        self.rejection(phone, from).or(disturbs)
    }

    fn rejection(&self, phone: &Phone, from: Identity) -> Option<Cause> {
        let hides = from.presentation == Presentation::Private;
        (hides && self.is_set(phone, Flag::RejectAnonymous)).then_some(Cause::ANONYMOUS)
    }

    fn phone(&self, line: LineId) -> Option<&Phone> {
        self.setup.phones.iter().find(|phone| phone.line == line)
    }

    fn forward(&self, phone: &Phone, when: ForwardWhen) -> Option<Number> {
        match self.memory.get(&phone.number) {
            Some(memory) => memory.forward(when, &phone.features),
            None => crate::features::Memory::default().forward(when, &phone.features),
        }
    }

    /// Whether a flag of a telephone is on.
    pub(super) fn is_set(&self, phone: &Phone, flag: Flag) -> bool {
        match self.memory.get(&phone.number) {
            Some(memory) => memory.is(flag, &phone.features),
            None => crate::features::Memory::default().is(flag, &phone.features),
        }
    }

    /// What a telephone may call now.
    pub(super) fn permission(&self, phone: &Phone) -> Permission {
        if self.is_set(phone, Flag::Lock) {
            Permission::Internal
        } else {
            self.class_of(phone.night, phone.may_call)
        }
    }
}

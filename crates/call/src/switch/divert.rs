//! Where calls go that a telephone has forwarded, and who is refused.
//!
//! # How
//! An attempt at one telephone becomes what its subscriber has set: another number in its place, or that number behind it
//! for the case that it is busy, does not answer or cannot be reached. The other number is read by the dial plan as the
//! subscriber's own dialling would be, with the subscriber's permission; where it is a telephone of the house, that one's
//! own forwarding follows. The caller stays who calls.
//!
//! # Limits
//! [`MAX_HOPS`] telephones one behind the other; who forwards to somebody who forwards back is busy. Telephones that ring
//! together do not forward: one of the others is there.

use tipring_units::LineId;

use super::Switch;
use crate::features::{Flag, ForwardWhen};
use crate::route::{After, Attempt, Forwarded, MAX_WAYS, Patience, Target};
use crate::{Cause, Identity, Number, Permission, Phone, Presentation};

/// Telephones that forward one to the other, at the most.
const MAX_HOPS: usize = 5;

impl Switch {
    /// The ways as the subscribers of the telephones on them want them.
    pub(super) fn diverted(&self, ways: Vec<Attempt>, from: Identity) -> Result<Vec<Attempt>, Cause> {
        let (mut all, mut last) = (Vec::new(), Cause::BUSY);
        for way in ways {
            match way.targets.as_slice() {
                [Target::Line(line)] => {
                    let mut hops = Vec::new();
                    match self.through(*line, &way, from, &mut hops) {
                        Ok(more) => all.extend(more),
                        Err(cause) => last = cause,
                    }
                }
                _ => all.push(way),
            }
        }
        all.truncate(MAX_WAYS);
        if all.is_empty() { Err(last) } else { Ok(all) }
    }

    /// An attempt at one telephone.
    fn through(
        &self,
        line: LineId,
        way: &Attempt,
        from: Identity,
        hops: &mut Vec<LineId>,
    ) -> Result<Vec<Attempt>, Cause> {
        let phone = self.setup.phones.iter().find(|phone| phone.line == line).cloned();
        let Some(phone) = phone else { return Ok(vec![way.clone()]) };
        if hops.contains(&line) || hops.len() >= MAX_HOPS {
            return Err(Cause::BUSY);
        }
        hops.push(line);
        if from.presentation == Presentation::Private && self.is_set(&phone, Flag::RejectAnonymous) {
            return Err(Cause::REJECTED);
        }
        if let Some(number) = self.forward(&phone, ForwardWhen::Always) {
            return self.elsewhere(&phone, ForwardWhen::Always, number, way, from, hops);
        }
        if self.is_set(&phone, Flag::DoNotDisturb) {
            return Err(Cause::BUSY);
        }
        let mut own = way.clone();
        let no_answer = self.forward(&phone, ForwardWhen::NoAnswer);
        if no_answer.is_some() {
            own.patience = Patience::For(phone.no_answer);
        }
        let mut ways = vec![own];
        for (when, after) in [
            (ForwardWhen::Busy, After::Busy),
            (ForwardWhen::NoAnswer, After::NoAnswer),
            (ForwardWhen::Unreachable, After::Unreachable),
        ] {
            let Some(number) = self.forward(&phone, when) else { continue };
            let mut hops = hops.clone();
            let more = self.elsewhere(&phone, when, number, way, from, &mut hops);
            let first = more.into_iter().flatten().enumerate();
            ways.extend(first.map(|(place, way)| if place == 0 { Attempt { after, ..way } } else { way }));
        }
        Ok(ways)
    }

    fn elsewhere(
        &self,
        phone: &Phone,
        when: ForwardWhen,
        number: Number,
        way: &Attempt,
        from: Identity,
        hops: &mut Vec<LineId>,
    ) -> Result<Vec<Attempt>, Cause> {
        let selection = self.plan.read_whole(number.as_str(), self.is_offline())?;
        if selection.is_emergency() {
            return Err(Cause::Barred);
        }
        let ways = self.allowed(selection, self.class_of(phone.night, phone.may_call), None)?;
        let (mut all, mut last) = (Vec::new(), Cause::BUSY);
        for next in ways {
            let forwarded = Some(Forwarded { by: phone.number, when, to: number });
            let next = Attempt { always: way.always, forwarded, ..next };
            match next.targets.as_slice() {
                [Target::Line(line)] => match self.through(*line, &next, from, hops) {
                    Ok(more) => all.extend(more),
                    Err(cause) => last = cause,
                },
                _ => all.push(next),
            }
        }
        if all.is_empty() { Err(last) } else { Ok(all) }
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

//! A party that is sent elsewhere by the far end of its call: whether it may go there.
//!
//! A telephone may where it could call by itself; an outside line where the far end's server could. A place in another call of the
//! far end is no number: it is at the far end's own server.

use tipring_units::CallId;

use super::Switch;
use crate::call::JointInput;
use crate::route::{Attempt, Target};
use crate::{Cause, Identity, Number, Party, Selection, ServerName};

/// Where a party is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub server: Option<ServerName>,
    pub from: Identity,
    pub to: Number,
    pub place: bool,
}

impl Switch {
    /// Who goes there, by which ways.
    pub(super) fn referred_ways(&self, party: Party, sent: Sent) -> (Identity, Result<Vec<Attempt>, Cause>) {
        let is_phone = self.setup.phones.iter().any(|phone| Party::Line(phone.line) == party);
        let (from, permission) = if is_phone {
            let (from, permission) = self.dialling_identity(party, None);
            (from, Some(permission))
        } else {
            (sent.from, None)
        };
        if sent.place {
            let target = sent.server.map(|name| Target::Server { name, number: sent.to });
            return (from, target.map(|target| vec![Attempt::one(target)]).ok_or(Cause::REJECTED));
        }
        let ways = match (permission, party) {
            (Some(permission), _) => self.read(sent.to).and_then(|selection| {
                if selection.is_emergency() {
                    Err(Cause::Barred)
                } else {
                    let ways = self.allowed(selection, permission, None)?;
                    self.within_reach_of_sender(sent, selection, ways)
                }
            }),
            (None, Party::Line(_)) => {
                sent.server.map_or(Err(Cause::Barred), |server| self.server_ways(server, sent.to))
            }
            (None, Party::Far(_)) => Err(Cause::Barred),
        };
        (from, ways)
    }

    /// The ways that who sends the telephone there could go himself: nobody calls the world at the cost of whom he called.
    /// Telephones of the house, and the server's own numbers, are in everybody's reach.
    fn within_reach_of_sender(
        &self,
        sent: Sent,
        selection: Selection,
        mut ways: Vec<Attempt>,
    ) -> Result<Vec<Attempt>, Cause> {
        let user = || self.setup.users.iter().find(|user| user.number == sent.from.number);
        let permission = match sent.server {
            Some(name) => self.setup.servers.iter().find(|one| one.name == name).and_then(|one| one.may_call),
            None => user().map(|user| self.class_of(user.night, user.may_call)),
        };
        if permission.is_some_and(|permission| !selection.is_barred_for(permission)) {
            return Ok(ways);
        }
        for way in &mut ways {
            way.targets.retain(|target| match target {
                Target::Line(_) | Target::User(_) => true,
                Target::Server { name, .. } => Some(*name) == sent.server,
                Target::Outside { .. } | Target::Back(_) => false,
            });
        }
        ways.retain(|way| !way.targets.is_empty());
        if ways.is_empty() { Err(Cause::Barred) } else { Ok(ways) }
    }

    /// Tells the call of the party that it goes, or that it may not.
    pub(super) fn answer_referral(&mut self, call: CallId, of: CallId, ways: Result<(), Cause>) {
        let input = match ways {
            Ok(()) => JointInput::Follows,
            Err(cause) => JointInput::NotFollowing(cause),
        };
        self.out.tell_joint(of, call, input);
    }
}

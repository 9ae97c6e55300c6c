//! Far ends that send the other party of their call elsewhere (REFER): what they named, and whom to tell how it goes.
//!
//! # Limits
//! [`MAX_REFERRALS`] at once; the oldest is forgotten, and its far end told nothing more.

use std::collections::BTreeMap;

use tipring_call::{FarId, ReferStep};
use tipring_sip::agent::{self, Command, Destination, Invite, Referred};

/// Referrals at once, at the most.
const MAX_REFERRALS: usize = 256;

/// The referrals under way, by the leg within which they came.
#[derive(Debug, Default)]
pub(crate) struct Referrals {
    all: BTreeMap<FarId, Referred>,
}

impl Referrals {
    /// One comes.
    pub(crate) fn comes(&mut self, far: FarId, referred: &Referred) {
        if self.all.len() >= MAX_REFERRALS {
            self.all.pop_first();
        }
        self.all.insert(far, referred.clone());
    }

    /// It is over, or was refused.
    pub(crate) fn forget(&mut self, far: FarId) {
        self.all.remove(&far);
    }

    /// A call that is made in the name of `far`: it says so, and takes the place that was named.
    pub(crate) fn name(&self, far: FarId, invite: &mut Invite) {
        let Some(referred) = self.all.get(&far) else { return };
        invite.referred_by.clone_from(&referred.by);
        if let (Some(replaces), Destination::Server { server, .. }) = (&referred.replaces, &invite.to) {
            invite.to = Destination::Through { server: *server, uri: referred.to.clone() };
            invite.replaces = Some(replaces.clone());
        }
    }

    /// Tells how it goes; the session may have ended.
    pub(crate) fn report(&mut self, far: FarId, step: ReferStep) -> Option<Command> {
        let session = self.all.get(&far)?.session;
        let status = match step {
            ReferStep::Rings => 180,
            ReferStep::Done => 200,
            ReferStep::Failed(cause) => agent::Cause(cause.q850()).status(),
        };
        if status >= 200 {
            self.forget(far);
        }
        Some(Command::ReportRefer { session, status, reason: None })
    }
}

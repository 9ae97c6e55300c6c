//! Calls in vain that can be completed: what far ends have offered, by the far leg of the call.

use std::collections::BTreeMap;

use tipring_call::{Completion, FarId};
use tipring_sip::agent::{
    AccountId, Command, CompletionNews, Destination, Invite, ServerId, SessionId, WatchCompletion,
};
use tipring_sip::message::Uri;
use tipring_sip::subscription::CompletionOffer;
use tipring_units::Millis;

/// Offers that nobody has taken, at the most: then the oldest is forgotten.
const MAX_OFFERS: usize = 128;
/// A request is asked to hold a little longer than the switch waits, which ends it.
const FOR: Millis = Millis::from_secs(31 * 60);

/// A call by a server, and what the far end offered when it came to nothing.
#[derive(Clone, Debug)]
struct Placed {
    session: SessionId,
    server: ServerId,
    account: Option<AccountId>,
    user: String,
    offer: Option<CompletionOffer>,
    /// Whom to call when it is its turn.
    uri: Option<Uri>,
    asked: bool,
}

/// See above.
#[derive(Debug, Default)]
pub(super) struct Completions(BTreeMap<FarId, Placed>);

impl Completions {
    /// A far leg goes out.
    pub(super) fn placed(&mut self, far: FarId, invite: &Invite) {
        let server = match &invite.to {
            Destination::Server { server, .. }
            | Destination::Through { server, .. }
            | Destination::Completing { server, .. } => *server,
            Destination::Registered { .. } | Destination::Uri(_) => return,
        };
        let (session, account, user) = (invite.session, invite.account, invite.from.user.clone());
        let placed = Placed { session, server, account, user, offer: None, uri: None, asked: false };
        self.0.insert(far, placed);
    }

    /// The far end offers it. False: not for this leg.
    pub(super) fn offered(&mut self, far: FarId, offer: &CompletionOffer) -> bool {
        let Some(placed) = self.0.get_mut(&far) else { return false };
        placed.offer = Some(offer.clone());
        let open = |own: &Placed| own.offer.is_some() && !own.asked;
        if self.0.values().filter(|own| open(own)).count() > MAX_OFFERS
            && let Some(oldest) = self.0.iter().find(|(_, own)| open(own)).map(|(far, _)| *far)
        {
            self.0.remove(&oldest);
        }
        true
    }

    /// The leg is over: what was offered stays.
    pub(super) fn ended(&mut self, far: FarId) {
        if self.0.get(&far).is_some_and(|placed| placed.offer.is_none()) {
            self.0.remove(&far);
        }
    }

    /// Somebody wants it.
    pub(super) fn ask(&mut self, far: FarId) -> Option<Command> {
        let placed = self.0.get_mut(&far)?;
        let target = placed.offer.as_ref()?.target();
        placed.asked = true;
        let Placed { session, server, account, .. } = *placed;
        let user = placed.user.clone();
        let watch = WatchCompletion { session, server, account, user, target, expires: FOR };
        Some(Command::WatchCompletion(Box::new(watch)))
    }

    /// Nobody wants it any more.
    pub(super) fn ask_no_more(&mut self, far: FarId) -> Option<Command> {
        let placed = self.0.remove(&far)?;
        placed.asked.then_some(Command::UnwatchCompletion(placed.session))
    }

    /// What a server says of it.
    pub(super) fn news(&mut self, session: SessionId, news: &CompletionNews) -> Option<(FarId, Completion)> {
        let (far, placed) = self.0.iter_mut().find(|(_, placed)| placed.session == session)?;
        let far = *far;
        let news = match news {
            CompletionNews::Taken => Completion::Taken,
            CompletionNews::Queued => Completion::Queued,
            CompletionNews::Ready(uri) => {
                placed.uri = uri.clone().or(placed.uri.take());
                Completion::Ready
            }
            CompletionNews::Over => {
                placed.asked = false;
                Completion::Over
            }
        };
        Some((far, news))
    }

    /// The call that completes the one of `of` goes to the address that its far end has told, marked as such.
    pub(super) fn aim(&self, of: FarId, invite: &mut Invite) {
        let Some(placed) = self.0.get(&of) else { return };
        let (Some(offer), Destination::Server { server, user }) = (&placed.offer, &invite.to) else { return };
        if *server != placed.server {
            return; // the dial plan goes another way by now
        }
        invite.to = match &placed.uri {
            Some(uri) => Destination::Through { server: *server, uri: offer.marked(uri.clone()) },
            None => Destination::Completing { server: *server, user: user.clone(), mode: offer.mode },
        };
    }
}

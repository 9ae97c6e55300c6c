//! Who calls, who sent the call on, and how it should ring: what stands in the headers of an INVITE beside From and To.
//!
//! **How.** What the gateway vouches for goes only where somebody may be trusted with it: to configured servers, and to others
//! only if the caller shows itself. What comes in counts in the order P-Asserted-Identity, Remote-Party-ID, From, the
//! first two only from servers and networks that are trusted.
//!
//! **Standard.** RFC 3323, RFC 3325 §5, RFC 5806, RFC 7044, RFC 7462; draft-ietf-sip-privacy-04 for Remote-Party-ID.

use super::api::{Destination, Identity, Incoming, Invite, Privacy, TrustedAs};
use super::config::ServerId;
use crate::message::{
    Alert, Diversion, DivertReason, HeaderName, Host, NameAddr, Replaces, Request, Uri, history_of,
};

/// How a server wants to be told who calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VouchBy {
    /// P-Asserted-Identity: it takes our word.
    #[default]
    Asserted,
    /// P-Preferred-Identity: it knows our numbers, and takes one of them.
    Preferred,
    /// Remote-Party-ID, as servers had it before RFC 3325.
    RemoteParty,
}

/// A telephone of ours sent the call on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diverted {
    /// Who did.
    pub by: Identity,
    /// Why.
    pub reason: DivertReason,
    /// Who did is not to be shown.
    pub private: bool,
}

/// What an outgoing call may tell beside who calls whom.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallDetails {
    /// How `asserted` of the [`Invite`] is told.
    pub vouch_by: VouchBy,
    /// It was called here, and goes on elsewhere.
    pub diverted: Option<Diverted>,
    /// The diversions before it came here, latest first, as [`Incoming`] told.
    pub diversions: Vec<Diversion>,
    /// How it should ring.
    pub alert: Option<Alert>,
}

/// An address that a 3xx names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redirect {
    /// The address, without headers and method.
    pub uri: Uri,
    /// Whose it is.
    pub at: RedirectAt,
}

/// Whose an address is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RedirectAt {
    /// Ours.
    Here,
    /// A server's: its domain, one of its configured hosts or of the addresses found for them.
    Server(ServerId),
    /// Of nobody that is configured.
    Elsewhere,
}

/// Where a caller is sent by 302.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RedirectTo {
    /// A number or name in the domain that was called.
    User(String),
    /// A number or name at a server.
    Server {
        /// The server.
        server: ServerId,
        /// The number or name.
        user: String,
    },
    /// An address.
    Uri(Uri),
}

/// The headers for what `invite` tells; our domain is `domain`, and it goes to `target`.
pub(super) fn headers_of(invite: &Invite, domain: &Host, target: &Uri) -> Vec<(HeaderName, String)> {
    let mut headers = Vec::new();
    let trusted = matches!(
        invite.to,
        Destination::Server { .. } | Destination::Completing { .. } | Destination::Through { .. }
    );
    let hidden = invite.privacy == Privacy::Id;
    // RFC 3325 §5: whoever is not of the trust domain must not learn what the caller hides.
    if let Some(asserted) = invite.asserted.as_ref().filter(|_| trusted || !hidden) {
        let party = named(asserted, domain.clone());
        headers.push(match invite.details.vouch_by {
            VouchBy::Asserted => (HeaderName::PAssertedIdentity, party.to_string()),
            VouchBy::Preferred => (HeaderName::PPreferredIdentity, party.to_string()),
            VouchBy::RemoteParty => {
                let privacy = if hidden { "full" } else { "off" };
                (HeaderName::RemotePartyId, format!("{party};party=calling;screen=yes;privacy={privacy}"))
            }
        });
    }
    if hidden {
        headers.push((HeaderName::Privacy, "id".to_owned()));
    }
    let mut all = diversions_of(invite.details.diverted.as_ref(), &invite.details.diversions, domain);
    if !trusted {
        // RFC 5806 §10: so is it with who sent the call on.
        for diversion in all.iter_mut().filter(|diversion| diversion.private) {
            diversion.party = anonymous();
        }
    }
    headers.extend(told(&all, target));
    if let Some(alert) = &invite.details.alert {
        headers.push((HeaderName::AlertInfo, alert.to_string()));
    }
    headers
}

/// Ours and the ones before it, latest first.
pub(super) fn diversions_of(ours: Option<&Diverted>, before: &[Diversion], domain: &Host) -> Vec<Diversion> {
    let ours = ours.map(|ours| Diversion {
        party: named(&ours.by, domain.clone()),
        reason: ours.reason,
        count: 1,
        private: ours.private,
    });
    ours.into_iter().chain(before.iter().cloned()).take(crate::message::MAX_DIVERSIONS).collect()
}

/// The headers that tell of diversions.
pub(super) fn told(diversions: &[Diversion], target: &Uri) -> Vec<(HeaderName, String)> {
    let mut headers: Vec<_> =
        diversions.iter().map(|diversion| (HeaderName::Diversion, diversion.to_string())).collect();
    headers.extend(history_of(diversions, target).map(|history| (HeaderName::HistoryInfo, history)));
    headers
}

/// Nobody who may be named (RFC 3323 §4.1.1.3).
pub(super) fn anonymous() -> NameAddr {
    let nobody = Uri::sip(Some("anonymous"), Host::Name("anonymous.invalid".to_owned()), None);
    NameAddr::new(nobody).with_display("Anonymous")
}

pub(super) fn named(identity: &Identity, domain: Host) -> NameAddr {
    let user = Some(identity.user.as_str()).filter(|user| !user.is_empty());
    let address = NameAddr::new(Uri::sip(user, domain, None));
    match &identity.display {
        Some(display) => address.with_display(display),
        None => address,
    }
}

/// Who calls by the word of somebody we trust: address, name, and whether that is hidden.
pub(super) fn vouched(trust: &TrustedAs, request: &Request) -> Option<(NameAddr, bool)> {
    match trust {
        TrustedAs::Server(_) | TrustedAs::Network => {}
        // RFC 3325 §5: what a mere user asserts is worth nothing.
        TrustedAs::User(_) => return None,
    }
    if let Some(asserted) = request.p_asserted_identity().unwrap_or_default().into_iter().next() {
        return Some((asserted, false));
    }
    let parties = request.remote_party_id().unwrap_or_default();
    let calling = |party: &NameAddr| {
        party.params.get("party").is_none_or(|party| party.eq_ignore_ascii_case("calling"))
    };
    let party = parties.into_iter().find(calling)?;
    let hidden = party.params.get("privacy").is_some_and(|privacy| {
        privacy.split(['-', ',', ';']).any(|p| !matches!(p.trim().to_ascii_lowercase().as_str(), "" | "off"))
    });
    Some((party, hidden))
}

/// The caller hides by its From (RFC 3323 §4.1.1.3).
pub(super) fn is_anonymous(from: &Uri) -> bool {
    let user = from.user().is_some_and(|user| user.eq_ignore_ascii_case("anonymous"));
    user || from.host().is_some_and(|host| host.to_string().eq_ignore_ascii_case("anonymous.invalid"))
}

impl Incoming {
    /// Who calls, as far as that can be believed: address and name. `private` tells whether it may be shown.
    pub fn caller(&self) -> (&Uri, Option<&str>) {
        match &self.asserted {
            Some((uri, display)) => (uri, display.as_deref().or(self.from_display.as_deref())),
            None => (&self.from, self.from_display.as_deref()),
        }
    }

    /// Who sent the call on last, and why.
    pub fn diverted(&self) -> Option<&Diversion> {
        self.diversions.first()
    }
}

/// What stands in an INVITE for whoever takes the place of a dialog, or was referred.
pub(super) fn transfer_headers(
    replaces: Option<&Replaces>,
    referred_by: Option<&NameAddr>,
) -> Vec<(HeaderName, String)> {
    let mut headers = Vec::new();
    if let Some(replaces) = replaces {
        headers.push((HeaderName::Replaces, replaces.to_string()));
        // Whoever does not know it would have an unwanted second call.
        headers.push((HeaderName::Require, "replaces".to_owned()));
    }
    headers.extend(referred_by.map(|by| (HeaderName::ReferredBy, by.to_string())));
    headers
}

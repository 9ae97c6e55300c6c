//! Completion of calls at a far end: it offers to tell when the called can be reached, keeps who wants it, and tells.
//!
//! # Limits
//! One who waits at a time. When it is his turn the flow says.
//!
//! # Standard
//! RFC 6910.

use core::net::SocketAddr;

use tipring_media::Processing;
use tipring_sip::message::{HeaderName, Headers, Method, NameAddr, Request, Uri};
use tipring_units::Instant;

use super::order::Turn;
use super::{Cannot, Manner, Peer};
use crate::plant::Fidelity;

/// Who wants to be told.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    call_id: String,
    local: NameAddr,
    remote: NameAddr,
    target: Uri,
    /// Whom he called.
    called: String,
    cseq: u32,
}

/// What stands before the number where it is asked.
const MONITOR: &str = "cc-";

impl<A: Processing + Fidelity> Peer<A> {
    /// The offer in an answer to INVITE, where it makes one.
    pub(super) fn offer_completion(&self, invite: &Request, status: u16) -> Option<String> {
        if !self.has(Manner::Completes) {
            return None;
        }
        let why = match status {
            180 | 408 | 480 => "NR",
            486 | 600 => "BS",
            _ => return None,
        };
        let user = invite.uri.user()?;
        let own = Uri::sip(
            Some(&format!("{MONITOR}{user}")),
            self.spec.address.ip().into(),
            Some(self.spec.address.port()),
        );
        Some(format!("<{own}>;purpose=call-completion;m={why}"))
    }

    /// It is asked to tell.
    pub(super) fn take_wanted(&mut self, now: Instant, from: SocketAddr, request: &Request, key: &str) {
        let user = request.uri.user().unwrap_or_default().into_owned();
        let why = request.uri.param("m").unwrap_or("nothing").to_owned();
        let expires = request.expires().ok().flatten().map_or(3600, |seconds| seconds.0);
        let end = if expires == 0 { "un-SUBSCRIBE" } else { "SUBSCRIBE" };
        let whom = if expires == 0 { String::new() } else { format!(" {user} completing {why}") };
        self.say(now, format!("gets {end}{whom}"));
        if !self.has(Manner::Completes) {
            return self.answer_request(from, request, key, 480);
        }
        let (Ok(local), Ok(remote), Ok(call_id)) = (request.to(), request.from_(), request.call_id()) else {
            return;
        };
        let tag = local.tag().map_or_else(|| format!("{:08x}", self.entropy.u32()), str::to_owned);
        let mut answer = request.response(200, "", Some(&tag));
        answer.headers.push(HeaderName::Expires, expires.to_string());
        answer.headers.push(HeaderName::Contact, self.contact().to_string());
        let bytes = answer.to_bytes();
        self.remember(request, bytes.clone());
        self.send(from, bytes);
        let target = request.contacts().ok().and_then(|all| all.into_iter().next()).map(|one| one.uri);
        let before = self.wanted.take();
        let called = user.strip_prefix(MONITOR).unwrap_or(&user).to_owned();
        self.wanted = Some(Wanted {
            call_id,
            local: if local.tag().is_some() { local } else { local.with_tag(&tag) },
            remote,
            target: target.unwrap_or_else(|| request.uri.clone()),
            called: before.as_ref().filter(|_| expires == 0).map_or(called, |own| own.called.clone()),
            cseq: before.map_or(1, |own| own.cseq),
        });
        let turn = if expires == 0 { Turn::Over } else { Turn::Queued };
        // The one who asked is there: it was just kept.
        let _ = self.tell_turn(now, turn);
    }

    /// Tells whose turn it is.
    pub(super) fn tell_turn(&mut self, now: Instant, turn: Turn) -> Result<(), Cannot> {
        let wanted = self.wanted.as_mut().ok_or(Cannot::NoCall)?;
        wanted.cseq += 1;
        let mut request = Request::new(Method::Notify, wanted.target.clone());
        let headers: &mut Headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, wanted.local.to_string());
        headers.push(HeaderName::To, wanted.remote.to_string());
        headers.push(HeaderName::CallId, &wanted.call_id);
        headers.push(HeaderName::CSeq, format!("{} NOTIFY", wanted.cseq));
        headers.push(HeaderName::Event, "call-completion");
        let state = if turn == Turn::Over { "terminated;reason=noresource" } else { "active;expires=1800" };
        headers.push(HeaderName::SubscriptionState, state);
        let body = match turn {
            Turn::Queued => Some("cc-state: queued\r\nservice-retention: true\r\n".to_owned()),
            Turn::Ready => {
                let (ip, port) = (self.spec.address.ip(), self.spec.address.port());
                let uri = Uri::sip(Some(&wanted.called), ip.into(), Some(port));
                Some(format!("cc-state: ready\r\ncc-URI: <{uri}>\r\n"))
            }
            Turn::Over => None,
        };
        if let Some(body) = body {
            request.set_body("application/call-completion", body.into_bytes());
        }
        if turn == Turn::Over {
            self.wanted = None;
        }
        request.headers.push(HeaderName::Contact, self.contact().to_string());
        let gateway = self.spec.gateway;
        self.launch(now, request, gateway, false);
        Ok(())
    }
}

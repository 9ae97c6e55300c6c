//! Far legs: what the switch calls a leg is a SIP session here.

use std::collections::{BTreeMap, BTreeSet};

use tipring_call::{
    CallEvent, Cause, Completion, Diverter, FarAction, FarEvent, FarId, Identity, Number, Party,
    Presentation, Priority, ReferEnd, ReferTo, RingKind, Via,
};
use tipring_port::{MAX_CALLER_NAME, Text};
use tipring_sip::agent::{
    self, AccountId, CallDetails, Command, CompletionNews, Destination, Event, Incoming, Invite, Privacy,
    ReferOutcome, ReferTarget, ServerId, SessionId, TrustedAs,
};
use tipring_sip::message::{Alert, Diversion, MAX_DIVERSIONS, Uri};
use tipring_sip::offer_answer::{Direction, LocalMedia, MediaPlan};
use tipring_units::{CallId, LegId};

use crate::control::completions::Completions;
use crate::control::media::MediaDesk;
use crate::control::moves;
use crate::control::referrals::Referrals;
use crate::site::Site;

/// Calls from a network that is trusted without being a server come by this name.
pub(crate) const TRUSTED_NETWORK: &str = "network";

/// Which session belongs to which far leg.
#[derive(Debug, Default)]
pub(crate) struct FarDesk {
    sessions: BTreeMap<FarId, SessionId>,
    pub(super) legs: BTreeMap<SessionId, FarId>,
    /// Far legs of calls that we made and that have their answer.
    answered: BTreeSet<FarId>,
    held_by_us: BTreeMap<FarId, bool>,
    held_by_them: BTreeMap<FarId, bool>,
    /// Hops that each call which came by SIP may still go, and the far leg that it goes on by.
    hops: BTreeMap<CallId, (u8, Option<FarId>)>,
    /// Whom far ends sent elsewhere.
    referrals: Referrals,
    /// Calls in vain of which far ends would tell when they can be completed.
    completions: Completions,
    /// Hops with which far legs came whose call has not begun.
    came_with: Option<(FarId, u8)>,
    /// Who has sent on a call, as far ends told; and the same of one that has not begun.
    diverted: BTreeMap<CallId, Vec<Diversion>>,
    came_from: Vec<Diversion>,
    /// The calls that far legs were placed for.
    placed: BTreeMap<FarId, CallId>,
    /// The status of the refusal that the switch is just being told of: whoever is refused for that hears the same.
    refusal: Option<u16>,
}

/// What an event of SIP means for the rest.
#[derive(Debug, Default)]
pub(crate) struct FarNews {
    /// The far end flashes.
    pub(crate) flash: Option<FarId>,
    /// For the switch.
    pub(crate) event: Option<(FarId, FarEvent)>,
    /// The far leg is gone.
    pub(crate) gone: Option<FarId>,
    /// For the agent, in this order.
    pub(crate) commands: Vec<Command>,
}

impl FarDesk {
    /// What a server says of a call in vain, for the switch.
    pub(crate) fn completion(
        &mut self,
        session: SessionId,
        news: &CompletionNews,
    ) -> Option<(FarId, Completion)> {
        self.completions.news(session, news)
    }

    /// The session of a far leg.
    pub(crate) fn session(&self, far: FarId) -> Option<SessionId> {
        self.sessions.get(&far).copied()
    }

    /// Far legs with a session.
    pub(crate) fn count(&self) -> usize {
        self.sessions.len()
    }

    /// Follows the calls: one that came by SIP and goes on by SIP takes its hops along, so that two gateways that send
    /// it to each other do not do so for ever (RFC 3261 §16.6 step 3).
    pub(crate) fn call_event(&mut self, event: &CallEvent) {
        if let CallEvent::Created { call, from: Party::Far(far), .. } = *event {
            if let Some((_, hops)) = self.came_with.take().filter(|(came, _)| *came == far) {
                self.hops.insert(call, (hops, None));
                let before = core::mem::take(&mut self.came_from);
                if !before.is_empty() {
                    self.diverted.insert(call, before);
                }
            }
        } else if let CallEvent::Routed { call, to: Party::Far(far), .. } = *event {
            self.placed.insert(far, call);
            if let Some((_, placed)) = self.hops.get_mut(&call) {
                *placed = Some(far);
            }
        } else if let CallEvent::Cleared { call, .. } = *event {
            self.hops.remove(&call);
            self.placed.retain(|_, of| *of != call);
            self.diverted.remove(&call);
        }
    }

    /// Hops for a leg that is placed now; none if its call did not come by SIP.
    fn hops_for(&self, far: FarId) -> Option<u8> {
        let (hops, _) = self.hops.values().find(|(_, placed)| *placed == Some(far))?;
        Some(hops.saturating_sub(1))
    }

    /// Who has sent a call on so far, for a leg by which it goes on.
    fn diversions_for(&self, far: FarId) -> Vec<Diversion> {
        let call = self.placed.get(&far);
        call.and_then(|call| self.diverted.get(call)).cloned().unwrap_or_default()
    }

    /// The far end of a leg tells who sends the call on, which goes elsewhere.
    fn diverted_by(&mut self, far: FarId, told: &[Diversion]) {
        let Some(call) = self.placed.get(&far).filter(|_| !told.is_empty()) else { return };
        let before = self.diverted.entry(*call).or_default();
        before.retain(|old| told.iter().all(|new| new.party.uri != old.party.uri));
        before.splice(..0, told.iter().cloned());
        before.truncate(MAX_DIVERSIONS);
    }

    /// All that followed from the last event has been done.
    pub(crate) fn settled(&mut self) {
        self.refusal = None;
    }

    fn bind(&mut self, far: FarId, session: SessionId) {
        self.sessions.insert(far, session);
        self.legs.insert(session, far);
    }

    /// Forgets a far leg; the session that it had.
    pub(crate) fn forget(&mut self, far: FarId) -> Option<SessionId> {
        self.answered.remove(&far);
        self.held_by_us.remove(&far);
        self.held_by_them.remove(&far);
        self.completions.ended(far);
        let session = self.sessions.remove(&far)?;
        self.legs.remove(&session);
        Some(session)
    }

    /// Turns an order of the switch into one of the agent. `Err` tells the switch at once that the leg failed.
    pub(crate) fn act(
        &mut self,
        site: &Site,
        media: &mut MediaDesk,
        far: FarId,
        action: FarAction,
        new_session: impl FnOnce() -> SessionId,
    ) -> Result<Option<Command>, Cause> {
        let session = self.session(far);
        let command = match (action, session) {
            (FarAction::ReportRefer(step), _) => self.referrals.report(far, step),
            (FarAction::Complete, _) => self.completions.ask(far),
            (FarAction::CompleteNot, _) => self.completions.ask_no_more(far),
            (FarAction::Place { via, number, from, priority, data, referred, diverted, completes }, _) => {
                let server = match via {
                    Via::Server(name) => site.sip.servers.iter().find(|server| server.name == name.as_str()),
                    Via::User(_) => None,
                };
                let local = media.reserve(far, server, data).ok_or(Cause::NO_CIRCUIT)?;
                let session = new_session();
                self.bind(far, session);
                let call = Outgoing { via, number, from, priority, hops: self.hops_for(far) };
                let mut invite = call.invite(site, session, local)?;
                let before = self.diversions_for(far);
                // A far end that sent the call on has told of ours too.
                let is_told =
                    |by: &Diverter| before.iter().any(|one| user_of(&one.party.uri) == by.number.as_str());
                invite.details.diverted = diverted.filter(|by| !is_told(by)).as_ref().map(moves::told);
                invite.details.diversions = before;
                if let Some(by) = referred {
                    self.referrals.name(by, &mut invite);
                }
                if let Some(of) = completes {
                    self.completions.aim(of, &mut invite);
                }
                self.completions.placed(far, &invite);
                Some(Command::Invite(Box::new(invite)))
            }
            // Late orders for a leg that has just ended by itself: the switch will hear of it, or has.
            (_, None) => None,
            (FarAction::Alert, Some(session)) => {
                Some(Command::Progress { session, status: 180, media: None })
            }
            (FarAction::Progress, Some(session)) => {
                Some(Command::Progress { session, status: 183, media: media.local(far) })
            }
            (FarAction::Accept, Some(session)) => {
                let local = media.local(far).ok_or(Cause::NO_CIRCUIT)?;
                Some(Command::Accept { session, media: local })
            }
            (FarAction::Reject(cause), Some(session)) => {
                let cause = agent::Cause(cause.q850());
                let status = self.refusal.map_or(cause.status(), |status| cause.relayed(status));
                media.release(far);
                self.forget(far);
                Some(Command::Reject { session, status, reason: None, retry_after: None })
            }
            (FarAction::SendOn { via, to, diverted }, Some(session)) => {
                media.release(far);
                self.forget(far);
                let to = vec![moves::back(site, via, to)];
                Some(Command::Redirect { session, to, diverted: Some(moves::told(&diverted)) })
            }
            (FarAction::End(cause), Some(session)) => {
                media.release(far);
                self.forget(far);
                Some(Command::Hangup { session, cause: Some(agent::Cause(cause.q850())) })
            }
            (FarAction::Hold, Some(session)) => self.reoffer(media, far, session, Direction::SendOnly),
            (FarAction::Resume, Some(session)) => self.reoffer(media, far, session, Direction::SendRecv),
            (FarAction::Data, Some(session)) => self.data(media, far, session),
            (FarAction::AnswerRefer(answer), Some(session)) => {
                let answer = answer.map_err(|cause| agent::Cause(cause.q850()).status());
                if answer.is_err() {
                    self.referrals.forget(far);
                }
                Some(Command::AnswerRefer { session, answer })
            }
            (FarAction::Refer(to), Some(session)) => {
                let to = match to {
                    ReferTo::Number(number) => ReferTarget::User(number.as_str().to_owned()),
                    ReferTo::Leg(other) => match self.session(other) {
                        Some(other) => ReferTarget::Session(other),
                        // It ended in the same moment, and the switch hears of that.
                        None => return Ok(None),
                    },
                };
                Some(Command::Refer { session, to })
            }
        };
        Ok(command)
    }

    /// From now on only codecs that carry a fax or a modem: offered, where another one is in use; else kept to, whatever the
    /// far end offers.
    fn data(&self, media: &mut MediaDesk, far: FarId, session: SessionId) -> Option<Command> {
        let carries = media.set_data(far)?;
        let held = self.held_by_us.get(&far) == Some(&true);
        let direction = if held { Direction::SendOnly } else { Direction::SendRecv };
        let media = media.local(far)?.with_direction(direction);
        match carries {
            // Nothing is agreed yet: it is told what we have when it comes to that.
            None => None,
            Some(true) => Some(Command::SetMedia { session, media }),
            Some(false) => Some(Command::Reoffer { session, media }),
        }
    }

    fn reoffer(
        &mut self,
        media: &MediaDesk,
        far: FarId,
        session: SessionId,
        direction: Direction,
    ) -> Option<Command> {
        let held = direction == Direction::SendOnly;
        if self.held_by_us.insert(far, held) == Some(held) {
            return None;
        }
        let media = media.local(far)?.with_direction(direction);
        Some(Command::Reoffer { session, media })
    }

    /// Takes an event of the agent that concerns a session.
    pub(crate) fn news(&mut self, site: &Site, media: &mut MediaDesk, event: &Event) -> FarNews {
        let mut news = FarNews::default();
        self.refusal = None;
        let leg = |session: &SessionId| self.legs.get(session).copied();
        match event {
            Event::Incoming(call) if call.replaces.is_some() => {
                news.commands = self.replace(media, call);
            }
            Event::Incoming(call) => {
                let far = FarId::In(call.session.0);
                self.bind(far, call.session);
                self.came_with = Some((far, call.max_forwards));
                self.came_from.clone_from(&call.diversions);
                news.event = Some((far, incoming(site, call)));
                let server = match call.trust {
                    TrustedAs::Server(id) => site.sip.servers.iter().find(|server| server.config.id == id),
                    TrustedAs::User(_) | TrustedAs::Network => None,
                };
                if media.reserve(far, server, false).is_none() {
                    // The switch is not asked: there is nothing that it could do with it.
                    self.forget(far);
                    news.event = None;
                    news.gone = Some(far);
                }
            }
            Event::Proceeding { session } => {
                news.event = leg(session).map(|far| (far, FarEvent::Proceeding));
            }
            Event::CompletionOffered { session, offer } => {
                if let Some(far) = leg(session).filter(|far| self.completions.offered(*far, offer)) {
                    news.event = Some((far, FarEvent::Completable));
                }
            }
            Event::Ringing { session, .. } => {
                news.event = leg(session).map(|far| (far, FarEvent::Ringing));
            }
            Event::EarlyMedia { session, plan, .. } => {
                if let Some(far) = leg(session) {
                    media.agreed(far, plan.audio());
                    news.event = matches!(far, FarId::Out(_)).then_some((far, FarEvent::EarlyMedia));
                }
            }
            Event::Answered { session, plan, .. } => {
                if let Some(far) = leg(session) {
                    media.agreed(far, plan.audio());
                    // Of a call that came in, the switch knows already: it accepted it. So it does of one whose far end
                    // was replaced by another.
                    let is_news = matches!(far, FarId::Out(_)) && self.answered.insert(far);
                    let resumes = self.held_by_them.insert(far, false) == Some(true);
                    news.event = if is_news {
                        Some((far, FarEvent::Answered))
                    } else {
                        resumes.then_some((far, FarEvent::Resumed))
                    };
                }
            }
            Event::Failed { session, cause, status, .. } => {
                news.gone = leg(session);
                self.refusal = Some(*status);
                news.event = news.gone.map(|far| (far, FarEvent::Failed { cause: Cause::Q850(cause.0) }));
            }
            Event::Redirected { session, status, to, diversions } => {
                news.gone = leg(session);
                self.refusal = Some(*status);
                if let Some(far) = news.gone {
                    self.diverted_by(far, diversions);
                    news.event = Some((far, FarEvent::Moved { to: moves::moves(site, *status, to) }));
                }
            }
            Event::Ended { session, cause, .. } => {
                news.gone = leg(session);
                news.event = news.gone.map(|far| (far, FarEvent::Ended { cause: Cause::Q850(cause.0) }));
            }
            Event::Reoffered { session, plan, held } => {
                if let Some(far) = leg(session) {
                    news.event = self.changed(media, far, plan, Some(*held));
                    // Where we wait to offer what carries a fax, they may have done so.
                    if media.is_data(far) {
                        news.commands.extend(self.data(media, far, *session));
                    }
                }
            }
            Event::ReofferResult { session, result } => {
                if let (Some(far), Ok(plan)) = (leg(session), result) {
                    news.event = self.changed(media, far, plan, None);
                }
            }
            Event::Info { session, digit: '!', .. } => news.flash = leg(session),
            Event::Info { session, digit, duration } => {
                let digit = u8::try_from(*digit).ok().filter(|digit| b"0123456789*#ABCD".contains(digit));
                if let (Some(far), Some(digit)) = (leg(session), digit) {
                    news.event = Some((far, FarEvent::Digit { digit, length: *duration }));
                }
            }
            Event::Referred(referred) => match leg(&referred.session) {
                Some(far) => {
                    let to = Text::new(&user_of(&referred.to));
                    let place = referred.replaces.is_some();
                    self.referrals.comes(far, referred);
                    news.event = Some((far, FarEvent::Referred { to, place }));
                }
                None => {
                    let answer = Err(481);
                    news.commands.push(Command::AnswerRefer { session: referred.session, answer });
                }
            },
            Event::ReferGoes { session, .. } => {
                news.event = leg(session).map(|far| (far, FarEvent::ReferGoes));
            }
            Event::ReferEnded { session, outcome } => {
                let cause = |status: u16| Cause::Q850(agent::Cause::from_status(status).0);
                let end = match outcome {
                    ReferOutcome::Succeeded { .. } => ReferEnd::Done,
                    ReferOutcome::Failed { status, .. } => ReferEnd::Failed(cause(*status)),
                    ReferOutcome::Refused { status, .. } => ReferEnd::Refused(cause(*status)),
                    ReferOutcome::Unknown => ReferEnd::Unknown,
                };
                news.event = leg(session).map(|far| (far, FarEvent::ReferEnded { end }));
            }
            // Answered by the agent itself (automatic), or of no session.
            Event::ReofferAsked { .. }
            | Event::Registration { .. }
            | Event::Mail { .. }
            | Event::MailWatch { .. }
            | Event::Completion { .. }
            | Event::Server { .. }
            | Event::ServerAnswers { .. }
            | Event::Binding { .. }
            | Event::Refused { .. } => {}
        }
        if let Some(far) = news.gone {
            media.release(far);
            self.forget(far);
        }
        news
    }

    /// Another takes the place of a far end (RFC 3891): its far leg goes on with the new session, and the switch need not know.
    fn replace(&mut self, media: &MediaDesk, call: &Incoming) -> Vec<Command> {
        let new = call.session;
        let place = call.replaces.and_then(|old| Some((old, *self.legs.get(&old)?)));
        let Some((old, far)) = place else {
            // It has just ended for the switch.
            return vec![Command::Reject { session: new, status: 481, reason: None, retry_after: None }];
        };
        let Some(local) = media.local(far) else {
            return vec![Command::Reject { session: new, status: 503, reason: None, retry_after: None }];
        };
        let held = self.held_by_us.get(&far) == Some(&true);
        let direction = if held { Direction::SendOnly } else { Direction::SendRecv };
        self.legs.remove(&old);
        self.bind(far, new);
        vec![
            Command::Accept { session: new, media: local.with_direction(direction) },
            Command::Hangup { session: old, cause: Some(agent::Cause::NORMAL) },
        ]
    }

    fn changed(
        &mut self,
        media: &mut MediaDesk,
        far: FarId,
        plan: &MediaPlan,
        held: Option<bool>,
    ) -> Option<(FarId, FarEvent)> {
        media.agreed(far, plan.audio());
        let held = held?;
        if self.held_by_them.insert(far, held).unwrap_or(false) == held {
            return None;
        }
        Some((far, if held { FarEvent::Held } else { FarEvent::Resumed }))
    }

    /// The far leg and the session that a media leg's digit goes out on by INFO.
    pub(crate) fn signalling(&self, media: &MediaDesk, leg: LegId) -> Option<SessionId> {
        self.session(media.far_of(leg)?)
    }
}

/// An outgoing call as the switch orders it.
struct Outgoing {
    via: Via,
    number: Number,
    from: Identity,
    priority: Priority,
    hops: Option<u8>,
}

impl Outgoing {
    fn invite(&self, site: &Site, session: SessionId, media: LocalMedia) -> Result<Invite, Cause> {
        let caller = identity(self.from.number.as_str(), self.from.name.as_str());
        let privacy = match self.from.presentation {
            Presentation::Allowed => Privacy::None,
            Presentation::Private | Presentation::Unavailable => Privacy::Id,
        };
        let mut invite = Invite {
            session,
            to: Destination::Registered { user: self.number.as_str().to_owned() },
            account: None,
            from: caller.clone(),
            asserted: None,
            privacy,
            media: Some(media),
            emergency: self.priority == Priority::Emergency,
            max_forwards: self.hops,
            replaces: None,
            referred_by: None,
            details: CallDetails::default(),
        };
        match self.via {
            Via::User(_) => {}
            Via::Server(name) => {
                let server = site
                    .sip
                    .servers
                    .iter()
                    .find(|server| server.name == name.as_str())
                    .ok_or(Cause::NO_CIRCUIT)?;
                let (server, from_caller) = (server.config.id, server.from_caller);
                invite.to = Destination::Server { server, user: self.number.as_str().to_owned() };
                if let Some(account) = site.account(server, self.from.number.as_str()) {
                    invite.account = Some(account.config.id);
                    // A provider takes calls only from the user who registered; who calls is named beside.
                    if !from_caller {
                        invite.from.user.clone_from(&account.config.user);
                    }
                    // Nobody is not vouched for.
                    if account.config.user != caller.user && !self.from.number.is_empty() {
                        invite.asserted = Some(caller);
                    }
                } else if self.is_from_outside(&site.calls.phones)
                    || (privacy == Privacy::Id && !self.from.number.is_empty())
                {
                    // The exchange told it, and this box vouches for it to a server that it works for.
                    invite.asserted = Some(caller);
                }
            }
        }
        Ok(invite)
    }

    /// True for a caller of an outside line: from a line of this box, with a number that no telephone of the house has.
    fn is_from_outside(&self, phones: &[tipring_call::Phone]) -> bool {
        let mut house = phones.iter();
        self.hops.is_none()
            && self.priority != Priority::Emergency
            && !self.from.number.is_empty()
            && house.all(|phone| phone.number != self.from.number)
    }
}

pub(super) fn identity(number: &str, name: &str) -> agent::Identity {
    let user = if number.is_empty() { "anonymous" } else { number };
    agent::Identity { display: (!name.is_empty()).then(|| name.to_owned()), user: user.to_owned() }
}

fn incoming(site: &Site, call: &Incoming) -> FarEvent {
    let via = match &call.trust {
        TrustedAs::Server(server) => Via::Server(Text::new(site.server_name(*server))),
        TrustedAs::User(user) => Via::User(Text::new(user)),
        TrustedAs::Network => Via::Server(Text::new(TRUSTED_NETWORK)),
    };
    let dialled = user_of(&call.request_uri);
    // A server that registered one user for the whole house calls that user; who is wanted stands in To.
    let to = if is_account(site, &call.trust, &dialled) { user_of(&call.to) } else { dialled };
    let (from, display) = match (&call.trust, &call.asserted) {
        (TrustedAs::Server(_) | TrustedAs::Network, Some((uri, display))) => {
            (user_of(uri), display.as_ref().or(call.from_display.as_ref()))
        }
        (_, _) => (user_of(&call.from), call.from_display.as_ref()),
    };
    let unknown = from.is_empty() || from.eq_ignore_ascii_case("anonymous");
    let presentation = if call.private || from.eq_ignore_ascii_case("anonymous") {
        Presentation::Private
    } else if unknown {
        Presentation::Unavailable
    } else {
        Presentation::Allowed
    };
    let name: Text<MAX_CALLER_NAME> = display.map_or(Text::EMPTY, |name| Text::new(name));
    let from = Identity { number: Text::new(&from), name, presentation };
    let ring = call.alerts.iter().find_map(|alert| match alert {
        Alert::Bellcore(number @ 1..=5) => Some(RingKind::Bellcore(*number)),
        Alert::Urn(name) if name == "source:internal" => Some(RingKind::Internal),
        Alert::Urn(name) if name == "source:external" => Some(RingKind::External),
        Alert::Info(name) => match name.trim_start_matches("alert-") {
            "internal" => Some(RingKind::Internal),
            "external" => Some(RingKind::External),
            _ => None,
        },
        Alert::Bellcore(_) | Alert::Urn(_) | Alert::Uri(_) => None,
    });
    let diverted = moves::diverters(&call.diversions);
    FarEvent::Incoming { to: Text::new(&to), from, via, ring, diverted }
}

fn is_account(site: &Site, trust: &TrustedAs, user: &str) -> bool {
    let TrustedAs::Server(server) = trust else { return false };
    site.sip.accounts.iter().any(|account| {
        account.phone.is_none() && account.config.server == *server && account.config.user == user
    })
}

/// The number in an address, without visual separators.
pub(super) fn user_of(uri: &Uri) -> String {
    let user = uri.user().unwrap_or_default();
    let looks_dialled = !user.is_empty() && user.chars().all(|c| c.is_ascii_digit() || "+-.()*#".contains(c));
    if looks_dialled { user.chars().filter(|c| !"-.()".contains(*c)).collect() } else { user.into_owned() }
}

/// Which telephone or gateway an account is, for people.
pub(crate) fn account_name(site: &Site, account: AccountId) -> String {
    site.account_by_id(account).map_or_else(
        || format!("account {}", account.0),
        |account| format!("{}@{}", account.config.user, site.server_name(account.config.server)),
    )
}

/// The server's name, for people.
pub(crate) fn server_name(site: &Site, server: ServerId) -> String {
    site.server_name(server).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(call: CallId, from: Party) -> CallEvent {
        let (shown, dialled) = (Identity::default(), Number::EMPTY);
        CallEvent::Created { call, from, shown, dialled, priority: Priority::Normal }
    }

    fn routed(call: CallId, to: Party) -> CallEvent {
        CallEvent::Routed { call, to, via: None, sent: Number::EMPTY }
    }

    #[test]
    fn a_caller_of_an_outside_line_is_asserted_and_no_other() {
        let phone = tipring_call::Phone {
            pickup: Vec::new(),
            line: tipring_units::LineId(0),
            number: Number::new("101"),
            name: Text::EMPTY,
            may_call: tipring_call::Permission::All,
            night: None,
            ring: tipring_port::RingPattern::new(&[]),
            ring_for: Vec::new(),
            data: false,
            features: tipring_call::Features::default(),
            no_answer: tipring_units::Millis::from_secs(20),
            codes: false,
            transfer: true,
            lamp: true,
            recall: tipring_call::Recall::Swap,
            pin: None,
            dials: Vec::new(),
            duty: tipring_call::Duty::default(),
        };
        let call = |number: &str, hops| Outgoing {
            via: Via::Server(Text::new("pbx")),
            number: Number::new("700"),
            from: Identity::new(number, ""),
            priority: Priority::Normal,
            hops,
        };
        let outside = |call: Outgoing| call.is_from_outside(core::slice::from_ref(&phone));
        assert!(outside(call("5550199", None)));
        assert!(!outside(call("101", None)), "a telephone of the house");
        assert!(!outside(call("", None)), "nobody knows");
        assert!(!outside(call("5550199", Some(12))), "it came by SIP, and whoever sent it vouches for it");
        let emergency = Outgoing { priority: Priority::Emergency, ..call("5550100", None) };
        assert!(!outside(emergency), "the number to call back");
    }

    #[test]
    fn a_call_from_sip_to_sip_has_one_hop_less_and_one_from_a_line_has_all() {
        let mut desk = FarDesk { came_with: Some((FarId::In(5), 12)), ..FarDesk::default() };
        desk.call_event(&created(CallId(1), Party::Far(FarId::In(5))));
        desk.call_event(&routed(CallId(1), Party::Far(FarId::Out(6))));
        desk.call_event(&created(CallId(2), Party::Line(tipring_units::LineId(1))));
        desk.call_event(&routed(CallId(2), Party::Far(FarId::Out(7))));
        assert_eq!((desk.hops_for(FarId::Out(6)), desk.hops_for(FarId::Out(7))), (Some(11), None));
        // The next way of the same call.
        desk.call_event(&routed(CallId(1), Party::Far(FarId::Out(8))));
        assert_eq!((desk.hops_for(FarId::Out(6)), desk.hops_for(FarId::Out(8))), (None, Some(11)));
    }
}

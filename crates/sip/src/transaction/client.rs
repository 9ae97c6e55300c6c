//! The table of client transactions: requests that we sent.

use std::collections::BTreeMap;

use tipring_units::Instant;

use super::invite_client::{Event, InviteClient};
use super::key::ClientKey;
use super::non_invite_client::NonInviteClient;
use super::timing::Alarms;
use super::{Action, Class, Target, Timer, Timing};
use crate::message::{CSeq, HeaderName, Method, Request, Response};

/// Client transactions at a time.
pub const MAX_CLIENTS: usize = 8192;

/// One client transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId(pub u64);

/// Why a transaction got no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAnswer {
    /// Timer B or F.
    TimedOut,
    /// The transport failed.
    Transport,
}

/// What the table wants done.
#[derive(Clone, PartialEq, Debug)]
pub enum ClientReport {
    /// Send this.
    Send {
        /// Where to.
        target: Target,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A response for the transaction's user.
    Response {
        /// The transaction.
        id: ClientId,
        /// The response.
        response: Response,
    },
    /// No answer came or will come.
    Failed {
        /// The transaction.
        id: ClientId,
        /// Why.
        why: NoAnswer,
    },
    /// The transaction is gone; no more responses come.
    Ended {
        /// The transaction.
        id: ClientId,
    },
}

#[derive(Clone, Debug)]
enum Machine {
    Invite(InviteClient),
    Other(NonInviteClient),
}

#[derive(Clone, Debug)]
struct Entry {
    machine: Machine,
    key: ClientKey,
    request: Request,
    bytes: Vec<u8>,
    ack: Option<Vec<u8>>,
    target: Target,
}

/// The table.
#[derive(Clone, Debug)]
pub struct Clients {
    timing: Timing,
    entries: BTreeMap<ClientId, Entry>,
    by_key: BTreeMap<ClientKey, ClientId>,
    alarms: Alarms<ClientId, Timer>,
    next: u64,
}

impl Clients {
    /// An empty table.
    pub const fn new(timing: Timing) -> Self {
        Self { timing, entries: BTreeMap::new(), by_key: BTreeMap::new(), alarms: Alarms::new(), next: 0 }
    }

    /// Whether there is room for another transaction.
    pub fn has_room(&self) -> bool {
        self.entries.len() < MAX_CLIENTS
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Starts a transaction with `request`, which already has our Via. None if the table is full, the
    /// request has no branch or its branch is in use.
    pub fn start(
        &mut self,
        now: Instant,
        request: Request,
        target: Target,
        out: &mut Vec<ClientReport>,
    ) -> Option<ClientId> {
        let key = ClientKey::of_request(&request)?;
        if !self.has_room() || self.by_key.contains_key(&key) {
            return None;
        }
        let id = ClientId(self.next);
        self.next += 1;
        let reliable = target.transport.is_reliable();
        let mut actions = Vec::new();
        let machine = if request.method == Method::Invite {
            Machine::Invite(InviteClient::start(now, self.timing, reliable, &mut actions))
        } else {
            Machine::Other(NonInviteClient::start(now, self.timing, reliable, &mut actions))
        };
        let bytes = request.to_bytes();
        self.by_key.insert(key.clone(), id);
        self.entries.insert(id, Entry { machine, key, request, bytes, ack: None, target });
        self.perform(id, &actions, None, out);
        Some(id)
    }

    /// The request of a transaction and where it went.
    pub fn request(&self, id: ClientId) -> Option<(&Request, Target)> {
        self.entries.get(&id).map(|entry| (&entry.request, entry.target))
    }

    /// Takes a response. False if it belongs to no transaction.
    pub fn on_response(&mut self, now: Instant, response: &Response, out: &mut Vec<ClientReport>) -> bool {
        let found = ClientKey::of_response(response).and_then(|key| self.by_key.get(&key).copied());
        let Some(id) = found else { return false };
        self.event(now, id, Event::Response(Class::of(response.status)), Some(response.clone()), out);
        true
    }

    /// A message to `target` could not be delivered.
    pub fn on_transport_error(&mut self, now: Instant, target: Target, out: &mut Vec<ClientReport>) {
        let hit: Vec<ClientId> = self
            .entries
            .iter()
            .filter(|(_, e)| e.target.transport == target.transport && e.target.address == target.address)
            .map(|(id, _)| *id)
            .collect();
        for id in hit {
            self.event(now, id, Event::TransportError, None, out);
        }
    }

    /// Forgets a transaction without a word, as after a CANCEL that nobody answers (§9.1).
    pub fn drop_silently(&mut self, id: ClientId) {
        if let Some(entry) = self.entries.remove(&id) {
            self.by_key.remove(&entry.key);
            self.alarms.set(id, None);
        }
    }

    /// Lets an INVITE be that nobody has answered yet: it is not repeated any more. What comes late is still reported,
    /// and a refusal acknowledged. False, and nothing happens, if it is no INVITE.
    pub fn abandon(&mut self, now: Instant, id: ClientId) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let Machine::Invite(machine) = &mut entry.machine else { return false };
        machine.abandon(now);
        self.alarms.set(id, machine.deadline());
        true
    }

    /// The next timer.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        self.alarms.next().map(|(at, _, timer)| (at, timer))
    }

    /// Runs the timers that are due.
    pub fn on_time(&mut self, now: Instant, out: &mut Vec<ClientReport>) {
        while let Some((id, timer)) = self.alarms.due(now) {
            self.event(now, id, Event::Timer(timer), None, out);
        }
    }

    fn event(
        &mut self,
        now: Instant,
        id: ClientId,
        event: Event,
        response: Option<Response>,
        out: &mut Vec<ClientReport>,
    ) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let mut actions = Vec::new();
        match &mut entry.machine {
            Machine::Invite(machine) => machine.on(now, event, &mut actions),
            Machine::Other(machine) => machine.on(now, event, &mut actions),
        }
        self.perform(id, &actions, response, out);
    }

    fn perform(
        &mut self,
        id: ClientId,
        actions: &[Action],
        mut response: Option<Response>,
        out: &mut Vec<ClientReport>,
    ) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let target = entry.target;
        let mut ended = false;
        for action in actions {
            match action {
                Action::Send => out.push(ClientReport::Send { target, bytes: entry.bytes.clone() }),
                Action::Ack => {
                    if let Some(refusal) = &response {
                        entry.ack = Some(ack_to_refusal(&entry.request, refusal).to_bytes());
                    }
                    if let Some(bytes) = entry.ack.clone() {
                        out.push(ClientReport::Send { target, bytes });
                    }
                }
                Action::Deliver => {
                    if let Some(response) = response.take() {
                        out.push(ClientReport::Response { id, response });
                    }
                }
                Action::TimedOut => out.push(ClientReport::Failed { id, why: NoAnswer::TimedOut }),
                Action::TransportFailed => out.push(ClientReport::Failed { id, why: NoAnswer::Transport }),
                Action::Ended => ended = true,
            }
        }
        let deadline = match &entry.machine {
            Machine::Invite(machine) => machine.deadline(),
            Machine::Other(machine) => machine.deadline(),
        };
        self.alarms.set(id, deadline);
        if ended {
            self.drop_silently(id);
            out.push(ClientReport::Ended { id });
        }
    }
}

/// The ACK of a refusal: same URI, branch, Route; To as the refusal has it (§17.1.1.3).
pub fn ack_to_refusal(invite: &Request, refusal: &Response) -> Request {
    let mut ack = Request::new(Method::Ack, invite.uri.clone());
    if let Ok(via) = invite.top_via() {
        ack.headers.push(HeaderName::Via, via.to_string());
    }
    for name in [HeaderName::Route, HeaderName::MaxForwards, HeaderName::From] {
        for value in invite.headers.get_all(&name) {
            ack.headers.push(name.clone(), value);
        }
    }
    let to = refusal.headers.get(&HeaderName::To).or_else(|| invite.headers.get(&HeaderName::To));
    ack.headers.push(HeaderName::To, to.unwrap_or_default());
    ack.headers.push(HeaderName::CallId, invite.headers.get(&HeaderName::CallId).unwrap_or_default());
    let seq = invite.cseq().map_or(0, |cseq| cseq.seq);
    ack.headers.push(HeaderName::CSeq, CSeq { seq, method: Method::Ack }.to_string());
    ack
}

/// The CANCEL of a pending INVITE: same URI, Via, From, To, Call-ID, number and Route (§9.1).
pub fn cancel_of(invite: &Request, reason: Option<&str>) -> Request {
    let mut cancel = Request::new(Method::Cancel, invite.uri.clone());
    if let Ok(via) = invite.top_via() {
        cancel.headers.push(HeaderName::Via, via.to_string());
    }
    let copied =
        [HeaderName::Route, HeaderName::MaxForwards, HeaderName::From, HeaderName::To, HeaderName::CallId];
    for name in copied {
        for value in invite.headers.get_all(&name) {
            cancel.headers.push(name.clone(), value);
        }
    }
    let seq = invite.cseq().map_or(0, |cseq| cseq.seq);
    cancel.headers.push(HeaderName::CSeq, CSeq { seq, method: Method::Cancel }.to_string());
    if let Some(reason) = reason {
        cancel.headers.push(HeaderName::Reason, reason);
    }
    cancel
}

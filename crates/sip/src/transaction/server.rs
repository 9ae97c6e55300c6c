//! The table of server transactions: requests that we received.

use std::collections::BTreeMap;

use tipring_units::Instant;

use super::invite_server::{Event, InviteServer};
use super::key::ServerKey;
use super::non_invite_server::NonInviteServer;
use super::timing::Alarms;
use super::{Action, Class, Target, Timer, Timing};
use crate::message::{Method, Request, Response};

/// Server transactions at a time.
pub const MAX_SERVERS: usize = 8192;

/// One server transaction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServerId(pub u64);

/// What became of a request that arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// It is new and waits for [`Servers::answer`].
    New(ServerId),
    /// A repeat; the table did what is to be done.
    Absorbed,
    /// An ACK to a 2xx of this transaction.
    Ack(ServerId),
    /// An ACK of no transaction here: it acknowledges a 2xx by its dialog, or nothing.
    StrayAck,
    /// The same request came by another way; to be refused with 482 (§8.2.2.2).
    Merged,
    /// The table is full; to be refused with 503.
    Full,
    /// It has no usable Via.
    Unusable,
}

/// What the table wants done.
#[derive(Clone, PartialEq, Debug)]
pub enum ServerReport {
    /// Send this.
    Send {
        /// Where to.
        target: Target,
        /// The message.
        bytes: Vec<u8>,
    },
    /// No ACK to a refusal came, or the answer could not be sent.
    Failed {
        /// The transaction.
        id: ServerId,
    },
    /// The transaction is gone.
    Ended {
        /// The transaction.
        id: ServerId,
    },
}

#[derive(Clone, Debug)]
enum Machine {
    Invite(InviteServer),
    Other(NonInviteServer),
}

/// Call-ID, From tag, CSeq and method of a request outside of any dialog.
type MergeKey = (String, String, u32, String);

#[derive(Clone, Debug)]
struct Entry {
    machine: Machine,
    key: ServerKey,
    merge: Option<MergeKey>,
    answer: Vec<u8>,
    target: Target,
}

/// The table.
#[derive(Clone, Debug)]
pub struct Servers {
    timing: Timing,
    entries: BTreeMap<ServerId, Entry>,
    by_key: BTreeMap<ServerKey, ServerId>,
    by_merge: BTreeMap<MergeKey, ServerId>,
    alarms: Alarms<ServerId, Timer>,
    next: u64,
}

impl Servers {
    /// An empty table.
    pub const fn new(timing: Timing) -> Self {
        Self {
            timing,
            entries: BTreeMap::new(),
            by_key: BTreeMap::new(),
            by_merge: BTreeMap::new(),
            alarms: Alarms::new(),
            next: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes a request whose answers go to `reply_to`.
    pub fn arrive(
        &mut self,
        now: Instant,
        request: &Request,
        reply_to: Target,
        out: &mut Vec<ServerReport>,
    ) -> Arrival {
        let Some(key) = ServerKey::of(request) else { return Arrival::Unusable };
        if let Some(id) = self.by_key.get(&key).copied() {
            return self.again(now, id, request, out);
        }
        if request.method == Method::Ack {
            return Arrival::StrayAck;
        }
        let merge = merge_key(request);
        if merge.as_ref().is_some_and(|merge| self.by_merge.contains_key(merge)) {
            return Arrival::Merged;
        }
        if self.entries.len() >= MAX_SERVERS {
            return Arrival::Full;
        }
        let id = ServerId(self.next);
        self.next += 1;
        let reliable = reply_to.transport.is_reliable();
        let machine = if request.method == Method::Invite {
            Machine::Invite(InviteServer::start(self.timing, reliable))
        } else {
            Machine::Other(NonInviteServer::start(now, self.timing, reliable))
        };
        self.by_key.insert(key.clone(), id);
        if let Some(merge) = &merge {
            self.by_merge.insert(merge.clone(), id);
        }
        self.alarms.set(id, machine.deadline());
        self.entries.insert(id, Entry { machine, key, merge, answer: Vec::new(), target: reply_to });
        Arrival::New(id)
    }

    /// Whether `request` is a repeat of one that is here.
    pub fn knows(&self, request: &Request) -> bool {
        ServerKey::of(request).is_some_and(|key| self.by_key.contains_key(&key))
    }

    /// The INVITE transaction that a CANCEL is about.
    pub fn cancelled_by(&self, cancel: &Request) -> Option<ServerId> {
        self.by_key.get(&ServerKey::of_cancelled(cancel)?).copied()
    }

    /// Sends `response` in the transaction; also each repeat of a 2xx to INVITE.
    pub fn answer(&mut self, now: Instant, id: ServerId, response: &Response, out: &mut Vec<ServerReport>) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let class = Class::of(response.status);
        let mut actions = Vec::new();
        entry.machine.on(now, Event::Answer(class), &mut actions);
        if actions.contains(&Action::Send) {
            entry.answer = response.to_bytes();
        }
        self.perform(id, &actions, out);
    }

    /// Where answers of the transaction go.
    pub fn target(&self, id: ServerId) -> Option<Target> {
        self.entries.get(&id).map(|entry| entry.target)
    }

    /// The next timer.
    pub fn deadline(&self) -> Option<(Instant, Timer)> {
        self.alarms.next().map(|(at, _, timer)| (at, timer))
    }

    /// Runs the timers that are due.
    pub fn on_time(&mut self, now: Instant, out: &mut Vec<ServerReport>) {
        while let Some((id, timer)) = self.alarms.due(now) {
            self.event(now, id, Event::Timer(timer), out);
        }
    }

    fn again(
        &mut self,
        now: Instant,
        id: ServerId,
        request: &Request,
        out: &mut Vec<ServerReport>,
    ) -> Arrival {
        let event = if request.method == Method::Ack { Event::Ack } else { Event::Repeat };
        let delivered = self.event(now, id, event, out);
        if delivered { Arrival::Ack(id) } else { Arrival::Absorbed }
    }

    /// True if the machine hands the message on.
    fn event(&mut self, now: Instant, id: ServerId, event: Event, out: &mut Vec<ServerReport>) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let mut actions = Vec::new();
        entry.machine.on(now, event, &mut actions);
        self.perform(id, &actions, out);
        actions.contains(&Action::Deliver)
    }

    fn perform(&mut self, id: ServerId, actions: &[Action], out: &mut Vec<ServerReport>) {
        let Some(entry) = self.entries.get(&id) else { return };
        let mut ended = false;
        for action in actions {
            match action {
                Action::Send => {
                    out.push(ServerReport::Send { target: entry.target, bytes: entry.answer.clone() });
                }
                Action::TimedOut | Action::TransportFailed => out.push(ServerReport::Failed { id }),
                Action::Ended => ended = true,
                // ACK is told apart by the caller; servers acknowledge nothing.
                Action::Deliver | Action::Ack => {}
            }
        }
        self.alarms.set(id, entry.machine.deadline());
        if ended {
            self.forget(id);
            out.push(ServerReport::Ended { id });
        }
    }

    /// Drops a transaction whose user is gone.
    pub fn forget(&mut self, id: ServerId) {
        if let Some(entry) = self.entries.remove(&id) {
            self.by_key.remove(&entry.key);
            if let Some(merge) = entry.merge {
                self.by_merge.remove(&merge);
            }
        }
        self.alarms.set(id, None);
    }
}

impl Machine {
    fn on(&mut self, now: Instant, event: Event, out: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.on(now, event, out),
            Self::Other(machine) => machine.on(now, event, out),
        }
    }

    fn deadline(&self) -> Option<(Instant, Timer)> {
        match self {
            Self::Invite(machine) => machine.deadline(),
            Self::Other(machine) => machine.deadline(),
        }
    }
}

fn merge_key(request: &Request) -> Option<MergeKey> {
    if request.method == Method::Cancel || request.to().ok()?.tag().is_some() {
        return None;
    }
    let from_tag = request.from_().ok()?.tag()?.to_owned();
    Some((request.call_id().ok()?, from_tag, request.cseq().ok()?.seq, request.method.as_str().to_owned()))
}

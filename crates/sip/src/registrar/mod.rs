//! The built-in registrar.
//!
//! **What it does.** Lets configured users bind contacts to their name, after digest, and finds them again.
//!
//! **How.** [`Registrar::register`] turns a REGISTER into its answer and the bindings that changed. A
//! binding remembers the flow on which it came, so that phones behind NAT can be called.
//!
//! **Limits.** [`MAX_USERS`], [`MAX_CONTACTS`] each. An unknown user is answered exactly like a wrong
//! password. No GRUU, no Path.
//!
//! **Standard.** RFC 3261 §10.3, RFC 7616, RFC 8760.

mod binding;

use std::collections::BTreeMap;

use tipring_units::{Entropy, Instant, Millis};

pub use binding::{Binding, Change};

use crate::digest::{Algorithm, Authorization, Refusal, Secret, ServerAuth};
use crate::message::{HeaderName, NameAddr, Request, Response, Seconds, text};
use crate::transaction::Target;

/// Users of the registrar.
pub const MAX_USERS: usize = 4096;
/// Contacts of one user.
pub const MAX_CONTACTS: usize = 8;
/// The shortest lifetime that is granted.
pub const MIN_EXPIRES: Seconds = Seconds(60);
/// The longest lifetime that is granted.
pub const MAX_EXPIRES: Seconds = Seconds(3600);
/// The lifetime where the phone asks for none.
pub const DEFAULT_EXPIRES: Seconds = Seconds(3600);
/// How long a nonce is good.
const NONCE_LIFETIME: Millis = Millis(300_000);

/// A user of the built-in registrar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The name before the `@`.
    pub name: String,
    /// The secret.
    pub password: Secret,
}

/// Whether a request bears valid credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proof {
    /// It does, of this user.
    User(String),
    /// It bears none, or ones with an old nonce: ask.
    Ask {
        /// The password was right, only the nonce was old.
        stale: bool,
    },
    /// It bears wrong ones.
    Wrong,
}

/// The registrar.
#[derive(Debug)]
pub struct Registrar {
    auth: ServerAuth,
    users: BTreeMap<String, Secret>,
    bindings: BTreeMap<String, Vec<Binding>>,
}

impl Registrar {
    /// A registrar without users that asks for these digest algorithms.
    pub fn new(realm: &str, algorithms: &[Algorithm], entropy: &mut Entropy) -> Self {
        Self {
            auth: ServerAuth::new(realm, algorithms, NONCE_LIFETIME, entropy),
            users: BTreeMap::new(),
            bindings: BTreeMap::new(),
        }
    }

    /// Asks for these digest algorithms from now on, most wanted first. Who is registered stays so, and proves itself
    /// anew with its next request.
    pub fn set_digest(&mut self, algorithms: &[Algorithm]) {
        self.auth.set_algorithms(algorithms);
    }

    /// Replaces the users; bindings of those who are gone are removed and returned.
    pub fn set_users(&mut self, users: Vec<User>) -> Vec<Change> {
        self.users = users.into_iter().take(MAX_USERS).map(|u| (u.name, u.password)).collect();
        let gone: Vec<String> =
            self.bindings.keys().filter(|name| !self.users.contains_key(*name)).cloned().collect();
        let mut changes = Vec::new();
        for user in gone {
            for binding in self.bindings.remove(&user).unwrap_or_default() {
                changes.push(Change::gone(&user, &binding));
            }
        }
        changes
    }

    /// Whether anybody may register.
    pub fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    /// Whether `user` is configured.
    pub fn knows(&self, user: &str) -> bool {
        self.users.contains_key(user)
    }

    /// The live bindings of `user`, those of highest preference first.
    pub fn bindings(&self, now: Instant, user: &str) -> Vec<&Binding> {
        let mut found: Vec<&Binding> =
            self.bindings.get(user).into_iter().flatten().filter(|b| b.expires_at > now).collect();
        found.sort_by(|a, b| b.preference.total_cmp(&a.preference).then(b.since.cmp(&a.since)));
        found
    }

    /// The user whose registered phone sends from `flow`: of a connection, the very one on which it registered.
    pub fn user_of_flow(&self, now: Instant, flow: Target) -> Option<&str> {
        let from_flow = |b: &Binding| {
            b.flow.transport == flow.transport
                && b.flow.address == flow.address
                && b.flow.conn == flow.conn
                && b.expires_at > now
        };
        self.bindings.iter().find(|(_, list)| list.iter().any(from_flow)).map(|(user, _)| user.as_str())
    }

    /// Checks the credentials of a request.
    pub fn prove(&mut self, now: Instant, request: &Request) -> Proof {
        let mut bore = false;
        let values: Vec<Authorization> = request
            .headers
            .get_all(&HeaderName::Authorization)
            .filter_map(|value| Authorization::parse(&text(value)).ok().flatten())
            .collect();
        for credentials in values {
            // Whoever answers an earlier challenge of another algorithm is asked again, not taken for a stranger.
            let algorithm = credentials.algorithm.unwrap_or(Algorithm::Md5);
            bore |= credentials.realm == self.auth.realm() && self.auth.offers(algorithm);
            let users = &self.users;
            let result = self.auth.verify(
                now,
                &credentials,
                request.method.as_str(),
                &request.uri,
                &request.body,
                |name| users.get(name).cloned(),
            );
            match result {
                Ok(()) => return Proof::User(credentials.username),
                Err(Refusal::Stale) => return Proof::Ask { stale: true },
                Err(Refusal::Wrong) => {}
            }
        }
        if bore { Proof::Wrong } else { Proof::Ask { stale: false } }
    }

    /// The 401 that asks for credentials: a header for each algorithm, in order (RFC 8760 §2.4).
    pub fn challenge(&self, now: Instant, request: &Request, stale: bool, entropy: &mut Entropy) -> Response {
        let tag = format!("{:016x}", entropy.u64());
        let mut response = request.response(401, "", Some(&tag));
        for challenge in self.auth.challenges(now, stale, entropy) {
            response.headers.push(HeaderName::WwwAuthenticate, challenge.to_string());
        }
        response
    }

    /// Carries out a REGISTER that was proven to come from `user` over `flow`.
    pub fn register(
        &mut self,
        now: Instant,
        user: &str,
        request: &Request,
        flow: Target,
        entropy: &mut Entropy,
    ) -> (Response, Vec<Change>) {
        let tag = format!("{:016x}", entropy.u64());
        let refuse = |status: u16| (request.response(status, "", Some(&tag)), Vec::new());
        // A user may bind contacts to its own name only (§10.3 step 4).
        if !request.to().ok().and_then(|to| to.uri.user().map(|u| u == user)).unwrap_or(false) {
            return refuse(403);
        }
        let default = request.expires().ok().flatten();
        let (Ok(contacts), Ok(call_id), Ok(cseq)) = (request.contacts(), request.call_id(), request.cseq())
        else {
            return refuse(400);
        };
        let mut list = self.bindings.get(user).cloned().unwrap_or_default();
        list.retain(|b| b.expires_at > now);
        let mut changes = Vec::new();
        // §10.3 step 7: a request that is older than what stands, of the same client, changes nothing.
        let is_late = |b: &Binding| b.call_id == call_id && b.seq >= cseq.seq;
        if request.contact_is_star() {
            if default != Some(Seconds(0)) {
                return refuse(400);
            }
            if list.iter().any(is_late) {
                return refuse(500);
            }
            changes.extend(list.drain(..).map(|b| Change::gone(user, &b)));
        }
        for contact in contacts.into_iter().take(4 * MAX_CONTACTS) {
            let asked = lifetime(&contact, default);
            if asked != Seconds(0) && asked < MIN_EXPIRES {
                let (mut response, none) = refuse(423);
                response.headers.push(HeaderName::MinExpires, MIN_EXPIRES.to_string());
                return (response, none);
            }
            let old = list.iter().position(|b| b.contact.uri.equivalent(&contact.uri));
            if old.and_then(|at| list.get(at)).is_some_and(is_late) {
                return refuse(500);
            }
            let old = old.map(|at| list.remove(at));
            if asked == Seconds(0) {
                changes.extend(old.map(|b| Change::gone(user, &b)));
                continue;
            }
            if list.len() >= MAX_CONTACTS {
                return refuse(503);
            }
            let expires = Seconds(asked.0.min(MAX_EXPIRES.0));
            let binding = Binding {
                preference: preference(&contact),
                contact: NameAddr::new(contact.uri),
                flow,
                call_id: call_id.clone(),
                seq: cseq.seq,
                since: old.map_or(now, |b| b.since),
                expires_at: now + Millis(expires.0.saturating_mul(1000)),
            };
            changes.push(Change {
                user: user.to_owned(),
                contact: flow.address,
                expires: Millis(expires.0.saturating_mul(1000)),
            });
            list.push(binding);
        }
        let mut response = request.response(200, "", Some(&tag));
        for binding in &list {
            let left = binding.expires_at.since(now).as_secs();
            let mut contact = binding.contact.clone();
            contact.params.set("expires", &left.to_string());
            response.headers.push(HeaderName::Contact, contact.to_string());
        }
        if list.is_empty() {
            self.bindings.remove(user);
        } else {
            self.bindings.insert(user.to_owned(), list);
        }
        (response, changes)
    }

    /// When the next binding lapses.
    pub fn deadline(&self) -> Option<Instant> {
        self.bindings.values().flatten().map(|b| b.expires_at).min()
    }

    /// Removes the bindings that have lapsed.
    pub fn on_time(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        for (user, list) in &mut self.bindings {
            list.retain(|b| {
                let live = b.expires_at > now;
                if !live {
                    changes.push(Change::gone(user, b));
                }
                live
            });
        }
        self.bindings.retain(|_, list| !list.is_empty());
        changes
    }

    /// A connection has gone: the bindings that live on it cannot be reached any more.
    pub fn flow_closed(&mut self, flow: Target) -> Vec<Change> {
        let mut changes = Vec::new();
        for (user, list) in &mut self.bindings {
            list.retain(|b| {
                let gone = b.flow.conn.is_some() && b.flow.conn == flow.conn;
                if gone {
                    changes.push(Change::gone(user, b));
                }
                !gone
            });
        }
        self.bindings.retain(|_, list| !list.is_empty());
        changes
    }
}

fn lifetime(contact: &NameAddr, default: Option<Seconds>) -> Seconds {
    let own = contact.params.get("expires").and_then(|e| e.trim().parse().ok()).map(Seconds);
    own.or(default).unwrap_or(DEFAULT_EXPIRES)
}

fn preference(contact: &NameAddr) -> f32 {
    contact.params.get("q").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;

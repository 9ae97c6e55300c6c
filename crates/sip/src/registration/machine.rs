//! The client side of one registration.
//!
//! **What it does.** Registers, proves itself where it is asked to, refreshes before the end, waits and tries again after
//! a failure, and removes its binding in the end.
//!
//! **How.** A challenge that was answered serves the refreshes too, with its count raised, so that they are not refused
//! first; one that the registrar does not take any more is replaced by the one that its refusal brings.
//!
//! **Standard.** RFC 3261 §10.2, §22; RFC 7616 §3.4; RFC 3581 for the public address.

use core::net::SocketAddr;

use tipring_units::{Entropy, Instant, Millis};

use super::backoff;
use super::state::{RegistrationState, WhyUnregistered};
use crate::dialog::{Credentials, Failure, Proofs};
use crate::message::{CSeq, HeaderName, Method, NameAddr, Request, Response, Seconds, Uri};

/// The longest wait that a registrar's Retry-After is believed.
const LONGEST_RETRY_AFTER: Millis = Millis(3_600_000);
/// How long before its end a binding is refreshed at the latest.
const MARGIN: Millis = Millis(32_000);
/// Times that a nonce may turn out stale in a row before it counts as a failure.
const MAX_CHALLENGES: u8 = 3;

/// What a registration wants done.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Send this REGISTER (without Via) to the registrar.
    Send(Request),
    /// Report this state.
    Report(RegistrationState),
    /// Deregistering is done, or has failed; forget the registration.
    Gone,
}

/// Why it waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wait {
    /// To refresh the binding.
    Refresh,
    /// To try again after a failure.
    Retry,
}

#[derive(Clone, PartialEq, Debug)]
enum State {
    /// A REGISTER is under way.
    Asking { request: Request, challenges: u8, bound_until: Option<Instant> },
    /// The binding stands.
    Bound { refresh_at: Instant, until: Instant },
    /// The last attempt failed.
    Failed { retry_at: Instant },
    /// The binding is being removed.
    Leaving { request: Request, challenges: u8 },
    /// Over.
    Gone,
}

/// One registration of one address of record.
#[derive(Clone, PartialEq, Debug)]
pub struct Registration {
    aor: Uri,
    registrar: Uri,
    product: String,
    credentials: Credentials,
    contact: NameAddr,
    expires: Seconds,
    call_id: String,
    from_tag: String,
    seq: u32,
    failures: u32,
    public: Option<SocketAddr>,
    proofs: Proofs,
    state: State,
}

impl Registration {
    /// A registration that starts at once: the first REGISTER is in `out`.
    #[allow(clippy::too_many_arguments, reason = "each is one fact of the account")]
    pub fn start(
        aor: Uri,
        registrar: Uri,
        contact: NameAddr,
        credentials: Credentials,
        expires: Millis,
        product: &str,
        call_id: String,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) -> Self {
        let mut registration = Self {
            aor,
            registrar,
            product: product.to_owned(),
            credentials,
            contact,
            expires: Seconds((expires.0 / 1000).max(1)),
            call_id,
            from_tag: format!("{:016x}", entropy.u64()),
            seq: 0,
            failures: 0,
            public: None,
            proofs: Proofs::default(),
            state: State::Gone,
        };
        out.push(Action::Report(RegistrationState::Registering));
        registration.ask(None, out);
        registration
    }

    /// The Contact that it binds.
    pub const fn contact(&self) -> &NameAddr {
        &self.contact
    }

    /// Our address as the registrar sees it.
    pub const fn public(&self) -> Option<SocketAddr> {
        self.public
    }

    /// Whether a binding stands.
    pub const fn is_bound(&self) -> bool {
        matches!(self.state, State::Bound { .. } | State::Asking { bound_until: Some(_), .. })
    }

    /// The next timer.
    pub const fn deadline(&self) -> Option<(Instant, Wait)> {
        match &self.state {
            State::Bound { refresh_at, .. } => Some((*refresh_at, Wait::Refresh)),
            State::Failed { retry_at } => Some((*retry_at, Wait::Retry)),
            State::Asking { .. } | State::Leaving { .. } | State::Gone => None,
        }
    }

    /// The timer ran out.
    pub fn on_time(&mut self, wait: Wait, out: &mut Vec<Action>) {
        match (&self.state, wait) {
            (State::Bound { until, .. }, Wait::Refresh) => self.ask(Some(*until), out),
            (State::Failed { .. }, Wait::Retry) => self.ask(None, out),
            // Set before the state changed.
            (State::Bound { .. }, Wait::Retry)
            | (State::Failed { .. }, Wait::Refresh)
            | (State::Asking { .. } | State::Leaving { .. } | State::Gone, Wait::Refresh | Wait::Retry) => {}
        }
    }

    /// The registrar's address in use has changed or is back: register there now.
    pub fn again(&mut self, out: &mut Vec<Action>) {
        match &self.state {
            State::Bound { until, .. } => self.ask(Some(*until), out),
            State::Failed { .. } => self.ask(None, out),
            State::Asking { .. } | State::Leaving { .. } | State::Gone => {}
        }
    }

    /// Removes the binding.
    pub fn leave(&mut self, out: &mut Vec<Action>) {
        match &self.state {
            State::Bound { .. } | State::Asking { .. } => {
                let request = self.request(Seconds(0));
                self.state = State::Leaving { request: request.clone(), challenges: 0 };
                out.push(Action::Send(request));
            }
            State::Failed { .. } => {
                self.state = State::Gone;
                out.push(Action::Report(RegistrationState::Unregistered));
                out.push(Action::Gone);
            }
            State::Leaving { .. } | State::Gone => {}
        }
    }

    /// The registrar answers.
    pub fn on_response(
        &mut self,
        now: Instant,
        response: &Response,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) {
        // An answer to an earlier REGISTER, or to one of an earlier configuration, does not count.
        if response.status < 200
            || response.cseq().map(|cseq| cseq.seq) != Ok(self.seq)
            || response.call_id().as_deref() != Ok(self.call_id.as_str())
        {
            return;
        }
        match &mut self.state {
            State::Asking { request, challenges, bound_until } => {
                let (mut request, challenges, bound) = (request.clone(), *challenges, *bound_until);
                match response.status {
                    200..=299 => self.on_bound(now, response, out),
                    401 | 407 => {
                        if challenges < MAX_CHALLENGES
                            && self.prove(&mut request, response, challenges, entropy)
                        {
                            self.send_again(&mut request);
                            self.state = State::Asking {
                                request: request.clone(),
                                challenges: challenges + 1,
                                bound_until: bound,
                            };
                            out.push(Action::Send(request));
                        } else {
                            self.proofs.forget();
                            let why = if challenges > 0 {
                                WhyUnregistered::WrongPassword
                            } else {
                                WhyUnregistered::UnknownAlgorithm
                            };
                            self.fail(now, why, None, entropy, out);
                        }
                    }
                    423 => match response.min_expires() {
                        Ok(Some(min)) if min > self.expires => {
                            self.expires = min;
                            self.ask(bound, out);
                        }
                        Ok(_) | Err(_) => self.refused(now, response, entropy, out),
                    },
                    _ => self.refused(now, response, entropy, out),
                }
            }
            State::Leaving { request, challenges } => {
                let (mut request, challenges) = (request.clone(), *challenges);
                if matches!(response.status, 401 | 407)
                    && challenges < MAX_CHALLENGES
                    && self.prove(&mut request, response, challenges, entropy)
                {
                    self.send_again(&mut request);
                    self.state = State::Leaving { request: request.clone(), challenges: challenges + 1 };
                    out.push(Action::Send(request));
                } else {
                    self.state = State::Gone;
                    out.push(Action::Report(RegistrationState::Unregistered));
                    out.push(Action::Gone);
                }
            }
            // A second final answer of a forked REGISTER.
            State::Bound { .. } | State::Failed { .. } | State::Gone => {}
        }
    }

    /// No address of the registrar answered.
    pub fn on_failure(
        &mut self,
        now: Instant,
        failure: &Failure,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) {
        match &self.state {
            State::Asking { .. } => {
                let why = match failure {
                    Failure::NotFound(_) => WhyUnregistered::NotFound,
                    Failure::TimedOut | Failure::Unreachable | Failure::Overload | Failure::Cancelled => {
                        WhyUnregistered::NoAnswer
                    }
                };
                self.fail(now, why, None, entropy, out);
            }
            State::Leaving { .. } => {
                self.state = State::Gone;
                out.push(Action::Report(RegistrationState::Unregistered));
                out.push(Action::Gone);
            }
            // The failure of a REGISTER that was already answered.
            State::Bound { .. } | State::Failed { .. } | State::Gone => {}
        }
    }

    /// Answers the challenge to a REGISTER that has met so many before.
    fn prove(
        &mut self,
        request: &mut Request,
        response: &Response,
        challenges: u8,
        entropy: &mut Entropy,
    ) -> bool {
        self.proofs.answer(request, response, challenges > 0, &self.credentials, entropy)
    }

    fn on_bound(&mut self, now: Instant, response: &Response, out: &mut Vec<Action>) {
        let granted = self.granted(response);
        let millis = Millis(granted.0.saturating_mul(1000));
        // Half of a short lifetime, all but the margin of a long one.
        let early = MARGIN.0.max(millis.0 / 10).min(millis.0 / 2);
        self.failures = 0;
        let until = now + millis;
        self.state = State::Bound { refresh_at: now + Millis(millis.0 - early), until };
        let seen = seen_by(response);
        let moved = seen.is_some() && seen != self.public && self.rebind(seen);
        out.push(Action::Report(RegistrationState::Registered { expires: millis, public: self.public }));
        if moved {
            self.ask(Some(until), out);
        }
    }

    /// Learns our public address. True if the Contact changed and has to be bound anew.
    fn rebind(&mut self, seen: Option<SocketAddr>) -> bool {
        self.public = seen;
        let (Some(seen), Uri::Sip(uri)) = (seen, &mut self.contact.uri) else { return false };
        // Over TCP the far end's view is an ephemeral port that nobody can call.
        if uri.params.get("transport").is_some_and(|t| t.eq_ignore_ascii_case("tcp")) {
            return false;
        }
        if uri.host.ip() == Some(seen.ip()) && uri.port == Some(seen.port()) {
            return false;
        }
        uri.host = seen.ip().into();
        uri.port = Some(seen.port());
        true
    }

    fn granted(&self, response: &Response) -> Seconds {
        let contacts = response.contacts().unwrap_or_default();
        let own = contacts.iter().find(|c| c.uri.equivalent(&self.contact.uri));
        let own = own.and_then(|c| c.params.get("expires")).and_then(|e| e.parse().ok()).map(Seconds);
        let granted = own.or(response.expires().ok().flatten()).unwrap_or(self.expires);
        Seconds(granted.0.clamp(4, 7 * 86_400))
    }

    fn refused(&mut self, now: Instant, response: &Response, entropy: &mut Entropy, out: &mut Vec<Action>) {
        let why = WhyUnregistered::Refused { status: response.status, reason: response.reason.clone() };
        let wait = response.retry_after().ok().flatten().map(|s| Millis(s.0.saturating_mul(1000)));
        self.fail(now, why, wait, entropy, out);
    }

    fn fail(
        &mut self,
        now: Instant,
        why: WhyUnregistered,
        wait: Option<Millis>,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) {
        self.failures = self.failures.saturating_add(1);
        let retry_in = match wait {
            Some(wait) => wait.clamp(Millis(1000), LONGEST_RETRY_AFTER),
            None => backoff::wait(self.failures, entropy),
        };
        self.state = State::Failed { retry_at: now + retry_in };
        out.push(Action::Report(RegistrationState::Failed { why, retry_in }));
    }

    fn ask(&mut self, bound_until: Option<Instant>, out: &mut Vec<Action>) {
        let request = self.request(self.expires);
        self.state = State::Asking { request: request.clone(), challenges: 0, bound_until };
        out.push(Action::Send(request));
    }

    fn request(&mut self, expires: Seconds) -> Request {
        let mut request = Request::new(Method::Register, self.registrar.clone());
        let own = NameAddr::new(self.aor.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, own.clone().with_tag(&self.from_tag).to_string());
        headers.push(HeaderName::To, own.to_string());
        headers.push(HeaderName::CallId, &self.call_id);
        headers.push(HeaderName::Contact, self.contact.to_string());
        headers.push(HeaderName::Expires, expires.to_string());
        headers.push(HeaderName::UserAgent, &self.product);
        self.proofs.prove(&mut request, &self.credentials);
        self.send_again(&mut request);
        request
    }

    /// Gives `request` the next number.
    fn send_again(&mut self, request: &mut Request) {
        self.seq = self.seq.saturating_add(1);
        let cseq = CSeq { seq: self.seq, method: Method::Register };
        request.headers.set(HeaderName::CSeq, cseq.to_string());
    }
}

/// Our address as the registrar saw it: `received` and `rport` of our Via (RFC 3581).
fn seen_by(response: &Response) -> Option<SocketAddr> {
    let via = response.top_via().ok()?;
    let port = via.rport()?;
    let ip = via.received().or_else(|| via.host.ip())?;
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests;

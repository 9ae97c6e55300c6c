//! The subscriber's side of one subscription.
//!
//! **How.** While a subscription stands its dialog carries the refreshes. One that the server forgets (481) or ends is made
//! anew: at once where it was merely old, later where the server asks for that or refuses. One to call completion is not
//! made anew: it ends with its time, or as soon as the server refuses or ends it.
//!
//! **Standard.** RFC 6665 §4.1.2, §4.1.3.

use tipring_units::{Entropy, Instant, Millis};

use super::completion::CompletionState;
use super::summary::MessageSummary;
use crate::dialog::{Credentials, Dialog, Failure, Hop, Proofs};
use crate::message::{CSeq, HeaderName, Method, NameAddr, Request, Response, Seconds, Uri};
use crate::registration::{WhyUnregistered, backoff};

/// The longest wait that a server's word is believed.
const LONGEST_RETRY_AFTER: Millis = Millis(3_600_000);
/// How long before its end a subscription is refreshed at the latest.
const MARGIN: Millis = Millis(32_000);
/// Times that one SUBSCRIBE proves itself.
const MAX_CHALLENGES: u8 = 3;
/// The wait before a subscription is made anew that the server ended only for its age.
const ANEW: Millis = Millis(2000);

/// What is subscribed to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Package {
    /// The messages of an account (RFC 3842).
    Mail,
    /// The turn of a call that is to be completed (RFC 6910).
    Completion,
}

impl Package {
    const fn event(self) -> &'static str {
        match self {
            Self::Mail => "message-summary",
            Self::Completion => "call-completion",
        }
    }

    const fn accept(self) -> &'static str {
        match self {
            Self::Mail => "application/simple-message-summary",
            Self::Completion => "application/call-completion",
        }
    }
}

/// How a subscription stands, as it is reported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MailWatch {
    /// The server tells what waits.
    Standing {
        /// The lifetime that it granted.
        expires: Millis,
    },
    /// The server refused, did not answer, or ended it; the next attempt follows.
    Failed {
        /// Why.
        why: WhyUnregistered,
        /// When it is tried again, where it is.
        retry_in: Millis,
    },
    /// It was taken back at our wish.
    Ended,
}

/// What a subscription wants done.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Send this SUBSCRIBE (without Via): to the server, or on its own way within the dialog.
    Send(Box<Request>, Option<Hop>),
    /// Report this state.
    Report(MailWatch),
    /// Report what waits.
    Mail(MessageSummary),
    /// Report whose turn it is.
    Completion(CompletionState),
    /// It is over; forget it.
    Gone,
}

/// Why it waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wait {
    /// To refresh it.
    Refresh,
    /// To try again.
    Retry,
}

#[derive(Clone, PartialEq, Debug)]
enum State {
    /// A SUBSCRIBE is under way.
    Asking { request: Request, hop: Option<Hop>, challenges: u8 },
    /// It stands.
    Standing { refresh_at: Instant },
    /// It does not stand.
    Waiting { retry_at: Instant },
    /// It is being taken back.
    Leaving { request: Request, hop: Option<Hop>, challenges: u8 },
    /// Over.
    Gone,
}

/// One subscription.
#[derive(Clone, PartialEq, Debug)]
pub struct Subscription {
    package: Package,
    own: Uri,
    target: Uri,
    product: String,
    credentials: Option<Credentials>,
    contact: NameAddr,
    expires: Seconds,
    call_id: String,
    from_tag: String,
    seq: u32,
    failures: u32,
    proofs: Proofs,
    dialog: Option<Dialog>,
    state: State,
}

impl Subscription {
    /// A subscription of `own` to what `target` tells that starts at once: the first SUBSCRIBE is in `out`.
    #[allow(clippy::too_many_arguments, reason = "each is one fact of the account")]
    pub fn start(
        package: Package,
        own: Uri,
        target: Uri,
        contact: NameAddr,
        credentials: Option<Credentials>,
        expires: Millis,
        product: &str,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) -> Self {
        let mut subscription = Self {
            package,
            own,
            target,
            product: product.to_owned(),
            credentials,
            contact,
            expires: Seconds((expires.0 / 1000).max(60)),
            call_id: String::new(),
            from_tag: String::new(),
            seq: 0,
            failures: 0,
            proofs: Proofs::default(),
            dialog: None,
            state: State::Gone,
        };
        subscription.ask_anew(entropy, out);
        subscription
    }

    /// Whether a NOTIFY with this Call-ID and tag of ours belongs to it.
    pub fn is(&self, call_id: &str, our_tag: &str) -> bool {
        self.call_id == call_id && self.from_tag == our_tag
    }

    /// The next timer.
    pub const fn deadline(&self) -> Option<(Instant, Wait)> {
        match &self.state {
            State::Standing { refresh_at } => Some((*refresh_at, Wait::Refresh)),
            State::Waiting { retry_at } => Some((*retry_at, Wait::Retry)),
            State::Asking { .. } | State::Leaving { .. } | State::Gone => None,
        }
    }

    /// The timer ran out.
    pub fn on_time(&mut self, wait: Wait, entropy: &mut Entropy, out: &mut Vec<Action>) {
        match (&self.state, wait) {
            (State::Standing { .. }, Wait::Refresh) => match self.package {
                Package::Mail => self.refresh(entropy, out),
                Package::Completion => self.leave(out), // its time is over
            },
            (State::Waiting { .. }, Wait::Retry) => self.ask_anew(entropy, out),
            // Set before the state changed.
            (State::Standing { .. }, Wait::Retry)
            | (State::Waiting { .. }, Wait::Refresh)
            | (State::Asking { .. } | State::Leaving { .. } | State::Gone, Wait::Refresh | Wait::Retry) => {}
        }
    }

    /// Takes it back.
    pub fn leave(&mut self, out: &mut Vec<Action>) {
        match (&self.state, self.dialog.is_some()) {
            (State::Standing { .. } | State::Asking { .. }, true) => {
                let Some((request, hop)) = self.within(Seconds(0)) else { return };
                self.state = State::Leaving { request: request.clone(), hop: hop.clone(), challenges: 0 };
                out.push(Action::Send(Box::new(request), hop));
            }
            // What may still be made has its NOTIFY refused, and ends by that.
            (State::Standing { .. } | State::Asking { .. }, false) | (State::Waiting { .. }, _) => {
                self.gone(out);
            }
            (State::Leaving { .. } | State::Gone, _) => {}
        }
    }

    fn gone(&mut self, out: &mut Vec<Action>) {
        self.state = State::Gone;
        out.push(Action::Report(MailWatch::Ended));
        out.push(Action::Gone);
    }

    /// The server answers.
    pub fn on_response(
        &mut self,
        now: Instant,
        response: &Response,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) {
        // An answer to an earlier SUBSCRIBE does not count.
        if response.status < 200
            || response.cseq().map(|cseq| cseq.seq) != Ok(self.seq)
            || response.call_id().as_deref() != Ok(self.call_id.as_str())
        {
            return;
        }
        let proves = matches!(response.status, 401 | 407);
        match &self.state {
            State::Asking { request, hop, challenges } => {
                let (mut request, hop, challenges) = (request.clone(), hop.clone(), *challenges);
                match response.status {
                    200..=299 => self.on_accepted(now, &request, response, entropy, out),
                    401 | 407 if self.prove(&mut request, response, challenges, entropy) => {
                        self.number(&mut request);
                        let challenges = challenges + 1;
                        self.state = State::Asking { request: request.clone(), hop: hop.clone(), challenges };
                        out.push(Action::Send(Box::new(request), hop));
                    }
                    401 | 407 => {
                        self.proofs.forget();
                        let why = if challenges > 0 {
                            WhyUnregistered::WrongPassword
                        } else {
                            WhyUnregistered::UnknownAlgorithm
                        };
                        self.fail(now, why, None, entropy, out);
                    }
                    423 => match response.min_expires() {
                        Ok(Some(min)) if min > self.expires => {
                            self.expires = min;
                            self.refresh(entropy, out);
                        }
                        Ok(_) | Err(_) => self.refused(now, response, entropy, out),
                    },
                    // The server has forgotten it.
                    481 if self.dialog.is_some() && self.package == Package::Mail => {
                        self.ask_anew(entropy, out)
                    }
                    _ => self.refused(now, response, entropy, out),
                }
            }
            State::Leaving { request, hop, challenges } => {
                let (mut request, hop, challenges) = (request.clone(), hop.clone(), *challenges);
                if proves && self.prove(&mut request, response, challenges, entropy) {
                    self.number(&mut request);
                    let challenges = challenges + 1;
                    self.state = State::Leaving { request: request.clone(), hop: hop.clone(), challenges };
                    out.push(Action::Send(Box::new(request), hop));
                } else {
                    self.gone(out);
                }
            }
            // A further fork.
            State::Standing { .. } | State::Waiting { .. } | State::Gone => {}
        }
    }

    /// The server did not answer.
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
            State::Leaving { .. } => self.gone(out),
            State::Standing { .. } | State::Waiting { .. } | State::Gone => {}
        }
    }

    /// A NOTIFY that belongs to it; the status of its answer.
    pub fn on_notify(
        &mut self,
        now: Instant,
        notify: &Request,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) -> u16 {
        if !notify.event().is_ok_and(|event| event.is_some_and(|event| event.is(self.package.event()))) {
            return 489;
        }
        let leaving = match &self.state {
            State::Asking { .. } | State::Standing { .. } => false,
            State::Leaving { .. } => true,
            State::Waiting { .. } | State::Gone => return 481,
        };
        let tag = notify.from_().ok().and_then(|from| from.tag().map(str::to_owned)).unwrap_or_default();
        let seq = notify.cseq().map_or(0, |cseq| cseq.seq);
        if let Some(dialog) = self.dialog.as_mut().filter(|dialog| dialog.remote_tag() == tag)
            && !dialog.accept_seq(seq)
        {
            return 500;
        }
        let Ok(subscription) = notify.subscription_state() else { return 400 };
        if leaving {
            return 200;
        }
        match self.package {
            Package::Mail => out.extend(MessageSummary::parse(&notify.body).map(Action::Mail)),
            Package::Completion => out.extend(CompletionState::parse(&notify.body).map(Action::Completion)),
        }
        // Some servers tell without a word of the subscription: it goes on.
        let Some(subscription) = subscription else { return 200 };
        if subscription.terminated {
            let wait = subscription.retry_after.map(|s| Millis(s.0.saturating_mul(1000)));
            let wait = match subscription.reason.as_deref() {
                Some("deactivated" | "timeout") => Some(ANEW),
                Some("rejected" | "noresource" | "invariant") => Some(wait.unwrap_or(LONGEST_RETRY_AFTER)),
                Some(_) | None => wait,
            };
            let reason = subscription.reason.unwrap_or_else(|| "no reason given".to_owned());
            let why = WhyUnregistered::Refused { status: notify_status(), reason };
            self.fail(now, why, wait, entropy, out);
            return 200;
        }
        if let (Some(expires), State::Standing { refresh_at }) = (subscription.expires, &mut self.state) {
            *refresh_at = (*refresh_at).min(now + before(expires));
        }
        200
    }

    fn on_accepted(
        &mut self,
        now: Instant,
        request: &Request,
        response: &Response,
        entropy: &mut Entropy,
        out: &mut Vec<Action>,
    ) {
        let granted = response.expires().ok().flatten().unwrap_or(self.expires).min(self.expires);
        match &mut self.dialog {
            Some(dialog) => dialog.refresh_target(response.contacts().ok()),
            None => self.dialog = Dialog::of_response(request, response),
        }
        if granted.0 == 0 {
            self.refused(now, response, entropy, out);
            return;
        }
        self.failures = 0;
        self.state = State::Standing { refresh_at: now + before(granted) };
        let expires = Millis(granted.0.saturating_mul(1000));
        out.push(Action::Report(MailWatch::Standing { expires }));
    }

    fn prove(
        &mut self,
        request: &mut Request,
        response: &Response,
        challenges: u8,
        entropy: &mut Entropy,
    ) -> bool {
        challenges < MAX_CHALLENGES
            && self.credentials.as_ref().is_some_and(|credentials| {
                self.proofs.answer(request, response, challenges > 0, credentials, entropy)
            })
    }

    fn refused(&mut self, now: Instant, response: &Response, entropy: &mut Entropy, out: &mut Vec<Action>) {
        let why = WhyUnregistered::Refused { status: response.status, reason: response.reason.clone() };
        let wait = response.retry_after().ok().flatten().map(|s| Millis(s.0.saturating_mul(1000)));
        // A server that does not know the event will not learn it soon.
        let wait = if matches!(response.status, 405 | 489 | 501) { Some(LONGEST_RETRY_AFTER) } else { wait };
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
        if self.package == Package::Completion {
            self.state = State::Gone;
            out.push(Action::Report(MailWatch::Failed { why, retry_in: Millis::ZERO }));
            out.push(Action::Gone);
            return;
        }
        self.failures = self.failures.saturating_add(1);
        // However often a server says at once, it is not asked without end.
        let at_once = wait == Some(ANEW) && self.failures <= 3;
        let retry_in = match wait {
            Some(wait) if at_once || wait > ANEW => wait.clamp(Millis(1000), LONGEST_RETRY_AFTER),
            Some(_) | None => backoff::wait(self.failures, entropy),
        };
        self.dialog = None;
        self.state = State::Waiting { retry_at: now + retry_in };
        out.push(Action::Report(MailWatch::Failed { why, retry_in }));
    }

    /// Asks within the dialog if there is one, else anew.
    fn refresh(&mut self, entropy: &mut Entropy, out: &mut Vec<Action>) {
        match self.within(self.expires) {
            Some((request, hop)) => {
                self.state = State::Asking { request: request.clone(), hop: hop.clone(), challenges: 0 };
                out.push(Action::Send(Box::new(request), hop));
            }
            None => self.ask_anew(entropy, out),
        }
    }

    fn ask_anew(&mut self, entropy: &mut Entropy, out: &mut Vec<Action>) {
        self.dialog = None;
        self.call_id = format!("{:016x}{:08x}", entropy.u64(), entropy.u32());
        self.from_tag = format!("{:016x}", entropy.u64());
        self.seq = 0;
        let mut request = Request::new(Method::Subscribe, self.target.clone());
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, NameAddr::new(self.own.clone()).with_tag(&self.from_tag).to_string());
        headers.push(HeaderName::To, NameAddr::new(self.target.clone()).to_string());
        headers.push(HeaderName::CallId, &self.call_id);
        headers.push(HeaderName::Contact, self.contact.to_string());
        self.finish(&mut request, self.expires);
        self.state = State::Asking { request: request.clone(), hop: None, challenges: 0 };
        out.push(Action::Send(Box::new(request), None));
    }

    fn within(&mut self, expires: Seconds) -> Option<(Request, Option<Hop>)> {
        let contact = self.contact.clone();
        let dialog = self.dialog.as_mut()?;
        let mut request = dialog.request(Method::Subscribe, Some(&contact));
        let hop = Some(Hop::from(dialog.next_hop()));
        self.finish(&mut request, expires);
        Some((request, hop))
    }

    fn finish(&mut self, request: &mut Request, expires: Seconds) {
        let headers = &mut request.headers;
        headers.push(HeaderName::Event, self.package.event());
        headers.push(HeaderName::Expires, expires.to_string());
        headers.push(HeaderName::Accept, self.package.accept());
        headers.push(HeaderName::UserAgent, &self.product);
        if let Some(credentials) = &self.credentials {
            self.proofs.prove(request, credentials);
        }
        self.number(request);
    }

    /// Gives `request` the next number.
    fn number(&mut self, request: &mut Request) {
        self.seq = self.seq.saturating_add(1);
        let cseq = CSeq { seq: self.seq, method: Method::Subscribe };
        request.headers.set(HeaderName::CSeq, cseq.to_string());
    }
}

/// When a subscription of this lifetime is refreshed: after half of a short one, the margin before the end of a long one.
fn before(expires: Seconds) -> Millis {
    let millis = expires.0.min(7 * 86_400).saturating_mul(1000).max(4000);
    let early = MARGIN.0.max(millis / 10).min(millis / 2);
    Millis(millis - early)
}

/// An end that a NOTIFY tells has no status of its own.
const fn notify_status() -> u16 {
    480
}

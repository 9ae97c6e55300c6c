//! What goes into the agent and what comes out of it.

use core::net::{IpAddr, SocketAddr};

use tipring_units::Millis;

use super::cause::Cause;
use super::completion::{CompletionNews, WatchCompletion};
use super::config::{AccountConfig, AccountId, ServerConfig, ServerId, Trust};
use super::identity::{CallDetails, Diverted, Redirect, RedirectTo};
use super::locate::SrvRecord;
use super::transfer::{ReferOutcome, ReferTarget, Referred};
use crate::digest::Algorithm;
use crate::message::{Alert, Diversion, NameAddr, Replaces, Uri};
use crate::offer_answer::{LocalMedia, MediaPlan, OfferedMedia};
use crate::registrar::User;
use crate::registration::RegistrationState;
use crate::subscription::{CompletionMode, CompletionOffer, MailWatch, MessageSummary};
pub use crate::transaction::{ConnId, Transport};

/// One call as SIP sees it: an INVITE, its early dialogs and the dialog that it becomes.
/// [`Agent::new_session`](super::Agent::new_session) allocates it for calls that go out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub u64);

/// One DNS question under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QueryId(pub u64);

/// One early dialog of a forked INVITE, 0 for the first that answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ForkId(pub u32);

/// What the host or the gateway tells the agent.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A deadline may have passed; nothing else.
    Tick,
    /// A datagram arrived.
    Datagram {
        /// The UDP socket that received it.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// Its payload.
        bytes: &'a [u8],
    },
    /// The network reported that datagrams to `remote` do not arrive (ICMP unreachable).
    Unreachable {
        /// The address that was tried.
        remote: SocketAddr,
    },
    /// A connection was accepted, or one that the agent asked for stands.
    StreamOpened {
        /// The connection.
        conn: ConnId,
        /// Our end.
        local: SocketAddr,
        /// The far end.
        remote: SocketAddr,
    },
    /// Bytes of a stream.
    Stream {
        /// The connection.
        conn: ConnId,
        /// The next bytes.
        bytes: &'a [u8],
    },
    /// A connection was closed by the far end.
    StreamClosed {
        /// The connection.
        conn: ConnId,
    },
    /// A connection could not be made, or broke.
    StreamFailed {
        /// The connection.
        conn: ConnId,
    },
    /// The answer to a DNS question.
    Resolved {
        /// The question's number.
        query: QueryId,
        /// What DNS said.
        answer: Answer,
    },
    /// An order of the gateway.
    Command(Command),
}

/// What the agent wants done. The host drains these before the next input.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Send a datagram.
    Send {
        /// Where to.
        to: SocketAddr,
        /// The payload.
        bytes: Vec<u8>,
    },
    /// Send on a connection.
    StreamSend {
        /// The connection.
        conn: ConnId,
        /// The next bytes.
        bytes: Vec<u8>,
    },
    /// Make a connection; answered by `StreamOpened` or `StreamFailed`.
    StreamConnect {
        /// The number that it will have.
        conn: ConnId,
        /// Where to.
        to: SocketAddr,
    },
    /// Close a connection and forget it.
    StreamClose {
        /// The connection.
        conn: ConnId,
    },
    /// Ask DNS; answered by `Resolved`.
    Resolve {
        /// The question's number.
        query: QueryId,
        /// The question.
        question: Question,
    },
    /// Tell the gateway.
    Event(Event),
}

/// A DNS question.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Question {
    /// The SRV records of a name.
    Srv(String),
    /// The A and AAAA records of a name.
    Address(String),
}

/// What DNS said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// SRV records, in any order.
    Srv(Vec<SrvRecord>),
    /// Addresses in the order in which they are to be tried.
    Addresses(Vec<IpAddr>),
    /// There is no such name or no such record.
    NotFound,
    /// DNS did not answer.
    Failed,
}

/// Who a call is from, as it is shown to the called party.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// The display name, if there is one.
    pub display: Option<String>,
    /// The number or name before the `@`.
    pub user: String,
}

/// Hops that a call may go where nobody says otherwise, RFC 3261 §8.1.1.6.
pub const DEFAULT_MAX_FORWARDS: u8 = 70;

/// Where an outgoing call goes.
#[derive(Clone, PartialEq, Debug)]
pub enum Destination {
    /// A number at a configured server.
    Server {
        /// The server.
        server: ServerId,
        /// The number.
        user: String,
    },
    /// The same, to complete a call that came to nothing for this reason (RFC 6910).
    Completing {
        /// The server.
        server: ServerId,
        /// The number.
        user: String,
        /// The reason.
        mode: CompletionMode,
    },
    /// A user registered at the built-in registrar, at its most preferred and newest contact.
    Registered {
        /// The user's name.
        user: String,
    },
    /// An address, found by DNS if need be.
    Uri(Uri),
    /// An address that is called through a configured server, as one that a far end of that server referred us to.
    Through {
        /// The server.
        server: ServerId,
        /// The address.
        uri: Uri,
    },
}

/// How the caller's number is treated by the far side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Privacy {
    /// Shown.
    #[default]
    None,
    /// `From` is anonymous, `Privacy: id` is set; the identity goes in P-Asserted-Identity only (RFC 3325).
    Id,
}

/// An outgoing call.
#[derive(Clone, PartialEq, Debug)]
pub struct Invite {
    /// Its session.
    pub session: SessionId,
    /// Where it goes.
    pub to: Destination,
    /// Whose credentials and contact it uses.
    pub account: Option<AccountId>,
    /// Who it is from.
    pub from: Identity,
    /// Whom we vouch for, where the server trusts us: P-Asserted-Identity unless `details` say otherwise. Told to others
    /// than configured servers only without privacy.
    pub asserted: Option<Identity>,
    /// Whether the caller's identity is withheld.
    pub privacy: Privacy,
    /// What we offer. Without it the answering side offers, and a `Reoffer` before that gives the media that
    /// its offer is answered with.
    pub media: Option<LocalMedia>,
    /// An emergency call: goes out even when tables are nearly full, with `Priority: emergency`.
    pub emergency: bool,
    /// Hops that it may still go: one less than it came with, if it came by SIP; else
    /// [`DEFAULT_MAX_FORWARDS`].
    pub max_forwards: Option<u8>,
    /// The dialog whose place it takes at the called side (RFC 3891), as a [`Referred`] told.
    pub replaces: Option<Replaces>,
    /// Who referred us, as a [`Referred`] told (RFC 3892).
    pub referred_by: Option<NameAddr>,
    /// What it may tell beside.
    pub details: CallDetails,
}

/// An order of the gateway.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Call.
    Invite(Box<Invite>),
    /// Tell the caller of an incoming call that it rings (180) or progresses (183), with an answer to its
    /// offer if audio is to flow early.
    Progress {
        /// The session.
        session: SessionId,
        /// 180 to 199.
        status: u16,
        /// Our media for the early answer.
        media: Option<LocalMedia>,
    },
    /// Answer an incoming call.
    Accept {
        /// The session.
        session: SessionId,
        /// Our media. Ignored if an early answer was already given.
        media: LocalMedia,
    },
    /// Refuse an incoming call.
    Reject {
        /// The session.
        session: SessionId,
        /// 300 to 699.
        status: u16,
        /// Reason phrase; the standard one if absent.
        reason: Option<String>,
        /// Retry-After, for 503 and the like.
        retry_after: Option<Millis>,
    },
    /// Send the caller of an incoming call elsewhere by 302, as a forward that the server carries out.
    Redirect {
        /// The session.
        session: SessionId,
        /// Where to, best first.
        to: Vec<RedirectTo>,
        /// Who does it and why, for Diversion and History-Info.
        diverted: Option<Diverted>,
    },
    /// End the session in whatever state it is: CANCEL, BYE or a refusal.
    Hangup {
        /// The session.
        session: SessionId,
        /// Goes out in a Reason header.
        cause: Option<Cause>,
    },
    /// Offer changed media: hold, resume or other capabilities.
    Reoffer {
        /// The session.
        session: SessionId,
        /// What we offer now.
        media: LocalMedia,
    },
    /// What further offers of the far end are answered with. Nothing is sent.
    SetMedia {
        /// The session.
        session: SessionId,
        /// Our media.
        media: LocalMedia,
    },
    /// Answer an offer that came as [`Event::ReofferAsked`].
    AnswerReoffer {
        /// The session.
        session: SessionId,
        /// Our media, or nothing to refuse with 488.
        media: Option<LocalMedia>,
    },
    /// Send a digit by SIP INFO.
    SendInfo {
        /// The session.
        session: SessionId,
        /// 0 to 9, `*`, `#`, A to D, or `!` for flash.
        digit: char,
        /// Its length.
        duration: Millis,
    },
    /// Send the far end of an answered session elsewhere. Ends in an [`Event::ReferEnded`] in any case; until then the
    /// session cannot be referred again.
    Refer {
        /// The session.
        session: SessionId,
        /// Where to.
        to: ReferTarget,
    },
    /// Answer an [`Event::Referred`]: it is done, or refused with 300 to 699.
    AnswerRefer {
        /// The session.
        session: SessionId,
        /// Whether it is done.
        answer: Result<(), u16>,
    },
    /// Tell the far end that referred us how the new call goes, also after the session has ended. 200 and above is the
    /// end. What is not told within four minutes is told no more.
    ReportRefer {
        /// The session within which the REFER came.
        session: SessionId,
        /// The status of the new call, 100 to 699.
        status: u16,
        /// Its reason phrase; the standard one if absent.
        reason: Option<String>,
    },
    /// Drop a session whose owner has failed: BYE or CANCEL is sent if possible, no further event comes.
    Abandon {
        /// The session.
        session: SessionId,
    },
    /// Add or change a server.
    SetServer(ServerConfig),
    /// Forget a server and the accounts on it.
    RemoveServer(ServerId),
    /// Add or change an account and register it.
    Register(AccountConfig),
    /// Deregister an account and forget it.
    Unregister(AccountId),
    /// Deregister all accounts, as when the program stops.
    UnregisterAll,
    /// Be told of the messages that wait for an account, until it is unregistered or this is taken back; nothing happens
    /// without such an account. Again, it starts anew.
    WatchMail {
        /// The account.
        account: AccountId,
        /// The name of the mailbox at the server, where it is not the account's.
        mailbox: Option<String>,
        /// The lifetime to ask for; a minute at the least.
        expires: Millis,
    },
    /// Be told no more.
    UnwatchMail(AccountId),
    /// Be told when a call in vain can be completed, by [`Event::Completion`]; the last of these is
    /// [`CompletionNews::Over`].
    WatchCompletion(Box<WatchCompletion>),
    /// Wait for it no more.
    UnwatchCompletion(SessionId),
    /// Replace the rules of who may call.
    SetTrust(Trust),
    /// Ask for these digest algorithms at the built-in registrar, most wanted first.
    SetDigest(Vec<Algorithm>),
    /// Replace the users of the built-in registrar.
    SetUsers(Vec<User>),
}

/// Who ended a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The gateway, by a command.
    Us,
    /// The far end, by BYE or CANCEL.
    Them,
    /// The agent: a time-out or an error in the protocol.
    Failure,
    /// A panic within the session. No other session is touched; an alarm is due.
    Fault,
}

/// An incoming call.
#[derive(Clone, PartialEq, Debug)]
pub struct Incoming {
    /// Its session.
    pub session: SessionId,
    /// Where it came from.
    pub source: SocketAddr,
    /// The server, user or network by which it was trusted.
    pub trust: TrustedAs,
    /// The address that was called.
    pub request_uri: Uri,
    /// The `To` address.
    pub to: Uri,
    /// The `From` address.
    pub from: Uri,
    /// The name in `From`.
    pub from_display: Option<String>,
    /// P-Asserted-Identity, else Remote-Party-ID: address and name. Given only from trusted servers and networks.
    pub asserted: Option<(Uri, Option<String>)>,
    /// The caller is not to be shown: by Privacy, by Remote-Party-ID, or it calls itself anonymous.
    pub private: bool,
    /// The offer, if the INVITE bore one.
    pub offer: Option<Vec<OfferedMedia>>,
    /// The call is an emergency call by its Priority header or `urn:service:sos`.
    pub emergency: bool,
    /// Hops that it might still go: never 0, such a call is answered 483.
    pub max_forwards: u8,
    /// It takes the place of this session, which stands or is a call of ours without an answer (RFC 3891): accept it at once,
    /// join it to whoever talks there, and hang that session up.
    pub replaces: Option<SessionId>,
    /// Who referred the caller to us.
    pub referred_by: Option<NameAddr>,
    /// Who sent the call on, latest first: by Diversion, else by History-Info.
    pub diversions: Vec<Diversion>,
    /// How it should ring.
    pub alerts: Vec<Alert>,
    /// The Call-ID, for logs.
    pub call_id: String,
}

/// Why a request was accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TrustedAs {
    /// It came from an address of this server.
    Server(ServerId),
    /// It came from a user of the built-in registrar, by digest or by its registered flow.
    User(String),
    /// It came from an allowed network.
    Network,
}

/// Why a request was refused before it reached a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RefusedWhy {
    /// It could not be parsed.
    Malformed,
    /// Its source is not trusted.
    Untrusted,
    /// Its credentials are wrong.
    WrongPassword,
    /// A table is full.
    Overload,
}

/// What the gateway is told.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// A call comes in. 100 is already sent.
    Incoming(Box<Incoming>),
    /// The next hop has the INVITE (100): it is sent no more.
    Proceeding {
        /// The session.
        session: SessionId,
    },
    /// The far end rings: `fork` by `fork` if the call was forked.
    Ringing {
        /// The session.
        session: SessionId,
        /// The early dialog.
        fork: ForkId,
        /// 180 to 183.
        status: u16,
    },
    /// The far end sends media before it answers.
    EarlyMedia {
        /// The session.
        session: SessionId,
        /// The early dialog.
        fork: ForkId,
        /// What was agreed.
        plan: MediaPlan,
    },
    /// The session stands: our INVITE was accepted, or our acceptance was acknowledged with an answer.
    Answered {
        /// The session.
        session: SessionId,
        /// The early dialog that became the session.
        fork: ForkId,
        /// What was agreed.
        plan: MediaPlan,
    },
    /// An outgoing call was answered by 3xx. The session is gone; whether and where the call goes on is the gateway's to say.
    Redirected {
        /// The session.
        session: SessionId,
        /// 300 to 399.
        status: u16,
        /// Where to, best first: one at least.
        to: Vec<Redirect>,
        /// Who sent it on and why, latest first, as far as told.
        diversions: Vec<Diversion>,
    },
    /// An outgoing call failed. The session is gone.
    Failed {
        /// The session.
        session: SessionId,
        /// The final status, or 408, 503 or 500 of our own making.
        status: u16,
        /// The reason phrase.
        reason: String,
        /// When to try again.
        retry_after: Option<Millis>,
        /// The Q.850 cause, from the Reason header or from the status.
        cause: Cause,
    },
    /// An answered session, or an incoming call before its answer, has ended. The session is gone.
    Ended {
        /// The session.
        session: SessionId,
        /// Who ended it.
        by: By,
        /// The Q.850 cause.
        cause: Cause,
        /// What happened, in words.
        reason: String,
    },
    /// The far end changed the media and we agreed.
    Reoffered {
        /// The session.
        session: SessionId,
        /// What was agreed.
        plan: MediaPlan,
        /// The far end put us on hold.
        held: bool,
    },
    /// The far end offers changed media and the gateway must answer with `AnswerReoffer`.
    ReofferAsked {
        /// The session.
        session: SessionId,
        /// What is offered.
        offer: Vec<OfferedMedia>,
    },
    /// Our own `Reoffer` was answered.
    ReofferResult {
        /// The session.
        session: SessionId,
        /// What was agreed, or the status that refused it. The old media stay in force after a refusal.
        result: Result<MediaPlan, u16>,
    },
    /// A digit came by SIP INFO.
    Info {
        /// The session.
        session: SessionId,
        /// 0 to 9, `*`, `#`, A to D, or `!` for flash.
        digit: char,
        /// Its length.
        duration: Millis,
    },
    /// How a [`Command::Refer`] goes: 202 when it is accepted, then the provisional answers that the far end gets.
    ReferGoes {
        /// The session.
        session: SessionId,
        /// 100 to 199, or 202.
        status: u16,
    },
    /// How a [`Command::Refer`] ended. May come after the session's [`Event::Ended`].
    ReferEnded {
        /// The session.
        session: SessionId,
        /// How.
        outcome: ReferOutcome,
    },
    /// The far end wants its call to go on elsewhere. Answer with [`Command::AnswerRefer`] within five seconds, or it is
    /// told 603.
    Referred(Box<Referred>),
    /// An account's registration changed.
    Registration {
        /// The account.
        account: AccountId,
        /// Its state.
        state: RegistrationState,
    },
    /// Messages wait for an account, or none do: asked for by [`Command::WatchMail`], or told unasked by its server.
    Mail {
        /// The account.
        account: AccountId,
        /// What waits.
        summary: MessageSummary,
    },
    /// A [`Command::WatchMail`] stands, or does not.
    MailWatch {
        /// The account.
        account: AccountId,
        /// Its state.
        state: MailWatch,
    },
    /// Who is called cannot be reached now, and offers to tell when he can be.
    CompletionOffered {
        /// The session.
        session: SessionId,
        /// Where to ask for it, and why he cannot be.
        offer: Box<CompletionOffer>,
    },
    /// How a [`Command::WatchCompletion`] goes.
    Completion {
        /// The session of the call in vain.
        session: SessionId,
        /// How.
        news: CompletionNews,
    },
    /// Another address of a server is in use, or none.
    Server {
        /// The server.
        server: ServerId,
        /// The address in use; `None` if none answers.
        address: Option<SocketAddr>,
        /// It has answered. Otherwise it was looked up, and nothing was asked of it yet.
        heard: bool,
    },
    /// The address in use of a server answered for the first time.
    ServerAnswers {
        /// The server.
        server: ServerId,
        /// The address.
        address: SocketAddr,
    },
    /// A user of the built-in registrar registered a contact or lost one.
    Binding {
        /// The user.
        user: String,
        /// Where the contact is.
        contact: SocketAddr,
        /// When the binding lapses; zero if it is gone.
        expires: Millis,
    },
    /// Requests were refused: at most one such event a second for each reason.
    Refused {
        /// The latest source.
        source: SocketAddr,
        /// Why.
        why: RefusedWhy,
        /// How many since the last event of this reason.
        count: u32,
    },
}

//! What goes into the control plane and what comes out of it.

use core::net::SocketAddr;

use tipring_call::{CallRecord, Features, Machine, Number};
use tipring_port::{Command, EchoLoss, Event, Impedance, LearnReport, LineTest};
use tipring_sip::agent::{Answer, ConnId, QueryId, Question};
use tipring_units::{CallId, LineId, ShardId};

use crate::control::Status;
use crate::journal::Entry;
use crate::site::{Reload, Site};

/// One request of a person, numbered by who asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RequestId(pub u64);

/// One thing that is being stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StoreId(pub u64);

/// What the control plane is told.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // an input lives for one call of `handle`
pub enum Input<'a> {
    /// Nothing but time: a deadline may have come.
    Tick,
    /// A datagram on the SIP socket.
    Datagram {
        /// Our socket.
        local: SocketAddr,
        /// The far address.
        remote: SocketAddr,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Datagrams to this address do not arrive.
    Unreachable(SocketAddr),
    /// A connection stands.
    StreamOpened {
        /// The connection.
        conn: ConnId,
        /// Our end.
        local: SocketAddr,
        /// The far end.
        remote: SocketAddr,
    },
    /// Bytes of a connection.
    Stream {
        /// The connection.
        conn: ConnId,
        /// The next bytes.
        bytes: &'a [u8],
    },
    /// A connection was closed by the far end.
    StreamClosed(ConnId),
    /// A connection could not be made, or broke.
    StreamFailed(ConnId),
    /// DNS answered.
    Resolved(QueryId, Answer),
    /// A shard's event.
    Shard(ShardId, Event),
    /// A shard's thread has ended: its lines and streams are dead until the program starts again.
    ShardStopped(ShardId),
    /// What was kept of a telephone's features ([`Output::Features`]), at the start.
    Features(Number, Box<Features>),
    /// An edited configuration that was accepted.
    Configure(Box<Reload>),
    /// An edited configuration was refused, for this reason in words.
    ConfigurationRefused(String),
    /// A person asks.
    Request(RequestId, Request),
    /// Something was stored, or why it was not.
    Stored(StoreId, Result<(), String>),
    /// A fault for the tests: the next step of this machine fails as a defect would make it fail.
    Injure(Injury),
}

/// Whose next step fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Injury {
    /// A machine of the switch.
    Machine(Machine),
    /// The newest call's.
    LatestCall,
    /// The far leg's of the newest call that has one.
    LatestLeg,
    /// The newest SIP session's.
    LatestSession,
}

/// What a person asks for.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// How everything is.
    Status,
    /// The same, after every line has measured its loop.
    Lines,
    /// The latest calls, newest last, as many as this.
    Calls(usize),
    /// Put a line in service or take it out.
    InService(LineId, bool),
    /// End a call.
    Clear(CallId),
    /// Measure what a line that is off-hook without a call returns under each network of its card; takes some six seconds.
    Balance(LineId),
    /// Record how an outside line's exchange tells that its far end hung up: the next call that comes in on it is answered by
    /// the gateway itself, and all signs are looked for until the line is quiet again.
    Learn(LineId),
    /// Begin anew with a line, as at the start; what it has of calls ends.
    Restart(LineId),
    /// Test the line of a telephone: battery, foreign voltage, leaks, receiver, ringers; takes some two seconds.
    Test(LineId),
    /// Somebody walks through the house and dials the number of each room on its telephone.
    Walk(WalkAct),
    /// Release all calls, deregister, and say when that is done.
    Stop,
}

/// What a person is told.
#[derive(Clone, PartialEq, Debug)]
pub enum Response {
    /// The answer to [`Request::Status`].
    Status(Box<Status>),
    /// The answer to [`Request::Calls`].
    Calls(Vec<CallRecord>),
    /// It is done.
    Done,
    /// The answer to [`Request::Balance`].
    Balance(BalanceReport),
    /// The answer to [`Request::Learn`].
    Learned(Box<LearnReport>),
    /// The answer to [`Request::Test`].
    Tested(Box<LineTest>),
    /// The answer to [`Request::Walk`].
    Walked(Box<WalkReport>),
    /// It cannot be done, and why.
    Refused(String),
}

/// What is to be done about a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalkAct {
    /// It begins.
    Begin,
    /// What was found so far.
    Look,
    /// It ends.
    End,
}

/// What was found on a walk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WalkReport {
    /// Each telephone's line with the number of its room.
    pub rooms: Vec<(LineId, String)>,
    /// Numbers that were refused: the line, the number, the line that has it. The latest are kept.
    pub refused: Vec<(LineId, String, LineId)>,
    /// Whoever walks said that it is over.
    pub over: bool,
}

/// What a line returns under each network.
#[derive(Clone, PartialEq, Debug)]
pub struct BalanceReport {
    /// Each network, in the order of measurement.
    pub losses: Vec<EchoLoss>,
    /// The network that the line has by its configuration.
    pub own: Impedance,
}

impl BalanceReport {
    /// The network under which the least comes back.
    pub fn best(&self) -> Option<&EchoLoss> {
        self.losses.iter().max_by(|one, other| one.loss.0.total_cmp(&other.loss.0))
    }
}

/// What the control plane wants done.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made and consumed one at a time
pub enum Output {
    /// Send a datagram from the SIP socket.
    Send {
        /// Where to.
        to: SocketAddr,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Send on a connection.
    StreamSend {
        /// The connection.
        conn: ConnId,
        /// The next bytes.
        bytes: Vec<u8>,
    },
    /// Make a connection.
    StreamConnect {
        /// Its number.
        conn: ConnId,
        /// Where to.
        to: SocketAddr,
    },
    /// Close a connection.
    StreamClose(ConnId),
    /// Ask DNS.
    Resolve(QueryId, Question),
    /// A command for a shard.
    Shard(ShardId, Command),
    /// What the subscriber of a telephone has set by star codes is now this: to be kept over restarts, and given back by
    /// [`Input::Features`]. Answered by [`Input::Stored`].
    Features(StoreId, Number, Box<Features>),
    /// Store a call record; answered by [`Input::Stored`].
    Store(StoreId, CallRecord),
    /// An entry of the journal.
    Journal(Entry),
    /// The site in force is another now. What is told of lines and accounts from here on goes by its names.
    InForce(Box<Site>),
    /// The answer to a request.
    Reply(RequestId, Response),
}

/// Why the control plane wants to be called again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// A timer of calls.
    Call(tipring_call::Why),
    /// A timer of SIP.
    Sip(tipring_sip::agent::Why),
    /// A relay may go back: its outside line has been watched for long enough.
    Relay,
}

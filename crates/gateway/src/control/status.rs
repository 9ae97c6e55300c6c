//! The picture of how everything is, for people and programs.

use core::net::SocketAddr;

use serde::Serialize;
use tipring_port::Hearing;
use utoipa::ToSchema;

/// A picture of the gateway.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Status {
    /// The gateway's name.
    pub name: String,
    /// Seconds since it started.
    pub up_seconds: u64,
    /// The configuration in force.
    pub revision: u64,
    /// The telephones that take what changed when they are idle.
    pub waiting: Vec<String>,
    /// What of the configuration takes effect at the next start only.
    pub next_start: Vec<String>,
    /// What needs a person, the oldest first.
    pub alarms: Vec<AlarmStatus>,
    /// The servers in order of the configuration.
    pub servers: Vec<ServerStatus>,
    /// The lines in order.
    pub lines: Vec<LineStatus>,
    /// The users of the built-in registrar.
    pub users: Vec<UserStatus>,
    /// The calls under way, the oldest first.
    pub calls: Vec<CallStatus>,
    /// SIP requests refused since the start.
    pub refused_requests: u64,
    /// How the threads of the media plane keep their time. The control plane has no clock of theirs: who runs the
    /// threads fills this in.
    pub media: Vec<MediaStatus>,
}

/// Something that needs a person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct AlarmStatus {
    /// Seconds since it came.
    pub for_seconds: u64,
    /// The telephone, server or part that it is about.
    pub subject: String,
    /// What happened.
    pub text: String,
    /// What belongs to it; may be empty.
    pub detail: String,
    /// What it comes from most often; may be empty.
    pub cause: String,
    /// What to do about it.
    pub next: String,
}

/// A server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct ServerStatus {
    /// Its name.
    pub name: String,
    /// `UDP` or `TCP`.
    pub transport: &'static str,
    /// The address in use: the best that is not known to be silent. It need not have answered yet.
    #[schema(value_type = Option<String>, example = "192.0.2.5:5060")]
    pub address: Option<SocketAddr>,
    /// All its addresses, the best first; none before its names are found.
    pub addresses: Vec<AddressStatus>,
    /// Accounts that are registered.
    pub registered: usize,
    /// Accounts that should be.
    pub accounts: usize,
    /// States of those that are not registered.
    pub trouble: Vec<String>,
}

/// An address of a server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct AddressStatus {
    /// What it is called: the server's name, or the host's where there are several hosts.
    pub name: String,
    /// The address.
    #[schema(value_type = String, example = "192.0.2.5:5060")]
    pub address: SocketAddr,
    /// Calls and registrations go there.
    pub in_use: bool,
    /// What is known of it.
    pub reach: ReachStatus,
    /// Time that it took to answer a request of ours, in microseconds; `None` where none was answered since it last
    /// failed.
    pub latency_micros: Option<u64>,
}

/// What is known of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReachStatus {
    /// It has not been asked, or has not answered yet.
    Untried,
    /// It answers.
    Answers,
    /// It does not.
    Silent,
    /// It answers again, for this many seconds.
    Recovering(u64),
}

/// How one thread of the media plane keeps its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct MediaStatus {
    /// The shard.
    pub shard: String,
    /// Ticks done since the start.
    pub ticks: u64,
    /// Ticks that began more than 5 ms late, since the start.
    pub late: u64,
    /// The same in the last 60 seconds.
    pub late_last_minute: u64,
    /// The same in the last full minute, counted from the start.
    pub late_full_minute: u64,
    /// Seconds for which each minute had too many of them; `None` if the last had not.
    pub troubled_seconds: Option<u64>,
    /// The longest tick, in microseconds.
    pub longest_micros: u64,
    /// Datagrams that the system refused to send.
    pub unsent: u64,
}

/// A line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct LineStatus {
    /// The telephone's number, or what the configuration calls the outside line.
    pub number: String,
    /// Its name.
    pub name: String,
    /// The port.
    pub port: String,
    /// What it is doing, in a word.
    pub state: &'static str,
    /// Seconds since it does that.
    pub for_seconds: u64,
    /// A fault is present, or it was left off-hook.
    pub fault: bool,
    /// Messages wait for it.
    pub messages: bool,
    /// It is an outside line, not a telephone.
    pub outside: bool,
    /// Tip-ring voltage when it was last measured, in V; negative: the polarity is reversed.
    pub volts: Option<i16>,
    /// Loop current then, in mA.
    pub milliamps: Option<i16>,
}

/// A user of the built-in registrar.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct UserStatus {
    /// Its number.
    pub number: String,
    /// Where it is registered.
    #[schema(value_type = Option<String>, example = "192.0.2.20:5060")]
    pub contact: Option<SocketAddr>,
}

/// A call under way.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct CallStatus {
    /// Its number.
    pub call: u64,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// By which server, if by one.
    pub via: String,
    /// By which outside line, if by one: `line 1`.
    pub by: String,
    /// `dialled`, `ringing`, `talking` or `held`.
    pub state: &'static str,
    /// Seconds since it was answered, or began.
    pub for_seconds: u64,
    /// The codec, empty without a stream.
    pub codec: &'static str,
    /// Packets lost or late on the way to us, in hundredths of a percent; `None` without a stream.
    pub loss: Option<u32>,
    /// A word on the quality: of the worse direction, by its rating.
    pub quality: &'static str,
    /// How our side hears.
    pub here: Option<HearingStatus>,
    /// How the far side hears, by its reports.
    pub there: Option<HearingStatus>,
}

/// How one side of a call hears the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct HearingStatus {
    /// Packets lost or late, in hundredths of a percent.
    pub loss: u16,
    /// Interarrival jitter.
    pub jitter_ms: u32,
    /// R of the E-model, 0 to 100.
    pub rating: u8,
    /// Mean opinion score in tenths.
    pub score: u8,
}

impl HearingStatus {
    /// The figures of a stream.
    pub fn of(hearing: Hearing) -> Self {
        let Hearing { loss, jitter, rating, score } = hearing;
        Self { loss, jitter_ms: jitter.0, rating, score }
    }
}

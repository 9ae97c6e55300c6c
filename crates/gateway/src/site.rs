//! What a gateway is made of: the configuration as the two planes take it.

use core::net::SocketAddr;

use tipring_call::Number;
use tipring_port::{CodecName, DtmfMode, JitterSpec, LineProfile, TonePlan};
use tipring_sip::agent::{AccountConfig, AccountId, AgentConfig, ServerConfig, ServerId, Trust};
use tipring_sip::registrar::User;
use tipring_units::{LineId, MediaSlot, Millis, ShardId};

/// How many lines a gateway has at the most.
pub const MAX_LINES: usize = 1024;

/// A whole gateway.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    /// The gateway's name, for status.
    pub name: String,
    /// The lines in order, at a start telephones first, then outside lines; a line's number is its place. In a running gateway also those whose telephone an edit took
    /// away: vacant.
    pub lines: Vec<LineSite>,
    /// The rules of calls.
    pub calls: tipring_call::Setup,
    /// SIP.
    pub sip: SipSite,
    /// Media.
    pub media: MediaSite,
    /// What is configured and not used, with the reason: each is an alarm.
    pub unused: Vec<Unused>,
    /// The revision of the configuration that this came from.
    pub revision: u64,
}

/// Something configured that this version does not use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unused {
    /// What.
    pub subject: String,
    /// Why.
    pub why: String,
}

/// What is at the other end of a line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum LineKind {
    /// A telephone, or a device that behaves as one: the port is an FXS one.
    #[default]
    Phone,
    /// An exchange: the port is an FXO one.
    Outside,
}

/// One line.
#[derive(Clone, PartialEq, Debug)]
pub struct LineSite {
    /// The port as the configuration names it (`sim/1`).
    pub port: String,
    /// What is at its other end.
    pub kind: LineKind,
    /// The shard that ticks it.
    pub shard: ShardId,
    /// The telephone's number, or what the configuration calls the outside line: `1` of `[line.1]`.
    pub number: String,
    /// The telephone's or the outside line's name.
    pub name: String,
    /// All that the line's machine needs.
    pub profile: LineProfile,
    /// In service.
    pub in_service: bool,
    /// How its calls are carried, where not as the server has it.
    pub media: LineMedia,
    /// The outside line to which a relay joins this telephone while there is no power or no program.
    pub lifeline: Option<LineId>,
}

/// How the calls of one line are carried.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LineMedia {
    /// Codecs in order of preference, of those that the server allows; `None`: as the server has them.
    pub codecs: Option<Vec<CodecName>>,
    /// Packet time that is asked for; `None`: as the server has it.
    pub ptime: Option<Millis>,
    /// Depth of the jitter buffer.
    pub jitter: Option<(Millis, Millis)>,
    /// The depth stays at the least.
    pub jitter_fixed: Option<bool>,
}

impl LineMedia {
    /// The codecs in calls by a server that allows these; all of them if none is left.
    pub fn codecs(&self, server: &[CodecName]) -> Vec<CodecName> {
        let own = self.codecs.iter().flatten().copied().filter(|codec| server.contains(codec));
        let own: Vec<CodecName> = own.collect();
        if own.is_empty() { server.to_vec() } else { own }
    }

    /// The jitter buffer in calls by a server that has this one.
    pub fn jitter(&self, server: JitterSpec) -> JitterSpec {
        let (min, max) = self.jitter.unwrap_or((server.min, server.max));
        JitterSpec { min, max, fixed: self.jitter_fixed.unwrap_or(server.fixed) }
    }
}

impl LineSite {
    /// True if nothing is configured on it.
    pub fn is_vacant(&self) -> bool {
        self.number.is_empty()
    }

    /// The line as it is without anything on it.
    #[must_use]
    pub fn vacated(&self) -> Self {
        Self { number: String::new(), name: String::new(), in_service: false, lifeline: None, ..self.clone() }
    }

    /// The line in a word or two: a telephone's number, or `line 1`.
    pub fn label(&self) -> String {
        match self.kind {
            LineKind::Phone => self.number.clone(),
            LineKind::Outside => format!("line {}", self.number),
        }
    }

    /// The line for people: `219 Room 219 (dahdi/19)`, `line 1 Main number (dahdi/39)`.
    pub fn subject(&self) -> String {
        let name = if self.name.is_empty() { String::new() } else { format!(" {}", self.name) };
        format!("{}{name} ({})", self.label(), self.port)
    }
}

/// SIP as a whole.
#[derive(Clone, PartialEq, Debug)]
pub struct SipSite {
    /// The agent.
    pub agent: AgentConfig,
    /// The servers.
    pub servers: Vec<ServerSite>,
    /// The accounts that register or lend their credentials.
    pub accounts: Vec<AccountSite>,
    /// Users of the built-in registrar.
    pub users: Vec<User>,
    /// Who may call.
    pub trust: Trust,
}

/// A server and its name in the configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct ServerSite {
    /// `[server.NAME]`.
    pub name: String,
    /// The agent's view.
    pub config: ServerConfig,
    /// Codecs in calls with it, in order of preference.
    pub codecs: Vec<CodecName>,
    /// From is the caller also where an account is used.
    pub from_caller: bool,
    /// How digits go to it; telephone events only where it knows them.
    pub dtmf: DtmfMode,
    /// Silence is not sent to it where it takes comfort noise.
    pub vad: bool,
    /// Packet time that is asked for.
    pub ptime: Millis,
    /// Jitter buffer.
    pub jitter: JitterSpec,
}

/// An account and the telephone that it belongs to.
#[derive(Clone, PartialEq, Debug)]
pub struct AccountSite {
    /// The telephone's number; `None`: the account is the whole gateway's at that server.
    pub phone: Option<String>,
    /// The mailbox that its server is asked of.
    pub mailbox: Option<String>,
    /// The telephone that is told of its messages.
    pub lamp: Option<String>,
    /// The agent's view.
    pub config: AccountConfig,
}

/// Media as a whole.
#[derive(Clone, PartialEq, Debug)]
pub struct MediaSite {
    /// The pairs of UDP sockets that the host has opened, with the address of the RTP one.
    pub slots: Vec<(MediaSlot, SocketAddr)>,
    /// The shard for legs that have no line.
    pub host_shard: ShardId,
    /// Codecs in order of preference.
    pub codecs: Vec<CodecName>,
    /// The codecs that carry a fax or a modem: G.711, the country's law first.
    pub data_codecs: Vec<CodecName>,
    /// Packet time.
    pub ptime: Millis,
    /// How digits go where the far end knows telephone events; `InBand` and `Signalling` are kept as they are.
    pub dtmf: DtmfMode,
    /// Jitter buffer.
    pub jitter: JitterSpec,
    /// Tones into RTP legs.
    pub tones: TonePlan,
}

/// An edited configuration for a running gateway.
#[derive(Clone, PartialEq, Debug)]
pub struct Reload {
    /// The site that the configuration would give at a start. Lines are known again by their ports, servers and
    /// accounts by their names; sockets stay as they are.
    pub site: Site,
    /// What takes effect at the next start only, in words.
    pub next_start: Vec<String>,
}

impl Site {
    /// The line of the telephone with `number`.
    pub fn line_of(&self, number: &Number) -> Option<LineId> {
        self.placed(LineKind::Phone, number)
    }

    /// The outside line that the configuration calls `number`.
    pub fn outside_line_of(&self, number: &Number) -> Option<LineId> {
        self.placed(LineKind::Outside, number)
    }

    /// The line that a person means: by its port, by its telephone's number, or as an outside line by `line.1`, `line 1`, or a
    /// number that no telephone has.
    pub fn find(&self, text: &str) -> Option<(LineId, &LineSite)> {
        let lines = || (0..).map(LineId).zip(&self.lines).filter(|(_, line)| !line.is_vacant());
        let of = |kind: LineKind, number: &str| {
            lines().find(|(_, line)| line.kind == kind && line.number == number)
        };
        let outside = text.strip_prefix("line.").or_else(|| text.strip_prefix("line "));
        if let Some(number) = outside {
            return of(LineKind::Outside, number);
        }
        lines()
            .find(|(_, line)| line.port == text)
            .or_else(|| of(LineKind::Phone, text))
            .or_else(|| of(LineKind::Outside, text))
    }

    fn placed(&self, kind: LineKind, number: &Number) -> Option<LineId> {
        let is_it = |line: &LineSite| line.kind == kind && line.number == number.as_str();
        u16::try_from(self.lines.iter().position(is_it)?).ok().map(LineId)
    }

    /// The line, if there is one.
    pub fn line(&self, line: LineId) -> Option<&LineSite> {
        self.lines.get(usize::from(line.0))
    }

    /// The account that a call by `server` from `number` uses: the telephone's own, else the gateway's.
    pub fn account(&self, server: ServerId, number: &str) -> Option<&AccountSite> {
        let at_server = || self.sip.accounts.iter().filter(move |account| account.config.server == server);
        at_server()
            .find(|account| account.phone.as_deref() == Some(number))
            .or_else(|| at_server().find(|account| account.phone.is_none()))
    }

    /// The name of a server.
    pub fn server_name(&self, id: ServerId) -> &str {
        self.sip.servers.iter().find(|server| server.config.id == id).map_or("", |server| &server.name)
    }

    /// The account with this number.
    pub fn account_by_id(&self, id: AccountId) -> Option<&AccountSite> {
        self.sip.accounts.iter().find(|account| account.config.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_say_within_what_the_server_allows() {
        let server = [CodecName::Pcmu, CodecName::Pcma, CodecName::G722];
        let own = |codecs: &[CodecName]| LineMedia { codecs: Some(codecs.to_vec()), ..LineMedia::default() };
        assert_eq!(LineMedia::default().codecs(&server), server);
        let ordered = own(&[CodecName::G722, CodecName::G729, CodecName::Pcmu]).codecs(&server);
        assert_eq!(ordered, [CodecName::G722, CodecName::Pcmu]);
        assert_eq!(own(&[CodecName::G729]).codecs(&server), server, "a call in a codec is better than none");
        let theirs = JitterSpec { min: Millis(20), max: Millis(200), fixed: true };
        assert_eq!(LineMedia::default().jitter(theirs), theirs);
        let line = LineMedia {
            jitter: Some((Millis(40), Millis(60))),
            jitter_fixed: Some(false),
            ..LineMedia::default()
        };
        assert_eq!(line.jitter(theirs), JitterSpec { min: Millis(40), max: Millis(60), fixed: false });
    }
}

//! The configuration that calls need, as plain values.

use tipring_country::{Hours, NumberKind, NumberPlan, Pattern};
use tipring_port::{MAX_CALLER_NAME, RingPattern, Text};
use tipring_units::{LineId, Millis};

use crate::{AllRewrites, CauseTones, Code, Duty, Features, Number, RingFor, Route, ServerName};

/// Everything that the switch is told about its world. The owner keeps each list within its bound; what is
/// beyond is not used.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Setup {
    /// The telephones on lines.
    pub phones: Vec<Phone>,
    /// The outside lines, in the order of the configuration.
    pub lines: Vec<OutsideLine>,
    /// In which order `lines` are tried.
    pub hunt: Hunt,
    /// The telephones that register here.
    pub users: Vec<User>,
    /// Numbers that reach several.
    pub groups: Vec<Group>,
    /// Ways out in order.
    pub routes: Vec<Route>,
    /// How numbers change on the way.
    pub rewrites: AllRewrites,
    /// The servers, the preferred one first.
    pub servers: Vec<Server>,
    /// `[dial]`; `None` where the table is absent: everything goes to the first server, or, without one, the
    /// telephones call each other.
    pub dial: Option<Vec<DialRow>>,
    /// `[offline]`: what is dialled while no server is up, beside the telephones' own numbers.
    pub offline: Vec<DialRow>,
    /// The country's numbers: where they end, how far they go, which are of emergency services.
    pub numbering: NumberPlan,
    /// Emergency calls.
    pub emergency: Emergency,
    /// Star codes.
    pub codes: Vec<Code>,
    /// Timers.
    pub timers: Timers,
    /// Tones that differ by country for the same cause.
    pub tones: CauseTones,
    /// What a code did is said in words, before the tone.
    pub says_features: bool,
    /// The gateway's address as others reach it, which a code says.
    pub address: Option<core::net::IpAddr>,
    /// Minutes east of UTC, for the date on displays.
    pub offset_minutes: i32,
}

/// A telephone on a line.
#[derive(Clone, PartialEq, Debug)]
pub struct Phone {
    /// Its line.
    pub line: LineId,
    /// Its number.
    pub number: Number,
    /// Its name, may be empty.
    pub name: Text<MAX_CALLER_NAME>,
    /// What it may call.
    pub may_call: Permission,
    /// What it may call at night.
    pub night: Option<NightClass>,
    /// How it rings.
    pub ring: RingPattern,
    /// How it rings for some callers.
    pub ring_for: Vec<RingFor>,
    /// It is a fax or a modem: all its calls are passed through.
    pub data: bool,
    /// What the configuration sets; what the subscriber sets by code goes before it.
    pub features: Features,
    /// How long it rings before forwarding for no answer.
    pub no_answer: Millis,
    /// Its pick-up groups.
    pub pickup: Vec<ServerName>,
    /// Its subscriber may use star codes.
    pub codes: bool,
    /// It is told of waiting messages, by its lamp and its dial tone.
    pub lamp: bool,
    /// Hung up with a call held, it hands that one on; else it is rung back.
    pub transfer: bool,
    /// What a flash does while it has two calls.
    pub recall: Recall,
    /// The PIN that unlocks it.
    pub pin: Option<Number>,
    /// Called as soon as it is lifted, in order until one takes the call; empty: it gets dial tone.
    pub dials: Vec<Destination>,
    /// What its port is for.
    pub duty: Duty,
}

/// What a hook flash does on a telephone that has two calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Recall {
    /// Goes to the other one.
    #[default]
    Swap,
    /// All three talk together; the next one lets the last go, two of them the first. To a call that came in: goes back and forth.
    Conference,
    /// Waits for a digit: 0 refuses who waits or lets the held one go, 1 lets the other go, 2 goes to the other, 3 makes a
    /// conference, 4 puts the two others together.
    Keys,
}

/// A line of an exchange (an FXO port).
#[derive(Clone, PartialEq, Debug)]
pub struct OutsideLine {
    /// Its line.
    pub line: LineId,
    /// What the configuration calls it: `1` of `[line.1]`.
    pub number: Number,
    /// Its name, may be empty.
    pub name: Text<MAX_CALLER_NAME>,
    /// Who is rung for calls that come in on it, all at once. Empty: nobody; the line rings in vain.
    pub rings: Vec<Destination>,
    /// Who is rung in the end, when nobody of `rings` has taken the call for `ring_time`, or all are busy.
    pub fallback: Option<Destination>,
    /// How long `rings` are rung before that.
    pub ring_time: Millis,
    /// Who is rung at night in place of `rings`.
    pub night: Option<Night>,
    /// Calls that come in are answered and may dial.
    pub disa: Option<Disa>,
    /// Dialled to the exchange after each number (`#` where it wants one).
    pub suffix: Number,
}

/// The night number of an outside line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Night {
    /// Minutes of the day, local time, at which it begins and ends; over midnight where the end is smaller.
    pub from: u16,
    /// See `from`.
    pub to: u16,
    /// Who is rung.
    pub rings: Destination,
}

/// Direct inward system access: who calls in hears dial tone and dials as a telephone of the house.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disa {
    /// Dialled first, followed by `#`; without it only telephones of the house are reached.
    pub pin: Option<Number>,
    /// What may be called with the right PIN.
    pub may_call: Permission,
}

/// In which order outside lines are tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Hunt {
    /// From the first on.
    #[default]
    Linear,
    /// From the one after the last that was taken.
    Circular,
    /// The one whose last call is the longest ago.
    LeastRecent,
}

/// A number that reaches several, one after the other or all at once.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Its number.
    pub number: Number,
    /// Its name, may be empty.
    pub name: Text<MAX_CALLER_NAME>,
    /// Who is rung, in the order of the configuration. Another group is none.
    pub members: Vec<Destination>,
    /// In which order.
    pub hunt: GroupHunt,
    /// How long each member rings; all of them where all ring at once.
    pub ring_time: Millis,
    /// Where a call goes that finds nobody free.
    pub busy: Overflow,
    /// Where one goes that nobody has answered. `None`: members are rung again as long as any call rings.
    pub no_answer: Option<Overflow>,
}

/// In which order a group rings its members.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum GroupHunt {
    /// From the first on.
    #[default]
    Linear,
    /// From the one after the one that answered last.
    Circular,
    /// The one whose last call is the longest ago, then the next.
    LeastRecent,
    /// All at once.
    Simultaneous,
}

/// What becomes of a call that a group does not take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overflow {
    /// The caller hears busy.
    Busy,
    /// The caller is told in words.
    Announcement,
    /// The call goes there.
    To(Destination),
}

/// A telephone that registers here.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct User {
    /// Its number, under which it registers.
    pub number: Number,
    /// Its name, may be empty.
    pub name: Text<MAX_CALLER_NAME>,
    /// What it may call.
    pub may_call: Permission,
    /// What it may call at night.
    pub night: Option<NightClass>,
}

/// What a telephone may call during some hours of the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NightClass {
    /// When.
    pub hours: Hours,
    /// What.
    pub may_call: Permission,
}

impl NightClass {
    /// What may be called in this minute of the day, `by_day` being what may be called otherwise.
    pub const fn at(night: Option<Self>, by_day: Permission, minute: u16) -> Permission {
        match night {
            Some(night) if night.hours.contains(minute) => night.may_call,
            Some(_) | None => by_day,
        }
    }
}

/// A server.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Server {
    /// Its name.
    pub name: ServerName,
    /// Who is called by a number from there that no telephone has (a provider's number for the whole house):
    /// a telephone's number. The only telephone needs no entry: it gets all calls.
    pub rings: Option<Number>,
    /// What calls from there may reach beside telephones, by the dial plan: an IP PBX behind which this box is the gateway
    /// to outside lines. `None`: nothing.
    pub may_call: Option<Permission>,
    /// Who carries out what a telephone forwards of its calls back to it.
    pub forwards: ForwardsAt,
}

/// Who makes the call to where a telephone forwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum ForwardsAt {
    /// The gateway, as a call of its own.
    #[default]
    Gateway,
    /// The server that the call came from, which is told where.
    Server,
}

/// What a telephone may call; emergency numbers always.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Permission {
    /// Telephones of this box and emergency numbers.
    Internal,
    /// Local outside numbers too.
    Local,
    /// National ones too.
    National,
    /// Everything that is surely not in another country.
    NoInternational,
    /// Everything that surely costs no premium.
    NoPremium,
    /// Everything.
    #[default]
    All,
}

impl Permission {
    /// True if a number of this kind (`None`: a telephone of the house) may be called. `anything`: it could be any number,
    /// as the country does not know it, or its digits go to an exchange that takes more of them.
    pub const fn allows(self, kind: Option<NumberKind>, anything: bool) -> bool {
        let Some(kind) = kind else { return true };
        match kind {
            NumberKind::Emergency => true,
            NumberKind::Service | NumberKind::Local => !matches!(self, Self::Internal),
            NumberKind::National | NumberKind::Mobile => !matches!(self, Self::Internal | Self::Local),
            NumberKind::Premium => matches!(self, Self::NoInternational | Self::All),
            NumberKind::International => match self {
                Self::All => true,
                Self::NoPremium => !anything,
                Self::Internal | Self::Local | Self::National | Self::NoInternational => false,
            },
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Local => "local",
            Self::National => "national",
            Self::NoInternational => "no-international",
            Self::NoPremium => "no-premium",
            Self::All => "all",
        }
    }
}

/// A row of `[dial]` or `[offline]`.
#[derive(Clone, PartialEq, Debug)]
pub struct DialRow {
    /// What is dialled.
    pub pattern: Pattern,
    /// Where it goes.
    pub to: Destination,
}

/// Where a call goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Destination {
    /// The telephone (line or user) or the group with this number.
    Number(Number),
    /// The telephone or group with the number that the pattern sends.
    Phones,
    /// This server, with that number, or with the one that the pattern sends.
    Server {
        /// The server.
        name: ServerName,
        /// The number.
        number: Option<Number>,
    },
    /// Any free outside line, with this number, or with the one that the pattern sends; an empty one gives the exchange's
    /// own dial tone.
    Lines {
        /// The number.
        number: Option<Number>,
    },
    /// The outside line of this name.
    Line {
        /// What the configuration calls it.
        line: Number,
        /// The number.
        number: Option<Number>,
    },
    /// The ways of this route, with the number that the pattern sends.
    Route(ServerName),
}

/// Emergency calls. The numbers are the country's ([`NumberPlan::emergency`]); each is also reached with any
/// outside prefix of the plan.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Emergency {
    /// Ways out, tried in order; empty: every server in order.
    pub via: Vec<Destination>,
    /// The number shown to the answering point in place of the telephone's own.
    pub callback: Option<Number>,
    /// Who is rung at once and shown who calls.
    pub notify: Option<Destination>,
}

/// Timers of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timers {
    /// Dial tone without a digit.
    pub first_digit: Millis,
    /// A number is whole but could be longer.
    pub short: Millis,
    /// Digits are missing.
    pub long: Millis,
    /// Ringing without an answer.
    pub answer: Millis,
    /// A placed call without any reaction.
    pub reaction: Millis,
    /// Ringing back for a held party.
    pub recall: Millis,
    /// A tone that tells why there is no call.
    pub tone: Millis,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            first_digit: Millis::from_secs(15),
            short: Millis::from_secs(3),
            long: Millis::from_secs(10),
            answer: Millis::from_secs(60),
            reaction: Millis::from_secs(40),
            recall: Millis::from_secs(30),
            tone: Millis::from_secs(30),
        }
    }
}

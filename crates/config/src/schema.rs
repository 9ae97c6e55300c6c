//! Every key that a configuration may have: its kind, default, apply class and help. The one list from
//! which unknown keys are told, the reference is printed and changes are classed.

use tipring_country::COUNTRY_WORDS;
use tipring_port::Impedance;

use crate::kind::Kind;
use crate::vocabulary::{
    Agc, Answer, CallerIdWord, Codec, Connects, Dialling, Digest, Digits, DtmfColumn, Failure, ForwardsAt,
    FromUser, GroupHunt, Hunt, JitterMode, MayCall, PhoneType, PulseDigits, Recall, StarCodes, Start,
    Transport,
};

/// When a changed value takes effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Apply {
    /// At once, for calls that begin from now on; those in progress go on as they are.
    Live,
    /// On each line when it is idle.
    WhenIdle,
    /// When the gateway starts again: sockets are opened at the start.
    NextStart,
}

impl Apply {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::WhenIdle => "when-idle",
            Self::NextStart => "next-start",
        }
    }

    /// When that is, for a person.
    pub const fn when(self) -> &'static str {
        match self {
            Self::Live => "at once",
            Self::WhenIdle => "when the line is idle",
            Self::NextStart => "at the next start",
        }
    }
}

/// Where a key stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// Above all tables.
    Top,
    /// `[server.NAME]`.
    Server,
    /// `[phone.N]`.
    Phone,
    /// `[sip.N]`.
    Sip,
    /// `[line.N]`.
    Line,
    /// `[group.N]`.
    Group,
    /// `[route.NAME]`.
    Route,
    /// `[dial]`: the keys are patterns, or whole dial plans.
    Dial,
    /// `[offline]`: the keys are patterns.
    Offline,
    /// `[codes]`: the keys are star codes.
    Codes,
    /// `[emergency]`.
    Emergency,
    /// `[syslog]`.
    Syslog,
    /// `[web]`.
    Web,
}

impl Place {
    /// All places in the order of the effective form.
    pub const ALL: [Self; 13] = [
        Self::Top,
        Self::Server,
        Self::Phone,
        Self::Sip,
        Self::Line,
        Self::Group,
        Self::Route,
        Self::Dial,
        Self::Offline,
        Self::Codes,
        Self::Emergency,
        Self::Syslog,
        Self::Web,
    ];

    /// The name of its table; empty for [`Place::Top`].
    pub const fn word(self) -> &'static str {
        match self {
            Self::Top => "",
            Self::Server => "server",
            Self::Phone => "phone",
            Self::Sip => "sip",
            Self::Line => "line",
            Self::Group => "group",
            Self::Route => "route",
            Self::Dial => "dial",
            Self::Offline => "offline",
            Self::Codes => "codes",
            Self::Emergency => "emergency",
            Self::Syslog => "syslog",
            Self::Web => "web",
        }
    }

    /// True if its tables have names: `[phone.101]`.
    pub const fn is_named(self) -> bool {
        match self {
            Self::Server | Self::Phone | Self::Sip | Self::Line | Self::Group | Self::Route => true,
            Self::Top
            | Self::Dial
            | Self::Offline
            | Self::Codes
            | Self::Emergency
            | Self::Syslog
            | Self::Web => false,
        }
    }
}

/// A key of the configuration.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Key {
    /// Where it stands.
    pub place: Place,
    /// Its name; `PATTERN` where the keys are dial patterns, `CODE` where they are star codes.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds if it is not written, in words or as the value.
    pub default: &'static str,
    /// When a change takes effect.
    pub apply: Apply,
    /// What it does.
    pub help: &'static str,
    /// `Some`: not in this version yet, and what happens without it.
    pub later: Option<&'static str>,
}

/// All keys, by place.
pub const fn keys() -> &'static [Key] {
    KEYS
}

/// The key `name` of `place`.
pub fn key(place: Place, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.place == place && (key.name == name || key.kind.is_of_any_name()))
}

/// Tables of later versions, and what they will hold.
pub(crate) const LATER_TABLES: &[(&str, &str)] = &[
    ("api", "the management API"),
    ("user", "users of the web page"),
    ("snmp", "SNMP"),
    ("tr069", "TR-069"),
    ("metrics", "metrics"),
    ("tls", "certificates"),
    ("record", "recording"),
    ("clock", "time zone and time servers"),
];

const fn now(
    place: Place,
    name: &'static str,
    kind: Kind,
    default: &'static str,
    apply: Apply,
    help: &'static str,
) -> Key {
    Key { place, name, kind, default, apply, help, later: None }
}

const fn later(
    place: Place,
    name: &'static str,
    kind: Kind,
    apply: Apply,
    help: &'static str,
    without: &'static str,
) -> Key {
    Key { place, name, kind, default: "none", apply, help, later: Some(without) }
}

/// Longest call-progress timer.
const MINUTES_10: u32 = 600_000;

#[rustfmt::skip]
const KEYS: &[Key] = {
    use Apply::{Live, NextStart, WhenIdle};
    use Place::{Codes, Dial, Emergency, Group, Line, Offline, Phone, Route, Server, Sip, Syslog, Top, Web};
    const YES: Kind = Kind::Bool;
    &[
        now(Top, "name", Kind::Text, "tipring", Live, "The gateway's name in logs, records and SIP."),
        now(Top, "country", Kind::Word(COUNTRY_WORDS), "required", WhenIdle, "Tones, ringing, caller ID, timing, number plan and emergency numbers."),
        now(Top, "listen", Kind::Listen, "0.0.0.0:5060", NextStart, "The address and port for SIP, UDP and TCP."),
        now(Top, "media", Kind::MediaPorts, "16384-17383", NextStart, "UDP ports for RTP and RTCP, a pair for each call."),
        now(Top, "trust", Kind::Networks, "none", Live, "Networks whose SIP calls are accepted; servers and registered SIP phones always are."),
        now(Top, "digest", Kind::Words(Digest::WORDS), "md5", Live, "How SIP phones that register here prove their password, best first; many phones give up at anything but md5."),
        now(Top, "wait_first_digit", Kind::Time(1000, MINUTES_10), "16 s", Live, "How long dial tone sounds."),
        now(Top, "wait_digit", Kind::Time(1000, MINUTES_10), "10 s", Live, "How long the next digit may take while a number is not complete."),
        now(Top, "wait_end", Kind::Time(500, MINUTES_10), "3 s", Live, "How long the next digit may take where the number could be complete."),
        now(Top, "wait_answer", Kind::Time(5000, MINUTES_10), "180 s", Live, "How long a phone rings or ringback sounds."),
        now(Top, "hunt", Kind::Word(Hunt::WORDS), "linear", Live, "In which order outside lines are tried for a call that goes to `lines`."),
        later(Top, "announce", Kind::Listen, NextStart, "The public address behind a firewall.", "the own address is announced"),
        now(Top, "announcements", YES, "false", Live, "A voice tells why a call failed (not in service, all lines busy, not allowed), before the tone."),
        now(Top, "announce_features", YES, "false", Live, "A voice tells what a star code did (on, off, forwarded to a number), before the tone."),
        now(Top, "announcement_files", Kind::Text, "none", NextStart, "A directory of recordings that replace phrases: WAV of 8 kHz, one channel, G.711 or 16 bit, up to 20 s, named by phrase: not-in-service.wav."),
        now(Top, "language", Kind::Word(&["de", "en"]), "en", NextStart, "The language of announcements."),
        now(Top, "star_codes", Kind::Word(StarCodes::WORDS), "by country", Live, "Which star codes phones have."),

        now(Server, "address", Kind::Addresses, "required", Live, "The server, or several in order; without a port SRV records decide."),
        now(Server, "user", Kind::Text, "none", Live, "If set, the gateway registers under this name."),
        now(Server, "password", Kind::Secret, "none", Live, "The password for `user`."),
        now(Server, "password_file", Kind::File, "none", Live, "A file that holds only the password; it must be 0600."),
        now(Server, "passwords", Kind::File, "none", Live, "A file of `number,password` or `number,user,password`; if set, each phone registers itself. It must be 0600."),
        now(Server, "transport", Kind::Word(Transport::WORDS), "udp", Live, "How SIP is carried."),
        now(Server, "expires", Kind::Time(60_000, 86_400_000), "1 h", Live, "How long a registration is asked to last."),
        now(Server, "codecs", Kind::Words(Codec::WORDS), "pcmu, pcma", Live, "How voice may be coded, best first; `opus` only in a build with that feature."),
        now(Server, "from", Kind::Word(FromUser::WORDS), "account", Live, "Who stands in From where the gateway registers: its `account`, which a provider wants, with the caller beside it (P-Asserted-Identity), or the `caller`, as an IP PBX wants it of outside lines."),
        now(Server, "dtmf", Kind::Word(Digits::WORDS), "rfc4733", Live, "How digits are sent in a call."),
        now(Server, "vad", YES, "false", Live, "Silence is not sent where the server takes comfort noise (RFC 3389) or Annex B of G.729."),
        now(Server, "ptime", Kind::Time(10, 60), "20 ms", Live, "Sound in a packet that is asked for, and sent where the server asks for none: whole steps of 10 ms."),
        now(Server, "jitter", Kind::TimeRange, "20-200 ms", Live, "Least and most depth of the jitter buffer, up to 400 ms."),
        now(Server, "jitter_mode", Kind::Word(JitterMode::WORDS), "adaptive", Live, "Whether the depth follows the network, or stays at the least."),
        now(Server, "rings", Kind::Destinations, "the only phone", Live, "The phone that rings for calls that name no phone here."),
        now(Server, "mailbox", Kind::Text, "none", Live, "The mailbox that the server is asked of for messages that wait, for each account there; {number} stands for the phone's number, or the account's name. Without it only what the server tells unasked is shown."),
        now(Server, "may_call", Kind::Word(MayCall::WORDS), "phones here only", Live, "What calls from this server may reach beside phones, by the dial plan: for an IP PBX that uses this gateway's outside lines."),
        now(Server, "forwards", Kind::Word(ForwardsAt::WORDS), "gateway", Live, "Who carries out what a phone forwards of a call from this server to another number there: the `gateway` by a second call, or the `server`, which is told the number (302 with Diversion) and calls it itself."),
        now(Server, "called_out", Kind::Rewrites, "none", Live, "How the called number changes towards the server, by the first rule that fits: `<00:+>x.` replaces, `<9:>x.` takes away, `<:+1>xxxxxxxxxx` puts before; an emergency number goes as it is."),
        now(Server, "caller_out", Kind::Rewrites, "none", Live, "How the caller's number changes towards the server."),
        now(Server, "called_in", Kind::Rewrites, "none", Live, "How the called number changes of calls from the server, before phones and the dial plan see it."),
        now(Server, "caller_in", Kind::Rewrites, "none", Live, "How the caller's number changes of calls from the server: what phones show and call back."),
        later(Server, "srtp", YES, Live, "Voice is encrypted.", "voice is not encrypted"),
        later(Server, "proxy", Kind::Addresses, Live, "An outbound proxy.", "SIP goes to `address`"),

        now(Phone, "port", Kind::Ports, "required", WhenIdle, "The line port; a range of phones takes a range of ports in order. A port that is new is opened at the next start."),
        now(Phone, "name", Kind::Text, "none", Live, "The name in caller ID and status; {number} stands for the phone's number."),
        now(Phone, "type", Kind::Word(PhoneType::WORDS), "plain", WhenIdle, "What is connected."),
        now(Phone, "may_call", Kind::Word(MayCall::WORDS), "all", Live, "What may be called; emergency numbers always."),
        now(Phone, "may_call_night", Kind::Word(MayCall::WORDS), "none", Live, "What may be called during `night_hours` in place of `may_call`."),
        now(Phone, "night_hours", Kind::Hours, "none", Live, "When it is night: two times of day, over midnight where the second is earlier."),
        now(Phone, "caller_id", Kind::BoolOr(CallerIdWord::WORDS), "true", WhenIdle, "The caller's number and name are sent to the phone: `true` as the country does, or by another standard, for a phone or PBX that was made for one."),
        now(Phone, "pulse", YES, "by country", WhenIdle, "Pulse dialling is taken."),
        now(Phone, "flash", Kind::TimeRangeOrOff, "by country", WhenIdle, "Breaks that are a hook flash; `off`: every break is a hang-up."),
        now(Phone, "disconnect", Kind::Disconnect, "by country", WhenIdle, "What tells the device that the far end hung up."),
        now(Phone, "reversal", YES, "by country", WhenIdle, "Polarity is reversed when the far end answers."),
        now(Phone, "metering", Kind::Metering, "none", WhenIdle, "Metering pulses: the first at the answer, the others at the distance that `every` has."),
        now(Phone, "start", Kind::Word(Start::WORDS), "loop", WhenIdle, "How the device asks for service; `ground` only where the card can."),
        now(Phone, "gain_in", Kind::Ratio(-30, 30), "0 dB", WhenIdle, "Gain from the phone to the network, on top of the country's relative level."),
        now(Phone, "gain_out", Kind::Ratio(-30, 30), "0 dB", WhenIdle, "Gain from the network to the phone, on top of the country's relative level."),
        now(Phone, "agc", Kind::Word(Agc::WORDS), "off", WhenIdle, "Speech is brought slowly to -20 dBm0, by 12 dB at the most: `in` from the phone to the network, `out` from the network to the phone."),
        now(Phone, "dtmf_profile", Kind::Word(DtmfColumn::WORDS), "wide", WhenIdle, "What is taken for a digit of this phone: `wide` (either tone from -38 dBm0, one up to 8 dB above the other, frequencies off by up to 1.5 % and 2 Hz) or an administration's column of ITU-T Q.24."),
        now(Phone, "dtmf_level", Kind::Level(-45, -20), "by dtmf_profile", WhenIdle, "The sensitivity: either tone of a digit is at least this loud at the port, before any gain. Lower where digits of a long line are missed, higher where another conversation's are heard."),
        now(Phone, "dtmf_twist", Kind::Ratio(0, 12), "by dtmf_profile", WhenIdle, "How much louder one tone of a digit may be than the other, either way."),
        now(Phone, "impedance", Kind::Word(Impedance::WORDS), "by country", WhenIdle, "The network that the port presents and balances against; `tipring line balance` measures which fits."),
        now(Phone, "level_in", Kind::Relative(-12, 6), "by country", WhenIdle, "Relative level of the port's input."),
        now(Phone, "level_out", Kind::Relative(-15, 6), "by country", WhenIdle, "Relative level of the port's output."),
        now(Phone, "ring", Kind::Cadence, "by country", WhenIdle, "The plain ring: bursts and pauses."),
        now(Phone, "ring_frequency", Kind::Frequency(15, 70), "by country", WhenIdle, "The frequency of ringing."),
        now(Phone, "ring_level", Kind::RingVoltage, "by country", WhenIdle, "The voltage of ringing at the port, where the card can."),
        now(Phone, "pulse_digits", Kind::Word(PulseDigits::WORDS), "by country", WhenIdle, "How many pulses a dial sends for a digit."),
        now(Phone, "tone_dial", Kind::ToneText, "by country", WhenIdle, "Dial tone; this and the other tones are as loud as those of the country."),
        now(Phone, "tone_stutter", Kind::ToneText, "by country", WhenIdle, "Dial tone that tells of a message."),
        now(Phone, "tone_ringback", Kind::ToneText, "by country", WhenIdle, "Ringback that the gateway sounds itself."),
        now(Phone, "tone_busy", Kind::ToneText, "by country", WhenIdle, "Busy tone."),
        now(Phone, "tone_congestion", Kind::ToneText, "by country", WhenIdle, "Congestion tone (reorder)."),
        now(Phone, "tone_waiting", Kind::ToneText, "by country", WhenIdle, "Call-waiting tone."),
        now(Phone, "echo_tail", Kind::Time(0, 128), "32 ms", WhenIdle, "Length of the echo canceller, rounded up to 10 ms; 0 turns it off."),
        now(Phone, "codecs", Kind::Words(Codec::WORDS), "by server", Live, "How this phone's voice may be coded, of what the server's `codecs` allow; best first, also where the far end's order is another."),
        now(Phone, "ptime", Kind::Time(10, 60), "by server", Live, "Sound in a packet that is asked for in this phone's calls, and sent where the far end asks for none: whole steps of 10 ms."),
        now(Phone, "jitter", Kind::TimeRange, "by server", Live, "Least and most depth of the jitter buffer in this phone's calls, up to 400 ms."),
        now(Phone, "jitter_mode", Kind::Word(JitterMode::WORDS), "by server", Live, "Whether that depth follows the network, or stays at the least."),
        now(Phone, "dials", Kind::Destinations, "none", Live, "Called as soon as the phone is lifted, in order until one answers; without it the phone gets dial tone."),
        now(Phone, "forward", Kind::Digits, "none", Live, "Calls go to this number instead, as the phone would dial it."),
        now(Phone, "forward_busy", Kind::Digits, "none", Live, "Where they go while the phone is busy."),
        now(Phone, "forward_no_answer", Kind::Digits, "none", Live, "Where they go when nobody has answered for `ring_time`."),
        now(Phone, "forward_unreachable", Kind::Digits, "none", Live, "Where they go while the line is out of service."),
        now(Phone, "ring_time", Kind::Time(5000, MINUTES_10), "20 s", Live, "How long the phone rings before `forward_no_answer`."),
        now(Phone, "ring_for", Kind::RingFor, "none", Live, "How the phone rings by who calls, by the first rule that fits: a pattern of the caller's number as in `caller_in`, `private` or `unknown`, and `dr1` to `dr5`, `internal` or `external`, as [\"0044x. dr2\", \"5xx internal\", \"private dr4\"]. A ring that the server asks for by Alert-Info goes before."),
        now(Phone, "reject_anonymous", YES, "false", Live, "Callers who hide their number are refused."),
        now(Phone, "hide", YES, "false", Live, "The phone's number is not shown to who is called; in an emergency it is."),
        now(Phone, "lock", YES, "false", Live, "Only phones of the house and emergency numbers can be called; a code with `pin` unlocks it."),
        now(Phone, "pin", Kind::Secret, "none", Live, "4 to 12 digits that lock and unlock the phone by star code."),
        now(Phone, "pickup", Kind::Names, "none", Live, "Pick-up groups: who shares one may answer this phone's calls by star code, for the group or by its number; without it anybody may by its number."),
        now(Phone, "star_codes", YES, "true for plain phones, else false", Live, "Whether the phone may use star codes."),
        now(Phone, "transfer", YES, "true for plain phones, else false", Live, "Hung up in a call with another one held, the two others are put together; `false`: the phone is rung back for the held one."),
        now(Phone, "lifeline", Kind::LineNumber, "none", NextStart, "The outside line to which a relay on the card joins this phone while there is no power or no program."),
        now(Phone, "test", Kind::TimeOfDay, "none", Live, "When each day the line is tested: battery, foreign voltage, leaks, receiver, ringers. What is wrong is an alarm until a test passes."),
        now(Phone, "waiting", YES, "true for plain phones, else false", Live, "A call that comes in a call waits: its tone is heard and its caller shown; a flash takes it."),
        now(Phone, "recall", Kind::Word(Recall::WORDS), "by country: conference in North America, else keys", Live, "What a flash does with two calls: `swap` goes to the other, `conference` joins all three and the next lets the last go, two of them the first, `keys` waits for 0 (refuse, or let the held one go), 1 (let the other go), 2 (go to the other), 3 (conference), 4 (put the two others together)."),
        now(Phone, "lamp", YES, "true", WhenIdle, "Waiting messages are shown: by the lamp, and by another dial tone."),
        now(Phone, "data", YES, "by type", Live, "It sends data in the sound, as a fax does: G.711 alone, and nothing is done to it."),
        now(Phone, "priority", YES, "by type", Live, "Its calls have room when there is none for others, are neither forwarded nor refused, and take a paging port that is in use."),
        now(Phone, "rooms", YES, "true; false for hotel", Live, "Whether it may call others that may not: `false` for two phones bars calls between them, except while no server is up."),
        now(Phone, "desk", Kind::Destination, "none", Live, "Who is called by `desk_key`: the front desk."),
        now(Phone, "desk_key", Kind::Digits, "0 for hotel", Live, "The key that, dialled first, calls `desk` at once."),
        now(Phone, "dial_after", Kind::Time(0, 60_000), "0", Live, "How long after lifting `dials` are called; a digit that comes before gives an ordinary call (warmline). Dial tone sounds meanwhile."),
        now(Phone, "dial_time", Kind::Time(5000, MINUTES_10), "as any call", Live, "How long each of `dials` has to answer before the next one is called."),
        now(Phone, "repeat", YES, "by type", Live, "Behind the last of `dials` comes the first again, until one answers or the phone is hung up."),
        now(Phone, "call_limit", Kind::Time(10_000, 7_200_000), "none", Live, "A call of this phone ends after this."),
        now(Phone, "release", Kind::Digits, "none", Live, "What who talks to the phone dials to open the door."),
        now(Phone, "opens", Kind::Digits, "as `release`", Live, "What the door station is sent for that, as touch tones."),
        now(Phone, "connects", Kind::Word(Connects::WORDS), "ring", Live, "How the device takes a call: it is rung and answers, or it is off-hook all the time and has the call `at once`."),
        now(Phone, "one_way", YES, "by type", Live, "Who calls it is heard there and does not hear it."),
        now(Phone, "pre_tone", Kind::Time(100, 5000), "none", Live, "How long a tone sounds there before who calls it is heard."),
        now(Phone, "override", YES, "by type", Live, "A call of `priority` takes the place of one without."),
        now(Phone, "self_test", Kind::TimeOfDay, "none", Live, "When each day the gateway calls `self_test_to` for the phone, to know that the way is good; an alarm where nobody answers."),
        now(Phone, "self_test_to", Kind::Destination, "the first of `dials`", Live, "Who is called by it."),

        now(Sip, "password", Kind::Secret, "none", Live, "The password of a SIP phone that registers here under its number."),
        now(Sip, "password_file", Kind::File, "none", Live, "A file that holds only the password; it must be 0600."),
        now(Sip, "passwords", Kind::File, "none", Live, "A file of `number,password`; it must be 0600."),
        now(Sip, "name", Kind::Text, "none", Live, "The name in caller ID and status; {number} stands for the phone's number."),
        now(Sip, "may_call", Kind::Word(MayCall::WORDS), "all", Live, "What may be called; emergency numbers always."),
        now(Sip, "may_call_night", Kind::Word(MayCall::WORDS), "none", Live, "What may be called during `night_hours` in place of `may_call`."),
        now(Sip, "night_hours", Kind::Hours, "none", Live, "When it is night: two times of day, over midnight where the second is earlier."),

        now(Line, "port", Kind::Ports, "required", WhenIdle, "The line port towards the exchange; a range of lines takes a range of ports in order. A port that is new is opened at the next start."),
        now(Line, "name", Kind::Text, "none", Live, "The name in status; {number} stands for the line's number."),
        now(Line, "rings", Kind::Destinations, "the only phone", Live, "Who rings for calls that come in on the line, all at once: phones, servers, `server:number`, an outside line with a number."),
        now(Line, "ring_time", Kind::Time(5000, MINUTES_10), "20 s", Live, "How long `rings` ring before `fallback` does."),
        now(Line, "fallback", Kind::Destination, "none", Live, "Who rings in the end, where nobody of `rings` has answered or all are busy: the operator."),
        now(Line, "night", Kind::Destination, "none", Live, "Who rings in place of `rings` during `night_hours`."),
        now(Line, "night_hours", Kind::Hours, "none", Live, "When it is night: two times of day, over midnight where the second is earlier."),
        now(Line, "caller_id", Kind::BoolOr(CallerIdWord::WORDS), "true", WhenIdle, "How the exchange tells who calls: `true` as the country does, or by another standard."),
        now(Line, "rings_before", Kind::Count(1, 6), "2 with caller ID between rings or after short ones, else 1", WhenIdle, "At which ring a call is put through at the latest, whatever is known of the caller by then."),
        now(Line, "dialling", Kind::Word(Dialling::WORDS), "dtmf", WhenIdle, "How the exchange is dialled: by pulses as in the country, or as Sweden or New Zealand count them."),
        now(Line, "dial_when", Kind::DialWhen, "by country", WhenIdle, "When dialling begins: at the dial tone, at the latest after a time, or after a pause."),
        now(Line, "suffix", Kind::Digits, "none", Live, "Dialled behind each number, as # where the exchange wants one."),
        now(Line, "flash", Kind::Time(50, 1500), "by country", WhenIdle, "Length of a flash towards the exchange."),
        now(Line, "guard", Kind::Time(300, 10_000), "by country", WhenIdle, "Least time on-hook between two calls: the exchange needs it to clear."),
        now(Line, "answer", Kind::Word(Answer::WORDS), "by country", WhenIdle, "What tells that the called party answered."),
        now(Line, "disconnect", Kind::ClearSigns, "by country", WhenIdle, "What tells that the far end hung up; each sign works by itself."),
        now(Line, "learned", Kind::ToneText, "none", WhenIdle, "A tone that also tells it, as `tipring line learn` writes it."),
        now(Line, "called_out", Kind::Rewrites, "none", Live, "How the called number changes towards the exchange, by the first rule that fits; an emergency number goes as it is."),
        now(Line, "caller_in", Kind::Rewrites, "none", Live, "How the caller's number changes that the exchange tells: `<:9>x.` makes one that can be called back."),
        now(Line, "disa", Kind::Word(MayCall::WORDS), "off", Live, "Calls that come in are answered with a second dial tone, and this may be dialled."),
        now(Line, "disa_pin", Kind::Secret, "none", Live, "Digits that are dialled first, followed by #; without them only phones here can be reached."),
        now(Line, "disa_pin_file", Kind::File, "none", Live, "A file that holds only those digits; it must be 0600."),
        now(Line, "start", Kind::Word(Start::WORDS), "loop", WhenIdle, "How the exchange is asked for service; `ground` only where the card can."),
        now(Line, "impedance", Kind::Word(Impedance::WORDS), "by country", WhenIdle, "The network that the port presents and balances against."),
        now(Line, "level_in", Kind::Relative(-12, 6), "by country", WhenIdle, "Relative level of the port's input."),
        now(Line, "level_out", Kind::Relative(-15, 6), "by country", WhenIdle, "Relative level of the port's output."),
        now(Line, "tone_dial", Kind::ToneText, "by country", WhenIdle, "The exchange's dial tone, where it has another than the country."),
        now(Line, "tone_ringback", Kind::ToneText, "by country", WhenIdle, "Its ringback."),
        now(Line, "tone_busy", Kind::ToneText, "by country", WhenIdle, "Its busy tone."),
        now(Line, "tone_congestion", Kind::ToneText, "by country", WhenIdle, "Its congestion tone."),
        now(Line, "gain_in", Kind::Ratio(-30, 30), "0 dB", WhenIdle, "Gain from the line to the network."),
        now(Line, "gain_out", Kind::Ratio(-30, 30), "0 dB", WhenIdle, "Gain from the network to the line."),
        now(Line, "agc", Kind::Word(Agc::WORDS), "off", WhenIdle, "Speech is brought slowly to -20 dBm0, by 12 dB at the most: `in` from the line to the network, `out` from the network to the line."),
        now(Line, "echo_tail", Kind::Time(0, 128), "32 ms", WhenIdle, "Length of the echo canceller, rounded up to 10 ms; 0 turns it off."),
        now(Line, "in_use_below", Kind::Voltage, "by country", WhenIdle, "On-hook voltage below which another telephone uses the line; lower it for an exchange with a low battery."),
        now(Line, "dead_below", Kind::Voltage, "by country", WhenIdle, "On-hook voltage below which the line is dead."),
        now(Line, "codecs", Kind::Words(Codec::WORDS), "by server", Live, "How this line's voice may be coded, of what the server's `codecs` allow; best first."),
        now(Line, "ptime", Kind::Time(10, 60), "by server", Live, "Sound in a packet that is asked for in this line's calls: whole steps of 10 ms."),
        now(Line, "jitter", Kind::TimeRange, "by server", Live, "Least and most depth of the jitter buffer in this line's calls, up to 400 ms."),
        now(Line, "jitter_mode", Kind::Word(JitterMode::WORDS), "by server", Live, "Whether that depth follows the network, or stays at the least."),

        now(Group, "name", Kind::Text, "none", Live, "The group's name in `explain` and logs."),
        now(Group, "members", Kind::Members, "required", Live, "Who rings: phones, ranges of phones, SIP phones, `server:number`, `lines:number`; who is in a call, out of service or does not want to be disturbed is left out."),
        now(Group, "hunt", Kind::Word(GroupHunt::WORDS), "linear", Live, "In which order: from the first on, from the one after the one that answered last, the one first whose last call is the longest ago, or all at once."),
        now(Group, "ring_time", Kind::Time(5000, MINUTES_10), "20 s", Live, "How long each member rings; all of them together where all ring at once."),
        now(Group, "busy", Kind::Overflow, "busy", Live, "Where a call goes that finds nobody free: a number, another group, `busy`, or `announcement` (a phone of the house is told so in words)."),
        now(Group, "no_answer", Kind::Overflow, "members ring again, up to `wait_answer`", Live, "Where a call goes when every member had its turn and nobody answered."),

        now(Route, "via", Kind::Destinations, "required", Live, "The ways in order: servers, `lines`, `line.2`, with or without a number of their own."),
        now(Route, "on", Kind::Words(Failure::WORDS), "unreachable, congestion, unable", Live, "Which failures make a call go on to the next way: `unreachable` (down, no answer to SIP, 408, 502), `congestion` (no line free, 500, 503), `unable` (not implemented), `busy`, `no-answer`, `absent` (480), `rejected` (403, 603), `unknown` (404)."),
        now(Route, "called_out", Kind::Rewrites, "none", Live, "How the called number changes on this route, by the first rule that fits; an emergency number goes as it is."),
        now(Route, "caller_out", Kind::Rewrites, "none", Live, "How the caller's number changes on this route."),

        now(Dial, "PATTERN", Kind::Pattern, "one server: all to it; none: each phone's number", Live, "Where numbers that match go; the most specific pattern wins. Hours behind a pattern, `0 18:00-08:00`, are those in which it is valid. A whole dial plan of another gateway may stand in place of a pattern: `cisco: (...)`, `grandstream: {...}`, `mgcp: (...)`."),
        now(Offline, "PATTERN", Kind::Pattern, "phones call each other", Live, "Where numbers go while no server answers, beside the phones' own numbers."),

        now(Codes, "CODE", Kind::CodeAction, "those of `star_codes`", Live, "What a star code does, on top of the set that `star_codes` names: one of the words in [the chapter on features](features.md#star-codes-of-your-own), `pass` for a code that is left to the dial plan and so to a server, `none` for one of the set that is taken out. The subscriber's own digits are written `{number}`, `{pin}`, `{digit}` or `{digits}`; where they are left out they stand at the usual place."),

        now(Emergency, "via", Kind::Destinations, "lines, then every server", Live, "Ways for emergency calls, in order."),
        now(Emergency, "notify", Kind::Destinations, "none", Live, "Who is rung at once and shown an emergency call: its number and who dialled it."),
        now(Emergency, "callback", Kind::Digits, "the phone's own number", Live, "The number that emergency services can call back."),

        now(Syslog, "address", Kind::Addresses, "required", NextStart, "Where the log goes beside its file (RFC 5424): a collector, or several in order; without a port 514 by UDP, 601 by TCP, 6514 by TLS."),
        now(Syslog, "transport", Kind::Word(Transport::WORDS), "udp", NextStart, "How messages are carried: a datagram each, or with their length before them on a connection (RFC 6587, RFC 5425)."),
        now(Syslog, "ca_file", Kind::Text, "those of the system", NextStart, "The certificates (PEM) by which a collector is known over TLS, by path beside the configuration."),
        now(Syslog, "details", YES, "false", NextStart, "Digits, SIP messages and media go there, too."),

        now(Web, "listen", Kind::WebListen, "127.0.0.1:8080", Live, "Where the web page and the API are: addresses of this machine, or an interface for each address that it has; without a port 8080 on a loopback, 8443 elsewhere; `off`: nowhere. On a loopback it is HTTP, elsewhere HTTPS alone."),
        now(Web, "certificate", Kind::File, "one that the gateway makes", Live, "The certificate for HTTPS (PEM) with those that sign it, by path beside the configuration. It is read again when the file changes."),
        now(Web, "key", Kind::File, "the one of that", Live, "The private key of `certificate` (PEM); it should be 0600."),
        now(Web, "allow", Kind::Networks, "everybody", Live, "Networks that may come; others are turned away before anything of theirs is read. This machine itself always may."),
        now(Web, "names", Kind::HostNames, "none", Live, "Names by which browsers reach it, also through a proxy: they stand in the certificate that the gateway makes, and who asks for another is turned away."),
    ]
};

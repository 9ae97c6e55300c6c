//! The effective configuration: every range expanded, every default filled in, every name resolved.

use core::fmt::Display;
use core::net::SocketAddr;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use tipring_country::{Country, Pattern};
use tipring_port::{
    Disconnect, DtmfProfile, FlashWindow, Impedance, LampSpec, LineProfile, LoopStart, MeteringSpec,
};
use tipring_units::{Db, Dbm0, Millis};

use crate::duty::{DayTime, Duty};
use crate::group::Group;
use crate::habits::Habits;
use crate::outside::{Line, LineCallerId, NightHours};
use crate::own::Own;
use crate::route::{Numbers, Route};
use crate::syslog::Syslog;
use crate::values::{Destination, JitterDepth, MediaPorts, Network, Number, PortName, Secret, ServerAddress};
use crate::vocabulary::{
    Agc, Codec, Digest, Digits, DtmfColumn, ForwardsAt, FromUser, Hunt, JitterMode, MayCall, PhoneType,
    StarCodes, Start, Transport,
};
use crate::web::Web;

/// What runs.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct Effective {
    /// The gateway's name.
    pub name: String,
    /// The country of all lines.
    #[serde(serialize_with = "country_code")]
    pub country: Country,
    /// The own SIP address.
    pub listen: SocketAddr,
    /// UDP ports for voice.
    pub media: MediaPorts,
    /// Whose calls are accepted beside those of servers and registered SIP phones.
    pub trust: Vec<Network>,
    /// How SIP phones that register here prove their password, best first.
    pub digest: Vec<Digest>,
    /// Dial tone sounds this long.
    #[serde(serialize_with = "time")]
    pub wait_first_digit: Millis,
    /// The long timer between digits.
    #[serde(serialize_with = "time")]
    pub wait_digit: Millis,
    /// The short timer: the number could be complete.
    #[serde(serialize_with = "time")]
    pub wait_end: Millis,
    /// A call that nobody answers ends after this.
    #[serde(serialize_with = "time")]
    pub wait_answer: Millis,
    /// In which order outside lines are tried.
    pub hunt: Hunt,
    /// A voice tells why a call failed.
    pub announcements: bool,
    /// A voice tells what a star code did.
    pub announce_features: bool,
    /// The directory of recordings that replace phrases, as written.
    pub announcement_files: Option<String>,
    /// The language of announcements.
    pub language: String,
    /// Which star codes there are.
    pub star_codes: StarCodes,
    /// Servers by name.
    pub server: BTreeMap<String, Server>,
    /// Phones on line ports by number.
    pub phone: BTreeMap<Number, Phone>,
    /// SIP phones that register here, by number.
    pub sip: BTreeMap<Number, SipPhone>,
    /// Outside lines by number.
    pub line: BTreeMap<Number, Line>,
    /// Groups by number.
    pub group: BTreeMap<Number, Group>,
    /// Routes by name.
    pub route: BTreeMap<String, Route>,
    /// Where numbers go, in the order of the file.
    #[serde(serialize_with = "rules")]
    pub dial: Vec<Rule>,
    /// Where numbers go while no server answers.
    #[serde(serialize_with = "rules")]
    pub offline: Vec<Rule>,
    /// What star codes do beside those of the set, in the order of the file.
    #[serde(serialize_with = "code_rows")]
    pub codes: Vec<CodeRow>,
    /// Emergency calls; their numbers are the country's.
    pub emergency: Emergency,
    /// Where the log goes beside its file.
    pub syslog: Option<Syslog>,
    /// The web page and the API.
    pub web: Web,
    /// Where each value comes from, by its path (`phone.101.name`).
    #[serde(skip)]
    pub origins: BTreeMap<String, Origin>,
}

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// This line of this file.
    File(String, usize),
    /// The country pack.
    Country(String),
    /// The program.
    Default(&'static str),
}

/// Whether something configured is used by this version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Service {
    /// It is.
    Used,
    /// It is not, for this reason; there is an alarm.
    Unused(String),
}

impl Service {
    /// True if it is used.
    pub const fn is_used(&self) -> bool {
        matches!(self, Self::Used)
    }
}

/// A SIP server.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct Server {
    /// In order of preference.
    pub address: Vec<ServerAddress>,
    /// The gateway registers under this name.
    pub user: Option<String>,
    /// The password for it.
    pub password: Option<Secret>,
    /// The file that the password is in.
    pub password_file: Option<String>,
    /// Each phone registers itself; the file that the passwords are in.
    pub passwords: Option<String>,
    /// How SIP is carried.
    pub transport: Transport,
    /// Length of a registration.
    #[serde(serialize_with = "time")]
    pub expires: Millis,
    /// Best first.
    pub codecs: Vec<Codec>,
    /// Who stands in From where the gateway registers.
    pub from: FromUser,
    /// How digits are sent.
    pub dtmf: Digits,
    /// Silence is not sent.
    pub vad: bool,
    /// The mailbox that it is asked of.
    pub mailbox: Option<String>,
    /// Sound in a packet.
    #[serde(serialize_with = "time")]
    pub ptime: Millis,
    /// Depth of the jitter buffer.
    pub jitter: JitterDepth,
    /// Whether it follows the network.
    pub jitter_mode: JitterMode,
    /// Who rings for calls that name no phone.
    pub rings: Vec<Destination>,
    /// What calls from there may reach beside phones.
    pub may_call: Option<MayCall>,
    /// Who carries out what phones forward of its calls back to it.
    pub forwards: ForwardsAt,
    /// How numbers change.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// Each phone's own account, from the file that `passwords` names, once it has been read.
    #[serde(skip)]
    pub accounts: BTreeMap<Number, Account>,
    /// Whether this version uses it.
    #[serde(skip)]
    pub service: Service,
}

/// The account of one phone at a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The user name, the phone's number where the file has none.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The line of the file.
    pub line: usize,
}

/// A phone on a line port.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct Phone {
    /// Its line port.
    pub port: PortName,
    /// Its name.
    pub name: Option<String>,
    /// What it is.
    pub r#type: PhoneType,
    /// What it may call.
    pub may_call: MayCall,
    /// What it may call at night.
    pub may_call_night: Option<MayCall>,
    /// When that is.
    pub night_hours: Option<NightHours>,
    /// How caller identity is sent to it.
    pub caller_id: LineCallerId,
    /// Pulse dialling, where not as the country has it.
    pub pulse: Option<bool>,
    /// Hook flash, where not as the country has it.
    #[serde(serialize_with = "flash")]
    pub flash: Option<FlashWindow>,
    /// Far-end clearing, where not as the country has it.
    #[serde(serialize_with = "disconnect")]
    pub disconnect: Option<Disconnect>,
    /// Polarity is reversed at the answer, where not as the country has it.
    pub reversal: Option<bool>,
    /// Metering pulses.
    #[serde(serialize_with = "metering")]
    pub metering: Option<MeteringSpec>,
    /// How the device asks for service.
    pub start: Start,
    /// Gain to the network, on top of the country's relative level.
    #[serde(serialize_with = "ratio")]
    pub gain_in: Db,
    /// Gain from the network, on top of the country's relative level.
    #[serde(serialize_with = "ratio")]
    pub gain_out: Db,
    /// In which directions speech is brought to one level.
    pub agc: Agc,
    /// What is taken for a digit.
    pub dtmf_profile: DtmfColumn,
    /// The least level of a digit's tones, where not as `dtmf_profile` has it.
    #[serde(serialize_with = "own_text")]
    pub dtmf_level: Option<Dbm0>,
    /// How much louder one of them may be, where not as `dtmf_profile` has it.
    #[serde(serialize_with = "own_text")]
    pub dtmf_twist: Option<Db>,
    /// The port's network, where not as the country has it.
    #[serde(serialize_with = "impedance")]
    pub impedance: Option<Impedance>,
    /// Other values that are not as the country has them.
    #[serde(flatten)]
    pub own: Own,
    /// The echo canceller.
    #[serde(serialize_with = "time")]
    pub echo_tail: Millis,
    /// Best first, where not as the server has it.
    pub codecs: Option<Vec<Codec>>,
    /// Packets that are asked for, where not as the server has it.
    #[serde(serialize_with = "own_time")]
    pub ptime: Option<Millis>,
    /// Depth of the jitter buffer, where not as the server has it.
    pub jitter: Option<JitterDepth>,
    /// Whether it follows the network, where not as the server has it.
    pub jitter_mode: Option<JitterMode>,
    /// What it does with its calls.
    #[serde(flatten)]
    pub habits: Habits,
    /// What it is for.
    #[serde(flatten)]
    pub duty: Duty,
    /// Called off-hook, in order.
    pub dials: Vec<Destination>,
    /// The outside line that a relay joins it to.
    pub lifeline: Option<Number>,
    /// When its line is tested each day.
    pub test: Option<DayTime>,
    /// Whether this version uses it.
    #[serde(skip)]
    pub service: Service,
}

impl Phone {
    /// What is taken for a digit: the column with the phone's own values on top.
    fn digits(&self) -> DtmfProfile {
        let column = match self.dtmf_profile {
            DtmfColumn::Wide => DtmfProfile::default(),
            DtmfColumn::NorthAmerica => DtmfProfile::NORTH_AMERICA,
            DtmfColumn::Japan => DtmfProfile::JAPAN,
            DtmfColumn::Denmark => DtmfProfile::DENMARK,
            DtmfColumn::Australia => DtmfProfile::AUSTRALIA,
            DtmfColumn::Brazil => DtmfProfile::BRAZIL,
        };
        DtmfProfile {
            level_min: self.dtmf_level.unwrap_or(column.level_min),
            twist_forward: self.dtmf_twist.unwrap_or(column.twist_forward),
            twist_reverse: self.dtmf_twist.unwrap_or(column.twist_reverse),
            ..column
        }
    }
}

/// A SIP phone that registers here.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct SipPhone {
    /// Its name.
    pub name: Option<String>,
    /// What it may call.
    pub may_call: MayCall,
    /// What it may call at night.
    pub may_call_night: Option<MayCall>,
    /// When that is.
    pub night_hours: Option<NightHours>,
    /// Its password; `None` until the file that holds it has been read.
    pub password: Option<Secret>,
    /// The file that the password is in.
    pub password_file: Option<String>,
    /// The file that the passwords of several are in.
    pub passwords: Option<String>,
}

/// A dial rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// What is dialled.
    pub pattern: Pattern,
    /// Where it goes, in order.
    pub to: Vec<Destination>,
}

/// A star code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRow {
    /// As it is written.
    pub code: String,
    /// What it does, in a word.
    pub action: String,
}

/// Emergency calls.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Emergency {
    /// Ways out, in order.
    pub via: Vec<Destination>,
    /// Who is told.
    pub notify: Vec<Destination>,
    /// The number to call back.
    pub callback: Option<String>,
}

impl Effective {
    /// What the line of `phone` is told about itself: the country's values with the phone's own on top.
    pub fn profile(&self, phone: &Phone) -> LineProfile {
        let mut profile = self.country.line_profile();
        profile.set_caller_id(phone.caller_id.timing(&self.country));
        profile.pulse.enabled = phone.pulse.unwrap_or(profile.pulse.enabled);
        if phone.r#type == PhoneType::Trunk {
            // A private exchange is no person who forgot to hang up.
            profile.roh.howler = Millis::ZERO;
        }
        if phone.duty.lamp == Some(false) {
            profile.lamp = LampSpec::DARK;
        }
        if let Some(flash) = phone.flash {
            profile.flash = flash;
        } else if !profile.pulse.enabled {
            // Without dial pulses the whole window of the standard is free.
            profile.flash = self.country.recall;
        }
        profile.disconnect = phone.disconnect.unwrap_or(profile.disconnect);
        // What goes back to normal at the end has to be reversed at the answer.
        profile.reverse_on_answer = phone.reversal.unwrap_or(profile.reverse_on_answer);
        profile.reverse_on_answer |= profile.disconnect == Disconnect::Reversal;
        profile.metering = phone.metering;
        profile.start = phone.start.as_port();
        (profile.gain_in, profile.gain_out) = (phone.gain_in, phone.gain_out);
        (profile.agc_in, profile.agc_out) = phone.agc.directions();
        profile.dtmf = phone.digits();
        profile.impedance = phone.impedance.unwrap_or(profile.impedance);
        profile.echo_tail = phone.echo_tail.samples();
        phone.own.replace(&mut profile);
        profile
    }

    /// True if there is no `[dial]`: the rules follow from what there is.
    pub fn dial_is_implied(&self) -> bool {
        !self
            .dial
            .iter()
            .any(|rule| matches!(self.origins.get(&format!("dial.{}", rule.pattern)), Some(Origin::File(..))))
    }

    /// True if `number` is a phone here, on a line port or by SIP.
    pub fn is_phone(&self, number: &Number) -> bool {
        self.phone.contains_key(number) || self.sip.contains_key(number)
    }

    /// Every password with its path.
    pub fn secrets(&self) -> impl Iterator<Item = (String, &Secret)> {
        let servers = self.server.iter().flat_map(|(name, server)| {
            let own = server.password.iter().map(move |secret| (format!("server.{name}.password"), secret));
            own.chain(server.accounts.iter().map(move |(number, account)| {
                (format!("server.{name}.passwords.{number}"), &account.password)
            }))
        });
        let phones = self.sip.iter().filter_map(|(number, phone)| {
            phone.password.as_ref().map(|secret| (format!("sip.{number}.password"), secret))
        });
        let lines = self.line.iter().filter_map(|(number, line)| {
            line.disa_pin.as_ref().map(|secret| (format!("line.{number}.disa_pin"), secret))
        });
        servers.chain(phones).chain(lines)
    }
}

impl Agc {
    /// Whether speech is brought to one level towards the network, and from it.
    pub(crate) const fn directions(self) -> (bool, bool) {
        match self {
            Self::Off => (false, false),
            Self::In => (true, false),
            Self::Out => (false, true),
            Self::Both => (true, true),
        }
    }
}

impl Start {
    pub(crate) const fn as_port(self) -> LoopStart {
        match self {
            Self::Loop => LoopStart::Loop,
            Self::Ground => LoopStart::Ground,
        }
    }
}

fn country_code<S: Serializer>(country: &Country, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&country.code)
}

pub(crate) fn time<S: Serializer>(time: &Millis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::kind::shown_time(time.0))
}

pub(crate) fn own_time<S: Serializer>(time: &Option<Millis>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(Millis(time)) => serializer.serialize_str(&crate::kind::shown_time(*time)),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn ratio<S: Serializer>(ratio: &Db, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(ratio)
}

fn own_text<T: Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn impedance<S: Serializer>(
    network: &Option<Impedance>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match network {
        Some(network) => serializer.serialize_str(network.word()),
        None => serializer.serialize_none(),
    }
}

fn flash<S: Serializer>(flash: &Option<FlashWindow>, serializer: S) -> Result<S::Ok, S::Error> {
    match flash {
        Some(FlashWindow { max: Millis::ZERO, .. }) => serializer.serialize_str("off"),
        Some(flash) => serializer.collect_str(&format_args!("{}-{} ms", flash.min.0, flash.max.0)),
        None => serializer.serialize_none(),
    }
}

fn disconnect<S: Serializer>(signal: &Option<Disconnect>, serializer: S) -> Result<S::Ok, S::Error> {
    match signal {
        Some(Disconnect::None) => serializer.serialize_str("none"),
        Some(Disconnect::Reversal) => serializer.serialize_str("reversal"),
        Some(Disconnect::Cpc(length)) => serializer.collect_str(&format_args!("cpc {length}")),
        None => serializer.serialize_none(),
    }
}

fn metering<S: Serializer>(spec: &Option<MeteringSpec>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(spec) = spec else { return serializer.serialize_none() };
    let kilohertz = spec.frequency.0 / 1000.0;
    if spec.every == Millis::ZERO {
        serializer.collect_str(&format_args!("{kilohertz} kHz {}", spec.length))
    } else {
        serializer.collect_str(&format_args!("{kilohertz} kHz {} every {}", spec.length, spec.every))
    }
}

fn rules<S: Serializer>(rules: &[Rule], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(rules.iter().map(|rule| (rule.pattern.as_str(), &rule.to)))
}

fn code_rows<S: Serializer>(rows: &[CodeRow], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(rows.iter().map(|row| (row.code.as_str(), row.action.as_str())))
}

//! Outside lines: what the configuration has of them, and what their machines are told.

use core::fmt::Display;

use serde::{Serialize, Serializer};
use tipring_country::{Country, outside};
use tipring_port::{
    AnswerSign, CallerIdAlert, CallerIdSignal, CallerIdTiming, ClearSigns, DialWhen, DtmfCallerId,
    FskStandard, FxoProfile, Impedance, LineProfile, PulseConvention,
};
use tipring_units::{Db, Millis, Volts};

use crate::effective::{Effective, Service, impedance, own_time, ratio, time};
use crate::own::Own;
use crate::route::Numbers;
use crate::values::{Destination, JitterDepth, PortName, Secret};
use crate::vocabulary::{Agc, Answer, CallerIdWord, Codec, Dialling, JitterMode, MayCall, Start};

/// An outside line.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct Line {
    /// Its line port.
    pub port: PortName,
    /// Its name.
    pub name: Option<String>,
    /// Who rings, all at once.
    pub rings: Vec<Destination>,
    /// For how long.
    #[serde(serialize_with = "time")]
    pub ring_time: Millis,
    /// Who rings in the end.
    pub fallback: Option<Destination>,
    /// Who rings at night.
    pub night: Option<Destination>,
    /// When that is.
    pub night_hours: Option<NightHours>,
    /// How the exchange tells who calls.
    pub caller_id: LineCallerId,
    /// At which ring a call is put through at the latest.
    pub rings_before: u8,
    /// How the exchange is dialled.
    pub dialling: Dialling,
    /// When, where not as the country has it.
    #[serde(serialize_with = "dial_when")]
    pub dial_when: Option<DialWhen>,
    /// Dialled behind each number.
    pub suffix: Option<String>,
    /// Length of a flash, where not as the country has it.
    #[serde(serialize_with = "own_time")]
    pub flash: Option<Millis>,
    /// Guard time, where not as the country has it.
    #[serde(serialize_with = "own_time")]
    pub guard: Option<Millis>,
    /// What tells the answer, where not as the country has it.
    pub answer: Option<Answer>,
    /// What tells that the far end cleared, where not as the country has it.
    #[serde(serialize_with = "clear_signs")]
    pub disconnect: Option<ClearSigns>,
    /// A tone that also tells it.
    pub learned: Option<String>,
    /// Calls that come in may dial this.
    pub disa: Option<MayCall>,
    /// What they dial first.
    pub disa_pin: Option<Secret>,
    /// The file that it is in.
    pub disa_pin_file: Option<String>,
    /// How the exchange is asked for service.
    pub start: Start,
    /// The port's network, where not as the country has it.
    #[serde(serialize_with = "impedance")]
    pub impedance: Option<Impedance>,
    /// Other values that are not as the country has them.
    #[serde(flatten)]
    pub own: Own,
    /// Gain to the network.
    #[serde(serialize_with = "ratio")]
    pub gain_in: Db,
    /// Gain from the network.
    #[serde(serialize_with = "ratio")]
    pub gain_out: Db,
    /// In which directions speech is brought to one level.
    pub agc: Agc,
    /// The echo canceller.
    #[serde(serialize_with = "time")]
    pub echo_tail: Millis,
    /// How numbers change.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// The voltage of a line in use, where not as the country has it.
    #[serde(serialize_with = "volts")]
    pub in_use_below: Option<Volts>,
    /// The voltage of a dead line, where not as the country has it.
    #[serde(serialize_with = "volts")]
    pub dead_below: Option<Volts>,
    /// Best first, where not as the server has it.
    pub codecs: Option<Vec<Codec>>,
    /// Packets that are asked for, where not as the server has it.
    #[serde(serialize_with = "own_time")]
    pub ptime: Option<Millis>,
    /// Depth of the jitter buffer, where not as the server has it.
    pub jitter: Option<JitterDepth>,
    /// Whether it follows the network, where not as the server has it.
    pub jitter_mode: Option<JitterMode>,
    /// Whether this version uses it.
    #[serde(skip)]
    pub service: Service,
}

/// When it is night, in minutes of the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NightHours {
    /// From here on.
    pub from: u16,
    /// Up to here; on the next day where it is less.
    pub to: u16,
}

impl Display for NightHours {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

impl Serialize for NightHours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How an exchange tells who calls, or a telephone is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineCallerId {
    /// As the country has it.
    Country,
    /// By this standard.
    Standard(CallerIdWord),
}

impl Serialize for LineCallerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Country => serializer.serialize_bool(true),
            Self::Standard(CallerIdWord::Off) => serializer.serialize_bool(false),
            Self::Standard(word) => serializer.serialize_str(word.word()),
        }
    }
}

impl LineCallerId {
    /// When and how it comes, in `country`: a standard that is the country's own has the country's values.
    pub fn timing(self, country: &Country) -> CallerIdTiming {
        let before = |alert, alert_to_data, signal| CallerIdTiming::BeforeRing {
            alert,
            alert_to_data: Millis(alert_to_data),
            data_to_ring: Millis(300),
            signal,
        };
        let between = |signal| CallerIdTiming::BetweenRings {
            after_ring: Millis(500),
            before_ring: Millis(200),
            signal,
        };
        let tone = CallerIdAlert::ReversalAndTone { wait: Millis(150), length: Millis(100) };
        // 200 and 60 ms of SIN 227's limits.
        let bt = CallerIdSignal::Fsk { standard: FskStandard::V23, multiple: true, seizure: 240, mark: 72 };
        match self {
            Self::Country => country.caller_id.timing,
            Self::Standard(word) if word.word() == country.caller_id.standard.word() => {
                country.caller_id.timing
            }
            Self::Standard(CallerIdWord::Bellcore) => between(CallerIdSignal::GR30),
            Self::Standard(CallerIdWord::EtsiBetween) => between(CallerIdSignal::ETSI),
            Self::Standard(CallerIdWord::EtsiDtas) => {
                before(CallerIdAlert::Tone(Millis(100)), 100, CallerIdSignal::ETSI)
            }
            Self::Standard(CallerIdWord::EtsiRpas) => {
                before(CallerIdAlert::RingPulse(Millis(250)), 600, CallerIdSignal::ETSI)
            }
            Self::Standard(CallerIdWord::Bt) => before(tone, 60, bt),
            Self::Standard(CallerIdWord::Dtmf) => {
                before(CallerIdAlert::Reversal, 200, CallerIdSignal::Dtmf(DtmfCallerId::AC))
            }
            Self::Standard(CallerIdWord::Ntt) => {
                CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt }
            }
            Self::Standard(CallerIdWord::Off) => CallerIdTiming::Off,
        }
    }
}

impl Effective {
    /// What the machine of an outside line is told: the country's values with the line's own on top.
    pub fn line_profile(&self, line: &Line) -> LineProfile {
        let mut profile = self.country.line_profile();
        profile.caller_id = line.caller_id.timing(&self.country);
        profile.start = line.start.as_port();
        (profile.gain_in, profile.gain_out) = (line.gain_in, line.gain_out);
        (profile.agc_in, profile.agc_out) = line.agc.directions();
        profile.impedance = line.impedance.unwrap_or(profile.impedance);
        profile.echo_tail = line.echo_tail.samples();
        line.own.replace(&mut profile);
        profile.fxo = Some(self.fxo_profile(line));
        profile
    }

    fn fxo_profile(&self, line: &Line) -> FxoProfile {
        let country = self.country.fxo_profile();
        let mut clear = line.disconnect.unwrap_or(country.clear);
        clear.learned = line.learned.as_deref().and_then(outside::tone);
        FxoProfile {
            rings: line.rings_before,
            dial_when: line.dial_when.unwrap_or(country.dial_when),
            dialling: match line.dialling {
                Dialling::Dtmf => self.country.touch_dialling(),
                Dialling::Pulse => self.country.pulse_dialling(None),
                Dialling::PulseSweden => self.country.pulse_dialling(Some(PulseConvention::Sweden)),
                Dialling::PulseNewZealand => self.country.pulse_dialling(Some(PulseConvention::NewZealand)),
            },
            flash: line.flash.unwrap_or(country.flash),
            guard: line.guard.unwrap_or(country.guard),
            answer: line.answer.map_or(country.answer, Answer::sign),
            clear,
            in_use_below: line.in_use_below.unwrap_or(country.in_use_below),
            dead_below: line.dead_below.unwrap_or(country.dead_below),
            ..country
        }
    }
}

impl Answer {
    const fn sign(self) -> AnswerSign {
        match self {
            Self::AtOnce => AnswerSign::AtOnce,
            Self::Reversal => AnswerSign::Reversal,
            Self::Metering => AnswerSign::Metering,
            Self::Voice => AnswerSign::Voice,
        }
    }
}

fn dial_when<S: Serializer>(when: &Option<DialWhen>, serializer: S) -> Result<S::Ok, S::Error> {
    match when {
        Some(when) => serializer.serialize_str(&outside::dial_when_text(*when)),
        None => serializer.serialize_none(),
    }
}

fn clear_signs<S: Serializer>(signs: &Option<ClearSigns>, serializer: S) -> Result<S::Ok, S::Error> {
    match signs {
        Some(signs) => serializer.collect_seq(outside::clear_text(signs)),
        None => serializer.serialize_none(),
    }
}

pub(crate) fn volts<S: Serializer>(volts: &Option<Volts>, serializer: S) -> Result<S::Ok, S::Error> {
    match volts {
        Some(Volts(volts)) => serializer.collect_str(&format_args!("{volts} V")),
        None => serializer.serialize_none(),
    }
}

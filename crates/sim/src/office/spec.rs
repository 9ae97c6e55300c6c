//! What an exchange is, and how it behaves towards one line.

use tipring_port::{
    CallerIdAlert, CallerIdSignal, CallerIdTiming, DtmfCallerId, FlashWindow, FskStandard, LoopStart,
    MeteringSpec, PulseConvention, RingPattern, RingSpec, Tone,
};
use tipring_units::{Hz, Millis, Volts};

use super::burst::Modem;
use super::message::Flaw;
use crate::ear::Land;

/// Subscribers of an exchange, at the most.
pub const MAX_SUBSCRIBERS: usize = 16;

/// How an exchange shows that the called party answered.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Supervision {
    /// Not at all.
    None,
    /// It reverses the battery.
    Reversal,
    /// It sends metering pulses.
    Metering(MeteringSpec),
}

/// How an exchange shows that the other party hung up.
#[derive(Clone, PartialEq, Debug)]
pub enum Clearing {
    /// It opens the loop for so long.
    Cpc(Millis),
    /// It takes the reversal back.
    Reversal,
    /// It plays a tone of its country.
    Tone(Tone),
    /// It plays a tone that no country has.
    Strange(Vec<Hz>, Vec<Millis>),
    /// Not at all.
    Silence,
}

/// What a caller gets who dials a number that nobody has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// Special information tone.
    SpecialInformation,
    /// Congestion.
    Congestion,
}

/// What a subscriber does when called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Lets it ring until told to answer.
    Waits,
    /// Answers after so long.
    Answers(Millis),
    /// Is in another call.
    Busy,
}

/// A subscriber.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriberSpec {
    /// The number.
    pub number: String,
    /// The name.
    pub name: Option<String>,
    /// The voice.
    pub voice: u16,
    /// What it does when called.
    pub manner: Manner,
}

/// An exchange as it behaves towards one line.
#[derive(Clone, PartialEq, Debug)]
pub struct OfficeSpec {
    /// Its country: tones, ringing.
    pub land: Land,
    /// How the line asks for service.
    pub start: LoopStart,
    /// From seizure to dial tone; `None`: there is none.
    pub dial_tone: Option<Millis>,
    /// No digit for so long: congestion, then the line is left alone.
    pub first_digit: Millis,
    /// No further digit for so long: the number is complete.
    pub interdigit: Millis,
    /// Pulse dialling is accepted, by this rule.
    pub pulses: Option<PulseConvention>,
    /// From the number to ringback or whatever comes.
    pub setup: Millis,
    /// How an answer shows.
    pub answer: Supervision,
    /// How clearing shows.
    pub clearing: Clearing,
    /// What an unknown number gets.
    pub unknown: Unknown,
    /// Breaks that are a recall, if the line has that service.
    pub flash: Option<FlashWindow>,
    /// A break of so long releases the line.
    pub release: Millis,
    /// After its release the line is not rung for so long.
    pub guard: Millis,
    /// Ringing.
    pub ringing: RingSpec,
    /// How caller identity is sent.
    pub caller_id: CallerIdTiming,
    /// With which modem.
    pub modem: Modem,
    /// What is wrong with its messages.
    pub flaw: Flaw,
    /// Subscribers.
    pub subscribers: Vec<SubscriberSpec>,
}

impl OfficeSpec {
    /// The exchange of a country.
    pub fn of(land: Land) -> Self {
        let fsk = |standard| CallerIdSignal::Fsk { standard, multiple: true, seizure: 300, mark: 180 };
        let etsi = CallerIdTiming::BetweenRings {
            after_ring: Millis(600),
            before_ring: Millis(200),
            signal: fsk(FskStandard::V23),
        };
        let bell = CallerIdTiming::BetweenRings {
            after_ring: Millis(600),
            before_ring: Millis(200),
            signal: CallerIdSignal::GR30,
        };
        let keys = |framing| CallerIdTiming::BeforeRing {
            alert: CallerIdAlert::Reversal,
            alert_to_data: Millis(300),
            data_to_ring: Millis(400),
            signal: CallerIdSignal::Dtmf(framing),
        };
        let double = &[400, 200, 400, 2000];
        let (ringing, caller_id) = match land {
            Land::Us | Land::Ca => (ring(20.0, 86.0, &[2000, 4000]), bell),
            Land::Uk => (
                ring(25.0, 75.0, &[400, 200, 400, 2000]),
                CallerIdTiming::BeforeRing {
                    alert: CallerIdAlert::ReversalAndTone { wait: Millis(150), length: Millis(100) },
                    alert_to_data: Millis(100),
                    data_to_ring: Millis(300),
                    signal: CallerIdSignal::Fsk {
                        standard: FskStandard::V23,
                        multiple: true,
                        seizure: 180,
                        mark: 70,
                    },
                },
            ),
            Land::De => (ring(25.0, 60.0, &[1000, 4000]), etsi),
            Land::Fr => (ring(50.0, 80.0, &[1500, 3500]), etsi),
            Land::At => (ring(50.0, 60.0, &[1000, 5000]), etsi),
            Land::Pt => (ring(25.0, 75.0, &[1000, 5000]), etsi),
            Land::Es => (ring(25.0, 75.0, &[1500, 3000]), etsi),
            Land::Be => (ring(25.0, 75.0, &[1000, 3000]), etsi),
            Land::Ch | Land::It | Land::No | Land::Pl => (ring(25.0, 75.0, &[1000, 4000]), etsi),
            Land::Ie => (ring(25.0, 75.0, double), etsi),
            Land::Au => (ring(25.0, 75.0, double), bell),
            Land::Nz => (ring(20.0, 75.0, double), bell),
            Land::Cn => (ring(25.0, 75.0, &[1000, 4000]), bell),
            Land::Se => (ring(25.0, 75.0, &[1000, 5000]), keys(DtmfCallerId::AC)),
            Land::Fi => (ring(25.0, 75.0, &[1000, 4000]), keys(DtmfCallerId::AC)),
            Land::Dk => (ring(25.0, 75.0, &[1000, 4000]), keys(DtmfCallerId::AHash)),
            Land::Nl => (ring(25.0, 75.0, &[1000, 4000]), keys(DtmfCallerId::DC)),
            Land::Br => (ring(25.0, 75.0, &[1000, 4000]), keys(DtmfCallerId::AC)),
            Land::In => (ring(25.0, 75.0, double), keys(DtmfCallerId::AC)),
            Land::Jp => (
                ring(16.0, 75.0, &[1000, 2000]),
                CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt },
            ),
        };
        // Where a flash is a tap on the hook, not a timed break.
        let is_long = matches!(land, Land::Us | Land::Ca | Land::Jp | Land::Nz);
        Self {
            land,
            start: LoopStart::Loop,
            dial_tone: Some(Millis(300)),
            first_digit: Millis(16_000),
            interdigit: Millis(4000),
            pulses: Some(match land {
                Land::Se => PulseConvention::Sweden,
                Land::Nz => PulseConvention::NewZealand,
                _ => PulseConvention::Standard,
            }),
            setup: Millis(500),
            answer: Supervision::None,
            clearing: match land {
                Land::Us | Land::Ca => Clearing::Cpc(Millis(600)),
                Land::Uk => Clearing::Cpc(Millis(100)),
                _ => Clearing::Tone(Tone::Busy),
            },
            unknown: Unknown::SpecialInformation,
            flash: Some(FlashWindow {
                min: if is_long { Millis(200) } else { Millis(50) },
                max: if is_long { Millis(1100) } else { Millis(400) },
            }),
            release: Millis(300),
            guard: Millis(600),
            ringing,
            caller_id,
            modem: Modem::default(),
            flaw: Flaw::None,
            subscribers: Vec::new(),
        }
    }
}

fn ring(hertz: f32, volts: f32, steps: &[u32]) -> RingSpec {
    let steps: Vec<Millis> = steps.iter().copied().map(Millis).collect();
    RingSpec { frequency: Hz(hertz), level: Volts(volts), pattern: RingPattern::new(&steps) }
}

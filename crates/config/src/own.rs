//! What a port has in place of its country's values.

use serde::{Serialize, Serializer};
use tipring_country::outside;
use tipring_port::{LineProfile, PulseConvention, RingPattern, Tone, ToneProgram, ToneStep};
use tipring_units::{Dbm0, Dbr, Hz, Volts};

use crate::outside::volts;
use crate::vocabulary::PulseDigits;

/// Values of a port that are not as the country has them; `None` where they are.
#[derive(Clone, PartialEq, Serialize, Debug, Default)]
pub struct Own {
    /// The plain ring's cadence.
    #[serde(serialize_with = "cadence")]
    pub ring: Option<RingPattern>,
    /// The ringing's frequency, 15 to 70 Hz.
    #[serde(serialize_with = "hertz")]
    pub ring_frequency: Option<Hz>,
    /// The ringing's level at the source, 40 to 100 V.
    #[serde(serialize_with = "volts")]
    pub ring_level: Option<Volts>,
    /// How many pulses a digit has.
    pub pulse_digits: Option<PulseDigits>,
    /// Relative level towards the network.
    #[serde(serialize_with = "text")]
    pub level_in: Option<Dbr>,
    /// Relative level from the network.
    #[serde(serialize_with = "text")]
    pub level_out: Option<Dbr>,
    /// Dial tone.
    #[serde(serialize_with = "tone")]
    pub tone_dial: Option<ToneProgram>,
    /// Dial tone with a message.
    #[serde(serialize_with = "tone")]
    pub tone_stutter: Option<ToneProgram>,
    /// Ringback.
    #[serde(serialize_with = "tone")]
    pub tone_ringback: Option<ToneProgram>,
    /// Busy.
    #[serde(serialize_with = "tone")]
    pub tone_busy: Option<ToneProgram>,
    /// Congestion.
    #[serde(serialize_with = "tone")]
    pub tone_congestion: Option<ToneProgram>,
    /// Call waiting.
    #[serde(serialize_with = "tone")]
    pub tone_waiting: Option<ToneProgram>,
}

impl Own {
    /// Puts these values in the place of those of the country in `profile`. A tone has the level of the tone that it replaces.
    pub(crate) fn replace(&self, profile: &mut LineProfile) {
        profile.ring.pattern = self.ring.unwrap_or(profile.ring.pattern);
        profile.ring.frequency = self.ring_frequency.unwrap_or(profile.ring.frequency);
        profile.ring.level = self.ring_level.unwrap_or(profile.ring.level);
        profile.pulse.convention = match self.pulse_digits {
            None => profile.pulse.convention,
            Some(PulseDigits::Standard) => PulseConvention::Standard,
            Some(PulseDigits::Sweden) => PulseConvention::Sweden,
            Some(PulseDigits::NewZealand) => PulseConvention::NewZealand,
        };
        profile.level_in = self.level_in.unwrap_or(profile.level_in);
        profile.level_out = self.level_out.unwrap_or(profile.level_out);
        for (tone, own) in [
            (Tone::Dial, &self.tone_dial),
            (Tone::Stutter, &self.tone_stutter),
            (Tone::Ringback, &self.tone_ringback),
            (Tone::Busy, &self.tone_busy),
            (Tone::Congestion, &self.tone_congestion),
            (Tone::CallWaiting, &self.tone_waiting),
        ] {
            if let Some(program) = own
                && let Some(level) = loudest(profile.tones.get(tone))
            {
                profile.tones.set(tone, at_level(program, level));
            }
        }
    }
}

/// The level of the loudest part of `program`; `None` if it is silent.
fn loudest(program: &ToneProgram) -> Option<Dbm0> {
    let parts = program.steps().iter().flat_map(|step| &step.components).filter(|part| part.sounds());
    parts.map(|part| part.level).reduce(|most, level| if level.0 > most.0 { level } else { most })
}

/// `program` with each part at `level`.
fn at_level(program: &ToneProgram, level: Dbm0) -> ToneProgram {
    let steps: Vec<ToneStep> = program
        .steps()
        .iter()
        .map(|step| {
            let mut step = *step;
            for part in step.components.iter_mut().filter(|part| part.sounds()) {
                part.level = level;
            }
            step
        })
        .collect();
    ToneProgram::new(&steps, program.repeat_from().unwrap_or(usize::MAX)).unwrap_or(*program)
}

fn text<T: core::fmt::Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

fn hertz<S: Serializer>(value: &Option<Hz>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(Hz(value)) => serializer.collect_str(&format_args!("{value} Hz")),
        None => serializer.serialize_none(),
    }
}

fn cadence<S: Serializer>(pattern: &Option<RingPattern>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(pattern) = pattern else { return serializer.serialize_none() };
    let steps: Vec<String> = pattern.iter().map(|step| step.0.to_string()).collect();
    serializer.collect_str(&format_args!("{} ms", steps.join("/")))
}

fn tone<S: Serializer>(program: &Option<ToneProgram>, serializer: S) -> Result<S::Ok, S::Error> {
    match program.as_ref().and_then(outside::tone_text) {
        Some(text) => serializer.serialize_str(&text),
        None => serializer.serialize_none(),
    }
}

//! A country: what its telephone lines sound like and how they behave.

use tipring_port::{
    AnswerSign, CallerIdTiming, ClearSigns, DialWhen, Disconnect, DtmfProfile, FlashWindow, FxoProfile,
    HookTiming, Impedance, LineProfile, LoopStart, OutDialling, PulseConvention, PulseTiming, RingDetection,
    RingPattern, RingSpec, RohTiming, TonePlan,
};
use tipring_units::{Db, Dbr, Milliamps, Millis, Samples, Volts};

use crate::NumberPlan;

/// Tail of the echo canceller where nothing else is configured.
pub const ECHO_TAIL: Samples = Samples(256);

/// A country pack.
#[derive(Clone, PartialEq, Debug)]
pub struct Country {
    /// ISO 3166 code in lower case: `us`, `gb`, `de`, `fr`.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// The tones.
    pub tones: TonePlan,
    /// The plain ring.
    pub ring: RingSpec,
    /// Other cadences, by name.
    pub distinctive: Vec<DistinctiveRing>,
    /// Caller identity.
    pub caller_id: CallerIdRule,
    /// Hook timing.
    pub hook: HookTiming,
    /// The country's hook flash (recall), as its standard has it; [`Country::flash`] is what is used.
    pub recall: FlashWindow,
    /// Pulse dialling.
    pub pulse: PulseTiming,
    /// Far-end clearing.
    pub disconnect: Disconnect,
    /// Polarity is reversed when the far end answers.
    pub reverse_on_answer: bool,
    /// Receiver off-hook.
    pub roh: RohTiming,
    /// Network impedance.
    pub impedance: Impedance,
    /// Relative level of a line's input.
    pub level_in: Dbr,
    /// Relative level of a line's output.
    pub level_out: Dbr,
    /// Feed voltage, on-hook.
    pub battery: Volts,
    /// Feed current limit.
    pub loop_current: Milliamps,
    /// Loop current above this is off-hook.
    pub threshold: Milliamps,
    /// How an exchange signals on an outside line.
    pub outside: OutsideRule,
    /// Public numbers, the emergency numbers among them.
    pub numbers: NumberPlan,
    /// Where each value comes from, by table of the file.
    pub provenance: Vec<Provenance>,
}

/// A ring cadence with a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DistinctiveRing {
    /// Its name, as in an Alert-Info header.
    pub name: String,
    /// The cadence.
    pub pattern: RingPattern,
}

/// How a network delivers caller identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallerIdStandard {
    /// Bell 202 FSK after the first ring (Telcordia GR-30).
    Bellcore,
    /// ETSI EN 300 659-1 during ringing: V.23 FSK after the first ring.
    EtsiBetween,
    /// ETSI EN 300 659-1 with a dual-tone alerting signal before ringing.
    EtsiDtas,
    /// ETSI EN 300 659-1 with a ringing pulse alerting signal.
    EtsiRpas,
    /// BT SIN 227: line reversal and alerting tone before ringing.
    Bt,
    /// DTMF digits (ETSI EN 300 659-1 annex B and its kin), before or after the first ring.
    Dtmf,
    /// NTT: V.23 to a terminal that lifts at short rings.
    Ntt,
}

impl CallerIdStandard {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Bellcore, Self::EtsiBetween, Self::EtsiDtas, Self::EtsiRpas, Self::Bt, Self::Dtmf, Self::Ntt];

    /// The word for it in a country file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bellcore => "bellcore",
            Self::EtsiBetween => "etsi-between",
            Self::EtsiDtas => "etsi-dtas",
            Self::EtsiRpas => "etsi-rpas",
            Self::Bt => "bt",
            Self::Dtmf => "dtmf",
            Self::Ntt => "ntt",
        }
    }
}

/// The standard with its timing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallerIdRule {
    /// The national standard.
    pub standard: CallerIdStandard,
    /// What is done.
    pub timing: CallerIdTiming,
    /// Limits of the standard for times of the same name: name, least, most. Where both are the same, it is the least.
    pub times: Vec<(String, Millis, Millis)>,
}

/// How an exchange signals on an outside line, and how it is dialled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OutsideRule {
    /// What is taken for ringing.
    pub ringing: RingDetection,
    /// When dialling begins.
    pub dial_when: DialWhen,
    /// Length of a touch tone and of the pause after it.
    pub touch: (Millis, Millis),
    /// Break and make of a dial pulse.
    pub pulse: (Millis, Millis),
    /// Pause between digits that are pulsed.
    pub interdigit: Millis,
    /// Length of a flash towards the exchange.
    pub flash: Millis,
    /// Least time on-hook between two calls.
    pub guard: Millis,
    /// What tells the answer.
    pub answer: AnswerSign,
    /// What tells that the far end cleared.
    pub clear: ClearSigns,
    /// On-hook voltage below which another telephone uses the line.
    pub in_use_below: Volts,
    /// On-hook voltage below which it is dead.
    pub dead_below: Volts,
}

/// Where the values of one table come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// The table.
    pub key: String,
    /// The source.
    pub source: String,
    /// Another source that says the same.
    pub second: Option<String>,
    /// What in it no second source confirms.
    pub unverified: Option<String>,
}

impl Country {
    /// The hook flash that is used: breaks that can be dial pulses are not taken for a flash.
    pub fn flash(&self) -> FlashWindow {
        let min =
            if self.pulse.enabled { self.recall.min.max(self.pulse.break_max) } else { self.recall.min };
        FlashWindow { min, max: self.recall.max }
    }

    /// What is not as the country has it in this version, for a person.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.flash().min > self.recall.min {
            notes.push(format!(
                "{}: a recall shorter than {} is taken for dial pulses (the standard has {} to {})",
                self.name,
                self.flash().min,
                self.recall.min,
                self.recall.max
            ));
        }
        notes
    }

    /// How a call is dialled by touch tones to an exchange of this country.
    pub fn touch_dialling(&self) -> OutDialling {
        let (on, off) = self.outside.touch;
        OutDialling::Dtmf { on, off }
    }

    /// The same by loop pulses, with the country's number of them for a digit where no other `convention` is asked for.
    pub fn pulse_dialling(&self, convention: Option<PulseConvention>) -> OutDialling {
        let (open, close) = self.outside.pulse;
        let convention = convention.unwrap_or(self.pulse.convention);
        OutDialling::Pulse { open, close, interdigit: self.outside.interdigit, convention }
    }

    /// At which burst a call is shown at the latest, where caller identity comes in this way: at the second where it
    /// comes between the first two.
    pub const fn rings_before(caller_id: &CallerIdTiming) -> u8 {
        match caller_id {
            // Short rings are no ring of a call yet: the first of them is to be answered by the port itself.
            CallerIdTiming::BetweenRings { .. } | CallerIdTiming::AfterShortRing { .. } => 2,
            CallerIdTiming::Off | CallerIdTiming::BeforeRing { .. } => 1,
        }
    }

    /// How an exchange of this country signals on an outside line, and how it is dialled.
    pub fn fxo_profile(&self) -> FxoProfile {
        let outside = &self.outside;
        FxoProfile {
            ringing: outside.ringing,
            rings: Self::rings_before(&self.caller_id.timing),
            dial_when: outside.dial_when,
            dialling: self.touch_dialling(),
            flash: outside.flash,
            guard: outside.guard,
            answer: outside.answer,
            clear: outside.clear,
            in_use_below: outside.in_use_below,
            dead_below: outside.dead_below,
        }
    }

    /// What a line of this country is told about itself.
    pub fn line_profile(&self) -> LineProfile {
        LineProfile {
            hook: self.hook,
            flash: self.flash(),
            pulse: self.pulse,
            ring: self.ring,
            caller_id: self.caller_id.timing,
            waiting: self.caller_id.timing.waiting(),
            lamp: self.caller_id.timing.lamp(),
            disconnect: self.disconnect,
            reverse_on_answer: self.reverse_on_answer,
            metering: None,
            start: LoopStart::Loop,
            roh: self.roh,
            battery: self.battery,
            loop_current: self.loop_current,
            threshold: self.threshold,
            impedance: self.impedance,
            level_in: self.level_in,
            level_out: self.level_out,
            gain_in: Db(0.0),
            gain_out: Db(0.0),
            agc_in: false,
            agc_out: false,
            dtmf: DtmfProfile::default(),
            echo_tail: ECHO_TAIL,
            tones: self.tones,
            fxo: None,
        }
    }
}

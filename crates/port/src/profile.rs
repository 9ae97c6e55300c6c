//! What a line is told about itself: the country's values with the line's own on top.

use tipring_units::{Db, Dbm0, Dbr, Hz, Milliamps, Millis, Samples, Volts};

use crate::{
    CallerIdAlert, CallerIdSignal, CallerIdTiming, Component, DtmfProfile, FxoProfile, Impedance, LampSignal,
    LampSpec, Tone, TonePlan, ToneProgram, ToneStep, WaitingCallerId,
};

/// Steps of a ring cadence, at the most (each is a burst or a pause).
pub const MAX_RING_STEPS: usize = 8;

/// When a change of loop current counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HookTiming {
    /// Closed this long: off-hook.
    pub seize: Millis,
    /// Open this long beyond the flash window: on-hook. (Without a flash window: open this long.)
    pub release: Millis,
    /// Shorter changes than this are contact bounce.
    pub bounce: Millis,
}

/// Breaks that are a hook flash: longer than `min`, up to `max`; longer is a hang-up. `max` zero: flash is off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlashWindow {
    /// Shortest flash.
    pub min: Millis,
    /// Longest flash.
    pub max: Millis,
}

/// Breaks and makes that are a dial pulse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PulseTiming {
    /// Pulse dialling is accepted.
    pub enabled: bool,
    /// Shortest break.
    pub break_min: Millis,
    /// Longest break.
    pub break_max: Millis,
    /// A make this long ends the digit.
    pub interdigit: Millis,
    /// What the number of pulses means.
    pub convention: PulseConvention,
}

/// What a number of dial pulses means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PulseConvention {
    /// n pulses are the digit n, ten are 0.
    Standard,
    /// n+1 pulses are the digit n (Sweden).
    Sweden,
    /// 10-n pulses are the digit n (New Zealand).
    NewZealand,
}

/// A ring cadence: burst, pause, burst, pause ... repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RingPattern {
    /// Lengths in order, bursts at even places; zero ends the list.
    pub steps: [Millis; MAX_RING_STEPS],
}

impl RingPattern {
    /// A pattern of `steps`; what is beyond [`MAX_RING_STEPS`] is dropped.
    pub fn new(steps: &[Millis]) -> Self {
        let mut all = [Millis::ZERO; MAX_RING_STEPS];
        for (place, step) in all.iter_mut().zip(steps) {
            *place = *step;
        }
        Self { steps: all }
    }

    /// The lengths in order.
    pub fn iter(&self) -> impl Iterator<Item = Millis> + '_ {
        self.steps.iter().copied().take_while(|step| *step != Millis::ZERO)
    }
}

/// Ringing of a line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RingSpec {
    /// 15 to 70 Hz.
    pub frequency: Hz,
    /// Root mean square at the source.
    pub level: Volts,
    /// The plain ring.
    pub pattern: RingPattern,
}

/// What tells a connected device that the far end hung up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disconnect {
    /// Nothing but the tone.
    None,
    /// The loop is opened this long (CPC, kewlstart).
    Cpc(Millis),
    /// The polarity goes back to normal (it was reversed on answer).
    Reversal,
}

/// How a line is seized.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoopStart {
    /// By closing the loop.
    Loop,
    /// By grounding ring; the exchange answers by grounding tip. Idle, tip is open.
    Ground,
}

/// Metering pulses: one at the answer, the others at an even distance.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MeteringSpec {
    /// 12 or 16 kHz.
    pub frequency: Hz,
    /// Length of a pulse.
    pub length: Millis,
    /// From pulse to pulse; zero: only the one at the answer.
    pub every: Millis,
}

/// Stages of the receiver-off-hook sequence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RohTiming {
    /// Reorder (or busy) sounds this long.
    pub reorder: Millis,
    /// The howler sounds this long; zero: there is none.
    pub howler: Millis,
}

/// All that a line's machine and its voice path need to know.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LineProfile {
    /// Hook timing.
    pub hook: HookTiming,
    /// Hook flash.
    pub flash: FlashWindow,
    /// Pulse dialling.
    pub pulse: PulseTiming,
    /// Ringing.
    pub ring: RingSpec,
    /// Caller identity: as it is sent to a telephone, or expected from an exchange.
    pub caller_id: CallerIdTiming,
    /// Who waits, told to a telephone in a call; `None`: by tone alone.
    pub waiting: Option<WaitingCallerId>,
    /// How waiting messages show.
    pub lamp: LampSpec,
    /// Far-end clearing.
    pub disconnect: Disconnect,
    /// Polarity is reversed when the far end answers.
    pub reverse_on_answer: bool,
    /// Metering pulses towards the telephone, if it gets any.
    pub metering: Option<MeteringSpec>,
    /// How the device on the line asks for service.
    pub start: LoopStart,
    /// Receiver off-hook.
    pub roh: RohTiming,
    /// Feed voltage, on-hook.
    pub battery: Volts,
    /// Feed current limit.
    pub loop_current: Milliamps,
    /// Loop current above this is off-hook.
    pub threshold: Milliamps,
    /// The network that the port presents and balances against.
    pub impedance: Impedance,
    /// Relative level of the line's input: 0 dBm0 in the network are so much at the line.
    pub level_in: Dbr,
    /// Relative level of the line's output.
    pub level_out: Dbr,
    /// The line's own gain towards the network, on top of its relative level.
    pub gain_in: Db,
    /// The line's own gain from the network, on top of its relative level.
    pub gain_out: Db,
    /// Speech towards the network is brought to one level.
    pub agc_in: bool,
    /// Speech from the network is brought to one level.
    pub agc_out: bool,
    /// Tail of the echo canceller; zero: off.
    pub echo_tail: Samples,
    /// What is taken for a digit.
    pub dtmf: DtmfProfile,
    /// The tones: of the gateway towards a telephone, or of the exchange behind an outside line.
    pub tones: TonePlan,
    /// The port is an FXO one: an exchange is behind the line, and this is how it signals. `None`: it is an FXS one.
    pub fxo: Option<FxoProfile>,
}

impl LineProfile {
    /// Tells who calls like this; who waits and waiting messages are then told as goes with it.
    pub fn set_caller_id(&mut self, timing: CallerIdTiming) {
        self.caller_id = timing;
        self.waiting = timing.waiting();
        self.lamp.signal = timing.lamp().signal;
    }

    /// All that is done to sound from the line to the network: with a relative level of -3 dBr inward -3 dBm at the line
    /// are 0 dBm0, a gain of 3 dB.
    pub fn send_gain(&self) -> Db {
        Db(self.gain_in.0 - self.level_in.0)
    }

    /// All that is done to sound from the network to the line: with a relative level of -7 dBr outward 0 dBm0 are -7 dBm
    /// at the line, a loss of 7 dB.
    pub fn receive_gain(&self) -> Db {
        Db(self.gain_out.0 + self.level_out.0)
    }

    /// The line of tests and benches, which no configuration chooses: American timing (flash and pulses on, name and
    /// number in the first pause of ringing, CPC), 600 ohm, no gain, a canceller of 32 ms, and dial tone alone. A test
    /// that needs another value states that one.
    pub fn laboratory() -> Self {
        let sine = |hertz| Component::sine(Hz(hertz), Dbm0(-13.0));
        let components = [sine(350.0), sine(440.0), Component::NONE, Component::NONE];
        let mut tones = TonePlan::SILENT;
        if let Some(dial) = ToneProgram::new(&[ToneStep { components, length: Millis::ZERO }], 0) {
            tones.set(Tone::Dial, dial);
        }
        Self {
            hook: HookTiming { seize: Millis(64), release: Millis(64), bounce: Millis(10) },
            flash: FlashWindow { min: Millis(300), max: Millis(1000) },
            pulse: PulseTiming {
                enabled: true,
                break_min: Millis(15),
                break_max: Millis(200),
                interdigit: Millis(250),
                convention: PulseConvention::Standard,
            },
            ring: RingSpec {
                frequency: Hz(20.0),
                level: Volts(86.0),
                pattern: RingPattern::new(&[Millis(2000), Millis(4000)]),
            },
            caller_id: CallerIdTiming::BetweenRings {
                after_ring: Millis(500),
                before_ring: Millis(200),
                signal: CallerIdSignal::GR30,
            },
            waiting: Some(WaitingCallerId::BELLCORE),
            lamp: LampSpec {
                signal: Some(LampSignal {
                    alert: CallerIdAlert::None,
                    alert_to_data: Millis(500),
                    signal: CallerIdSignal::GR30,
                }),
                ..LampSpec::STUTTER
            },
            disconnect: Disconnect::Cpc(Millis(250)),
            reverse_on_answer: false,
            metering: None,
            start: LoopStart::Loop,
            roh: RohTiming { reorder: Millis(20_000), howler: Millis(40_000) },
            battery: Volts(48.0),
            loop_current: Milliamps(25.0),
            threshold: Milliamps(10.0),
            impedance: Impedance::R600,
            level_in: Dbr(0.0),
            level_out: Dbr(0.0),
            gain_in: Db(0.0),
            gain_out: Db(0.0),
            agc_in: false,
            agc_out: false,
            echo_tail: Millis(32).samples(),
            dtmf: DtmfProfile::default(),
            tones,
            fxo: None,
        }
    }
}

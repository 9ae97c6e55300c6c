//! Signal processing of a line: level control, tones, DTMF, FSK, caller-ID frames, echo canceller, filters.
//!
//! Everything works on 8 kHz, 16-bit linear frames of 10 ms, allocates nothing once made, and gives the
//! same bits on every machine: sums have a fixed order and transcendentals come from tables or `libm`.
#![forbid(unsafe_code)]

mod activity;
mod agc;
mod balance;
mod bank;
mod caller_id;
pub mod caller_trial;
mod comfort;
mod comfort_shape;
mod conceal;
mod dtmf;
mod echo;
pub mod echo_trial;
mod filter;
mod fsk;
mod gain;
mod goertzel;
mod level;
mod supervise;
mod suppress;
mod timescale;
mod tone;
mod vector;
mod wave;

#[cfg(test)]
mod testing;

pub use activity::Activity;
pub use agc::{LevelControl, RANGE as LEVEL_CONTROL_RANGE, TARGET as LEVEL_CONTROL_TARGET};
pub use balance::{BalanceFigures, BalanceMeter};
pub use bank::{Bank, BankEvent, BankEvents, CHORD_MAX, EVENTS_MAX, Segment, Signal};
pub use caller_id::{
    ALERT_LEVEL, ALERT_TONES, BuildError, CallerIdBurst, CallerIdDigits, CallerIdEar, CallerIdFormat,
    CallerIdFrame, CallerIdMessage, CallerIdReceiver, FRAME_MAX, JapanReceiver, NAME_SENT_MAX, ParseError,
    ReceiveError, caller_id_of_digits, fields as caller_id_fields, japan_message,
};
pub use comfort::ComfortNoise;
pub use comfort_shape::{NOISE_ORDER, NoiseAnalyser, NoiseShape, ShapedNoise, SilenceSender, SilenceSending};
pub use conceal::Concealer;
pub use dtmf::{
    DIGITS_QUEUED_MAX, Digit, DtmfDetector, DtmfEvent, DtmfEvents, DtmfGenerator, DtmfProfile, DtmfSending,
};
pub use echo::{DELAY_MAX, EchoCanceller, EchoConfig, EchoState, TAIL_MAX};
pub use filter::{Biquad, DcBlock};
pub use fsk::{FskBurst, FskDemodulator, FskEvent, FskEvents, FskModulator, FskStandard};
pub use gain::{GAIN_MAX, GAIN_MIN, Gain};
pub use goertzel::Goertzel;
pub use level::{
    FULL_SCALE_SINE, Frame, PowerMeter, SILENCE, frame_level, level_of, level_of_power, mean_power,
    power_of_level,
};
pub use supervise::{
    LearnedTone, SUPERVISOR_NEWS_MAX, SilenceClock, Supervisor, SupervisorEvents, SupervisorNews, ToneDemand,
    ToneLearner, VoiceWatch, tone_demand,
};
pub use timescale::{HELD_MAX, SHORTEN_NEEDS, SPEED_MAX, TimeScaler};
pub use tone::ToneGenerator;

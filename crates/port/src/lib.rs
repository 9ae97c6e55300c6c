//! The contract between the planes: commands down, events up, what a card measures and does, what a
//! line is told about itself, and the two kinds of audio frame.
//!
//! Everything here is plain data of bounded size: a command or an event is copied through a ring
//! and never owns memory.
#![forbid(unsafe_code)]

mod announcement;
mod audio;
mod caller;
mod caller_timing;
mod card;
mod dtmf;
mod fxo;
mod impedance;
mod learn;
mod line;
mod line_test;
mod media;
mod overheard;
mod profile;
mod signal;
mod text;
mod tone;
mod waiting;

pub use announcement::{Announcement, MAX_PARTS, Phrase};
pub use audio::{Audio, Frame, SAMPLE_SILENCE, Samples, Sound, Symbol, Symbols};
pub use caller::{Absence, CallerId, DateTime, MAX_CALLER_NAME, MAX_CALLER_NUMBER};
pub use caller_timing::{CallerIdAlert, CallerIdSignal, CallerIdTiming, DtmfCallerId, FskStandard};
pub use card::{
    CardOrder, CardReport, CookedEvent, CookedEvents, Feed, LoopReading, MAX_COOKED_EVENTS,
    MAX_PROGRAM_STEPS, Program, ProgramEnd, ProgramId, ProgramStep, READINGS_PER_TICK, Sense,
};
pub use dtmf::DtmfProfile;
pub use fxo::{AnswerSign, ClearSigns, DialWhen, FxoProfile, OutDialling, RingDetection};
pub use impedance::{Elements, Impedance};
pub use learn::{LearnEnd, LearnReport, LearnedStep, LearnedTone, MAX_LEARNED_STEPS};
pub use line::{
    CallerIdShown, ClearSign, DigitSource, LineCommand, LineEvent, LineFault, LineSummary, MAX_OUT_DIGITS,
    Refusal, RingRequest, RohStage,
};
pub use line_test::{
    BATTERY, FOREIGN_ALTERNATING, FOREIGN_DIRECT, ForeignVoltage, HAZARD_ALTERNATING, HAZARD_DIRECT,
    LEAST_RESISTANCE, LEAST_RINGERS, LineTest, MOST_RESISTANCE, MOST_RINGERS, TestEnd, TestItem, Verdict,
};
pub use media::{
    BalanceEnd, BalanceEvent, CodecName, Command, CrossSpec, Direction, DtmfMode, EchoLoss, Event, EventType,
    G726Packing, G726Rate, Hearing, JitterSpec, LegSpec, MAX_EVENT_TYPES, MAX_PAYLOAD_TYPES, MediaCommand,
    MediaEvent, OpusWish, PayloadType, RtpClock, RtpSpec, SilenceMode, StreamStats, TapPoint, VoiceQuality,
};
pub use overheard::{CallerIdFault, Overheard};
pub use profile::{
    Disconnect, FlashWindow, HookTiming, LineProfile, LoopStart, MAX_RING_STEPS, MeteringSpec,
    PulseConvention, PulseTiming, RingPattern, RingSpec, RohTiming,
};
pub use signal::Signal;
pub use text::Text;
pub use tone::{Component, MAX_COMPONENTS, MAX_STEPS, Tone, TonePlan, ToneProgram, ToneStep};
pub use waiting::{LampSignal, LampSpec, WaitingCallerId};

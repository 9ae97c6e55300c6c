//! What one frame tells an ear.

use tipring_port::{Phrase, Tone};
use tipring_units::{Dbm0, Hz};

/// Voices that are told apart in one frame, at the most.
pub const MAX_VOICES: usize = 2;
/// Caller-ID data in one frame, at the most.
pub const MAX_DATA: usize = 4;

/// The kind of a sound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Class {
    /// A chord of the country's plan, by its place there; its strongest part.
    Chord(u8, Hz, Dbm0),
    /// A tone that was named (symbols only), and its level.
    Named(Tone, Dbm0),
    /// A sine.
    Sine(Hz, Dbm0),
    /// A key.
    Digit(u8),
    /// Anything else.
    Other,
}

impl Class {
    /// True if `self` and `other` are the same sound.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Chord(a, ..), Self::Chord(b, ..)) => a == b,
            (Self::Named(a, _), Self::Named(b, _)) => a == b,
            (Self::Sine(a, _), Self::Sine(b, _)) => (a.0 - b.0).abs() < 8.0,
            (Self::Digit(a), Self::Digit(b)) => a == b,
            (Self::Other, Self::Other) => true,
            (
                Self::Chord(..) | Self::Named(..) | Self::Sine(..) | Self::Digit(_) | Self::Other,
                Self::Chord(..) | Self::Named(..) | Self::Sine(..) | Self::Digit(_) | Self::Other,
            ) => false,
        }
    }
}

/// The two tones of the alerting signal (GR-30 CAS, EN 300 659 DT-AS).
pub const ALERT_TONES: [Hz; 2] = [Hz(2130.0), Hz(2750.0)];

/// What came out of a caller-ID receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Datum {
    /// A byte.
    Byte(u8),
    /// No data: what was begun has ended.
    Idle,
}

/// What one frame tells.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Percept {
    /// Whether anything sounds, for each quarter of the frame.
    pub sounding: [bool; 4],
    /// What sounds, judged by the last [`Percept::window`] samples; `None` if that cannot be said yet.
    pub class: Option<Class>,
    /// Samples by which `class` was judged.
    pub window: u16,
    /// Whose voices are in it.
    pub voices: [Option<u16>; MAX_VOICES],
    /// The phrase of an announcement that sounds, and for how many frames by now.
    pub phrase: Option<(Phrase, u16)>,
}

impl Percept {
    /// Nothing is heard.
    pub const NOTHING: Self =
        Self { sounding: [false; 4], class: None, window: 0, voices: [None; MAX_VOICES], phrase: None };
}

/// Analyses frames.
pub trait Listener<A: tipring_port::Audio>: core::fmt::Debug + Send {
    /// What `frame` tells.
    fn perceive(&mut self, frame: &A::Frame) -> Percept;

    /// The caller-ID data of `frame`: bytes in order, places not used are `None`.
    fn data(&mut self, frame: &A::Frame) -> [Option<Datum>; MAX_DATA];

    /// True if `frame` holds the two tones of the alert in a call (CAS, DT-AS) and little else.
    fn is_alert(frame: &A::Frame) -> bool;

    /// What was heard of an announcement counts no more: the receiver was hung up or lifted.
    fn forget_speech(&mut self);

    /// The level of `frame`.
    fn level(frame: &A::Frame) -> Dbm0;
}

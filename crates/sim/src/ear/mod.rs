//! What a telephone hears.
//!
//! # What it does
//! Tells what sounds, with times and levels: tones by their names in a country, keys, sines, whose voice; and on-hook
//! the caller's identity.
//!
//! # How
//! A listener, one for each fidelity, judges frames; cadences are named and voices followed in the same way for both.
//!
//! # Limits
//! At most [`MAX_NOW`] things at once.
//!
//! # Standard
//! None; the tones are those of `plan.tsv`.

mod cadence;
mod caller;
mod fsk;
mod percept;
mod phrases;
mod plan;
mod sample;
mod spectrum;
mod speech;
mod symbol;
mod voices;

use core::fmt;
use std::collections::VecDeque;

use tipring_port::{CallerId, Phrase, Tone};
use tipring_units::{Dbm0, Hz, SampleTime, Samples, TICK_SAMPLES};

pub use caller::{Assembler, Message, Mistake, parse};
pub use fsk::Demodulator;
pub use percept::{ALERT_TONES, Class, Datum, Listener, MAX_DATA, MAX_VOICES, Percept};
pub use plan::{Land, Pattern, Plan, Step};
pub use sample::SampleListener;
pub use speech::laboratory_bank;
pub use symbol::SymbolListener;

use crate::plant::Fidelity;
use cadence::Cadences;
use phrases::Phrases;
use voices::Voices;

/// Things heard at once, at the most.
pub const MAX_NOW: usize = 3;
/// Events that wait to be taken, at the most; the oldest are lost.
pub const MAX_EVENTS: usize = 64;
/// The level of silence and of what has none.
pub const NO_LEVEL: Dbm0 = Dbm0(-99.0);
/// Frames over which the level is averaged, roughly.
const LEVEL_FRAMES: f32 = 6.0;

/// What is heard.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made a few times a call
pub enum What {
    /// Nothing.
    Silence,
    /// A tone of the country.
    Tone(Tone),
    /// A sine, or a chord of the country in no cadence that it has; the strongest frequency.
    Sine(Hz, Dbm0),
    /// A key.
    Digit(u8),
    /// The voice with this number.
    Voice(u16),
    /// A phrase of an announcement.
    Phrase(Phrase),
    /// Sound that is nothing else.
    Speech,
    /// The bell.
    Ringing,
    /// The display shows a caller.
    Caller(CallerId),
    /// The display shows who waits while its user talks.
    NextCaller(CallerId),
    /// The message lamp goes on or off.
    Waiting(bool),
    /// A caller-ID burst was not understood.
    Garbled(Mistake),
}

impl What {
    /// True if `other` is the same, levels and small differences of frequency apart.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sine(a, _), Self::Sine(b, _)) => (a.0 - b.0).abs() < 8.0,
            _ => self == other,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => f.write_str("silence"),
            Self::Tone(tone) => f.write_str(tone.word()),
            Self::Sine(frequency, level) => write!(f, "tone {frequency} {level}"),
            Self::Digit(digit) => write!(f, "digit {}", char::from(*digit)),
            Self::Voice(_) | Self::Speech => f.write_str("speech"),
            Self::Phrase(phrase) => write!(f, "announcement {}", phrase.word()),
            Self::Ringing => f.write_str("ringing"),
            Self::Caller(caller) | Self::NextCaller(caller) => {
                f.write_str(if matches!(self, Self::Caller(_)) { "caller " } else { "waiting " })?;
                match &caller.number {
                    Ok(number) => write!(f, "{number}")?,
                    Err(why) => f.write_str(absence(*why))?,
                }
                match &caller.name {
                    Some(Ok(name)) => write!(f, " \"{name}\"")?,
                    Some(Err(why)) => write!(f, " name {}", absence(*why))?,
                    None => {}
                }
                caller.date.map_or(Ok(()), |date| {
                    write!(f, " {:02}-{:02} {:02}:{:02}", date.month, date.day, date.hour, date.minute)
                })
            }
            Self::Waiting(on) => f.write_str(if *on { "message lamp on" } else { "message lamp off" }),
            Self::Garbled(mistake) => write!(f, "caller garbled: {mistake}"),
        }
    }
}

fn absence(why: tipring_port::Absence) -> &'static str {
    match why {
        tipring_port::Absence::Private => "private",
        tipring_port::Absence::Unavailable => "unavailable",
    }
}

/// Something heard, and when.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Heard {
    /// What.
    pub what: What,
    /// When it began to sound.
    pub since: SampleTime,
    /// When the ear knew what it is.
    pub named: SampleTime,
    /// When a tone's cadence had been heard whole.
    pub confirmed: Option<SampleTime>,
    /// Level of all that sounds, when it was named; now, in [`Ear::now`].
    pub level: Dbm0,
}

/// A change of what is heard.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // see What
pub enum HeardEvent {
    /// It is heard from now on (a tone's confirmation is not an event).
    Began(Heard),
    /// It is heard no more.
    Ended(What, SampleTime),
}

/// The ear of one telephone.
#[derive(Debug)]
pub struct Ear<A: Fidelity> {
    listener: A::Listener,
    cadences: Cadences,
    voices: Voices,
    phrases: Phrases,
    assembler: Assembler,
    now: SampleTime,
    tone: Option<Heard>,
    events: VecDeque<HeardEvent>,
    /// Frames since the last data on-hook.
    idle: u8,
    /// Level of the last frames.
    level: Dbm0,
}

impl<A: Fidelity> Ear<A> {
    /// An ear that knows the tones of `land`.
    pub fn new(land: Land) -> Self {
        Self {
            listener: A::listener(land),
            cadences: Cadences::new(Plan::of(land), SampleTime(0)),
            voices: Voices::default(),
            phrases: Phrases::default(),
            assembler: Assembler::default(),
            now: SampleTime(0),
            tone: None,
            events: VecDeque::new(),
            idle: 0,
            level: NO_LEVEL,
        }
    }

    /// Hears a frame, the receiver off-hook.
    pub fn hear(&mut self, frame: &A::Frame) {
        let percept = self.listener.perceive(frame);
        let level = A::Listener::level(frame);
        if percept.sounding == [false; 4] {
            self.level = NO_LEVEL;
        } else if self.level == NO_LEVEL {
            self.level = level;
        } else {
            self.level.0 += (level.0 - self.level.0) / LEVEL_FRAMES;
        }
        let level = self.level;
        self.now = self.now + Samples(TICK_SAMPLES as u64);
        let events = &mut self.events;
        let is_voice = self.voices.hear(&percept, self.now, level, |event| note(events, event));
        let is_voice = self.phrases.hear(&percept, self.now, level, |event| note(events, event)) || is_voice;
        let tone = self.cadences.hear(&percept, is_voice);
        let tone = tone.map(|heard| Heard { level, ..heard });
        // silence is what is left when nobody speaks
        let tone = tone.filter(|heard| !(is_voice && matches!(heard.what, What::Silence | What::Speech)));
        self.change(tone);
    }

    /// Listens for caller ID, the receiver on-hook. Time goes on as with [`Ear::hear`].
    pub fn overhear(&mut self, frame: &A::Frame) {
        self.now = self.now + Samples(TICK_SAMPLES as u64);
        if A::is_silent(frame) {
            if self.idle > 2 {
                return;
            }
            self.idle += 1;
        } else {
            self.idle = 0;
        }
        self.receive(frame);
    }

    /// Hears a frame and listens for caller ID in it too: for recordings, of which nobody knows what they hold.
    pub fn listen(&mut self, frame: &A::Frame) {
        self.hear(frame);
        self.receive(frame);
    }

    /// Reads who waits in a frame that the user does not hear. Whether data came, and whether they ended: with a message, or
    /// with a mistake.
    pub(crate) fn read_next_caller(&mut self, frame: &A::Frame) -> (bool, bool) {
        let before = self.events.len();
        self.receive(frame);
        if let Some(HeardEvent::Began(heard)) = self.events.get_mut(before)
            && let What::Caller(caller) = heard.what
        {
            heard.what = What::NextCaller(caller);
        }
        (!self.assembler.is_idle(), self.events.len() > before)
    }

    /// Forgets data that were begun.
    pub(crate) fn forget_data(&mut self) {
        self.assembler = Assembler::default();
    }

    /// The receiver was lifted or hung up: what was heard has ended.
    pub fn reset(&mut self) {
        self.change(None);
        let (now, events) = (self.now, &mut self.events);
        self.voices.reset(now, |event| note(events, event));
        self.listener.forget_speech();
        self.phrases.reset(now, |event| note(events, event));
        self.cadences.reset(self.now);
    }

    /// Knows the tones of `land` from now on, and those of its country no more. What was heard has ended.
    pub fn learn(&mut self, land: Land) {
        self.reset();
        self.listener = A::listener(land);
        self.cadences = Cadences::new(Plan::of(land), self.now);
    }

    /// Whether the next tone is taken for dial tone as long as it may be one: the user has just lifted the receiver or
    /// flashed. Without it, where dial tone and busy share a frequency, dial tone is named when it has lasted longer
    /// than any burst.
    pub fn expect_dial_tone(&mut self, expects: bool) {
        self.cadences.expect_dial_tone(expects);
    }

    /// Time went on without anything to hear on-hook.
    pub fn skip(&mut self, length: Samples) {
        self.now = self.now + length;
    }

    /// What is heard now, a tone first, then voices. A sound that has no name yet is given as a sine.
    pub fn now(&self) -> impl Iterator<Item = Heard> + '_ {
        let unnamed = || {
            let what = self.cadences.provisional()?;
            Some(Heard { what, since: self.now, named: self.now, confirmed: None, level: self.level })
        };
        let voices = self.voices.now().map(|heard| Heard { level: self.level, ..heard });
        let phrase = self.phrases.now().map(|heard| Heard { level: self.level, ..heard });
        let tone = self.tone.or_else(|| phrase.is_none().then(unnamed).flatten());
        tone.into_iter().chain(phrase).chain(voices).take(MAX_NOW)
    }

    /// The next change of what is heard.
    pub fn event(&mut self) -> Option<HeardEvent> {
        self.events.pop_front()
    }

    /// The ear's own time: samples heard and skipped.
    pub const fn time(&self) -> SampleTime {
        self.now
    }

    /// True within a burst of caller ID.
    pub fn is_reading(&self) -> bool {
        !self.assembler.is_idle()
    }

    /// True if an on-hook ear has nothing unfinished.
    pub fn is_resting(&self) -> bool {
        self.idle > 2 && self.assembler.is_idle() && self.events.is_empty()
    }

    fn receive(&mut self, frame: &A::Frame) {
        for datum in self.listener.data(frame).into_iter().flatten() {
            let what = match self.assembler.take(datum) {
                None => continue,
                Some(Ok(Message::Caller(caller))) => What::Caller(caller),
                Some(Ok(Message::Waiting(lamp))) => What::Waiting(lamp),
                Some(Err(mistake)) => What::Garbled(mistake),
            };
            let heard =
                Heard { what, since: self.now, named: self.now, confirmed: Some(self.now), level: NO_LEVEL };
            note(&mut self.events, HeardEvent::Began(heard));
        }
    }

    fn change(&mut self, tone: Option<Heard>) {
        let same = match (&self.tone, &tone) {
            (Some(old), Some(new)) => old.what.is_like(&new.what) && old.since == new.since,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same {
            if let Some(old) = &self.tone {
                note(&mut self.events, HeardEvent::Ended(old.what, self.now));
            }
            if let Some(new) = &tone {
                note(&mut self.events, HeardEvent::Began(*new));
            }
        }
        self.tone = tone;
    }
}

/// Keeps `event`; the oldest gives way.
fn note(events: &mut VecDeque<HeardEvent>, event: HeardEvent) {
    if events.len() == MAX_EVENTS {
        events.pop_front();
    }
    events.push_back(event);
}

//! A subscriber of the exchange: a mouth, an ear and a number.

use tipring_port::Tone;
use tipring_units::{Entropy, SampleTime};

use super::spec::{Manner, SubscriberSpec};
use crate::ear::{Ear, Heard, HeardEvent, Land, NO_LEVEL, What};
use crate::mouth::{KeypadSpec, Mouth, Talk};
use crate::plant::Fidelity;

/// What a subscriber does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// Nothing.
    Idle,
    /// It calls the line and is waiting for an answer.
    Calls,
    /// It is rung since this sample.
    Rung(u64),
    /// It talks to the line, or is held by it.
    Talks,
    /// It talks to another subscriber, to whom the line joined it.
    Joined(usize),
    /// The number that it called is busy.
    Busy,
    /// The line has left it; it has not hung up.
    Left,
}

/// What happened to a subscriber.
#[derive(Clone, PartialEq, Debug)]
pub enum SubscriberEvent {
    /// Its telephone rings.
    Rings,
    /// It no longer does.
    StopsRinging,
    /// Its call was answered, or it answered.
    Connected,
    /// The number that it called is busy.
    HearsBusy,
    /// The other party is gone.
    Cleared,
    /// It was joined to the subscriber with this number.
    Joined(String),
    /// It hears something else, or nothing any more.
    Heard(HeardEvent),
}

/// A subscriber.
#[derive(Debug)]
pub struct Subscriber<A: Fidelity> {
    spec: SubscriberSpec,
    pub(super) doing: Doing,
    mouth: Mouth<A>,
    ear: Ear<A>,
    /// It is in a call on another line of the exchange.
    elsewhere: bool,
}

impl<A: Fidelity> Subscriber<A> {
    /// An idle one.
    pub fn new(spec: &SubscriberSpec, land: Land, entropy: &mut Entropy) -> Self {
        Self {
            spec: spec.clone(),
            doing: Doing::Idle,
            mouth: Mouth::new(KeypadSpec::default(), entropy),
            ear: Ear::new(land),
            elsewhere: false,
        }
    }

    /// How it was made.
    pub const fn spec(&self) -> &SubscriberSpec {
        &self.spec
    }

    /// What it does.
    pub const fn doing(&self) -> Doing {
        self.doing
    }

    /// From now on it does this when called.
    pub fn behave(&mut self, manner: Manner) {
        self.spec.manner = manner;
    }

    /// Whether another line of the exchange has it in a call.
    pub fn engage(&mut self, elsewhere: bool) {
        self.elsewhere = elsewhere;
    }

    /// True if it cannot be called.
    pub fn is_busy(&self) -> bool {
        self.elsewhere || self.doing != Doing::Idle || self.spec.manner == Manner::Busy
    }

    /// True if it takes part in a call on this line.
    pub fn is_engaged(&self) -> bool {
        self.doing != Doing::Idle
    }

    /// What it hears now: the bell while it is rung, else what its ear has.
    pub fn hears(&self) -> Vec<Heard> {
        match self.doing {
            Doing::Rung(since) => {
                let since = SampleTime(since);
                vec![Heard { what: What::Ringing, since, named: since, confirmed: None, level: NO_LEVEL }]
            }
            // Its own exchange tells it so.
            Doing::Calls => vec![self.tone(Tone::Ringback)],
            Doing::Busy => vec![self.tone(Tone::Busy)],
            Doing::Talks | Doing::Joined(_) | Doing::Left => self.ear.now().collect(),
            Doing::Idle => Vec::new(),
        }
    }

    fn tone(&self, tone: Tone) -> Heard {
        let since = self.ear.time();
        Heard { what: What::Tone(tone), since, named: since, confirmed: Some(since), level: NO_LEVEL }
    }

    /// Speaks from now on.
    pub fn say(&mut self, talk: Talk) {
        self.mouth.say(talk);
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        let keypad = *self.mouth.keypad();
        for key in keys.bytes() {
            self.mouth.key(key, keypad.on, keypad.off);
        }
    }

    /// Says nothing any more.
    pub fn hush(&mut self) {
        self.mouth.hush();
    }

    /// A call begins or ends: deaf for what was, and silent after it. (Who began to speak a moment before his call was
    /// put through is heard.)
    pub(super) fn reset(&mut self, now: SampleTime) {
        if self.doing != Doing::Talks {
            self.mouth.hush();
            self.mouth.drop_keys();
        }
        // its time stood still while nobody spoke with it
        let behind = now.0.saturating_sub(self.ear.time().0);
        self.ear.skip(tipring_units::Samples(behind));
        self.ear.reset();
        // who called in may be asked to dial
        self.ear.expect_dial_tone(self.doing == Doing::Talks);
    }

    /// What it says in a tick.
    pub(super) fn speak(&mut self) -> A::Frame {
        self.mouth.frame()
    }

    /// What it hears in a tick.
    pub(super) fn hear(&mut self, frame: &A::Frame) {
        self.ear.hear(frame);
    }

    /// A change of what it hears.
    pub(super) fn heard(&mut self) -> Option<HeardEvent> {
        self.ear.event()
    }
}

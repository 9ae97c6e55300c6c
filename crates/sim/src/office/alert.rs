//! How an exchange announces a call: caller identity and ringing, each in its time.
//!
//! # What it does
//! Makes the timetable of an alert and follows it until the line answers or the caller gives up.
//!
//! # How
//! Deeds with the samples at which they are due, then the cadence, which goes on for as long as it takes. With short
//! rings (NTT) what comes next depends on the terminal: it closes the loop, gets its data, and opens it.
//!
//! # Limits
//! Sounds begin with a tick. Where no pause of the cadence has room for the message, its name is left out, then its date;
//! then it is not sent.
//!
//! # Standard
//! Telcordia GR-30; ETSI EN 300 659-1; BT SIN 227; NTT number display.

use std::collections::VecDeque;

use tipring_port::{CallerId, CallerIdAlert, CallerIdSignal, CallerIdTiming, FskStandard, RingSpec};
use tipring_units::{Dbm0, Hz, Millis};

use super::burst::Burst;
use super::face::Face;
use super::message::{self, Flaw};
use super::score::{Note, Score};
use super::spec::OfficeSpec;

/// DT-AS: its frequencies and the level of each.
const ALERT: [f32; 2] = [2130.0, 2750.0];
const ALERT_LEVEL: Dbm0 = Dbm0(-18.0);
/// Keys of caller identity: tone, pause, level of each tone.
const KEY: (Millis, Millis, Dbm0) = (Millis(70), Millis(70), Dbm0(-10.0));
/// NTT's short rings: burst and pause, and for how long at the most.
const SHORT_RING: (Millis, Millis) = (Millis(500), Millis(500));
const SHORT_RINGS: Millis = Millis(6000);
/// From the closed loop to the data; the terminal opens the loop within this; from there to ringing.
const TO_DATA: Millis = Millis(200);
const TO_OPEN: Millis = Millis(7000);
const TO_RING: Millis = Millis(300);

#[derive(Clone, PartialEq, Debug)]
enum Deed {
    /// Reverses the polarity.
    Reverse,
    /// A burst of ringing.
    Burst(Millis),
    /// Sounds.
    Sound(Score),
    /// The cadence begins.
    Rings,
}

/// Where the short rings are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Terminal {
    /// It has no part in this.
    Away,
    /// It is called until then.
    Called { until: u64 },
    /// It gets its data until then.
    Listens { until: u64 },
    /// It has to open the loop until then.
    Leaves { until: u64 },
}

/// What has become of an alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It goes on.
    Goes,
    /// It has begun to ring.
    Rings,
    /// The line answered.
    Answered,
}

/// One alert.
#[derive(Clone, PartialEq, Debug)]
pub struct Alert {
    deeds: VecDeque<(u64, Deed)>,
    ringing: RingSpec,
    /// The step of the cadence that is next, and when.
    next: Option<(usize, u64)>,
    rung: bool,
    terminal: Terminal,
    data: Option<Score>,
}

impl Alert {
    /// An alert from sample `now` on, with what the display shall show.
    pub fn new(spec: &OfficeSpec, caller: Option<&CallerId>, now: u64) -> Self {
        let mut alert = Self {
            deeds: VecDeque::new(),
            ringing: spec.ringing,
            next: None,
            rung: false,
            terminal: Terminal::Away,
            data: None,
        };
        match (spec.caller_id, caller) {
            (CallerIdTiming::Off, _) | (_, None) => alert.at(now, Deed::Rings),
            (CallerIdTiming::BetweenRings { after_ring, before_ring, signal }, Some(caller)) => {
                alert.at(now, Deed::Rings);
                let (after, before) = (after_ring.samples().0, before_ring.samples().0);
                if let Some((at, score)) = in_a_pause(spec, caller, signal, after, before) {
                    alert.at(now + at, Deed::Sound(score));
                }
            }
            (CallerIdTiming::BeforeRing { alert: by, alert_to_data, data_to_ring, signal }, Some(caller)) => {
                let mut at = now + alert.announce(by, now) + alert_to_data.samples().0;
                let score = signal_of(spec, caller, signal);
                let length = score.length().unwrap_or(0);
                alert.at(at, Deed::Sound(score));
                at += length + data_to_ring.samples().0;
                alert.at(at, Deed::Rings);
            }
            (CallerIdTiming::AfterShortRing { signal }, Some(caller)) => {
                alert.data = Some(signal_of(spec, caller, signal));
                alert.at(now, Deed::Reverse);
                let period = (SHORT_RING.0 + SHORT_RING.1).samples().0;
                let rings = SHORT_RINGS.samples().0 / period;
                (0..rings).for_each(|n| {
                    alert.at(now + TO_RING.samples().0 + n * period, Deed::Burst(SHORT_RING.0))
                });
                let until = now + TO_RING.samples().0 + rings * period;
                alert.terminal = Terminal::Called { until };
            }
        }
        alert
    }

    /// A message for the lamp, sent as caller identity would be, without ringing.
    pub fn lamp(spec: &OfficeSpec, on: bool, now: u64) -> Option<Self> {
        let mut alert = Self {
            deeds: VecDeque::new(),
            ringing: spec.ringing,
            next: None,
            rung: false,
            terminal: Terminal::Away,
            data: None,
        };
        let Some(CallerIdSignal::Fsk { standard, multiple, seizure, mark }) = spec.caller_id.signal() else {
            return None;
        };
        let at = match spec.caller_id {
            CallerIdTiming::BeforeRing { alert: by, alert_to_data, .. } => {
                now + alert.announce(by, now) + alert_to_data.samples().0
            }
            CallerIdTiming::Off
            | CallerIdTiming::BetweenRings { .. }
            | CallerIdTiming::AfterShortRing { .. } => now,
        };
        let bytes = message::lamp(on, multiple, spec.flaw);
        alert.at(at, Deed::Sound(Score::data(Burst::new(standard, spec.modem, seizure, mark, bytes))));
        Some(alert)
    }

    /// Lets happen what is due in the tick at `now`; `closed`: the loop is.
    pub fn tick(&mut self, face: &mut Face, now: u64, end: u64, closed: bool) -> Outcome {
        let was_rung = self.rung;
        while let Some((at, deed)) = self.deeds.front().filter(|(at, _)| *at < end).cloned() {
            self.deeds.pop_front();
            match deed {
                Deed::Reverse => face.reverse(true),
                Deed::Burst(length) => face.burst(at, &self.ringing, length),
                Deed::Sound(score) => face.play(score),
                Deed::Rings => self.next = Some((0, at)),
            }
        }
        while let Some((step, at)) = self.next.filter(|(_, at)| *at < end) {
            let steps: Vec<Millis> = self.ringing.pattern.iter().collect();
            let Some(length) = steps.get(step).copied() else { break };
            if step % 2 == 0 {
                face.burst(at, &self.ringing, length);
                self.rung = true;
            }
            self.next = Some(((step + 1) % steps.len(), at + length.samples().0));
        }
        if self.steps_of_terminal(face, now, closed) {
            return Outcome::Goes;
        }
        match (closed, self.rung, was_rung) {
            (true, _, _) => Outcome::Answered,
            (false, true, false) => Outcome::Rings,
            (false, _, _) => Outcome::Goes,
        }
    }

    /// True if nothing is left to be done: a message for the lamp was sent.
    pub fn is_over(&self) -> bool {
        self.deeds.is_empty() && self.next.is_none() && self.terminal == Terminal::Away
    }

    /// True once the cadence has begun.
    pub const fn is_rung(&self) -> bool {
        self.rung
    }

    /// True if the short rings take part in what the loop does: it does not answer.
    fn steps_of_terminal(&mut self, face: &mut Face, now: u64, closed: bool) -> bool {
        match self.terminal {
            Terminal::Away => return false,
            Terminal::Called { .. } if closed => {
                self.deeds.clear();
                face.settle();
                let data = self.data.take().unwrap_or_default();
                let at = now + TO_DATA.samples().0;
                let until = at + data.length().unwrap_or(0);
                self.at(at, Deed::Sound(data));
                self.terminal = Terminal::Listens { until };
            }
            Terminal::Listens { until } if now >= until => {
                self.terminal = Terminal::Leaves { until: now + TO_OPEN.samples().0 };
            }
            Terminal::Listens { .. } => {}
            Terminal::Leaves { until } if !closed || now >= until => {
                self.terminal = Terminal::Away;
                self.at(now + TO_RING.samples().0, Deed::Rings);
            }
            Terminal::Leaves { .. } => {}
            Terminal::Called { until } if now >= until => {
                self.terminal = Terminal::Away;
                self.at(now, Deed::Rings);
            }
            Terminal::Called { .. } => {}
        }
        true
    }

    /// Plans what tells a terminal to listen; how many samples it takes.
    fn announce(&mut self, by: CallerIdAlert, now: u64) -> u64 {
        let tone = |length| {
            let chord = ALERT.iter().map(|hertz| (Hz(*hertz), ALERT_LEVEL)).collect();
            Deed::Sound(Score::once(vec![(Note::Chord(chord, None), length)]))
        };
        match by {
            CallerIdAlert::None => 0,
            CallerIdAlert::Reversal => {
                self.at(now, Deed::Reverse);
                0
            }
            CallerIdAlert::Tone(length) => {
                self.at(now, tone(length));
                length.samples().0
            }
            CallerIdAlert::ReversalAndTone { wait, length } => {
                self.at(now, Deed::Reverse);
                self.at(now + wait.samples().0, tone(length));
                (wait + length).samples().0
            }
            CallerIdAlert::RingPulse(length) => {
                self.at(now, Deed::Burst(length));
                length.samples().0
            }
        }
    }

    fn at(&mut self, at: u64, deed: Deed) {
        self.deeds.push_back((at, deed));
    }
}

/// The longest form of the message that the first pause with room for it can hold, and when it begins.
fn in_a_pause(
    spec: &OfficeSpec,
    caller: &CallerId,
    signal: CallerIdSignal,
    after: u64,
    before: u64,
) -> Option<(u64, Score)> {
    let forms = [*caller, CallerId { name: None, ..*caller }, CallerId { name: None, date: None, ..*caller }];
    for form in forms {
        let score = signal_of(spec, &form, signal);
        let needed = after + score.length()? + before;
        let mut at = 0;
        for (place, step) in spec.ringing.pattern.iter().enumerate() {
            if place % 2 == 1 && step.samples().0 >= needed {
                return Some((at + after, score));
            }
            at += step.samples().0;
        }
    }
    None
}

/// Caller identity as sound.
fn signal_of(spec: &OfficeSpec, caller: &CallerId, signal: CallerIdSignal) -> Score {
    match signal {
        CallerIdSignal::Fsk { standard, multiple, seizure, mark } => {
            let bytes = if multiple {
                message::multiple(caller, spec.flaw)
            } else {
                message::single(caller, spec.flaw)
            };
            Score::data(Burst::new(standard, spec.modem, seizure, mark, bytes))
        }
        CallerIdSignal::Ntt => {
            let bytes = message::ntt(caller, spec.flaw);
            Score::data(Burst::new(FskStandard::V23, spec.modem, 0, 72, bytes))
        }
        CallerIdSignal::Dtmf(framing) => {
            let mut keys = message::keys(caller, framing);
            if spec.flaw != Flaw::None {
                // keys have no checksum: what can be wrong is the end
                keys.pop();
            }
            let (on, off, level) = KEY;
            let note = |key: &u8| [(Note::Key(*key, level), on), (Note::Pause, off)];
            Score::once(keys.iter().flat_map(note).collect())
        }
    }
}

//! What an exchange and a far end tell by sound alone.
//!
//! # What it does
//! Listens on an outside line for the tones by which an exchange says that a call is over, is being put through or cannot
//! be, for a tone that was learned on that line, for somebody's voice, and for silence of both ends. A learner proposes the
//! pattern of a tone that no country pack has.
//!
//! # How
//! The bank's front end gives stretches of steady tone. A tone is believed when so many bursts and pauses follow its
//! cadence that neither speech nor music does it: see [`pattern`](self). Voice and silence are judged beside it, from the
//! same spectrum and from the levels of both directions.
//!
//! # Limits
//! One tone at a time; levels below -45 dBm0 are silence; bursts from 60 ms, pauses from 40 ms.
//!
//! # Standard
//! ITU-T E.180 and its Supplement 2 (tones and their tolerances); Telcordia GR-506 (North America).

mod learner;
mod pattern;
mod silence;
#[cfg(test)]
mod tests;
mod tones;
mod voice;

use crate::bank::segment::Tracker;
use crate::bank::spectrum::FrontEnd;
use crate::level::{Frame, capped_energy, frame_level, power_of_level};
pub use learner::{LearnedTone, ToneLearner};
pub use pattern::{ToneDemand, tone_demand};
pub use silence::SilenceClock;
use tipring_port::{Tone, TonePlan, ToneProgram};
use tipring_units::{Dbm0, Millis, SampleTime};
use tones::{ToneNews, ToneWatch};
pub use voice::VoiceWatch;

/// Quietest tone that is heard.
const LEVEL_MIN: Dbm0 = Dbm0(-45.0);
/// News of one frame, at the most.
pub const SUPERVISOR_NEWS_MAX: usize = 4;

/// What a [`Supervisor`] tells.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum SupervisorNews {
    /// A tone of the plan is certain.
    Tone(Tone),
    /// It is over.
    ToneEnded(Tone),
    /// The learned tone is certain.
    Learned,
    /// Somebody speaks on the line; again after a pause.
    Voice,
    /// Nobody has said anything for so long, told each second.
    Silence(Millis),
}

/// The news of one frame.
pub type SupervisorEvents = [Option<SupervisorNews>; SUPERVISOR_NEWS_MAX];

/// Hears what the far end of an outside line does.
#[derive(Clone, Debug)]
pub struct Supervisor {
    front: FrontEnd,
    tracker: Tracker,
    tones: ToneWatch,
    voice: VoiceWatch,
    silence: SilenceClock,
    now: SampleTime,
}

impl Supervisor {
    /// One for an exchange of these tones, with the tone that was learned on its line.
    pub fn new(plan: &TonePlan, learned: Option<&ToneProgram>) -> Self {
        let floor = power_of_level(LEVEL_MIN);
        Self {
            front: FrontEnd::new(floor),
            tracker: Tracker::new(floor),
            tones: ToneWatch::new(plan, learned),
            voice: VoiceWatch::new(),
            silence: SilenceClock::new(),
            now: SampleTime(0),
        }
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        let floor = power_of_level(LEVEL_MIN);
        self.front = FrontEnd::new(floor);
        self.tracker = Tracker::new(floor);
        self.tones.reset();
        self.voice = VoiceWatch::new();
        self.silence = SilenceClock::new();
    }

    /// Takes a frame from the line and the one that goes to it from who listens there; `None`: nobody does.
    pub fn process(&mut self, line: &Frame, network: Option<&Frame>) -> SupervisorEvents {
        let mut news: [Option<SupervisorNews>; SUPERVISOR_NEWS_MAX] = [None; SUPERVISOR_NEWS_MAX];
        let mut push = |one: SupervisorNews| {
            if let Some(place) = news.iter_mut().find(|place| place.is_none()) {
                *place = Some(one);
            }
        };
        self.now.0 += line.len() as u64;
        let level = frame_level(line);
        self.tones.level(level);
        if let Some(length) = self.silence.process(level, network.map(frame_level)) {
            push(SupervisorNews::Silence(length));
        }
        let Some(spectrum) = self.front.advance(line, capped_energy(line)) else { return news };
        let event = self.tracker.advance(&spectrum, &self.front.powers, self.now);
        let sounding = self.tracker.current();
        for one in self.tones.advance(event, sounding.as_ref(), self.now).into_iter().flatten() {
            push(match one {
                ToneNews::Began(tone) => SupervisorNews::Tone(tone),
                ToneNews::Ended(tone) => SupervisorNews::ToneEnded(tone),
                ToneNews::Learned => SupervisorNews::Learned,
            });
        }
        if self.voice.advance(&spectrum, self.front.powers.latest(), level) {
            self.tones.other_sound();
            push(SupervisorNews::Voice);
        }
        news
    }
}

//! The ear of an outside line, over samples.
//!
//! # How
//! Off-hook the [`Supervisor`] of `tipring-dsp` hears the tones of the exchange as the line's profile has them, the one that
//! was learned, voices and silence.
//!
//! # Limits
//! Those of the supervisor: one tone at a time.

use tipring_dsp::{CallerIdEar, Supervisor, SupervisorNews, ToneLearner};
use tipring_port::{CallerIdTiming, Frame, LearnedTone, LineProfile, Overheard, Samples};

use crate::processing::{LineEar, MAX_OVERHEARD};

/// An ear over samples.
pub struct SampleLineEar {
    supervisor: Supervisor,
    caller: Option<CallerIdEar>,
    /// The identity comes off-hook.
    answers: bool,
    learner: ToneLearner,
}

impl LineEar<Samples> for SampleLineEar {
    fn new(profile: &LineProfile) -> Self {
        let learned = profile.fxo.as_ref().and_then(|fxo| fxo.clear.learned.as_ref());
        Self {
            supervisor: Supervisor::new(&profile.tones, learned),
            caller: profile.caller_id.signal().map(CallerIdEar::new),
            answers: matches!(profile.caller_id, CallerIdTiming::AfterShortRing { .. }),
            learner: ToneLearner::new(&profile.tones),
        }
    }

    fn renew(&mut self, profile: &LineProfile) {
        *self = Self::new(profile);
    }

    fn reset(&mut self) {
        self.supervisor.reset();
        if let Some(caller) = &mut self.caller {
            caller.reset();
        }
    }

    fn listen(
        &mut self,
        off_hook: bool,
        line: &Frame,
        network: Option<&Frame>,
    ) -> [Option<Overheard>; MAX_OVERHEARD] {
        let mut told = [None; MAX_OVERHEARD];
        let mut places = told.iter_mut();
        if let Some(caller) = &mut self.caller
            && (!off_hook || self.answers)
            && let Some(heard) = caller.process(line)
            && let Some(place) = places.next()
        {
            *place = Some(heard);
        }
        if off_hook {
            let news = self.supervisor.process(line, network);
            for (place, one) in places.zip(news.into_iter().flatten()) {
                *place = Some(overheard(one));
            }
        }
        told
    }

    fn is_receiving(&self) -> bool {
        self.caller.as_ref().is_some_and(CallerIdEar::is_receiving)
    }

    fn study(&mut self, line: &Frame) {
        self.learner.feed(line);
    }

    fn studied(&mut self) -> Option<LearnedTone> {
        let learned = self.learner.result();
        self.learner.reset();
        let bursts = |count| u32::try_from(count).unwrap_or(u32::MAX);
        learned.map(|tone| LearnedTone::new(&tone.program, bursts(tone.bursts), tone.confidence, tone.known))
    }
}

fn overheard(news: SupervisorNews) -> Overheard {
    match news {
        SupervisorNews::Tone(tone) => Overheard::Tone(tone),
        SupervisorNews::ToneEnded(tone) => Overheard::ToneEnded(tone),
        SupervisorNews::Learned => Overheard::Learned,
        SupervisorNews::Voice => Overheard::Voice,
        SupervisorNews::Silence(length) => Overheard::Silence(length),
    }
}

//! What an announcement says, part by part.
//!
//! # What it does
//! Tells when a phrase begins and ends that single frames seem to hold.
//!
//! # How
//! A phrase ends with the first frame that does not show it. Between two phrases, and for [`HANG`] behind the last, the announcement
//! goes on: its pauses are no silence.
//!
//! # Limits
//! One announcement at a time.
//!
//! # Standard
//! None.

use tipring_port::Phrase;
use tipring_units::{Dbm0, Millis, SampleTime, Samples, TICK_SAMPLES};

use super::percept::Percept;
use super::{Heard, HeardEvent, What};

/// A pause of an announcement is not longer.
const HANG: Samples = Millis(900).samples();

/// The announcement in one ear.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Phrases {
    now: Option<Heard>,
    phrase: Option<Phrase>,
    last: Option<SampleTime>,
}

impl Phrases {
    /// Takes a frame in that ends at `now`; true while an announcement goes on.
    pub fn hear(
        &mut self,
        percept: &Percept,
        now: SampleTime,
        level: Dbm0,
        mut note: impl FnMut(HeardEvent),
    ) -> bool {
        let phrase = percept.phrase.map(|(phrase, _)| phrase);
        if phrase != self.phrase {
            self.end(now, &mut note);
            if let Some((phrase, frames)) = percept.phrase {
                let length = u64::from(frames) * TICK_SAMPLES as u64;
                let heard = Heard {
                    what: What::Phrase(phrase),
                    since: SampleTime(now.0.saturating_sub(length)),
                    named: now,
                    confirmed: Some(now),
                    level,
                };
                self.now = Some(heard);
                note(HeardEvent::Began(heard));
            }
            self.phrase = phrase;
        }
        if phrase.is_some() {
            self.last = Some(now);
        }
        self.last.is_some_and(|last| now.since(last) <= HANG)
    }

    /// The phrase that is heard now.
    pub fn now(&self) -> Option<Heard> {
        self.now
    }

    /// It has ended.
    pub fn reset(&mut self, now: SampleTime, mut note: impl FnMut(HeardEvent)) {
        self.end(now, &mut note);
        *self = Self::default();
    }

    fn end(&mut self, now: SampleTime, note: &mut impl FnMut(HeardEvent)) {
        if let Some(heard) = self.now.take() {
            note(HeardEvent::Ended(heard.what, now));
        }
    }
}

//! Whose voices are heard.
//!
//! # What it does
//! Follows the voices that single frames seem to hold, and tells when one begins and ends.
//!
//! # How
//! A voice begins with [`HITS`] frames within [`HIT_WINDOW`] and ends [`PAUSE`] after the last.
//!
//! # Limits
//! [`MAX_FOLLOWED`] voices and errors at once.
//!
//! # Standard
//! None.

use tipring_units::{Dbm0, Millis, SampleTime, Samples};

use super::percept::Percept;
use super::{Heard, HeardEvent, NO_LEVEL, What};

/// Frames that make a voice, and within how long.
const HITS: u8 = 3;
const HIT_WINDOW: Samples = Millis(60).samples();
/// A voice not heard for this long has ended.
const PAUSE: Samples = Millis(400).samples();
/// Voices that are followed at once.
const MAX_FOLLOWED: usize = 6;

#[derive(Clone, Copy, Debug)]
struct Follow {
    voice: u16,
    first: SampleTime,
    last: SampleTime,
    hits: u8,
    named: Option<SampleTime>,
}

/// The voices in one ear.
#[derive(Clone, Debug, Default)]
pub(super) struct Voices {
    followed: [Option<Follow>; MAX_FOLLOWED],
}

impl Voices {
    /// Takes a frame that ends at `now` in; true if a voice is heard.
    pub fn hear(
        &mut self,
        percept: &Percept,
        now: SampleTime,
        level: Dbm0,
        mut note: impl FnMut(HeardEvent),
    ) -> bool {
        for voice in percept.voices.iter().flatten() {
            self.hit(*voice, now, level, percept.window, &mut note);
        }
        for place in &mut self.followed {
            let Some(follow) = place else { continue };
            let limit = if follow.named.is_some() { PAUSE } else { HIT_WINDOW };
            if now.since(follow.last) > limit {
                if follow.named.is_some() {
                    note(HeardEvent::Ended(What::Voice(follow.voice), follow.last));
                }
                *place = None;
            }
        }
        self.now().next().is_some()
    }

    /// Everything has ended.
    pub fn reset(&mut self, now: SampleTime, mut note: impl FnMut(HeardEvent)) {
        for heard in self.now() {
            note(HeardEvent::Ended(heard.what, now));
        }
        self.followed = [None; MAX_FOLLOWED];
    }

    /// The voices heard now.
    pub fn now(&self) -> impl Iterator<Item = Heard> + '_ {
        self.followed.iter().flatten().filter_map(|follow| {
            let named = follow.named?;
            Some(Heard {
                what: What::Voice(follow.voice),
                since: follow.first,
                named,
                confirmed: Some(named),
                level: NO_LEVEL,
            })
        })
    }

    fn hit(
        &mut self,
        voice: u16,
        now: SampleTime,
        level: Dbm0,
        window: u16,
        note: &mut impl FnMut(HeardEvent),
    ) {
        let known = self.followed.iter().position(|f| f.is_some_and(|f| f.voice == voice));
        let Some(place) = known.or_else(|| self.followed.iter().position(Option::is_none)) else { return };
        // what a frame shows has sounded throughout its window
        let began = SampleTime(now.0.saturating_sub(u64::from(window)));
        let follow = self.followed[place].get_or_insert(Follow {
            voice,
            first: began,
            last: now,
            hits: 0,
            named: None,
        });
        follow.last = now;
        follow.hits = follow.hits.saturating_add(1);
        if follow.named.is_none() && follow.hits >= HITS {
            follow.named = Some(now);
            note(HeardEvent::Began(Heard {
                what: What::Voice(voice),
                since: follow.first,
                named: now,
                confirmed: Some(now),
                level,
            }));
        }
    }
}

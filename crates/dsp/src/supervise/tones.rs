//! Watches for the tones of an exchange and for a learned one.

use super::pattern::{KEPT, Latest, Pattern};
use crate::bank::named;
use crate::bank::segment::{Segment, SegmentEvent};
use crate::level::SILENCE;
use tipring_port::{Tone, TonePlan, ToneProgram};
use tipring_units::{Dbm0, SampleTime, TICK_SAMPLES};

/// Tones of a plan that are watched for.
const WATCHED: [Tone; 8] = [
    Tone::Dial,
    Tone::Stutter,
    Tone::Outside,
    Tone::Ringback,
    Tone::Busy,
    Tone::Congestion,
    Tone::CallWaiting,
    Tone::Howler,
];
/// Levels of frames that are kept: the longest pause that is looked into.
const LEVELS: usize = 256;
/// A pause is this much quieter than the burst before it.
const PAUSE_BELOW: f32 = 8.0;
/// Steady stretches so much weaker than a tone's do not belong to what is heard.
const FAINT: f32 = 11.0;
/// Samples at either end of a pause that are not looked at.
const EDGE: u64 = 320;
/// A stretch of other frequencies, of so many samples, is another sound.
const OTHER: u64 = 8 * 120;
/// Behind the last note of a special information tone its next three have come within this, or it is over: a pause of a
/// second and three notes (ITU-T E.180), in samples.
const SPECIAL_PATIENCE: u64 = 8 * 2600;
/// News of one window, at the most.
const NEWS_MAX: usize = 3;

/// What the watch tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ToneNews {
    Began(Tone),
    Ended(Tone),
    Learned,
}

/// A tone that goes on.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Its pattern.
    pattern: usize,
    /// The end of its latest burst, in samples.
    end: u64,
}

/// Watches for tones.
#[derive(Clone, Debug)]
pub(super) struct ToneWatch {
    /// Those of the plan, then the learned one.
    patterns: [Option<Pattern>; WATCHED.len() + 1],
    latest: [Option<Segment>; KEPT],
    /// Levels of the latest frames.
    levels: [f32; LEVELS],
    next: usize,
    open: Option<Open>,
    learned: Option<Open>,
    special: Option<u64>,
    /// Nothing else was heard since the line was seized.
    first: bool,
}

/// The place of the learned pattern.
const LEARNED: usize = WATCHED.len();

impl ToneWatch {
    pub fn new(plan: &TonePlan, learned: Option<&ToneProgram>) -> Self {
        let mut patterns = [None; WATCHED.len() + 1];
        for (slot, tone) in patterns.iter_mut().zip(WATCHED) {
            *slot = Pattern::of(plan.get(tone));
        }
        let all = patterns;
        for pattern in patterns[..LEARNED].iter_mut().flatten().filter(|pattern| pattern.is_steady()) {
            all.iter().flatten().for_each(|other| pattern.outlast(other));
        }
        patterns[LEARNED] = learned.and_then(Pattern::of);
        Self {
            patterns,
            latest: [None; KEPT],
            levels: [SILENCE.0; LEVELS],
            next: 0,
            open: None,
            learned: None,
            special: None,
            first: true,
        }
    }

    pub fn reset(&mut self) {
        let patterns = self.patterns;
        *self = Self::new(&TonePlan::SILENT, None);
        self.patterns = patterns;
    }

    /// Takes the level of a frame.
    pub fn level(&mut self, level: Dbm0) {
        self.levels[self.next] = level.0;
        self.next = (self.next + 1) % LEVELS;
    }

    /// Something else was heard.
    pub fn other_sound(&mut self) {
        self.first = false;
    }

    /// Takes what became of stretches in a window, and what sounds.
    pub fn advance(
        &mut self,
        event: Option<SegmentEvent>,
        sounding: Option<&Segment>,
        now: SampleTime,
    ) -> [Option<ToneNews>; NEWS_MAX] {
        let mut news = [None; NEWS_MAX];
        let mut push = |one: ToneNews| {
            if let Some(place) = news.iter_mut().find(|place| place.is_none()) {
                *place = Some(one);
            }
        };
        if let Some(SegmentEvent::End(segment)) = event {
            self.latest.rotate_left(1);
            self.latest[KEPT - 1] = Some(segment);
            for open in [&mut self.open, &mut self.learned].into_iter().flatten() {
                if self.patterns[open.pattern].is_some_and(|pattern| pattern.has_sound_of(&segment)) {
                    open.end = segment.end().0;
                }
            }
            let strange = !self.patterns.iter().flatten().any(|pattern| pattern.has_sound_of(&segment));
            if strange && segment.length.0 >= OTHER {
                self.first = false;
            }
            if named::special_information(&self.latest).is_some()
                && self.are_clear_notes()
                && self.special.replace(segment.end().0).is_none()
            {
                push(ToneNews::Began(Tone::SpecialInformation));
            }
        }
        if let Some(end) = self.special
            && now.0 > end + SPECIAL_PATIENCE
        {
            self.special = None;
            push(ToneNews::Ended(Tone::SpecialInformation));
        }
        let ended = matches!(event, Some(SegmentEvent::End(_)));
        let found = self.find(0..LEARNED, sounding, ended, now.0);
        match (found, self.open) {
            (Some((at, end)), Some(open)) if open.pattern == at => {
                self.open = Some(Open { pattern: at, end })
            }
            (Some((at, end)), before) => {
                if let Some(before) = before {
                    push(ToneNews::Ended(WATCHED[before.pattern]));
                }
                self.open = Some(Open { pattern: at, end });
                push(ToneNews::Began(WATCHED[at]));
            }
            (None, Some(open)) if self.is_over(open, sounding, now.0) => {
                self.open = None;
                push(ToneNews::Ended(WATCHED[open.pattern]));
            }
            (None, _) => {}
        }
        match (self.find(LEARNED..LEARNED + 1, sounding, ended, now.0), self.learned) {
            (Some((pattern, end)), before) => {
                self.learned = Some(Open { pattern, end });
                if before.is_none() {
                    push(ToneNews::Learned);
                }
            }
            (None, Some(open)) if self.is_over(open, sounding, now.0) => self.learned = None,
            (None, _) => {}
        }
        news
    }

    /// The pattern of `places` that is certain now, and the end of its latest burst.
    fn find(
        &self,
        places: core::ops::Range<usize>,
        sounding: Option<&Segment>,
        ended: bool,
        now: u64,
    ) -> Option<(usize, u64)> {
        let loud = |burst: &Segment, next: &Segment| self.loud(burst, next, now);
        let mut best: Option<(f32, usize, u64)> = None;
        for at in places {
            let Some(pattern) = &self.patterns[at] else { continue };
            let found = match sounding {
                Some(segment) if pattern.stands(segment, self.first) => Some((0.0, segment.end().0)),
                // A cadence shows itself at the end of a burst, or in its long pause.
                _ if ended || (pattern.is_long() && sounding.is_none()) => {
                    let (mut done, mut count) = ([Segment::EMPTY; KEPT], 0);
                    let loudest = self.loudest(pattern);
                    for segment in self.latest.iter().flatten() {
                        // What is left of a voice at our end may be steady, too, but is far below.
                        if segment.level.0 > loudest - FAINT || pattern.has_sound_of(segment) {
                            done[count] = *segment;
                            count += 1;
                        }
                    }
                    let last = done[..count].last().map_or(0, |last| last.end().0);
                    let latest = Latest {
                        done: &done[..count],
                        loud: &loud,
                        now,
                        sounding: sounding.is_some(),
                        // The dial tone that is waited for needs no more proof than one cycle.
                        once: self.first && at < LEARNED && WATCHED[at] == Tone::Dial,
                    };
                    // What is long over is not found again.
                    let fresh = now <= last + pattern.patience();
                    fresh.then(|| pattern.follows(&latest)).flatten().map(|off| (off, last))
                }
                _ => None,
            };
            if let Some((off, end)) = found
                && best.is_none_or(|(least, ..)| off < least)
            {
                best = Some((off, at, end));
            }
        }
        best.map(|(_, at, end)| (at, end))
    }

    /// Level of the loudest of the latest stretches that could be of a pattern.
    fn loudest(&self, pattern: &Pattern) -> f32 {
        let own = self.latest.iter().flatten().filter(|segment| pattern.has_sound_of(segment));
        own.map(|segment| segment.level.0).fold(SILENCE.0, f32::max)
    }

    fn is_over(&self, open: Open, sounding: Option<&Segment>, now: u64) -> bool {
        let Some(pattern) = &self.patterns[open.pattern] else { return true };
        let goes_on = sounding.is_some_and(|segment| pattern.has_sound_of(segment));
        !goes_on && now > open.end + pattern.patience()
    }

    /// Share of the frames between two bursts that are loud.
    fn loud(&self, burst: &Segment, next: &Segment, now: u64) -> f32 {
        let frame = TICK_SAMPLES as u64;
        let (from, to) = (burst.end().0 + EDGE, next.start.0.saturating_sub(EDGE));
        let (mut loud, mut all) = (0_u32, 0_u32);
        let mut at = from / frame + 1;
        while (at + 1) * frame <= to {
            let ago = (now / frame).saturating_sub(at) as usize;
            if (1..=LEVELS).contains(&ago) {
                let level = self.levels[(self.next + LEVELS - ago) % LEVELS];
                all += 1;
                loud += u32::from(level > burst.level.0 - PAUSE_BELOW);
            }
            at += 1;
        }
        if all == 0 { 0.0 } else { loud as f32 / all as f32 }
    }

    /// The last three stretches are clear notes of one level.
    fn are_clear_notes(&self) -> bool {
        let Some(last) = self.latest.last_chunk::<3>() else { return false };
        let levels = last.iter().flatten().map(|note| note.level.0);
        let (least, most) = levels.fold((f32::MAX, f32::MIN), |(a, b), level| (a.min(level), b.max(level)));
        most - least < 6.0 && last.iter().flatten().all(|note| note.purity > 0.85 && note.wander.0 < 3.0)
    }
}

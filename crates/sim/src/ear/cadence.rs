//! The name of a cadence.
//!
//! # What it does
//! Cuts what is heard into runs of sound and pause, and names the tone whose cadence they follow.
//!
//! # How
//! A change counts once it has lasted ([`PAUSE_CONFIRM`], [`SOUND_CONFIRM`]) and is dated back to where it began. All
//! tones of the plan that the runs so far agree with are kept; when one is left and sound has lasted
//! [`LEAST_SOUND`], that is its name. It is confirmed by the first whole sound and what follows it (by
//! [`LONG_STEADY`] where nothing does) and kept as long as the runs agree. Where busy differs from dial tone by its
//! cadence alone, an ear that expects dial tone takes the first tone for it until the cadence shows otherwise.
//!
//! # Limits
//! One tone at a time.
//!
//! # Standard
//! None.

use std::collections::VecDeque;

use tipring_port::Tone;
use tipring_units::{Dbm0, Hz, Millis, SampleTime, TICK_SAMPLES};

use super::percept::{Class, Percept};
use super::plan::{Pattern, Plan, Step};
use super::{Heard, NO_LEVEL, What};

/// A pause shorter than this is a gap in the sound.
const PAUSE_CONFIRM: u64 = Millis(30).samples().0;
/// A sound shorter than this is a click.
const SOUND_CONFIRM: u64 = 60;
/// Sound has lasted this long before it gets a name: longer than the bursts of a stutter.
const LEAST_SOUND: u64 = Millis(110).samples().0;
/// A steady tone is confirmed after this.
const LONG_STEADY: u64 = Millis(1000).samples().0;
/// Sound that is no tone is speech after this.
const LEAST_SPEECH: u64 = Millis(250).samples().0;
/// A pause that belongs to no tone is silence after this.
const LEAST_SILENCE: u64 = Millis(150).samples().0;
/// A change of the kind of sound counts after this many frames; from a known sound to an unknown, after more.
const CHANGE_FRAMES: u8 = 2;
const DECAY_FRAMES: u8 = 12;
/// Lengths agree within this and a fiftieth of the length; within more where one sound follows on another, since the
/// window of 60 ms blurs that moment.
const TOLERANCE: u64 = Millis(12).samples().0;
const SOFT_TOLERANCE: u64 = Millis(60).samples().0;
/// Runs that are remembered.
const MAX_RUNS: usize = 24;

/// What a run of sound is.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Key {
    Pause,
    /// Too short to tell.
    Unjudged,
    Known(Class),
}

#[derive(Clone, Copy, Debug)]
struct Run {
    key: Key,
    start: u64,
    end: Option<u64>,
    /// It begins or ends in another sound.
    soft: bool,
    /// Until when it was surely this sound.
    sure: u64,
}

/// Names what is heard.
#[derive(Clone, Debug)]
pub(super) struct Cadences {
    plan: Plan,
    /// The plan with sounds that follow each other joined, for tones that come named.
    joined: Vec<Pattern>,
    now: u64,
    runs: VecDeque<Run>,
    /// The first run may be any step of its tone.
    anywhere: bool,
    /// The first run began before it was heard, or in another sound: it may be shorter than its step.
    is_cut: bool,
    /// The first tone is taken for dial tone if it may be one.
    expects_dial_tone: bool,
    flip: Option<u64>,
    change: Option<(Class, u8, u64)>,
    name: Option<Heard>,
}

/// How far the runs agree with a tone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Agreement {
    Possible,
    Confirmed,
}

impl Cadences {
    pub fn new(plan: Plan, now: SampleTime) -> Self {
        let joined = plan.patterns.iter().map(join).collect();
        let mut cadences = Self {
            plan,
            joined,
            now: now.0,
            runs: VecDeque::new(),
            anywhere: false,
            is_cut: false,
            expects_dial_tone: false,
            flip: None,
            change: None,
            name: None,
        };
        cadences.runs.push_back(Run { key: Key::Pause, start: now.0, end: None, soft: false, sure: now.0 });
        cadences
    }

    /// Forgets everything: the ear was away until now.
    pub fn reset(&mut self, now: SampleTime) {
        self.now = now.0;
        self.runs.clear();
        self.runs.push_back(Run { key: Key::Pause, start: now.0, end: None, soft: false, sure: now.0 });
        (self.anywhere, self.is_cut) = (false, false);
        (self.flip, self.change, self.name) = (None, None, None);
    }

    /// Whether the first tone from now on is taken for dial tone if it may be one.
    pub fn expect_dial_tone(&mut self, expects: bool) {
        self.expects_dial_tone = expects;
    }

    /// Takes a frame in; `is_voice` where it is known whose voice sounds. Gives what is heard now.
    pub fn hear(&mut self, percept: &Percept, is_voice: bool) -> Option<Heard> {
        let quarter = (TICK_SAMPLES / 4) as u64;
        for sounding in percept.sounding {
            let at = self.now;
            self.now += quarter;
            if sounding == self.is_sounding() {
                self.flip = None;
                continue;
            }
            let since = *self.flip.get_or_insert(at);
            let needed = if sounding { SOUND_CONFIRM } else { PAUSE_CONFIRM };
            if self.now - since >= needed {
                self.flip = None;
                self.turn(since);
            }
        }
        if self.is_sounding()
            && let Some(class) = percept.class
        {
            self.judge(class, u64::from(percept.window));
        }
        self.evaluate(is_voice);
        self.name
    }

    /// What may be heard now although it has no name yet.
    pub fn provisional(&self) -> Option<What> {
        let run = self.runs.back()?;
        if self.now - run.start < LEAST_SOUND { None } else { what_of(run.key) }
    }

    fn is_sounding(&self) -> bool {
        self.runs.back().is_some_and(|run| run.key != Key::Pause)
    }

    /// How long a run has lasted; if it may have ended a moment ago, until then.
    fn lasted(&self, run: &Run) -> u64 {
        let until = match run.key {
            Key::Known(_) => run.sure.min(self.flip.unwrap_or(run.sure)),
            Key::Pause | Key::Unjudged => self.flip.unwrap_or(self.now),
        };
        run.end.unwrap_or(until).saturating_sub(run.start)
    }

    /// Sound began or ended at `at`.
    fn turn(&mut self, at: u64) {
        let key = if self.is_sounding() { Key::Pause } else { Key::Unjudged };
        let is_first = self.runs.len() == 1;
        if let Some(last) = self.runs.back_mut() {
            last.end = Some(at);
            if is_first && at < last.start + PAUSE_CONFIRM {
                (self.anywhere, self.is_cut) = (true, true); // it sounded before there was an ear
            }
        }
        self.change = None;
        self.push(Run { key, start: at, end: None, soft: false, sure: at });
    }

    fn push(&mut self, run: Run) {
        if self.runs.len() == MAX_RUNS {
            // drop a whole sound and pause, so that what is left begins with a sound
            self.runs.drain(..2);
            (self.anywhere, self.is_cut) = (true, false);
        }
        self.runs.push_back(run);
    }

    fn judge(&mut self, class: Class, window: u64) {
        let Some(run) = self.runs.back_mut() else { return };
        let patience = match (run.key, class) {
            (Key::Known(known), _) if known.is_like(&class) => {
                self.change = None;
                // a level measured later is measured better
                run.key = Key::Known(class);
                run.sure = self.now;
                return;
            }
            (Key::Unjudged, Class::Other) => DECAY_FRAMES / 2,
            (Key::Unjudged, _) => 1,
            (Key::Known(Class::Other), _) => CHANGE_FRAMES,
            (Key::Known(_), Class::Other) => DECAY_FRAMES,
            (Key::Known(_) | Key::Pause, _) => CHANGE_FRAMES,
        };
        let began = self.now.saturating_sub(window);
        let change = match self.change {
            Some((known, frames, since)) if known.is_like(&class) => (known, frames + 1, since),
            Some(_) | None => (class, 1, began),
        };
        self.change = Some(change);
        let (_, frames, since) = change;
        if frames < patience {
            return;
        }
        self.change = None;
        if run.key == Key::Unjudged || since < run.start + LEAST_SOUND / 2 {
            run.key = Key::Known(class);
            run.sure = self.now;
            return;
        }
        run.end = Some(since);
        run.soft = true;
        self.push(Run { key: Key::Known(class), start: since, end: None, soft: true, sure: self.now });
    }

    fn evaluate(&mut self, is_voice: bool) {
        loop {
            let fitting = self.fitting();
            if let Some(name) = &mut self.name
                && let What::Tone(tone) = name.what
                && let Some((_, agreement)) = fitting.iter().find(|(fits, _)| *fits == tone)
            {
                if *agreement == Agreement::Confirmed && name.confirmed.is_none() {
                    name.confirmed = Some(SampleTime(self.now));
                }
                return;
            }
            if let [(tone, agreement)] = fitting[..] {
                self.baptize(tone, agreement);
                return;
            }
            if let Some((tone, agreement)) = fitting.iter().find(|(tone, _)| *tone == Tone::Dial)
                && core::mem::take(&mut self.expects_dial_tone)
            {
                self.baptize(*tone, *agreement);
                // too early: it is still expected
                self.expects_dial_tone = self.name.is_none_or(|name| name.what == What::Silence);
                return;
            }
            if !fitting.is_empty() {
                self.end_other_names();
                return;
            }
            // nothing agrees: what came first belongs to something else
            let Some(next) = (1..self.runs.len()).find(|n| is_judged(&self.runs[*n])) else { break };
            // a burst that follows a pause was heard whole: if it is short, its tone was stopped
            self.is_cut = self.runs.get(next - 1).is_none_or(|before| before.key != Key::Pause);
            self.runs.drain(..next);
            self.anywhere = true;
        }
        self.name_the_rest(is_voice);
    }

    /// The tones with which the runs agree.
    fn fitting(&self) -> Vec<(Tone, Agreement)> {
        let mut fitting: Vec<(Tone, Agreement)> = Vec::new();
        let runs: Vec<Run> = self.runs.iter().copied().skip_while(|run| !is_judged(run)).collect();
        let Some(Run { key: Key::Known(first), .. }) = runs.first() else { return fitting };
        let patterns = if matches!(first, Class::Named(..)) { &self.joined } else { &self.plan.patterns };
        for pattern in patterns {
            let starts = if self.anywhere { pattern.steps.len() } else { 1 };
            let best = (0..starts).filter_map(|start| self.agree(pattern, start, &runs)).max();
            if let Some(agreement) = best {
                fitting.push((pattern.tone, agreement));
            }
        }
        fitting
    }

    fn agree(&self, pattern: &Pattern, start: usize, runs: &[Run]) -> Option<Agreement> {
        let mut at = Some(start);
        let (mut whole_sound, mut confirmed) = (false, false);
        for (n, run) in runs.iter().enumerate() {
            let step = pattern.steps.get(at?)?;
            if !is_step(pattern.tone, step, run.key) {
                return None;
            }
            let is_last = n + 1 == runs.len();
            let lasted = self.lasted(run);
            match step.length {
                None if !is_last || run.end.is_some() => return None,
                None => confirmed |= lasted >= LONG_STEADY,
                Some(length) => {
                    let length = length.samples().0;
                    let slack = if run.soft { SOFT_TOLERANCE } else { TOLERANCE } + length / 50;
                    let may_be_shorter = is_last || (n == 0 && self.is_cut);
                    if lasted > length + slack || (!may_be_shorter && lasted + slack < length) {
                        return None;
                    }
                    let is_whole = run.end.is_some() && lasted + slack >= length;
                    confirmed |= whole_sound && is_whole;
                    whole_sound |= step.chord.is_some() && is_whole;
                }
            }
            at = at.map(|at| at + 1).filter(|at| *at < pattern.steps.len()).or(pattern.repeat_from);
        }
        Some(if confirmed { Agreement::Confirmed } else { Agreement::Possible })
    }

    fn baptize(&mut self, tone: Tone, agreement: Agreement) {
        let Some(first) = self.runs.iter().find(|run| is_judged(run)) else { return };
        // in a call there is no second burst by which to know a short one; it comes named, or not at all
        let is_named = |run: &Run| matches!(run.key, Key::Known(Class::Named(Tone::CallWaiting, _)));
        let is_whole =
            |run: &Run| run.key != Key::Pause && (self.lasted(run) >= LEAST_SOUND || is_named(run));
        let is_long = self.runs.iter().any(is_whole);
        // a burst of a stutter is a little shorter; it is known when the next has begun
        let sounds = self.runs.iter().filter(|run| run.key != Key::Pause).count();
        if !is_long && sounds < 2 {
            self.end_other_names();
            return;
        }
        let confirmed = (agreement == Agreement::Confirmed).then_some(SampleTime(self.now));
        self.name = Some(Heard {
            what: What::Tone(tone),
            since: SampleTime(first.start),
            named: SampleTime(self.now),
            confirmed,
            level: NO_LEVEL,
        });
    }

    /// A name that nothing supports any more ends, unless it is silence that goes on.
    fn end_other_names(&mut self) {
        if self.is_sounding() || self.name.is_some_and(|name| name.what != What::Silence) {
            self.name = None;
        }
    }

    fn name_the_rest(&mut self, is_voice: bool) {
        let Some(run) = self.runs.back().copied() else { return };
        let age = self.lasted(&run);
        if run.key == Key::Pause && age >= LEAST_SILENCE {
            // what comes next is heard from its beginning
            self.runs.drain(..self.runs.len() - 1);
            (self.anywhere, self.is_cut) = (false, false);
        }
        let what = match run.key {
            Key::Pause if age >= LEAST_SILENCE => Some(What::Silence),
            Key::Unjudged | Key::Pause => None,
            Key::Known(Class::Digit(_)) => what_of(run.key),
            Key::Known(Class::Other) if is_voice || age < LEAST_SPEECH => None,
            Key::Known(Class::Other) => Some(What::Speech),
            Key::Known(_) if age >= LEAST_SOUND => what_of(run.key),
            Key::Known(_) => None,
        };
        // pauses in speech do not end it, nor do clicks end silence
        let keeps = match (what, &self.name) {
            (Some(what), Some(name)) => what.is_like(&name.what),
            (None, Some(name)) => match name.what {
                What::Speech => !is_voice && run.key == Key::Pause,
                What::Silence => run.key == Key::Pause,
                _ => false,
            },
            (_, None) => false,
        };
        if keeps {
            return;
        }
        self.name = what.map(|what| Heard {
            what,
            since: SampleTime(run.start),
            named: SampleTime(self.now),
            confirmed: None,
            level: NO_LEVEL,
        });
    }
}

fn is_judged(run: &Run) -> bool {
    matches!(run.key, Key::Known(_))
}

/// True if a run of this kind can be that step.
fn is_step(tone: Tone, step: &Step, key: Key) -> bool {
    match (step.chord, key) {
        (None, Key::Pause) | (Some(_), Key::Unjudged) => true,
        (Some(chord), Key::Known(Class::Chord(heard, ..))) => heard == chord,
        (Some(_), Key::Known(Class::Named(heard, _))) => heard == tone,
        (Some(_), Key::Known(_) | Key::Pause) | (None, Key::Unjudged | Key::Known(_)) => false,
    }
}

fn what_of(key: Key) -> Option<What> {
    match key {
        Key::Known(Class::Chord(_, hertz, level) | Class::Sine(hertz, level)) => {
            Some(What::Sine(Hz(libm::roundf(hertz.0)), Dbm0(libm::roundf(level.0 * 10.0) / 10.0)))
        }
        Key::Known(Class::Named(tone, _)) => Some(What::Tone(tone)),
        Key::Known(Class::Digit(digit)) => Some(What::Digit(digit)),
        Key::Known(Class::Other) | Key::Pause | Key::Unjudged => None,
    }
}

/// The pattern with sounds that follow each other made one.
fn join(pattern: &Pattern) -> Pattern {
    let mut steps: Vec<Step> = Vec::new();
    for step in &pattern.steps {
        match steps.last_mut() {
            Some(last) if last.chord.is_some() && step.chord.is_some() => {
                last.length = match (last.length, step.length) {
                    (Some(a), Some(b)) => Some(a + b),
                    _ => None,
                };
            }
            Some(_) | None => steps.push(*step),
        }
    }
    // sound without a pause in the whole cycle never ends
    if let [only] = &mut steps[..]
        && only.chord.is_some()
    {
        only.length = None;
    }
    let repeat_from = pattern.repeat_from.filter(|from| *from < steps.len());
    Pattern { tone: pattern.tone, steps, repeat_from }
}

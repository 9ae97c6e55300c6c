//! The ear of an outside line, over symbols.
//!
//! # How
//! A tone of the exchange has its name, so only its cadence is counted: it is told after as many bursts, or as long a stretch, as
//! the ear over samples wants. The learned tone comes as a sine of one of its frequencies, with its bursts and pauses. A
//! voice counts after [`VOICE`], silence is the absence of everything. Caller identity comes as bytes and digits, and is put
//! together as the ear over samples does.
//!
//! # Limits
//! A burst is held to its least length only, unless it is of the learned tone.

use tipring_dsp::{ALERT_TONES, CallerIdEar, ToneDemand, tone_demand};
use tipring_port::{
    CallerIdTiming, LearnedTone, LineProfile, Overheard, Sound, Symbol, Symbols, Tone, ToneProgram,
};
use tipring_units::{Millis, TICK};

use super::study::Study;
use crate::processing::{LineEar, MAX_OVERHEARD};

/// A voice is told when it has lasted so long, and again after such a pause.
const VOICE: Millis = Millis(240);
const VOICE_PAUSE: Millis = Millis(2000);
/// After a sound the ear over samples is not sure of silence for so long.
const LINGERS: Millis = Millis(200);
/// How often silence is told.
const SILENCE_TOLD: u32 = 1000;
/// A tone that is the first sound after the line was seized is told after this.
const FIRST: Millis = Millis(400);
/// The longest pause of a tone that is not watched for by its cadence.
const PATIENCE: Millis = Millis(100);
/// The three notes of a special information tone are known at once; it is over so long behind the last.
const SPECIAL_PATIENCE: Millis = Millis(2600);
/// Ticks by which bursts and pauses of the learned tone may be off.
const LEARNED_OFF: u32 = 4;

/// Ticks after which a digit counts, and the alerting signal.
const DIGIT_TICKS: u8 = 4;
const ALERT_TICKS: u8 = 5;

/// An ear over symbols.
pub struct SymbolLineEar {
    asked: [Option<Asked>; Tone::ALL.len()],
    learned: Option<ToneProgram>,
    tone: Option<Following<Tone>>,
    tune: Option<Following<()>>,
    /// Bursts and pauses of the learned tone that were right so far.
    right: usize,
    voice: Millis,
    voice_pause: Millis,
    voice_told: bool,
    silent: u32,
    /// A sound counts for so much longer.
    lingers: Millis,
    first: bool,
    caller: Option<CallerIdEar>,
    /// The identity comes off-hook.
    answers: bool,
    carrier: bool,
    digit: Option<u8>,
    digit_ticks: u8,
    alert_ticks: u8,
    study: Study,
}

/// What is asked of a tone.
#[derive(Clone, Copy)]
struct Asked {
    demand: ToneDemand,
    /// The longest pause in it.
    pause: Millis,
    /// Its first burst.
    burst: Millis,
    /// Bursts that follow each other without a pause, as those of a special information tone.
    run: usize,
}

/// A tone that is followed.
#[derive(Clone, Copy)]
struct Following<T> {
    what: T,
    /// Bursts that are over, and how long this one or the pause after it has been.
    bursts: usize,
    on: Millis,
    off: Millis,
    told: bool,
}

impl LineEar<Symbols> for SymbolLineEar {
    fn new(profile: &LineProfile) -> Self {
        let asked = Tone::ALL.map(|tone| {
            let program = profile.tones.get(tone);
            tone_demand(program).map(|demand| {
                let (burst, run) = (lengths(program).0, run(program));
                if tone == Tone::SpecialInformation {
                    return Asked { demand: ToneDemand::Bursts(run), pause: SPECIAL_PATIENCE, burst, run };
                }
                Asked { demand, pause: longest_pause(program), burst, run }
            })
        });
        let learned = profile.fxo.as_ref().and_then(|fxo| fxo.clear.learned);
        Self {
            asked,
            learned,
            caller: profile.caller_id.signal().map(CallerIdEar::new),
            answers: matches!(profile.caller_id, CallerIdTiming::AfterShortRing { .. }),
            ..Self::deaf()
        }
    }

    fn renew(&mut self, profile: &LineProfile) {
        *self = Self::new(profile);
    }

    fn reset(&mut self) {
        let Self { asked, learned, answers, study, .. } = *self;
        let mut caller = self.caller.take();
        if let Some(caller) = &mut caller {
            caller.reset();
        }
        *self = Self { asked, learned, caller, answers, study, ..Self::deaf() };
    }

    fn listen(
        &mut self,
        off_hook: bool,
        line: &Symbol,
        network: Option<&Symbol>,
    ) -> [Option<Overheard>; MAX_OVERHEARD] {
        let mut told = [None; MAX_OVERHEARD];
        let mut push = |news: Option<Overheard>| {
            if let Some(news) = news
                && let Some(place) = told.iter_mut().find(|place| place.is_none())
            {
                *place = Some(news);
            }
        };
        if !off_hook || self.answers {
            push(self.caller(line));
        }
        if !off_hook {
            return told;
        }
        for news in self.tones(line) {
            push(news);
        }
        push(self.learned(line));
        push(self.voices(line));
        push(self.silence(line.is_silent() && network.is_some_and(Symbol::is_silent)));
        told
    }

    fn is_receiving(&self) -> bool {
        self.carrier || self.caller.as_ref().is_some_and(CallerIdEar::is_receiving)
    }

    fn study(&mut self, line: &Symbol) {
        self.study.feed(line);
    }

    fn studied(&mut self) -> Option<LearnedTone> {
        self.study.result()
    }
}

impl SymbolLineEar {
    /// An ear for a line without tones.
    fn deaf() -> Self {
        Self {
            asked: [None; Tone::ALL.len()],
            learned: None,
            tone: None,
            tune: None,
            right: 0,
            voice: Millis::ZERO,
            voice_pause: Millis::ZERO,
            voice_told: false,
            silent: 0,
            lingers: Millis::ZERO,
            first: true,
            caller: None,
            answers: false,
            carrier: false,
            digit: None,
            digit_ticks: 0,
            alert_ticks: 0,
            study: Study::default(),
        }
    }

    fn caller(&mut self, line: &Symbol) -> Option<Overheard> {
        let caller = self.caller.as_mut()?;
        let (mut heard, mut carrier, mut digit) = (None, false, None);
        for (sound, _) in line.sounds() {
            match sound {
                Sound::Fsk(bytes, count) => {
                    carrier = true;
                    for byte in bytes.iter().take(usize::from(count)) {
                        heard = caller.byte(*byte).or(heard);
                    }
                }
                Sound::Dtmf(one) => digit = Some(one),
                Sound::Tone(_) | Sound::Voice(_) | Sound::Sine(_) | Sound::Phrase(_) => {}
            }
        }
        if core::mem::replace(&mut self.carrier, carrier) && !carrier {
            heard = caller.carrier_lost().or(heard);
        }
        let before = core::mem::replace(&mut self.digit, digit);
        let ticks = core::mem::replace(&mut self.digit_ticks, 1);
        match before {
            same if same == digit => self.digit_ticks = ticks.saturating_add(1),
            // It counts when it is over, as it does over samples.
            Some(over) if ticks >= DIGIT_TICKS => heard = caller.digit(over).or(heard),
            Some(_) | None => {}
        }
        if digit.is_none() {
            heard = caller.no_digit().or(heard);
        }
        let alerts = ALERT_TONES.iter().all(|tone| {
            let is = |(sound, _)| matches!(sound, Sound::Sine(hertz) if f32::from(hertz) == tone.0);
            line.sounds().any(is)
        });
        self.alert_ticks = if alerts { self.alert_ticks.saturating_add(1) } else { 0 };
        heard.or_else(|| (self.alert_ticks == ALERT_TICKS).then_some(Overheard::Alert))
    }

    fn tones(&mut self, line: &Symbol) -> [Option<Overheard>; 2] {
        let sounding = line.sounds().find_map(|(sound, _)| match sound {
            Sound::Tone(tone) => Some(tone),
            Sound::Dtmf(_) | Sound::Fsk(..) | Sound::Voice(_) | Sound::Sine(_) | Sound::Phrase(_) => None,
        });
        let mut ended = None;
        match (&mut self.tone, sounding) {
            (Some(now), Some(tone)) if now.what == tone => now.sound(),
            (Some(now), None) => now.pause(),
            (before, Some(tone)) => {
                ended = before.filter(|now| now.told).map(|now| Overheard::ToneEnded(now.what));
                *before = Some(Following::new(tone));
            }
            (None, None) => {}
        }
        let Some(now) = &mut self.tone else { return [ended, None] };
        let none = Asked { demand: ToneDemand::Bursts(1), pause: PATIENCE, burst: Millis::ZERO, run: 1 };
        let Asked { demand, pause, burst, run } = self.asked[now.what as usize].unwrap_or(none);
        let is_cut = now.bursts == 1 && now.off == TICK && u64::from(now.on.0) * 5 < u64::from(burst.0) * 4;
        if is_cut && !now.told {
            // The answer came into it, or it was another sound.
            self.tone = None;
            return [ended, None];
        }
        if now.off > pause {
            ended = now.told.then_some(Overheard::ToneEnded(now.what));
            self.tone = None;
            return [ended, None];
        }
        let certain = match demand {
            // One burst alone could be the beginning of anything: its pause has to come.
            ToneDemand::Bursts(1) => now.bursts >= 1 && now.off.0 * 100 > pause.0 * 53,
            ToneDemand::Bursts(count) => now.bursts * run >= count,
            ToneDemand::Steady(still) => now.on >= if self.first { FIRST } else { still },
        };
        if certain && !now.told {
            now.told = true;
            return [ended, Some(Overheard::Tone(now.what))];
        }
        [ended, None]
    }

    fn learned(&mut self, line: &Symbol) -> Option<Overheard> {
        let program = self.learned.as_ref()?;
        let sounds = line.sounds().any(|(sound, _)| match sound {
            Sound::Sine(hertz) => has(program, f32::from(hertz)),
            Sound::Tone(_) | Sound::Dtmf(_) | Sound::Fsk(..) | Sound::Voice(_) | Sound::Phrase(_) => false,
        });
        let (on, off) = lengths(program);
        let steady = off == Millis::ZERO;
        let Some(now) = &mut self.tune else {
            if sounds {
                (self.tune, self.right) = (Some(Following::new(())), 0);
            }
            return None;
        };
        let (before_on, before_off) = (now.on, now.off);
        if sounds {
            now.sound()
        } else {
            now.pause()
        }
        let burst_over = !sounds && before_off == Millis::ZERO;
        let pause_over = sounds && before_off > Millis::ZERO;
        if (burst_over && !near(before_on, on)) || (pause_over && !near(before_off, off)) {
            self.right = 0;
        } else if burst_over {
            self.right += 1;
        }
        let certain = match tone_demand(program)? {
            ToneDemand::Bursts(count) => self.right >= count,
            ToneDemand::Steady(still) => now.on >= still,
        };
        if now.off.0 > off.0 + TICK.0 * LEARNED_OFF + 80 && (!steady || now.off > PATIENCE) {
            self.tune = None;
            return None;
        }
        (certain && !core::mem::replace(&mut now.told, certain)).then_some(Overheard::Learned)
    }

    fn voices(&mut self, line: &Symbol) -> Option<Overheard> {
        let speaks = line.sounds().any(|(sound, _)| matches!(sound, Sound::Voice(_)));
        if speaks {
            self.first = false;
            self.voice = self.voice + TICK;
            self.voice_pause = Millis::ZERO;
            if self.voice >= VOICE && !core::mem::replace(&mut self.voice_told, true) {
                return Some(Overheard::Voice);
            }
        } else {
            self.voice_pause = self.voice_pause + TICK;
            if self.voice_pause >= VOICE_PAUSE {
                (self.voice, self.voice_told) = (Millis::ZERO, false);
            }
        }
        None
    }

    fn silence(&mut self, silent: bool) -> Option<Overheard> {
        if !silent {
            self.lingers = LINGERS;
        } else if self.lingers > Millis::ZERO {
            self.lingers = Millis(self.lingers.0.saturating_sub(TICK.0));
            return None;
        }
        self.silent = if silent { self.silent.saturating_add(TICK.0) } else { 0 };
        (silent && self.silent.is_multiple_of(SILENCE_TOLD))
            .then_some(Overheard::Silence(Millis(self.silent)))
    }
}

impl<T> Following<T> {
    fn new(what: T) -> Self {
        Self { what, bursts: 0, on: TICK, off: Millis::ZERO, told: false }
    }

    fn sound(&mut self) {
        if self.off > Millis::ZERO {
            (self.on, self.off) = (Millis::ZERO, Millis::ZERO);
        }
        self.on = self.on + TICK;
    }

    fn pause(&mut self) {
        if self.off == Millis::ZERO {
            self.bursts = self.bursts.saturating_add(1);
        }
        self.off = self.off + TICK;
    }
}

/// The longest pause of a program with what may be added to it.
fn longest_pause(program: &ToneProgram) -> Millis {
    let longest = program.steps().iter().filter(|step| step.is_pause()).map(|step| step.length.0).max();
    longest.map_or(PATIENCE, |longest| Millis(longest + longest * 3 / 20 + 100))
}

/// The bursts of a program's first cycle that follow each other without a pause.
fn run(program: &ToneProgram) -> usize {
    let steps = program.steps().iter().skip_while(|step| step.is_pause());
    let (mut count, mut before) = (0, None);
    for step in steps.take_while(|step| !step.is_pause()) {
        let hertz = step.components.map(|one| if one.sounds() { one.frequency.0.to_bits() } else { 0 });
        if before.replace(hertz) != Some(hertz) {
            count += 1;
        }
    }
    count.max(1)
}

/// Burst and pause of a program's first cycle.
fn lengths(program: &ToneProgram) -> (Millis, Millis) {
    let sum = |pauses: bool| {
        let steps = program.steps().iter().skip_while(|step| step.is_pause());
        let part = steps.skip_while(|step| pauses && !step.is_pause());
        Millis(part.take_while(|step| step.is_pause() == pauses).map(|step| step.length.0).sum())
    };
    (sum(false), sum(true))
}

fn has(program: &ToneProgram, hertz: f32) -> bool {
    let components = program.steps().iter().flat_map(|step| step.components.iter());
    components.filter(|one| one.sounds()).any(|one| (one.frequency.0 - hertz).abs() <= 0.02 * hertz)
}

fn near(heard: Millis, wanted: Millis) -> bool {
    heard.0.abs_diff(wanted.0) <= wanted.0 / 10 + LEARNED_OFF * TICK.0
}

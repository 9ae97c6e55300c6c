//! The media plane over symbols: the same delays and decisions, no sound.
//!
//! # What it does
//! Carries the names of sounds through lines, players, payloads and crossings.
//!
//! # How
//! A digit counts after [`DETECT_FRAMES`] frames, as the detector of true samples needs; a tone follows its
//! cadence to the tick; a caller-ID burst carries its bytes when its last bit would have been sent.
//!
//! # Limits
//! Echo does not exist; levels are carried, gains are applied to them, nothing is masked by noise.

mod line_ear;
mod study;

use std::sync::Arc;
use tipring_dsp::{ALERT_LEVEL, ALERT_TONES, CallerIdBurst, FskBurst};

use tipring_port::{
    Announcement, Audio, CallerId, CallerIdSignal, CodecName, LineProfile, OpusWish, Phrase, Signal, Sound,
    Symbol, Symbols, Tone, ToneProgram,
};
use tipring_units::{Db, Dbm0, Millis, Samples, TICK, TICK_SAMPLES};
use tipring_voice::{PhraseBank, SPEECH_LEVEL};

use crate::keys::{Keys, Strike};
use crate::processing::{
    Bank, Coder, Crossing, Heard, LineVoice, Player, Processing, Sifted, Stretch, Whole,
};
use crate::run::Run;
use crate::speech::{Speech, Utterance};

/// Frames with the same digit before it counts (ITU-T Q.24: 40 ms is a digit, 23 ms is not).
const DETECT_FRAMES: u8 = 4;
/// Frames without it before it has ended (interruptions up to 20 ms do not split a digit).
const END_FRAMES: u8 = 2;
/// Silent frames before silence is described in place of being sent, as with samples; and between two descriptions.
const SILENT_FRAMES: u32 = 20;
const TELL_FRAMES: u32 = 200;
/// The level in a description: symbols have no noise.
const NO_NOISE: u8 = 127;
/// Frames of a machine's tone before it is told, as the bank of true samples takes for CNG and for an answer tone.
const BANK_FRAMES: u8 = 43;
/// The same for the three notes of a special information tone.
const INFORMATION_FRAMES: u8 = 99;
/// Bytes of one coded symbol.
const UNIT: usize = 15;
/// Frames that a crossing holds before it gives the first, and at the most.
const CROSS_DEPTH: usize = 2;
const CROSS_MAX: usize = 6;
/// Frames that wait to be played, at the most.
const STRETCH_MAX: usize = 6;

pub use line_ear::SymbolLineEar;

impl Processing for Symbols {
    type Voice = SymbolVoice;
    type Player = SymbolPlayer;
    type Bank = SymbolBank;
    type LineEar = SymbolLineEar;
    type Coder = SymbolCoder;
    type Stretch = SymbolStretch;
    type Crossing = SymbolCrossing;
    type Meter = crate::meter::SymbolMeter;

    fn mix(into: &mut Symbol, other: &Symbol) {
        into.mix(other);
    }
}

/// A line's voice path over symbols.
#[derive(Debug)]
pub struct SymbolVoice {
    gain_in: Db,
    gain_out: Db,
    digit: Option<u8>,
    seen: u8,
    missed: u8,
    data: bool,
}

impl LineVoice<Symbols> for SymbolVoice {
    fn new(profile: &LineProfile) -> Self {
        Self { gain_in: profile.send_gain(), gain_out: profile.receive_gain(), ..Self::plain() }
    }

    fn plain() -> Self {
        Self { gain_in: Db(0.0), gain_out: Db(0.0), digit: None, seen: 0, missed: 0, data: false }
    }

    fn hear(&mut self, frame: &Symbol, _sent: &Symbol, _bulk_delay: Samples) -> Heard<Symbols> {
        if self.data {
            let clean = amplify(frame, self.gain_in);
            return Heard { clean, muted: false, began: None, ended: None };
        }
        let sounding = frame.sounds().find_map(|(sound, _)| match sound {
            Sound::Dtmf(digit) => Some(digit),
            Sound::Tone(_) | Sound::Fsk(..) | Sound::Voice(_) | Sound::Sine(_) | Sound::Phrase(_) => None,
        });
        let mut heard = Heard { clean: amplify(frame, self.gain_in), muted: false, began: None, ended: None };
        match (self.digit, sounding) {
            (None, None) => {}
            (Some(current), Some(now)) if current == now => {
                self.missed = 0;
                self.seen = self.seen.saturating_add(1);
                if self.seen == DETECT_FRAMES {
                    heard.began = Some(current);
                }
            }
            (Some(current), other) => {
                self.missed += 1;
                if self.missed >= END_FRAMES || other.is_some() {
                    if self.seen >= DETECT_FRAMES {
                        heard.ended = Some((current, Millis(u32::from(self.seen) * TICK.0)));
                    }
                    self.digit = other;
                    self.seen = u8::from(other.is_some());
                    self.missed = 0;
                }
            }
            (None, Some(now)) => {
                self.digit = Some(now);
                self.seen = 1;
                self.missed = 0;
            }
        }
        heard.muted = sounding.is_some() || (self.digit.is_some() && self.seen >= DETECT_FRAMES);
        heard
    }

    fn echo_loss(&self) -> Option<Db> {
        None // lines of symbols have no echo that is left
    }

    fn speak(&mut self, frame: &Symbol, _: bool) -> Symbol {
        amplify(frame, self.gain_out)
    }

    fn pass_through(&mut self, on: bool) {
        self.data = on;
    }

    fn reset(&mut self) {
        self.data = false;
        self.digit = None;
        self.seen = 0;
        self.missed = 0;
    }

    fn renew(&mut self, profile: &LineProfile) {
        *self = Self::new(profile);
    }
}

fn amplify(frame: &Symbol, gain: Db) -> Symbol {
    let mut result = Symbol::SILENCE;
    for (sound, level) in frame.sounds() {
        result.add(sound, level + gain);
    }
    result
}

/// A player of symbols.
#[derive(Debug)]
pub struct SymbolPlayer {
    playing: Playing,
    bank: Arc<PhraseBank>,
    announced: bool,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one per line, kept for its life
enum Playing {
    Nothing,
    Tone {
        tone: Tone,
        program: ToneProgram,
        step: usize,
        into: Millis,
    },
    Digits(Keys),
    /// With the time since its beginning and the bytes that were sent.
    Burst {
        burst: FskBurst,
        sent: Samples,
        bytes: usize,
    },
    /// The digits of a caller's number.
    Run(Run),
    /// The alerting signal, with what is left of it.
    Alert(Millis),
    Speech(Speech),
}

impl Player<Symbols> for SymbolPlayer {
    fn new() -> Self {
        Self { playing: Playing::Nothing, bank: Arc::default(), announced: false }
    }

    fn tone(&mut self, tone: Tone, program: &ToneProgram) {
        self.playing = Playing::Tone { tone, program: *program, step: 0, into: Millis::ZERO };
    }

    fn digit(&mut self, digit: u8, length: Option<Millis>) {
        if !matches!(self.playing, Playing::Digits(_)) {
            self.playing = Playing::Digits(Keys::new());
        }
        if let Playing::Digits(keys) = &mut self.playing {
            keys.press(digit, length);
        }
    }

    fn finish_digit(&mut self, total: Millis) {
        if let Playing::Digits(keys) = &mut self.playing {
            keys.finish(total);
        }
    }

    fn drop_digits(&mut self) {
        if let Playing::Digits(_) = self.playing {
            self.playing = Playing::Nothing;
        }
    }

    fn caller_id(&mut self, caller: &CallerId, signal: CallerIdSignal) {
        self.playing = Playing::of(CallerIdBurst::new(caller, signal));
    }

    fn lamp(&mut self, on: bool, signal: CallerIdSignal) {
        self.playing = Playing::of(CallerIdBurst::lamp(on, signal));
    }

    fn alert(&mut self, length: Millis) {
        self.playing = Playing::Alert(length);
    }

    fn set_bank(&mut self, bank: &Arc<PhraseBank>) {
        self.bank = Arc::clone(bank);
    }

    fn announce(&mut self, words: &Announcement) {
        self.playing = Playing::Speech(Speech::new(*words));
        self.announced = false;
    }

    fn take_announced(&mut self) -> bool {
        core::mem::take(&mut self.announced)
    }

    fn is_burst(&self) -> bool {
        matches!(self.playing, Playing::Burst { .. } | Playing::Run(_) | Playing::Alert(_))
    }

    fn is_digit(&self) -> bool {
        matches!(self.playing, Playing::Digits(_))
    }

    fn stop(&mut self) {
        self.playing = Playing::Nothing;
        self.announced = false;
    }

    fn next_frame(&mut self) -> Option<Symbol> {
        match &mut self.playing {
            Playing::Nothing => None,
            Playing::Tone { tone, program, step, into } => {
                let Some(now) = program.steps().get(*step) else {
                    self.playing = Playing::Nothing;
                    return None;
                };
                let symbol = if now.is_pause() {
                    Symbol::SILENCE
                } else {
                    let loudest = now
                        .components
                        .iter()
                        .filter(|component| component.sounds())
                        .map(|component| component.level.0)
                        .fold(f32::MIN, f32::max);
                    Symbol::of(Sound::Tone(*tone), Dbm0(loudest))
                };
                *into = *into + TICK;
                if now.length != Millis::ZERO && *into >= now.length {
                    *into = *into - now.length;
                    *step += 1;
                    if *step >= program.steps().len() {
                        *step = program.repeat_from().unwrap_or(usize::MAX);
                    }
                }
                Some(symbol)
            }
            Playing::Digits(keys) => {
                let strike = keys.next_tick();
                self.strike(strike)
            }
            Playing::Run(run) => {
                let strike = run.next_tick();
                self.strike(strike)
            }
            Playing::Alert(Millis::ZERO) => {
                self.playing = Playing::Nothing;
                None
            }
            Playing::Alert(left) => {
                *left = Millis(left.0.saturating_sub(TICK.0));
                let mut symbol = Symbol::SILENCE;
                for frequency in ALERT_TONES {
                    symbol.add(Sound::Sine(frequency.0 as u16), ALERT_LEVEL);
                }
                Some(symbol)
            }
            Playing::Speech(speech) => match speech.next_tick(&self.bank) {
                Some(Utterance::Pause) => Some(Symbol::SILENCE),
                Some(Utterance::Of(phrase, _)) => Some(Symbol::of(Sound::Phrase(phrase), SPEECH_LEVEL)),
                None => {
                    self.playing = Playing::Nothing;
                    self.announced = true;
                    None
                }
            },
            Playing::Burst { burst, sent, bytes } => {
                let all = burst.bytes();
                if *bytes >= all.len() {
                    self.playing = Playing::Nothing;
                    return None;
                }
                sent.0 += TICK.samples().0;
                let mut out = [0; 2];
                let mut count = 0;
                for place in &mut out {
                    match all.get(*bytes) {
                        Some(byte) if burst.end_of_byte(*bytes) <= *sent => *place = *byte,
                        Some(_) | None => break,
                    }
                    *bytes += 1;
                    count += 1;
                }
                Some(Symbol::of(Sound::Fsk(out, count), Dbm0(-14.0)))
            }
        }
    }
}

impl Playing {
    fn of(burst: Option<CallerIdBurst>) -> Self {
        match burst {
            Some(CallerIdBurst::Fsk(_, burst)) => Self::Burst { burst, sent: Samples(0), bytes: 0 },
            Some(CallerIdBurst::Digits(digits)) => Self::Run(Run::new(digits)),
            None => Self::Nothing,
        }
    }
}

impl SymbolPlayer {
    /// One tick of digits.
    fn strike(&mut self, strike: Strike) -> Option<Symbol> {
        match strike {
            Strike::Nothing => {
                self.playing = Playing::Nothing;
                None
            }
            Strike::Pause => Some(Symbol::SILENCE),
            Strike::Begin(digit) | Strike::Hold(digit) => Some(Symbol::of(Sound::Dtmf(digit), Dbm0(-8.0))),
        }
    }
}

/// A bank of detectors for the signals of machines that are a steady sine, and the special information tone.
#[derive(Debug)]
pub struct SymbolBank {
    signal: Option<Signal>,
    /// Frames in which it sounded.
    seen: u8,
}

impl Bank<Symbols> for SymbolBank {
    fn new() -> Self {
        Self { signal: None, seen: 0 }
    }

    fn reset(&mut self) {
        *self = Self::new();
    }

    fn listen(&mut self, frame: &Symbol) -> Option<Signal> {
        let sounding = frame.sounds().find_map(|(sound, _)| match sound {
            Sound::Sine(1062..=1138) => Some(Signal::Cng),
            Sound::Sine(2085..=2115) => Some(Signal::Ced),
            Sound::Tone(Tone::SpecialInformation) => Some(Signal::SpecialInformation),
            Sound::Sine(_)
            | Sound::Dtmf(_)
            | Sound::Tone(_)
            | Sound::Fsk(..)
            | Sound::Voice(_)
            | Sound::Phrase(_) => None,
        });
        if sounding != self.signal {
            (self.signal, self.seen) = (sounding, 0);
        }
        self.seen = self.seen.saturating_add(1);
        let frames = match sounding {
            Some(Signal::SpecialInformation) => INFORMATION_FRAMES,
            Some(_) | None => BANK_FRAMES,
        };
        sounding.filter(|_| self.seen == frames)
    }
}

/// Symbols as payload: five bytes for each of three sounds.
#[derive(Debug)]
pub struct SymbolCoder {
    last: Symbol,
    concealed: u8,
    silent: u32,
}

impl Coder<Symbols> for SymbolCoder {
    fn new(_codec: CodecName) -> Self {
        Self { last: Symbol::SILENCE, concealed: 0, silent: 0 }
    }

    fn has(_codec: CodecName) -> bool {
        true
    }

    fn is_whole(_codec: CodecName) -> bool {
        false
    }

    fn unit(_codec: CodecName) -> usize {
        UNIT
    }

    fn encode(&mut self, frame: &Symbol, out: &mut [u8]) -> usize {
        let Some(out) = out.get_mut(..UNIT) else { return 0 };
        out.fill(0);
        for (place, (sound, level)) in out.chunks_exact_mut(5).zip(frame.sounds()) {
            let (tag, data) = match sound {
                Sound::Tone(tone) => (1, [tone as u8, 0, 0]),
                Sound::Dtmf(digit) => (2, [digit, 0, 0]),
                Sound::Fsk(bytes, count) => (3, [bytes[0], bytes[1], count]),
                Sound::Voice(who) => (4, [(who >> 8) as u8, who as u8, 0]),
                Sound::Sine(hertz) => (5, [(hertz >> 8) as u8, hertz as u8, 0]),
                Sound::Phrase(phrase) => (6, [phrase.index() as u8, 0, 0]),
            };
            place[0] = tag;
            place[1] = level.0.clamp(-127.0, 127.0) as i8 as u8;
            place[2..].copy_from_slice(&data);
        }
        UNIT
    }

    fn agree(&mut self, _packet: Millis, _wish: OpusWish, _silent: bool) {} // symbols are coded in one way

    fn encode_whole(&mut self, _frame: &Symbol, _out: &mut [u8]) -> Whole {
        Whole::Nothing // every packet of symbols can be cut
    }

    fn decode_whole(&mut self, _packet: &[u8], _unit: usize) -> Symbol {
        self.conceal()
    }

    fn decode_repeated(&mut self, _next: &[u8], _units: usize) -> Symbol {
        self.conceal()
    }

    fn rest(&mut self, _unit: usize) -> Symbol {
        self.conceal()
    }

    fn silence_unit(_codec: CodecName) -> usize {
        0
    }

    fn sift(&mut self, frame: &Symbol, out: &mut [u8]) -> Sifted {
        if !frame.is_silent() {
            self.silent = 0;
            return Sifted::Sound;
        }
        self.silent = self.silent.saturating_add(1);
        match (self.silent.checked_sub(SILENT_FRAMES), out.first_mut()) {
            (None, _) => Sifted::Sound,
            (Some(since), Some(level)) if since.is_multiple_of(TELL_FRAMES) => {
                *level = NO_NOISE;
                Sifted::Description(1)
            }
            (Some(_), _) => Sifted::Nothing,
        }
    }

    fn decode(&mut self, _codec: CodecName, unit: &[u8]) -> Symbol {
        let mut symbol = Symbol::SILENCE;
        for place in unit.chunks_exact(5).take(3) {
            let word = u16::from_be_bytes([place[2], place[3]]);
            let sound = match place[0] {
                1 => Tone::ALL.get(usize::from(place[2])).copied().map(Sound::Tone),
                2 => Some(Sound::Dtmf(place[2])),
                3 => Some(Sound::Fsk([place[2], place[3]], place[4].min(2))),
                4 => Some(Sound::Voice(word)),
                5 => Some(Sound::Sine(word)),
                6 => Phrase::at(usize::from(place[2])).map(Sound::Phrase),
                // Zero is an empty place; no other tag is ever written.
                _ => None,
            };
            if let Some(sound) = sound {
                symbol.add(sound, Dbm0(f32::from(place[1] as i8)));
            }
        }
        self.last = symbol;
        self.concealed = 0;
        symbol
    }

    fn conceal(&mut self) -> Symbol {
        // As concealment of samples does: the last sound goes on for 60 ms, then fades.
        self.concealed = self.concealed.saturating_add(1);
        if self.concealed > 6 { Symbol::SILENCE } else { self.last }
    }

    fn noise(&mut self, _description: &[u8]) -> Symbol {
        self.last = Symbol::SILENCE;
        Symbol::SILENCE
    }

    fn pause(&mut self) -> Symbol {
        Symbol::SILENCE
    }

    fn levels(&self) -> Option<(Dbm0, Dbm0)> {
        None // symbols have no noise between them
    }

    fn is_quiet(&self) -> bool {
        self.last.is_silent()
    }

    fn is_silent(&self) -> bool {
        self.last.is_silent()
    }
}

/// Symbols that wait; a step is one of them more or less.
#[derive(Debug)]
pub struct SymbolStretch {
    frames: [Symbol; STRETCH_MAX],
    len: usize,
}

impl Stretch<Symbols> for SymbolStretch {
    fn new() -> Self {
        Self { frames: [Symbol::SILENCE; STRETCH_MAX], len: 0 }
    }

    fn reset(&mut self) {
        self.len = 0;
    }

    fn held(&self) -> Samples {
        Samples((self.len * TICK_SAMPLES) as u64)
    }

    fn push(&mut self, frame: &Symbol) {
        if self.len == STRETCH_MAX {
            self.drop_first();
        }
        self.frames[self.len] = *frame;
        self.len += 1;
    }

    fn set_speed(&mut self, _ppm: f32) {} // a symbol has no pitch; drift shows as depth and is met by steps

    fn shorten_needs() -> Samples {
        Samples(2 * TICK_SAMPLES as u64)
    }

    fn shorten(&mut self, _force: bool) {
        if self.len > 1 {
            self.drop_first();
        }
    }

    fn lengthen(&mut self, _force: bool) {
        if self.len > 0 && self.len < STRETCH_MAX {
            self.frames.copy_within(..self.len, 1);
            self.len += 1;
        }
    }

    fn pull(&mut self) -> Option<Symbol> {
        let first = *self.frames[..self.len].first()?;
        self.drop_first();
        Some(first)
    }
}

impl SymbolStretch {
    fn drop_first(&mut self) {
        self.frames.copy_within(1.., 0);
        self.len = self.len.saturating_sub(1);
    }
}

/// A crossing of symbols: a frame is dropped or repeated where the clocks have drifted by one.
#[derive(Debug)]
pub struct SymbolCrossing {
    frames: [Symbol; CROSS_MAX],
    len: usize,
    started: bool,
    slips: u32,
}

impl Crossing<Symbols> for SymbolCrossing {
    fn new() -> Self {
        Self { frames: [Symbol::SILENCE; CROSS_MAX], len: 0, started: false, slips: 0 }
    }

    fn push(&mut self, frame: &Symbol) {
        if self.len == CROSS_MAX {
            self.frames.copy_within(1.., 0);
            self.len -= 1;
            self.slips += 1;
        }
        self.frames[self.len] = *frame;
        self.len += 1;
        self.started |= self.len >= CROSS_DEPTH;
    }

    fn pop(&mut self) -> Symbol {
        if !self.started {
            return Symbols::SILENCE;
        }
        let first = self.frames[0];
        if self.len > 1 {
            self.frames.copy_within(1..self.len, 0);
            self.len -= 1;
        } else {
            // The last frame stays to be repeated: the other clock is slower.
            self.slips += 1;
        }
        first
    }

    fn slips(&self) -> u32 {
        self.slips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_gives_back_every_kind_of_sound() {
        let mut coder = SymbolCoder::new(CodecName::Pcmu);
        for sound in [
            Sound::Tone(Tone::Howler),
            Sound::Dtmf(b'#'),
            Sound::Fsk([1, 2], 2),
            Sound::Voice(513),
            Sound::Sine(1004),
        ] {
            let mut symbol = Symbol::of(sound, Dbm0(-12.0));
            symbol.add(Sound::Voice(9), Dbm0(-30.0));
            let mut unit = [0; UNIT];
            assert_eq!(coder.encode(&symbol, &mut unit), UNIT);
            assert_eq!(coder.decode(CodecName::Pcmu, &unit), symbol);
        }
    }

    /// The same burst in both fidelities lasts as long as the line's machine keeps its slot for, to the tick.
    #[test]
    fn a_burst_ends_within_the_time_that_the_line_gives_it() {
        use tipring_line::frame_length;
        use tipring_port::{
            Absence, DateTime, DtmfCallerId, FskStandard, MAX_CALLER_NAME, MAX_CALLER_NUMBER,
            Samples as Sampled, Text,
        };

        fn play<A: Processing>(caller: &CallerId, signal: CallerIdSignal) -> (u32, Vec<A::Frame>) {
            let mut player = A::Player::new();
            player.caller_id(caller, signal);
            assert!(player.is_burst());
            let frames: Vec<A::Frame> = core::iter::from_fn(|| player.next_frame()).take(500).collect();
            (frames.len() as u32, frames)
        }
        let date = Some(DateTime { month: 12, day: 31, hour: 23, minute: 59 });
        let named = |name: &str| Some(Ok(Text::new(name)));
        let callers = [
            CallerId { date, number: Ok("5550177".into()), name: named("Mary") },
            CallerId { date, number: Ok("5550177".into()), name: named(&"x".repeat(MAX_CALLER_NAME)) },
            CallerId {
                date, number: Ok(Text::new(&"1".repeat(MAX_CALLER_NUMBER))), name: named("Jürgen Ö")
            },
            CallerId { date: None, number: Err(Absence::Private), name: Some(Err(Absence::Unavailable)) },
            CallerId { date: None, number: Ok("1".into()), name: None },
        ];
        let single =
            CallerIdSignal::Fsk { standard: FskStandard::V23, multiple: false, seizure: 96, mark: 55 };
        let signals = [
            CallerIdSignal::GR30,
            CallerIdSignal::ETSI,
            single,
            CallerIdSignal::Dtmf(DtmfCallerId::AC),
            CallerIdSignal::Ntt,
        ];
        for (caller, signal) in callers.iter().flat_map(|caller| signals.map(|signal| (caller, signal))) {
            let given = frame_length(caller, signal).0;
            let (symbols, heard) = play::<Symbols>(caller, signal);
            let (samples, _) = play::<Sampled>(caller, signal);
            // A symbol burst ends with its last byte, one of samples with the mark after it.
            for ticks in [symbols, samples] {
                assert!(
                    ticks * TICK.0 <= given && given <= ticks * TICK.0 + 2 * TICK.0,
                    "{ticks}, {given} ms, {signal:?}"
                );
            }
            let mut last = None;
            let bytes: Vec<u8> = heard
                .iter()
                .flat_map(|symbol| {
                    let sound = symbol.sounds().next().map(|(sound, _)| sound);
                    let before = core::mem::replace(&mut last, sound);
                    sound.filter(|sound| Some(*sound) != before || matches!(sound, Sound::Fsk(..)))
                })
                .flat_map(|sound| match sound {
                    Sound::Fsk(bytes, count) => bytes[..usize::from(count)].to_vec(),
                    Sound::Dtmf(digit) => vec![digit],
                    Sound::Tone(_) | Sound::Voice(_) | Sound::Sine(_) | Sound::Phrase(_) => Vec::new(),
                })
                .collect();
            let wanted = match CallerIdBurst::new(caller, signal).unwrap() {
                CallerIdBurst::Fsk(_, burst) => burst.bytes().to_vec(),
                CallerIdBurst::Digits(run) => run.as_bytes().to_vec(),
            };
            assert_eq!(bytes, wanted);
        }
    }

    #[test]
    fn the_alerting_signal_lasts_as_long_as_it_is_told_to() {
        use tipring_port::Samples as Sampled;
        fn play<A: Processing>() -> usize {
            let mut player = A::Player::new();
            player.alert(Millis(100));
            assert!(player.is_burst());
            core::iter::from_fn(|| player.next_frame()).take(100).count()
        }
        assert_eq!((play::<Symbols>(), play::<Sampled>()), (10, 10));
    }

    #[test]
    fn a_crossing_between_clocks_that_differ_slips_only_at_the_limits() {
        let mut crossing = SymbolCrossing::new();
        let voice = |n| Symbol::of(Sound::Voice(n), Dbm0(-15.0));
        for n in 0..100 {
            crossing.push(&voice(n));
            let heard = crossing.pop();
            assert_eq!(heard, if n == 0 { Symbol::SILENCE } else { voice(n - 1) });
        }
        assert_eq!(crossing.slips(), 0);
        for n in 0..10 {
            crossing.push(&voice(n));
        }
        assert!(crossing.slips() > 0, "a sender that runs ahead is cut, not queued without end");
    }
}

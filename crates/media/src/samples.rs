//! The media plane over true samples.
//!
//! # What it does
//! Implements the five things of [`crate::Processing`] by the signal processing of `tipring-dsp` and the codecs of
//! `tipring-codec`.
//!
//! # How
//! Line in: dc block, echo canceller, digit detector, suppressor, gain. The detector hears what the canceller leaves
//! before the suppressor works on it. The canceller's reference is the frame that was handed to the card one tick
//! before, after gain: the frame that comes from the card was recorded while that one was played, and the card's own
//! delay is told by its bulk delay. A suspicion of a digit mutes the very frame in which it arises, so that at most
//! 15 ms of a digit leak, which no receiver takes for one (ITU-T Q.24: 23 ms are refused).
//!
//! # Limits
//! A canceller's length is rounded up to one of [`TAILS`]. A line has one of each, made at the start, so that a change of
//! its profile needs no memory; those that are not in use cost nothing else.
//!
//! One codec state each way; a stream that switches codecs in mid-call starts the new one fresh. G.729 alone
//! allocates, when its stream opens.

use tipring_codec::{Codec, G726Rate, LineDecoder, LineEncoder, Packing};
use tipring_dsp::{
    Activity, Concealer, DcBlock, Digit, DtmfDetector, DtmfEvent, DtmfGenerator, DtmfProfile, DtmfSending,
    FskBurst, FskModulator, FskStandard, Gain, SHORTEN_NEEDS, TimeScaler, ToneGenerator, WhitenedCanceller,
    WhitenedConfig,
};
use tipring_line::caller_frame;
use tipring_port::{
    self as port, CallerId, CodecName, Frame, LineProfile, SAMPLE_SILENCE, Tone, ToneProgram,
};
use tipring_units::{Db, Dbm0, Millis, Samples as SampleCount, TICK_SAMPLES};

use crate::keys::{Keys, Strike};
use crate::processing::{Coder, Crossing, Heard, LineVoice, Player, Processing, Stretch};
use tipring_port::Samples;

/// Level of caller-ID bursts at the line's digital side (GR-30: -13.5 dBm at the port).
const FSK_LEVEL: Dbm0 = Dbm0(-13.5);

impl Processing for Samples {
    type Voice = SampleVoice;
    type Player = SamplePlayer;
    type Coder = SampleCoder;
    type Stretch = TimeScaler;
    type Crossing = SampleCrossing;

    fn mix(into: &mut Frame, other: &Frame) {
        for (sum, sample) in into.iter_mut().zip(other) {
            *sum = sum.saturating_add(*sample);
        }
    }
}

/// Lengths of echo cancellers that a line has.
pub const TAILS: [Millis; 3] = [Millis(16), Millis(32), Millis(64)];

/// A line's voice path over samples.
pub struct SampleVoice {
    dc: DcBlock,
    /// One of each length; none for what comes from another shard.
    cancellers: Option<[WhitenedCanceller; TAILS.len()]>,
    /// The place of the one in use.
    cancels: Option<usize>,
    detector: DtmfDetector,
    gain_in: Gain,
    gain_out: Gain,
    delay: SampleCount,
}

impl LineVoice<Samples> for SampleVoice {
    fn new(profile: &LineProfile) -> Self {
        let canceller = |tail| WhitenedCanceller::new(WhitenedConfig { tail, ..WhitenedConfig::default() });
        let mut voice = Self { cancellers: Some(TAILS.map(canceller)), ..Self::plain() };
        voice.renew(profile);
        voice
    }

    fn plain() -> Self {
        Self {
            dc: DcBlock::new(),
            cancellers: None,
            cancels: None,
            detector: DtmfDetector::new(DtmfProfile::default()),
            gain_in: Gain::new(Db(0.0)),
            gain_out: Gain::new(Db(0.0)),
            delay: SampleCount(0),
        }
    }

    fn hear(&mut self, frame: &Frame, sent: &Frame, bulk_delay: SampleCount) -> Heard<Samples> {
        let mut clean = *frame;
        self.dc.process(&mut clean);
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
            if bulk_delay != self.delay {
                self.delay = bulk_delay;
                // It leads to the line's side of the card, so what was learnt holds under any delay.
                canceller.move_delay(bulk_delay);
            }
            canceller.cancel(&mut clean, sent);
        }
        let mut heard = Heard { clean, muted: false, began: None, ended: None };
        for event in self.detector.process(&clean) {
            match event {
                DtmfEvent::Begin { digit, .. } => heard.began = Some(digit.ascii()),
                DtmfEvent::End { digit, duration } => heard.ended = Some((digit.ascii(), duration.millis())),
            }
        }
        heard.muted = self.detector.suspects();
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
            canceller.suppress(&mut heard.clean);
        }
        self.gain_in.process(&mut heard.clean);
        heard
    }

    fn speak(&mut self, frame: &Frame) -> Frame {
        let mut out = *frame;
        self.gain_out.process(&mut out);
        out
    }

    fn reset(&mut self) {
        self.dc = DcBlock::new();
        self.detector = DtmfDetector::new(DtmfProfile::default());
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
            canceller.reset();
        }
    }

    fn renew(&mut self, profile: &LineProfile) {
        let tail = profile.echo_tail.millis();
        self.cancels = (tail > Millis::ZERO).then(|| place_of(tail));
        self.gain_in = Gain::new(profile.gain_in);
        self.gain_out = Gain::new(profile.gain_out);
        // The card tells its delay with the next frame.
        self.delay = SampleCount(0);
        if let Some(canceller) = canceller(&mut self.cancellers, self.cancels) {
            canceller.set_delay(self.delay);
        }
        self.reset();
    }
}

/// The canceller in use.
fn canceller(
    all: &mut Option<[WhitenedCanceller; TAILS.len()]>,
    place: Option<usize>,
) -> Option<&mut WhitenedCanceller> {
    all.as_mut()?.get_mut(place?)
}

/// The place of the shortest canceller that reaches as far as `tail`, or of the longest.
fn place_of(tail: Millis) -> usize {
    TAILS.iter().position(|length| *length >= tail).unwrap_or(TAILS.len() - 1)
}

/// A player of samples.
pub struct SamplePlayer {
    playing: Playing,
    tone: ToneGenerator,
    dtmf: DtmfGenerator,
    fsk: FskModulator,
    keys: Keys,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Playing {
    Nothing,
    Tone,
    Digits,
    Burst,
}

impl Player<Samples> for SamplePlayer {
    fn new() -> Self {
        Self {
            playing: Playing::Nothing,
            tone: ToneGenerator::new(),
            dtmf: DtmfGenerator::new(DtmfSending::default()),
            fsk: FskModulator::new(FskStandard::Bell202, FSK_LEVEL),
            keys: Keys::new(),
        }
    }

    fn tone(&mut self, _tone: Tone, program: &ToneProgram) {
        self.stop();
        self.tone.start(program);
        self.playing = Playing::Tone;
    }

    fn digit(&mut self, digit: u8, length: Option<Millis>) {
        if Digit::from_ascii(digit).is_none() {
            return;
        }
        if self.playing != Playing::Digits {
            self.stop();
            self.playing = Playing::Digits;
        }
        self.keys.press(digit, length);
    }

    fn finish_digit(&mut self, total: Millis) {
        self.keys.finish(total);
    }

    fn drop_digits(&mut self) {
        if self.playing == Playing::Digits {
            self.stop();
        }
    }

    fn caller_id(&mut self, caller: &CallerId, multiple: bool) {
        self.stop();
        let burst = caller_frame(caller, multiple).and_then(|frame| FskBurst::on_hook(frame.bytes()));
        if let Some(burst) = burst {
            self.fsk.start(&burst);
            self.playing = Playing::Burst;
        }
    }

    fn is_burst(&self) -> bool {
        self.playing == Playing::Burst
    }

    fn is_digit(&self) -> bool {
        self.playing == Playing::Digits
    }

    fn stop(&mut self) {
        self.tone.stop();
        self.dtmf.stop();
        self.fsk.stop();
        self.keys.clear();
        self.playing = Playing::Nothing;
    }

    fn next_frame(&mut self) -> Option<Frame> {
        let mut frame = SAMPLE_SILENCE;
        let plays = match self.playing {
            Playing::Nothing => false,
            Playing::Tone => {
                self.tone.is_playing() && {
                    self.tone.process(&mut frame);
                    true
                }
            }
            Playing::Digits => self.strike(&mut frame),
            Playing::Burst => {
                self.fsk.is_sending() && {
                    self.fsk.process(&mut frame);
                    true
                }
            }
        };
        if plays {
            return Some(frame);
        }
        self.stop();
        None
    }
}

impl SamplePlayer {
    /// One tick of the digits; false if there are none.
    fn strike(&mut self, frame: &mut Frame) -> bool {
        match self.keys.next_tick() {
            Strike::Nothing => return false,
            Strike::Pause => self.dtmf.stop(),
            Strike::Begin(digit) => {
                if let Some(digit) = Digit::from_ascii(digit) {
                    self.dtmf.hold(digit);
                }
                self.dtmf.process(frame);
            }
            Strike::Hold(_) => {
                self.dtmf.process(frame);
            }
        }
        true
    }
}

/// Samples to payload and back.
pub struct SampleCoder {
    encoder: LineEncoder,
    decoder: LineDecoder,
    concealer: Concealer,
    activity: Activity,
}

const fn codec(name: CodecName) -> Codec {
    match name {
        CodecName::Pcmu => Codec::Pcmu,
        CodecName::Pcma => Codec::Pcma,
        CodecName::L16 => Codec::L16,
        CodecName::G722 => Codec::G722,
        CodecName::G726(rate, packing) => {
            let rate = match rate {
                port::G726Rate::R16 => G726Rate::R16,
                port::G726Rate::R24 => G726Rate::R24,
                port::G726Rate::R32 => G726Rate::R32,
                port::G726Rate::R40 => G726Rate::R40,
            };
            let packing = match packing {
                port::G726Packing::Rfc3551 => Packing::Rfc3551,
                port::G726Packing::Aal2 => Packing::Aal2,
            };
            Codec::G726(rate, packing)
        }
        CodecName::G729 => Codec::G729 { annex_b: false },
    }
}

impl Coder<Samples> for SampleCoder {
    fn new(name: CodecName) -> Self {
        Self {
            encoder: codec(name).line_encoder(),
            decoder: codec(name).line_decoder(),
            concealer: Concealer::new(),
            activity: Activity::new(),
        }
    }

    fn unit(name: CodecName) -> usize {
        codec(name).unit_bytes()
    }

    fn encode(&mut self, frame: &Frame, out: &mut [u8]) -> usize {
        self.encoder.encode(frame, out)
    }

    fn decode(&mut self, name: CodecName, unit: &[u8]) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        let codec = codec(name);
        if self.decoder.codec() != codec {
            self.decoder = codec.line_decoder();
        }
        self.decoder.decode(unit, &mut frame);
        self.concealer.received(&mut frame);
        self.activity.process(&frame);
        frame
    }

    fn conceal(&mut self) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        if self.decoder.conceal(&mut frame) == TICK_SAMPLES {
            self.concealer.received(&mut frame);
        } else {
            self.concealer.conceal(&mut frame);
            self.decoder.follow(&frame);
        }
        frame
    }

    fn is_quiet(&self) -> bool {
        !self.activity.is_speech()
    }
}

impl Stretch<Samples> for TimeScaler {
    fn new() -> Self {
        Self::new()
    }

    fn reset(&mut self) {
        self.reset();
    }

    fn held(&self) -> SampleCount {
        self.held()
    }

    fn push(&mut self, frame: &Frame) {
        self.push(frame);
    }

    fn set_speed(&mut self, ppm: f32) {
        self.set_speed(ppm);
    }

    fn shorten_needs() -> SampleCount {
        SHORTEN_NEEDS
    }

    fn shorten(&mut self, force: bool) {
        self.shorten(force);
    }

    fn lengthen(&mut self, force: bool) {
        self.lengthen(force);
    }

    fn pull(&mut self) -> Option<Frame> {
        self.pull()
    }
}

/// Samples that a crossing holds before it gives a frame when its clocks agree: two and a half frames, so that a tick
/// in which the slower clock brings none finds enough.
const CROSS_TARGET: f32 = 2.5 * TICK_SAMPLES as f32;
/// Samples that come before it gives the first frame: the tick after the first may bring none.
const CROSS_START: usize = 3 * TICK_SAMPLES;
/// Samples that it holds at the most.
const CROSS_MAX: usize = 8 * TICK_SAMPLES;
/// How fast a wrong filling is corrected, in relative speed per sample too much or too few.
const CROSS_PULL: f32 = 2e-5;
/// Most that the speed is changed: 500 ppm, which nobody hears.
const CROSS_LIMIT: f32 = 5e-4;

/// A crossing of samples: read at a speed that keeps its filling, by linear interpolation.
pub struct SampleCrossing {
    samples: [i16; CROSS_MAX],
    len: usize,
    /// Place of the next output between the first and the second sample, 0 to 1.
    phase: f32,
    started: bool,
    filling: f32,
    slips: u32,
}

impl SampleCrossing {
    fn drop_first(&mut self, count: usize) {
        let count = count.min(self.len);
        self.samples.copy_within(count..self.len, 0);
        self.len -= count;
    }
}

impl Crossing<Samples> for SampleCrossing {
    fn new() -> Self {
        Self { samples: [0; CROSS_MAX], len: 0, phase: 0.0, started: false, filling: CROSS_TARGET, slips: 0 }
    }

    fn push(&mut self, frame: &Frame) {
        if self.len + TICK_SAMPLES > CROSS_MAX {
            self.drop_first(TICK_SAMPLES);
            self.slips += 1;
        }
        self.samples[self.len..self.len + TICK_SAMPLES].copy_from_slice(frame);
        self.len += TICK_SAMPLES;
        self.started |= self.len >= CROSS_START;
    }

    fn pop(&mut self) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        if !self.started {
            return frame;
        }
        self.filling += (self.len as f32 - self.filling) * 0.01;
        let speed = 1.0 + ((self.filling - CROSS_TARGET) * CROSS_PULL).clamp(-CROSS_LIMIT, CROSS_LIMIT);
        let mut at = 0;
        for out in &mut frame {
            let (Some(&first), Some(&second)) =
                (self.samples[..self.len].get(at), self.samples[..self.len].get(at + 1))
            else {
                // The other clock has stopped or lags by more than can be corrected: the rest is silence.
                self.slips += 1;
                self.started = false;
                break;
            };
            let (first, second) = (f32::from(first), f32::from(second));
            *out = (first + (second - first) * self.phase) as i16;
            self.phase += speed;
            while self.phase >= 1.0 {
                self.phase -= 1.0;
                at += 1;
            }
        }
        self.drop_first(at);
        frame
    }

    fn slips(&self) -> u32 {
        self.slips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(start: usize) -> Frame {
        core::array::from_fn(|n| {
            let angle = (start + n) as f64 * core::f64::consts::TAU * 1000.0 / 8000.0;
            (angle.sin() * 8000.0) as i16
        })
    }

    /// Sound pushed by a clock that is `ppm` fast for ten minutes: no slip, and no jump larger than the sine's own
    /// steepest step.
    fn crossing_survives(ppm: i64) {
        let mut crossing = SampleCrossing::new();
        let (mut pushed, mut last): (usize, Option<i16>) = (0, None);
        for tick in 0i64..60_000 {
            let due = (tick * (1_000_000 + ppm) / 1_000_000) as usize + 3;
            while pushed < due {
                crossing.push(&sine(pushed * TICK_SAMPLES));
                pushed += 1;
            }
            for sample in crossing.pop() {
                if let Some(last) = last
                    && tick > 5
                {
                    let step = (i32::from(sample) - i32::from(last)).abs();
                    assert!(step < 6400, "a click of {step} at tick {tick} with {ppm} ppm");
                }
                last = Some(sample);
            }
        }
        assert_eq!(crossing.slips(), 0, "{ppm} ppm");
    }

    #[test]
    fn clocks_that_differ_by_200_ppm_are_crossed_without_a_click() {
        for ppm in [-200, -100, 0, 100, 200] {
            crossing_survives(ppm);
        }
    }

    #[test]
    fn a_line_cancels_by_the_shortest_canceller_that_reaches_far_enough() {
        let mut profile = LineProfile::laboratory();
        let mut voice = SampleVoice::new(&profile);
        assert_eq!(voice.cancels, Some(1));
        for (tail, place) in [(0, None), (1, Some(0)), (16, Some(0)), (17, Some(1)), (500, Some(2))] {
            profile.echo_tail = Millis(tail).samples();
            voice.renew(&profile);
            assert_eq!(voice.cancels, place, "{tail} ms");
        }
        assert!(SampleVoice::plain().cancellers.is_none());
    }

    #[test]
    fn a_stopped_clock_gives_silence_and_is_counted() {
        let mut crossing = SampleCrossing::new();
        crossing.push(&sine(0));
        crossing.push(&sine(80));
        crossing.push(&sine(160));
        for _ in 0..5 {
            crossing.pop();
        }
        assert_eq!(crossing.pop(), SAMPLE_SILENCE);
        assert!(crossing.slips() > 0);
    }

    #[test]
    fn a_digit_lasts_as_long_as_it_is_told_to_and_silence_follows() {
        let mut player = SamplePlayer::new();
        player.digit(b'5', None);
        assert!(player.next_frame().is_some());
        player.finish_digit(Millis(90));
        let rest: Vec<Frame> = core::iter::from_fn(|| player.next_frame()).collect();
        let sounding = rest.iter().take_while(|frame| **frame != SAMPLE_SILENCE).count();
        assert_eq!((sounding, rest.len()), (8, 14));
    }
}

//! A stream's codec, with what stands in for packets that did not come.
//!
//! # Limits
//! One codec state each way; a stream that switches codecs in mid-call starts the new one fresh. G.729 and Opus alone
//! allocate, when their stream opens.

use tipring_codec::{Codec, G726Rate, LineDecoder, LineEncoder, NoiseDescription, Packing};
use tipring_dsp::{Activity, Concealer, NoiseShape, ShapedNoise, SilenceSender, SilenceSending};
use tipring_port::{self as port, CodecName, Frame, OpusWish, SAMPLE_SILENCE, Samples};
use tipring_units::{Dbm0, Millis, TICK_SAMPLES};

use super::mean::Mean;
use super::opus::OpusCoder;
use crate::processing::{Coder, MAX_UNIT, Sifted, Whole};

/// Samples to payload and back.
pub struct SampleCoder {
    encoder: LineEncoder,
    decoder: LineDecoder,
    /// Stands beside both where Opus is sent or has come.
    opus: Option<OpusCoder>,
    /// What was decoded last was Opus.
    hears_opus: bool,
    concealer: Concealer,
    activity: Activity,
    /// The speech that was decoded.
    speech: Mean,
    /// The loudest sample that was decoded last.
    loudest: u16,
    sender: SilenceSender,
    noise: Noise,
}

/// What is played while the far end sends nothing.
enum Noise {
    /// Silence: it described none.
    None,
    /// Noise like its description.
    Shaped(ShapedNoise),
    /// What the codec makes of its own description.
    ByCodec,
}

/// Samples below this are no modem's: about -48 dBm0, as a sine.
const SILENT: u16 = 100;
/// Seed of the noise; streams are not heard beside each other.
const NOISE_SEED: u32 = 0x7109_4513;

/// The level of speech is known from so many ticks of it on.
const SPEECH_TICKS: u32 = 50;
/// Length of packets where none was agreed.
const PACKET: Millis = Millis(20);

/// The codec whose packets can be cut into ticks; where that of the stream cannot, one that is never used.
const fn codec(name: CodecName) -> Codec {
    match name {
        CodecName::Pcmu | CodecName::Opus => Codec::Pcmu,
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
            opus: opus(name, PACKET, OpusWish::default(), false),
            hears_opus: false,
            concealer: Concealer::new(),
            activity: Activity::new(),
            speech: Mean::default(),
            loudest: 0,
            sender: SilenceSender::new(),
            noise: Noise::None,
        }
    }

    fn has(name: CodecName) -> bool {
        name != CodecName::Opus || OpusCoder::BUILT
    }

    fn is_whole(name: CodecName) -> bool {
        name == CodecName::Opus
    }

    fn agree(&mut self, packet: Millis, wish: OpusWish, silent: bool) {
        if self.opus.is_some() {
            self.opus = OpusCoder::new(packet, wish, silent);
        }
        if silent && self.encoder.codec() == (Codec::G729 { annex_b: false }) {
            self.encoder = Codec::G729 { annex_b: true }.line_encoder();
        }
    }

    fn silence_unit(name: CodecName) -> usize {
        codec(name).silence_bytes()
    }

    fn encode_whole(&mut self, frame: &Frame, out: &mut [u8]) -> Whole {
        self.opus.as_mut().map_or(Whole::Nothing, |opus| opus.encode(frame, out))
    }

    fn decode_whole(&mut self, packet: &[u8], unit: usize) -> Frame {
        if self.opus.is_none() {
            self.opus = opus(CodecName::Opus, PACKET, OpusWish::default(), false);
        }
        self.hears_opus = true;
        self.noise = Noise::ByCodec;
        let frame = self.opus.as_mut().and_then(|opus| opus.decode(packet, unit));
        self.heard(frame)
    }

    fn decode_repeated(&mut self, next: &[u8], units: usize) -> Frame {
        let frame = self.opus.as_mut().and_then(|opus| opus.repeated(next, units));
        self.heard(frame)
    }

    fn rest(&mut self, unit: usize) -> Frame {
        let frame = self.opus.as_ref().and_then(|opus| opus.rest(unit));
        self.heard(frame)
    }

    fn sift(&mut self, frame: &Frame, out: &mut [u8]) -> Sifted {
        match self.sender.process(frame) {
            SilenceSending::Speech => Sifted::Sound,
            SilenceSending::Describe(shape) => {
                let noise = NoiseDescription::shaped(shape.overload_level(), &shape.reflections);
                Sifted::Description(noise.write(out))
            }
            SilenceSending::Nothing => Sifted::Nothing,
        }
    }

    fn unit(name: CodecName) -> usize {
        if Self::is_whole(name) { MAX_UNIT } else { codec(name).unit_bytes() }
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
        let silent = unit.len() == codec.silence_bytes() && !unit.is_empty();
        self.noise = if silent { Noise::ByCodec } else { Noise::None };
        self.hears_opus = false;
        self.decoder.decode(unit, &mut frame);
        self.heard(Some(frame))
    }

    fn conceal(&mut self) -> Frame {
        if let Some(mut frame) = self.conceal_opus() {
            self.concealer.received(&mut frame);
            return frame;
        }
        let mut frame = SAMPLE_SILENCE;
        if self.decoder.conceal(&mut frame) == TICK_SAMPLES {
            self.concealer.received(&mut frame);
        } else {
            self.concealer.conceal(&mut frame);
            self.decoder.follow(&frame);
        }
        frame
    }

    fn noise(&mut self, description: &[u8]) -> Frame {
        if let Some(noise) = NoiseDescription::parse(description) {
            let shape = NoiseShape::from_overload(noise.level, noise.reflections());
            match &mut self.noise {
                Noise::Shaped(source) => source.set(&shape),
                Noise::None | Noise::ByCodec => {
                    self.noise = Noise::Shaped(ShapedNoise::new(NOISE_SEED, &shape));
                }
            }
        }
        self.pause()
    }

    fn pause(&mut self) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        match &mut self.noise {
            Noise::None => return frame,
            Noise::Shaped(source) => source.process(&mut frame),
            Noise::ByCodec => match self.conceal_opus() {
                Some(noise) => frame = noise,
                None => {
                    self.decoder.conceal(&mut frame);
                }
            },
        }
        // What follows a loss soon after is made of what was heard last, which is this.
        self.concealer.received(&mut frame);
        self.activity.process(&frame);
        frame
    }

    fn levels(&self) -> Option<(Dbm0, Dbm0)> {
        (self.speech.frames() >= SPEECH_TICKS).then(|| (self.speech.level(), self.activity.noise()))
    }

    fn is_quiet(&self) -> bool {
        !self.activity.is_speech()
    }

    fn is_silent(&self) -> bool {
        self.loudest < SILENT
    }
}

impl SampleCoder {
    /// Sound that came, or concealment where it could not be decoded.
    fn heard(&mut self, frame: Option<Frame>) -> Frame {
        let Some(mut frame) = frame else { return self.conceal() };
        self.concealer.received(&mut frame);
        if self.activity.process(&frame) {
            self.speech.note(&frame);
        }
        self.loudest = frame.iter().map(|sample| sample.unsigned_abs()).fold(0, u16::max);
        frame
    }

    /// What Opus makes up, if that is what comes.
    fn conceal_opus(&mut self) -> Option<Frame> {
        let opus = self.opus.as_mut().filter(|_| self.hears_opus)?;
        Some(opus.conceal())
    }
}

/// A coder of Opus, if that is the codec and this build has it.
fn opus(name: CodecName, packet: Millis, wish: OpusWish, silent: bool) -> Option<OpusCoder> {
    if name == CodecName::Opus { OpusCoder::new(packet, wish, silent) } else { None }
}

//! Coders and decoders that are made of a codec's name.
//!
//! # What
//! One object for each direction of a stream, whatever the codec; for a line also one that stays at 8 kHz.
//!
//! # How
//! Dispatch by `match`. All memory is made with the object; coding and decoding allocate nothing.
//!
//! # Limits
//! Slices are the caller's: what does not fit is left out.
//!
//! # Standard
//! See each codec.

#[cfg(feature = "opus")]
use crate::opus::{OpusBand, OpusDecoder, OpusEncoder};
use crate::{Codec, Downsampler, G722Decoder, G722Encoder, G722Mode, G726Decoder, G726Encoder, Upsampler};
#[cfg(feature = "g729")]
use crate::{G729Decoder, G729Encoder};
use crate::{l16, pcma, pcmu};
use tipring_units::TICK_SAMPLES;

/// Samples of 10 ms at 16 kHz.
const WIDE_SAMPLES: usize = 2 * TICK_SAMPLES;

/// What codes one stream.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    state: EncoderState,
}

/// What decodes one stream.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    state: DecoderState,
}

/// What codes one stream of a line at 8 kHz.
#[derive(Debug)]
pub struct LineEncoder {
    encoder: Encoder,
    up: Option<Upsampler>,
}

/// What decodes one stream for a line at 8 kHz.
#[derive(Debug)]
pub struct LineDecoder {
    decoder: Decoder,
    /// Down to the line, and up for what the line had in place of a loss.
    bands: Option<(Downsampler, Upsampler)>,
}

#[derive(Debug)]
enum EncoderState {
    Pcmu,
    Pcma,
    L16,
    G722(G722Encoder),
    G726(G726Encoder),
    #[cfg(feature = "g729")]
    G729(G729Encoder),
    #[cfg(feature = "opus")]
    Opus(OpusEncoder),
}

#[derive(Debug)]
enum DecoderState {
    Pcmu,
    Pcma,
    L16,
    G722(G722Decoder),
    G726(G726Decoder),
    #[cfg(feature = "g729")]
    G729(G729Decoder),
    #[cfg(feature = "opus")]
    Opus(OpusDecoder),
}

impl Encoder {
    /// A coder at its reset state.
    pub fn new(codec: Codec) -> Self {
        let state = match codec {
            Codec::Pcmu => EncoderState::Pcmu,
            Codec::Pcma => EncoderState::Pcma,
            Codec::L16 | Codec::L16Wide => EncoderState::L16,
            Codec::G722 => EncoderState::G722(G722Encoder::new()),
            Codec::G726(rate, packing) => EncoderState::G726(G726Encoder::new(rate, packing)),
            #[cfg(feature = "g729")]
            Codec::G729 { annex_b } => EncoderState::G729(G729Encoder::new(annex_b)),
            #[cfg(feature = "opus")]
            Codec::Opus => EncoderState::Opus(OpusEncoder::new(OpusBand::Narrow)),
        };
        Self { codec, state }
    }

    /// What it codes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Codes whole units of [`Codec::unit_samples`] samples each into `out`, which should hold
    /// [`Codec::unit_bytes`] for each. Returns the bytes written; what does not fit is left out. Opus makes one packet
    /// of all it is given. A codec that may fall silent is given one unit at a time.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        match &mut self.state {
            EncoderState::Pcmu => map(samples, out, pcmu::encode),
            EncoderState::Pcma => map(samples, out, pcma::encode),
            EncoderState::L16 => l16::encode(samples, out),
            EncoderState::G722(state) => state.encode(samples, out),
            EncoderState::G726(state) => state.encode(samples, out),
            #[cfg(feature = "g729")]
            EncoderState::G729(state) => state.encode(samples, out),
            #[cfg(feature = "opus")]
            EncoderState::Opus(state) => state.encode(samples, out),
        }
    }

    /// Back to the reset state, without an allocation where the codec has none.
    pub fn reset(&mut self) {
        *self = Self::new(self.codec);
    }

    /// Bytes that it holds, on the heap as well.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + heap(self.codec)
    }
}

impl Decoder {
    /// A decoder at its reset state.
    pub fn new(codec: Codec) -> Self {
        let state = match codec {
            Codec::Pcmu => DecoderState::Pcmu,
            Codec::Pcma => DecoderState::Pcma,
            Codec::L16 | Codec::L16Wide => DecoderState::L16,
            Codec::G722 => DecoderState::G722(G722Decoder::new(G722Mode::R64)),
            Codec::G726(rate, packing) => DecoderState::G726(G726Decoder::new(rate, packing)),
            #[cfg(feature = "g729")]
            Codec::G729 { .. } => DecoderState::G729(G729Decoder::new()),
            #[cfg(feature = "opus")]
            Codec::Opus => DecoderState::Opus(OpusDecoder::new(OpusBand::Narrow)),
        };
        Self { codec, state }
    }

    /// What it decodes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Decodes the bytes of units and returns the samples written. A short unit gives fewer samples; what does not fit
    /// in `out` is left out.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> usize {
        match &mut self.state {
            DecoderState::Pcmu => map(bytes, out, pcmu::decode),
            DecoderState::Pcma => map(bytes, out, pcma::decode),
            DecoderState::L16 => l16::decode(bytes, out),
            DecoderState::G722(state) => state.decode(bytes, out),
            DecoderState::G726(state) => state.decode(bytes, out),
            #[cfg(feature = "g729")]
            DecoderState::G729(state) => state.decode(bytes, out),
            #[cfg(feature = "opus")]
            DecoderState::Opus(state) => state.decode(bytes, out),
        }
    }

    /// Writes a unit in place of a lost one by the codec's own means and returns the samples written. Zero if it has
    /// none: then repeat the waveform, and tell the decoder by [`Decoder::follow`].
    pub fn conceal(&mut self, out: &mut [i16]) -> usize {
        match &mut self.state {
            #[cfg(feature = "g729")]
            DecoderState::G729(state) => state.conceal(out),
            #[cfg(feature = "opus")]
            DecoderState::Opus(state) => state.conceal(out),
            DecoderState::Pcmu
            | DecoderState::Pcma
            | DecoderState::L16
            | DecoderState::G722(_)
            | DecoderState::G726(_) => {
                let _ = out;
                0
            }
        }
    }

    /// Takes in samples at the codec's rate that were made up for a loss, so that a decoder that predicts goes on from
    /// what was heard.
    pub fn follow(&mut self, samples: &[i16]) {
        match &mut self.state {
            DecoderState::G722(state) => state.follow(samples),
            DecoderState::G726(state) => state.follow(samples),
            #[cfg(feature = "g729")]
            DecoderState::G729(_) => {} // conceals by itself
            #[cfg(feature = "opus")]
            DecoderState::Opus(_) => {} // conceals by itself
            DecoderState::Pcmu | DecoderState::Pcma | DecoderState::L16 => {} // nothing to keep in step
        }
    }

    /// Back to the reset state.
    pub fn reset(&mut self) {
        *self = Self::new(self.codec);
    }

    /// Bytes that it holds, on the heap as well.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + heap(self.codec)
    }
}

impl LineEncoder {
    /// A coder at its reset state.
    pub fn new(codec: Codec) -> Self {
        let wide = codec.unit_samples() == WIDE_SAMPLES;
        Self { encoder: codec.encoder(), up: wide.then(Upsampler::new) }
    }

    /// What it codes.
    pub fn codec(&self) -> Codec {
        self.encoder.codec()
    }

    /// As [`Encoder::encode`], with samples at 8 kHz: 80 for each unit.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let Some(up) = &mut self.up else { return self.encoder.encode(samples, out) };
        let mut written = 0;
        for unit in samples.chunks(TICK_SAMPLES) {
            let mut wide = [0; WIDE_SAMPLES];
            let size = up.process(unit, &mut wide);
            let Some(room) = out.get_mut(written..) else { break };
            written += self.encoder.encode(&wide[..size], room);
        }
        written
    }

    /// Back to the reset state.
    pub fn reset(&mut self) {
        *self = Self::new(self.codec());
    }
}

impl LineDecoder {
    /// A decoder at its reset state.
    pub fn new(codec: Codec) -> Self {
        let wide = codec.unit_samples() == WIDE_SAMPLES;
        let bands = wide.then(|| (Downsampler::new(), Upsampler::new()));
        Self { decoder: codec.decoder(), bands }
    }

    /// What it decodes.
    pub fn codec(&self) -> Codec {
        self.decoder.codec()
    }

    /// As [`Decoder::decode`], to samples at 8 kHz: 80 for each unit.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> usize {
        let Some((down, _)) = &mut self.bands else { return self.decoder.decode(bytes, out) };
        let mut written = 0;
        for unit in bytes.chunks(self.decoder.codec.unit_bytes()) {
            let mut wide = [0; WIDE_SAMPLES];
            let size = self.decoder.decode(unit, &mut wide);
            let Some(room) = out.get_mut(written..) else { break };
            written += down.process(&wide[..size], room);
        }
        written
    }

    /// As [`Decoder::conceal`].
    pub fn conceal(&mut self, out: &mut [i16]) -> usize {
        self.decoder.conceal(out) // codecs that conceal by themselves are narrow
    }

    /// As [`Decoder::follow`], with samples at 8 kHz. Where the codec is wide the band above 4 kHz falls silent.
    pub fn follow(&mut self, samples: &[i16]) {
        let Some((down, up)) = &mut self.bands else { return self.decoder.follow(samples) };
        for unit in samples.chunks(TICK_SAMPLES) {
            let (mut wide, mut narrow) = ([0; WIDE_SAMPLES], [0; TICK_SAMPLES]);
            let size = up.process(unit, &mut wide);
            self.decoder.follow(&wide[..size]);
            // So that the filter's memory is of what was heard last.
            down.process(&wide[..size], &mut narrow);
        }
    }

    /// Back to the reset state.
    pub fn reset(&mut self) {
        *self = Self::new(self.codec());
    }
}

/// Bytes on the heap that one direction of a codec has, as far as Rust knows: not those of libopus.
const fn heap(codec: Codec) -> usize {
    match codec {
        #[cfg(feature = "g729")]
        Codec::G729 { .. } => crate::g729::HEAP,
        #[cfg(feature = "opus")]
        Codec::Opus => 0,
        Codec::Pcmu | Codec::Pcma | Codec::L16 | Codec::L16Wide | Codec::G722 | Codec::G726(..) => 0,
    }
}

/// One output for each input, as many as there are of both.
fn map<A: Copy, B>(from: &[A], to: &mut [B], each: impl Fn(A) -> B) -> usize {
    for (to, from) in to.iter_mut().zip(from) {
        *to = each(*from);
    }
    from.len().min(to.len())
}

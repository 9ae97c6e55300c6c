//! G.729: conjugate-structure ACELP at 8 kbit/s, with Annexes A and B.
//!
//! # What
//! Ten bytes for 10 ms; with Annex B two bytes (a description of silence) or none while nobody talks.
//!
//! # How
//! By the crate `rvoip-codec-core`, feature `g729`, at version 0.4.0 and no other. Both directions of its codec are one
//! object; a stream holds one for each direction, on the heap, made when the stream is.
//!
//! # Provenance
//! Looked at in November 2026: its manifest declares MIT; no licence file lies in the package. Nearly every file of its
//! G.729 says that it was derived from the ITU-T reference software (`COD_LD8A.C`, `DEC_LD8A.C`, `DTX.C`), whose names and
//! fixed-point operators it keeps. Nothing in it speaks of bcg729 (GPL), and it shares neither that library's structure
//! nor its names. The ITU's terms for its software (G.191 and the electronic attachments) let it be used to
//! implement the Recommendation; whether MIT may be put on a translation of it is not ours to say, hence the feature
//! `g729`, without which nothing of it is built. The essential patents have run out (2017).
//!
//! # Limits
//! The coder is that of Annex A; its frames are decoded by any G.729. The decoder is that of Annex A too, so that its
//! output differs from the main body's by another post-filter. What the crate does that it should not: it mutes after
//! ten frames without data, comfort noise included. [`G729Decoder`] repeats the last description of silence before that.
//!
//! The crate computes by the reference's saturating operators one by one: measured beside libbcg729 its coder costs three to
//! four times as much, its decoder three to ten times.
//!
//! # Standard
//! ITU-T G.729 with Annexes A and B; RFC 3551 clause 4.5.6 (frames of a packet, SID only as the last), RFC 4856
//! clause 2.1.9 (`annexb`).

use std::fmt;

use codec_core::codecs::g729::G729Codec;
use codec_core::types::{AudioCodecExt, CodecConfig, CodecType};

/// Samples of a frame.
const SAMPLES: usize = 80;
/// Bytes of a frame of speech.
const SPEECH: usize = 10;
/// Bytes of a description of silence.
const SILENCE: usize = 2;
/// Frames without data before the last description of silence is told again.
const REPEAT: u32 = 8;

/// A coder of one stream.
pub struct G729Encoder {
    inner: Option<Box<G729Codec>>,
    annex_b: bool,
}

/// A decoder of one stream.
pub struct G729Decoder {
    inner: Option<Box<G729Codec>>,
    /// The last description of silence, while it holds.
    silence: Option<[u8; SILENCE]>,
    missing: u32,
}

impl G729Encoder {
    /// A coder at the reset state; with `annex_b` it falls silent when nobody talks.
    pub fn new(annex_b: bool) -> Self {
        Self { inner: make(annex_b), annex_b }
    }

    /// Codes each whole frame of 80 samples and returns the bytes written: ten for each, with Annex B also two or none.
    /// With Annex B give it one frame at a time, or lengths tell nothing.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let Some(inner) = &mut self.inner else { return 0 };
        let mut written = 0;
        for frame in samples.as_chunks::<SAMPLES>().0 {
            let Some(room) = out.get_mut(written..written + SPEECH) else { break };
            written += inner.encode_to_buffer(frame, room).unwrap_or(0);
        }
        written
    }

    /// Back to the reset state.
    pub fn reset(&mut self) {
        *self = Self::new(self.annex_b);
    }
}

impl G729Decoder {
    /// A decoder at the reset state. It takes frames with and without Annex B.
    pub fn new() -> Self {
        Self { inner: make(true), silence: None, missing: 0 }
    }

    /// Decodes the frames of a payload and returns the samples written. An empty payload is a frame without data; what
    /// is left of a frame that was cut is left out.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> usize {
        let mut frames = out.as_chunks_mut::<SAMPLES>().0.iter_mut();
        let (speech, rest) = bytes.as_chunks::<SPEECH>();
        let mut written = 0;
        for (frame, out) in speech.iter().zip(&mut frames) {
            (self.silence, self.missing) = (None, 0);
            self.frame(frame, out);
            written += SAMPLES;
        }
        if let (Some((silence, [])), Some(out)) = (rest.split_first_chunk::<SILENCE>(), frames.next()) {
            (self.silence, self.missing) = (Some(*silence), 0);
            self.frame(silence, out);
            written += SAMPLES;
        } else if bytes.is_empty() {
            written = self.conceal(out);
        }
        written
    }

    /// Writes a frame in place of one that was lost or not sent: the standard's own concealment, or comfort noise while
    /// the far end is silent. Returns the samples written.
    pub fn conceal(&mut self, out: &mut [i16]) -> usize {
        let Some(out) = out.first_chunk_mut::<SAMPLES>() else { return 0 };
        self.missing += 1;
        match self.silence {
            Some(silence) if self.missing >= REPEAT => {
                self.missing = 0;
                self.frame(&silence, out);
            }
            Some(_) | None => self.frame(&[], out),
        }
        SAMPLES
    }

    /// Back to the reset state.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    fn frame(&mut self, bytes: &[u8], out: &mut [i16; SAMPLES]) {
        let decoded = self.inner.as_mut().map(|inner| inner.decode_to_buffer(bytes, out));
        if !matches!(decoded, Some(Ok(SAMPLES))) {
            out.fill(0);
        }
    }
}

impl Default for G729Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Bytes of one direction on the heap.
pub(crate) const HEAP: usize = size_of::<G729Codec>();

/// The settings are constant and accepted, which a test watches; nothing is coded if they were not.
fn make(annex_b: bool) -> Option<Box<G729Codec>> {
    let kind = if annex_b { CodecType::G729BA } else { CodecType::G729A };
    let mut config = CodecConfig::new(kind);
    config.parameters.g729.annex_b = annex_b;
    G729Codec::new(config).ok().map(Box::new)
}

impl fmt::Debug for G729Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("G729Encoder").field("annex_b", &self.annex_b).finish_non_exhaustive()
    }
}

impl fmt::Debug for G729Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("G729Decoder").field("silence", &self.silence).finish_non_exhaustive()
    }
}

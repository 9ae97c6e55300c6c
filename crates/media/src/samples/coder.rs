//! A stream's codec, with what stands in for packets that did not come.
//!
//! # Limits
//! One codec state each way; a stream that switches codecs in mid-call starts the new one fresh. G.729 alone allocates,
//! when its stream opens.

use tipring_codec::{Codec, G726Rate, LineDecoder, LineEncoder, Packing};
use tipring_dsp::{Activity, Concealer};
use tipring_port::{self as port, CodecName, Frame, SAMPLE_SILENCE, Samples};
use tipring_units::TICK_SAMPLES;

use crate::processing::Coder;

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

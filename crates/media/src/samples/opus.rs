//! Opus on a line: packets that are coded whole, of the ticks that were collected for them.
//!
//! # How
//! Sound is collected until it fills a packet. A packet that came is decoded at once and played tick by tick, by number, so
//! that its start can have come too late; so is what the next packet repeats of a lost one.
//!
//! # Limits
//! 8 kHz. A packet that says that nobody talks is sent once for each pause; the far end makes the noise.
//!
//! # Standard
//! RFC 7587.

use tipring_codec::{OpusBand, OpusDecoder, OpusEncoder, OpusSettings};
use tipring_port::{Frame, OpusWish, SAMPLE_SILENCE};
use tipring_units::{Millis, TICK, TICK_SAMPLES};

use crate::processing::Whole;

/// Samples of the longest packet that is sent: 60 ms.
const MAX_SENT: usize = 6 * TICK_SAMPLES;
/// Samples of the longest packet that comes: 120 ms.
const MAX_HEARD: usize = 12 * TICK_SAMPLES;
/// Bytes of a packet that libopus means not to be sent.
const SILENCE_BYTES: usize = 2;

/// A coder and a decoder.
pub struct OpusCoder {
    encoder: OpusEncoder,
    decoder: OpusDecoder,
    collected: [i16; MAX_SENT],
    filled: usize,
    /// Samples of a packet.
    size: usize,
    decoded: [i16; MAX_HEARD],
    /// How many of them are sound.
    heard: usize,
    /// The pause has been told.
    told: bool,
}

impl OpusCoder {
    /// What this build has of Opus.
    pub const BUILT: bool = true;

    /// For packets of this length, 10, 20, 40 or 60 ms; `silent`: pauses are not sent.
    pub fn new(packet: Millis, wish: OpusWish, silent: bool) -> Option<Self> {
        let settings = OpusSettings {
            repeats: wish.repeats,
            silent,
            constant: wish.constant,
            most_bits: wish.most_bits,
        };
        let ticks = usize::try_from(packet.0 / TICK.0).unwrap_or(1);
        Some(Self {
            encoder: OpusEncoder::with(OpusBand::Narrow, settings),
            decoder: OpusDecoder::new(OpusBand::Narrow),
            collected: [0; MAX_SENT],
            filled: 0,
            size: (ticks * TICK_SAMPLES).clamp(TICK_SAMPLES, MAX_SENT),
            decoded: [0; MAX_HEARD],
            heard: 0,
            told: false,
        })
    }

    /// Takes in a tick.
    pub fn encode(&mut self, frame: &Frame, out: &mut [u8]) -> Whole {
        let free = self.collected.get_mut(self.filled..).unwrap_or_default();
        free.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
        self.filled += frame.len();
        if self.filled < self.size {
            return Whole::Collecting;
        }
        self.filled = 0;
        let sound = self.collected.get(..self.size).unwrap_or_default();
        match self.encoder.encode(sound, out) {
            0 => Whole::Nothing,
            length if length <= SILENCE_BYTES => {
                if core::mem::replace(&mut self.told, true) {
                    Whole::Nothing
                } else {
                    Whole::Packet(length)
                }
            }
            length => {
                self.told = false;
                Whole::Packet(length)
            }
        }
    }

    /// Decodes a packet and plays one of its units.
    pub fn decode(&mut self, packet: &[u8], unit: usize) -> Option<Frame> {
        self.heard = self.decoder.decode(packet, &mut self.decoded);
        self.rest(unit)
    }

    /// Decodes what `next` repeats of so many units that were lost, and plays the first.
    pub fn repeated(&mut self, next: &[u8], units: usize) -> Option<Frame> {
        let room = self.decoded.get_mut(..units * TICK_SAMPLES)?;
        self.heard = self.decoder.recover(next, room);
        self.rest(0)
    }

    /// Plays another unit of what was decoded last; `None` if it has none.
    pub fn rest(&self, unit: usize) -> Option<Frame> {
        let from = unit * TICK_SAMPLES;
        let sound = self.decoded.get(from..self.heard.min(from + TICK_SAMPLES))?;
        sound.try_into().ok()
    }

    /// A unit in place of a lost one, or of the noise of a pause.
    pub fn conceal(&mut self) -> Frame {
        let mut frame = SAMPLE_SILENCE;
        self.decoder.conceal(&mut frame);
        frame
    }
}

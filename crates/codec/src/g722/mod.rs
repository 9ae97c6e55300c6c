//! G.722: speech to 7 kHz at 64, 56 and 48 kbit/s.
//!
//! # What
//! A byte for two samples at 16 kHz: six bits of the band below 4 kHz, two of the band above.
//!
//! # How
//! A pair of mirrored filters splits the signal in two ([`qmf`]); each band is coded by its own ADPCM ([`band`]). The
//! lower band adapts by its upper four bits only, so that its last one or two may carry data; a decoder is told how
//! many are speech.
//!
//! # Limits
//! The coder sends 64 kbit/s, whose last bits a network may take. RTP carries mode 1 only (RFC 3551 clause 4.5.2).
//!
//! # Standard
//! ITU-T G.722 clauses 3 to 6; RFC 3551 clause 4.5.2 for the RTP clock, which stays 8000.

mod band;
mod qmf;
mod tables;

use band::{Band, saturate};
use qmf::{Join, Split};
use tables::{LEVEL_2, LEVEL_4, LEVEL_5, LEVEL_6, NEGATIVE, POSITIVE, POWER, Q6, SCALE_HIGH, SCALE_LOW};

/// Bits of a byte that are speech.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum G722Mode {
    /// Mode 1: all of them, 64 kbit/s.
    R64,
    /// Mode 2: all but the lower band's last, 56 kbit/s.
    R56,
    /// Mode 3: all but the lower band's last two, 48 kbit/s.
    R48,
}

/// A coder of one stream.
#[derive(Clone, Debug)]
pub struct G722Encoder {
    split: Split,
    low: Band,
    high: Band,
}

/// A decoder of one stream.
#[derive(Clone, Debug)]
pub struct G722Decoder {
    mode: G722Mode,
    join: Join,
    /// For what was made up for a loss.
    split: Split,
    low: Band,
    high: Band,
}

/// Scale of the lower band at reset.
const SCALE_LOW_START: i32 = 32;
/// Scale of the higher band at reset.
const SCALE_HIGH_START: i32 = 8;
/// Pairs of samples worked on at a time.
const BLOCK: usize = 80;

impl G722Encoder {
    /// A coder at the reset state.
    pub const fn new() -> Self {
        Self { split: Split::new(), low: Band::new(SCALE_LOW_START), high: Band::new(SCALE_HIGH_START) }
    }

    /// Codes pairs of samples at 16 kHz and returns the bytes written. An odd last sample, and what does not fit in
    /// `out`, is left out.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let mut written = 0;
        // Copies that live in registers while the loop runs.
        let (mut low_band, mut high_band) = (self.low.clone(), self.high.clone());
        for (pairs, bytes) in samples.chunks(2 * BLOCK).zip(out.chunks_mut(BLOCK)) {
            let count = (pairs.len() / 2).min(bytes.len());
            let (mut low, mut high) = ([0; BLOCK], [0; BLOCK]);
            self.split.process(&pairs[..2 * count], &mut low, &mut high);
            for ((byte, low), high) in bytes[..count].iter_mut().zip(low).zip(high) {
                *byte = encode_low(&mut low_band, low) | encode_high(&mut high_band, high) << 6;
            }
            written += count;
        }
        (self.low, self.high) = (low_band, high_band);
        written
    }
}

impl Default for G722Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl G722Decoder {
    /// A decoder at the reset state.
    pub const fn new(mode: G722Mode) -> Self {
        Self {
            mode,
            join: Join::new(),
            split: Split::new(),
            low: Band::new(SCALE_LOW_START),
            high: Band::new(SCALE_HIGH_START),
        }
    }

    /// Decodes each byte to two samples at 16 kHz and returns their number; bytes whose samples do not fit in `out`
    /// are left out.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> usize {
        let mut read = 0;
        let (mut low_band, mut high_band) = (self.low.clone(), self.high.clone());
        for (bytes, samples) in bytes.chunks(BLOCK).zip(out.chunks_mut(2 * BLOCK)) {
            let count = bytes.len().min(samples.len() / 2);
            let (mut low, mut high) = ([0; BLOCK], [0; BLOCK]);
            for ((byte, low), high) in bytes[..count].iter().zip(&mut low).zip(&mut high) {
                *low = decode_low(&mut low_band, byte & 63, self.mode);
                *high = decode_high(&mut high_band, byte >> 6);
            }
            self.join.process(&low[..count], &high[..count], &mut samples[..2 * count]);
            read += 2 * count;
        }
        (self.low, self.high) = (low_band, high_band);
        read
    }

    /// Takes in samples at 16 kHz that were made up for a loss: both bands adapt as if these had been coded. The
    /// filter that joins the bands goes on from what they hold then.
    pub fn follow(&mut self, samples: &[i16]) {
        for pairs in samples.chunks(2 * BLOCK) {
            let count = pairs.len() / 2;
            let (mut low, mut high) = ([0; BLOCK], [0; BLOCK]);
            self.split.process(&pairs[..2 * count], &mut low, &mut high);
            let mut lost = [0; 2 * BLOCK];
            self.join.process(&low[..count], &high[..count], &mut lost[..2 * count]);
            for (low, high) in low[..count].iter().zip(&high[..count]) {
                encode_low(&mut self.low, *low);
                encode_high(&mut self.high, *high);
            }
        }
    }
}

/// Quantises the lower band (clauses 6.2.1.1 to 6.2.1.4).
#[inline(always)]
fn encode_low(band: &mut Band, sample: i32) -> u8 {
    let difference = saturate(sample - band.predicted);
    let magnitude = difference ^ (difference >> 31);
    // A level is a 16-bit product of which the upper half counts; so many levels are reached.
    let (scale, magnitude) = (band.scale as u16, magnitude as i16);
    let reached: i16 = Q6
        .iter()
        .map(|level| i16::from(magnitude >= ((u32::from(*level) * u32::from(scale)) >> 16) as i16))
        .sum();
    let interval = (reached as usize).min(29);
    let codes = if difference < 0 { &NEGATIVE } else { &POSITIVE };
    let code = codes[interval + 1];
    adapt_low(band, code);
    code
}

/// Decodes the lower band; both sides adapt by the upper four bits.
#[inline(always)]
fn decode_low(band: &mut Band, code: u8, mode: G722Mode) -> i32 {
    let level = match mode {
        G722Mode::R64 => LEVEL_6[usize::from(code & 63)],
        G722Mode::R56 => LEVEL_5[usize::from(code >> 1 & 31)],
        G722Mode::R48 => LEVEL_4[usize::from(code >> 2 & 15)],
    };
    let signal = (band.predicted + ((band.scale * i32::from(level)) >> 15)).clamp(-16_384, 16_383);
    adapt_low(band, code);
    signal
}

#[inline(always)]
fn adapt_low(band: &mut Band, code: u8) {
    let coarse = usize::from(code >> 2 & 15);
    let difference = (band.scale * i32::from(LEVEL_4[coarse])) >> 15;
    band.log = (band.log + (-band.log >> 7) + i32::from(SCALE_LOW[coarse])).clamp(0, 18_432);
    band.scale = power(band.log, 8);
    band.take(difference);
}

/// Quantises the higher band (clause 6.2.1.5 and on).
#[inline(always)]
fn encode_high(band: &mut Band, sample: i32) -> u8 {
    let difference = saturate(sample - band.predicted);
    let magnitude = difference ^ (difference >> 31);
    let outer = magnitude >= (564 * band.scale) >> 12;
    let code = match (difference < 0, outer) {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => 2,
        (false, false) => 3,
    };
    adapt_high(band, code);
    code
}

/// Decodes the higher band.
#[inline(always)]
fn decode_high(band: &mut Band, code: u8) -> i32 {
    let predicted = band.predicted;
    let difference = adapt_high(band, code);
    (predicted + difference).clamp(-16_384, 16_383)
}

#[inline(always)]
fn adapt_high(band: &mut Band, code: u8) -> i32 {
    let code = usize::from(code & 3);
    let difference = (band.scale * i32::from(LEVEL_2[code])) >> 15;
    band.log = (band.log + (-band.log >> 7) + i32::from(SCALE_HIGH[code])).clamp(0, 22_528);
    band.scale = power(band.log, 10);
    band.take(difference);
    difference
}

/// SCALEL and SCALEH: the scale of a logarithm whose whole part is `top` at the most.
#[inline(always)]
fn power(log: i32, top: i32) -> i32 {
    let fraction = POWER[(log >> 6) as usize & 31];
    let shift = top - (log >> 11);
    // One octave above the top is reached by the lower band's last step only.
    (if shift < 0 { fraction << 1 } else { fraction >> shift }) << 2
}

//! G.726: ADPCM at 16, 24, 32 and 40 kbit/s.
//!
//! # What
//! Two to five bits for each sample, in either order of bits.
//!
//! # How
//! The difference from a prediction is quantised on a logarithmic scale that follows it; coder and decoder adapt by the
//! codes alone and stay in step ([`adapt`]). One loop for each rate, compiled by its number of bits.
//!
//! # Limits
//! Speech and modems to 4.8 kbit/s at 32 kbit/s (clause 1). A lost packet leaves the decoder out of step for some ms.
//! The linear form takes the upper 14 bits of a sample; a G.711 signal decoded to 16 bits keeps them all, so that the
//! companded and the linear form of the same signal give the same codes.
//!
//! # Standard
//! ITU-T G.726 and its Annex A (linear). Packing: RFC 3551 clause 4.5.4 (first code in the lowest bits) and ITU-T
//! I.366.2 Annex E (first code in the highest bits).

mod adapt;
mod pack;
mod tables;

use core::cmp::Ordering;

use adapt::Adaptation;
use tables::{Rate, rate};

use crate::{pcma, pcmu};

/// Bits sent for a sample.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum G726Rate {
    /// 16 kbit/s, two bits.
    R16,
    /// 24 kbit/s, three bits.
    R24,
    /// 32 kbit/s, four bits.
    R32,
    /// 40 kbit/s, five bits.
    R40,
}

/// Order of the codes in a byte.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Packing {
    /// The first code in the lowest bits: `G726-32` and its like in SDP.
    Rfc3551,
    /// The first code in the highest bits: `AAL2-G726-32` and its like in SDP.
    Aal2,
}

/// The law of a companded signal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Law {
    /// A-law.
    A,
    /// Mu-law.
    Mu,
}

/// A coder of one stream.
#[derive(Clone, Debug)]
pub struct G726Encoder {
    rate: G726Rate,
    packing: Packing,
    state: Adaptation,
}

/// A decoder of one stream.
#[derive(Clone, Debug)]
pub struct G726Decoder {
    rate: G726Rate,
    packing: Packing,
    state: Adaptation,
}

impl G726Rate {
    /// Every rate.
    pub const ALL: [Self; 4] = [Self::R16, Self::R24, Self::R32, Self::R40];

    /// Bits of a code.
    pub const fn bits(self) -> usize {
        match self {
            Self::R16 => 2,
            Self::R24 => 3,
            Self::R32 => 4,
            Self::R40 => 5,
        }
    }
}

/// Calls a method compiled for the bits of the rate.
macro_rules! by_rate {
    ($rate:expr, $this:ident . $method:ident ( $($argument:expr),* )) => {
        match $rate {
            G726Rate::R16 => $this.$method::<2>($($argument),*),
            G726Rate::R24 => $this.$method::<3>($($argument),*),
            G726Rate::R32 => $this.$method::<4>($($argument),*),
            G726Rate::R40 => $this.$method::<5>($($argument),*),
        }
    };
}

impl G726Encoder {
    /// A coder at the reset state.
    pub const fn new(rate: G726Rate, packing: Packing) -> Self {
        Self { rate, packing, state: Adaptation::new() }
    }

    /// Codes samples of 16 bits and returns the bytes written. Eight samples fill whole bytes at any rate; of a last
    /// incomplete group the missing codes are zero bits.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        by_rate!(self.rate, self.run(samples, out))
    }

    fn run<const BITS: u32>(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let mut written = 0;
        // A copy that lives in registers while the loop runs.
        let mut state = self.state.clone();
        for (group, bytes) in samples.chunks(8).zip(out.chunks_mut(BITS as usize)) {
            let mut codes = [0; 8];
            for (code, sample) in codes.iter_mut().zip(group) {
                *code = state.code::<BITS>(i32::from(*sample >> 2));
            }
            let word = pack::join::<BITS>(codes, self.packing);
            let size = (group.len() * BITS as usize).div_ceil(8).min(bytes.len());
            bytes[..size].copy_from_slice(&word[..size]);
            written += size;
        }
        self.state = state;
        written
    }
}

impl G726Decoder {
    /// A decoder at the reset state.
    pub const fn new(rate: G726Rate, packing: Packing) -> Self {
        Self { rate, packing, state: Adaptation::new() }
    }

    /// Decodes to samples of 16 bits and returns their number: one for each whole code that fits in `out`.
    pub fn decode(&mut self, bytes: &[u8], out: &mut [i16]) -> usize {
        by_rate!(self.rate, self.run(bytes, out))
    }

    /// Decodes to G.711 with the synchronous coding adjustment, so that further codings in tandem lose nothing; returns
    /// the number of bytes written.
    pub fn decode_companded(&mut self, law: Law, bytes: &[u8], out: &mut [u8]) -> usize {
        by_rate!(self.rate, self.run_companded(law, bytes, out))
    }

    /// Takes in `samples` that were made up for a loss, so that the predictor goes on from what was heard.
    pub fn follow(&mut self, samples: &[i16]) {
        by_rate!(self.rate, self.run_follow(samples));
    }

    fn run<const BITS: u32>(&mut self, bytes: &[u8], out: &mut [i16]) -> usize {
        self.each::<BITS, i16>(bytes, out, Adaptation::linear::<BITS>)
    }

    fn run_companded<const BITS: u32>(&mut self, law: Law, bytes: &[u8], out: &mut [u8]) -> usize {
        self.each::<BITS, u8>(bytes, out, |state, code| state.companded::<BITS>(law, code))
    }

    fn run_follow<const BITS: u32>(&mut self, samples: &[i16]) {
        for sample in samples {
            self.state.code::<BITS>(i32::from(*sample >> 2));
        }
    }

    #[inline(always)]
    fn each<const BITS: u32, T>(
        &mut self,
        bytes: &[u8],
        out: &mut [T],
        decode: impl Fn(&mut Adaptation, u8) -> T,
    ) -> usize {
        let mut read = 0;
        let mut state = self.state.clone();
        for (group, samples) in bytes.chunks(BITS as usize).zip(out.chunks_mut(8)) {
            let whole = group.len() * 8 / BITS as usize;
            for (sample, code) in samples.iter_mut().zip(pack::split::<BITS>(group, self.packing)).take(whole)
            {
                *sample = decode(&mut state, code);
                read += 1;
            }
        }
        self.state = state;
        read
    }
}

impl Adaptation {
    /// Codes one sample of 14 bits.
    #[inline(always)]
    fn code<const BITS: u32>(&mut self, sample: i32) -> u8 {
        let rate = rate::<BITS>();
        let expected = self.expect();
        let code = quantise::<BITS>(rate, sample - expected.signal, expected.scale);
        self.take::<BITS>(rate, code, expected);
        code as u8
    }

    /// Decodes one code to 16 bits.
    #[inline(always)]
    fn linear<const BITS: u32>(&mut self, code: u8) -> i16 {
        let signal = self.take::<BITS>(rate::<BITS>(), usize::from(code), self.expect());
        (signal.clamp(-8192, 8191) << 2) as i16
    }

    /// Decodes one code to G.711 (COMPRESS, SYNC).
    #[inline(always)]
    fn companded<const BITS: u32>(&mut self, law: Law, code: u8) -> u8 {
        let (rate, expected) = (rate::<BITS>(), self.expect());
        let signal = self.take::<BITS>(rate, usize::from(code), expected);
        let byte = law.compress(signal);
        let difference = law.expand(byte) - expected.signal;
        let again = quantise::<BITS>(rate, difference, expected.scale);
        // Codes in the order of what they stand for: negative ones before positive ones.
        let order = |code: usize| code as i32 ^ (1 << (BITS - 1));
        match order(again).cmp(&order(usize::from(code))) {
            Ordering::Equal => byte,
            Ordering::Less => law.step(byte, 1),
            Ordering::Greater => law.step(byte, -1),
        }
    }
}

/// LOG, SUBTB and QUAN: the code of a difference.
#[inline(always)]
fn quantise<const BITS: u32>(rate: &Rate, difference: i32, scale: i32) -> usize {
    let difference = i32::from(difference as i16);
    let magnitude = difference.abs() & 0x7fff;
    let exponent = 31 - (magnitude | 1).leading_zeros() as i32;
    let log = ((exponent << 7) + (((magnitude << 7) >> exponent) & 127) - (scale >> 2)) as i16;
    // Whole registers: what stands behind the last level is never reached.
    let lanes = if BITS == 5 { 16 } else { 8 };
    let steps: i16 = rate.decide.iter().take(lanes).map(|level| i16::from(log >= *level)).sum();
    let all_ones = (1 << BITS) - 1;
    // The smallest positive code of all rates but 16 kbit/s is all ones too: zero is never sent (clause 3.3).
    let code = if difference < 0 || (steps == 0 && BITS != 2) { all_ones - steps } else { steps };
    code as usize
}

impl Law {
    /// The byte of a signal on the scale of 14 bits, which may be beyond it.
    fn compress(self, signal: i32) -> u8 {
        // The most negative 16-bit signal has no magnitude in 15 bits and counts as the smallest negative one.
        let magnitude = signal.abs() & 0x7fff;
        match self {
            Self::A if signal < 0 => pcma::encode((-magnitude.clamp(1, 8192) << 2) as i16),
            Self::A => pcma::encode((magnitude.min(8191) << 2) as i16),
            // Here, unlike in G.711's own coder, a negative signal is negated, not complemented.
            Self::Mu => {
                let byte = pcmu::encode((magnitude.min(8191) << 2) as i16);
                if signal < 0 { byte & 0x7f } else { byte }
            }
        }
    }

    /// The signal of a byte on the scale of 14 bits.
    fn expand(self, byte: u8) -> i32 {
        let sample = match self {
            Self::A => pcma::decode(byte),
            Self::Mu => pcmu::decode(byte),
        };
        i32::from(sample >> 2)
    }

    /// The byte `direction` steps above (1 or -1); the ends stay.
    fn step(self, byte: u8, direction: i32) -> u8 {
        match self {
            // No zero: the two smallest are neighbours.
            Self::A => {
                let code = i32::from(byte ^ 0x55);
                let place = if code >= 128 { code - 128 } else { -1 - code } + direction;
                let place = place.clamp(-128, 127);
                (if place >= 0 { place + 128 } else { -1 - place }) as u8 ^ 0x55
            }
            // Two zeros that are one place; a step onto it keeps the sign.
            Self::Mu => {
                let magnitude = i32::from(!byte & 0x7f);
                let place = if byte & 0x80 == 0 { -magnitude } else { magnitude } + direction;
                let sign = if place == 0 { byte & 0x80 } else { u8::from(place > 0) << 7 };
                !(place.abs().min(127) as u8) & 0x7f | sign
            }
        }
    }
}

//! The predictor and the quantiser's scale: what coder and decoder share.
//!
//! # What
//! From the codes alone it predicts the next sample and the size of the next step.
//!
//! # How
//! Two poles and six zeros, each multiplied in the standard's own floating point (six bits of mantissa, four of
//! exponent). All eight are done at once in 32-bit floats, in which every step is exact: mantissas have six bits,
//! products twelve, and a value is cut to an integer by adding a number so large that nothing is left below one.
//! Coefficients follow the signs of what was reconstructed. The scale is a mix of a fast and a slow one by a speed that
//! tells speech from modem signals.
//!
//! # Limits
//! Sums wrap at 16 bits as the standard's do; nothing else can overflow.
//!
//! # Standard
//! ITU-T G.726 clauses 4.2.3 to 4.2.9; blocks by their names there (FMULT, UPA1, TRIGB, ...).

use super::tables::Rate;

/// Zeros of the predictor; its two poles follow them in every array.
const ZEROS: usize = 6;
const TAPS: usize = ZEROS + 2;
const POLE_1: usize = ZEROS;
const POLE_2: usize = ZEROS + 1;

/// State of one direction of one stream.
#[derive(Clone, Debug)]
pub(super) struct Adaptation {
    /// b1 to b6, a1, a2, in units of 1/16384.
    taps: [i32; TAPS],
    /// Mantissa (32 to 63, as 16ths), exponent (see [`Float`]) and sign (0 or -1) of dq(k-1) to dq(k-6), sr(k-1), sr(k-2).
    mantissa: [f32; TAPS],
    exponent: [i32; TAPS],
    sign: [i32; TAPS],
    /// Sign of dq + sez, one and two samples ago.
    partial: [bool; 2],
    slow_scale: i32,
    fast_scale: i32,
    short_mean: i32,
    long_mean: i32,
    speed: i32,
    tone: bool,
}

/// What is expected of a sample before its code is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// Estimate by the zeros alone.
    zeros: i32,
    /// Estimate of the signal, 14 bits.
    pub signal: i32,
    /// Scale of the quantiser, a logarithm.
    pub scale: i32,
}

impl Adaptation {
    /// The reset state of clause 4.2.10.
    pub const fn new() -> Self {
        Self {
            taps: [0; TAPS],
            mantissa: [2.0; TAPS],
            exponent: [-19 << 23; TAPS],
            sign: [0; TAPS],
            partial: [false; 2],
            slow_scale: 34_816,
            fast_scale: 544,
            short_mean: 0,
            long_mean: 0,
            speed: 0,
            tone: false,
        }
    }

    /// FMULT, ACCUM, LIMA and MIX.
    #[inline(always)]
    pub fn expect(&self) -> Expected {
        let mut product = [0; TAPS];
        let operands = self.taps.iter().zip(&self.mantissa).zip(&self.exponent).zip(&self.sign);
        for (product, (((tap, mantissa), exponent), sign)) in product.iter_mut().zip(operands) {
            let float = Float::of((tap >> 2).abs() & 8191);
            // The product of the mantissas and 48, a 16th of it, and of that the whole part: it has 16ths.
            let raw = (float.mantissa * mantissa + (3.0 - 15.0 / 32.0) + CUT) - CUT;
            // Times a power of two, and of that the whole part again. Below one the last bit of the product is worth
            // that power; half of it less one half lies within half a step of the whole part, never on the edge.
            let power = float.exponent + exponent;
            let last = f32::from_bits(power.min(ONE) as u32);
            let value = raw * f32::from_bits(power as u32) + (0.5 * last - 0.5);
            let value = (value + CUT).to_bits() as i32 & 0x7fff;
            let sign = (tap >> 31) ^ sign;
            *product = (value ^ sign) - sign;
        }
        let zeros: i32 = product[..ZEROS].iter().sum();
        let all = zeros + product[POLE_1] + product[POLE_2];
        let speed = self.speed.min(256) >> 2;
        let slow = self.slow_scale >> 6;
        let drift = (self.fast_scale - slow) * speed;
        // A product of signs and magnitudes: a negative one is cut towards zero.
        let scale = slow + ((drift + ((drift >> 31) & 63)) >> 6);
        Expected { zeros: i32::from(zeros as i16) >> 1, signal: i32::from(all as i16) >> 1, scale }
    }

    /// RECONST, ADDA and ANTILOG: sign and magnitude of the difference that `code` stands for.
    #[inline(always)]
    pub fn difference<const BITS: u32>(rate: &Rate, code: usize, scale: i32) -> (i32, i32) {
        let log = i32::from(rate.level[code & 31]) + (scale >> 2);
        let magnitude = (((log & 127) + 128) << 7) >> (14 - ((log >> 7) & 15)).max(0);
        let sign = -((code >> (BITS - 1)) as i32 & 1);
        (sign, if log < 0 { 0 } else { magnitude })
    }

    /// Takes a code in; returns the reconstructed signal, 16 bits wide as the standard's sr.
    #[inline(always)]
    pub fn take<const BITS: u32>(&mut self, rate: &Rate, code: usize, expected: Expected) -> i32 {
        let (sign, magnitude) = Self::difference::<BITS>(rate, code, expected.scale);
        let signed = (magnitude ^ sign) - sign;
        let signal = i32::from((expected.signal + signed) as i16);
        let partial = i32::from((expected.zeros + signed) as i16);
        let transition = self.is_transition(magnitude);
        self.rescale(rate, code, expected.scale);
        if transition {
            self.taps = [0; TAPS];
        } else {
            self.adapt_zeros::<BITS>(sign, magnitude);
            self.adapt_poles(partial);
        }
        self.tone = self.taps[POLE_2] < -11_776;
        self.remember(sign, magnitude, signal);
        self.partial = [partial < 0, self.partial[0]];
        self.pace(rate, code, expected.scale, transition);
        signal
    }

    /// TRANS: a tone was there and a step far above the scale comes.
    #[inline(always)]
    fn is_transition(&self, magnitude: i32) -> bool {
        let whole = self.slow_scale >> 15;
        let fraction = (self.slow_scale >> 10) & 31;
        let threshold = if whole > 9 { 31 << 10 } else { (32 + fraction) << whole };
        self.tone && magnitude > (threshold + (threshold >> 1)) >> 1
    }

    /// FUNCTW, FILTD, LIMB and FILTE.
    #[inline(always)]
    fn rescale(&mut self, rate: &Rate, code: usize, scale: i32) {
        let drawn = scale + (((i32::from(rate.scale[code & 31]) << 5) - scale) >> 5);
        self.fast_scale = drawn.clamp(544, 5120);
        self.slow_scale += self.fast_scale + (-self.slow_scale >> 6);
    }

    /// XOR and UPB for the six zeros.
    #[inline(always)]
    fn adapt_zeros<const BITS: u32>(&mut self, sign: i32, magnitude: i32) {
        let leak = if BITS == 5 { 9 } else { 8 };
        let gain = if magnitude == 0 { 0 } else { 128 };
        for n in 0..ZEROS {
            let against = self.sign[n] ^ sign;
            let next = self.taps[n] - (self.taps[n] >> leak) + ((gain ^ against) - against);
            self.taps[n] = i32::from(next as i16);
        }
    }

    /// UPA2, LIMC, UPA1 and LIMD.
    #[inline(always)]
    fn adapt_poles(&mut self, partial: i32) {
        let (first, second) = (self.taps[POLE_1], self.taps[POLE_2]);
        let mut next_second = second - (second >> 7);
        let mut next_first = first - (first >> 8);
        if partial != 0 {
            let negative = partial < 0;
            let opposed = negative != self.partial[0];
            let lean = if opposed { first } else { -first };
            next_second += match lean {
                ..-8191 => -256,
                8192.. => 255,
                lean => lean >> 5,
            };
            next_second += if negative == self.partial[1] { 128 } else { -128 };
            next_first += if opposed { -192 } else { 192 };
        }
        let next_second = next_second.clamp(-12_288, 12_288);
        let bound = 15_360 - next_second;
        self.taps[POLE_2] = next_second;
        self.taps[POLE_1] = next_first.clamp(-bound, bound);
    }

    /// FLOATA and FLOATB.
    #[inline(always)]
    fn remember(&mut self, sign: i32, magnitude: i32, signal: i32) {
        let difference = Float::of(magnitude);
        // The most negative signal has no magnitude in 15 bits and counts as minus zero.
        let reconstructed = Float::of(signal.abs() & 0x7fff);
        self.mantissa = shift(self.mantissa, difference.mantissa / 16.0, reconstructed.mantissa / 16.0);
        let unit = (127 + 19) << 23;
        self.exponent = shift(self.exponent, difference.exponent - unit, reconstructed.exponent - unit);
        self.sign = shift(self.sign, sign, signal >> 31);
    }

    /// FUNCTF, FILTA, FILTB, SUBTC, FILTC and TRIGA.
    #[inline(always)]
    fn pace(&mut self, rate: &Rate, code: usize, scale: i32, transition: bool) {
        let loud = i32::from(rate.speed[code & 31]);
        self.short_mean += (loud - self.short_mean) >> 5;
        self.long_mean += ((loud << 2) - self.long_mean) >> 7;
        let apart = ((self.short_mean << 2) - self.long_mean).abs() >= self.long_mean >> 3;
        let hurry = if scale < 1536 || self.tone || apart { 512 } else { 0 };
        self.speed += (hurry - self.speed) >> 4;
        if transition {
            self.speed = 256;
        }
    }
}

/// What floats of 24 bits are rounded to whole numbers by.
const CUT: f32 = 1.5 * 8_388_608.0;
/// One as the bits of a float; positive floats are ordered as their bits are.
const ONE: i32 = 127 << 23;

/// The standard's floating point: six bits of mantissa, and the length of the magnitude as an exponent.
#[derive(Clone, Copy)]
struct Float {
    /// 32 to 63.
    mantissa: f32,
    /// The length in bits and 127, where the exponent of a 32-bit float stands.
    exponent: i32,
}

impl Float {
    /// The upper bits of a magnitude below 32,768; zero has the mantissa 32 and the length 0.
    #[inline(always)]
    fn of(magnitude: i32) -> Self {
        // Twice the magnitude: the exponent of its float is the length in bits. One stands for zero.
        let bits = ((magnitude << 1).max(1) as f32).to_bits() as i32;
        Self {
            mantissa: f32::from_bits((bits & 0x007c_0000 | 0x4200_0000) as u32),
            exponent: bits & 0x7f80_0000,
        }
    }
}

/// Both delay lines of an array, with their newest values.
#[inline(always)]
fn shift<T: Copy>(line: [T; TAPS], difference: T, signal: T) -> [T; TAPS] {
    let [a, b, c, d, e, _, s, _] = line;
    [difference, a, b, c, d, e, signal, s]
}

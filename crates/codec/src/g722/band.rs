//! The predictor of one sub-band.
//!
//! # What
//! From the quantised differences it predicts the next sample of its band.
//!
//! # How
//! Two poles and six zeros, adapted by signs. Products and sums are 32 bits wide and saturated where the standard's
//! 16-bit operators are. A factor of 255/256 is written as what is taken away: (255 x) >> 8 is x + (-x >> 8).
//!
//! # Limits
//! None: every operation is defined for every state.
//!
//! # Standard
//! ITU-T G.722 clause 6.2.1.4 and 6.2.2.3 (BLOCK 4L, BLOCK 4H); operations by their names there.

/// State of one band of one stream.
#[derive(Clone, Debug)]
pub(super) struct Band {
    /// Prediction by poles and zeros.
    pub predicted: i32,
    /// Prediction by zeros alone.
    zeros: i32,
    /// a1, a2.
    poles: [i32; 2],
    /// b1 to b6, and two more that stand for nothing so that they fill a register.
    weights: [i16; 8],
    /// Twice the quantised differences, saturated, the newest first, and two zeros.
    differences: [i16; 8],
    /// Twice the newest reconstructed signals, saturated.
    signals: [i32; 2],
    /// Signs (0 or -1) of the newest partly reconstructed signals.
    partial: [i32; 2],
    /// Logarithm of the scale.
    pub log: i32,
    /// The quantiser's scale.
    pub scale: i32,
}

impl Band {
    /// The reset state with this scale.
    pub const fn new(scale: i32) -> Self {
        Self {
            predicted: 0,
            zeros: 0,
            poles: [0; 2],
            weights: [0; 8],
            differences: [0; 8],
            signals: [0; 2],
            partial: [0; 2],
            log: 0,
            scale,
        }
    }

    /// Takes in the quantised difference of this moment and predicts the next.
    #[inline(always)]
    pub fn take(&mut self, difference: i32) {
        // RECONS, PARREC
        let signal = saturate(self.predicted + difference);
        let partial = saturate(self.zeros + difference) >> 15;
        // UPPOL2: signs that agree with the last one draw a1 on, those with the last but one a2.
        let [first, second] = self.poles;
        let agree = self.partial[0] ^ partial;
        let drawn = saturate(first << 2);
        let drawn = if agree == 0 { saturate(-drawn) } else { drawn };
        let step = if self.partial[1] == partial { 128 } else { -128 };
        let second = (step + (drawn >> 7) + second + (-second >> 7)).clamp(-12_288, 12_288);
        // UPPOL1
        let step = if agree == 0 { 192 } else { -192 };
        let bound = 15_360 - second;
        let first = (step + first + (-first >> 8)).clamp(-bound, bound);
        self.poles = [first, second];
        // UPZERO
        let (gain, sign) = (if difference == 0 { 0 } else { 128 }, difference >> 31);
        for (weight, earlier) in self.weights.iter_mut().zip(&self.differences) {
            let against = (i32::from(*earlier) >> 31) ^ sign;
            let kept = i32::from(*weight);
            *weight = saturate(kept + (-kept >> 8) + ((gain ^ against) - against)) as i16;
        }
        // DELAYA
        let [a, b, c, d, e, ..] = self.differences;
        self.differences = [saturate(2 * difference) as i16, a, b, c, d, e, 0, 0];
        // FILTEZ
        let terms = self.weights.iter().zip(&self.differences);
        let zeros: i32 = terms.map(|(weight, twice)| (i32::from(*weight) * i32::from(*twice)) >> 15).sum();
        // FILTEP, PREDIC
        let doubled = saturate(2 * signal);
        let poles = saturate(((first * doubled) >> 15) + ((second * self.signals[0]) >> 15));
        self.signals = [doubled, self.signals[0]];
        self.partial = [partial, self.partial[0]];
        self.zeros = saturate(zeros);
        self.predicted = saturate(poles + self.zeros);
    }
}

/// The nearest value of 16 bits.
#[inline]
pub(super) fn saturate(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

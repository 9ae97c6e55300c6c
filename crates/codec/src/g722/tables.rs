//! The figures of G.722.
//!
//! # What
//! Quantiser levels, scale-factor tables and the taps of the two-band filter.
//!
//! # How
//! Inverse quantisers are indexed by the code as sent.
//!
//! # Limits
//! None.
//!
//! # Standard
//! ITU-T G.722 tables 7 to 14 (quantisers and scale factors), table 11 (filter taps).

/// Taps of one phase of the two-band filter; the other phase has them in reverse.
pub(super) const TAPS: [i16; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];

/// Decision levels of the lower band's six-bit quantiser, times 16: the 29 above zero, and the last again to fill up.
pub(super) const Q6: [u16; 32] = {
    let levels = [
        35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121,
        1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919, 2919, 2919, 2919,
    ];
    let mut times_16 = [0; 32];
    let mut n = 0;
    while n < 32 {
        times_16[n] = levels[n] << 4;
        n += 1;
    }
    times_16
};

/// Codes of the lower band by the interval, for differences below zero.
pub(super) const NEGATIVE: [u8; 32] = [
    63, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8,
    7, 6, 5, 4, 4,
];

/// Codes of the lower band by the interval, for the other differences.
pub(super) const POSITIVE: [u8; 32] = [
    61, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37,
    36, 35, 34, 33, 32, 32,
];

/// Scale-factor multipliers of the lower band, by its upper four bits.
pub(super) const SCALE_LOW: [i16; 16] =
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

/// Scale-factor multipliers of the higher band, by its code.
pub(super) const SCALE_HIGH: [i16; 4] = [798, -214, 798, -214];

/// Powers of two by 32nds of an octave.
pub(super) const POWER: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896,
    2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

/// Inverse quantiser of the higher band.
pub(super) const LEVEL_2: [i16; 4] = [-7408, -1616, 7408, 1616];

/// Inverse quantiser of the lower band by four bits: what both sides adapt by.
pub(super) const LEVEL_4: [i16; 16] =
    [0, -20_456, -12_896, -8968, -6288, -4240, -2584, -1200, 20_456, 12_896, 8968, 6288, 4240, 2584, 1200, 0];

/// Inverse quantiser of the lower band by five bits.
pub(super) const LEVEL_5: [i16; 32] = [
    -280, -280, -23_352, -17_560, -14_120, -11_664, -9752, -8184, -6864, -5712, -4696, -3784, -2960, -2208,
    -1520, -880, 23_352, 17_560, 14_120, 11_664, 9752, 8184, 6864, 5712, 4696, 3784, 2960, 2208, 1520, 880,
    280, -280,
];

/// Inverse quantiser of the lower band by six bits.
pub(super) const LEVEL_6: [i16; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192, -10_232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032,
    -1688, -1360, -1040, -728, 24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9360,
    8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040,
    728, 432, 136, -432, -136,
];

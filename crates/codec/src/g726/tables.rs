//! The figures of each rate.
//!
//! # What
//! Decision levels, reconstruction levels, scale-factor multipliers and speed weights.
//!
//! # How
//! Decision levels are padded to sixteen with a value that nothing reaches, so that a level is found by counting.
//!
//! # Limits
//! None.
//!
//! # Standard
//! ITU-T G.726 tables 7 to 10 (quantisers), clause 4.2.4 (W), clause 4.2.5 (F).

/// What a rate quantises and adapts by. Arrays are indexed by the code as sent.
pub(super) struct Rate {
    /// Decision levels of the logarithm of the normalised difference; one more than those reached gives the code.
    pub decide: [i16; 16],
    /// Reconstruction levels of the same logarithm.
    pub level: [i16; 32],
    /// W, in units of 1/16: what the scale factor is drawn towards; the scale itself has five bits more.
    pub scale: [i16; 32],
    /// F, in units of 1/512: how loud the code is for the speed control.
    pub speed: [i16; 32],
}

/// No logarithm reaches it.
const NEVER: i16 = i16::MAX;

/// The rate that sends `BITS` a sample.
pub(super) const fn rate<const BITS: u32>() -> &'static Rate {
    match BITS {
        2 => &RATES[0],
        3 => &RATES[1],
        4 => &RATES[2],
        _ => &RATES[3],
    }
}

static RATES: [Rate; 4] = [
    make::<1, 2>([261], [116, 365], [-22, 439], [0, 7]),
    make::<3, 4>([8, 218, 331], [-2048, 135, 273, 373], [-4, 30, 137, 582], [0, 1, 2, 7]),
    make::<7, 8>(
        [-124, 80, 178, 246, 300, 349, 400],
        [-2048, 4, 135, 213, 273, 323, 373, 425],
        [-12, 18, 41, 64, 112, 198, 355, 1122],
        [0, 0, 0, 1, 1, 1, 3, 7],
    ),
    make::<15, 16>(
        [-122, -16, 68, 139, 198, 250, 298, 339, 378, 413, 445, 475, 502, 528, 553],
        [-2048, -66, 28, 104, 169, 224, 274, 318, 358, 395, 429, 459, 488, 514, 539, 566],
        [14, 14, 24, 39, 40, 41, 58, 100, 141, 179, 219, 280, 358, 440, 529, 696],
        [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6],
    ),
];

/// The tables of a rate from those of its magnitudes: a negative difference sends the complement.
const fn make<const DECISIONS: usize, const LEVELS: usize>(
    decide: [i16; DECISIONS],
    level: [i16; LEVELS],
    scale: [i16; LEVELS],
    speed: [i16; LEVELS],
) -> Rate {
    let mut rate = Rate { decide: [NEVER; 16], level: [0; 32], scale: [0; 32], speed: [0; 32] };
    let mut n = 0;
    while n < DECISIONS {
        rate.decide[n] = decide[n];
        n += 1;
    }
    n = 0;
    while n < LEVELS {
        let mirror = 2 * LEVELS - 1 - n;
        rate.level[n] = level[n];
        rate.level[mirror] = level[n];
        rate.scale[n] = scale[n];
        rate.scale[mirror] = scale[n];
        rate.speed[n] = speed[n] << 9;
        rate.speed[mirror] = speed[n] << 9;
        n += 1;
    }
    rate
}

//! What the tests of the cancellers ask of each: that it learns a plain echo.

/// RMS of what is left of an echo of half the far end's noise (about 1180) in the last second of four, where
/// `process` takes the echo of its second argument out of its first.
pub fn left(mut process: impl FnMut(&mut [i16], &[i16])) -> f64 {
    let mut state = 1_u32;
    let mut left = 0_i64;
    for n in 0..400 {
        let far: Vec<i16> = (0..80)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 19) as i16 - 4096
            })
            .collect();
        let mut near: Vec<i16> = far.iter().map(|x| x / 2).collect();
        process(&mut near, &far);
        if n >= 300 {
            left += near.iter().map(|x| i64::from(*x).pow(2)).sum::<i64>();
        }
    }
    (left as f64 / 8000.0).sqrt()
}

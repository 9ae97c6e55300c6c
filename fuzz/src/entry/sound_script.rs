//! Sound out of arbitrary bytes: what a line may carry at its worst.

/// 10 ms of a line.
pub type Frame = [i16; 80];

/// Most frames of one run: 20 s.
const FRAMES_MAX: usize = 2000;

/// Each instruction is a byte for the kind, one for its length in frames, and two operands; samples as they are take 160 more.
pub fn frames(mut script: &[u8]) -> Vec<Frame> {
    let mut out = Vec::new();
    let mut noise = 1_u32;
    while let [kind, length, a, b, rest @ ..] = script {
        script = rest;
        let value = i16::from_be_bytes([*a, *b]);
        let frames = usize::from(*length).min(FRAMES_MAX - out.len().min(FRAMES_MAX));
        if kind % 8 == 7 {
            let (bytes, rest) = script.split_at(script.len().min(160));
            script = rest;
            let mut frame = [0; 80];
            for (sample, pair) in frame.iter_mut().zip(bytes.chunks_exact(2)) {
                *sample = i16::from_be_bytes([pair[0], pair[1]]);
            }
            out.extend(std::iter::repeat_n(frame, frames.min(8)));
            continue;
        }
        for n in 0..frames {
            out.push(core::array::from_fn(|k| {
                let at = n * 80 + k;
                let sine = |hertz: f32| (at as f32 * hertz * core::f32::consts::TAU / 8000.0).sin();
                match kind % 8 {
                    0 => 0,
                    1 => value,
                    2 if at / (1 + usize::from(*a)) % 2 == 0 => i16::MAX,
                    2 => i16::MIN,
                    3 => {
                        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        ((noise >> 16) as i16) >> (b % 16)
                    }
                    4 if k == usize::from(a % 80) => i16::MIN,
                    4 => 0,
                    // One tone of any frequency; a digit's pair at any level; one with the second a little off.
                    5 => (32_767.0 * sine(f32::from(value as u16) / 16.0)) as i16,
                    _ => {
                        let low = [697.0, 770.0, 852.0, 941.0][usize::from(a & 3)];
                        let high =
                            [1209.0, 1336.0, 1477.0, 1633.0][usize::from(a >> 2 & 3)] + f32::from(a >> 4);
                        (f32::from(*b) * 64.0 * (sine(low) + sine(high))) as i16
                    }
                }
            }));
        }
    }
    out.truncate(FRAMES_MAX);
    out
}

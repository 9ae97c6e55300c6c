//! Voices that can be told apart.
//!
//! # What it does
//! Names the marks by which a voice is known: three partials, one from each of three groups of eight.
//!
//! # How
//! A voice has two free marks; the third follows from them (their sum modulo eight). Two voices at once differ in
//! two marks at least, so that of all ways to combine the partials of two voices only the true ones are voices.
//!
//! # Limits
//! [`VOICES`] voices; numbers beyond it count from the start again.
//!
//! # Standard
//! None. The marks keep 3.5 % away from the frequencies of ITU-T Q.23, the limit within which no digit is heard.

use tipring_units::Dbm0;

/// Voices that differ.
pub const VOICES: u16 = 64;

/// Mean level of a voice.
pub const VOICE_LEVEL: Dbm0 = Dbm0(-16.0);

/// The groups of marks in hertz.
pub const MARKERS: [[f32; 8]; 3] = [
    [300.0, 345.0, 390.0, 435.0, 480.0, 525.0, 570.0, 615.0],
    [990.0, 1035.0, 1080.0, 1125.0, 1730.0, 1775.0, 1820.0, 1865.0],
    [2160.0, 2205.0, 2250.0, 2295.0, 2340.0, 2385.0, 2430.0, 2475.0],
];

/// The places of a voice's marks in the three groups.
pub const fn markers(voice: u16) -> [usize; 3] {
    let number = (voice % VOICES) as usize;
    let (a, b) = (number / 8, number % 8);
    [a, b, (a + b) % 8]
}

/// The voice with these marks.
pub const fn voice_of(places: [usize; 3]) -> Option<u16> {
    if (places[0] + places[1]) % 8 == places[2] && places[0] < 8 && places[1] < 8 {
        Some((places[0] * 8 + places[1]) as u16)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mouth::frequencies;

    #[test]
    fn of_two_voices_only_the_true_combinations_are_voices() {
        for one in 0..VOICES {
            for other in 0..one {
                let (x, y) = (markers(one), markers(other));
                for bits in 0..8 {
                    let mixed: [usize; 3] =
                        core::array::from_fn(
                            |group| if bits >> group & 1 == 0 { x[group] } else { y[group] },
                        );
                    let found = voice_of(mixed);
                    assert!(found.is_none_or(|v| v == one || v == other), "{one} and {other} give {found:?}");
                }
            }
        }
    }

    #[test]
    fn no_mark_lies_near_a_frequency_of_the_keypad() {
        for mark in MARKERS.as_flattened() {
            for key in *b"147*0369#ABCD" {
                let (low, high) = frequencies(key).unwrap();
                assert!([low, high].iter().all(|f| (mark / f - 1.0).abs() > 0.035), "{mark}");
            }
        }
    }
}

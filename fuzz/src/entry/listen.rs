//! Recordings of any form, as `tipring listen` reads and hears them.

use crate::listen::listen;
use crate::listen::naming::every_country;
use crate::listen::sound::parse;

/// The most that is listened to: 4 s at 8 kHz.
const SAMPLES_MAX: usize = 32_000;

/// What is read has channels of one length and finite samples; what is heard has times within the recording.
pub fn run(data: &[u8]) {
    let Ok(sound) = parse(data) else { return };
    assert!(sound.channels.iter().all(|samples| samples.iter().all(|s| s.is_finite())));
    let length = sound.channels.first().map_or(0, Vec::len);
    assert!(sound.channels.iter().all(|samples| samples.len() == length));
    if length == 0 || length > SAMPLES_MAX {
        return;
    }
    let Ok(heard) = listen(&sound, &every_country()) else { return };
    let end = sound.seconds() * 1000.0 + 1000.0;
    for one in heard {
        assert!(one.at.is_finite() && (-1000.0..=end).contains(&one.at), "{one:?}");
        assert!(one.length.is_none_or(f64::is_finite), "{one:?}");
    }
}

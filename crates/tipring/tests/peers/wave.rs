//! Recordings: 8 kHz, 16 bit, one channel; those that are read may be at a multiple of that, and stereo.

use std::f64::consts::TAU;
use std::path::Path;

/// Samples a second.
pub const RATE: f64 = 8000.0;
/// RMS of 0 dBm0 in 16-bit samples: the digital milliwatt, mu-law 1e 0b 0b 1e 9e 8b 8b 9e (ITU-T G.711 table 6),
/// decodes to 8828 and 20860.
pub const RMS_0_DBM0: f64 = 16_017.0;

/// A tone of so many seconds.
pub fn tone(hertz: f64, dbm0: f64, seconds: f64) -> Vec<i16> {
    let peak = RMS_0_DBM0 * std::f64::consts::SQRT_2 * 10_f64.powf(dbm0 / 20.0);
    (0..(RATE * seconds) as usize)
        .map(|place| (peak * (TAU * hertz * place as f64 / RATE).sin()).round() as i16)
        .collect()
}

/// Writes a WAV file.
pub fn write(path: &Path, samples: &[i16]) {
    let data = u32::try_from(samples.len() * 2).unwrap();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(16_000_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, bytes).unwrap();
}

/// The samples of a WAV file that may still be growing: what its header says of its length is not believed. At a multiple
/// of 8 kHz the mean of so many is taken, and of two channels the first.
pub fn read(path: &Path) -> Vec<i16> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let Some(at) = bytes.windows(4).position(|window| window == b"data") else { return Vec::new() };
    let field = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let (channels, rate) = (field(22), field(24));
    assert!(rate % 8000 == 0 && (1..=2).contains(&channels), "{rate} Hz, {channels} channels");
    let body = bytes.get(at + 8..).unwrap_or_default();
    let samples: Vec<i16> =
        body.chunks_exact(2 * channels).map(|frame| i16::from_le_bytes([frame[0], frame[1]])).collect();
    let each = rate / 8000;
    let mean = |group: &[i16]| group.iter().map(|s| i64::from(*s)).sum::<i64>() / each as i64;
    samples.chunks_exact(each).map(|group| mean(group) as i16).collect()
}

/// Samples as mu-law bytes (ITU-T G.711 table 2).
pub fn mu_law(samples: &[i16]) -> Vec<u8> {
    let code = |sample: &i16| {
        let magnitude = (i32::from(*sample).abs() + 132).min(32_767);
        let segment = (magnitude >> 7).ilog2();
        let step = (magnitude >> (segment + 3)) & 15;
        let sign = if *sample < 0 { 0x80 } else { 0 };
        !(u8::try_from(segment << 4).unwrap() | u8::try_from(step).unwrap() | sign)
    };
    samples.iter().map(code).collect()
}

/// The sample of a mu-law byte.
pub fn from_mu_law(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((i16::from(code & 15) << 3) + 132) << ((code >> 4) & 7);
    if code & 0x80 == 0 { magnitude - 132 } else { 132 - magnitude }
}

#[test]
fn mu_law_keeps_the_digital_milliwatt() {
    let milliwatt: Vec<i16> =
        [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e].map(|code: u8| from_mu_law(code)).to_vec();
    assert_eq!(milliwatt, [-8828, -20_860, -20_860, -8828, 8828, 20_860, 20_860, 8828]);
    assert_eq!(mu_law(&milliwatt), [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e]);
}

//! Recordings: WAV files and plain samples, 8 kHz, 16 bit, mono.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// The longest recording, ten minutes.
pub const MAX_SECONDS: usize = 600;
const RATE: u32 = 8000;
const MAX_SAMPLES: usize = MAX_SECONDS * RATE as usize;
/// Bytes of a file, at the most: the samples and generous chunks beside them.
const MAX_BYTES: u64 = MAX_SAMPLES as u64 * 2 + 65_536;
/// How to bring a recording into the form that a line carries.
const CONVERT: &str = "Convert it: sox IN -r 8000 -b 16 -c 1 OUT.wav";

/// The samples of a recording. A name that ends in `.raw` holds samples only, little-endian.
pub fn read(path: &Path) -> Result<Vec<i16>> {
    let name = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("{name}"))?.len();
    ensure!(length <= MAX_BYTES, "{name}: longer than {} minutes", MAX_SECONDS / 60);
    let bytes = std::fs::read(path).with_context(|| format!("{name}"))?;
    let is_raw = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("raw"));
    let samples = if is_raw { samples(&bytes) } else { parse(&bytes).with_context(|| format!("{name}"))? };
    ensure!(!samples.is_empty(), "{name}: there are no samples in it");
    ensure!(samples.len() <= MAX_SAMPLES, "{name}: longer than {} minutes", MAX_SECONDS / 60);
    Ok(samples)
}

fn parse(bytes: &[u8]) -> Result<Vec<i16>> {
    let is_wave = bytes.get(..4) == Some(b"RIFF") && bytes.get(8..12) == Some(b"WAVE");
    ensure!(is_wave, "no WAV file (it does not begin with RIFF and WAVE). {CONVERT}");
    let mut rest = &bytes[12..];
    let mut known = false;
    while let (Some(id), Some(length)) = (rest.get(..4), u32_at(rest, 4)) {
        let body = &rest[8..];
        let length = length as usize;
        match id {
            b"fmt " => {
                format(body.get(..length).context("the format chunk is cut off")?)?;
                known = true;
            }
            b"data" => {
                ensure!(known, "the samples come before their format. {CONVERT}");
                // A recorder that was killed leaves a length that is too long; what is there is good.
                return Ok(samples(&body[..length.min(body.len())]));
            }
            _ => {} // names, dates and the like
        }
        let Some(next) = body.get(length + length % 2..) else { break };
        rest = next;
    }
    bail!("there are no samples in it (no data chunk)")
}

fn format(chunk: &[u8]) -> Result<()> {
    let (Some(tag), Some(channels), Some(rate), Some(bits)) =
        (u16_at(chunk, 0), u16_at(chunk, 2), u32_at(chunk, 4), u16_at(chunk, 14))
    else {
        bail!("the format chunk has {} bytes, 16 are the least", chunk.len());
    };
    // WAVE_FORMAT_EXTENSIBLE has the real tag at the start of its GUID.
    let tag = if tag == 0xfffe { u16_at(chunk, 24).unwrap_or(tag) } else { tag };
    ensure!(tag == 1, "compressed (format {tag}); plain PCM is wanted. {CONVERT}");
    ensure!(
        (rate, bits, channels) == (RATE, 16, 1),
        "{rate} Hz, {bits} bit, {channels} channel(s); a line carries 8000 Hz, 16 bit, 1 channel. {CONVERT}"
    );
    Ok(())
}

fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(rate: u32, bits: u16, channels: u16, samples: &[i16]) -> Vec<u8> {
        let mut chunk = Vec::new();
        chunk.extend([1u16, channels].iter().flat_map(|value| value.to_le_bytes()));
        chunk.extend(rate.to_le_bytes());
        chunk.extend((rate * u32::from(channels) * u32::from(bits) / 8).to_le_bytes());
        chunk.extend([channels * bits / 8, bits].iter().flat_map(|value| value.to_le_bytes()));
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(chunk);
        bytes.extend(b"data");
        bytes.extend((samples.len() as u32 * 2).to_le_bytes());
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    #[test]
    fn samples_are_found_behind_other_chunks() {
        assert_eq!(parse(&wave(8000, 16, 1, &[1, -2, 300])).unwrap(), [1, -2, 300]);
    }

    #[test]
    fn what_a_line_cannot_carry_is_told_with_the_remedy() {
        let told = |bytes: &[u8]| format!("{:#}", parse(bytes).unwrap_err());
        assert!(told(&wave(44_100, 16, 2, &[0])).contains("44100 Hz, 16 bit, 2 channel(s)"));
        assert!(told(&wave(44_100, 16, 2, &[0])).contains("sox IN -r 8000"));
        assert!(told(b"ID3 this is something else").contains("no WAV file"));
        let mut law = wave(8000, 16, 1, &[0]);
        law[32] = 7;
        assert!(told(&law).contains("compressed (format 7)"), "{}", told(&law));
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_or_shorter() {
        let whole = wave(8000, 16, 1, &[7; 40]);
        for length in 0..whole.len() {
            if let Ok(samples) = parse(&whole[..length]) {
                assert!(samples.len() < 40 && samples.iter().all(|sample| *sample == 7));
            }
        }
    }
}

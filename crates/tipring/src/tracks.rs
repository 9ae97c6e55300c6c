//! Recordings of several channels, 8 kHz, 16 bit, and files of one channel made from them.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

const RATE: u32 = 8000;
/// Bytes of a file, at the most: an hour of three channels.
const MAX_BYTES: u64 = 3600 * 8000 * 2 * 3 + 65_536;
/// How to make a file of two channels.
const CONVERT: &str = "Two mono files are joined by: sox -M TO_LINE.wav FROM_LINE.wav -r 8000 -b 16 STIM.wav";

/// The first two channels of a WAV file of at least two.
pub fn read_pair(path: &Path) -> Result<[Vec<i16>; 2]> {
    let name = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("{name}"))?.len();
    ensure!(length <= MAX_BYTES, "{name}: longer than an hour");
    let bytes = std::fs::read(path).with_context(|| format!("{name}"))?;
    parse(&bytes).with_context(|| format!("{name}"))
}

/// Writes a mono file.
pub fn write_mono(path: &Path, samples: &[i16]) -> Result<()> {
    let size = u32::try_from(samples.len() * 2).context("too long for a WAV file")?;
    let mut bytes = Vec::with_capacity(samples.len() * 2 + 44);
    bytes.extend(b"RIFF");
    bytes.extend((size + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([1_u16, 1].iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend([RATE, RATE * 2].iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend([2_u16, 16].iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend(b"data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, bytes).with_context(|| format!("{}", path.display()))
}

fn parse(bytes: &[u8]) -> Result<[Vec<i16>; 2]> {
    let is_wave = bytes.get(..4) == Some(b"RIFF") && bytes.get(8..12) == Some(b"WAVE");
    ensure!(is_wave, "no WAV file (it does not begin with RIFF and WAVE)");
    let mut rest = &bytes[12..];
    let mut channels = 0;
    while let (Some(id), Some(length)) = (rest.get(..4), word(rest, 4)) {
        let body = &rest[8..];
        let length = length as usize;
        match id {
            b"fmt " => channels = format(body.get(..length).context("the format chunk is cut off")?)?,
            b"data" => {
                ensure!(channels >= 2, "the samples come before their format");
                let frames = body[..length.min(body.len())].chunks_exact(channels * 2);
                let channel = |n: usize| -> Vec<i16> {
                    frames.clone().map(|frame| i16::from_le_bytes([frame[2 * n], frame[2 * n + 1]])).collect()
                };
                return Ok([channel(0), channel(1)]);
            }
            _ => {} // names, dates and the like
        }
        let Some(next) = body.get(length + length % 2..) else { break };
        rest = next;
    }
    bail!("there are no samples in it (no data chunk)")
}

/// The number of channels, at least two.
fn format(chunk: &[u8]) -> Result<usize> {
    let half = |at: usize| Some(u16::from_le_bytes(chunk.get(at..at + 2)?.try_into().ok()?));
    let (Some(tag), Some(channels), Some(rate), Some(bits)) = (half(0), half(2), word(chunk, 4), half(14))
    else {
        bail!("the format chunk has {} bytes, 16 are the least", chunk.len());
    };
    // WAVE_FORMAT_EXTENSIBLE has the real tag at the start of its GUID.
    let tag = if tag == 0xfffe { half(24).unwrap_or(tag) } else { tag };
    ensure!(tag == 1, "compressed (format {tag}); plain PCM is wanted");
    ensure!(
        (rate, bits) == (RATE, 16) && channels >= 2,
        "{rate} Hz, {bits} bit, {channels} channel(s); 8000 Hz, 16 bit and two channels are wanted: the signal towards \
         the line and the one from it. {CONVERT}"
    );
    Ok(usize::from(channels))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(channels: u16, samples: &[i16]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        bytes.extend([1_u16, channels].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([RATE, RATE * 2 * u32::from(channels)].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend([channels * 2, 16].iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(b"data");
        bytes.extend((samples.len() as u32 * 2).to_le_bytes());
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        bytes
    }

    #[test]
    fn the_first_two_of_three_channels_are_read() {
        let [to, from] = parse(&wave(3, &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!((to, from), (vec![1, 4], vec![2, 5]));
    }

    #[test]
    fn a_mono_file_is_refused_with_the_remedy() {
        let told = format!("{:#}", parse(&wave(1, &[1, 2])).unwrap_err());
        assert!(told.contains("1 channel(s)") && told.contains("sox -M"), "{told}");
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_or_shorter() {
        let whole = wave(2, &[7; 40]);
        for length in 0..whole.len() {
            if let Ok([to, from]) = parse(&whole[..length]) {
                assert!(to.len() < 20 && to.len() == from.len());
            }
        }
    }

    #[test]
    fn a_written_file_has_its_samples_behind_a_header_of_44_bytes() {
        let path = std::env::temp_dir().join(format!("tipring-tracks-{}.wav", std::process::id()));
        write_mono(&path, &[1, -2]).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(bytes.len(), 48);
        assert_eq!((&bytes[..4], &bytes[44..]), (&b"RIFF"[..], &[1, 0, 0xfe, 0xff][..]));
        assert_eq!(word(&bytes, 4), Some(40));
    }
}

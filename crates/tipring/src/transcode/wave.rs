//! WAV files of one channel: linear 16 bit, A-law and mu-law.

use anyhow::{Context, Result, bail, ensure};
use tipring_codec::Law;

/// What a WAV file holds.
pub struct Wave {
    /// None for linear samples.
    pub law: Option<Law>,
    /// Samples per second.
    pub rate: u32,
    /// The bytes of its data chunk.
    pub data: Vec<u8>,
}

const LINEAR: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// The real format stands at the start of a GUID.
const EXTENSIBLE: u16 = 0xfffe;

/// True if it begins as a WAV file does.
pub fn is_wave(bytes: &[u8]) -> bool {
    bytes.get(..4) == Some(b"RIFF") && bytes.get(8..12) == Some(b"WAVE")
}

/// Reads a WAV file.
pub fn parse(bytes: &[u8]) -> Result<Wave> {
    ensure!(is_wave(bytes), "no WAV file: it does not begin with RIFF and WAVE");
    let mut rest = &bytes[12..];
    let mut format = None;
    while let (Some(id), Some(length)) = (rest.get(..4), number::<4>(rest, 4)) {
        let body = &rest[8..];
        let length = length as usize;
        match id {
            b"fmt " => {
                format = Some(law_and_rate(body.get(..length).context("its format chunk is cut off")?)?)
            }
            b"data" => {
                let (law, rate) = format.context("its samples come before their format")?;
                // A recorder that was killed leaves a length that is too long; what is there is good.
                return Ok(Wave { law, rate, data: body[..length.min(body.len())].to_vec() });
            }
            _ => {} // names, dates and the like
        }
        let Some(next) = body.get(length.saturating_add(length % 2)..) else { break };
        rest = next;
    }
    bail!("it holds no samples (no data chunk)")
}

/// A WAV file of these bytes.
pub fn write(wave: &Wave) -> Result<Vec<u8>> {
    let (tag, width) = match wave.law {
        None => (LINEAR, 2_u16),
        Some(Law::A) => (A_LAW, 1),
        Some(Law::Mu) => (MU_LAW, 1),
    };
    let length = u32::try_from(wave.data.len()).ok().filter(|length| *length < u32::MAX - 64);
    let length = length.context("too long for a WAV file; write a .raw")?;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((length + length % 2 + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend([tag, 1].iter().flat_map(|value: &u16| value.to_le_bytes()));
    bytes.extend([wave.rate, wave.rate * u32::from(width)].iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend([width, width * 8].iter().flat_map(|value| value.to_le_bytes()));
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(&wave.data);
    if length % 2 == 1 {
        bytes.push(0);
    }
    Ok(bytes)
}

fn law_and_rate(chunk: &[u8]) -> Result<(Option<Law>, u32)> {
    let (Some(tag), Some(channels), Some(rate), Some(bits)) =
        (number::<2>(chunk, 0), number::<2>(chunk, 2), number::<4>(chunk, 4), number::<2>(chunk, 14))
    else {
        bail!("its format chunk has {} bytes, 16 are the least", chunk.len());
    };
    let tag = if tag == u32::from(EXTENSIBLE) { number::<2>(chunk, 24).unwrap_or(tag) } else { tag };
    ensure!(channels == 1, "{channels} channels; one is wanted: sox IN.wav -c 1 OUT.wav");
    match (u16::try_from(tag).unwrap_or(0), bits) {
        (LINEAR, 16) => Ok((None, rate)),
        (A_LAW, 8) => Ok((Some(Law::A), rate)),
        (MU_LAW, 8) => Ok((Some(Law::Mu), rate)),
        (tag, bits) => {
            bail!(
                "format {tag} with {bits} bits; linear 16 bit, A-law or mu-law is wanted: sox IN.wav -b 16 OUT.wav"
            )
        }
    }
}

/// A little-endian number of `SIZE` bytes.
fn number<const SIZE: usize>(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + SIZE)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (law, rate, data) in [(None, 16_000, vec![1, 2, 3, 4]), (Some(Law::A), 8000, vec![9, 8, 7])] {
            let bytes = write(&Wave { law, rate, data: data.clone() }).unwrap();
            assert_eq!(bytes.len() % 2, 0);
            let back = parse(&bytes).unwrap();
            assert_eq!((back.law, back.rate, back.data), (law, rate, data));
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_or_shorter() {
        let whole = write(&Wave { law: None, rate: 8000, data: vec![7; 40] }).unwrap();
        for length in 0..whole.len() {
            if let Ok(wave) = parse(&whole[..length]) {
                assert!(wave.data.len() < 40);
            }
        }
        let mut stereo = whole.clone();
        stereo[22] = 2;
        assert!(parse(&stereo).err().unwrap().to_string().contains("2 channels"));
    }
}

//! Recordings of the user's: WAV files.
//!
//! # What it does
//! Reads G.711 (A-law, mu-law) or 16-bit linear samples of 8 kHz, one channel.
//!
//! # Limits
//! [`MAX_PHRASE`] samples.
//!
//! # Standard
//! RIFF WAVE as of "Multimedia Programming Interface and Data Specifications 1.0" (1991): format tags 1, 6, 7.

use thiserror::Error;

use crate::bank::MAX_PHRASE;

/// Why a recording cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RecordingError {
    /// No WAV file.
    #[error("no WAV file")]
    NoWave,
    /// It ends within a part.
    #[error("the file ends too soon")]
    Short,
    /// Of another kind.
    #[error("format {0}: must be G.711 A-law (6), mu-law (7) or 16-bit linear (1)")]
    Format(u16),
    /// Of another rate.
    #[error("{0} Hz: must be 8000 Hz")]
    Rate(u32),
    /// More than one channel.
    #[error("{0} channels: must be one")]
    Channels(u16),
    /// Linear samples of another size.
    #[error("{0} bits in a sample: must be 16, or 8 for G.711")]
    Bits(u16),
    /// There is no sound in it.
    #[error("no sound in it")]
    Empty,
    /// More than fits.
    #[error("longer than 20 s")]
    Long,
}

/// The samples of a WAV file.
///
/// # Errors
/// If it is none of the kinds that can be played.
pub fn read_recording(bytes: &[u8]) -> Result<Vec<i16>, RecordingError> {
    let (Some(b"RIFF"), Some(b"WAVE")) = (bytes.get(..4), bytes.get(8..12)) else {
        return Err(RecordingError::NoWave);
    };
    let mut rest = bytes.get(12..).unwrap_or(&[]);
    let mut format = None;
    while let Some((name, size)) = head(rest) {
        let body = rest.get(8..).unwrap_or(&[]);
        match name {
            b"fmt " => format = Some(Format::read(body.get(..size).ok_or(RecordingError::Short)?)?),
            b"data" => {
                let format = format.ok_or(RecordingError::Short)?;
                // Some writers leave the size of a stream unknown.
                return format.samples(body.get(..size).unwrap_or(body));
            }
            _ => {}
        }
        rest = body.get(size.saturating_add(size % 2)..).ok_or(RecordingError::Short)?;
    }
    Err(if format.is_some() { RecordingError::Empty } else { RecordingError::Short })
}

fn head(bytes: &[u8]) -> Option<(&[u8; 4], usize)> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (size, _) = rest.split_first_chunk::<4>()?;
    Some((name, u32::from_le_bytes(*size) as usize))
}

#[derive(Clone, Copy)]
enum Format {
    Linear,
    ALaw,
    MuLaw,
}

impl Format {
    fn read(body: &[u8]) -> Result<Self, RecordingError> {
        let word = |at: usize| {
            let bytes = body.get(at..at + 2).ok_or(RecordingError::Short)?;
            Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
        };
        let (tag, channels, bits) = (word(0)?, word(2)?, word(14)?);
        let rate = u32::from(word(4)?) | u32::from(word(6)?) << 16;
        let format = match tag {
            1 => Self::Linear,
            6 => Self::ALaw,
            7 => Self::MuLaw,
            other => return Err(RecordingError::Format(other)),
        };
        if channels != 1 {
            return Err(RecordingError::Channels(channels));
        }
        if rate != 8000 {
            return Err(RecordingError::Rate(rate));
        }
        match (format, bits) {
            (Self::Linear, 16) | (Self::ALaw | Self::MuLaw, 8) => Ok(format),
            (Self::Linear | Self::ALaw | Self::MuLaw, bits) => Err(RecordingError::Bits(bits)),
        }
    }

    fn samples(self, body: &[u8]) -> Result<Vec<i16>, RecordingError> {
        let samples: Vec<i16> = match self {
            Self::Linear => {
                body.as_chunks::<2>().0.iter().take(MAX_PHRASE + 1).map(|b| i16::from_le_bytes(*b)).collect()
            }
            Self::ALaw => body.iter().take(MAX_PHRASE + 1).map(|b| a_law(*b)).collect(),
            Self::MuLaw => body.iter().take(MAX_PHRASE + 1).map(|b| mu_law(*b)).collect(),
        };
        match samples.len() {
            0 => Err(RecordingError::Empty),
            length if length > MAX_PHRASE => Err(RecordingError::Long),
            _ => Ok(samples),
        }
    }
}

/// G.711 table 1a, as 16-bit samples.
fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let (segment, step) = (byte >> 4 & 7, i16::from(byte & 15));
    let size = match segment {
        0 => step << 4 | 8,
        segment => (step << 4 | 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

/// G.711 table 2a, as 16-bit samples.
fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let (segment, step) = (byte >> 4 & 7, i16::from(byte & 15));
    let size = ((step << 3 | 0x84) << segment) - 0x84;
    if byte & 0x80 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut out = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        out.extend(tag.to_le_bytes());
        out.extend(channels.to_le_bytes());
        out.extend(rate.to_le_bytes());
        out.extend((rate * u32::from(bits) / 8).to_le_bytes());
        out.extend((bits / 8).to_le_bytes());
        out.extend(bits.to_le_bytes());
        out.extend(b"LIST\x03\0\0\0abc\0data");
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn the_three_kinds_are_read() {
        assert_eq!(read_recording(&wave(1, 1, 8000, 16, &[1, 0, 0, 0x80])), Ok(vec![1, i16::MIN]));
        // The first and last values of both laws, positive and negative.
        assert_eq!(
            read_recording(&wave(6, 1, 8000, 8, &[0xD5, 0x55, 0xAA, 0x2A])),
            Ok(vec![8, -8, 32_256, -32_256])
        );
        assert_eq!(
            read_recording(&wave(7, 1, 8000, 8, &[0xFF, 0x7F, 0x80, 0x00])),
            Ok(vec![0, 0, 32_124, -32_124])
        );
    }

    #[test]
    fn what_cannot_be_played_is_refused_with_the_reason() {
        let why = |bytes: &[u8]| read_recording(bytes).unwrap_err();
        assert_eq!(why(b"ID3\x04"), RecordingError::NoWave);
        assert_eq!(why(&wave(1, 2, 8000, 16, &[0; 4])), RecordingError::Channels(2));
        assert_eq!(why(&wave(1, 1, 44_100, 16, &[0; 4])), RecordingError::Rate(44_100));
        assert_eq!(why(&wave(3, 1, 8000, 32, &[0; 4])), RecordingError::Format(3));
        assert_eq!(why(&wave(1, 1, 8000, 8, &[0; 4])), RecordingError::Bits(8));
        assert_eq!(why(&wave(7, 1, 8000, 8, &[])), RecordingError::Empty);
        assert_eq!(why(&wave(7, 1, 8000, 8, &vec![0; MAX_PHRASE + 1])), RecordingError::Long);
        let whole = wave(7, 1, 8000, 8, &[1, 2, 3]);
        for length in 0..44 {
            assert!(read_recording(&whole[..length]).is_err(), "{length}");
        }
    }
}

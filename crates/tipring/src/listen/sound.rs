//! Recordings of any usual form.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use tipring_codec::Codec;

use super::resample::resample;

/// The largest file that is read: some twelve hours of a line.
const MAX_BYTES: u64 = 1 << 30;
/// Channels that are looked at.
const MAX_CHANNELS: usize = 2;
/// The lowest and highest rate.
const RATES: core::ops::RangeInclusive<u32> = 8000..=192_000;
/// The rate of a line.
pub const LINE_RATE: u32 = 8000;
const REMEDY: &str = "Convert it: sox IN -r 8000 -b 16 OUT.wav";

/// A recording.
pub struct Sound {
    /// Samples of each channel as 16-bit values, at the recording's rate.
    pub channels: Vec<Vec<f32>>,
    /// Samples a second.
    pub rate: u32,
    /// What the file holds, in words.
    pub coding: String,
}

#[derive(Clone, Copy)]
enum Coding {
    Unsigned8,
    Signed(usize),
    Float(usize),
    ALaw,
    MuLaw,
}

struct Format {
    coding: Coding,
    channels: usize,
    rate: u32,
}

impl Sound {
    /// Reads a WAV file; a name that ends in `.raw` holds 16-bit samples at 8 kHz only.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let length = std::fs::metadata(path).with_context(|| format!("{name}"))?.len();
        ensure!(length <= MAX_BYTES, "{name}: larger than 1 GiB. Cut it into pieces");
        let bytes = std::fs::read(path).with_context(|| format!("{name}"))?;
        let sound = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("raw")) {
            let format = Format { coding: Coding::Signed(2), channels: 1, rate: LINE_RATE };
            Ok(decode(&format, &bytes))
        } else {
            parse(&bytes)
        }
        .with_context(|| format!("{name}"))?;
        ensure!(!sound.channels[0].is_empty(), "{name}: there are no samples in it");
        Ok(sound)
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.channels[0].len() as f64 / f64::from(self.rate)
    }

    /// Its channels as a line carries them.
    pub fn at_8_khz(&self) -> Vec<Vec<i16>> {
        let to_line =
            |samples: &Vec<f32>| resample(samples, self.rate).into_iter().map(|s| s.round() as i16).collect();
        self.channels.iter().map(to_line).collect()
    }
}

/// The samples of a WAV file.
pub fn parse(bytes: &[u8]) -> Result<Sound> {
    let riff = bytes.get(..4);
    let is_wave = (riff == Some(b"RIFF") || riff == Some(b"RF64")) && bytes.get(8..12) == Some(b"WAVE");
    ensure!(is_wave, "not a WAV file (it does not begin with RIFF and WAVE). {REMEDY}");
    let mut rest = &bytes[12..];
    let mut format = None;
    while let (Some(id), Some(length)) = (rest.get(..4), u32_at(rest, 4)) {
        let body = &rest[8..];
        let length = length as usize;
        match id {
            b"fmt " => {
                format = Some(read_format(body.get(..length).context("the format chunk is cut off")?)?)
            }
            b"data" => {
                let format =
                    format.with_context(|| format!("the samples come before their format. {REMEDY}"))?;
                // A recorder that was killed leaves a length that is too long or zero; what is there is good.
                let end = if length == 0 || length > body.len() { body.len() } else { length };
                return Ok(decode(&format, &body[..end]));
            }
            _ => {} // names, dates and the like
        }
        let Some(next) = body.get(length + length % 2..) else { break };
        rest = next;
    }
    bail!("there are no samples in it (no data chunk)")
}

fn read_format(chunk: &[u8]) -> Result<Format> {
    let (Some(tag), Some(channels), Some(rate), Some(bits)) =
        (u16_at(chunk, 0), u16_at(chunk, 2), u32_at(chunk, 4), u16_at(chunk, 14))
    else {
        bail!("the format chunk has {} bytes, 16 are the least", chunk.len());
    };
    // WAVE_FORMAT_EXTENSIBLE has the real tag at the start of its GUID.
    let tag = if tag == 0xfffe { u16_at(chunk, 24).unwrap_or(tag) } else { tag };
    let coding = match (tag, bits) {
        (1, 8) => Coding::Unsigned8,
        (1, 16 | 24 | 32) => Coding::Signed(usize::from(bits / 8)),
        (3, 32 | 64) => Coding::Float(usize::from(bits / 8)),
        (6, 8) => Coding::ALaw,
        (7, 8) => Coding::MuLaw,
        (1 | 3 | 6 | 7, bits) => bail!("samples of {bits} bits (format {tag}) are not known. {REMEDY}"),
        (tag, _) => bail!("compressed by format {tag}{}. {REMEDY}", format_name(tag)),
    };
    ensure!(channels > 0, "it has no channels. {REMEDY}");
    ensure!(
        RATES.contains(&rate),
        "{rate} samples a second; {} to {} can be heard. {REMEDY}",
        RATES.start(),
        RATES.end()
    );
    Ok(Format { coding, channels: usize::from(channels), rate })
}

fn format_name(tag: u16) -> &'static str {
    match tag {
        0x02 => " (Microsoft ADPCM)",
        0x11 => " (IMA ADPCM)",
        0x31 => " (GSM 06.10)",
        0x28f => " (G.722)",
        0x45 | 0x64 => " (G.726)",
        0x83 => " (G.729)",
        0x55 => " (MP3)",
        _ => "",
    }
}

fn decode(format: &Format, bytes: &[u8]) -> Sound {
    let width = match format.coding {
        Coding::Unsigned8 | Coding::ALaw | Coding::MuLaw => 1,
        Coding::Signed(width) | Coding::Float(width) => width,
    };
    let kept = format.channels.min(MAX_CHANNELS);
    let mut channels = vec![Vec::with_capacity(bytes.len() / (width * format.channels)); kept];
    let law = law(format.coding);
    for group in bytes.chunks_exact(width * format.channels) {
        for (channel, sample) in channels.iter_mut().zip(group.chunks_exact(width)) {
            channel.push(value(format.coding, &law, sample));
        }
    }
    let coding = match format.coding {
        Coding::Unsigned8 => "8 bit".to_owned(),
        Coding::Signed(width) => format!("{} bit", width * 8),
        Coding::Float(width) => format!("{} bit float", width * 8),
        Coding::ALaw => "A-law".to_owned(),
        Coding::MuLaw => "mu-law".to_owned(),
    };
    Sound { channels, rate: format.rate, coding }
}

/// What each byte of G.711 stands for.
fn law(coding: Coding) -> [i16; 256] {
    let codec = if matches!(coding, Coding::ALaw) { Codec::Pcma } else { Codec::Pcmu };
    let mut out = [0; 256];
    for (byte, slot) in (0..=255_u8).zip(&mut out) {
        codec.decoder().decode(&[byte], core::slice::from_mut(slot));
    }
    out
}

/// One sample on the scale of 16 bits.
fn value(coding: Coding, law: &[i16; 256], bytes: &[u8]) -> f32 {
    match (coding, bytes) {
        (Coding::Unsigned8, &[b]) => (f32::from(b) - 128.0) * 256.0,
        (Coding::ALaw | Coding::MuLaw, &[b]) => f32::from(law[usize::from(b)]),
        (Coding::Signed(2), &[a, b]) => f32::from(i16::from_le_bytes([a, b])),
        (Coding::Signed(3), &[a, b, c]) => i32::from_le_bytes([0, a, b, c]) as f32 / 65_536.0,
        (Coding::Signed(4), &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 65_536.0,
        (Coding::Float(4), &[a, b, c, d]) => real(f64::from(f32::from_le_bytes([a, b, c, d]))),
        (Coding::Float(8), &[a, b, c, d, e, f, g, h]) => real(f64::from_le_bytes([a, b, c, d, e, f, g, h])),
        _ => 0.0, // the widths are those of the format
    }
}

fn real(value: f64) -> f32 {
    if value.is_finite() { (value.clamp(-1.0, 1.0) * 32_767.0) as f32 } else { 0.0 }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

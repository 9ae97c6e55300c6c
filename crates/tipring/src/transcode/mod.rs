//! `tipring transcode`: the gateway's codecs on anyone's files.
//!
//! Sound is read in one form, decoded, brought to the rate that the other form wants, and coded. Nothing is guessed from
//! the sound: names and file endings decide, but for the ITU's serial form of G.729, which is known by its sync words.

mod form;
mod serial;
mod wave;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use tipring_codec::{
    Codec, Downsampler, G722Decoder, G722Encoder, G722Mode, G726Decoder, G726Encoder, G729Decoder,
    G729Encoder, Law, Upsampler,
};

use crate::client::print;
pub use form::{Bitstream, Form, PackingName};
use wave::Wave;

/// The longest file.
const MAX_BYTES: u64 = 1 << 30;
const NARROW: u32 = 8000;
const WIDE: u32 = 16_000;
/// Samples of a frame of G.729.
const FRAME: usize = 80;

/// What to do.
#[derive(Debug, Args)]
pub struct Settings {
    /// Form of IN: pcm16 (little-endian), l16, pcma, pcmu, g722, g722-56, g722-48, g726-16|24|32|40, g729
    #[arg(long, value_name = "FORM")]
    pub from: String,
    /// Form of OUT: the same names; g729b falls silent (with --bitstream itu)
    #[arg(long, value_name = "FORM")]
    pub to: String,
    /// Order of the codes of G.726 in a byte; aal2-g726-32 as a form says the same
    #[arg(long, value_enum)]
    pub packing: Option<PackingName>,
    /// Samples per second of raw pcm16: 8000 or 16000; without it what the other form has. Below 1000: kbit/s of g726
    #[arg(long, value_name = "RATE")]
    pub rate: Option<u32>,
    /// How codes lie in the files; frames of G.729 in the ITU's form are recognised when read
    #[arg(long, value_enum, default_value = "packed")]
    pub bitstream: Bitstream,
    /// What to read: raw, or WAV if its name ends so; - is the standard input
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// What to write: raw, or WAV if its name ends so; - is the standard output
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
}

/// Linear sound at a rate, and what the ear should know of it.
struct Sound {
    samples: Vec<i16>,
    rate: u32,
}

/// Does it.
pub fn run(settings: &Settings) -> Result<ExitCode> {
    let kbits = settings.rate.filter(|rate| *rate < 1000);
    let raw_rate = settings.rate.filter(|rate| *rate >= 1000);
    if let Some(rate) = raw_rate {
        ensure!(
            matches!(rate, NARROW | WIDE),
            "--rate {rate}: 8000 or 16000 samples per second are known here"
        );
    }
    let from = Form::parse(&settings.from, settings.packing, kbits).context("--from")?;
    let to = Form::parse(&settings.to, settings.packing, kbits).context("--to")?;
    let bytes = read(&settings.input)?;
    let mut notes = Vec::new();
    let out = convert(settings, from, to, raw_rate, bytes, &mut notes)
        .with_context(|| format!("{}", settings.input.display()))?;
    write(&settings.output, &out)?;
    for note in notes {
        eprintln!("{note}");
    }
    if settings.output != Path::new("-") {
        print(&format!("{}: {} bytes of {}", settings.output.display(), out.len(), settings.to))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn convert(
    settings: &Settings,
    from: Form,
    to: Form,
    raw_rate: Option<u32>,
    bytes: Vec<u8>,
    notes: &mut Vec<String>,
) -> Result<Vec<u8>> {
    let itu = settings.bitstream == Bitstream::Itu;
    let (bytes, told_rate) = if is_wave_name(&settings.input) { open(from, &bytes)? } else { (bytes, None) };
    let out_is_wave = is_wave_name(&settings.output);
    // G.726 to G.711 has a way of its own, which loses nothing in tandem.
    let data = if let (Form::G726(rate, packing), Form::Companded(law)) = (from, to) {
        let packed = if itu { serial::pack(&serial::codes(&bytes), rate.bits(), packing) } else { bytes };
        let mut companded = vec![0; packed.len() * 8 / rate.bits()];
        let size = G726Decoder::new(rate, packing).decode_companded(law, &packed, &mut companded);
        companded.truncate(size);
        if itu && !out_is_wave { serial::write_codes(&companded) } else { companded }
    } else {
        let rate = told_rate.or(from.own_rate()).or(raw_rate).or(to.own_rate()).unwrap_or(NARROW);
        let sound = Sound { samples: decode(from, &bytes, itu, notes)?, rate };
        let wanted = to.own_rate().or(raw_rate).unwrap_or(rate);
        let sound = resample(sound, wanted, notes)?;
        encode(to, &sound.samples, itu && !out_is_wave, notes)?
    };
    if !out_is_wave {
        return Ok(data);
    }
    let rate = told_rate.filter(|_| to.own_rate().is_none() && raw_rate.is_none()).or(from.own_rate());
    let rate = to.own_rate().or(raw_rate).or(rate).unwrap_or(NARROW);
    match to {
        Form::Pcm { big_endian: false } => wave::write(&Wave { law: None, rate, data }),
        Form::Companded(law) => wave::write(&Wave { law: Some(law), rate, data }),
        Form::Pcm { big_endian: true } | Form::G722(_) | Form::G726(..) | Form::G729 { .. } => {
            bail!("{} is not written to WAV; give OUT another ending, .raw for example", settings.to)
        }
    }
}

/// The data of a WAV file and its rate.
fn open(from: Form, bytes: &[u8]) -> Result<(Vec<u8>, Option<u32>)> {
    let wave = wave::parse(bytes)?;
    let same = match (from, wave.law) {
        (Form::Pcm { big_endian }, None) => !big_endian,
        (Form::Companded(law), Some(found)) => law == found,
        (Form::Pcm { .. } | Form::Companded(_) | Form::G722(_) | Form::G726(..) | Form::G729 { .. }, _) => {
            false
        }
    };
    let held = match wave.law {
        None => "pcm16",
        Some(Law::A) => "pcma",
        Some(Law::Mu) => "pcmu",
    };
    ensure!(same, "this WAV file holds {held}; say --from {held}");
    let rate = wave.rate;
    ensure!(
        matches!(rate, NARROW | WIDE),
        "{rate} samples per second; 8000 or 16000 are known here: sox IN.wav -r 8000 OUT.wav"
    );
    ensure!(rate == NARROW || wave.law.is_none(), "G.711 at {rate} samples per second; it has 8000");
    Ok((wave.data, Some(rate)))
}

fn decode(from: Form, bytes: &[u8], itu: bool, notes: &mut Vec<String>) -> Result<Vec<i16>> {
    match from {
        Form::Pcm { big_endian } => {
            let (pairs, rest) = bytes.as_chunks::<2>();
            if !rest.is_empty() {
                notes.push("an odd last byte is left out: samples have two".to_owned());
            }
            let number = if big_endian { i16::from_be_bytes } else { i16::from_le_bytes };
            Ok(pairs.iter().map(|pair| number(*pair)).collect())
        }
        Form::Companded(law) => {
            let codes = if itu { serial::codes(bytes) } else { bytes.to_vec() };
            let mut samples = vec![0; codes.len()];
            g711(law).decoder().decode(&codes, &mut samples);
            Ok(samples)
        }
        Form::G722(mode) => {
            let mut samples = vec![0; bytes.len() * 2];
            G722Decoder::new(mode).decode(bytes, &mut samples);
            Ok(samples)
        }
        Form::G726(rate, packing) => {
            let packed;
            let bytes = if itu {
                packed = serial::pack(&serial::codes(bytes), rate.bits(), packing);
                &packed
            } else {
                bytes
            };
            let mut samples = vec![0; bytes.len() * 8 / rate.bits()];
            let size = G726Decoder::new(rate, packing).decode(bytes, &mut samples);
            samples.truncate(size);
            Ok(samples)
        }
        Form::G729 { .. } => decode_g729(bytes, itu, notes),
    }
}

fn decode_g729(bytes: &[u8], itu: bool, notes: &mut Vec<String>) -> Result<Vec<i16>> {
    let mut decoder = G729Decoder::new();
    let mut samples = Vec::new();
    let mut frame = [0; FRAME];
    if itu || serial::is_serial(bytes) {
        for (index, coded) in serial::frames(bytes)?.iter().enumerate() {
            match coded {
                Some(coded) => ensure!(
                    decoder.decode(coded, &mut frame) == FRAME,
                    "frame {}: {} bits; G.729 has 80, 16 or none",
                    index + 1,
                    coded.len() * 8
                ),
                None => drop(decoder.conceal(&mut frame)),
            }
            samples.extend(frame);
        }
        return Ok(samples);
    }
    let (frames, rest) = bytes.as_chunks::<10>();
    for coded in frames {
        decoder.decode(coded, &mut frame);
        samples.extend(frame);
    }
    match rest.len() {
        0 => {}
        2 => {
            decoder.decode(rest, &mut frame);
            samples.extend(frame);
        }
        rest => notes.push(format!("the last {rest} bytes are no whole frame (ten) and are left out")),
    }
    Ok(samples)
}

fn encode(to: Form, samples: &[i16], itu: bool, notes: &mut Vec<String>) -> Result<Vec<u8>> {
    match to {
        Form::Pcm { big_endian } => {
            let bytes = if big_endian { i16::to_be_bytes } else { i16::to_le_bytes };
            Ok(samples.iter().flat_map(|sample| bytes(*sample)).collect())
        }
        Form::Companded(law) => {
            let mut codes = vec![0; samples.len()];
            g711(law).encoder().encode(samples, &mut codes);
            Ok(if itu { serial::write_codes(&codes) } else { codes })
        }
        Form::G722(G722Mode::R64) => {
            if samples.len() % 2 == 1 {
                notes.push("an odd last sample is left out: a byte of G.722 has two".to_owned());
            }
            let mut bytes = vec![0; samples.len() / 2];
            G722Encoder::new().encode(samples, &mut bytes);
            Ok(bytes)
        }
        Form::G722(G722Mode::R56 | G722Mode::R48) => {
            bail!("G.722 is coded at 64 kbit/s; the other two are for decoding: say --to g722")
        }
        Form::G726(rate, packing) => {
            let mut bytes = vec![0; (samples.len() * rate.bits()).div_ceil(8)];
            G726Encoder::new(rate, packing).encode(samples, &mut bytes);
            if !itu {
                return Ok(bytes);
            }
            let mut codes = serial::unpack(&bytes, rate.bits(), packing);
            codes.truncate(samples.len());
            Ok(serial::write_codes(&codes))
        }
        Form::G729 { annex_b } => {
            ensure!(
                itu || !annex_b,
                "frames of G.729 with Annex B differ in length, which a packed file does not tell: add --bitstream itu"
            );
            let mut encoder = G729Encoder::new(annex_b);
            let (frames, rest) = samples.as_chunks::<FRAME>();
            if !rest.is_empty() {
                notes.push(format!(
                    "the last {} samples are no whole frame (80) and are left out",
                    rest.len()
                ));
            }
            let mut out = Vec::new();
            for frame in frames {
                let mut bytes = [0; 10];
                let size = encoder.encode(frame, &mut bytes);
                if itu {
                    serial::write_frame(&bytes[..size], &mut out);
                } else {
                    out.extend(&bytes[..size]);
                }
            }
            Ok(out)
        }
    }
}

fn resample(sound: Sound, wanted: u32, notes: &mut Vec<String>) -> Result<Sound> {
    let Sound { samples, rate } = sound;
    let mut out = Vec::new();
    match (rate, wanted) {
        (NARROW, WIDE) => {
            out.resize(samples.len() * 2, 0);
            Upsampler::new().process(&samples, &mut out);
        }
        (WIDE, NARROW) => {
            out.resize(samples.len() / 2, 0);
            Downsampler::new().process(&samples, &mut out);
        }
        (rate, wanted) if rate == wanted => return Ok(Sound { samples, rate }),
        (rate, wanted) => bail!("no way from {rate} to {wanted} samples per second"),
    }
    notes.push(format!("{rate} samples per second become {wanted}"));
    Ok(Sound { samples: out, rate: wanted })
}

fn g711(law: Law) -> Codec {
    match law {
        Law::A => Codec::Pcma,
        Law::Mu => Codec::Pcmu,
    }
}

fn is_wave_name(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("wav") || end.eq_ignore_ascii_case("wave"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limited = |file: &mut dyn Read, bytes: &mut Vec<u8>| file.take(MAX_BYTES + 1).read_to_end(bytes);
    let done = if path == Path::new("-") {
        limited(&mut std::io::stdin().lock(), &mut bytes)
    } else {
        std::fs::File::open(path).and_then(|mut file| limited(&mut file, &mut bytes))
    };
    done.with_context(|| format!("{} cannot be read", path.display()))?;
    ensure!(bytes.len() as u64 <= MAX_BYTES, "{}: longer than {} MiB", path.display(), MAX_BYTES >> 20);
    ensure!(!bytes.is_empty(), "{}: there is nothing in it", path.display());
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let done = if path == Path::new("-") {
        std::io::stdout().lock().write_all(bytes)
    } else {
        std::fs::write(path, bytes)
    };
    done.with_context(|| format!("{} cannot be written", path.display()))
}

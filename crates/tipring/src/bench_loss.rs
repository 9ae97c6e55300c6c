//! `tipring bench loss`: what is left of a voice when packets get lost, for each codec, with our concealment and without any.
//!
//! Packets of 20 ms go through the coder and decoder that calls have. They are lost one by one at random, or in bursts by
//! the chain of Gilbert and Elliott with [`BURST`] packets in the mean. Beside the rating that the E-model expects stands the
//! log-spectral distance to the same decoder's sound without loss: zero is untouched. It is taken in the gaps, where
//! concealment has to be nearer than silence, and over the whole, where what a decoder that predicts makes of the packets
//! after a gap counts as well, however soft that is. `--out` writes each sound, for tools that score speech, as
//! `bench/speech_quality.py` does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use tipring_manage::wav;
use tipring_media::{Coder, MAX_UNIT, MAX_WHOLE, SampleCoder, Whole, impairment};
use tipring_port::{CodecName, Frame, G726Packing, G726Rate, OpusWish, SAMPLE_SILENCE, Samples};
use tipring_rtp::{Bursts, PathFigures, Rating};
use tipring_units::{Entropy, Millis, TICK, TICK_SAMPLES};

use crate::bench_codec::voice;
use crate::client::print;
use crate::tracks;

/// Seconds of sound where none is given.
const SECONDS: usize = 20;
/// Percents of packets that get lost.
const LOSSES: [u32; 5] = [0, 1, 3, 5, 10];
/// Packets of a burst in the mean.
const BURST: f64 = 3.0;
/// Ticks of a packet.
const TICKS: usize = 2;
/// Bands of the distance, and from which hertz to which.
const BANDS: usize = 25;
const BAND_FROM: f64 = 200.0;
const BAND_STEP: f64 = 128.0;
/// Power of a band that counts as silence, against a full-scale square.
const FLOOR: f64 = 1e-7;

/// How packets get lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pattern {
    Random,
    Bursts,
}

/// What stands in for a packet that was lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fill {
    Concealment,
    Silence,
}

const CODECS: [(&str, CodecName); 9] = [
    ("PCMU", CodecName::Pcmu),
    ("PCMA", CodecName::Pcma),
    ("L16", CodecName::L16),
    ("G722", CodecName::G722),
    ("G726-16", CodecName::G726(G726Rate::R16, G726Packing::Rfc3551)),
    ("G726-24", CodecName::G726(G726Rate::R24, G726Packing::Rfc3551)),
    ("G726-32", CodecName::G726(G726Rate::R32, G726Packing::Rfc3551)),
    ("G726-40", CodecName::G726(G726Rate::R40, G726Packing::Rfc3551)),
    ("G729", CodecName::G729),
];
/// Opus, where this build has it: plain, and with each packet repeating what the one before it said.
const OPUS: [(&str, bool); 2] = [("Opus", false), ("Opus-FEC", true)];

/// A codec as it is carried.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    codec: CodecName,
    /// Packets repeat what the one before said.
    repeats: bool,
}

fn ways() -> impl Iterator<Item = Way> {
    let opus = OPUS.iter().filter(|_| <SampleCoder as Coder<Samples>>::has(CodecName::Opus));
    let opus = opus.map(|&(name, repeats)| Way { name, codec: CodecName::Opus, repeats });
    CODECS.iter().map(|&(name, codec)| Way { name, codec, repeats: false }).chain(opus)
}

/// Prints the table; the sound comes from the seed or from a recording.
pub fn run(seed: u64, speech: Option<&Path>, out: Option<&Path>) -> Result<ExitCode> {
    let sound = match speech {
        Some(path) => wav::read(path)?,
        None => voice(seed, tipring_units::SAMPLE_RATE, SECONDS),
    };
    let frames: Vec<Frame> = sound.as_chunks::<TICK_SAMPLES>().0.to_vec();
    ensure!(frames.len() >= 100, "less than a second of sound");
    print(&format!(
        "packets of 20 ms, seed {seed}; bursts of {BURST} packets in the mean; log-spectral distance of speech in dB, concealed and with silence in place"
    ))?;
    print("codec    loss, %  pattern   lost, %  BurstR     R   MOS   in gaps  silence   overall  silence")?;
    let save = |name: String, frames: &[Frame]| -> Result<()> {
        let Some(folder) = out else { return Ok(()) };
        let path: PathBuf = folder.join(format!("{name}.wav"));
        tracks::write_mono(&path, frames.as_flattened()).with_context(|| path.display().to_string())
    };
    save("reference".to_owned(), &frames)?;
    let (mut worse, mut marked) = (0, 0);
    for way in ways() {
        let (name, codec) = (way.name, way.codec);
        let clean = carry(way, &frames, &[], Fill::Concealment);
        for loss in LOSSES {
            for pattern in [Pattern::Random, Pattern::Bursts] {
                if loss == 0 && pattern == Pattern::Bursts {
                    continue;
                }
                let word = match pattern {
                    Pattern::Random => "random",
                    Pattern::Bursts => "bursts",
                };
                let lost = lose(seed + u64::from(loss), frames.len() / TICKS, loss, pattern);
                let heard = carry(way, &frames, &lost, Fill::Concealment);
                let bare = carry(way, &frames, &lost, Fill::Silence);
                let gaps = [&heard, &bare].map(|sound| distance(&clean, sound, |packet| lost[packet]));
                let all = [&heard, &bare].map(|sound| distance(&clean, sound, |_| true));
                worse += usize::from(gaps[1] > 0.0 && gaps[0] >= gaps[1]);
                let mark = if all[1] > 0.0 && all[0] >= all[1] { " *" } else { "" };
                marked += usize::from(!mark.is_empty());
                let mut bursts = Bursts::default();
                lost.iter().for_each(|lost| if *lost { bursts.missing() } else { bursts.played() });
                let figures = bursts.figures();
                let path =
                    PathFigures { loss: figures.loss, burst_ratio: figures.burst_ratio, delay_ms: 60.0 };
                let rating = Rating::of(impairment(codec), path);
                print(&format!(
                    "{name:<8} {loss:>7}  {word:<8} {:>8.1} {:>7.2} {:>5.1} {:>5.2} {:>9.2} {:>8.2} {:>9.2} {:>8.2}{mark}",
                    figures.loss * 100.0,
                    figures.burst_ratio,
                    rating.0,
                    rating.score(),
                    gaps[0],
                    gaps[1],
                    all[0],
                    all[1],
                ))?;
                save(format!("{name}_{word}_{loss}_concealed"), &heard)?;
                save(format!("{name}_{word}_{loss}_silence"), &bare)?;
            }
        }
    }
    if marked > 0 {
        print(&format!(
            "* in {marked} rows what a decoder that predicts makes of the packets after a gap differs by more than the gap: this distance \
             takes each band's decibels alike, also where hardly anything sounds; for what is heard see PESQ by bench/speech_quality.py"
        ))?;
    }
    print(&match worse {
        0 => "in the gaps concealment is nearer to the voice than silence in every row".to_owned(),
        worse => format!("in {worse} rows concealment is no nearer to the voice than silence in the gaps"),
    })?;
    Ok(ExitCode::from(u8::from(worse > 0)))
}

/// Which packets get lost. The first three come: a call begins before its trouble.
fn lose(seed: u64, packets: usize, percent: u32, pattern: Pattern) -> Vec<bool> {
    let mut entropy = Entropy::for_simulation(seed);
    let mut chance = |of: f64| f64::from(entropy.u32()) < of * f64::from(u32::MAX);
    let share = f64::from(percent) / 100.0;
    let mut bad = false;
    (0..packets)
        .map(|packet| {
            let lost = match pattern {
                Pattern::Random => chance(share),
                Pattern::Bursts => {
                    let leave = 1.0 / BURST;
                    bad = if bad { !chance(leave) } else { chance(leave * share / (1.0 - share)) };
                    bad
                }
            };
            lost && packet >= 3
        })
        .collect()
}

/// The sound behind coder, network and decoder.
fn carry(way: Way, frames: &[Frame], lost: &[bool], fill: Fill) -> Vec<Frame> {
    if <SampleCoder as Coder<Samples>>::is_whole(way.codec) {
        return carry_whole(way, frames, lost, fill);
    }
    let codec = way.codec;
    let mut coder = <SampleCoder as Coder<Samples>>::new(codec);
    let mut heard = Vec::with_capacity(frames.len());
    for (tick, frame) in frames.iter().enumerate() {
        let mut unit = [0; MAX_UNIT];
        let length = coder.encode(frame, &mut unit);
        let missing = lost.get(tick / TICKS).copied().unwrap_or(false);
        heard.push(match (missing, fill) {
            (false, _) => coder.decode(codec, &unit[..length]),
            (true, Fill::Concealment) => coder.conceal(),
            (true, Fill::Silence) => SAMPLE_SILENCE,
        });
    }
    heard
}

/// The same with packets that are coded whole. What one says of the lost one before it is played in its place, as the jitter
/// buffer has it where both are there in time.
fn carry_whole(way: Way, frames: &[Frame], lost: &[bool], fill: Fill) -> Vec<Frame> {
    let mut coder = <SampleCoder as Coder<Samples>>::new(way.codec);
    let wish = OpusWish { repeats: way.repeats, ..OpusWish::default() };
    coder.agree(Millis(TICK.0 * TICKS as u32), wish, false);
    let mut packets = Vec::with_capacity(frames.len() / TICKS);
    for frame in frames {
        let mut bytes = [0; MAX_WHOLE];
        match coder.encode_whole(frame, &mut bytes) {
            Whole::Collecting => {}
            Whole::Nothing => packets.push(Vec::new()),
            Whole::Packet(length) => packets.push(bytes[..length].to_vec()),
        }
    }
    let mut heard = Vec::with_capacity(frames.len());
    let is_lost = |packet: usize| lost.get(packet).copied().unwrap_or(false);
    for (number, packet) in packets.iter().enumerate() {
        let next = packets.get(number + 1).filter(|_| way.repeats && !is_lost(number + 1));
        for unit in 0..TICKS {
            heard.push(match (is_lost(number), fill, next, unit) {
                (false, _, _, 0) => coder.decode_whole(packet, 0),
                (true, Fill::Silence, _, _) => SAMPLE_SILENCE,
                (true, Fill::Concealment, Some(next), 0) => coder.decode_repeated(next, TICKS),
                (true, Fill::Concealment, None, _) => coder.conceal(),
                (_, _, _, unit) => coder.rest(unit),
            });
        }
    }
    heard
}

/// Mean log-spectral distance over those of some packets in which the clean sound is speech.
fn distance(clean: &[Frame], heard: &[Frame], counts: impl Fn(usize) -> bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    let packets = clean.chunks_exact(TICKS).zip(heard.chunks_exact(TICKS)).enumerate();
    for (_, (clean, heard)) in packets.filter(|(packet, _)| counts(*packet)) {
        let bands = spectrum(clean.as_flattened());
        if bands.iter().sum::<f64>() < 1e-5 {
            continue;
        }
        let other = spectrum(heard.as_flattened());
        let squares = bands.iter().zip(&other).map(|(a, b)| {
            let off = 10.0 * ((a + FLOOR) / (b + FLOOR)).log10();
            off * off
        });
        sum += (squares.sum::<f64>() / BANDS as f64).sqrt();
        count += 1;
    }
    sum / f64::from(count.max(1))
}

/// Samples of a window.
const WINDOW: usize = 2 * TICK_SAMPLES;

/// A windowed sine and cosine for each band.
type Probes = Vec<[(f64, f64); WINDOW]>;

fn probes() -> &'static Probes {
    static PROBES: OnceLock<Probes> = OnceLock::new();
    PROBES.get_or_init(|| {
        let probe = |band: usize| {
            let omega = core::f64::consts::TAU * (BAND_FROM + BAND_STEP * band as f64) / 8000.0;
            core::array::from_fn(|n| {
                let window = 0.5 - 0.5 * (core::f64::consts::TAU * n as f64 / WINDOW as f64).cos();
                ((omega * n as f64).cos() * window, (omega * n as f64).sin() * window)
            })
        };
        (0..BANDS).map(probe).collect()
    })
}

/// Power in bands of 20 ms under a Hann window.
fn spectrum(samples: &[i16]) -> [f64; BANDS] {
    let mut bands = [0.0; BANDS];
    for (band, probe) in bands.iter_mut().zip(probes()) {
        let (mut re, mut im) = (0.0, 0.0);
        for (sample, (cos, sin)) in samples.iter().zip(probe) {
            let value = f64::from(*sample) / 32768.0;
            re += value * cos;
            im += value * sin;
        }
        *band = (re * re + im * im) / (WINDOW * WINDOW / 4) as f64;
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_lose_what_they_are_asked_for_and_bursts_come_in_bursts() {
        for percent in LOSSES {
            for pattern in [Pattern::Random, Pattern::Bursts] {
                let lost = lose(5, 100_000, percent, pattern);
                let mut bursts = Bursts::default();
                lost.iter().for_each(|lost| if *lost { bursts.missing() } else { bursts.played() });
                let figures = bursts.figures();
                assert!((figures.loss * 100.0 - percent as f32).abs() < 0.6, "{percent} {pattern:?}");
                let ratio = if pattern == Pattern::Bursts && percent > 0 { 2.5..3.2 } else { 0.9..1.1 };
                assert!(
                    ratio.contains(&figures.burst_ratio),
                    "{percent} {pattern:?} {}",
                    figures.burst_ratio
                );
            }
        }
    }

    #[test]
    fn every_codec_conceals_what_is_lost() {
        let sound = voice(2, tipring_units::SAMPLE_RATE, 6);
        let frames: Vec<Frame> = sound.as_chunks::<TICK_SAMPLES>().0.to_vec();
        let lost = lose(3, frames.len() / TICKS, 10, Pattern::Random);
        for way in ways() {
            let Way { name, codec, .. } = way;
            let clean = carry(way, &frames, &[], Fill::Concealment);
            let heard = carry(way, &frames, &lost, Fill::Concealment);
            let bare = carry(way, &frames, &lost, Fill::Silence);
            let power = |sound: &[Frame]| -> f64 {
                let places = lost.iter().enumerate().filter(|(_, lost)| **lost);
                let samples = places.flat_map(|(packet, _)| sound[packet * TICKS].iter());
                samples.map(|sample| f64::from(*sample).powi(2)).sum()
            };
            let level = 10.0 * (power(&heard) / power(&clean)).log10();
            assert!(level.abs() < 6.0 && power(&bare) == 0.0, "{name}: {level} dB of what was lost");
            let [ours, none] = [&heard, &bare].map(|sound| distance(&clean, sound, |packet| lost[packet]));
            assert!(ours > 0.0 && ours < 0.6 * none, "{name}: {ours} {none} in the gaps");
            let [ours, none] = [&heard, &bare].map(|sound| distance(&clean, sound, |_| true));
            // What G.729 decodes after a loss differs as much as what it makes up for it.
            let most = if codec == CodecName::G729 { 1.1 } else { 0.9 };
            assert!(ours > 0.0 && ours < most * none, "{name}: {ours} {none}");
            assert!(distance(&clean, &clean, |_| true) < 1e-9);
        }
    }
}

//! `tipring bench codec`: what each codec costs, beside Debian's libspandsp and libbcg729 on the same sound.
//!
//! The sound is made from a seed: a voice whose pitch and loudness wander, over soft noise. Each coder gets it in
//! packets of 20 ms, by turns with the reference, and the fastest of some rounds counts: on a busy machine that is the
//! one that was disturbed least.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use tipring_codec::{Codec, G726Rate, Packing};
use tipring_oracle::{Bcg729, SpandspCodecs, SpandspPacking};
use tipring_units::Entropy;

use crate::client::print;

/// Seconds of sound.
const SECONDS: usize = 4;
const ROUNDS: usize = 7;
/// Packets of a second.
const PACKETS: usize = 50;

/// Cost in microseconds per second of sound.
type Cost = f64;

/// A codec that is measured and what is asked of it.
struct Row {
    name: &'static str,
    codec: Codec,
    /// What the reference's cost is multiplied by to be the aim.
    aim: f64,
}

/// One direction measured.
struct Measured {
    ours: Cost,
    theirs: Option<Cost>,
    /// Whether both gave the same; `None` if that is not to be expected or there is no reference.
    same: Option<bool>,
}

/// Measures and prints the table.
pub fn run(seed: u64) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        print("This is a debug build: times mean little. Use cargo run --release -- bench codec.")?;
    }
    let (spandsp, bcg729) = (SpandspCodecs::open(), Bcg729::open());
    if spandsp.is_none() {
        print(
            "libspandsp is not installed (Debian: apt install libspandsp2): no reference for G.722 and G.726",
        )?;
    }
    if bcg729.is_none() {
        print("libbcg729 is not installed (Debian: apt install libbcg729-0): no reference for G.729")?;
    }
    print(&format!("microseconds per second of sound, seed {seed}, {SECONDS} s, the fastest of {ROUNDS}"))?;
    print("codec                ours   reference   ratio    aim   same bits")?;
    let mut worse = 0;
    for row in rows() {
        let sound = voice(seed, row.codec.sample_rate().0, SECONDS);
        let [coding, decoding] = measure(&row, &sound, spandsp.as_ref(), bcg729.as_ref());
        for (way, measured) in [("coder", coding), ("decoder", decoding)] {
            let same = match measured.same {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "-",
            };
            let (theirs, ratio, verdict) = match measured.theirs {
                Some(theirs) => {
                    let ratio = measured.ours / theirs;
                    let misses = ratio > row.aim || measured.same == Some(false);
                    worse += usize::from(misses);
                    (
                        format!("{theirs:.0}"),
                        format!("{ratio:.2}"),
                        if misses { "  misses the aim" } else { "" },
                    )
                }
                None => ("-".to_owned(), "-".to_owned(), ""),
            };
            print(&format!(
                "{:<9} {way:<8} {:>7.1} {theirs:>11} {ratio:>7} {:>6.2}   {same:<9}{verdict}",
                row.name, measured.ours, row.aim
            ))?;
        }
    }
    print(&match worse {
        0 => "every row with a reference meets its aim".to_owned(),
        worse => format!("{worse} rows miss their aim"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn rows() -> Vec<Row> {
    let row = |name, codec, aim| Row { name, codec, aim };
    let g726 = |rate| Codec::G726(rate, Packing::Rfc3551);
    vec![
        row("PCMU", Codec::Pcmu, 0.5),
        row("PCMA", Codec::Pcma, 0.5),
        row("G726-16", g726(G726Rate::R16), 0.5),
        row("G726-24", g726(G726Rate::R24), 0.5),
        row("G726-32", g726(G726Rate::R32), 0.5),
        row("G726-40", g726(G726Rate::R40), 0.5),
        row("G722", Codec::G722, 0.5),
        row("G729A", Codec::G729 { annex_b: false }, 1.0),
    ]
}

/// Seconds of a voice and soft noise at a rate.
pub fn voice(seed: u64, rate: u32, seconds: usize) -> Vec<i16> {
    let mut entropy = Entropy::for_simulation(seed);
    let mut uniform = move || f64::from(entropy.u32()) / f64::from(u32::MAX);
    let (mut phase, mut pitch, mut loud, mut drawn) = (0.0, 120.0, 0.5, 0.5);
    let count = rate as usize * seconds;
    (0..count)
        .map(|n| {
            if n % (rate as usize / 10) == 0 {
                pitch = 90.0 + 130.0 * uniform();
                drawn = uniform() * uniform();
            }
            loud += (drawn - loud) * 20.0 / f64::from(rate);
            phase += pitch / f64::from(rate);
            let voice: f64 =
                (1..16).map(|k| (std::f64::consts::TAU * phase * f64::from(k)).sin() / f64::from(k)).sum();
            (voice * loud * 14_000.0 + (uniform() - 0.5) * 120.0) as i16
        })
        .collect()
}

fn measure(
    row: &Row,
    sound: &[i16],
    spandsp: Option<&SpandspCodecs>,
    bcg729: Option<&Bcg729>,
) -> [Measured; 2] {
    let packet = row.codec.sample_rate().0 as usize / PACKETS;
    let coded = encode(row.codec, sound, packet);
    let bytes = coded.len() / (sound.len() / packet);
    let mut coding = Measured { ours: f64::MAX, theirs: None, same: None };
    let mut decoding = Measured { ours: f64::MAX, theirs: None, same: None };
    let least = |slot: &mut Option<Cost>, cost: Cost| *slot = Some(slot.map_or(cost, |best| best.min(cost)));
    for _ in 0..ROUNDS {
        coding.ours = coding.ours.min(time(|| encode(row.codec, sound, packet)).0);
        let (cost, heard) = time(|| decode(row.codec, &coded, bytes));
        decoding.ours = decoding.ours.min(cost);
        if let Some((cost, theirs)) = reference_encode(row.codec, sound, packet, spandsp, bcg729) {
            least(&mut coding.theirs, cost);
            coding.same = is_exact(row.codec).then(|| theirs == coded);
        }
        if let Some((cost, theirs)) = reference_decode(row.codec, &coded, bytes, spandsp, bcg729) {
            least(&mut decoding.theirs, cost);
            decoding.same = is_exact(row.codec).then(|| theirs == heard);
        }
    }
    [coding, decoding]
}

/// True if a standard that fixes every bit is followed by both; libbcg729 is close to G.729, not exact.
fn is_exact(codec: Codec) -> bool {
    !matches!(codec, Codec::G729 { .. })
}

fn encode(codec: Codec, sound: &[i16], packet: usize) -> Vec<u8> {
    let mut encoder = codec.encoder();
    let mut out = vec![0; sound.len() * 2];
    let mut written = 0;
    for samples in sound.chunks_exact(packet) {
        written += encoder.encode(black_box(samples), &mut out[written..]);
    }
    out.truncate(written);
    out
}

fn decode(codec: Codec, coded: &[u8], bytes: usize) -> Vec<i16> {
    let mut decoder = codec.decoder();
    let mut out = vec![0; coded.len() * 10];
    let mut written = 0;
    for packet in coded.chunks_exact(bytes) {
        written += decoder.decode(black_box(packet), &mut out[written..]);
    }
    out.truncate(written);
    out
}

fn reference_encode(
    codec: Codec,
    sound: &[i16],
    packet: usize,
    spandsp: Option<&SpandspCodecs>,
    bcg729: Option<&Bcg729>,
) -> Option<(Cost, Vec<u8>)> {
    match codec {
        Codec::G722 | Codec::G726(..) => {
            let mut encoder = match codec {
                Codec::G726(rate, _) => spandsp?.g726_encoder(rate.bits(), SpandspPacking::Right)?,
                _ => spandsp?.g722_encoder()?,
            };
            Some(time(|| {
                sound.chunks_exact(packet).flat_map(|samples| encoder.encode(black_box(samples))).collect()
            }))
        }
        Codec::G729 { .. } => {
            let mut encoder = bcg729?.encoder(false)?;
            Some(time(|| {
                let mut out = Vec::with_capacity(sound.len() / 8);
                for frame in sound.as_chunks::<80>().0 {
                    let mut bytes = [0; 10];
                    let size = encoder.encode(black_box(frame), &mut bytes);
                    out.extend(&bytes[..size]);
                }
                out
            }))
        }
        _ => None,
    }
}

fn reference_decode(
    codec: Codec,
    coded: &[u8],
    bytes: usize,
    spandsp: Option<&SpandspCodecs>,
    bcg729: Option<&Bcg729>,
) -> Option<(Cost, Vec<i16>)> {
    match codec {
        Codec::G722 | Codec::G726(..) => {
            let mut decoder = match codec {
                Codec::G726(rate, _) => spandsp?.g726_decoder(rate.bits(), SpandspPacking::Right)?,
                _ => spandsp?.g722_decoder(64_000)?,
            };
            Some(time(|| {
                coded.chunks_exact(bytes).flat_map(|packet| decoder.decode(black_box(packet))).collect()
            }))
        }
        Codec::G729 { .. } => {
            let mut decoder = bcg729?.decoder()?;
            Some(time(|| {
                let mut out = Vec::with_capacity(coded.len() * 8);
                for frame in coded.as_chunks::<10>().0 {
                    let mut samples = [0; 80];
                    decoder.decode(black_box(frame), &mut samples);
                    out.extend(samples);
                }
                out
            }))
        }
        _ => None,
    }
}

/// Microseconds per second of sound, and the result. A decoder that was timed once goes on where it was: its first
/// pass is compared, and each round makes a new one.
fn time<T>(work: impl FnOnce() -> T) -> (Cost, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64() * 1e6 / SECONDS as f64, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_codes_and_decodes_its_sound() {
        for row in rows() {
            let rate = row.codec.sample_rate().0;
            let sound = &voice(3, rate, SECONDS)[..rate as usize / 5];
            let coded = encode(row.codec, sound, rate as usize / PACKETS);
            assert_eq!(coded.len(), row.codec.unit_bytes() * 20, "{}", row.name);
            assert_eq!(decode(row.codec, &coded, coded.len() / 10).len(), sound.len(), "{}", row.name);
        }
    }
}

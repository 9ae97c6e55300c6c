//! Cost of each codec on a packet of 20 ms, beside libspandsp and libbcg729 where they are installed.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tipring_codec::Codec;
use tipring_oracle::{Bcg729, SpandspCodecs, SpandspPacking};
use tipring_units::Entropy;

/// A second of noise that swells.
fn noise(count: usize) -> Vec<i16> {
    let mut entropy = Entropy::for_simulation(1);
    let mut last = 0.0;
    (0..count)
        .map(|n| {
            last = 0.7 * last + 0.3 * f64::from(entropy.u32() as i32) / f64::from(i32::MAX);
            (last * 30_000.0 * (n as f64 / 900.0).sin()) as i16
        })
        .collect()
}

fn codecs(criterion: &mut Criterion) {
    let (spandsp, bcg729) = (SpandspCodecs::open(), Bcg729::open());
    for codec in Codec::ALL.iter().filter(|codec| codec.is_divisible() && !codec.name().starts_with("AAL2")) {
        let sound = noise(codec.sample_rate().0 as usize);
        let packets: Vec<&[i16]> = sound.chunks_exact(2 * codec.unit_samples()).collect();
        let mut encoder = codec.encoder();
        let mut coded = Vec::new();
        for packet in &packets {
            let mut bytes = vec![0; 2 * codec.unit_bytes()];
            let size = encoder.encode(packet, &mut bytes);
            bytes.truncate(size);
            coded.push(bytes);
        }
        let name = format!("{} {}", codec.name(), codec.fmtp().unwrap_or_default());
        let (mut bytes, mut samples, mut n) = ([0; 640], [0; 320], 0);
        criterion.bench_function(&format!("{name} coder, 20 ms"), |bencher| {
            bencher.iter(|| {
                n = (n + 1) % packets.len();
                encoder.encode(black_box(packets[n]), &mut bytes)
            });
        });
        let mut decoder = codec.decoder();
        criterion.bench_function(&format!("{name} decoder, 20 ms"), |bencher| {
            bencher.iter(|| {
                n = (n + 1) % coded.len();
                decoder.decode(black_box(&coded[n]), &mut samples)
            });
        });
        let reference = spandsp.as_ref().and_then(|library| match codec {
            Codec::Pcmu => Some((library.g711_encoder(true)?, library.g711_decoder(true)?)),
            Codec::Pcma => Some((library.g711_encoder(false)?, library.g711_decoder(false)?)),
            Codec::G722 => Some((library.g722_encoder()?, library.g722_decoder(64_000)?)),
            Codec::G726(rate, _) => Some((
                library.g726_encoder(rate.bits(), SpandspPacking::Right)?,
                library.g726_decoder(rate.bits(), SpandspPacking::Right)?,
            )),
            _ => None,
        });
        if let Some((mut encoder, mut decoder)) = reference {
            criterion.bench_function(&format!("{name} coder of libspandsp, 20 ms"), |bencher| {
                bencher.iter(|| {
                    n = (n + 1) % packets.len();
                    encoder.encode(black_box(packets[n]))
                });
            });
            criterion.bench_function(&format!("{name} decoder of libspandsp, 20 ms"), |bencher| {
                bencher.iter(|| {
                    n = (n + 1) % coded.len();
                    decoder.decode(black_box(&coded[n]))
                });
            });
        }
    }
    let sound = noise(8000);
    let frames = sound.as_chunks::<80>().0;
    if let Some((mut encoder, mut decoder)) =
        bcg729.as_ref().and_then(|library| Some((library.encoder(false)?, library.decoder()?)))
    {
        let (mut bytes, mut samples, mut n) = ([0; 10], [0; 80], 0);
        criterion.bench_function("G729 coder of libbcg729, 10 ms", |bencher| {
            bencher.iter(|| {
                n = (n + 1) % frames.len();
                encoder.encode(black_box(&frames[n]), &mut bytes)
            });
        });
        criterion.bench_function("G729 decoder of libbcg729, 10 ms", |bencher| {
            bencher.iter(|| decoder.decode(black_box(&bytes), &mut samples));
        });
    }
}

criterion_group!(benches, codecs);
criterion_main!(benches);

//! Cost of the detectors on one second of audio, beside libspandsp's on the same samples.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tipring_dsp::{Bank, CallerIdReceiver, DtmfDetector, DtmfGenerator, FskStandard};
use tipring_oracle::Spandsp;
use tipring_port::TonePlan;
use tipring_units::Entropy;

/// A second each of digits, of noise like speech in level, of the noise of a pause, and of silence.
fn signals() -> [(&'static str, Vec<i16>); 4] {
    let mut generator = DtmfGenerator::default();
    let mut digits = Vec::new();
    for character in *b"15937" {
        generator.push(tipring_dsp::Digit::from_ascii(character).unwrap_or_else(|| unreachable!()));
    }
    while digits.len() < 8000 {
        let mut frame = [0; 80];
        generator.process(&mut frame);
        digits.extend(frame);
    }
    let mut entropy = Entropy::for_simulation(1);
    let noise = (0..8000).map(|_| (entropy.u32() as i16) / 16).collect();
    let pause = (0..8000).map(|_| entropy.below(25) as i16 - 12).collect();
    [("digits", digits), ("noise", noise), ("a pause", pause), ("silence", vec![0; 8000])]
}

fn detectors(criterion: &mut Criterion) {
    let library = Spandsp::open();
    if library.is_none() {
        eprintln!("libspandsp2 is not installed: its columns are missing");
    }
    for (name, second) in signals() {
        let frames: Vec<[i16; 80]> =
            second.chunks_exact(80).map(|c| core::array::from_fn(|n| c[n])).collect();
        let mut group = criterion.benchmark_group(format!("one second of {name}"));
        let mut dtmf = DtmfDetector::default();
        group.bench_function("dtmf", |b| {
            b.iter(|| {
                frames.iter().for_each(|frame| {
                    black_box(dtmf.process(black_box(frame)));
                })
            });
        });
        let mut bank = Bank::new(&TonePlan::SILENT);
        group.bench_function("bank", |b| {
            b.iter(|| {
                frames.iter().for_each(|frame| {
                    black_box(bank.process(black_box(frame)));
                })
            });
        });
        let mut caller = CallerIdReceiver::new(FskStandard::V23);
        group.bench_function("caller ID", |b| {
            b.iter(|| {
                frames.iter().for_each(|frame| {
                    black_box(caller.process(black_box(frame)));
                })
            });
        });
        let Some(library) = &library else { continue };
        for (filter, name) in [(false, "dtmf, libspandsp"), (true, "dtmf, libspandsp with dial-tone filter")]
        {
            let Some(mut theirs) = library.dtmf(filter) else { continue };
            group.bench_function(name, |b| {
                b.iter(|| frames.iter().for_each(|frame| theirs.feed(black_box(frame))));
                theirs.digits();
            });
        }
        for (tone, name) in [(1, "CNG"), (3, "ANS/PR"), (6, "preamble")] {
            let Some(mut theirs) = library.modem_tone(tone) else { continue };
            group.bench_function(format!("{name}, libspandsp modem_connect_tones"), |b| {
                b.iter(|| frames.iter().for_each(|frame| theirs.feed(black_box(frame))));
            });
        }
        let tones = [
            vec![(350, 440, 400, 0)],
            vec![(440, 480, 1800, 2200), (0, 0, 3600, 4400)],
            vec![(480, 620, 450, 550), (0, 0, 450, 550)],
            vec![(480, 620, 220, 280), (0, 0, 220, 280)],
        ];
        if let Some(mut theirs) = library.supervisory(&tones) {
            group.bench_function("four tones, libspandsp super_tone_rx", |b| {
                b.iter(|| frames.iter().for_each(|frame| theirs.feed(black_box(frame))));
            });
        }
    }
}

criterion_group!(benches, detectors);
criterion_main!(benches);

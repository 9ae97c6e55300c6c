//! Cost of the heavier blocks on one frame of 10 ms.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tipring_dsp::{DtmfDetector, DtmfGenerator, EchoCanceller, EchoConfig};
use tipring_oracle::SpeexCanceller;
use tipring_units::{Entropy, Millis};

fn blocks(criterion: &mut Criterion) {
    let mut entropy = Entropy::for_simulation(1);
    let noise: Vec<[i16; 80]> =
        (0..100).map(|_| core::array::from_fn(|_| (entropy.u32() as i16) / 16)).collect();
    let mut digit = [0; 80];
    let mut generator = DtmfGenerator::default();
    if let Some(five) = tipring_dsp::Digit::from_ascii(b'5') {
        generator.hold(five);
    }
    generator.process(&mut digit);

    for tail in [16, 32, 64, 128] {
        let config = EchoConfig { tail: Millis(tail), ..EchoConfig::default() };
        let mut canceller = EchoCanceller::new(config);
        let mut n = 0;
        criterion.bench_function(&format!("echo canceller, {tail} ms, adapting"), |bencher| {
            bencher.iter(|| {
                n = (n + 1) % noise.len();
                let mut near = noise[n].map(|s| s / 2);
                canceller.process(black_box(&mut near), black_box(&noise[n]));
                near
            });
        });
    }
    for tail in [16, 32, 64, 128] {
        let Some(mut canceller) = SpeexCanceller::new(80, tail * 8) else {
            eprintln!("libspeexdsp is not installed: no comparison");
            break;
        };
        let mut n = 0;
        criterion.bench_function(&format!("echo canceller of libspeexdsp, {tail} ms"), |bencher| {
            bencher.iter(|| {
                n = (n + 1) % noise.len();
                let mut near = noise[n].map(|s| s / 2);
                canceller.process(black_box(&mut near), black_box(&noise[n]));
                near
            });
        });
    }
    let mut idle = EchoCanceller::new(EchoConfig::default());
    criterion.bench_function("echo canceller, 32 ms, far end silent", |bencher| {
        bencher.iter(|| {
            let mut near = noise[0];
            idle.process(black_box(&mut near), &[0; 80]);
            near
        });
    });
    let mut detector = DtmfDetector::default();
    criterion.bench_function("dtmf detector, noise", |bencher| {
        bencher.iter(|| detector.process(black_box(&noise[1])));
    });
    criterion.bench_function("dtmf detector, digit", |bencher| {
        bencher.iter(|| detector.process(black_box(&digit)));
    });
    criterion.bench_function("dtmf detector, silence", |bencher| {
        bencher.iter(|| detector.process(black_box(&[0; 80])));
    });
}

criterion_group!(benches, blocks);
criterion_main!(benches);

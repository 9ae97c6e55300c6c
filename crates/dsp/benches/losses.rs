//! Cost of what stands in for lost packets and of stretching, on a second of sound, beside libspandsp's on the same sound.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tipring_dsp::{ComfortNoise, Concealer, TimeScaler};
use tipring_oracle::SpandspConcealer;
use tipring_units::{Dbm0, Entropy};

/// A second of a wandering pitch over noise.
fn voice() -> Vec<[i16; 80]> {
    let mut entropy = Entropy::for_simulation(1);
    let (mut phase, mut samples) = (0.0_f64, Vec::new());
    for n in 0..8000 {
        let pitch = 140.0 + 40.0 * (f64::from(n) / 1500.0).sin();
        phase += pitch / 8000.0;
        let saw = 2.0 * (phase - phase.floor()) - 1.0;
        samples.push((saw * 6000.0 + f64::from(entropy.unit() - 0.5) * 1000.0) as i16);
    }
    samples.as_chunks::<80>().0.to_vec()
}

/// The ticks of a second that are lost: in a hundred, two by two as packets of 20 ms.
fn losses(percent: f32) -> Vec<bool> {
    let mut entropy = Entropy::for_simulation(2);
    (0..50).flat_map(|_| [entropy.chance(percent); 2]).collect()
}

fn concealment(criterion: &mut Criterion) {
    let sound = voice();
    for percent in [0.0, 5.0, 20.0] {
        let lost = losses(percent);
        let mut group = criterion.benchmark_group(format!("a second with {percent} % lost"));
        let mut ours = Concealer::new();
        group.bench_function("concealment", |bencher| {
            bencher.iter(|| {
                for (frame, lost) in sound.iter().zip(&lost) {
                    let mut frame = *black_box(frame);
                    if *lost {
                        ours.conceal(&mut frame)
                    } else {
                        ours.received(&mut frame)
                    }
                    black_box(&frame);
                }
            });
        });
        let Some(mut theirs) = SpandspConcealer::new() else {
            eprintln!("libspandsp2 is not installed: no comparison");
            continue;
        };
        group.bench_function("concealment of libspandsp", |bencher| {
            bencher.iter(|| {
                for (frame, lost) in sound.iter().zip(&lost) {
                    let mut frame = *black_box(frame);
                    if *lost {
                        theirs.conceal(&mut frame)
                    } else {
                        theirs.received(&mut frame)
                    }
                    black_box(&frame);
                }
            });
        });
    }
}

fn others(criterion: &mut Criterion) {
    let sound = voice();
    for (name, speed) in [("exact", 0.0), ("100 ppm", 100.0)] {
        let mut scaler = TimeScaler::new();
        scaler.set_speed(speed);
        criterion.bench_function(&format!("a second through the time scaler, {name}"), |bencher| {
            bencher.iter(|| {
                for frame in &sound {
                    scaler.push(black_box(frame));
                    black_box(scaler.pull());
                }
            });
        });
    }
    let mut noise = ComfortNoise::new(1, Dbm0(-50.0));
    criterion.bench_function("a second of comfort noise", |bencher| {
        bencher.iter(|| {
            for _ in 0..100 {
                let mut frame = [0; 80];
                noise.process(&mut frame);
                black_box(&frame);
            }
        });
    });
}

criterion_group!(benches, concealment, others);
criterion_main!(benches);

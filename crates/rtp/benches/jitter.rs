//! Cost of the jitter buffer on a second of packets of 20 ms, beside libspeexdsp's on the same packets.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tipring_oracle::SpeexJitter;
use tipring_rtp::{
    ClockRate, Format, Header, JitterBuffer, JitterConfig, PayloadMap, PayloadType, Playout, Ssrc, Timestamp,
    UnitSize,
};
use tipring_units::{Entropy, Instant, TICK};

/// Ticks of a second.
const TICKS: usize = 100;

/// The ticks in which each packet of a second comes, the packets in order: without jitter, or up to 30 ms late.
fn arrivals(late: bool) -> Vec<Vec<u16>> {
    let mut entropy = Entropy::for_simulation(1);
    let mut ticks = vec![Vec::new(); TICKS];
    for packet in 0..TICKS as u16 / 2 {
        let delay = if late { entropy.below(4) as usize } else { 0 };
        ticks[(2 * usize::from(packet) + delay).min(TICKS - 1)].push(packet);
    }
    ticks
}

fn jitter(criterion: &mut Criterion) {
    let payload = [0x55; 160];
    for (name, late) in [("even", false), ("up to 30 ms late", true)] {
        let ticks = arrivals(late);
        let mut group = criterion.benchmark_group(format!("a second of packets, {name}"));
        let format = Format::Audio { unit: UnitSize(80), clock: ClockRate::NARROW, silence: UnitSize(0) };
        let formats = PayloadMap::new().with(PayloadType(0), format);
        let mut buffer = JitterBuffer::new(JitterConfig::default(), formats);
        let (mut now, mut round) = (Instant::ZERO, 0_u32);
        group.bench_function("jitter buffer", |bencher| {
            bencher.iter(|| {
                for packets in &ticks {
                    for packet in packets {
                        let number = round * TICKS as u32 / 2 + u32::from(*packet);
                        let header = Header {
                            marker: false,
                            payload_type: PayloadType(0),
                            sequence: number as u16,
                            timestamp: Timestamp(number.wrapping_mul(160)),
                            ssrc: Ssrc(9),
                        };
                        buffer.push(now, &header, black_box(&payload));
                    }
                    black_box(buffer.pace(now, false));
                    if let Playout::Frame { payload, .. } = buffer.take() {
                        black_box(payload);
                    }
                    now += TICK;
                }
                round += 1;
            });
        });
        let Some(mut theirs) = SpeexJitter::new(80) else {
            eprintln!("libspeexdsp is not installed: no comparison");
            continue;
        };
        let mut round = 0_u32;
        group.bench_function("jitter buffer of libspeexdsp", |bencher| {
            bencher.iter(|| {
                for packets in &ticks {
                    for packet in packets {
                        let number = round * TICKS as u32 / 2 + u32::from(*packet);
                        // It gives whole packets: halves come as the packets of 10 ms that they are played as.
                        for half in 0..2_u32 {
                            let unit = 2 * number + half;
                            theirs.put(unit as u16, unit.wrapping_mul(80), 80, black_box(&payload[..80]));
                        }
                    }
                    black_box(theirs.get(80));
                }
                round += 1;
            });
        });
    }
}

criterion_group!(benches, jitter);
criterion_main!(benches);

//! The jitter buffer over a network that becomes worse and better, with a far clock that is fast.

use std::collections::BTreeMap;

use tipring_rtp::{
    ClockRate, Format, Header, JitterBuffer, JitterConfig, Pace, PayloadMap, PayloadType, Playout, Ssrc,
    Timestamp, UnitSize,
};
use tipring_units::{Entropy, Instant, Millis, Samples};

use super::Point;

const VOICE: PayloadType = PayloadType(0);
/// Milliseconds of a packet, of the run, and by how much in a million the far clock is fast.
const PACKET: u64 = 20;
const LENGTH: u64 = 180_000;
const FAST: u64 = 150;
/// Delay that every packet has, in microseconds.
const LEAST: u64 = 30_000;
/// What a step of the player changes, in milliseconds: a pitch period.
const PERIOD: f64 = 6.0;

/// Largest delay beyond the least at a time, in microseconds.
fn spread(millis: u64) -> u32 {
    match millis / 1000 {
        0..60 => 8_000,
        60..120 => 70_000,
        _ => 8_000,
    }
}

/// Delay of packets, depth wanted, depth, and what was concealed.
pub fn points(seed: u64) -> Vec<Point> {
    let mut entropy = Entropy::for_simulation(seed);
    let formats = PayloadMap::new()
        .with(VOICE, Format::Audio { unit: UnitSize(80), clock: ClockRate::NARROW, silence: UnitSize(0) });
    let mut buffer = JitterBuffer::new(JitterConfig { max: Millis(200), ..JitterConfig::default() }, formats);
    let mut wire: BTreeMap<(u64, u64), u64> = BTreeMap::new();
    let mut all = Vec::new();
    let (mut packet, mut held) = (0, 0.0);
    for now in (0..LENGTH * 1000).step_by(10_000) {
        // In microseconds; the far clock is fast, so that packets come the earlier the longer the call is.
        let sent = |packet: u64| (packet + 1) * PACKET * 1000 * 1_000_000 / (1_000_000 + FAST);
        while sent(packet) < now {
            let delay = LEAST + u64::from(entropy.below(spread(now / 1000)));
            wire.insert((sent(packet) + delay, packet), packet);
            if packet % 10 == 0 {
                let y = (delay - LEAST) as f64 / 1e3;
                all.push(Point { plot: "jitter", series: "packets".to_owned(), x: now as f64 / 1e6, y });
            }
            packet += 1;
        }
        while let Some(entry) = wire.first_entry().filter(|entry| entry.key().0 <= now) {
            let at = entry.key().0;
            let packet = entry.remove();
            let header = Header {
                marker: packet == 0,
                payload_type: VOICE,
                sequence: packet as u16,
                timestamp: Timestamp((packet * PACKET * 8) as u32),
                ssrc: Ssrc(1),
            };
            buffer.push(Instant::from_nanos((at + 1_000_000) * 1000), &header, &[0; 160]);
        }
        // Two seconds of every five are quiet enough for a step that is not heard.
        let time = Instant::from_nanos((now + 1_000_000) * 1000);
        play(&mut buffer, time, &mut held, now / 10_000 % 500 < 200);
        if now % 250_000 == 0 {
            let told = buffer.statistics(time);
            for (series, y) in [
                ("depth", f64::from(told.depth.0)),
                ("target", f64::from(told.target.0)),
                ("late", f64::from(told.late)),
                ("concealed", f64::from(told.concealed)),
            ] {
                all.push(Point { plot: "jitter", series: series.to_owned(), x: now as f64 / 1e6, y });
            }
        }
    }
    all
}

/// Plays a tick: takes units as they are needed, makes sound shorter or longer by a pitch period.
fn play(buffer: &mut JitterBuffer, now: Instant, held: &mut f64, quiet: bool) {
    let pace = buffer.pace(now, quiet);
    let tick = 10.0 * (1.0 + f64::from(buffer.speed()) * 1e-6);
    let take = |buffer: &mut JitterBuffer, held: &mut f64| {
        // What it is does not matter here.
        let _: Playout<'_> = buffer.take();
        *held += 10.0;
    };
    if matches!(pace, Pace::Shorter { .. }) {
        while *held < 30.0 && buffer.has_sound() {
            take(buffer, held);
        }
        if *held >= 30.0 {
            *held -= PERIOD;
        }
    }
    while *held < tick {
        take(buffer, held);
    }
    if matches!(pace, Pace::Longer { .. }) {
        *held += PERIOD;
    }
    *held -= tick;
    buffer.hold(Samples((*held * 8.0) as u64));
}

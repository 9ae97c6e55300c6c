//! The jitter buffer over a modelled network, in virtual time.

use std::collections::BTreeMap;
use tipring_rtp::{
    ClockRate, Format, Header, JitterBuffer, JitterConfig, JitterMode, JitterStatistics, Pace, PayloadMap,
    PayloadType, Playout, Ssrc, Timestamp, UnitSize,
};
use tipring_units::{Entropy, Instant, Millis, Samples};

const VOICE: PayloadType = PayloadType(96);
const NOISE: PayloadType = PayloadType(13);
const EVENTS: PayloadType = PayloadType(101);
/// Bytes of a unit: its number twice, so that a unit that is cut wrongly shows.
const SYMBOL: usize = 8;

fn formats() -> PayloadMap {
    PayloadMap::new()
        .with(VOICE, Format::Audio { unit: UnitSize(SYMBOL), clock: ClockRate::NARROW, silence: UnitSize(0) })
        .with(NOISE, Format::ComfortNoise)
        .with(EVENTS, Format::Events { clock: ClockRate::NARROW })
}

fn header(payload_type: PayloadType, marker: bool, timestamp: u32) -> Header {
    Header { marker, payload_type, sequence: 0, timestamp: Timestamp(timestamp), ssrc: Ssrc(1) }
}

/// The payload of `count` units from number `first` on.
fn units(first: u32, count: u32) -> Vec<u8> {
    (first..first + count).flat_map(|unit| [unit.to_be_bytes(), unit.to_be_bytes()].concat()).collect()
}

fn number(payload: &[u8]) -> u32 {
    assert_eq!((payload.len(), &payload[..4]), (SYMBOL, &payload[4..]));
    u32::from_be_bytes(payload[..4].try_into().unwrap())
}

/// A network and a sender on it.
struct Network {
    seed: u64,
    seconds: u32,
    ptime: u32,
    /// Fast clock of the sender, parts in a million.
    drift_ppm: i64,
    loss: f32,
    /// Packets lost together.
    burst: u32,
    duplicate: f32,
    /// Delay of a packet in microseconds.
    delay_us: fn(u32, &mut Entropy) -> u64,
    quiet: fn(u32) -> bool,
    config: JitterConfig,
    /// Another buffer from this tick on.
    then: Option<(u32, JitterConfig)>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            seed: 1,
            seconds: 120,
            ptime: 20,
            drift_ppm: 0,
            loss: 0.0,
            burst: 1,
            duplicate: 0.0,
            delay_us: |_, _| 30_000,
            quiet: |tick| tick % 100 < 40,
            config: JitterConfig::default(),
            then: None,
        }
    }
}

/// Who plays what the buffer gives: takes units as it needs them, shortens and lengthens by a pitch period.
#[derive(Default)]
struct Listener {
    /// Milliseconds that wait.
    held: f64,
}

impl Listener {
    const PERIOD: f64 = 6.0;

    /// Plays a tick; gives the numbers of the units that it took.
    fn play(&mut self, buffer: &mut JitterBuffer, now: Instant, quiet: bool) -> Vec<u32> {
        let pace = buffer.pace(now, quiet);
        let tick = 10.0 * (1.0 + f64::from(buffer.speed()) * 1e-6);
        let mut units = Vec::new();
        let mut take = |held: &mut f64, buffer: &mut JitterBuffer| {
            if let Playout::Frame { payload_type: VOICE, payload } = buffer.take() {
                units.push(number(payload));
            }
            *held += 10.0;
        };
        if matches!(pace, Pace::Shorter { .. }) {
            while self.held < 30.0 && buffer.has_sound() {
                take(&mut self.held, buffer);
            }
            if self.held >= 30.0 {
                self.held -= Self::PERIOD;
            }
        }
        while self.held < tick {
            take(&mut self.held, buffer);
        }
        if matches!(pace, Pace::Longer { .. }) {
            self.held += Self::PERIOD;
        }
        self.held -= tick;
        buffer.hold(Samples((self.held * 8.0) as u64));
        units
    }
}

struct Outcome {
    statistics: JitterStatistics,
    /// Played units of those that were sent while the receiver listened.
    fraction: f64,
    /// Mean and largest depth over the second half.
    mean_depth: f64,
    largest_depth: u32,
    /// Most that the sound was to be read faster or slower, in parts in a million.
    largest_speed: f32,
}

impl Network {
    fn run(&self) -> Outcome {
        let mut entropy = Entropy::for_simulation(self.seed);
        let mut buffer = JitterBuffer::new(self.config, formats());
        let mut wire: BTreeMap<(u64, u32), u32> = BTreeMap::new();
        let (mut packet, mut lose, mut last, mut restarts) = (0, 0, None, 0);
        let mut listener = Listener::default();
        let (mut depths, mut largest, mut largest_speed) = (Vec::new(), 0, 0.0_f32);
        let start = entropy.u32();
        let count = self.ptime / 10;
        let ticks = self.seconds * 100;
        for tick in 0..ticks {
            let now = 1_000_000_000 + u64::from(tick) * 10_000_000;
            // The packet goes out when its last unit has been spoken, by the sender's clock.
            let sent = |packet: u32| {
                let time = i64::from(packet + 1) * i64::from(self.ptime) * 1_000_000;
                1_000_000_000 + (time - time * self.drift_ppm / 1_000_000) as u64
            };
            while sent(packet) < now {
                if entropy.chance(self.loss / self.burst as f32) {
                    lose = self.burst;
                }
                for copy in 0..1 + u32::from(entropy.chance(self.duplicate)) {
                    let delay = (self.delay_us)(packet, &mut entropy) * 1000;
                    if lose == 0 {
                        wire.insert((sent(packet) + delay, packet * 2 + copy), packet);
                    }
                }
                lose = lose.saturating_sub(1);
                packet += 1;
            }
            while let Some(entry) = wire.first_entry()
                && entry.key().0 <= now
            {
                let at = entry.key().0;
                let packet = entry.remove();
                let timestamp = start.wrapping_add(packet * count * 80);
                let head = header(VOICE, packet == 0, timestamp);
                buffer.push(Instant::from_nanos(at), &head, &units(packet * count, count));
            }
            let now = Instant::from_nanos(now);
            if let Some((_, config)) = self.then.filter(|(at, _)| *at == tick) {
                buffer.set_config(now, config);
            }
            for unit in listener.play(&mut buffer, now, (self.quiet)(tick)) {
                let again = buffer.statistics(now).restarts > restarts;
                assert!(again || last.is_none_or(|last| last < unit), "{unit} after {last:?}");
                restarts = buffer.statistics(now).restarts;
                last = Some(unit);
            }
            largest_speed = largest_speed.max(buffer.speed().abs());
            if tick > ticks / 2 {
                let depth = buffer.statistics(now).depth.0;
                depths.push(f64::from(depth));
                largest = largest.max(depth);
            }
        }
        let statistics = buffer.statistics(Instant::from_nanos(u64::from(ticks) * 10_000_000));
        Outcome {
            statistics,
            fraction: f64::from(statistics.played) / f64::from(packet * count),
            mean_depth: depths.iter().sum::<f64>() / depths.len() as f64,
            largest_depth: largest,
            largest_speed,
        }
    }
}

#[track_caller]
fn expect(name: &str, outcome: &Outcome, fraction: f64, depth: core::ops::RangeInclusive<f64>) {
    println!(
        "{name}: played {:.5}, depth mean {:.1} largest {} ms, {:?}",
        outcome.fraction, outcome.mean_depth, outcome.largest_depth, outcome.statistics
    );
    assert!(outcome.fraction >= fraction, "{name}: played {}", outcome.fraction);
    assert!(depth.contains(&outcome.mean_depth), "{name}: depth {}", outcome.mean_depth);
}

#[test]
fn a_perfect_network_is_played_whole_at_the_least_depth() {
    for ptime in [10, 20, 30, 40, 60] {
        let outcome = Network { ptime, ..Network::default() }.run();
        expect(&format!("ptime {ptime}"), &outcome, 0.998, 15.0..=35.0);
        assert_eq!((outcome.statistics.late, outcome.statistics.grown), (0, 0));
        assert!(outcome.statistics.concealed == 0);
    }
}

#[test]
fn uniform_jitter_is_covered() {
    for seed in 0..4 {
        let delay_us = |_, entropy: &mut Entropy| 30_000 + u64::from(entropy.below(60_000));
        let outcome = Network { seed, delay_us, ..Network::default() }.run();
        expect("60 ms uniform", &outcome, 0.99, 45.0..=90.0);
    }
}

#[test]
fn loss_is_concealed_and_nothing_else_is() {
    for (loss, burst) in [(1.0, 1), (5.0, 1), (5.0, 4), (20.0, 1)] {
        let outcome = Network { loss, burst, ..Network::default() }.run();
        let kept = 1.0 - f64::from(loss) / 100.0;
        expect(&format!("{loss} % in bursts of {burst}"), &outcome, kept * 0.985, 15.0..=35.0);
        assert!(outcome.fraction <= kept * 1.02);
        assert_eq!(outcome.statistics.late, 0);
    }
}

#[test]
fn reordered_and_doubled_packets_are_played_once_and_in_order() {
    // Every tenth packet takes 25 ms longer, so that the next one overtakes it.
    let delay_us = |packet, _: &mut Entropy| if packet % 10 == 3 { 55_000 } else { 30_000 };
    let outcome = Network { delay_us, duplicate: 20.0, ..Network::default() }.run();
    expect("reordered", &outcome, 0.995, 25.0..=50.0);
    assert!(outcome.statistics.duplicates + outcome.statistics.late > 1000, "{:?}", outcome.statistics);
}

#[test]
fn a_drifting_clock_is_followed_for_an_hour() {
    for (drift_ppm, quiet) in [
        (200, (|tick| tick % 100 < 40) as fn(u32) -> bool),
        (-200, |tick| tick % 100 < 40),
        (200, |_| false),
        (-200, |_| false),
    ] {
        let delay_us = |_, entropy: &mut Entropy| 30_000 + u64::from(entropy.below(5000));
        let outcome = Network { drift_ppm, seconds: 3600, quiet, delay_us, ..Network::default() }.run();
        expect(&format!("{drift_ppm} ppm"), &outcome, 0.9985, 15.0..=40.0);
        // 200 ppm of an hour are 720 ms, which no step has to make up for: the speed does.
        let (grown, shrunk) = (outcome.statistics.grown, outcome.statistics.shrunk);
        assert!(grown + shrunk <= 6, "grown {grown}, shrunk {shrunk}");
        let found = i64::from(outcome.statistics.drift_ppm);
        assert!((found - drift_ppm).abs() <= 10, "{found} ppm");
        assert!(outcome.largest_depth <= 60 && outcome.statistics.late <= 5);
        assert_eq!(outcome.statistics.restarts, 0);
    }
}

#[test]
fn a_fixed_buffer_that_hears_no_silence_stays_near_its_depth_by_speed_alone() {
    for drift_ppm in [-200, 0, 200] {
        let delay_us = |_, entropy: &mut Entropy| 30_000 + u64::from(entropy.below(40_000));
        let config = JitterConfig { start: Millis(80), mode: JitterMode::Fixed, ..JitterConfig::default() };
        let quiet = |_| false;
        let outcome =
            Network { drift_ppm, seconds: 1800, delay_us, config, quiet, ..Network::default() }.run();
        expect(&format!("fixed, {drift_ppm} ppm"), &outcome, 0.9985, 62.0..=98.0);
        let counted = outcome.statistics;
        // A first packet that was slow may ask for one step at the start.
        assert!(counted.grown + counted.shrunk <= 1);
        assert_eq!((counted.late, counted.restarts), (0, 0));
        assert!(outcome.largest_depth <= 100);
    }
}

#[test]
fn a_fixed_buffer_takes_its_depth_again_in_silence_and_leaves_the_speed_alone() {
    for drift_ppm in [-100, 100] {
        let delay_us = |_, entropy: &mut Entropy| 30_000 + u64::from(entropy.below(4000));
        let config = JitterConfig { start: Millis(100), mode: JitterMode::Fixed, ..JitterConfig::default() };
        // Half a second of silence in each minute: what lies between is a page.
        let quiet = |tick| tick % 6000 < 50;
        let outcome =
            Network { drift_ppm, seconds: 1800, delay_us, config, quiet, ..Network::default() }.run();
        expect(&format!("pages, {drift_ppm} ppm"), &outcome, 0.999, 90.0..=110.0);
        let steps = outcome.statistics.grown + outcome.statistics.shrunk;
        assert!((10..60).contains(&steps), "{steps} steps of some 6 ms for 180 ms of drift");
        assert!(outcome.largest_speed == 0.0, "{} ppm", outcome.largest_speed);
    }
}

#[test]
fn a_buffer_that_becomes_fixed_takes_its_depth_in_one_step_and_moves_no_more() {
    let fixed = |depth| JitterConfig { min: depth, max: depth, start: depth, mode: JitterMode::Fixed };
    for depth in [100, 20, 30] {
        // Voices are content with 20 ms here, so that every step that is counted is one of the fixed buffer.
        let config = JitterConfig { start: Millis(20), ..JitterConfig::default() };
        let then = Some((1000, fixed(Millis(depth))));
        let delay_us = |_, entropy: &mut Entropy| 30_000 + u64::from(entropy.below(4000));
        let outcome = Network { delay_us, config, then, ..Network::default() }.run();
        let expected = f64::from(depth);
        expect(&format!("fixed at {depth}"), &outcome, 0.998, expected - 10.0..=expected + 10.0);
        let counted = outcome.statistics;
        assert_eq!((counted.grown, counted.shrunk, counted.late, counted.restarts), (0, 0, 0, 0));
    }
}

#[test]
fn growing_jitter_deepens_the_buffer_promptly() {
    // Calm for half a minute, then 100 ms of jitter.
    let delay_us = |packet, entropy: &mut Entropy| {
        30_000 + u64::from(entropy.below(if packet < 1500 { 2000 } else { 100_000 }))
    };
    let outcome = Network { delay_us, ..Network::default() }.run();
    expect("jitter grows", &outcome, 0.97, 75.0..=130.0);
    assert!(outcome.statistics.late < 60, "{} late of 4500", outcome.statistics.late);
}

#[test]
fn the_depth_returns_after_the_storm() {
    let delay_us = |packet, entropy: &mut Entropy| {
        30_000 + u64::from(entropy.below(if packet < 1500 { 100_000 } else { 2000 }))
    };
    let outcome = Network { delay_us, ..Network::default() }.run();
    expect("jitter falls", &outcome, 0.985, 15.0..=50.0);
}

#[test]
fn the_depth_never_leaves_its_bounds() {
    let delay_us = |_, entropy: &mut Entropy| 30_000 + u64::from(entropy.below(500_000));
    let config = JitterConfig { max: Millis(120), ..JitterConfig::default() };
    let outcome = Network { delay_us, config, ..Network::default() }.run();
    assert!(outcome.largest_depth <= 150, "{}", outcome.largest_depth);
}

#[test]
fn a_lone_gap_of_300_ms_costs_itself_and_little_more() {
    // Once, in the middle, the network holds everything for 300 ms and then lets it go at once.
    let delay_us = |packet, _: &mut Entropy| match packet {
        3000..=3014 => 30_000 + u64::from(3015 - packet) * 20_000,
        _ => 30_000,
    };
    let outcome = Network { delay_us, ..Network::default() }.run();
    expect("gap", &outcome, 0.99, 15.0..=40.0);
    assert_eq!(outcome.statistics.restarts, 0);
}

#[test]
fn a_slower_route_is_learned() {
    for slower_us in [80_000, 700_000, 2_000_000] {
        let delay_us: fn(u32, &mut Entropy) -> u64 = match slower_us {
            80_000 => |packet, _| if packet < 3000 { 30_000 } else { 110_000 },
            700_000 => |packet, _| if packet < 3000 { 30_000 } else { 730_000 },
            _ => |packet, _| if packet < 3000 { 30_000 } else { 2_030_000 },
        };
        let outcome = Network { delay_us, ..Network::default() }.run();
        expect(&format!("route {slower_us}"), &outcome, 0.96, 15.0..=130.0);
    }
}

/// A buffer with its clock, for tests that look at each tick.
struct Bench {
    buffer: JitterBuffer,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let config = JitterConfig { start: Millis(20), ..JitterConfig::default() };
        Self { buffer: JitterBuffer::new(config, formats()), now: Instant::from_millis(5000) }
    }

    fn push(&mut self, marker: bool, first: u32, count: u32) {
        self.push_at(marker, first * 80, first, count);
    }

    fn push_at(&mut self, marker: bool, timestamp: u32, first: u32, count: u32) {
        self.buffer.push(self.now, &header(VOICE, marker, timestamp), &units(first, count));
    }

    /// One letter for what is played: a unit's number, `c`onceal, `n`oise, `s`ilence, `e`vent.
    fn pop(&mut self) -> String {
        self.buffer.pace(self.now, false);
        let played = match self.buffer.take() {
            Playout::Frame { payload, .. } => number(payload).to_string(),
            Playout::ComfortNoise(description) => format!("n{}", description.len()),
            Playout::Event(event) => format!("e{event}"),
            Playout::Conceal => "c".into(),
            Playout::Silence => "s".into(),
            Playout::Packet { .. } | Playout::Repeated { .. } | Playout::Rest { .. } => {
                panic!("these packets can be cut")
            }
        };
        self.now += Millis(10);
        played
    }

    fn pops(&mut self, count: usize) -> String {
        (0..count).map(|_| self.pop()).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn sound_starts_after_the_wanted_depth() {
    let mut bench = Bench::new();
    assert_eq!(bench.pops(3), "s s s");
    bench.push(true, 0, 4);
    assert_eq!(bench.pops(6), "s s 0 1 2 3");
}

#[test]
fn a_pause_after_comfort_noise_is_silence_and_not_concealed() {
    let mut bench = Bench::new();
    bench.push(true, 0, 2);
    bench.buffer.push(bench.now, &header(NOISE, false, 160), &[70, 1, 2]);
    assert_eq!(bench.pops(8), "s s 0 1 n3 s s s");
    let statistics = bench.buffer.statistics(bench.now);
    assert_eq!((statistics.concealed, statistics.played), (0, 3));
    // The next talk spurt comes on time, 2 s later, and is played at the same depth.
    bench.pops(192);
    bench.push(true, 200, 2);
    assert_eq!(bench.pops(5), "s s 200 201 c");
}

#[test]
fn packets_that_stop_are_concealed_for_a_while_and_then_silence() {
    let mut bench = Bench::new();
    bench.push(true, 0, 2);
    assert_eq!(bench.pops(4), "s s 0 1");
    assert_eq!(bench.pops(12), "c c c c c c c c c c s s");
}

#[test]
fn a_lost_packet_is_concealed_in_its_place() {
    let mut bench = Bench::new();
    bench.push(true, 0, 2);
    bench.push(false, 4, 2);
    assert_eq!(bench.pops(8), "s s 0 1 c c 4 5");
}

#[test]
fn a_change_of_packet_time_in_midstream_leaves_no_gap() {
    let mut bench = Bench::new();
    let (mut next, mut played) = (0, Vec::new());
    for count in [1, 2, 3, 4, 6, 2, 1, 5] {
        for _ in 0..50 {
            played.extend(bench.pops(count as usize).split(' ').map(str::to_owned));
            bench.push(next == 0, next, count);
            next += count;
        }
    }
    let numbers: Vec<u32> = played.iter().filter_map(|played| played.parse().ok()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] > pair[0]));
    let gaps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert!(gaps <= 6, "{gaps} steps shallower of {}", numbers.len());
    let concealed = played.iter().filter(|played| *played == "c").count();
    assert!(concealed <= 20, "{concealed} concealed of {}", played.len());
}

#[test]
fn a_jump_of_the_timestamp_is_believed_at_the_second_packet() {
    let mut bench = Bench::new();
    for packet in 0..50 {
        bench.push(packet == 0, packet * 2, 2);
        bench.pops(2);
    }
    bench.push_at(false, 3_000_000_000, 1000, 2);
    bench.pops(2);
    bench.push_at(false, 3_000_000_160, 1002, 2);
    assert!(bench.pops(6).contains("1002 1003"));
    assert_eq!(bench.buffer.statistics(bench.now).restarts, 1);
}

#[test]
fn a_single_wild_timestamp_changes_nothing() {
    let mut bench = Bench::new();
    let mut played = String::new();
    for packet in 0..50 {
        bench.push(packet == 0, packet * 2, 2);
        if packet % 7 == 3 {
            bench.push_at(false, 0x9000_0000 + packet * 1_000_000, 7777, 2);
        }
        played += &bench.pops(2);
        played += " ";
    }
    assert!(!played.contains("7777") && !played.contains('c'), "{played}");
    assert_eq!(bench.buffer.statistics(bench.now).overflow, 7);
}

#[test]
fn a_sender_that_stops_its_clock_in_pauses_is_heard_from_the_marker() {
    let mut bench = Bench::new();
    bench.push(true, 0, 2);
    bench.pops(70);
    bench.push(true, 2, 2);
    assert_eq!(bench.pops(4), "s s 2 3");
}

#[test]
fn a_new_source_starts_afresh() {
    let mut bench = Bench::new();
    bench.push(true, 0, 2);
    bench.pops(1);
    bench.buffer.restart();
    bench.push_at(false, 77_777, 500, 2);
    assert_eq!(bench.pops(4), "s s 500 501");
}

#[test]
fn events_take_the_place_of_sound_while_they_last() {
    let mut bench = Bench::new();
    bench.push(true, 0, 2);
    let mut played = bench.pops(2);
    for update in 1..=4_u16 {
        let [d0, d1] = (update * 160).to_be_bytes();
        let end = if update == 4 { 0x80 } else { 0 };
        bench.buffer.push(bench.now, &header(EVENTS, update == 1, 160), &[5, end | 10, d0, d1]);
        played += " ";
        played += &bench.pops(2);
    }
    bench.push(false, 10, 2);
    assert_eq!(played + " " + &bench.pops(4), "s s 0 1 e5 e5 e5 e5 e5 e5 e5 e5 10 11");
}

#[test]
fn a_buffer_that_nobody_empties_overflows_and_recovers() {
    let mut bench = Bench::new();
    for packet in 0..500 {
        bench.push(packet == 0, packet * 2, 2);
        bench.now += Millis(20);
    }
    assert!(bench.buffer.statistics(bench.now).restarts > 0);
    let mut played = bench.pops(5);
    for packet in 500..600 {
        bench.push(false, packet * 2, 2);
        played = bench.pops(2);
    }
    let depth = bench.buffer.statistics(bench.now).depth;
    assert!(depth <= Millis(60), "{depth}");
    assert_eq!(played, "1198 1199");
}

#[test]
fn packets_too_long_are_counted() {
    let mut bench = Bench::new();
    bench.push(true, 0, 21);
    assert_eq!((bench.pops(2).as_str(), bench.buffer.statistics(bench.now).overflow), ("s s", 1));
}

#[test]
fn larger_units_find_room_when_the_formats_change_and_after_a_reset() {
    let large = PayloadMap::new()
        .with(VOICE, Format::Audio { unit: UnitSize(1000), clock: ClockRate::NARROW, silence: UnitSize(0) });
    let mut bench = Bench::new();
    for reset in [false, true] {
        match reset {
            true => bench.buffer.reset(JitterConfig::default(), large),
            false => bench.buffer.set_formats(large),
        }
        bench.buffer.push(bench.now, &header(VOICE, true, 0), &[7; 1000]);
        let mut whole = false;
        for _ in 0..10 {
            bench.buffer.pace(bench.now, false);
            whole |= matches!(bench.buffer.take(), Playout::Frame { payload: [7, .., 7], .. });
            bench.now += Millis(10);
        }
        assert!(whole, "reset {reset}");
        assert_eq!(bench.buffer.statistics(bench.now).overflow, 0);
    }
}

proptest::proptest! {
    #[test]
    fn any_packets_at_any_time_keep_the_ticks_going(
        packets in proptest::collection::vec((0_u32..50, 0_usize..4, proptest::bool::ANY, proptest::prelude::any::<u32>(), 0_u32..2000, proptest::collection::vec(0_u8.., 0..200)), 0..80),
    ) {
        let mut bench = Bench::new();
        let mut pops = 0;
        for (wait, kind, marker, wild, near, payload) in packets {
            let (payload_type, timestamp) = match kind {
                0 => (VOICE, wild),
                1 => (VOICE, near),
                2 => (NOISE, near),
                _ => (EVENTS, near),
            };
            bench.buffer.push(bench.now, &header(payload_type, marker, timestamp), &payload);
            for _ in 0..wait {
                bench.buffer.pace(bench.now, wild % 2 == 0);
                bench.buffer.take();
                bench.now += Millis(10);
                pops += 1;
            }
        }
        let counted = bench.buffer.statistics(bench.now);
        proptest::prop_assert_eq!(counted.played + counted.concealed + counted.silent, pops);
    }
}

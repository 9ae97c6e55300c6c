//! Shard and laboratory together: echo of the simulated hybrid, howling, and digits over dial tone.

use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::Packets;
use tipring_port::{
    CallerIdTiming, Command, Disconnect, Event, LegSpec, LineCommand, LineEvent, LineProfile, MediaCommand,
    Samples, TapPoint, Tone,
};
use tipring_sim::ear::{Heard, HeardEvent, What};
use tipring_sim::lab::{Lab, Place};
use tipring_sim::mouth::Talk;
use tipring_sim::phone::{Action, Dialling, PhoneEvent, PhoneSpec};
use tipring_sim::plant::{HybridSpec, LineSpec};
use tipring_units::{
    BridgeId, Db, Entropy, Instant, LegId, LineId, Samples as Count, ShardId, TICK, WallTime,
};

const RMS_0_DBM0: f64 = 16_141.0;

fn level(samples: &[i16]) -> f64 {
    let power = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
    20.0 * (power.sqrt().max(0.01) / RMS_0_DBM0).log10()
}

/// Something like speech: pulses of a wandering pitch through two resonances, in syllables with breaths between,
/// at about -17 dBm0.
fn speech(seconds: usize, seed: u64) -> Vec<i16> {
    let mut entropy = Entropy::for_simulation(seed);
    let (mut out, mut state, mut next) = (Vec::new(), [[0.0_f64; 2]; 2], 0);
    let mut formants = [500.0, 1500.0];
    let mut pitch = 70;
    for n in 0..seconds * 8000 {
        let syllable = n % 2400;
        if syllable == 0 {
            formants =
                [300.0 + 500.0 * f64::from(entropy.unit()), 1000.0 + 1400.0 * f64::from(entropy.unit())];
            pitch = 55 + entropy.below(40) as usize;
        }
        let mut drive = (f64::from(entropy.unit()) - 0.5) * 0.15;
        if n >= next {
            drive += 1.0;
            next = n + pitch;
        }
        let loud =
            if syllable < 1700 { (syllable as f64 / 1700.0 * core::f64::consts::PI).sin() } else { 0.0 };
        let mut sum = 0.0;
        for (formant, hertz) in state.iter_mut().zip(formants) {
            let (r, angle) = (0.96, core::f64::consts::TAU * hertz / 8000.0);
            let value = drive + 2.0 * r * angle.cos() * formant[0] - r * r * formant[1];
            *formant = [value, formant[0]];
            sum += value;
        }
        out.push((sum * loud * 3000.0) as i16);
    }
    let gain = 10f64.powf((-17.0 - level(&out)) / 20.0);
    out.iter_mut().for_each(|sample| *sample = (f64::from(*sample) * gain) as i16);
    out
}

struct World {
    lab: Lab<Samples>,
    shard: Shard<Samples>,
    out: Vec<LineOut<Samples>>,
    input: Vec<LineIn<Samples>>,
    packets: Packets,
    now: Instant,
    /// What each line sent into the gateway and what was left of it, and what was sent to the line.
    heard: Vec<[Vec<i16>; 3]>,
    events: Vec<Event>,
    /// The card says that it has no delay.
    conceals_delay: bool,
}

const POINTS: [TapPoint; 3] = [TapPoint::LineIn, TapPoint::Cancelled, TapPoint::LineOut];

impl World {
    fn new(profile: &LineProfile, lines: &[LineSpec]) -> Self {
        let setup = ShardSetup {
            id: ShardId(0),
            first_line: LineId(0),
            lines: vec![(*profile, true); lines.len()],
            streams: 0,
            tones: profile.tones,
            started: WallTime(0),
        };
        let mut world = Self {
            lab: Lab::new(lines, &mut Entropy::for_simulation(7)),
            shard: Shard::new(&setup, Entropy::for_simulation(8)),
            out: lines.iter().map(|_| LineOut::SILENT).collect(),
            input: lines.iter().map(|_| LineIn::steady(tipring_port::LoopReading::default())).collect(),
            packets: Packets::with_capacity(4),
            now: Instant::ZERO,
            heard: lines.iter().map(|_| [Vec::new(), Vec::new(), Vec::new()]).collect(),
            events: Vec::new(),
            conceals_delay: false,
        };
        for line in 0..lines.len() as u16 {
            for point in POINTS {
                world.media(MediaCommand::Tap(LineId(line), point, true));
            }
        }
        world.run(100);
        world
    }

    fn media(&mut self, command: MediaCommand) {
        self.shard.command(self.now, Command::Media(command));
    }

    fn tick(&mut self) {
        for (line, (input, out)) in self.input.iter_mut().zip(&self.out).enumerate() {
            let (frame, mut report) = self.lab.exchange(LineId(line as u16), out.frame, out.order);
            if self.conceals_delay {
                report.bulk_delay = Count(0);
            }
            *input = LineIn { frame, report };
        }
        self.packets.clear();
        self.shard.tick(self.now, &self.input, &mut self.out, &mut self.packets, |_| ());
        for (line, heard) in self.heard.iter_mut().enumerate() {
            for (point, heard) in POINTS.into_iter().zip(heard) {
                self.shard.take_tap(LineId(line as u16), point, |frame| heard.extend(frame));
            }
        }
        self.events.extend(core::iter::from_fn(|| self.shard.poll()));
        self.now += TICK;
    }

    fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            self.tick();
        }
    }

    fn act(&mut self, line: u16, action: Action) {
        self.lab.act(Place { line: LineId(line), phone: 0 }, action).unwrap();
    }

    /// Both lines off-hook on one bridge.
    fn talk(&mut self) {
        for line in 0..2 {
            self.act(line, Action::OffHook);
        }
        self.run(40);
        for line in 0..2_u16 {
            let leg = LegId(u64::from(line));
            self.media(MediaCommand::Open(leg, LegSpec::Line(LineId(line))));
            self.media(MediaCommand::Join(BridgeId(1), leg));
        }
        self.run(10);
    }

    fn forget(&mut self) {
        self.heard.iter_mut().flatten().for_each(Vec::clear);
    }

    /// Echo return loss enhancement on a line, over what was heard since the last `forget`.
    fn enhancement(&self, line: usize) -> f64 {
        level(&self.heard[line][0]) - level(&self.heard[line][1])
    }
}

/// Voice alone: no pulses, no caller ID, no supervision.
fn profile() -> LineProfile {
    let mut profile = LineProfile::laboratory();
    profile.pulse.enabled = false;
    profile.caller_id = CallerIdTiming::Off;
    profile.disconnect = Disconnect::None;
    profile
}

fn line(loss: f32, delay: u16, cushion: u16) -> LineSpec {
    LineSpec {
        hybrid: HybridSpec { echo_return_loss: Some(Db(loss)), ..HybridSpec::default() },
        delay,
        cushion,
        phones: vec![PhoneSpec::default()],
        ..LineSpec::default()
    }
}

#[test]
fn echo_is_cancelled_whatever_the_cards_own_delay() {
    for (loss, delay, cushion) in
        [(12.0, 0, 0), (6.0, 8, 0), (8.0, 37, 80), (6.0, 160, 240), (10.0, 400, 800)]
    {
        let mut world = World::new(&profile(), &[line(loss, delay, cushion), line(20.0, 0, 0)]);
        world.talk();
        world.act(1, Action::Say(Talk::Samples(speech(6, 1))));
        world.forget();
        world.run(100);
        let first = world.enhancement(0);
        world.run(200);
        world.forget();
        world.run(200);
        let (last, echo) = (world.enhancement(0), level(&world.heard[0][0]));
        eprintln!(
            "hybrid {loss} dB, {delay}+{cushion} samples: {first:.1} dB in the first second, then {last:.1} dB of {echo:.1} dBm0"
        );
        assert!(echo > -40.0, "there is an echo: {echo}");
        assert!(first > 6.0 && last > 25.0, "hybrid {loss} dB, delay {delay}+{cushion}: {first}, {last}");
    }
}

#[test]
fn without_the_cards_own_delay_its_echo_is_out_of_reach() {
    let mut world = World::new(&profile(), &[line(10.0, 400, 800), line(20.0, 0, 0)]);
    world.conceals_delay = true;
    world.talk();
    world.act(1, Action::Say(Talk::Samples(speech(6, 1))));
    world.run(300);
    world.forget();
    world.run(200);
    assert!(world.enhancement(0) < 15.0, "{}", world.enhancement(0));
}

#[test]
fn samples_that_the_card_inserts_or_drops_do_not_cost_what_was_learnt() {
    for slip in [-3, 5] {
        let mut world = World::new(&profile(), &[line(8.0, 16, 40), line(20.0, 0, 0)]);
        world.talk();
        world.act(1, Action::Say(Talk::Samples(speech(8, 2))));
        world.run(400);
        assert_eq!(world.lab.card().slip(LineId(0), slip), slip);
        world.run(2);
        world.forget();
        world.run(60);
        let after = world.enhancement(0);
        eprintln!("slip of {slip}: {after:.1} dB in the next 0.6 s");
        assert!(after > 18.0, "slip of {slip}: {after} dB");
    }
}

#[test]
fn the_near_end_is_heard_while_the_far_end_is_silent_and_over_it() {
    let mut world = World::new(&profile(), &[line(8.0, 20, 20), line(8.0, 20, 20)]);
    world.talk();
    world.act(1, Action::Say(Talk::Samples(speech(3, 3))));
    world.run(320);
    // Alone.
    world.act(0, Action::Say(Talk::Samples(speech(3, 4))));
    world.forget();
    world.run(300);
    let alone = world.enhancement(0);
    assert!(alone.abs() < 1.0, "{alone} dB are lost of who talks alone");
    // Both.
    world.act(0, Action::Say(Talk::Samples(speech(3, 5))));
    world.act(1, Action::Say(Talk::Samples(speech(3, 6))));
    world.forget();
    world.run(300);
    let both = world.enhancement(0);
    assert!(both.abs() < 4.0, "{both} dB are lost in double talk");
}

/// Levels towards line 1 while its peer talks, and two seconds after.
fn loop_levels(tail: Count, gains: f32) -> (f64, f64) {
    let mut profile = profile();
    (profile.gain_in, profile.gain_out) = (Db(gains), Db(gains));
    profile.echo_tail = tail;
    let mut world = World::new(&profile, &[line(6.0, 10, 10), line(6.0, 10, 10)]);
    world.talk();
    world.act(0, Action::Say(Talk::Samples(speech(3, 9))));
    world.run(320);
    let talking = level(&world.heard[1][2][world.heard[1][2].len() - 16_000..]);
    world.run(200);
    world.forget();
    world.run(50);
    (talking, level(&world.heard[1][2]))
}

#[test]
fn two_telephones_on_mismatched_hybrids_do_not_howl() {
    let tail = profile().echo_tail;
    // 4 dB of gain each way at each line make up for more than both hybrids lose.
    let (talking, after) = loop_levels(Count(0), 4.0);
    assert!(after > -12.0, "without cancellers this loop howls: {talking}, {after}");
    let (talking, after) = loop_levels(tail, 4.0);
    eprintln!("with gain: {talking:.1} dBm0 while talking, {after:.1} dBm0 after");
    assert!(talking < 0.0 && after < -50.0, "{talking}, {after}");
    let (talking, after) = loop_levels(tail, 0.0);
    eprintln!("without gain: {talking:.1} dBm0 while talking, {after:.1} dBm0 after");
    assert!((-25.0..-10.0).contains(&talking) && after < -60.0, "{talking}, {after}");
}

#[test]
fn digits_dialled_over_dial_tone_are_heard_on_a_poor_hybrid() {
    for loss in [6.0, 12.0, 25.0] {
        let mut world = World::new(&profile(), &[line(loss, 30, 30)]);
        world.act(0, Action::OffHook);
        world.run(40);
        let (epoch, _) = world.shard.summary(LineId(0)).unwrap();
        world.shard.command(world.now, Command::Line(LineId(0), epoch, LineCommand::Play(Tone::Dial)));
        world.run(100);
        world.act(0, Action::Dial("0123456789*#".into(), Dialling::Dtmf));
        world.run(400);
        let digits: String = world
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Line(_, _, LineEvent::Digit { digit, .. }) => Some(char::from(*digit)),
                Event::Line(..)
                | Event::Media(_)
                | Event::Summary(..)
                | Event::Profiled(..)
                | Event::Balance(..)
                | Event::Learned(..) => None,
            })
            .collect();
        assert_eq!(digits, "0123456789*#", "hybrid {loss} dB");
    }
}

#[test]
fn a_voice_and_the_digits_after_it_are_heard_from_line_to_line() {
    let mut world = World::new(&profile(), &[line(8.0, 20, 20), line(10.0, 20, 20)]);
    world.talk();
    world.act(0, Action::Say(Talk::Voice(5)));
    world.run(150);
    let hears = |world: &World| -> Vec<What> {
        let phone = world.lab.phone(Place { line: LineId(1), phone: 0 }).unwrap();
        phone.hears().iter().map(|heard| heard.what).collect()
    };
    assert!(hears(&world).contains(&What::Voice(5)), "{:?}", hears(&world));
    world.act(0, Action::Hush);
    world.act(0, Action::Dial("159".into(), Dialling::Dtmf));
    let mut heard = String::new();
    for _ in 0..150 {
        world.tick();
        while let Some(entry) = world.lab.event() {
            if let PhoneEvent::Heard(HeardEvent::Began(Heard { what: What::Digit(digit), .. })) = entry.event
                && entry.place.line == LineId(1)
            {
                heard.push(char::from(digit));
            }
        }
    }
    assert_eq!(heard, "159");
}

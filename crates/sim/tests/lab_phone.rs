//! Telephones: what they give to the line and when, and whole little calls through the laboratory.

use std::f64::consts::TAU;

use tipring_port::{
    Audio, CardOrder, Feed, Frame, Program, ProgramId, ProgramStep, Samples, Sense, Sound, Symbol, Symbols,
    Tone,
};
use tipring_sim::ear::{HeardEvent, Land, What};
use tipring_sim::lab::{Lab, Place, Refused};
use tipring_sim::mouth::{KeypadSpec, Talk};
use tipring_sim::phone::{Action, DialSpec, Dialling, PhoneEvent, PhoneSpec};
use tipring_sim::plant::{Disturbance, Fidelity, LineSpec, LoopSpec};
use tipring_units::{Db, Dbm0, Entropy, Hz, LineId, Millis, Ohms, Volts};

const LINE: LineId = LineId(0);

fn at(phone: u8) -> Place {
    Place { line: LINE, phone }
}

fn lab<A: Fidelity>(spec: LineSpec) -> Lab<A> {
    Lab::new(&[spec], &mut Entropy::for_simulation(11))
}

fn spec(phones: usize, land: Land) -> LineSpec {
    LineSpec {
        circuit: LoopSpec { loop_resistance: Ohms(0.0), ..LoopSpec::default() },
        phones: vec![PhoneSpec { land, ..PhoneSpec::default() }; phones],
        ..LineSpec::default()
    }
}

fn feed<A: Fidelity>(lab: &mut Lab<A>) {
    lab.exchange(LINE, A::SILENCE, Some(CardOrder::Feed(Feed::Normal)));
    for _ in 0..200 {
        lab.exchange(LINE, A::SILENCE, None);
    }
}

fn heard<A: Fidelity>(lab: &mut Lab<A>, phone: u8) -> Vec<What> {
    let mut all = Vec::new();
    while let Some(entry) = lab.event() {
        if let (PhoneEvent::Heard(HeardEvent::Began(heard)), true) = (entry.event, entry.place == at(phone)) {
            all.push(heard.what);
        }
    }
    all
}

/// Loop current of every millisecond while `ticks` pass.
fn currents<A: Fidelity>(lab: &mut Lab<A>, ticks: usize) -> Vec<f32> {
    let mut all = Vec::new();
    for _ in 0..ticks {
        match lab.exchange(LINE, A::SILENCE, None).1.sense {
            Sense::Raw(readings) => all.extend(readings.iter().map(|r| r.current.0)),
            Sense::Steady(reading) => all.extend([reading.current.0; 10]),
            Sense::Cooked(_) => panic!("this card reports raw readings"),
        }
    }
    all
}

/// Lengths of the loop's states in milliseconds, open first, changes shorter than 3 ms joined.
fn states(currents: &[f32]) -> Vec<(bool, usize)> {
    let mut states: Vec<(bool, usize)> = Vec::new();
    for run in currents.chunk_by(|a, b| (*a > 10.0) == (*b > 10.0)) {
        let closed = run[0] > 10.0;
        match states.last_mut() {
            Some(last) if last.0 == closed || run.len() < 3 => last.1 += run.len(),
            Some(_) | None => states.push((closed, run.len())),
        }
    }
    states
}

#[test]
fn pulses_have_their_lengths_and_numbers() {
    for dial in [DialSpec::TEN_PPS, DialSpec::TWENTY_PPS] {
        let mut spec = spec(1, Land::De);
        spec.phones[0].dial = dial;
        let mut lab = lab::<Symbols>(spec);
        feed(&mut lab);
        for action in
            [Action::OffHook, Action::Wait(Millis(100)), Action::Dial("305".into(), Dialling::Pulse)]
        {
            lab.act(at(0), action).unwrap();
        }
        let mut all = vec![0.0; 10]; // on-hook before
        all.extend(currents(&mut lab, 500));
        let states = states(&all);
        let opens: Vec<usize> = states.iter().skip(1).filter(|s| !s.0).map(|s| s.1).collect();
        assert_eq!(opens.len(), 3 + 10 + 5, "{states:?}");
        assert!(opens.iter().all(|ms| ms.abs_diff(dial.opens.0 as usize) <= 2), "{opens:?}");
        let closes: Vec<usize> = states.iter().skip(2).filter(|s| s.0).map(|s| s.1).collect();
        let between: Vec<usize> = closes.iter().copied().filter(|ms| *ms < 200).collect();
        assert_eq!(between.len(), 2 + 9 + 4);
        assert!(between.iter().all(|ms| ms.abs_diff(dial.closes.0 as usize) <= 2), "{between:?}");
        let digits: Vec<usize> = closes.iter().copied().filter(|ms| (200..1000).contains(ms)).collect();
        assert!(digits.iter().all(|ms| ms.abs_diff(dial.interdigit.0 as usize) <= 3), "{digits:?}");
    }
}

#[test]
fn a_flash_opens_the_loop_for_its_length() {
    let mut lab = lab::<Symbols>(spec(1, Land::Us));
    feed(&mut lab);
    for action in [Action::OffHook, Action::Wait(Millis(200)), Action::Flash(Millis(450))] {
        lab.act(at(0), action).unwrap();
    }
    let mut all = vec![0.0; 10]; // on-hook before
    all.extend(currents(&mut lab, 100));
    let states = states(&all);
    assert_eq!(states.iter().filter(|s| !s.0).count(), 2, "{states:?}");
    assert!(states.iter().any(|s| !s.0 && s.1.abs_diff(450) <= 2), "{states:?}");
    assert!(states.last().unwrap().0);
}

/// Level in dBm0 of `hertz` in `samples`.
fn level(samples: &[i16], hertz: f64) -> f64 {
    let part = |phase: f64| -> f64 {
        let wave = |n: usize| (TAU * hertz * n as f64 / 8000.0 + phase).cos();
        samples.iter().enumerate().map(|(n, x)| f64::from(*x) * wave(n)).sum()
    };
    let amplitude = (part(0.0).powi(2) + part(TAU / 4.0).powi(2)).sqrt() * 2.0 / samples.len() as f64;
    20.0 * (amplitude / 16_141.0 / 2_f64.sqrt()).log10()
}

#[test]
fn keys_have_their_frequencies_levels_and_lengths_at_the_card() {
    let rows = [697.0, 770.0, 852.0, 941.0];
    let columns = [1209.0, 1336.0, 1477.0, 1633.0];
    let mut spec = spec(1, Land::Us);
    spec.phones[0].keypad =
        KeypadSpec { level: Dbm0(-12.0), twist: Db(3.0), on: Millis(75), off: Millis(55) };
    let mut lab = lab::<Samples>(spec);
    feed(&mut lab);
    lab.act(at(0), Action::OffHook).unwrap();
    for _ in 0..20 {
        lab.exchange(LINE, [0; 80], None);
    }
    lab.act(at(0), Action::Dial("123A456B789C*0#D".into(), Dialling::Dtmf)).unwrap();
    let all: Vec<i16> = (0..250).flat_map(|_| lab.exchange(LINE, [0; 80], None).0).collect();
    for key in 0..16 {
        // 75 ms on, 55 ms off, exact to the sample, from the first tick on
        let start = key * 130 * 8;
        let (low, high) = (rows[key / 4], columns[key % 4]);
        let tone = &all[start..start + 600];
        assert!((level(tone, low) + 12.0).abs() < 0.3, "key {key}: {}", level(tone, low));
        assert!((level(tone, high) + 9.0).abs() < 0.3, "key {key}: {}", level(tone, high));
        assert!(tone[..20].iter().any(|x| *x != 0) && tone[580..].iter().any(|x| *x != 0));
        assert!(all[start + 600..start + 1040].iter().all(|x| *x == 0), "key {key} is too long");
        // distortion and all else lie 40 dB lower
        let total = tone.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 600.0;
        let tones: f64 = [low, high].iter().map(|f| 10_f64.powf(level(tone, *f) / 10.0)).sum();
        let rest = total / 16_141.0_f64.powi(2) - tones;
        assert!(rest.abs() < tones * 0.03, "key {key}: {rest}");
    }
    assert!(!lab.phone(at(0)).unwrap().is_busy());
}

#[test]
fn what_cannot_be_dialled_is_refused() {
    let mut lab = lab::<Symbols>(spec(1, Land::Us));
    assert!(lab.act(at(0), Action::Dial("12x".into(), Dialling::Dtmf)).is_err());
    assert!(lab.act(at(0), Action::Dial("1#".into(), Dialling::Pulse)).is_err());
    assert_eq!(lab.act(at(1), Action::OffHook), Err(Refused::NoPhone(at(1))));
    let long = "5".repeat(300);
    assert!(lab.act(at(0), Action::Dial(long, Dialling::Dtmf)).is_err());
}

#[test]
fn a_long_number_is_dialled_whole() {
    let mut lab = lab::<Symbols>(spec(1, Land::Us));
    feed(&mut lab);
    let number: String = "0123456789".repeat(8);
    lab.act(at(0), Action::OffHook).unwrap();
    lab.act(at(0), Action::Dial(number.clone(), Dialling::Dtmf)).unwrap();
    let mut digits = String::new();
    let mut last = None;
    while lab.phone(at(0)).unwrap().is_busy() {
        let frame = lab.exchange(LINE, Symbol::SILENCE, None).0;
        let digit = frame.sounds().find_map(|(sound, _)| match sound {
            Sound::Dtmf(digit) => Some(char::from(digit)),
            Sound::Tone(_) | Sound::Fsk(..) | Sound::Voice(_) | Sound::Sine(_) | Sound::Phrase(_) => None,
        });
        if digit != last {
            digits.extend(digit);
            last = digit;
        }
    }
    assert_eq!(digits, number);
}

#[test]
fn phones_in_parallel_hear_each_other_and_an_on_hook_one_is_silent() {
    let mut lab = lab::<Samples>(spec(3, Land::Us));
    feed(&mut lab);
    lab.act(at(0), Action::OffHook).unwrap();
    lab.act(at(1), Action::OffHook).unwrap();
    lab.act(at(0), Action::Say(Talk::Voice(9))).unwrap();
    lab.act(at(2), Action::Say(Talk::Voice(30))).unwrap();
    for _ in 0..100 {
        lab.exchange(LINE, [0; 80], None);
    }
    let hears = |lab: &Lab<Samples>, phone| -> Vec<What> {
        lab.phone(at(phone)).unwrap().hears().iter().map(|h| h.what).collect()
    };
    assert_eq!(hears(&lab, 1), [What::Voice(9)]);
    assert_eq!(hears(&lab, 0), [What::Silence]);
    assert_eq!(hears(&lab, 2), []);
    lab.act(at(0), Action::Hush).unwrap();
    for _ in 0..100 {
        lab.exchange(LINE, [0; 80], None);
    }
    assert_eq!(hears(&lab, 1), [What::Silence]);
}

#[test]
fn an_unplugged_phone_neither_draws_current_nor_rings() {
    let mut lab = lab::<Symbols>(spec(2, Land::Us));
    feed(&mut lab);
    lab.act(at(0), Action::OffHook).unwrap();
    assert!(*currents(&mut lab, 20).last().unwrap() > 20.0);
    lab.act(at(0), Action::Unplug).unwrap();
    lab.act(at(1), Action::Unplug).unwrap();
    assert!(*currents(&mut lab, 20).last().unwrap() < 0.1);
    let ring = Feed::Ringing { frequency: Hz(20.0), level: Volts(75.0) };
    lab.exchange(LINE, Symbol::SILENCE, Some(CardOrder::Feed(ring)));
    currents(&mut lab, 100);
    assert!(!lab.phone(at(1)).unwrap().is_bursting());
    lab.act(at(1), Action::PlugIn).unwrap();
    currents(&mut lab, 30);
    assert!(lab.phone(at(1)).unwrap().is_bursting());
}

/// A little call: rung twice with caller ID between, lifted, dial tone, voice, hung up.
fn little_call<A: Fidelity>(
    mut lab: Lab<A>,
    tone: impl Fn(usize) -> A::Frame,
    data: impl Fn(usize) -> Option<A::Frame>,
) -> Vec<String> {
    feed(&mut lab);
    let ring = Feed::Ringing { frequency: Hz(20.0), level: Volts(75.0) };
    let step = |feed, millis| ProgramStep { feed, length: Millis(millis).samples() };
    let program = Program::new(ProgramId(1), &[step(ring, 2000), step(Feed::Normal, 4000)], 0).unwrap();
    for tick in 0..900 {
        let order = match tick {
            0 => Some(CardOrder::Run(program)),
            640 => {
                let shown: Vec<String> =
                    lab.phone(at(0)).unwrap().hears().iter().map(|h| h.what.to_string()).collect();
                assert_eq!(shown, ["ringing", "caller 5551234 \"JANE DOE\" 11-21 14:30"]);
                None
            }
            650 => {
                lab.act(at(0), Action::OffHook).unwrap();
                None
            }
            // the trip
            655 => Some(CardOrder::Feed(Feed::Normal)),
            _ => None,
        };
        let frame = match tick {
            250..600 => data(tick - 250).unwrap_or(A::SILENCE),
            660..800 => tone(tick - 660),
            _ => A::SILENCE,
        };
        lab.exchange(LINE, frame, order);
    }
    let mut log = Vec::new();
    while let Some(entry) = lab.event() {
        log.push(match entry.event {
            PhoneEvent::Heard(HeardEvent::Began(heard)) => format!("{}", heard.what),
            PhoneEvent::Heard(HeardEvent::Ended(what, _)) => format!("no {what}"),
            PhoneEvent::BurstBegan(_) => "burst".into(),
            PhoneEvent::BurstEnded(_) => "pause".into(),
            PhoneEvent::Lamp(_, on) => format!("lamp {on}"),
            PhoneEvent::Trunk(_, event) => format!("{event:?}"),
        });
    }
    log
}

fn message() -> Vec<u8> {
    let mut all = b"\x80\x1d\x01\x0811211430\x02\x075551234\x07\x08JANE DOE".to_vec();
    all[1] = (all.len() - 2) as u8;
    all.push(all.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)).wrapping_neg());
    all
}

const STORY: [&str; 9] = [
    "ringing",
    "burst",
    "pause",
    "caller 5551234 \"JANE DOE\" 11-21 14:30",
    "burst",
    "pause",
    "no ringing",
    "dial-tone",
    "no dial-tone",
];

#[test]
fn a_rung_phone_shows_the_caller_and_hears_dial_tone_at_both_fidelities() {
    let amplitude = |dbm0: f64| 16_141.0 * 2_f64.sqrt() * 10_f64.powf(dbm0 / 20.0);
    let dial = |tick: usize| -> Frame {
        core::array::from_fn(|n| {
            let t = (tick * 80 + n) as f64 / 8000.0;
            (amplitude(-13.0) * ((TAU * 350.0 * t).sin() + (TAU * 440.0 * t).sin())) as i16
        })
    };
    let mut bits: Vec<bool> = (0..300).map(|n| n % 2 == 1).collect();
    bits.extend([true; 180]);
    for byte in message() {
        bits.push(false);
        bits.extend((0..8).map(|n| byte >> n & 1 == 1));
        bits.push(true);
    }
    let mut phase = 0.0;
    let burst: Vec<i16> = (0..bits.len() * 20 / 3)
        .map(|n| {
            phase += if bits[n * 3 / 20] { 1200.0 } else { 2200.0 } / 8000.0;
            (amplitude(-14.0) * (TAU * phase).sin()) as i16
        })
        .collect();
    let data = |tick: usize| -> Option<Frame> {
        let chunk = burst.chunks(80).nth(tick)?;
        Some(core::array::from_fn(|n| chunk.get(n).copied().unwrap_or(0)))
    };
    let noisy = Disturbance { noise: Some(Dbm0(-62.0)), hum: Some((Hz(60.0), Dbm0(-60.0))) };
    let spec = LineSpec { disturbance: noisy, ..spec(1, Land::Us) };
    let samples = little_call(lab::<Samples>(spec.clone()), dial, data);
    let sound = |sound| Symbol::of(sound, Dbm0(-13.0));
    let symbols = little_call(
        lab::<Symbols>(spec),
        |_| sound(Sound::Tone(Tone::Dial)),
        |tick| {
            let bytes = message();
            let bytes = bytes.chunks(2).nth(tick)?;
            Some(sound(Sound::Fsk([bytes[0], bytes.get(1).copied().unwrap_or(0)], bytes.len() as u8)))
        },
    );
    let told = |log: &[String]| -> Vec<String> {
        log.iter().filter(|line| !line.contains("silence")).cloned().collect()
    };
    assert_eq!(told(&samples), STORY);
    assert_eq!(told(&symbols), STORY);
}

/// Random actions and orders; at the end all phones rest.
fn random_life<A: Fidelity>(seed: u64) -> String {
    let mut entropy = Entropy::for_simulation(seed);
    let mut lab: Lab<A> = Lab::new(&[spec(3, Land::De), spec(5, Land::Uk)], &mut entropy);
    let mut story = String::new();
    for tick in 0..3000 {
        if entropy.below(25) == 0 {
            let place = Place { line: LineId(entropy.below(2) as u16), phone: entropy.below(5) as u8 };
            let action = match entropy.below(11) {
                0..3 => Action::OffHook,
                3..6 => Action::OnHook,
                6 => Action::Flash(Millis(entropy.below(700))),
                7 => Action::Dial("17*".into(), Dialling::Dtmf),
                8 => Action::Dial("209".into(), Dialling::Pulse),
                9 => Action::Say(Talk::Voice(entropy.below(64) as u16)),
                _ => Action::Hush,
            };
            let refused = lab.act(place, action).is_err();
            assert!(!refused || (place.line == LINE && place.phone > 2), "{place:?}");
        }
        let feed = match entropy.below(400) {
            0 => Some(Feed::Open),
            1 => Some(Feed::Reversed),
            2..4 => Some(Feed::Ringing { frequency: Hz(25.0), level: Volts(70.0) }),
            4..10 => Some(Feed::Normal),
            _ => None,
        };
        // the other line gets what the first gave
        let order = feed.map(CardOrder::Feed).or((tick == 0).then_some(CardOrder::Feed(Feed::Normal)));
        let (frame, report) = lab.exchange(LINE, A::SILENCE, order);
        let (_, other) = lab.exchange(LineId(1), frame, order);
        for sense in [report.sense, other.sense] {
            let Sense::Raw(readings) = sense else { continue };
            assert!(readings.iter().all(|r| r.current.0.abs() < 301.0 && r.voltage.0.abs() < 250.0));
        }
    }
    // an action may have been left half done: let them finish, then see that contacts and receivers agree
    for line in [LINE, LineId(1)] {
        lab.exchange(line, A::SILENCE, Some(CardOrder::Feed(Feed::Normal)));
        let busy =
            |lab: &Lab<A>| (0..5).any(|n| lab.phone(Place { line, phone: n }).is_some_and(|p| p.is_busy()));
        let mut ticks = 0;
        while busy(&lab) {
            lab.exchange(line, A::SILENCE, None);
            ticks += 1;
            assert!(ticks < 60_000, "a telephone never rests");
        }
        for _ in 0..200 {
            lab.exchange(line, A::SILENCE, None);
        }
        let lifted = (0..5).any(|n| lab.phone(Place { line, phone: n }).is_some_and(|p| p.is_lifted()));
        let current = lab.card().line(line).unwrap().reading().current.0;
        assert_eq!(lifted, current > 10.0, "lifted {lifted}, {current} mA");
    }
    while let Some(entry) = lab.event() {
        story += &format!("{entry:?}\n");
    }
    story
}

#[test]
fn random_lives_end_in_order_and_repeat_bit_for_bit() {
    for seed in 0..6 {
        let story = random_life::<Symbols>(seed);
        assert!(story.lines().count() > 20);
        assert_eq!(story, random_life::<Symbols>(seed));
    }
    assert_eq!(random_life::<Samples>(1), random_life::<Samples>(1));
}

#[test]
fn a_recording_and_a_test_tone_reach_the_card() {
    let mut lab = lab::<Samples>(spec(1, Land::Us));
    feed(&mut lab);
    lab.act(at(0), Action::OffHook).unwrap();
    for _ in 0..10 {
        lab.exchange(LINE, [0; 80], None);
    }
    let recording: Vec<i16> = (0..1000).map(|n| (n * 7 % 4001) as i16 - 2000).collect();
    lab.act(at(0), Action::Say(Talk::Samples(recording.clone()))).unwrap();
    let got: Vec<i16> = (0..20).flat_map(|_| lab.exchange(LINE, [0; 80], None).0).collect();
    assert_eq!(got[..1000], recording);
    assert!(got[1000..].iter().all(|x| *x == 0));
    lab.act(at(0), Action::Say(Talk::Tone(Hz(1004.0), Dbm0(-10.0)))).unwrap();
    let got: Vec<i16> = (0..100).flat_map(|_| lab.exchange(LINE, [0; 80], None).0).collect();
    assert!((level(&got, 1004.0) + 10.0).abs() < 0.1);
}

#[test]
fn nothing_is_heard_while_the_feed_is_open() {
    let mut lab = lab::<Symbols>(spec(1, Land::Us));
    feed(&mut lab);
    lab.act(at(0), Action::OffHook).unwrap();
    let voice = Symbol::of(Sound::Voice(3), Dbm0(-16.0));
    for _ in 0..50 {
        lab.exchange(LINE, voice, None);
    }
    assert_eq!(heard(&mut lab, 0).last(), Some(&What::Voice(3)));
    lab.exchange(LINE, voice, Some(CardOrder::Feed(Feed::Open)));
    for _ in 0..60 {
        lab.exchange(LINE, voice, None);
    }
    assert_eq!(heard(&mut lab, 0), [What::Silence]);
    assert_eq!(<Symbols as Audio>::SILENCE, Symbol::SILENCE);
}

//! The hybrid of the plant, measured from the card's side against the figures of its networks.

use tipring_port::{CardOrder, Elements, Feed, Frame, Impedance, Samples};
use tipring_sim::phone::{Action, PhoneSpec};
use tipring_sim::plant::impedance::{Cable, at, into_line, loss, return_loss, returned};
use tipring_sim::plant::{HybridSpec, Line, LineSpec};
use tipring_units::{Db, Entropy, Farads, Hz, Ohms};

/// Sines from 300 to 3400 Hz, 100 Hz apart.
const SINES: usize = 32;

fn hertz(sine: usize) -> f64 {
    300.0 + 100.0 * sine as f64
}

/// A line with one telephone off-hook, settled.
fn line(hybrid: HybridSpec, cable: Cable) -> Line<Samples> {
    let spec =
        LineSpec { hybrid, circuit: cable.into(), phones: vec![PhoneSpec::default()], ..LineSpec::default() };
    let mut line = Line::new(&spec, &mut Entropy::for_simulation(1));
    line.exchange(&[0; 80], Some(CardOrder::Feed(Feed::Normal)));
    line.phone(0).unwrap().act(Action::OffHook).unwrap();
    for _ in 0..100 {
        line.exchange(&[0; 80], None);
    }
    line
}

/// What comes back of each sine, measured over 0.2 s by correlation, as a loss.
fn measured(line: &mut Line<Samples>) -> [f64; SINES] {
    let (mut sums, mut n) = ([[0.0_f64; 2]; SINES], 0_u32);
    let mut sent_power = 0.0;
    for tick in 0..30 {
        let mut frame: Frame = [0; 80];
        let mut angles = [[0.0_f64; SINES]; 80];
        for (sample, angles) in frame.iter_mut().zip(&mut angles) {
            let mut sum = 0.0;
            for (sine, angle) in angles.iter_mut().enumerate() {
                *angle = core::f64::consts::TAU * f64::from(n) * hertz(sine) / 8000.0;
                sum += (*angle + (sine * sine) as f64 * 0.098).sin();
            }
            *sample = (sum * 900.0).round() as i16;
            n += 1;
        }
        let echo = line.exchange(&frame, None).0;
        if tick < 10 {
            continue;
        }
        sent_power += frame.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        for (sample, angles) in echo.iter().zip(&angles) {
            for (sum, angle) in sums.iter_mut().zip(angles) {
                sum[0] += f64::from(*sample) * angle.sin();
                sum[1] += f64::from(*sample) * angle.cos();
            }
        }
    }
    let count = 1600.0_f64;
    assert!((sent_power / count / (SINES as f64 * 900.0 * 900.0 / 2.0) - 1.0).abs() < 0.05, "nothing clips");
    sums.map(|[re, im]| -20.0 * (re.hypot(im) * 2.0 / count / 900.0).log10())
}

const CABLES: [Cable; 3] = [
    Cable { resistance: Ohms(0.0), capacitance: Farads(0.0) },
    // 1.8 km of 0.5 mm
    Cable { resistance: Ohms(300.0), capacitance: Farads(80e-9) },
    // 4.3 km of 0.4 mm
    Cable { resistance: Ohms(1200.0), capacitance: Farads(190e-9) },
];

#[test]
fn what_comes_back_is_the_transhybrid_loss_of_the_networks() {
    let mut worst = 0.0_f64;
    let networks = [
        (Impedance::R600, Impedance::R600, Impedance::R900C.elements()),
        (Impedance::R600, Impedance::R900C, Impedance::Tbr21.elements()),
        (Impedance::Tbr21, Impedance::Tbr21, Impedance::R600.elements()),
        (Impedance::Germany, Impedance::Britain, Impedance::C275.elements()),
        (Impedance::R900, Impedance::BritainTerminal, Elements::resistance(Ohms(300.0))),
    ];
    for (presents, balances, telephone) in networks {
        for cable in CABLES {
            let spec = HybridSpec { presents, balances, telephone, ..HybridSpec::default() };
            let losses = measured(&mut line(spec, cable));
            for (sine, measured) in losses.into_iter().enumerate() {
                let frequency = Hz(hertz(sine) as f32);
                let seen = into_line(&telephone, 1, &cable, frequency);
                let (card, balance) =
                    (at(&presents.elements(), frequency), at(&balances.elements(), frequency));
                let expected = f64::from(loss(returned(card, balance, seen)).0);
                // What the filter and 16 bits leave is 55 dB down, so a deeper null is not held to its depth.
                let room = 0.15 + 8.7 * 10f64.powf((expected - 55.0) / 20.0);
                let off = (measured - expected).abs();
                assert!(
                    off < room,
                    "{presents} {balances} {cable:?} {frequency}: {measured:.2} for {expected:.2} dB"
                );
                if expected < 30.0 {
                    worst = worst.max(off);
                }
            }
        }
    }
    eprintln!("transhybrid loss below 30 dB: off by {worst:.3} dB at the most");
}

#[test]
fn balanced_against_what_it_presents_a_card_measures_return_loss() {
    let mut worst = 0.0_f64;
    for network in Impedance::ALL {
        let telephone = Impedance::R600C.elements();
        let cable = CABLES[1];
        let spec = HybridSpec { telephone, ..HybridSpec::default() };
        let mut line = line(spec, cable);
        let report = line.exchange(&[0; 80], Some(CardOrder::Present(*network))).1;
        assert_eq!(report.presents, Some(*network));
        for (sine, measured) in measured(&mut line).into_iter().enumerate() {
            let frequency = Hz(hertz(sine) as f32);
            let seen = into_line(&telephone, 1, &cable, frequency);
            let expected = f64::from(return_loss(at(&network.elements(), frequency), seen).0);
            let off = (measured - expected).abs();
            assert!(
                off < 0.15 + 8.7 * 10f64.powf((expected - 55.0) / 20.0),
                "{network} {frequency}: {measured:.2} for {expected:.2} dB"
            );
            if expected < 30.0 {
                worst = worst.max(off);
            }
        }
    }
    eprintln!("return loss below 30 dB: off by {worst:.3} dB at the most");
}

#[test]
fn a_card_with_one_network_keeps_it_and_tells_of_none() {
    let spec = LineSpec { one_network: true, phones: vec![PhoneSpec::default()], ..LineSpec::default() };
    let mut line: Line<Samples> = Line::new(&spec, &mut Entropy::for_simulation(1));
    line.exchange(&[0; 80], Some(CardOrder::Feed(Feed::Normal)));
    line.phone(0).unwrap().act(Action::OffHook).unwrap();
    for _ in 0..100 {
        line.exchange(&[0; 80], None);
    }
    let before = measured(&mut line);
    assert_eq!(line.exchange(&[0; 80], Some(CardOrder::Present(Impedance::R900))).1.presents, None);
    assert_eq!(line.feed(), Feed::Normal);
    let after = measured(&mut line);
    for (before, after) in before.into_iter().zip(after) {
        assert!((before - after).abs() < 0.1, "{before} {after}");
    }
}

#[test]
fn the_hybrid_returns_the_echo_that_was_asked_for() {
    for asked in [6.0, 12.0, 20.0] {
        for cable in CABLES {
            let spec = HybridSpec { echo_return_loss: Some(Db(asked)), ..HybridSpec::default() };
            let losses = measured(&mut line(spec, cable));
            let mean = losses.iter().map(|loss| 10f64.powf(-loss / 10.0)).sum::<f64>() / SINES as f64;
            let mean = -10.0 * mean.log10();
            assert!((mean - f64::from(asked)).abs() < 0.5, "{asked} with {cable:?}: {mean}");
        }
    }
}

#[test]
fn an_open_line_returns_nearly_everything_and_two_telephones_more_than_one() {
    let level = |off_hook: usize| {
        let spec = LineSpec { phones: vec![PhoneSpec::default(); 2], ..LineSpec::default() };
        let mut line: Line<Samples> = Line::new(&spec, &mut Entropy::for_simulation(1));
        line.exchange(&[0; 80], Some(CardOrder::Feed(Feed::Normal)));
        for place in 0..off_hook {
            line.phone(place).unwrap().act(Action::OffHook).unwrap();
        }
        for _ in 0..100 {
            line.exchange(&[0; 80], None);
        }
        measured(&mut line)[7]
    };
    let (open, one, two) = (level(0), level(1), level(2));
    assert!((0.0..3.0).contains(&open), "{open}");
    assert!(one > 10.0 && (one - two).abs() > 0.5, "{one} {two}");
}

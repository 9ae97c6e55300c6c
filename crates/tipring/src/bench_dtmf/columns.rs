//! The administrations' columns of ITU-T Q.24 Annex A, each with its own profile.

use tipring_dsp::DtmfProfile;
use tipring_units::Entropy;

use super::ear::{Ear, Maker};
use super::rows::round;
use super::signals::{Press, all_digits, keyed, samples};

/// An administration's column: what operates, what does not.
struct Column {
    name: &'static str,
    profile: DtmfProfile,
    operate: f64,
    refuse: f64,
    twist: [f64; 2],
    /// Frequency tolerance: percent, and hertz on top.
    offset: [f64; 2],
    too_short: f64,
    pause: f64,
    interruption: f64,
}

const COLUMNS: [Column; 5] = [
    Column {
        name: "AT&T",
        profile: DtmfProfile::NORTH_AMERICA,
        operate: -25.0,
        refuse: -55.0,
        twist: [4.0, 8.0],
        offset: [1.5, 0.0],
        too_short: 23.0,
        pause: 40.0,
        interruption: 10.0,
    },
    Column {
        name: "NTT",
        profile: DtmfProfile::JAPAN,
        operate: -24.0,
        refuse: -29.0,
        twist: [5.0, 5.0],
        offset: [1.8, 0.0],
        too_short: 24.0,
        pause: 30.0,
        interruption: 10.0,
    },
    Column {
        name: "Denmark",
        profile: DtmfProfile::DENMARK,
        operate: -27.0,
        refuse: -36.0,
        twist: [6.0, 6.0],
        offset: [1.5, 2.0],
        too_short: 20.0,
        pause: 40.0,
        interruption: 20.0,
    },
    Column {
        name: "Australia",
        profile: DtmfProfile::AUSTRALIA,
        operate: -27.0,
        refuse: -30.0,
        twist: [10.0, 10.0],
        offset: [1.5, 4.0],
        too_short: 25.0,
        pause: 70.0,
        interruption: 12.0,
    },
    Column {
        name: "Brazil",
        profile: DtmfProfile::BRAZIL,
        operate: -25.0,
        refuse: -50.0,
        twist: [9.0, 9.0],
        offset: [1.8, 0.0],
        too_short: 20.0,
        pause: 30.0,
        interruption: 10.0,
    },
];

/// Each column of Annex A with its own profile: what does not hold.
pub fn columns(seed: u64) -> Vec<String> {
    COLUMNS
        .iter()
        .map(|column| {
            let wrong = check(column, seed);
            let verdict = if wrong.is_empty() {
                "all hold".to_owned()
            } else {
                format!("MISSED: {}", wrong.join(", "))
            };
            format!("Q.24 Annex A, {:<10} {verdict}", column.name)
        })
        .collect()
}

fn check(column: &Column, seed: u64) -> Vec<&'static str> {
    let profile = column.profile;
    let ear: Maker = Box::new(move || Some(Ear::with(profile)));
    let mut entropy = Entropy::for_simulation(seed + 20);
    let mut wrong = Vec::new();
    let mut test = |name: &'static str, all: bool, vary: &dyn Fn(&mut Press)| {
        for _ in 0..5 {
            let Some((sent, heard)) = round(&ear, &mut entropy, vary, |_, _| {}) else { return };
            if if all { sent != heard } else { !heard.is_empty() } {
                wrong.push(name);
                return;
            }
        }
    };
    test("softest level", true, &|p| (p.low, p.high) = (column.operate, column.operate));
    test("level refused", false, &|p| (p.low, p.high) = (column.refuse, column.refuse));
    test("twist, high louder", true, &|p| p.low = p.high - column.twist[0]);
    test("twist, low louder", true, &|p| p.high = p.low - column.twist[1]);
    for (low, high) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
        let [percent, hertz] = column.offset;
        test("frequency", true, &|p| {
            (p.low_error, p.high_error) = (low * percent / 100.0, high * percent / 100.0);
            (p.low_hertz, p.high_hertz) = (low * hertz, high * hertz);
        });
    }
    test("frequency refused", false, &|p| p.low_error = 0.035);
    test("duration", true, &|p| p.on = 40.0);
    test("too short", false, &|p| (p.on, p.off) = (column.too_short, 80.0));
    test("pause", true, &|p| (p.on, p.off) = (60.0, column.pause));
    for digit in all_digits(&mut entropy) {
        let mut press = Press::new(digit);
        (press.on, press.off) = (50.0, column.interruption);
        let signal = keyed(&[press, press], &mut entropy);
        if ear().is_some_and(|mut ear| ear.hear(&samples(&signal)).digits.len() != 1) {
            wrong.push("interruption");
            break;
        }
    }
    wrong
}

//! Values that a port has in place of its country's.

use tipring_config::{Effective, Level, Number, check};
use tipring_port::{LineProfile, PulseConvention, Tone};
use tipring_units::{Dbm0, Dbr, Hz, Millis, Volts};

const OWN: &str = "country = \"de\"
[phone.1]
port = \"sim/1\"
level_in = \"-2 dBr\"
level_out = \"-8.5 dBr\"
ring = \"400/200/400/2000 ms\"
ring_frequency = \"50 Hz\"
ring_level = \"90 V\"
pulse_digits = \"sweden\"
tone_dial = \"350+440\"
tone_stutter = \"425 500/50 ms\"
tone_ringback = \"400*25 1000/4000 ms\"
tone_busy = \"425 500/500 ms\"
tone_congestion = \"425 200/200 ms\"
tone_waiting = \"425 200/9000 ms\"
[line.1]
port = \"sim/2\"
level_in = \"1 dBr\"
level_out = \"-4 dBr\"
tone_dial = \"400\"
tone_ringback = \"400 1000/3000 ms\"
tone_busy = \"400 500/500 ms\"
tone_congestion = \"400 250/250 ms\"
";

fn effective(text: &str) -> Effective {
    let report = check(text, "tipring.toml");
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

fn lengths(profile: &LineProfile, tone: Tone) -> Vec<u32> {
    profile.tones.get(tone).steps().iter().map(|step| step.length.0).collect()
}

#[test]
fn a_phone_may_differ_from_its_country_in_any_value() {
    let effective = effective(OWN);
    let profile = effective.profile(&effective.phone[&Number::parse("1").unwrap()]);
    assert_eq!((profile.level_in, profile.level_out), (Dbr(-2.0), Dbr(-8.5)));
    assert_eq!(profile.ring.pattern.iter().collect::<Vec<_>>(), [400, 200, 400, 2000].map(Millis));
    assert_eq!((profile.ring.frequency, profile.ring.level), (Hz(50.0), Volts(90.0)));
    assert_eq!(profile.pulse.convention, PulseConvention::Sweden);
    let dial = profile.tones.get(Tone::Dial).steps()[0].components;
    assert_eq!((dial[0].frequency, dial[1].frequency), (Hz(350.0), Hz(440.0)));
    // As loud as the German dial tone.
    assert_eq!((dial[0].level, dial[1].level), (Dbm0(-16.0), Dbm0(-16.0)));
    assert_eq!(profile.tones.get(Tone::Ringback).steps()[0].components[0].modulated_by, Hz(25.0));
    assert_eq!(lengths(&profile, Tone::Stutter), [500, 50]);
    assert_eq!(lengths(&profile, Tone::Busy), [500, 500]);
    assert_eq!(lengths(&profile, Tone::Congestion), [200, 200]);
    assert_eq!(lengths(&profile, Tone::CallWaiting), [200, 9000]);
    // What is not written stays.
    let country = effective.country.line_profile();
    assert_eq!(profile.tones.get(Tone::Howler), country.tones.get(Tone::Howler));
    assert_eq!(profile.impedance, country.impedance);
}

#[test]
fn an_outside_line_knows_the_tones_of_its_own_exchange() {
    let effective = effective(OWN);
    let profile = effective.line_profile(&effective.line[&Number::parse("1").unwrap()]);
    assert_eq!((profile.level_in, profile.level_out), (Dbr(1.0), Dbr(-4.0)));
    assert_eq!(profile.tones.get(Tone::Dial).steps()[0].components[0].frequency, Hz(400.0));
    assert_eq!(lengths(&profile, Tone::Ringback), [1000, 3000]);
    assert_eq!(lengths(&profile, Tone::Busy), [500, 500]);
    assert_eq!(lengths(&profile, Tone::Congestion), [250, 250]);
}

#[test]
fn what_is_shown_reads_as_it_was_written() {
    let shown = effective(OWN).to_string();
    for line in OWN.lines().filter(|line| line.contains('_') || line.starts_with("ring ")) {
        assert!(shown.lines().any(|found| found.starts_with(line)), "{line} is not in\n{shown}");
    }
    let plain = effective("country = \"de\"\n[phone.1]\nport = \"sim/1\"\n").to_string();
    assert!(!plain.contains("tone_dial") && !plain.contains("ring_level"), "{plain}");
}

#[test]
fn values_that_cannot_be_are_told_with_what_can() {
    let told = |line: &str| {
        let report =
            check(&format!("country = \"de\"\n[phone.1]\nport = \"sim/1\"\n{line}\n"), "tipring.toml");
        report.of(Level::Error).map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (line, expected) in [
        ("ring = \"1000 ms\"", "up to 8 bursts and pauses, 1.5 to 8 s together, none below 100 ms"),
        ("ring = \"5000/5000 ms\"", "1.5 to 8 s together"),
        ("ring = \"50/2000 ms\"", "none below 100 ms"),
        ("ring_frequency = \"80 Hz\"", "expected 15 to 70 hertz"),
        ("ring_level = \"20 V\"", "expected 40 to 100 volts"),
        ("level_in = \"-20 dBr\"", "expected -12 to 6 dBr"),
        ("pulse_digits = \"oslo\"", "expected standard, sweden or new-zealand"),
        ("tone_busy = \"425 500 ms\"", "expected a tone"),
    ] {
        assert!(told(line).contains(expected), "{line}: {}", told(line));
    }
}

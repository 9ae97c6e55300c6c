//! The packs that are built in, and the mistakes that a pack can hold.

use tipring_country::{COUNTRY_WORDS, Country, NumberKind, Outside, lint};
use tipring_port::{
    AnswerSign, CallerIdAlert, CallerIdSignal, CallerIdTiming, DialWhen, Disconnect, DtmfCallerId,
    FskStandard, Impedance, OutDialling, PulseConvention, Tone,
};
use tipring_units::{Db, Dbm0, Dbr, Hz, Millis};

const US: &str = include_str!("../../../data/countries/us.toml");

fn country(code: &str) -> Country {
    Country::named(code).unwrap()
}

/// The US pack with `from` replaced.
fn changed(from: &str, to: &str) -> String {
    assert!(US.contains(from), "the pack no longer has {from}");
    US.replacen(from, to, 1)
}

fn error(from: &str, to: &str) -> String {
    Country::parse("us.toml", &changed(from, to)).unwrap_err().to_string()
}

fn lints(from: &str, to: &str) -> String {
    lint(&Country::parse("us.toml", &changed(from, to)).unwrap()).join("\n")
}

#[test]
fn every_pack_is_without_fault() {
    for code in Country::codes() {
        assert_eq!(lint(&country(code)), Vec::<String>::new());
        assert_eq!(country(code).code, code);
    }
}

#[test]
fn every_file_is_a_pack_and_every_pack_is_named_in_order() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/countries");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let packs: Vec<String> = Country::codes().map(|code| format!("{code}.toml")).collect();
    assert_eq!(packs, files);
    assert!(packs.len() >= 24);
    let words: Vec<&str> = Country::codes().chain(["uk"]).collect();
    assert_eq!(COUNTRY_WORDS, words);
}

#[test]
fn the_united_kingdom_has_two_names() {
    assert_eq!(country("uk"), country("GB"));
    assert_eq!(
        Country::named("xx").unwrap_err().to_string(),
        "country \"xx\" is not known. Known are at, au, be, br, ca, ch, cn, de, dk, es, fi, fr, gb, ie, in, it, jp, nl, no, nz, pl, pt, se, us."
    );
}

#[test]
fn american_tones_are_the_precise_tone_plan() {
    let us = country("us");
    let dial = us.tones.get(Tone::Dial).steps();
    assert_eq!(dial.len(), 1);
    assert_eq!(dial[0].components[0].frequency, Hz(350.0));
    assert_eq!(dial[0].components[1].frequency, Hz(440.0));
    assert_eq!(dial[0].components[1].level, Dbm0(-13.0));
    assert_eq!(dial[0].length, Millis::ZERO);
    let busy = us.tones.get(Tone::Busy).steps();
    assert_eq!((busy[0].length, busy[1].length), (Millis(500), Millis(500)));
    assert!(busy[1].is_pause());
    assert_eq!(us.tones.get(Tone::Busy).repeat_from(), Some(0));
    assert_eq!(us.tones.get(Tone::Confirmation).repeat_from(), None);
    assert_eq!(us.tones.get(Tone::Stutter).steps().len(), 7);
}

#[test]
fn parts_of_a_tone_may_have_levels_of_their_own() {
    let dial = country("gb").tones.get(Tone::Dial).steps()[0];
    assert_eq!((dial.components[0].level, dial.components[1].level), (Dbm0(-22.0), Dbm0(-18.0)));
}

#[test]
fn every_country_has_every_tone_that_it_plays() {
    for code in Country::codes() {
        let country = country(code);
        for tone in Tone::ALL {
            let silent = country.tones.get(tone).steps().is_empty();
            assert_eq!(
                silent,
                tone == Tone::Howler && country.roh.howler == Millis::ZERO,
                "{code} {}",
                tone.word()
            );
        }
    }
}

#[test]
fn the_profile_of_an_american_line_is_the_pack() {
    let profile = country("us").line_profile();
    assert_eq!(profile.disconnect, Disconnect::Cpc(Millis(500)));
    assert_eq!(profile.flash.min, Millis(300));
    assert_eq!(profile.flash.max, Millis(1000));
    assert_eq!(profile.ring.pattern.iter().collect::<Vec<_>>(), [Millis(2000), Millis(4000)]);
    assert_eq!(
        profile.caller_id,
        CallerIdTiming::BetweenRings {
            after_ring: Millis(600),
            before_ring: Millis(200),
            signal: CallerIdSignal::GR30
        }
    );
    assert_eq!(profile.impedance, Impedance::R600);
    assert_eq!(country("fr").line_profile().impedance, Impedance::Tbr21);
}

#[test]
fn relative_levels_become_gains_with_the_right_sign() {
    let de = country("de");
    assert_eq!((de.level_in, de.level_out), (Dbr(-3.0), Dbr(-10.0)));
    let line = de.line_profile();
    assert_eq!((line.send_gain(), line.receive_gain()), (Db(3.0), Db(-10.0)));
}

#[test]
fn caller_id_is_sent_as_each_countrys_standard_has_it() {
    let timing = |code: &str| country(code).line_profile().caller_id;
    let bt = CallerIdSignal::Fsk { standard: FskStandard::V23, multiple: true, seizure: 240, mark: 72 };
    assert_eq!(
        timing("gb"),
        CallerIdTiming::BeforeRing {
            alert: CallerIdAlert::ReversalAndTone { wait: Millis(150), length: Millis(100) },
            alert_to_data: Millis(60),
            data_to_ring: Millis(300),
            signal: bt,
        }
    );
    assert_eq!(
        timing("de"),
        CallerIdTiming::BeforeRing {
            alert: CallerIdAlert::Tone(Millis(100)),
            alert_to_data: Millis(100),
            data_to_ring: Millis(300),
            signal: CallerIdSignal::ETSI,
        }
    );
    assert_eq!(
        timing("fr"),
        CallerIdTiming::BeforeRing {
            alert: CallerIdAlert::RingPulse(Millis(250)),
            alert_to_data: Millis(600),
            data_to_ring: Millis(300),
            signal: CallerIdSignal::ETSI,
        }
    );
    assert_eq!(country("us").notes(), Vec::<String>::new());
}

#[test]
fn the_standards_of_other_countries_are_read() {
    let between =
        "standard = \"bellcore\"\nafter_ring = \"600 ms\"\nbefore_ring = \"200 ms\"\nmultiple = true";
    let timing = |text: &str| {
        let country = Country::parse("us.toml", &changed(between, text)).unwrap();
        assert_eq!(lint(&country), Vec::<String>::new());
        country.caller_id.timing
    };
    assert_eq!(
        timing("standard = \"etsi-between\"\nafter_ring = \"600 ms\"\nbefore_ring = \"200 ms\""),
        CallerIdTiming::BetweenRings {
            after_ring: Millis(600),
            before_ring: Millis(200),
            signal: CallerIdSignal::ETSI
        }
    );
    let dtmf = |more: &str| timing(&format!("standard = \"dtmf\"\n{more}"));
    let before = |alert, framing| CallerIdTiming::BeforeRing {
        alert,
        alert_to_data: Millis(250),
        data_to_ring: Millis(400),
        signal: CallerIdSignal::Dtmf(framing),
    };
    let gaps = "alert_to_data = \"250 ms\"\ndata_to_ring = \"400 ms\"";
    for (keys, expected) in [
        ("framing = \"A-C\"\nreversal = true", before(CallerIdAlert::Reversal, DtmfCallerId::AC)),
        ("framing = \"A-#\"", before(CallerIdAlert::None, DtmfCallerId::AHash)),
        ("framing = \"D-C\"\nalert = \"100 ms\"", before(CallerIdAlert::Tone(Millis(100)), DtmfCallerId::DC)),
    ] {
        assert_eq!(dtmf(&format!("{keys}\n{gaps}")), expected);
    }
    assert_eq!(
        dtmf("framing = \"D-#\"\nafter_ring = \"300 ms\"\nbefore_ring = \"200 ms\""),
        CallerIdTiming::BetweenRings {
            after_ring: Millis(300),
            before_ring: Millis(200),
            signal: CallerIdSignal::Dtmf(DtmfCallerId::DHash)
        }
    );
    assert_eq!(timing("standard = \"ntt\""), CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt });
    assert_eq!(
        error("\"bellcore\"", "\"morse\""),
        "us.toml: caller_id.standard: expected one of bellcore, etsi-between, etsi-dtas, etsi-rpas, bt, dtmf, ntt"
    );
    assert_eq!(error(between, "standard = \"dtmf\""), "us.toml: caller_id.framing: missing");
    assert_eq!(error(between, "standard = \"bt\""), "us.toml: caller_id.reversal_to_alert: missing");
    assert_eq!(
        error("multiple = true", "multiple = true\nseizure = \"2 s\""),
        "us.toml: caller_id.seizure: 1 s at the most"
    );
}

#[test]
fn a_recall_that_could_be_a_pulse_is_none_and_says_so() {
    let gb = country("gb");
    assert_eq!((gb.recall.min, gb.flash().min), (Millis(50), Millis(80)));
    assert_eq!(
        gb.notes()[0],
        "United Kingdom: a recall shorter than 80 ms is taken for dial pulses (the standard has 50 ms to 130 ms)"
    );
}

#[test]
fn american_numbers_end_by_their_length() {
    let plan = country("us").numbers;
    assert_eq!(plan.look("911"), Outside::Complete(NumberKind::Emergency));
    assert_eq!(plan.look("411"), Outside::Complete(NumberKind::Service));
    assert_eq!(plan.look("15552345678"), Outside::Complete(NumberKind::National));
    assert_eq!(plan.look("18005551234"), Outside::Complete(NumberKind::Local));
    assert_eq!(plan.look("19005551234"), Outside::Complete(NumberKind::Premium));
    assert_eq!(plan.look("2125551234"), Outside::Complete(NumberKind::National));
    assert_eq!(plan.look("5552345"), Outside::Open(NumberKind::Local));
    assert_eq!(
        plan.look("5551234"),
        Outside::Complete(NumberKind::Local),
        "no 10-digit number goes on like this"
    );
    assert_eq!(plan.look("555123"), Outside::Partial);
    assert_eq!(plan.look("0"), Outside::Open(NumberKind::Service));
    assert_eq!(plan.look("011442079460000"), Outside::Open(NumberKind::International));
    assert_eq!(plan.look("1155"), Outside::Unknown);
    assert_eq!(plan.look(""), Outside::Partial);
    assert_eq!(plan.look("*67"), Outside::Unknown);
    assert_eq!(plan.kind("1155"), NumberKind::International);
}

#[test]
fn european_numbers_are_open_where_the_plan_is() {
    assert_eq!(country("de").numbers.look("112"), Outside::Complete(NumberKind::Emergency));
    assert_eq!(country("de").numbers.look("030123456"), Outside::Open(NumberKind::National));
    assert_eq!(country("de").numbers.look("0171123456"), Outside::Open(NumberKind::Mobile));
    assert_eq!(country("fr").numbers.look("0142345678"), Outside::Complete(NumberKind::National));
    assert_eq!(country("fr").numbers.look("15"), Outside::Complete(NumberKind::Emergency));
    assert_eq!(country("gb").numbers.look("999"), Outside::Complete(NumberKind::Emergency));
    assert_eq!(country("gb").numbers.look("07700900123"), Outside::Complete(NumberKind::Mobile));
    assert_eq!(country("gb").numbers.look("02079460000"), Outside::Open(NumberKind::National));
}

#[test]
fn a_mistake_in_a_pack_names_file_and_key() {
    assert_eq!(error("name = \"United States\"", "nane = \"x\"").split('`').nth(1), Some("nane"));
    assert!(error("code = \"us\"", "code = ").starts_with("us.toml:5: "));
    assert_eq!(
        error("\"350+440\"", "\"350 Hz\""),
        "us.toml: tone.dial.steps[0]: \"350 Hz\": expected \"350+440\", \"350@-22+440@-18 750 ms\" or \"pause 500 ms\""
    );
    assert_eq!(error("[tone.outside]", "[tone.outsid]"), "us.toml: tone.outsid: there is no such tone");
    assert_eq!(
        error("\"300-1000 ms\"", "\"1000-300 ms\""),
        "us.toml: flash.window: \"1000-300 ms\": expected two rising times with their unit, as \"300-1000 ms\""
    );
    assert_eq!(
        error("signal = \"cpc\"", "signal = \"none\""),
        "us.toml: disconnect.length: only cpc has a length"
    );
    assert_eq!(
        error("pattern = \"988\"", "pattern = \"98a\""),
        "us.toml: numbers.rule[9].pattern: at character 3: expected a digit, *, #, x, [..], <..:..>, `.`, `,`, `!`, S, L or P"
    );
    assert_eq!(
        error("pattern = \"988\"", "pattern = \"<9:>88\""),
        "us.toml: numbers.rule[9].pattern: a plan has only digits, sets and x. at the end"
    );
    let told = error("network = \"600\"", "network = \"600 ohm\"");
    assert!(
        told.starts_with("us.toml: impedance.network: \"600 ohm\" is none of \"600\", \"900\", "),
        "{told}"
    );
}

#[test]
fn the_linter_finds_what_cannot_be() {
    assert_eq!(
        lints("source = \"ITU-T E.180 Supplement 2, United States\"", ""),
        "us: tone.dial has no source"
    );
    assert_eq!(
        lints("unverified = \"both lengths\"", ""),
        "us: receiver_off_hook has neither a second source nor a note that there is none"
    );
    assert_eq!(
        lints("level = \"-9 dBm0\"", "level = \"0 dBm0\""),
        "us: howler clips: its peaks add up to 4.00 of 0 dBm0"
    );
    assert_eq!(lints("bounce = \"12 ms\"", "bounce = \"20 ms\""), "us: bounce hides the shortest dial pulse");
    assert_eq!(
        lints("after_ring = \"600 ms\"", "after_ring = \"3 s\""),
        "us: caller ID does not fit between rings"
    );
    let gb = include_str!("../../../data/countries/gb.toml").replacen(
        "alert = \"100 ms\"",
        "alert = \"120 ms\"",
        1,
    );
    assert_eq!(
        lint(&Country::parse("gb.toml", &gb).unwrap()),
        ["gb: caller_id.alert is beyond its standard's limits"]
    );
    assert_eq!(
        lints("\"300-1000 ms\"", "\"100-150 ms\""),
        "us: no flash is left beside dial pulses\nus: the country's own lines do not take a flash that is sent"
    );
    assert_eq!(
        lints("length = \"500 ms\"", "length = \"100 ms\""),
        "us: CPC is not 200 to 1500 ms\nus: CPC is as short as a dial pulse\nus: an outside line does not take the country's own CPC"
    );
    assert_eq!(lints("[\"350+440\"]", "[]"), "us: dial-tone is silent");
    assert_eq!(
        lints("frequency = \"20 Hz\"", "frequency = \"100 Hz\""),
        "us: ringing is not 15 to 70 Hz\nus: an outside line does not take the country's own ringing"
    );
}

#[test]
fn the_linter_looks_at_outside_lines() {
    assert_eq!(
        lints("timeout = \"6.5 s\"", "timeout = \"4 s\""),
        "us: a pause of ringing is taken for its end"
    );
    assert_eq!(lints("guard = \"1600 ms\"", "guard = \"6 s\""), "us: the guard time is not 0.3 to 5 s");
    assert_eq!(
        lints("guard = \"1600 ms\"", "guard = \"1 s\""),
        "us: the guard time could be taken for a flash"
    );
    assert_eq!(lints("\"61/39 ms\"", "\"39/39 ms\""), "us: pulses are not 8 to 11 a second");
    assert_eq!(lints("cpc 200 ms", "cpc 50 ms"), "us: a break below 80 ms would clear a call");
    assert_eq!(
        lints("dead_below = \"3 V\"", "dead_below = \"21 V\""),
        "us: the voltages of a line in use and of a dead one are not below the battery"
    );
}

#[test]
fn each_country_tells_what_an_outside_line_needs() {
    let us = country("us").fxo_profile();
    assert_eq!(us.dialling, OutDialling::Dtmf { on: Millis(100), off: Millis(100) });
    assert_eq!((us.rings, us.dial_when), (2, DialWhen::Tone(Millis(5000))));
    assert_eq!(
        (us.clear.loop_break, us.clear.silence, us.answer),
        (Millis(200), Millis(60_000), AnswerSign::AtOnce)
    );
    let pulse = OutDialling::Pulse {
        open: Millis(61),
        close: Millis(39),
        interdigit: Millis(800),
        convention: PulseConvention::Standard,
    };
    assert_eq!(country("us").pulse_dialling(None), pulse);
    // A flash that is sent is one that the country's own lines take.
    for code in Country::codes() {
        let country = country(code);
        let window = country.recall;
        assert!((window.min..=window.max).contains(&country.fxo_profile().flash), "{code}");
        assert!(country.fxo_profile().clear.tones, "{code}");
    }
}

#[test]
fn a_mistake_about_outside_lines_names_its_key() {
    assert!(error("when = \"dial tone\"", "when = \"soon\"").contains("outside_dialling.when"));
    assert!(error("\"cpc 200 ms\", \"tones\"", "\"cpc 200 ms\", \"tone\"").contains("outside_signs.clear"));
    assert!(error("answer = \"at once\"", "answer = \"later\"").contains("outside_signs.answer"));
    assert!(error("digits = \"100/100 ms\"", "digits = \"100 ms\"").contains("outside_dialling.digits"));
}

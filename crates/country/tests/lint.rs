//! Each finding of the linter is told when a pack is broken so.

use tipring_country::{Country, lint};

const US: &str = include_str!("../../../data/countries/us.toml");
const DE: &str = include_str!("../../../data/countries/de.toml");
const IT: &str = include_str!("../../../data/countries/it.toml");
const JP: &str = include_str!("../../../data/countries/jp.toml");
const AU: &str = include_str!("../../../data/countries/au.toml");
const SE: &str = include_str!("../../../data/countries/se.toml");

/// A pack, what is replaced in it by what, and what the linter then says of the country.
type Case = (&'static str, &'static str, &'static str, &'static str);

#[track_caller]
fn all(cases: &[Case]) {
    for (pack, from, to, expected) in cases {
        assert!(pack.contains(from), "the pack no longer has {from}");
        let country = Country::parse("broken.toml", &pack.replacen(from, to, 1)).unwrap();
        let found = lint(&country);
        let code = &country.code;
        assert!(found.contains(&format!("{code}: {expected}")), "{from} -> {to}: {found:?}");
    }
}

#[test]
fn values_without_sources_are_found_and_defaults_more_so() {
    let hook =
        "source = \"common defaults of line cards: 64 ms for seizure and release, 10-15 ms while off-hook\"";
    let levels = "source = \"ITU-T Q.552, typical\"";
    let ringing = "source = \"common defaults of line circuits towards an exchange: from 13.5-16.5 V, 256 ms to validate\"";
    all(&[
        (US, hook, "", "hook equals the common default and has no source"),
        (US, "source = \"TIA-464, 600 ohm\"", "", "impedance equals the common default and has no source"),
        (SE, levels, "", "levels equals the common default and has no source"),
        (SE, ringing, "", "outside_ringing equals the common default and has no source"),
        (DE, "source = \"1 TR 110, flash of German lines\"", "", "flash has no source"),
        (
            SE,
            "unverified = \"both lengths are choices\"",
            "",
            "receiver_off_hook has no source and does not say that it is a choice",
        ),
        (
            US,
            "unverified = \"both lengths\"",
            "",
            "receiver_off_hook has neither a second source nor a note that there is none",
        ),
        (
            US,
            "second = \"TIA-968, 600 ohm termination\"",
            "second = \"TIA-464, 600 ohm\"",
            "impedance has the same source twice",
        ),
    ]);
}

#[test]
fn tones_that_nobody_hears_or_that_never_end_are_found() {
    all(&[
        (US, "[\"350+440\"]", "[]", "dial-tone is silent"),
        (
            US,
            "[\"440 300 ms\", \"pause 10000 ms\"]",
            "[\"440 300 ms\", \"pause 16 s\"]",
            "call-waiting: a step is longer than 15 s",
        ),
        (
            US,
            "[\"440 300 ms\", \"pause 10000 ms\"]",
            "[\"440 12 s\", \"pause 12 s\"]",
            "call-waiting takes longer than 20 s to come round",
        ),
        (US, "\"480+620 500 ms\"", "\"480+620 10 ms\"", "busy: a step is shorter than 20 ms"),
        (
            US,
            "\"480+620 500 ms\"",
            "\"480+620\"",
            "busy: a step without length that is not the last never ends",
        ),
        (US, "[\"480+620 500 ms\", \"pause 500 ms\"]", "[\"480+620 500 ms\"]", "busy never pauses"),
        (
            US,
            "[\"480+620 500 ms\", \"pause 500 ms\"]",
            "[\"480+620 500 ms\", \"pause 500 ms\"]\nrepeat = \"once\"",
            "busy ends by itself",
        ),
        (US, "repeat = \"once\"", "repeat = \"all\"", "confirmation never ends"),
        (US, "level = \"-9 dBm0\"", "level = \"0 dBm0\"", "howler clips: its peaks add up to 4.00 of 0 dBm0"),
        (US, "level = \"-13 dBm0\"", "level = \"-50 dBm0\"", "dial-tone is below -40 dBm0"),
        (JP, "\"400*15 1000 ms\"", "\"310*15 1000 ms\"", "ringback is not within 300 to 3400 Hz"),
        (JP, "\"400*15 1000 ms\"", "\"400*90 1000 ms\"", "ringback is not modulated by 10 to 60 Hz"),
    ]);
}

#[test]
fn tones_that_cannot_be_told_apart_are_found() {
    all(&[
        (
            IT,
            "\"425 500 ms\", \"pause 500 ms\"",
            "\"425 1000 ms\", \"pause 4000 ms\"",
            "ringback and busy are the same",
        ),
        (
            SE,
            "\"425 250 ms\", \"pause 750 ms\"",
            "\"425 1000 ms\", \"pause 5000 ms\"",
            "ringback and reorder are the same",
        ),
        (SE, "[\"425 320 ms\", \"pause 20 ms\"]", "[\"425\"]", "dial-tone and stutter are the same"),
        (
            IT,
            "\"425 200 ms\", \"pause 200 ms\", \"425 600 ms\", \"pause 1000 ms\"",
            "\"425 500 ms\", \"pause 500 ms\"",
            "dial-tone and busy are the same",
        ),
    ]);
}

#[test]
fn breaks_of_the_loop_that_overlap_are_found() {
    all(&[
        (US, "bounce = \"12 ms\"", "bounce = \"20 ms\"", "bounce hides the shortest dial pulse"),
        (US, "seize = \"64 ms\"", "seize = \"10 ms\"", "bounce is not shorter than seizure"),
        (US, "\"300-1000 ms\"", "\"300-3000 ms\"", "the longest flash is a hang-up elsewhere"),
        (US, "\"300-1000 ms\"", "\"10-1000 ms\"", "bounce can be a flash"),
        (US, "\"300-1000 ms\"", "\"100-150 ms\"", "no flash is left beside dial pulses"),
        (US, "\"15-200 ms\"", "\"15-250 ms\"", "a dial pulse is longer than 200 ms"),
        (US, "\"15-200 ms\"", "\"15-64 ms\"", "pulses of 60 to 67 ms are not taken"),
        (US, "length = \"500 ms\"", "length = \"200 ms\"", "CPC is as short as a dial pulse"),
        (US, "\"cpc 200 ms\"", "\"cpc 600 ms\"", "an outside line does not take the country's own CPC"),
        (
            JP,
            "reverse_on_answer = true",
            "",
            "polarity that goes back at the end is not reversed at the answer",
        ),
        (
            US,
            "flash = \"500 ms\"",
            "flash = \"100 ms\"",
            "the country's own lines do not take a flash that is sent",
        ),
        (
            AU,
            "pulses = \"67/33 ms\"",
            "pulses = \"85/33 ms\"",
            "the country's own lines do not take a pulse that is sent",
        ),
    ]);
}

#[test]
fn rings_and_caller_id_that_cannot_be_are_found() {
    all(&[
        (US, "after_ring = \"600 ms\"", "after_ring = \"3 s\"", "caller ID does not fit between rings"),
        (AU, "after_ring = \"500 ms\"", "after_ring = \"900 ms\"", "caller ID does not fit between rings"),
        (
            US,
            "after_ring = \"600 ms\"",
            "after_ring = \"300 ms\"",
            "caller ID is closer to a ring than its standard allows",
        ),
        (SE, "data_to_ring = \"1 s\"", "data_to_ring = \"3 s\"", "caller ID delays the ring too long"),
        (DE, "alert = \"100 ms\"", "alert = \"120 ms\"", "caller_id.alert is beyond its standard's limits"),
        (US, "\"2000/4000 ms\"", "\"5000/4000 ms\"", "the ring is not 1.5 to 8 s long"),
        (US, "\"2000/4000 ms\"", "\"50/4000 ms\"", "the ring has a step that no bell follows"),
        (US, "name = \"Bellcore-dr3\"", "name = \"Bellcore-dr2\"", "two rings are called Bellcore-dr2"),
        (US, "frequency = \"20 Hz\"", "frequency = \"14 Hz\"", "ringing is not 15 to 70 Hz"),
        (
            JP,
            "frequency = \"11-68 Hz\"",
            "frequency = \"14-68 Hz\"",
            "an outside line does not take the country's own ringing",
        ),
        (US, "current = \"25 mA\"", "current = \"70 mA\"", "the feed current is not 15 to 60 mA"),
    ]);
}

#[test]
fn numbers_that_cannot_be_dialled_are_found() {
    all(&[
        (
            US,
            "pattern = \"988\"",
            "pattern = \"911xxxx\"",
            "911 goes at once and hides the numbers of a rule that begin with it",
        ),
        (US, "[\"911\"]", "[\"911\", \"9112\"]", "911 goes at once and hides a longer emergency number"),
        (US, "[\"911\"]", "[\"911\", \"911\"]", "911 stands twice"),
        (US, "[\"911\"]", "[]", "there is no emergency number"),
        (US, "[\"911\"]", "[\"9\"]", "an emergency number has 2 to 6 digits"),
        (
            US,
            "pattern = \"988\"",
            "pattern = \"01xxxxxx.\"",
            "numbers.rule[12] has the pattern of an earlier rule",
        ),
        (
            US,
            "international_prefix = \"011\"",
            "international_prefix = \"021\"",
            "no rule has numbers after the international prefix",
        ),
        (
            US,
            "international_prefix = \"011\"",
            "international_prefix = \"\"",
            "there is no international prefix",
        ),
    ]);
}

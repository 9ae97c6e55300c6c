//! The book's page of countries is made from the packs.

use std::fmt::Write as _;
use std::path::Path;

use tipring_country::{Country, outside};
use tipring_port::{Disconnect, PulseConvention, Tone, ToneProgram};

const HEAD: &str = "# Countries

Made from the packs in `data/countries` (`TIPRING_BLESS=1 cargo test -p tipring-country --test book`).

`country = \"CODE\"` at the top of the configuration chooses one; `uk` is `gb`. Each file names the source of each table of values
and a second source, or says under `unverified` what none confirms: the last column counts the tables without a second source. A
port's own keys override a value ([keys](keys.md)).

";

/// Frequencies and cadence in the words of `learned`; levels apart.
fn shown(program: &ToneProgram) -> String {
    if program.steps().is_empty() {
        return "none".to_owned();
    }
    outside::tone_text(program).unwrap_or_else(|| "several".to_owned())
}

fn made() -> String {
    let mut page = HEAD.to_owned();
    let countries: Vec<Country> = Country::codes().map(|code| Country::named(code).unwrap()).collect();
    page.push_str("## Tones\n\nHz and ms; `400*25` is 400 Hz modulated by 25 Hz. Where bursts differ in sound each stands by itself.\n\n");
    page.push_str("| code | country | dial | stutter | ringback | busy | congestion | call waiting |\n|---|---|---|---|---|---|---|---|\n");
    for country in &countries {
        write!(page, "| {} | {} |", country.code, country.name).unwrap();
        for tone in
            [Tone::Dial, Tone::Stutter, Tone::Ringback, Tone::Busy, Tone::Congestion, Tone::CallWaiting]
        {
            let text = match tone {
                Tone::Stutter => stutter(country),
                _ => shown(country.tones.get(tone)),
            };
            write!(page, " {} |", text.replace(" ms", "")).unwrap();
        }
        page.push('\n');
    }
    page.push_str("\n## Lines\n\n");
    page.push_str("| code | ringing | caller ID | flash | pulses for 0, 1, 9 | far end clears | impedance | in/out dBr | emergency | tables without a second source |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for country in &countries {
        let cadence: Vec<String> = country.ring.pattern.iter().map(|step| step.0.to_string()).collect();
        let disconnect = match country.disconnect {
            Disconnect::None => "tones".to_owned(),
            Disconnect::Reversal => "reversal".to_owned(),
            Disconnect::Cpc(length) => format!("CPC {length}"),
        };
        let pulses = match country.pulse.convention {
            PulseConvention::Standard => "10, 1, 9",
            PulseConvention::Sweden => "1, 2, 10",
            PulseConvention::NewZealand => "10, 9, 1",
        };
        let alone = country.provenance.iter().filter(|value| value.second.is_none()).count();
        writeln!(
            page,
            "| {} | {} Hz, {} | {} | {}-{} ms | {pulses} | {disconnect} | {} | {}/{} | {} | {alone} of {} |",
            country.code,
            country.ring.frequency.0,
            cadence.join("/"),
            country.caller_id.standard.word(),
            country.flash().min.0,
            country.flash().max.0,
            country.impedance.word().replace("||", "\\|\\|"),
            country.level_in.0,
            country.level_out.0,
            country.numbers.emergency.join(", "),
            country.provenance.len(),
        )
        .unwrap();
    }
    page
}

/// The stutter tone: bursts before a steady tone are told by their number.
fn stutter(country: &Country) -> String {
    let program = country.tones.get(Tone::Stutter);
    let steps = program.steps();
    let bursts = steps.iter().filter(|step| step.is_pause()).count();
    let ends_steady = steps.last().is_some_and(|step| step.length.0 == 0);
    match steps.first() {
        Some(first) if bursts > 0 && ends_steady => {
            let sound = ToneProgram::new(&[*first, steps[1]], 0).unwrap();
            format!("{bursts} times {}, then steady", shown(&sound))
        }
        _ => shown(program),
    }
}

#[test]
fn the_book_lists_the_countries_as_their_packs_have_them() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/countries.md");
    let made = made();
    if std::env::var_os("TIPRING_BLESS").is_some() {
        std::fs::write(&page, &made).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == made, "{} is not what the packs have: run with TIPRING_BLESS=1", page.display());
}

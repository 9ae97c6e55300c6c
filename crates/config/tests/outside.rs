//! Outside lines: the examples of the book, what lines are told about themselves, and the mistakes that can be made.

use tipring_config::{
    Effective, FileFound, Files, Level, LineCallerId, MayCall, Number, Report, check, check_with,
};
use tipring_port::{
    AnswerSign, CallerIdAlert, CallerIdSignal, CallerIdTiming, DialWhen, Disconnect, Impedance, LoopStart,
    MeteringSpec, OutDialling,
};
use tipring_units::{Db, Hz, Millis, Samples, Volts};

const EXAMPLES: [(&str, &str); 5] = [
    ("office", include_str!("../../../examples/office.toml")),
    ("fxo-gateway", include_str!("../../../examples/fxo-gateway.toml")),
    ("pbx-trunks", include_str!("../../../examples/pbx-trunks.toml")),
    ("extension-near", include_str!("../../../examples/extension-near.toml")),
    ("extension-far", include_str!("../../../examples/extension-far.toml")),
];

/// A house with one line; mistakes are added below it (line 8 is the first that is free).
const GOOD: &str = "country = \"us\"
[phone.101-102]
port = \"sim/1-2\"
[dial]
\"<9:>,xx.\" = \"lines\"
[line.1]
port = \"sim/9\"
";

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

fn effective(text: &str) -> Effective {
    let report = check(text, "tipring.toml");
    report.effective.clone().unwrap_or_else(|| panic!("{report}"))
}

fn found(level: Level, more: &str) -> String {
    told(level, &check(&format!("{GOOD}{more}"), "tipring.toml"))
}

fn told(level: Level, report: &Report) -> String {
    let lines: Vec<String> = report.of(level).map(ToString::to_string).collect();
    lines.join("\n").replace("tipring.toml:", "")
}

fn error(more: &str) -> String {
    found(Level::Error, more)
}

#[test]
fn the_examples_are_without_fault_where_their_ports_are_driven() {
    for (name, text) in EXAMPLES {
        let report = check(&text.replace("dahdi/", "sim/"), "tipring.toml");
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        let is_later = |line: &&String| line.contains("type = \"fax\" is not in this version yet");
        assert!(findings.iter().all(|line| is_later(&line)), "{name}: {findings:#?}");
        let effective = report.effective.unwrap();
        assert!(effective.line.values().all(|line| line.service.is_used()), "{name}");
        let again = effective_without_pins(&effective.to_string());
        let first = effective_without_pins(text.replace("dahdi/", "sim/").as_str());
        assert_eq!(tipring_config::diff(&first, &again), [], "{name}: its effective form gives the same");
    }
}

/// The effective form does not show secrets.
fn effective_without_pins(text: &str) -> Effective {
    let mut effective = effective(text);
    effective.line.values_mut().for_each(|line| line.disa_pin = None);
    effective.server.values_mut().for_each(|server| server.password = None);
    effective
}

#[test]
fn the_office_is_as_its_file_says() {
    let office = effective(&EXAMPLES[0].1.replace("dahdi/", "sim/"));
    let line = &office.line[&number("1")];
    let rings: Vec<String> = line.rings.iter().map(ToString::to_string).collect();
    assert_eq!(rings, ["100", "101"]);
    assert_eq!(line.fallback.as_ref().unwrap().to_string(), "106");
    assert_eq!(line.night.as_ref().unwrap().to_string(), "lines:15550142");
    let hours = line.night_hours.unwrap();
    assert_eq!((hours.from, hours.to, hours.to_string().as_str()), (1080, 480, "18:00-08:00"));
    let staff = &office.line[&number("4")];
    assert_eq!(staff.disa, Some(MayCall::National));
    assert_eq!(staff.disa_pin.as_ref().unwrap().reveal(), "27182818");
    assert_eq!(office.phone[&number("100")].lifeline, Some(number("1")));
    let own = office.dial.iter().find(|rule| rule.pattern.as_str() == "81").unwrap();
    assert_eq!(own.to[0].number.as_deref(), Some(""));
}

#[test]
fn a_line_is_told_what_its_country_has_and_what_it_has_of_its_own() {
    let text = "country = \"us\"\n[phone.101]\nport = \"sim/1\"\n[line.1]\nport = \"sim/2\"\n[line.2]\nport = \"sim/3\"\n\
        caller_id = \"bt\"\nrings_before = 4\ndialling = \"pulse\"\ndial_when = \"pause 800 ms\"\nflash = \"90 ms\"\nguard = \"2 s\"\n\
        answer = \"metering\"\ndisconnect = [\"reversal\", \"silence 90 s\"]\nlearned = \"500+620 300/300 ms\"\nstart = \"ground\"\n\
        impedance = \"900\"\necho_tail = \"64 ms\"\ngain_in = \"2 dB\"\ngain_out = \"-1 dB\"\nagc = \"in\"\nin_use_below = \"12 V\"\ndead_below = \"2 V\"\n";
    let effective = effective(text);
    let country = effective.country.line_profile();
    let plain = effective.line_profile(&effective.line[&number("1")]);
    let fxo = plain.fxo.unwrap();
    assert_eq!(fxo, effective.country.fxo_profile());
    assert_eq!((plain.caller_id, plain.start, fxo.rings), (country.caller_id, LoopStart::Loop, 2));
    let own = effective.line_profile(&effective.line[&number("2")]);
    let fxo = own.fxo.unwrap();
    let CallerIdTiming::BeforeRing { alert: CallerIdAlert::ReversalAndTone { .. }, signal, .. } =
        own.caller_id
    else {
        panic!("{:?}", own.caller_id)
    };
    assert!(matches!(signal, CallerIdSignal::Fsk { seizure: 240, mark: 72, .. }));
    let british = text.replacen("us", "gb", 1);
    let british = self::effective(&british);
    let timing = british.line_profile(&british.line[&number("2")]).caller_id;
    assert_eq!(timing, british.country.caller_id.timing, "the country's own standard has its values");
    assert_eq!(
        (fxo.rings, fxo.dial_when, fxo.answer),
        (4, DialWhen::Pause(Millis(800)), AnswerSign::Metering)
    );
    assert!(matches!(fxo.dialling, OutDialling::Pulse { open: Millis(61), close: Millis(39), .. }));
    assert_eq!((fxo.flash, fxo.guard), (Millis(90), Millis(2000)));
    assert_eq!((fxo.clear.loop_break, fxo.clear.reversal, fxo.clear.tones), (Millis::ZERO, true, false));
    assert_eq!(fxo.clear.silence, Millis(90_000));
    assert_eq!(fxo.clear.learned.unwrap().steps().len(), 2);
    assert_eq!((fxo.in_use_below, fxo.dead_below), (Volts(12.0), Volts(2.0)));
    assert_eq!((own.start, own.impedance, own.echo_tail), (LoopStart::Ground, Impedance::R900, Samples(512)));
    assert_eq!((own.gain_in, own.gain_out, own.agc_in, own.agc_out), (Db(2.0), Db(-1.0), true, false));
}

#[test]
fn caller_id_of_a_line_is_a_truth_or_a_standard() {
    let timing = |value: &str| {
        let effective = effective(&format!("{GOOD}caller_id = {value}\n"));
        let line = &effective.line[&number("1")];
        (line.caller_id.timing(&effective.country), line.rings_before)
    };
    assert_eq!(timing("false"), (CallerIdTiming::Off, 1));
    assert_eq!(timing("\"off\""), (CallerIdTiming::Off, 1));
    assert_eq!(timing("true").1, 2);
    assert!(matches!(timing("\"ntt\"").0, CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt }));
    assert!(matches!(
        timing("\"etsi-rpas\""),
        (CallerIdTiming::BeforeRing { alert: CallerIdAlert::RingPulse(_), .. }, 1)
    ));
    let between = timing("\"etsi-between\"");
    assert!(matches!(between, (CallerIdTiming::BetweenRings { signal: CallerIdSignal::ETSI, .. }, 2)));
    assert_eq!(
        error("caller_id = \"bellcor\""),
        "8: [line.1] caller_id = \"bellcor\": expected true, false, bellcore, etsi-between, etsi-dtas, etsi-rpas, bt, dtmf, ntt or off. Did you mean \"bellcore\"?"
    );
    assert_eq!(
        LineCallerId::Country.timing(&effective(GOOD).country),
        effective(GOOD).country.caller_id.timing
    );
}

#[test]
fn a_phone_may_want_another_standard_than_its_country_has() {
    let text =
        "country = \"us\"\n[phone.1]\nport = \"sim/1\"\n[phone.2]\nport = \"sim/2\"\ncaller_id = \"dtmf\"\n";
    let effective = effective(text);
    let of = |text: &str| effective.profile(&effective.phone[&number(text)]).caller_id;
    assert_eq!(of("1"), effective.country.caller_id.timing);
    assert!(matches!(of("2").signal(), Some(CallerIdSignal::Dtmf(_))));
}

#[test]
fn a_trunk_port_behaves_as_an_exchange() {
    let text = "country = \"de\"\n[phone.801-802]\nport = \"sim/1-2\"\ntype = \"trunk\"\n[phone.802]\ndisconnect = \"reversal\"\nmetering = \"12 kHz 200 ms every 30 s\"\nflash = \"90-200 ms\"\n";
    let effective = effective(text);
    let plain = effective.profile(&effective.phone[&number("801")]);
    assert!(!plain.pulse.enabled && plain.reverse_on_answer);
    assert_eq!((plain.flash.max, plain.roh.howler), (Millis::ZERO, Millis::ZERO));
    assert_eq!(plain.disconnect, Disconnect::Cpc(Millis(500)));
    let own = effective.profile(&effective.phone[&number("802")]);
    assert_eq!((own.disconnect, own.flash.max), (Disconnect::Reversal, Millis(200)));
    let pulses = MeteringSpec { frequency: Hz(12_000.0), length: Millis(200), every: Millis(30_000) };
    assert_eq!(own.metering, Some(pulses));
    let shown = effective.to_string();
    for line in ["pulse = false", "flash = \"off\"", "disconnect = \"cpc 500 ms\"", "reversal = true"] {
        assert!(shown.contains(&format!("{line:<40} # type trunk")), "{line} in\n{shown}");
    }
}

#[test]
fn mistakes_about_lines_are_told_with_what_to_write() {
    assert_eq!(error("rings = \"101\""), "");
    assert_eq!(
        error("disconnect = [\"cpc\", \"tone\"]"),
        "8: [line.1] disconnect = [\"cpc\", \"tone\"]: expected \"none\", or some of \"cpc 200 ms\", \"reversal\", \"tones\", \"howler\" and \"silence 60 s\"."
    );
    assert_eq!(
        error("dial_when = \"soon\""),
        "8: [line.1] dial_when = \"soon\": expected \"dial tone\", \"dial tone or 3 s\" or \"pause 1 s\"."
    );
    assert_eq!(
        error("learned = \"busy\""),
        "8: [line.1] learned = \"busy\": expected a tone as `tipring line learn` writes it: \"500+620 300/300 ms\"."
    );
    assert_eq!(
        error("rings_before = \"2\""),
        "8: [line.1] rings_before = \"2\": expected 1 to 6, without quotes."
    );
    assert_eq!(error("rings_before = 9"), "8: [line.1] rings_before = 9: expected 1 to 6, without quotes.");
    assert_eq!(
        error("answer = \"now\""),
        "8: [line.1] answer = \"now\": expected at once, reversal, metering or voice."
    );
    assert_eq!(
        error("rings = \"lines\""),
        "8: [line.1] rings: \"lines\" needs a number. Write a phone's number, \"server:number\" or \"lines:number\"."
    );
    assert_eq!(
        error("fallback = [\"101\", \"102\"]"),
        "8: [line.1] fallback = [\"101\", \"102\"]: expected a number, a server, \"phones\", \"lines\", \"line.2\", \"route.NAME\" or \"server:number\"."
    );
    assert_eq!(
        error("night = \"101\""),
        "8: [line.1] has night but no night_hours. Write night_hours = \"18:00-08:00\"."
    );
    assert_eq!(
        error("night_hours = \"18:00-08:00\""),
        "8: [line.1] has night_hours but no night. Write who rings then: night = \"101\"."
    );
    assert_eq!(
        error("disa = \"national\""),
        "8: [line.1] disa = \"national\": whoever calls in could call out at your cost. Write disa_pin = \"...\", or disa = \"internal\"."
    );
    assert_eq!(
        error("disa_pin = \"4711\""),
        "8: [line.1] has disa_pin but no disa. Write what may be called with it, as disa = \"national\"."
    );
    assert_eq!(
        error("disa = \"all\"\ndisa_pin = \"secret\""),
        "9: [line.1] disa_pin: expected 4 to 16 digits."
    );
    assert_eq!(
        error("dead_below = \"30 V\""),
        "8: [line.1] dead_below: a dead line has less voltage than one in use, here 30 V and 20 V."
    );
    assert_eq!(
        error("[phone.103]\nport = \"sim/3\"\nlifeline = \"2\""),
        "10: [phone.103] lifeline = \"2\": there is no line 2. Lines are 1."
    );
    assert_eq!(
        error("[phone.103-104]\nport = \"sim/3-4\"\nlifeline = \"1\""),
        "10: [phone.103-104] lifeline = \"1\": line 1 is already the lifeline of phone 103. A relay joins one phone to one line."
    );
    assert_eq!(
        error("[phone.103]\nport = \"sim/3\"\nmetering = \"50 Hz\""),
        "10: [phone.103] metering = \"50 Hz\": expected \"12 kHz\" or \"16 kHz\", with a length and a distance if need be, as \"16 kHz 150 ms every 60 s\"."
    );
    assert_eq!(
        error("[emergency]\nnotify = \"lines\""),
        "9: [emergency] notify: only a phone or \"server:number\" can be rung. Write its number, as \"101\"."
    );
}

#[test]
fn what_leads_nowhere_is_worth_a_note() {
    assert_eq!(
        found(Level::Note, ""),
        "6: [line.1] rings nobody: calls that come in are not answered. Write rings = \"101\", or a list."
    );
    let text = "country = \"us\"\n[phone.101]\nport = \"sim/1\"\n[line.1]\nport = \"sim/2\"\n";
    assert_eq!(
        told(Level::Note, &check(text, "tipring.toml")),
        "4: [line.1]: no number leads to an outside line. To dial 9 and the number write [dial] with \"<9:>,xx.\" = \"lines\"."
    );
    // The only phone gets the calls.
    assert_eq!(effective(text).line[&number("1")].rings[0].to_string(), "101");
}

#[test]
fn a_pin_is_a_secret() {
    let more = "disa = \"all\"\ndisa_pin_file = \"pin\"\nrings = \"101\"\n";
    let found = |text: &str, mode| {
        let file = FileFound::Text { text: text.to_owned(), mode };
        check_with(&format!("{GOOD}{more}"), "tipring.toml", &Files::from([("pin".to_owned(), file)]))
    };
    let report = found("27182818\n", 0o600);
    let line = &report.effective.as_ref().unwrap_or_else(|| panic!("{report}")).line[&number("1")];
    assert_eq!(line.disa_pin.as_ref().unwrap().reveal(), "27182818");
    let shown = format!("{:?} {}", report, report.effective.as_ref().unwrap());
    assert!(!shown.contains("27182818"));
    assert!(told(Level::Error, &found("27182818\n", 0o644)).contains("chmod 600 pin"));
    assert_eq!(told(Level::Error, &found("pin\n", 0o600)), "9: [line.1] disa_pin: expected 4 to 16 digits.");
    assert_eq!(
        error("disa = \"all\"\ndisa_pin = \"4711\"\ndisa_pin_file = \"pin\""),
        "9: [line.1] has disa_pin and disa_pin_file. Keep one."
    );
}

#[test]
fn a_gateway_may_have_lines_alone() {
    let text = "country = \"us\"\n[server.pbx]\naddress = \"10.0.0.2\"\nmay_call = \"all\"\n[line.1]\nport = \"sim/1\"\nrings = \"pbx:200\"\n[dial]\n\"xx.\" = \"lines\"\n";
    let effective = effective(text);
    assert_eq!(effective.server["pbx"].may_call, Some(MayCall::All));
    assert!(effective.phone.is_empty() && effective.line.len() == 1);
}

//! baresip as the far telephone: audio both ways at the right level, hold, digits, and the built-in registrar.

use crate::baresip::{Baresip, Setup};
use crate::gateway::{Gateway, number_of, text_of};
use crate::measure;
use crate::program::is_installed;
use crate::steady::in_time;

/// From a telephone's mouth to the wire: the loop takes 1.8 dB, the country adds nothing.
const OUT_DB: f64 = -1.8;
/// From the wire to a telephone's ear: the country's 3 dB and the loop.
const IN_DB: f64 = -4.8;

fn beside(far: &Baresip, name: &str) -> Gateway {
    let address = far.sip;
    let body = format!(
        "[server.far]\naddress = \"{address}\"\nrings = \"101\"\n\
         [phone.101-102]\nport = \"sim/1-2\"\nname = \"Phone {{number}}\"\n"
    );
    Gateway::start(name, &body)
}

/// 1004 Hz at the level of `said` dBm0 was heard there without a gap for longer than `length_ms`.
fn assert_heard(recording: &[i16], said: f64, length_ms: usize) {
    let wanted = said + OUT_DB;
    let found = measure::find(recording, 1004.0, wanted).expect("the tone was recorded");
    assert!((found.dbm0 - wanted).abs() < 1.0 && found.purity > 20.0, "{found:?}, not {wanted}");
    assert!(found.length_ms > length_ms && found.gap_ms <= 100, "{found:?}");
}

#[test]
fn a_call_to_a_sip_phone_carries_tones_at_their_levels_both_ways() {
    in_time(|| {
        if !is_installed("baresip") {
            return;
        }
        let mut far = Baresip::start("far-out-b", Setup::default());
        let gateway = beside(&far, "far-out");
        gateway.dials("101", "5551234");
        gateway.hears("101", "ringback");
        let call = far.sees(&["CALL_INCOMING"]);
        assert!(call.contains("sip:101@") && call.contains("Phone 101"), "{call}");
        far.tell("accept", "");
        far.sees(&["CALL_ESTABLISHED"]);
        gateway.hears_tone("101", 700.0, -15.0 + IN_DB);
        gateway.phone("101", &["say", "tone:1004:-10"]);
        far.hears_tone(1004.0, -10.0 + OUT_DB, 1500);
        gateway.hears_well("to 5551234 via far G.711u");
        gateway.phone("101", &["on-hook"]);
        far.sees(&["CALL_CLOSED"]);
        let record = gateway.record(1);
        assert_eq!((number_of(&record, "cause"), text_of(&record, "by")), (Some(16), "caller"), "{record}");
        assert_heard(&far.recordings()[0], -10.0, 1500);
    });
}

/// In a build with Opus only; `./test` makes one.
#[cfg(feature = "opus")]
#[test]
fn opus_calls_go_both_ways_with_tones_and_digits() {
    in_time(|| {
        if !is_installed("baresip") {
            return;
        }
        let setup = Setup { codecs: "opus/48000/2", ..Setup::default() };
        let mut far = Baresip::start("far-opus-b", setup);
        let address = far.sip;
        let gateway = Gateway::start(
            "far-opus",
            &format!(
                "[server.far]\naddress = \"{address}\"\nrings = \"101\"\ncodecs = [\"pcmu\", \"opus\"]\n\
             [phone.101]\nport = \"sim/1\"\n"
            ),
        );
        gateway.dials("101", "5551234");
        far.sees(&["CALL_INCOMING"]);
        far.tell("accept", "");
        far.sees(&["CALL_ESTABLISHED"]);
        gateway.hears_tone("101", 700.0, -15.0 + IN_DB);
        gateway.phone("101", &["say", "tone:1004:-10"]);
        far.hears_tone(1004.0, -10.0 + OUT_DB, 1500);
        gateway.hears_well("Opus");
        gateway.phone("101", &["hush"]);
        gateway.phone("101", &["dial", "19"]);
        for digit in ["1", "9"] {
            far.shows(&format!("received event: '{digit}' (end=1)"));
        }
        far.press('7');
        gateway.hears("101", "digit 7");
        far.release();
        gateway.phone("101", &["on-hook"]);
        far.sees(&["CALL_CLOSED"]);
        // The other way it is the far end that offers.
        far.tell("dial", &format!("sip:101@{}", gateway.sip));
        gateway.hears("101", "ringing");
        gateway.phone("101", &["off-hook"]);
        far.sees_times(&["CALL_ESTABLISHED"], 2);
        gateway.hears_tone("101", 700.0, -15.0 + IN_DB);
        gateway.hears_well("Opus");
        gateway.phone("101", &["on-hook"]);
        assert_heard(&far.recordings()[0], -10.0, 1500);
    });
}

#[test]
fn a_sip_phone_calls_a_line_holds_and_resumes() {
    in_time(|| {
        if !is_installed("baresip") {
            return;
        }
        let mut far = Baresip::start("far-in-b", Setup::default());
        let gateway = beside(&far, "far-in");
        far.tell("dial", &format!("sip:102@{}", gateway.sip));
        gateway.hears("102", "ringing");
        let caller = gateway.hears_which("102", "the caller", |line| line.starts_with("caller "));
        assert!(caller.starts_with("caller 5551234 "), "{caller}");
        far.sees(&["CALL_RINGING"]);
        gateway.phone("102", &["off-hook"]);
        far.sees(&["CALL_ESTABLISHED"]);
        gateway.hears_tone("102", 700.0, -15.0 + IN_DB);
        gateway.phone("102", &["say", "tone:1004:-10"]);
        far.hears_tone(1004.0, -10.0 + OUT_DB, 1500);
        gateway.hears_well("G.711u");
        gateway.phone("102", &["hush"]);

        // Its recording ends here: baresip 1.0 takes its recorder away when it holds.
        far.tell("hold", "");
        gateway.logs("held by caller");
        gateway.hears("102", "silence");
        gateway.status_shows("held");
        far.tell("resume", "");
        gateway.logs("taken back by caller");
        gateway.hears_tone("102", 700.0, -15.0 + IN_DB);
        // As if from the network: the far end hangs up, the line is told.
        far.tell("hangup", "");
        gateway.hears("102", "reorder");
        gateway.phone("102", &["on-hook"]);
        let record = gateway.record(1);
        assert_eq!((number_of(&record, "cause"), text_of(&record, "by")), (Some(16), "caller"), "{record}");
        assert_eq!(text_of(&record, "from"), "5551234");
        assert_heard(far.recordings().last().unwrap(), -10.0, 1500);
    });
}

#[test]
fn digits_go_as_events_both_ways() {
    in_time(|| {
        if !is_installed("baresip") {
            return;
        }
        let mut far = Baresip::start("far-digits-b", Setup { tone: (700.0, -80.0), ..Setup::default() });
        let gateway = beside(&far, "far-digits");
        gateway.dials("101", "5551234");
        far.sees(&["CALL_INCOMING"]);
        far.tell("accept", "");
        far.sees(&["CALL_RTPESTAB"]);
        gateway.phone("101", &["dial", "159#"]);
        for digit in ["1", "5", "9", "#"] {
            far.shows(&format!("received event: '{digit}' (end=1)"));
        }
        for key in ['2', '*', '0'] {
            far.press(key);
            gateway.hears("101", &format!("digit {key}"));
            far.release();
        }
        let events = far.told().matches("CALL_DTMF_START").count();
        assert_eq!(events, 4, "each digit once: {}", far.told());
        gateway.phone("101", &["on-hook"]);
        gateway.record(1);
        // The receiver takes the key's tone away; what is left is the time until it was recognised.
        let recording = far.recordings().concat();
        let tone = measure::find(&recording, 770.0, -10.0).map_or(0, |found| found.length_ms);
        assert!(tone <= 60, "{tone} ms of a digit went along as sound");
    });
}

#[test]
fn a_sip_phone_registers_at_the_demo_and_calls_are_placed_both_ways() {
    in_time(|| {
        if !is_installed("baresip") {
            return;
        }
        let (gateway, password) = Gateway::demo("far-demo");
        let domain = gateway.sip.to_string();
        let account = format!(";auth_pass={password};regint=60");
        let mut desk = Baresip::start(
            "far-desk",
            Setup { user: "201", domain: &domain, account: &account, ..Setup::default() },
        );
        desk.shows("[1 binding]");
        gateway.status_shows("SIP phones 1: 1 registered");
        let wrong = ";auth_pass=guess;regint=60";
        let mut thief = Baresip::start(
            "far-thief",
            Setup { user: "201", domain: &domain, account: wrong, ..Setup::default() },
        );
        thief.shows("40");
        drop(thief);
        gateway.status_shows("SIP phones 1: 1 registered");

        desk.tell("dial", &format!("sip:103@{domain}"));
        gateway.hears("103", "ringing");
        let caller = gateway.hears_which("103", "the caller", |line| line.starts_with("caller "));
        assert!(caller.starts_with("caller 201 \"Desk\" "), "{caller}");
        gateway.phone("103", &["off-hook"]);
        desk.sees(&["CALL_ESTABLISHED"]);
        gateway.hears_tone("103", 700.0, -15.0 + IN_DB);
        gateway.phone("103", &["on-hook"]);
        desk.sees(&["CALL_CLOSED"]);
        let record = gateway.record(1);
        assert_eq!((number_of(&record, "cause"), text_of(&record, "by")), (Some(16), "called"), "{record}");

        gateway.dials("103", "201");
        desk.sees(&["CALL_INCOMING"]);
        desk.tell("accept", "");
        desk.sees_times(&["CALL_ESTABLISHED"], 2);
        gateway.hears_tone("103", 700.0, -15.0 + IN_DB);
        gateway.phone("103", &["say", "tone:1004:-10"]);
        desk.hears_tone(1004.0, -10.0 + OUT_DB, 1500);
        gateway.hears_well("G.711u");
        desk.tell("hangup", "");
        gateway.hears("103", "reorder");
        gateway.phone("103", &["on-hook"]);
        gateway.record(2);
        assert_heard(desk.recordings().last().unwrap(), -10.0, 1500);
    });
}

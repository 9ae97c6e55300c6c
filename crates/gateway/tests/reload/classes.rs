//! Every key of the schema, changed while its telephone talks, takes effect when its declared class says.

use tipring_config::{Apply, Place, keys};

use crate::house::{FULL, House};

/// A key and the edit that changes it.
type Case = (Place, &'static str, fn(&str) -> String);

fn cases() -> Vec<Case> {
    use Place::{Codes, Dial, Emergency, Group, Line, Offline, Phone, Route, Server, Sip, Syslog, Top, Web};
    fn swap(text: &str) -> String {
        text.replace("sim/1", "sim/x").replace("sim/3", "sim/1").replace("sim/x", "sim/3")
    }
    fn swap_lines(text: &str) -> String {
        text.replace("sim/9", "sim/x").replace("sim/10", "sim/9").replace("sim/x", "sim/10")
    }
    vec![
        (Top, "name", |text| text.replace("\"one\"", "\"two\"")),
        (Top, "country", |text| text.replace("\"us\"", "\"gb\"")),
        (Top, "listen", |text| text.replace("127.0.0.1:5060", "127.0.0.1:5070")),
        (Top, "media", |text| text.replace("20000-20099", "30000-30099")),
        (Top, "digest", |text| text.replace("\"md5\"", "[\"sha-256\", \"md5\"]")),
        (Top, "trust", |text| text.replace("10.0.0.0/8", "10.1.0.0/16")),
        (Top, "wait_first_digit", |text| text.replace("20 s", "21 s")),
        (Top, "wait_digit", |text| text.replace("\"9 s\"", "\"8 s\"")),
        (Top, "wait_end", |text| text.replace("2500 ms", "2600 ms")),
        (Top, "wait_answer", |text| text.replace("90 s", "91 s")),
        (Top, "hunt", |text| text.replace("\"linear\"", "\"circular\"")),
        (Top, "announcements", |text| text.replace("announcements = false", "announcements = true")),
        (Top, "announce_features", |text| {
            text.replace("announce_features = false", "announce_features = true")
        }),
        (Top, "announcement_files", |text| text.replace("\"voice\"", "\"voices\"")),
        (Top, "language", |text| text.replace("\"en\"", "\"de\"")),
        (Top, "star_codes", |text| text.replace("\"etsi\"", "\"uk\"")),
        (Server, "may_call", |text| {
            text.replace("may_call = \"internal\"\nforwards", "may_call = \"all\"\nforwards")
        }),
        (Server, "forwards", |text| text.replace("forwards = \"gateway\"", "forwards = \"server\"")),
        (Server, "address", |text| text.replace("10.0.0.5:5060", "10.0.0.8:5060")),
        (Server, "user", |text| text.replace("\"house\"", "\"home\"")),
        (Server, "password", |text| text.replace("pass-a", "pass-z")),
        (Server, "password_file", |text| text.replacen("\"pw\"", "\"pw2\"", 1)),
        (Server, "passwords", |text| text.replace("\"own\"", "\"own2\"")),
        (Server, "transport", |text| text.replace("\"udp\"", "\"tcp\"")),
        (Server, "expires", |text| text.replace("10 min", "20 min")),
        (Server, "codecs", |text| text.replace("[\"pcma\"]", "[\"pcmu\"]")),
        (Server, "from", |text| text.replace("from = \"caller\"", "from = \"account\"")),
        (Server, "dtmf", |text| text.replace("\"info\"", "\"inband\"")),
        (Server, "mailbox", |text| text.replace("mailbox = \"{number}\"", "mailbox = \"m{number}\"")),
        (Server, "vad", |text| text.replace("vad = true", "vad = false")),
        (Server, "ptime", |text| text.replace("30 ms", "40 ms")),
        (Server, "jitter", |text| text.replace("30-120 ms", "30-130 ms")),
        (Server, "jitter_mode", |text| text.replace("jitter_mode = \"fixed\"", "jitter_mode = \"adaptive\"")),
        (Server, "rings", |text| text.replacen("rings = \"101\"", "rings = \"102\"", 1)),
        (Phone, "port", swap),
        (Phone, "name", |text| text.replace("\"Desk\"", "\"Hall\"")),
        (Phone, "type", |text| text.replace("\"plain\"", "\"trunk\"")),
        (Phone, "may_call", |text| text.replace("\"local\"", "\"internal\"")),
        (Phone, "may_call_night", |text| text.replace("\"no-premium\"", "\"no-international\"")),
        (Phone, "night_hours", |text| text.replace("20:00-06:00", "21:00-06:00")),
        (Phone, "caller_id", |text| text.replace("caller_id = true", "caller_id = false")),
        (Phone, "pulse", |text| text.replace("pulse = false", "pulse = true")),
        (Phone, "flash", |text| text.replace("250-500 ms", "250-600 ms")),
        (Phone, "reversal", |text| text.replace("reversal = false", "reversal = true")),
        (Phone, "metering", |text| text.replace("\"16 kHz\"", "\"16 kHz every 10 s\"")),
        (Phone, "start", |text| text.replacen("\"loop\"", "\"ground\"", 1)),
        (Phone, "dials", |text| text.replace("dials = \"103\"", "dials = \"101\"")),
        (Phone, "forward", |text| text.replace("forward = \"101\"", "forward = \"102\"")),
        (Phone, "forward_busy", |text| text.replace("forward_busy = \"104\"", "forward_busy = \"101\"")),
        (Phone, "forward_no_answer", |text| {
            text.replace("forward_no_answer = \"102\"", "forward_no_answer = \"101\"")
        }),
        (Phone, "forward_unreachable", |text| {
            text.replace("forward_unreachable = \"102\"", "forward_unreachable = \"101\"")
        }),
        (Phone, "ring_time", |text| text.replace("36 s", "37 s")),
        (Phone, "ring_for", |text| text.replace("\"5xx dr2\"", "[\"5xx dr2\", \"private dr4\"]")),
        (Phone, "reject_anonymous", |text| {
            text.replace("reject_anonymous = false", "reject_anonymous = true")
        }),
        (Phone, "waiting", |text| text.replace("waiting = false", "waiting = true")),
        (Phone, "recall", |text| text.replace("recall = \"swap\"", "recall = \"keys\"")),
        (Phone, "hide", |text| text.replace("hide = false", "hide = true")),
        (Phone, "lock", |text| text.replace("lock = false", "lock = true")),
        (Phone, "pin", |text| text.replace("4713", "4714")),
        (Phone, "pickup", |text| text.replace("\"floor\"", "\"hall\"")),
        (Phone, "star_codes", |text| text.replace("star_codes = false", "star_codes = true")),
        (Phone, "transfer", |text| text.replace("transfer = false", "transfer = true")),
        (Codes, "CODE", |text| text.replace("\"do-not-disturb\"", "\"redial\"")),
        (Phone, "lamp", |text| text.replace("\nlamp = false\n", "\nlamp = true\n")),
        (Phone, "data", |text| text.replace("\ndata = false\n", "\ndata = true\n")),
        (Phone, "priority", |text| text.replace("\npriority = false\n", "\npriority = true\n")),
        (Phone, "rooms", |text| text.replace("\nrooms = true\n", "\nrooms = false\n")),
        (Phone, "desk", |text| text.replace("\ndesk = \"102\"\n", "\ndesk = \"101\"\n")),
        (Phone, "desk_key", |text| text.replace("\ndesk_key = \"7\"\n", "\ndesk_key = \"8\"\n")),
        (Phone, "dial_after", |text| text.replace("\ndial_after = \"5 s\"\n", "\ndial_after = \"6 s\"\n")),
        (Phone, "dial_time", |text| text.replace("\ndial_time = \"26 s\"\n", "\ndial_time = \"27 s\"\n")),
        (Phone, "repeat", |text| text.replace("\nrepeat = false\n", "\nrepeat = true\n")),
        (Phone, "call_limit", |text| text.replace("\ncall_limit = \"70 s\"\n", "\ncall_limit = \"71 s\"\n")),
        (Phone, "release", |text| text.replace("\nrelease = \"#9\"\n", "\nrelease = \"#8\"\n")),
        (Phone, "opens", |text| text.replace("\nopens = \"12\"\n", "\nopens = \"13\"\n")),
        (Phone, "connects", |text| text.replace("\nconnects = \"ring\"\n", "\nconnects = \"at once\"\n")),
        (Phone, "one_way", |text| text.replace("\none_way = false\n", "\none_way = true\n")),
        (Phone, "pre_tone", |text| text.replace("\npre_tone = \"400 ms\"\n", "\npre_tone = \"500 ms\"\n")),
        (Phone, "override", |text| text.replace("\noverride = false\n", "\noverride = true\n")),
        (Phone, "self_test", |text| text.replace("\nself_test = \"04:30\"\n", "\nself_test = \"04:31\"\n")),
        (Phone, "self_test_to", |text| {
            text.replace("\nself_test_to = \"a:8002\"\n", "\nself_test_to = \"a:8003\"\n")
        }),
        (Phone, "test", |text| text.replace("\ntest = \"03:30\"\n", "\ntest = \"03:31\"\n")),
        (Phone, "lifeline", |text| text.replace("lifeline = \"1\"", "lifeline = \"2\"")),
        (Phone, "codecs", |text| text.replace("[\"pcma\", \"pcmu\"]", "[\"g722\", \"pcma\", \"pcmu\"]")),
        (Phone, "ptime", |text| text.replace("\"50 ms\"", "\"60 ms\"")),
        (Phone, "jitter", |text| text.replace("40-60 ms", "40-70 ms")),
        (Phone, "jitter_mode", |text| {
            text.replacen("jitter_mode = \"adaptive\"", "jitter_mode = \"fixed\"", 1)
        }),
        (Phone, "disconnect", |text| text.replace("cpc 600 ms", "cpc 700 ms")),
        (Phone, "gain_in", |text| text.replace("-1 dB", "-3 dB")),
        (Phone, "gain_out", |text| text.replace("\"2 dB\"", "\"-2 dB\"")),
        (Phone, "agc", |text| text.replace("\"off\"", "\"in\"")),
        (Phone, "dtmf_profile", |text| text.replace("\"denmark\"", "\"brazil\"")),
        (Phone, "dtmf_level", |text| text.replace("-35 dBm0", "-41 dBm0")),
        (Phone, "dtmf_twist", |text| text.replace("9 dB", "6 dB")),
        (Phone, "impedance", |text| text.replace("\"600\"", "\"270 + 750 || 150n\"")),
        (Phone, "level_in", |text| text.replacen("\"-2 dBr\"", "\"-3 dBr\"", 1)),
        (Phone, "level_out", |text| text.replacen("\"-8 dBr\"", "\"-9 dBr\"", 1)),
        (Phone, "ring", |text| text.replace("1000/3000 ms", "1000/3500 ms")),
        (Phone, "ring_frequency", |text| text.replace("\"25 Hz\"", "\"50 Hz\"")),
        (Phone, "ring_level", |text| text.replace("\"70 V\"", "\"80 V\"")),
        (Phone, "pulse_digits", |text| text.replace("\"sweden\"", "\"new-zealand\"")),
        (Phone, "tone_dial", |text| text.replace("tone_dial = \"425\"", "tone_dial = \"450\"")),
        (Phone, "tone_stutter", |text| text.replace("425 500/50 ms", "425 400/40 ms")),
        (Phone, "tone_ringback", |text| text.replacen("400*25 1000/4000 ms", "400*20 1000/4000 ms", 1)),
        (Phone, "tone_busy", |text| text.replacen("425 480/480 ms", "425 500/500 ms", 1)),
        (Phone, "tone_congestion", |text| text.replacen("425 240/240 ms", "425 200/200 ms", 1)),
        (Phone, "tone_waiting", |text| text.replace("425 200/9000 ms", "425 200/8000 ms")),
        (Phone, "echo_tail", |text| text.replace("16 ms", "64 ms")),
        (Sip, "password", |text| text.replace("pass-s", "pass-t")),
        (Sip, "password_file", |text| {
            text.replace("[sip.202]\npassword_file = \"pw\"", "[sip.202]\npassword_file = \"pw2\"")
        }),
        (Sip, "passwords", |text| {
            text.replace("[sip.203]\npasswords = \"pws\"", "[sip.203]\npasswords = \"pws2\"")
        }),
        (Sip, "name", |text| text.replace("\"Soft\"", "\"Hard\"")),
        (Sip, "may_call", |text| text.replace("\"national\"", "\"internal\"")),
        (Sip, "may_call_night", |text| {
            text.replace("may_call_night = \"internal\"", "may_call_night = \"local\"")
        }),
        (Sip, "night_hours", |text| text.replace("22:00-06:00", "23:00-06:00")),
        (Line, "port", swap_lines),
        (Line, "name", |text| text.replace("\"l\"", "\"m\"")),
        (Line, "rings", |text| {
            text.replace("name = \"l\"\nrings = \"101\"", "name = \"l\"\nrings = [\"102\", \"a:17\"]")
        }),
        (Line, "ring_time", |text| text.replace("25 s", "26 s")),
        (Line, "fallback", |text| text.replace("fallback = \"102\"", "fallback = \"103\"")),
        (Line, "night", |text| text.replace("night = \"102\"", "night = \"lines:15550142\"")),
        (Line, "night_hours", |text| text.replace("18:00", "19:00")),
        (Line, "caller_id", |text| text.replace("\"bellcore\"", "\"ntt\"")),
        (Line, "rings_before", |text| text.replace("rings_before = 3", "rings_before = 4")),
        (Line, "dialling", |text| text.replace("\"dtmf\"", "\"pulse\"")),
        (Line, "dial_when", |text| text.replace("dial tone or 4 s", "pause 1 s")),
        (Line, "suffix", |text| text.replace("\"#\"", "\"##\"")),
        (Line, "flash", |text| text.replace("450 ms", "460 ms")),
        (Line, "guard", |text| text.replace("1500 ms", "1600 ms")),
        (Line, "answer", |text| text.replace("\"at once\"", "\"voice\"")),
        (Line, "disconnect", |text| text.replace("[\"cpc 250 ms\", \"tones\"]", "\"silence 60 s\"")),
        (Line, "learned", |text| text.replace("300/300", "350/350")),
        (Line, "disa", |text| text.replace("disa = \"all\"", "disa = \"local\"")),
        (Line, "disa_pin", |text| text.replace("4711", "4712")),
        (Line, "disa_pin_file", |text| text.replace("\"pin\"", "\"pin2\"")),
        (Line, "start", |text| text.replace("start = \"loop\"\nimp", "start = \"ground\"\nimp")),
        (Line, "impedance", |text| text.replace("\"900\"", "\"600 + 2.16u\"")),
        (Line, "level_in", |text| text.replace("\"1 dBr\"", "\"2 dBr\"")),
        (Line, "level_out", |text| text.replace("\"-4 dBr\"", "\"-5 dBr\"")),
        (Line, "tone_dial", |text| text.replace("\"400\"", "\"420\"")),
        (Line, "tone_ringback", |text| text.replace("400 1000/4000 ms", "400 1000/3000 ms")),
        (Line, "tone_busy", |text| text.replace("400 500/500 ms", "400 375/375 ms")),
        (Line, "tone_congestion", |text| text.replace("400 250/250 ms", "400 200/200 ms")),
        (Line, "gain_in", |text| text.replace("-4 dB", "-5 dB")),
        (Line, "gain_out", |text| text.replace("\"4 dB\"", "\"5 dB\"")),
        (Line, "agc", |text| text.replace("\"both\"", "\"in\"")),
        (Line, "echo_tail", |text| text.replace("48 ms", "96 ms")),
        (Line, "in_use_below", |text| text.replace("18 V", "19 V")),
        (Line, "dead_below", |text| text.replace("4 V", "5 V")),
        (Line, "codecs", |text| text.replace("[\"pcmu\", \"pcma\"]", "[\"g722\", \"pcma\"]")),
        (Line, "ptime", |text| text.replace("\"10 ms\"", "\"20 ms\"")),
        (Line, "jitter", |text| text.replace("50-60 ms", "50-70 ms")),
        (Line, "jitter_mode", |text| {
            text.replace("jitter_mode = \"adaptive\"\n[line.2]", "jitter_mode = \"fixed\"\n[line.2]")
        }),
        (Group, "name", |text| text.replace("\"Sales\"", "\"Service\"")),
        (Group, "members", |text| text.replace("\"101-103\"", "\"103\"")),
        (Group, "hunt", |text| text.replace("linear\"\nring", "simultaneous\"\nring")),
        (Group, "ring_time", |text| text.replace("\"15 s\"", "\"16 s\"")),
        (Group, "busy", |text| text.replace("busy = \"102\"", "busy = \"announcement\"")),
        (Group, "no_answer", |text| {
            text.replace("no_answer = \"102\"\n[dial]", "no_answer = \"a:700\"\n[dial]")
        }),
        (Route, "via", |text| text.replace("[\"a\", \"b\"]", "\"b\"")),
        (Route, "on", |text| text.replace("on = \"busy\"", "on = \"absent\"")),
        (Route, "called_out", |text| text.replace("<9:>x.\"\ncaller_out", "<8:>x.\"\ncaller_out")),
        (Route, "caller_out", |text| text.replace("<8:1>", "<8:2>")),
        (Server, "called_out", |text| text.replace("<00:+>", "<00:++>")),
        (Server, "caller_out", |text| text.replace("<:1>xxx\"\ncalled_in", "<:2>xxx\"\ncalled_in")),
        (Server, "called_in", |text| text.replace("<1:>xxx", "<1:2>xxx")),
        (Server, "caller_in", |text| text.replace("<+:00>", "<+:01>")),
        (Line, "called_out", |text| text.replace("<:1>xxxxxxx", "<:2>xxxxxxx")),
        (Line, "caller_in", |text| text.replace("<:9>", "<:8>")),
        (Dial, "PATTERN", |text| text.replace("[dial]\n\"0\" = \"101\"", "[dial]\n\"0\" = \"102\"")),
        (Offline, "PATTERN", |text| text.replace("[offline]\n\"0\" = \"101\"", "[offline]\n\"0\" = \"102\"")),
        (Emergency, "via", |text| text.replace("via = \"a\"", "via = \"b\"")),
        (Emergency, "notify", |text| text.replace("notify = \"101\"", "notify = \"a:200\"")),
        (Emergency, "callback", |text| text.replace("15550100", "15550101")),
        (Syslog, "address", |text| text.replace("10.0.0.9:6514", "10.0.0.9:6515")),
        (Syslog, "transport", |text| text.replace("\"tls\"", "\"tcp\"")),
        (Syslog, "ca_file", |text| text.replace("\"ca.pem\"", "\"own.pem\"")),
        (Syslog, "details", |text| text.replace("details = false", "details = true")),
        (Web, "listen", |text| text.replace("\"10.0.0.3\"", "\"10.0.0.4\"")),
        (Web, "certificate", |text| text.replace("\"web.crt\"", "\"own.crt\"")),
        (Web, "key", |text| text.replace("\"web.key\"", "\"own.key\"")),
        (Web, "allow", |text| text.replace("\"10.0.0.0/24\"", "\"10.0.1.0/24\"")),
        (Web, "names", |text| text.replace("\"gw.example.net\"", "\"gw2.example.net\"")),
    ]
}

#[test]
fn every_key_of_this_version_has_a_case() {
    let cases = cases();
    for key in keys().iter().filter(|key| key.later.is_none()) {
        let found = cases.iter().filter(|(place, name, _)| (*place, *name) == (key.place, key.name)).count();
        assert_eq!(found, 1, "{:?} {}", key.place, key.name);
    }
}

#[test]
fn every_key_acts_when_its_class_says_and_calls_go_on() {
    for (place, name, edit) in cases() {
        let key = keys().iter().find(|key| (key.place, key.name) == (place, name)).unwrap();
        let text = edit(FULL);
        assert_ne!(text, FULL, "{place:?} {name}");
        // What it comes to where nobody talks.
        let mut idle = House::new(FULL);
        let before = idle.control.site().clone();
        idle.edit(&text);
        let target = idle.control.site().clone();
        let same = |site: &tipring_gateway::Site| {
            let mut site = site.clone();
            site.revision = before.revision;
            site == before
        };

        let mut house = House::talking(FULL);
        house.edit(&text);
        let told = format!("{place:?} {name}: {:?}", house.status().waiting);
        assert_eq!(house.status().revision, 2, "{told}");
        assert_eq!(house.states(), ["talking"], "{told}");
        assert_eq!(house.line_commands(), [], "nothing is ordered of a line in a call: {told}");
        match key.apply {
            Apply::Live => {
                // The web page is no part of what control runs: who serves it takes it at once.
                assert_eq!(same(&target), place == Place::Web, "{told}");
                assert_eq!(*house.control.site(), target, "{told}");
                assert_eq!((house.status().waiting.len(), house.profiled().len()), (0, 0), "{told}");
                assert!(house.status().next_start.is_empty(), "{told}");
            }
            Apply::WhenIdle => {
                // The outside lines are idle, and a port of theirs is taken at once.
                let subject = if place == Place::Line { "line 1 l" } else { "101 Desk" };
                let waits =
                    |house: &House| house.status().waiting.iter().any(|line| line.starts_with(subject));
                assert!(waits(&house) || (place, name) == (Place::Line, "port"), "{told}");
                assert!(house.status().next_start.is_empty(), "{told}");
                house.hang_up();
                house.take_profiles();
                assert_eq!(*house.control.site(), target, "{told}");
                assert!(house.status().waiting.is_empty(), "{told} then {:?}", house.status().waiting);
                assert!(!same(&target), "{told}");
            }
            Apply::NextStart => {
                assert!(same(house.control.site()) && house.status().waiting.is_empty(), "{told}");
                let told_next = house.status().next_start;
                let is_it = |path: &String| path == name || path.ends_with(&format!(".{name}"));
                assert!(told_next.len() == 1 && told_next.iter().all(is_it), "{told} {told_next:?}");
            }
        }
    }
}

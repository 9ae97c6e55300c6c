//! The demo as a person uses it: the real binary, four telephones, every command.

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Demo, Dir, stderr, stdout, tipring};
use nix::sys::signal::Signal;

#[test]
fn two_telephones_call_talk_and_leave_a_record() {
    let demo = Demo::start("call");
    assert!(demo.process.shows("Four telephones").contains("Nothing leaves this machine"));
    let sip = demo.process.shows("SIP phone:");
    assert!(sip.contains("127.0.0.1:") && sip.contains("user 201  password "), "{sip}");
    assert!(demo.process.shows("Terminal:").contains("phone 101 off-hook"));

    demo.hears_line("101", "silence");
    demo.phone("101", &["off-hook"]);
    demo.hears_line("101", "dial-tone");
    demo.phone("101", &["dial", "102"]);
    demo.hears_line("102", "ringing");
    let caller = demo.hears("102", "the caller", |line| line.starts_with("caller "));
    assert!(caller.starts_with("caller 101 \"Phone 101\" "), "{caller}");
    demo.hears_line("101", "ringback");
    demo.phone("sim/2", &["off-hook"]);
    demo.process.shows("call 1 answered");
    demo.hears_line("101", "silence");

    // The country takes 3 dB outward and nothing inward, each loop of 300 ohm 1.9 dB: the tone arrives 7 dB softer.
    let tone = |line: &str| line.starts_with("tone ");
    demo.phone("101", &["say", "tone:1004:-10"]);
    let heard = demo.hears("102", "the tone", tone);
    assert_tone(&heard, 1004.0, -17.0);
    demo.phone("101", &["hush"]);
    demo.phone("102", &["say", "tone:404:-20"]);
    let heard = demo.hears("101", "the tone", tone);
    assert_tone(&heard, 404.0, -27.0);
    demo.phone("102", &["say", "voice:3"]);
    demo.hears_line("101", "speech");

    let status = demo.ask(&["status"]);
    assert!(status.contains("phones 4: 2 idle, 2 talking"), "{status}");
    assert!(status.lines().any(|line| line.starts_with("101 Phone 101  00:0") && line.ends_with(" to 102")));
    let json: serde_json::Value = serde_json::from_str(&demo.ask(&["status", "--json"])).unwrap();
    assert_eq!(json["calls"][0]["from"], "101");
    assert_eq!(json["lines"][1]["state"], "talking");
    assert!(demo.ask(&["status", "102"]).starts_with("102 Phone 102 (sim/2): talking"));

    demo.phone("101", &["on-hook"]);
    let ended = demo.process.shows("call 1 ended");
    assert!(ended.contains("normal clearing (16), by caller, 00:"), "{ended}");
    demo.hears_line("102", "reorder");
    demo.phone("102", &["on-hook"]);
    demo.process.shows("102 on-hook");

    let calls = demo.ask(&["calls"]);
    assert!(calls.contains("101 -> 102  00:") && calls.contains("by caller"), "{calls}");
    let record: serde_json::Value = serde_json::from_str(demo.ask(&["calls", "--json"]).trim()).unwrap();
    assert_eq!(
        (&record["from"], &record["dialled"], &record["cause"]),
        (&"101".into(), &"102".into(), &16.into())
    );
    assert_eq!((&record["from_port"], &record["to_port"]), (&"sim/1".into(), &"sim/2".into()));
    assert!(record["answered"].as_u64().unwrap() > record["started"].as_u64().unwrap());
}

/// `tone 1004 Hz -17 dBm0` within 1 % and 1.5 dB.
fn assert_tone(heard: &str, hertz: f32, dbm0: f32) {
    let words: Vec<&str> = heard.split_whitespace().collect();
    let (frequency, level): (f32, f32) = (words[1].parse().unwrap(), words[3].parse().unwrap());
    assert!((frequency - hertz).abs() < hertz / 100.0, "{heard}");
    assert!((level - dbm0).abs() <= 1.5, "{heard}, expected {dbm0} dBm0");
}

#[test]
fn nine_gives_the_exchange_and_a_subscriber_calls_in_with_his_name() {
    let demo = Demo::start("outside");
    assert!(demo.process.shows("Four telephones").contains("one outside line (dial 9)"));
    demo.phone("102", &["off-hook"]);
    demo.hears_line("102", "dial-tone");
    demo.phone("102", &["dial", "9"]);
    demo.process.shows("call 1");
    demo.hears_line("102", "dial-tone");
    let status = demo.ask(&["status"]);
    assert!(status.contains("lines 1: "), "{status}");
    demo.phone("102", &["dial", "5550177"]);
    demo.hears_line("5550177", "ringing");
    demo.hears_line("102", "ringback");
    demo.phone("5550177", &["off-hook"]);
    demo.phone("5550177", &["say", "tone:1004:-10"]);
    demo.hears("102", "the tone", |line| line.starts_with("tone 1004 Hz"));
    demo.phone("102", &["say", "tone:404:-20"]);
    demo.hears("5550177", "the tone", |line| line.starts_with("tone 404 Hz"));
    demo.phone("5550177", &["on-hook"]);
    demo.process.shows("call 1 ended");
    demo.hears_line("102", "reorder");
    demo.phone("102", &["on-hook"]);
    demo.process.shows("line 1 on-hook");

    // An exchange takes its time to clear: whoever calls too soon hears busy.
    let gets_through = || {
        demo.phone("5550177", &["dial", "1"]);
        let is_told = |line: &str| line == "busy" || line == "ringback";
        let told = demo.hears("5550177", "how its call goes", is_told);
        if told == "busy" {
            demo.phone("5550177", &["on-hook"]);
            return Err(());
        }
        Ok(())
    };
    common::until_ok(gets_through).expect("the line is free in the end");
    demo.hears_line("104", "ringing");
    let caller = demo.hears("104", "the caller", |line| line.starts_with("caller "));
    assert!(caller.starts_with("caller 5550177 \"MARY\" "), "{caller}");
    demo.phone("104", &["off-hook"]);
    demo.process.shows("call 2 answered");
    demo.phone("5550177", &["say", "voice:60"]);
    demo.hears_line("104", "speech");
    demo.phone("104", &["on-hook"]);
    demo.process.shows("call 2 ended");
    let calls = demo.ask(&["calls"]);
    assert!(calls.contains("5550177"), "{calls}");
    let rests = || {
        let lines = demo.ask(&["lines"]);
        let is_idle = |line: &str| line.starts_with("sim/5  FXO  line 1  idle") && line.ends_with("  48 V");
        if lines.lines().any(is_idle) { Ok(()) } else { Err(lines) }
    };
    common::until_ok(rests).unwrap_or_else(|lines| panic!("the outside line does not rest:\n{lines}"));
}

#[test]
fn a_busy_telephone_gives_busy_and_an_unknown_number_does_not_ring() {
    let demo = Demo::start("busy");
    demo.phone("102", &["off-hook"]);
    demo.hears_line("102", "dial-tone");
    demo.phone("101", &["off-hook"]);
    demo.hears_line("101", "dial-tone");
    // By rotary dial: the pulses are counted, not heard.
    demo.phone("101", &["dial", "102", "--pulse"]);
    demo.process.shows("101 dialled 102");
    demo.hears_line("101", "busy");
    let log = demo.ask(&["log", "-v", "101"]);
    assert!(log.contains("101 counted pulses for 2"), "{log}");
    assert!(log.contains("call 1 ended: busy (17)"), "{log}");
    assert!(!demo.ask(&["log", "103"]).contains("101"));
}

#[test]
fn the_balance_of_a_line_is_measured_while_its_receiver_is_lifted() {
    let demo = Demo::start("balance");
    let on_hook = demo.command(&["line", "balance", "101"]);
    assert_eq!(on_hook.status.code(), Some(2));
    assert!(stderr(&on_hook).contains("101 is on-hook") && stderr(&on_hook).contains("Lift the receiver"));
    let unknown = demo.command(&["line", "balance", "sim/9"]);
    assert!(
        stderr(&unknown).contains("There is no line sim/9. There are 101 (sim/1), "),
        "{}",
        stderr(&unknown)
    );
    demo.phone("101", &["off-hook"]);
    demo.hears_line("101", "dial-tone");
    let measured = demo.command(&["line", "balance", "1"]);
    let told = stdout(&measured);
    // 600 ohm + 2.16 uF behind a cable with a capacitance: complex networks come nearest.
    assert!(told.starts_with("101 (sim/1), echo return loss under each network:\n"), "{told}");
    assert!(told.lines().nth(2).is_some_and(|best| best.starts_with("  200 + 680 || 100n ")), "{told}");
    assert!(told.contains("  600  ") && told.contains(" <- set now"), "{told}");
    assert!(told.contains("To set it write impedance = \"200 + 680 || 100n\" in [phone.101]."), "{told}");
    assert_eq!(measured.status.code(), Some(1), "something is to be done");
    demo.hears_line("101", "dial-tone");
}

#[test]
fn the_line_of_a_telephone_is_tested_while_nobody_uses_it() {
    let demo = Demo::start("line-test");
    let tested = demo.command(&["line", "test", "102"]);
    let told = stdout(&tested);
    assert!(told.starts_with("102 (sim/2): the line is good.\n"), "{told}{}", stderr(&tested));
    for row in
        ["battery 48.0 V", "foreign voltage 0.0 V DC, 0.0 V AC", "receiver on the hook", "ringers 1.0 REN"]
    {
        assert!(told.contains(&format!("  passed        {row}")), "{row}: {told}");
    }
    assert_eq!(tested.status.code(), Some(0));
    demo.phone("102", &["off-hook"]);
    demo.hears_line("102", "dial-tone");
    let in_use = demo.command(&["line", "test", "sim/2"]);
    assert_eq!(in_use.status.code(), Some(2));
    assert!(stderr(&in_use).contains("102 is in use; test it when it is idle."), "{}", stderr(&in_use));
}

#[test]
fn a_recording_is_spoken_once() {
    let demo = Demo::start("recording");
    demo.talk();
    // A second and a half of 1000 Hz, 8 samples a period.
    let period = [0_i16, 2828, 4000, 2828, 0, -2828, -4000, -2828];
    let raw: Vec<u8> = period.iter().cycle().take(12_000).flat_map(|sample| sample.to_le_bytes()).collect();
    let file = demo.dir.path().join("thousand.raw");
    std::fs::write(&file, raw).unwrap();
    demo.phone("101", &["say", file.to_str().unwrap()]);
    // RMS 2828 is 15.1 dB below the RMS of 0 dBm0; 7 dB are lost on the way, as above.
    assert_tone(&demo.hears("102", "the recording", |line| line.starts_with("tone ")), 1000.0, -22.1);
    demo.hears_line("102", "silence");
    let missing = demo.command(&["phone", "101", "say", "nothing.wav"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("no such recording"), "{}", stderr(&missing));
}

#[test]
fn followers_see_calls_and_log_as_they_happen() {
    let demo = Demo::start("follow");
    let dir = demo.dir.path().to_str().unwrap().to_owned();
    let log = common::Process::start(&["--dir", &dir, "log", "-f"]);
    log.shows("configuration 1 in force");
    let calls = common::Process::start(&["--dir", &dir, "calls", "-f"]);
    demo.talk();
    log.shows("101 dialled 102");
    log.shows("call 1: 101 -> 102 ringing");
    demo.phone("102", &["on-hook"]);
    log.shows("call 1 ended: normal clearing (16), by called");
    calls.shows("101 -> 102  00:");
    let seen = log.lines().iter().filter(|line| line.contains("call 1 answered")).count();
    assert_eq!(seen, 1, "each line once");
}

#[test]
fn sigterm_releases_calls_keeps_their_records_and_leaves_no_socket() {
    let mut demo = Demo::start("stop");
    demo.talk();
    demo.process.signal(Signal::SIGTERM);
    assert_eq!(demo.process.ends(), Some(0));
    assert!(demo.process.lines().iter().any(|line| line.contains("call 1 ended: the gateway stops (41)")));
    assert!(!demo.dir.path().join("control.sock").exists());

    let gone = demo.command(&["status"]);
    assert_eq!(gone.status.code(), Some(2));
    assert!(
        stderr(&gone).contains("No gateway runs here") && stderr(&gone).contains("demo"),
        "{}",
        stderr(&gone)
    );
    // What is kept can be read without a gateway.
    let calls = demo.command(&["calls"]);
    assert!(stdout(&calls).contains("101 -> 102"), "{}", stderr(&calls));
    assert!(stdout(&demo.command(&["log"])).contains("stopped"));
}

#[test]
fn a_killed_gateway_is_followed_by_a_new_one_with_its_records() {
    let mut demo = Demo::start("killed");
    demo.talk();
    demo.phone("101", &["on-hook"]);
    demo.process.shows("call 1 ended");
    common::until("the record is kept", || demo.ask(&["calls"]).contains("101 -> 102").then_some(()));
    demo.process.signal(Signal::SIGKILL);
    demo.process.ends();
    let Demo { dir, process } = demo;
    assert!(dir.path().join("control.sock").exists(), "a killed process cleans nothing up");
    drop(process);
    let demo = Demo::start_in(dir);
    assert!(demo.ask(&["calls"]).contains("101 -> 102"));
}

#[test]
fn a_second_gateway_on_the_same_directory_is_refused() {
    let demo = Demo::start("second");
    let second = demo.command(&["demo", "--sip", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    let told = stderr(&second);
    assert!(told.contains("already runs") && told.contains("--dir"), "{told}");
    assert_eq!(demo.command(&["status"]).status.code(), Some(0), "the first is unharmed");
}

#[test]
fn a_taken_sip_address_is_passed_over_and_told() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let dir = Dir::new("taken");
    let process = common::Process::start(&[
        "--dir",
        dir.path().to_str().unwrap(),
        "demo",
        "--sip",
        &address.to_string(),
    ]);
    let line = process.shows("SIP phone:");
    assert!(line.contains(&format!("({} is taken)", address.port())), "{line}");
}

#[test]
fn what_cannot_be_done_is_told_with_what_can() {
    let demo = Demo::start("wrong");
    for (arguments, told) in [
        (&["phone", "999", "hear"][..], "There are 101 (sim/1), 102 (sim/2)"),
        (&["phone", "101", "dial", "1x2"], "cannot dial 'x'"),
        (&["phone", "101", "dial", "*1", "--pulse"], "cannot dial '*'"),
        (&["phone", "101", "flash", "60000"], "a flash is 1 to 5000 ms"),
        (&["phone", "101", "say", "tone:9999"], "20 to 4000 Hz"),
        (&["status", "555"], "There is no telephone or line 555"),
    ] {
        let output = demo.command(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(told), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn the_control_socket_is_private_and_survives_nonsense() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    let demo = Demo::start("socket");
    let path = demo.dir.path().join("control.sock");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let ask = |bytes: &[u8]| {
        let mut stream = UnixStream::connect(&path).unwrap();
        // It may have heard enough before all is written.
        let _ = stream.write_all(bytes);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    assert!(ask(b"hello\n").contains("no question"));
    assert!(ask(&[0xff; 100_000]).len() < 500);
    assert!(ask(b"{\"version\":77,\"ask\":{}}\n").contains("version 1"));
    let idle: Vec<UnixStream> = (0..40).map(|_| UnixStream::connect(&path).unwrap()).collect();
    assert!(demo.ask(&["status"]).contains("phones 4"));
    drop(idle);
}

#[test]
fn commands_without_a_gateway_say_what_to_start() {
    let dir = Dir::new("nobody");
    let output = tipring(&["--dir", dir.path().to_str().unwrap(), "phone", "101", "off-hook"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.contains("No gateway runs here") && told.contains("run --config FILE"), "{told}");
}

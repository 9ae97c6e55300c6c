//! Kamailio as registrar and proxy with digest: registrations, calls through it both ways, wrong passwords.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::baresip::{Baresip, Setup};
use crate::common::Dir;
use crate::gateway::{Gateway, number_of, text_of};
use crate::kamailio::Kamailio;
use crate::program::is_installed;

/// From the wire to a telephone's ear: the country's 3 dB and the loop.
const IN_DB: f64 = -4.8;
const OUT_DB: f64 = -1.8;

fn far_phone(server: &Kamailio, name: &str) -> Baresip {
    let domain = server.sip.to_string();
    let setup = Setup {
        user: "5551234",
        domain: &domain,
        account: ";auth_pass=pw-5551234;regint=60",
        ..Setup::default()
    };
    let mut far = Baresip::start(name, setup);
    far.shows("[1 binding]");
    far
}

#[test]
fn the_gateway_registers_and_calls_go_through_the_proxy_both_ways() {
    if !is_installed("kamailio") || !is_installed("baresip") {
        return;
    }
    let server = Kamailio::start("proxy-k");
    let mut far = far_phone(&server, "proxy-b");
    let body = format!(
        "[server.proxy]\naddress = \"{}\"\nuser = \"100\"\npassword = \"pw-100\"\nrings = \"101\"\n\
         [phone.101-102]\nport = \"sim/1-2\"\nname = \"Phone {{number}}\"\n",
        server.sip
    );
    let gateway = Gateway::start("proxy", &body);
    gateway.status_shows("1/1 registered");

    // Out: Kamailio asks for the password of the call too.
    gateway.dials("101", "5551234");
    far.sees(&["CALL_INCOMING"]);
    gateway.hears("101", "ringback");
    far.tell("accept", "");
    far.sees(&["CALL_ESTABLISHED"]);
    gateway.hears_tone("101", 700.0, -15.0 + IN_DB);
    gateway.phone("101", &["say", "tone:1004:-10"]);
    far.hears_tone(1004.0, -10.0 + OUT_DB, 1000);
    gateway.phone("101", &["hush"]);
    gateway.phone("101", &["on-hook"]);
    far.sees(&["CALL_CLOSED"]);
    let record = gateway.record(1);
    assert_eq!(
        (number_of(&record, "cause"), text_of(&record, "by"), text_of(&record, "went_by")),
        (Some(16), "caller", "proxy"),
        "{record}"
    );

    // In: by the gateway's registered name; the far end hangs up.
    far.tell("dial", &format!("sip:100@{}", server.sip));
    gateway.hears("101", "ringing");
    let caller = gateway.hears_which("101", "the caller", |line| line.starts_with("caller "));
    assert!(caller.starts_with("caller 5551234 "), "{caller}");
    gateway.phone("101", &["off-hook"]);
    far.sees_times(&["CALL_ESTABLISHED"], 2);
    gateway.hears_tone("101", 700.0, -15.0 + IN_DB);
    gateway.phone("101", &["say", "tone:1004:-10"]);
    far.hears_tone(1004.0, -10.0 + OUT_DB, 1000);
    far.tell("hangup", "");
    gateway.hears("101", "reorder");
    gateway.phone("101", &["on-hook"]);
    let record = gateway.record(2);
    assert_eq!(
        (number_of(&record, "cause"), text_of(&record, "by"), text_of(&record, "came_by")),
        (Some(16), "caller", "proxy"),
        "{record}"
    );
}

#[test]
fn each_phone_registers_with_its_own_password_and_a_wrong_one_is_told() {
    if !is_installed("kamailio") || !is_installed("baresip") {
        return;
    }
    let server = Kamailio::start("rooms-k");
    let mut far = far_phone(&server, "rooms-b");
    let dir = Dir::new("rooms");
    let file = dir.file("rooms.csv", "101,pw-101\n102,guess\n103,pw-103\n");
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    let body = format!(
        "[server.proxy]\naddress = \"{}\"\ntransport = \"tcp\"\npasswords = \"rooms.csv\"\n\
         [phone.101-103]\nport = \"sim/1-3\"\nname = \"Room {{number}}\"\n",
        server.sip
    );
    let gateway = Gateway::start_in(dir, &body, 100, &[]);
    gateway.status_shows("2/3 registered");
    let status = gateway.status_shows("NEEDS YOU");
    let alarm = status.lines().next().unwrap();
    assert!(alarm.contains("102") && alarm.contains("password"), "{status}");
    assert!(status.lines().nth(1).unwrap().contains("Next: "), "{status}");
    assert_eq!(gateway.command(&["status"]).status.code(), Some(1));

    far.tell("dial", &format!("sip:103@{}", server.sip));
    gateway.hears("103", "ringing");
    gateway.phone("103", &["off-hook"]);
    far.sees(&["CALL_ESTABLISHED"]);
    gateway.hears_tone("103", 700.0, -15.0 + IN_DB);
    gateway.phone("103", &["on-hook"]);
    far.sees(&["CALL_CLOSED"]);
    let record = gateway.record(1);
    assert_eq!((number_of(&record, "cause"), text_of(&record, "by")), (Some(16), "called"), "{record}");

    gateway.dials("101", "5551234");
    far.sees_times(&["CALL_INCOMING"], 1);
    far.sees(&["CALL_INCOMING", "Room 101"]);
    far.tell("hangup", "");
    gateway.hears("101", "busy");
    gateway.phone("101", &["on-hook"]);
    gateway.record(2);
}

#[test]
fn a_gateway_that_stops_releases_its_calls_and_deregisters() {
    if !is_installed("kamailio") || !is_installed("baresip") {
        return;
    }
    let server = Kamailio::start("stop-k");
    let mut far = far_phone(&server, "stop-b");
    let body = format!(
        "[server.proxy]\naddress = \"{}\"\nuser = \"100\"\npassword = \"pw-100\"\nrings = \"101\"\n\
         [phone.101]\nport = \"sim/1\"\n",
        server.sip
    );
    let mut gateway = Gateway::start("stop", &body);
    gateway.status_shows("1/1 registered");
    gateway.dials("101", "5551234");
    far.sees(&["CALL_INCOMING"]);
    far.tell("accept", "");
    far.sees(&["CALL_ESTABLISHED"]);
    gateway.logs("call 1 answered");
    let began = Instant::now();
    gateway.stops();
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    far.sees(&["CALL_CLOSED"]);
    let records = gateway.records();
    assert_eq!((records.len(), text_of(&records[0], "by")), (1, "gateway"), "{records:?}");
    // Kamailio does not know it any more.
    far.tell("dial", &format!("sip:100@{}", server.sip));
    far.sees(&["CALL_CLOSED", "404"]);
}

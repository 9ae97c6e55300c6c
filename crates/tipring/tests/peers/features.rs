//! What people do with calls, beside real peers: forward, a call that waits, messages that wait, and transfer. Each is
//! held against what the peer saw: its trace of SIP, what it heard, or SIPp's exit code.

use crate::baresip::{Baresip, Setup};
use crate::gateway::{Gateway, free_port, number_of, text_of};
use crate::kamailio::Kamailio;
use crate::measure;
use crate::program::is_installed;
use crate::rtp::RtpPeer;
use crate::sipp::{Sipp, received};
use crate::steady::in_time;

/// From the wire to a telephone's ear: the country's 3 dB and the loop.
const IN_DB: f64 = -4.8;
/// What SIPp and the far ends play.
const LEVEL: f64 = -15.0;
/// A tone that is no key's and not SIPp's.
const FAR_HZ: f64 = 520.0;
const SIPP_HZ: f64 = 700.0;

/// A telephone at Kamailio that tells what it sends and receives.
fn far_phone(server: &Kamailio, name: &str, user: &str, hertz: f64) -> Baresip {
    let domain = server.sip.to_string();
    let account = format!(";auth_pass=pw-{user};regint=60");
    let setup = Setup {
        user,
        domain: &domain,
        account: &account,
        tone: (hertz, LEVEL),
        traces: true,
        ..Setup::default()
    };
    let mut far = Baresip::start(name, setup);
    far.shows("[1 binding]");
    far
}

/// A gateway at Kamailio, registered, with telephones 101 and 102; `phone` is about them.
fn beside(server: &Kamailio, name: &str, phone: &str) -> Gateway {
    beside_with(server, name, "", phone)
}

/// The same, `own` is about the server.
fn beside_with(server: &Kamailio, name: &str, own: &str, phone: &str) -> Gateway {
    let body = format!(
        "[server.proxy]\naddress = \"{}\"\nuser = \"100\"\npassword = \"pw-100\"\nrings = \"101\"\n{own}\
         [phone.101-102]\nport = \"sim/1-2\"\nname = \"Phone {{number}}\"\n{phone}",
        server.sip
    );
    let gateway = Gateway::start(name, &body);
    gateway.status_shows("1/1 registered");
    gateway
}

fn all_installed(programs: &[&str]) -> bool {
    programs.iter().all(|program| is_installed(program))
}

#[test]
fn a_forwarded_call_arrives_through_the_proxy_and_tells_who_sent_it_on() {
    if !all_installed(&["kamailio", "baresip", "sipp"]) {
        return;
    }
    let server = Kamailio::start("forward-k");
    let mut far = far_phone(&server, "forward-b", "5551234", FAR_HZ);
    let gateway = beside(&server, "forward", "forward = \"5551234\"\n");
    let sipp = Sipp::call("caller", gateway.sip, "101");
    let call = far.sees(&["CALL_INCOMING"]);
    let diversion = far.shows("Diversion:");
    assert!(diversion.contains("<sip:101@") && diversion.contains("reason=unconditional"), "{diversion}");
    let history = far.shows("History-Info:");
    assert!(history.contains("sip:101@"), "{history}");
    assert!(call.contains("\"peerdisplayname\":\"Caller\""), "the caller stays who calls: {call}");
    far.tell("accept", "");
    far.sees(&["CALL_ESTABLISHED"]);
    far.hears_tone(SIPP_HZ, LEVEL, 1000);
    gateway.hears("101", "silence");
    far.tell("hangup", "");
    sipp.succeeds();
    let record = gateway.record(1);
    assert_eq!(
        (number_of(&record, "cause"), text_of(&record, "from"), text_of(&record, "went_by")),
        (Some(16), "5550100", "proxy"),
        "{record}"
    );
}

#[test]
fn a_server_is_told_by_302_where_a_forwarded_call_goes_and_the_gateway_is_out_of_it() {
    if !all_installed(&["kamailio", "baresip"]) {
        return;
    }
    let server = Kamailio::start("moved-k");
    let mut caller = far_phone(&server, "moved-b", "5551234", FAR_HZ);
    let mut target = far_phone(&server, "moved-c", "5552222", 620.0);
    let gateway = beside_with(&server, "moved", "forwards = \"server\"\n", "forward = \"5552222\"\n");
    caller.tell("dial", &format!("sip:100@{}", server.sip));
    target.sees(&["CALL_INCOMING"]);
    let diversion = target.shows("Diversion:");
    assert!(diversion.contains("<sip:101@") && diversion.contains("reason=unconditional"), "{diversion}");
    target.tell("accept", "");
    caller.sees(&["CALL_ESTABLISHED"]);
    caller.hears_tone(620.0, LEVEL, 1000);
    target.hears_tone(FAR_HZ, LEVEL, 1000);
    // While these two talk the gateway has no call: its record is written.
    let record = gateway.record(1);
    assert_eq!((number_of(&record, "cause"), text_of(&record, "from")), (Some(23), "5551234"), "{record}");
    caller.tell("hangup", "");
    target.sees(&["CALL_CLOSED"]);
}

#[test]
fn a_call_follows_the_302_of_its_server() {
    if !all_installed(&["kamailio", "baresip"]) {
        return;
    }
    let server = Kamailio::start("follow-k");
    let mut far = far_phone(&server, "follow-b", "5551234", FAR_HZ);
    let gateway = beside(&server, "follow", "");
    gateway.dials("101", "5557777");
    gateway.logs("who was called is at 5551234 at proxy");
    far.sees(&["CALL_INCOMING"]);
    far.tell("accept", "");
    gateway.hears_tone("101", FAR_HZ, LEVEL + IN_DB);
    gateway.phone("101", &["on-hook"]);
    far.sees(&["CALL_CLOSED"]);
    assert_eq!(number_of(&gateway.record(1), "cause"), Some(16));
}

#[test]
fn a_call_that_waits_is_taken_by_a_flash_and_the_first_is_held_and_comes_back() {
    in_time(|| {
        if !all_installed(&["kamailio", "baresip", "sipp"]) {
            return;
        }
        let server = Kamailio::start("waiting-k");
        let mut far = far_phone(&server, "waiting-b", "5551234", FAR_HZ);
        let gateway = beside(&server, "waiting", "");
        gateway.dials("101", "5551234");
        far.sees(&["CALL_INCOMING"]);
        far.tell("accept", "");
        far.sees(&["CALL_ESTABLISHED"]);
        gateway.hears_tone("101", FAR_HZ, LEVEL + IN_DB);

        let sipp = Sipp::call("caller", gateway.sip, "101");
        let told = gateway.logs("talks and is told that");
        assert!(told.contains("5550100"), "{told}");
        gateway.phone("101", &["flash"]);
        gateway.hears_tone("101", SIPP_HZ, LEVEL + IN_DB);
        far.shows("a=sendonly");
        // Who hangs up with somebody held is rung back; SIPp ends well only if it is hung up on.
        gateway.phone("101", &["on-hook"]);
        sipp.succeeds();
        gateway.hears("101", "ringing");
        gateway.phone("101", &["off-hook"]);
        gateway.hears_tone("101", FAR_HZ, LEVEL + IN_DB);
        gateway.phone("101", &["on-hook"]);
        far.sees(&["CALL_CLOSED"]);
        gateway.record(2);
    });
}

#[test]
fn messages_told_unasked_through_the_proxy_stutter_the_dial_tone_until_they_are_heard() {
    if !all_installed(&["kamailio", "sipp"]) {
        return;
    }
    let server = Kamailio::start("messages-k");
    let gateway = beside(&server, "messages", "");
    Sipp::call("messages", server.sip, "100").succeeds();
    let lines = gateway.ask(&["status", "101"]);
    assert!(lines.contains("messages wait"), "{lines}");
    gateway.phone("101", &["off-hook"]);
    gateway.hears("101", "stutter");
    gateway.phone("101", &["on-hook"]);
    Sipp::call("no-messages", server.sip, "100").succeeds();
    let lines = gateway.ask(&["status", "101"]);
    assert!(!lines.contains("messages wait"), "{lines}");
    gateway.logs_times("101 on-hook", 1);
    gateway.phone("101", &["off-hook"]);
    gateway.hears("101", "dial-tone");
    gateway.phone("101", &["on-hook"]);
}

#[test]
fn a_mailbox_is_subscribed_to_and_its_messages_stutter_the_dial_tone() {
    if !is_installed("sipp") {
        return;
    }
    let port = free_port();
    // A registration and a subscription.
    let sipp = Sipp::serve("mailbox", port, 2);
    let body = format!(
        "[server.far]\naddress = \"127.0.0.1:{port}\"\nuser = \"101\"\npassword = \"pw-101\"\nrings = \"101\"\n\
         mailbox = \"vm-{{number}}\"\n[phone.101]\nport = \"sim/1\"\n"
    );
    let gateway = Gateway::start("mailbox", &body);
    let messages = sipp.succeeds();
    assert_eq!(received(&messages, "SUBSCRIBE "), 1, "{messages}");
    let lines = gateway.ask(&["status", "101"]);
    assert!(lines.contains("messages wait"), "{lines}");
    gateway.phone("101", &["off-hook"]);
    gateway.hears("101", "stutter");
    gateway.phone("101", &["on-hook"]);
}

/// This header of the first message that begins with `start`.
fn header<'a>(messages: &'a str, start: &str, name: &str) -> &'a str {
    let begun = messages.lines().skip_while(|line| !line.starts_with(start));
    begun.filter_map(|line| line.strip_prefix(name)).next().unwrap_or_default()
}

/// 101 calls a far end, flashes, calls another one at the same server, and hangs up: the two are joined. With
/// the sound of both.
fn handed_on(scenario: &str) -> Option<(Gateway, Sipp, RtpPeer, RtpPeer)> {
    let port = is_installed("sipp").then(free_port)?;
    let (first, second) = (RtpPeer::start(FAR_HZ, LEVEL), RtpPeer::start(620.0, LEVEL));
    let media = [first.port.to_string(), second.port.to_string()];
    let keys = ["-key", "first_media", &media[0], "-key", "second_media", &media[1]];
    let sipp = Sipp::serve_with(scenario, port, 2, &keys);
    let body = format!("[server.far]\naddress = \"127.0.0.1:{port}\"\n[phone.101]\nport = \"sim/1\"\n");
    let gateway = Gateway::start(scenario, &body);
    gateway.dials("101", "5551234");
    gateway.logs("call 1 answered");
    gateway.hears_tone("101", FAR_HZ, LEVEL + IN_DB);
    gateway.phone("101", &["flash"]);
    gateway.hears("101", "stutter");
    gateway.phone("101", &["dial", "5552222"]);
    gateway.logs("call 2 answered");
    gateway.hears_tone("101", 620.0, LEVEL + IN_DB);
    gateway.phone("101", &["on-hook"]);
    gateway.logs("joined");
    Some((gateway, sipp, first, second))
}

#[test]
fn a_refer_in_place_of_the_second_call_takes_both_calls_out_of_the_gateway() {
    let Some((gateway, sipp, _first, _second)) = handed_on("takes-transfer") else { return };
    // Both far ends have had their BYE.
    let messages = sipp.succeeds();
    assert_eq!((received(&messages, "REFER "), received(&messages, "BYE ")), (1, 2), "{messages}");
    let second = header(&messages, "INVITE sip:5552222@", "Call-ID: ");
    let replaced = header(&messages, "REFER ", "Refer-To: ").replace("%40", "@");
    assert!(replaced.contains(&format!("Replaces={second}%3B")), "{replaced} is not about {second}");
    gateway.logs("the transfer is done");
    gateway.record(2);
    gateway.status_shows("phones 1: 1 idle");
}

#[test]
fn who_refuses_a_refer_talks_on_through_the_gateway() {
    in_time(|| {
        let Some((gateway, sipp, first, second)) = handed_on("refuses-transfer") else { return };
        gateway.logs("the transfer was refused");
        let messages = sipp.succeeds();
        assert_eq!((received(&messages, "REFER "), received(&messages, "BYE ")), (1, 1), "{messages}");
        // Nobody but the other one plays its tone.
        for (peer, hertz) in [(&first, 620.0), (&second, FAR_HZ)] {
            let heard =
                peer.tracks().into_iter().filter_map(|track| measure::find(&track.samples, hertz, LEVEL));
            let longest = heard.map(|found| found.length_ms).max().unwrap_or(0);
            assert!(longest > 1500, "{hertz} Hz was heard for {longest} ms");
        }
        gateway.record(2);
        gateway.status_shows("phones 1: 1 idle");
    });
}

#[test]
fn a_far_end_sends_the_telephone_to_another_number_and_is_told_how_it_went() {
    if !all_installed(&["kamailio", "baresip"]) {
        return;
    }
    let server = Kamailio::start("blind-k");
    let mut far = far_phone(&server, "blind-b", "5551234", FAR_HZ);
    let mut target = far_phone(&server, "blind-c", "5552222", 620.0);
    let gateway = beside(&server, "blind", "");
    gateway.dials("101", "5551234");
    far.sees(&["CALL_INCOMING"]);
    far.tell("accept", "");
    far.sees(&["CALL_ESTABLISHED"]);
    gateway.hears_tone("101", FAR_HZ, LEVEL + IN_DB);
    far.tell("transfer", &format!("sip:5552222@{}", server.sip));
    far.shows("202 Accepted");
    let call = target.sees(&["CALL_INCOMING"]);
    assert!(call.contains("101"), "{call}");
    target.tell("accept", "");
    target.sees(&["CALL_ESTABLISHED"]);
    far.shows("message/sipfrag");
    // Its word for a sipfrag of 200.
    far.sees(&["CALL_CLOSED", "Call transfered"]);
    gateway.hears_tone("101", 620.0, LEVEL + IN_DB);
    gateway.phone("101", &["say", "tone:1004:-10"]);
    target.hears_tone(1004.0, -11.8, 1000);
    gateway.phone("101", &["on-hook"]);
    target.sees(&["CALL_CLOSED"]);
    gateway.record(2);
}

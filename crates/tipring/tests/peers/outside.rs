//! An outside line between an exchange and Kamailio with baresip behind it: calls in and out with the caller both ways.

use crate::baresip::{Baresip, Setup};
use crate::gateway::{Gateway, number_of, text_of};
use crate::kamailio::Kamailio;
use crate::program::is_installed;

/// From a subscriber's mouth to the network: his loop takes 1.8 dB, the line's port none.
const LOOP_DB: f64 = -1.8;

#[test]
fn an_outside_line_serves_an_ip_pbx_both_ways_with_the_caller() {
    if !is_installed("kamailio") || !is_installed("baresip") {
        return;
    }
    let server = Kamailio::start("outside-k");
    let domain = server.sip.to_string();
    let setup = Setup {
        user: "5551234",
        domain: &domain,
        account: ";auth_pass=pw-5551234;regint=60",
        // Not one of a key's frequencies: it sounds while the exchange may still take digits.
        tone: (520.0, -15.0),
        ..Setup::default()
    };
    let mut far = Baresip::start("outside-b", setup);
    far.shows("[1 binding]");
    let body = format!(
        "[server.proxy]\naddress = \"{}\"\nuser = \"100\"\npassword = \"pw-100\"\nfrom = \"caller\"\nmay_call = \"all\"\n\
         [line.1]\nport = \"sim/1\"\nrings = \"proxy:5551234\"\n\
         [phone.101]\nport = \"sim/2\"\n\
         [dial]\n\"1xx\" = \"phones\"\n\"<9:>,xx.\" = \"lines\"\n",
        server.sip
    );
    let gateway = Gateway::start("outside", &body);
    gateway.status_shows("1/1 registered");

    // In: who calls at the exchange is who calls at the SIP phone.
    gateway.phone("5550177", &["dial", "1"]);
    let call = far.sees(&["CALL_INCOMING"]);
    assert!(call.contains("5550177") && call.contains("MARY"), "{call}");
    far.tell("accept", "");
    far.sees(&["CALL_ESTABLISHED"]);
    gateway.phone("5550177", &["say", "tone:1004:-10"]);
    far.hears_tone(1004.0, -10.0 + LOOP_DB, 1000);
    gateway.hears_which("5550177", "the far end's tone", |line| line.starts_with("tone 52"));
    gateway.phone("5550177", &["on-hook"]);
    far.sees(&["CALL_CLOSED"]);
    let record = gateway.record(1);
    assert_eq!(
        (number_of(&record, "cause"), text_of(&record, "from"), text_of(&record, "went_by")),
        (Some(16), "5550177", "proxy"),
        "{record}"
    );

    // Out: the PBX sends outside numbers to the gateway, which takes a line.
    far.tell("dial", &format!("sip:95550188@{domain}"));
    gateway.hears("5550188", "ringing");
    gateway.phone("5550188", &["off-hook"]);
    far.sees_times(&["CALL_ESTABLISHED"], 2);
    gateway.phone("5550188", &["say", "tone:1004:-10"]);
    far.hears_tone(1004.0, -10.0 + LOOP_DB, 1000);
    gateway.hears_which("5550188", "the far end's tone", |line| line.starts_with("tone 52"));
    far.tell("hangup", "");
    let record = gateway.record(2);
    assert_eq!(
        (number_of(&record, "cause"), text_of(&record, "from"), text_of(&record, "by")),
        (Some(16), "5551234", "caller"),
        "{record}"
    );
    gateway.logs_times("line 1 on-hook", 2);
}

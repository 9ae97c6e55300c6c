//! What well-behaved peers do not do, by SIPp. Its exit code tells whether the gateway's messages were right; the
//! call record and that nothing is left behind are looked at here.

use crate::gateway::{Gateway, free_port, number_of, text_of};
use crate::program::is_installed;
use crate::sipp::{Sipp, received};

const PHONES: &str = "[phone.101-102]\nport = \"sim/1-2\"\nname = \"Phone {number}\"\n";

/// A gateway whose calls go to a SIPp with that scenario.
fn outward(scenario: &str, calls: usize, more: &str) -> (Gateway, Sipp) {
    let port = free_port();
    let sipp = Sipp::serve(scenario, port, calls);
    let body = format!("[server.far]\naddress = \"127.0.0.1:{port}\"\n{more}{PHONES}");
    (Gateway::start(scenario, &body), sipp)
}

fn answered(gateway: &Gateway) {
    gateway.logs("call 1 answered");
}

/// The call's record says that it ended normally, by `who`.
fn ended(gateway: &Gateway, who: &str) {
    let record = gateway.record(1);
    assert_eq!((number_of(&record, "cause"), text_of(&record, "by")), (Some(16), who), "{record}");
    gateway.phone("101", &["on-hook"]);
    gateway.status_shows("phones 2: 2 idle");
}

/// A call from SIPp to 101, which is lifted; SIPp ends it.
fn inward(scenario: &str) -> String {
    let gateway = Gateway::start(scenario, PHONES);
    let sipp = Sipp::call(scenario, gateway.sip, "101");
    gateway.hears("101", "ringing");
    gateway.phone("101", &["off-hook"]);
    let messages = sipp.succeeds();
    ended(&gateway, "caller");
    messages
}

#[test]
fn a_200_is_sent_again_until_its_ack_comes() {
    if is_installed("sipp") {
        let messages = inward("lost-ack");
        assert!(received(&messages, "SIP/2.0 200") >= 4, "200 twice again, and one to the BYE: {messages}");
    }
}

#[test]
fn a_cancel_that_crosses_the_200_changes_nothing() {
    if is_installed("sipp") {
        inward("late-cancel");
    }
}

#[test]
fn unknown_methods_are_refused_and_the_call_goes_on() {
    if is_installed("sipp") {
        inward("unknown-methods");
    }
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    if !is_installed("sipp") {
        return;
    }
    let gateway = Gateway::start("cancel-ringing", PHONES);
    let sipp = Sipp::call("cancel-ringing", gateway.sip, "101");
    sipp.succeeds();
    let record = gateway.record(1);
    assert_eq!((text_of(&record, "by"), record.contains("\"answered\":null")), ("caller", true), "{record}");
    gateway.hears("101", "silence");
    gateway.status_shows("phones 2: 2 idle");
}

#[test]
fn each_repeated_200_gets_an_ack() {
    if !is_installed("sipp") {
        return;
    }
    let (gateway, sipp) = outward("repeated-200", 1, "");
    gateway.dials("101", "5551234");
    answered(&gateway);
    gateway.logs_times(" ACK sip:far@", 2);
    gateway.phone("101", &["on-hook"]);
    let messages = sipp.succeeds();
    assert_eq!(received(&messages, "ACK "), 2, "{messages}");
    ended(&gateway, "caller");
}

#[test]
fn a_200_that_crosses_our_cancel_gets_ack_and_bye() {
    if !is_installed("sipp") {
        return;
    }
    let (gateway, sipp) = outward("crossed-cancel", 1, "");
    gateway.dials("101", "5551234");
    gateway.logs("call 1: 101 -> 5551234 ringing");
    gateway.phone("101", &["on-hook"]);
    sipp.succeeds();
    let record = gateway.record(1);
    assert_eq!((text_of(&record, "by"), record.contains("\"answered\":null")), ("caller", true), "{record}");
    gateway.status_shows("phones 2: 2 idle");
}

#[test]
fn of_two_lifted_telephones_behind_a_fork_one_talks() {
    if !is_installed("sipp") {
        return;
    }
    let (gateway, sipp) = outward("forked", 1, "");
    gateway.dials("101", "5551234");
    answered(&gateway);
    // The ACK and the BYE to the second one.
    gateway.logs("SIP -> 127.0.0.1:");
    gateway.logs(" BYE sip:other@");
    gateway.status_shows("1 talking");
    gateway.phone("101", &["on-hook"]);
    sipp.succeeds();
    ended(&gateway, "caller");
}

#[test]
fn lost_and_late_answers_are_waited_for() {
    if !is_installed("sipp") {
        return;
    }
    let (gateway, sipp) = outward("slow", 1, "");
    gateway.dials("101", "5551234");
    gateway.hears("101", "ringback");
    answered(&gateway);
    gateway.phone("101", &["on-hook"]);
    let messages = sipp.succeeds();
    assert!(received(&messages, "INVITE ") >= 3 && received(&messages, "BYE ") >= 3, "{messages}");
    ended(&gateway, "caller");
}

#[test]
fn what_the_far_end_says_before_it_answers_is_heard() {
    if !is_installed("sipp") {
        return;
    }
    let (gateway, sipp) = outward("early-media", 1, "");
    gateway.dials("101", "5551234");
    gateway.hears_tone("101", 700.0, -19.8);
    assert!(!gateway.log().contains("call 1 answered"), "it was heard before the answer");
    answered(&gateway);
    gateway.hears_tone("101", 700.0, -19.8);
    gateway.phone("101", &["on-hook"]);
    sipp.succeeds();
    ended(&gateway, "caller");
}

#[test]
fn re_invites_that_cross_are_both_refused_and_ours_is_sent_again() {
    if !is_installed("sipp") {
        return;
    }
    let (gateway, sipp) = outward("glare", 1, "");
    gateway.dials("101", "5551234");
    answered(&gateway);
    gateway.phone("101", &["flash"]);
    gateway.hears("101", "stutter");
    gateway.logs_times("ACK sip:far@", 3);
    gateway.phone("101", &["flash"]);
    gateway.logs("call 1 taken back");
    gateway.logs_times("ACK sip:far@", 4);
    gateway.phone("101", &["on-hook"]);
    sipp.succeeds();
    ended(&gateway, "caller");
}

#[test]
fn a_password_asked_for_in_the_middle_of_a_call_is_given() {
    if !is_installed("sipp") {
        return;
    }
    let account = "user = \"100\"\npassword = \"pw-100\"\nrings = \"101\"\n";
    let (gateway, sipp) = outward("challenged", 2, account);
    gateway.status_shows("1/1 registered");
    gateway.dials("101", "5551234");
    answered(&gateway);
    gateway.phone("101", &["flash"]);
    gateway.hears("101", "stutter");
    gateway.logs_times("ACK sip:far@", 3);
    gateway.phone("101", &["flash"]);
    gateway.logs_times("ACK sip:far@", 4);
    gateway.phone("101", &["on-hook"]);
    sipp.succeeds();
    ended(&gateway, "caller");
}

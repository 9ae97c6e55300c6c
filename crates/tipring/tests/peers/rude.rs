//! What well-behaved peers do not do, by SIPp. Its exit code tells whether the gateway's messages were right; the
//! call record and that nothing is left behind are looked at here.

use crate::gateway::{Gateway, free_port, number_of, text_of};
use crate::program::is_installed;
use crate::sipp::{Sipp, received};

const PHONES: &str = "[phone.101-102]\nport = \"sim/1-2\"\nname = \"Phone {number}\"\n";

/// A call between 101 and SIPp. There is none where SIPp is not installed.
struct Meeting {
    gateway: Gateway,
    sipp: Sipp,
}

impl Meeting {
    /// 101 calls a SIPp with that scenario, which takes `calls` dialogs; `more` is about its server.
    fn outward(scenario: &str, calls: usize, more: &str) -> Option<Self> {
        let port = is_installed("sipp").then(free_port)?;
        let sipp = Sipp::serve(scenario, port, calls);
        let body = format!("[server.far]\naddress = \"127.0.0.1:{port}\"\n{more}{PHONES}");
        let gateway = Gateway::start(scenario, &body);
        if !more.is_empty() {
            gateway.status_shows("1/1 registered");
        }
        gateway.dials("101", "5551234");
        Some(Self { gateway, sipp })
    }

    /// The same, answered.
    fn answered(scenario: &str, calls: usize, more: &str) -> Option<Self> {
        let meeting = Self::outward(scenario, calls, more)?;
        meeting.is_answered();
        Some(meeting)
    }

    /// A SIPp with that scenario calls 101.
    fn inward(scenario: &str) -> Option<Self> {
        let gateway = is_installed("sipp").then(|| Gateway::start(scenario, PHONES))?;
        let sipp = Sipp::call(scenario, gateway.sip, "101");
        Some(Self { gateway, sipp })
    }

    fn is_answered(&self) {
        self.gateway.logs("call 1 answered");
    }

    /// 101 puts the far end on hold, or takes it back.
    fn flashes(&self) {
        self.gateway.phone("101", &["flash"]);
    }

    /// 101 hangs up; SIPp saw nothing wrong, and nothing is left behind. What SIPp saw.
    fn ends(self) -> String {
        self.gateway.phone("101", &["on-hook"]);
        self.over(true)
    }

    /// SIPp hangs up, 101 after it.
    fn sees_end(self) -> String {
        self.over(true)
    }

    /// The caller gave up; nothing is left behind.
    fn sees_giving_up(self) -> String {
        self.over(false)
    }

    fn over(self, answered: bool) -> String {
        let Self { gateway, sipp } = self;
        let messages = sipp.succeeds();
        let record = gateway.record(1);
        assert_eq!(text_of(&record, "by"), "caller", "{record}");
        assert_eq!(record.contains("\"answered\":null"), !answered, "{record}");
        if answered {
            assert_eq!(number_of(&record, "cause"), Some(16), "{record}");
            gateway.phone("101", &["on-hook"]);
        } else {
            gateway.hears("101", "silence");
        }
        gateway.status_shows("phones 2: 2 idle");
        messages
    }
}

/// A call from SIPp to 101, which is lifted; SIPp ends it.
fn taken_call(scenario: &str) -> Option<String> {
    let meeting = Meeting::inward(scenario)?;
    meeting.gateway.hears("101", "ringing");
    meeting.gateway.phone("101", &["off-hook"]);
    Some(meeting.sees_end())
}

#[test]
fn a_200_is_sent_again_until_its_ack_comes() {
    let Some(messages) = taken_call("lost-ack") else { return };
    assert!(received(&messages, "SIP/2.0 200") >= 4, "200 twice again, and one to the BYE: {messages}");
}

#[test]
fn a_cancel_that_crosses_the_200_changes_nothing() {
    taken_call("late-cancel");
}

#[test]
fn unknown_methods_are_refused_and_the_call_goes_on() {
    taken_call("unknown-methods");
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let Some(meeting) = Meeting::inward("cancel-ringing") else { return };
    meeting.sees_giving_up();
}

#[test]
fn each_repeated_200_gets_an_ack() {
    let Some(meeting) = Meeting::answered("repeated-200", 1, "") else { return };
    meeting.gateway.logs_times(" ACK sip:far@", 2);
    let messages = meeting.ends();
    assert_eq!(received(&messages, "ACK "), 2, "{messages}");
}

#[test]
fn a_200_that_crosses_our_cancel_gets_ack_and_bye() {
    let Some(meeting) = Meeting::outward("crossed-cancel", 1, "") else { return };
    meeting.gateway.logs("call 1: 101 -> 5551234 ringing");
    meeting.gateway.phone("101", &["on-hook"]);
    meeting.sees_giving_up();
}

#[test]
fn of_two_lifted_telephones_behind_a_fork_one_talks() {
    let Some(meeting) = Meeting::answered("forked", 1, "") else { return };
    // The ACK and the BYE to the second one.
    meeting.gateway.logs(" ACK sip:other@");
    meeting.gateway.logs(" BYE sip:other@");
    meeting.gateway.status_shows("1 talking");
    meeting.ends();
}

#[test]
fn lost_and_late_answers_are_waited_for() {
    let Some(meeting) = Meeting::outward("slow", 1, "") else { return };
    meeting.gateway.hears("101", "ringback");
    meeting.is_answered();
    let messages = meeting.ends();
    assert!(received(&messages, "INVITE ") >= 3 && received(&messages, "BYE ") >= 3, "{messages}");
}

#[test]
fn what_the_far_end_says_before_it_answers_is_heard() {
    let Some(meeting) = Meeting::outward("early-media", 1, "") else { return };
    meeting.gateway.hears_tone("101", 700.0, -19.8);
    assert!(!meeting.gateway.log().contains("call 1 answered"), "it was heard before the answer");
    meeting.is_answered();
    meeting.gateway.hears_tone("101", 700.0, -19.8);
    meeting.ends();
}

#[test]
fn re_invites_that_cross_are_both_refused_and_ours_is_sent_again() {
    let Some(meeting) = Meeting::answered("glare", 1, "") else { return };
    meeting.flashes();
    meeting.gateway.hears("101", "stutter");
    meeting.gateway.logs_times("ACK sip:far@", 3);
    meeting.flashes();
    meeting.gateway.logs("call 1 taken back");
    meeting.gateway.logs_times("ACK sip:far@", 4);
    meeting.ends();
}

#[test]
fn a_password_asked_for_in_the_middle_of_a_call_is_given() {
    let account = "user = \"100\"\npassword = \"pw-100\"\nrings = \"101\"\n";
    let Some(meeting) = Meeting::answered("challenged", 2, account) else { return };
    meeting.flashes();
    meeting.gateway.hears("101", "stutter");
    meeting.gateway.logs_times("ACK sip:far@", 3);
    meeting.flashes();
    meeting.gateway.logs_times("ACK sip:far@", 4);
    meeting.ends();
}

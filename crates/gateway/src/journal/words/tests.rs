//! The journal as people read it.

use core::net::SocketAddr;

use tipring_call::{FarId, Number};
use tipring_port::{CallerId, ClearSign, Text};
use tipring_units::Millis;

use super::*;
use crate::journal::Journal;

struct Desk {
    journal: Journal,
    teller: Teller,
    now: Instant,
}

/// Telephones from 101, and behind them outside lines from 1.
fn name_of(line: LineId) -> LineName {
    match line.0 {
        0..8 => LineName { kind: LineKind::Phone, number: (101 + line.0).to_string() },
        _ => LineName { kind: LineKind::Outside, number: (line.0 - 7).to_string() },
    }
}

impl Desk {
    fn new() -> Self {
        Self { journal: Journal::default(), teller: Teller::default(), now: Instant::ZERO }
    }

    fn words(&mut self, what: What) -> Option<Words> {
        let wall = WallTime(38_521_000_000 + self.now.as_millis() * 1000);
        let entry = self.journal.entry(self.now, wall, what);
        self.teller.tell(&entry, 0, name_of)
    }

    fn call(&mut self, event: CallEvent) -> String {
        self.words(What::Call(event)).map(|words| words.text).unwrap_or_default()
    }
}

#[test]
fn a_server_is_said_to_answer_only_where_it_did() {
    let mut desk = Desk::new();
    let at: SocketAddr = "192.0.2.1:5060".parse().unwrap();
    let name = || "pbx".to_owned();
    let mut says = |what| desk.words(what).unwrap().text.split_once(' ').unwrap().1.to_owned();
    let server = |address, heard| What::Server { name: name(), address, heard };
    assert_eq!(says(server(Some(at), false)), "pbx resolved to 192.0.2.1:5060, not heard from yet");
    assert_eq!(says(What::ServerAnswers { name: name(), address: at }), "pbx answers at 192.0.2.1:5060");
    assert_eq!(says(server(Some(at), true)), "pbx answers at 192.0.2.1:5060");
    assert_eq!(says(server(None, false)), "pbx does not answer");
}

#[test]
fn a_call_between_telephones_reads_as_a_story() {
    let mut desk = Desk::new();
    let (call, from) = (CallId(1), Party::Line(LineId(0)));
    let dialled = Number::new("102");
    assert_eq!(desk.call(CallEvent::Seized(LineId(0))), "10:42:01 101 off-hook, dial tone");
    let shown = Identity::new("101", "");
    let created = CallEvent::Created { call, from, shown, dialled, priority: Priority::Normal };
    assert_eq!(desk.call(created), "10:42:01 101 dialled 102");
    desk.call(CallEvent::Routed { call, to: Party::Line(LineId(1)), via: None, sent: dialled });
    assert_eq!(desk.call(CallEvent::Alerting(call)), "10:42:01 call 1: 101 -> 102 ringing");
    assert_eq!(desk.call(CallEvent::Answered(call)), "10:42:01 call 1 answered");
    desk.now = Instant::from_millis(14_200);
    let cleared = CallEvent::Cleared { call, cause: Cause::NORMAL, by: Clearer::Side(Side::Caller) };
    let words = desk.words(What::Call(cleared)).unwrap();
    assert_eq!(words.text, "10:42:15 call 1 ended: normal clearing (16), by caller, 00:14");
    assert_eq!(words.lines, [LineId(0), LineId(1)]);
}

#[test]
fn a_call_from_outside_names_its_caller() {
    let mut desk = Desk::new();
    let call = CallId(7);
    let created = |shown| CallEvent::Created {
        call,
        from: Party::Far(FarId::In(1)),
        shown,
        dialled: Number::new("103"),
        priority: Priority::Normal,
    };
    assert_eq!(desk.call(created(Identity::new("201", "Desk"))), "10:42:01 call 7: 201 calls 103");
    let private = Identity { presentation: Presentation::Private, ..Identity::new("5550100", "") };
    assert_eq!(desk.call(created(private)), "10:42:01 call 7: private calls 103");
    let cleared = CallEvent::Cleared { call, cause: Cause::BUSY, by: Clearer::Gateway };
    assert_eq!(desk.call(cleared), "10:42:01 call 7 ended: busy (17), by gateway");
}

#[test]
fn a_call_by_an_outside_line_names_the_line() {
    let mut desk = Desk::new();
    let (call, line) = (CallId(3), LineId(8));
    let line_says = |desk: &mut Desk, event| {
        let entry = desk.journal.entry(desk.now, WallTime(38_521_000_000), What::Line(event));
        let entry = Entry { line: Some(line), ..entry };
        desk.teller.tell(&entry, 0, name_of)
    };
    let mary = CallerId { number: Ok(Text::new("5550177")), name: Some(Ok(Text::new("MARY"))), date: None };
    assert_eq!(line_says(&mut desk, LineEvent::Incoming).unwrap().depth, Depth::Detail);
    assert_eq!(line_says(&mut desk, LineEvent::Caller(Ok(mary))).unwrap().depth, Depth::Detail);
    let offered = line_says(&mut desk, LineEvent::Offered).unwrap();
    assert_eq!(offered.text, "10:42:01 line 1 is rung by the exchange, from 5550177 MARY");
    assert_eq!(offered.depth, Depth::Plain);
    let shown = Identity::new("5550177", "MARY");
    let (from, priority) = (Party::Line(line), Priority::Normal);
    let created = CallEvent::Created { call, from, shown, dialled: Number::new("1"), priority };
    assert_eq!(desk.call(created), "10:42:01 call 3: 5550177 calls in by line 1");
    for phone in [0, 1] {
        let to = Party::Line(LineId(phone));
        desk.call(CallEvent::Routed { call, to, via: None, sent: Number::new("1") });
    }
    assert_eq!(desk.call(CallEvent::Alerting(call)), "10:42:01 call 3: 5550177 -> 101, 102 ringing");
    let (call, from) = (CallId(4), Party::Line(LineId(2)));
    let shown = Identity::new("103", "");
    desk.call(CallEvent::Created { call, from, shown, dialled: Number::new("95551234"), priority });
    let routed = CallEvent::Routed { call, to: Party::Line(line), via: None, sent: Number::new("5551234") };
    assert_eq!(desk.call(routed), "10:42:01 call 4: 103 -> 5551234 by line 1");
    let silence = LineEvent::FarCleared(ClearSign::Silence(Millis::from_secs(60)));
    assert_eq!(
        line_says(&mut desk, silence).unwrap().text,
        "10:42:01 Line 1: released after 60 s of silence both ways; no loop break, reversal or busy tone was seen. \
         If the caller had hung up: tipring line learn 1, call in, hang up."
    );
    let free = |desk: &mut Desk| line_says(desk, LineEvent::InUse(false)).unwrap();
    assert_eq!(free(&mut desk).depth, Depth::Detail);
    line_says(&mut desk, LineEvent::InUse(true));
    let again = free(&mut desk);
    assert_eq!((again.text.as_str(), again.depth), ("10:42:01 line 1 is free again", Depth::Plain));
    let broke = LineEvent::FarCleared(ClearSign::LoopBreak(Millis(510)));
    assert_eq!(
        line_says(&mut desk, broke).unwrap().text,
        "10:42:01 line 1 cleared by the exchange: loop break of at least 510 ms"
    );
}

#[test]
fn a_desk_that_is_told_of_an_emergency_is_told_once() {
    let mut desk = Desk::new();
    let (call, notice) = (CallId(5), CallId(6));
    let shown = Identity::new("104", "911 Room 104");
    let told = desk.call(CallEvent::EmergencyNotice { call, notice, shown });
    assert_eq!(told, "10:42:01 call 5: the desk is told: 911 Room 104 104");
    let (from, priority) = (Party::Line(LineId(3)), Priority::Normal);
    let dialled = Number::new("911");
    assert_eq!(desk.call(CallEvent::Created { call: notice, from, shown, dialled, priority }), "");
}

#[test]
fn a_refreshed_registration_is_no_news() {
    let mut desk = Desk::new();
    let contact = SocketAddr::from(([127, 0, 0, 1], 5070));
    let mut user = |here| desk.words(What::User { user: "201".into(), contact, here }).unwrap();
    assert_eq!(user(true).text, "10:42:01 201 registered at 127.0.0.1:5070");
    assert_eq!(user(true).depth, Depth::Detail);
    assert_eq!(user(false).text, "10:42:01 201 is no longer registered at 127.0.0.1:5070");
    assert_eq!(user(true).depth, Depth::Plain);
}

#[test]
fn lengths_of_hours_show_the_hours() {
    assert_eq!((length(192), length(3723)), ("03:12".to_owned(), "1:02:03".to_owned()));
}

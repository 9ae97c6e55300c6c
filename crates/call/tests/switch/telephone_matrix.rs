//! Every state of a telephone's line takes every event of it and of those around it; `telephone_matrix.txt` says what comes
//! of it.

use std::fmt::Write as _;

use crate::common::{House, house};
use tipring_call::{CodeSet, Flag, Input, Output, Recall, Setup};
use tipring_port::{DigitSource, LineCommand, LineEvent, LineFault, LineSummary, Refusal, Signal};
use tipring_units::{LineId, Millis};

type Build = fn() -> House;
type Act = fn(&mut House);

/// 101 on line 0 is the one that is looked at; 102 to 106 on lines 1 to 5 are around it.
fn with(recall: Recall) -> House {
    let mut setup = Setup { codes: CodeSet::NorthAmerica.codes(), ..house() };
    for phone in &mut setup.phones {
        phone.features.set_flag(Flag::Waiting, true);
        phone.recall = recall;
    }
    House::new(setup)
}

fn talking(recall: Recall) -> House {
    let mut house = with(recall);
    house.lift_and_dial(0, "102");
    house.line(1, LineEvent::Answered);
    house
}

fn waiting(recall: Recall) -> House {
    let mut house = talking(recall);
    house.lift_and_dial(2, "101");
    house
}

fn second(recall: Recall) -> House {
    let mut house = talking(recall);
    house.flash(0);
    house.dial(0, "104");
    house.line(3, LineEvent::Answered);
    house
}

fn rung() -> House {
    let mut house = with(Recall::Conference);
    house.lift_and_dial(2, "101");
    house.line(0, LineEvent::Ringing);
    house
}

/// Line 0 in each of its states, by what leads there.
fn states() -> Vec<(&'static str, Build)> {
    vec![
        ("idle", || with(Recall::Conference)),
        ("dialling", || {
            let mut house = with(Recall::Conference);
            house.lift(0);
            house
        }),
        ("waiting", || {
            let mut house = with(Recall::Conference);
            house.lift_and_dial(0, "102");
            house
        }),
        ("talking", || talking(Recall::Conference)),
        ("talking-swap", || talking(Recall::Swap)),
        ("called-waiting", || waiting(Recall::Conference)),
        ("called-waiting-keys", || waiting(Recall::Keys)),
        ("held-dialling", || {
            let mut house = talking(Recall::Conference);
            house.flash(0);
            house
        }),
        ("held-waiting", || {
            let mut house = talking(Recall::Conference);
            house.flash(0);
            house.dial(0, "104");
            house
        }),
        ("second-call", || second(Recall::Conference)),
        ("second-call-swap", || second(Recall::Swap)),
        ("keying", || {
            let mut house = second(Recall::Keys);
            house.flash(0);
            house
        }),
        ("keying-waiting", || {
            let mut house = waiting(Recall::Keys);
            house.flash(0);
            house
        }),
        ("conference", || {
            let mut house = second(Recall::Conference);
            house.flash(0);
            house
        }),
        ("conference-keys", || {
            let mut house = second(Recall::Keys);
            house.flash(0);
            house.dial(0, "3");
            house
        }),
        ("emergency", || {
            let mut house = with(Recall::Conference);
            house.lift_and_dial(0, "911");
            let leg = house.placed().expect("it goes out").0;
            house.far(leg, tipring_call::FarEvent::Answered);
            house
        }),
        ("told", || {
            let mut house = with(Recall::Conference);
            house.lift(1);
            house.lift_and_dial(0, "106");
            house.hang_up(1);
            house.line(5, LineEvent::Refused(Refusal::OffHook));
            house
        }),
        ("parked", || {
            let mut house = talking(Recall::Conference);
            house.hang_up(1);
            house
        }),
        ("ringing", rung),
        ("recalling", || {
            let mut house = talking(Recall::Conference);
            house.flash(0);
            house.hang_up(0);
            house.line(0, LineEvent::Ringing);
            house
        }),
        ("stopping", || {
            let mut house = rung();
            house.hang_up(2);
            house
        }),
        ("out-of-service", || {
            let mut house = with(Recall::Conference);
            house.line(0, LineEvent::InService(false));
            house
        }),
    ]
}

fn events() -> Vec<(&'static str, Act)> {
    const fn digit(digit: u8) -> LineEvent {
        LineEvent::Digit { digit, source: DigitSource::Dtmf, length: Millis(80) }
    }
    vec![
        ("seized", |house| house.line(0, LineEvent::Seized)),
        ("answered", |house| house.line(0, LineEvent::Answered)),
        ("released", |house| house.line(0, LineEvent::Released)),
        ("flash", |house| house.line(0, LineEvent::Flash(Millis(400)))),
        ("digit-0", |house| house.line(0, digit(b'0'))),
        ("digit-1", |house| house.line(0, digit(b'1'))),
        ("digit-2", |house| house.line(0, digit(b'2'))),
        ("digit-3", |house| house.line(0, digit(b'3'))),
        ("ring-stopped", |house| house.line(0, LineEvent::RingStopped)),
        ("refused-off-hook", |house| house.line(0, LineEvent::Refused(Refusal::OffHook))),
        ("refused-stale", |house| house.line(0, LineEvent::Refused(Refusal::Stale))),
        ("refused-out", |house| house.line(0, LineEvent::Refused(Refusal::OutOfService))),
        ("card-silent", |house| house.line(0, LineEvent::Fault(LineFault::CardSilent))),
        ("panicked", |house| house.line(0, LineEvent::Fault(LineFault::Panicked))),
        ("no-service", |house| house.line(0, LineEvent::InService(false))),
        ("lifeline", |house| house.line(0, LineEvent::Lifeline(true))),
        ("called", |house| house.lift_and_dial(4, "101")),
        ("102-hangs-up", |house| house.hang_up(1)),
        ("103-hangs-up", |house| house.hang_up(2)),
        ("104-hangs-up", |house| house.hang_up(3)),
        ("fax-at-102", |house| {
            house.input(Input::Signal { party: tipring_call::Party::Line(LineId(1)), signal: Signal::Ced });
        }),
        ("time-passes", |house| house.wait(7_000)),
    ]
}

/// What became of it, in a line.
fn told(house: &House) -> String {
    let mut text = String::new();
    let view = house.switch.line(LineId(0)).expect("it is there");
    let _ = write!(text, "{:14}", view.doing.word());
    for (what, calls) in [
        ("in", Vec::from_iter(view.active)),
        ("and", Vec::from_iter(view.third)),
        ("holds", view.held),
        ("waits", Vec::from_iter(view.waiting)),
    ] {
        for call in calls {
            let _ = write!(text, " {what} {call}");
        }
    }
    for output in &house.out {
        let _ = match output {
            Output::Line { line, command, .. } if line.0 == 0 => match command {
                LineCommand::Play(tone) => write!(text, "  play {}", tone.word()),
                LineCommand::Ring(_) => write!(text, "  ring"),
                LineCommand::Waiting(_) => write!(text, "  tell who waits"),
                other => write!(text, "  {other:?}"),
            },
            Output::Record(record) => write!(text, "  {} over: {}", record.call, record.cause),
            _ => Ok(()),
        };
    }
    text.trim_end().to_owned()
}

/// All have hung up: nothing is left.
fn leaves_nothing(house: &mut House, about: &str) {
    for _ in 0..3 {
        for phone in 0..6 {
            house.hang_up(phone);
            house.line(phone, LineEvent::RingStopped);
        }
        house.wait(200_000);
    }
    assert_eq!(house.switch.calls(house.now).count(), 0, "{about}");
}

#[test]
fn every_state_takes_every_event_as_the_matrix_says() {
    let mut matrix = String::new();
    for (state, build) in states() {
        for (name, act) in events() {
            let mut house = build();
            act(&mut house);
            let _ = writeln!(matrix, "{state:20} {name:17} -> {}", told(&house));
            leaves_nothing(&mut house, &format!("{state} {name}"));
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/switch/telephone_matrix.txt");
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(path, &matrix).expect("written");
    } else {
        let golden = std::fs::read_to_string(path).expect("the golden matrix is there");
        assert_eq!(matrix, golden, "run with UPDATE_MATRIX=1 if the change is meant");
    }
}

#[test]
fn every_state_takes_a_summary_and_a_loss() {
    for (state, build) in states() {
        for off_hook in [false, true] {
            let mut house = build();
            let summary =
                LineSummary { off_hook, ringing: false, in_service: true, ..LineSummary::default() };
            let epoch = house.switch.line(LineId(0)).expect("it is there").epoch;
            house.input(Input::LineSummary { line: LineId(0), epoch, summary });
            leaves_nothing(&mut house, &format!("{state} summary {off_hook}"));
        }
        let mut house = build();
        house.switch.abandon_line(LineId(0));
        house.drain();
        leaves_nothing(&mut house, &format!("{state} lost"));
    }
}

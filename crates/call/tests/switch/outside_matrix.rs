//! Every state of an outside line takes every event of a line; `outside_matrix.txt` says what comes of it.

use std::fmt::Write as _;

use crate::common::{House, number, outside_house};
use tipring_call::{Destination, Disa, Emergency, Input, Output, Permission, Setup};
use tipring_port::{
    AnswerSign, CallerId, CallerIdFault, CallerIdShown, ClearSign, DigitSource, LineCommand, LineEvent,
    LineFault, LineSummary, Refusal, RohStage, Text, Tone,
};
use tipring_units::{LineId, Millis};

type Build = fn() -> House;

/// Line 1 in each of its states, by what leads there.
fn states() -> Vec<(&'static str, Build)> {
    fn calling() -> House {
        let mut house = House::new(outside_house());
        house.lift_and_dial(0, "95552345678");
        house
    }
    fn by_lines() -> Setup {
        let mut setup = outside_house();
        setup.lines.truncate(1);
        setup.emergency =
            Emergency { via: vec![Destination::Lines { number: None }], ..Emergency::default() };
        setup
    }
    fn with_pin() -> House {
        let mut setup = outside_house();
        setup.lines[0].disa = Some(Disa { pin: Some(number("47")), may_call: Permission::All });
        let mut house = House::new(setup);
        house.exchange_rings(6, "5550199");
        house
    }
    vec![
        ("idle", || House::new(outside_house())),
        ("incoming", || {
            let mut house = House::new(outside_house());
            house.line(6, LineEvent::Incoming);
            house
        }),
        ("offered", || {
            let mut house = House::new(outside_house());
            house.exchange_rings(6, "5550199");
            house
        }),
        ("in-vain", || {
            let mut setup = outside_house();
            setup.lines[0].rings.clear();
            setup.lines[0].fallback = None;
            let mut house = House::new(setup);
            house.exchange_rings(6, "5550199");
            house
        }),
        ("seizing", calling),
        ("seizing-911", || {
            let mut house = House::new(by_lines());
            house.lift_and_dial(0, "911");
            house
        }),
        ("dialling", || {
            let mut house = calling();
            house.line(6, LineEvent::ExchangeReady(true));
            house
        }),
        ("waiting", || {
            let mut house = calling();
            house.line(6, LineEvent::ExchangeReady(true));
            house.line(6, LineEvent::Dialled);
            house
        }),
        ("talking", || {
            let mut house = calling();
            house.line(6, LineEvent::ExchangeReady(true));
            house.line(6, LineEvent::FarAnswered(AnswerSign::AtOnce));
            house
        }),
        ("pin", with_pin),
        ("disa", || {
            let mut house = with_pin();
            house.dial(6, "47#");
            house
        }),
        ("inward", || {
            let mut house = with_pin();
            house.dial(6, "47#102");
            house
        }),
        ("told", || {
            let mut house = with_pin();
            house.dial(6, "47#5");
            house
        }),
        ("stealing", || {
            let mut house = House::new(by_lines());
            house.exchange_rings(6, "5550199");
            house.lift_and_dial(3, "911");
            house
        }),
        ("releasing", || {
            let mut house = calling();
            house.hang_up(0);
            house
        }),
        ("releasing-911", || {
            let mut house = House::new(by_lines());
            house.lift_and_dial(0, "95552345678");
            house.lift_and_dial(3, "911");
            house
        }),
        ("out-of-service", || {
            let mut house = House::new(outside_house());
            house.line(6, LineEvent::InService(false));
            house
        }),
    ]
}

fn events() -> Vec<(&'static str, LineEvent)> {
    let caller = CallerId { date: None, number: Ok(Text::new("5550177")), name: None };
    let digit = LineEvent::Digit { digit: b'1', source: DigitSource::Dtmf, length: Millis(80) };
    vec![
        ("seized", LineEvent::Seized),
        ("answered", LineEvent::Answered),
        ("released", LineEvent::Released),
        ("flash", LineEvent::Flash(Millis(300))),
        ("digit-began", LineEvent::DigitBegan(b'1')),
        ("digit", digit),
        ("ringing", LineEvent::Ringing),
        ("caller-sent", LineEvent::CallerIdSent(CallerIdShown::Whole)),
        ("caller-omitted", LineEvent::CallerIdOmitted { needs: Millis(900), pause: Millis(500) }),
        ("ring-stopped", LineEvent::RingStopped),
        ("refused-off-hook", LineEvent::Refused(Refusal::OffHook)),
        ("refused-stale", LineEvent::Refused(Refusal::Stale)),
        ("refused-out", LineEvent::Refused(Refusal::OutOfService)),
        ("refused-incoming", LineEvent::Refused(Refusal::Incoming)),
        ("refused-in-use", LineEvent::Refused(Refusal::InUse)),
        ("refused-guard", LineEvent::Refused(Refusal::Guard)),
        ("roh", LineEvent::Roh(RohStage::Quiet)),
        ("supervised", LineEvent::SupervisionDone),
        ("card-silent", LineEvent::Fault(LineFault::CardSilent)),
        ("panicked", LineEvent::Fault(LineFault::Panicked)),
        ("leakage", LineEvent::Fault(LineFault::Leakage)),
        ("no-battery", LineEvent::Fault(LineFault::NoBattery)),
        ("no-dial-tone", LineEvent::Fault(LineFault::NoDialTone)),
        ("foreign-voltage", LineEvent::Fault(LineFault::ForeignVoltage)),
        ("fault-cleared", LineEvent::FaultCleared(LineFault::NoBattery)),
        ("in-service", LineEvent::InService(true)),
        ("no-service", LineEvent::InService(false)),
        ("incoming", LineEvent::Incoming),
        ("caller", LineEvent::Caller(Ok(caller))),
        ("caller-broken", LineEvent::Caller(Err(CallerIdFault::Checksum))),
        ("offered", LineEvent::Offered),
        ("gave-up", LineEvent::GaveUp),
        ("ready", LineEvent::ExchangeReady(true)),
        ("dialled", LineEvent::Dialled),
        ("ringback", LineEvent::Exchange(Tone::Ringback)),
        ("busy", LineEvent::Exchange(Tone::Busy)),
        ("far-answered", LineEvent::FarAnswered(AnswerSign::Reversal)),
        ("far-cleared", LineEvent::FarCleared(ClearSign::Reversal)),
        ("metered", LineEvent::Metered(1)),
        ("in-use", LineEvent::InUse(true)),
        ("not-in-use", LineEvent::InUse(false)),
        ("lamp", LineEvent::Waiting(true)),
        ("lifeline", LineEvent::Lifeline(true)),
    ]
}

/// What became of it, in a line.
fn told(house: &House) -> String {
    let mut text = format!("{:15}", house.doing(6).word());
    for output in &house.out {
        let _ = match output {
            Output::Line { line, command, .. } if line.0 == 6 => match command {
                LineCommand::Seize(digits) => write!(text, "  seize {digits}"),
                LineCommand::Play(tone) => write!(text, "  play {}", tone.word()),
                other => write!(text, "  {other:?}"),
            },
            Output::Line { line, command: LineCommand::Seize(_), .. } => write!(text, "  seizes {line}"),
            Output::Record(record) => write!(text, "  {} over: {}", record.call, record.cause),
            _ => Ok(()),
        };
    }
    text.trim_end().to_owned()
}

/// The line is used again, or dead, when everybody has left it.
fn leaves_nothing(house: &mut House, about: &str) {
    for phone in 0..6 {
        house.hang_up(phone);
    }
    house.wait(700_000);
    house.line(6, LineEvent::GaveUp); // whatever it was in is over
    house.wait(700_000);
    for phone in 0..6 {
        house.line(phone, LineEvent::RingStopped);
    }
    house.wait(100_000);
    let line = house.switch.line(LineId(6)).unwrap();
    assert_eq!(line.active, None, "{about}: {:?}", line.doing);
    assert_eq!(house.switch.calls(house.now).count(), 0, "{about}");
}

#[test]
fn every_state_takes_every_event_as_the_matrix_says() {
    let mut matrix = String::new();
    for (state, build) in states() {
        for (name, event) in events() {
            let mut house = build();
            house.line(6, event);
            let _ = writeln!(matrix, "{state:15} {name:17} -> {}", told(&house));
            leaves_nothing(&mut house, &format!("{state} {name}"));
        }
    }
    let golden = include_str!("outside_matrix.txt");
    if std::env::var_os("UPDATE_MATRIX").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/switch/outside_matrix.txt"), &matrix)
            .expect("written");
    } else {
        assert_eq!(matrix, golden, "run with UPDATE_MATRIX=1 if the change is meant");
    }
}

#[test]
fn every_state_takes_a_summary_a_loss_and_a_reconfiguration() {
    for (state, build) in states() {
        for off_hook in [false, true] {
            for ringing in [false, true] {
                let mut house = build();
                let epoch = house.switch.line(LineId(6)).unwrap().epoch;
                let summary = LineSummary { off_hook, ringing, in_service: true, ..LineSummary::default() };
                house.input(Input::LineSummary { line: LineId(6), epoch, summary });
                leaves_nothing(&mut house, &format!("{state}, off-hook {off_hook}, ringing {ringing}"));
            }
        }
        let mut house = build();
        house.out.clear();
        let off_hook = !matches!(state, "idle" | "incoming" | "offered" | "in-vain" | "out-of-service");
        house.switch.abandon_line(LineId(6));
        house.drain();
        assert_eq!(house.commands(6).contains(&LineCommand::HangUp), off_hook, "{state}");
        assert!(house.commands(6).contains(&LineCommand::Report), "{state}");
        leaves_nothing(&mut house, &format!("{state}, lost"));

        let mut house = build();
        house.input(Input::Reconfigure(Box::new(Setup { lines: Vec::new(), ..outside_house() })));
        assert_eq!(house.switch.line(LineId(6)), None);
        assert_eq!(house.commands(6).contains(&LineCommand::HangUp), off_hook, "{state}");
    }
}

//! Who calls in and may dial: PIN, second dial tone, permissions, wrong PINs and the lock.

use crate::common::{House, number, outside_house, server};
use tipring_call::{
    Alarm, CallEvent, Cause, Disa, FarAction, FarEvent, Identity, LineDoing, MediaAction, Output, Party,
    Permission, Priority, Setup, Via, Way,
};
use tipring_port::{ClearSign, LineCommand, LineEvent, Text, Tone};
use tipring_units::{LineId, Millis};

const FIRST: Party = Party::Line(LineId(6));

fn setup(pin: Option<&str>, may_call: Permission) -> Setup {
    let mut setup = outside_house();
    setup.lines[0].disa = Some(Disa { pin: pin.map(number), may_call });
    setup
}

/// Somebody calls in on line 1, which answers.
fn called(setup: Setup) -> House {
    let mut house = House::new(setup);
    house.exchange_rings(6, "5550199");
    assert_eq!(house.commands(6), [LineCommand::Answer, LineCommand::Play(Tone::Dial)]);
    house
}

fn alarms(house: &House) -> Vec<Alarm> {
    let alarm = |output: &Output| match output {
        Output::Alarm(alarm) => Some(*alarm),
        _ => None,
    };
    house.out.iter().filter_map(alarm).collect()
}

#[test]
fn without_a_pin_telephones_of_the_house_are_reached_and_ringback_is_made_here() {
    let mut house = called(setup(None, Permission::All));
    house.digit(6, b'1');
    assert_eq!(house.commands(6), [LineCommand::Quiet]);
    house.dial(6, "02");
    assert!(matches!(house.commands(1)[..], [LineCommand::Ring(_)]));
    house.line(1, LineEvent::Ringing);
    assert_eq!(house.commands(6), [LineCommand::Play(Tone::Ringback)]);
    house.line(1, LineEvent::Answered);
    assert_eq!(house.commands(6), [LineCommand::Quiet]);
    let path = MediaAction::Connect { a: FIRST, b: Party::Line(LineId(1)), way: Way::Both };
    assert_eq!(house.media(), [path]);
    house.hang_up(1);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    let record = house.records()[0];
    assert_eq!((record.from, record.dialled), (Identity::new("5550199", "Ann"), number("102")));
}

#[test]
fn without_a_pin_nothing_outside_is_reached_not_even_an_emergency_number() {
    for dialled in ["95552345678", "6911", "911", "9911"] {
        let mut house = called(setup(None, Permission::All));
        house.dial(6, dialled);
        house.wait(3000);
        assert_eq!(house.commands(7), [], "{dialled}");
        assert_eq!(house.placed(), None, "{dialled}");
        assert_eq!(house.doing(6), LineDoing::Told, "{dialled}");
    }
}

#[test]
fn with_the_pin_the_dial_plan_is_used_as_far_as_it_may_be() {
    let mut house = called(setup(Some("4711"), Permission::Local));
    house.dial(6, "4711#");
    assert_eq!(house.commands(6), [LineCommand::Play(Tone::Dial)]);
    house.dial(6, "95552345678");
    assert_eq!(house.commands(7), [LineCommand::Seize(Text::new("5552345678"))], "not on its own line");
    house.line(7, LineEvent::ExchangeReady(true));
    assert_eq!(house.media(), [MediaAction::Connect { a: FIRST, b: Party::Line(LineId(7)), way: Way::ToA }]);

    let mut house = called(setup(Some("4711"), Permission::Local));
    house.dial(6, "4711#");
    house.dial(6, "915552345678");
    assert_eq!(house.records()[0].cause, Cause::Barred, "national");
    assert_eq!(house.commands(6), [LineCommand::Play(Tone::Congestion)]);
    house.wait(10_000);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    house.line(6, LineEvent::Released);
    assert!(house.is_quiet());
}

#[test]
fn with_the_pin_an_emergency_number_goes_out_as_one() {
    let mut house = called(setup(Some("4711"), Permission::Internal));
    house.dial(6, "4711#");
    house.dial(6, "911");
    let (_, place) = house.placed().unwrap();
    assert!(matches!(place, FarAction::Place { priority: Priority::Emergency, via: Via::Server(name), .. }
        if name == server("pbx")));
}

#[test]
fn no_digit_of_a_pin_is_shown_anywhere() {
    let mut house = called(setup(Some("4711"), Permission::All));
    assert!(house.switch.hides_digits(LineId(6)));
    let mut told = Vec::new();
    for digit in *b"4711" {
        house.digit(6, digit);
        told.extend(house.events());
        assert!(house.switch.line(LineId(6)).unwrap().dialled.is_empty());
    }
    assert_eq!(told, []);
    house.digit(6, b'#');
    assert_eq!(house.events(), []);
    assert!(!house.switch.hides_digits(LineId(6)));
    house.digit(6, b'1');
    assert!(matches!(house.events()[..], [CallEvent::Dialled { digit: b'1', .. }]));
    assert_eq!(house.switch.line(LineId(6)).unwrap().dialled, number("1"));
    house.dial(6, "02");
    house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
    assert_eq!(house.records()[0].dialled, number("102"));
}

#[test]
fn a_pin_that_is_dialled_again_where_nobody_listens_is_not_shown_either() {
    let mut house = called(setup(Some("4711"), Permission::All));
    for pause in [2000, 4000, 0] {
        house.dial(6, "0000#");
        assert!(house.switch.hides_digits(LineId(6)), "in the pause, and while the caller is told");
        house.wait(pause);
    }
    assert_eq!(house.doing(6), LineDoing::Told);
    let mut house = called(setup(Some("4711"), Permission::All));
    house.dial(6, "4711#");
    house.dial(6, "102");
    house.line(1, LineEvent::Ringing);
    house.line(1, LineEvent::Answered);
    assert!(house.switch.hides_digits(LineId(6)), "in a call");
    let house = called(setup(None, Permission::All));
    assert!(!house.switch.hides_digits(LineId(6)), "a line without one");
}

#[test]
fn three_wrong_pins_end_the_call_with_longer_and_longer_pauses() {
    let mut house = called(setup(Some("4711"), Permission::All));
    for pause in [2000, 4000] {
        house.dial(6, "4712#");
        assert_eq!(house.commands(6), [], "nothing says how it was wrong");
        house.dial(6, "4711#");
        house.wait(pause - 1);
        assert_eq!(house.commands(6), [], "what is dialled in the pause is not listened to");
        house.wait(1);
        assert_eq!(house.commands(6), [LineCommand::Play(Tone::Dial)]);
    }
    house.dial(6, "1#");
    assert_eq!(house.commands(6), [LineCommand::Play(Tone::Congestion)]);
    house.wait(10_000);
    assert_eq!(house.commands(6), [LineCommand::HangUp]);
    assert_eq!(house.records(), [], "no call came of it");
    house.line(6, LineEvent::Released);
    assert!(house.is_quiet());
}

#[test]
fn nine_wrong_pins_in_a_row_lock_the_line_and_its_calls_ring_the_house_meanwhile() {
    let mut house = House::new(setup(Some("4711"), Permission::All));
    for call in 0..3 {
        house.exchange_rings(6, "5550199");
        for (count, pause) in [2000, 4000, 0].into_iter().enumerate() {
            house.dial(6, "0000#");
            let locked = alarms(&house).contains(&Alarm::DisaLocked(LineId(6)));
            assert_eq!(locked, call == 2 && count == 2);
            house.wait(pause);
        }
        house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
        house.line(6, LineEvent::Released);
    }
    house.exchange_rings(6, "5550199");
    assert_eq!(house.commands(6), []);
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]));
    house.line(6, LineEvent::GaveUp);
    house.line(0, LineEvent::RingStopped);
    house.line(1, LineEvent::RingStopped);
    house.wait(600_000);
    assert!(alarms(&house).contains(&Alarm::DisaUnlocked(LineId(6))));
    house.exchange_rings(6, "5550199");
    assert_eq!(house.commands(6), [LineCommand::Answer, LineCommand::Play(Tone::Dial)]);
}

#[test]
fn each_further_lock_is_twice_as_long_until_the_right_pin_is_dialled() {
    fn lock(house: &mut House) {
        for _ in 0..3 {
            house.exchange_rings(6, "5550199");
            for pause in [2000, 4000, 0] {
                house.dial(6, "0000#");
                house.wait(pause);
            }
            house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
            house.line(6, LineEvent::Released);
        }
    }
    fn locked_for(house: &mut House) -> u64 {
        house.drain();
        let unlocked = |house: &House| alarms(house).contains(&Alarm::DisaUnlocked(LineId(6)));
        (1..=2000)
            .find(|_| {
                house.wait(60_000);
                unlocked(house)
            })
            .unwrap()
    }
    let mut house = House::new(setup(Some("4711"), Permission::All));
    for minutes in [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440] {
        lock(&mut house);
        assert_eq!(locked_for(&mut house), minutes);
    }
    house.exchange_rings(6, "5550199");
    house.dial(6, "4711#");
    house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
    house.line(6, LineEvent::Released);
    lock(&mut house);
    assert_eq!(locked_for(&mut house), 10);
}

#[test]
fn the_right_pin_in_between_ends_the_count() {
    let mut house = House::new(setup(Some("4711"), Permission::All));
    for _ in 0..10 {
        house.exchange_rings(6, "5550199");
        house.dial(6, "0000#");
        house.wait(2000);
        house.dial(6, "4711#");
        house.line(6, LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
        house.line(6, LineEvent::Released);
    }
    house.exchange_rings(6, "5550199");
    assert_eq!(house.commands(6), [LineCommand::Answer, LineCommand::Play(Tone::Dial)]);
}

#[test]
fn who_does_not_dial_is_told_and_released() {
    for pin in [None, Some("4711")] {
        let mut house = called(setup(pin, Permission::All));
        house.wait(15_000);
        assert_eq!(house.doing(6), LineDoing::Told, "{pin:?}");
        house.wait(10_000);
        assert_eq!(house.commands(6), [LineCommand::HangUp], "{pin:?}");
        house.line(6, LineEvent::Released);
        assert!(house.is_quiet());
    }
}

#[test]
fn a_number_that_reaches_nobody_is_told() {
    let mut house = called(setup(None, Permission::All));
    house.dial(6, "5");
    assert_eq!(house.commands(6), [LineCommand::Quiet, LineCommand::Play(Tone::SpecialInformation)]);
    assert!(house.events().iter().any(|event| matches!(event, CallEvent::Abandoned { .. })));
}

#[test]
fn who_called_hangs_up_while_the_house_rings() {
    let mut house = called(setup(None, Permission::All));
    house.dial(6, "201");
    let leg = house.placed().unwrap().0;
    house.far(leg, FarEvent::Ringing);
    house.line(6, LineEvent::FarCleared(ClearSign::Tone(Tone::Busy)));
    assert_eq!(house.actions(leg), [FarAction::End(Cause::NORMAL)]);
    house.line(6, LineEvent::Released);
    assert!(house.is_quiet());
}

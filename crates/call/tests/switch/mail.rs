//! Waiting messages, distinctive ringing, and who sent a call on.

use crate::common::{House, house, number, server};
use tipring_call::{
    Diverter, FarAction, FarEvent, FarId, ForwardWhen, Identity, Input, RingKind, Setup, Via,
};
use tipring_port::{LineCommand, RingPattern, Text, Tone};
use tipring_units::Millis;

fn mail(house: &mut House, waiting: bool) {
    house.input(Input::Mail { number: number("101"), waiting });
}

#[test]
fn dial_tone_stutters_while_messages_wait() {
    let mut house = House::new(house());
    mail(&mut house, true);
    house.lift(0);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Stutter)]);
    house.hang_up(0);
    house.lift(1);
    assert_eq!(house.commands(1), [LineCommand::Play(Tone::Dial)], "not everybody's");
    mail(&mut house, false);
    house.lift(0);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Dial)]);
}

#[test]
fn a_telephone_without_a_lamp_has_plain_dial_tone() {
    let mut setup: Setup = house();
    setup.phones[0].lamp = false;
    let mut house = House::new(setup);
    mail(&mut house, true);
    house.lift(0);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Dial)]);
}

#[test]
fn a_call_rings_as_it_asks_and_one_that_asks_nothing_as_the_telephone_does() {
    for (ring, steps) in [
        (None, [2000, 4000, 0, 0]),
        (Some(RingKind::Internal), [2000, 4000, 0, 0]),
        (Some(RingKind::Bellcore(2)), [800, 400, 800, 4000]),
        (Some(RingKind::External), [800, 400, 800, 4000]),
    ] {
        let mut house = House::new(house());
        let via = Via::Server(server("pbx"));
        let from = Identity::new("5550177", "Mary");
        house.far(
            FarId::In(9),
            FarEvent::Incoming { to: number("101"), from, via, ring, diverted: Default::default() },
        );
        let [LineCommand::Ring(request)] = house.commands(0)[..] else { panic!("{:?}", house.out) };
        assert_eq!(request.pattern, RingPattern::new(&steps.map(Millis)), "{ring:?}");
    }
}

#[test]
fn a_leg_for_a_forwarded_call_is_told_who_sent_it_on_and_why() {
    let mut setup = house();
    let to = tipring_call::Forward::To(number("95552345678"));
    setup.phones[0].features.set_forward(ForwardWhen::Busy, to);
    let mut house = House::new(setup);
    house.lift(0);
    house.pbx_calls("101");
    let Some((_, FarAction::Place { diverted, number: sent, .. })) = house.placed() else { panic!() };
    let told = Diverter {
        number: number("101"),
        name: Text::new("Room 101"),
        when: ForwardWhen::Busy,
        private: false,
    };
    assert_eq!((diverted, sent.as_str()), (Some(told), "5552345678"));
    house.lift_and_dial(1, "95552345678");
    assert!(matches!(house.placed(), Some((_, FarAction::Place { diverted: None, .. }))));
}

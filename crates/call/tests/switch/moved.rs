//! Who is called is to be found elsewhere: a far end says so, or a telephone forwards and the caller's server is told.

use crate::common::{House, house, number, server};
use tipring_call::{
    CallEvent, Cause, Diverters, FarAction, FarEvent, FarId, Flag, Forward, ForwardWhen, ForwardsAt,
    Identity, Move, MovedTo, Permission, Presentation, Setup, StayWhy, Via,
};
use tipring_port::LineEvent;

fn at(place: &str, to: &str) -> Move {
    let at = match place {
        "here" => MovedTo::House,
        "?" => MovedTo::Stranger,
        name => MovedTo::Server(server(name)),
    };
    Move { to: number(to), at }
}

/// The leg that was placed last, as `pbx 5550100`.
fn placed(house: &House) -> Option<(FarId, String)> {
    let (leg, action) = house.placed()?;
    let FarAction::Place { via, number, .. } = action else { return None };
    let name = match via {
        Via::Server(name) => name.to_string(),
        Via::User(user) => format!("user {user}"),
    };
    Some((leg, format!("{name} {number}")))
}

fn moved(house: &mut House, leg: FarId, places: &[Move]) {
    house.far(leg, FarEvent::Moved { to: places.iter().copied().collect() });
}

/// Where the last one to be found elsewhere was not gone to, and why.
fn stays(house: &House) -> Vec<StayWhy> {
    let stays = house.events().into_iter().filter_map(|event| match event {
        CallEvent::Moved { stays, .. } => stays,
        _ => None,
    });
    stays.collect()
}

/// Telephone 101 with this class has dialled 9 5552345678, which is sent as 5552345678 to pbx.
fn calling(may_call: Permission) -> (House, FarId) {
    let mut setup = house();
    setup.phones[0].may_call = may_call;
    let mut house = House::new(setup);
    house.lift_and_dial(0, "95552345678");
    let (leg, to) = placed(&house).expect("a leg");
    assert_eq!(to, "pbx 5552345678");
    (house, leg)
}

#[test]
fn a_call_goes_on_to_the_places_that_the_far_end_names_one_after_the_other() {
    let (mut house, leg) = calling(Permission::All);
    moved(&mut house, leg, &[at("alt", "4001"), at("pbx", "4002"), at("here", "103")]);
    let (first, to) = placed(&house).expect("a leg");
    assert_eq!(to, "alt 4001");
    house.far(first, FarEvent::Ringing);
    house.far(first, FarEvent::Failed { cause: Cause::BUSY });
    let (second, to) = placed(&house).expect("a leg");
    assert_eq!(to, "pbx 4002");
    house.far(second, FarEvent::Failed { cause: Cause::UNALLOCATED });
    house.line(2, LineEvent::Answered);
    let record = |house: &House| house.records().first().copied();
    assert_eq!(record(&house), None, "103 has the call");
    house.hang_up(2);
    let record = record(&house).expect("a record");
    assert_eq!((record.dialled, record.cause), (number("95552345678"), Cause::NORMAL));
    assert_eq!(stays(&house), []);
}

#[test]
fn nobody_is_called_by_redirection_whom_the_caller_may_not_call() {
    let abroad = "01144207946";
    for (class, to, goes) in [
        (Permission::All, abroad, true),
        (Permission::NoInternational, abroad, false),
        (Permission::National, "12125552345", true),
        (Permission::National, "19005552345", false),
        (Permission::Local, "12125552345", false),
        (Permission::Local, "+442079460", false),
        (Permission::Local, "alice-in-london", false),
        (Permission::Local, "4001", true),
    ] {
        let (mut house, leg) = calling(class);
        moved(&mut house, leg, &[at("pbx", to)]);
        let now = placed(&house).map(|(_, to)| to);
        if goes {
            assert_eq!(now, Some(format!("pbx {to}")));
        } else {
            assert_eq!((now.as_deref(), stays(&house)), (None, vec![StayWhy::Barred]), "{to}");
            assert_eq!(house.records()[0].cause, Cause::Barred);
        }
    }
}

#[test]
fn the_number_that_was_asked_for_needs_no_leave_at_another_server() {
    let (mut house, leg) = calling(Permission::Local);
    moved(&mut house, leg, &[Move { to: number(""), at: MovedTo::Server(server("alt")) }]);
    assert_eq!(placed(&house).map(|(_, to)| to).as_deref(), Some("alt 5552345678"));
}

#[test]
fn a_row_that_bars_a_number_for_everybody_bars_it_behind_a_redirection() {
    let mut setup = house();
    let row = crate::common::row("1900xxxxxxx!", crate::common::to_server("pbx"));
    setup.dial.as_mut().unwrap().push(row);
    let mut house = House::new(setup);
    house.lift_and_dial(0, "95552345678");
    let (leg, _) = placed(&house).expect("a leg");
    moved(&mut house, leg, &[at("pbx", "19005552345")]);
    assert_eq!(stays(&house), [StayWhy::Barred]);
}

#[test]
fn no_call_goes_to_a_host_that_the_configuration_does_not_know_and_a_second_place_may_do() {
    let (mut house, leg) = calling(Permission::All);
    moved(&mut house, leg, &[at("?", "4001"), at("gone", "4001"), at("alt", "4001")]);
    assert_eq!(placed(&house).map(|(_, to)| to).as_deref(), Some("alt 4001"));
    assert_eq!(stays(&house), [StayWhy::Stranger, StayWhy::Stranger]);
    let (mut house, leg) = calling(Permission::All);
    moved(&mut house, leg, &[at("?", "4001")]);
    assert_eq!(house.records()[0].cause, Cause::REDIRECTED);
}

#[test]
fn redirections_in_a_circle_or_without_end_are_given_up() {
    let (mut house, leg) = calling(Permission::All);
    moved(&mut house, leg, &[at("alt", "4001")]);
    let (leg, _) = placed(&house).expect("a leg");
    moved(&mut house, leg, &[at("pbx", "5552345678")]);
    assert_eq!((stays(&house), house.records()[0].cause), (vec![StayWhy::Loop], Cause::TOO_MANY_HOPS));

    let (mut house, mut leg) = calling(Permission::All);
    for hop in 1..20 {
        moved(&mut house, leg, &[at("alt", &format!("40{hop:02}"))]);
        match placed(&house) {
            Some((next, _)) if next != leg => leg = next,
            _ => {
                assert_eq!((hop, stays(&house)), (6, vec![StayWhy::Loop]));
                assert_eq!(house.records().len(), 1);
                return;
            }
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn an_emergency_number_is_neither_reached_nor_left_by_redirection() {
    for to in ["911", "9911"] {
        let (mut house, leg) = calling(Permission::All);
        moved(&mut house, leg, &[at("pbx", to)]);
        assert_eq!((stays(&house), house.records().len()), (vec![StayWhy::Emergency], 1), "{to}");
    }
    let mut house = House::new(house());
    house.lift_and_dial(0, "911");
    let (leg, to) = placed(&house).expect("a leg");
    assert_eq!(to, "pbx 911");
    // Not to somebody else, not to a telephone of the house: the next way of the emergency call.
    moved(&mut house, leg, &[at("pbx", "5552345678"), at("here", "103")]);
    let (leg, to) = placed(&house).expect("a leg");
    assert_eq!((to.as_str(), stays(&house)), ("alt 911", vec![StayWhy::Emergency; 2]));
    // To an emergency number at a server that is known, it does.
    moved(&mut house, leg, &[at("?", "911"), at("pbx", "911")]);
    assert_eq!(stays(&house), [StayWhy::Stranger, StayWhy::Loop], "it has been at pbx already");
    assert_eq!(house.records().len(), 1);
}

#[test]
fn an_emergency_call_goes_on_to_the_same_number_at_another_server() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "911");
    let (leg, _) = placed(&house).expect("a leg");
    moved(&mut house, leg, &[at("alt", "911")]);
    let (leg, to) = placed(&house).expect("a leg");
    assert_eq!(to, "alt 911");
    house.far(leg, FarEvent::Answered);
    assert!(house.events().contains(&CallEvent::Answered(tipring_units::CallId(1))));
}

#[test]
fn who_forwards_answers_for_where_the_redirection_goes_not_who_calls() {
    let mut setup = house();
    setup.phones[0].features.set_forward(ForwardWhen::Always, Forward::To(number("95552345678")));
    setup.phones[0].may_call = Permission::National;
    setup.servers[0].may_call = Some(Permission::All);
    for (to, why) in [("12125552345", vec![]), ("01144207946", vec![StayWhy::Barred])] {
        let mut house = House::new(setup.clone());
        let from = Identity::new("5550177", "Mary");
        house.incoming(Via::Server(server("alt")), from, "101");
        let (leg, _) = placed(&house).expect("a leg");
        moved(&mut house, leg, &[at("pbx", to)]);
        assert_eq!(stays(&house), why, "{to}");
    }
}

#[test]
fn a_sip_telephone_that_forwards_by_itself_does_so_with_its_own_class() {
    let mut setup = house();
    setup.users[0].may_call = Permission::Internal;
    for (place, went) in [
        (at("here", "103"), vec![]),
        (at("here", "95552345678"), vec![StayWhy::Barred]),
        (at("pbx", "12125552345"), vec![StayWhy::Barred]),
        (at("here", "911"), vec![StayWhy::Emergency]),
    ] {
        let mut house = House::new(setup.clone());
        house.lift_and_dial(0, "201");
        let (leg, to) = placed(&house).expect("a leg");
        assert_eq!(to, "user 201 201");
        moved(&mut house, leg, &[place]);
        assert_eq!(stays(&house), went, "{place:?}");
        let rings = !house.commands(2).is_empty();
        assert_eq!(rings, went.is_empty());
    }
}

#[test]
fn a_caller_from_outside_is_sent_on_within_the_server_that_says_so() {
    let setup = crate::common::outside_house();
    let mut house = House::new(setup);
    house.exchange_rings(7, "5550123");
    let (leg, to) = placed(&house).expect("a leg");
    assert_eq!(to, "pbx 700");
    moved(&mut house, leg, &[at("alt", "4001"), at("pbx", "01144207946")]);
    assert_eq!(placed(&house).map(|(_, to)| to).as_deref(), Some("pbx 01144207946"));
    assert_eq!(stays(&house), [StayWhy::Barred]);
}

#[test]
fn of_several_who_are_called_at_once_the_others_ring_on() {
    let mut setup = house();
    let members = ["103", "201"].map(|text| tipring_call::Destination::Number(number(text))).to_vec();
    setup.groups = vec![tipring_call::Group {
        number: number("600"),
        name: tipring_port::Text::EMPTY,
        members,
        hunt: tipring_call::GroupHunt::Simultaneous,
        ring_time: tipring_units::Millis::from_secs(20),
        busy: tipring_call::Overflow::Busy,
        no_answer: None,
    }];
    setup.dial.as_mut().unwrap().push(crate::common::row("6xx", tipring_call::Destination::Phones));
    let mut house = House::new(setup);
    house.lift_and_dial(0, "600");
    let (leg, _) = placed(&house).expect("a leg");
    moved(&mut house, leg, &[at("here", "104")]);
    assert!(house.commands(3).is_empty(), "104 is not rung");
    house.line(2, LineEvent::Answered);
    assert!(house.events().contains(&CallEvent::Answered(tipring_units::CallId(1))));
}

/// The house with 101 forwarding in that case to `to`; pbx carries forwarding out itself.
fn forwarding(when: ForwardWhen, to: &str) -> Setup {
    let mut setup = house();
    setup.phones[0].features.set_forward(when, Forward::To(number(to)));
    setup.servers[0].forwards = ForwardsAt::Server;
    setup
}

/// What the caller's leg is told in the end: the number and who wants it.
fn sent_on(house: &House, leg: FarId) -> Option<(String, String, ForwardWhen, bool)> {
    match house.actions(leg).last()? {
        FarAction::SendOn { to, diverted, via } => {
            assert_eq!(*via, Via::Server(server("pbx")));
            let by = format!("{} {}", diverted.number, diverted.name);
            Some((to.to_string(), by, diverted.when, diverted.private))
        }
        _ => None,
    }
}

#[test]
fn a_server_that_forwards_itself_is_told_where_in_each_case() {
    for when in ForwardWhen::ALL {
        let mut house = House::new(forwarding(when, "95552345678"));
        match when {
            ForwardWhen::Always | ForwardWhen::NoAnswer => {}
            ForwardWhen::Busy => house.lift(0),
            ForwardWhen::Unreachable => {
                house.input(tipring_call::Input::SetInService { line: tipring_units::LineId(0), on: false });
            }
        }
        let leg = house.pbx_calls("101");
        if when == ForwardWhen::NoAnswer {
            house.line(0, LineEvent::Ringing);
            assert_eq!(house.actions(leg), [FarAction::Alert]);
            house.wait(20_000);
            assert!(house.commands(0).contains(&tipring_port::LineCommand::StopRing));
        }
        let told = ("5552345678".to_owned(), "101 Room 101".to_owned(), when, false);
        assert_eq!(sent_on(&house, leg), Some(told), "{when:?} {:?}", house.out);
        assert_eq!(house.placed(), None, "the gateway makes no call of its own");
        let record = house.records()[0];
        assert_eq!((record.cause, record.sent), (Cause::Forwarded, number("5552345678")));
        assert_eq!(record.cause.to_string(), "forwarded by the server (23)");
        assert!(house.events().contains(&CallEvent::SentOn { call: record.call, to: number("5552345678") }));
        let ends = |action: &FarAction| matches!(action, FarAction::Reject(_) | FarAction::End(_));
        assert!(!house.actions(leg).iter().any(ends), "the leg has one answer");
    }
}

#[test]
fn the_gateway_forwards_what_the_server_could_not_reach_and_what_others_call() {
    // A telephone of the house.
    let mut house = House::new(forwarding(ForwardWhen::Always, "103"));
    let leg = house.pbx_calls("101");
    assert_eq!(sent_on(&house, leg), None);
    assert!(!house.commands(2).is_empty(), "103 rings");
    // A call from a telephone, from another server, from a SIP telephone.
    let mut house = House::new(forwarding(ForwardWhen::Always, "95552345678"));
    house.lift_and_dial(1, "101");
    assert_eq!(placed(&house).map(|(_, to)| to).as_deref(), Some("pbx 5552345678"));
    for via in [Via::Server(server("alt")), Via::User(number("201"))] {
        let mut house = House::new(forwarding(ForwardWhen::Always, "95552345678"));
        let leg = house.incoming(via, Identity::new("201", ""), "101");
        assert_eq!(sent_on(&house, leg), None);
        assert_eq!(placed(&house).map(|(_, to)| to).as_deref(), Some("pbx 5552345678"));
    }
    // What goes to another server.
    let mut setup = forwarding(ForwardWhen::Always, "4001");
    setup.dial.as_mut().unwrap().push(crate::common::row("4xxx", crate::common::to_server("alt")));
    let mut house = House::new(setup);
    let leg = house.pbx_calls("101");
    assert_eq!(sent_on(&house, leg), None);
    assert_eq!(placed(&house).map(|(_, to)| to).as_deref(), Some("alt 4001"));
}

#[test]
fn nobody_is_sent_on_where_the_telephone_may_not_call_or_to_an_emergency_number() {
    for (to, class) in [("9911", Permission::All), ("901144207946", Permission::National)] {
        let mut setup = forwarding(ForwardWhen::Always, to);
        setup.phones[0].may_call = class;
        let mut house = House::new(setup);
        let leg = house.pbx_calls("101");
        assert_eq!(house.actions(leg), [FarAction::Reject(Cause::Barred)], "{to}");
    }
}

#[test]
fn a_call_that_the_telephone_has_sent_on_before_is_not_sent_round_again() {
    let call = |numbers: &[&str], count: u32, when: ForwardWhen| {
        let mut house = House::new(forwarding(when, "95552345678"));
        let mut diverted = Diverters::default();
        for by in numbers {
            diverted.push(number(by), count);
        }
        let via = Via::Server(server("pbx"));
        let from = Identity::new("5550177", "");
        let leg = FarId::In(77);
        house.far(leg, FarEvent::Incoming { to: number("101"), from, via, ring: None, diverted });
        let sent = sent_on(&house, leg).is_some();
        (sent, house.actions(leg).first().copied(), !house.commands(0).is_empty())
    };
    let busy = Some(FarAction::Reject(Cause::BUSY));
    assert!(call(&["102"], 1, ForwardWhen::Always).0);
    assert_eq!(call(&["102", "101"], 1, ForwardWhen::Always), (false, busy, false));
    assert!(call(&["700"], 4, ForwardWhen::Always).0);
    assert_eq!(call(&["700"], 5, ForwardWhen::Always), (false, busy, false));
    assert_eq!(call(&["101"], 1, ForwardWhen::NoAnswer), (false, None, true), "it rings");
}

#[test]
fn who_hides_or_whose_caller_does_is_named_in_private() {
    let private = |hides: bool, presentation: Presentation| {
        let mut setup = forwarding(ForwardWhen::Always, "95552345678");
        setup.phones[0].features.set_flag(Flag::Hide, hides);
        let mut house = House::new(setup);
        let from = Identity { presentation, ..Identity::new("5550177", "Mary") };
        let leg = house.incoming(Via::Server(server("pbx")), from, "101");
        sent_on(&house, leg).expect("sent on").3
    };
    assert!(!private(false, Presentation::Allowed));
    assert!(private(true, Presentation::Allowed));
    assert!(private(false, Presentation::Private));
}

#[test]
fn a_telephone_that_sends_calls_on_has_the_number_that_the_server_knows_it_by() {
    let mut setup = forwarding(ForwardWhen::Always, "95552345678");
    let rule = tipring_country::Rewrite::parse("<:+15550>xxx").unwrap();
    let rules = tipring_call::Rewrites { caller_out: vec![rule], ..Default::default() };
    setup.rewrites.servers.insert(server("pbx"), rules);
    let mut house = House::new(setup.clone());
    let leg = house.pbx_calls("101");
    assert_eq!(sent_on(&house, leg).map(|(_, by, ..)| by).as_deref(), Some("+15550101 Room 101"));
    let mut house = House::new(Setup { servers: crate::common::house().servers, ..setup });
    house.lift_and_dial(1, "101");
    let Some((_, FarAction::Place { diverted: Some(by), .. })) = house.placed() else { panic!() };
    assert_eq!(by.number, number("+15550101"));
}

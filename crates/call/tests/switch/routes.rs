//! Ways out in order, what makes a call go on to the next one, and how numbers change on the way.

use crate::common::{House, house, number, outside_house, row, server, to_server};
use tipring_call::{
    AllRewrites, Cause, Destination, Failure, Failures, FarAction, FarEvent, FarId, Identity, Input,
    Rewrites, Route, Setup, Via,
};
use tipring_country::Rewrite;
use tipring_port::{LineCommand, LineEvent};

fn rules(texts: &[&str]) -> Vec<Rewrite> {
    texts.iter().map(|text| Rewrite::parse(text).unwrap()).collect()
}

/// 9 goes by pbx, then alt, then lines.
fn routed(on: Failures) -> Setup {
    let mut setup = outside_house();
    let via = vec![to_server("pbx"), to_server("alt"), Destination::Lines { number: None }];
    setup.routes = vec![Route { name: server("out"), via, on }];
    setup.dial = Some(vec![
        row("1xx", Destination::Phones),
        row("<9:>,xx.", Destination::Route(server("out"))),
        row("<8:>,xx.", to_server("pbx")),
        row("<7:>,xx.", Destination::Line { line: number("2"), number: None }),
    ]);
    setup
}

fn placed(house: &House) -> Option<(FarId, Via, String)> {
    house.placed().map(|(leg, action)| match action {
        FarAction::Place { via, number, .. } => (leg, via, number.as_str().to_owned()),
        _ => unreachable!("only placed ones are asked for"),
    })
}

fn by(house: &House) -> Option<Via> {
    placed(house).map(|(_, via, _)| via)
}

fn fails(house: &mut House, cause: Cause) {
    let (leg, _, _) = placed(house).unwrap();
    house.far(leg, FarEvent::Failed { cause });
}

fn calls(house: &mut House) {
    house.lift_and_dial(0, "92125550123");
}

const PBX: &str = "pbx";

#[test]
fn a_call_goes_on_to_the_next_way_where_one_is_at_fault() {
    let mut house = House::new(routed(Failures::default()));
    calls(&mut house);
    assert_eq!(by(&house), Some(Via::Server(server(PBX))));
    fails(&mut house, Cause::TEMPORARY);
    assert_eq!(by(&house), Some(Via::Server(server("alt"))));
    fails(&mut house, Cause::Q850(102));
    assert!(house.commands(6).iter().any(|one| matches!(one, LineCommand::Seize { .. })), "{:?}", house.out);
}

#[test]
fn who_is_busy_absent_or_refuses_ends_the_call() {
    for cause in [Cause::BUSY, Cause::REJECTED, Cause::NO_ANSWER, Cause::NO_REACTION, Cause::UNALLOCATED] {
        let mut house = House::new(routed(Failures::default()));
        calls(&mut house);
        fails(&mut house, cause);
        assert_eq!(by(&house), None, "{cause}");
        let causes: Vec<Cause> = house.records().iter().map(|record| record.cause).collect();
        assert_eq!(causes, [cause]);
    }
}

#[test]
fn a_route_may_go_on_for_reasons_of_its_own() {
    let on: Failures = [Failure::Busy].into_iter().collect();
    let mut house = House::new(routed(on));
    calls(&mut house);
    fails(&mut house, Cause::BUSY);
    assert_eq!(by(&house), Some(Via::Server(server("alt"))));
    fails(&mut house, Cause::TEMPORARY);
    assert_eq!(by(&house), None);
}

#[test]
fn a_server_that_is_down_is_passed_over_and_one_that_says_nothing_is_given_up_soon() {
    let mut house = House::new(routed(Failures::default()));
    house.input(Input::Server { name: server(PBX), up: false });
    calls(&mut house);
    assert_eq!(by(&house), Some(Via::Server(server("alt"))));
    house.wait(5_900);
    assert!(house.out.is_empty());
    house.wait(200);
    assert!(house.commands(6).iter().any(|one| matches!(one, LineCommand::Seize { .. })), "{:?}", house.out);
}

#[test]
fn a_server_that_has_the_call_is_given_its_time() {
    let mut house = House::new(routed(Failures::default()));
    calls(&mut house);
    let (leg, _, _) = placed(&house).unwrap();
    house.far(leg, FarEvent::Proceeding);
    house.wait(20_000);
    assert_eq!(by(&house), None);
    house.far(leg, FarEvent::Ringing);
    house.far(leg, FarEvent::Answered);
    house.hang_up(0);
}

#[test]
fn the_last_way_tells_why_the_call_failed() {
    let mut setup = routed(Failures::default());
    setup.routes[0].via.truncate(2);
    let mut house = House::new(setup);
    calls(&mut house);
    fails(&mut house, Cause::TEMPORARY);
    fails(&mut house, Cause::NETWORK);
    let causes: Vec<Cause> = house.records().iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::NETWORK]);
}

fn rewriting() -> Setup {
    let mut setup = routed(Failures::default());
    let mut all = AllRewrites::default();
    all.routes
        .insert(server("out"), Rewrites { called_out: rules(&["<:1>xxxxxxxxxx"]), ..Rewrites::default() });
    all.servers.insert(
        server(PBX),
        Rewrites {
            called_out: rules(&["<011:+>x.", "<:+>1xxxxxxxxxx"]),
            caller_out: rules(&["<:+1212555>0xxx", "<:+12125550>1xx"]),
            called_in: rules(&["<+12125550:>1xx"]),
            caller_in: rules(&["<+1:9>xxxxxxxxxx", "<+:9011>x."]),
        },
    );
    all.lines.insert(
        number("2"),
        Rewrites { called_out: rules(&["<:*70>x."]), caller_in: rules(&["<:9>x."]), ..Rewrites::default() },
    );
    setup.rewrites = all;
    setup
}

#[test]
fn numbers_go_out_as_the_route_and_then_the_server_want_them() {
    let mut house = House::new(rewriting());
    calls(&mut house);
    let Some((_, FarAction::Place { number: sent, from, .. })) = house.placed() else { panic!() };
    assert_eq!((sent.as_str(), from.number.as_str()), ("+12125550123", "+12125550101"));
    fails(&mut house, Cause::TEMPORARY);
    let Some((_, FarAction::Place { number: sent, from, .. })) = house.placed() else { panic!() };
    assert_eq!(
        (sent.as_str(), from.number.as_str()),
        ("12125550123", "101"),
        "the other server wants nothing"
    );
    let record = {
        fails(&mut house, Cause::BUSY);
        house.records().remove(0)
    };
    assert_eq!((record.sent.as_str(), record.dialled.as_str()), ("12125550123", "92125550123"));
}

#[test]
fn an_emergency_number_goes_out_as_it_is() {
    let mut setup = rewriting();
    setup.emergency.via = vec![to_server(PBX)];
    setup.rewrites.servers.get_mut(&server(PBX)).unwrap().called_out = rules(&["<:+1>x."]);
    let mut house = House::new(setup);
    house.lift_and_dial(0, "911");
    assert_eq!(placed(&house).map(|(_, _, sent)| sent), Some("911".to_owned()));
    house.far(FarId::Out(1), FarEvent::Answered);
    house.hang_up(0);
    house.lift_and_dial(0, "85551234#");
    assert_eq!(placed(&house).map(|(_, _, sent)| sent), Some("+15551234".to_owned()));
}

#[test]
fn numbers_come_in_as_the_house_has_them() {
    let mut house = House::new(rewriting());
    house.incoming(Via::Server(server(PBX)), Identity::new("+12125559999", ""), "+12125550102");
    let rings: Vec<String> = house
        .commands(1)
        .iter()
        .filter_map(|command| match command {
            LineCommand::Ring(request) => Some(request.caller?.number.ok()?.as_str().to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(rings, ["92125559999"]);
}

#[test]
fn an_exchange_is_dialled_and_shows_callers_as_the_line_wants() {
    let mut setup = rewriting();
    setup.lines[1].rings = vec![Destination::Number(number("104"))];
    let mut house = House::new(setup);
    house.exchange_rings(7, "2125550188");
    let shown: Vec<String> = house
        .commands(3)
        .iter()
        .filter_map(|command| match command {
            LineCommand::Ring(request) => Some(request.caller?.number.ok()?.as_str().to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(shown, ["92125550188"]);
    house.line(7, LineEvent::GaveUp);
    house.line(3, LineEvent::RingStopped);
    let mut house = House::new(rewriting());
    house.lift_and_dial(0, "75551234#");
    let sent: Vec<String> = house
        .events()
        .iter()
        .filter_map(|event| match event {
            tipring_call::CallEvent::Routed { sent, .. } => Some(sent.as_str().to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(sent, ["*705551234"]);
}

#[test]
fn a_house_without_routes_is_as_it_was() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "95551234#");
    assert_eq!(placed(&house).map(|(_, _, sent)| sent), Some("5551234".to_owned()));
}

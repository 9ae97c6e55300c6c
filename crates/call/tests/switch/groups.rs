//! Numbers that reach several: order, time, overflow, and who is left out.

use crate::common::{House, house, number, outside_house, row, server, to_server_number};
use tipring_call::{
    CallEvent, Cause, Destination, FarAction, FarEvent, ForwardWhen, Group, GroupHunt, Identity, Input,
    LineDoing, Overflow, Setup, Via,
};
use tipring_port::{LineCommand, LineEvent, Text, Tone};
use tipring_units::{LineId, Millis};

fn phone(text: &str) -> Destination {
    Destination::Number(number(text))
}

fn group(hunt: GroupHunt, members: &[&str]) -> Group {
    Group {
        number: number("600"),
        name: Text::new("Sales"),
        members: members.iter().map(|text| phone(text)).collect(),
        hunt,
        ring_time: Millis::from_secs(15),
        busy: Overflow::Busy,
        no_answer: Some(Overflow::Busy),
    }
}

fn with(groups: Vec<Group>) -> Setup {
    let mut setup = Setup { groups, ..house() };
    setup.dial.as_mut().unwrap().push(row("6xx", Destination::Phones));
    setup
}

fn rings(house: &House, line: u16) -> bool {
    house.commands(line).iter().any(|command| matches!(command, LineCommand::Ring(_)))
}

/// Lets time pass; lines that are told to stop ringing do, at once.
fn pass(house: &mut House, seconds: u64) -> Vec<u16> {
    let mut rung = Vec::new();
    for _ in 0..seconds * 2 {
        house.wait(500);
        let rows: Vec<(u16, Vec<LineCommand>)> = (0..9).map(|line| (line, house.commands(line))).collect();
        for (line, commands) in rows {
            if commands.iter().any(|one| matches!(one, LineCommand::StopRing)) {
                house.line(line, LineEvent::RingStopped);
            }
            if commands.iter().any(|one| matches!(one, LineCommand::Ring(_))) {
                rung.push(line);
            }
        }
    }
    rung
}

/// Lets one ring: it says so.
fn sounds(house: &mut House, line: u16) {
    house.line(line, LineEvent::Ringing);
}

/// Calls 600, and `line` answers; both hang up after a second.
fn served_by(house: &mut House, line: u16) {
    house.lift_and_dial(0, "600");
    let mut rung: Vec<u16> = (1..6).filter(|line| rings(house, *line)).collect();
    while rung.last() != Some(&line) {
        sounds(house, *rung.last().unwrap());
        rung.extend(pass(house, 1));
        assert!(rung.len() < 9, "{rung:?}");
    }
    house.line(line, LineEvent::Answered);
    house.wait(1000);
    house.hang_up(0);
    house.hang_up(line);
}

/// Who is rung first.
fn first(house: &mut House) -> u16 {
    house.lift_and_dial(0, "600");
    let rung = (1..6).find(|line| rings(house, *line)).unwrap();
    house.hang_up(0);
    house.line(rung, LineEvent::RingStopped);
    rung
}

fn events(house: &House) -> Vec<CallEvent> {
    house.events()
}

#[test]
fn a_linear_group_rings_one_after_the_other_from_the_first_on() {
    let mut house = House::new(with(vec![group(GroupHunt::Linear, &["102", "103", "104"])]));
    house.lift_and_dial(0, "600");
    assert!(rings(&house, 1) && !rings(&house, 2));
    sounds(&mut house, 1);
    assert_eq!(pass(&mut house, 16), [2]);
    sounds(&mut house, 2);
    assert_eq!(pass(&mut house, 15), [3]);
    sounds(&mut house, 3);
    house.line(3, LineEvent::Answered);
    assert_eq!(house.doing(0), LineDoing::Talking);
    house.hang_up(0);
    house.hang_up(3);
    assert_eq!(first(&mut house), 1);
}

#[test]
fn who_is_in_a_call_out_of_service_or_undisturbed_is_left_out() {
    let mut house = House::new(with(vec![group(GroupHunt::Linear, &["102", "103", "104", "105"])]));
    house.lift(1);
    house.input(Input::SetInService { line: LineId(2), on: false });
    house.lift_and_dial(3, "*26#");
    house.hang_up(3);
    house.lift_and_dial(0, "600");
    let rung: Vec<u16> = (1..6).filter(|line| rings(&house, *line)).collect();
    assert_eq!(rung, [4]);
}

#[test]
fn what_a_member_has_forwarded_is_not_followed_in_the_group() {
    let mut house = House::new(with(vec![group(GroupHunt::Linear, &["102", "103"])]));
    house.lift_and_dial(1, "*21*105#");
    house.hang_up(1);
    house.lift_and_dial(0, "600");
    assert!(rings(&house, 1) && !rings(&house, 4));
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 4), "called by its own number it forwards");
}

#[test]
fn a_circular_group_begins_behind_the_one_that_answered_last() {
    let mut house = House::new(with(vec![group(GroupHunt::Circular, &["102", "103", "104"])]));
    assert_eq!((first(&mut house), first(&mut house)), (1, 1), "nobody answered");
    served_by(&mut house, 1);
    assert_eq!(first(&mut house), 2);
    served_by(&mut house, 3);
    assert_eq!(first(&mut house), 1);
}

#[test]
fn the_place_in_a_circle_and_the_ends_of_calls_survive_an_edited_configuration() {
    let setup = with(vec![group(GroupHunt::Circular, &["102", "103", "104"])]);
    let mut house = House::new(setup.clone());
    served_by(&mut house, 1);
    house.input(Input::Reconfigure(Box::new(Setup { offset_minutes: 60, ..setup })));
    assert_eq!(first(&mut house), 2);
    house.input(Input::Reconfigure(Box::new(with(vec![group(
        GroupHunt::LeastRecent,
        &["102", "103", "104"],
    )]))));
    assert_eq!(first(&mut house), 2, "102 had the last call");
}

#[test]
fn the_least_recent_one_is_who_has_had_no_call_for_the_longest_time_of_any_kind() {
    let mut house = House::new(with(vec![group(GroupHunt::LeastRecent, &["102", "103", "104"])]));
    served_by(&mut house, 1);
    assert_eq!(first(&mut house), 2);
    // A call that 103 makes counts too.
    house.lift_and_dial(2, "106");
    house.line(5, LineEvent::Answered);
    house.wait(1000);
    house.hang_up(2);
    house.hang_up(5);
    assert_eq!(first(&mut house), 3);
    served_by(&mut house, 3);
    assert_eq!(first(&mut house), 1);
}

#[test]
fn members_that_ring_at_once_stop_when_one_answers() {
    let mut setup = with(vec![group(GroupHunt::Simultaneous, &["102", "103", "201"])]);
    setup.groups[0].members.push(to_server_number("pbx", "700"));
    let mut house = House::new(setup);
    house.lift_and_dial(0, "600");
    assert!(rings(&house, 1) && rings(&house, 2));
    let placed: Vec<Via> = house
        .out
        .iter()
        .filter_map(|output| match output {
            tipring_call::Output::Far { action: FarAction::Place { via, .. }, .. } => Some(*via),
            _ => None,
        })
        .collect();
    assert_eq!(placed, [Via::User(number("201")), Via::Server(server("pbx"))]);
    sounds(&mut house, 1);
    sounds(&mut house, 2);
    house.line(2, LineEvent::Answered);
    assert!(house.commands(1).contains(&LineCommand::StopRing));
    let ended = |output: &&tipring_call::Output| {
        matches!(output, tipring_call::Output::Far { action: FarAction::End(_), .. })
    };
    assert_eq!(house.out.iter().filter(ended).count(), 2);
}

#[test]
fn a_call_that_finds_nobody_free_overflows_as_busy_does_and_one_that_nobody_answers_elsewhere() {
    let mut own = group(GroupHunt::Linear, &["102", "103"]);
    own.busy = Overflow::To(phone("105"));
    own.no_answer = Some(Overflow::To(phone("106")));
    let mut house = House::new(with(vec![own]));
    house.lift(1);
    house.lift(2);
    house.lift_and_dial(0, "600");
    assert!(rings(&house, 4));
    let overflow = |when| CallEvent::Overflow { call: tipring_units::CallId(1), group: number("600"), when };
    assert!(events(&house).contains(&overflow(ForwardWhen::Busy)), "{:?}", events(&house));
    house.hang_up(0);
    house.line(4, LineEvent::RingStopped);
    house.hang_up(1);
    // The first rings in vain, the second is busy: nobody answered.
    house.lift_and_dial(0, "600");
    sounds(&mut house, 1);
    assert_eq!(pass(&mut house, 16), [5]);
}

#[test]
fn a_group_overflows_into_another_one_and_ends_as_that_one_says() {
    let mut own = group(GroupHunt::Simultaneous, &["102", "103"]);
    own.no_answer = Some(Overflow::To(phone("601")));
    let second =
        Group { number: number("601"), busy: Overflow::Announcement, ..group(GroupHunt::Linear, &["104"]) };
    let mut house = House::new(with(vec![own, second]));
    house.lift(3);
    house.lift_and_dial(0, "600");
    sounds(&mut house, 1);
    sounds(&mut house, 2);
    let mut said = Vec::new();
    for _ in 0..40 {
        house.wait(500);
        said.extend(house.commands(0));
    }
    let told = said.last().copied();
    assert!(
        matches!(told, Some(LineCommand::Announce { then: Some(Tone::Busy), .. })),
        "announced though announcements are off: {told:?}"
    );
}

#[test]
fn without_a_place_for_unanswered_calls_members_ring_again_until_the_time_of_all_calls_is_up() {
    let own = Group { no_answer: None, ..group(GroupHunt::Linear, &["102", "103"]) };
    let mut house = House::new(with(vec![own]));
    house.lift_and_dial(0, "600");
    let mut rung = vec![1];
    for _ in 0..75 {
        let last = *rung.last().unwrap();
        sounds(&mut house, last);
        rung.extend(pass(&mut house, 1));
    }
    // 60 s are two rounds of twice 15 s.
    assert_eq!(rung, [1, 2, 1, 2]);
    assert_eq!(house.doing(0), LineDoing::Told);
}

#[test]
fn where_all_are_busy_the_caller_hears_busy_at_once() {
    let own = Group { no_answer: None, ..group(GroupHunt::Circular, &["102", "103"]) };
    let mut house = House::new(with(vec![own]));
    house.lift(1);
    house.lift(2);
    house.lift_and_dial(0, "600");
    assert_eq!(house.commands(0).last(), Some(&LineCommand::Play(Tone::Busy)));
    let causes: Vec<Cause> = house.records().iter().map(|record| record.cause).collect();
    assert_eq!(causes, [Cause::BUSY]);
}

#[test]
fn a_member_that_calls_its_own_group_reaches_the_others() {
    let mut house = House::new(with(vec![group(GroupHunt::Linear, &["101", "102"])]));
    house.lift_and_dial(0, "600");
    assert!(rings(&house, 1));
    house.hang_up(0);
    house.line(1, LineEvent::RingStopped);
    let mut alone = House::new(with(vec![group(GroupHunt::Linear, &["101"])]));
    alone.lift_and_dial(0, "600");
    assert_eq!(alone.commands(0).last(), Some(&LineCommand::Play(Tone::Busy)));
}

#[test]
fn a_server_and_an_outside_line_reach_the_group_by_its_number() {
    let mut own = group(GroupHunt::Linear, &["102", "103"]);
    own.no_answer = None;
    let mut house = House::new(with(vec![own.clone()]));
    let leg = house.pbx_calls("600");
    assert!(rings(&house, 1));
    house.far(leg, FarEvent::Ended { cause: Cause::NORMAL });
    house.line(1, LineEvent::RingStopped);

    let mut setup = outside_house();
    setup.groups = vec![own];
    setup.lines[0].rings = vec![phone("600")];
    let mut house = House::new(setup);
    house.exchange_rings(6, "5550177");
    assert!(rings(&house, 1) && !rings(&house, 0) && !rings(&house, 2));
    sounds(&mut house, 1);
    assert_eq!(pass(&mut house, 16), [2]);
    sounds(&mut house, 2);
    // After a last round the line's own fallback.
    let mut rung = Vec::new();
    for _ in 0..30 {
        for line in 1..3 {
            sounds(&mut house, line);
        }
        rung.extend(pass(&mut house, 1));
    }
    for _ in 0..30 {
        for line in 1..3 {
            sounds(&mut house, line);
        }
        rung.extend(pass(&mut house, 1));
    }
    assert_eq!(rung.last(), Some(&2), "{rung:?}");
}

#[test]
fn a_server_that_asks_for_nobody_here_rings_its_group() {
    let mut setup = with(vec![group(GroupHunt::Linear, &["102"])]);
    setup.servers[0].rings = Some(number("600"));
    let mut house = House::new(setup);
    house.incoming(Via::Server(server("pbx")), Identity::new("5550177", ""), "5559999");
    assert!(rings(&house, 1));
}

#[test]
fn a_call_forwarded_to_a_group_goes_through_all_of_it() {
    let mut house = House::new(with(vec![group(GroupHunt::Linear, &["103", "104"])]));
    house.lift_and_dial(1, "*21*600#");
    house.hang_up(1);
    house.lift_and_dial(0, "102");
    assert!(rings(&house, 2));
    sounds(&mut house, 2);
    assert_eq!(pass(&mut house, 16), [3]);
}

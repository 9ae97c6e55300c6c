//! The dial plan, digit by digit.

use crate::common::{House, house, number, row, server, to_server};
use tipring_call::{
    CallEvent, Cause, Destination, FarAction, Identity, LineDoing, Permission, Plan, Priority, Setup,
    Verdict, Via, Why,
};
use tipring_call::{Reader, Selection};
use tipring_country::NumberKind;
use tipring_port::{LineCommand, Tone};
use tipring_units::{LineId, Millis};

fn plan_of(rows: &[(&str, Destination)]) -> Plan {
    let dial = Some(rows.iter().map(|(pattern, to)| row(pattern, *to)).collect());
    Plan::new(&Setup { dial, ..house() })
}

fn read(plan: &Plan, digits: &str) -> Verdict {
    let mut reader = Reader::new(plan, false);
    for digit in digits.bytes() {
        reader.push(plan, digit);
    }
    reader.verdict(plan)
}

fn whole(verdict: Verdict) -> Selection {
    match verdict {
        Verdict::Whole(selection) => selection,
        Verdict::More { .. } | Verdict::Dead(_) => panic!("{verdict:?} is not whole"),
    }
}

fn wait(verdict: Verdict) -> (Why, Millis) {
    match verdict {
        Verdict::More { why, after, .. } => (why, after),
        Verdict::Whole(_) | Verdict::Dead(_) => panic!("{verdict:?} does not wait"),
    }
}

#[test]
fn a_number_of_known_length_goes_on_its_last_digit() {
    let plan = plan_of(&[("[2-8]xx", to_server("pbx")), ("0", to_server("alt"))]);
    assert_eq!(wait(read(&plan, "20")), (Why::MoreDigits, Millis(10_000)));
    let selection = whole(read(&plan, "204"));
    assert_eq!((selection.sent, selection.to), (number("204"), Some(to_server("pbx"))));
    assert_eq!(whole(read(&plan, "0")).to, Some(to_server("alt")));
}

#[test]
fn the_most_specific_rule_wins_and_only_a_longer_one_makes_it_wait() {
    let plan = plan_of(&[
        ("1xx", to_server("pbx")),
        ("10x", to_server("alt")),
        ("101", Destination::Phones),
        ("10", to_server("pbx")),
    ]);
    assert_eq!(whole(read(&plan, "101")).to, Some(Destination::Phones));
    assert_eq!(whole(read(&plan, "102")).to, Some(to_server("alt")));
    assert_eq!(whole(read(&plan, "112")).to, Some(to_server("pbx")));
    assert_eq!(wait(read(&plan, "10")), (Why::NumberWhole, Millis(3000)));
}

#[test]
fn a_fixed_digit_is_more_specific_than_a_repeat() {
    let plan = plan_of(&[("xx.", to_server("pbx")), ("4xx", to_server("alt"))]);
    let mut reader = Reader::new(&plan, false);
    for digit in *b"412" {
        reader.push(&plan, digit);
    }
    assert_eq!(whole(reader.timeout(&plan)).to, Some(to_server("alt")));
    assert_eq!(reader.winner(&plan), Some("4xx"));
}

#[test]
fn hash_ends_a_number_where_no_rule_wants_it_as_a_digit() {
    let plan = plan_of(&[("9xx.", to_server("pbx")), ("#xx", to_server("alt"))]);
    assert_eq!(whole(read(&plan, "912#")).sent, number("912"));
    assert_eq!(whole(read(&plan, "#12")).sent, number("#12"));
    assert_eq!(read(&plan, "9#"), Verdict::Dead(Cause::INCOMPLETE));
}

#[test]
fn nine_is_dropped_and_outside_dial_tone_sounds_until_the_next_digit() {
    let plan = Plan::new(&house());
    let Verdict::More { outside_tone, .. } = read(&plan, "9") else { panic!("9 is whole") };
    assert!(outside_tone);
    let Verdict::More { outside_tone, .. } = read(&plan, "95") else { panic!("95 is whole") };
    assert!(!outside_tone);
    let selection = whole(read(&plan, "95552345678"));
    assert_eq!((selection.sent, selection.kind), (number("5552345678"), Some(NumberKind::Local)));
}

#[test]
fn outside_numbers_end_by_the_countrys_plan_or_by_the_timer() {
    let plan = Plan::new(&house());
    assert_eq!(whole(read(&plan, "915552345678")).kind, Some(NumberKind::National));
    // The country knows that digits are missing.
    assert_eq!(wait(read(&plan, "9555")), (Why::MoreDigits, Millis(10_000)));
    // International numbers have no known end, and 999 is nobody's: three seconds.
    assert_eq!(wait(read(&plan, "901144207946")), (Why::NumberWhole, Millis(3000)));
    assert_eq!(wait(read(&plan, "9099")), (Why::NumberWhole, Millis(3000)));
}

#[test]
fn a_short_number_without_a_prefix_is_sent_after_three_seconds_though_the_country_has_longer_ones() {
    let plan = plan_of(&[("x.", to_server("pbx"))]);
    assert_eq!(wait(read(&plan, "4001")), (Why::NumberWhole, Millis(3000)));
    assert_eq!(whole(read(&plan, "4001#")).sent, number("4001"));
}

#[test]
fn a_prefix_without_outside_tone_is_not_taken_for_the_countrys_digits() {
    // 9 + 10 digits: 9555234567 alone would be a whole local number.
    let plan = plan_of(&[("9xx.", to_server("pbx"))]);
    assert_eq!(wait(read(&plan, "9555234567")).0, Why::NumberWhole);
}

#[test]
fn substitutions_insert_and_replace() {
    let plan = plan_of(&[("<:+1>[2-9]xxxxxx", to_server("pbx")), ("<8:0044>xxx", to_server("alt"))]);
    assert_eq!(whole(read(&plan, "5551234")).sent, number("+15551234"));
    let plan = plan_of(&[("<8:0044>xxx", to_server("alt"))]);
    assert_eq!(whole(read(&plan, "8123")).sent, number("0044123"));
}

#[test]
fn a_pattern_has_its_own_timers() {
    let plan = plan_of(&[("S1xx.", to_server("pbx"))]);
    assert_eq!(wait(read(&plan, "09")), (Why::NumberWhole, Millis(1000)));
    let plan = plan_of(&[("L7xxxx", to_server("pbx"))]);
    assert_eq!(wait(read(&plan, "09")), (Why::MoreDigits, Millis(7000)));
    let plan = plan_of(&[("12S0", to_server("pbx")), ("12xx", to_server("alt"))]);
    assert_eq!(whole(read(&plan, "12")).to, Some(to_server("pbx")));
}

#[test]
fn a_hotline_dials_by_itself_unless_somebody_dials() {
    let plan = plan_of(&[("P5<:1000>", to_server("pbx")), ("1xx", Destination::Phones)]);
    assert_eq!(wait(read(&plan, "")), (Why::Hotline, Millis(5000)));
    assert_eq!(whole(Reader::new(&plan, false).timeout(&plan)).sent, number("1000"));
    assert_eq!(whole(read(&plan, "102")).to, Some(Destination::Phones));
    let at_once = plan_of(&[("P0<:1000>", to_server("pbx"))]);
    assert_eq!(whole(read(&at_once, "")).sent, number("1000"));
}

#[test]
fn emergency_numbers_match_at_once_whatever_the_plan_says() {
    // 9 alone is a rule, 911xx is longer, and 911 itself is barred.
    let plan = plan_of(&[
        ("9", to_server("pbx")),
        ("911!", to_server("pbx")),
        ("911xx", to_server("pbx")),
        ("<9:>,xx.", to_server("pbx")),
    ]);
    assert_eq!(wait(read(&plan, "9")).0, Why::NumberWhole, "more may come: 911");
    for dialled in ["911", "9911"] {
        let selection = whole(read(&plan, dialled));
        assert_eq!((selection.sent, selection.kind), (number("911"), Some(NumberKind::Emergency)));
        assert!(!selection.is_barred_for(Permission::Internal));
    }
    // Without any rule at all it still goes.
    assert!(whole(read(&plan_of(&[("1xx", Destination::Phones)]), "911")).is_emergency());
}

#[test]
fn without_a_dial_table_everything_goes_to_the_server() {
    let plan = Plan::new(&Setup { dial: None, ..house() });
    let selection = whole(read(&plan, "5552345678"));
    assert_eq!((selection.to, selection.sent), (Some(to_server("pbx")), number("5552345678")));
    assert_eq!(whole(read(&plan, "102#")).to, Some(to_server("pbx")));
    assert_eq!(whole(read(&plan, "*67#")).sent, number("*67"));
}

#[test]
fn without_server_and_dial_table_the_telephones_call_each_other() {
    let plan = Plan::new(&Setup { dial: None, servers: Vec::new(), ..house() });
    assert_eq!(whole(read(&plan, "102")).to, Some(Destination::Number(number("102"))));
    assert_eq!(read(&plan, "7"), Verdict::Dead(Cause::NoRule));
}

#[test]
fn while_no_server_is_up_the_offline_rules_come_first() {
    let mut setup = Setup { dial: None, ..house() };
    setup.offline = vec![row("0", Destination::Number(number("101")))];
    let mut house = House::new(setup);
    for name in ["pbx", "alt"] {
        house.input(tipring_call::Input::Server { name: server(name), up: false });
    }
    assert!(house.switch.is_offline());
    house.lift_and_dial(2, "0");
    assert!(matches!(house.commands(0)[..], [LineCommand::Ring(_)]), "the operator rings");
    house.lift_and_dial(3, "105");
    assert!(matches!(house.commands(4)[..], [LineCommand::Ring(_)]), "telephones still call each other");
    house.lift_and_dial(5, "5552345678");
    assert_eq!(house.records()[0].cause, Cause::NETWORK);
    assert_eq!(house.commands(5), [LineCommand::Play(Tone::Congestion)]);
}

#[test]
fn permissions_bar_by_how_far_a_number_goes() {
    let plan = Plan::new(&house());
    let needs = |digits: &str| {
        let selection = plan.read_whole(digits, false).unwrap();
        [Permission::Internal, Permission::Local, Permission::National, Permission::All]
            .into_iter()
            .find(|permission| !selection.is_barred_for(*permission))
    };
    assert_eq!(needs("102"), Some(Permission::Internal));
    assert_eq!(needs("95552345678"), Some(Permission::Local));
    assert_eq!(needs("9411"), Some(Permission::Local));
    assert_eq!(needs("915552345678"), Some(Permission::National));
    assert_eq!(needs("919002345678"), Some(Permission::All));
    assert_eq!(needs("9011442079460000"), Some(Permission::All));
    assert_eq!(needs("90"), Some(Permission::All), "what nobody knows could be anything");
    assert_eq!(needs("911"), Some(Permission::Internal));
    let house_pbx = plan_of(&[("[2-8]xx", to_server("pbx")), ("1900xxxxxxx!", to_server("pbx"))]);
    assert!(!house_pbx.read_whole("204", false).unwrap().is_barred_for(Permission::Internal));
    assert!(house_pbx.read_whole("19002345678", false).unwrap().is_barred_for(Permission::All));
}

#[test]
fn a_barred_number_gives_reorder_and_reaches_nobody() {
    let mut setup = house();
    setup.phones[3] = crate::common::phone(3, Permission::Local);
    let mut house = House::new(setup);
    house.lift_and_dial(3, "915552345678");
    assert_eq!(house.placed(), None);
    assert_eq!(house.commands(3), [LineCommand::Play(Tone::Congestion)]);
    assert_eq!(house.records()[0].cause, Cause::Barred);
    house.hang_up(3);
    house.lift_and_dial(3, "9911");
    let Some((_, FarAction::Place { number: sent, priority, .. })) = house.placed() else {
        panic!("not placed")
    };
    assert_eq!((sent, priority), (number("911"), Priority::Emergency));
}

#[test]
fn dial_tone_stops_at_the_first_digit_and_comes_once() {
    let mut house = House::new(house());
    house.lift(0);
    assert_eq!(house.commands(0), [LineCommand::Play(Tone::Dial)]);
    house.digit(0, b'1');
    assert_eq!(house.commands(0), [LineCommand::Quiet]);
    house.digit(0, b'0');
    assert_eq!(house.commands(0), []);
    house.hang_up(0);
    house.lift(0);
    house.digit(0, b'9');
    assert_eq!(house.commands(0), [LineCommand::Quiet, LineCommand::Play(Tone::Outside)]);
    house.digit(0, b'5');
    assert_eq!(house.commands(0), [LineCommand::Quiet]);
}

#[test]
fn who_does_not_dial_gets_the_receiver_off_hook_sequence_and_no_record() {
    let mut house = House::new(house());
    house.lift(0);
    house.wait(14_999);
    assert_eq!(house.commands(0), []);
    house.wait(1);
    assert_eq!(house.commands(0), [LineCommand::Park]);
    assert!(house.events().contains(&CallEvent::Abandoned { line: LineId(0), dialled: number("") }));
    house.hang_up(0);
    assert!(house.records().is_empty() && house.is_quiet());
}

#[test]
fn digits_that_stay_away_give_reorder() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "10");
    house.wait(10_000);
    assert_eq!(house.commands(0), [LineCommand::Park]);
    house.hang_up(0);
    assert!(house.is_quiet());
}

#[test]
fn hanging_up_while_dialling_leaves_nothing() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "9555");
    house.hang_up(0);
    assert!(house.events().contains(&CallEvent::Abandoned { line: LineId(0), dialled: number("9555") }));
    assert!(house.records().is_empty() && house.is_quiet());
}

#[test]
fn a_number_without_a_rule_gives_special_information() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "7");
    assert_eq!(house.commands(0), [LineCommand::Quiet, LineCommand::Play(Tone::SpecialInformation)]);
    assert_eq!(house.records()[0].cause, Cause::NoRule);
    assert_eq!(house.switch.line(LineId(0)).unwrap().doing, LineDoing::Told);
    house.wait(30_000);
    assert_eq!(house.commands(0), [LineCommand::Park], "nobody listens to a tone forever");
}

#[test]
fn a_user_dials_a_whole_number_and_plus_is_the_international_prefix() {
    let mut setup = house();
    setup.dial = Some(vec![row("xx.", to_server("pbx")), row("1xx", Destination::Phones)]);
    let mut house = House::new(setup);
    let user = Via::User(number("201"));
    house.incoming(user, Identity::default(), "+442079460000");
    let Some((_, FarAction::Place { number: sent, from, .. })) = house.placed() else { panic!("not placed") };
    assert_eq!((sent, from.number), (number("011442079460000"), number("201")));
    house.incoming(user, Identity::default(), "103");
    assert!(matches!(house.commands(2)[..], [LineCommand::Ring(_)]));
}

#[test]
fn explain_says_digit_by_digit_which_rules_live_and_what_is_sent() {
    let plan = Plan::new(&house());
    let told = plan.explain("91", false);
    assert_eq!(told.digits[0].live, ["<9:>,xx."]);
    assert!(told.digits[0].outside_tone);
    let timer = told.digits[1].timer.clone().unwrap();
    assert_eq!(
        (timer.why, timer.after, timer.set_by.as_str()),
        (Why::MoreDigits, Millis(10_000), "wait_digit")
    );
    let told = plan.explain("1025", false);
    assert_eq!((told.digits.len(), told.unread), (3, 1));
    assert_eq!(told.end.unwrap().sent, number("102"));
    assert_eq!(told.digits[2].winner, Some(("1xx".to_owned(), number("102"))));
    let text = plan.explain("95", false).to_string();
    assert_eq!(
        text,
        "dial tone: waits 15 s (wait_first_digit) for a digit\n\
         9  <9:>,xx.; outside dial tone; digits are missing: waits 15 s (wait_first_digit)\n\
         5  <9:>,xx.; whole by <9:>,xx., sends 5; no number of the country yet: waits 10 s (wait_digit)\n\
         sends 5\n"
    );
    assert!(plan.explain("911", false).to_string().ends_with("emergency: sends 911\n"));
    assert!(plan.explain("7", false).to_string().ends_with("no rule in the dial plan (1)\n"));
}

#[test]
fn a_number_longer_than_any_reaches_nobody() {
    let plan = plan_of(&[("xx.", to_server("pbx"))]);
    assert_eq!(read(&plan, &"0".repeat(60)), Verdict::Dead(Cause::NoRule));
}

#[test]
fn a_new_configuration_reads_the_digits_again() {
    let mut house = House::new(house());
    house.lift_and_dial(0, "55");
    house.hang_up(0);
    house.lift_and_dial(0, "10");
    let mut setup = crate::common::house();
    setup.dial = Some(vec![row("10", Destination::Number(number("106")))]);
    house.input(tipring_call::Input::Reconfigure(Box::new(setup)));
    assert!(matches!(house.commands(5)[..], [LineCommand::Ring(_)]));
}

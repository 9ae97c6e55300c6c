//! What each telephone may call, by day and at night; rows that are valid at some hours; emergency numbers, which nothing
//! bars or holds up.

use crate::common::{House, START, house, number, numbering, row, to_server};
use tipring_call::{
    Cause, Destination, DialRow, FarAction, Identity, NightClass, Permission, Plan, Priority, Reader, Setup,
    User, Verdict, Via,
};
use tipring_country::{Hours, NumberKind, Pattern};
use tipring_units::Entropy;

const ALL: [Permission; 6] = [
    Permission::Internal,
    Permission::Local,
    Permission::National,
    Permission::NoInternational,
    Permission::NoPremium,
    Permission::All,
];

fn hours(text: &str) -> Hours {
    Hours::parse(text).unwrap()
}

/// The letters of the classes that may call: Internal, Local, National, no Foreign countries, no Premium, All.
fn who(plan: &Plan, digits: &str) -> String {
    let selection = plan.read_whole(digits, false).unwrap();
    let letters = "ILNFPA".chars().zip(ALL);
    letters.filter(|(_, class)| !selection.is_barred_for(*class)).map(|(letter, _)| letter).collect()
}

#[test]
fn each_class_bars_its_kinds_and_what_could_be_one() {
    let lines = Destination::Lines { number: None };
    let rows = vec![
        row("1xx", Destination::Phones),
        row("<9:>,xx.", lines),
        row("<8:>", lines),
        row("7xxx", to_server("pbx")),
    ];
    let plan = Plan::new(&Setup { dial: Some(rows), ..house() });
    assert_eq!(who(&plan, "104"), "ILNFPA");
    assert_eq!(who(&plan, "7123"), "ILNFPA", "a telephone behind the server");
    assert_eq!(who(&plan, "9411"), "LNFPA");
    assert_eq!(who(&plan, "92125550123"), "LNFPA");
    assert_eq!(who(&plan, "912125550123"), "NFPA");
    assert_eq!(who(&plan, "919002550123"), "FA");
    assert_eq!(who(&plan, "9011441212345678"), "PA");
    assert_eq!(who(&plan, "9555"), "A", "no number of the country: it could be any");
    assert_eq!(who(&plan, "8"), "A", "the exchange takes what follows");
    assert_eq!(who(&plan, "911"), "ILNFPA");
    assert_eq!(who(&plan, "9911"), "ILNFPA");
}

#[test]
fn a_row_is_valid_at_its_hours_and_is_then_before_the_same_one_without() {
    let phone = |text: &str| Destination::Number(number(text));
    let rows = vec![
        row("0", phone("101")),
        row("0 18:00-08:00", phone("102")),
        row("5x. 08:00-18:00", to_server("pbx")),
        row("5xx! 18:00-08:00", to_server("pbx")),
    ];
    let mut plan = Plan::new(&Setup { dial: Some(rows), ..house() });
    let at = |plan: &mut Plan, minute: u16, digits: &str| {
        plan.set_minute(minute);
        plan.read_whole(digits, false).map(|selection| (selection.to, selection.barred))
    };
    assert_eq!(at(&mut plan, 12 * 60, "0"), Ok((Some(phone("101")), false)));
    assert_eq!(at(&mut plan, 18 * 60, "0"), Ok((Some(phone("102")), false)));
    assert_eq!(at(&mut plan, 8 * 60 - 1, "0"), Ok((Some(phone("102")), false)));
    assert_eq!(at(&mut plan, 8 * 60, "0"), Ok((Some(phone("101")), false)));
    assert_eq!(at(&mut plan, 9 * 60, "5123"), Ok((Some(to_server("pbx")), false)));
    assert_eq!(at(&mut plan, 19 * 60, "5123"), Err(Cause::NoRule));
    assert_eq!(at(&mut plan, 19 * 60, "512"), Ok((Some(to_server("pbx")), true)));
}

#[test]
fn at_night_another_class_holds_for_telephones_on_lines_and_by_sip() {
    // It is 12:34 UTC.
    assert_eq!(START.civil(0).hour, 12);
    let night = |text: &str| Some(NightClass { hours: hours(text), may_call: Permission::Internal });
    let called = |night: Option<NightClass>, offset_minutes: i32| {
        let mut setup = Setup { offset_minutes, ..house() };
        setup.phones[0].night = night;
        setup.users[0] = User { night, ..setup.users[0] };
        let mut house = House::new(setup);
        house.lift_and_dial(0, "912125550123");
        let by_line = house.placed().is_some();
        house.hang_up(0);
        house.out.clear();
        let leg = house.incoming(Via::User(number("201")), Identity::default(), "912125550123");
        let by_sip = house.actions(leg) != [FarAction::Reject(Cause::Barred)];
        assert_eq!(by_line, by_sip);
        house.out.clear();
        house.lift_and_dial(1, "912125550123");
        assert!(house.placed().is_some(), "another telephone is no matter");
        house.out.clear();
        house.lift_and_dial(0, "911");
        let placed = house.placed();
        let emergency = matches!(placed, Some((_, FarAction::Place { priority: Priority::Emergency, .. })));
        assert!(emergency, "{placed:?}");
        by_line
    };
    assert!(called(None, 0));
    assert!(!called(night("12:00-13:00"), 0));
    assert!(called(night("12:35-12:34"), 0));
    // Local time counts.
    assert!(called(night("12:00-13:00"), 60) && !called(night("13:30-13:40"), 60));
}

#[test]
fn nothing_bars_or_holds_up_an_emergency_number() {
    let mut entropy = Entropy::for_simulation(9);
    let parts = [
        "x",
        "9",
        "1",
        "91",
        "911",
        "[19]",
        "x.",
        "1.",
        ",",
        "<9:>",
        "<91:33>",
        "<:9>",
        "[2-9]x",
        "!",
        " S0",
        " S2",
        " L1",
        " 08:00-18:00",
    ];
    let to = [
        to_server("pbx"),
        Destination::Phones,
        Destination::Lines { number: None },
        Destination::Lines { number: Some(number("5550100")) },
        Destination::Number(number("101")),
    ];
    let (mut with_prefix, mut waited) = (0, 0);
    for _ in 0..4000 {
        let mut rows: Vec<DialRow> = Vec::new();
        while rows.len() < 4 {
            let text: String =
                (0..=entropy.below(4)).map(|_| parts[entropy.below(parts.len() as u32) as usize]).collect();
            if let Ok(pattern) = Pattern::parse(&text) {
                rows.push(DialRow { pattern, to: to[entropy.below(to.len() as u32) as usize] });
            }
        }
        let mut prefixes = vec![String::new()];
        if entropy.below(2) == 0 {
            let (text, prefix) =
                [("<9:>,xx.", "9"), ("0,xx.", "0"), ("<9:>xx.", "9"), ("<81:>,x. 08:00-09:00", "81")]
                    [entropy.below(4) as usize];
            rows.insert(entropy.below(5) as usize, row(text, to[0]));
            prefixes.push(prefix.to_owned());
        }
        let offline = entropy.below(2) == 0;
        let half = if entropy.below(3) == 0 { rows.split_off(2) } else { Vec::new() };
        let mut plan = Plan::new(&Setup { dial: Some(rows.clone()), offline: half.clone(), ..house() });
        plan.set_minute(entropy.below(1440) as u16);
        let about = |digits: &str| {
            let rows: Vec<&str> = rows.iter().chain(&half).map(|row| row.pattern.as_str()).collect();
            format!("{rows:?} {digits}")
        };
        for prefix in &prefixes {
            let dialled = format!("{prefix}911");
            let mut reader = Reader::new(&plan, offline);
            for (place, digit) in dialled.bytes().enumerate() {
                reader.push(&plan, digit);
                match reader.verdict(&plan) {
                    Verdict::More { .. } => {
                        assert!(place + 1 < dialled.len(), "{} waits", about(&dialled));
                        waited += 1;
                    }
                    Verdict::Whole(selection) if place + 1 == dialled.len() => {
                        assert_eq!(selection.kind, Some(NumberKind::Emergency), "{}", about(&dialled));
                        assert_eq!((selection.sent, selection.to), (number("911"), None));
                        assert!(ALL.iter().all(|class| !selection.is_barred_for(*class)));
                        with_prefix += usize::from(!prefix.is_empty());
                    }
                    // The exchange behind the code gets the digits, and the switch listens to them.
                    Verdict::Whole(selection) if selection.is_access_code() => break,
                    Verdict::Whole(_) | Verdict::Dead(_) => {
                        panic!("{} ends at its digit {}", about(&dialled), place + 1)
                    }
                }
            }
            let whole = plan.read_whole(&dialled, offline);
            assert!(whole.is_ok_and(|selection| selection.is_emergency()), "{}", about(&dialled));
        }
    }
    assert!(with_prefix > 1000 && waited > 8000, "{with_prefix} {waited}");
    assert_eq!(numbering().emergency, ["911"]);
}

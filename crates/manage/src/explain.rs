//! `tipring explain`: where a number goes that a telephone dials, and why.

use std::time::SystemTime;

use anyhow::{Context, Result};
use tipring_call::{
    Destination, GroupHunt, Hunt, NightClass, Overflow, Permission, Plan, Rewrites, Selection, ServerName,
    Setup, changed,
};
use tipring_country::Hours;
use tipring_units::WallTime;

/// When it is dialled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The minute of the local day.
    pub minute: u16,
    /// No server answers.
    pub offline: bool,
}

impl Moment {
    /// The time `at` (`18:30`), or now where it is `None`.
    ///
    /// # Errors
    /// If it is no time of day.
    pub fn new(at: Option<&str>, offline: bool, offset_minutes: i32) -> Result<Self> {
        let minute = match at {
            Some(text) => {
                let end = if text == "00:00" { "00:01" } else { "00:00" };
                let hours = Hours::parse(&format!("{text}-{end}"));
                hours.with_context(|| format!("--at {text}: expected a time of day, as 18:30"))?.from
            }
            None => {
                let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let wall = WallTime(u64::try_from(since.as_micros()).unwrap_or_default());
                let civil = wall.civil(offset_minutes);
                u16::from(civil.hour) * 60 + u16::from(civil.minute)
            }
        };
        Ok(Self { minute, offline })
    }
}

/// What becomes of `digits` that the telephone `number` dials, in lines; `None` if there is no such telephone.
pub fn explained(setup: &Setup, number: &str, digits: &str, moment: Moment) -> Option<Vec<String>> {
    let on_line = setup.phones.iter().find(|phone| phone.number.as_str() == number);
    let on_line = on_line.map(|phone| (phone.may_call, phone.night));
    let by_sip = || {
        let user = setup.users.iter().find(|user| user.number.as_str() == number);
        user.map(|user| (user.may_call, user.night))
    };
    let (by_day, night) = on_line.or_else(by_sip)?;
    let Moment { minute, offline } = moment;
    let mut plan = Plan::new(setup);
    plan.set_minute(minute);
    let explanation = plan.explain(digits, offline);
    let servers = if offline { ", while no server answers" } else { "" };
    let mut lines =
        vec![format!("{number} dials {digits} at {:02}:{:02}{servers}", minute / 60, minute % 60)];
    lines.extend(explanation.to_string().lines().map(str::to_owned));
    if explanation.unread > 0 {
        let unread = explanation.unread;
        lines.push(match explanation.end {
            Ok(_) => format!("the last {unread} of it came too late: the number was whole before"),
            Err(_) => format!("the last {unread} of it is not read: no number begins so"),
        });
    }
    if let Ok(selection) = explanation.end {
        let may_call = NightClass::at(night, by_day, minute);
        if !selection.is_emergency() && !selection.barred {
            lines.push(class(&selection, number, may_call, by_day, night));
        }
        lines.extend(goes(setup, &selection, number, may_call));
    }
    Some(lines)
}

/// What kind of number it is, and what the telephone may call.
fn class(
    selection: &Selection,
    number: &str,
    may_call: Permission,
    by_day: Permission,
    night: Option<NightClass>,
) -> String {
    let kind = match (selection.kind, selection.anything) {
        (None, _) => "a telephone of the house".to_owned(),
        (Some(_), true) => {
            "a number that could be any (the country does not know it, or an exchange takes more digits)"
                .to_owned()
        }
        (Some(kind), false) => format!("of the kind {}", kind.word()),
    };
    let when = match night {
        Some(night) if may_call != by_day || night.may_call == by_day => {
            format!(" ({} from {}, else {})", night.may_call.word(), night.hours, by_day.word())
        }
        Some(night) => format!(" ({} from {})", night.may_call.word(), night.hours),
        None => String::new(),
    };
    format!("it is {kind}; {number} may call {}{when}", may_call.word())
}

fn goes(setup: &Setup, selection: &Selection, number: &str, may_call: Permission) -> Vec<String> {
    if selection.is_emergency() {
        let via: Vec<String> = if setup.emergency.via.is_empty() {
            setup.servers.iter().map(|server| server.name.as_str().to_owned()).collect()
        } else {
            setup.emergency.via.iter().map(|to| place(setup, *to, "")).collect()
        };
        let mut lines = vec![if via.is_empty() {
            "goes nowhere: there is no line and no server".to_owned()
        } else {
            format!("goes at once, whatever {number} may call: {}", via.join(", then "))
        }];
        lines.extend(
            setup.emergency.notify.map(|desk| format!("at the same time rings {}", place(setup, desk, ""))),
        );
        return lines;
    }
    if selection.barred {
        return Vec::new(); // the explanation says so
    }
    if selection.is_barred_for(may_call) {
        return vec![format!("{number} may not call that: see may_call")];
    }
    selection
        .to
        .map(|to| format!("goes to {}", place(setup, to, selection.sent.as_str())))
        .into_iter()
        .collect()
}

/// A destination in words; `dialled` is what goes there where it has no number of its own.
fn place(setup: &Setup, to: Destination, dialled: &str) -> String {
    let with = |number: Option<tipring_call::Number>| match number {
        Some(number) if number.is_empty() => {
            ", which is seized without a number: its exchange is heard".to_owned()
        }
        Some(number) => format!(" with {number}"),
        None if dialled.is_empty() => String::new(),
        None => format!(" with {dialled}"),
    };
    match to {
        Destination::Number(number) => house(setup, number.as_str()),
        Destination::Phones => house(setup, dialled),
        Destination::Server { name, number } => {
            let told = rewritten(setup.rewrites.servers.get(&name), with_or(number, dialled));
            format!("server {name}{}", told.unwrap_or_else(|| with(number)))
        }
        Destination::Line { line, number } => {
            let told = rewritten(setup.rewrites.lines.get(&line), with_or(number, dialled));
            format!("line {line}{}", told.unwrap_or_else(|| with(number)))
        }
        Destination::Route(name) => route(setup, name, dialled),
        Destination::Lines { number } => {
            let names: Vec<&str> = setup.lines.iter().map(|line| line.number.as_str()).collect();
            let (first, order) = match names.as_slice() {
                [] => return "no line: there is none in use".to_owned(),
                [only] => {
                    let line = tipring_call::Number::new(only);
                    return place(setup, Destination::Line { line, number }, dialled);
                }
                _ => match setup.hunt {
                    Hunt::Linear => ("the first free one of lines", ""),
                    Hunt::Circular => ("the next free one of lines", ", each in turn"),
                    Hunt::LeastRecent => ("the one that has been quiet longest of lines", ""),
                },
            };
            let changes: Vec<String> = setup
                .lines
                .iter()
                .filter_map(|line| {
                    let own = setup.rewrites.lines.get(&line.number);
                    rewritten(own, with_or(number, dialled))
                        .map(|told| format!("; on line {}{told}", line.number))
                })
                .collect();
            format!("{first} {}{order}{}{}", names.join(", "), with(number), changes.concat())
        }
    }
}

fn with_or(number: Option<tipring_call::Number>, dialled: &str) -> tipring_call::Number {
    number.unwrap_or_else(|| tipring_call::Number::new(dialled))
}

/// What goes out where a rule changes it: with the rule.
fn rewritten(rewrites: Option<&Rewrites>, number: tipring_call::Number) -> Option<String> {
    match changed(&rewrites?.called_out, number) {
        (sent, Some(rule)) => Some(format!(" with {sent} (called_out \"{rule}\" of {number})")),
        (_, None) => None,
    }
}

/// Ways out in order.
fn route(setup: &Setup, name: ServerName, dialled: &str) -> String {
    let Some(route) = setup.routes.iter().find(|route| route.name == name) else {
        return format!("route {name}, which is not there");
    };
    let own = setup.rewrites.routes.get(&name);
    let (sent, rule) = own.map_or((tipring_call::Number::new(dialled), None), |own| {
        changed(&own.called_out, tipring_call::Number::new(dialled))
    });
    let ways: Vec<String> = route.via.iter().map(|to| place(setup, *to, sent.as_str())).collect();
    let ways = ways.join(", then ");
    let rule = rule.map(|rule| format!(", called_out \"{rule}\" of {dialled}")).unwrap_or_default();
    // A list in a row has no name.
    if name.as_str().contains(' ') { ways } else { format!("route {name}{rule}: {ways}") }
}

/// A telephone or a group of the house.
fn house(setup: &Setup, number: &str) -> String {
    let Some(group) = setup.groups.iter().find(|group| group.number.as_str() == number) else {
        return format!("phone {number}");
    };
    let members: Vec<String> = group.members.iter().map(|to| place(setup, *to, "")).collect();
    let order = match group.hunt {
        GroupHunt::Linear => "one after the other",
        GroupHunt::Circular => "one after the other from the one after the last that answered",
        GroupHunt::LeastRecent => "one after the other, the one first that has been quiet longest",
        GroupHunt::Simultaneous => "all at once",
    };
    let overflow = |to: Overflow| match to {
        Overflow::Busy => "busy".to_owned(),
        Overflow::Announcement => "an announcement".to_owned(),
        Overflow::To(Destination::Number(number)) => format!("{number}"),
        Overflow::To(to) => place(setup, to, ""),
    };
    let unanswered = group.no_answer.map_or("again".to_owned(), overflow);
    let (seconds, members) = (group.ring_time.0 / 1000, members.join(", "));
    let busy = overflow(group.busy);
    format!(
        "group {number}: {order}, {seconds} s each: {members}; nobody free: {busy}; nobody answers: {unanswered}"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::plan_check;

    const NOON: Moment = Moment { minute: 12 * 60, offline: false };

    fn setup_of(text: &str) -> Setup {
        let report = tipring_config::check(text, "t.toml");
        let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
        plan_check::setup(&effective, 0)
    }

    fn office() -> Setup {
        setup_of(&include_str!("../../../examples/office.toml").replace("dahdi/", "sim/"))
    }

    fn end(number: &str, digits: &str) -> String {
        explained(&office(), number, digits, NOON).unwrap().pop().unwrap()
    }

    #[test]
    fn numbers_that_go_out_name_their_line() {
        assert_eq!(
            end("101", "95551234"),
            "goes to the one that has been quiet longest of lines 1, 2, 3, 4 with 5551234"
        );
        assert_eq!(end("101", "835551234"), "goes to line 3 with 5551234");
        assert_eq!(
            end("100", "81"),
            "goes to line 1, which is seized without a number: its exchange is heard"
        );
        assert_eq!(end("101", "104"), "goes to phone 104");
        assert_eq!(end("101", "9011441212345678"), "101 may not call that: see may_call");
        // Who hears the exchange may dial anything there.
        assert_eq!(end("101", "81"), "101 may not call that: see may_call");
        assert_eq!(explained(&office(), "555", "104", NOON), None);
    }

    #[test]
    fn an_emergency_goes_at_once_with_and_without_the_prefix() {
        for digits in ["911", "9911"] {
            let lines = explained(&office(), "104", digits, NOON).unwrap();
            let last = &lines[lines.len() - 3..];
            assert_eq!(last[0], "emergency: sends 911", "{lines:?}");
            assert!(last[1].starts_with("goes at once, whatever 104 may call: the one that"), "{lines:?}");
            assert_eq!(last[2], "at the same time rings phone 100");
        }
    }

    #[test]
    fn each_digit_is_told_with_its_rows_timer_and_reason() {
        let house = "country = \"us\"\n[server.pbx]\naddress = \"10.0.0.2\"\n[phone.101]\nport = \"sim/1\"\nmay_call = \"no-premium\"\nmay_call_night = \"local\"\nnight_hours = \"20:00-06:00\"\n\
            [phone.102]\nport = \"sim/2\"\n[line.1]\nport = \"sim/3\"\n[dial]\n\"0\" = \"102\"\n\"0 18:00-08:00\" = \"101\"\n\"1xx\" = \"phones\"\n\
            \"cisco: (<9:>,xx.|[2-7]xxS0|[2-7]xxxxS6L8|8xx!|*xx.)\" = \"pbx\"\n[offline]\n\"<9:>,xx.\" = \"lines\"\n";
        let setup = setup_of(house);
        let night = Moment { minute: 20 * 60 + 15, ..NOON };
        let offline = Moment { offline: true, ..NOON };
        let cases = [
            ("101", "92125550123", NOON),
            ("101", "912125550123", night),
            ("101", "919005550123", NOON),
            ("101", "911", night),
            ("101", "9911", offline),
            ("101", "95", NOON),
            ("101", "9011441#", NOON),
            ("102", "2345", NOON),
            ("102", "866", NOON),
            ("102", "0", NOON),
            ("102", "0", night),
            ("102", "*72#", NOON),
            ("102", "77", NOON),
            ("102", "19", NOON),
            ("102", "#1", NOON),
            ("102", "95551234", offline),
        ];
        let mut told = String::new();
        for (number, digits, moment) in cases {
            for line in explained(&setup, number, digits, moment).unwrap() {
                told.push_str(&line);
                told.push('\n');
            }
            told.push('\n');
        }
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain.txt");
        if std::env::var_os("TIPRING_BLESS").is_some() {
            std::fs::write(&golden, &told).unwrap();
        }
        let written = std::fs::read_to_string(&golden).unwrap_or_default();
        assert!(told == written, "TIPRING_BLESS=1 writes what is told now:\n{told}");
    }

    #[test]
    fn groups_routes_and_rules_that_change_numbers_are_told() {
        let setup = setup_of(
            "country = \"us\"\n[phone.101-103]\nport = \"sim/1-3\"\n[line.1]\nport = \"sim/4\"\nrings = \"600\"\n[server.pbx]\naddress = \"10.0.0.1\"\ncalled_out = [\"<011:+>x.\", \"<:+>1xxxxxxxxxx\"]\n\
             [group.600]\nmembers = \"102-103\"\nhunt = \"circular\"\nno_answer = \"101\"\n[route.out]\nvia = [\"pbx\", \"lines\"]\ncalled_out = \"<:1>xxxxxxxxxx\"\n\
             [dial]\n\"6xx\" = \"phones\"\n\"<9:>,xx.\" = \"route.out\"\n\"<8:>,xx.\" = [\"pbx\", \"lines\"]\n",
        );
        let end = |digits: &str| explained(&setup, "101", digits, NOON).unwrap().pop().unwrap();
        assert_eq!(
            end("600"),
            "goes to group 600: one after the other from the one after the last that answered, 20 s each: phone 102, phone 103; nobody free: busy; nobody answers: 101"
        );
        assert_eq!(
            end("92125550123"),
            "goes to route out, called_out \"<:1>xxxxxxxxxx\" of 2125550123: server pbx with +12125550123 (called_out \"<:+>1xxxxxxxxxx\" of 12125550123), then line 1 with 12125550123"
        );
        assert_eq!(end("82125550123"), "goes to server pbx with 2125550123, then line 1 with 2125550123");
    }

    #[test]
    fn a_time_of_day_is_read() {
        let at = |text| Moment::new(Some(text), false, 0).map(|moment| moment.minute).ok();
        assert_eq!((at("18:30"), at("00:00"), at("24:00"), at("now")), (Some(1110), Some(0), None, None));
    }
}

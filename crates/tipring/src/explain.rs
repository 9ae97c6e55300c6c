//! `tipring explain`: where a number goes that a telephone dials, and why.

use tipring_call::{Destination, Hunt, Permission, Plan, Selection, Setup};

/// What becomes of `digits` that the telephone `number` dials, in lines; `None` if there is no such telephone.
pub fn explained(setup: &Setup, number: &str, digits: &str) -> Option<Vec<String>> {
    let on_line =
        setup.phones.iter().find(|phone| phone.number.as_str() == number).map(|phone| phone.may_call);
    let by_sip = || setup.users.iter().find(|user| user.number.as_str() == number).map(|user| user.may_call);
    let may_call = on_line.or_else(by_sip)?;
    let explanation = Plan::new(setup).explain(digits, false);
    let mut lines: Vec<String> = explanation.to_string().lines().map(str::to_owned).collect();
    if explanation.unread > 0 {
        let unread = explanation.unread;
        lines.push(format!("the last {unread} of it came too late: the number was whole before"));
    }
    if let Ok(selection) = explanation.end {
        lines.extend(goes(setup, &selection, number, may_call));
    }
    Some(lines)
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
        Destination::Number(number) => format!("phone {number}"),
        Destination::Phones => format!("phone {dialled}"),
        Destination::Server { name, number } => format!("server {name}{}", with(number)),
        Destination::Line { line, number } => format!("line {line}{}", with(number)),
        Destination::Lines { number } => {
            let names: Vec<&str> = setup.lines.iter().map(|line| line.number.as_str()).collect();
            let (first, order) = match names.as_slice() {
                [] => return "no line: there is none in use".to_owned(),
                [only] => return format!("line {only}{}", with(number)),
                _ => match setup.hunt {
                    Hunt::Linear => ("the first free one of lines", ""),
                    Hunt::Circular => ("the next free one of lines", ", each in turn"),
                    Hunt::LeastRecent => ("the one that has been quiet longest of lines", ""),
                },
            };
            format!("{first} {}{order}{}", names.join(", "), with(number))
        }
    }
}

#[cfg(test)]
mod tests {
    use tipring_gateway::{Site, Wiring};

    use super::*;

    fn setup() -> Setup {
        let text = include_str!("../../../examples/office.toml").replace("dahdi/", "sim/");
        let report = tipring_config::check(&text, "office.toml");
        let effective = report.effective.clone().unwrap_or_else(|| panic!("{report}"));
        let sip = ([127, 0, 0, 1], 5060).into();
        let wiring =
            Wiring { slots: Vec::new(), sip, lines_per_shard: 16, utc_offset_minutes: 0, revision: 1 };
        Site::configured(&effective, &wiring).calls
    }

    fn end(number: &str, digits: &str) -> String {
        explained(&setup(), number, digits).unwrap().pop().unwrap()
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
        assert_eq!(explained(&setup(), "555", "104"), None);
    }

    #[test]
    fn an_emergency_goes_at_once_with_and_without_the_prefix() {
        for digits in ["911", "9911"] {
            let lines = explained(&setup(), "104", digits).unwrap();
            let last = &lines[lines.len() - 3..];
            assert_eq!(last[0], "emergency: sends 911", "{lines:?}");
            assert!(last[1].starts_with("goes at once, whatever 104 may call: the one that"), "{lines:?}");
            assert_eq!(last[2], "at the same time rings phone 100");
        }
    }
}

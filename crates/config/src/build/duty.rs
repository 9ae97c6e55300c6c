//! What a port is for.

use tipring_country::{Country, quantity};

use super::Build;
use super::ranges::Item;
use crate::duty::{DayTime, Duty};
use crate::effective::Phone;
use crate::values::{Destination, time_of_day};
use crate::vocabulary::{Connects, PhoneType, Start};

/// The minute of the day.
pub(super) fn day_time(text: &str) -> Option<DayTime> {
    time_of_day(text).map(|(hour, minute)| DayTime { minute: u16::from(hour) * 60 + u16::from(minute) })
}

impl Build<'_, '_, '_> {
    /// The duty of a phone.
    pub(super) fn duty(&mut self, item: &Item<'_>) -> Duty {
        let time = |text: &str| quantity::time(text).ok();
        let digits = |text: &str| Some(text.to_owned());
        Duty {
            data: self.own_flag(item, "data"),
            priority: self.own_flag(item, "priority"),
            lamp: self.own_flag(item, "lamp"),
            rooms: self.own_flag(item, "rooms"),
            desk: self.one_destination(item, "desk"),
            desk_key: self.own(item, "desk_key", digits),
            dial_after: self.own(item, "dial_after", time),
            dial_time: self.own(item, "dial_time", time),
            repeat: self.own_flag(item, "repeat"),
            call_limit: self.own(item, "call_limit", time),
            release: self.own(item, "release", digits),
            opens: self.own(item, "opens", digits),
            connects: self.own(item, "connects", Connects::parse),
            one_way: self.own_flag(item, "one_way"),
            pre_tone: self.own(item, "pre_tone", time),
            overrides: self.own_flag(item, "override"),
            self_test: self.own(item, "self_test", day_time),
            self_test_to: self.one_destination(item, "self_test_to"),
        }
    }

    /// What does not fit together, and what is missing for the type to do anything.
    pub(super) fn duty_fits(&mut self, item: &Item<'_>, phone: &Phone, country: Option<&Country>) {
        let at = |key: &str| item.get(key).filter(|_| !item.is_by_type(key)).map(|entry| entry.line);
        let duty = &phone.duty;
        let (label, line) = (item.section.label(), item.section.line);
        let type_line = at("type").unwrap_or(line);
        if phone.r#type == PhoneType::Lift && phone.dials.is_empty() {
            let message = format!(
                "{label} type = \"lift\" calls nobody: it gets dial tone. Write whom it calls, as dials = [\"pbx:8001\", \"lines:15550199\"]."
            );
            self.findings.note(type_line, message);
        }
        if let Some(key) = duty.desk_key.as_deref().filter(|_| duty.desk.is_some()) {
            let where_key = at("desk_key").or(at("desk")).unwrap_or(line);
            let emergency = country.and_then(|country| {
                country.numbers.emergency.iter().find(|number| number.starts_with(key)).cloned()
            });
            if key.len() != 1 {
                self.findings.error(
                    where_key,
                    format!("{label} desk_key = \"{key}\": it is one key of the telephone, as \"0\"."),
                );
            } else if let Some(number) = emergency {
                self.findings.error(
                    where_key,
                    format!("{label} desk_key = \"{key}\" would call the desk before {number} is dialled. Write another key, as desk_key = \"9\", with which no emergency number begins."),
                );
            }
        }
        let needs_dials = [
            ("repeat", duty.repeat == Some(true)),
            ("dial_after", duty.dial_after.is_some()),
            ("dial_time", duty.dial_time.is_some()),
        ];
        for (key, is_written) in needs_dials {
            if let Some(line) = at(key).filter(|_| is_written && phone.dials.is_empty()) {
                self.findings.note(
                    line,
                    format!("{label} has {key} but no dials. Write whom it calls, as dials = \"100\"."),
                );
            }
        }
        if let (Some(line), None) = (at("opens"), &duty.release) {
            self.findings.error(line, format!("{label} has opens but no release. Write what is dialled in the call to open, as release = \"#9\"."));
        }
        if let (Some(line), true) = (at("self_test"), duty.self_test_to.is_none() && phone.dials.is_empty()) {
            self.findings.error(
                line,
                format!("{label} self_test: nobody is called. Write self_test_to = \"pbx:8001\"."),
            );
        }
        if let (Some(line), Start::Ground) = (at("test"), phone.start) {
            self.findings.note(line, format!("{label} test: a ground-start line is not tested, since battery on it would be a call. Leave test out, or write start = \"loop\"."));
        }
        if let (Some(line), None) = (at("self_test_to"), duty.self_test) {
            self.findings.error(line, format!("{label} has self_test_to but no self_test. Write the time of day, as self_test = \"03:30\"."));
        }
    }

    /// A flag only if it is written, or the type has it.
    fn own_flag(&mut self, item: &Item<'_>, key: &str) -> Option<bool> {
        item.get(key)?;
        self.flag(item, key)
    }

    fn one_destination(&mut self, item: &Item<'_>, key: &str) -> Option<Destination> {
        item.get(key)?;
        self.destinations_of(item, key, None).into_iter().next()
    }
}

//! What a phone does with its calls.

use tipring_country::{Country, quantity};
use tipring_units::Millis;

use super::Build;
use super::ranges::Item;
use crate::effective::Origin;
use crate::habits::Habits;
use crate::source::Section;
use crate::values::Secret;
use crate::vocabulary::{PhoneType, StarCodes};

/// How long a phone rings before its calls go elsewhere.
const RING_TIME: &str = "20 s";
/// Digits of a PIN.
const PIN: core::ops::RangeInclusive<usize> = 4..=12;

impl Build<'_, '_, '_> {
    /// The habits of a phone of this type.
    pub(super) fn habits(&mut self, item: &Item<'_>, kind: PhoneType) -> Habits {
        let number = |text: &str| Some(text.to_owned());
        let habits = Habits {
            forward: self.own(item, "forward", number),
            forward_busy: self.own(item, "forward_busy", number),
            forward_no_answer: self.own(item, "forward_no_answer", number),
            forward_unreachable: self.own(item, "forward_unreachable", number),
            ring_time: self
                .item(item, "ring_time", RING_TIME, |text| quantity::time(text).ok())
                .unwrap_or(Millis::from_secs(20)),
            reject_anonymous: self.flag(item, "reject_anonymous").unwrap_or(false),
            hide: self.flag(item, "hide").unwrap_or(false),
            lock: self.flag(item, "lock").unwrap_or(false),
            pin: self.pin(item),
            star_codes: self.star_codes(item, kind),
        };
        for (key, to) in [
            ("forward", &habits.forward),
            ("forward_busy", &habits.forward_busy),
            ("forward_no_answer", &habits.forward_no_answer),
            ("forward_unreachable", &habits.forward_unreachable),
        ] {
            if to.as_deref() == Some(item.number.as_str()) {
                let line = item.get(key).map_or(item.section.line, |entry| entry.line);
                let label = item.holder(key).label();
                self.findings.error(line, format!("{label} {key}: {} would forward to itself.", item.number));
            }
        }
        habits
    }

    fn star_codes(&mut self, item: &Item<'_>, kind: PhoneType) -> bool {
        let (by_type, word) = match kind {
            PhoneType::Plain => return self.flag(item, "star_codes").unwrap_or(true),
            PhoneType::Hotel => (false, "type hotel"),
            PhoneType::Fax => (false, "type fax"),
            PhoneType::Modem => (false, "type modem"),
            PhoneType::Lift => (false, "type lift"),
            PhoneType::Alarm => (false, "type alarm"),
            PhoneType::Door => (false, "type door"),
            PhoneType::Trunk => (false, "type trunk"),
        };
        match item.get("star_codes") {
            Some(_) => self.flag(item, "star_codes").unwrap_or(by_type),
            None => {
                let path = format!("phone.{}.star_codes", item.number);
                self.origins.insert(path, Origin::Default(word));
                by_type
            }
        }
    }

    /// The codes that subscribers of the country know.
    pub(super) fn star_code_set(&mut self, top: &Section, country: Option<&Country>) -> Option<StarCodes> {
        let (by_country, word) = match country.map(|country| country.code.as_str()) {
            Some("us" | "ca") => ("north-america", "country: North America"),
            Some("gb") => ("uk", "country: United Kingdom"),
            Some(_) | None => ("etsi", "country: ETSI"),
        };
        let set = self.value(top, "star_codes", by_country, StarCodes::parse);
        if top.get("star_codes").is_none() {
            self.origins.insert("star_codes".to_owned(), Origin::Default(word));
        }
        set
    }

    fn pin(&mut self, item: &Item<'_>) -> Option<Secret> {
        let (text, line) = item.text("pin")?;
        self.secrets_inline = true;
        self.origin(item, "pin");
        let pin = Secret::new(text);
        // The effective form is a configuration too, though its PIN cannot be dialled.
        let is_hidden = text == pin.to_string();
        let is_dialled = PIN.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_dialled && !is_hidden {
            let label = item.holder("pin").label();
            self.findings.error(line, format!("{label} pin: expected 4 to 12 digits."));
        }
        Some(pin)
    }
}

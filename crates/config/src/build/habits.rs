//! What a phone does with its calls.

use tipring_country::{Country, quantity};
use tipring_units::Millis;

use super::Build;
use super::ranges::Item;
use crate::effective::{CodeRow, Origin};
use crate::habits::Habits;
use crate::ring::RingFor;
use crate::schema::Place;
use crate::source::Section;
use crate::values::Secret;
use crate::vocabulary::{Recall, StarCodes};

/// How long a phone rings before its calls go elsewhere.
const RING_TIME: &str = "20 s";
/// Digits of a PIN.
const PIN: core::ops::RangeInclusive<usize> = 4..=12;

impl Build<'_, '_, '_> {
    /// The habits of a phone.
    pub(super) fn habits(&mut self, item: &Item<'_>, country: Option<&Country>) -> Habits {
        let number = |text: &str| Some(text.to_owned());
        let habits = Habits {
            forward: self.own(item, "forward", number),
            forward_busy: self.own(item, "forward_busy", number),
            forward_no_answer: self.own(item, "forward_no_answer", number),
            forward_unreachable: self.own(item, "forward_unreachable", number),
            ring_for: self.ring_for(item),
            ring_time: self
                .item(item, "ring_time", RING_TIME, |text| quantity::time(text).ok())
                .unwrap_or(Millis::from_secs(20)),
            reject_anonymous: self.flag(item, "reject_anonymous").unwrap_or(false),
            hide: self.flag(item, "hide").unwrap_or(false),
            lock: self.flag(item, "lock").unwrap_or(false),
            pin: self.pin(item),
            waiting: self.flag(item, "waiting").unwrap_or(true),
            recall: self.recall(item, country),
            pickup: self.pickup(item),
            star_codes: self.flag(item, "star_codes").unwrap_or(true),
            transfer: self.flag(item, "transfer").unwrap_or(true),
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

    /// The rows of `[codes]`; what is wrong with one as a code is told by who knows what codes do.
    pub(super) fn code_rows(&mut self) -> Vec<CodeRow> {
        let Some(section) = self.of(Place::Codes).next() else { return Vec::new() };
        let mut rows = Vec::new();
        for entry in &section.entries {
            if let Some((action, line)) = section.text(&entry.key) {
                self.written(format!("{}.{}", Place::Codes.word(), entry.key), line);
                rows.push(CodeRow { code: entry.key.clone(), action: action.to_owned() });
            }
        }
        rows
    }

    /// What a flash does with two calls, as subscribers of the country know it.
    fn recall(&mut self, item: &Item<'_>, country: Option<&Country>) -> Recall {
        let (by_country, word) = match country.map(|country| country.code.as_str()) {
            Some("us" | "ca") => (Recall::Conference, "country: North America"),
            Some(_) | None => (Recall::Keys, "country: ETSI"),
        };
        self.own(item, "recall", Recall::parse).unwrap_or_else(|| {
            self.origins.insert(format!("phone.{}.recall", item.number), Origin::Default(word));
            by_country
        })
    }

    fn ring_for(&mut self, item: &Item<'_>) -> Vec<RingFor> {
        let Some((texts, line)) = item.texts("ring_for") else { return Vec::new() };
        self.origin(item, "ring_for");
        let rules: Vec<RingFor> = texts.into_iter().filter_map(|text| RingFor::parse(text).ok()).collect();
        if let Some(twin) = RingFor::twin(&rules) {
            let label = item.holder("ring_for").label();
            self.findings
                .error(line, format!("{label} ring_for: {} stands there twice. Keep one.", twin.who));
        }
        rules
    }

    fn pickup(&mut self, item: &Item<'_>) -> Vec<String> {
        let Some((texts, _)) = item.texts("pickup") else { return Vec::new() };
        self.origin(item, "pickup");
        texts.into_iter().map(str::to_owned).collect()
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

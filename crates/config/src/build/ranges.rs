//! Ranges: `[phone.101-107]` is seven phones, and a single entry refines the range it is in.

use std::collections::BTreeMap;

use super::Build;
use crate::schema::Place;
use crate::source::{Entry, Section};
use crate::values::{MAX_RANGE, Number, NumberRange, PortName, PortRange};
use crate::vocabulary::PhoneType;
use crate::words::counted;

/// One phone or line of a range, with the entries that hold for it.
pub(crate) struct Item<'s> {
    pub number: Number,
    /// The section of its own, or its range's.
    pub section: &'s Section,
    /// The range that it refines.
    pub range: Option<&'s Section>,
    /// What its type has.
    pub by_type: Option<&'s Section>,
    /// Its port, paired in order.
    pub port: Option<(PortName, usize)>,
}

impl<'s> Item<'s> {
    /// The entry of `key`: its own, else the range's, else its type's.
    pub fn get(&self, key: &str) -> Option<&'s Entry> {
        self.written(key).or_else(|| self.by_type?.get(key))
    }

    fn written(&self, key: &str) -> Option<&'s Entry> {
        self.section.get(key).or_else(|| self.range?.get(key))
    }

    /// True if only the type has `key`.
    pub fn is_by_type(&self, key: &str) -> bool {
        self.written(key).is_none() && self.by_type.is_some_and(|section| section.get(key).is_some())
    }

    /// The section that holds `key`.
    pub fn holder(&self, key: &str) -> &'s Section {
        match (self.range, self.by_type) {
            (_, Some(by_type)) if self.is_by_type(key) => by_type,
            (Some(range), _) if self.section.get(key).is_none() => range,
            (Some(_) | None, _) => self.section,
        }
    }

    /// The text of `key` and its line.
    pub fn text(&self, key: &str) -> Option<(&'s str, usize)> {
        self.holder(key).text(key)
    }

    /// The texts of `key` and its line.
    pub fn texts(&self, key: &str) -> Option<(Vec<&'s str>, usize)> {
        self.holder(key).texts(key)
    }
}

struct Table<'s> {
    section: &'s Section,
    range: NumberRange,
    ports: Option<(PortRange, usize)>,
}

impl<'s> Build<'s, '_, '_> {
    /// All phones or lines of `place` in the order of their numbers.
    pub fn expand(&mut self, place: Place, word: &str) -> Vec<Item<'s>> {
        let mut tables = Vec::new();
        for section in self.of(place) {
            match NumberRange::parse(&section.name) {
                Ok(range) => {
                    let ports = self.pair(section, &range, word);
                    tables.push(Table { section, range, ports });
                }
                Err(error) => {
                    let label = section.label();
                    self.findings.error(section.line, format!("{label}: {error}."));
                }
            }
        }
        let mut items: BTreeMap<Number, Item<'s>> = BTreeMap::new();
        let all = tables.iter().fold(0u64, |sum, table| sum.saturating_add(table.range.count));
        if all > MAX_RANGE {
            let line = tables.first().map_or(1, |table| table.section.line);
            self.findings.error(line, format!("there are {}; {MAX_RANGE} are the most.", counted(all, word)));
            return Vec::new();
        }
        for table in tables.iter().filter(|table| !table.range.is_single()) {
            for (step, number) in table.range.numbers().enumerate() {
                if let Some(other) = items.get(&number) {
                    let (label, earlier) = (table.section.label(), other.section.label());
                    let line = table.section.line;
                    self.findings.error(
                        line,
                        format!(
                            "{label} overlaps {earlier} at {number}. Only a single entry may refine a range."
                        ),
                    );
                    break;
                }
                let port = nth(table.ports, step);
                let by_type = self.by_type(place, table.section, None);
                items.insert(
                    number.clone(),
                    Item { number, section: table.section, range: None, by_type, port },
                );
            }
        }
        for table in tables.iter().filter(|table| table.range.is_single()) {
            let number = table.range.first.clone();
            let own = nth(table.ports, 0);
            let ranged = items.get(&number);
            if let Some(twin) =
                ranged.filter(|item| NumberRange::parse(&item.section.name).is_ok_and(|r| r.is_single()))
            {
                let (label, twin) = (table.section.label(), twin.section.label());
                self.findings
                    .error(table.section.line, format!("{label} and {twin} are the same {word}. Keep one."));
            }
            let (range, port) = (ranged.map(|item| item.section), own.or_else(|| ranged?.port));
            let by_type = self.by_type(place, table.section, range);
            items.insert(number.clone(), Item { number, section: table.section, range, by_type, port });
        }
        items.into_values().collect()
    }

    /// What the type of a phone has.
    fn by_type(&self, place: Place, section: &Section, range: Option<&Section>) -> Option<&'s Section> {
        if place != Place::Phone {
            return None;
        }
        let (word, _) = section.text("type").or_else(|| range?.text("type"))?;
        let kind = PhoneType::parse(word)?;
        self.types.iter().find(|(own, _)| *own == kind).map(|(_, section)| section)
    }

    /// The ports of a table if there is one for each number.
    fn pair(&mut self, section: &'s Section, range: &NumberRange, word: &str) -> Option<(PortRange, usize)> {
        let (text, line) = section.text("port")?;
        let ports = PortRange::parse(text)?;
        if u64::from(ports.count) == range.count {
            return Some((ports, line));
        }
        let first = ports.first;
        let last = u64::from(first.index).saturating_add(range.count) - 1;
        let fits = if range.is_single() { first.to_string() } else { format!("{first}-{last}") };
        let end = range.first.after(u64::from(ports.count) - 1);
        let end = if range.is_single() {
            format!("name the table [{}.{}-{end}]", section.place.word(), range.first)
        } else {
            format!("end at {end}")
        };
        self.findings.error(
            line,
            format!(
                "{} is {}, \"{text}\" is {}. Write {fits}, or {end}.",
                section.label(),
                counted(range.count, word),
                counted(u64::from(ports.count), "port"),
            ),
        );
        None
    }

    /// Takes the item's port, if no other has it.
    pub fn take_port(&mut self, item: &Item<'_>) -> Option<PortName> {
        let Some((port, line)) = item.port else {
            if item.get("port").is_none() {
                let (label, line) = (item.section.label(), item.section.line);
                let message = format!("{label} has no port. Write port = \"sim/1\".");
                self.findings.error(line, message);
            }
            return None;
        };
        let label = format!("{} {}", item.section.place.word(), item.number);
        if let Some((other, there)) = self.ports.get(&port) {
            let there = self.findings.at(*there);
            let message = format!(
                "{label} is on {port}, which {other} has ({there}). A port serves one phone or line."
            );
            self.findings.error(line, message);
            return None;
        }
        self.ports.insert(port, (label, line));
        Some(port)
    }

    /// A number that is on a line port and a SIP phone too.
    pub fn same_number_twice(&mut self, phones: &[Item<'_>], sip: &[Item<'_>]) {
        for item in sip {
            // Both are in the order of their numbers.
            let twin = phones.binary_search_by(|phone| phone.number.cmp(&item.number));
            if let Some(phone) = twin.ok().and_then(|place| phones.get(place)) {
                let (label, other) = (item.section.label(), phone.section.label());
                let there = self.findings.at(phone.section.line);
                self.findings.error(
                    item.section.line,
                    format!(
                        "{label}: {} is also {other} ({there}). Give one of them another number.",
                        item.number
                    ),
                );
            }
        }
    }
}

/// The port `steps` after the first.
fn nth(ports: Option<(PortRange, usize)>, step: usize) -> Option<(PortName, usize)> {
    let (ports, line) = ports?;
    Some((ports.nth(u16::try_from(step).ok()?), line))
}

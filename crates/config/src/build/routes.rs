//! Where calls go: dial rules, emergency calls, and whether every destination is there.

use std::collections::{BTreeMap, BTreeSet};

use tipring_country::{Country, DialPlan, Pattern};

use super::{Build, destinations};
use crate::effective::{Effective, Emergency, Origin, Rule, Server};
use crate::kind::Raw;
use crate::outside::Line;
use crate::schema::Place;
use crate::source::Entry;
use crate::values::{Destination, Number, Target};
use crate::words::nearest;

/// What "everything" is where one server gets all calls: one digit and more; `#` is none, it ends a number.
const EVERYTHING: &str = "[0-9*][0-9*].";
/// Characters of a key that a message repeats.
const SHOWN: usize = 40;

impl Build<'_, '_, '_> {
    /// The dial rules, written or following from what there is.
    pub fn dial(&mut self, servers: &BTreeMap<String, Server>) -> Vec<Rule> {
        if self.of(Place::Dial).next().is_some() {
            return self.rules(Place::Dial);
        }
        let names: Vec<&String> = servers.keys().collect();
        match names.as_slice() {
            [only] => {
                let to = Destination { target: Target::Server((*only).clone()), number: None };
                self.implied(EVERYTHING, to, "one server, no [dial]").into_iter().collect()
            }
            [] => {
                let names = &self.names;
                let all = names.phones.iter().chain(&names.sip).chain(&names.groups);
                let numbers: BTreeSet<Number> = all.cloned().collect();
                let rule = |build: &mut Self, number: &Number| {
                    let to = Destination { target: Target::Phones, number: None };
                    build.implied(number.as_str(), to, "no server, no [dial]")
                };
                numbers.iter().filter_map(|number| rule(self, number)).collect()
            }
            [_, second, ..] => {
                let line =
                    self.of(Place::Server).find(|section| section.name == **second).map_or(1, |s| s.line);
                let first = names.first().map_or("", |name| name.as_str());
                self.findings.error(
                    line,
                    format!("there are {} servers and no [dial]. Write which numbers go where, as [dial] with \"xx.\" = \"{first}\".", names.len()),
                );
                Vec::new()
            }
        }
    }

    /// The rules while no server answers.
    pub fn offline(&mut self) -> Vec<Rule> {
        self.rules(Place::Offline)
    }

    fn implied(&mut self, pattern: &str, to: Destination, reason: &'static str) -> Option<Rule> {
        self.origins.insert(format!("dial.{pattern}"), Origin::Default(reason));
        Some(Rule { pattern: Pattern::parse(pattern).ok()?, to: vec![to] })
    }

    fn rules(&mut self, place: Place) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        let mut seen: BTreeMap<String, (String, usize)> = BTreeMap::new();
        let Some(section) = self.of(place).next() else { return rules };
        for entry in &section.entries {
            let Some(rows) = self.rows(&format!("{} ", section.label()), entry) else { continue };
            let texts = match &entry.raw {
                Raw::Text(_) | Raw::List(_) => {
                    section.texts(&entry.key).map(|(texts, _)| texts).unwrap_or_default()
                }
                Raw::Bool(_) | Raw::Number(_) | Raw::Other => Vec::new(),
            };
            let what = format!("{} \"{}\"", section.label(), shortened(&entry.key));
            let to = self.known(&what, &texts, entry.line);
            let is_way = |to: &Destination| match to.target {
                Target::Server(_) | Target::Lines | Target::Line(_) => true,
                Target::Phone(_) | Target::Phones | Target::Route(_) => false,
            };
            if let (Some(other), true) = (to.iter().find(|to| !is_way(to)), to.len() > 1) {
                let message = format!(
                    "{what}: \"{other}\" stands in a list, and a list is of ways out (servers, \"lines\", \"line.2\"): only the first is used. For several phones write [group.N]."
                );
                self.findings.not_yet(entry.line, message);
            }
            for (pattern, to_line) in rows {
                let text = pattern.as_str();
                let bare: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
                if let Some((twin, line)) = seen.get(&bare.to_ascii_lowercase()) {
                    let label = section.label();
                    let there = self.findings.at(*line);
                    let message =
                        format!("{label} \"{text}\" is the same pattern as \"{twin}\" ({there}). Keep one.");
                    self.findings.error(entry.line, message);
                }
                seen.insert(bare.to_ascii_lowercase(), (text.to_owned(), entry.line));
                if matches!(&entry.raw, Raw::Bool(_) | Raw::Number(_) | Raw::Other) {
                    continue; // told already
                }
                self.written(format!("{}.{text}", place.word()), entry.line);
                let lines = || vec![Destination { target: Target::Lines, number: None }];
                rules.push(Rule { to: if to_line { lines() } else { to.clone() }, pattern });
            }
        }
        rules
    }

    /// The patterns of a row: one, or those of a whole dial plan, each with whether it goes to the outside lines anyway.
    /// What a plan loses is told.
    fn rows(&mut self, label: &str, entry: &Entry) -> Option<Vec<(Pattern, bool)>> {
        if DialPlan::syntax_of(&entry.key).is_none() {
            return Some(vec![(Pattern::parse(&entry.key).ok()?, false)]);
        }
        let plan = DialPlan::parse(&entry.key).ok()?;
        let what = format!("{label}\"{}\"", shortened(&entry.key));
        for loss in &plan.lost {
            self.findings.note(entry.line, format!("{what}, character {}: {}.", loss.offset + 1, loss.what));
        }
        let has_lines = !self.names.lines.is_empty();
        if !has_lines && plan.rows.iter().any(|row| row.to_line) {
            let message = format!(
                "{what}: a part of it is for an outside line, and there is none: it goes where the others go. Write [line.1] with its port."
            );
            self.findings.note(entry.line, message);
        }
        Some(plan.rows.into_iter().map(|row| (row.pattern, row.to_line && has_lines)).collect())
    }

    /// The destinations `texts`; those that are not there are findings.
    pub fn known(&mut self, what: &str, texts: &[&str], line: usize) -> Vec<Destination> {
        let all = destinations(texts);
        // What a range says is looked up once, not for each of its phones.
        if !self.looked_up.insert((line, what.to_owned())) {
            return all;
        }
        for destination in &all {
            if let Some(problem) = self.missing(destination) {
                self.findings.error(line, format!("{what}: {problem}"));
            }
        }
        all
    }

    /// Why `destination` is not there, and what could have been meant.
    pub(super) fn missing(&self, destination: &Destination) -> Option<String> {
        let names = &self.names;
        match &destination.target {
            Target::Phone(number) => {
                if [&names.phones, &names.sip, &names.groups].iter().any(|own| own.contains(number)) {
                    return None;
                }
                let all = names.phones.iter().chain(&names.sip).chain(&names.groups);
                let near = nearest(number.as_str(), all.map(Number::as_str));
                let hint = near.map_or(format!("Write [phone.{number}], or another number."), |near| {
                    format!("Did you mean {near}?")
                });
                Some(format!("there is no phone {number}. {hint}"))
            }
            Target::Phones => None,
            Target::Server(name) => {
                if names.servers.contains(name) {
                    return None;
                }
                let words = names.servers.iter().map(String::as_str).chain(["phones", "lines"]);
                let hint = match nearest(name, words) {
                    Some(near) => format!("Did you mean \"{near}\"?"),
                    None if names.servers.is_empty() => format!("Write [server.{name}]."),
                    None => format!("Servers are {}.", names.servers.join(", ")),
                };
                Some(format!("there is no server \"{name}\". {hint}"))
            }
            Target::Lines if names.lines.is_empty() => {
                Some("there is no outside line. Write [line.1] with its port.".to_owned())
            }
            Target::Lines => None,
            Target::Line(number) if names.lines.contains(number) => None,
            Target::Line(number) if names.lines.is_empty() => {
                Some(format!("there is no line {number}. Write [line.{number}] with its port."))
            }
            Target::Route(name) if names.routes.contains(name) => None,
            Target::Route(name) => {
                let near = nearest(name, names.routes.iter().map(String::as_str));
                let hint = near
                    .map_or(format!("Write [route.{name}] with via = [\"pbx\", \"lines\"]."), |near| {
                        format!("Did you mean \"route.{near}\"?")
                    });
                Some(format!("there is no route \"{name}\". {hint}"))
            }
            Target::Line(number) => {
                let lines: Vec<&str> = names.lines.iter().map(Number::as_str).collect();
                Some(format!("there is no line {number}. Lines are {}.", lines.join(", ")))
            }
        }
    }

    /// Outside lines that no number leads to.
    pub fn lines_that_are_not_dialled(&mut self, effective: &Effective) {
        let is_own = |to: &Destination| matches!(to.target, Target::Lines | Target::Line(_));
        let is_line = |to: &Destination| match &to.target {
            Target::Route(name) => {
                effective.route.get(name).is_some_and(|route| route.via.iter().any(is_own))
            }
            Target::Phone(_) | Target::Phones | Target::Server(_) | Target::Lines | Target::Line(_) => {
                is_own(to)
            }
        };
        let rules = effective.dial.iter().chain(&effective.offline);
        let dials = effective.phone.values().flat_map(|phone| &phone.dials);
        let is_dialled = rules.flat_map(|rule| &rule.to).chain(dials).any(is_line);
        if let (Some(section), false) = (self.of(Place::Line).next(), is_dialled) {
            let label = section.label();
            self.findings.note(section.line, format!("{label}: no number leads to an outside line. To dial 9 and the number write [dial] with \"<9:>,xx.\" = \"lines\"."));
        }
    }

    /// Emergency calls; a gateway that cannot carry one says so.
    pub fn emergency(
        &mut self,
        servers: &BTreeMap<String, Server>,
        lines: &BTreeMap<Number, Line>,
        country: Option<&Country>,
    ) -> Emergency {
        let section = self.of(Place::Emergency).next();
        let texts = |key| section.and_then(|section| section.texts(key));
        let (via, line) = match texts("via") {
            Some((texts, line)) => {
                self.written("emergency.via", line);
                let via = self.known("[emergency] via", &texts, line);
                if via.iter().any(|to| matches!(to.target, Target::Route(_))) {
                    self.findings.error(line, "[emergency] via: it is a route itself: write its ways here.");
                }
                (via, line)
            }
            None => {
                self.origins.insert("emergency.via".to_owned(), Origin::Default("lines, then every server"));
                let lines =
                    (!lines.is_empty()).then_some(Destination { target: Target::Lines, number: None });
                let server =
                    |name: &String| Destination { target: Target::Server(name.clone()), number: None };
                (lines.into_iter().chain(servers.keys().map(server)).collect(), section.map_or(1, |s| s.line))
            }
        };
        let mut notify = Vec::new();
        if let Some((texts, line)) = texts("notify") {
            self.written("emergency.notify", line);
            notify = self.known("[emergency] notify", &texts, line);
            if notify.len() > 1 {
                let message =
                    "[emergency] notify: several are not in this version yet: only the first is rung.";
                self.findings.not_yet(line, message);
            }
            let is_somebody = |one: &Destination| matches!(one.target, Target::Phone(_) | Target::Server(_));
            if !notify.iter().all(is_somebody) {
                self.findings.error(
                    line,
                    "[emergency] notify: only a phone or \"server:number\" can be rung. Write its number, as \"101\".",
                );
            }
        }
        let mut callback = None;
        if let Some((text, line)) = section.and_then(|section| section.text("callback")) {
            self.written("emergency.callback", line);
            callback = Some(text.to_owned());
        }
        let works = |destination: &Destination| match &destination.target {
            Target::Server(name) => servers.get(name).is_some_and(|server| server.service.is_used()),
            Target::Lines => lines.values().any(|line| line.service.is_used()),
            Target::Line(number) => lines.get(number).is_some_and(|line| line.service.is_used()),
            Target::Phone(_) => true,
            Target::Phones | Target::Route(_) => false,
        };
        if let (Some(country), false) = (country, via.iter().any(works)) {
            let numbers = country.numbers.emergency.join(", ");
            self.findings.note(line, format!("{numbers} cannot leave this gateway: no line or server is in use. A caller hears reorder."));
        }
        Emergency { via, notify, callback }
    }
}

/// A key as a message repeats it.
fn shortened(key: &str) -> String {
    if key.chars().count() <= SHOWN {
        return key.to_owned();
    }
    format!("{}...", key.chars().take(SHOWN).collect::<String>())
}

//! Groups: who is in them, and where their calls overflow.

use std::collections::BTreeMap;

use tipring_units::Millis;

use super::Build;
use crate::group::{Group, MAX_MEMBERS, Overflow, members};
use crate::schema::Place;
use crate::source::Section;
use crate::values::{Destination, Number, Target};
use crate::vocabulary::GroupHunt;

impl<'s> Build<'s, '_, '_> {
    /// Collects the numbers of all groups and refuses bad ones.
    pub fn group_numbers(&mut self) {
        for section in self.of(Place::Group) {
            let (label, line) = (section.label(), section.line);
            let Some(number) = Number::parse(&section.name) else {
                self.findings.error(
                    line,
                    format!("{label}: a group's name is its number, as [group.600]: phones and `rings` reach it by that."),
                );
                continue;
            };
            if self.names.phones.contains(&number) || self.names.sip.contains(&number) {
                self.findings.error(
                    line,
                    format!("{label}: {number} is a phone too. Give one of them another number."),
                );
            }
            self.names.groups.insert(number);
        }
    }

    /// All groups.
    pub fn groups(&mut self) -> BTreeMap<Number, Group> {
        let sections: Vec<&'s Section> = self.of(Place::Group).collect();
        let mut groups = BTreeMap::new();
        for section in sections {
            if let Some(number) = Number::parse(&section.name) {
                let group = self.group(section);
                groups.insert(number, group);
            }
        }
        self.circles(&groups);
        groups
    }

    fn group(&mut self, section: &Section) -> Group {
        let hunt = self.value(section, "hunt", "linear", GroupHunt::parse).unwrap_or(GroupHunt::Linear);
        let name = section.text("name").map(|(name, line)| {
            self.written(format!("group.{}.name", section.name), line);
            name.to_owned()
        });
        Group {
            name,
            members: self.members(section),
            hunt,
            ring_time: self.time(section, "ring_time", "20 s").unwrap_or(Millis::from_secs(20)),
            busy: self.overflow(section, "busy").unwrap_or(Overflow::Busy),
            no_answer: self.overflow(section, "no_answer"),
        }
    }

    fn members(&mut self, section: &Section) -> Vec<Destination> {
        let label = section.label();
        let Some((texts, line)) = section.texts("members") else {
            if section.get("members").is_none() {
                self.findings
                    .error(section.line, format!("{label} has no members. Write members = [\"101-104\"]."));
            }
            return Vec::new();
        };
        self.written(format!("group.{}.members", section.name), line);
        let mut all: Vec<Destination> = Vec::new();
        for text in texts {
            for member in members(text).unwrap_or_default() {
                if all.contains(&member) {
                    self.findings.error(line, format!("{label} members: {member} is there twice. Keep one."));
                } else {
                    all.push(member);
                }
            }
        }
        let what = format!("{label} members");
        for member in &all {
            match self.missing(member) {
                Some(problem) => self.findings.error(line, format!("{what}: {problem}")),
                None => self.can_be_rung(&what, member, line),
            }
            if let Target::Phone(number) = &member.target
                && self.names.groups.contains(number)
            {
                self.findings.error(line, format!("{what}: {number} is a group. Write its members here, or send calls on to it: no_answer = \"{number}\"."));
            }
        }
        if all.len() > MAX_MEMBERS {
            self.findings
                .error(line, format!("{what}: there are {}; {MAX_MEMBERS} are the most.", all.len()));
        }
        all
    }

    fn overflow(&mut self, section: &Section, key: &str) -> Option<Overflow> {
        let path = format!("group.{}.{key}", section.name);
        let Some((text, line)) = section.text(key) else {
            self.origins.insert(path, super::DEFAULT);
            return None;
        };
        self.written(path, line);
        let overflow = Overflow::parse(text)?;
        if let Overflow::To(to) = &overflow {
            let what = format!("{} {key}", section.label());
            match self.missing(to) {
                Some(problem) => self.findings.error(line, format!("{what}: {problem}")),
                None => self.can_be_rung(&what, to, line),
            }
        }
        Some(overflow)
    }

    /// What a group rings has a number of its own.
    fn can_be_rung(&mut self, what: &str, to: &Destination, line: usize) {
        let has_number = to.number.as_ref().is_some_and(|number| !number.is_empty());
        let is_right = match to.target {
            Target::Phone(_) => true,
            Target::Server(_) | Target::Lines | Target::Line(_) => has_number,
            Target::Phones | Target::Route(_) => false,
        };
        if !is_right {
            self.findings.error(line, format!("{what}: \"{to}\" needs a number. Write a phone's number, \"server:number\" or \"lines:number\"."));
        }
    }

    /// A call must not overflow back to where it came from.
    fn circles(&mut self, groups: &BTreeMap<Number, Group>) {
        let next = |group: &Group| -> Vec<Number> {
            let all = [Some(&group.busy), group.no_answer.as_ref()];
            let to = |overflow: &Overflow| match overflow {
                Overflow::To(Destination { target: Target::Phone(number), .. }) => Some(number.clone()),
                Overflow::To(_) | Overflow::Busy | Overflow::Announcement => None,
            };
            all.into_iter().flatten().filter_map(to).collect()
        };
        let mut told: Vec<Number> = Vec::new();
        for number in groups.keys() {
            let mut seen: Vec<Number> = Vec::new();
            let mut left = vec![number.clone()];
            while let Some(one) = left.pop() {
                let on = groups.get(&one).map(&next).unwrap_or_default();
                left.extend(on.iter().filter(|to| !seen.contains(to)).cloned());
                seen.extend(on);
            }
            // One of a circle is told, not each.
            if seen.contains(number) && !told.iter().any(|other| seen.contains(other)) {
                told.push(number.clone());
                let own = self.of(Place::Group).find(|one| one.name == number.as_str());
                let line = own.map_or(1, |section| section.line);
                self.findings.error(line, format!("[group.{number}]: what it does not take comes back to it. Send it to somebody else in the end."));
            }
        }
    }
}

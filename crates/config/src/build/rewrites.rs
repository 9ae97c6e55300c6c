//! Routes, and rules that rewrite numbers.

use std::collections::BTreeMap;

use tipring_country::{Rewrite, unreachable};

use super::{Build, DEFAULT};
use crate::route::{Numbers, Route};
use crate::schema::Place;
use crate::source::Section;
use crate::values::{Target, is_name};
use crate::vocabulary::Failure;

impl<'s> Build<'s, '_, '_> {
    /// Collects the names of all routes and refuses bad ones.
    pub fn route_names(&mut self) {
        for section in self.of(Place::Route) {
            if !is_name(&section.name) {
                let label = section.label();
                self.findings.error(section.line, format!("{label}: a route's name begins with a letter and goes on with letters, digits, - and _ (32 at the most)."));
            }
            self.names.routes.insert(section.name.clone());
        }
    }

    /// All routes.
    pub fn routes(&mut self) -> BTreeMap<String, Route> {
        let sections: Vec<&'s Section> = self.of(Place::Route).collect();
        sections.into_iter().map(|section| (section.name.clone(), self.route(section))).collect()
    }

    fn route(&mut self, section: &Section) -> Route {
        let (label, path) = (section.label(), format!("route.{}.via", section.name));
        let via = match section.texts("via") {
            Some((texts, line)) => {
                self.written(path, line);
                let via = self.known(&format!("{label} via"), &texts, line);
                for to in &via {
                    let is_right = match to.target {
                        Target::Server(_) | Target::Lines | Target::Line(_) => true,
                        Target::Phone(_) | Target::Phones | Target::Route(_) => false,
                    };
                    if !is_right {
                        self.findings.error(
                            line,
                            format!(
                                "{label} via: \"{to}\" is no way out. Write servers, \"lines\" or \"line.2\"."
                            ),
                        );
                    }
                }
                via
            }
            None => {
                if section.get("via").is_none() {
                    self.findings.error(
                        section.line,
                        format!("{label} has no via. Write via = [\"pbx\", \"lines\"]: the ways in order."),
                    );
                }
                self.origins.insert(path, DEFAULT);
                Vec::new()
            }
        };
        let path = format!("route.{}.", section.name);
        Route {
            via,
            on: self.list(section, "on", &["unreachable", "congestion", "unable"], Failure::parse),
            numbers: Numbers {
                called_out: self.rewrites(section, &path, "called_out"),
                caller_out: self.rewrites(section, &path, "caller_out"),
                ..Numbers::default()
            },
        }
    }

    /// The rules of `key`; those that are never used are told.
    pub fn rewrites(&mut self, section: &Section, path: &str, key: &str) -> Vec<Rewrite> {
        let Some((texts, line)) = section.texts(key) else { return Vec::new() };
        let origin = self.findings.origin(line);
        self.origins.insert(format!("{path}{key}"), origin);
        let rules: Vec<Rewrite> = texts.iter().filter_map(|text| Rewrite::parse(text).ok()).collect();
        // What a range says is looked at once.
        if self.looked_up.insert((line, key.to_owned())) {
            for place in unreachable(&rules) {
                let rule = rules.get(place).map_or("", Rewrite::as_str);
                let label = section.label();
                self.findings.note(line, format!("{label} {key}: \"{rule}\" is never used: whatever fits it fits a rule before it. Put it first, or leave it out."));
            }
        }
        rules
    }
}

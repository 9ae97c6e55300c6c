//! From sections to the effective configuration: defaults, ranges, names, and what does not fit together.

mod duty;
mod groups;
mod habits;
mod lines;
mod phones;
mod ranges;
mod rewrites;
mod routes;
mod servers;

use std::collections::{BTreeMap, BTreeSet};

use tipring_country::{Country, quantity};
use tipring_units::Millis;

use crate::Abilities;
use crate::effective::{Effective, Origin, Service};
use crate::endpoint;
use crate::files::{FileWanted, Files, Row};
use crate::finding::Findings;
use crate::schema::Place;
use crate::source::Section;
use crate::values::{Destination, MediaPorts, Network, Number, PortName, listen_address};
use crate::vocabulary::{Digest, Hunt, PhoneType};

/// What all parts of the building share.
pub(crate) struct Build<'s, 'f, 'n> {
    pub sections: &'s [Section],
    /// What stands behind the tables of phones, by type.
    pub types: &'s [(PhoneType, Section)],
    pub files: &'s Files,
    pub abilities: Abilities,
    pub findings: &'f mut Findings<'n>,
    pub origins: BTreeMap<String, Origin>,
    pub wanted: Vec<FileWanted>,
    /// Password files that have been looked at: their rows if they are good.
    pub tables: BTreeMap<String, Option<BTreeMap<Number, Row>>>,
    pub secrets_inline: bool,
    /// Who has a line port already: a label.
    pub ports: BTreeMap<PortName, (String, usize)>,
    /// Which phone has which outside line for a lifeline.
    pub lifelines: BTreeMap<Number, Number>,
    /// Names to which destinations may go.
    pub names: Names,
    /// Destinations that were looked up: line and label.
    pub looked_up: BTreeSet<(usize, String)>,
}

/// Names that destinations are looked up in.
#[derive(Default)]
pub(crate) struct Names {
    pub phones: BTreeSet<Number>,
    pub sip: BTreeSet<Number>,
    pub servers: Vec<String>,
    pub lines: BTreeSet<Number>,
    pub groups: BTreeSet<Number>,
    pub routes: BTreeSet<String>,
}

/// What the building gives beside findings.
#[derive(Default)]
pub(crate) struct Built {
    pub effective: Option<Effective>,
    pub files: Vec<FileWanted>,
    pub secrets_inline: bool,
}

const DEFAULT: Origin = Origin::Default("default");

/// Builds; the effective form only if nothing is in error.
pub(crate) fn build(
    sections: &[Section],
    files: &Files,
    abilities: Abilities,
    findings: &mut Findings<'_>,
) -> Built {
    let types = endpoint::sections();
    let mut build = Build {
        sections,
        types: &types,
        files,
        abilities,
        findings,
        origins: BTreeMap::new(),
        wanted: Vec::new(),
        tables: BTreeMap::new(),
        secrets_inline: false,
        ports: BTreeMap::new(),
        lifelines: BTreeMap::new(),
        names: Names::default(),
        looked_up: BTreeSet::new(),
    };
    let effective = build.whole();
    let accepted = build.findings.errors() == 0;
    Built {
        effective: effective.filter(|_| accepted),
        files: build.wanted,
        secrets_inline: build.secrets_inline,
    }
}

impl<'s> Build<'s, '_, '_> {
    fn whole(&mut self) -> Option<Effective> {
        let empty = Section { place: Place::Top, name: String::new(), line: 1, entries: Vec::new() };
        let top = self.sections.iter().find(|section| section.place == Place::Top).unwrap_or(&empty);
        let country = self.country(top);
        let phones = self.expand(Place::Phone, "phone");
        let sip = self.expand(Place::Sip, "SIP phone");
        let lines = self.expand(Place::Line, "line");
        self.names.phones = phones.iter().map(|item| item.number.clone()).collect();
        self.names.sip = sip.iter().map(|item| item.number.clone()).collect();
        self.names.lines = lines.iter().map(|item| item.number.clone()).collect();
        self.server_names();
        self.same_number_twice(&phones, &sip);
        self.group_numbers();
        self.route_names();

        let server = self.servers();
        let phone = self.phones(&phones, country.as_ref());
        let sip = self.sip_phones(&sip);
        let line = self.lines(&lines, country.as_ref());
        let (group, route) = (self.groups(), self.routes());
        let listen = self.value(top, "listen", "0.0.0.0:5060", listen_address)?;
        let media = self.value(top, "media", "16384-17383", MediaPorts::parse)?;
        let (dial, offline) = (self.dial(&server), self.offline());
        let emergency = self.emergency(&server, &line, country.as_ref());
        let (syslog, web) = (self.syslog(), self.web());
        let star_codes = self.star_code_set(top, country.as_ref())?;
        let effective = Effective {
            name: self.value(top, "name", "tipring", |text| Some(text.to_owned()))?,
            country: country?,
            listen,
            media,
            trust: self.list(top, "trust", &[], Network::parse),
            digest: self.list(top, "digest", &["md5"], Digest::parse),
            wait_first_digit: self.time(top, "wait_first_digit", "16 s")?,
            wait_digit: self.time(top, "wait_digit", "10 s")?,
            wait_end: self.time(top, "wait_end", "3 s")?,
            wait_answer: self.time(top, "wait_answer", "180 s")?,
            hunt: self.value(top, "hunt", "linear", Hunt::parse)?,
            announcements: self.section_flag(top, "announcements").unwrap_or(false),
            announce_features: self.section_flag(top, "announce_features").unwrap_or(false),
            announcement_files: self
                .value(top, "announcement_files", "", |text| Some(text.to_owned()))
                .filter(|path| !path.is_empty()),
            language: self.value(top, "language", "en", |text| Some(text.to_owned()))?,
            star_codes,
            server,
            phone,
            sip,
            line,
            group,
            route,
            dial,
            offline,
            codes: self.code_rows(),
            emergency,
            syslog,
            web,
            origins: BTreeMap::new(),
        };
        let is_empty = effective.phone.is_empty() && effective.sip.is_empty() && effective.line.is_empty();
        if is_empty && self.findings.errors() == 0 {
            self.findings.error(1, "there is no phone. Write [phone.101] with port = \"sim/1\".");
        }
        self.lines_that_are_not_dialled(&effective);
        if effective.wait_end > effective.wait_digit {
            let line = top.get("wait_end").or_else(|| top.get("wait_digit")).map_or(1, |entry| entry.line);
            self.findings.error(
                line,
                "wait_end is longer than wait_digit. A number that could be complete waits less.",
            );
        }
        Some(Effective { origins: core::mem::take(&mut self.origins), ..effective })
    }

    fn country(&mut self, top: &Section) -> Option<Country> {
        let Some((code, line)) = top.text("country") else {
            if top.get("country").is_none() {
                let known = Country::codes().collect::<Vec<_>>().join(", ");
                self.findings.error(1, format!("no country is set. Write country = \"us\" at the top, or another of {known}: tones, ringing and emergency numbers depend on it."));
            }
            return None;
        };
        self.written("country", line);
        match Country::named(code) {
            Ok(country) => {
                for note in country.notes() {
                    self.findings.note(line, format!("{note}."));
                }
                Some(country)
            }
            Err(error) => {
                self.findings.error(line, error.to_string());
                None
            }
        }
    }

    /// Remembers that `path` was written in `line`.
    pub fn written(&mut self, path: impl Into<String>, line: usize) {
        let origin = self.findings.origin(line);
        self.origins.insert(path.into(), origin);
    }

    /// The truth of `key`, if it is written.
    pub fn section_flag(&mut self, section: &Section, key: &str) -> Option<bool> {
        let path = path(section, key);
        match section.get(key) {
            Some(entry) => self.written(path, entry.line),
            None => {
                self.origins.insert(path, DEFAULT);
            }
        }
        section.flag(key)
    }

    /// The value of `key`, written or default.
    pub fn value<T>(
        &mut self,
        section: &Section,
        key: &str,
        default: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let path = path(section, key);
        match section.text(key) {
            Some((text, line)) => {
                self.written(path, line);
                parse(text)
            }
            None => {
                self.origins.insert(path, DEFAULT);
                parse(default)
            }
        }
    }

    pub fn time(&mut self, section: &Section, key: &str, default: &str) -> Option<Millis> {
        self.value(section, key, default, |text| quantity::time(text).ok())
    }

    /// The list of `key`, written or default.
    pub fn list<T>(
        &mut self,
        section: &Section,
        key: &str,
        default: &[&str],
        parse: fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let path = path(section, key);
        match section.texts(key) {
            Some((texts, line)) => {
                self.written(path, line);
                texts.into_iter().filter_map(parse).collect()
            }
            None => {
                self.origins.insert(path, DEFAULT);
                default.iter().filter_map(|text| parse(text)).collect()
            }
        }
    }

    /// Wants `path` to be read.
    pub fn want(&mut self, path: &str, line: usize) {
        if !self.wanted.iter().any(|wanted| wanted.path == path) {
            self.wanted.push(FileWanted { path: path.to_owned(), line });
        }
    }

    /// The sections of `place`, in the order of the file.
    pub fn of(&self, place: Place) -> impl Iterator<Item = &'s Section> + use<'s> {
        self.sections.iter().filter(move |section| section.place == place)
    }
}

/// `phone.101-107.name`, or `name` at the top.
fn path(section: &Section, key: &str) -> String {
    match (section.place, section.name.as_str()) {
        (Place::Top, _) => key.to_owned(),
        (place, "") => format!("{}.{key}", place.word()),
        (place, name) => format!("{}.{name}.{key}", place.word()),
    }
}

/// Parses destinations that are known to be right.
pub(crate) fn destinations(texts: &[&str]) -> Vec<Destination> {
    texts.iter().filter_map(|text| Destination::parse(text)).collect()
}

/// Unused, for a reason.
pub(crate) fn unused(reason: impl Into<String>) -> Service {
    Service::Unused(reason.into())
}

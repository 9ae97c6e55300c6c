//! Outside lines.

use std::collections::BTreeMap;

use tipring_country::{Country, Rewrite, outside, quantity};
use tipring_port::Impedance;
use tipring_units::Millis;

use super::ranges::Item;
use super::{Build, DEFAULT};
use crate::effective::Origin;
use crate::kind::{Raw, hours};
use crate::outside::{Line, LineCallerId, NightHours};
use crate::route::Numbers;
use crate::values::{Destination, Number, Secret, Target};
use crate::vocabulary::{Agc, Answer, CallerIdWord, Dialling, JitterMode, MayCall, Start};

impl Build<'_, '_, '_> {
    /// All outside lines.
    pub fn lines(&mut self, items: &[Item<'_>], country: Option<&Country>) -> BTreeMap<Number, Line> {
        let mut lines = BTreeMap::new();
        for item in items {
            let Some(port) = self.take_port(item) else { continue };
            let caller_id = self.caller_id(item);
            let line = Line {
                port,
                name: self.name(item),
                rings: self.line_rings(item),
                ring_time: self.item(item, "ring_time", "20 s", time).unwrap_or(Millis::from_secs(20)),
                fallback: self.one_ringing(item, "fallback"),
                night: self.one_ringing(item, "night"),
                night_hours: self.night_hours(item, "night", "who rings then: night = \"101\""),
                caller_id,
                rings_before: self.rings_before(item, caller_id, country),
                dialling: self.item(item, "dialling", "dtmf", Dialling::parse).unwrap_or(Dialling::Dtmf),
                dial_when: self.own(item, "dial_when", outside::dial_when),
                suffix: self.own(item, "suffix", |text| Some(text.to_owned())),
                flash: self.own(item, "flash", time),
                guard: self.own(item, "guard", time),
                answer: self.own(item, "answer", Answer::parse),
                disconnect: item.texts("disconnect").and_then(|(texts, _)| {
                    self.origin(item, "disconnect");
                    outside::clear_signs(texts)
                }),
                learned: self.own(item, "learned", |text| Some(text.to_owned())),
                disa: self.own(item, "disa", MayCall::parse),
                disa_pin: self.disa_pin(item),
                disa_pin_file: self.own(item, "disa_pin_file", |text| Some(text.to_owned())),
                start: self.item(item, "start", "loop", Start::parse).unwrap_or(Start::Loop),
                impedance: self.own(item, "impedance", Impedance::parse),
                own: self.own_levels_and_tones(item),
                gain_in: self.gain(item, "gain_in"),
                gain_out: self.gain(item, "gain_out"),
                agc: self.item(item, "agc", "off", Agc::parse).unwrap_or(Agc::Off),
                echo_tail: self.item(item, "echo_tail", "32 ms", time).unwrap_or(Millis(32)),
                numbers: Numbers {
                    called_out: self.item_rewrites(item, "called_out"),
                    caller_in: self.item_rewrites(item, "caller_in"),
                    ..Numbers::default()
                },
                in_use_below: self.own(item, "in_use_below", |text| quantity::voltage(text).ok()),
                dead_below: self.own(item, "dead_below", |text| quantity::voltage(text).ok()),
                codecs: self.own_codecs(item),
                ptime: self.own_ptime(item),
                jitter: self.own_jitter(item),
                jitter_mode: self.own(item, "jitter_mode", JitterMode::parse),
                service: self.port_service(item, port, "line"),
            };
            self.port_origin(item);
            self.fits(item, &line, country);
            lines.insert(item.number.clone(), line);
        }
        lines
    }

    fn item_rewrites(&mut self, item: &Item<'_>, key: &str) -> Vec<Rewrite> {
        self.rewrites(item.holder(key), &format!("line.{}.", item.number), key)
    }

    /// By which standard caller identity comes, or goes to a telephone.
    pub(super) fn caller_id(&mut self, item: &Item<'_>) -> LineCallerId {
        self.origin(item, "caller_id");
        match item.get("caller_id").map(|entry| &entry.raw) {
            Some(Raw::Text(word)) => {
                CallerIdWord::parse(word).map_or(LineCallerId::Country, LineCallerId::Standard)
            }
            Some(Raw::Bool(false)) => LineCallerId::Standard(CallerIdWord::Off),
            Some(Raw::Bool(true) | Raw::List(_) | Raw::Number(_) | Raw::Other) | None => {
                LineCallerId::Country
            }
        }
    }

    fn rings_before(&mut self, item: &Item<'_>, caller_id: LineCallerId, country: Option<&Country>) -> u8 {
        self.origin(item, "rings_before");
        if let Some(count) = item.holder("rings_before").count("rings_before") {
            return count;
        }
        let rings = country.map_or(1, |country| Country::rings_before(&caller_id.timing(country)));
        if rings > 1 {
            let path = format!("line.{}.rings_before", item.number);
            self.origins.insert(path, Origin::Default("caller ID comes between rings"));
        }
        rings
    }

    /// Who rings: whoever can be called from outside.
    fn line_rings(&mut self, item: &Item<'_>) -> Vec<Destination> {
        if item.get("rings").is_some() {
            let rings = self.destinations_of(item, "rings", None);
            self.can_ring(item, "rings", &rings);
            return rings;
        }
        let all: Vec<&Number> = self.names.phones.iter().chain(&self.names.sip).collect();
        let only = match all.as_slice() {
            [only] => vec![Destination { target: Target::Phone((*only).clone()), number: None }],
            _ => Vec::new(),
        };
        let is_answered = item.get("disa").is_some();
        if only.is_empty() && !is_answered {
            let label = item.section.label();
            self.findings.note(item.section.line, format!("{label} rings nobody: calls that come in are not answered. Write rings = \"101\", or a list."));
        }
        let origin = if only.is_empty() { DEFAULT } else { Origin::Default("the only phone") };
        self.origins.insert(format!("line.{}.rings", item.number), origin);
        only
    }

    fn one_ringing(&mut self, item: &Item<'_>, key: &str) -> Option<Destination> {
        item.get(key)?;
        let one = self.destinations_of(item, key, None);
        self.can_ring(item, key, &one);
        one.into_iter().next()
    }

    /// A call that comes in cannot go where it would have to dial.
    fn can_ring(&mut self, item: &Item<'_>, key: &str, rings: &[Destination]) {
        let group = rings.iter().find_map(|to| match &to.target {
            Target::Phone(number) if self.names.groups.contains(number) => Some(number.clone()),
            Target::Phone(_)
            | Target::Phones
            | Target::Server(_)
            | Target::Lines
            | Target::Line(_)
            | Target::Route(_) => None,
        });
        if let (Some(group), true) = (group, rings.len() > 1) {
            let line = item.get(key).map_or(item.section.line, |entry| entry.line);
            let label = item.holder(key).label();
            self.findings.error(line, format!("{label} {key}: group {group} rings in its own order and time. Let it ring alone, or write its members here."));
        }
        let line = item.get(key).map_or(item.section.line, |entry| entry.line);
        let label = item.holder(key).label();
        for destination in rings {
            let is_right = match destination.target {
                Target::Phone(_) | Target::Server(_) => true,
                Target::Lines | Target::Line(_) => {
                    destination.number.as_ref().is_some_and(|number| !number.is_empty())
                }
                Target::Phones | Target::Route(_) => false,
            };
            if !is_right {
                self.findings.error(line, format!("{label} {key}: \"{destination}\" needs a number. Write a phone's number, \"server:number\" or \"lines:number\"."));
            }
        }
    }

    /// When it is night, for `key`; one is nothing without the other. `example`: what to write where `key` is missing.
    pub(super) fn night_hours(&mut self, item: &Item<'_>, key: &str, example: &str) -> Option<NightHours> {
        let written = self.own(item, "night_hours", hours).map(|(from, to)| NightHours { from, to });
        let (night, hours) = (item.get(key), item.get("night_hours"));
        match (night, hours) {
            (Some(entry), None) => {
                let label = item.holder(key).label();
                self.findings.error(
                    entry.line,
                    format!("{label} has {key} but no night_hours. Write night_hours = \"18:00-08:00\"."),
                );
            }
            (None, Some(entry)) => {
                let label = item.holder("night_hours").label();
                self.findings
                    .error(entry.line, format!("{label} has night_hours but no {key}. Write {example}."));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        written
    }

    /// The digits that are dialled first; a person must be able to dial them.
    fn disa_pin(&mut self, item: &Item<'_>) -> Option<Secret> {
        let (plain, file) = (item.text("disa_pin"), item.text("disa_pin_file"));
        if let (Some((_, line)), Some(_)) = (plain, file) {
            let label = item.holder("disa_pin").label();
            self.findings.error(line, format!("{label} has disa_pin and disa_pin_file. Keep one."));
        }
        let (pin, line) = match (plain, file) {
            (Some((text, line)), _) => {
                self.secrets_inline = true;
                self.origin(item, "disa_pin");
                (Secret::new(text), line)
            }
            (None, Some((path, line))) => (self.password_file(path, line)?, line),
            (None, None) => return None,
        };
        let digits = pin.reveal();
        // The effective form is a configuration too, though its PIN cannot be dialled.
        let is_hidden = digits == pin.to_string();
        let is_dialled = (4..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_dialled && !is_hidden {
            let label = item.section.label();
            self.findings.error(line, format!("{label} disa_pin: expected 4 to 16 digits."));
        }
        Some(pin)
    }

    fn fits(&mut self, item: &Item<'_>, line: &Line, country: Option<&Country>) {
        let at = |key: &str| item.get(key).map_or(item.section.line, |entry| entry.line);
        let label = |key: &str| item.holder(key).label();
        let has_pin = line.disa_pin.is_some() || line.disa_pin_file.is_some();
        match line.disa {
            Some(may) if may != MayCall::Internal && !has_pin => {
                self.findings.error(at("disa"), format!("{} disa = \"{may}\": whoever calls in could call out at your cost. Write disa_pin = \"...\", or disa = \"internal\".", label("disa")));
            }
            None if has_pin => {
                let key = if line.disa_pin_file.is_some() { "disa_pin_file" } else { "disa_pin" };
                self.findings.error(
                    at(key),
                    format!(
                        "{} has {key} but no disa. Write what may be called with it, as disa = \"national\".",
                        label(key)
                    ),
                );
            }
            Some(_) | None => {}
        }
        let Some(country) = country else { return };
        let outside = &country.outside;
        let (in_use, dead) = (
            line.in_use_below.unwrap_or(outside.in_use_below),
            line.dead_below.unwrap_or(outside.dead_below),
        );
        if dead >= in_use {
            let key = if line.dead_below.is_some() { "dead_below" } else { "in_use_below" };
            self.findings.error(
                at(key),
                format!(
                    "{} {key}: a dead line has less voltage than one in use, here {} V and {} V.",
                    label(key),
                    dead.0,
                    in_use.0
                ),
            );
        }
    }
}

fn time(text: &str) -> Option<Millis> {
    quantity::time(text).ok()
}

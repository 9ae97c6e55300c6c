//! Phones on line ports, and SIP phones.

use std::collections::BTreeMap;

use tipring_country::{Country, outside, quantity};
use tipring_port::{Disconnect, FlashWindow, Impedance};
use tipring_units::{Db, Millis};

use super::duty::day_time;
use super::ranges::Item;
use super::servers::jitter;
use super::{Build, DEFAULT, unused};
use crate::effective::{Origin, Phone, Service, SipPhone};
use crate::files::{Row, meant, password, private, rows};
use crate::kind::{cadence, disconnect, metering};
use crate::own::Own;
use crate::values::{Destination, JitterDepth, Number, PortName, Secret, Target};
use crate::vocabulary::{Agc, Codec, Driver, DtmfColumn, JitterMode, MayCall, PhoneType, PulseDigits, Start};

/// Every break is a hang-up.
const NO_FLASH: FlashWindow = FlashWindow { min: Millis::ZERO, max: Millis::ZERO };
/// The break that tells a private exchange that the far end hung up, in a country that has none.
const TRUNK_CPC: Millis = Millis(500);
/// What makes night hours mean something.
const NIGHT_CLASS: &str = "what may be called then: may_call_night = \"internal\"";
/// What stands for the number in a name.
const NUMBER: &str = "{number}";

impl Build<'_, '_, '_> {
    /// All phones on line ports.
    pub fn phones(&mut self, items: &[Item<'_>], country: Option<&Country>) -> BTreeMap<Number, Phone> {
        let mut phones = BTreeMap::new();
        for item in items {
            let Some(port) = self.take_port(item) else { continue };
            let kind = self.item(item, "type", "plain", PhoneType::parse).unwrap_or(PhoneType::Plain);
            self.type_note(item, kind);
            let trunk = kind == PhoneType::Trunk;
            let phone = Phone {
                port,
                name: self.name(item),
                r#type: kind,
                may_call: self.item(item, "may_call", "all", MayCall::parse).unwrap_or(MayCall::All),
                may_call_night: self.own(item, "may_call_night", MayCall::parse),
                night_hours: self.night_hours(item, "may_call_night", NIGHT_CLASS),
                caller_id: self.caller_id(item),
                pulse: self.flag(item, "pulse"),
                codecs: self.own_codecs(item),
                ptime: self.own_ptime(item),
                jitter: self.own_jitter(item),
                jitter_mode: self.own(item, "jitter_mode", JitterMode::parse),
                flash: self.own(item, "flash", flash),
                disconnect: self.own(item, "disconnect", disconnect).or_else(|| {
                    // A country of tones has no length of its own.
                    let length = match country.map(|country| country.disconnect) {
                        Some(Disconnect::Cpc(length)) => length,
                        Some(Disconnect::None | Disconnect::Reversal) | None => TRUNK_CPC,
                    };
                    self.of_trunk(item, "disconnect", trunk.then_some(Disconnect::Cpc(length)))
                }),
                reversal: item.get("reversal").and_then(|_| self.flag(item, "reversal")),
                metering: self.own(item, "metering", metering),
                start: self.item(item, "start", "loop", Start::parse).unwrap_or(Start::Loop),
                gain_in: self.gain(item, "gain_in"),
                gain_out: self.gain(item, "gain_out"),
                agc: self.item(item, "agc", "off", Agc::parse).unwrap_or(Agc::Off),
                dtmf_profile: self
                    .item(item, "dtmf_profile", "wide", DtmfColumn::parse)
                    .unwrap_or(DtmfColumn::Wide),
                dtmf_level: self.own(item, "dtmf_level", |text| quantity::level(text).ok()),
                dtmf_twist: self.own(item, "dtmf_twist", |text| quantity::ratio(text).ok()),
                impedance: self.own(item, "impedance", Impedance::parse),
                own: Own {
                    ring: self.own(item, "ring", cadence),
                    ring_frequency: self.own(item, "ring_frequency", |text| quantity::frequency(text).ok()),
                    ring_level: self.own(item, "ring_level", |text| quantity::voltage(text).ok()),
                    pulse_digits: self.own(item, "pulse_digits", PulseDigits::parse),
                    tone_stutter: self.own(item, "tone_stutter", outside::tone),
                    tone_waiting: self.own(item, "tone_waiting", outside::tone),
                    ..self.own_levels_and_tones(item)
                },
                echo_tail: self
                    .item(item, "echo_tail", "32 ms", |text| quantity::time(text).ok())
                    .unwrap_or(Millis(32)),
                habits: self.habits(item, country),
                duty: self.duty(item),
                dials: self.destinations_of(item, "dials", None),
                lifeline: self.lifeline(item),
                test: self.own(item, "test", day_time),
                service: self.port_service(item, port, "phone"),
            };
            self.port_origin(item);
            self.duty_fits(item, &phone, country);
            if let Some(country) = country {
                self.flash_beside_pulses(item, &phone, country);
            }
            phones.insert(item.number.clone(), phone);
        }
        phones
    }

    /// All SIP phones that register here.
    pub fn sip_phones(&mut self, items: &[Item<'_>]) -> BTreeMap<Number, SipPhone> {
        let mut phones = BTreeMap::new();
        for item in items {
            let own = |key| item.text(key);
            let (plain, file, table) = (own("password"), own("password_file"), own("passwords"));
            let (line, label) = (item.section.line, item.section.label());
            match [plain, file, table].iter().flatten().count() {
                0 => {
                    if ["password", "password_file", "passwords"].iter().all(|key| item.get(key).is_none()) {
                        self.findings.error(line, format!("{label} has no password. Write password = \"...\" (or password_file, passwords)."));
                    }
                }
                1 => {}
                _ => self.findings.error(
                    line,
                    format!("{label} has several passwords. Keep one of password, password_file, passwords."),
                ),
            }
            let secret = plain.map(|(text, _)| {
                self.secrets_inline = true;
                Secret::new(text)
            });
            let from_file = file.and_then(|(path, line)| self.password_file(path, line));
            let from_table = table.and_then(|(path, line)| self.password_row(path, line, &item.number));
            for (key, written) in [("password", plain), ("password_file", file), ("passwords", table)] {
                if let Some((_, line)) = written {
                    self.written(format!("sip.{}.{key}", item.number), line);
                }
            }
            let phone = SipPhone {
                name: self.name(item),
                may_call: self.item(item, "may_call", "all", MayCall::parse).unwrap_or(MayCall::All),
                may_call_night: self.own(item, "may_call_night", MayCall::parse),
                night_hours: self.night_hours(item, "may_call_night", NIGHT_CLASS),
                password: secret.or(from_file).or(from_table),
                password_file: file.map(|(path, _)| path.to_owned()),
                passwords: table.map(|(path, _)| path.to_owned()),
            };
            phones.insert(item.number.clone(), phone);
        }
        phones
    }

    /// The password that is all of the file at `path`.
    pub fn password_file(&mut self, path: &str, line: usize) -> Option<Secret> {
        self.want(path, line);
        let text = private(self.files, path, line, self.findings)?;
        password(text, path, line, self.findings)
    }

    /// The rows of the password file at `path`, read once.
    pub fn table(&mut self, path: &str, line: usize) -> Option<&BTreeMap<Number, Row>> {
        if !self.tables.contains_key(path) {
            self.want(path, line);
            let text = private(self.files, path, line, self.findings);
            let table = text.map(|text| rows(text, path, self.findings));
            self.tables.insert(path.to_owned(), table);
        }
        self.tables.get(path)?.as_ref()
    }

    fn password_row(&mut self, path: &str, line: usize, number: &Number) -> Option<Secret> {
        let rows = self.table(path, line)?;
        if let Some(row) = rows.get(number) {
            return Some(row.password.clone());
        }
        let hint = meant(number, rows.keys());
        self.findings.error(line, format!("{path} has no line for {number}.{hint}"));
        None
    }

    /// What a port of `type = "trunk"` has where nothing else is written.
    fn of_trunk<T>(&mut self, item: &Item<'_>, key: &str, value: Option<T>) -> Option<T> {
        if value.is_some() {
            let path = format!("phone.{}.{key}", item.number);
            self.origins.insert(path, Origin::Default("type trunk"));
        }
        value
    }

    /// The outside line of a relay; each line has one phone at the most.
    fn lifeline(&mut self, item: &Item<'_>) -> Option<Number> {
        let (text, line) = item.text("lifeline")?;
        let number = self.own(item, "lifeline", Number::parse)?;
        let label = format!("{} lifeline", item.holder("lifeline").label());
        let target = Destination { target: Target::Line(number.clone()), number: None };
        if let Some(problem) = self.missing(&target) {
            self.findings.error(line, format!("{label} = \"{text}\": {problem}"));
        } else if let Some(other) = self.lifelines.insert(number.clone(), item.number.clone()) {
            self.findings.error(
                line,
                format!("{label} = \"{text}\": line {number} is already the lifeline of phone {other}. A relay joins one phone to one line."),
            );
        }
        Some(number)
    }

    /// Where the value of `key` comes from: `phone.204.key`.
    pub(super) fn origin(&mut self, item: &Item<'_>, key: &str) {
        let path = format!("{}.{}.{key}", item.section.place.word(), item.number);
        match item.get(key) {
            Some(_) if item.is_by_type(key) => {
                let word = item.text("type").and_then(|(word, _)| PhoneType::parse(word));
                let origin = word.map_or("default", |kind| kind.endpoint().origin);
                self.origins.insert(path, Origin::Default(origin));
            }
            Some(entry) => self.written(path, entry.line),
            None => {
                self.origins.insert(path, DEFAULT);
            }
        }
    }

    pub(super) fn port_origin(&mut self, item: &Item<'_>) {
        if let Some((_, line)) = item.port {
            self.written(format!("{}.{}.port", item.section.place.word(), item.number), line);
        }
    }

    pub(super) fn item<T>(
        &mut self,
        item: &Item<'_>,
        key: &str,
        default: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        self.origin(item, key);
        match item.text(key) {
            Some((text, _)) => parse(text),
            None => parse(default),
        }
    }

    /// A value only if it is written.
    pub(super) fn own<T>(
        &mut self,
        item: &Item<'_>,
        key: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let (text, _) = item.text(key)?;
        self.origin(item, key);
        parse(text)
    }

    /// What telephones and outside lines may both have.
    pub(super) fn own_levels_and_tones(&mut self, item: &Item<'_>) -> Own {
        let level = |text: &str| quantity::relative_level(text).ok();
        Own {
            level_in: self.own(item, "level_in", level),
            level_out: self.own(item, "level_out", level),
            tone_dial: self.own(item, "tone_dial", outside::tone),
            tone_ringback: self.own(item, "tone_ringback", outside::tone),
            tone_busy: self.own(item, "tone_busy", outside::tone),
            tone_congestion: self.own(item, "tone_congestion", outside::tone),
            ..Own::default()
        }
    }

    pub(super) fn gain(&mut self, item: &Item<'_>, key: &str) -> Db {
        self.item(item, key, "0 dB", |text| quantity::ratio(text).ok()).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, item: &Item<'_>, key: &str) -> Option<bool> {
        self.origin(item, key);
        item.holder(key).flag(key)
    }

    pub(super) fn name(&mut self, item: &Item<'_>) -> Option<String> {
        let (name, line) = item.text("name")?;
        self.origin(item, "name");
        let expanded = name.replace(NUMBER, item.number.as_str());
        if expanded.contains(['{', '}']) {
            let label = item.holder("name").label();
            self.findings
                .error(line, format!("{label} name = \"{name}\": only {NUMBER} may stand in braces."));
        }
        Some(expanded)
    }

    pub(super) fn destinations_of(
        &mut self,
        item: &Item<'_>,
        key: &str,
        default: Option<Destination>,
    ) -> Vec<Destination> {
        self.origin(item, key);
        match item.texts(key) {
            Some((texts, line)) => {
                let label = format!("{} {key}", item.holder(key).label());
                self.known(&label, &texts, line)
            }
            None => default.into_iter().collect(),
        }
    }

    /// What a type does not do in this version.
    fn type_note(&mut self, item: &Item<'_>, kind: PhoneType) {
        if kind == PhoneType::Fax {
            let line = item.get("type").map_or(item.section.line, |entry| entry.line);
            let label = item.holder("type").label();
            let message =
                format!("{label} type = \"fax\" is not in this version yet: it goes as G.711, without T.38.");
            self.findings.not_yet(line, message);
        }
    }

    /// Cards of later versions leave their phones out of service.
    pub(super) fn port_service(&mut self, item: &Item<'_>, port: PortName, word: &str) -> Service {
        match port.driver {
            Driver::Sim => Service::Used,
            Driver::Dahdi | Driver::Slic => {
                let line = item.port.map_or(item.section.line, |(_, line)| line);
                let label = item.holder("port").label();
                let driver = port.driver;
                let message = format!(
                    "{label}: {driver} ports are not in this version yet: the {word} stays out of service. To try it write sim/ for {driver}/."
                );
                self.findings.not_yet(line, message);
                unused(format!("{driver} ports are not in this version yet"))
            }
        }
    }

    pub(super) fn own_codecs(&mut self, item: &Item<'_>) -> Option<Vec<Codec>> {
        let (texts, line) = item.texts("codecs")?;
        self.origin(item, "codecs");
        let codecs: Vec<Codec> = texts.into_iter().filter_map(Codec::parse).collect();
        self.codecs_built(&codecs, &item.holder("codecs").label(), line);
        Some(codecs)
    }

    pub(super) fn own_ptime(&mut self, item: &Item<'_>) -> Option<Millis> {
        let ptime = self.own(item, "ptime", |text| quantity::time(text).ok())?;
        let line = item.get("ptime").map_or(item.section.line, |entry| entry.line);
        self.ptime_steps(ptime, &item.holder("ptime").label(), line);
        Some(ptime)
    }

    pub(super) fn own_jitter(&mut self, item: &Item<'_>) -> Option<JitterDepth> {
        let depth = self.own(item, "jitter", jitter)?;
        let line = item.get("jitter").map_or(item.section.line, |entry| entry.line);
        self.jitter_limit(depth, &item.holder("jitter").label(), line);
        Some(depth)
    }

    /// A flash window of one's own must stay clear of dial pulses.
    fn flash_beside_pulses(&mut self, item: &Item<'_>, phone: &Phone, country: &Country) {
        let (Some(flash), true) = (phone.flash, phone.pulse.unwrap_or(country.pulse.enabled)) else { return };
        if flash != NO_FLASH && flash.min < country.pulse.break_max {
            let line = item.get("flash").map_or(item.section.line, |entry| entry.line);
            let label = item.holder("flash").label();
            let pulses = country.pulse.break_max;
            self.findings.error(
                line,
                format!("{label} flash begins at {}, but breaks up to {pulses} are dial pulses. Begin at {pulses}, or write pulse = false.", flash.min),
            );
        }
    }
}

/// A window of breaks, or none at all.
fn flash(text: &str) -> Option<FlashWindow> {
    if text == "off" {
        return Some(NO_FLASH);
    }
    let (min, max) = quantity::time_range(text).ok()?;
    Some(FlashWindow { min, max })
}

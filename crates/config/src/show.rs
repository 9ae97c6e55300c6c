//! The effective configuration as text: a configuration that would give the same, with where each value
//! comes from beside it. Passwords are not shown.

use core::fmt;
use std::collections::BTreeMap;

use tipring_port::{CallerIdTiming, Disconnect};

use crate::effective::{Effective, Origin, Service};
use crate::flat::flat;
use crate::schema::{Place, keys};

/// Column of the origins.
const COLUMN: usize = 40;

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Country(code) => write!(f, "country {code}"),
            Self::Default(reason) => f.write_str(reason),
        }
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = flat(self);
        self.table(f, &values, Place::Top, "", None)?;
        self.country_lines(f)?;
        for (name, server) in &self.server {
            self.table(f, &values, Place::Server, name, Some(&server.service))?;
        }
        for (number, phone) in &self.phone {
            self.table(f, &values, Place::Phone, number.as_str(), Some(&phone.service))?;
        }
        for number in self.sip.keys() {
            self.table(f, &values, Place::Sip, number.as_str(), None)?;
        }
        for (number, line) in &self.line {
            self.table(f, &values, Place::Line, number.as_str(), Some(&line.service))?;
        }
        for number in self.group.keys() {
            self.table(f, &values, Place::Group, number.as_str(), None)?;
        }
        for name in self.route.keys() {
            self.table(f, &values, Place::Route, name, None)?;
        }
        for (place, rules) in [(Place::Dial, &self.dial), (Place::Offline, &self.offline)] {
            if !rules.is_empty() {
                writeln!(f, "\n[{}]", place.word())?;
            }
            for rule in rules {
                let path = format!("{}.{}", place.word(), rule.pattern);
                let key = toml_key(rule.pattern.as_str());
                self.value(f, &values, &path, &key)?;
            }
        }
        if !self.codes.is_empty() {
            writeln!(f, "\n[{}]", Place::Codes.word())?;
        }
        for row in &self.codes {
            let path = format!("{}.{}", Place::Codes.word(), row.code);
            self.value(f, &values, &path, &toml_key(&row.code))?;
        }
        if values.keys().any(|path| path.starts_with("emergency.")) {
            self.table(f, &values, Place::Emergency, "", None)?;
        }
        if self.syslog.is_some() {
            self.table(f, &values, Place::Syslog, "", None)?;
        }
        self.table(f, &values, Place::Web, "", None)?;
        Ok(())
    }
}

impl Effective {
    fn table(
        &self,
        f: &mut fmt::Formatter<'_>,
        values: &BTreeMap<String, String>,
        place: Place,
        name: &str,
        service: Option<&Service>,
    ) -> fmt::Result {
        let prefix = match (place, name) {
            (Place::Top, _) => String::new(),
            (place, "") => format!("{}.", place.word()),
            (place, name) => format!("{}.{name}.", place.word()),
        };
        if place != Place::Top {
            let header = format!("[{}]", prefix.trim_end_matches('.'));
            match service {
                Some(Service::Unused(reason)) => writeln!(f, "\n{header:COLUMN$} # UNUSED: {reason}")?,
                Some(Service::Used) | None => writeln!(f, "\n{header}")?,
            }
        }
        for key in keys().iter().filter(|key| key.place == place && !key.kind.is_of_any_name()) {
            self.value(f, values, &format!("{prefix}{}", key.name), key.name)?;
        }
        Ok(())
    }

    fn value(
        &self,
        f: &mut fmt::Formatter<'_>,
        values: &BTreeMap<String, String>,
        path: &str,
        key: &str,
    ) -> fmt::Result {
        let Some(value) = values.get(path) else { return Ok(()) };
        let assignment = format!("{key} = {value}");
        match self.origins.get(path) {
            Some(origin) => writeln!(f, "{assignment:COLUMN$} # {origin}"),
            None => writeln!(f, "{assignment}"),
        }
    }

    /// What every line has from its country.
    fn country_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let country = &self.country;
        let profile = country.line_profile();
        let ring: Vec<String> = profile.ring.pattern.iter().map(|step| step.0.to_string()).collect();
        let disconnect = match profile.disconnect {
            Disconnect::None => "none".to_owned(),
            Disconnect::Reversal => "reversal".to_owned(),
            Disconnect::Cpc(length) => format!("cpc {length}"),
        };
        let caller_id = match profile.caller_id {
            CallerIdTiming::Off => "off".to_owned(),
            CallerIdTiming::BetweenRings { .. }
            | CallerIdTiming::BeforeRing { .. }
            | CallerIdTiming::AfterShortRing { .. } => country.caller_id.standard.word().to_owned(),
        };
        let pulse = if profile.pulse.enabled {
            format!("breaks of {}-{} ms", profile.pulse.break_min.0, profile.pulse.break_max.0)
        } else {
            "off".to_owned()
        };
        writeln!(
            f,
            "\n# Lines of {} (country {}), where a phone has nothing else:",
            country.name, country.code
        )?;
        writeln!(f, "#   ring         {}, {} ms", profile.ring.frequency, ring.join("/"))?;
        writeln!(f, "#   caller_id    {caller_id}")?;
        writeln!(f, "#   pulse        {pulse}")?;
        writeln!(f, "#   flash        {}-{} ms", profile.flash.min.0, profile.flash.max.0)?;
        writeln!(f, "#   disconnect   {disconnect}")?;
        let (level, gain) = (profile.level_in, profile.send_gain());
        writeln!(f, "#   level in     {level}: {gain} to the network, and a phone's gain_in")?;
        let (level, gain) = (profile.level_out, profile.receive_gain());
        writeln!(f, "#   level out    {level}: {gain} from the network, and a phone's gain_out")?;
        writeln!(f, "#   impedance    {}", profile.impedance)?;
        writeln!(f, "#   emergency    {}", country.numbers.emergency.join(", "))
    }
}

/// A pattern as a key.
fn toml_key(pattern: &str) -> String {
    toml::Value::String(pattern.to_owned()).to_string()
}

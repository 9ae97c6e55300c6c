//! One port with all that holds for it, and where each value comes from: its own table, its type, the country, the house, or the
//! default.

use core::fmt::Write;
use std::collections::BTreeMap;

use tipring_country::outside;
use tipring_port::{Disconnect, LineProfile, PulseConvention, RingPattern, Tone, ToneProgram};

use crate::effective::{Effective, Phone, Service};
use crate::flat::flat;
use crate::schema::{Place, keys};
use crate::values::Number;

/// Column of the origins.
const COLUMN: usize = 44;
/// What the whole house has, and every phone in it.
const HOUSE: [&str; 7] =
    ["wait_first_digit", "wait_digit", "wait_end", "wait_answer", "star_codes", "announcements", "language"];

impl Effective {
    /// The phone on this line port (`sim/1`) or of this number, with every value that holds for it; `None` where there is none.
    pub fn port(&self, which: &str) -> Option<String> {
        let is_it =
            |(number, phone): &(&Number, &Phone)| number.as_str() == which || phone.port.to_string() == which;
        let (number, phone) = self.phone.iter().find(is_it)?;
        let values = flat(self);
        let mut text = String::new();
        let mut line = |assignment: String, origin: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{assignment:COLUMN$} # {origin}");
        };
        let about = phone.r#type.endpoint().about;
        line(format!("[phone.{number}]"), about);
        if let Service::Unused(reason) = &phone.service {
            line(String::new(), &format!("UNUSED: {reason}"));
        }
        let inherited = self.inherited(phone);
        let mut unset = Vec::new();
        for key in keys().iter().filter(|key| key.place == Place::Phone) {
            let path = format!("phone.{number}.{}", key.name);
            if let Some(value) = values.get(&path) {
                let origin =
                    self.origins.get(&path).map_or_else(|| "default".to_owned(), ToString::to_string);
                line(format!("{} = {value}", key.name), &origin);
            } else if let Some((value, origin)) = inherited.get(key.name) {
                line(format!("{} = {value}", key.name), origin);
            } else if matches!(key.default, "true" | "false") || key.default.starts_with("true;") {
                line(
                    format!("{} = {}", key.name, key.default.split(';').next().unwrap_or("true")),
                    "default",
                );
            } else if key.later.is_none() {
                unset.push(key.name);
            }
        }
        line(String::new(), "The house:");
        for key in HOUSE {
            let origin = self.origins.get(key).map_or_else(|| "default".to_owned(), ToString::to_string);
            if let Some(value) = values.get(key) {
                line(format!("# {key} = {value}"), &origin);
            }
        }
        let _ = writeln!(text, "# Not set: {}", unset.join(", "));
        Some(text)
    }

    /// What a phone has by the country and by the first server, where it has nothing else.
    fn inherited(&self, phone: &Phone) -> BTreeMap<&'static str, (String, String)> {
        let mut all = BTreeMap::new();
        let country = format!("country {}", self.country.code);
        for (key, value) in by_country(&self.profile(phone)) {
            all.insert(key, (value, country.clone()));
        }
        if let Some((name, server)) = self.server.iter().next() {
            let quoted: Vec<String> = server.codecs.iter().map(|codec| format!("\"{codec}\"")).collect();
            let depth = server.jitter;
            for (key, value) in [
                ("codecs", format!("[{}]", quoted.join(", "))),
                ("ptime", format!("\"{}\"", crate::kind::shown_time(server.ptime.0))),
                ("jitter", format!("\"{depth}\"")),
                ("jitter_mode", format!("\"{}\"", server.jitter_mode)),
            ] {
                all.insert(key, (value, format!("server {name}")));
            }
        }
        all
    }
}

/// The values of a line as they would be written.
fn by_country(profile: &LineProfile) -> Vec<(&'static str, String)> {
    let text = |text: String| format!("\"{text}\"");
    let pattern = |pattern: &RingPattern| {
        let steps: Vec<String> = pattern.iter().map(|step| step.0.to_string()).collect();
        format!("{} ms", steps.join("/"))
    };
    let disconnect = match profile.disconnect {
        Disconnect::None => "none".to_owned(),
        Disconnect::Reversal => "reversal".to_owned(),
        Disconnect::Cpc(length) => format!("cpc {} ms", length.0),
    };
    let convention = match profile.pulse.convention {
        PulseConvention::Standard => "standard",
        PulseConvention::Sweden => "sweden",
        PulseConvention::NewZealand => "new-zealand",
    };
    let mut all = vec![
        ("pulse", profile.pulse.enabled.to_string()),
        ("flash", text(format!("{}-{} ms", profile.flash.min.0, profile.flash.max.0))),
        ("disconnect", text(disconnect)),
        ("reversal", profile.reverse_on_answer.to_string()),
        ("impedance", text(profile.impedance.word().to_owned())),
        ("level_in", text(profile.level_in.to_string())),
        ("level_out", text(profile.level_out.to_string())),
        ("ring", text(pattern(&profile.ring.pattern))),
        ("ring_frequency", text(format!("{} Hz", profile.ring.frequency.0))),
        ("ring_level", text(format!("{} V", profile.ring.level.0))),
        ("pulse_digits", text(convention.to_owned())),
    ];
    let tone = |tone: Tone| {
        let program: &ToneProgram = profile.tones.get(tone);
        outside::tone_text(program)
    };
    for (key, program) in [
        ("tone_dial", Tone::Dial),
        ("tone_stutter", Tone::Stutter),
        ("tone_ringback", Tone::Ringback),
        ("tone_busy", Tone::Busy),
        ("tone_congestion", Tone::Congestion),
        ("tone_waiting", Tone::CallWaiting),
    ] {
        if let Some(shown) = tone(program) {
            all.push((key, text(shown)));
        }
    }
    all
}

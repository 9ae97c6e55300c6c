//! What needs a person.

use std::collections::BTreeMap;

use tipring_call::Alarm;
use tipring_units::{Instant, LineId};

use super::status::AlarmStatus;
use crate::journal::fault_words;
use crate::site::{LineSite, Site};

/// Alarms shown, at the most.
pub const MAX_ALARMS: usize = 256;

/// The alarms that stand, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    standing: BTreeMap<String, (Instant, AlarmStatus)>,
}

impl Alarms {
    /// Raises one, or tells news of one that stands. Its age is that of the first time.
    pub(super) fn raise(&mut self, now: Instant, key: String, subject: &str, text: String, next: String) {
        if self.standing.len() >= MAX_ALARMS && !self.standing.contains_key(&key) {
            return;
        }
        let (subject, nothing) = (subject.to_owned(), String::new);
        let alarm = AlarmStatus { for_seconds: 0, subject, text, detail: nothing(), cause: nothing(), next };
        let since = self.standing.get(&key).map_or(now, |(since, _)| *since);
        self.standing.insert(key, (since, alarm));
    }

    /// Ends one.
    pub(super) fn clear(&mut self, key: &str) {
        self.standing.remove(key);
    }

    /// Ends those whose key is not kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.standing.retain(|key, _| keep(key));
    }

    /// All of them, with the moment at which each came.
    pub(super) fn all(&self) -> impl Iterator<Item = (Instant, AlarmStatus)> {
        self.standing.values().cloned()
    }

    /// Takes an alarm of the switch.
    pub(super) fn of_switch(&mut self, now: Instant, site: &Site, alarm: &Alarm) {
        let subject = |line: &LineId| site.line(*line).map_or_else(|| line.to_string(), LineSite::subject);
        match alarm {
            Alarm::LineFault(line, fault) => self.raise(
                now,
                format!("{line} {fault:?}"),
                &subject(line),
                fault_words(*fault).to_owned(),
                "check the pair and the telephone on it".to_owned(),
            ),
            Alarm::LineFaultCleared(line, fault) => self.clear(&format!("{line} {fault:?}")),
            Alarm::LineAbandoned(line) => self.raise(
                now,
                format!("{line} abandoned"),
                &subject(line),
                "a defect in the program ended this line's calls; the line works again".to_owned(),
                "report it with `tipring log`".to_owned(),
            ),
            Alarm::CallAbandoned(call) => self.raise(
                now,
                format!("{call} abandoned"),
                &call.to_string(),
                "a defect in the program ended this call".to_owned(),
                "report it with `tipring log`".to_owned(),
            ),
            Alarm::LegAbandoned(leg) => self.raise(
                now,
                format!("{leg} abandoned"),
                &leg.to_string(),
                "a defect in the program ended this call".to_owned(),
                "report it with `tipring log`".to_owned(),
            ),
            Alarm::EmergencyFailed { call, cause } => self.raise(
                now,
                format!("{call} emergency"),
                &call.to_string(),
                format!("an emergency call found no way out: {cause}"),
                "check the servers and [emergency] via".to_owned(),
            ),
            Alarm::Full => self.raise(
                now,
                "full".to_owned(),
                "gateway",
                "a call was refused: all sockets or calls are in use".to_owned(),
                "widen `media` if this is the normal load".to_owned(),
            ),
        }
    }
}

//! What needs a person.

use std::collections::BTreeMap;

use tipring_call::Alarm;
use tipring_port::LineFault;
use tipring_units::{Instant, LineId, Millis};

use super::status::AlarmStatus;
use crate::journal::{end_reason, fault_words, first_failed};
use crate::site::{LineSite, Site};

/// Alarms shown, at the most; beyond it the oldest gives way, one that fades before one that stands.
pub const MAX_ALARMS: usize = 256;
/// What has happened and is over is shown this long.
pub const FADES_AFTER: Millis = Millis::from_secs(3600);
/// An emergency call that found no way out is shown this long.
pub const EMERGENCY_FADES_AFTER: Millis = Millis::from_secs(24 * 3600);

/// The alarms that stand, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    standing: BTreeMap<String, Standing>,
}

#[derive(Clone, Debug)]
struct Standing {
    since: Instant,
    /// When it is shown no more; none where something has to end it.
    until: Option<Instant>,
    alarm: AlarmStatus,
}

impl Standing {
    fn holds(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What to do about a defect.
const REPORT: &str = "report it with `tipring log`";

impl Alarms {
    /// Raises one, or tells news of one that stands. Its age is that of the first time.
    pub(super) fn raise(&mut self, now: Instant, key: String, subject: &str, text: String, next: String) {
        self.put(now, None, key, subject, text, next);
    }

    /// Tells of something that has happened and is over: it fades.
    fn tell(&mut self, now: Instant, fades: Millis, key: String, subject: &str, text: &str, next: &str) {
        self.put(now, Some(now + fades), key, subject, text.to_owned(), next.to_owned());
    }

    fn put(
        &mut self,
        now: Instant,
        until: Option<Instant>,
        key: String,
        subject: &str,
        text: String,
        next: String,
    ) {
        let since = self.standing.get(&key).filter(|old| old.holds(now)).map_or(now, |old| old.since);
        if self.standing.len() >= MAX_ALARMS && !self.standing.contains_key(&key) {
            self.make_room(now);
        }
        let (subject, nothing) = (subject.to_owned(), String::new);
        let alarm = AlarmStatus { for_seconds: 0, subject, text, detail: nothing(), cause: nothing(), next };
        self.standing.insert(key, Standing { since, until, alarm });
    }

    fn make_room(&mut self, now: Instant) {
        self.standing.retain(|_, standing| standing.holds(now));
        let oldest =
            self.standing.iter().min_by_key(|(_, standing)| (standing.until.is_none(), standing.since));
        if let Some(key) = oldest.map(|(key, _)| key.clone()).filter(|_| self.standing.len() >= MAX_ALARMS) {
            self.standing.remove(&key);
        }
    }

    /// Ends one.
    pub(super) fn clear(&mut self, key: &str) {
        self.standing.remove(key);
    }

    /// Ends those whose key is not kept.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.standing.retain(|key, _| keep(key));
    }

    /// All that hold now, with the moment at which each came.
    pub(super) fn all(&self, now: Instant) -> impl Iterator<Item = (Instant, AlarmStatus)> {
        let holding = self.standing.values().filter(move |standing| standing.holds(now));
        holding.map(|standing| (standing.since, standing.alarm.clone()))
    }

    /// An outside line was let go by silence alone: perhaps its exchange says it in a way that is not known yet.
    pub(super) fn silent_line(&mut self, now: Instant, line: &LineSite, length: Millis) {
        let text = format!(
            "released after {} s of silence both ways; no loop break, reversal or busy tone was seen",
            length.0 / 1000
        );
        let next = format!("if the caller had hung up: tipring line learn {}, call in, hang up", line.number);
        self.tell(now, FADES_AFTER, format!("{} silence", line.port), &line.subject(), &text, &next);
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
                remedy(*fault, site.line(*line)),
            ),
            Alarm::LineFaultCleared(line, fault) => self.clear(&format!("{line} {fault:?}")),
            Alarm::LineAbandoned(line) => self.tell(
                now,
                FADES_AFTER,
                format!("{line} abandoned"),
                &subject(line),
                "a defect in the program ended this line's calls; the line works again",
                REPORT,
            ),
            Alarm::CallAbandoned(call) => {
                let key = format!("{call} abandoned");
                self.tell(
                    now,
                    FADES_AFTER,
                    key,
                    &call.to_string(),
                    "a defect in the program ended this call",
                    REPORT,
                );
            }
            Alarm::LegAbandoned(leg) => {
                let key = format!("{leg} abandoned");
                self.tell(
                    now,
                    FADES_AFTER,
                    key,
                    &leg.to_string(),
                    "a defect in the program ended this call",
                    REPORT,
                );
            }
            Alarm::EmergencyFailed { call, cause } => self.tell(
                now,
                EMERGENCY_FADES_AFTER,
                format!("{call} emergency"),
                &call.to_string(),
                &format!("an emergency call found no way out: {cause}"),
                "check the servers and [emergency] via",
            ),
            Alarm::DeskNotTold { notice, shown, cause } => self.tell(
                now,
                EMERGENCY_FADES_AFTER,
                format!("{notice} desk"),
                "emergency",
                &format!("the desk was not told of {} {}: {cause}", shown.name, shown.number),
                "call back the telephone that called",
            ),
            Alarm::DisaLocked(line) => self.raise(
                now,
                format!("{line} disa"),
                &subject(line),
                "too many wrong PINs; calls that come in may not dial".to_owned(),
                "wait, and change the PIN if nobody of the house tried".to_owned(),
            ),
            Alarm::DisaUnlocked(line) => self.clear(&format!("{line} disa")),
            Alarm::SelfTestFailed(line, cause) => self.raise(
                now,
                format!("{line} self-test"),
                &subject(line),
                format!("nobody answered its daily call: {cause}"),
                "call from it by hand; see whom self_test_to or dials name".to_owned(),
            ),
            Alarm::SelfTestPassed(line) => self.clear(&format!("{line} self-test")),
            Alarm::LineTestFailed(line, test) => {
                self.clear(&format!("{line} no line test"));
                if let Some(row) = first_failed(test) {
                    let text = format!("line test failed: {}", row.found);
                    let next = row.remedy.trim_end_matches('.').to_owned();
                    self.raise(now, format!("{line} line test"), &subject(line), text, next);
                }
            }
            Alarm::LineTestMissed(line, end) => self.tell(
                now,
                EMERGENCY_FADES_AFTER,
                format!("{line} no line test"),
                &subject(line),
                &format!("its daily line test was not made within an hour: {}", end_reason(*end)),
                &format!("tipring line test {}", site.line(*line).map_or("PORT", |line| &line.number)),
            ),
            Alarm::LineTestPassed(line) | Alarm::LineTestOver(line) => {
                self.clear(&format!("{line} line test"));
                self.clear(&format!("{line} no line test"));
            }
            Alarm::Full => self.tell(
                now,
                FADES_AFTER,
                "full".to_owned(),
                "gateway",
                "a call was refused: all sockets or calls are in use",
                "widen `media` if this is the normal load",
            ),
        }
    }
}

/// What a person can do about a fault of `line`.
fn remedy(fault: LineFault, line: Option<&LineSite>) -> String {
    let number = line.map_or("N", |line| &line.number);
    match fault {
        LineFault::CardSilent | LineFault::Panicked | LineFault::Leakage => {
            "check the pair and the telephone on it".to_owned()
        }
        LineFault::NoBattery => {
            "plug the line in; if a telephone on it is dead too, call who runs the exchange".to_owned()
        }
        LineFault::NoDialTone => format!(
            "listen with a telephone on the line; if its dial tone is another than the country's: dial_when = \"pause 1 s\" in [line.{number}]"
        ),
        LineFault::ForeignVoltage => "take the line off the port and have its pair looked at".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(alarms: &Alarms, at: Instant) -> Vec<String> {
        alarms.all(at).map(|(_, alarm)| alarm.subject).collect()
    }

    #[test]
    fn what_is_over_fades_and_what_stands_stays() {
        let (mut alarms, start) = (Alarms::default(), Instant::from_millis(1000));
        alarms.raise(start, "store".to_owned(), "call records", String::new(), String::new());
        alarms.tell(start, FADES_AFTER, "full".to_owned(), "gateway", "", "");
        assert_eq!(texts(&alarms, start + FADES_AFTER + Millis(0)), ["call records"]);
        assert_eq!(texts(&alarms, start + Millis(5000)), ["gateway", "call records"]);
        alarms.clear("store");
        assert_eq!(texts(&alarms, start + Millis(5000)), ["gateway"]);
    }

    #[test]
    fn a_new_alarm_takes_the_place_of_the_oldest_that_fades() {
        let (mut alarms, start) = (Alarms::default(), Instant::from_millis(1000));
        alarms.raise(start, "server pbx".to_owned(), "pbx", String::new(), String::new());
        for n in 0..MAX_ALARMS as u32 + 10 {
            let subject = format!("call {n}");
            alarms.tell(start + Millis(n + 1), FADES_AFTER, subject.clone(), &subject, "", "");
        }
        alarms.raise(start + Millis(9000), "store".to_owned(), "call records", String::new(), String::new());
        let shown = texts(&alarms, start + Millis(9000));
        assert_eq!(shown.len(), MAX_ALARMS);
        assert!(shown.contains(&"pbx".to_owned()) && shown.contains(&"call records".to_owned()));
        assert!(!shown.contains(&"call 0".to_owned()) && shown.contains(&"call 265".to_owned()));
    }
}

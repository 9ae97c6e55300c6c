//! Alarms of what stands around the gateway, beside those of its own: the web page.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tipring_gateway::{AlarmStatus, Status};

/// The alarms that stand, by what they are about.
#[derive(Debug, Default)]
pub struct Alarms {
    standing: Mutex<BTreeMap<String, (Instant, Alarm)>>,
}

/// What needs a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    /// What it is about.
    pub subject: &'static str,
    /// What is the matter.
    pub text: String,
    /// What to do about it.
    pub next: String,
}

impl Alarms {
    /// Raises one, or tells news of one that stands; true if it is new or says something else than before.
    pub fn raise(&self, key: &str, alarm: Alarm) -> bool {
        let mut standing = self.standing();
        let old = standing.get(key);
        let since = old.map_or_else(Instant::now, |(since, _)| *since);
        let is_news = old.is_none_or(|(_, old)| *old != alarm);
        standing.insert(key.to_owned(), (since, alarm));
        is_news
    }

    /// Ends those of which `keep` says no; gives them.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) -> Vec<Alarm> {
        let mut ended = Vec::new();
        self.standing().retain(|key, (_, alarm)| {
            let stays = keep(key);
            if !stays {
                ended.push(alarm.clone());
            }
            stays
        });
        ended
    }

    /// Adds them to a picture, the oldest first.
    pub fn show(&self, status: &mut Status) {
        status.alarms.extend(self.standing().values().map(|(since, alarm)| AlarmStatus {
            for_seconds: since.elapsed().as_secs(),
            subject: alarm.subject.to_owned(),
            text: alarm.text.clone(),
            detail: String::new(),
            cause: String::new(),
            next: alarm.next.clone(),
        }));
        status.alarms.sort_by_key(|alarm| core::cmp::Reverse(alarm.for_seconds));
    }

    fn standing(&self) -> MutexGuard<'_, BTreeMap<String, (Instant, Alarm)>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

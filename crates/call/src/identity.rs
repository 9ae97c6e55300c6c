//! Who calls, and what a telephone's display gets of it.

use tipring_port::{Absence, CallerId, DateTime, MAX_CALLER_NAME, MAX_CALLER_NUMBER, Text};
use tipring_units::WallTime;

use crate::Number;

/// What may be shown of a caller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Presentation {
    /// Number and name.
    #[default]
    Allowed,
    /// The caller asked to stay unknown.
    Private,
    /// The network does not know who calls.
    Unavailable,
}

/// A caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Identity {
    /// The number, empty where there is none.
    pub number: Number,
    /// The name, empty where there is none.
    pub name: Text<MAX_CALLER_NAME>,
    /// What may be shown.
    pub presentation: Presentation,
}

impl Identity {
    /// A caller with `number` and `name` that may be shown.
    pub fn new(number: &str, name: &str) -> Self {
        Self { number: Number::new(number), name: Text::new(name), presentation: Presentation::Allowed }
    }

    /// What an exchange told of a caller.
    pub fn of_exchange(caller: &CallerId) -> Self {
        let (number, why) = match &caller.number {
            Ok(number) => (Number::new(number.as_str()), None),
            Err(absence) => (Number::EMPTY, Some(*absence)),
        };
        let name = match &caller.name {
            Some(Ok(name)) => *name,
            Some(Err(_)) | None => Text::default(),
        };
        let presentation = match why {
            None => Presentation::Allowed,
            Some(Absence::Private) => Presentation::Private,
            // A name alone is still shown.
            Some(Absence::Unavailable) if !name.is_empty() => Presentation::Allowed,
            Some(Absence::Unavailable) => Presentation::Unavailable,
        };
        Self { number, name, presentation }
    }

    /// A caller of whom nothing is known.
    pub fn unknown() -> Self {
        Self { presentation: Presentation::Unavailable, ..Self::default() }
    }

    /// What a display gets at `wall`, `offset_minutes` east of UTC. Only digits go into its number and only
    /// printable characters into its name, whatever the far end sent.
    pub fn for_display(&self, wall: WallTime, offset_minutes: i32) -> CallerId {
        let civil = wall.civil(offset_minutes);
        let date = DateTime { month: civil.month, day: civil.day, hour: civil.hour, minute: civil.minute };
        let absent = match self.presentation {
            Presentation::Allowed => None,
            Presentation::Private => Some(Absence::Private),
            Presentation::Unavailable => Some(Absence::Unavailable),
        };
        let shown = |text: &str, keep: fn(&char) -> bool| -> Result<String, Absence> {
            let kept: String = text.trim().chars().filter(keep).collect();
            match absent {
                Some(absence) => Err(absence),
                None if kept.is_empty() => Err(Absence::Unavailable),
                None => Ok(kept),
            }
        };
        let dialable = |text: &str| text.chars().all(|c| c.is_ascii_digit() || "+-.*# ".contains(c));
        let number = if dialable(self.number.as_str()) { self.number.as_str() } else { "" };
        CallerId {
            date: Some(date),
            number: shown(number, |c| c.is_ascii_digit() || matches!(c, '*' | '#' | '+'))
                .map(|text| Text::<MAX_CALLER_NUMBER>::new(&text)),
            name: Some(shown(self.name.as_str(), |c| !c.is_control()).map(|text| Text::new(&text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: WallTime = WallTime(1_709_210_096 * 1_000_000); // 2024-02-29 12:34:56 UTC

    #[test]
    fn the_display_shows_number_name_and_local_time() {
        let shown = Identity::new("+1 555-0100", "Front desk\r\n").for_display(NOON, -60);
        assert_eq!(shown.date, Some(DateTime { month: 2, day: 29, hour: 11, minute: 34 }));
        assert_eq!(shown.number.unwrap().as_str(), "+15550100");
        assert_eq!(shown.name.unwrap().unwrap().as_str(), "Front desk");
    }

    #[test]
    fn a_private_caller_shows_why_there_is_nothing() {
        let private = Identity { presentation: Presentation::Private, ..Identity::new("5550100", "X") };
        assert_eq!(private.for_display(NOON, 0).number, Err(Absence::Private));
        assert_eq!(private.for_display(NOON, 0).name, Some(Err(Absence::Private)));
        let unknown = Identity { presentation: Presentation::Unavailable, ..private };
        assert_eq!(unknown.for_display(NOON, 0).number, Err(Absence::Unavailable));
    }

    #[test]
    fn a_user_name_is_no_number_but_a_name_is_still_shown() {
        let shown = Identity::new("alice7", "Alice").for_display(NOON, 0);
        assert_eq!(shown.number, Err(Absence::Unavailable));
        assert_eq!(shown.name.unwrap().unwrap().as_str(), "Alice");
    }
}

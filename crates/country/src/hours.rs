//! A part of the day: `18:00-08:00`.

use core::fmt;

/// Two times of day, in minutes from midnight; over midnight where the end is the smaller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Hours {
    /// It begins here.
    pub from: u16,
    /// It ends before this.
    pub to: u16,
}

impl Hours {
    /// Reads `18:00-08:00`; both times are not the same.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let hours = Self { from: minute(from)?, to: minute(to)? };
        (hours.from != hours.to).then_some(hours)
    }

    /// True if the minute of the day is in it.
    pub const fn contains(self, minute: u16) -> bool {
        if self.from <= self.to {
            minute >= self.from && minute < self.to
        } else {
            minute >= self.from || minute < self.to
        }
    }

    /// True if a minute of the day is in both.
    pub const fn meet(self, other: Self) -> bool {
        self.contains(other.from) || other.contains(self.from)
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str, below: u16| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|value| digits && *value < below)
    };
    Some(two(hour, 24)? * 60 + two(minute, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_goes_over_midnight() {
        let night = Hours::parse("18:00-08:00").unwrap();
        assert!(night.contains(18 * 60) && night.contains(0) && night.contains(8 * 60 - 1));
        assert!(!night.contains(8 * 60) && !night.contains(12 * 60));
        assert_eq!(night.to_string(), "18:00-08:00");
        let day = Hours::parse("08:00-18:00").unwrap();
        assert!(!day.meet(night) && day.meet(Hours::parse("17:59-18:30").unwrap()) && night.meet(night));
        for wrong in ["8:00-18:00", "08:00", "24:00-01:00", "08:60-09:00", "08:00-08:00", "08:00-18:00 "] {
            assert_eq!(Hours::parse(wrong), None, "{wrong}");
        }
    }
}

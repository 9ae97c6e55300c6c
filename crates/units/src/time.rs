//! Monotonic time, sample time, wall time and lengths of time.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// Samples per second of a narrow-band line.
pub const SAMPLE_RATE: u32 = 8000;
/// Samples in one tick of the media plane.
pub const TICK_SAMPLES: usize = 80;
/// Length of one tick of the media plane.
pub const TICK: Millis = Millis(10);

/// A moment on the monotonic clock, in nanoseconds from an arbitrary start.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Self = Self(0);

    /// A moment `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A moment `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Time since `earlier`, zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Instant {
    /// Seconds with milliseconds: `12.345`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000_000_000, self.0 / 1_000_000 % 1000)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Add<Millis> for Instant {
    type Output = Self;
    fn add(self, rhs: Millis) -> Self {
        self + Duration::from(rhs)
    }
}

impl AddAssign<Millis> for Instant {
    fn add_assign(&mut self, rhs: Millis) {
        *self = *self + rhs;
    }
}

impl Sub for Instant {
    type Output = Duration;
    /// Saturates at zero.
    fn sub(self, rhs: Self) -> Duration {
        self.since(rhs)
    }
}

/// A length of time in milliseconds, 0 to 49 days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Millis(pub u32);

impl Millis {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// `seconds` seconds.
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds * 1000)
    }

    /// The same length in samples at 8 kHz.
    pub const fn samples(self) -> Samples {
        Samples(self.0 as u64 * (SAMPLE_RATE as u64 / 1000))
    }
}

impl From<Millis> for Duration {
    fn from(value: Millis) -> Self {
        Self::from_millis(u64::from(value.0))
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl Sub for Millis {
    type Output = Self;
    /// Saturates at zero.
    fn sub(self, rhs: Self) -> Self {
        Self(self.0.saturating_sub(rhs.0))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// A count of samples at 8 kHz.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Samples(pub u64);

impl Samples {
    /// The same length in milliseconds, rounded down.
    pub const fn millis(self) -> Millis {
        Millis((self.0 / (SAMPLE_RATE as u64 / 1000)) as u32)
    }
}

/// A moment in one clock domain: samples since the domain started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct SampleTime(pub u64);

impl SampleTime {
    /// Samples since `earlier`, zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Samples {
        Samples(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Samples> for SampleTime {
    type Output = Self;
    fn add(self, rhs: Samples) -> Self {
        Self(self.0 + rhs.0)
    }
}

impl Add<Millis> for SampleTime {
    type Output = Self;
    fn add(self, rhs: Millis) -> Self {
        self + rhs.samples()
    }
}

/// A moment of the calendar: microseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct WallTime(pub u64);

/// A wall time taken apart, in the proleptic Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year, 1970 and later.
    pub year: u32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

impl WallTime {
    /// Year, month, day, hour, minute and second, `offset_minutes` east of UTC.
    pub fn civil(self, offset_minutes: i32) -> Civil {
        let seconds = (self.0 / 1_000_000) as i64 + i64::from(offset_minutes) * 60;
        let seconds = seconds.max(0);
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Civil date from a day count: eras of 400 years that start on 1 March.
        let z = days + 719_468;
        let era = z / 146_097;
        let day_of_era = z % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Civil {
            year: year as u32,
            month: month as u8,
            day: day as u8,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_saturate_instead_of_wrapping() {
        assert_eq!(Instant::ZERO - Instant::from_millis(5), Duration::ZERO);
        assert_eq!(Instant::from_millis(1500).to_string(), "1.500");
    }

    #[test]
    fn wall_time_knows_the_calendar() {
        let leap_day = WallTime(1_709_210_096 * 1_000_000).civil(0);
        assert_eq!((leap_day.year, leap_day.month, leap_day.day), (2024, 2, 29));
        assert_eq!((leap_day.hour, leap_day.minute, leap_day.second), (12, 34, 56));
        let next = WallTime(1_709_210_096 * 1_000_000).civil(12 * 60);
        assert_eq!((next.month, next.day, next.hour), (3, 1, 0));
    }

    #[test]
    fn a_tick_is_ten_milliseconds_of_samples() {
        assert_eq!(TICK.samples(), Samples(TICK_SAMPLES as u64));
    }
}

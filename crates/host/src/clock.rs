//! The host's clocks as the planes take them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tipring_units::{Instant, WallTime};

/// The monotonic clock from the start of the program, and the calendar.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: std::time::Instant,
    started: WallTime,
}

impl Clock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self { start: std::time::Instant::now(), started: wall() }
    }

    /// Now, monotonic.
    pub fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    /// Now, by the calendar.
    pub fn wall(&self) -> WallTime {
        wall()
    }

    /// The calendar at the start.
    pub fn started(&self) -> WallTime {
        self.started
    }

    /// A moment of the planes as the host's own.
    pub fn host(&self, at: Instant) -> std::time::Instant {
        self.start + Duration::from_nanos(at.as_nanos())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(u64::try_from(since.as_micros()).unwrap_or(0))
}

//! Current that no telephone draws on-hook.

use tipring_port::LoopReading;
use tipring_units::{Milliamps, Millis, SampleTime};

/// On-hook current above this is leakage: a wet pair, or a load that should not be there (GR-909 calls less than
/// 150 kohm a fault, 0.3 mA; a line card's reading is good to about 1 mA).
const LEAKS_ABOVE: Milliamps = Milliamps(3.0);
/// Below this it is gone.
const DRY_BELOW: Milliamps = Milliamps(2.0);
/// A change has to last this long.
const LASTS: Millis = Millis(1000);

/// Watches the current of an idle line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leakage {
    leaking: bool,
    changing_since: Option<SampleTime>,
}

impl Leakage {
    /// The last reading of a tick that ended at `now`, on an idle, settled line. `Some` if the verdict changed.
    pub(crate) fn read(&mut self, now: SampleTime, reading: &LoopReading) -> Option<bool> {
        let current = reading.current.0.abs();
        let changing = if self.leaking { current < DRY_BELOW.0 } else { current > LEAKS_ABOVE.0 };
        if !changing {
            self.changing_since = None;
            return None;
        }
        let since = *self.changing_since.get_or_insert(now);
        (now.since(since) >= LASTS.samples()).then(|| {
            self.changing_since = None;
            self.leaking = !self.leaking;
            self.leaking
        })
    }

    /// The line is not idle: what was seen so far does not count.
    pub(crate) fn interrupt(&mut self) {
        self.changing_since = None;
    }

    pub(crate) fn is_leaking(&self) -> bool {
        self.leaking
    }

    /// When the verdict changes if the current stays as it is.
    pub(crate) fn deadline(&self) -> Option<SampleTime> {
        self.changing_since.map(|since| since + LASTS)
    }
}

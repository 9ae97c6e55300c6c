//! The trunk port of a private exchange, where it stands in a telephone's place.
//!
//! # What it does
//! Watches the line as such a port does: battery, its polarity, breaks of the loop, metering pulses; and asks for service
//! by grounding ring where the line wants that.
//!
//! # How
//! A change of the voltage between tip and ring counts when it has lasted.
//!
//! # Limits
//! While it rings nothing is watched.
//!
//! # Standard
//! None.

use tipring_port::LoopStart;
use tipring_units::Millis;

/// Below this there is no battery.
const DEAD: f32 = 2.0;
/// A change counts when it has lasted so many milliseconds.
const SURE: u32 = 20;
/// A break that is longer than this is no sign, but a dead line.
const LONGEST: u32 = 2000;
/// It gives up asking for service after this.
pub const PATIENCE: Millis = Millis(10_000);

/// What a trunk port sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrunkEvent {
    /// The battery is there, or gone.
    Battery(bool),
    /// The polarity is reversed, or normal.
    Reversed(bool),
    /// The loop was broken for so long.
    Broken(Millis),
    /// It has been charged so many pulses since it was lifted.
    Charged(u32),
}

/// What is between tip and ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Line {
    #[default]
    Dead,
    Normal,
    Reversed,
}

/// One trunk port.
#[derive(Clone, Debug)]
pub struct Trunk {
    start: LoopStart,
    line: Line,
    /// What may come next, and for how many milliseconds it has been so.
    coming: (Line, u32),
    dead_for: u32,
    before: Line,
    charged: u32,
}

impl Trunk {
    /// A port on a dead line.
    pub fn new(start: LoopStart) -> Self {
        Self { start, line: Line::Dead, coming: (Line::Dead, 0), dead_for: 0, before: Line::Dead, charged: 0 }
    }

    /// True if ring has to be grounded before the loop is closed.
    pub fn needs_ground(&self) -> bool {
        self.start == LoopStart::Ground && self.line == Line::Dead
    }

    /// A millisecond of the voltage between tip and ring; up to two things that it showed.
    pub fn watch(&mut self, volts: f32) -> [Option<TrunkEvent>; 2] {
        let now = if volts.abs() < DEAD {
            Line::Dead
        } else if volts < 0.0 {
            Line::Reversed
        } else {
            Line::Normal
        };
        self.dead_for = if self.line == Line::Dead { self.dead_for.saturating_add(1) } else { 0 };
        self.coming = if self.coming.0 == now { (now, self.coming.1 + 1) } else { (now, 1) };
        if now == self.line || self.coming.1 < SURE {
            return [None; 2];
        }
        let last = core::mem::replace(&mut self.line, now);
        match (last, now) {
            (_, Line::Dead) => {
                self.before = last;
                [Some(TrunkEvent::Battery(false)), None]
            }
            (Line::Dead, Line::Normal | Line::Reversed) => {
                let is_sign = self.before != Line::Dead && self.dead_for <= LONGEST;
                let first = if is_sign {
                    TrunkEvent::Broken(Millis(self.dead_for))
                } else {
                    TrunkEvent::Battery(true)
                };
                let turned = self.before != Line::Dead && self.before != now;
                [Some(first), turned.then_some(TrunkEvent::Reversed(now == Line::Reversed))]
            }
            (Line::Normal | Line::Reversed, Line::Normal | Line::Reversed) => {
                [Some(TrunkEvent::Reversed(now == Line::Reversed)), None]
            }
        }
    }

    /// A metering pulse ended.
    pub fn charge(&mut self) -> TrunkEvent {
        self.charged += 1;
        TrunkEvent::Charged(self.charged)
    }

    /// A new call.
    pub fn lift(&mut self) {
        self.charged = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(trunk: &mut Trunk, volts: f32, millis: u32) -> Vec<TrunkEvent> {
        (0..millis).flat_map(|_| trunk.watch(volts)).flatten().collect()
    }

    #[test]
    fn a_break_a_reversal_and_a_dead_line_are_told_apart() {
        let mut trunk = Trunk::new(LoopStart::Ground);
        assert!(trunk.needs_ground());
        assert_eq!(seen(&mut trunk, 48.0, 100), [TrunkEvent::Battery(true)]);
        assert!(!trunk.needs_ground());
        assert_eq!(seen(&mut trunk, -6.0, 100), [TrunkEvent::Reversed(true)]);
        assert_eq!(seen(&mut trunk, 0.0, 10), [], "a moment");
        assert_eq!(seen(&mut trunk, -6.0, 100), []);
        assert_eq!(seen(&mut trunk, 0.0, 500), [TrunkEvent::Battery(false)]);
        assert_eq!(seen(&mut trunk, -6.0, 100), [TrunkEvent::Broken(Millis(500))]);
        assert_eq!(seen(&mut trunk, 0.0, 5000), [TrunkEvent::Battery(false)]);
        assert_eq!(seen(&mut trunk, -48.0, 100), [TrunkEvent::Battery(true)]);
        assert_eq!((trunk.charge(), trunk.charge()), (TrunkEvent::Charged(1), TrunkEvent::Charged(2)));
    }
}

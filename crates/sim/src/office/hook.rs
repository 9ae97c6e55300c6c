//! What an exchange makes of the loop.
//!
//! # What it does
//! Tells from the loop's state, millisecond by millisecond, that the line was seized, dialled by pulses, flashed and
//! released.
//!
//! # How
//! A change counts when it has lasted; a break that ends is a pulse or a flash by its length. While the exchange itself
//! holds the loop open it is blind.
//!
//! # Limits
//! One thing a millisecond.
//!
//! # Standard
//! National rules: pulses break for 15 to 200 ms.

use std::collections::VecDeque;

use tipring_port::FlashWindow;
use tipring_units::Millis;

/// A loop that closes for so long was seized.
const SEIZE: u32 = 20;
/// A break of so long, at least, is a pulse or more.
const PULSE_MIN: u32 = 15;
/// A break of so long, at the most, is a pulse.
const PULSE_MAX: u32 = 130;
/// A make of so long ends a digit.
const INTERDIGIT: u32 = 220;
/// Things that wait to be taken, at the most.
const MAX_EVENTS: usize = 16;

/// How the loop is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View {
    /// Short breaks are pulses of a digit.
    pub pulses: bool,
    /// Breaks that are a recall.
    pub flash: Option<FlashWindow>,
    /// A break of so long is the end.
    pub release: Millis,
}

/// What the loop did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HookEvent {
    /// It was closed for good.
    Closed,
    /// It was opened for good.
    Released,
    /// It was opened for so long.
    Flash(Millis),
    /// So many pulses.
    Pulses(u8),
}

/// The exchange's eye on one loop.
#[derive(Clone, Debug, Default)]
pub struct Hook {
    /// Off-hook as far as the exchange is concerned.
    off_hook: bool,
    /// The loop now, and for how many milliseconds.
    closed: bool,
    lasted: u32,
    pulses: u8,
    events: VecDeque<HookEvent>,
}

impl Hook {
    /// Takes a millisecond in. `None`: the exchange cannot see the loop.
    pub fn look(&mut self, closed: Option<bool>, view: View) {
        let Some(closed) = closed else { return };
        if closed == self.closed {
            self.lasted = self.lasted.saturating_add(1);
        } else {
            if closed && self.off_hook {
                self.broke(self.lasted, view);
            }
            (self.closed, self.lasted) = (closed, 1);
        }
        match (self.off_hook, closed) {
            (false, true) if self.lasted == SEIZE => {
                self.off_hook = true;
                self.pulses = 0;
                self.note(HookEvent::Closed);
            }
            (true, false) if self.lasted >= view.release.0 => {
                self.off_hook = false;
                self.pulses = 0;
                self.note(HookEvent::Released);
            }
            (true, true) if self.lasted == INTERDIGIT && self.pulses > 0 => {
                let pulses = core::mem::take(&mut self.pulses);
                self.note(HookEvent::Pulses(pulses));
            }
            (false | true, false | true) => {}
        }
    }

    /// Off-hook as far as the exchange is concerned.
    pub const fn is_off_hook(&self) -> bool {
        self.off_hook
    }

    /// The loop is closed at this moment.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Pulses of a digit that is not over.
    pub const fn is_pulsing(&self) -> bool {
        self.pulses > 0
    }

    /// True if nothing is under way.
    pub fn is_resting(&self) -> bool {
        self.events.is_empty() && !self.off_hook && !self.closed
    }

    /// The next thing that the loop did.
    pub fn event(&mut self) -> Option<HookEvent> {
        self.events.pop_front()
    }

    /// A break of so many milliseconds is over.
    fn broke(&mut self, lasted: u32, view: View) {
        if view.pulses && (PULSE_MIN..=PULSE_MAX).contains(&lasted) {
            self.pulses = self.pulses.saturating_add(1);
        } else if let Some(flash) = view.flash
            && lasted >= flash.min.0
            && lasted <= flash.max.0
        {
            self.note(HookEvent::Flash(Millis(lasted)));
        }
    }

    fn note(&mut self, event: HookEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALLING: View = View { pulses: true, flash: None, release: Millis(300) };
    const TALKING: View = View {
        pulses: false,
        flash: Some(FlashWindow { min: Millis(200), max: Millis(900) }),
        release: Millis(950),
    };

    fn events(hook: &mut Hook, loop_states: &[(bool, u32)], view: View) -> Vec<HookEvent> {
        for (closed, millis) in loop_states {
            (0..*millis).for_each(|_| hook.look(Some(*closed), view));
        }
        core::iter::from_fn(|| hook.event()).collect()
    }

    #[test]
    fn pulses_are_counted_and_a_long_break_releases() {
        let mut hook = Hook::default();
        let mut states = vec![(true, 500)];
        (0..3).for_each(|_| states.extend([(false, 61), (true, 39)]));
        states.push((true, 700));
        (0..10).for_each(|_| states.extend([(false, 61), (true, 39)]));
        states.extend([(true, 700), (false, 299), (true, 100), (false, 300)]);
        let expected = [HookEvent::Closed, HookEvent::Pulses(3), HookEvent::Pulses(10), HookEvent::Released];
        assert_eq!(events(&mut hook, &states, DIALLING), expected);
    }

    #[test]
    fn a_break_in_a_call_is_a_flash_by_its_length_only() {
        let mut hook = Hook::default();
        let states = [(true, 100), (false, 100), (true, 100), (false, 500), (true, 100), (false, 950)];
        let expected = [HookEvent::Closed, HookEvent::Flash(Millis(500)), HookEvent::Released];
        assert_eq!(events(&mut hook, &states, TALKING), expected);
    }
}

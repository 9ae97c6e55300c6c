//! Digits that are to be sounded one after another.
//!
//! # What it does
//! Tells, tick by tick, which digit sounds. Each lasts as long as it was asked to, at least [`MIN_DIGIT`], and is
//! followed by a pause, so that any receiver hears each of them once however close together they were asked for.
//!
//! # How
//! A digit may be asked for before its length is known; it then lasts until that is told.
//!
//! # Limits
//! [`MAX_KEYS`] wait; more are dropped. Lengths are whole ticks. A digit whose end is never told lasts [`LONGEST`].
//!
//! # Standard
//! ITU-T Q.24 clause 2: a receiver accepts 40 ms of tone and 40 ms of pause; we give twice the tone.

use tipring_units::{Millis, TICK};

/// Digits that wait, at the most.
pub const MAX_KEYS: usize = 32;
/// The shortest digit.
pub const MIN_DIGIT: Millis = Millis(80);
/// The pause after each.
pub const PAUSE: Millis = Millis(60);
/// The longest digit.
pub const LONGEST: Millis = Millis::from_secs(10);

#[derive(Clone, Copy, Debug)]
struct Key {
    digit: u8,
    length: Option<Millis>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Sounding(Key, Millis),
    Pausing(Millis),
}

/// What sounds in a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strike {
    /// Nothing, and nothing waits.
    Nothing,
    /// The pause after a digit.
    Pause,
    /// The first tick of a digit.
    Begin(u8),
    /// A further tick of it.
    Hold(u8),
}

/// The digits.
#[derive(Clone, Debug)]
pub struct Keys {
    state: State,
    waiting: [Option<Key>; MAX_KEYS],
}

impl Keys {
    /// No digits.
    pub const fn new() -> Self {
        Self { state: State::Idle, waiting: [None; MAX_KEYS] }
    }

    /// Asks for a digit of this length, or of one that [`Keys::finish`] will tell.
    pub fn press(&mut self, digit: u8, length: Option<Millis>) {
        if let Some(place) = self.waiting.iter_mut().find(|place| place.is_none()) {
            *place = Some(Key { digit, length });
        }
    }

    /// The digit that was pressed last without a length lasts `total`, but never less than it already has.
    pub fn finish(&mut self, total: Millis) {
        let waiting = self.waiting.iter_mut().rev().flatten();
        let sounding = match &mut self.state {
            State::Sounding(key, _) => Some(key),
            State::Idle | State::Pausing(_) => None,
        };
        if let Some(key) = waiting.chain(sounding).find(|key| key.length.is_none()) {
            key.length = Some(total);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// True if nothing sounds and nothing waits.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.waiting[0].is_none()
    }

    /// What sounds in the next tick.
    pub fn next_tick(&mut self) -> Strike {
        match &mut self.state {
            State::Idle => {}
            State::Sounding(key, lasted) => {
                if *lasted < key.length.unwrap_or(LONGEST).clamp(MIN_DIGIT, LONGEST) {
                    *lasted = *lasted + TICK;
                    return Strike::Hold(key.digit);
                }
                self.state = State::Pausing(TICK);
                return Strike::Pause;
            }
            State::Pausing(lasted) => {
                if *lasted < PAUSE {
                    *lasted = *lasted + TICK;
                    return Strike::Pause;
                }
                self.state = State::Idle;
            }
        }
        let Some(key) = self.waiting[0].take() else { return Strike::Nothing };
        self.waiting.rotate_left(1);
        self.state = State::Sounding(key, TICK);
        Strike::Begin(key.digit)
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ticks as text: the digit, `.` for a pause, until nothing is left.
    fn ticks(keys: &mut Keys) -> String {
        let mut all = String::new();
        loop {
            match keys.next_tick() {
                Strike::Nothing => return all,
                Strike::Pause => all.push('.'),
                Strike::Begin(digit) | Strike::Hold(digit) => all.push(char::from(digit)),
            }
        }
    }

    #[test]
    fn short_digits_asked_for_at_once_are_lengthened_and_kept_apart() {
        let mut keys = Keys::new();
        keys.press(b'1', Some(Millis(40)));
        keys.press(b'1', Some(Millis(120)));
        assert_eq!(ticks(&mut keys), "11111111......111111111111......");
        assert!(keys.is_idle());
    }

    #[test]
    fn a_digit_lasts_until_its_length_is_told() {
        let mut keys = Keys::new();
        keys.press(b'5', None);
        for _ in 0..12 {
            assert!(matches!(keys.next_tick(), Strike::Begin(b'5') | Strike::Hold(b'5')));
        }
        keys.press(b'6', None);
        keys.finish(Millis(90));
        keys.finish(Millis(100));
        assert_eq!(ticks(&mut keys), "......666666666......", "the later one is told first: {keys:?}");
    }

    #[test]
    fn a_digit_that_is_never_ended_ends_by_itself() {
        let mut keys = Keys::new();
        keys.press(b'9', None);
        assert_eq!(ticks(&mut keys).matches('9').count(), 1000);
    }
}

//! An exchange's receiver of keys.
//!
//! # What it does
//! Tells which keys are pressed on a line.
//!
//! # How
//! The laboratory's listener judges frames; a key counts when two frames in a row show it, and again when two frames
//! without it have passed: a gap of a moment in a key is no pause.
//!
//! # Limits
//! Keys and pauses of 30 ms and more.
//!
//! # Standard
//! ITU-T Q.23, Q.24 (40 ms are accepted).

use crate::ear::{Class, Land, Listener};
use crate::plant::Fidelity;

/// Frames that show a key before it counts.
const SURE: u8 = 2;
/// Frames without a key after which it is over.
const GONE: u8 = 2;

/// Receives keys.
#[derive(Debug)]
pub struct Receiver<A: Fidelity> {
    listener: A::Listener,
    /// The key, frames that showed it, and frames since then that did not.
    seen: Option<(u8, u8, u8)>,
}

impl<A: Fidelity> Receiver<A> {
    /// A receiver that knows the tones of `land` for no keys.
    pub fn new(land: Land) -> Self {
        Self { listener: A::listener(land), seen: None }
    }

    /// The key that has just become certain.
    pub fn hear(&mut self, frame: &A::Frame) -> Option<u8> {
        let percept = self.listener.perceive(frame);
        let key = match percept.class {
            Some(Class::Digit(key)) => Some(key),
            Some(Class::Chord(..) | Class::Named(..) | Class::Sine(..) | Class::Other) | None => None,
        };
        let Some(key) = key else {
            if let Some((_, _, gone)) = &mut self.seen {
                *gone += 1;
            }
            self.seen = self.seen.filter(|(_, _, gone)| *gone < GONE);
            return None;
        };
        let frames = self.seen.filter(|(known, ..)| *known == key).map_or(0, |(_, frames, _)| frames);
        self.seen = Some((key, frames.saturating_add(1), 0));
        (frames.saturating_add(1) == SURE).then_some(key)
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        self.seen = None;
    }
}

//! Country packs: tones, cadences, caller identity and timing as data with sources, and the two
//! languages of numbers: dial patterns and national number plans.
#![forbid(unsafe_code)]

mod pattern;

pub use pattern::{DigitSet, Element, MAX_ELEMENTS, MAX_SENT, MAX_TIMER_SECS, Pattern, PatternError};

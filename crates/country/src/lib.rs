//! Country packs: tones, cadences, caller identity and timing as data with sources, and the two
//! languages of numbers: dial patterns and national number plans.
#![forbid(unsafe_code)]

mod caller_id;
mod country;
mod dial_plan;
mod hours;
mod lint;
mod load;
mod numbers;
pub mod outside;
mod packs;
mod pattern;
pub mod quantity;
mod raw;
mod rewrite;

pub use country::{
    CallerIdRule, CallerIdStandard, Country, DistinctiveRing, ECHO_TAIL, OutsideRule, Provenance,
};
pub use dial_plan::{DialPlan, Loss, MAX_PLAN, MAX_ROWS, PlanRow, Syntax};
pub use hours::Hours;
pub use lint::lint;
pub use load::CountryError;
pub use numbers::{NumberKind, NumberPlan, NumberRule, Outside};
pub use packs::COUNTRY_WORDS;
pub use pattern::{DigitSet, Element, MAX_ELEMENTS, MAX_SENT, MAX_TIMER_SECS, Pattern, PatternError};
pub use rewrite::{
    MAX_REPEATS, MAX_REWRITE, MAX_REWRITES, NumberPattern, Rewrite, RewriteError, rewritten, unreachable,
};

//! Line signalling towards telephones (FXS) and towards exchanges (FXO).
//!
//! [`Fxs`] is the machine of one line port towards a telephone, [`Fxo`] that of one towards an exchange; [`Machine`] is either.
//! Each tick it takes what the card measured ([`tipring_port::CardReport`]), and between ticks the commands of the control
//! plane; it answers in [`FxsOut`] with at most one order to the card, line events, and what the line has to hear. What the
//! sound of an outside line tells comes by [`Fxo::overheard`].
//!
//! They are built of small parts, each usable alone. FXS: [`Detector`] (is the loop closed?), [`RingTrip`] (is it closed under
//! ringing?), [`HookTracker`] (what does the subscriber mean by it?), [`Cadence`] (where is the ring program now?). FXO:
//! [`IdleWatch`] (is the line free, in use, dead?), [`RingDetector`] (is that ringing?), [`LoopWatch`] (did the exchange break
//! or reverse the loop?).
#![forbid(unsafe_code)]

mod beat;
mod cadence;
mod detector;
mod fxo;
mod fxs;
mod hook;
mod idle_watch;
mod leakage;
mod loop_watch;
mod machine;
mod out;
mod ring_detector;
mod settings;
mod slot;
mod trip;

pub use beat::{Beat, Group};
pub use cadence::{Cadence, DEFAULT_BURST, DEFAULT_PAUSE, Phase};
pub use detector::{Detector, Edge};
pub use fxo::Fxo;
pub use fxs::Fxs;
pub use hook::{HookTracker, Verdict};
pub use idle_watch::{IdleLine, IdleWatch};
pub use loop_watch::{LoopNews, LoopWatch};
pub use machine::Machine;
pub use out::{FxsOut, MAX_LINE_EVENTS, Playing, Said};
pub use ring_detector::{RingDetector, Ringing};
pub use settings::Settings;
pub use slot::{frame_length, lamp_length};
pub use trip::{RingTrip, Trip};

//! The loop plant: what lies between a card's terminals and the telephones.
//!
//! # What it does
//! One [`Line`] a loop: electrical circuit, ringing, timed programs, hybrid, noise, and the telephones on it.
//!
//! # How
//! The circuit is the same at both fidelities and runs at 8 kHz while anything moves; only sound differs
//! ([`Fidelity`]).
//!
//! # Limits
//! Tip and ring only: no earth, no longitudinal currents.
//!
//! # Standard
//! None; see the parts.

mod circuit;
mod fidelity;
mod fir;
mod hybrid;
pub mod impedance;
mod line;
mod noise;
mod sequencer;

pub use circuit::{
    Circuit, Contact, Damage, Foreign, GUESTS, LoopSpec, MAX_PHONES, MAX_TERMINALS, Node, PORT, Terminal,
};
pub use fidelity::{Fidelity, SampleWire, SymbolWire, Tap, WHOLE_TICK, Wire, WireSpec};
pub use hybrid::{Hybrid, HybridSpec, MAX_ROUND_TRIP, loop_loss};
pub use line::{Line, LineSpec};
pub use noise::{Disturbance, Noise};
pub use sequencer::Sequencer;

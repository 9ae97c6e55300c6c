//! FSK at 1200 baud: the carrier of caller ID.
//!
//! # What it does
//! [`FskModulator`] sends a burst of bytes; [`FskDemodulator`] turns a line signal into bytes again.
//!
//! # How
//! Bytes travel as start bit (space), eight bits from the least significant, stop bit (mark).
//!
//! # Limits
//! 1200 baud one way; the 300-baud modems of fax have a home of their own.
//!
//! # Standard
//! Bell 202 (Telcordia GR-30-CORE clause 2.2) and ITU-T V.23 clause 1.

mod demodulate;
mod modulate;

pub use demodulate::{FskDemodulator, FskEvent, FskEvents};
pub use modulate::{FskBurst, FskModulator};

pub use tipring_port::FskStandard;

/// A bit lasts 20/3 samples: 8000 / 1200.
const BIT_NUMERATOR: u32 = 20;
const BIT_DENOMINATOR: u32 = 3;

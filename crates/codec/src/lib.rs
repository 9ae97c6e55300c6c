//! Speech codecs behind one enum.
//!
//! A codec turns 10 ms of linear speech into a unit of bytes and back. It is chosen by [`Codec`], which
//! knows what SDP says of it; [`Encoder`] and [`Decoder`] hold its state, one of each per stream, and
//! [`LineEncoder`] and [`LineDecoder`] do the same for a line that stays at 8 kHz. Nothing is allocated once
//! they are made.
//!
//! To add one: a file with its coder and decoder, a variant in the enums of `codec.rs` and `coder.rs`, and the
//! arms that the compiler then asks for.
#![forbid(unsafe_code)]

mod codec;
mod coder;
mod comfort;
mod g722;
mod g726;
#[cfg(feature = "g729")]
mod g729;
mod l16;
#[cfg(feature = "opus")]
mod opus;
mod pcma;
mod pcmu;
mod resample;

pub use codec::{ClockRate, Codec, MAX_UNIT_BYTES, MAX_UNIT_SAMPLES, PTIME_MAX, PTIME_MIN};
pub use coder::{Decoder, Encoder, LineDecoder, LineEncoder};
pub use comfort::{
    COMFORT_NOISE_NAME, COMFORT_NOISE_ORDER_MAX, COMFORT_NOISE_PAYLOAD_TYPE, NoiseDescription,
};
pub use g722::{G722Decoder, G722Encoder, G722Mode};
pub use g726::{G726Decoder, G726Encoder, G726Rate, Law, Packing};
#[cfg(feature = "g729")]
pub use g729::{G729Decoder, G729Encoder};
#[cfg(feature = "opus")]
pub use opus::{OpusBand, OpusDecoder, OpusEncoder, OpusSettings};
pub use resample::{Downsampler, Upsampler};

//! Speech codecs behind one enum.
//!
//! A codec turns 10 ms of linear speech into a unit of bytes and back. It is chosen by [`Codec`], which
//! knows what SDP says of it; [`Encoder`] and [`Decoder`] hold its state, one of each per stream. No
//! codec allocates.
//!
//! To add one: a file with its coder and decoder, a variant in the three enums of `codec.rs`, and the
//! arms that the compiler then asks for.
#![forbid(unsafe_code)]

mod codec;
mod g722;
mod g726;
mod l16;
mod pcma;
mod pcmu;

pub use codec::{ClockRate, Codec, Decoder, Encoder, MAX_UNIT_BYTES, MAX_UNIT_SAMPLES};
pub use g722::{G722Decoder, G722Encoder, G722Mode};
pub use g726::{G726Decoder, G726Encoder, G726Rate, Law, Packing};

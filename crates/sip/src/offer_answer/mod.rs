//! Offer and answer.
//!
//! **What it does.** Makes offers, answers them, and turns a pair of them into a [`MediaPlan`].
//!
//! **How.** [`OfferAnswer`] is a machine of its own, fed with whatever message bears SDP: INVITE, 18x, 200,
//! ACK, PRACK, UPDATE. One audio stream is used; every other stream of an offer is refused in its place and
//! stays refused.
//!
//! **Limits.** RTP/AVP with the codecs of [`Codec`] and telephone events; addresses, not names, in `c=`.
//!
//! **Standard.** RFC 3264; RFC 3605 (`a=rtcp`); RFC 6337 for where offers may stand.

mod machine;
mod media;

pub use machine::{OfferAnswer, SdpRefused};
pub use media::{
    COMFORT_NOISE_TYPE, Codec, DEFAULT_PTIME, Direction, EventPlan, Kbits, LocalMedia, MAX_CODECS, MAX_PTIME,
    MAX_STREAMS, MediaPlan, OPUS_EVENT_TYPE, OfferedMedia, OpusTerms, StreamPlan, TELEPHONE_EVENT_TYPE,
    TypePair,
};

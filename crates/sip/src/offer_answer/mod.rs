//! Offer and answer, RFC 3264.

mod media;

pub use media::{
    Codec, DEFAULT_PTIME, Direction, EventTypes, LocalMedia, MAX_CODECS, MAX_PTIME, MAX_STREAMS, MediaPlan,
    OfferedMedia, StreamPlan, TELEPHONE_EVENT_TYPE,
};

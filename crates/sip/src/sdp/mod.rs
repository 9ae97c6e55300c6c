//! Session descriptions.
//!
//! # What it does
//! Reads and writes the SDP of offers and answers.
//!
//! # How
//! Line by line, tolerant where the field is sloppy: any bytes in the session name, a version of any length,
//! bare line feeds, unknown lines. Attributes with a place of their own are taken out, all others are kept
//! as bytes and written back.
//!
//! # Limits
//! [`MAX_MEDIA`], [`MAX_FORMATS`], [`MAX_ATTRIBUTES`], [`MAX_SDP`]. Of the time lines the first `t=` is kept,
//! `r=` and `z=` are not; `k=`, `i=`, `u=`, `e=` and `p=` are passed over.
//!
//! # Standard
//! RFC 8866 (SDP), RFC 3264 (directions), RFC 3605 (`rtcp`), RFC 5761 (`rtcp-mux`).

mod media;
mod parse;
mod session;
mod write;

pub use media::{Direction, Fmtp, Media, MediaKind, Proto, RtcpAddress, Rtpmap};
pub use parse::{MAX_ATTRIBUTES, MAX_FORMATS, MAX_MEDIA, MAX_SDP, SdpError};
pub use session::{Attribute, Bandwidth, Connection, Origin, SessionDescription, Time};

#[cfg(test)]
mod tests;

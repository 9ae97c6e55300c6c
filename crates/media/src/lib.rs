//! Legs joined by bridges: lines, RTP streams and taps.
#![forbid(unsafe_code)]

//! Legs joined by bridges: lines, RTP streams and taps.

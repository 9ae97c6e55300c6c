//! RTP and RTCP packets and sessions, jitter buffer, telephone events.

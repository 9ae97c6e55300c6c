//! Where packets of one stream may come from, and where ours go.
//!
//! # What
//! Symmetric RTP: a far end behind address translation is answered at the address that its packets come
//! from, whatever its SDP said. Nobody else may take the stream over.
//!
//! # How
//! The address in SDP is *signalled*, the one in use *latched*. In this order:
//! 1. A packet from the signalled address latches at once: the far end said that it would come from there.
//! 2. A packet from elsewhere makes its address a candidate; [`CANDIDATE_PACKETS`] of them, of one SSRC and
//!    in sequence, latch it, so that a stray packet or a scan does not.
//! 3. For [`LEARNING`] after such a latch the signalled address still wins over it, under the same condition:
//!    whoever raced the true far end to us loses.
//! 4. After that the latch holds. It passes to a candidate only where the latched source has been silent for
//!    [`SILENCE`], and the candidate continues the SSRC that was latched (its address changed) or shares the
//!    IP address (its translator gave it another UDP port, or it restarted).
//! 5. A stream that came before ours began, of a call that its far end did not hear the end of, never becomes one.
//! 6. Nothing else moves it but new signalling.
//!
//! # Limits
//! Without SRTP an attacker who can forge the latched source address cannot be told apart.
//!
//! # Standard
//! RFC 4961 (symmetric RTP), RFC 7362 clause 4 (latching and its dangers).

use crate::Ssrc;
use core::net::SocketAddr;
use tipring_units::{Instant, Millis};

/// Packets in sequence that make a candidate the remote.
pub const CANDIDATE_PACKETS: u8 = 3;
/// How long after a latch the signalled address may still claim the stream.
pub const LEARNING: Millis = Millis::from_secs(5);
/// Silence of the latched source after which it may have moved.
pub const SILENCE: Millis = Millis::from_secs(2);

/// Older streams that are told from ours.
pub const LEFTOVERS: usize = 4;

/// Which addresses are believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LatchMode {
    /// Symmetric RTP, as the module says.
    #[default]
    Symmetric,
    /// The signalled address alone.
    SignalledOnly,
}

/// What to do with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It is from the far end.
    Accept,
    /// It is from the far end, which is now at this packet's address.
    Moved,
    /// Not yet believed.
    Candidate,
    /// From somebody else.
    Refuse,
}

#[derive(Clone, Copy, Debug)]
struct Latched {
    at: SocketAddr,
    ssrc: Ssrc,
    since: Instant,
    heard: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: SocketAddr,
    ssrc: Ssrc,
    next: u16,
    count: u8,
}

/// The far end of a stream.
#[derive(Clone, Debug)]
pub struct RemoteLatch {
    mode: LatchMode,
    signalled: SocketAddr,
    latched: Option<Latched>,
    candidate: Option<Candidate>,
    /// Older streams that may still come.
    leftovers: [Option<(SocketAddr, Ssrc)>; LEFTOVERS],
}

impl RemoteLatch {
    /// A latch that knows only what SDP said.
    pub fn new(mode: LatchMode, signalled: SocketAddr) -> Self {
        Self { mode, signalled, latched: None, candidate: None, leftovers: [None; LEFTOVERS] }
    }

    /// These packets came before the stream began: they are of another. The latest [`LEFTOVERS`] are left out.
    pub fn leave_out(&mut self, from: SocketAddr, ssrc: Ssrc) {
        self.leftovers.rotate_right(1);
        self.leftovers[0] = Some((from, ssrc));
    }

    /// Who latched.
    pub fn heard(&self) -> Option<(SocketAddr, Ssrc)> {
        self.latched.map(|latched| (latched.at, latched.ssrc))
    }

    /// New signalling. A changed address starts afresh; the same one (a session refresh) changes nothing.
    pub fn signal(&mut self, signalled: SocketAddr) {
        if signalled != self.signalled {
            *self = Self { leftovers: self.leftovers, ..Self::new(self.mode, signalled) };
        }
    }

    /// Where to send.
    pub fn remote(&self) -> SocketAddr {
        self.latched.map_or(self.signalled, |latched| latched.at)
    }

    /// True once packets showed where the far end is.
    pub fn is_latched(&self) -> bool {
        self.latched.is_some()
    }

    /// Judges a well-formed RTP packet by where it comes from.
    pub fn admit(&mut self, now: Instant, from: SocketAddr, ssrc: Ssrc, sequence: u16) -> Admission {
        if self.mode == LatchMode::SignalledOnly {
            if from != self.signalled {
                return Admission::Refuse;
            }
            self.latched.get_or_insert(Latched { at: from, ssrc, since: now, heard: now });
            return Admission::Accept;
        }
        if from != self.signalled && self.leftovers.contains(&Some((from, ssrc))) {
            return Admission::Refuse;
        }
        let may_move = match &mut self.latched {
            None if from == self.signalled => {
                self.latch(now, from, ssrc);
                return Admission::Accept;
            }
            None => true,
            Some(latched) if latched.at == from => {
                (latched.heard, latched.ssrc) = (now, ssrc);
                // The latched source speaks, so that whoever claims to be it does not.
                self.candidate = self.candidate.filter(|candidate| candidate.at == self.signalled);
                return Admission::Accept;
            }
            Some(latched) => {
                let learning = now < latched.since + LEARNING && from == self.signalled;
                let silent = now >= latched.heard + SILENCE;
                learning || (silent && (latched.ssrc == ssrc || latched.at.ip() == from.ip()))
            }
        };
        if !may_move {
            return Admission::Refuse;
        }
        let count = match self.candidate {
            Some(candidate) if (candidate.at, candidate.ssrc, candidate.next) == (from, ssrc, sequence) => {
                candidate.count + 1
            }
            // The signalled address is not displaced as a candidate by a flood from elsewhere.
            Some(candidate) if candidate.at == self.signalled && from != self.signalled => {
                return Admission::Candidate;
            }
            Some(_) | None => 1,
        };
        if count >= CANDIDATE_PACKETS {
            self.latch(now, from, ssrc);
            return Admission::Moved;
        }
        self.candidate = Some(Candidate { at: from, ssrc, next: sequence.wrapping_add(1), count });
        Admission::Candidate
    }

    fn latch(&mut self, now: Instant, at: SocketAddr, ssrc: Ssrc) {
        self.latched = Some(Latched { at, ssrc, since: now, heard: now });
        self.candidate = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::{IpAddr, Ipv4Addr};

    fn address(host: u8, udp: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), udp)
    }

    /// Sends `count` packets 20 ms apart and gives the last verdict.
    fn send(latch: &mut RemoteLatch, at_ms: u64, from: SocketAddr, ssrc: u32, count: u16) -> Admission {
        let mut last = Admission::Refuse;
        for packet in 0..count {
            let now = Instant::from_millis(at_ms + 20 * u64::from(packet));
            last = latch.admit(now, from, Ssrc(ssrc), 500 + packet);
        }
        last
    }

    #[test]
    fn the_signalled_address_latches_at_once() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        assert_eq!(send(&mut latch, 0, address(1, 4000), 1, 1), Admission::Accept);
        assert_eq!(send(&mut latch, 20, address(2, 4000), 1, 50), Admission::Refuse);
        assert_eq!(latch.remote(), address(1, 4000));
    }

    #[test]
    fn a_translated_address_latches_after_three_in_sequence() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        assert_eq!(send(&mut latch, 0, address(9, 62_000), 1, 2), Admission::Candidate);
        assert_eq!(latch.remote(), address(1, 4000));
        assert_eq!(send(&mut latch, 100, address(9, 62_000), 1, 3), Admission::Moved);
        assert_eq!(latch.remote(), address(9, 62_000));
    }

    #[test]
    fn a_stream_of_an_older_call_never_latches_and_a_new_one_from_there_does() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        for older in 1..LEFTOVERS as u32 {
            latch.leave_out(address(4, 5000), Ssrc(older));
        }
        latch.leave_out(address(2, 5000), Ssrc(7));
        assert_eq!(send(&mut latch, 0, address(4, 5000), 1, 50), Admission::Refuse);
        assert_eq!(send(&mut latch, 0, address(2, 5000), 7, 50), Admission::Refuse);
        assert_eq!(latch.remote(), address(1, 4000));
        latch.signal(address(3, 4000));
        assert_eq!(send(&mut latch, 1000, address(2, 5000), 7, 50), Admission::Refuse);
        assert_eq!(send(&mut latch, 2000, address(2, 5000), 8, 3), Admission::Moved);
    }

    #[test]
    fn strays_out_of_sequence_never_latch() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        for packet in 0..100 {
            let verdict = latch.admit(Instant::ZERO, address(9, 1), Ssrc(1), packet * 7);
            assert_eq!(verdict, Admission::Candidate);
        }
        assert!(!latch.is_latched());
    }

    #[test]
    fn the_true_far_end_beats_one_who_raced_it() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        send(&mut latch, 0, address(66, 9), 7, 3);
        assert_eq!(latch.remote(), address(66, 9));
        let mut verdict = Admission::Refuse;
        for packet in 0..3 {
            let now = Instant::from_millis(1000 + 20 * u64::from(packet));
            verdict = latch.admit(now, address(1, 4000), Ssrc(1), packet);
            latch.admit(now, address(66, 9), Ssrc(7), 503 + packet);
        }
        assert_eq!(verdict, Admission::Moved);
        assert_eq!(latch.remote(), address(1, 4000));
    }

    #[test]
    fn the_latch_cannot_be_stolen_in_mid_call() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        send(&mut latch, 0, address(1, 4000), 1, 300);
        assert_eq!(send(&mut latch, 6000, address(66, 9), 1, 50), Admission::Refuse, "while it speaks");
        assert_eq!(
            send(&mut latch, 9000, address(66, 9), 2, 50),
            Admission::Refuse,
            "another source altogether"
        );
        assert_eq!(latch.remote(), address(1, 4000));
    }

    #[test]
    fn a_new_mapping_of_the_translator_is_followed_after_silence() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        send(&mut latch, 0, address(9, 62_000), 1, 10);
        assert_eq!(send(&mut latch, 1000, address(9, 62_001), 1, 3), Admission::Refuse);
        assert_eq!(send(&mut latch, 2200, address(9, 62_001), 1, 3), Admission::Moved);
        assert_eq!(send(&mut latch, 4300, address(7, 5), 1, 3), Admission::Moved, "the same SSRC elsewhere");
    }

    #[test]
    fn new_signalling_starts_afresh() {
        let mut latch = RemoteLatch::new(LatchMode::Symmetric, address(1, 4000));
        send(&mut latch, 0, address(9, 62_000), 1, 10);
        latch.signal(address(1, 4000));
        assert_eq!(latch.remote(), address(9, 62_000), "a refresh changes nothing");
        latch.signal(address(3, 4000));
        assert_eq!(latch.remote(), address(3, 4000));
        assert_eq!(send(&mut latch, 300, address(3, 4000), 5, 1), Admission::Accept);
    }

    #[test]
    fn signalled_only_refuses_everything_else() {
        let mut latch = RemoteLatch::new(LatchMode::SignalledOnly, address(1, 4000));
        assert_eq!(send(&mut latch, 0, address(9, 1), 1, 50), Admission::Refuse);
        assert_eq!(send(&mut latch, 0, address(1, 4000), 1, 1), Admission::Accept);
    }
}

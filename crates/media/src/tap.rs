//! Taps: bounded, lossy listening places on a line.
//!
//! A tap costs the tick one copy. A listener that is slow loses the newest frames and is told how many.

use tipring_port::{Audio, TapPoint};
use tipring_units::LineId;

/// Frames that a tap holds, at the most (half a second).
pub const TAP_FRAMES: usize = 50;
/// Taps open in one shard, at the most.
pub const MAX_TAPS: usize = 12;

/// One tap.
#[derive(Debug)]
struct Tap<A: Audio> {
    place: Option<(LineId, TapPoint)>,
    frames: Vec<A::Frame>,
    lost: u32,
}

/// The taps of a shard.
#[derive(Debug)]
pub struct Taps<A: Audio> {
    taps: Vec<Tap<A>>,
    open: usize,
}

impl<A: Audio> Taps<A> {
    /// All memory that taps will ever need.
    pub fn new() -> Self {
        let tap = || Tap { place: None, frames: Vec::with_capacity(TAP_FRAMES), lost: 0 };
        Self { taps: (0..MAX_TAPS).map(|_| tap()).collect(), open: 0 }
    }

    /// Opens or closes a tap; false if there is no room for another.
    pub fn set(&mut self, line: LineId, point: TapPoint, open: bool) -> bool {
        let place = Some((line, point));
        let found = self.taps.iter().position(|tap| tap.place == place);
        match (found, open) {
            (Some(_), true) => true,
            (Some(index), false) => {
                self.taps[index].place = None;
                self.taps[index].frames.clear();
                self.open -= 1;
                true
            }
            (None, false) => true,
            (None, true) => match self.taps.iter_mut().find(|tap| tap.place.is_none()) {
                Some(tap) => {
                    tap.place = place;
                    tap.lost = 0;
                    self.open += 1;
                    true
                }
                None => false,
            },
        }
    }

    /// Shows a frame to the tap of that place, if there is one.
    pub fn show(&mut self, line: LineId, point: TapPoint, frame: &A::Frame) {
        if self.open == 0 {
            return;
        }
        if let Some(tap) = self.taps.iter_mut().find(|tap| tap.place == Some((line, point))) {
            if tap.frames.len() < TAP_FRAMES {
                tap.frames.push(*frame);
            } else {
                tap.lost = tap.lost.saturating_add(1);
            }
        }
    }

    /// Takes what a tap has heard: each frame in order goes to `each`; returns how many were lost since the last
    /// time, `None` if no such tap is open.
    pub fn take(&mut self, line: LineId, point: TapPoint, mut each: impl FnMut(&A::Frame)) -> Option<u32> {
        let tap = self.taps.iter_mut().find(|tap| tap.place == Some((line, point)))?;
        tap.frames.iter().for_each(&mut each);
        tap.frames.clear();
        Some(core::mem::take(&mut tap.lost))
    }
}

impl<A: Audio> Default for Taps<A> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_port::{SAMPLE_SILENCE, Samples};

    #[test]
    fn a_slow_listener_loses_the_newest_frames_and_is_told() {
        let mut taps = Taps::<Samples>::new();
        assert!(taps.set(LineId(1), TapPoint::LineIn, true));
        for n in 0..TAP_FRAMES as i16 + 3 {
            let mut frame = SAMPLE_SILENCE;
            frame[0] = n;
            taps.show(LineId(1), TapPoint::LineIn, &frame);
            taps.show(LineId(2), TapPoint::LineIn, &frame);
        }
        let mut heard = Vec::new();
        let lost = taps.take(LineId(1), TapPoint::LineIn, |frame| heard.push(frame[0]));
        assert_eq!(heard, (0..TAP_FRAMES as i16).collect::<Vec<_>>());
        assert_eq!(lost, Some(3));
        assert_eq!(taps.take(LineId(2), TapPoint::LineIn, |_| ()), None);
    }

    #[test]
    fn a_shard_has_room_for_so_many_taps_and_no_more() {
        let mut taps = Taps::<Samples>::new();
        for line in 0..MAX_TAPS as u16 {
            assert!(taps.set(LineId(line), TapPoint::LineOut, true));
        }
        assert!(!taps.set(LineId(99), TapPoint::LineOut, true));
        assert!(taps.set(LineId(3), TapPoint::LineOut, false));
        assert!(taps.set(LineId(99), TapPoint::LineOut, true));
    }
}

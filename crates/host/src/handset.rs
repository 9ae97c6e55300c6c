//! A handset elsewhere: somebody at a page speaks into a simulated telephone.
//!
//! # What it does
//! Stands in for the telephone's mouth. Frames come in whenever the network brings them; the telephone takes one a tick. Whoever
//! speaks hangs up the handset by dropping his end: the telephone has its own mouth back.
//!
//! # How
//! A bounded channel between the threads, and a small buffer behind it that begins to speak when it holds [`START`] frames, so
//! that what comes unevenly is spoken evenly. What is beyond [`MOST`] is the oldest and is dropped, so that nobody speaks late.
//! The other direction, what the telephone's receiver gives, is in [`crate::tap`].
//!
//! # Limits
//! Delay of 20 to 120 ms.
//!
//! # Standard
//! None.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use tipring_port::{Frame, SAMPLE_SILENCE, Samples};
use tipring_sim::phone::Machine;

/// Frames on their way to a telephone, at the most.
pub const MAX_FRAMES: usize = 32;
/// Frames with which speaking begins.
const START: usize = 2;
/// Frames that wait to be spoken, at the most.
const MOST: usize = 12;

/// What became of frames.
#[derive(Debug, Default)]
struct Counts {
    dropped: AtomicU64,
    missing: AtomicU64,
}

/// The end of who speaks.
#[derive(Debug)]
pub struct Mouthpiece {
    frames: SyncSender<Frame>,
    counts: Arc<Counts>,
}

impl Mouthpiece {
    /// Says a frame; it is dropped, and counted, where too many wait.
    pub fn say(&self, frame: &Frame) {
        if self.frames.try_send(*frame).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Frames that were dropped since they came too fast, and ticks in which the telephone had nothing to say since they came too late.
    pub fn lost(&self) -> (u64, u64) {
        (self.counts.dropped.load(Ordering::Relaxed), self.counts.missing.load(Ordering::Relaxed))
    }
}

/// The telephone's end.
#[derive(Debug)]
pub struct Handset {
    frames: Receiver<Frame>,
    waiting: VecDeque<Frame>,
    speaking: bool,
    gone: bool,
    counts: Arc<Counts>,
}

/// A new handset and who speaks into it.
pub fn handset() -> (Mouthpiece, Handset) {
    let (sender, frames) = sync_channel(MAX_FRAMES);
    let counts = Arc::<Counts>::default();
    let waiting = VecDeque::with_capacity(MOST + 1);
    let phone = Handset { frames, waiting, speaking: false, gone: false, counts: Arc::clone(&counts) };
    (Mouthpiece { frames: sender, counts }, phone)
}

impl Machine<Samples> for Handset {
    fn speak(&mut self) -> Frame {
        loop {
            match self.frames.try_recv() {
                Ok(frame) => {
                    if self.waiting.len() == MOST {
                        self.waiting.pop_front();
                        self.counts.dropped.fetch_add(1, Ordering::Relaxed);
                    }
                    self.waiting.push_back(frame);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.gone = true;
                    break;
                }
            }
        }
        self.speaking |= self.waiting.len() >= START;
        if !self.speaking {
            return SAMPLE_SILENCE;
        }
        self.waiting.pop_front().unwrap_or_else(|| {
            self.speaking = false;
            self.counts.missing.fetch_add(1, Ordering::Relaxed);
            SAMPLE_SILENCE
        })
    }

    fn hear(&mut self, _: &Frame) {} // whoever watches the line hears it

    fn is_person(&self) -> bool {
        true
    }

    fn is_gone(&self) -> bool {
        self.gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(level: i16) -> Frame {
        [level; 80]
    }

    #[test]
    fn frames_that_come_unevenly_are_spoken_evenly() {
        let (mouth, mut phone) = handset();
        mouth.say(&frame(1));
        assert_eq!(phone.speak(), SAMPLE_SILENCE, "the second one may be late");
        mouth.say(&frame(2));
        assert_eq!(phone.speak(), frame(1));
        assert_eq!(phone.speak(), frame(2));
        assert_eq!(phone.speak(), SAMPLE_SILENCE);
        assert_eq!(mouth.lost(), (0, 1));
    }

    #[test]
    fn nobody_speaks_late_and_what_is_dropped_is_counted() {
        let (mouth, mut phone) = handset();
        (0..40).for_each(|n| mouth.say(&frame(n)));
        assert_eq!(mouth.lost().0, 40 - MAX_FRAMES as u64, "the channel was full");
        assert_eq!(phone.speak(), frame(MAX_FRAMES as i16 - MOST as i16), "the latest {MOST}");
        assert_eq!(mouth.lost().0, 40 - MOST as u64);
    }

    #[test]
    fn who_lets_go_of_it_gives_the_telephone_its_mouth_back() {
        let (mouth, mut phone) = handset();
        assert_eq!(phone.speak(), SAMPLE_SILENCE);
        assert!(!phone.is_gone());
        drop(mouth);
        phone.speak();
        assert!(phone.is_gone());
    }
}

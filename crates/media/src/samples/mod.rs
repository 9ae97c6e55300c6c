//! The media plane over true samples.
//!
//! Implements the things of [`crate::Processing`] by the signal processing of `tipring-dsp` and the codecs of
//! `tipring-codec`: a line's voice path, what is played to it, the bank of detectors, a stream's codec and stretching, and the crossing between
//! shards.

mod bank;
mod coder;
mod crossing;
mod line_ear;
mod mean;
#[cfg_attr(not(feature = "opus"), path = "no_opus.rs")]
mod opus;
mod player;
mod voice;

use tipring_dsp::{BalanceMeter, SHORTEN_NEEDS, TimeScaler};
use tipring_port::{Frame, Samples};
use tipring_units::Samples as SampleCount;

use crate::processing::{Processing, Stretch};
pub use bank::SampleBank;
pub use coder::SampleCoder;
pub use crossing::SampleCrossing;
pub use line_ear::SampleLineEar;
pub use player::SamplePlayer;
pub use voice::SampleVoice;

impl Processing for Samples {
    type Voice = SampleVoice;
    type Player = SamplePlayer;
    type Bank = SampleBank;
    type LineEar = SampleLineEar;
    type Coder = SampleCoder;
    type Stretch = TimeScaler;
    type Crossing = SampleCrossing;
    type Meter = BalanceMeter;

    fn mix(into: &mut Frame, other: &Frame) {
        for (sum, sample) in into.iter_mut().zip(other) {
            *sum = sum.saturating_add(*sample);
        }
    }
}

impl Stretch<Samples> for TimeScaler {
    fn new() -> Self {
        Self::new()
    }

    fn reset(&mut self) {
        self.reset();
    }

    fn held(&self) -> SampleCount {
        self.held()
    }

    fn push(&mut self, frame: &Frame) {
        self.push(frame);
    }

    fn set_speed(&mut self, ppm: f32) {
        self.set_speed(ppm);
    }

    fn shorten_needs() -> SampleCount {
        SHORTEN_NEEDS
    }

    fn shorten(&mut self, force: bool) {
        self.shorten(force);
    }

    fn lengthen(&mut self, force: bool) {
        self.lengthen(force);
    }

    fn pull(&mut self) -> Option<Frame> {
        self.pull()
    }
}

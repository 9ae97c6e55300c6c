//! The cancellers that are put to the trials.

use tipring_dsp::echo_trial::Scene;
use tipring_dsp::{DcBlock, EchoCanceller, EchoConfig};
use tipring_oracle::{OslecCanceller, SpeexCanceller};
use tipring_units::{Millis, TICK_SAMPLES};

/// Whose canceller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// This project's.
    Ours,
    /// That of libspeexdsp.
    Speex,
    /// That of the Linux kernel.
    Oslec,
}

/// All of them, in the order of the columns.
pub const ALL: [Who; 3] = [Who::Ours, Who::Speex, Who::Oslec];

/// Takes the echo of the second frame out of the first.
pub type Canceller = Box<dyn FnMut(&mut [i16; TICK_SAMPLES], &[i16; TICK_SAMPLES])>;

impl Who {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Speex => "speexdsp",
            Self::Oslec => "OSLEC",
        }
    }

    /// A canceller of that tail, with its suppressor or without (libspeexdsp's is another part and left out); none where
    /// it is not installed or has no such tail.
    pub fn make(self, tail: Millis, suppress: bool) -> Option<Canceller> {
        let samples = tail.0 as usize * 8;
        match self {
            Self::Ours => {
                let mut canceller =
                    EchoCanceller::new(EchoConfig { tail, suppress, ..EchoConfig::default() });
                Some(Box::new(move |near, far| canceller.process(near, far)))
            }
            Self::Speex => {
                let mut canceller = SpeexCanceller::new(TICK_SAMPLES, samples)?;
                Some(Box::new(move |near, far| canceller.process(near, far)))
            }
            Self::Oslec => {
                let mut canceller = OslecCanceller::new(samples, suppress)?;
                Some(Box::new(move |near, far| canceller.process(near, far)))
            }
        }
    }

    /// What it makes of a scene. In test 15 ours has the block against offsets before it that it has in calls; the others
    /// have one of their own.
    pub fn run(self, scene: &Scene) -> Option<Vec<i16>> {
        let mut canceller = self.make(scene.tail, scene.suppress)?;
        if self != Self::Ours || !scene.name.starts_with("test 15") {
            return Some(scene.run(canceller));
        }
        let mut block = DcBlock::new();
        Some(scene.run(move |near, far| {
            block.process(near);
            canceller(near, far);
        }))
    }
}

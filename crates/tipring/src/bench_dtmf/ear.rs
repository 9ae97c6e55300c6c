//! The detectors that are compared, behind one face.

use tipring_dsp::{DtmfDetector, DtmfEvent, DtmfProfile};
use tipring_oracle::{Spandsp, SpandspDtmf};

/// Makes a fresh ear; `None` where the library is missing.
pub type Maker = Box<dyn Fn() -> Option<Ear>>;

/// One detector.
pub enum Ear {
    Ours(Box<DtmfDetector>),
    Theirs(SpandspDtmf),
}

/// What an ear heard, frame by frame.
#[derive(Default)]
pub struct Report {
    /// The digits in order.
    pub digits: String,
    /// The frame after which the first digit was certain, from 1.
    pub certain: Option<usize>,
    /// The frame after which one was suspected; only ours tells.
    pub suspected: Option<usize>,
    /// How long each was, in milliseconds; only ours tells.
    pub lengths: Option<Vec<f64>>,
}

impl Ear {
    /// Our detector as a line has it by default.
    pub fn ours() -> Self {
        Self::with(DtmfProfile::default())
    }

    /// Our detector with a profile.
    pub fn with(profile: DtmfProfile) -> Self {
        Self::Ours(Box::new(DtmfDetector::new(profile)))
    }

    /// libspandsp's with its dial-tone filter, which ours always has.
    pub fn theirs(library: &Spandsp) -> Option<Self> {
        library.dtmf(true).map(Self::Theirs)
    }

    /// Hears frames of 10 ms.
    pub fn hear(&mut self, samples: &[i16]) -> Report {
        let mut report = Report::default();
        for (n, chunk) in samples.chunks(80).enumerate() {
            let mut frame = [0; 80];
            frame[..chunk.len()].copy_from_slice(chunk);
            let before = report.digits.len();
            match self {
                Self::Ours(detector) => {
                    for event in detector.process(&frame) {
                        match event {
                            DtmfEvent::Begin { digit, .. } => report.digits.push(char::from(digit.ascii())),
                            DtmfEvent::End { duration, .. } => {
                                report.lengths.get_or_insert_default().push(duration.0 as f64 / 8.0);
                            }
                        }
                    }
                    if detector.suspects() && report.suspected.is_none() {
                        report.suspected = Some(n + 1);
                    }
                }
                Self::Theirs(receiver) => {
                    receiver.feed(&frame);
                    report.digits += &receiver.digits();
                }
            }
            if report.digits.len() > before && report.certain.is_none() {
                report.certain = Some(n + 1);
            }
        }
        report
    }
}

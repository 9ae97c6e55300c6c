//! The ear of an outside line, over samples.

use tipring_port::{Frame, LineProfile, Overheard, Samples};

use crate::processing::{LineEar, MAX_OVERHEARD};

/// An ear over samples.
pub struct SampleLineEar;

impl LineEar<Samples> for SampleLineEar {
    fn new(_profile: &LineProfile) -> Self {
        Self
    }

    fn renew(&mut self, _profile: &LineProfile) {}

    fn reset(&mut self) {}

    fn listen(
        &mut self,
        _off_hook: bool,
        _line: &Frame,
        _network: &Frame,
    ) -> [Option<Overheard>; MAX_OVERHEARD] {
        [None; MAX_OVERHEARD]
    }
}

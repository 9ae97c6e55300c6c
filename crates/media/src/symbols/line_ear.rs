//! The ear of an outside line, over symbols.

use tipring_port::{LineProfile, Overheard, Symbol, Symbols};

use crate::processing::{LineEar, MAX_OVERHEARD};

/// An ear over symbols.
pub struct SymbolLineEar;

impl LineEar<Symbols> for SymbolLineEar {
    fn new(_profile: &LineProfile) -> Self {
        Self
    }

    fn renew(&mut self, _profile: &LineProfile) {}

    fn reset(&mut self) {}

    fn listen(
        &mut self,
        _off_hook: bool,
        _line: &Symbol,
        _network: &Symbol,
    ) -> [Option<Overheard>; MAX_OVERHEARD] {
        [None; MAX_OVERHEARD]
    }
}

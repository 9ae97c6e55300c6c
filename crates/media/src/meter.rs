//! The meter of a line's balance, over both kinds of frame.

use tipring_dsp::BalanceMeter;
use tipring_port::{EchoLoss, Frame, Impedance, Samples, Symbol, Symbols};

use crate::processing::Meter;

impl Meter<Samples> for BalanceMeter {
    fn new() -> Self {
        Self::new()
    }

    fn can_measure() -> bool {
        true
    }

    fn restart(&mut self) {
        self.restart();
    }

    fn frame(&mut self) -> Frame {
        self.frame()
    }

    fn hear(&mut self, frame: &Frame, network: Impedance) -> Option<EchoLoss> {
        if !self.hear(frame) {
            return None;
        }
        let figures = self.figures()?;
        Some(EchoLoss {
            network,
            loss: figures.loss,
            worst_at: figures.worst_at,
            worst: figures.worst,
            disturbed: figures.disturbed,
        })
    }
}

/// Symbols have no echo.
#[derive(Debug)]
pub struct SymbolMeter;

impl Meter<Symbols> for SymbolMeter {
    fn new() -> Self {
        Self
    }

    fn can_measure() -> bool {
        false
    }

    fn restart(&mut self) {}

    fn frame(&mut self) -> Symbol {
        Symbol::SILENCE
    }

    fn hear(&mut self, _: &Symbol, _: Impedance) -> Option<EchoLoss> {
        None
    }
}

//! What stands for Opus in a build without it: nothing, ever.

use tipring_port::{Frame, OpusWish};
use tipring_units::Millis;

use crate::processing::Whole;

/// There is none.
pub enum OpusCoder {}

impl OpusCoder {
    /// What this build has of Opus.
    pub const BUILT: bool = false;

    /// None.
    pub fn new(_packet: Millis, _wish: OpusWish, _silent: bool) -> Option<Self> {
        None
    }

    /// Never called.
    pub fn encode(&mut self, _frame: &Frame, _out: &mut [u8]) -> Whole {
        match *self {}
    }

    /// Never called.
    pub fn decode(&mut self, _packet: &[u8], _unit: usize) -> Option<Frame> {
        match *self {}
    }

    /// Never called.
    pub fn repeated(&mut self, _next: &[u8], _units: usize) -> Option<Frame> {
        match *self {}
    }

    /// Never called.
    pub fn rest(&self, _unit: usize) -> Option<Frame> {
        match *self {}
    }

    /// Never called.
    pub fn conceal(&mut self) -> Frame {
        match *self {}
    }
}

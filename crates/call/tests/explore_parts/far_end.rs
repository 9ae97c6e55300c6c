//! A far end, as the switch meets it.

use std::collections::VecDeque;

use tipring_call::{FarAction, FarEvent};

/// Where a far end is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LegState {
    Calling,
    Called,
    Answered,
    /// The far end is done with it; the switch may not know yet.
    Ended,
    /// The switch is done with it.
    Dead,
}

/// A far end, and what is under way between it and the switch.
pub struct FarEnd {
    pub state: LegState,
    pub held: bool,
    pub actions: VecDeque<FarAction>,
    pub events: VecDeque<FarEvent>,
}

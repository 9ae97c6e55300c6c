//! A walk through the house, for somebody who follows it.

use tipring_call::CallEvent;
use tipring_units::LineId;

use super::Control;
use crate::api::{Response, WalkAct, WalkReport};

/// Refused numbers that are kept, at the most.
const MAX_REFUSED: usize = 256;

/// Numbers that were refused since the walk began.
pub(super) type Refused = Vec<(LineId, String, LineId)>;

impl Control {
    /// Begins one, ends it, or tells how it is.
    pub(super) fn walk(&mut self, act: WalkAct) -> Response {
        match act {
            WalkAct::Begin if self.switch.walked().is_some() => {
                return Response::Refused("somebody walks already".to_owned());
            }
            WalkAct::Begin => {
                self.refused.clear();
                self.switch(tipring_call::Input::Walk(true));
            }
            WalkAct::Look => {}
            WalkAct::End => self.switch(tipring_call::Input::Walk(false)),
        }
        let (rooms, over) = self.switch.walked().unwrap_or_default();
        let rooms = rooms.into_iter().map(|(line, number)| (line, number.to_string())).collect();
        Response::Walked(Box::new(WalkReport { rooms, refused: self.refused.clone(), over }))
    }

    /// Remembers what was refused.
    pub(super) fn walk_event(&mut self, event: &CallEvent) {
        if let CallEvent::Walked { line, number, other: Some(other) } = *event
            && self.refused.len() < MAX_REFUSED
        {
            self.refused.push((line, number.to_string(), other));
        }
    }
}

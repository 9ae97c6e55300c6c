//! Relays that join a telephone to its outside line while nobody serves it.
//!
//! # What it does
//! Takes a telephone back from its outside line when that line is free: a call through the relay goes on until it is
//! over, however long ago the gateway came back.
//!
//! # How
//! The telephone's line says that its relay joins it; the outside line says whether it is free, once at the start and at
//! each change. When both are known and it is free, the relay is ordered back.
//!
//! # Limits
//! Who lifts the receiver in the moment in which the relay moves hears a click and then dial tone of the gateway.

use std::collections::{BTreeMap, BTreeSet};

use tipring_port::{Command, LineCommand, LineEvent, LineFault};
use tipring_units::{Epoch, LineId};

use super::Control;
use crate::api::Output;

/// What is known of relays and of the lines behind them.
#[derive(Debug, Default)]
pub(super) struct Lifelines {
    /// Telephones that hang on their outside line.
    joined: BTreeSet<LineId>,
    /// Outside lines that have told whether they are free.
    free: BTreeMap<LineId, bool>,
}

impl Lifelines {
    /// What of a line's event bears on relays; true if a relay may have to move now.
    fn take(&mut self, line: LineId, event: &LineEvent) -> bool {
        match event {
            LineEvent::Lifeline(joined) => {
                if *joined {
                    self.joined.insert(line)
                } else {
                    self.joined.remove(&line);
                    false
                }
            }
            LineEvent::InUse(in_use) => {
                self.free.insert(line, !in_use);
                !in_use
            }
            LineEvent::Incoming => {
                self.free.insert(line, false);
                false
            }
            LineEvent::GaveUp => {
                self.free.insert(line, true);
                true
            }
            // A line that is dead is of no use to the telephone.
            LineEvent::Fault(LineFault::NoBattery) => {
                self.free.insert(line, true);
                true
            }
            LineEvent::Released => self.free.get(&line) == Some(&true),
            LineEvent::Seized
            | LineEvent::Answered
            | LineEvent::Flash(_)
            | LineEvent::DigitBegan(_)
            | LineEvent::Digit { .. }
            | LineEvent::Ringing
            | LineEvent::CallerIdSent(_)
            | LineEvent::CallerIdOmitted { .. }
            | LineEvent::RingStopped
            | LineEvent::Refused(_)
            | LineEvent::Roh(_)
            | LineEvent::SupervisionDone
            | LineEvent::Fault(_)
            | LineEvent::FaultCleared(_)
            | LineEvent::InService(_)
            | LineEvent::Caller(_)
            | LineEvent::Offered
            | LineEvent::ExchangeReady(_)
            | LineEvent::Dialled
            | LineEvent::Exchange(_)
            | LineEvent::FarAnswered(_)
            | LineEvent::FarCleared(_)
            | LineEvent::Metered(_)
            | LineEvent::Waiting(_) => false,
        }
    }
}

impl Control {
    /// A line's event: the relays that may move now are ordered to.
    pub(super) fn lifeline_event(&mut self, line: LineId, event: &LineEvent) {
        if !self.lifelines.take(line, event) {
            return;
        }
        for telephone in self.lifelines.joined.clone() {
            let Some(site) = self.site.line(telephone) else { continue };
            // A telephone whose relay joins it to a line that is not configured is taken back at once.
            let is_free =
                site.lifeline.is_none_or(|outside| self.lifelines.free.get(&outside) == Some(&true));
            if is_free {
                let order = Command::Line(telephone, Epoch::default(), LineCommand::Lifeline(false));
                self.out.push_back(Output::Shard(site.shard, order));
            }
        }
    }
}

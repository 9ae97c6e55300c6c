//! Defects on demand, so that tests and explorers can show that only one line, call, leg or session is lost by one.

use tipring_call::Machine;
use tipring_sip::agent::SessionId;

use super::Control;
use super::far::FarDesk;
use crate::api::Injury;

impl Control {
    /// Lets a machine panic in its next step, as a defect would make it. Nothing happens where there is none.
    pub(super) fn injure(&mut self, injury: Injury) {
        let machine = match injury {
            Injury::Machine(machine) => Some(machine),
            Injury::LatestCall => self.switch.calls(self.now).map(|view| view.call).max().map(Machine::Call),
            Injury::LatestLeg => {
                let newest = self.switch.legs().max_by_key(|(_, call, _)| *call);
                newest.map(|(leg, ..)| Machine::Leg(leg))
            }
            Injury::LatestSession => {
                if let Some(session) = self.far.latest() {
                    self.agent.sabotage(session);
                }
                None
            }
        };
        if let Some(machine) = machine {
            self.switch.arm_fault(machine);
        }
    }
}

impl FarDesk {
    fn latest(&self) -> Option<SessionId> {
        self.legs.keys().next_back().copied()
    }
}

//! Defects on demand, so that explorers can show that only one call, leg or session is lost by one.

use tipring_call::Machine;
use tipring_sip::agent::SessionId;

use super::Control;
use super::far::FarDesk;

impl Control {
    /// Lets the newest session panic in its next step, as a defect would make it.
    pub fn injure_latest_session(&mut self) {
        if let Some(session) = self.far.latest() {
            self.agent.sabotage(session);
        }
    }

    /// Lets the newest call panic when the switch does something for it next, as a defect would make it.
    pub fn injure_latest_call(&mut self) {
        let latest = self.switch.calls(self.now).map(|view| view.call).max();
        if let Some(call) = latest {
            self.switch.arm_fault(Machine::Call(call));
        }
    }
}

impl FarDesk {
    fn latest(&self) -> Option<SessionId> {
        self.legs.keys().next_back().copied()
    }
}

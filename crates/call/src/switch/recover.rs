//! What the switch does when one of its machines fails: that one is dropped, and the rest goes on.

use tipring_port::LineCommand;
use tipring_units::{CallId, LineId};

use super::{Machine, Switch};
use crate::call::JointInput;
use crate::outbox::CallInput;
use crate::station::Station;
use crate::timers::Owner;
use crate::{Alarm, CallEvent, Cause, FarAction, FarId, Party, Side};

impl Switch {
    /// Drops the machine that was running when `handle` did not come back, and goes on with the rest.
    pub fn recover(&mut self) {
        match self.running.take() {
            Some(Machine::Line(line)) => self.abandon_line(line),
            Some(Machine::Call(call)) => self.abandon_call(call),
            Some(Machine::Leg(leg)) => self.abandon_leg(leg),
            None => self.run_messages(),
        }
    }

    /// Makes `machine` panic when it runs next, so that explorers can show that only it is lost.
    pub fn arm_fault(&mut self, machine: Machine) {
        self.armed = Some(machine);
    }

    /// Drops a line's own state. Its calls are cleared (program fault); the line begins anew.
    pub fn abandon_line(&mut self, line: LineId) {
        let Some(side) = self.lines.get(&line) else { return };
        let fresh = side.lost(self.clock.now);
        let (epoch, doing) = (fresh.epoch(), fresh.doing());
        let commands = match &fresh {
            // What was lost may be news of its epoch.
            Station::Telephone(_) => vec![LineCommand::StopRing, LineCommand::Park, LineCommand::Report],
            Station::Outside(side) if side.may_be_off_hook() => {
                vec![LineCommand::HangUp, LineCommand::Report]
            }
            Station::Outside(_) => vec![LineCommand::Report],
        };
        self.timers.set(Owner::Line(line), fresh.timer());
        self.lines.insert(line, fresh);
        // who looks at the status must not see it talk on
        self.out.event(CallEvent::Line { line, doing });
        for command in commands {
            self.out.line(line, epoch, command);
        }
        self.out.alarm(Alarm::LineAbandoned(line));
        self.lose_party(Party::Line(line));
        self.run_messages();
    }

    /// Drops a call. Both its parties are cleared, and it has its record like any other.
    pub fn abandon_call(&mut self, id: CallId) {
        if let Some(mut call) = self.calls.remove(&id) {
            self.timers.set(Owner::Call(id), None);
            self.out.alarm(Alarm::CallAbandoned(id));
            call.clear(Cause::Fault, self.clock, &mut self.out);
            // It may not know yet that it was to be joined.
            for (other, _) in self.calls.iter().filter(|(_, call)| call.joined() == Some(id)) {
                let over = JointInput::Over { cause: Cause::Fault, by_gateway: true };
                self.out.tell_joint(*other, id, over);
            }
        }
        self.run_messages();
    }

    /// Drops a far leg. The leg is ended, and its call.
    pub fn abandon_leg(&mut self, leg: FarId) {
        if self.legs.remove(&leg).is_some() {
            self.out.alarm(Alarm::LegAbandoned(leg));
            self.lose_party(Party::Far(leg));
            self.run_messages(); // its sound path goes first
            self.out.far(leg, FarAction::End(Cause::Fault));
        }
        self.run_messages();
    }

    fn lose_party(&mut self, party: Party) {
        for (id, call) in &self.calls {
            match call.side(party) {
                Some(Side::Caller) => self.out.tell_call(*id, party, CallInput::Gone(Cause::Fault)),
                Some(Side::Called) => self.out.tell_call(*id, party, CallInput::Failed(Cause::Fault)),
                None => {}
            }
        }
    }
}

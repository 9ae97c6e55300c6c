//! A transfer, done without anything in between: chance alone makes few.

use tipring_call::LineDoing;
use tipring_port::{DigitSource, LineEvent};
use tipring_units::{LineId, Millis};

use crate::exchange::Port;
use crate::{LINES, World};

impl World {
    /// A telephone that is idle calls out, and hands the call on to another one or to an outside line. It stops where
    /// something stands in its way.
    pub fn hand_on(&mut self) {
        let idle = |world: &Self, index: usize| {
            let line = world.switch.line(LineId(index as u16));
            let telephone = &world.telephones[index];
            line.is_some_and(|line| line.doing == LineDoing::Idle)
                && !telephone.off_hook
                && telephone.commands.is_empty()
                && telephone.events.is_empty()
        };
        let idle: Vec<usize> = (0..LINES).filter(|index| idle(self, *index)).collect();
        let [first, .., last] = idle[..] else { return };
        self.telephones[first].lift();
        self.telephones[first].dial("95552345678", DigitSource::Dtmf);
        self.deliver_all(first);
        if !self.answer_outside(first) {
            return;
        }
        let epoch = self.telephones[first].epoch;
        self.telephones[first].events.push_back((epoch, LineEvent::Flash(Millis(400))));
        if self.pick(2) == 0 {
            let number = (101 + last).to_string();
            self.telephones[first].dial(&number, DigitSource::Dtmf);
            self.deliver_all(first);
            while !self.telephones[last].commands.is_empty() {
                self.deliver_command(last);
            }
            if self.pick(2) == 0 && self.telephones[last].ringing {
                self.telephones[last].lift();
            }
            self.deliver_all(last);
        } else {
            self.telephones[first].dial("95552345678", DigitSource::Dtmf);
            self.deliver_all(first);
            self.answer_outside(first);
        }
        self.telephones[first].hang_up();
        self.deliver_all(first);
    }

    fn deliver_all(&mut self, index: usize) {
        while !self.telephones[index].events.is_empty() {
            self.deliver_from(index);
        }
    }

    /// The outside line that the telephone waits for is seized and answered; false if it is not.
    fn answer_outside(&mut self, index: usize) -> bool {
        let call = self.switch.line(LineId(index as u16)).and_then(|line| line.active);
        let view = self.switch.calls(self.now).find(|view| Some(view.call) == call);
        let Some(tipring_call::Party::Line(line)) = view.and_then(|view| view.called) else { return false };
        let Some(outside) = usize::from(line.0).checked_sub(LINES) else { return false };
        for _ in 0..20 {
            let exchange = &mut self.exchanges[outside];
            if exchange.commands.is_empty() && exchange.events.is_empty() {
                match exchange.port {
                    Port::Out(0..=2) => exchange.act(&mut self.entropy),
                    Port::Out(_) => return true,
                    Port::Idle | Port::Ringing { .. } | Port::In | Port::Clearing => return false,
                }
            }
            self.deliver_exchange_of(outside);
        }
        false
    }
}

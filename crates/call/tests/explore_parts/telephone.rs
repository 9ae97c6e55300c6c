//! A telephone with its line, as the switch meets it.

use std::collections::VecDeque;

use tipring_port::{DigitSource, LineCommand, LineEvent, LineFault, LineSummary, LineTest, TestEnd};
use tipring_units::{Epoch, Millis, Volts};

/// A telephone, and what is under way between it and the switch.
#[derive(Default)]
pub struct Telephone {
    pub epoch: Epoch,
    pub off_hook: bool,
    pub ringing: bool,
    pub out_of_service: bool,
    pub commands: VecDeque<(Epoch, LineCommand)>,
    pub events: VecDeque<(Epoch, LineEvent)>,
}

impl Telephone {
    pub fn summary(&self) -> LineSummary {
        LineSummary {
            off_hook: self.off_hook,
            ringing: self.ringing,
            in_service: !self.out_of_service,
            ..LineSummary::default()
        }
    }

    pub fn say(&mut self, event: LineEvent) {
        self.events.push_back((self.epoch, event));
    }

    pub fn stop_ringing(&mut self) {
        if self.ringing {
            self.ringing = false;
            self.say(LineEvent::RingStopped);
            self.epoch = self.epoch.next();
        }
    }

    pub fn administer(&mut self, on: bool) {
        if !on && !self.out_of_service {
            self.stop_ringing();
            if self.off_hook {
                self.say(LineEvent::Released);
                self.epoch = self.epoch.next();
            }
        }
        let back = on && self.out_of_service;
        self.out_of_service = !on;
        self.say(LineEvent::InService(on));
        if back && self.off_hook {
            self.say(LineEvent::Seized);
        }
    }

    pub fn lift(&mut self) {
        self.off_hook = true;
        if !self.out_of_service {
            let event = if self.ringing { LineEvent::Answered } else { LineEvent::Seized };
            self.ringing = false;
            self.say(event);
        }
    }

    pub fn hang_up(&mut self) {
        self.off_hook = false;
        if !self.out_of_service {
            self.say(LineEvent::Released);
            self.epoch = self.epoch.next();
        }
    }

    /// The line's own program fails: it begins anew in the next epoch.
    pub fn restart(&mut self) {
        self.ringing = false;
        self.say(LineEvent::Fault(LineFault::Panicked));
        self.say(LineEvent::Released);
        self.epoch = self.epoch.next();
        self.say(LineEvent::FaultCleared(LineFault::Panicked));
        if self.off_hook && !self.out_of_service {
            self.say(LineEvent::Seized);
        }
    }

    /// A test that takes no time, and finds this or that or is forgotten.
    pub fn be_tested(&mut self, chance: u32) {
        let battery = |volts| LineTest { battery: Some(Volts(volts)), ..LineTest::default() };
        let outcome = match chance {
            _ if self.out_of_service => Err(TestEnd::OutOfService),
            _ if self.off_hook || self.ringing => Err(TestEnd::InUse),
            0 => return,
            1 => Err(TestEnd::Lifted),
            2 => Ok(battery(48.0)),
            _ => Ok(battery(0.0)),
        };
        self.say(LineEvent::Tested(outcome));
    }

    pub fn dial(&mut self, digits: &str, source: DigitSource) {
        for digit in digits.bytes() {
            self.say(LineEvent::DigitBegan(digit));
            self.say(LineEvent::Digit { digit, source, length: Millis(80) });
        }
    }
}

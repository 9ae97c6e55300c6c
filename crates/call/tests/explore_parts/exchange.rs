//! An outside line with its exchange, as the switch meets it.

use std::collections::VecDeque;

use tipring_port::{
    AnswerSign, CallerId, ClearSign, DigitSource, LineCommand, LineEvent, LineFault, LineSummary, Refusal,
    Text, Tone,
};
use tipring_units::{Entropy, Epoch, Millis};

/// What the port is doing.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Port {
    Idle,
    /// `off_hook`: it was seized in the moment of ringing.
    Ringing {
        off_hook: bool,
        offered: bool,
    },
    /// Seized to call; how far it is: 0 seized, 1 the exchange is ready, 2 dialled, 3 answered.
    Out(u8),
    /// In a call that came in.
    In,
    /// On-hook, the guard time is not over.
    Clearing,
}

/// An outside line, and what is under way between it and the switch.
pub struct Exchange {
    pub epoch: Epoch,
    pub port: Port,
    pub out_of_service: bool,
    pub in_use: bool,
    pub dead: bool,
    pub commands: VecDeque<(Epoch, LineCommand)>,
    pub events: VecDeque<(Epoch, LineEvent)>,
    /// Calls that went out, came in, were answered.
    pub seized: u64,
    pub rang: u64,
}

impl Default for Exchange {
    fn default() -> Self {
        Self {
            epoch: Epoch::default(),
            port: Port::Idle,
            out_of_service: false,
            in_use: false,
            dead: false,
            commands: VecDeque::new(),
            events: VecDeque::new(),
            seized: 0,
            rang: 0,
        }
    }
}

impl Exchange {
    pub fn is_off_hook(&self) -> bool {
        match self.port {
            Port::Idle | Port::Clearing => false,
            Port::Ringing { off_hook, .. } => off_hook,
            Port::Out(_) | Port::In => true,
        }
    }

    pub fn summary(&self) -> LineSummary {
        LineSummary {
            off_hook: self.is_off_hook(),
            ringing: matches!(self.port, Port::Ringing { .. }),
            in_service: !self.out_of_service,
            faulted: self.dead,
            ..LineSummary::default()
        }
    }

    fn say(&mut self, event: LineEvent) {
        self.events.push_back((self.epoch, event));
    }

    fn end(&mut self, event: LineEvent) {
        self.say(event);
        self.epoch = self.epoch.next();
        self.port = Port::Idle;
    }

    pub fn administer(&mut self, on: bool) {
        if !on && !self.out_of_service {
            match self.port {
                Port::Idle => {}
                Port::Ringing { .. } => self.end(LineEvent::GaveUp),
                Port::Out(_) | Port::In | Port::Clearing => self.end(LineEvent::Released),
            }
        }
        self.out_of_service = !on;
        self.say(LineEvent::InService(on));
    }

    /// A command of the port's own epoch.
    pub fn command(&mut self, command: LineCommand, entropy: &mut Entropy) {
        match (command, self.port) {
            (LineCommand::Seize(_), port) => {
                let refusal = match port {
                    _ if self.out_of_service || self.dead => Some(Refusal::OutOfService),
                    Port::Idle if self.in_use => Some(Refusal::InUse),
                    // It rings in the very moment, or may.
                    Port::Idle if entropy.below(12) == 0 => Some(Refusal::Incoming),
                    Port::Idle => None,
                    Port::Ringing { .. } => Some(Refusal::Incoming),
                    Port::Clearing => Some(Refusal::Guard),
                    Port::Out(_) | Port::In => Some(Refusal::InUse),
                };
                match refusal {
                    Some(refusal) => self.say(LineEvent::Refused(refusal)),
                    None => {
                        self.seized += 1;
                        self.port = Port::Out(0);
                    }
                }
            }
            (LineCommand::Answer, Port::Ringing { .. }) => self.port = Port::In,
            (LineCommand::HangUp, Port::Out(_) | Port::In | Port::Ringing { off_hook: true, .. }) => {
                self.port = Port::Clearing;
            }
            // Raced with what the line has told already.
            (_, Port::Idle | Port::Ringing { .. } | Port::Out(_) | Port::In | Port::Clearing) => {}
        }
    }

    fn clear(&mut self) {
        self.say(LineEvent::FarCleared(ClearSign::LoopBreak(Millis(300))));
        self.port = Port::Clearing;
    }

    fn offer(&mut self) {
        let caller = CallerId { date: None, number: Ok(Text::new("5550199")), name: None };
        self.say(LineEvent::Caller(Ok(caller)));
        self.say(LineEvent::Offered);
    }

    /// The guard time is over.
    pub fn guard_over(&mut self) {
        if self.port == Port::Clearing {
            self.end(LineEvent::Released);
        }
    }

    /// Who is on the far side gives up, hangs up, is no more there.
    pub fn leave(&mut self) {
        match self.port {
            Port::Idle | Port::Clearing => {}
            Port::Ringing { off_hook: false, .. } => self.end(LineEvent::GaveUp),
            Port::Ringing { off_hook: true, .. } | Port::Out(_) | Port::In => self.clear(),
        }
    }

    /// Whoever is on the far side does something.
    pub fn act(&mut self, entropy: &mut Entropy) {
        if self.out_of_service {
            return;
        }
        let choice = entropy.below(20);
        match self.port {
            Port::Idle if choice < 2 && !self.dead => {
                self.rang += 1;
                self.say(LineEvent::Incoming);
                self.port = Port::Ringing { off_hook: false, offered: false };
            }
            Port::Idle if choice == 8 => {
                self.in_use = !self.in_use;
                self.say(LineEvent::InUse(self.in_use));
            }
            Port::Idle if choice == 9 || self.dead => {
                self.dead = !self.dead;
                let fault = LineFault::NoBattery;
                self.say(if self.dead { LineEvent::Fault(fault) } else { LineEvent::FaultCleared(fault) });
            }
            Port::Idle => {}
            Port::Ringing { off_hook, offered: false } if choice < 14 => {
                self.port = Port::Ringing { off_hook, offered: true };
                self.offer();
            }
            Port::Ringing { .. } if choice < 16 => self.leave(),
            Port::Ringing { .. } => {}
            Port::Out(0) if choice < 2 => {
                // The exchange rang as it was seized.
                self.say(LineEvent::Refused(Refusal::Incoming));
                self.say(LineEvent::Incoming);
                self.offer();
                self.port = Port::Ringing { off_hook: true, offered: true };
            }
            Port::Out(0) if choice < 4 => {
                self.say(LineEvent::Fault(LineFault::NoDialTone));
                self.port = Port::Clearing;
            }
            Port::Out(0) => {
                self.say(LineEvent::ExchangeReady(true));
                self.port = Port::Out(1);
            }
            Port::Out(1) => {
                self.say(LineEvent::Dialled);
                self.port = Port::Out(2);
            }
            Port::Out(2) if choice < 6 => self.say(LineEvent::Exchange(Tone::Ringback)),
            Port::Out(2) if choice < 8 => {
                self.say(LineEvent::Exchange(Tone::Busy));
                self.clear();
            }
            Port::Out(2) if choice < 9 => {
                self.say(LineEvent::FarCleared(ClearSign::Tone(Tone::Congestion)));
                self.port = Port::Clearing;
            }
            Port::Out(2) => {
                self.say(LineEvent::FarAnswered(AnswerSign::Reversal));
                self.port = Port::Out(3);
            }
            Port::Out(_) | Port::In if choice < 2 => self.leave(),
            Port::Out(_) | Port::In if choice < 16 => {}
            Port::Out(_) | Port::In => {
                // Some of them dial: a PIN and a number, or nothing that makes sense.
                let dialled = ["47#", "47#102", "1#", "103", "95552345678", "911"];
                for digit in dialled[entropy.below(dialled.len() as u32) as usize].bytes() {
                    self.say(LineEvent::DigitBegan(digit));
                    let length = Millis(80);
                    self.say(LineEvent::Digit { digit, source: DigitSource::Dtmf, length });
                }
            }
            Port::Clearing => self.guard_over(),
        }
    }

    /// The port's own program fails: it begins anew in the next epoch, on-hook.
    pub fn restart(&mut self) {
        self.say(LineEvent::Fault(LineFault::Panicked));
        self.end(LineEvent::Released);
        self.say(LineEvent::FaultCleared(LineFault::Panicked));
    }
}

//! What goes wrong.

use tipring_media::Processing;
use tipring_units::{Hz, LineId, Millis, Ohms, Volts};

use super::agenda::Deed;
use super::run::Explorer;
use crate::network::{DnsFault, Weather};
use crate::peer::Order;
use crate::plant::{Contact, Damage, Fidelity};
use crate::world::Fault;

impl<A: Processing + Fidelity> Explorer<A> {
    /// Fate thinks of something.
    pub(super) fn trouble(&mut self) {
        let pause = self.some(3_000, 70_000);
        self.later(pause, Deed::Trouble);
        let line = LineId(self.entropy.below(self.house.all_lines() as u32) as u16);
        let far = self.entropy.below(self.far_ends() as u32) as usize;
        self.faults += 1;
        if self.house.outside > 0 && self.entropy.chance(30.0) {
            self.outside_trouble();
            return;
        }
        match self.entropy.below(100) {
            0..20 => {
                let weather = self.weather();
                let length = self.some(1_000, 25_000);
                self.world.fault(Fault::Weather(weather, Some(length)));
            }
            20..28 => self.for_a_while(Fault::Dead(far, true), Fault::Dead(far, false), 70_000),
            28..34 => self.for_a_while(Fault::Closed(far, true), Fault::Closed(far, false), 70_000),
            34..37 => {
                let fault = if self.entropy.chance(50.0) { DnsFault::Silent } else { DnsFault::Empty };
                self.for_a_while(Fault::Dns(fault), Fault::Dns(DnsFault::None), 120_000);
            }
            37..43 => {
                let steps = [-86_400, -3_600, -7, -1, 1, 30, 3_600, 86_400];
                let step = steps[self.entropy.below(steps.len() as u32) as usize];
                self.world.fault(Fault::Clock(step));
            }
            43..51 => self.world.fault(Fault::PanicLine(line)),
            51..59 => self.world.fault(Fault::PanicCall(line)),
            59..65 => self.world.fault(Fault::PanicLeg),
            65..71 => self.world.fault(Fault::PanicSession),
            71..74 => self.world.fault(Fault::PanicSwitch),
            74..76 => self.world.fault(Fault::PanicFar),
            76..80 => self.for_a_while(Fault::Card(false), Fault::Card(true), 3_000),
            80..84 => {
                let samples = self.entropy.below(9) as i16 - 4;
                self.world.fault(Fault::Slip(line, samples));
            }
            84..88 => self.for_a_while(Fault::InService(line, false), Fault::InService(line, true), 60_000),
            88..91 => {
                let asks = self.entropy.chance(50.0);
                // a far end takes this order always
                let _ = self.world.order(0, Order::Asks(asks));
            }
            91..94 => self.world.fault(Fault::Test(line)),
            94..96 if usize::from(line.0) < self.house.lines() => {
                let damage = self.damage();
                let mended = Fault::Damage(line, Damage::default());
                self.for_a_while(Fault::Damage(line, damage), mended, 600_000);
            }
            _ => {
                let words = ["INVITE", "200", "ACK", "BYE", "CANCEL", "180", "487", "486"];
                let word = words[self.entropy.below(words.len() as u32) as usize];
                let count = 1 + self.entropy.below(4);
                self.world.network().drop_next(word, None, count);
            }
        }
    }

    /// What a test finds, and calls do not notice.
    fn damage(&mut self) -> Damage {
        let ohms = Ohms(20_000.0 + self.entropy.below(200) as f32 * 1000.0);
        if self.entropy.chance(50.0) {
            return Damage { leak: Some(ohms), contact: None };
        }
        let frequency = Hz(if self.entropy.chance(50.0) { 50.0 } else { 0.0 });
        let contact = Contact { volts: Volts(40.0), frequency, through: ohms };
        Damage { leak: None, contact: Some(contact) }
    }

    fn weather(&mut self) -> Weather {
        let mut some = |chance: f32, most: u32| {
            if self.entropy.chance(chance) { self.entropy.below(most) } else { 0 }
        };
        let (delay, jitter) = (2 + some(50.0, 150), some(60.0, 60));
        let (loss, duplicated, overtaken) = (some(70.0, 50), some(40.0, 30), some(40.0, 30));
        let burst = 1 + some(50.0, 6);
        Weather {
            delay: Millis(delay),
            jitter: Millis(jitter),
            loss: loss as f32,
            burst: burst as f32,
            duplicated: duplicated as f32,
            overtaken: overtaken as f32,
        }
    }

    fn for_a_while(&mut self, fault: Fault, end: Fault, longest: u32) {
        self.world.fault(fault);
        let length = self.some(15, longest);
        self.later(length, Deed::Fault(end));
    }

    /// Everything works again.
    pub(super) fn all_well(&mut self) {
        self.world.fault(Fault::Weather(Weather::CALM, None));
        self.world.fault(Fault::Dns(DnsFault::None));
        self.world.fault(Fault::Card(true));
        self.world.network().forgive();
        self.outside_well();
        for line in 0..self.house.lines() {
            self.world.fault(Fault::Damage(LineId(line as u16), Damage::default()));
        }
        for far in 0..self.far_ends() {
            self.world.fault(Fault::Dead(far, false));
            self.world.fault(Fault::Closed(far, false));
        }
        self.all_in_service();
    }

    /// Puts every line into service.
    pub(super) fn all_in_service(&mut self) {
        for line in 0..self.house.all_lines() {
            self.world.fault(Fault::InService(LineId(line as u16), true));
        }
    }
}

//! What the exchange and its subscribers do, and what goes wrong with outside lines.

use tipring_media::Processing;
use tipring_port::{Absence, CallerId, Text};
use tipring_units::{Dbm0, Hz, LineId, Millis, Volts};

use super::agenda::Deed;
use super::run::Explorer;
use crate::lab::Place;
use crate::mouth::Talk;
use crate::office::{Flaw, Order, SubscriberSpec, Trouble};
use crate::phone::{Action, Dialling};
use crate::plant::{Disturbance, Fidelity, Foreign};
use crate::world::SubscriberDeed;

impl<A: Processing + Fidelity> Explorer<A> {
    /// A subscriber thinks of something to do: a call.
    pub(super) fn subscriber_user(&mut self, place: usize) {
        let pause = self.some(8_000, 120_000);
        self.later(pause, Deed::SubscriberUser(place));
        let lines = self.world.outside_lines();
        if lines.is_empty() || self.world.line_of_subscriber(place).is_some() {
            return;
        }
        let line = lines[self.entropy.below(lines.len() as u32) as usize];
        let Some(own) = self.subscriber_spec(place) else { return };
        let absent = |why| CallerId { date: None, number: Err(why), name: Some(Err(why)) };
        let shown = match self.entropy.below(10) {
            0 => None,
            1 => Some(absent(Absence::Private)),
            2 => Some(absent(Absence::Unavailable)),
            n => Some(CallerId {
                date: None,
                number: Ok(Text::new(&own.number)),
                name: own.name.as_deref().filter(|_| n > 4).map(|name| Ok(Text::new(name))),
            }),
        };
        self.deed(place, SubscriberDeed::Calls(line, shown));
        let patience = self.some(1_000, 60_000);
        self.later(patience, Deed::Subscriber(place, SubscriberDeed::HangsUp));
    }

    /// Something becomes known of a subscriber.
    pub(super) fn of_subscriber(&mut self, place: usize, words: &str) {
        match words {
            "rings" if self.entropy.chance(80.0) => {
                let soon = self.some(50, 20_000);
                self.later(soon, Deed::Subscriber(place, SubscriberDeed::Answers));
            }
            "rings" => {}
            "connected" => {
                let Some(own) = self.subscriber_spec(place) else { return };
                self.later(Millis(20), Deed::Subscriber(place, SubscriberDeed::Says(Talk::Voice(own.voice))));
                self.perhaps_dials_on(place);
                let lasts = self.some(300, 60_000);
                self.later(lasts, Deed::Subscriber(place, SubscriberDeed::HangsUp));
            }
            "cleared" | "gets busy" => {
                let soon = self.some(100, 5_000);
                self.later(soon, Deed::Subscriber(place, SubscriberDeed::HangsUp));
            }
            _ => {}
        }
    }

    /// Who has called in dials, most often on lines that take digits from callers.
    fn perhaps_dials_on(&mut self, place: usize) {
        let line = self.world.line_of_subscriber(place);
        let own = line.and_then(|line| usize::from(line.0).checked_sub(self.house.lines()));
        let pin = own.and_then(|own| self.house.pins.get(own).copied()).flatten();
        if !self.entropy.chance(if pin.is_some() { 85.0 } else { 15.0 }) {
            return;
        }
        let mut at = self.some(300, 4_000);
        if let Some(pin) = pin.filter(|pin| !pin.is_empty()) {
            let pin = if self.entropy.chance(15.0) { "1234#" } else { pin };
            self.later(at, Deed::Subscriber(place, SubscriberDeed::Presses(pin.to_owned())));
            at = at + Millis(1500) + self.some(200, 6_000);
        }
        let end = if self.entropy.chance(50.0) { "#" } else { "" };
        let number = format!("{}{end}", self.number());
        self.later(at, Deed::Subscriber(place, SubscriberDeed::Presses(number)));
    }

    /// Something goes wrong with an outside line.
    pub(super) fn outside_trouble(&mut self) {
        let lines = self.world.outside_lines();
        if lines.is_empty() {
            return;
        }
        let line = lines[self.entropy.below(lines.len() as u32) as usize];
        match self.entropy.below(8) {
            0 => self.office_for_a_while(line, Trouble::Dead(true), Trouble::Dead(false), 90_000),
            1 | 2 => {
                let length = self.some(10, 180);
                self.tell_office(line, Order::Trouble(Trouble::Break(length)));
            }
            3 => {
                let noise = Dbm0(-60.0 + self.entropy.below(15) as f32);
                let noisy = Trouble::Noise(Disturbance { noise: Some(noise), hum: None });
                self.office_for_a_while(line, noisy, Trouble::Noise(Disturbance::default()), 60_000);
            }
            4 => {
                let foreign = if self.entropy.chance(50.0) {
                    Foreign { direct: Volts(130.0), alternating: (Hz(50.0), Volts(0.0)) }
                } else {
                    Foreign { direct: Volts(0.0), alternating: (Hz(50.0), Volts(90.0)) }
                };
                self.office_for_a_while(
                    line,
                    Trouble::Foreign(Some(foreign)),
                    Trouble::Foreign(None),
                    30_000,
                );
            }
            5 => {
                let flaw = if self.entropy.chance(50.0) { Flaw::Checksum } else { Flaw::Short };
                self.tell_office(line, Order::Flaw(flaw));
                let length = self.some(1_000, 90_000);
                self.later(length, Deed::Office(line, Order::Flaw(Flaw::None)));
            }
            6 => {
                let on = self.entropy.chance(50.0);
                self.tell_office(line, Order::Lamp(on));
            }
            _ => self.parallel(line),
        }
    }

    /// Somebody uses the telephone beside the port.
    fn parallel(&mut self, line: LineId) {
        let place = Place { line, phone: 0 };
        let own = usize::from(line.0).checked_sub(self.house.lines());
        if own.is_none_or(|own| self.house.ground.get(own).copied().unwrap_or(false)) {
            return;
        }
        if self.world.lab().phone(place).is_none_or(|phone| phone.is_lifted() || phone.is_busy()) {
            return;
        }
        // a telephone with too much to do is left alone
        let _ = self.world.act(place, Action::OffHook);
        if self.entropy.chance(60.0) {
            let how = if self.entropy.chance(30.0) { Dialling::Pulse } else { Dialling::Dtmf };
            let _ = self.world.act(place, Action::Wait(Millis(1500)));
            let _ = self.world.act(place, Action::Dial("5550177".to_owned(), how));
        }
        let lasts = self.some(100, 40_000);
        self.later(lasts, Deed::HangUp(place));
    }

    /// Every outside line works again, and every subscriber hangs up.
    pub(super) fn outside_well(&mut self) {
        for line in self.world.outside_lines() {
            for trouble in
                [Trouble::Dead(false), Trouble::Foreign(None), Trouble::Noise(Disturbance::default())]
            {
                self.tell_office(line, Order::Trouble(trouble));
            }
            self.tell_office(line, Order::Flaw(Flaw::None));
        }
    }

    /// True if every exchange is at rest.
    pub(super) fn are_exchanges_idle(&self) -> bool {
        let mut lines = self.world.outside_lines().into_iter();
        lines.all(|line| {
            self.world.office_of(line).is_none_or(|office| !office.is_seized() && !office.has_party())
        })
    }

    /// A subscriber does something, if it can.
    pub(super) fn deed(&mut self, place: usize, deed: SubscriberDeed) {
        // its call may be over
        let _ = self.world.subscriber(place, deed);
    }

    /// An exchange is told something that it may not be able to do now.
    pub(super) fn tell_office(&mut self, line: LineId, order: Order) {
        let _ = self.world.office(line, order);
    }

    fn office_for_a_while(&mut self, line: LineId, trouble: Trouble, end: Trouble, longest: u32) {
        self.tell_office(line, Order::Trouble(trouble));
        let length = self.some(15, longest);
        self.later(length, Deed::Office(line, Order::Trouble(end)));
    }

    fn subscriber_spec(&self, place: usize) -> Option<SubscriberSpec> {
        let line = self.world.outside_lines().into_iter().next()?;
        self.world.office_of(line)?.subscribers().get(place).map(|one| one.spec().clone())
    }
}

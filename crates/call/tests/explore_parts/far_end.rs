//! A far end, as the switch meets it.

use std::collections::VecDeque;

use tipring_call::{
    Cause, FarAction, FarEvent, FarId, Identity, Input, Move, MovedTo, Number, ReferEnd, Via,
};
use tipring_units::Millis;

use crate::common::{number, server};
use crate::{MAX_INCOMING, World};

/// Where a far end is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LegState {
    Calling,
    Called,
    Answered,
    /// The far end is done with it; the switch may not know yet.
    Ended,
    /// The switch is done with it.
    Dead,
}

/// A far end, and what is under way between it and the switch.
pub struct FarEnd {
    pub state: LegState,
    pub held: bool,
    /// It sends the other elsewhere, and has no answer.
    pub wishes: bool,
    /// It was told to go elsewhere.
    pub sent_away: bool,
    pub actions: VecDeque<FarAction>,
    pub events: VecDeque<FarEvent>,
}

impl World {
    pub fn far_person(&mut self) {
        let alive: Vec<FarId> = self
            .far
            .iter()
            .filter(|(_, far)| !matches!(far.state, LegState::Dead | LegState::Ended))
            .map(|(id, _)| *id)
            .collect();
        let incoming = alive.iter().filter(|leg| matches!(leg, FarId::In(_))).count();
        if alive.is_empty() || (incoming < MAX_INCOMING && self.pick(4) == 0) {
            self.call_in();
            return;
        }
        let leg = alive[self.pick(alive.len())];
        let choice = self.pick(10);
        let causes = [1, 16, 17, 19, 20, 21, 27, 34, 38, 41, 102];
        let cause = Cause::Q850(causes[self.pick(causes.len())]);
        let choice_of = self.pick(6);
        let far = self.far.get_mut(&leg).unwrap();
        while let Some(action) = far.actions.pop_front() {
            if action == FarAction::Accept {
                far.state = LegState::Answered;
            }
        }
        if far.sent_away && far.state == LegState::Answered && choice < 6 {
            let end = [ReferEnd::Done, ReferEnd::Failed(cause), ReferEnd::Refused(cause), ReferEnd::Unknown];
            let event = match choice {
                0..2 => FarEvent::ReferGoes,
                _ => {
                    far.sent_away = false;
                    FarEvent::ReferEnded { end: end[choice - 2] }
                }
            };
            far.events.push_back(event);
            return;
        }
        let event = match (far.state, choice) {
            (LegState::Called, 0..3) => FarEvent::Ringing,
            (LegState::Called, 3) => FarEvent::EarlyMedia,
            (LegState::Called, 4..8) => {
                far.state = LegState::Answered;
                FarEvent::Answered
            }
            (LegState::Called, 8) => {
                far.state = LegState::Ended;
                let numbers = ["102", "103", "5552345678", "911", "4001", "alice"];
                let places = [
                    MovedTo::House,
                    MovedTo::Server(server("pbx")),
                    MovedTo::Server(server("alt")),
                    MovedTo::Stranger,
                ];
                let place = |step: usize| Move {
                    to: number(numbers[(choice_of + step) % 6]),
                    at: places[(choice_of + step * 3) % 4],
                };
                FarEvent::Moved { to: (0..choice_of % 4).map(place).collect() }
            }
            (LegState::Called, _) => {
                far.state = LegState::Ended;
                FarEvent::Failed { cause }
            }
            (LegState::Answered, 0..2) => FarEvent::Held,
            (LegState::Answered, 2) => FarEvent::Resumed,
            (LegState::Answered, 3) if !far.wishes => {
                far.wishes = true;
                let to = number(["102", "103", "95552345678", "911", "199", "9900"][choice_of]);
                FarEvent::Referred { to, place: choice_of == 5 }
            }
            (LegState::Answered, 4..9) => FarEvent::Digit { digit: b'5', length: Millis(100) },
            (LegState::Answered, _) | (LegState::Calling, 0) => {
                far.state = LegState::Ended;
                FarEvent::Ended { cause: Cause::NORMAL }
            }
            (LegState::Calling, _) | (LegState::Ended | LegState::Dead, _) => return,
        };
        far.events.push_back(event);
    }

    pub fn call_in(&mut self) {
        self.next_incoming += 1;
        let leg = FarId::In(self.next_incoming);
        let targets = ["101", "102", "103", "104", "201", "202", "999", "95552345678", "911", "alice"];
        let to = Number::new(targets[self.pick(targets.len())]);
        let via = match self.pick(3) {
            0 => Via::Server(server("pbx")),
            1 => Via::User(Number::new("201")),
            _ => Via::User(Number::new("202")),
        };
        let far = FarEnd {
            state: LegState::Calling,
            held: false,
            sent_away: false,
            wishes: false,
            actions: VecDeque::new(),
            events: VecDeque::new(),
        };
        self.far.insert(leg, far);
        let from = Identity::new("5550177", "Mary");
        self.input(Input::Far {
            leg,
            event: FarEvent::Incoming { to, from, via, ring: None, diverted: Default::default() },
        });
    }
}

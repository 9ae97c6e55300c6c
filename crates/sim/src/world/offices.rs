//! Exchanges and their subscribers in a world.

use tipring_media::Processing;
use tipring_port::{CallerId, DateTime};
use tipring_units::LineId;

use super::{Fact, Rank, World};
use crate::ear::HeardEvent;
use crate::mouth::Talk;
use crate::office::{Cannot, Doing, Manner, Office, OfficeEvent, Order, SubscriberEvent};
use crate::plant::{Fidelity, Line};

/// What a subscriber does.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // told a few times a call
pub enum SubscriberDeed {
    /// It calls an outside line, which is shown this; its date is the calendar's.
    Calls(LineId, Option<CallerId>),
    /// It answers.
    Answers,
    /// It hangs up.
    HangsUp,
    /// From now on it does this when called.
    Behaves(Manner),
    /// It speaks.
    Says(Talk),
    /// It is silent.
    Hush,
    /// It presses keys.
    Presses(String),
}

impl<A: Processing + Fidelity> World<A> {
    /// Tells the exchange behind a line something.
    pub fn office(&mut self, line: LineId, order: Order) -> Result<(), Cannot> {
        if let Some(shard) = self.shard_of(line) {
            self.wake(shard);
        }
        let office = self.lab.card().line_mut(line).and_then(Line::office_mut).ok_or(Cannot::NoOffice)?;
        office.order(order)?;
        self.collect_office(line);
        Ok(())
    }

    /// Lets a subscriber do something, on the line with which it has to do.
    pub fn subscriber(&mut self, place: usize, deed: SubscriberDeed) -> Result<(), Cannot> {
        let engaged = self.line_of_subscriber(place);
        let on = |line: Option<LineId>| line.ok_or(Cannot::NoCall);
        match deed {
            SubscriberDeed::Calls(line, caller) => {
                if engaged.is_some() {
                    return Err(Cannot::Busy);
                }
                let now = self.wall().civil(0);
                let date = DateTime { month: now.month, day: now.day, hour: now.hour, minute: now.minute };
                let caller = caller.map(|caller| CallerId { date: Some(date), ..caller });
                self.office(line, Order::Call(place, caller))
            }
            SubscriberDeed::Answers => self.office(on(engaged)?, Order::Answer(place)),
            SubscriberDeed::HangsUp => self.office(on(engaged)?, Order::HangUp(place)),
            SubscriberDeed::Says(talk) => self.office(on(engaged)?, Order::Say(place, talk)),
            SubscriberDeed::Hush => self.office(on(engaged)?, Order::Hush(place)),
            SubscriberDeed::Presses(keys) => self.office(on(engaged)?, Order::Press(place, keys)),
            SubscriberDeed::Behaves(manner) => {
                for line in self.outside_lines() {
                    self.office(line, Order::Behave(place, manner))?;
                }
                Ok(())
            }
        }
    }

    /// The lines with an exchange behind them.
    pub fn outside_lines(&self) -> Vec<LineId> {
        let all = (0..self.lab.len() as u16).map(LineId);
        all.filter(|line| self.lab.line(*line).is_some_and(|line| line.office().is_some())).collect()
    }

    /// The exchange behind a line.
    pub fn office_of(&self, line: LineId) -> Option<&Office<A>> {
        self.lab.line(line)?.office()
    }

    /// The line on which a subscriber has something to do with a call.
    pub fn line_of_subscriber(&self, place: usize) -> Option<LineId> {
        self.outside_lines().into_iter().find(|line| {
            let office = self.office_of(*line);
            office.and_then(|office| office.subscribers().get(place)).is_some_and(|one| one.is_engaged())
        })
    }

    /// Writes down what the exchange behind a line saw, and lets its other lines know who is engaged.
    pub(super) fn collect_office(&mut self, line: LineId) {
        let Some(shard) = self.shard_of(line) else { return };
        loop {
            let Some(office) = self.lab.card().line_mut(line).and_then(Line::office_mut) else { return };
            let Some((at, event)) = office.event() else { break };
            let at = self.shards[shard].moment_of(at);
            self.office_event(line, at, event);
        }
        let count = self.office_of(line).map_or(0, |office| office.subscribers().len());
        for place in 0..count {
            let is_here = self.line_of_subscriber(place);
            for other in self.outside_lines() {
                let elsewhere = is_here.is_some_and(|here| here != other);
                if let Some(office) = self.lab.card().line_mut(other).and_then(Line::office_mut) {
                    office.engage(place, elsewhere);
                }
            }
        }
    }

    fn office_event(&mut self, line: LineId, at: tipring_units::Instant, event: OfficeEvent) {
        let known = self.now;
        let exchange = format!("exchange {}", line.0 + 1);
        let words = match event {
            OfficeEvent::Seized => "seized".to_owned(),
            OfficeEvent::Dialled(digits) => format!("dialled {digits}"),
            OfficeEvent::Refused(tone) => format!("refuses by {}", tone.word()),
            OfficeEvent::Rings => "rings".to_owned(),
            OfficeEvent::StopsRinging => "stops ringing".to_owned(),
            OfficeEvent::Answered => "answered".to_owned(),
            OfficeEvent::Flash(_) => "flash".to_owned(),
            OfficeEvent::Metered(count) => format!("charges {count}"),
            OfficeEvent::Released => "released".to_owned(),
            OfficeEvent::Subscriber(place, event) => {
                let Some(who) = self.subscriber_name(line, place) else { return };
                let words = match event {
                    SubscriberEvent::Rings => "rings".to_owned(),
                    SubscriberEvent::StopsRinging => "stops ringing".to_owned(),
                    SubscriberEvent::Connected => {
                        self.talked_on.insert(who.clone(), line);
                        "connected".to_owned()
                    }
                    SubscriberEvent::HearsBusy => "gets busy".to_owned(),
                    SubscriberEvent::Cleared => "cleared".to_owned(),
                    SubscriberEvent::Joined(number) => format!("joined with {number}"),
                    SubscriberEvent::Heard(event) => {
                        let heard_at = match &event {
                            HeardEvent::Began(heard) => heard.since,
                            HeardEvent::Ended(_, at) => *at,
                        };
                        let at =
                            self.shard_of(line).map_or(at, |shard| self.shards[shard].moment_of(heard_at));
                        self.heard(at, who, &event);
                        return;
                    }
                };
                self.facts.push(Fact { at, known, who, words, rank: Rank::Ladder });
                return;
            }
        };
        self.facts.push(Fact { at, known, who: exchange, words, rank: Rank::Ladder });
    }

    fn subscriber_name(&self, line: LineId, place: usize) -> Option<String> {
        let office = self.office_of(line)?;
        office.subscribers().get(place).map(|one| format!("subscriber {}", one.spec().number))
    }

    /// The party that checkers know: a subscriber stands for the outside line on which it talked last, and so does a
    /// telephone that a relay has joined to one.
    pub(super) fn party(&self, name: &str) -> String {
        let own = || {
            let digits = name.strip_prefix("phone ")?.trim_end_matches(|c: char| c.is_ascii_lowercase());
            let line = LineId(digits.parse::<u16>().ok()?.checked_sub(1)?);
            Some(self.lab.whereabouts(line)).filter(|host| *host != line)
        };
        let line = self.talked_on.get(name).copied().or_else(own);
        line.map_or_else(|| name.to_owned(), |line| format!("phone {}", line.0 + 1))
    }

    /// Every subscriber hangs up.
    pub fn subscribers_hang_up(&mut self) {
        for line in self.outside_lines() {
            let count = self.office_of(line).map_or(0, |office| office.subscribers().len());
            for place in 0..count {
                let doing = self.office_of(line).and_then(|office| office.subscribers().get(place));
                match doing.map(crate::office::Subscriber::doing) {
                    // whoever is rung is not asked
                    None | Some(Doing::Idle | Doing::Rung(_)) => {}
                    Some(Doing::Calls | Doing::Talks | Doing::Joined(_) | Doing::Busy | Doing::Left) => {
                        // it has a call
                        let _ = self.office(line, Order::HangUp(place));
                    }
                }
            }
        }
    }
}

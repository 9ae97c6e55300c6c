//! The laboratory: a card, its lines and their telephones, addressed by number.
//!
//! # What it does
//! Runs all lines tick by tick and collects what happens at the telephones, with its time.
//!
//! # How
//! Virtual time is the number of ticks. In real time a card's thread calls [`Lab::tick`] by its own clock.
//!
//! # Limits
//! [`MAX_LOG`] events wait to be taken; the oldest are lost, and counted.
//!
//! # Standard
//! None.

use std::collections::VecDeque;

use thiserror::Error;
use tipring_port::{CardOrder, CardReport};
use tipring_units::{Entropy, LineId, SampleTime};

use crate::card::SimCard;
use crate::phone::{Action, Machine, Phone, PhoneEvent, Unwilling};
use crate::plant::{Fidelity, Line, LineSpec};

/// Events that wait to be taken, at the most.
pub const MAX_LOG: usize = 4096;

/// A telephone's place: its line and its number on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Place {
    /// The line.
    pub line: LineId,
    /// The telephone on it, 0 upward.
    pub phone: u8,
}

/// Something that happened at a telephone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Entry {
    /// The end of the tick in which it became known. What it tells has its own times.
    pub at: SampleTime,
    /// Where.
    pub place: Place,
    /// What.
    pub event: PhoneEvent,
}

/// Why the laboratory refuses an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refused {
    /// There is no such telephone.
    #[error("{} has no telephone {}", .0.line, .0.phone)]
    NoPhone(Place),
    /// The exchange behind the line, or its subscriber, does not do it.
    #[error(transparent)]
    Exchange(#[from] crate::office::Cannot),
    /// The telephone does not do it.
    #[error(transparent)]
    Unwilling(#[from] Unwilling),
}

/// A card with its lines and telephones.
#[derive(Debug)]
pub struct Lab<A: Fidelity> {
    card: SimCard<A>,
    log: VecDeque<Entry>,
    lost: u64,
}

impl<A: Fidelity> Lab<A> {
    /// A laboratory with these lines; the same seed gives the same run.
    pub fn new(lines: &[LineSpec], entropy: &mut Entropy) -> Self {
        Self { card: SimCard::new(lines, entropy), log: VecDeque::new(), lost: 0 }
    }

    /// The card.
    pub fn card(&mut self) -> &mut SimCard<A> {
        &mut self.card
    }

    /// A line of it.
    pub fn line(&self, line: LineId) -> Option<&Line<A>> {
        self.card.line(line)
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.card.len()
    }

    /// True if there are no lines.
    pub fn is_empty(&self) -> bool {
        self.card.is_empty()
    }

    /// The line's own time.
    pub fn now(&self, line: LineId) -> SampleTime {
        self.card.line(line).map_or(SampleTime(0), Line::now)
    }

    /// The telephone at `place`.
    pub fn phone(&self, place: Place) -> Option<&Phone<A>> {
        self.card.phone(place.line, usize::from(place.phone))
    }

    /// Lets the telephone at `place` do `action` when it has done all earlier ones.
    pub fn act(&mut self, place: Place, action: Action) -> Result<(), Refused> {
        let phone = self.card.phone_mut(place.line, usize::from(place.phone));
        Ok(phone.ok_or(Refused::NoPhone(place))?.act(action)?)
    }

    /// Puts a machine in place of the telephone's mouth: see [`Phone::attach`].
    pub fn attach(&mut self, place: Place, machine: Box<dyn Machine<A>>) -> Result<(), Refused> {
        let phone = self.card.phone_mut(place.line, usize::from(place.phone));
        phone.ok_or(Refused::NoPhone(place))?.attach(machine);
        Ok(())
    }

    /// Gives the exchange behind an outside line, or one of its subscribers, an order.
    pub fn order(&mut self, line: LineId, order: crate::office::Order) -> Result<(), Refused> {
        let office = self.card.line_mut(line).and_then(Line::office_mut);
        Ok(office.ok_or(crate::office::Cannot::NoOffice)?.order(order)?)
    }

    /// A line, to change its cable or disturb it; `None` if there is no such line.
    pub fn line_mut(&mut self, line: LineId) -> Option<&mut Line<A>> {
        self.card.line_mut(line)
    }

    /// The place of a subscriber at the exchange behind a line, by its number.
    pub fn subscriber(&self, line: LineId, number: &str) -> Option<usize> {
        let office = self.card.line(line)?.office()?;
        office.subscribers().iter().position(|subscriber| subscriber.spec().number == number)
    }

    /// One tick of one line.
    pub fn exchange(
        &mut self,
        line: LineId,
        sent: A::Frame,
        order: Option<CardOrder>,
    ) -> (A::Frame, CardReport) {
        let result = self.card.exchange(line, sent, order);
        self.collect(line);
        result
    }

    /// One tick of all lines: for each line its frame and order go out, its frame and report come in. Lines beyond
    /// the end of a slice are sent silence and no order.
    pub fn tick(
        &mut self,
        sent: &[A::Frame],
        orders: &[Option<CardOrder>],
        mut received: impl FnMut(LineId, A::Frame, CardReport),
    ) {
        for number in 0..self.card.len() {
            let line = LineId(number as u16);
            let frame = sent.get(number).copied().unwrap_or(A::SILENCE);
            let (frame, report) = self.exchange(line, frame, orders.get(number).copied().flatten());
            received(line, frame, report);
        }
    }

    /// True if ticks with silence and without orders would change nothing on `line` but its time.
    pub fn is_quiet(&self, line: LineId) -> bool {
        self.card.line(line).is_none_or(Line::is_quiet)
    }

    /// Lets `ticks` silent ticks pass on a quiet line; false, and nothing happens, if it is not quiet.
    pub fn skip(&mut self, line: LineId, ticks: u64) -> bool {
        self.card.line_mut(line).is_none_or(|line| line.skip(ticks))
    }

    /// The next event of any telephone, in the order in which they became known.
    pub fn event(&mut self) -> Option<Entry> {
        self.log.pop_front()
    }

    /// Events lost because nobody took them.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// The line on which the telephones of `line` hang: another one while its lifeline relay joins them to that.
    pub fn whereabouts(&self, line: LineId) -> LineId {
        self.card.host_of(usize::from(line.0)).map_or(line, |host| LineId(host as u16))
    }

    fn collect(&mut self, line: LineId) {
        let Some(at) = self.card.line(line).map(Line::now) else { return };
        let mut number = 0;
        while let Some(phone) = self.card.phone_mut(line, usize::from(number)) {
            while let Some(event) = phone.event() {
                if self.log.len() == MAX_LOG {
                    self.log.pop_front();
                    self.lost += 1;
                }
                self.log.push_back(Entry { at, place: Place { line, phone: number }, event });
            }
            number += 1;
        }
    }
}

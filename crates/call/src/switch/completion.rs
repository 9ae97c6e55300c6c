//! Call completion: who called in vain is rung when the other one can be reached.
//!
//! # How
//! A request is kept for the telephone that asks and whom it called. Of a busy telephone of the house: when one of the two
//! becomes idle and the other is too, the one that asked is rung; lifted, it calls. Of a number at a server that has offered
//! to tell: the server is asked, and what it says is what the telephone hears; when it tells that it is its turn, the
//! telephone is rung as soon as it is free. The request is over then, whatever comes of it.
//!
//! # Limits
//! A number at a server that offers nothing, or an outside line, is refused: calling again and again until somebody is free
//! is no completion. Who talks when it is his turn is not told to the server as away (PUBLISH): it waits for him as long as it
//! likes. [`FOR`], [`PER_PHONE`] requests of one telephone, [`MAX_REQUESTS`] in all; they are forgotten with the process.
//!
//! # Standard
//! What is asked and how long it holds: ETSI EN 300 357 (CCBS: 45 min at the most; here 30).

use std::collections::VecDeque;

use tipring_units::{Instant, LineId, Millis};

use super::Switch;
use crate::features::Flag;
use crate::line_side::ask::InVain;
use crate::line_side::{LineSide, Scene};
use crate::route::{Attempt, Target};
use crate::station::Station;
use crate::{Completion, FarAction, FarId, Identity, Number};

/// A request holds for so long.
const FOR: Millis = Millis::from_secs(30 * 60);
/// Requests of one telephone, at the most.
const PER_PHONE: usize = 5;
/// Requests in all, at the most.
const MAX_REQUESTS: usize = 256;

/// Whom somebody waits for.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Of {
    /// The telephone of this number.
    Phone(Number),
    /// Who was called by this leg.
    Far {
        leg: FarId,
        /// It is the caller's turn.
        ready: bool,
        /// The telephone that waits to hear whether it may wait.
        asked: Option<LineId>,
    },
}

impl Of {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Phone(own), Self::Phone(other)) => own == other,
            (Self::Far { leg: own, .. }, Self::Far { leg: other, .. }) => own == other,
            (Self::Phone(_), Self::Far { .. }) | (Self::Far { .. }, Self::Phone(_)) => false,
        }
    }
}

/// Who wants to be rung when whom is free.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Request {
    /// The number of the telephone that asked.
    by: Number,
    /// What it had dialled.
    dialled: Number,
    /// Whom it called.
    of: Of,
    until: Instant,
}

/// The requests, the oldest first.
#[derive(Clone, Default, Debug)]
pub(crate) struct Requests(VecDeque<Request>);

impl Requests {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Switch {
    /// The telephone on `line` wants to be rung when whom it dialled is free. False: that cannot be; none: the server is
    /// asked.
    pub(super) fn wants_back(&mut self, line: LineId, dialled: Number, far: Option<FarId>) -> Option<bool> {
        let now = self.clock.now;
        self.drop_requests(|request| request.until <= now);
        let phone = |line: LineId| self.setup.phones.iter().find(|phone| phone.line == line);
        let Some(by) = phone(line).map(|phone| phone.number) else { return Some(false) };
        let of = match far {
            Some(leg) => Of::Far { leg, ready: false, asked: Some(line) },
            None => {
                let ways = self.plan.read_whole(dialled.as_str(), self.is_offline()).ok();
                let ways: Vec<Attempt> =
                    ways.and_then(|selection| self.map(None).ways(&selection).ok()).unwrap_or_default();
                let target = match ways.first().map(|way| way.targets.as_slice()) {
                    Some([Target::Line(target)]) if ways.len() == 1 => phone(*target),
                    Some(_) | None => None,
                };
                // Who wants no calls is never free.
                match target.filter(|phone| !self.is_set(phone, Flag::DoNotDisturb)) {
                    Some(phone) => Of::Phone(phone.number),
                    None => return Some(false),
                }
            }
        };
        let known = |own: &Request| own.by == by && own.of.is(&of);
        if far.is_some() && self.requests.0.iter().any(known) {
            return Some(true); // it is asked already
        }
        let request = Request { by, dialled, of, until: now + FOR };
        self.requests.0.retain(|own| !known(own));
        let own = self.requests.0.iter().filter(|own| own.by == by).count();
        if own >= PER_PHONE || self.requests.0.len() >= MAX_REQUESTS {
            return Some(false);
        }
        self.requests.0.push_back(request);
        match far {
            Some(leg) => {
                self.out.far(leg, FarAction::Complete);
                None
            }
            None => Some(true),
        }
    }

    /// It wants nobody back. False: it wanted nobody.
    pub(super) fn wants_nobody_back(&mut self, line: LineId) -> bool {
        let Some(by) = self.setup.phones.iter().find(|phone| phone.line == line).map(|phone| phone.number)
        else {
            return false;
        };
        let before = self.requests.0.len();
        self.drop_requests(|request| request.by == by);
        self.requests.0.len() < before
    }

    /// What a server says of a call that is to be completed.
    pub(super) fn completion(&mut self, leg: FarId, news: Completion) {
        let place =
            self.requests.0.iter().position(|own| matches!(own.of, Of::Far { leg: of, .. } if of == leg));
        let Some(place) = place else { return }; // taken back, or its call is being made
        let Some(request) = self.requests.0.get_mut(place) else { return };
        let Of::Far { ready, asked, .. } = &mut request.of else { return };
        match news {
            Completion::Taken | Completion::Over => {}
            Completion::Queued => *ready = false,
            Completion::Ready => *ready = true,
        }
        let (asked, by) = (asked.take(), request.by);
        if news == Completion::Over {
            self.requests.0.remove(place);
        }
        if let Some(line) = asked {
            self.with_telephone(line, |side, scene| {
                side.answered_later(news != Completion::Over, scene);
            });
        }
        let line = self.setup.phones.iter().find(|phone| phone.number == by).map(|phone| phone.line);
        if let (Completion::Ready, Some(line)) = (news, line) {
            self.freed(line);
        }
    }

    /// The telephone on `line` is idle now: who waited for that?
    pub(super) fn freed(&mut self, line: LineId) {
        let now = self.clock.now;
        self.drop_requests(|request| request.until <= now);
        let Some(own) = self.setup.phones.iter().find(|phone| phone.line == line).map(|phone| phone.number)
        else {
            return;
        };
        let free = |number: Number| {
            let phone = self.setup.phones.iter().find(|phone| phone.number == number)?;
            let side = self.lines.get(&phone.line).and_then(Station::telephone)?;
            side.is_free().then_some(phone)
        };
        let mut all = self.requests.0.iter().enumerate();
        let found = all.find_map(|(place, request)| {
            let (name, far) = match request.of {
                Of::Phone(of) if request.by == own || of == own => (free(of)?.name, None),
                Of::Far { leg, ready: true, .. } if request.by == own => (Default::default(), Some(leg)),
                Of::Phone(_) | Of::Far { .. } => return None,
            };
            let by = free(request.by)?;
            let of = Identity { number: request.dialled, name, ..Identity::default() };
            Some((place, by.line, InVain { number: request.dialled, far }, of))
        });
        let Some((place, by, whom, of)) = found else { return };
        self.requests.0.remove(place);
        self.with_telephone(by, |side, scene| side.ring_for(whom, of, scene));
    }

    pub(super) fn with_telephone(&mut self, line: LineId, act: impl FnOnce(&mut LineSide, &mut Scene<'_>)) {
        self.with_line(line, |side, scene| {
            if let Station::Telephone(side) = side {
                act(side, scene);
            }
        });
    }

    /// Those are over; a server that was asked is told so.
    fn drop_requests(&mut self, over: impl Fn(&Request) -> bool) {
        for request in self.requests.0.iter().filter(|request| over(request)) {
            if let Of::Far { leg, .. } = request.of {
                self.out.far(leg, FarAction::CompleteNot);
            }
        }
        self.requests.0.retain(|request| !over(request));
    }
}

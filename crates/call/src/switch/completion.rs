//! Call completion: who met a busy telephone of the house is rung when that one is free.
//!
//! # How
//! A request is kept for the telephone that asks and the one that was busy. When one of the two becomes idle and the other is
//! too, the one that asked is rung; lifted, it calls. The request is over then, whatever comes of it.
//!
//! # Limits
//! Telephones on lines of this box. A number at a server or an outside line is refused: what RFC 6910 wants of both ends is
//! not there, and calling again and again until somebody is free is no completion. [`FOR`], [`PER_PHONE`] requests of one
//! telephone, [`MAX_REQUESTS`] in all; they are forgotten with the process.
//!
//! # Standard
//! What is asked and how long it holds: ETSI EN 300 357 (CCBS: 45 min at the most; here 30).

use std::collections::VecDeque;

use tipring_units::{Instant, LineId, Millis};

use super::Switch;
use crate::features::Flag;
use crate::route::{Attempt, Target};
use crate::station::Station;
use crate::{Identity, Number};

/// A request holds for so long.
const FOR: Millis = Millis::from_secs(30 * 60);
/// Requests of one telephone, at the most.
const PER_PHONE: usize = 5;
/// Requests in all, at the most.
const MAX_REQUESTS: usize = 256;

/// Who wants to be rung when whom is free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Request {
    /// The number of the telephone that asked.
    by: Number,
    /// What it had dialled.
    dialled: Number,
    /// The number of the telephone that was busy.
    of: Number,
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
    /// The telephone on `line` wants to be rung when whom it dialled is free. False: that cannot be.
    pub(super) fn wants_back(&mut self, line: LineId, dialled: Number) -> bool {
        let now = self.clock.now;
        self.requests.0.retain(|request| request.until > now);
        let phone = |line: LineId| self.setup.phones.iter().find(|phone| phone.line == line);
        let Some(by) = phone(line).map(|phone| phone.number) else { return false };
        let ways = self.plan.read_whole(dialled.as_str(), self.is_offline()).ok();
        let ways: Vec<Attempt> =
            ways.and_then(|selection| self.map(None).ways(&selection).ok()).unwrap_or_default();
        let target = match ways.first().map(|way| way.targets.as_slice()) {
            Some([Target::Line(target)]) if ways.len() == 1 => phone(*target),
            Some(_) | None => None,
        };
        // Who wants no calls is never free.
        let Some(of) = target.filter(|phone| !self.is_set(phone, Flag::DoNotDisturb)) else { return false };
        let request = Request { by, dialled, of: of.number, until: now + FOR };
        self.requests.0.retain(|own| (own.by, own.of) != (request.by, request.of));
        let own = self.requests.0.iter().filter(|own| own.by == by).count();
        if own >= PER_PHONE || self.requests.0.len() >= MAX_REQUESTS {
            return false;
        }
        self.requests.0.push_back(request);
        true
    }

    /// It wants nobody back. False: it wanted nobody.
    pub(super) fn wants_nobody_back(&mut self, line: LineId) -> bool {
        let Some(by) = self.setup.phones.iter().find(|phone| phone.line == line).map(|phone| phone.number)
        else {
            return false;
        };
        let before = self.requests.0.len();
        self.requests.0.retain(|request| request.by != by);
        self.requests.0.len() < before
    }

    /// The telephone on `line` is idle now: who waited for that?
    pub(super) fn freed(&mut self, line: LineId) {
        let now = self.clock.now;
        self.requests.0.retain(|request| request.until > now);
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
            if request.by != own && request.of != own {
                return None;
            }
            let (by, of) = (free(request.by)?, free(request.of)?);
            let of = Identity { number: request.dialled, name: of.name, ..Identity::default() };
            Some((place, by.line, request.dialled, of))
        });
        let Some((place, by, dialled, of)) = found else { return };
        self.requests.0.remove(place);
        self.with_line(by, |side, scene| {
            if let Station::Telephone(side) = side {
                side.ring_for(dialled, of, scene);
            }
        });
    }
}

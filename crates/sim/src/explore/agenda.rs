//! What is going to be done, by the time at which it is.

use std::collections::BTreeMap;

use tipring_units::{Instant, LineId};

use crate::lab::Place;
use crate::office::Order as OfficeOrder;
use crate::peer::Order;
use crate::phone::Action;
use crate::world::{Fault, SubscriberDeed};

/// Deeds that wait, at the most; further ones are not done.
pub const MAX_DEEDS: usize = 16_384;

/// Something that is done.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Deed {
    /// The user of a line thinks of something to do.
    User(LineId),
    /// A telephone does this.
    Phone(Place, Action),
    /// A telephone hangs up, whatever it was about to do.
    HangUp(Place),
    /// A user at a far end thinks of something to do.
    Far(usize),
    /// A far end does this.
    Order(usize, Order),
    /// A subscriber of the exchange thinks of something to do.
    SubscriberUser(usize),
    /// A subscriber does this.
    Subscriber(usize, SubscriberDeed),
    /// The exchange behind a line is told this.
    Office(LineId, OfficeOrder),
    /// Something goes wrong, or right again.
    Fault(Fault),
    /// Fate thinks of something.
    Trouble,
    /// The users of SIP telephones register again.
    Register(usize),
}

/// All that is going to be done.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    deeds: BTreeMap<(Instant, u64), Deed>,
    number: u64,
}

impl Agenda {
    /// Does `deed` at `at`.
    pub fn put(&mut self, at: Instant, deed: Deed) {
        if self.deeds.len() < MAX_DEEDS {
            self.number += 1;
            self.deeds.insert((at, self.number), deed);
        }
    }

    /// When the next deed is due.
    pub fn next(&self) -> Option<Instant> {
        self.deeds.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next deed that is due.
    pub fn take(&mut self, now: Instant) -> Option<Deed> {
        let ((at, _), _) = self.deeds.first_key_value()?;
        if *at > now {
            return None;
        }
        self.deeds.pop_first().map(|(_, deed)| deed)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.deeds.clear();
    }
}

//! What people and machines at far ends do.

use tipring_media::Processing;
use tipring_units::Millis;

use super::agenda::Deed;
use super::run::Explorer;
use crate::peer::{From, Manner, Order, Turn, Which};
use crate::plant::Fidelity;

/// Answers that refuse a call.
const REFUSALS: [u16; 14] = [400, 403, 404, 408, 480, 484, 486, 488, 500, 502, 503, 504, 600, 603];

impl<A: Processing + Fidelity> Explorer<A> {
    /// A user at a far end thinks of something to do: a call.
    pub(super) fn far_user(&mut self, place: usize) {
        let pause = self.some(4_000, 90_000);
        self.later(pause, Deed::Far(place));
        let number = match self.entropy.below(100) {
            0..80 => format!("{}", 101 + self.entropy.below(self.house.lines() as u32)),
            80..88 => self.house.users[self.entropy.below(self.house.users.len() as u32) as usize].to_owned(),
            88..92 => "199".to_owned(),
            _ => self.number(),
        };
        let is_server = place < self.house.servers.len();
        let from = if is_server {
            let number = Self::caller(place, self.entropy.below(100));
            let name = self.entropy.chance(40.0).then(|| "Mary Major".to_owned());
            From { number: Some(number), name, private: self.entropy.chance(8.0), ..From::default() }
        } else {
            From::default()
        };
        let offers = !self.entropy.chance(10.0);
        if self.world.order(place, Order::Invite { to: number, from, offers, hops: 70 }).is_err() {
            return;
        }
        let Some(which) = self.fresh(place) else { return };
        if self.entropy.chance(30.0) {
            let at = self.some(1, 12_000);
            self.later(at, Deed::Order(place, Order::Cancel(which)));
        }
        self.talks(place, which, Millis(1_000));
    }

    /// The number from which a server's callers call.
    pub(super) fn caller(place: usize, number: u32) -> String {
        format!("5550{place}{number:02}")
    }

    /// A far end gets an INVITE.
    pub(super) fn is_called(&mut self, place: usize) {
        // a far end that asks for credentials, or gets a message again, has no new call
        let Some(which) = self.fresh(place) else { return };
        let first = self.some(5, 1_500);
        let then = first + self.some(10, 9_000);
        match self.entropy.below(100) {
            0..38 => {
                self.answer(place, first, 180, which, false);
                self.answer(place, then, 200, which, false);
                self.talks(place, which, then);
            }
            38..48 => {
                self.answer(place, first, 200, which, false);
                self.talks(place, which, first);
            }
            48..60 => {
                self.answer(place, first, 183, which, true);
                if self.entropy.chance(30.0) {
                    self.answer(place, first + Millis(700), 180, which, false);
                }
                self.answer(place, then, 200, which, false);
                self.talks(place, which, then);
            }
            60..74 => {
                let status = REFUSALS[self.entropy.below(REFUSALS.len() as u32) as usize];
                if self.entropy.chance(40.0) {
                    self.answer(place, first, 180, which, false);
                }
                self.perhaps_offers_completion(place, first, then);
                self.answer(place, then, status, which, false);
            }
            74..79 => self.answer(place, first, 180, which, false), // and nobody lifts
            79..86 => self.forks(place, which, first, then),
            86..90 => {
                let name = self.world.peer(place).map(|peer| peer.spec().address);
                let to = name.map(|address| format!("sip:4{:03}@{address}", self.entropy.below(1000)));
                let order = Order::Answer { status: 302, which, sound: false, to };
                self.later(first, Deed::Order(place, order));
            }
            90..93 => {} // nothing but 100
            _ => {
                // twice, and twice again
                self.answer(place, first, 180, which, false);
                self.answer(place, first + Millis(20), 180, which, false);
                self.answer(place, then, 200, which, false);
                self.later(then + Millis(30), Deed::Order(place, Order::Again(which)));
                self.talks(place, which, then);
            }
        }
    }

    /// It may tell when whom it does not reach can be called; whether anybody wants that shows.
    fn perhaps_offers_completion(&mut self, place: usize, first: Millis, then: Millis) {
        if !self.entropy.chance(40.0) {
            return;
        }
        self.later(first, Deed::Order(place, Order::Manner(Manner::Completes, true)));
        let turns = [Turn::Ready, Turn::Queued, Turn::Ready, Turn::Over];
        let turn = turns[self.entropy.below(turns.len() as u32) as usize];
        let at = then + self.some(2_000, 90_000);
        self.later(at, Deed::Order(place, Order::Turn(turn)));
    }

    /// Several telephones ring, one answers, at times two.
    fn forks(&mut self, place: usize, which: Which, first: Millis, then: Millis) {
        let other = Which { fork: Some(2), ..which };
        let one = Which { fork: Some(1), ..which };
        let then = then.max(first + Millis(300));
        self.answer(place, first, 180, one, false);
        let sound = self.entropy.chance(50.0);
        self.answer(place, first + Millis(150), if sound { 183 } else { 180 }, other, sound);
        let both = self.entropy.chance(40.0);
        let (winner, loser) = if self.entropy.chance(50.0) { (one, other) } else { (other, one) };
        self.answer(place, then, 200, winner, false);
        if both {
            let gap = self.some(0, 400);
            self.answer(place, then + gap, 200, loser, false);
        }
        self.talks(place, which, then);
    }

    fn answer(&mut self, place: usize, after: Millis, status: u16, which: Which, sound: bool) {
        self.later(after, Deed::Order(place, Order::Answer { status, which, sound, to: None }));
    }

    /// What happens within a call that may stand from `after` on.
    fn talks(&mut self, place: usize, which: Which, after: Millis) {
        let lasts = after + self.some(200, 50_000);
        if self.entropy.chance(15.0) {
            let at = after + self.some(500, 15_000);
            self.later(at, Deed::Order(place, Order::Hold(which)));
            let back = at + self.some(50, 9_000);
            self.later(back, Deed::Order(place, Order::Resume(which)));
        }
        if self.entropy.chance(12.0) {
            let at = after + self.some(200, 8_000);
            let order = match self.entropy.below(4) {
                0 => Order::Digits("15#".to_owned(), which),
                1 => Order::Info('7', which),
                2 => Order::Keys("42".to_owned(), which),
                _ => Order::Request("UPDATE".to_owned(), which),
            };
            self.later(at, Deed::Order(place, order));
        }
        if self.entropy.chance(5.0) {
            let at = after + self.some(10, 2_000);
            self.later(at, Deed::Order(place, Order::Again(which)));
        }
        if self.entropy.chance(60.0) {
            self.later(lasts, Deed::Order(place, Order::Bye(which)));
        } else {
            // the other side ends it; or nobody does for long
            self.later(lasts + Millis::from_secs(240), Deed::Order(place, Order::Bye(which)));
        }
    }

    /// The call that a far end made or got last, if it is new.
    fn fresh(&mut self, place: usize) -> Option<Which> {
        let calls = self.world.peer(place)?.calls();
        let known = self.known.get_mut(place)?;
        let is_new = *known != calls;
        *known = calls;
        is_new.then_some(Which { call: Some(calls), fork: None })
    }
}

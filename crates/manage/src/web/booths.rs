//! Who speaks by which simulated telephone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tipring_units::LineId;
use tokio::sync::oneshot;

/// The telephones by which somebody speaks.
#[derive(Debug, Default)]
pub struct Booths {
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    last: u64,
    seats: BTreeMap<LineId, Holder>,
}

#[derive(Debug)]
struct Holder {
    page: String,
    seat: u64,
    /// Dropped when another one takes the seat.
    _stays: oneshot::Sender<()>,
}

/// The right to speak by a telephone, until it is dropped.
#[derive(Debug)]
pub struct Seat {
    booths: Arc<Booths>,
    line: LineId,
    seat: u64,
    /// Ends when the same page has come back by another connection.
    pub superseded: oneshot::Receiver<()>,
}

impl Booths {
    /// The seat at a telephone for a page, if it is free or was this page's before: a connection that broke may not be known to
    /// be gone when its page comes back.
    pub fn take(self: &Arc<Self>, line: LineId, page: &str) -> Option<Seat> {
        let mut taken = self.taken();
        if taken.seats.get(&line).is_some_and(|holder| page.is_empty() || holder.page != page) {
            return None;
        }
        taken.last += 1;
        let seat = taken.last;
        let (stays, superseded) = oneshot::channel();
        taken.seats.insert(line, Holder { page: page.to_owned(), seat, _stays: stays });
        Some(Seat { booths: Arc::clone(self), line, seat, superseded })
    }

    /// True if somebody speaks there.
    pub fn is_taken(&self, line: LineId) -> bool {
        self.taken().seats.contains_key(&line)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.booths.taken();
        if taken.seats.get(&self.line).is_some_and(|holder| holder.seat == self.seat) {
            taken.seats.remove(&self.line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_speaks_at_a_time_and_a_page_that_comes_back_takes_its_own_seat() {
        let booths = Arc::<Booths>::default();
        let (here, there) = (LineId(0), LineId(1));
        let mut first = booths.take(here, "a").expect("free");
        assert!(booths.take(here, "b").is_none() && booths.take(here, "").is_none());
        let second = booths.take(here, "a").expect("its own");
        assert!(first.superseded.try_recv() == Err(oneshot::error::TryRecvError::Closed), "told to go");
        assert!(booths.take(there, "b").is_some(), "another telephone");
        drop(first);
        assert!(booths.is_taken(here), "the old connection's end frees nothing");
        drop(second);
        assert!(!booths.is_taken(here) && booths.take(here, "b").is_some());
    }
}

//! 80 samples to each card each tick; queues stay bounded; the journal has no gaps.

use tipring_units::TICK_SAMPLES;

/// Messages and packets under way on the network, at the most: more is a storm.
pub const MAX_FLIGHTS: usize = 4096;

/// What is counted at one shard, each by whoever does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Ticks of the shard's clock that are over.
    pub due: u64,
    /// Ticks done or slept through.
    pub ticks: u64,
    /// Samples by the shard's own time.
    pub shard: u64,
    /// Samples that a line's card has exchanged.
    pub card: u64,
    /// Events that found no room.
    pub dropped: u64,
    /// Commands for lines that it does not have.
    pub refused: u64,
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    sequence: u64,
    told: bool,
}

impl Pace {
    /// A shard and one of its lines are looked at.
    pub fn look(&mut self, line: usize, counts: Counts, wrong: &mut Vec<String>) {
        if self.told {
            return;
        }
        let line = line + 1;
        let samples = counts.ticks * TICK_SAMPLES as u64;
        if counts.due != counts.ticks {
            wrong.push(format!("line {line}: {} ticks are over and {} were done", counts.due, counts.ticks));
        }
        if counts.card != samples {
            wrong.push(format!("line {line}: {} samples exchanged in {} ticks", counts.card, counts.ticks));
        }
        if counts.shard != samples {
            wrong.push(format!(
                "line {line}: {} samples by the shard's time in {} ticks",
                counts.shard, counts.ticks
            ));
        }
        if counts.dropped > 0 {
            wrong.push(format!("line {line}: its shard dropped {} events", counts.dropped));
        }
        if counts.refused > 0 {
            wrong.push(format!("line {line}: its shard got {} commands for other lines", counts.refused));
        }
        self.told = !wrong.is_empty();
    }

    /// The network is looked at.
    pub fn flights(&mut self, flights: usize, wrong: &mut Vec<String>) {
        if flights > MAX_FLIGHTS && !self.told {
            self.told = true;
            wrong.push(format!("{flights} messages are under way at once"));
        }
    }

    /// The next journal entry has this number.
    pub fn journal(&mut self, sequence: u64, wrong: &mut Vec<String>) {
        if self.sequence != 0 && sequence != self.sequence + 1 {
            wrong.push(format!("journal entry {sequence} comes after {}", self.sequence));
        }
        self.sequence = sequence;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_gets_too_little_and_lost_events_are_seen() {
        let good = Counts { due: 7, ticks: 7, shard: 560, card: 560, dropped: 0, refused: 0 };
        let seen = |counts| {
            let (mut pace, mut wrong) = (Pace::default(), Vec::new());
            pace.look(0, counts, &mut wrong);
            wrong.len()
        };
        assert_eq!(seen(good), 0);
        assert_eq!(seen(Counts { card: 480, ..good }), 1);
        assert_eq!(seen(Counts { shard: 640, ..good }), 1);
        assert_eq!(seen(Counts { due: 8, ..good }), 1);
        assert_eq!(seen(Counts { dropped: 1, ..good }), 1);
        assert_eq!(seen(Counts { refused: 1, ..good }), 1);
    }

    #[test]
    fn a_gap_in_the_journal_and_a_storm_are_seen() {
        let (mut pace, mut wrong) = (Pace::default(), Vec::new());
        pace.journal(1, &mut wrong);
        pace.journal(2, &mut wrong);
        pace.flights(10, &mut wrong);
        assert!(wrong.is_empty());
        pace.journal(4, &mut wrong);
        pace.flights(MAX_FLIGHTS + 1, &mut wrong);
        assert_eq!(wrong.len(), 2);
    }
}

//! No outside line is left seized.
//!
//! # What it does
//! Sees a line that the gateway's port holds although both real parties are gone: the exchange has nobody on it, and of
//! those with whom the gateway says that it is connected nobody is there.
//!
//! # How
//! It counts for how long that has been so, and forgives [`PATIENCE`]. What the gateway believes excuses nothing: its
//! journal tells only whom to look for. A telephone is there while its receiver is off-hook, a far end while it has a call
//! of its own, a subscriber behind another line while it takes part in a call there.
//!
//! # Limits
//! A far end that has another call counts as there. While the card stands still nobody can know, and nothing is counted.
//!
//! # Standard
//! None.

use tipring_units::{Instant, Millis};

/// For so long a line may stay seized after both parties are gone.
pub const PATIENCE: Millis = Millis::from_secs(60);

/// What is seen of an outside line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// The gateway's port is off-hook.
    pub off_hook: bool,
    /// A subscriber has part in a call on the line.
    pub party: bool,
    /// Somebody with whom the gateway has connected the line is really there.
    pub partner: bool,
    /// The card stands still.
    pub blind: bool,
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Seized {
    /// Since when each line is held for nobody.
    since: Vec<Option<Instant>>,
}

impl Seized {
    /// A look at an outside line.
    pub fn look(&mut self, now: Instant, line: usize, held: Held, wrong: &mut Vec<String>) {
        if self.since.len() <= line {
            self.since.resize(line + 1, None);
        }
        let Some(since) = self.since.get_mut(line) else { return };
        if !held.off_hook || held.party || held.partner || held.blind {
            *since = None;
            return;
        }
        let began = *since.get_or_insert(now);
        if now >= began + PATIENCE {
            let number = line + 1;
            wrong.push(format!(
                "line {number} has been left seized: off-hook for {PATIENCE} after both parties are gone"
            ));
            *since = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(held: Held, seconds: u64) -> usize {
        let (mut seized, mut wrong) = (Seized::default(), Vec::new());
        for second in 0..=seconds {
            seized.look(Instant::from_millis(second * 1000), 2, held, &mut wrong);
        }
        wrong.len()
    }

    #[test]
    fn a_line_that_is_held_for_nobody_is_seen_after_a_minute() {
        let held = Held { off_hook: true, ..Held::default() };
        assert_eq!(judged(held, 59), 0);
        assert_eq!(judged(held, 60), 1);
        let party = Held { party: true, ..held };
        let partner = Held { partner: true, ..held };
        for fine in [party, partner, Held { blind: true, ..held }, Held::default()] {
            assert_eq!(judged(fine, 300), 0, "{fine:?}");
        }
    }
}

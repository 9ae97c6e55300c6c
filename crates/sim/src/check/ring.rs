//! Ringing stops within 200 ms of ring trip; there is no ringing voltage on a closed loop.
//!
//! Where the loop closed in the moment in which ringing began, a ring pulse before caller identity (RP-AS) may go on to its end.

use tipring_units::{Instant, Millis};

/// From the contact to silence: detection, and what the card still plays.
pub const STOPS_WITHIN: Millis = Millis(200);
/// The look comes at the end of a tick, the contact may have closed at its beginning; contacts bounce.
const LEEWAY: Millis = Millis(20);

/// The longest ring pulse (EN 300 659-1 clause 6.1.2 c: 200 to 300 ms).
const PULSE: Millis = Millis(300);
/// An off-hook is judged by then; ringing that begins later begins on a loop that is known to be closed.
const GLARE: Millis = Millis(30);

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    closed: Option<Instant>,
    rung: Option<Instant>,
    told: bool,
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    lines: Vec<Line>,
}

impl Ring {
    /// A tick of `line` is over: whether ringing voltage is on it, and whether a telephone closes the loop.
    pub fn look(&mut self, now: Instant, line: usize, ringing: bool, closed: bool, wrong: &mut Vec<String>) {
        if self.lines.len() <= line {
            self.lines.resize(line + 1, Line::default());
        }
        let watch = &mut self.lines[line];
        let rung = ringing.then(|| watch.rung.unwrap_or(now));
        if !closed {
            *watch = Line { rung, ..Line::default() };
            return;
        }
        let closed = *watch.closed.get_or_insert(now);
        let is_glare = rung.is_some_and(|rung| rung >= closed && rung <= closed + GLARE);
        let until = match rung.filter(|_| is_glare) {
            Some(rung) => rung + PULSE,
            None => closed + STOPS_WITHIN,
        };
        watch.rung = rung;
        if ringing && !watch.told && now > until + LEEWAY {
            watch.told = true;
            let after = now.since(closed).as_millis();
            wrong.push(format!("line {}: ringing voltage {after} ms after the loop closed", line + 1));
        }
    }

    /// What is rung now is excused: the card stands still, the line's machine was made anew.
    pub fn excuse(&mut self, now: Instant, line: usize) {
        if let Some(watch) = self.lines.get_mut(line) {
            watch.closed = watch.closed.map(|_| now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ringing_on_a_closed_loop_is_seen_after_200_ms() {
        let (mut ring, mut wrong) = (Ring::default(), Vec::new());
        for tick in 0..200_u64 {
            let closed = tick >= 100;
            ring.look(Instant::from_millis(tick * 10), 3, tick < 121, closed, &mut wrong);
        }
        assert!(wrong.is_empty(), "{wrong:?}");
        let mut ring = Ring::default();
        for tick in 0..200_u64 {
            ring.look(Instant::from_millis(tick * 10), 3, tick < 130, tick >= 100, &mut wrong);
        }
        assert_eq!(wrong.len(), 1);
    }

    #[test]
    fn ringing_that_begins_on_a_loop_that_has_just_closed_may_be_a_ring_pulse() {
        for (begins, ends, expected) in [(102, 132, 0), (102, 137, 1), (110, 124, 1)] {
            let (mut ring, mut wrong) = (Ring::default(), Vec::new());
            for tick in 0..200_u64 {
                let now = Instant::from_millis(tick * 10);
                ring.look(now, 3, (begins..ends).contains(&tick), tick >= 100, &mut wrong);
            }
            assert_eq!(wrong.len(), expected, "{begins} {ends} {wrong:?}");
        }
    }
}

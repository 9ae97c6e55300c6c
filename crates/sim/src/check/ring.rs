//! Ringing stops within 200 ms of ring trip; there is no ringing voltage on a closed loop.

use tipring_units::{Instant, Millis};

/// From the contact to silence: detection, and what the card still plays.
pub const STOPS_WITHIN: Millis = Millis(200);
/// The look comes at the end of a tick, the contact may have closed at its beginning; contacts bounce.
const LEEWAY: Millis = Millis(20);

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    closed: Option<Instant>,
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
        if !closed {
            *watch = Line::default();
            return;
        }
        let since = *watch.closed.get_or_insert(now);
        if ringing && !watch.told && now > since + STOPS_WITHIN + LEEWAY {
            watch.told = true;
            let after = now.since(since).as_millis();
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
}

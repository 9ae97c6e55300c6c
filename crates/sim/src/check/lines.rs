//! What a line is said to do fits its hook; a receiver left off-hook ends in quiet.

use tipring_call::LineDoing;
use tipring_port::{LineEvent, LineFault, RohStage};
use tipring_units::{Instant, Millis};

/// A hook that has stood this long is no flash, no pulse, no bounce; and the news of it has arrived.
pub const SETTLED: Millis = Millis::from_secs(3);
/// After this long off-hook with nothing going on the line is quiet.
pub const QUIET_WITHIN: Millis = Millis::from_secs(300);
/// Ringing of a line that is no longer to be rung: the burst under way ends at once.
pub const STOPS_WITHIN: Millis = Millis(500);

#[derive(Clone, Copy, Debug)]
struct Line {
    doing: LineDoing,
    doing_since: Instant,
    lifted: bool,
    hook_since: Instant,
    /// The last digit, flash, call or change of hook.
    active: Instant,
    stage: Option<RohStage>,
    stage_since: Instant,
    faults: u32,
    in_service: bool,
    told: bool,
}

impl Line {
    const IDLE: Self = Self {
        doing: LineDoing::Idle,
        doing_since: Instant::ZERO,
        lifted: false,
        hook_since: Instant::ZERO,
        active: Instant::ZERO,
        stage: None,
        stage_since: Instant::ZERO,
        faults: 0,
        in_service: true,
        told: false,
    };
}

/// What is seen of a line from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// A telephone on it is lifted and plugged in; of an outside line, the gateway's port is off-hook or asks for service.
    pub lifted: bool,
    /// It is an outside line.
    pub outside: bool,
    /// A telephone on it has something left to do.
    pub busy: bool,
    /// Ringing voltage is on it.
    pub ringing: bool,
    /// A telephone hears a tone or a voice.
    pub hears: bool,
    /// The card stands still, so that nobody can know.
    pub blind: bool,
}

/// The checker.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    lines: Vec<Line>,
}

impl Lines {
    fn line(&mut self, line: usize) -> &mut Line {
        if self.lines.len() <= line {
            self.lines.resize(line + 1, Line::IDLE);
        }
        &mut self.lines[line]
    }

    /// The journal says what a line does.
    pub fn doing(&mut self, now: Instant, line: usize, doing: LineDoing) {
        let watch = self.line(line);
        if watch.doing != doing {
            (watch.doing, watch.doing_since, watch.active, watch.told) = (doing, now, now, false);
        }
    }

    /// The journal tells of a line.
    pub fn event(&mut self, now: Instant, line: usize, event: &LineEvent) {
        let watch = self.line(line);
        match event {
            LineEvent::Roh(stage) => (watch.stage, watch.stage_since) = (Some(*stage), now),
            LineEvent::Fault(LineFault::Panicked) => {
                // made anew: all begins again
                (watch.active, watch.stage, watch.hook_since) = (now, None, now);
                watch.faults += 1;
            }
            // It stands until the line is used again, and keeps it from nothing.
            LineEvent::Fault(LineFault::NoDialTone) | LineEvent::FaultCleared(LineFault::NoDialTone) => {}
            LineEvent::Fault(_) => watch.faults += 1,
            LineEvent::FaultCleared(_) => {
                watch.faults = watch.faults.saturating_sub(1);
                (watch.active, watch.hook_since, watch.doing_since) = (now, now, now);
            }
            LineEvent::InService(on) => {
                (watch.in_service, watch.active, watch.hook_since) = (*on, now, now);
                watch.doing_since = now;
            }
            LineEvent::Seized | LineEvent::Answered | LineEvent::Released => {
                (watch.active, watch.stage) = (now, None);
            }
            // Whoever plays with hook and keys of a forgotten receiver does not begin its sequence anew.
            LineEvent::Flash(_) | LineEvent::DigitBegan(_) | LineEvent::Digit { .. } => watch.active = now,
            LineEvent::Ringing
            | LineEvent::CallerIdSent(_)
            | LineEvent::CallerIdOmitted { .. }
            | LineEvent::RingStopped
            | LineEvent::Refused(_)
            | LineEvent::SupervisionDone
            | LineEvent::Announced
            | LineEvent::Incoming
            | LineEvent::Caller(_)
            | LineEvent::Offered
            | LineEvent::GaveUp
            | LineEvent::ExchangeReady(_)
            | LineEvent::Dialled
            | LineEvent::Exchange(_)
            | LineEvent::FarAnswered(_)
            | LineEvent::FarCleared(_)
            | LineEvent::Metered(_)
            | LineEvent::InUse(_)
            | LineEvent::Waiting(_)
            | LineEvent::WaitingShown(_)
            | LineEvent::LampShown(_)
            | LineEvent::Tested(_)
            | LineEvent::Lifeline(_) => {}
        }
    }

    /// The line begins anew in the control plane.
    pub fn abandoned(&mut self, now: Instant, line: usize) {
        let watch = self.line(line);
        (watch.active, watch.hook_since, watch.doing_since) = (now, now, now);
    }

    /// A look at a line from outside.
    pub fn look(&mut self, now: Instant, line: usize, seen: Seen, wrong: &mut Vec<String>) {
        let watch = self.line(line);
        if watch.lifted != seen.lifted {
            (watch.lifted, watch.hook_since, watch.active, watch.stage) = (seen.lifted, now, now, None);
            watch.told = false;
        }
        if seen.busy || seen.blind {
            watch.active = now;
            watch.hook_since = now;
        }
        if watch.told || watch.faults > 0 || !watch.in_service || seen.blind {
            return;
        }
        let settled = now >= watch.hook_since + SETTLED && now >= watch.doing_since + SETTLED;
        let word = watch.doing.word();
        let number = line + 1;
        let before = wrong.len();
        if settled && !fits(watch.doing, watch.lifted, seen.outside) {
            let hook = if watch.lifted { "off-hook" } else { "on-hook" };
            wrong.push(format!("line {number} has been {hook} for {SETTLED} and is said to be {word}"));
        }
        if seen.ringing && watch.doing != LineDoing::Ringing && now >= watch.doing_since + STOPS_WITHIN {
            wrong.push(format!("line {number} rings, although it is said to be {word}"));
        }
        let is_left = watch.lifted && now >= watch.active + QUIET_WITHIN;
        let is_alone = matches!(watch.doing, LineDoing::Dialling | LineDoing::Told | LineDoing::Parked);
        if is_left && is_alone {
            let quiet = watch.doing == LineDoing::Parked && watch.stage == Some(RohStage::Quiet);
            let heard = seen.hears && now >= watch.stage_since + SETTLED;
            if !quiet {
                wrong.push(format!(
                    "line {number} was left off-hook for {QUIET_WITHIN} and is not quiet, but {word}"
                ));
            } else if heard {
                wrong.push(format!("line {number} is said to be quiet, and its telephone hears something"));
            }
        }
        watch.told = wrong.len() > before;
    }

    /// All have hung up: every line in service is idle.
    pub fn quiesced(&mut self, wrong: &mut Vec<String>) {
        for (place, watch) in self.lines.iter().enumerate() {
            if watch.doing != LineDoing::Idle {
                let word = watch.doing.word();
                wrong.push(format!("line {} is {word} when all is over", place + 1));
            }
            if watch.faults > 0 {
                wrong.push(format!("line {} has a fault left when all is over", place + 1));
            }
        }
    }
}

/// Whether a line may be said to do this with a receiver that lies or hangs like this.
const fn fits(doing: LineDoing, lifted: bool, outside: bool) -> bool {
    match doing {
        // Seized as it began to ring, or to be told who calls (NTT), it is off-hook while the house is rung for it; for
        // how long is judged elsewhere.
        LineDoing::Ringing if outside => true,
        LineDoing::Idle | LineDoing::Ringing => !lifted,
        LineDoing::Dialling
        | LineDoing::Waiting
        | LineDoing::Talking
        | LineDoing::Told
        | LineDoing::Parked => lifted,
        LineDoing::OutOfService | LineDoing::InUse | LineDoing::Releasing => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    const LIFTED: Seen =
        Seen { lifted: true, busy: false, ringing: false, hears: false, blind: false, outside: false };

    #[test]
    fn a_line_that_is_idle_off_hook_or_talks_on_hook_is_seen() {
        let (mut lines, mut wrong) = (Lines::default(), Vec::new());
        lines.look(at(10), 0, LIFTED, &mut wrong);
        lines.look(at(12), 0, LIFTED, &mut wrong);
        assert!(wrong.is_empty());
        lines.look(at(14), 0, LIFTED, &mut wrong);
        assert_eq!(wrong.len(), 1);
        lines.doing(at(20), 1, LineDoing::Talking);
        lines.look(at(24), 1, Seen::default(), &mut wrong);
        assert_eq!(wrong.len(), 2);
    }

    #[test]
    fn an_outside_line_that_rings_may_be_off_hook_and_a_telephone_may_not() {
        for (outside, expected) in [(false, 1), (true, 0)] {
            let (mut lines, mut wrong) = (Lines::default(), Vec::new());
            lines.doing(at(0), 0, LineDoing::Ringing);
            for second in 0..=20 {
                lines.look(at(second), 0, Seen { outside, ..LIFTED }, &mut wrong);
            }
            assert_eq!(wrong.len(), expected, "{outside} {wrong:?}");
        }
    }

    #[test]
    fn a_quiet_line_stays_quiet_whoever_plays_with_its_keys() {
        let (mut lines, mut wrong) = (Lines::default(), Vec::new());
        lines.look(at(0), 0, LIFTED, &mut wrong);
        lines.doing(at(20), 0, LineDoing::Parked);
        lines.event(at(90), 0, &LineEvent::Roh(RohStage::Quiet));
        lines.event(at(95), 0, &LineEvent::DigitBegan(b'1'));
        lines.look(at(500), 0, LIFTED, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_receiver_left_off_hook_that_does_not_fall_quiet_is_seen() {
        for (stage, hears, expected) in [
            (Some(RohStage::Quiet), false, 0),
            (Some(RohStage::Howler), false, 1),
            (Some(RohStage::Quiet), true, 1),
        ] {
            let (mut lines, mut wrong) = (Lines::default(), Vec::new());
            lines.look(at(0), 0, LIFTED, &mut wrong);
            lines.doing(at(1), 0, LineDoing::Dialling);
            lines.doing(at(20), 0, LineDoing::Parked);
            if let Some(stage) = stage {
                lines.event(at(90), 0, &LineEvent::Roh(stage));
            }
            lines.look(at(400), 0, Seen { hears, ..LIFTED }, &mut wrong);
            assert_eq!(wrong.len(), expected, "{stage:?} {wrong:?}");
        }
    }

    #[test]
    fn a_bell_that_nobody_wants_and_a_line_that_is_left_over_are_seen() {
        let (mut lines, mut wrong) = (Lines::default(), Vec::new());
        lines.doing(at(1), 0, LineDoing::Ringing);
        lines.look(at(4), 0, Seen { ringing: true, ..Seen::default() }, &mut wrong);
        assert!(wrong.is_empty());
        lines.quiesced(&mut wrong);
        assert_eq!(wrong.len(), 1);
        lines.doing(at(5), 0, LineDoing::Idle);
        lines.look(at(6), 0, Seen { ringing: true, ..Seen::default() }, &mut wrong);
        assert_eq!(wrong.len(), 2);
    }
}

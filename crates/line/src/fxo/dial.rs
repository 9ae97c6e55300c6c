//! Dialling to the exchange.

use tipring_port::{
    CardOrder, Feed, LineEvent, OutDialling, Program, ProgramId, ProgramStep, PulseConvention,
};
use tipring_units::{Millis, SampleTime, TICK};

use super::state::{Dialling, Digits, Phase, State, Talk};
use super::{Fxo, PROGRAM_GRACE, SETTLE};
use crate::{FxsOut, Playing};

/// A receiver needs less (ITU-T Q.24: 40 ms each); the player gives at least this.
const LEAST_TONE: Millis = Millis(80);
const LEAST_PAUSE: Millis = Millis(60);
/// What `,` among digits stands for.
const COMMA: Millis = Millis::from_secs(1);
/// Pulses of a digit, at the most.
const MAX_PULSES: usize = 10;

impl Fxo {
    /// Dials `digits`; the call is `talk` while and after that.
    pub(super) fn dial(&mut self, at: SampleTime, digits: Digits, talk: Talk, out: &mut FxsOut) {
        self.inviting = true;
        let dialling = Dialling { digits, next: 0, phase: Phase::Pausing(at), talk };
        self.play(Playing::Nothing, out);
        self.enter(State::Dialling(dialling));
        self.next_digit(at, dialling, out);
    }

    /// What the line hears when nothing is dialled. The touch tones of who dials on the exchange's dial tone are dialled again:
    /// heard as well, they would come twice.
    pub(super) const fn through(&self) -> Playing {
        if self.bare { Playing::BridgeVoice } else { Playing::Bridge }
    }

    /// Further digits follow those that are on their way; what has no room is left out.
    pub(super) fn dial_more(&mut self, dialling: Dialling, digits: Digits) {
        let rest = dialling.digits.as_str().get(usize::from(dialling.next)..).unwrap_or("");
        let digits = joined(rest, digits);
        self.enter(State::Dialling(Dialling { digits, next: 0, ..dialling }));
    }

    /// The timer of a digit, or its pulses, are over.
    pub(super) fn digit_over(&mut self, at: SampleTime, mut dialling: Dialling, out: &mut FxsOut) {
        let pause = match (dialling.phase, self.profile.dialling) {
            (Phase::Sounding(_), OutDialling::Dtmf { off, .. }) => Some(off.max(LEAST_PAUSE)),
            (Phase::Pulsing(..), OutDialling::Pulse { interdigit, .. }) => {
                self.watch.blind(at + SETTLE);
                Some(interdigit)
            }
            // The profile changed in between, or the pause is over.
            (Phase::Sounding(_) | Phase::Pulsing(..), _) => Some(COMMA),
            (Phase::Pausing(_), _) => None,
        };
        match pause {
            Some(pause) => {
                self.play(Playing::Nothing, out);
                dialling.phase = Phase::Pausing(at + pause);
                self.enter(State::Dialling(dialling));
            }
            None => self.next_digit(at, dialling, out),
        }
    }

    /// The next digit, or the end of them.
    fn next_digit(&mut self, at: SampleTime, mut dialling: Dialling, out: &mut FxsOut) {
        let digit = dialling.digits.as_str().as_bytes().get(usize::from(dialling.next)).copied();
        let Some(digit) = digit else { return self.dialled(at, dialling.talk, out) };
        dialling.next += 1;
        (dialling.talk.invited, dialling.talk.tone_ended) = (false, None);
        dialling.phase = match (digit, self.profile.dialling) {
            (b',', _) => Phase::Pausing(at + COMMA),
            (digit, OutDialling::Dtmf { on, .. }) => {
                let on = on.max(LEAST_TONE);
                self.play(Playing::Digit { digit, length: on }, out);
                Phase::Sounding(at + on)
            }
            (digit, OutDialling::Pulse { open, close, convention, .. }) => {
                match pulses(digit, convention) {
                    Some(count) => match self.pulse(count, open, close, out) {
                        Some(id) => {
                            let length = Millis((open.0 + close.0) * count as u32);
                            let until = at + TICK + length + TICK + PROGRAM_GRACE;
                            self.watch.blind(until + SETTLE);
                            Phase::Pulsing(id, until)
                        }
                        None => Phase::Pausing(at),
                    },
                    // No dial has this: it is left out.
                    None => Phase::Pausing(at),
                }
            }
        };
        self.enter(State::Dialling(dialling));
    }

    fn dialled(&mut self, at: SampleTime, talk: Talk, out: &mut FxsOut) {
        self.enter(State::Talking(talk));
        self.play(self.through(), out);
        self.say(at, LineEvent::Dialled, out);
        self.answered_if(at, tipring_port::AnswerSign::AtOnce, out);
    }

    fn pulse(&mut self, count: usize, open: Millis, close: Millis, out: &mut FxsOut) -> Option<ProgramId> {
        let steps: [ProgramStep; 2 * MAX_PULSES] = core::array::from_fn(|n| {
            if n % 2 == 0 {
                ProgramStep { feed: Feed::Open, length: open.samples() }
            } else {
                ProgramStep { feed: Feed::Closed, length: close.samples() }
            }
        });
        self.run(steps.get(..2 * count)?, out)
    }

    /// Runs a program that leaves the loop closed.
    pub(super) fn run(&mut self, steps: &[ProgramStep], out: &mut FxsOut) -> Option<ProgramId> {
        let id = self.next_program();
        let program = Program::new(id, steps, usize::MAX)?;
        out.order = Some(CardOrder::Run(program));
        self.feed = Feed::Closed;
        Some(id)
    }
}

/// Digits behind others; what has no room is left out.
pub(super) fn joined(first: &str, more: Digits) -> Digits {
    let mut all = [0; tipring_port::MAX_OUT_DIGITS];
    let mut count = 0;
    for (place, digit) in all.iter_mut().zip(first.bytes().chain(more.as_str().bytes())) {
        *place = digit;
        count += 1;
    }
    Digits::new(core::str::from_utf8(&all[..count]).unwrap_or(first))
}

/// How many pulses a digit has; `None` if a dial has none for it.
fn pulses(digit: u8, convention: PulseConvention) -> Option<usize> {
    let value = usize::from(digit.checked_sub(b'0').filter(|value| *value <= 9)?);
    Some(match convention {
        PulseConvention::Standard if value == 0 => MAX_PULSES,
        PulseConvention::Standard => value,
        PulseConvention::Sweden => value + 1,
        PulseConvention::NewZealand => MAX_PULSES - value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_convention_has_its_pulses_and_no_dial_has_a_star() {
        let all = |convention| b"0159".map(|digit| pulses(digit, convention).unwrap());
        assert_eq!(all(PulseConvention::Standard), [10, 1, 5, 9]);
        assert_eq!(all(PulseConvention::Sweden), [1, 2, 6, 10]);
        assert_eq!(all(PulseConvention::NewZealand), [10, 9, 5, 1]);
        assert_eq!(pulses(b'*', PulseConvention::Standard), None);
    }
}

//! DTMF generator.
//!
//! # What it does
//! Sends queued digits, or one digit for as long as it is held down (an RFC 4733 event).
//!
//! # How
//! Two table oscillators; on and off times are counted in samples.
//!
//! # Limits
//! [`DIGITS_QUEUED_MAX`] digits wait at the most.
//!
//! # Standard
//! ITU-T Q.23 (frequencies within 1.8 %; ours are exact to 1 microhertz). Levels -11 dBm0 low group and
//! -9 dBm0 high group: TIA-464, as the usual sending levels.

use super::{Digit, HIGH_GROUP, LOW_GROUP};
use crate::level::{Frame, sine_peak, to_sample};
use crate::wave::{sine, step_of};
use tipring_units::{Dbm0, Hz, Millis, Samples};

/// Digits that wait to be sent, at the most.
pub const DIGITS_QUEUED_MAX: usize = 64;

/// How digits are sent.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DtmfSending {
    /// Level of the low group.
    pub low: Dbm0,
    /// Level of the high group.
    pub high: Dbm0,
    /// Length of a queued digit.
    pub on: Millis,
    /// Silence after each digit.
    pub off: Millis,
}

impl Default for DtmfSending {
    fn default() -> Self {
        Self { low: Dbm0(-11.0), high: Dbm0(-9.0), on: Millis(100), off: Millis(100) }
    }
}

/// Sends DTMF.
#[derive(Clone, Debug)]
pub struct DtmfGenerator {
    peaks: [f32; 2],
    on: u64,
    off: u64,
    queue: [(u8, u32); DIGITS_QUEUED_MAX],
    queued: usize,
    state: State,
    steps: [u32; 2],
    phases: [u32; 2],
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    /// A queued digit, with the samples left of it.
    Sending(u64),
    /// A digit held until released.
    Held,
    /// The silence after a digit, with the samples left of it.
    Pause(u64),
}

impl DtmfGenerator {
    /// A generator at rest.
    pub fn new(sending: DtmfSending) -> Self {
        Self {
            peaks: [sine_peak(sending.low).min(32_768.0), sine_peak(sending.high).min(32_768.0)],
            on: sending.on.samples().0.max(1),
            off: sending.off.samples().0.max(1),
            queue: [(0, 0); DIGITS_QUEUED_MAX],
            queued: 0,
            state: State::Idle,
            steps: [0; 2],
            phases: [0; 2],
        }
    }

    /// Queues a digit of the usual length; false if the queue is full.
    pub fn push(&mut self, digit: Digit) -> bool {
        let Samples(on) = Samples(self.on);
        self.queue_digit(digit, on)
    }

    /// Queues a digit of a given length; false if the queue is full.
    pub fn push_for(&mut self, digit: Digit, on: Millis) -> bool {
        self.queue_digit(digit, on.samples().0.max(1))
    }

    /// Holds a digit until [`release`](Self::release), at once and in place of all that is queued.
    pub fn hold(&mut self, digit: Digit) {
        self.queued = 0;
        self.sound(digit);
        self.state = State::Held;
    }

    /// Ends a held digit; its pause follows.
    pub fn release(&mut self) {
        if matches!(self.state, State::Held) {
            self.state = State::Pause(self.off);
        }
    }

    /// Ends everything at once.
    pub fn stop(&mut self) {
        self.queued = 0;
        self.state = State::Idle;
    }

    /// True while a digit or its pause is being sent, or one waits.
    pub fn is_sending(&self) -> bool {
        self.queued > 0 || !matches!(self.state, State::Idle)
    }

    /// Writes a frame, silence where nothing is sent; returns whether anything was being sent.
    pub fn process(&mut self, frame: &mut Frame) -> bool {
        let sending = self.is_sending();
        let mut done = 0;
        while done < frame.len() {
            let rest = frame.len() - done;
            let out = &mut frame[done..];
            let count = match self.state {
                State::Idle => match self.take() {
                    Some((digit, on)) => {
                        self.sound(digit);
                        self.state = State::Sending(u64::from(on));
                        0
                    }
                    None => {
                        out.fill(0);
                        rest
                    }
                },
                State::Held => {
                    self.render(out);
                    rest
                }
                State::Sending(left) => {
                    let count = portion(rest, left);
                    self.render(&mut out[..count]);
                    let left = left - count as u64;
                    self.state = if left == 0 { State::Pause(self.off) } else { State::Sending(left) };
                    count
                }
                State::Pause(left) => {
                    let count = portion(rest, left);
                    out[..count].fill(0);
                    let left = left - count as u64;
                    self.state = if left == 0 { State::Idle } else { State::Pause(left) };
                    count
                }
            };
            done += count;
        }
        sending
    }

    fn queue_digit(&mut self, digit: Digit, on: u64) -> bool {
        let Some(place) = self.queue.get_mut(self.queued) else { return false };
        *place = (digit.ascii(), u32::try_from(on).unwrap_or(u32::MAX));
        self.queued += 1;
        true
    }

    fn take(&mut self) -> Option<(Digit, u32)> {
        if self.queued == 0 {
            return None;
        }
        let (character, on) = self.queue[0];
        self.queue.copy_within(1.., 0);
        self.queued -= 1;
        Digit::from_ascii(character).map(|digit| (digit, on))
    }

    fn sound(&mut self, digit: Digit) {
        self.steps = [step_of(Hz(LOW_GROUP[digit.row()])), step_of(Hz(HIGH_GROUP[digit.column()]))];
        self.phases = [0; 2];
    }

    fn render(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = to_sample(self.peaks[0] * sine(self.phases[0]) + self.peaks[1] * sine(self.phases[1]));
            self.phases[0] = self.phases[0].wrapping_add(self.steps[0]);
            self.phases[1] = self.phases[1].wrapping_add(self.steps[1]);
        }
    }
}

impl Default for DtmfGenerator {
    fn default() -> Self {
        Self::new(DtmfSending::default())
    }
}

fn portion(rest: usize, left: u64) -> usize {
    usize::try_from(left).map_or(rest, |left| left.min(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goertzel::Goertzel;

    fn run(generator: &mut DtmfGenerator, frames: usize) -> Vec<i16> {
        let mut out = Vec::new();
        for _ in 0..frames {
            let mut frame = [0; 80];
            generator.process(&mut frame);
            out.extend(frame);
        }
        out
    }

    fn level_at(samples: &[i16], hz: f32) -> f32 {
        let mut meter = Goertzel::new(Hz(hz));
        samples.chunks_exact(80).for_each(|f| meter.process(f.try_into().unwrap()));
        meter.take_level().0
    }

    #[test]
    fn each_digit_has_its_two_frequencies_at_their_levels() {
        for character in *b"0123456789*#ABCD" {
            let digit = Digit::from_ascii(character).unwrap();
            let mut generator = DtmfGenerator::default();
            generator.hold(digit);
            let out = run(&mut generator, 40);
            for (row, hz) in LOW_GROUP.into_iter().enumerate() {
                let level = level_at(&out, hz);
                assert_eq!((level + 11.0).abs() < 0.2, row == digit.row(), "{digit} {hz} {level}");
            }
            for (column, hz) in HIGH_GROUP.into_iter().enumerate() {
                let level = level_at(&out, hz);
                assert_eq!((level + 9.0).abs() < 0.2, column == digit.column(), "{digit} {hz} {level}");
            }
        }
    }

    #[test]
    fn queued_digits_have_exact_lengths_and_pauses() {
        let mut generator =
            DtmfGenerator::new(DtmfSending { on: Millis(45), off: Millis(41), ..DtmfSending::default() });
        assert!(generator.push(Digit::from_ascii(b'5').unwrap()));
        assert!(generator.push_for(Digit::from_ascii(b'5').unwrap(), Millis(70)));
        let out = run(&mut generator, 20);
        let sounding = |range: &[i16]| range.windows(3).all(|w| w != [0, 0, 0]);
        assert!(sounding(&out[..360]) && out[360..688].iter().all(|&s| s == 0));
        assert!(sounding(&out[688..1248]) && out[1248..].iter().all(|&s| s == 0));
        assert!(!generator.is_sending());
    }

    #[test]
    fn a_full_queue_refuses_and_a_hold_displaces_it() {
        let mut generator = DtmfGenerator::default();
        let digit = Digit::from_ascii(b'1').unwrap();
        assert_eq!((0..100).filter(|_| generator.push(digit)).count(), DIGITS_QUEUED_MAX);
        generator.hold(digit);
        run(&mut generator, 3);
        generator.release();
        run(&mut generator, 10);
        assert!(!generator.is_sending());
    }
}

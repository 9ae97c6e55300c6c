//! FSK demodulator.
//!
//! # What it does
//! Finds a carrier, the bits on it and the bytes that they frame.
//!
//! # How
//! Two correlators one bit long, at mark and at space, are matched filters for orthogonal-like signalling
//! without a phase reference. Their difference is compared with the middle between what it lately was in mark and in
//! space, which allows for the tilt of a long line, and for the share of V.23's one frequency that the other's correlator
//! sees. A start bit's edge tells where a byte may lie; it is read when all of it has come, at the place about that edge where
//! its ten bits are clearest together, for an edge in noise is off by a sample or two.
//!
//! # Limits
//! Decodes down to about -45 dBm0 and 8 dB over noise in the band.
//!
//! # Standard
//! Bell 202 and ITU-T V.23; Telcordia GR-30-CORE clause 2.2 for framing (up to ten mark bits between bytes).

use super::{BIT_DENOMINATOR, BIT_NUMERATOR, FskStandard};
use crate::filter::Biquad;
use crate::level::{Frame, sine_peak};
use crate::wave::{cosine, sine, step_of};
use tipring_units::{Dbm0, Samples};

/// What a demodulator reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FskEvent {
    /// A carrier is there.
    Carrier,
    /// A byte with a good stop bit.
    Byte {
        /// The byte.
        value: u8,
        /// How long the line had been at mark before its start bit.
        mark: Samples,
    },
    /// A byte without a stop bit.
    Framing,
    /// The carrier is gone.
    Lost,
}

/// Events of one frame: twelve bits hold at most two bytes, and the carrier may come and go.
#[derive(Clone, Copy, Debug, Default)]
pub struct FskEvents {
    events: [Option<FskEvent>; 6],
}

impl FskEvents {
    fn push(&mut self, event: FskEvent) {
        if let Some(place) = self.events.iter_mut().find(|place| place.is_none()) {
            *place = Some(event);
        }
    }
}

impl IntoIterator for FskEvents {
    type Item = FskEvent;
    type IntoIter = core::iter::Flatten<core::array::IntoIter<Option<FskEvent>, 6>>;

    fn into_iter(self) -> Self::IntoIter {
        self.events.into_iter().flatten()
    }
}

/// Samples of a bit, rounded up: the correlators' memory.
const TAPS: usize = BIT_NUMERATOR.div_ceil(BIT_DENOMINATOR) as usize;
const BIT: f32 = BIT_NUMERATOR as f32 / BIT_DENOMINATOR as f32;
/// The oldest sample's weight, so that the correlators are exactly one bit long.
const OLDEST: f32 = BIT - (TAPS - 1) as f32;
/// Weakest carrier.
const LEVEL_MIN: Dbm0 = Dbm0(-48.0);
/// Share of the power that the stronger of mark and space must hold: 1 for mark, 0.75 for random bits, 0.6
/// for alternating ones, 0.45 for white noise. A carrier is believed in its mark.
const PURITY_ON: f32 = 0.70;
const PURITY_OFF: f32 = 0.35;
/// Power below this share of the carrier's is no longer the carrier: -7 dB.
const POWER_OFF: f32 = 0.2;
/// Memory of purity and power: 20 bits.
const MEMORY: f32 = 1.0 / 134.0;
/// Differences that are kept: a byte and a bit.
const KEPT: usize = 80;
/// A byte is read at so many places before and after its edge, and as many samples apart.
const PLACES: i32 = 5;
const STEP: f32 = 0.5;
/// How far the last of them is from the edge.
const REACH: f32 = PLACES as f32 * STEP;
/// Share of a new bit, and of a new sample of idle mark, in the memory of what mark and space are like.
const LEARN_BIT: f32 = 0.15;
const LEARN_IDLE: f32 = 0.02;

/// Turns FSK into bytes.
#[derive(Clone, Debug)]
pub struct FskDemodulator {
    high_pass: Biquad,
    steps: [u32; 2],
    phases: [u32; 2],
    /// Products with mark's and space's cosine and sine, newest at `at`.
    products: [[f32; 4]; TAPS],
    squares: [f32; TAPS],
    at: usize,
    /// The last differences between mark and space, newest at `newest`.
    differences: [f32; KEPT],
    newest: usize,
    /// What the difference is like in mark and in space.
    levels: [f32; 2],
    purity: f32,
    /// Mean power now, and the highest since the carrier came.
    power: f32,
    power_held: f32,
    carrier: bool,
    floor: f32,
    last: f32,
    mark_run: u32,
    uart: Uart,
}

#[derive(Clone, Copy, Debug)]
enum Uart {
    /// Waits for a start bit.
    Idle,
    /// A byte may have begun: its start bit's middle was or will be `wait` samples from now. Whether it is one is not known yet.
    Start { wait: f32, mark: u32 },
    /// It has: its start bit's middle was so long ago (negative).
    Byte { wait: f32, mark: u32 },
}

impl FskDemodulator {
    /// A demodulator that has heard nothing.
    pub fn new(standard: FskStandard) -> Self {
        let peak = sine_peak(LEVEL_MIN);
        Self {
            // Butterworth high-pass of second order, 500 Hz at 8 kHz: hum and the tail of ringing.
            high_pass: Biquad::new([0.757_076_4, -1.514_152_8, 0.757_076_4], [-1.454_243_6, 0.574_061_9]),
            steps: [step_of(standard.mark()), step_of(standard.space())],
            phases: [0; 2],
            products: [[0.0; 4]; TAPS],
            squares: [0.0; TAPS],
            at: 0,
            differences: [0.0; KEPT],
            newest: 0,
            levels: [0.0; 2],
            purity: 0.0,
            power: 0.0,
            power_held: 0.0,
            carrier: false,
            floor: peak * peak / 2.0,
            last: 0.0,
            mark_run: 0,
            uart: Uart::Idle,
        }
    }

    /// True while there is a carrier.
    pub fn has_carrier(&self) -> bool {
        self.carrier
    }

    /// Takes a frame in and returns what it brought.
    pub fn process(&mut self, frame: &Frame) -> FskEvents {
        let mut events = FskEvents::default();
        for &sample in frame {
            let x = self.high_pass.step(f32::from(sample));
            let metric = self.correlate(x);
            self.watch_carrier(&mut events);
            if self.carrier {
                self.clock(metric, &mut events);
            }
            // By the middle as it is now: a byte that was read may have moved it.
            self.last = self.difference(0.0) - self.middle();
        }
        self.high_pass.settle();
        events
    }

    /// How much more mark than space the last bit's length holds, each on its own scale.
    fn correlate(&mut self, x: f32) -> f32 {
        self.at = (self.at + 1) % TAPS;
        let [mark, space] = self.phases;
        self.products[self.at] = [x * cosine(mark), x * sine(mark), x * cosine(space), x * sine(space)];
        self.squares[self.at] = x * x;
        for (phase, step) in self.phases.iter_mut().zip(self.steps) {
            *phase = phase.wrapping_add(step);
        }
        let oldest = (self.at + 1) % TAPS;
        let mut sums = self.products[oldest].map(|v| v * OLDEST);
        let mut energy = self.squares[oldest] * OLDEST;
        for age in 1..TAPS {
            let place = (oldest + age) % TAPS;
            for (sum, v) in sums.iter_mut().zip(self.products[place]) {
                *sum += v;
            }
            energy += self.squares[place];
        }
        let powers = [sums[0] * sums[0] + sums[1] * sums[1], sums[2] * sums[2] + sums[3] * sums[3]];
        // A sine alone has |sum|^2 = energy * BIT / 2.
        let strongest = powers[0].max(powers[1]);
        let purity = if energy > self.floor * BIT { strongest / (energy * BIT / 2.0) } else { 0.0 };
        self.purity += (purity.min(1.0) - self.purity) * MEMORY;
        self.power += (energy / BIT - self.power) * MEMORY;
        let [mark, space] = powers.map(libm::sqrtf);
        self.newest = (self.newest + 1) % KEPT;
        self.differences[self.newest] = mark - space;
        mark - space - self.middle()
    }

    /// Above this is mark. A long run of one says nothing of the other: never trust more than 12 dB between them.
    fn middle(&self) -> f32 {
        let [mark, space] = self.levels;
        let most = mark.max(-space) * 0.375;
        ((mark + space) / 2.0).clamp(-most, most)
    }

    /// The difference `ago` samples before the newest, between samples too.
    fn difference(&self, ago: f32) -> f32 {
        let ago = ago.clamp(0.0, (KEPT - 2) as f32);
        let whole = ago as usize;
        let at = |ago: usize| self.differences[(self.newest + KEPT - ago) % KEPT];
        let (new, old) = (at(whole), at(whole + 1));
        new + (old - new) * (ago - whole as f32)
    }

    /// A difference that is that of a mark (0) or a space (1).
    fn learn(&mut self, which: usize, difference: f32, share: f32) {
        self.levels[which] += (difference - self.levels[which]) * share;
    }

    /// Reads the byte whose start bit's middle was `ago` samples before now, give or take: its value, its stop bit, and how long
    /// ago its start bit's middle was.
    fn read(&mut self, ago: f32) -> (u8, bool, f32) {
        let middle = self.middle();
        let bits =
            |ago: f32| core::array::from_fn::<f32, 10, _>(|n| self.difference(ago - n as f32 * BIT) - middle);
        let mut best = (f32::MIN, ago);
        for place in -PLACES..=PLACES {
            let ago = ago + place as f32 * STEP;
            let [start, data @ .., stop] = bits(ago);
            let clear = stop - start + data.iter().map(|bit| bit.abs()).sum::<f32>();
            if clear > best.0 {
                best = (clear, ago);
            }
        }
        let [start, data @ .., stop] = bits(best.1);
        let value = data.iter().rev().fold(0, |value, bit| value << 1 | u8::from(*bit > 0.0));
        self.learn(1, start + middle, LEARN_BIT);
        for bit in data {
            self.learn(usize::from(bit <= 0.0), bit + middle, LEARN_BIT);
        }
        (value, stop > 0.0 && start < 0.0, best.1)
    }

    fn watch_carrier(&mut self, events: &mut FskEvents) {
        if !self.carrier {
            if self.purity > PURITY_ON {
                self.carrier = true;
                self.power_held = self.power;
                self.mark_run = 0;
                self.uart = Uart::Idle;
                let size = self.difference(0.0).abs();
                self.levels = [size, -size];
                events.push(FskEvent::Carrier);
            }
            return;
        }
        self.power_held = self.power_held.max(self.power);
        if self.purity < PURITY_OFF || self.power < POWER_OFF * self.power_held {
            self.carrier = false;
            events.push(FskEvent::Lost);
        }
    }

    fn clock(&mut self, metric: f32, events: &mut FskEvents) {
        match self.uart {
            Uart::Idle => {
                if metric > 0.0 {
                    self.mark_run = self.mark_run.saturating_add(1);
                    self.learn(0, self.difference(0.0), LEARN_IDLE);
                } else if self.last > 0.0 {
                    // The edge lies `back` samples ago; half a bit after it the start bit is seen whole.
                    let back = metric / (metric - self.last);
                    self.uart = Uart::Start { wait: BIT / 2.0 - back, mark: self.mark_run };
                    self.mark_run = 0;
                }
            }
            Uart::Start { wait, mark } => {
                let wait = wait - 1.0;
                self.uart = if wait > -REACH {
                    Uart::Start { wait, mark }
                } else if self.difference(-wait) < self.middle() {
                    Uart::Byte { wait, mark }
                } else {
                    // A spike, not a start bit: mark goes on.
                    self.mark_run = mark;
                    Uart::Idle
                };
            }
            Uart::Byte { wait, mark } => {
                let wait = wait - 1.0;
                self.uart = Uart::Byte { wait, mark };
                if -wait >= 9.0 * BIT + REACH {
                    let (value, good, start) = self.read(-wait);
                    events.push(match good {
                        true => FskEvent::Byte { value, mark: Samples(u64::from(mark)) },
                        false => FskEvent::Framing,
                    });
                    self.uart = self.after(start - 9.0 * BIT);
                }
            }
        }
    }

    /// After a byte whose stop bit's middle was `ago` samples before now: the next may have begun already.
    fn after(&self, ago: f32) -> Uart {
        let middle = self.middle();
        for ago in (0..=ago.max(0.0) as usize).rev() {
            let (old, new) =
                (self.difference(ago as f32 + 1.0) - middle, self.difference(ago as f32) - middle);
            if old > 0.0 && new <= 0.0 {
                let back = ago as f32 + new / (new - old);
                return Uart::Start { wait: BIT / 2.0 - back, mark: 0 };
            }
        }
        Uart::Idle
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FskBurst, FskModulator};
    use super::*;
    use crate::testing::{noise, sample};
    use tipring_units::Entropy;

    fn sent(standard: FskStandard, bytes: &[u8], level: f32) -> Vec<i16> {
        let mut modulator = FskModulator::new(standard, Dbm0(level));
        modulator.start(&FskBurst::on_hook(bytes).unwrap());
        let mut out = vec![0; 331];
        while modulator.is_sending() {
            let mut frame = [0; 80];
            modulator.process(&mut frame);
            out.extend(frame);
        }
        out.extend([0; 800]);
        out
    }

    fn bytes_in(standard: FskStandard, samples: &[i16]) -> Vec<u8> {
        let mut demodulator = FskDemodulator::new(standard);
        let mut out = Vec::new();
        for frame in crate::testing::frames(samples) {
            for event in demodulator.process(&frame) {
                if let FskEvent::Byte { value, mark } = event
                    && (mark.0 > 130 || !out.is_empty())
                {
                    out.push(value);
                }
            }
        }
        assert!(!demodulator.has_carrier());
        out
    }

    #[test]
    fn all_bytes_travel_at_all_levels_in_both_standards() {
        let all: Vec<u8> = (0..=255).collect();
        for standard in [FskStandard::Bell202, FskStandard::V23] {
            for level in [-3.0, -13.5, -30.0, -42.0] {
                assert_eq!(bytes_in(standard, &sent(standard, &all, level)), all, "{standard:?} {level}");
            }
        }
    }

    #[test]
    fn noise_of_minus_12_db_harms_nothing() {
        let mut entropy = Entropy::for_simulation(5);
        let all: Vec<u8> = (0..200).map(|_| entropy.u32() as u8).collect();
        for standard in [FskStandard::Bell202, FskStandard::V23] {
            let noisy: Vec<i16> = sent(standard, &all, -20.0)
                .into_iter()
                .map(|s| sample(f64::from(s) + noise(&mut entropy, Dbm0(-32.0))))
                .collect();
            // Until the carrier's end is noticed, the noise after it may make a byte or two.
            let heard = bytes_in(standard, &noisy);
            let errors = all.iter().zip(&heard).filter(|(a, b)| a != b).count();
            assert_eq!(errors, 0, "{standard:?}");
            assert!((all.len()..all.len() + 4).contains(&heard.len()), "{standard:?} {}", heard.len());
        }
    }

    #[test]
    fn hiss_and_dial_tone_are_no_carrier() {
        let mut entropy = Entropy::for_simulation(6);
        let mut demodulator = FskDemodulator::new(FskStandard::Bell202);
        let mut dial = crate::testing::Sine::new(tipring_units::Hz(440.0), Dbm0(-13.0));
        for n in 0..500 {
            let frame = core::array::from_fn(|_| {
                if n < 250 { sample(noise(&mut entropy, Dbm0(-20.0))) } else { dial.step() }
            });
            assert_eq!(demodulator.process(&frame).into_iter().count(), 0, "frame {n}");
        }
    }
}

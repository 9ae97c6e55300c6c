//! FSK demodulator.
//!
//! # What it does
//! Finds a carrier, the bits on it and the bytes that they frame.
//!
//! # How
//! Two correlators one bit long, at mark and at space, are matched filters for orthogonal-like signalling
//! without a phase reference. Each is scaled by its own recent peak, which undoes the tilt of a long
//! line. A start bit's edge sets the bit clock; bits are read in their middle, between samples.
//!
//! # Limits
//! Decodes down to about -45 dBm0 and 10 dB over noise in the band.
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
    peaks: [f32; 2],
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
    /// Reads bits; the next one's middle is `wait` samples away.
    Bits { wait: f32, count: u8, value: u8, mark: u32 },
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
            peaks: [0.0; 2],
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
            self.last = metric;
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
        let sizes = powers.map(libm::sqrtf);
        // A long run of one frequency says nothing of the other: never trust more than 12 dB of tilt.
        let largest = self.peaks[0].max(self.peaks[1]).max(1e-3);
        let scale = |n: usize| sizes[n] / self.peaks[n].max(largest / 4.0);
        let metric = scale(0) - scale(1);
        let winner = usize::from(metric < 0.0);
        let (peak, size) = (&mut self.peaks[winner], sizes[winner]);
        *peak += (size - *peak) * if size > *peak { 0.25 } else { MEMORY / 4.0 };
        metric
    }

    fn watch_carrier(&mut self, events: &mut FskEvents) {
        if !self.carrier {
            if self.purity > PURITY_ON {
                self.carrier = true;
                self.power_held = self.power;
                self.mark_run = 0;
                self.uart = Uart::Idle;
                self.peaks = [self.peaks[0].max(self.peaks[1]); 2];
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
                } else if self.last > 0.0 {
                    // The edge lies `back` samples ago; half a bit later the start bit is read whole.
                    let back = metric / (metric - self.last);
                    self.uart =
                        Uart::Bits { wait: BIT / 2.0 - back, count: 0, value: 0, mark: self.mark_run };
                    self.mark_run = 0;
                }
            }
            Uart::Bits { wait, count, value, mark } => {
                let wait = wait - 1.0;
                if wait > 0.0 {
                    self.uart = Uart::Bits { wait, count, value, mark };
                    return;
                }
                let bit = metric + (self.last - metric) * -wait > 0.0;
                let wait = wait + BIT;
                self.uart = match (count, bit) {
                    (0, true) => {
                        // A spike, not a start bit: mark goes on.
                        self.mark_run = mark;
                        Uart::Idle
                    }
                    (0, false) => Uart::Bits { wait, count: 1, value: 0, mark },
                    (1..=8, bit) => {
                        Uart::Bits { wait, count: count + 1, value: value >> 1 | u8::from(bit) << 7, mark }
                    }
                    (_, true) => {
                        events.push(FskEvent::Byte { value, mark: Samples(u64::from(mark)) });
                        Uart::Idle
                    }
                    (_, false) => {
                        events.push(FskEvent::Framing);
                        Uart::Idle
                    }
                };
            }
        }
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

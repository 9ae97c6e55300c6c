//! The two-wire hybrid of a line.
//!
//! # What it does
//! Gives what comes back to the card of what it sent (echo), and how much a loop takes from the sound.
//!
//! # How
//! The card presents a network, balances against one, and sees the telephones behind their cable. What of its sound
//! comes back follows from these at each frequency ([`super::impedance`]); a filter with that response, delayed by the
//! card's own round trip, makes the echo ([`super::fir`]). It is made anew when a telephone is lifted or hung up and when the card is
//! given another network, and kept for the next time. Where an echo return loss is asked for, a trim makes up for what
//! the networks give otherwise.
//!
//! # Limits
//! What goes to the telephones is not coloured by the mismatch. [`MAX_ROUND_TRIP`] samples of round trip; below 12 the
//! filter comes less near to the networks.
//!
//! # Standard
//! See [`super::impedance`]. An echo return loss that is asked for is the mean over power from 300 to 3400 Hz.

use libm::{powf, sqrt};
use tipring_port::{Elements, Impedance};
use tipring_units::{Db, Hz, Ohms};

use super::circuit::MAX_PHONES;
use super::fir::{TAPS, design};
use super::impedance::{Cable, Complex, at, into_line, loss, return_loss, returned};

/// What the card has and the line presents.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HybridSpec {
    /// The network that the card presents until it is told another.
    pub presents: Impedance,
    /// The network that it balances against until it is told another.
    pub balances: Impedance,
    /// A telephone off-hook.
    pub telephone: Elements,
    /// Echo return loss with one telephone off-hook and these networks; `None`: what comes of them.
    pub echo_return_loss: Option<Db>,
    /// Samples from the card to the mismatch and back, [`MAX_ROUND_TRIP`] at the most.
    pub round_trip: u8,
}

impl Default for HybridSpec {
    /// A card for 600 ohm and telephones of 600 ohm that direct current does not pass.
    fn default() -> Self {
        Self {
            presents: Impedance::R600,
            balances: Impedance::R600,
            telephone: Impedance::R600C.elements(),
            echo_return_loss: None,
            round_trip: 12,
        }
    }
}

/// Samples of round trip, at the most.
pub const MAX_ROUND_TRIP: u8 = 24;
/// Highest amount of the trim: a passive line gives back no more than it got.
const MAX_TRIM: f64 = 8.0;
/// Sums that run side by side.
const LANES: usize = 8;

/// The hybrid of one line.
#[derive(Clone, Debug)]
pub struct Hybrid {
    spec: HybridSpec,
    cable: Cable,
    trim: f64,
    off_hook: usize,
    /// Filters that were made, by the number of telephones off-hook.
    made: [Option<[f32; TAPS]>; MAX_PHONES + 1],
    taps: [f32; TAPS],
    /// What was sent, twice over, so that the last `TAPS` of it always lie in a row.
    sent: [f32; 2 * TAPS],
    place: usize,
}

impl Hybrid {
    /// A hybrid on an open line at the end of a cable.
    pub fn new(spec: HybridSpec, cable: Cable) -> Self {
        let mut hybrid = Self {
            spec,
            cable,
            trim: 1.0,
            off_hook: 0,
            made: [None; MAX_PHONES + 1],
            taps: [0.0; TAPS],
            sent: [0.0; 2 * TAPS],
            place: 0,
        };
        if let Some(wanted) = spec.echo_return_loss {
            let wanted = f64::from(powf(10.0, -wanted.0 / 10.0));
            hybrid.trim = sqrt(wanted / hybrid.mean_power(1)).min(MAX_TRIM);
        }
        hybrid.terminate(0);
        hybrid
    }

    /// This many telephones are off-hook.
    pub fn terminate(&mut self, off_hook: usize) {
        self.off_hook = off_hook.min(MAX_PHONES);
        let made = self.made[self.off_hook];
        self.taps = made.unwrap_or_else(|| {
            let delay = usize::from(self.spec.round_trip.min(MAX_ROUND_TRIP));
            design(|frequency| self.share(self.off_hook, frequency), delay)
        });
        self.made[self.off_hook] = Some(self.taps);
    }

    /// The card presents this network from now on, and balances against it.
    pub fn present(&mut self, network: Impedance) {
        if (self.spec.presents, self.spec.balances) != (network, network) {
            (self.spec.presents, self.spec.balances) = (network, network);
            self.made = [None; MAX_PHONES + 1];
            self.terminate(self.off_hook);
        }
    }

    /// The cable behind it is this one from now on.
    pub fn lengthen(&mut self, cable: Cable) {
        self.cable = cable;
        self.made = [None; MAX_PHONES + 1];
        self.terminate(self.off_hook);
    }

    /// The network that the card presents.
    pub fn presents(&self) -> Impedance {
        self.spec.presents
    }

    /// What of the card's sound comes back at a frequency, by the networks and with the trim.
    pub fn transhybrid_loss(&self, frequency: Hz) -> Db {
        loss(self.share(self.off_hook, frequency))
    }

    /// How far the line is from what the card presents.
    pub fn return_loss(&self, frequency: Hz) -> Db {
        let line = into_line(&self.spec.telephone, self.off_hook, &self.cable, frequency);
        return_loss(at(&self.spec.presents.elements(), frequency), line)
    }

    /// The echo of `sent`, a sample each.
    pub fn echo(&mut self, sent: f32) -> f32 {
        self.place = if self.place == 0 { TAPS - 1 } else { self.place - 1 };
        self.sent[self.place] = sent;
        self.sent[self.place + TAPS] = sent;
        let last = &self.sent[self.place..self.place + TAPS];
        let mut sums = [0.0_f32; LANES];
        for (taps, samples) in self.taps.chunks_exact(LANES).zip(last.chunks_exact(LANES)) {
            for ((sum, tap), sample) in sums.iter_mut().zip(taps).zip(samples) {
                *sum += tap * sample;
            }
        }
        sums.iter().sum()
    }

    fn share(&self, off_hook: usize, frequency: Hz) -> Complex {
        let line = into_line(&self.spec.telephone, off_hook, &self.cable, frequency);
        let card = at(&self.spec.presents.elements(), frequency);
        let balance = at(&self.spec.balances.elements(), frequency);
        returned(card, balance, line) * Complex::real(self.trim)
    }

    /// Mean of the returned power over 300 to 3400 Hz.
    fn mean_power(&self, off_hook: usize) -> f64 {
        let frequencies = (300_u16..=3400).step_by(50);
        let count = frequencies.clone().count() as f64;
        let power = |hertz: u16| {
            let share = self.share(off_hook, Hz(f32::from(hertz))).magnitude();
            share * share
        };
        (frequencies.map(power).sum::<f64>() / count).max(1e-6)
    }
}

/// What a loop of this resistance takes from a sound that crosses it between two ends of 600 ohm.
pub fn loop_loss(resistance: Ohms) -> Db {
    Db(20.0 * libm::log10f((1200.0 + resistance.0.max(0.0)) / 1200.0))
}

//! The two-wire hybrid of a line.
//!
//! # What it does
//! Gives what comes back to the card of what it sent (echo), and how much a loop takes from the sound.
//!
//! # How
//! A card that expects the impedance Z0 reflects the share (Z - Z0) / (Z + Z0) of what it sends into Z. With Z a
//! resistor in series with a capacitor that is a filter of first order; more telephones in parallel divide Z. The
//! reflection comes back through the cable twice, which delays it and dulls it. A trim stands for the balance network:
//! it is set so that the echo return loss of one off-hook telephone is the one asked for.
//!
//! # Limits
//! One reflection. On-hook the line is open and reflects most of the sound, evenly.
//!
//! # Standard
//! Echo return loss as the mean over power from 300 to 3400 Hz (ITU-T G.122 Annex B weighs it otherwise; unverified
//! how far the two differ here).

use libm::{cosf, log10f, powf, sinf, sqrtf};
use tipring_units::{Db, Farads, Ohms, SAMPLE_RATE};

/// What the line presents and the card expects.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HybridSpec {
    /// What the card's balance network expects.
    pub card: Ohms,
    /// Resistance that the line presents with one telephone off-hook.
    pub line: Ohms,
    /// Capacitance in series with it.
    pub series: Farads,
    /// Echo return loss with one telephone off-hook.
    pub echo_return_loss: Db,
    /// Samples from the card to the mismatch and back.
    pub round_trip: u8,
}

impl Default for HybridSpec {
    /// A card for 600 ohm at a line of 900 ohm + 2.16 uF, echo return loss 12 dB.
    fn default() -> Self {
        Self {
            card: Ohms(600.0),
            line: Ohms(900.0),
            series: Farads(2.16e-6),
            echo_return_loss: Db(12.0),
            round_trip: 4,
        }
    }
}

/// Reflection when no telephone is off-hook, about 3 dB.
const OPEN_REFLECTION: f32 = 0.7;
/// Share of the last sample in the cable's dulling.
const DULLING: f32 = 0.15;
const MAX_ROUND_TRIP: usize = 16;
/// Highest amount of the trim: a passive line gives back no more than it got.
const MAX_TRIM: f32 = 8.0;

/// The hybrid of one line.
#[derive(Clone, Debug)]
pub struct Hybrid {
    spec: HybridSpec,
    trim: f32,
    filter: Reflection,
    open: bool,
    last_in: f32,
    last_out: f32,
    dull: f32,
    cable: [f32; MAX_ROUND_TRIP],
    place: usize,
}

/// y[n] = b0 x[n] + b1 x[n-1] - a1 y[n-1].
#[derive(Clone, Copy, Debug)]
struct Reflection {
    b0: f32,
    b1: f32,
    a1: f32,
}

impl Hybrid {
    /// A hybrid on an open line.
    pub fn new(spec: HybridSpec) -> Self {
        let filter = Reflection::of(&spec, 1);
        let wanted = powf(10.0, -spec.echo_return_loss.0 / 10.0);
        let trim = sqrtf(wanted / filter.mean_power()).min(MAX_TRIM);
        Self {
            spec,
            trim,
            filter,
            open: true,
            last_in: 0.0,
            last_out: 0.0,
            dull: 0.0,
            cable: [0.0; MAX_ROUND_TRIP],
            place: 0,
        }
    }

    /// This many telephones are off-hook.
    pub fn terminate(&mut self, off_hook: usize) {
        self.open = off_hook == 0;
        self.filter = Reflection::of(&self.spec, off_hook.max(1));
    }

    /// The echo of `sent`, a sample each.
    pub fn echo(&mut self, sent: f32) -> f32 {
        let Reflection { b0, b1, a1 } = self.filter;
        let reflected = b0 * sent + b1 * self.last_in - a1 * self.last_out;
        self.last_in = sent;
        self.last_out = reflected;
        let back = if self.open { OPEN_REFLECTION * sent } else { self.trim * reflected };
        self.dull += (1.0 - DULLING) * (back - self.dull);
        let delay = usize::from(self.spec.round_trip).min(MAX_ROUND_TRIP - 1);
        self.cable[self.place] = self.dull;
        let echo = self.cable[(self.place + MAX_ROUND_TRIP - delay) % MAX_ROUND_TRIP];
        self.place = (self.place + 1) % MAX_ROUND_TRIP;
        echo
    }
}

/// What a loop of this resistance takes from a sound that crosses it between two ends of 600 ohm.
pub fn loop_loss(resistance: Ohms) -> Db {
    Db(20.0 * log10f((1200.0 + resistance.0.max(0.0)) / 1200.0))
}

impl Reflection {
    /// (Z - Z0) / (Z + Z0) of `spec` with `telephones` in parallel, by the bilinear transform.
    fn of(spec: &HybridSpec, telephones: usize) -> Self {
        let share = telephones as f32;
        let (line, series) = (spec.line.0 / share, spec.series.0 * share);
        // (1 + s c (r - z)) / (1 + s c (r + z)), s = 2 fs (1 - 1/q) / (1 + 1/q)
        let rate = 2.0 * SAMPLE_RATE as f32;
        let above = rate * series * (line - spec.card.0);
        let below = rate * series * (line + spec.card.0);
        let norm = 1.0 + below;
        Self { b0: (1.0 + above) / norm, b1: (1.0 - above) / norm, a1: (1.0 - below) / norm }
    }

    /// Mean of |H|^2 with the cable's dulling over 300 to 3400 Hz.
    fn mean_power(&self) -> f32 {
        let frequencies = (300..=3400).step_by(50);
        let count = frequencies.clone().count() as f32;
        let power = |hertz: i32| {
            let angle = core::f32::consts::TAU * hertz as f32 / SAMPLE_RATE as f32;
            let (c, s) = (cosf(angle), sinf(angle));
            let of_first_order = |b0: f32, b1: f32| (b0 + b1 * c) * (b0 + b1 * c) + b1 * s * b1 * s;
            let reflection = of_first_order(self.b0, self.b1) / of_first_order(1.0, self.a1);
            let dulling = (1.0 - DULLING) * (1.0 - DULLING) / of_first_order(1.0, -DULLING);
            reflection * dulling
        };
        (frequencies.map(power).sum::<f32>() / count).max(1e-6)
    }
}

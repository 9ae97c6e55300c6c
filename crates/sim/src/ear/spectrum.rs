//! Which of a set of frequencies a sound holds.
//!
//! # What it does
//! Correlates each frame with all frequencies that an ear knows, and tells how much of the last frames is explained
//! by a chord (a set of frequencies) and how strong each part of it is.
//!
//! # How
//! A frame is correlated once with every frequency; longer windows are sums of such correlations, each turned to the
//! window's start. A chord is fitted by least squares, so that frequencies 25 Hz apart are told apart in 60 ms. The
//! matrix of a chord depends on the window's length alone and is inverted beforehand.
//!
//! # Limits
//! Chords of four frequencies; 56 frequencies in all.
//!
//! # Standard
//! None.

use libm::{cos, sin};
use tipring_units::{SAMPLE_RATE, TICK_SAMPLES};

/// Frequencies that are correlated, at the most.
pub const BANK: usize = 56;
/// Frames that are remembered.
pub const MEMORY: usize = 8;
/// Frames of a window for chords: 60 ms.
pub const CHORD_FRAMES: usize = 6;
const MAX_TERMS: usize = 8;

/// The correlations of one frame.
#[derive(Clone, Debug)]
pub struct Correlation {
    re: [f32; BANK],
    im: [f32; BANK],
    /// Sum of the squared samples.
    pub energy: f32,
}

/// The frequencies and the memory of the last frames.
#[derive(Clone, Debug)]
pub struct Spectrum {
    cosine: Vec<[f32; BANK]>,
    sine: Vec<[f32; BANK]>,
    /// The turn of each frequency in 0 to 7 frames.
    turns: [[(f32, f32); BANK]; MEMORY],
    frames: Vec<Correlation>,
    newest: usize,
}

/// A chord that can be fitted.
#[derive(Clone, Debug)]
pub struct Chord {
    places: Vec<usize>,
    inverse: [[f32; MAX_TERMS]; MAX_TERMS],
}

/// How well a chord fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Part of the energy that the chord explains.
    pub explained: f32,
    /// Amplitude of the weakest part over that of the strongest.
    pub balance: f32,
    /// Amplitude of each part.
    pub amplitudes: [f32; 4],
}

impl Spectrum {
    /// A bank of `frequencies` in hertz; those beyond [`BANK`] are left out.
    pub fn new(frequencies: &[f32]) -> Self {
        let mut cosine = vec![[0.0; BANK]; TICK_SAMPLES];
        let mut sine = vec![[0.0; BANK]; TICK_SAMPLES];
        let mut turns = [[(1.0, 0.0); BANK]; MEMORY];
        for (place, hertz) in frequencies.iter().take(BANK).enumerate() {
            for n in 0..TICK_SAMPLES {
                let angle = angle(*hertz, n);
                cosine[n][place] = cos(angle) as f32;
                sine[n][place] = -sin(angle) as f32;
            }
            for (frames, turn) in turns.iter_mut().enumerate() {
                let angle = angle(*hertz, frames * TICK_SAMPLES);
                turn[place] = (cos(angle) as f32, -sin(angle) as f32);
            }
        }
        let empty = Correlation { re: [0.0; BANK], im: [0.0; BANK], energy: 0.0 };
        Self { cosine, sine, turns, frames: vec![empty; MEMORY], newest: 0 }
    }

    /// Takes a frame in; `None` for one without sound.
    pub fn push(&mut self, frame: Option<&[f32; TICK_SAMPLES]>) {
        self.newest = (self.newest + 1) % MEMORY;
        let place = &mut self.frames[self.newest];
        place.re = [0.0; BANK];
        place.im = [0.0; BANK];
        place.energy = 0.0;
        let Some(frame) = frame else { return };
        for ((x, cosine), sine) in frame.iter().zip(&self.cosine).zip(&self.sine) {
            for k in 0..BANK {
                place.re[k] += x * cosine[k];
                place.im[k] += x * sine[k];
            }
            place.energy += x * x;
        }
    }

    /// The frame `back` frames before the newest.
    fn frame(&self, back: usize) -> &Correlation {
        &self.frames[(self.newest + MEMORY - back % MEMORY) % MEMORY]
    }

    /// Energy of the last `frames` frames.
    pub fn energy(&self, frames: usize) -> f32 {
        (0..frames).map(|back| self.frame(back).energy).sum()
    }

    /// Correlation of the frequency at `place` over the last frames, one weight each, oldest first.
    fn window(&self, place: usize, weights: &[f32]) -> (f32, f32) {
        let mut sum = (0.0, 0.0);
        for (n, weight) in weights.iter().enumerate() {
            let frame = self.frame(weights.len() - 1 - n);
            let (c, s) = self.turns[n][place];
            let (re, im) = (frame.re[place], frame.im[place]);
            sum.0 += weight * (re * c - im * s);
            sum.1 += weight * (re * s + im * c);
        }
        sum
    }

    /// Part of the last frames' energy that lies at the frequency at `place`, the frames weighted as given.
    pub fn share(&self, place: usize, weights: &[f32]) -> f32 {
        let (re, im) = self.window(place, weights);
        let sum: f32 = weights.iter().sum();
        let amplitude = 2.0 / (TICK_SAMPLES as f32 * sum);
        let power = (re * re + im * im) * amplitude * amplitude / 2.0;
        let (mut energy, mut squares) = (0.0, 0.0);
        for (n, weight) in weights.iter().enumerate() {
            energy += weight * weight * self.frame(weights.len() - 1 - n).energy;
            squares += weight * weight;
        }
        let mean = energy / (TICK_SAMPLES as f32 * squares);
        if mean > 0.0 { power / mean } else { 0.0 }
    }

    /// How well `chord` fits the last [`CHORD_FRAMES`] frames.
    pub fn fit(&self, chord: &Chord) -> Fit {
        let mut right = [0.0; MAX_TERMS];
        for (n, place) in chord.places.iter().enumerate() {
            let (re, im) = self.window(*place, &[1.0; CHORD_FRAMES]);
            right[2 * n] = re;
            right[2 * n + 1] = -im;
        }
        let terms = 2 * chord.places.len();
        let mut explained = 0.0;
        let mut amplitudes = [0.0_f32; 4];
        let mut solution = [0.0; MAX_TERMS];
        for (row, value) in solution.iter_mut().enumerate().take(terms) {
            for (column, b) in right.iter().enumerate().take(terms) {
                *value += chord.inverse[row][column] * b;
            }
            explained += *value * right[row];
        }
        for (n, amplitude) in amplitudes.iter_mut().enumerate().take(chord.places.len()) {
            let (c, s) = (solution[2 * n], solution[2 * n + 1]);
            *amplitude = (c * c + s * s).sqrt();
        }
        let used = &amplitudes[..chord.places.len()];
        let strongest = used.iter().copied().fold(0.0, f32::max);
        let weakest = used.iter().copied().fold(f32::INFINITY, f32::min);
        let energy = self.energy(CHORD_FRAMES);
        Fit {
            explained: if energy > 0.0 { explained / energy } else { 0.0 },
            balance: if strongest > 0.0 { weakest / strongest } else { 0.0 },
            amplitudes,
        }
    }
}

impl Chord {
    /// The chord of the frequencies at `places` of the bank, one to four, of which `frequencies` are in hertz.
    pub fn new(places: &[usize], frequencies: &[f32]) -> Self {
        let places: Vec<usize> = places.iter().copied().take(MAX_TERMS / 2).collect();
        let terms = 2 * places.len();
        let mut matrix = [[0.0_f64; 2 * MAX_TERMS]; MAX_TERMS];
        let basis = |term: usize, n: usize| {
            let angle = angle(frequencies[places[term / 2]], n);
            if term.is_multiple_of(2) { cos(angle) } else { sin(angle) }
        };
        let product = |row, column| -> f64 {
            (0..CHORD_FRAMES * TICK_SAMPLES).map(|n| basis(row, n) * basis(column, n)).sum()
        };
        for (row, values) in matrix.iter_mut().enumerate().take(terms) {
            for (column, value) in values.iter_mut().enumerate().take(terms) {
                *value = product(row, column);
            }
            values[MAX_TERMS + row] = 1.0;
        }
        invert(&mut matrix, terms);
        let inverse =
            core::array::from_fn(|row| core::array::from_fn(|column| matrix[row][MAX_TERMS + column] as f32));
        Self { places, inverse }
    }
}

/// Gauss-Jordan of the left part, which is positive definite, onto the right part.
fn invert(matrix: &mut [[f64; 2 * MAX_TERMS]; MAX_TERMS], terms: usize) {
    for pivot in 0..terms {
        let scale = 1.0 / matrix[pivot][pivot];
        matrix[pivot].iter_mut().for_each(|value| *value *= scale);
        let pivot_row = matrix[pivot];
        for (row, values) in matrix.iter_mut().enumerate().take(terms) {
            let factor = values[pivot];
            if row != pivot {
                values.iter_mut().zip(&pivot_row).for_each(|(value, above)| *value -= factor * above);
            }
        }
    }
}

fn angle(hertz: f32, n: usize) -> f64 {
    core::f64::consts::TAU * f64::from(hertz) / f64::from(SAMPLE_RATE) * n as f64
}

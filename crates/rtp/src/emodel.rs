//! The E-model: how well people can talk over a path.
//!
//! # What it does
//! Gives the transmission rating R and the mean opinion score that is to be expected, from a codec's impairment, loss and
//! delay.
//!
//! # How
//! The full formulas, with the standard's default values for all that a packet network does not change: loudness
//! ratings, room noise, sidetone, an echo path of 65 dB. Loss counts by the codec's robustness and by how much it comes in bursts.
//!
//! # Limits
//! Narrow band. Planning values: an estimate of what people would say, not a measurement of this call's sound.
//!
//! # Standard
//! ITU-T G.107 clause 7, table 2 (default values), Annex B (scores); G.113 Appendix I (impairments).

use libm::{exp, log2, log10, pow, sqrt};

/// What a codec does to speech.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Impairment {
    /// Equipment impairment factor Ie without loss.
    pub ie: f32,
    /// Packet-loss robustness factor Bpl.
    pub bpl: f32,
}

impl Impairment {
    /// G.711 with the concealment of its Appendix I (G.113 table I.4).
    pub const G711: Self = Self { ie: 0.0, bpl: 25.1 };
}

/// What a path does to packets.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PathFigures {
    /// Share of packets lost, or too late to be played, 0 to 1.
    pub loss: f32,
    /// Mean length of a run of lost packets over that of random loss: 1 and more, BurstR.
    pub burst_ratio: f32,
    /// Mouth to ear, one way, in milliseconds.
    pub delay_ms: f32,
}

/// R, from 0 to 100: above 80 people are satisfied, below 60 nearly all are not.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Rating(pub f32);

impl Rating {
    /// Of a conversation over this path.
    pub fn of(codec: Impairment, path: PathFigures) -> Self {
        let delay = f64::from(path.delay_ms.clamp(0.0, 5000.0));
        let (basic, noise) = basic();
        let rating = basic - simultaneous(basic, noise, delay) - delayed(basic, noise, delay);
        Self((rating - f64::from(lossy(codec, path))).clamp(0.0, 100.0) as f32)
    }

    /// The score that people would give: 1 to 4.5.
    pub fn score(self) -> f32 {
        let r = self.0.clamp(0.0, 100.0);
        // Below 6.5 the polynomial falls under its own start.
        (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
    }
}

/// Effective equipment impairment, Ie-eff (clause 7.5).
fn lossy(codec: Impairment, path: PathFigures) -> f32 {
    let loss = path.loss.clamp(0.0, 1.0) * 100.0;
    let burst = path.burst_ratio.clamp(1.0, 8.0);
    let divisor = loss / burst + codec.bpl;
    if divisor <= 0.0 { codec.ie } else { codec.ie + (95.0 - codec.ie) * loss / divisor }
}

/// Loudness ratings, sidetone, D factors, room noises and talker echo of table 2.
const SLR: f64 = 8.0;
const RLR: f64 = 2.0;
const STMR: f64 = 15.0;
const D: f64 = 3.0;
const ROOM: f64 = 35.0;
const CIRCUIT_NOISE: f64 = -70.0;
const FLOOR_NOISE: f64 = -64.0;
const TELR: f64 = 65.0;
const WEPL: f64 = 110.0;

/// Basic signal-to-noise ratio Ro and the noise No (clause 7.2).
fn basic() -> (f64, f64) {
    let overall = SLR + RLR;
    let sent = ROOM - SLR - D - 100.0 + 0.004 * squared(ROOM - overall - D - 14.0);
    let effective = ROOM + 10.0 * log10(1.0 + pow(10.0, (10.0 - (STMR + D)) / 10.0));
    let received = RLR - 121.0 + effective + 0.008 * squared(effective - 35.0);
    let floor = FLOOR_NOISE + RLR;
    let powers = [CIRCUIT_NOISE, sent, received, floor].map(|level| pow(10.0, level / 10.0));
    let noise = 10.0 * log10(powers.iter().sum());
    (15.0 - 1.5 * (SLR + noise), noise)
}

/// Impairments that come with the voice, Is (clause 7.3).
fn simultaneous(basic: f64, noise: f64, delay: f64) -> f64 {
    let loud = (SLR + RLR + 0.2 * (64.0 + noise - RLR)) / 8.0;
    let loudness = 20.0 * (pow(1.0 + pow(loud, 8.0), 1.0 / 8.0) - loud);
    let sidetone = -10.0 * log10(pow(10.0, -STMR / 10.0) + exp(-delay / 4.0) * pow(10.0, -TELR / 10.0));
    let side = 12.0 * pow(1.0 + pow((sidetone - 13.0) / 6.0, 8.0), 1.0 / 8.0)
        - 28.0 * pow(1.0 + pow((sidetone + 1.0) / 19.4, 35.0), 1.0 / 35.0)
        - 13.0 * pow(1.0 + pow((sidetone - 3.0) / 33.0, 13.0), 1.0 / 13.0)
        + 29.0;
    // One unit of quantizing distortion.
    let q = 37.0;
    let g = 1.07 + 0.258 * q + 0.0602 * q * q;
    let y = (basic - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0;
    let z = 46.0 / 30.0 - g / 40.0;
    loudness + side + 15.0 * log10(1.0 + pow(10.0, y) + pow(10.0, z))
}

/// Impairments by delay, Id: talker echo, listener echo and delay itself (clause 7.4).
fn delayed(basic: f64, noise: f64, delay: f64) -> f64 {
    let talker =
        TELR - 40.0 * log10((1.0 + delay / 10.0) / (1.0 + delay / 150.0)) + 6.0 * exp(-0.3 * delay * delay);
    let echo = 80.0 + 2.5 * (talker - 14.0);
    let half = (-1.5 * (noise - RLR) - echo) / 2.0;
    let talker = (half + sqrt(half * half + 100.0) - 1.0) * (1.0 - exp(-delay));
    let listener = 10.5 * (WEPL + 7.0) * pow(2.0 * delay + 1.0, -0.25);
    let half = (basic - listener) / 2.0;
    let listener = half + sqrt(half * half + 169.0);
    let absolute = if delay <= 100.0 {
        0.0
    } else {
        let x = log2(delay / 100.0);
        let sixth = |x: f64| pow(1.0 + pow(x, 6.0), 1.0 / 6.0);
        25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
    };
    talker + listener + absolute
}

fn squared(x: f64) -> f64 {
    x * x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rating(ie: f32, bpl: f32, loss: f32, burst_ratio: f32, delay_ms: f32) -> f32 {
        Rating::of(Impairment { ie, bpl }, PathFigures { loss, burst_ratio, delay_ms }).0
    }

    #[test]
    fn default_values_give_the_rating_of_the_standard() {
        assert!(
            (rating(0.0, 25.1, 0.0, 1.0, 0.0) - 93.2).abs() < 0.05,
            "{}",
            rating(0.0, 25.1, 0.0, 1.0, 0.0)
        );
        let at = |delay| rating(0.0, 25.1, 0.0, 1.0, delay);
        assert!(at(100.0) > 89.0 && at(100.0) < 92.5 && at(150.0) < at(100.0), "{} {}", at(100.0), at(150.0));
        assert!(at(400.0) < 70.0 && at(400.0) > 55.0, "{}", at(400.0));
    }

    #[test]
    fn codecs_and_loss_cost_what_g113_says() {
        // G.729A: Ie 11; at 5 % random loss Ie-eff = 11 + 84 * 5/24 = 28.5.
        assert!((rating(11.0, 19.0, 0.0, 1.0, 0.0) - 82.2).abs() < 0.1);
        assert!((rating(11.0, 19.0, 0.05, 1.0, 0.0) - (93.2 - 28.5)).abs() < 0.1);
        assert!((rating(0.0, 25.1, 0.02, 1.0, 0.0) - (93.2 - 190.0 / 27.1)).abs() < 0.1);
        assert!(rating(0.0, 25.1, 0.05, 3.0, 0.0) < rating(0.0, 25.1, 0.05, 1.0, 0.0), "bursts are worse");
        assert_eq!(rating(0.0, 4.3, 1.0, 8.0, 5000.0), 0.0);
    }

    #[test]
    fn scores_are_those_of_annex_b() {
        for (r, score) in
            [(93.2, 4.41), (80.0, 4.02), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58), (0.0, 1.0), (3.0, 1.0)]
        {
            assert!((Rating(r).score() - score).abs() < 0.01, "{r}: {}", Rating(r).score());
        }
        assert!((Rating(100.0).score() - 4.5).abs() < 1e-6 && Rating(f32::NAN).score().is_nan());
    }

    #[test]
    fn no_figures_give_a_number_that_is_none() {
        for loss in [0.0, 0.5, 1.0, 9.0, -1.0] {
            for delay in [-5.0, 0.0, 1e-3, 100.0, 1e9] {
                let r = rating(0.0, 0.0, loss, 0.0, delay);
                assert!((0.0..=100.0).contains(&r), "{loss} {delay}: {r}");
            }
        }
    }
}

//! Impedances on a line.
//!
//! # What it does
//! Gives what a card sees into a line: the telephone behind its cable; and what of a sound comes back by a hybrid that
//! expects something else.
//!
//! # How
//! Complex numbers at one frequency. The cable is a line of evenly spread resistance and capacitance: with
//! x = sqrt(j w R C) its impedance is (Z cosh x + R sinh x / x) / (Z j w C sinh x / x + cosh x), both functions by their
//! series, which need no root.
//!
//! # Limits
//! No inductance and no leakage: right for voice on paired cable without loading coils.
//!
//! # Standard
//! Return loss 20 log |(Z1 + Z2) / (Z1 - Z2)| (ITU-T G.122). Transhybrid loss: source Zc drives the line Z,
//! the balance network Zb stands for it, and what is left is counted against a matched load:
//! 20 log |(Z + Zc) (Zb + Zc) / (2 Zc (Z - Zb))|. With Zb = Zc it is the return loss.

use core::ops::{Add, Div, Mul, Sub};

use libm::{hypot, log10};
use tipring_port::Elements;
use tipring_units::{Db, Farads, Hz, Ohms};

/// A complex number.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Complex {
    /// A real number.
    pub const fn real(re: f64) -> Self {
        Self { re, im: 0.0 }
    }

    /// Its magnitude.
    pub fn magnitude(self) -> f64 {
        hypot(self.re, self.im)
    }

    fn scaled(self, by: f64) -> Self {
        Self { re: self.re * by, im: self.im * by }
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self { re: self.re + rhs.re, im: self.im + rhs.im }
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self { re: self.re - rhs.re, im: self.im - rhs.im }
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, rhs: Self) -> Self {
        Self { re: self.re * rhs.re - self.im * rhs.im, im: self.re * rhs.im + self.im * rhs.re }
    }
}

impl Div for Complex {
    type Output = Self;
    fn div(self, rhs: Self) -> Self {
        let below = rhs.re * rhs.re + rhs.im * rhs.im;
        let above = self * Self { re: rhs.re, im: -rhs.im };
        above.scaled(1.0 / below)
    }
}

/// The cable between a card and its telephones.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cable {
    /// Resistance of both wires together.
    pub resistance: Ohms,
    /// Capacitance between them.
    pub capacitance: Farads,
}

/// Terms of the cable's series: enough for any cable that feeds a telephone.
const TERMS: u32 = 24;
/// What an on-hook line ends in at voice frequencies: a bell.
const ON_HOOK: f64 = 7000.0;

impl Cable {
    /// No cable.
    pub const NONE: Self = Self { resistance: Ohms(0.0), capacitance: Farads(0.0) };

    /// What the card sees into the cable with `end` behind it.
    pub fn before(&self, end: Complex, frequency: Hz) -> Complex {
        let omega = core::f64::consts::TAU * f64::from(frequency.0);
        let resistance = f64::from(self.resistance.0.max(0.0));
        let susceptance = omega * f64::from(self.capacitance.0.max(0.0));
        let squared = Complex { re: 0.0, im: resistance * susceptance };
        let (mut cosh, mut sinh) = (Complex::real(1.0), Complex::real(1.0));
        let (mut even, mut odd) = (cosh, sinh);
        for term in 1..TERMS {
            let twice = f64::from(2 * term);
            even = (even * squared).scaled(1.0 / ((twice - 1.0) * twice));
            odd = (odd * squared).scaled(1.0 / (twice * (twice + 1.0)));
            (cosh, sinh) = (cosh + even, sinh + odd);
        }
        let across = Complex { re: 0.0, im: susceptance };
        (end * cosh + sinh.scaled(resistance)) / (end * across * sinh + cosh)
    }
}

/// A network at a frequency.
pub fn at(network: &Elements, frequency: Hz) -> Complex {
    let (resistance, reactance) = network.at(frequency);
    Complex { re: f64::from(resistance.0), im: f64::from(reactance.0) }
}

/// What a card sees into a line with so many of these telephones off-hook.
pub fn into_line(telephone: &Elements, off_hook: usize, cable: &Cable, frequency: Hz) -> Complex {
    let end = match off_hook {
        0 => Complex::real(ON_HOOK),
        count => at(telephone, frequency).scaled(1.0 / count as f64),
    };
    cable.before(end, frequency)
}

/// What comes back of what a card sends, by amplitude and phase: it presents `card`, balances by `balance` and sees `line`.
pub fn returned(card: Complex, balance: Complex, line: Complex) -> Complex {
    (card.scaled(2.0) * (line - balance)) / ((line + card) * (balance + card))
}

/// How far one impedance is from another.
pub fn return_loss(one: Complex, other: Complex) -> Db {
    loss((one - other) / (one + other))
}

/// A share as a loss.
pub fn loss(share: Complex) -> Db {
    Db((-20.0 * log10(share.magnitude().max(1e-9))) as f32)
}

#[cfg(test)]
mod tests {
    use tipring_port::Impedance;

    use super::*;

    #[test]
    fn a_short_cable_is_its_resistance_and_a_long_one_its_own_impedance() {
        let end = Complex::real(600.0);
        let short = Cable { resistance: Ohms(300.0), capacitance: Farads(0.0) };
        let seen = short.before(end, Hz(1000.0));
        assert!((seen.re - 900.0).abs() < 1e-9 && seen.im.abs() < 1e-9, "{seen:?}");
        // 10 km of 0.4 mm: sqrt(R / (j w C)) has 45 degrees, whatever is at its end.
        let long = Cable { resistance: Ohms(2800.0), capacitance: Farads(450e-9) };
        let seen = long.before(end, Hz(3000.0));
        let own = (2800.0 / (core::f64::consts::TAU * 3000.0 * 450e-9)).sqrt();
        assert!(
            (seen.magnitude() / own - 1.0).abs() < 0.02 && (seen.re + seen.im).abs() < 0.06 * own,
            "{seen:?} {own}"
        );
        assert_eq!(Cable::NONE.before(end, Hz(1000.0)), end);
    }

    #[test]
    fn a_match_returns_nothing_and_an_open_line_everything() {
        let network = at(&Impedance::Tbr21.elements(), Hz(1000.0));
        assert!(returned(network, network, network).magnitude() < 1e-12);
        let open = Complex::real(1e12);
        assert!((returned(network, network, open).magnitude() - 1.0).abs() < 1e-6);
        // 600 against 900 ohm: a fifth.
        assert!((return_loss(Complex::real(600.0), Complex::real(900.0)).0 - 13.979).abs() < 0.01);
        let (six, nine) = (Complex::real(600.0), Complex::real(900.0));
        assert!((loss(returned(six, six, nine)).0 - 13.979).abs() < 0.01);
        // Balanced for 900 the card of 600 ohm hears nothing of it.
        assert!(returned(six, nine, nine).magnitude() < 1e-12);
    }
}

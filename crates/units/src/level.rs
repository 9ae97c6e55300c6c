//! Levels and frequencies.

use core::fmt;
use core::ops::{Add, Sub};

/// A level relative to the digital milliwatt: 0 dBm0 is 3.14 dB (A-law) below full scale, ITU-T G.711.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Dbm0(pub f32);

/// A ratio in decibels.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default)]
pub struct Db(pub f32);

/// A relative level: how far the level at a point of a line lies above that at the digital reference point (ITU-T G.101).
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default)]
pub struct Dbr(pub f32);

/// A frequency in hertz.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default)]
pub struct Hz(pub f32);

impl Add for Db {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0 + rhs.0)
    }
}

impl Add<Db> for Dbm0 {
    type Output = Self;
    fn add(self, rhs: Db) -> Self {
        Self(self.0 + rhs.0)
    }
}

impl Sub<Db> for Dbm0 {
    type Output = Self;
    fn sub(self, rhs: Db) -> Self {
        Self(self.0 - rhs.0)
    }
}

impl Sub for Dbm0 {
    type Output = Db;
    fn sub(self, rhs: Self) -> Db {
        Db(self.0 - rhs.0)
    }
}

impl fmt::Display for Dbm0 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} dBm0", self.0)
    }
}

impl fmt::Display for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} dB", self.0)
    }
}

impl fmt::Display for Dbr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} dBr", self.0)
    }
}

impl fmt::Display for Hz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} Hz", self.0)
    }
}

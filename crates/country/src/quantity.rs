//! Quantities as people write them: `400 ms`, `60 s`, `-10 dB`, `25 Hz`, `2000/4000 ms`.

use tipring_units::{Db, Dbm0, Dbr, Hz, Milliamps, Millis, Volts};

/// The longest time that a quantity may name: a day.
pub const MAX_TIME: Millis = Millis::from_secs(86_400);

/// Why a text is not the quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected {expected}")]
pub struct QuantityError {
    /// What could stand there, with an example.
    pub expected: &'static str,
}

/// A length of time: `400 ms`, `1.5 s`, `3 min`, `0`; at most [`MAX_TIME`].
///
/// # Errors
/// If it is none.
pub fn time(text: &str) -> Result<Millis, QuantityError> {
    const ERROR: QuantityError =
        QuantityError { expected: "a time with its unit, as \"400 ms\" or \"60 s\"" };
    let text = text.trim();
    if text == "0" {
        return Ok(Millis::ZERO);
    }
    let (number, unit) = split(text).ok_or(ERROR)?;
    let factor = match unit {
        "ms" => 1.0,
        "s" => 1000.0,
        "min" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return Err(ERROR),
    };
    let millis = number * factor;
    if !(0.0..=f64::from(MAX_TIME.0)).contains(&millis) {
        return Err(ERROR);
    }
    Ok(Millis(millis as u32))
}

/// Two times, the lesser first: `300-1000 ms`.
///
/// # Errors
/// If it is none.
pub fn time_range(text: &str) -> Result<(Millis, Millis), QuantityError> {
    const ERROR: QuantityError =
        QuantityError { expected: "two rising times with their unit, as \"300-1000 ms\"" };
    let (from, rest) = text.trim().split_once('-').ok_or(ERROR)?;
    let (to, unit) = split(rest.trim()).ok_or(ERROR)?;
    let from = time(&format!("{} {unit}", from.trim())).map_err(|_| ERROR)?;
    let to = time(&format!("{to} {unit}")).map_err(|_| ERROR)?;
    if from <= to { Ok((from, to)) } else { Err(ERROR) }
}

/// Bursts and pauses: `400/200/400/2000 ms`.
///
/// # Errors
/// If it is none.
pub fn cadence(text: &str) -> Result<Vec<Millis>, QuantityError> {
    const ERROR: QuantityError =
        QuantityError { expected: "an even number of times above zero, as \"2000/4000 ms\"" };
    let (times, unit) = text.trim().rsplit_once(' ').ok_or(ERROR)?;
    let steps: Vec<Millis> = times
        .split('/')
        .map(|step| time(&format!("{} {unit}", step.trim())))
        .collect::<Result<_, _>>()
        .map_err(|_| ERROR)?;
    if steps.len().is_multiple_of(2) && steps.iter().all(|step| *step > Millis::ZERO) {
        Ok(steps)
    } else {
        Err(ERROR)
    }
}

/// Two frequencies, the lower first: `14-68 Hz`.
///
/// # Errors
/// If it is none.
pub fn frequency_range(text: &str) -> Result<(Hz, Hz), QuantityError> {
    const ERROR: QuantityError =
        QuantityError { expected: "two rising frequencies with their unit, as \"14-68 Hz\"" };
    let (from, rest) = text.trim().split_once('-').ok_or(ERROR)?;
    let (to, unit) = split(rest.trim()).ok_or(ERROR)?;
    let from = frequency(&format!("{} {unit}", from.trim())).map_err(|_| ERROR)?;
    let to = frequency(&format!("{to} {unit}")).map_err(|_| ERROR)?;
    if from <= to { Ok((from, to)) } else { Err(ERROR) }
}

macro_rules! with_unit {
    ($($(#[$doc:meta])* $name:ident -> $kind:ident, $unit:literal, $range:expr, $expected:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// If it is none.
        pub fn $name(text: &str) -> Result<$kind, QuantityError> {
            match split(text.trim()) {
                Some((number, $unit)) if ($range).contains(&number) => Ok($kind(number as f32)),
                Some(_) | None => Err(QuantityError { expected: $expected }),
            }
        }
    )*};
}

with_unit! {
    /// A ratio: `-10 dB`, from -60 to 60.
    ratio -> Db, "dB", -60.0..=60.0, "decibels, as \"-10 dB\"";
    /// A relative level: `-7 dBr`, from -30 to 30.
    relative_level -> Dbr, "dBr", -30.0..=30.0, "a relative level, as \"-7 dBr\"";
    /// A level: `-13 dBm0`, from -80 to 3.
    level -> Dbm0, "dBm0", -80.0..=3.0, "a level, as \"-13 dBm0\"";
    /// A frequency: `25 Hz`, from 0 to 4000.
    frequency -> Hz, "Hz", 0.0..=4000.0, "a frequency, as \"25 Hz\"";
    /// A voltage: `48 V`, from 0 to 150.
    voltage -> Volts, "V", 0.0..=150.0, "a voltage, as \"48 V\"";
    /// A current: `25 mA`, from 0 to 100.
    current -> Milliamps, "mA", 0.0..=100.0, "a current, as \"25 mA\"";
}

/// The number and the unit of `text`; only plain decimal numbers.
fn split(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-' || c == '+'))?;
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_their_unit() {
        assert_eq!(time("400 ms"), Ok(Millis(400)));
        assert_eq!(time("1.5 s"), Ok(Millis(1500)));
        assert_eq!(time("3min"), Ok(Millis(180_000)));
        assert_eq!(time("0"), Ok(Millis::ZERO));
        for wrong in ["400", "ms", "-1 s", "1e3 s", "49 h", "", "400 m", "\u{20ac} s", "1..2 s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_rise() {
        assert_eq!(time_range("300-1000 ms"), Ok((Millis(300), Millis(1000))));
        assert!(time_range("1000-300 ms").is_err());
        assert!(time_range("300 ms").is_err());
        assert_eq!(frequency_range("14-68 Hz"), Ok((Hz(14.0), Hz(68.0))));
        assert!(frequency_range("68-14 Hz").is_err() && frequency_range("14 Hz").is_err());
    }

    #[test]
    fn cadences_are_pairs() {
        assert_eq!(cadence("2000/4000 ms"), Ok(vec![Millis(2000), Millis(4000)]));
        assert!(cadence("2000 ms").is_err());
        assert!(cadence("2000/0 ms").is_err());
    }

    #[test]
    fn other_quantities_stay_within_reason() {
        assert_eq!(ratio("-10 dB"), Ok(Db(-10.0)));
        assert!(ratio("-10").is_err());
        assert!(ratio("-100 dB").is_err());
        assert_eq!(level("-13 dBm0"), Ok(Dbm0(-13.0)));
        assert_eq!(frequency("25 Hz"), Ok(Hz(25.0)));
    }
}

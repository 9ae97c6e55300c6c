//! # What it does
//! Reads one dial pattern of the language that Sipura and Cisco adapters made common, into elements that a
//! matcher walks digit by digit.
//!
//! # How
//! A pattern is a run of elements: `x` (0 to 9), a digit, `[2-8*]` (a set), `.` (what stands before it, none or
//! more times), `<dialled:sent>` (substitution, either side may be empty) and `,` (outside dial tone from here).
//! `!` at the end bars the number. `S3` and `L10` set the short and the long timer in seconds and stand at the
//! start or at the end; `P5` at the start sends the pattern's own digits after a pause of 5 s (hotline). Spaces
//! do not count. Hours at the very end, as `18:00-08:00`, are those in which the pattern is valid.
//!
//! # Limits
//! One pattern at a time: alternatives, `(a|b)`, make a [`crate::DialPlan`]. At most
//! [`MAX_ELEMENTS`] elements and [`MAX_SENT`] characters sent by a substitution.
//!
//! # Standard
//! None; the language is described in the manuals of these adapters.

mod reader;
mod text;

use core::fmt;
use core::str::FromStr;

use tipring_units::Millis;

use crate::Hours;
pub(crate) use reader::Reader;

/// Elements of a pattern, at the most.
pub const MAX_ELEMENTS: usize = 64;
/// Characters that a substitution sends, at the most.
pub const MAX_SENT: usize = 64;
/// Seconds of a timer or a pause, at the most.
pub const MAX_TIMER_SECS: u32 = 60;

/// A set of the sixteen digits that a telephone can send: `0`-`9`, `*`, `#`, `A`-`D`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct DigitSet(u16);

impl DigitSet {
    /// `0` to `9`, the `x` of a pattern.
    pub const DECIMAL: Self = Self(0x03ff);
    /// All sixteen.
    pub const ALL: Self = Self(0xffff);

    /// The set of one digit; `None` if `digit` is not one.
    pub const fn of(digit: u8) -> Option<Self> {
        let place = match digit {
            b'0'..=b'9' => digit - b'0',
            b'*' => 10,
            b'#' => 11,
            b'A'..=b'D' => digit - b'A' + 12,
            _ => return None,
        };
        Some(Self(1 << place))
    }

    /// Both sets together.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if `digit` is in it.
    pub const fn contains(self, digit: u8) -> bool {
        match Self::of(digit) {
            Some(one) => self.0 & one.0 != 0,
            None => false,
        }
    }

    /// The digits that are in both.
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// How many digits are in it: the fewer, the more specific.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The digits in it, in the order `0`-`9`, `*`, `#`, `A`-`D`.
    pub fn digits(self) -> impl Iterator<Item = u8> {
        b"0123456789*#ABCD".iter().copied().filter(move |digit| self.contains(*digit))
    }
}

/// A part of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Element {
    /// One digit of the set; it is sent as dialled.
    Digit(DigitSet),
    /// Any count of digits of the set, none included; sent as dialled. `xx.` is a digit and a repeat.
    Repeat(DigitSet),
    /// These digits are dialled (may be none) and `sent` goes out for them (may be empty).
    Substitute {
        /// What is dialled, a set for each digit.
        dialled: Vec<DigitSet>,
        /// What is sent: `0`-`9`, `*`, `#`, `+`.
        sent: String,
    },
    /// Outside dial tone from here to the next digit.
    OutsideTone,
}

/// A dial pattern, read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pattern {
    pub(crate) text: String,
    pub(crate) elements: Vec<Element>,
    pub(crate) barred: bool,
    pub(crate) short_timer: Option<Millis>,
    pub(crate) long_timer: Option<Millis>,
    pub(crate) pause: Option<Millis>,
    pub(crate) hours: Option<Hours>,
}

/// Why a text is not a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("at character {}: expected {expected}", offset + 1)]
pub struct PatternError {
    /// Bytes before the place.
    pub offset: usize,
    /// What could stand there.
    pub expected: &'static str,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is none, with the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let (body, hours) = split_hours(text);
        let pattern = Self { text: text.to_owned(), hours, ..Self::read(body)? };
        if !pattern.has_digits() && pattern.pause.is_none() {
            let expected = "at least one digit to dial (or P for a hotline)";
            return Err(PatternError { offset: body.len(), expected });
        }
        Ok(pattern)
    }

    /// The same, of which it is not known yet whether it stands for anything that can be dialled.
    pub(crate) fn read(text: &str) -> Result<Self, PatternError> {
        let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
        let mut pattern = Self { text: text.to_owned(), ..Self::default() };
        while let Some(byte) = reader.peek() {
            pattern.element(&mut reader, byte)?;
            if pattern.elements.len() > MAX_ELEMENTS {
                return Err(reader.error("at most 64 elements"));
            }
        }
        Ok(pattern)
    }

    /// True if anything has to be dialled for it.
    pub(crate) fn has_digits(&self) -> bool {
        self.elements.iter().any(|element| match element {
            Element::Digit(_) | Element::Repeat(_) => true,
            Element::Substitute { dialled, .. } => !dialled.is_empty(),
            Element::OutsideTone => false,
        })
    }

    /// The text that was read.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its elements in order.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// `!`: the number is barred.
    pub const fn is_barred(&self) -> bool {
        self.barred
    }

    /// `S`: the short timer, used once the pattern matches and more digits could follow.
    pub const fn short_timer(&self) -> Option<Millis> {
        self.short_timer
    }

    /// `L`: the long timer, used while the pattern does not match yet.
    pub const fn long_timer(&self) -> Option<Millis> {
        self.long_timer
    }

    /// `P`: the pause without a digit after which the call goes out by itself.
    pub const fn pause(&self) -> Option<Millis> {
        self.pause
    }

    /// When it is valid, if not always.
    pub const fn hours(&self) -> Option<Hours> {
        self.hours
    }

    /// Digits dialled at the least.
    pub fn min_digits(&self) -> usize {
        self.elements
            .iter()
            .map(|element| match element {
                Element::Digit(_) => 1,
                Element::Substitute { dialled, .. } => dialled.len(),
                Element::Repeat(_) | Element::OutsideTone => 0,
            })
            .sum()
    }

    /// Digits dialled at the most, `None` without a limit.
    pub fn max_digits(&self) -> Option<usize> {
        let open = self.elements.iter().any(|element| matches!(element, Element::Repeat(_)));
        (!open).then(|| self.min_digits())
    }

    fn element(&mut self, reader: &mut Reader<'_>, byte: u8) -> Result<(), PatternError> {
        if self.barred {
            return Err(reader.error("the end: `!` is the last character"));
        }
        match byte {
            b' ' | b'\t' => reader.at += 1,
            b',' => {
                reader.at += 1;
                self.elements.push(Element::OutsideTone);
            }
            b'!' => {
                reader.at += 1;
                self.barred = true;
            }
            b'.' => {
                match self.elements.last_mut() {
                    Some(last @ Element::Digit(_)) => {
                        if let Element::Digit(set) = *last {
                            *last = Element::Repeat(set);
                        }
                    }
                    Some(Element::Repeat(_) | Element::Substitute { .. } | Element::OutsideTone) | None => {
                        return Err(reader.error("a digit, x or [..] before `.`, which repeats it"));
                    }
                }
                reader.at += 1;
            }
            b'<' => {
                let (element, outside) = reader.substitution()?;
                self.elements.push(element);
                if outside {
                    self.elements.push(Element::OutsideTone);
                }
            }
            b'S' | b'L' | b'P' => self.timer(reader, byte)?,
            b'(' | b')' | b'|' => {
                return Err(reader.error("one pattern: write each alternative as a key of its own, or cisco: before the whole plan"));
            }
            _ => {
                let set = reader.digit_set("a digit, *, #, x, [..], <..:..>, `.`, `,`, `!`, S, L or P")?;
                self.elements.push(Element::Digit(set));
            }
        }
        Ok(())
    }

    fn timer(&mut self, reader: &mut Reader<'_>, letter: u8) -> Result<(), PatternError> {
        let start = reader.at;
        let at_start = self.elements.is_empty();
        reader.at += 1;
        let length = reader.seconds()?;
        let at_end = reader.rest_is_timers();
        let place = match letter {
            b'S' if at_start || at_end => &mut self.short_timer,
            b'L' if at_start || at_end => &mut self.long_timer,
            b'P' if at_start => &mut self.pause,
            _ => {
                let expected = if letter == b'P' {
                    "P at the start of the pattern"
                } else {
                    "S and L at the start or at the end of the pattern"
                };
                return Err(PatternError { offset: start, expected });
            }
        };
        if place.is_some() {
            return Err(PatternError { offset: start, expected: "each of S, L and P once" });
        }
        *place = Some(length);
        Ok(())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// The pattern without the hours behind it.
fn split_hours(text: &str) -> (&str, Option<Hours>) {
    let apart = text.trim_end().rsplit_once([' ', '\t']);
    match apart.and_then(|(body, tail)| Hours::parse(tail).map(|hours| (body, hours))) {
        Some((body, hours)) => (body.trim_end(), Some(hours)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(digits: &str) -> DigitSet {
        digits.bytes().filter_map(DigitSet::of).fold(DigitSet::default(), DigitSet::union)
    }

    fn digits(text: &str) -> Vec<Element> {
        text.bytes().map(|digit| Element::Digit(set(core::str::from_utf8(&[digit]).unwrap()))).collect()
    }

    fn error(text: &str) -> String {
        Pattern::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_fixed_number_has_its_own_length() {
        let pattern = Pattern::parse("9[2-4*]xx").unwrap();
        assert_eq!(
            pattern.elements(),
            [
                Element::Digit(set("9")),
                Element::Digit(set("234*")),
                Element::Digit(DigitSet::DECIMAL),
                Element::Digit(DigitSet::DECIMAL)
            ]
        );
        assert_eq!((pattern.min_digits(), pattern.max_digits()), (4, Some(4)));
    }

    #[test]
    fn a_dot_repeats_what_stands_before_it_none_or_more_times() {
        let pattern = Pattern::parse("01.").unwrap();
        assert_eq!(pattern.elements(), [Element::Digit(set("0")), Element::Repeat(set("1"))]);
        assert_eq!((pattern.min_digits(), pattern.max_digits()), (1, None));
        assert_eq!(Pattern::parse("xx.").unwrap().min_digits(), 1);
    }

    #[test]
    fn nine_is_dropped_and_outside_dial_tone_follows() {
        let outside = [
            Element::Substitute { dialled: vec![set("9")], sent: String::new() },
            Element::OutsideTone,
            Element::Digit(DigitSet::DECIMAL),
            Element::Repeat(DigitSet::DECIMAL),
        ];
        assert_eq!(Pattern::parse("<9:>,xx.").unwrap().elements(), outside);
        assert_eq!(Pattern::parse("<9,:>xx.").unwrap().elements(), outside);
    }

    #[test]
    fn an_insertion_needs_no_dialled_digit_of_its_own() {
        let mut elements = vec![Element::Substitute { dialled: vec![], sent: "+1".into() }];
        elements.extend(digits("55"));
        assert_eq!(Pattern::parse("<:+1>55").unwrap().elements(), elements);
    }

    #[test]
    fn timers_bars_and_the_hotline_are_read() {
        let barred = Pattern::parse("1900xxxxxxx!").unwrap();
        assert!(barred.is_barred());
        let at_once = Pattern::parse("S0<:12125551234>0").unwrap();
        assert_eq!(at_once.short_timer(), Some(Millis::ZERO));
        let both = Pattern::parse("xxxS2 L12").unwrap();
        assert_eq!((both.short_timer(), both.long_timer()), (Some(Millis(2000)), Some(Millis(12_000))));
        let hotline = Pattern::parse("P5<:1000>").unwrap();
        assert_eq!((hotline.pause(), hotline.min_digits()), (Some(Millis(5000)), 0));
    }

    #[test]
    fn hours_stand_at_the_end() {
        let night = Pattern::parse("<9:>,xx.S2! 18:00-08:00").unwrap();
        assert_eq!(night.hours(), Hours::parse("18:00-08:00"));
        assert!(night.is_barred() && night.short_timer() == Some(Millis(2000)));
        assert_eq!(Pattern::parse("0 08:00-18:00 ").unwrap().min_digits(), 1);
        assert_eq!(
            error("08:00-18:00"),
            "at character 3: expected a digit, *, #, x, [..], <..:..>, `.`, `,`, `!`, S, L or P"
        );
        assert_eq!(error("0 08:00-8:00").split(':').next(), Some("at character 5"));
        assert_eq!(
            error(" 08:00-18:00"),
            "at character 1: expected at least one digit to dial (or P for a hotline)"
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        assert_eq!(
            error("12y"),
            "at character 3: expected a digit, *, #, x, [..], <..:..>, `.`, `,`, `!`, S, L or P"
        );
        assert_eq!(error("[2-"), "at character 4: expected a range of rising digits, as 2-8");
        assert_eq!(error("[8-2]"), "at character 4: expected a range of rising digits, as 2-8");
        assert_eq!(error("[12"), "at character 4: expected `]`");
        assert_eq!(error(".1"), "at character 1: expected a digit, x or [..] before `.`, which repeats it");
        assert_eq!(error("<9"), "at character 3: expected a dialled digit, or `:` and what is sent for it");
        assert_eq!(
            error("<9:a>"),
            "at character 4: expected a digit to send (0-9, *, #, +; 64 at the most) or `>`"
        );
        assert_eq!(error("1!2"), "at character 3: expected the end: `!` is the last character");
        assert_eq!(
            error("(1|2)"),
            "at character 1: expected one pattern: write each alternative as a key of its own, or cisco: before the whole plan"
        );
        assert_eq!(error("1P5"), "at character 2: expected P at the start of the pattern");
        assert_eq!(error("1S99"), "at character 3: expected seconds, 0 to 60");
        assert_eq!(error("S1S2x"), "at character 3: expected each of S, L and P once");
        assert_eq!(
            error("1S22x"),
            "at character 2: expected S and L at the start or at the end of the pattern"
        );
        assert_eq!(error(""), "at character 1: expected at least one digit to dial (or P for a hotline)");
        assert_eq!(error(","), "at character 2: expected at least one digit to dial (or P for a hotline)");
    }

    #[test]
    fn a_pattern_of_any_length_ends_in_a_pattern_or_an_error() {
        assert_eq!(Pattern::parse(&"x".repeat(65)).unwrap_err().expected, "at most 64 elements");
        assert!(Pattern::parse("\u{20ac}").is_err());
    }
}

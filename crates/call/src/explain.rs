//! Why a number goes where it goes, digit by digit, for people.

use core::fmt;

use tipring_units::Millis;

use crate::digits::{Reader, Verdict};
use crate::plan::{Plan, Selection};
use crate::{Cause, Why};

/// What the plan says after one digit.
#[derive(Clone, PartialEq, Debug)]
pub struct ExplainedDigit {
    /// The digit.
    pub digit: u8,
    /// The patterns that are still possible, as written.
    pub live: Vec<String>,
    /// The pattern that wins if nothing follows.
    pub winner: Option<String>,
    /// The timer that runs from here.
    pub timer: Option<(Why, Millis)>,
    /// Outside dial tone sounds.
    pub outside_tone: bool,
}

/// What becomes of a number.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// Digit by digit, as far as digits were read.
    pub digits: Vec<ExplainedDigit>,
    /// Digits that came after the number was whole or dead.
    pub unread: usize,
    /// What it comes to, at once or when the timer ends it.
    pub end: Result<Selection, Cause>,
}

impl Plan {
    /// Reads `digits` as a telephone would dial them.
    pub fn explain(&self, digits: &str, offline: bool) -> Explanation {
        let mut reader = Reader::new(self, offline);
        let mut explained = Vec::new();
        for (read, digit) in digits.bytes().enumerate() {
            reader.push(self, digit);
            let verdict = reader.verdict(self);
            let (timer, outside_tone) = match verdict {
                Verdict::More { why, after, outside_tone } => (Some((why, after)), outside_tone),
                Verdict::Whole(_) | Verdict::Dead(_) => (None, false),
            };
            explained.push(ExplainedDigit {
                digit,
                live: reader.live(self).into_iter().map(str::to_owned).collect(),
                winner: reader.winner(self).map(str::to_owned),
                timer,
                outside_tone,
            });
            let end = match verdict {
                Verdict::More { .. } => continue,
                Verdict::Whole(selection) => Ok(selection),
                Verdict::Dead(cause) => Err(cause),
            };
            return Explanation { digits: explained, unread: digits.len() - read - 1, end };
        }
        Explanation { digits: explained, unread: 0, end: self.ended(&reader) }
    }

    /// What becomes of a number that comes as a whole (from a telephone with its own signalling). A leading
    /// `+` stands for the country's international prefix.
    pub fn read_whole(&self, number: &str, offline: bool) -> Result<Selection, Cause> {
        let international = number.strip_prefix('+').map(|rest| {
            let mut text = self.numbering.international_prefix.clone();
            text.push_str(rest);
            text
        });
        let mut reader = Reader::new(self, offline);
        for digit in international.as_deref().unwrap_or(number).bytes() {
            reader.push(self, digit);
        }
        self.ended(&reader)
    }

    fn ended(&self, reader: &Reader) -> Result<Selection, Cause> {
        if reader.is_empty() {
            return Err(Cause::INCOMPLETE);
        }
        match reader.timeout(self) {
            Verdict::Whole(selection) => Ok(selection),
            Verdict::Dead(cause) => Err(cause),
            Verdict::More { .. } => Err(Cause::INCOMPLETE), // a timeout never waits for more
        }
    }
}

impl fmt::Display for Explanation {
    /// A line for each digit and one for the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.digits {
            write!(f, "{}  ", char::from(step.digit))?;
            match step.live.as_slice() {
                [] => write!(f, "no rule")?,
                live => write!(f, "{}", live.join("  "))?,
            }
            if let Some((why, after)) = step.timer {
                write!(f, "  ({}: {after})", why.word())?;
            }
            if step.outside_tone {
                write!(f, "  outside dial tone")?;
            }
            writeln!(f)?;
        }
        match &self.end {
            Ok(selection) if selection.is_emergency() => writeln!(f, "emergency: sends {}", selection.sent),
            Ok(selection) if selection.barred => writeln!(f, "barred"),
            Ok(selection) => writeln!(f, "sends {}", selection.sent),
            Err(cause) => writeln!(f, "{cause}"),
        }
    }
}

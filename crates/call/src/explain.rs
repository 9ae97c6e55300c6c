//! Why a number goes where it goes, digit by digit, for people.

use core::fmt;

use tipring_units::Millis;

use crate::digits::{Ended, Reader, Verdict};
use crate::plan::{Plan, Selection};
use crate::{Cause, Number, Why};

/// A timer that runs, and what made it as long as it is.
#[derive(Clone, PartialEq, Debug)]
pub struct ExplainedTimer {
    /// What it is for.
    pub why: Why,
    /// Its length.
    pub after: Millis,
    /// The key of the configuration, or the row, that has this length.
    pub set_by: String,
}

/// What the plan says after one digit.
#[derive(Clone, PartialEq, Debug)]
pub struct ExplainedDigit {
    /// The digit.
    pub digit: u8,
    /// The patterns that are still possible, as written.
    pub live: Vec<String>,
    /// Those of them that a further digit can make longer.
    pub growing: Vec<String>,
    /// The pattern that wins if nothing follows, and what it sends then.
    pub winner: Option<(String, Number)>,
    /// The timer that runs from here; `None` where nothing is waited for.
    pub timer: Option<ExplainedTimer>,
    /// Outside dial tone sounds.
    pub outside_tone: bool,
    /// The number is whole here, and why nothing is waited for.
    pub ended: Option<Ended>,
}

/// What becomes of a number.
#[derive(Clone, PartialEq, Debug)]
pub struct Explanation {
    /// The timer before the first digit.
    pub first: Option<ExplainedTimer>,
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
        let first = self.timer(&reader);
        let mut explained = Vec::new();
        for (read, digit) in digits.bytes().enumerate() {
            reader.push(self, digit);
            let verdict = reader.verdict(self);
            let sent = match reader.timeout(self) {
                Verdict::Whole(selection) => selection.sent,
                Verdict::More { .. } | Verdict::Dead(_) => Number::EMPTY,
            };
            explained.push(ExplainedDigit {
                digit,
                live: match verdict {
                    Verdict::Dead(_) => Vec::new(),
                    Verdict::More { .. } | Verdict::Whole(_) => {
                        reader.live(self).into_iter().map(str::to_owned).collect()
                    }
                },
                growing: reader.growing(self).into_iter().map(str::to_owned).collect(),
                winner: reader.winner(self).map(|text| (text.to_owned(), sent)),
                timer: self.timer(&reader),
                outside_tone: matches!(verdict, Verdict::More { outside_tone: true, .. }),
                ended: matches!(verdict, Verdict::Whole(_)).then(|| reader.ended_by(self)),
            });
            let end = match verdict {
                Verdict::More { .. } => continue,
                Verdict::Whole(selection) => Ok(selection),
                Verdict::Dead(cause) => Err(cause),
            };
            return Explanation { first, digits: explained, unread: digits.len() - read - 1, end };
        }
        Explanation { first, digits: explained, unread: 0, end: self.ended(&reader) }
    }

    fn timer(&self, reader: &Reader) -> Option<ExplainedTimer> {
        match reader.verdict(self) {
            Verdict::More { why, after, outside_tone } => {
                Some(ExplainedTimer { why, after, set_by: reader.set_by(self, why, outside_tone) })
            }
            Verdict::Whole(_) | Verdict::Dead(_) => None,
        }
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

impl fmt::Display for ExplainedTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.after.0 {
            whole if whole.is_multiple_of(1000) => write!(f, "{} s", whole / 1000)?,
            length => write!(f, "{length} ms")?,
        }
        write!(f, " ({})", self.set_by)
    }
}

impl fmt::Display for ExplainedDigit {
    /// What the digit did, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", char::from(self.digit))?;
        match self.live.as_slice() {
            [] => write!(f, "no row")?,
            live => write!(f, "{}", live.join("  "))?,
        }
        if self.outside_tone {
            write!(f, "; outside dial tone")?;
        }
        match (&self.winner, &self.timer, self.ended) {
            (_, _, Some(ended @ Ended::Emergency)) => write!(f, "; {}: goes at once", ended.word()),
            (Some((row, sent)), _, Some(ended)) => {
                write!(f, "; whole by {row}, sends {}; {}: goes at once", shown(sent), ended.word())
            }
            (Some((row, sent)), Some(timer), None) => {
                write!(f, "; whole by {row}, sends {}; ", shown(sent))?;
                match self.growing.as_slice() {
                    _ if timer.why == Why::MoreDigits => {
                        write!(f, "no number of the country yet: waits {timer}")
                    }
                    [] => write!(f, "an emergency number may follow: waits {timer}"),
                    _ => write!(f, "more may follow: waits {timer}"),
                }
            }
            (None, Some(timer), _) => write!(f, "; digits are missing: waits {timer}"),
            (None, None, _) | (Some(_), None, None) => Ok(()),
        }
    }
}

fn shown(sent: &Number) -> &str {
    if sent.is_empty() { "nothing" } else { sent.as_str() }
}

impl fmt::Display for Explanation {
    /// A line for the dial tone, one for each digit and one for the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.first {
            Some(timer) if timer.why == Why::Hotline => {
                writeln!(f, "dial tone: calls by itself after {timer}")?
            }
            Some(timer) => writeln!(f, "dial tone: waits {timer} for a digit")?,
            None => writeln!(f, "no dial tone: it calls at once")?,
        }
        for step in &self.digits {
            writeln!(f, "{step}")?;
        }
        match &self.end {
            Ok(selection) if selection.is_emergency() => writeln!(f, "emergency: sends {}", selection.sent),
            Ok(selection) if selection.barred => writeln!(f, "barred"),
            Ok(selection) => writeln!(f, "sends {}", shown(&selection.sent)),
            Err(cause) => writeln!(f, "{cause}"),
        }
    }
}

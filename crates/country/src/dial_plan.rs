//! # What it does
//! Reads a whole dial plan in a language that users bring from another gateway, and makes of it the rows that would be
//! written here: one [`Pattern`] for each alternative, and what could not be kept.
//!
//! # How
//! `cisco: (911S0|<9:>xx.|...)`, `grandstream: { x+ | *x+ | <1=>... }`, `mgcp: (0T|00T|[1-7]xxx|9011x.T)`: a word tells
//! the language, a parser for each gives elements of patterns. All three come to the same form, so that a plan is
//! exactly what its rows are.
//!
//! # Limits
//! [`MAX_PLAN`] characters, [`MAX_ROWS`] rows. Of two alternatives that a number fits the more specific wins, whatever
//! their order.
//!
//! # Standard
//! MGCP: RFC 3435 §2.1.5. The others are described in the manuals of the adapters.

mod cisco;
mod grandstream;
mod meet;
mod mgcp;

use crate::{Pattern, PatternError};

/// Characters of a whole dial plan, at the most.
pub const MAX_PLAN: usize = 2048;
/// Rows that a whole dial plan makes, at the most.
pub const MAX_ROWS: usize = 256;

/// The language of a whole dial plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Syntax {
    /// Adapters by Sipura, Linksys and Cisco.
    Cisco,
    /// Adapters by Grandstream.
    Grandstream,
    /// A digit map of MGCP.
    Mgcp,
}

impl Syntax {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Cisco, Self::Grandstream, Self::Mgcp];

    /// The word before the plan.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cisco => "cisco",
            Self::Grandstream => "grandstream",
            Self::Mgcp => "mgcp",
        }
    }
}

/// A row that an alternative of a plan makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanRow {
    /// What is dialled.
    pub pattern: Pattern,
    /// The plan sends it to the outside line of its device, whatever the other rows do.
    pub to_line: bool,
    /// Where in the text the alternative begins.
    pub offset: usize,
}

/// Something of a plan that its rows do not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loss {
    /// Bytes before the place.
    pub offset: usize,
    /// What, and what is done in its place.
    pub what: String,
}

/// A whole dial plan, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DialPlan {
    /// Its language.
    pub syntax: Syntax,
    /// Its rows, in its order.
    pub rows: Vec<PlanRow>,
    /// What was lost.
    pub lost: Vec<Loss>,
}

impl DialPlan {
    /// The language of `text` and where the plan begins in it, if a word says that it is a whole plan.
    pub fn syntax_of(text: &str) -> Option<(Syntax, usize)> {
        let (word, _) = text.split_once(':')?;
        let syntax = Syntax::ALL.into_iter().find(|syntax| syntax.word() == word.trim())?;
        Some((syntax, word.len() + 1))
    }

    /// Reads a plan after the word of its language: `mgcp: (0T|[1-7]xxx)`.
    ///
    /// # Errors
    /// Where it is none, with the place and what was expected there.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let Some((syntax, start)) = Self::syntax_of(text) else {
            return Err(PatternError {
                offset: 0,
                expected: "cisco:, grandstream: or mgcp: before the plan",
            });
        };
        if text.len() > MAX_PLAN {
            return Err(PatternError { offset: MAX_PLAN, expected: "at most 2048 characters" });
        }
        let mut plan = Self { syntax, rows: Vec::new(), lost: Vec::new() };
        match syntax {
            Syntax::Cisco => cisco::read(text, start, &mut plan)?,
            Syntax::Grandstream => grandstream::read(text, start, &mut plan)?,
            Syntax::Mgcp => mgcp::read(text, start, &mut plan)?,
        }
        if plan.rows.is_empty() {
            return Err(PatternError {
                offset: text.len(),
                expected: "at least one alternative that can be dialled",
            });
        }
        plan.lost.sort_by_key(|loss| loss.offset);
        Ok(plan)
    }

    /// Adds a row, unless there is the same one already.
    fn add(&mut self, pattern: Pattern, to_line: bool, offset: usize) -> Result<(), PatternError> {
        let pattern = pattern.rewritten();
        if let Some(twin) = self.rows.iter().find(|row| row.pattern.elements() == pattern.elements()) {
            let what = format!("{pattern} is there already, as {}: this one is left out", twin.pattern);
            self.lose(offset, what);
            return Ok(());
        }
        if self.rows.len() >= MAX_ROWS {
            return Err(PatternError { offset, expected: "at most 256 alternatives" });
        }
        self.rows.push(PlanRow { pattern, to_line, offset });
        Ok(())
    }

    fn lose(&mut self, offset: usize, what: impl Into<String>) {
        self.lost.push(Loss { offset, what: what.into() });
    }
}

/// The place after the spaces at `at`.
fn skip_spaces(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + (rest.len() - rest.trim_start().len())
}

/// What stands between `open` and `close`, which are all of `text` from `start` on; with its offset.
fn inside<'a>(
    text: &'a str,
    start: usize,
    [open, close]: [(char, &'static str); 2],
) -> Result<(&'a str, usize), PatternError> {
    let from = skip_spaces(text, start);
    let body = text.get(from..).unwrap_or_default().trim_end();
    let Some(body) = body.strip_prefix(open.0) else {
        return Err(PatternError { offset: from, expected: open.1 });
    };
    let end = from + 1 + body.len();
    let body = body.strip_suffix(close.0).ok_or(PatternError { offset: end, expected: close.1 })?;
    Ok((body, from + 1))
}

/// The alternatives between `|` with their offsets, without the spaces around them.
fn alternatives(body: &str, start: usize) -> impl Iterator<Item = (&str, usize)> {
    let mut at = start;
    body.split('|').map(move |part| {
        let own = skip_spaces(part, 0);
        let offset = at + own;
        at += part.len() + 1;
        (part.trim(), offset)
    })
}

/// The same error, in a text in which its own begins at `offset`.
const fn moved(error: PatternError, offset: usize) -> PatternError {
    PatternError { offset: error.offset + offset, expected: error.expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let plan = DialPlan::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let row = |row: &PlanRow| format!("{}{}", if row.to_line { "lines " } else { "" }, row.pattern);
        plan.rows.iter().map(row).collect()
    }

    fn lost(text: &str) -> Vec<String> {
        let plan = DialPlan::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        plan.lost.iter().map(|loss| format!("{}: {}", loss.offset + 1, loss.what)).collect()
    }

    fn error(text: &str) -> String {
        DialPlan::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_plan_of_cisco_is_its_alternatives() {
        assert_eq!(
            rows("cisco: ([1-8]xx | 9,xxxxxxxxxx|<:1>xxxxxxxxxx|1900xxxxxxx!|01.|P5<:1000>xxxx)"),
            ["[1-8]xx", "9,xxxxxxxxxx", "<:1>xxxxxxxxxx", "1900xxxxxxx!", "01.", "P5 <:1000>xxxx"]
        );
        assert_eq!(rows("cisco:(911S0|<9:>xx.)"), ["911 S0", "<9:>xx."]);
        // A hotline is written by a timer of no length.
        assert_eq!(rows("cisco: (S0<:12125551234>)"), ["P0 <:12125551234>"]);
        // Timers of the whole plan are those of each row that has none.
        assert_eq!(rows("cisco: L:15,S:6,(xx.|[1-3]xS0)"), ["xx. S6 L15", "[1-3]x S0 L15"]);
        assert_eq!(rows("cisco: (xx.<:@gw0>|<9,:@gw0>x.|[1-3]x)"), ["lines xx.", "lines <9:>,x.", "[1-3]x"]);
        assert_eq!(
            lost("cisco: (xx.<:@gw2>|1x)"),
            ["14: @gw2: there is no such gateway here: the row goes where the others go"]
        );
    }

    #[test]
    fn a_plan_of_grandstream_is_its_alternatives() {
        assert_eq!(rows("grandstream: { x+ | *x+ | *xx*x+ }"), ["xx.", "*xx.", "*xx*xx."]);
        assert_eq!(
            rows("grandstream: {^1900x. | <=1617>[2-9]xxxxxx | 1[2-9]xx[2-9]xxxxxx | 011[2-9]x. | [3469]11}"),
            ["1900xx.!", "<:1617>[2-9]xxxxxx", "1[2-9]xx[2-9]xxxxxx", "011[2-9]xx.", "[3469]11"]
        );
        assert_eq!(
            rows("grandstream: {<2=011>x+|<1=>2xT|L:9,x+|[x*]+}"),
            ["<2:011>xx.", "<1:>2x S3", "lines 9,xx.", "[0-9*][0-9*]."]
        );
        assert_eq!(rows("grandstream: {12x?3?}"), ["12", "12x", "123", "12x3"]);
        assert_eq!(rows(r"grandstream: {\*\#1x}"), ["*#1x"]);
        assert_eq!(
            lost(r"grandstream: { x+ | \+x+ }"),
            [r"21: \+x+: no telephone dials +, and SIP phones that do are understood without it: left out"]
        );
    }

    #[test]
    fn a_digit_map_is_its_alternatives() {
        assert_eq!(
            rows("mgcp: (0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)"),
            [
                "0 S4 L16",
                "00 S4 L16",
                "[1-7]xxx L16",
                "8xxxxxxx L16",
                "#xxxxxxx L16",
                "*xx L16",
                "91xxxxxxxxxx L16",
                "9011x. S4 L16"
            ]
        );
        // A match without T is reported at once, also where more could follow.
        assert_eq!(rows("mgcp: (x11|xxxxxxx)"), ["x11 S0 L16", "xxxxxxx L16"]);
        assert_eq!(rows("mgcp: 2x.D"), ["2x.D L16"]);
        assert_eq!(
            lost("mgcp: (0T|00T)"),
            ["11: 00T: nothing longer begins so, so that it goes at once, without the 4 s of T"]
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        assert_eq!(error("(1|2)"), "at character 1: expected cisco:, grandstream: or mgcp: before the plan");
        assert_eq!(error("cisco: 1|2"), "at character 8: expected ( before the first alternative");
        assert_eq!(error("cisco: (1|2"), "at character 12: expected ) after the last alternative");
        assert_eq!(error("cisco: (1||2)"), "at character 11: expected an alternative between | and |");
        assert_eq!(
            error("cisco: (1|2y)"),
            "at character 12: expected a digit, *, #, x, [..], <..:..>, `.`, `,`, `!`, S, L or P"
        );
        assert_eq!(error("cisco: K:3,(1)"), "at character 8: expected ( before the first alternative");
        assert_eq!(error("cisco: L:x,(1)"), "at character 10: expected seconds, 0 to 60");
        assert_eq!(error("grandstream: (x+)"), "at character 14: expected { before the first alternative");
        assert_eq!(error("grandstream: {x+"), "at character 17: expected } after the last alternative");
        assert_eq!(
            error("grandstream: {1|+x}"),
            "at character 17: expected a digit, x or [..] before +, `.` or ?"
        );
        assert_eq!(
            error("grandstream: {<1:2>x}"),
            "at character 17: expected a dialled digit, or = and what is sent for it"
        );
        assert_eq!(error("grandstream: {x?x?x?x?x?}"), "at character 15: expected ? four times at the most");
        assert_eq!(error("grandstream: {1Tx}"), "at character 17: expected T at the end of the alternative");
        assert_eq!(error("mgcp: (1Tx)"), "at character 10: expected T at the end of the alternative");
        assert_eq!(error("mgcp: (1|<1:2>)"), "at character 10: expected 0-9, *, #, A-D, x, [..], `.` or T");
        assert_eq!(error("mgcp: (T)"), "at character 8: expected a digit before T");
    }
}

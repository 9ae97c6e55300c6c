//! # What it does
//! Reads a rule that rewrites a number, in the language of dial patterns, and applies it to whole numbers.
//!
//! # How
//! A rule is what a number has to look like, with `<taken:sent>` where it changes: `<00:+>x.` replaces, `<9:>x.` takes away,
//! `<:+4930>[1-9]x.` puts before. `x` is a digit, `[2-8]` one of several, `.` repeats what stands before it, none or more
//! times; beside the signs of a keypad there is `+`. Of several rules the first that fits the whole number counts; where none
//! does the number stays as it is.
//!
//! # Limits
//! [`MAX_REWRITE`] signs of a rule and [`MAX_REPEATS`] repetitions in it; [`MAX_REWRITES`] rules of a list. Whether a rule can
//! ever fit is told up to [`MAX_LOOKED_AT`] states.

use core::fmt;
use std::collections::{BTreeSet, VecDeque};

/// Signs of a rule, at the most.
pub const MAX_REWRITE: usize = 64;
/// Dots in a rule, at the most.
pub const MAX_REPEATS: usize = 2;
/// Rules of a list, at the most.
pub const MAX_REWRITES: usize = 64;
/// States that are looked at to tell whether a rule is ever used.
const MAX_LOOKED_AT: usize = 4096;

/// The signs of numbers.
const ALL: &[u8] = b"0123456789*#ABCD+";

/// A set of the signs that a number may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Signs(u32);

impl Signs {
    const DIGITS: Self = Self(0x3ff);

    fn of(sign: u8) -> Option<Self> {
        ALL.iter().position(|own| *own == sign).map(|place| Self(1 << place))
    }

    fn has(self, sign: u8) -> bool {
        Self::of(sign).is_some_and(|one| self.0 & one.0 != 0)
    }
}

/// A part of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    /// A sign that stays.
    Keep(Signs),
    /// Any count of signs that stay.
    Repeat(Signs),
    /// A sign that is taken away.
    Take(Signs),
    /// What comes in.
    Put(String),
}

/// A rule that rewrites a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewrite {
    text: String,
    steps: Vec<Step>,
}

/// Why a text is no such rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RewriteError {
    /// A sign that no number has.
    #[error("`{0}` is in no number: a rule has digits, *, #, +, x, sets as [2-8], . and <taken:sent>")]
    Sign(char),
    /// A bracket or a substitution is not closed, or empty.
    #[error("{0} is not closed, or nothing is in it")]
    Open(char),
    /// There is none.
    #[error("a pattern has at least one sign, as x.")]
    Empty,
    /// Nothing before a dot.
    #[error(". repeats what stands before it: write x.")]
    Dot,
    /// Too long, or too many dots.
    #[error("a rule has {MAX_REWRITE} signs and {MAX_REPEATS} dots at the most")]
    Long,
    /// Nothing changes.
    #[error("nothing changes: write <taken:sent> where it does, as <9:>xxx")]
    Same,
}

/// What a number has to look like, in the same language, without anything that changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NumberPattern(Rewrite);

impl NumberPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RewriteError> {
        if text.is_empty() {
            return Err(RewriteError::Empty);
        }
        let rule = Rewrite::steps_of(text)?;
        let stays = |step: &Step| matches!(step, Step::Keep(_) | Step::Repeat(_));
        if rule.steps.iter().all(stays) { Ok(Self(rule)) } else { Err(RewriteError::Sign('<')) }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// True if the whole of `number` fits.
    pub fn fits(&self, number: &str) -> bool {
        self.0.apply(number).is_some()
    }
}

impl Rewrite {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RewriteError> {
        let rule = Self::steps_of(text)?;
        let changes = |step: &Step| match step {
            Step::Take(_) => true,
            Step::Put(text) => !text.is_empty(),
            Step::Keep(_) | Step::Repeat(_) => false,
        };
        if rule.steps.iter().any(changes) { Ok(rule) } else { Err(RewriteError::Same) }
    }

    fn steps_of(text: &str) -> Result<Self, RewriteError> {
        if text.len() > MAX_REWRITE {
            return Err(RewriteError::Long);
        }
        let mut steps = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(behind) = rest.strip_prefix('<') {
                let (inside, behind) = behind.split_once('>').ok_or(RewriteError::Open('<'))?;
                let (mut taken, sent) = inside.split_once(':').ok_or(RewriteError::Open('<'))?;
                while !taken.is_empty() {
                    let (signs, behind) = one_of(taken)?;
                    steps.push(Step::Take(signs));
                    taken = behind;
                }
                if let Some(wrong) =
                    sent.chars().find(|sign| !sign.is_ascii() || !ALL.contains(&(*sign as u8)))
                {
                    return Err(RewriteError::Sign(wrong));
                }
                steps.push(Step::Put(sent.to_owned()));
                rest = behind;
            } else if first == '.' {
                let Some(Step::Keep(signs)) = steps.last() else { return Err(RewriteError::Dot) };
                steps.push(Step::Repeat(*signs));
                rest = rest.get(1..).unwrap_or("");
            } else {
                let (signs, behind) = one_of(rest)?;
                steps.push(Step::Keep(signs));
                rest = behind;
            }
        }
        if steps.iter().filter(|step| matches!(step, Step::Repeat(_))).count() > MAX_REPEATS {
            return Err(RewriteError::Long);
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What becomes of `number`, if the whole of it fits.
    pub fn apply(&self, number: &str) -> Option<String> {
        let mut sent = String::new();
        fits(&self.steps, number.as_bytes(), &mut sent).then_some(sent)
    }

    /// Where one may be after the signs so far; `len` is the end.
    fn closure(&self, mut places: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut left: Vec<usize> = places.iter().copied().collect();
        while let Some(place) = left.pop() {
            let passes = matches!(self.steps.get(place), Some(Step::Put(_) | Step::Repeat(_)));
            if passes && places.insert(place + 1) {
                left.push(place + 1);
            }
        }
        places
    }

    fn next(&self, places: &BTreeSet<usize>, sign: u8) -> BTreeSet<usize> {
        let mut next = BTreeSet::new();
        for place in places {
            match self.steps.get(*place) {
                Some(Step::Keep(signs) | Step::Take(signs)) if signs.has(sign) => {
                    next.insert(place + 1);
                }
                Some(Step::Repeat(signs)) if signs.has(sign) => {
                    next.insert(*place);
                }
                Some(Step::Keep(_) | Step::Take(_) | Step::Repeat(_) | Step::Put(_)) | None => {}
            }
        }
        self.closure(next)
    }

    fn is_at_end(&self, places: &BTreeSet<usize>) -> bool {
        places.contains(&self.steps.len())
    }
}

impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The rule of `rules` that fits `number`, and what becomes of it.
pub fn rewritten<'a>(rules: &'a [Rewrite], number: &str) -> Option<(&'a Rewrite, String)> {
    rules.iter().take(MAX_REWRITES).find_map(|rule| Some((rule, rule.apply(number)?)))
}

/// The rules that are never used, by their places: whatever fits them fits one before.
pub fn unreachable(rules: &[Rewrite]) -> Vec<usize> {
    let hidden = |(place, rule): (usize, &Rewrite)| {
        is_hidden(rule, rules.get(..place).unwrap_or_default()).then_some(place)
    };
    rules.iter().enumerate().take(MAX_REWRITES).filter_map(hidden).collect()
}

/// True if each number that fits `rule` fits one of `before`.
fn is_hidden(rule: &Rewrite, before: &[Rewrite]) -> bool {
    let start = |rule: &Rewrite| rule.closure(BTreeSet::from([0]));
    let first: (BTreeSet<usize>, Vec<BTreeSet<usize>>) = (start(rule), before.iter().map(start).collect());
    let mut seen = BTreeSet::from([first.clone()]);
    let mut left = VecDeque::from([first]);
    while let Some((own, others)) = left.pop_front() {
        let covered = before.iter().zip(&others).any(|(rule, places)| rule.is_at_end(places));
        if rule.is_at_end(&own) && !covered {
            return false;
        }
        for sign in ALL {
            let next = rule.next(&own, *sign);
            if next.is_empty() {
                continue;
            }
            let others = before.iter().zip(&others).map(|(rule, places)| rule.next(places, *sign)).collect();
            if seen.len() >= MAX_LOOKED_AT {
                return false; // not known
            }
            let state = (next, others);
            if seen.insert(state.clone()) {
                left.push_back(state);
            }
        }
    }
    true
}

/// The first sign or set of a text, and what is behind it.
fn one_of(text: &str) -> Result<(Signs, &str), RewriteError> {
    let Some(first) = text.chars().next() else { return Err(RewriteError::Open('<')) };
    if let Some(behind) = text.strip_prefix('[') {
        let (inside, behind) = behind.split_once(']').ok_or(RewriteError::Open('['))?;
        return Ok((set(inside)?, behind));
    }
    let signs = if first == 'x' { Some(Signs::DIGITS) } else { u8::try_from(first).ok().and_then(Signs::of) };
    Ok((signs.ok_or(RewriteError::Sign(first))?, text.get(first.len_utf8()..).unwrap_or("")))
}

/// `2-8*`.
fn set(inside: &str) -> Result<Signs, RewriteError> {
    let mut signs = Signs(0);
    let mut rest = inside.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [from, b'-', to, behind @ ..] if from.is_ascii_digit() && to.is_ascii_digit() && from <= to => {
                (*from..=*to).filter_map(Signs::of).for_each(|one| signs.0 |= one.0);
                behind
            }
            [one, behind @ ..] => {
                let own = Signs::of(*one).ok_or(RewriteError::Sign(char::from(*one)))?;
                signs.0 |= own.0;
                behind
            }
        };
    }
    if signs.0 == 0 { Err(RewriteError::Open('[')) } else { Ok(signs) }
}

/// Matches all of `number`; a repetition takes as much as it can.
fn fits(steps: &[Step], number: &[u8], sent: &mut String) -> bool {
    let Some((step, behind)) = steps.split_first() else { return number.is_empty() };
    let before = sent.len();
    let done = match (step, number.split_first()) {
        (Step::Put(text), _) => {
            sent.push_str(text);
            fits(behind, number, sent)
        }
        (Step::Keep(signs), Some((sign, rest))) if signs.has(*sign) => {
            sent.push(char::from(*sign));
            fits(behind, rest, sent)
        }
        (Step::Take(signs), Some((sign, rest))) if signs.has(*sign) => fits(behind, rest, sent),
        (Step::Repeat(signs), Some((sign, rest))) if signs.has(*sign) => {
            sent.push(char::from(*sign));
            let more = fits(steps, rest, sent);
            if !more {
                sent.truncate(before);
            }
            more || fits(behind, number, sent)
        }
        (Step::Repeat(_), _) => fits(behind, number, sent),
        (Step::Keep(_) | Step::Take(_), _) => false,
    };
    if !done {
        sent.truncate(before);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<Rewrite> {
        texts.iter().map(|text| Rewrite::parse(text).unwrap()).collect()
    }

    fn of(texts: &[&str], number: &str) -> Option<String> {
        rewritten(&rules(texts), number).map(|(_, sent)| sent)
    }

    #[test]
    fn numbers_lose_gain_and_change_digits_and_the_first_rule_that_fits_counts() {
        let german = ["<00:+>x.", "<0:+49>[1-9]x.", "<:+4930>[1-9]x."];
        assert_eq!(of(&german, "004412345"), Some("+4412345".to_owned()));
        assert_eq!(of(&german, "0891234"), Some("+49891234".to_owned()));
        assert_eq!(of(&german, "1234"), Some("+49301234".to_owned()));
        assert_eq!(of(&german, "+4930123"), None);
        assert_eq!(of(&german, "0"), None);
        assert_eq!(of(&["<+1:>xxxxxxxxxx"], "+12125550123"), Some("2125550123".to_owned()));
        assert_eq!(of(&["<9:>x."], "95551234"), Some("5551234".to_owned()));
        assert_eq!(of(&["<*:>67<:0>xx."], "*67123"), Some("670123".to_owned()));
        assert_eq!(of(&["x.<#:>"], "123#"), Some("123".to_owned()), "behind a repetition too");
        assert_eq!(of(&["<[2-4]x:7>x."], "39123"), Some("7123".to_owned()));
    }

    #[test]
    fn a_pattern_says_what_a_number_looks_like_and_changes_nothing() {
        let fits = |pattern: &str, number: &str| NumberPattern::parse(pattern).unwrap().fits(number);
        assert!(fits("0044x.", "0044207") && fits("0044x.", "00441") && !fits("0044x.", "0044"));
        assert!(fits("[57]xx", "701") && !fits("[57]xx", "7011") && fits("+49x.", "+4930"));
        assert_eq!(NumberPattern::parse(""), Err(RewriteError::Empty));
        for wrong in ["<9:>x.", "x<:1>", "x<:>", "abc", ".", "[2"] {
            assert!(NumberPattern::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(NumberPattern::parse("5xx").unwrap().as_str(), "5xx");
    }

    #[test]
    fn a_rule_that_is_never_used_is_found_also_behind_several_together() {
        assert_eq!(unreachable(&rules(&["<9:>x.", "<91:1>x."])), [1]);
        assert_eq!(unreachable(&rules(&["<91:1>x.", "<9:>x."])), [0; 0]);
        assert_eq!(unreachable(&rules(&["<:1>[0-4]x.", "<:2>[5-9]x.", "<7:3>xx", "<+:00>x."])), [2]);
        assert_eq!(unreachable(&rules(&["<0:>x.", "<0:>x."])), [1]);
    }

    #[test]
    fn rules_that_cannot_be_are_refused_with_words() {
        let error = |text: &str| Rewrite::parse(text).unwrap_err().to_string();
        assert!(error("<9:>y").starts_with("`y` is in no number"));
        assert!(error("<9>x").starts_with("< is not closed"));
        assert!(error("<9:x>").starts_with("`x` is in no number"));
        assert!(error("[2-x").starts_with("[ is not closed"));
        assert!(error("<9:>.").starts_with(". repeats"));
        assert!(error("x.").starts_with("nothing changes"));
        assert!(error("<:1>x.x.x.").starts_with("a rule has 64 signs"));
        assert!(Rewrite::parse(&"é".repeat(9)).is_err());
    }

    #[test]
    fn no_text_makes_it_stumble() {
        let mut seed = 1_u32;
        let signs = ["<", ">", ":", "[", "]", "-", ".", "x", "9", "+", "é", "*"];
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..8 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(signs[(seed >> 20) as usize % signs.len()]);
            }
            if let Ok(rule) = Rewrite::parse(&text) {
                let _ = rule.apply("99+*123");
            }
        }
    }
}

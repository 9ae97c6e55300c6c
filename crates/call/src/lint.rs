//! # What it does
//! Finds what is wrong with the rows of a dial plan: two that are equally specific for one number, rows that no number
//! reaches, rows that hide others, and rows that would make an emergency number wait.
//!
//! # How
//! All numbers are dialled, those alike only once: from each state of the reader one digit of each kind that its rows tell
//! apart. Two states are the same if their places are, and which of these are more specific than which.
//!
//! # Limits
//! [`MAX_STATES`] states for each of [`MAX_MOMENTS`] times of day, online and offline. A plan beyond that is looked at as
//! far as it goes, and nothing is called unreachable.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tipring_units::Millis;

use crate::Destination;
use crate::digits::Reader;
use crate::plan::{MAX_HOUSE_DIGITS, Plan, Rule, Step};

/// States that are looked at, at the most.
pub const MAX_STATES: usize = 20_000;
/// Times of day at which a plan is looked at, at the most.
pub const MAX_MOMENTS: usize = 24;
/// Digits of an outside prefix, at the most.
const MAX_PREFIX: usize = 3;

/// A row of `[dial]` or `[offline]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Row {
    /// The pattern as written.
    pub pattern: String,
    /// It is one of `[offline]`.
    pub offline: bool,
}

/// What is wrong with a row, and what to do about it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PlanFinding {
    /// The row.
    pub row: Row,
    /// What.
    pub what: Fault,
}

/// What can be wrong with a row.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// A number fits another row too, and neither is more specific.
    Ambiguous {
        /// The other row, which wins.
        other: String,
        /// The number.
        number: String,
    },
    /// Whatever fits it, fits a row that wins.
    Beaten {
        /// That row, or one of them.
        by: String,
        /// A number.
        number: String,
    },
    /// Its numbers begin as a row that goes at once.
    Hidden {
        /// That row.
        by: String,
        /// What is dialled when it goes.
        at: String,
    },
    /// Its numbers begin with an emergency number, which goes at once.
    BehindEmergency {
        /// That number as dialled.
        number: String,
    },
    /// Some of its numbers begin with an emergency number.
    DelaysEmergency {
        /// That number as dialled.
        number: String,
        /// A number of the row.
        longer: String,
    },
    /// What stands before its numbers is no outside prefix, so that an emergency number behind it is none.
    NoPrefix {
        /// What stands there.
        prefix: String,
        /// What is dialled.
        dialled: String,
        /// How to write the row.
        better: String,
    },
    /// It goes at once, and an emergency number begins so.
    WaitsForEmergency {
        /// That number as dialled.
        number: String,
    },
    /// It calls as soon as a telephone is lifted: no emergency number can be dialled.
    NothingCanBeDialled,
    /// It has more digits than a number can have.
    TooLong,
}

impl fmt::Display for PlanFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = if self.row.offline { "[offline]" } else { "[dial]" };
        write!(f, "{table} \"{}\": ", self.row.pattern)?;
        match &self.what {
            Fault::Ambiguous { other, number } => write!(
                f,
                "{number} fits \"{other}\" too, and neither is more specific: \"{other}\" wins, as it comes first. Make one of them narrower, or take one out."
            ),
            Fault::Beaten { by, number } => write!(
                f,
                "no number reaches it: what fits it, as {number}, goes by \"{by}\", which is more specific or comes first. Take it out, or narrow the other."
            ),
            Fault::Hidden { by, at } => write!(
                f,
                "no number reaches it: at {at} \"{by}\" goes at once (S0). Give that row a timer, as S3, or take this one out."
            ),
            Fault::BehindEmergency { number } => write!(
                f,
                "no number reaches it: {number} is an emergency number and goes at once, by [emergency]. Take the row out."
            ),
            Fault::DelaysEmergency { number, longer } => write!(
                f,
                "{longer} fits it and begins with {number}, an emergency number, which would have to wait for it. {number} goes at once instead, and {longer} cannot be dialled. Leave these numbers out of the row."
            ),
            Fault::NoPrefix { prefix, dialled, better } => write!(
                f,
                "{dialled} would go as any other number, after a timer. If {prefix} is what is dialled for an outside line, write \"{better}\": {dialled} is an emergency number then and goes at once."
            ),
            Fault::WaitsForEmergency { number } => write!(
                f,
                "{number} begins so: the row waits for the next digit in spite of S0, or the emergency number could not be dialled. Give it another number, or a timer of its own."
            ),
            Fault::NothingCanBeDialled => f.write_str(
                "P0 calls as soon as any phone is lifted: nobody can dial an emergency number. Write P3, or `dials` of the phones that are hotlines.",
            ),
            Fault::TooLong => f.write_str("no number has so many digits. Make it shorter, or take it out."),
        }
    }
}

/// What was seen of each rule.
#[derive(Default)]
struct Seen {
    won: BTreeSet<usize>,
    beaten: BTreeMap<usize, (usize, String)>,
    hidden: BTreeMap<usize, (usize, String)>,
    behind: BTreeMap<usize, String>,
    ambiguous: BTreeMap<(usize, usize), String>,
    is_complete: bool,
}

impl Plan {
    /// What is wrong with its rows, by row.
    pub fn lint(&self) -> Vec<PlanFinding> {
        let mut seen = Seen { is_complete: true, ..Seen::default() };
        let has_offline = self.rules.iter().any(|rule| rule.offline && rule.written);
        for minute in self.moments() {
            let mut plan = self.clone();
            plan.set_minute(minute);
            plan.explore(false, &mut seen);
            if has_offline {
                plan.explore(true, &mut seen);
            }
        }
        let mut findings = Vec::new();
        for ((first, second), number) in &seen.ambiguous {
            if let (Some(first), Some(second)) = (self.rules.get(*first), self.rules.get(*second)) {
                let what = Fault::Ambiguous { other: first.text.clone(), number: number.clone() };
                findings.push(PlanFinding { row: row(second), what });
            }
        }
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.written) {
            let fault = if seen.is_complete { self.unreachable(index, rule, &seen) } else { None };
            let is_reached = fault.is_none();
            let own = self.emergency_faults(rule).into_iter().filter(|_| is_reached);
            findings.extend(fault.into_iter().chain(own).map(|what| PlanFinding { row: row(rule), what }));
        }
        findings.dedup();
        findings
    }

    /// A minute of each part of the day that rows tell apart.
    fn moments(&self) -> Vec<u16> {
        let hours = self.rules.iter().filter_map(|rule| rule.hours);
        let mut all: BTreeSet<u16> = hours.flat_map(|hours| [hours.from, hours.to]).collect();
        if all.is_empty() {
            all.insert(0);
        }
        all.into_iter().take(MAX_MOMENTS).collect()
    }

    fn unreachable(&self, index: usize, rule: &Rule, seen: &Seen) -> Option<Fault> {
        if rule.pause.is_some() || seen.won.contains(&index) {
            return None;
        }
        let text = |index: &usize| self.rules.get(*index).map_or_else(String::new, |rule| rule.text.clone());
        if let Some((by, number)) = seen.beaten.get(&index) {
            return Some(Fault::Beaten { by: text(by), number: number.clone() });
        }
        if let Some(number) = seen.behind.get(&index) {
            return Some(Fault::BehindEmergency { number: number.clone() });
        }
        if let Some((by, at)) = seen.hidden.get(&index) {
            return Some(Fault::Hidden { by: text(by), at: at.clone() });
        }
        let digits =
            rule.steps.iter().filter(|step| matches!(step, Step::Digit(_) | Step::Swallow(_))).count();
        (digits > crate::MAX_DIALLED).then_some(Fault::TooLong)
    }

    /// What a row that is reached does to emergency numbers.
    fn emergency_faults(&self, rule: &Rule) -> Vec<Fault> {
        let mut faults = Vec::new();
        if rule.pause == Some(Millis::ZERO) && !self.numbering.emergency.is_empty() {
            faults.push(Fault::NothingCanBeDialled);
        }
        let alone = self.alone(rule);
        let read = |digits: &str| {
            let mut reader = Reader::new(&alone, false);
            digits.bytes().for_each(|digit| reader.push(&alone, digit));
            reader
        };
        let is_short = !rule.steps.iter().any(|step| matches!(step, Step::Repeat(_)))
            && rule.steps.iter().filter(|step| matches!(step, Step::Digit(_) | Step::Swallow(_))).count()
                <= MAX_HOUSE_DIGITS;
        if let Some((number, longer)) = self.emergency_numbers().find_map(|number| {
            let longer = is_short.then(|| read(number).next_digit(&alone)).flatten()?;
            Some((number.to_owned(), format!("{number}{}", char::from(longer))))
        }) {
            faults.push(Fault::DelaysEmergency { number, longer });
        }
        if rule.short == Some(Millis::ZERO)
            && let Some(number) = self.emergency_numbers().find(|number| {
                (1..number.len())
                    .any(|end| number.get(..end).is_some_and(|start| read(start).winner(&alone).is_some()))
            })
        {
            faults.push(Fault::WaitsForEmergency { number: number.to_owned() });
        }
        faults.extend(self.no_prefix(rule, |digits| read(digits).winner(&alone).is_some()));
        faults
    }

    /// A row that looks as if it began with an outside prefix, and does not say so.
    fn no_prefix(&self, rule: &Rule, fits: impl Fn(&str) -> bool) -> Option<Fault> {
        match rule.to {
            Destination::Server { .. }
            | Destination::Lines { .. }
            | Destination::Line { .. }
            | Destination::Route(_) => {}
            Destination::Number(_) | Destination::Phones => return None,
        }
        if rule.outside_prefix().is_some() || rule.barred {
            return None;
        }
        let mut prefix = String::new();
        for step in &rule.steps {
            match step {
                Step::Digit(set) if set.count() == 1 => prefix.extend(set.digits().map(char::from)),
                Step::Digit(_) | Step::Repeat(_) | Step::Swallow(_) | Step::Send(_) | Step::OutsideTone => {
                    break;
                }
            }
        }
        let is_own = [&self.numbering.trunk_prefix, &self.numbering.international_prefix]
            .iter()
            .any(|own| !own.is_empty() && prefix.starts_with(own.as_str()));
        let is_plain =
            (1..=MAX_PREFIX).contains(&prefix.len()) && prefix.bytes().all(|digit| digit.is_ascii_digit());
        if is_own || !is_plain {
            return None;
        }
        let number = self.numbering.emergency.iter().find(|number| {
            let dialled = format!("{prefix}{number}");
            self.emergency(&dialled).is_none() && fits(&dialled)
        })?;
        let better = rule.text.replacen(&prefix, &format!("{prefix},"), 1);
        let dialled = format!("{prefix}{number}");
        Some(Fault::NoPrefix { dialled, better, prefix })
    }

    fn explore(&self, offline: bool, seen: &mut Seen) {
        let start = Reader::new(self, offline);
        let mut known = BTreeSet::new();
        let mut waiting = VecDeque::from([start]);
        while let Some(reader) = waiting.pop_front() {
            let dialled = reader.dialled();
            let dialled = dialled.as_str();
            let is_begun = self.may_become_emergency(dialled);
            let key = (reader.shape(), if is_begun { dialled.to_owned() } else { String::new() });
            if !known.insert(key) {
                continue;
            }
            if known.len() > MAX_STATES {
                seen.is_complete = false;
                return;
            }
            let is_emergency = self.emergency(dialled).is_some();
            let reached = reader.standing(self);
            if is_emergency {
                for (rule, _) in reached {
                    seen.behind.entry(rule).or_insert_with(|| dialled.to_owned());
                }
                continue;
            }
            let ends = reader.ends(self);
            if !dialled.is_empty()
                && let Some((best, rest)) = ends.split_first()
            {
                seen.won.insert(best.rule);
                for other in rest {
                    seen.beaten.entry(other.rule).or_insert_with(|| (best.rule, dialled.to_owned()));
                    if other.is_even && self.is_written(best.rule) && self.is_written(other.rule) {
                        seen.ambiguous.entry((best.rule, other.rule)).or_insert_with(|| dialled.to_owned());
                    }
                }
                let at_once = self.rules.get(best.rule).is_some_and(|rule| rule.short == Some(Millis::ZERO));
                if at_once && !is_begun {
                    for (rule, _) in reached.iter().filter(|(_, consumes)| *consumes) {
                        seen.hidden.entry(*rule).or_insert_with(|| (best.rule, dialled.to_owned()));
                    }
                    continue;
                }
            }
            if dialled.len() >= crate::MAX_DIALLED {
                continue;
            }
            for digit in reader.kinds(self) {
                let mut next = reader.clone();
                next.push(self, digit);
                if next.dialled().as_str().len() > dialled.len() {
                    waiting.push_back(next);
                }
            }
        }
    }

    fn is_written(&self, rule: usize) -> bool {
        self.rules.get(rule).is_some_and(|rule| rule.written)
    }
}

fn row(rule: &Rule) -> Row {
    Row { pattern: rule.text.clone(), offline: rule.offline }
}

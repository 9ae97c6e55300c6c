//! # What it does
//! Holds the dial plan in the form in which digits are read against it: which rules there are, which of two
//! is the more specific, which numbers are of emergency services.
//!
//! # How
//! Each pattern becomes a run of [`Step`]s; [`crate::digits::Reader`] keeps a set of places in them. Without
//! `[dial]` the rules are made here: everything to the first server, or the telephones' own numbers. While
//! no server is up, the rules of `[offline]` and the telephones' own numbers come first.
//!
//! # Limits
//! [`MAX_RULES`] rules. An outside prefix is seen where a pattern has single digits before its `,`, or takes single digits
//! away from a number that goes out.

use tipring_country::{DigitSet, Element, Hours, NumberKind, NumberPlan, Outside, Pattern};
use tipring_units::Millis;

use crate::{Destination, Number, Permission, Setup, Timers};

/// Rules of a plan, at the most.
pub const MAX_RULES: usize = 4096;
/// Emergency numbers with all prefixes, at the most.
pub const MAX_EMERGENCY: usize = 64;
/// A number of a rule without outside dial tone that the country does not know is a telephone of the house
/// behind a server up to this length, and could be anything beyond it.
pub(crate) const MAX_HOUSE_DIGITS: usize = 6;

/// A part of a rule, as the reader walks it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// A digit of the set, sent as dialled.
    Digit(DigitSet),
    /// Any count of digits of the set.
    Repeat(DigitSet),
    /// A digit of the set, not sent.
    Swallow(DigitSet),
    /// Sent without a digit.
    Send(String),
    /// Outside dial tone from here.
    OutsideTone,
}

/// A rule of the plan.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Rule {
    /// As a person wrote it.
    pub text: String,
    pub steps: Vec<Step>,
    pub to: Destination,
    pub barred: bool,
    pub short: Option<Millis>,
    pub long: Option<Millis>,
    pub pause: Option<Millis>,
    /// Used only while no server is up, and before the others then.
    pub offline: bool,
    /// Used only then.
    pub hours: Option<Hours>,
    /// A person wrote it.
    pub written: bool,
}

/// The dial plan, ready for digits.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    pub(crate) rules: Vec<Rule>,
    pub(crate) numbering: NumberPlan,
    pub(crate) timers: Timers,
    /// What is dialled, and the emergency number that it is.
    emergency: Vec<(String, Number)>,
    /// The minute of the day, for rows that are not valid always.
    minute: u16,
}

/// A whole number and what the plan makes of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Selection {
    /// As dialled.
    pub dialled: Number,
    /// As it goes out.
    pub sent: Number,
    /// Where the rule sends it; `None` for an emergency number, which has ways of its own.
    pub to: Option<Destination>,
    /// What kind of number it is; `None` for a telephone of the house.
    pub kind: Option<NumberKind>,
    /// It could be any number: the country does not know it, or the exchange takes what follows.
    pub anything: bool,
    /// The rule bars it for everybody.
    pub barred: bool,
}

impl Selection {
    /// True if a telephone with `permission` may not call it. Nothing bars an emergency number.
    pub fn is_barred_for(&self, permission: Permission) -> bool {
        !self.is_emergency() && (self.barred || !permission.allows(self.kind, self.anything))
    }

    /// True if it only asks for an outside line, whose exchange takes the number itself.
    pub fn is_access_code(&self) -> bool {
        let line = matches!(
            self.to,
            Some(Destination::Lines { number: None } | Destination::Line { number: None, .. })
        );
        line && self.sent.is_empty() && !self.dialled.is_empty()
    }

    /// True for an emergency number.
    pub fn is_emergency(&self) -> bool {
        self.kind == Some(NumberKind::Emergency)
    }
}

impl Plan {
    /// The plan that `setup` describes.
    pub fn new(setup: &Setup) -> Self {
        let mut rules: Vec<Rule> =
            setup.offline.iter().map(|row| Rule::of_pattern(&row.pattern, row.to, true)).collect();
        let groups = setup.groups.iter().map(|group| group.number);
        let own = setup.phones.iter().map(|phone| phone.number);
        let own = own.chain(setup.users.iter().map(|user| user.number)).chain(groups);
        match (&setup.dial, setup.servers.first()) {
            (Some(rows), _) => {
                rules.extend(own.filter_map(|number| Rule::of_number(number, true)));
                rules.extend(rows.iter().map(|row| Rule::of_pattern(&row.pattern, row.to, false)));
            }
            (None, Some(server)) => {
                rules.extend(own.filter_map(|number| Rule::of_number(number, true)));
                rules.push(Rule::of_everything(Destination::Server { name: server.name, number: None }));
            }
            (None, None) => rules.extend(own.filter_map(|number| Rule::of_number(number, false))),
        }
        rules.truncate(MAX_RULES);
        let emergency = emergency(&rules, &setup.numbering);
        Self { rules, numbering: setup.numbering.clone(), timers: setup.timers, emergency, minute: 0 }
    }

    /// From now on it is this minute of the day.
    pub fn set_minute(&mut self, minute: u16) {
        self.minute = minute;
    }

    /// The minute of the day.
    pub const fn minute(&self) -> u16 {
        self.minute
    }

    /// True if `rule` is valid now.
    pub(crate) fn is_valid(&self, rule: &Rule, offline: bool) -> bool {
        (offline || !rule.offline) && rule.hours.is_none_or(|hours| hours.contains(self.minute))
    }

    /// The emergency number that `dialled` is.
    pub(crate) fn emergency(&self, dialled: &str) -> Option<Number> {
        self.emergency.iter().find(|(text, _)| text == dialled).map(|(_, number)| *number)
    }

    /// Everything that is dialled for an emergency number.
    pub(crate) fn emergency_numbers(&self) -> impl Iterator<Item = &str> {
        self.emergency.iter().map(|(text, _)| text.as_str())
    }

    /// Only `rule`, valid at any time, as if there were no emergency numbers.
    pub(crate) fn alone(&self, rule: &Rule) -> Self {
        let rule = Rule { hours: None, offline: false, ..rule.clone() };
        Self { rules: vec![rule], emergency: Vec::new(), ..self.clone() }
    }

    /// True if more digits make `dialled` an emergency number.
    pub(crate) fn may_become_emergency(&self, dialled: &str) -> bool {
        self.emergency.iter().any(|(text, _)| text.len() > dialled.len() && text.starts_with(dialled))
    }

    /// What the country says of the outside part of a number that `rule` sends, `outside` being the place in
    /// `sent` at which outside dial tone was given. `None` where it cannot be told which part is the
    /// country's: a rule that begins with a digit of its own and has no `,`.
    pub(crate) fn look(&self, rule: &Rule, sent: &str, outside: Option<usize>) -> Option<Outside> {
        let part = match outside {
            Some(start) => sent.get(start..)?,
            None if rule.begins_wide() => sent,
            None => return None,
        };
        (!part.is_empty()).then(|| self.numbering.look(part))
    }

    /// What kind of number a server means by `number`, as [`Plan::kind`] of a rule that sends it there has it.
    pub(crate) fn kind_at_server(&self, number: &str) -> (Option<NumberKind>, bool) {
        const ANYTHING: (Option<NumberKind>, bool) = (Some(NumberKind::International), true);
        let whole = match number.strip_prefix('+') {
            Some(rest) => format!("{}{rest}", self.numbering.international_prefix),
            None => number.to_owned(),
        };
        let is_house =
            || number.len() <= MAX_HOUSE_DIGITS && number.bytes().all(|sign| b"0123456789*#".contains(&sign));
        match self.numbering.look(&whole) {
            Outside::Complete(kind) | Outside::Open(kind) => (Some(kind), false),
            Outside::Partial | Outside::Unknown if is_house() => (None, false),
            Outside::Partial | Outside::Unknown => ANYTHING,
        }
    }

    /// True if a rule of the plan bars `number` for everybody.
    pub(crate) fn bars(&self, number: &str) -> bool {
        self.read_whole(number, false).is_ok_and(|selection| selection.barred)
    }

    /// What kind of number `sent` is, for permissions, `None` for a telephone of the house; and whether it could be any.
    pub(crate) fn kind(&self, rule: &Rule, sent: &str, outside: Option<usize>) -> (Option<NumberKind>, bool) {
        const ANYTHING: (Option<NumberKind>, bool) = (Some(NumberKind::International), true);
        match rule.to {
            Destination::Number(_) | Destination::Phones => (None, false),
            Destination::Server { .. }
            | Destination::Lines { .. }
            | Destination::Line { .. }
            | Destination::Route(_) => {
                let part = outside.and_then(|start| sent.get(start..)).unwrap_or(sent);
                if rule.gives_the_exchange(part) {
                    return ANYTHING; // whoever hears its dial tone may dial anything
                }
                match self.numbering.look(part) {
                    Outside::Complete(kind) | Outside::Open(kind) => (Some(kind), false),
                    Outside::Partial | Outside::Unknown => {
                        let house = outside.is_none() && !rule.is_open() && part.len() <= MAX_HOUSE_DIGITS;
                        if house { (None, false) } else { ANYTHING }
                    }
                }
            }
        }
    }
}

impl Rule {
    fn of_pattern(pattern: &Pattern, to: Destination, offline: bool) -> Self {
        let mut steps = Vec::new();
        for element in pattern.elements() {
            match element {
                Element::Digit(set) => steps.push(Step::Digit(*set)),
                Element::Repeat(set) => steps.push(Step::Repeat(*set)),
                Element::Substitute { dialled, sent } => {
                    steps.push(Step::Send(sent.clone()));
                    steps.extend(dialled.iter().map(|set| Step::Swallow(*set)));
                }
                Element::OutsideTone => steps.push(Step::OutsideTone),
            }
        }
        Self {
            text: pattern.as_str().to_owned(),
            steps,
            to,
            barred: pattern.is_barred(),
            short: pattern.short_timer(),
            long: pattern.long_timer(),
            pause: pattern.pause(),
            offline,
            hours: pattern.hours(),
            written: true,
        }
    }

    /// The rule for a telephone's own number; `None` if it cannot be dialled.
    fn of_number(number: Number, offline: bool) -> Option<Self> {
        let steps: Option<Vec<Step>> =
            number.as_str().bytes().map(|digit| DigitSet::of(digit).map(Step::Digit)).collect();
        let steps = steps.filter(|steps| !steps.is_empty())?;
        Some(Self::plain(number.as_str(), steps, Destination::Number(number), offline))
    }

    fn of_everything(to: Destination) -> Self {
        let star = DigitSet::of(b'*').unwrap_or_default();
        let any = DigitSet::DECIMAL.union(star);
        Self::plain("[0-9*][0-9*].", vec![Step::Digit(any), Step::Repeat(any)], to, false)
    }

    fn plain(text: &str, steps: Vec<Step>, to: Destination, offline: bool) -> Self {
        let text = text.to_owned();
        Self {
            text,
            steps,
            to,
            barred: false,
            short: None,
            long: None,
            pause: None,
            offline,
            hours: None,
            written: false,
        }
    }

    /// True if the caller gets the dial tone of an exchange.
    fn gives_the_exchange(&self, sent: &str) -> bool {
        match self.to {
            Destination::Lines { number } | Destination::Line { number, .. } => {
                number.map_or(sent.is_empty(), |number| number.is_empty())
            }
            Destination::Number(_)
            | Destination::Phones
            | Destination::Server { .. }
            | Destination::Route(_) => false,
        }
    }

    /// True if the number has no greatest length.
    fn is_open(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Repeat(_)))
    }

    /// True if the first digit is one of several, so that it is no prefix of the house.
    fn begins_wide(&self) -> bool {
        self.steps.iter().find_map(|step| match step {
            Step::Digit(set) | Step::Repeat(set) | Step::Swallow(set) => Some(set.count() > 1),
            Step::Send(_) | Step::OutsideTone => None,
        }) == Some(true)
    }

    /// The outside prefix: the digits before outside dial tone, or those that are taken away where the number goes out
    /// without such a tone; where they are fixed.
    pub(crate) fn outside_prefix(&self) -> Option<String> {
        let mut prefix = String::new();
        let has_tone = self.steps.iter().any(|step| matches!(step, Step::OutsideTone));
        let goes_out = match self.to {
            Destination::Server { .. }
            | Destination::Lines { .. }
            | Destination::Line { .. }
            | Destination::Route(_) => true,
            Destination::Number(_) | Destination::Phones => false,
        };
        for step in &self.steps {
            match step {
                Step::Digit(_) | Step::Repeat(_) if !has_tone => {
                    return Some(prefix).filter(|prefix| goes_out && !prefix.is_empty());
                }
                Step::Digit(set) | Step::Swallow(set) if set.count() == 1 => {
                    prefix.extend(set.digits().map(char::from));
                }
                Step::Digit(_) | Step::Swallow(_) | Step::Repeat(_) => return None,
                Step::Send(text) if !has_tone && !text.is_empty() => return None,
                Step::Send(_) => {}
                Step::OutsideTone => return Some(prefix),
            }
        }
        None
    }
}

fn emergency(rules: &[Rule], numbering: &NumberPlan) -> Vec<(String, Number)> {
    let mut prefixes = vec![String::new()];
    for prefix in rules.iter().filter_map(Rule::outside_prefix) {
        if !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
    }
    let pairs = prefixes.iter().flat_map(|prefix| {
        numbering.emergency.iter().map(move |number| (format!("{prefix}{number}"), Number::new(number)))
    });
    pairs.take(MAX_EMERGENCY).collect()
}

//! # What it does
//! Reads digits against the dial plan as they are dialled and says after each whether the number is whole,
//! whether more may follow, which timer runs meanwhile and whether outside dial tone sounds.
//!
//! # How
//! All places in all rules that the digits so far can have reached are kept at once. The most specific rule
//! wins: at the first digit at which two rules differ, the one that allows fewer digits there; if all are
//! alike, the one that is for some hours only, then the first. A number that no rule can make longer goes at once. An outside number ends where the
//! country's plan ends it.
//!
//! # Limits
//! [`MAX_DIALLED`] digits; [`MAX_PLACES`] places (beyond that those of later rules are lost).

mod ask;

use core::cmp::Ordering;

use tipring_country::{DigitSet, Outside};
use tipring_units::Millis;

use crate::plan::{Plan, Rule, Selection, Step};
use crate::{Cause, Destination, Number, Why};

pub use ask::Ended;

/// Digits of one number, at the most: one less than a [`Number`] holds, so that a longer one that was cut on its
/// way here is not taken for a whole one.
pub const MAX_DIALLED: usize = crate::MAX_NUMBER - 1;
/// Places in rules at once, at the most.
pub const MAX_PLACES: usize = 2 * crate::plan::MAX_RULES;

/// What to do after a digit, or at the start.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Verdict {
    /// Wait for more.
    More {
        /// What the timer is for.
        why: Why,
        /// How long to wait.
        after: Millis,
        /// Outside dial tone sounds meanwhile.
        outside_tone: bool,
    },
    /// The number is whole.
    Whole(Selection),
    /// No number can come of it.
    Dead(Cause),
}

/// A place in a rule that the digits have reached.
#[derive(Clone, Debug)]
struct Place {
    rule: usize,
    step: usize,
    sent: String,
    /// Where in `sent` the outside part begins.
    outside: Option<usize>,
    /// How many digits the rule allowed at each digit dialled; more for a repeat.
    width: Vec<u8>,
    /// Outside dial tone was reached and no digit came since.
    fresh: bool,
}

/// Added to the width of a digit that a repeat took, so that any fixed digit is more specific.
const REPEAT_WIDTH: u8 = 16;

/// One number being dialled.
#[derive(Clone, Debug)]
pub struct Reader {
    dialled: String,
    places: Vec<Place>,
    /// `#` or the timer ended it.
    ended: bool,
}

impl Reader {
    /// A reader before the first digit. `offline`: no server is up now.
    pub fn new(plan: &Plan, offline: bool) -> Self {
        let mut reader = Self { dialled: String::new(), places: Vec::new(), ended: false };
        let mut places = Vec::new();
        for (index, rule) in plan.rules.iter().enumerate().filter(|(_, rule)| plan.is_valid(rule, offline)) {
            let start = Place {
                rule: index,
                step: 0,
                sent: String::new(),
                outside: None,
                width: Vec::new(),
                fresh: false,
            };
            settle(rule, start, &mut places);
        }
        reader.places = places;
        reader
    }

    /// The same digits read against another plan.
    pub fn again(&self, plan: &Plan, offline: bool) -> Self {
        let mut reader = Self::new(plan, offline);
        for digit in self.dialled.bytes() {
            reader.push(plan, digit);
        }
        reader
    }

    /// The digits so far.
    pub fn dialled(&self) -> Number {
        Number::new(&self.dialled)
    }

    /// True before the first digit.
    pub fn is_empty(&self) -> bool {
        self.dialled.is_empty()
    }

    /// Takes a digit. `#` ends the number where no rule wants it as a digit.
    pub fn push(&mut self, plan: &Plan, digit: u8) {
        let mut next = Vec::new();
        for place in &self.places {
            advance(plan, place, digit, &mut next);
        }
        if next.is_empty() && digit == b'#' {
            self.ended = true;
            return;
        }
        if self.dialled.len() < MAX_DIALLED {
            self.dialled.push(char::from(digit));
        } else {
            next.clear(); // longer than any number: nobody has it
        }
        self.places = next;
    }

    /// What to do now.
    pub fn verdict(&self, plan: &Plan) -> Verdict {
        if let Some(selection) = self.emergency(plan) {
            return Verdict::Whole(selection);
        }
        let best = self.best(plan);
        let grows = self.grows(plan, best);
        let more = plan.may_become_emergency(&self.dialled) || grows;
        let whole = |place: &Place| Verdict::Whole(self.selection(plan, place));
        match best {
            // The exchange takes the digits from here on; one who goes on to an emergency number is found out on the way.
            Some(place) if !grows && self.is_access_code(plan, place) => whole(place),
            Some(place) if self.dialled.is_empty() => self.hotline(plan, place, more),
            Some(place) if !more || self.ended => whole(place),
            Some(place) => {
                let Some(rule) = plan.rules.get(place.rule) else { return Verdict::Dead(Cause::NoRule) };
                // Nothing but the next digits can tell whether it is an emergency number.
                let waits = plan.may_become_emergency(&self.dialled);
                if rule.short == Some(Millis::ZERO) && !waits {
                    return whole(place);
                }
                // Behind an outside dial tone the country's plan knows that digits are missing. Elsewhere a house
                // behind a server may have short numbers that no country knows; and who gave the row a timer of its own
                // wants that one.
                let missing = plan.look(rule, &place.sent, place.outside) == Some(Outside::Partial);
                if place.outside.is_some() && missing && rule.short.is_none() {
                    return self.wait_for_more(plan);
                }
                let own = rule.short.filter(|own| *own > Millis::ZERO);
                let after = own.unwrap_or(plan.timers.short);
                Verdict::More { why: Why::NumberWhole, after, outside_tone: false }
            }
            None if self.ended && !self.dialled.is_empty() && more => Verdict::Dead(Cause::INCOMPLETE),
            None if self.ended || (!more && !self.dialled.is_empty()) => Verdict::Dead(Cause::NoRule),
            None => self.wait_for_more(plan),
        }
    }

    /// What to do when the timer of the last [`Verdict::More`] ran out, or nothing will follow for another
    /// reason (a number that came as a whole).
    pub fn timeout(&self, plan: &Plan) -> Verdict {
        if let Some(selection) = self.emergency(plan) {
            return Verdict::Whole(selection);
        }
        let best = self.best(plan);
        match best {
            Some(place) => Verdict::Whole(self.selection(plan, place)),
            None if self.grows(plan, best) || plan.may_become_emergency(&self.dialled) => {
                Verdict::Dead(Cause::INCOMPLETE)
            }
            None => Verdict::Dead(Cause::NoRule),
        }
    }

    /// The patterns that the digits so far fit or can still fit, as a person wrote them, each once.
    pub fn live<'p>(&self, plan: &'p Plan) -> Vec<&'p str> {
        let mut texts: Vec<&str> = Vec::new();
        for rule in self.places.iter().filter_map(|place| plan.rules.get(place.rule)) {
            if !texts.contains(&rule.text.as_str()) {
                texts.push(&rule.text);
            }
        }
        texts
    }

    /// The pattern that wins if nothing follows.
    pub fn winner<'p>(&self, plan: &'p Plan) -> Option<&'p str> {
        self.best(plan).and_then(|place| plan.rules.get(place.rule)).map(|rule| rule.text.as_str())
    }

    fn emergency(&self, plan: &Plan) -> Option<Selection> {
        plan.emergency(&self.dialled).map(|sent| Selection {
            dialled: self.dialled(),
            sent,
            to: None,
            kind: Some(tipring_country::NumberKind::Emergency),
            anything: false,
            barred: false,
        })
    }

    /// The digits only ask for an outside line.
    fn is_access_code(&self, plan: &Plan, place: &Place) -> bool {
        let to = plan.rules.get(place.rule).map(|rule| rule.to);
        !self.dialled.is_empty()
            && place.sent.is_empty()
            && matches!(
                to,
                Some(Destination::Lines { number: None } | Destination::Line { number: None, .. })
            )
    }

    fn hotline(&self, plan: &Plan, place: &Place, more: bool) -> Verdict {
        match plan.rules.get(place.rule).and_then(|rule| rule.pause) {
            Some(Millis::ZERO) => Verdict::Whole(self.selection(plan, place)),
            Some(after) => Verdict::More { why: Why::Hotline, after, outside_tone: false },
            // A rule that is whole without a digit and has no pause cannot be written, but for `x.`.
            None if more => self.wait_for_more(plan),
            None => Verdict::Dead(Cause::NoRule),
        }
    }

    fn wait_for_more(&self, plan: &Plan) -> Verdict {
        let mut consuming = self.places.iter().filter(|place| consumes(plan, place)).peekable();
        let outside_tone = consuming.peek().is_some() && consuming.all(|place| place.fresh);
        if self.dialled.is_empty() {
            return Verdict::More { why: Why::FirstDigit, after: plan.timers.first_digit, outside_tone };
        }
        let after = if outside_tone { plan.timers.first_digit } else { plan.timers.long };
        Verdict::More { why: Why::MoreDigits, after: self.own_long(plan).unwrap_or(after), outside_tone }
    }

    /// The long timer that all live rules have.
    fn own_long(&self, plan: &Plan) -> Option<Millis> {
        let mut rules = self.places.iter().filter_map(|place| plan.rules.get(place.rule));
        rules.next().and_then(|rule| rule.long).filter(|own| rules.all(|rule| rule.long == Some(*own)))
    }

    /// The most specific place at a rule's end.
    fn best(&self, plan: &Plan) -> Option<&Place> {
        let whole = self
            .places
            .iter()
            .filter(|place| plan.rules.get(place.rule).is_some_and(|rule| place.step == rule.steps.len()));
        whole.min_by(|a, b| {
            let tier = |place: &Place| plan.rules.get(place.rule).is_none_or(|rule| !rule.offline);
            // Of two alike the one for these hours.
            let always = |place: &Place| plan.rules.get(place.rule).is_none_or(|rule| rule.hours.is_none());
            tier(a)
                .cmp(&tier(b))
                .then_with(|| a.width.cmp(&b.width))
                .then_with(|| always(a).cmp(&always(b)))
                .then(a.rule.cmp(&b.rule))
        })
    }

    /// True if a further digit can make a longer number than `best`.
    fn grows(&self, plan: &Plan, best: Option<&Place>) -> bool {
        let best_is_offline =
            best.and_then(|place| plan.rules.get(place.rule)).is_some_and(|rule| rule.offline);
        self.places.iter().filter(|place| consumes(plan, place)).any(|place| {
            let Some(rule) = plan.rules.get(place.rule) else { return false };
            if best_is_offline && !rule.offline {
                return false;
            }
            let last = place.step + 1 == rule.steps.len();
            match rule.steps.get(place.step) {
                Some(Step::Repeat(_)) if last => {
                    !matches!(plan.look(rule, &place.sent, place.outside), Some(Outside::Complete(_)))
                }
                Some(Step::Repeat(_) | Step::Digit(_) | Step::Swallow(_)) => true,
                Some(Step::Send(_) | Step::OutsideTone) | None => false,
            }
        })
    }

    fn selection(&self, plan: &Plan, place: &Place) -> Selection {
        let rule = plan.rules.get(place.rule);
        let (kind, anything) = rule.map_or((None, false), |rule| plan.kind(rule, &place.sent, place.outside));
        Selection {
            dialled: self.dialled(),
            sent: Number::new(&place.sent),
            to: rule.map(|rule| rule.to),
            kind,
            anything,
            // Cut to fit, it would be another number.
            barred: rule.is_none_or(|rule| rule.barred) || place.sent.len() > crate::MAX_NUMBER,
        }
    }
}

/// True if the place waits for a digit.
fn consumes(plan: &Plan, place: &Place) -> bool {
    match plan.rules.get(place.rule).and_then(|rule| rule.steps.get(place.step)) {
        Some(Step::Digit(_) | Step::Repeat(_) | Step::Swallow(_)) => true,
        Some(Step::Send(_) | Step::OutsideTone) | None => false,
    }
}

/// Adds the places that `place` leads to with `digit`.
fn advance(plan: &Plan, place: &Place, digit: u8, next: &mut Vec<Place>) {
    let Some(rule) = plan.rules.get(place.rule) else { return };
    let took = |set: DigitSet, extra: u8, sent: bool, forward: usize| {
        set.contains(digit).then(|| {
            let mut moved = place.clone();
            moved.step += forward;
            moved.fresh = false;
            moved.width.push(set.count() as u8 + extra);
            if sent {
                moved.sent.push(char::from(digit));
            }
            moved
        })
    };
    let moved = match rule.steps.get(place.step) {
        Some(Step::Digit(set)) => took(*set, 0, true, 1),
        Some(Step::Swallow(set)) => took(*set, 0, false, 1),
        Some(Step::Repeat(set)) => took(*set, REPEAT_WIDTH, true, 0),
        Some(Step::Send(_) | Step::OutsideTone) | None => None,
    };
    if let Some(moved) = moved {
        settle(rule, moved, next);
    }
}

/// Walks over steps that need no digit, and adds every place on the way that waits for one or is the end. Of
/// two ways to one place the more specific is kept.
fn settle(rule: &Rule, mut place: Place, places: &mut Vec<Place>) {
    loop {
        match rule.steps.get(place.step) {
            Some(Step::Send(text)) => {
                place.sent.push_str(text);
                place.step += 1;
            }
            Some(Step::OutsideTone) => {
                place.outside = Some(place.sent.len());
                place.fresh = true;
                place.step += 1;
            }
            Some(Step::Repeat(_)) => {
                keep(place.clone(), places);
                place.step += 1;
            }
            Some(Step::Digit(_) | Step::Swallow(_)) | None => {
                keep(place, places);
                return;
            }
        }
    }
}

fn keep(place: Place, places: &mut Vec<Place>) {
    // Places of one rule lie together, at the end of the list.
    let same = places
        .iter()
        .rev()
        .take_while(|other| other.rule == place.rule)
        .position(|other| other.step == place.step)
        .and_then(|back| places.len().checked_sub(back + 1));
    let Some(index) = same else {
        if places.len() < MAX_PLACES {
            places.push(place);
        }
        return;
    };
    if let Some(other) = places.get_mut(index).filter(|other| place.width.cmp(&other.width) == Ordering::Less)
    {
        *other = place;
    }
}

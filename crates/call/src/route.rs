//! From a number to the parties that it reaches.

use std::collections::{BTreeMap, BTreeSet};

use tipring_port::{MAX_CALLER_NAME, Text};
use tipring_units::{LineId, Millis, WallTime};

use crate::plan::Selection;
use crate::routes::Failures;
use crate::station::Station;
use crate::switch::Groups;
use crate::{Cause, Destination, Diverter, ForwardWhen, Hunt, Number, OutsideLine, ServerName, Setup};

/// Ways that one call tries one after the other, at the most.
pub const MAX_WAYS: usize = 64;
/// Parties that one call rings at once, at the most.
pub const MAX_RINGS: usize = 32;
/// Outside lines of one hunt, at the most; an emergency call goes round twice.
const MAX_HUNT: usize = 24;

/// Who is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A telephone on a line of this box.
    Line(LineId),
    /// A telephone that registers here.
    User(Number),
    /// A number at a server.
    Server {
        /// The server.
        name: ServerName,
        /// The number as sent.
        number: Number,
    },
    /// A number at the exchange behind an outside line; an empty one: its dial tone.
    Outside {
        /// The line.
        line: LineId,
        /// The number as sent.
        number: Number,
        /// Whatever the line is in gives way.
        preempt: bool,
    },
    /// Nobody here: the server that the call came from is told this number, and calls it itself.
    Back(Number),
}

/// How long an attempt may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// As any call of the house.
    House,
    /// This long, whatever comes of it; then the next one.
    For(Millis),
    /// As long as the caller waits.
    Forever,
}

/// A call that a subscriber has forwarded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forwarded {
    /// The number of the telephone that was called.
    pub by: Number,
    /// When it forwards.
    pub when: ForwardWhen,
    /// To this number, as set.
    pub to: Number,
    /// The telephone's name.
    pub name: Text<MAX_CALLER_NAME>,
    /// It hides its number, or the caller does.
    pub private: bool,
}

impl Forwarded {
    /// Who is told of it to others.
    pub const fn diverter(&self) -> Diverter {
        Diverter { number: self.by, name: self.name, when: self.when, private: self.private }
    }
}

/// Those that are called at once, until one of them answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Who.
    pub targets: Vec<Target>,
    /// For how long.
    pub patience: Patience,
    /// The next attempt follows whatever this one came to, not only where the way was at fault.
    pub always: bool,
    /// It reaches whom the attempt before it was to reach: left out where that one was not at fault.
    pub again: bool,
    /// Where the call goes from here, before all that would follow, by what became of it.
    pub forwards: Vec<(ForwardWhen, Vec<Attempt>)>,
    /// Who has forwarded the call to it.
    pub forwarded: Option<Forwarded>,
    /// What it is to a group.
    pub turn: Option<Turn>,
    /// The route that it is of.
    pub routed: Option<Routed>,
}

/// The route that an attempt is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Routed {
    /// Its name.
    pub route: ServerName,
    /// What makes the call go on to the next attempt.
    pub on: Failures,
}

impl Routed {
    /// A way of which nothing is heard for so long is given up where there is another: a server with two addresses has
    /// had the call at both.
    pub const LIFE: Millis = Millis::from_secs(6);
}

/// What an attempt is to a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// At a member, or at all of them at once.
    Member {
        /// The group.
        group: Number,
        /// The member.
        member: Option<Destination>,
    },
    /// At nobody: all had their turn, and have it again if one of them rang.
    Round,
    /// At nobody: the call overflows, by `forwards` or with these causes.
    End {
        /// The group.
        group: Number,
        /// Nobody was free.
        busy: Cause,
        /// Nobody answered.
        no_answer: Cause,
    },
}

impl Attempt {
    /// An attempt at nobody yet.
    pub const fn at_once() -> Self {
        Self {
            targets: Vec::new(),
            patience: Patience::House,
            always: false,
            again: false,
            forwards: Vec::new(),
            forwarded: None,
            turn: None,
            routed: None,
        }
    }

    /// True if it calls somebody, or is a place in a group where the call goes on.
    pub fn is_of_use(&self) -> bool {
        !self.targets.is_empty() || matches!(self.turn, Some(Turn::Round | Turn::End { .. }))
    }

    /// True if it is the end of a group.
    pub const fn ends_group(&self) -> bool {
        matches!(self.turn, Some(Turn::End { .. }))
    }

    /// An attempt at one party.
    pub fn one(target: Target) -> Self {
        Self { targets: vec![target], ..Self::at_once() }
    }
}

/// What the ways of a call depend on.
pub(crate) struct Map<'a> {
    pub setup: &'a Setup,
    pub down: &'a BTreeSet<ServerName>,
    pub stations: &'a BTreeMap<LineId, Station>,
    /// The outside line that was taken last.
    pub taken: Option<LineId>,
    /// The outside line that calls, if one does.
    pub own: Option<LineId>,
    /// What groups remember.
    pub groups: &'a Groups,
    /// Groups that have overflowed up to here.
    pub depth: u8,
    /// It is an emergency: numbers go out as they are.
    pub emergency: bool,
}

impl Map<'_> {
    /// Where `selection` goes: at least one way, in the order in which to try them.
    ///
    /// # Errors
    /// The cause, where it goes nowhere.
    pub fn ways(&self, selection: &Selection) -> Result<Vec<Attempt>, Cause> {
        match selection.to {
            Some(to) => self.way(to, selection.sent),
            None => Map { emergency: true, ..*self }.emergency_ways(selection.sent),
        }
    }

    /// Whom a call from a server rings that asks for `to`: the telephone or the group of that number.
    pub fn house_of(&self, to: Number) -> Option<Vec<Attempt>> {
        let plain = Number::new(to.as_str().trim_start_matches('+'));
        self.house(to).or_else(|_| self.house(plain)).ok()
    }

    /// Who is rung for a number from `server` that nobody has.
    pub fn fallback_of(&self, server: ServerName) -> Option<Vec<Attempt>> {
        let rings = self.setup.servers.iter().find(|one| one.name == server).and_then(|one| one.rings);
        rings.and_then(|number| self.house(number).ok()).or(
            match (self.setup.phones.as_slice(), self.setup.users.as_slice()) {
                ([only], []) => Some(vec![Attempt::one(Target::Line(only.line))]),
                _ => None,
            },
        )
    }

    /// Who is called by a telephone as soon as it is lifted: one after the other, until one takes the call.
    /// `each`: so long each has to answer.
    pub fn lifted(&self, dials: &[Destination], each: Option<Millis>) -> Result<Vec<Attempt>, Cause> {
        let patience = each.map_or(Patience::House, Patience::For);
        let mut last = Cause::NoWay;
        let mut all = Vec::new();
        for to in dials {
            match self.way(*to, Number::EMPTY) {
                Ok(ways) => all.extend(ways.into_iter().map(|way| Attempt { always: true, patience, ..way })),
                Err(cause) => last = cause,
            }
        }
        all.truncate(MAX_WAYS);
        if all.is_empty() { Err(last) } else { Ok(all) }
    }

    /// Who is rung for a call that comes in on `line` at `wall`.
    pub fn incoming(&self, line: &OutsideLine, wall: WallTime) -> Result<Vec<Attempt>, Cause> {
        let civil = wall.civil(self.setup.offset_minutes);
        let minute = u16::from(civil.hour) * 60 + u16::from(civil.minute);
        let night = line.night.filter(|night| is_within(minute, night.from, night.to));
        let rings = night.map_or(line.rings.clone(), |night| vec![night.rings]);
        let (mut targets, mut hunted) = (Vec::<Target>::new(), Vec::new());
        let mut last = Cause::NoWay;
        for to in rings {
            match self.way(to, line.number) {
                // A group has its own order and time.
                Ok(ways) if ways.iter().any(Attempt::ends_group) => hunted.extend(ways),
                Ok(ways) => {
                    // Of a hunt the first line, the others if it fails; a ring group has each party once.
                    let mut ways = ways.into_iter();
                    let first = ways.next().and_then(|way| way.targets.first().copied());
                    targets.extend(first.filter(|target| !targets.contains(target)));
                    hunted.extend(ways);
                }
                Err(cause) => last = cause,
            }
        }
        targets.truncate(MAX_RINGS);
        let fallback = line.fallback.and_then(|to| self.way(to, line.number).ok()).unwrap_or_default();
        let patience = if fallback.is_empty() { Patience::Forever } else { Patience::For(line.ring_time) };
        let mut ways = Vec::new();
        if !targets.is_empty() {
            ways.push(Attempt { targets, patience, always: true, ..Attempt::at_once() });
        }
        let hunted = hunted.into_iter().map(|way| match way.turn {
            Some(_) => way,
            None => Attempt { patience, always: true, ..way },
        });
        ways.extend(hunted);
        let fallback = fallback.into_iter().map(|way| match way.turn {
            Some(_) => way,
            None => Attempt { patience: Patience::Forever, ..way },
        });
        ways.extend(fallback);
        ways.truncate(MAX_WAYS);
        if ways.is_empty() { Err(last) } else { Ok(ways) }
    }

    /// One destination: several ways only where outside lines are hunted.
    pub fn way(&self, to: Destination, sent: Number) -> Result<Vec<Attempt>, Cause> {
        match to {
            Destination::Number(number) => self.house(number),
            Destination::Phones => self.house(sent),
            Destination::Server { name, .. } if !self.has_server(name) => Err(Cause::NoWay),
            Destination::Server { name, .. } if self.down.contains(&name) => Err(Cause::NETWORK),
            Destination::Server { name, number } => {
                let number = self.to_server(name, number.unwrap_or(sent));
                Ok(vec![Attempt::one(Target::Server { name, number })])
            }
            Destination::Lines { number } => {
                let number = number.unwrap_or(sent);
                let lines = self.hunt();
                if lines.is_empty() {
                    return Err(Cause::NoWay);
                }
                let soon = |line: &LineId| self.outside(*line).is_some_and(|side| side.is_soon_free());
                let free = lines.iter().copied().filter(|line| self.is_free(*line));
                let free: Vec<LineId> = free.chain(lines.iter().copied().filter(soon)).collect();
                if free.is_empty() {
                    let dead = lines.iter().all(|line| self.is_dead(*line));
                    return Err(if dead { Cause::OUT_OF_ORDER } else { Cause::NO_CIRCUIT });
                }
                let way = |(place, line)| {
                    let number = self.name_of(line).map_or(number, |name| self.to_line(name, number));
                    Attempt {
                        again: place > 0,
                        ..Attempt::one(Target::Outside { line, number, preempt: false })
                    }
                };
                Ok(free.into_iter().take(MAX_HUNT).enumerate().map(way).collect())
            }
            Destination::Line { line, number } => {
                let number = self.to_line(line, number.unwrap_or(sent));
                let outside = self.setup.lines.iter().find(|one| one.number == line);
                let line = outside.map(|one| one.line).filter(|line| Some(*line) != self.own);
                let target = |line| Target::Outside { line, number, preempt: false };
                self.one(line.map(target), Cause::NoWay)
            }
            Destination::Route(name) => self.route(name, sent),
        }
    }

    fn one(&self, target: Option<Target>, cause: Cause) -> Result<Vec<Attempt>, Cause> {
        target.map(|target| vec![Attempt::one(target)]).ok_or(cause)
    }

    fn has_server(&self, name: ServerName) -> bool {
        self.setup.servers.iter().any(|server| server.name == name)
    }

    /// The telephone or the group of that number.
    fn house(&self, number: Number) -> Result<Vec<Attempt>, Cause> {
        match self.group_of(number) {
            Some(group) => self.group(group),
            None => self.one(self.telephone(number), Cause::UNALLOCATED),
        }
    }

    fn telephone(&self, number: Number) -> Option<Target> {
        let line = self.setup.phones.iter().find(|phone| phone.number == number);
        let user = || self.setup.users.iter().find(|user| user.number == number);
        line.map(|phone| Target::Line(phone.line)).or_else(|| user().map(|user| Target::User(user.number)))
    }

    /// The outside lines in the order in which to try them; one on which no dial tone came last is at the end.
    fn hunt(&self) -> Vec<LineId> {
        let mut lines: Vec<LineId> =
            self.setup.lines.iter().map(|line| line.line).filter(|line| Some(*line) != self.own).collect();
        match self.setup.hunt {
            Hunt::Linear => {}
            Hunt::Circular => {
                let place = |line: LineId| self.setup.lines.iter().position(|one| one.line == line);
                if let Some(taken) = self.taken.and_then(place) {
                    // `own` is not among them: what counts is the place in the configuration.
                    lines.sort_by_key(|line| place(*line).is_some_and(|place| place <= taken));
                }
            }
            Hunt::LeastRecent => {
                lines.sort_by_key(|line| self.outside(*line).and_then(|side| side.last_used()));
            }
        }
        lines.sort_by_key(|line| self.outside(*line).is_some_and(|side| side.is_doubtful()));
        lines
    }

    /// What the configuration calls an outside line.
    fn name_of(&self, line: LineId) -> Option<Number> {
        self.setup.lines.iter().find(|own| own.line == line).map(|own| own.number)
    }

    fn outside(&self, line: LineId) -> Option<&crate::outside::OutsideSide> {
        self.stations.get(&line).and_then(Station::outside)
    }

    fn is_free(&self, line: LineId) -> bool {
        self.outside(line).is_some_and(|side| side.is_free())
    }

    fn is_dead(&self, line: LineId) -> bool {
        self.outside(line).is_none_or(|side| side.is_dead())
    }

    /// The ways of `[emergency]`, or every server and every outside line. A server that is down is tried last
    /// rather than not at all. Where every outside line is busy, the least important call on one gives way.
    fn emergency_ways(&self, sent: Number) -> Result<Vec<Attempt>, Cause> {
        let setup = self.setup;
        let servers =
            setup.servers.iter().map(|server| Destination::Server { name: server.name, number: None });
        let lines = (!setup.lines.is_empty()).then_some(Destination::Lines { number: None });
        let all: Vec<Destination> = if setup.emergency.via.is_empty() {
            servers.chain(lines).collect()
        } else {
            setup.emergency.via.clone()
        };
        let mut ways: Vec<Attempt> = all.iter().filter_map(|to| self.way(*to, sent).ok()).flatten().collect();
        for to in &all {
            let (lines, number) = match to {
                Destination::Lines { number } => (self.hunt(), *number),
                Destination::Line { line, number } => {
                    let own = setup.lines.iter().filter(|one| one.number == *line).map(|one| one.line);
                    (own.collect(), *number)
                }
                Destination::Number(_)
                | Destination::Phones
                | Destination::Server { .. }
                | Destination::Route(_) => continue,
            };
            let rank = |line: &LineId| self.outside(*line).and_then(|side| side.importance());
            let mut lines: Vec<LineId> = lines.into_iter().filter(|line| rank(line).is_some()).collect();
            lines.sort_by_key(rank);
            let number = number.unwrap_or(sent);
            let way = |line| Attempt::one(Target::Outside { line, number, preempt: true });
            ways.extend(lines.into_iter().take(MAX_HUNT).map(way));
        }
        let none = BTreeSet::new();
        let up = Map { down: &none, ..*self };
        for to in all.iter().filter(|to| matches!(to, Destination::Server { .. })) {
            for attempt in up.way(*to, sent).into_iter().flatten() {
                if !ways.contains(&attempt) {
                    ways.push(attempt);
                }
            }
        }
        ways.truncate(MAX_WAYS);
        for way in &mut ways {
            // Whatever one way says of the number, busy or unknown, is no reason to leave the others untried.
            (way.always, way.again) = (true, false);
        }
        if ways.is_empty() { Err(Cause::NoWay) } else { Ok(ways) }
    }
}

/// True if `minute` of the day is in what begins at `from` and ends before `to`, over midnight where `to` is smaller.
fn is_within(minute: u16, from: u16, to: u16) -> bool {
    if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_goes_over_midnight() {
        assert!(is_within(23 * 60, 18 * 60, 8 * 60) && is_within(7 * 60 + 59, 18 * 60, 8 * 60));
        assert!(!is_within(8 * 60, 18 * 60, 8 * 60) && !is_within(12 * 60, 18 * 60, 8 * 60));
        assert!(is_within(12 * 60, 12 * 60, 13 * 60) && !is_within(13 * 60, 12 * 60, 13 * 60));
        assert!(!is_within(0, 0, 0), "from and to alike: never");
    }
}

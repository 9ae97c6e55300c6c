//! Routes: several ways out in order, when a call goes on to the next one, and how numbers change on the way.
//!
//! # How
//! A route is a list of destinations. A call that fails on one goes on to the next where the cause is of a kind that the route
//! names; by default only where the way was at fault, never because somebody is busy or refuses. A way that says nothing at
//! all for [`crate::route::Routed::LIFE`] is at fault while there is another one.
//!
//! Numbers are rewritten by the rules of the route, then of the server or outside line: the called one as it goes out or comes
//! in, the caller's likewise. An emergency number goes out as it is.

use std::collections::BTreeMap;

use tipring_country::{Rewrite, rewritten};

use crate::route::{Attempt, MAX_WAYS, Map, Routed};
use crate::{Cause, Destination, Diverter, Identity, Number, ServerName};

/// What became of a call, as far as a route asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Failure {
    /// The server or the line is not there, or says nothing.
    Unreachable,
    /// No circuit, no room, a temporary failure (503).
    Congestion,
    /// It cannot carry the call: not implemented, not understood.
    Unable,
    /// The called is busy.
    Busy,
    /// Nobody answers.
    NoAnswer,
    /// The called is not there (480).
    Absent,
    /// It was refused.
    Rejected,
    /// Nobody has the number.
    Unknown,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unreachable,
        Self::Congestion,
        Self::Unable,
        Self::Busy,
        Self::NoAnswer,
        Self::Absent,
        Self::Rejected,
        Self::Unknown,
    ];

    /// Which `cause` is; `told` where the far end said so, not a timer here. `None`: no reason to try anything else.
    pub const fn of(cause: Cause, told: bool) -> Option<Self> {
        Some(match cause {
            Cause::Q850(value) => match value {
                2 | 3 | 27 | 38 | 102 => Self::Unreachable,
                18 if !told => Self::Unreachable,
                18 | 20 => Self::Absent,
                34 | 41..=44 | 46 | 47 | 58 => Self::Congestion,
                17 => Self::Busy,
                19 => Self::NoAnswer,
                21 | 55 | 57 => Self::Rejected,
                1 | 22 | 28 => Self::Unknown,
                8 | 16 => return None,
                _ => Self::Unable,
            },
            Cause::NoWay | Cause::LineLost => Self::Unreachable,
            Cause::Glare | Cause::NoRoom => Self::Congestion,
            Cause::Fault => Self::Unable,
            Cause::Unattended => Self::Busy,
            Cause::Barred | Cause::NoRule | Cause::Managed | Cause::Stopping | Cause::Forwarded => {
                return None;
            }
        })
    }
}

/// Kinds of failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failures(u8);

impl Failures {
    /// The way was at fault.
    pub const OF_THE_WAY: Self = Self(0b111);

    /// True if `failure` is among them.
    pub const fn has(self, failure: Failure) -> bool {
        self.0 & (1 << failure as u8) != 0
    }
}

impl Default for Failures {
    fn default() -> Self {
        Self::OF_THE_WAY
    }
}

impl FromIterator<Failure> for Failures {
    fn from_iter<T: IntoIterator<Item = Failure>>(all: T) -> Self {
        Self(all.into_iter().fold(0, |sum, one| sum | 1 << one as u8))
    }
}

/// Several ways out, in order.
#[derive(Clone, PartialEq, Debug)]
pub struct Route {
    /// Its name.
    pub name: ServerName,
    /// The ways. Another route is none.
    pub via: Vec<Destination>,
    /// What makes a call go on to the next.
    pub on: Failures,
}

/// How numbers change at one place.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rewrites {
    /// The called number as it goes out.
    pub called_out: Vec<Rewrite>,
    /// The caller's number as it goes out.
    pub caller_out: Vec<Rewrite>,
    /// The called number as it comes in.
    pub called_in: Vec<Rewrite>,
    /// The caller's number as it comes in.
    pub caller_in: Vec<Rewrite>,
}

/// How numbers change, by place.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct AllRewrites {
    /// At servers.
    pub servers: BTreeMap<ServerName, Rewrites>,
    /// At outside lines, by what the configuration calls them.
    pub lines: BTreeMap<Number, Rewrites>,
    /// On routes.
    pub routes: BTreeMap<ServerName, Rewrites>,
}

/// A number after the rules, and the rule that changed it.
pub fn changed(rules: &[Rewrite], number: Number) -> (Number, Option<&Rewrite>) {
    match rewritten(rules, number.as_str()) {
        Some((rule, sent)) => (Number::new(&sent), Some(rule)),
        None => (number, None),
    }
}

impl AllRewrites {
    /// The caller as `server` is shown it, behind `route`.
    pub fn caller_to(&self, server: ServerName, route: Option<ServerName>, from: Identity) -> Identity {
        let by = |own: Option<&Rewrites>, from: Identity| {
            let number = own.map_or(from.number, |own| changed(&own.caller_out, from.number).0);
            Identity { number, ..from }
        };
        let from = by(route.and_then(|route| self.routes.get(&route)), from);
        by(self.servers.get(&server), from)
    }

    /// A telephone that sends a call on, as `server` is told of it: its number changes as a caller's does.
    pub fn diverter_to(&self, server: ServerName, route: Option<ServerName>, by: Diverter) -> Diverter {
        let number = self.caller_to(server, route, Identity::new(by.number.as_str(), "")).number;
        Diverter { number, ..by }
    }
}

impl Map<'_> {
    /// The called number as it goes to a server.
    pub fn to_server(&self, name: ServerName, number: Number) -> Number {
        self.called_out(self.setup.rewrites.servers.get(&name), number)
    }

    /// The called number as it goes to the exchange of an outside line.
    pub fn to_line(&self, line: Number, number: Number) -> Number {
        self.called_out(self.setup.rewrites.lines.get(&line), number)
    }

    fn called_out(&self, rewrites: Option<&Rewrites>, number: Number) -> Number {
        match rewrites {
            Some(own) if !self.emergency => changed(&own.called_out, number).0,
            Some(_) | None => number,
        }
    }

    /// The ways of a route.
    pub fn route(&self, name: ServerName, sent: Number) -> Result<Vec<Attempt>, Cause> {
        let Some(route) = self.setup.routes.iter().find(|route| route.name == name) else {
            return Err(Cause::NoWay);
        };
        let sent = self.called_out(self.setup.rewrites.routes.get(&name), sent);
        let (mut all, mut last) = (Vec::new(), Cause::NoWay);
        for to in route.via.iter().filter(|to| !matches!(to, Destination::Route(_))) {
            match self.way(*to, sent) {
                Ok(ways) => {
                    let routed = Some(Routed { route: name, on: route.on });
                    all.extend(ways.into_iter().map(|way| Attempt { routed, ..way }));
                }
                // It would fail so at once: is that a reason to go on?
                Err(cause) => {
                    last = cause;
                    if !Failure::of(cause, false).is_some_and(|failure| route.on.has(failure)) {
                        break;
                    }
                }
            }
        }
        all.truncate(MAX_WAYS);
        if all.is_empty() { Err(last) } else { Ok(all) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_only_a_fault_of_the_way_goes_on() {
        let on = Failures::default();
        let goes = |cause, told| Failure::of(cause, told).is_some_and(|failure| on.has(failure));
        for cause in [Cause::NETWORK, Cause::TEMPORARY, Cause::NO_CIRCUIT, Cause::Q850(102), Cause::NoWay] {
            assert!(goes(cause, true), "{cause}");
        }
        assert!(goes(Cause::NO_REACTION, false) && !goes(Cause::NO_REACTION, true));
        for cause in [Cause::BUSY, Cause::REJECTED, Cause::NO_ANSWER, Cause::UNALLOCATED, Cause::NORMAL] {
            assert!(!goes(cause, true), "{cause}");
        }
    }

    #[test]
    fn kinds_of_failure_are_told_apart() {
        let on: Failures = [Failure::Busy, Failure::Unknown].into_iter().collect();
        let has: Vec<bool> = Failure::ALL.into_iter().map(|one| on.has(one)).collect();
        assert_eq!(has, [false, false, false, true, false, false, false, true]);
    }
}

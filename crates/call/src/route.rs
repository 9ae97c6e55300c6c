//! From a number to the party that it reaches.

use std::collections::BTreeSet;

use tipring_units::LineId;

use crate::plan::Selection;
use crate::{Cause, Destination, Number, ServerName, Setup};

/// Ways that one call tries, at the most.
pub const MAX_WAYS: usize = 8;

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
}

/// Where `selection` goes: at least one way, in the order in which to try them.
///
/// # Errors
/// The cause, where it goes nowhere.
pub(crate) fn ways(
    setup: &Setup,
    down: &BTreeSet<ServerName>,
    selection: &Selection,
) -> Result<Vec<Target>, Cause> {
    match selection.to {
        Some(to) => way(setup, down, to, selection.sent).map(|target| vec![target]),
        None => emergency_ways(setup, down, selection.sent),
    }
}

/// Whom a call from a server rings that asks for `to`.
///
/// A server's call only ever reaches a telephone: the dial plan is not for it, or anybody outside could call
/// out through this box.
pub(crate) fn inbound(setup: &Setup, server: ServerName, to: Number) -> Result<Target, Cause> {
    let plain = Number::new(to.as_str().trim_start_matches('+'));
    let rings = setup.servers.iter().find(|one| one.name == server).and_then(|one| one.rings);
    telephone(setup, to)
        .or_else(|| telephone(setup, plain))
        .or_else(|| rings.and_then(|number| telephone(setup, number)))
        .or(match (setup.phones.as_slice(), setup.users.as_slice()) {
            ([only], []) => Some(Target::Line(only.line)),
            _ => None,
        })
        .ok_or(Cause::UNALLOCATED)
}

fn telephone(setup: &Setup, number: Number) -> Option<Target> {
    let line = setup.phones.iter().find(|phone| phone.number == number).map(|phone| Target::Line(phone.line));
    line.or_else(|| {
        setup.users.iter().find(|user| user.number == number).map(|user| Target::User(user.number))
    })
}

fn way(setup: &Setup, down: &BTreeSet<ServerName>, to: Destination, sent: Number) -> Result<Target, Cause> {
    match to {
        Destination::Number(number) => telephone(setup, number).ok_or(Cause::UNALLOCATED),
        Destination::Phones => telephone(setup, sent).ok_or(Cause::UNALLOCATED),
        Destination::Server { name, .. } if !setup.servers.iter().any(|server| server.name == name) => {
            Err(Cause::NoWay)
        }
        Destination::Server { name, .. } if down.contains(&name) => Err(Cause::NETWORK),
        Destination::Server { name, number } => Ok(Target::Server { name, number: number.unwrap_or(sent) }),
        Destination::Lines { .. } | Destination::Line { .. } => Err(Cause::NO_CIRCUIT),
    }
}

/// The ways of `[emergency]`, or every server. One that is down is tried last rather than not at all.
fn emergency_ways(setup: &Setup, down: &BTreeSet<ServerName>, sent: Number) -> Result<Vec<Target>, Cause> {
    let servers = setup.servers.iter().map(|server| Destination::Server { name: server.name, number: None });
    let all: Vec<Destination> =
        if setup.emergency.via.is_empty() { servers.collect() } else { setup.emergency.via.clone() };
    let none = BTreeSet::new();
    let up = all.iter().filter_map(|to| way(setup, down, *to, sent).ok());
    let mut ways: Vec<Target> = up.collect();
    for target in all.iter().filter_map(|to| way(setup, &none, *to, sent).ok()) {
        if !ways.contains(&target) {
            ways.push(target);
        }
    }
    ways.truncate(MAX_WAYS);
    if ways.is_empty() { Err(Cause::NoWay) } else { Ok(ways) }
}

//! Routes of the configuration, and how numbers change.

use tipring_call::{AllRewrites, Failures, Number, Rewrites, Route, ServerName};
use tipring_config::{Effective, Failure, Numbers, Rule, Target};

use super::destination;

/// The routes that have a name, and those that are lists in rows of `[dial]` and `[offline]`.
pub fn routes(effective: &Effective) -> Vec<Route> {
    let named = effective.route.iter().map(|(name, route)| Route {
        name: ServerName::new(name),
        via: route.via.iter().map(destination).collect(),
        on: route.on.iter().copied().map(failure).collect(),
    });
    let mut all: Vec<Route> = named.collect();
    for rule in effective.dial.iter().chain(&effective.offline) {
        let Some(name) = of_row(rule) else { continue };
        if !all.iter().any(|route| route.name == name) {
            let via = rule.to.iter().map(destination).collect();
            all.push(Route { name, via, on: Failures::default() });
        }
    }
    all
}

/// The name of the route that a row is; `None` where it has one destination. Two rows with the same list are one route.
pub fn of_row(rule: &Rule) -> Option<ServerName> {
    let is_way = |target: &Target| match target {
        Target::Server(_) | Target::Lines | Target::Line(_) => true,
        Target::Phone(_) | Target::Phones | Target::Route(_) => false,
    };
    if rule.to.len() < 2 || !rule.to.iter().all(|to| is_way(&to.target)) {
        return None;
    }
    // No route of a person has a space in its name.
    let list: Vec<String> = rule.to.iter().map(ToString::to_string).collect();
    let list = list.join(", ");
    let sum = list
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Some(ServerName::new(&format!("row {sum:016x}")))
}

/// How numbers change.
pub fn rewrites(effective: &Effective) -> AllRewrites {
    let own = |numbers: &Numbers| Rewrites {
        called_out: numbers.called_out.clone(),
        caller_out: numbers.caller_out.clone(),
        called_in: numbers.called_in.clone(),
        caller_in: numbers.caller_in.clone(),
    };
    let used = |numbers: &Numbers| !numbers.is_empty();
    let servers = effective.server.iter().filter(|(_, server)| used(&server.numbers));
    let lines = effective.line.iter().filter(|(_, line)| used(&line.numbers));
    let routes = effective.route.iter().filter(|(_, route)| used(&route.numbers));
    AllRewrites {
        servers: servers.map(|(name, server)| (ServerName::new(name), own(&server.numbers))).collect(),
        lines: lines.map(|(number, line)| (Number::new(number.as_str()), own(&line.numbers))).collect(),
        routes: routes.map(|(name, route)| (ServerName::new(name), own(&route.numbers))).collect(),
    }
}

fn failure(failure: Failure) -> tipring_call::Failure {
    match failure {
        Failure::Unreachable => tipring_call::Failure::Unreachable,
        Failure::Congestion => tipring_call::Failure::Congestion,
        Failure::Unable => tipring_call::Failure::Unable,
        Failure::Busy => tipring_call::Failure::Busy,
        Failure::NoAnswer => tipring_call::Failure::NoAnswer,
        Failure::Absent => tipring_call::Failure::Absent,
        Failure::Rejected => tipring_call::Failure::Rejected,
        Failure::Unknown => tipring_call::Failure::Unknown,
    }
}

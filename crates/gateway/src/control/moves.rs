//! Who is to be found elsewhere, as SIP tells it and as the switch knows it: 3xx and Diversion.

use tipring_call::{Diverter, Diverters, ForwardWhen, Move, MovedTo, Moves, Number, Via};
use tipring_port::Text;
use tipring_sip::agent::{self, Redirect, RedirectAt, RedirectTo};
use tipring_sip::message::{Diversion, DivertReason};

use super::far::{identity, user_of};
use crate::site::Site;

/// Use Proxy: who was called is to be called by that one.
const USE_PROXY: u16 = 305;

/// The places that a 3xx names.
pub(super) fn moves(site: &Site, status: u16, to: &[Redirect]) -> Moves {
    let place = |one: &Redirect| Move {
        to: if status == USE_PROXY { Number::EMPTY } else { Text::new(&user_of(&one.uri)) },
        at: match one.at {
            RedirectAt::Here => MovedTo::House,
            RedirectAt::Server(id) => MovedTo::Server(Text::new(site.server_name(id))),
            RedirectAt::Elsewhere => MovedTo::Stranger,
        },
    };
    to.iter().map(place).collect()
}

/// The number at the server that a call came from.
pub(super) fn back(site: &Site, via: Via, number: Number) -> RedirectTo {
    let user = number.as_str().to_owned();
    let server = match via {
        Via::Server(name) => site.sip.servers.iter().find(|server| server.name == name.as_str()),
        Via::User(_) => None,
    };
    match server {
        Some(server) => RedirectTo::Server { server: server.config.id, user },
        None => RedirectTo::User(user),
    }
}

/// Who had sent a call on before it came.
pub(super) fn diverters(diversions: &[Diversion]) -> Diverters {
    let mut all = Diverters::default();
    for diversion in diversions {
        all.push(Text::new(&user_of(&diversion.party.uri)), diversion.count);
    }
    all
}

/// A telephone that sends a call on, for Diversion.
pub(super) fn told(by: &Diverter) -> agent::Diverted {
    agent::Diverted {
        by: identity(by.number.as_str(), by.name.as_str()),
        reason: match by.when {
            ForwardWhen::Always => DivertReason::Unconditional,
            ForwardWhen::Busy => DivertReason::Busy,
            ForwardWhen::NoAnswer => DivertReason::NoAnswer,
            ForwardWhen::Unreachable => DivertReason::OutOfService,
        },
        private: by.private,
    }
}

//! How a registration stands, as it is reported.

use core::fmt;
use core::net::SocketAddr;

use tipring_units::Millis;

/// How a registration stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegistrationState {
    /// A REGISTER is under way and no binding stands.
    Registering,
    /// The binding stands.
    Registered {
        /// The lifetime that the registrar granted.
        expires: Millis,
        /// Our address as the registrar sees it, if it said so.
        public: Option<SocketAddr>,
    },
    /// The registrar refused or did not answer; the next attempt follows.
    Failed {
        /// Why.
        why: WhyUnregistered,
        /// When it is tried again.
        retry_in: Millis,
    },
    /// It was removed at our wish.
    Unregistered,
}

/// Why a registration failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WhyUnregistered {
    /// The registrar asked for digest again after a valid answer: the user name or the password is wrong.
    WrongPassword,
    /// The registrar asks for a digest that we cannot compute.
    UnknownAlgorithm,
    /// The registrar refused with this status.
    Refused {
        /// Its status.
        status: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// No address of the registrar answered.
    NoAnswer,
    /// The registrar's name was not found in DNS.
    NotFound,
}

impl fmt::Display for WhyUnregistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPassword => f.write_str("wrong user name or password"),
            Self::UnknownAlgorithm => f.write_str("the server asks for a digest algorithm not known here"),
            Self::Refused { status, reason } => write!(f, "refused: {status} {reason}"),
            Self::NoAnswer => f.write_str("the server does not answer"),
            Self::NotFound => f.write_str("the server's name is not found"),
        }
    }
}

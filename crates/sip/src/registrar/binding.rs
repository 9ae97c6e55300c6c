//! One contact of a user.

use core::net::SocketAddr;

use tipring_units::{Instant, Millis};

use crate::message::NameAddr;
use crate::transaction::Target;

/// A contact bound to a user.
#[derive(Clone, PartialEq, Debug)]
pub struct Binding {
    /// The Contact as the phone gave it.
    pub contact: NameAddr,
    /// The flow on which its REGISTER came.
    pub flow: Target,
    /// Its `q`, 0 to 1.
    pub preference: f32,
    /// Call-ID of the REGISTER.
    pub call_id: String,
    /// CSeq of the REGISTER.
    pub seq: u32,
    /// When it was first bound.
    pub since: Instant,
    /// When it lapses.
    pub expires_at: Instant,
}

/// A binding that came, was refreshed or went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The user.
    pub user: String,
    /// Where the phone is.
    pub contact: SocketAddr,
    /// How long the binding lasts; zero if it is gone.
    pub expires: Millis,
}

impl Change {
    pub(super) fn gone(user: &str, binding: &Binding) -> Self {
        Self { user: user.to_owned(), contact: binding.flow.address, expires: Millis::ZERO }
    }
}

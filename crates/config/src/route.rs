//! Routes, and how numbers change on the way.

use serde::{Serialize, Serializer};
use tipring_country::Rewrite;

use crate::values::Destination;
use crate::vocabulary::Failure;

/// Several ways out, in order.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct Route {
    /// The ways.
    pub via: Vec<Destination>,
    /// What makes a call go on to the next.
    pub on: Vec<Failure>,
    /// How numbers change.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// How numbers change, each by the first rule that fits.
#[derive(Clone, PartialEq, Serialize, Default, Debug)]
pub struct Numbers {
    /// The called number as it goes out.
    #[serde(serialize_with = "texts")]
    pub called_out: Vec<Rewrite>,
    /// The caller's number as it goes out.
    #[serde(serialize_with = "texts")]
    pub caller_out: Vec<Rewrite>,
    /// The called number as it comes in.
    #[serde(serialize_with = "texts")]
    pub called_in: Vec<Rewrite>,
    /// The caller's number as it comes in.
    #[serde(serialize_with = "texts")]
    pub caller_in: Vec<Rewrite>,
}

impl Numbers {
    /// True if nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn texts<S: Serializer>(rules: &[Rewrite], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rules.iter().map(Rewrite::as_str))
}

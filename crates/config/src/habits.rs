//! What a phone does with its calls, as far as the configuration says: what its subscriber sets by star code goes before it.

use serde::Serialize;
use tipring_units::Millis;

use crate::ring::RingFor;
use crate::values::Secret;
use crate::vocabulary::Recall;

/// How a phone treats its calls.
#[derive(Clone, PartialEq, Serialize, Debug)]
pub struct Habits {
    /// Where calls go instead.
    pub forward: Option<String>,
    /// Where they go while it is busy.
    pub forward_busy: Option<String>,
    /// Where they go when nobody answers.
    pub forward_no_answer: Option<String>,
    /// Where they go while its line is out of service.
    pub forward_unreachable: Option<String>,
    /// How it rings by who calls.
    pub ring_for: Vec<RingFor>,
    /// How long it rings before `forward_no_answer`.
    #[serde(serialize_with = "crate::effective::time")]
    pub ring_time: Millis,
    /// Callers who hide their number are refused.
    pub reject_anonymous: bool,
    /// Its number is not shown.
    pub hide: bool,
    /// Only phones of the house and emergency numbers can be called.
    pub lock: bool,
    /// What locks and unlocks it.
    pub pin: Option<Secret>,
    /// A call that comes in a call waits.
    pub waiting: bool,
    /// What a flash does while it has two calls.
    pub recall: Recall,
    /// Its pick-up groups.
    pub pickup: Vec<String>,
    /// It may use star codes.
    pub star_codes: bool,
    /// Hung up with a call held, it hands that one on.
    pub transfer: bool,
}

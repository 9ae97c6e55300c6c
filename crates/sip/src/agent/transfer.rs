//! Transfers as the gateway orders them and hears of them: REFER and Replaces.

use super::api::SessionId;
use crate::message::{NameAddr, Replaces, Uri};

/// Where the far end of a session is sent by REFER.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReferTarget {
    /// To a number or name in the domain of the far end's address.
    User(String),
    /// To an address.
    Uri(Uri),
    /// To the far end of another answered session, whose place it takes there (attended transfer: Replaces). That
    /// session is ended by the far end as soon as the transfer is done.
    Session(SessionId),
}

/// How a REFER of ours ended. Every [`Command::Refer`](super::Command::Refer) gets one, unless its session is abandoned
/// or meets a fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReferOutcome {
    /// The far end reached the target: this 2xx. It may be hung up on.
    Succeeded {
        /// 200 to 299.
        status: u16,
    },
    /// The far end tried, and was refused so. The call with it stands if it has not ended.
    Failed {
        /// 300 to 699.
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// The far end does not do it, or could not be asked: a transfer must be made here. 405 where it does not know
    /// REFER, 408 where it did not answer, 420 where the target cannot be replaced at, 491 while another REFER is under
    /// way, 481 where the call does not stand.
    Refused {
        /// 300 to 699.
        status: u16,
        /// The reason phrase.
        reason: String,
    },
    /// The far end agreed, and never told the end.
    Unknown,
}

/// A far end wants its call here to go on elsewhere. Answer with [`Command::AnswerRefer`](super::Command::AnswerRefer).
#[derive(Clone, PartialEq, Debug)]
pub struct Referred {
    /// The session within which it came.
    pub session: SessionId,
    /// Whom to call: an address without headers and method.
    pub to: Uri,
    /// The dialog that the new call takes the place of, for the INVITE.
    pub replaces: Option<Replaces>,
    /// Who asks, for the INVITE.
    pub by: Option<NameAddr>,
}

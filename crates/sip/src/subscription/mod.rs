//! Being told of messages that wait at a server, and of the turn of a call that is to be completed.
//!
//! **What it does.** Keeps one subscription to the message summary of an account: asks, refreshes before the end, answers
//! digest, tries again after failures and after the server ended it, and takes it back. Reads the summaries, also those
//! that a server sends without having been asked. A subscription to call completion is asked for once, for its time.
//!
//! **How.** [`Subscription`] is a machine that leaves [`Action`]s; the agent sends its requests.
//!
//! **Limits.** One dialog for each subscription: where a SUBSCRIBE is forked, the first 2xx counts. Of the message classes
//! only voice and fax are kept.
//!
//! **Standard.** RFC 3842, RFC 6910, RFC 6665 §4.1.

mod completion;
mod machine;
mod summary;

pub use completion::{CompletionMode, CompletionOffer, CompletionState, MAX_STATE_LINES};
pub use machine::{Action, MailWatch, Package, Subscription, Wait};
pub use summary::{Count, MAX_LINES, MessageSummary};

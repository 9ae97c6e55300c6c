//! SIP without I/O: messages, transactions, dialogs, offer and answer, registration, subscription.
#![forbid(unsafe_code)]

pub mod agent;
pub mod dialog;
pub mod digest;
pub mod message;
pub mod offer_answer;
pub mod registrar;
pub mod registration;
pub mod sdp;
pub mod subscription;
pub mod transaction;

//! Dialogs and the sessions that live on them.

mod auth;
mod called;
mod calling;
mod interval;
mod refer;
mod referred;
mod reliable;
mod reoffer;
mod session;
mod state;
mod within;

pub use auth::{Credentials, MAX_CHALLENGES, Proofs, answer_challenge};
pub use calling::{Call, MAX_REDIRECT_TARGETS, MAX_RINGING};
pub use interval::MIN_INTERVAL;
pub use refer::MAX_REFERRAL;
pub use referred::{ANSWER_WITHIN, LIFE as REFERRED_LIFE, replaces_of};
pub use session::{
    ACCEPT, ALLOW, Ctx, Failure, Hop, Local, MAX_ACKS, MAX_FORKS, MAX_PENDING, Out, SUPPORTED, Session, Tag,
    Wait,
};
pub use state::{Dialog, MAX_ROUTES, NextHop, Stage};

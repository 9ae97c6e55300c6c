//! What an exchange and its subscribers are told to do.

use thiserror::Error;
use tipring_port::{CallerId, CallerIdTiming};
use tipring_units::Millis;

use super::burst::Modem;
use super::message::Flaw;
use super::spec::{Clearing, Manner, Supervision};
use crate::mouth::Talk;
use crate::plant::{Disturbance, Foreign};

/// What is told.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // told a few times a call
pub enum Order {
    /// This subscriber calls the line, which is shown this.
    Call(usize, Option<CallerId>),
    /// It answers.
    Answer(usize),
    /// It hangs up.
    HangUp(usize),
    /// It does this when called.
    Behave(usize, Manner),
    /// It speaks.
    Say(usize, Talk),
    /// It is silent.
    Hush(usize),
    /// It presses keys.
    Press(usize, String),
    /// The message lamp goes on or off.
    Lamp(bool),
    /// Clearing shows like this from now on.
    Clear(Clearing),
    /// Answers show like this from now on.
    Supervise(Supervision),
    /// Caller identity is sent like this from now on.
    Identify(CallerIdTiming),
    /// Its messages have this flaw from now on.
    Flaw(Flaw),
    /// Its modem is this one from now on.
    Modem(Modem),
    /// From seizure to dial tone; `None`: there is none.
    DialTone(Option<Millis>),
    /// Something goes wrong with the line, or right again.
    Trouble(Trouble),
}

/// Something wrong with an outside line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Trouble {
    /// There is no battery, or there is again.
    Dead(bool),
    /// Noise and hum.
    Noise(Disturbance),
    /// Foreign voltage, or none.
    Foreign(Option<Foreign>),
    /// The loop breaks for so long.
    Break(Millis),
}

/// Why an order is not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Cannot {
    /// There is no such subscriber.
    #[error("the exchange has no such subscriber")]
    NoSubscriber,
    /// It is in a call already.
    #[error("the subscriber is in a call")]
    Busy,
    /// It is not being called.
    #[error("nobody calls the subscriber")]
    NotCalled,
    /// It has no call.
    #[error("the subscriber has no call")]
    NoCall,
    /// The line is in use.
    #[error("the line is in use")]
    InUse,
    /// No message can be sent in the way that the exchange identifies callers.
    #[error("the exchange sends no messages")]
    NoMessages,
    /// The line is no outside line.
    #[error("no exchange is behind that line")]
    NoOffice,
}

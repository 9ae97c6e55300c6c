//! The record of a call: one for each, made when it ends.

use core::time::Duration;

use tipring_port::VoiceQuality;
use tipring_units::{CallId, WallTime};

use crate::{Cause, Clearer, Identity, Number, Party, Priority, Via};

/// A call that is over.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CallRecord {
    /// The call.
    pub call: CallId,
    /// Who called.
    pub caller: Party,
    /// The caller as it was shown to the called (an emergency call shows its callback number).
    pub from: Identity,
    /// Where a far caller came in.
    pub came_by: Option<Via>,
    /// The number as dialled, or as it came.
    pub dialled: Number,
    /// The number as sent, empty if it was sent to nobody.
    pub sent: Number,
    /// Who was called, last.
    pub called: Option<Party>,
    /// Where it went out, last.
    pub went_by: Option<Via>,
    /// When the number was whole.
    pub started: WallTime,
    /// When it was answered.
    pub answered: Option<WallTime>,
    /// When it ended.
    pub ended: WallTime,
    /// How long they talked, by the clock that no one sets.
    pub talked: Duration,
    /// Why it ended.
    pub cause: Cause,
    /// Who ended it.
    pub by: Clearer,
    /// Its priority.
    pub priority: Priority,
    /// It carried a fax or a modem, and its sound went through untouched.
    pub data: bool,
    /// How its stream was, if it had one: as last known before it ended. The switch does not know; who reads the
    /// statistics fills it in.
    pub quality: Option<VoiceQuality>,
}

//! What is going on, for status.

use core::time::Duration;

use tipring_units::{CallId, Epoch, Instant, LineId, WallTime};

use crate::call::Phase;
use crate::line_side::LineSide;
use crate::{FarId, Identity, LineDoing, Number, Party, Priority, Switch, Via};

/// A line now.
#[derive(Clone, PartialEq, Debug)]
pub struct LineView {
    /// The line.
    pub line: LineId,
    /// Its epoch as far as the switch knows.
    pub epoch: Epoch,
    /// What it is doing.
    pub doing: LineDoing,
    /// The call that it is in, or rung for.
    pub active: Option<CallId>,
    /// The calls that it holds, the oldest first.
    pub held: Vec<CallId>,
    /// The other call of a conference.
    pub third: Option<CallId>,
    /// The call that waits.
    pub waiting: Option<CallId>,
    /// What it dialled so far.
    pub dialled: Number,
}

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Progress {
    /// On its way to the called party.
    Trying,
    /// The called telephone rings.
    Alerting,
    /// The caller hears the far end before it answers.
    Early,
    /// Answered.
    Talking,
}

/// A call now.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CallView {
    /// The call.
    pub call: CallId,
    /// Who calls.
    pub caller: Party,
    /// The caller as shown.
    pub from: Identity,
    /// The number as dialled, or as it came.
    pub dialled: Number,
    /// Who is called.
    pub called: Option<Party>,
    /// By what it went out.
    pub went_by: Option<Via>,
    /// How far it is.
    pub progress: Progress,
    /// One of its lines holds the other party.
    pub held: bool,
    /// When the number was whole.
    pub started: WallTime,
    /// How long they have talked.
    pub talked: Option<Duration>,
    /// Its priority.
    pub priority: Priority,
    /// The call that it is joined to: the telephone that was in both has left them.
    pub joined: Option<CallId>,
    /// One of its parties has hung up, and the other is on its way elsewhere.
    pub on_its_way: bool,
}

impl Switch {
    /// A line, if the configuration has it.
    pub fn line(&self, line: LineId) -> Option<LineView> {
        let side = self.lines.get(&line)?;
        Some(LineView {
            line,
            epoch: side.epoch(),
            doing: side.doing(),
            active: side.active(),
            held: side.held().to_vec(),
            third: side.telephone().and_then(LineSide::third),
            waiting: side.telephone().and_then(LineSide::waiting),
            dialled: side.dialled(),
        })
    }

    /// The lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = LineView> + '_ {
        self.lines.keys().filter_map(|line| self.line(*line))
    }

    /// The calls in progress at `now`, in the order in which they began.
    pub fn calls(&self, now: Instant) -> impl Iterator<Item = CallView> + '_ {
        self.calls.iter().filter_map(move |(id, call)| {
            let progress = match call.phase() {
                Phase::Trying => Progress::Trying,
                Phase::Alerting => Progress::Alerting,
                Phase::Early => Progress::Early,
                Phase::Talking => Progress::Talking,
                Phase::Over => return None,
            };
            Some(CallView {
                call: *id,
                caller: call.caller(),
                from: call.from(),
                dialled: call.dialled(),
                called: call.called(),
                went_by: call.went_by(),
                progress,
                held: call.is_held(),
                started: call.started(),
                talked: call.answered().map(|answered| now.since(answered)),
                priority: call.priority(),
                joined: call.joined(),
                on_its_way: call.is_on_its_way(),
            })
        })
    }

    /// The far legs, each with its call and by what it came or went.
    pub fn legs(&self) -> impl Iterator<Item = (FarId, CallId, Via)> + '_ {
        self.legs.iter().map(|(id, leg)| (*id, leg.call(), leg.via()))
    }
}

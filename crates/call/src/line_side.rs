//! One line, as calls see it: what the telephone on it does, and the calls that it holds.
//!
//! # How
//! A line has one state and a list of held calls; together at most [`MAX_CALLS_PER_LINE`]. A flash in a call
//! holds it and gives dial tone; what it does with two calls is the telephone's [`Recall`] ([`flash`]). A flash while
//! dialling, waiting or hearing why a call failed gives that up and goes back to the latest held call. By flash alone a line
//! comes to two calls; [`crate::Input::Consult`] makes the third and the fourth. A call that comes in a call waits
//! ([`waiting`]). Hung up with calls held, the telephone is rung back for the latest; each further one
//! has its turn when the one before it is over, and all are let go if nobody answers. Hung up in a call with another
//! one held, the two others are joined, unless the telephone is one that hands nothing on.
//!
//! # Epochs
//! An event of an older epoch than the line's is dropped. One of a newer epoch shows that the end of ours was
//! missed: all calls of the line are given up first.

pub(crate) mod ask;
mod code;
mod dial;
mod duty;
mod events;
mod flash;
mod orders;
mod say;
mod transfer;
mod waiting;
mod walk;

use tipring_port::{LineCommand, LineSummary, Tone};
use tipring_units::{CallId, Epoch, Instant, LineId, Millis, WallTime};

use std::collections::BTreeMap;

use crate::digits::{Reader, Verdict};
use crate::features::{Given, Memory};
use crate::outbox::{CallInput, Offer, Outbox};
use crate::plan::Plan;
use crate::{CallEvent, Cause, FarId, LineDoing, Number, Party, Priority, Setup, Why};

pub(crate) use walk::Walk;

/// Calls of one line, held ones included, at the most.
pub const MAX_CALLS_PER_LINE: usize = 4;
/// A line that was told to stop ringing and says nothing is taken to be idle after this long.
const RING_STOP: Millis = Millis::from_secs(2);

/// What a line needs to know of the rest.
pub(crate) struct Scene<'a> {
    pub now: Instant,
    pub wall: WallTime,
    pub setup: &'a Setup,
    pub plan: &'a Plan,
    /// No server is up.
    pub offline: bool,
    /// What was set on each telephone.
    pub memory: &'a mut BTreeMap<Number, Memory>,
    /// Somebody walks through the house and maps its rooms.
    pub walk: &'a mut Option<Walk>,
    pub out: &'a mut Outbox,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one for each line
enum State {
    /// On-hook, no call.
    Idle,
    /// Off-hook, dialling. What sounds, if anything.
    Dialling(Reader, Option<Tone>),
    /// It called; not answered yet. What sounds, if anything of ours.
    Waiting(CallId, Option<Tone>),
    /// In a call; with [`LineSide::third`] in two at once.
    Talking(CallId),
    /// A flash was keyed with two calls, which are both held; the digit that says what becomes of them is waited for.
    Keying,
    /// Off-hook without an active call, hears why.
    Told,
    /// Off-hook, and nothing comes of it until it is hung up.
    Parked,
    /// Rung for a call.
    Ringing(CallId),
    /// Hung up with this call held; rung back for it.
    Recalling(CallId),
    /// Told to stop ringing; a call that came meanwhile waits for that.
    Stopping(Option<(CallId, Offer)>),
    /// Out of service, its card is silent, or the relay has it.
    Down,
}

/// Digits that an exchange takes by itself.
#[derive(Clone, Copy, Debug)]
struct Behind {
    /// What asked for the line.
    code: Number,
    /// What followed.
    digits: Number,
}

/// A line.
#[derive(Clone, Debug)]
pub(crate) struct LineSide {
    line: LineId,
    epoch: Option<Epoch>,
    state: State,
    held: Vec<CallId>,
    /// What was dialled since dial tone, as star codes are.
    typed: String,
    /// What is dialled next is a PIN.
    secret: bool,
    /// What codes said of the next call.
    next: code::Next,
    /// A code waits for its number.
    wants: Option<Given>,
    /// What is dialled on an exchange's own dial tone: it may become an emergency number.
    behind: Option<Behind>,
    /// A held party that is sent to a number.
    sending: transfer::Sending,
    /// The other call of a conference.
    third: Option<CallId>,
    /// Who was taken out of a conference, and comes back if the hook is flashed again at once.
    leaver: Option<CallId>,
    /// The call that waits while it talks.
    waiting: Option<(CallId, Offer)>,
    /// It went from one call to another that came in: a flash goes back and forth.
    answered_waiting: bool,
    /// No call is to wait until it has hung up.
    calm: bool,
    /// The call in which it calls for help.
    emergency: Option<CallId>,
    /// The call that carries a fax or a modem.
    data: Option<CallId>,
    /// What it dialled for the call that it waits for.
    calls: Option<Number>,
    /// By this leg it could be asked when who is called can be reached.
    offered: Option<FarId>,
    /// Whom it called last in vain, and could ask to be called back by.
    busy: Option<ask::InVain>,
    /// It asked the house, which has not answered yet.
    asks: Option<Given>,
    /// What it calls when it is lifted: it is rung because that one is free now.
    calls_back: Option<ask::InVain>,
    /// The call that it makes next completes that of this leg.
    completes: Option<FarId>,
    /// It hung up in this call, which is asked to be joined to the one that it is to be rung back for.
    asked: Option<CallId>,
    in_service: bool,
    /// The administrative state that was ordered last.
    ordered: Option<bool>,
    silent: bool,
    /// The relay has it.
    lifeline: bool,
    /// It was lifted and called by itself.
    by_itself: bool,
    /// When its call has to end.
    limit: Option<Instant>,
    /// How urgent its call is.
    urgency: Priority,
    /// What who talks to it has dialled last.
    heard: String,
    timer: Option<(Instant, Why)>,
}

impl LineSide {
    /// A line of which nothing was heard yet.
    pub fn new(line: LineId) -> Self {
        Self {
            line,
            epoch: None,
            state: State::Idle,
            held: Vec::new(),
            typed: String::new(),
            secret: false,
            next: code::Next::default(),
            wants: None,
            behind: None,
            sending: transfer::Sending::Nobody,
            third: None,
            leaver: None,
            waiting: None,
            answered_waiting: false,
            calm: false,
            emergency: None,
            data: None,
            calls: None,
            offered: None,
            busy: None,
            asks: None,
            calls_back: None,
            completes: None,
            asked: None,
            in_service: true,
            ordered: None,
            silent: false,
            lifeline: false,
            by_itself: false,
            limit: None,
            urgency: Priority::Normal,
            heard: String::new(),
            timer: None,
        }
    }

    /// The line as it is after its own state was lost: without calls in the same epoch, and parked if it was
    /// off-hook. If that has changed meanwhile, what the line says to being parked tells.
    pub fn lost(&self) -> Self {
        let state = match self.state {
            _ if !self.in_service || self.silent || self.lifeline => State::Down,
            State::Dialling(..)
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked => State::Parked,
            State::Idle | State::Ringing(_) | State::Recalling(_) | State::Stopping(_) | State::Down => {
                State::Idle
            }
        };
        Self {
            state,
            epoch: self.epoch,
            in_service: self.in_service,
            ordered: self.ordered,
            silent: self.silent,
            lifeline: self.lifeline,
            ..Self::new(self.line)
        }
    }

    pub fn timer(&self) -> Option<(Instant, Why)> {
        let limit = self.limit.map(|at| (at, Why::CallLimit));
        self.timer.into_iter().chain(limit).min_by_key(|(at, _)| *at)
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch.unwrap_or_default()
    }

    pub fn doing(&self) -> LineDoing {
        match self.state {
            State::Idle | State::Stopping(_) => LineDoing::Idle,
            State::Dialling(..) => LineDoing::Dialling,
            State::Waiting(..) => LineDoing::Waiting,
            State::Talking(_) | State::Keying => LineDoing::Talking,
            State::Told => LineDoing::Told,
            State::Parked => LineDoing::Parked,
            State::Ringing(_) | State::Recalling(_) => LineDoing::Ringing,
            State::Down => LineDoing::OutOfService,
        }
    }

    /// The call that the line is in, or rung for.
    pub fn active(&self) -> Option<CallId> {
        match &self.state {
            State::Recalling(_) if self.calls_back.is_some() => None,
            State::Waiting(call, _)
            | State::Talking(call)
            | State::Ringing(call)
            | State::Recalling(call) => Some(*call),
            State::Stopping(next) => next.map(|(call, _)| call),
            State::Idle | State::Dialling(..) | State::Keying | State::Told | State::Parked | State::Down => {
                None
            }
        }
    }

    /// The other call of a conference.
    pub fn third(&self) -> Option<CallId> {
        self.third
    }

    /// The call that waits.
    pub fn waiting(&self) -> Option<CallId> {
        self.waiting.map(|(call, _)| call)
    }

    pub fn held(&self) -> &[CallId] {
        &self.held
    }

    /// What it dialled so far; stars while a PIN is dialled.
    pub fn dialled(&self) -> Number {
        match &self.state {
            State::Dialling(..) if self.secret => Number::new("***"),
            State::Dialling(reader, _) => reader.dialled(),
            State::Idle
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Stopping(_)
            | State::Down => Number::EMPTY,
        }
    }

    /// Events were lost; this is what is true.
    pub fn on_summary(&mut self, epoch: Epoch, summary: LineSummary, scene: &mut Scene<'_>) {
        if !self.catch_up(epoch, scene) {
            return;
        }
        if self.ordered.is_none() {
            self.in_service(summary.in_service, scene);
        }
        if summary.off_hook && !summary.in_service {
            // Nothing is fed: it says so again when it is back.
        } else if summary.off_hook {
            match self.state {
                State::Idle | State::Ringing(_) | State::Recalling(_) | State::Stopping(_) => {
                    self.lifted(scene)
                }
                State::Dialling(..)
                | State::Waiting(..)
                | State::Talking(_)
                | State::Keying
                | State::Told
                | State::Parked
                | State::Down => {} // known
            }
        } else {
            match self.state {
                // On-hook in the epoch that began at on-hook: what was lost is the beginning and the end of a
                // seizure, or the end of ringing.
                State::Dialling(..)
                | State::Waiting(..)
                | State::Talking(_)
                | State::Keying
                | State::Told
                | State::Parked => {
                    self.give_up(Cause::NORMAL, scene);
                }
                State::Stopping(_) if !summary.ringing => self.ring_over(scene),
                State::Stopping(_) | State::Idle | State::Ringing(_) | State::Recalling(_) | State::Down => {} // known
            }
        }
    }

    /// The timer ran out.
    pub fn on_timer(&mut self, scene: &mut Scene<'_>) {
        if self.limit_is_over(scene) {
            return;
        }
        self.timer = None;
        if self.lets_leaver_go(scene)
            || self.walk_timer(scene)
            || self.pause_is_over(scene)
            || self.calls_again(scene)
            || self.tone_is_over(scene)
        {
            return;
        }
        match &self.state {
            State::Dialling(reader, _) => {
                let verdict = reader.timeout(scene.plan);
                match verdict {
                    Verdict::Whole(selection) => self.complete(selection, scene),
                    Verdict::Dead(_) | Verdict::More { .. } => self.abandon_dialling(scene),
                }
            }
            State::Told => {
                self.enter(State::Parked);
                self.command(LineCommand::Park, scene);
            }
            State::Keying => self.keyed(None, scene),
            State::Recalling(_) => {
                if self.calls_back_no_more(true, scene) {
                    return;
                }
                self.give_up(Cause::NO_ANSWER, scene);
                self.stop_ringing(scene);
            }
            State::Stopping(_) => self.ring_over(scene),
            // No timer runs in these.
            State::Idle
            | State::Waiting(..)
            | State::Talking(_)
            | State::Parked
            | State::Ringing(_)
            | State::Down => {}
        }
    }

    /// Management takes the line out of service, or back.
    pub fn set_in_service(&mut self, on: bool, scene: &mut Scene<'_>) {
        self.ordered = Some(on);
        self.command(LineCommand::InService(on), scene);
        self.in_service(on, scene);
    }

    /// Gives up every call and is idle in the epoch that it has.
    pub fn give_up(&mut self, cause: Cause, scene: &mut Scene<'_>) {
        if let State::Dialling(..) = &self.state {
            scene.out.event(CallEvent::Abandoned { line: self.line, dialled: self.dialled() });
        }
        let calls_back = self.calls_back_no_more(false, scene);
        match self.state {
            State::Recalling(_) if calls_back => {}
            State::Ringing(call) | State::Stopping(Some((call, _))) => {
                self.tell(call, CallInput::Failed(cause), scene);
            }
            State::Waiting(call, _) | State::Talking(call) | State::Recalling(call) => {
                self.tell(call, CallInput::Gone(cause), scene);
            }
            State::Idle
            | State::Dialling(..)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Stopping(None)
            | State::Down => {}
        }
        for call in core::mem::take(&mut self.held).into_iter().chain(self.third) {
            self.tell(call, CallInput::Gone(cause), scene);
        }
        if let Some((call, _)) = self.waiting.take() {
            self.tell(call, CallInput::Failed(cause), scene);
        }
        self.off_hook_over();
        self.enter(State::Idle);
    }

    /// What held while it was off-hook holds no longer.
    fn off_hook_over(&mut self) {
        (self.calm, self.answered_waiting) = (false, false);
        (self.emergency, self.data) = (None, None);
    }

    /// True if the event is of this epoch or of a newer one, which is then the line's.
    fn catch_up(&mut self, epoch: Epoch, scene: &mut Scene<'_>) -> bool {
        let behind = match self.epoch {
            None => 0,
            Some(own) => epoch.0.wrapping_sub(own.0),
        };
        if behind > u32::MAX / 2 {
            return false; // of an epoch that has ended
        }
        self.epoch = Some(epoch);
        if behind > 0 {
            let down = matches!(self.state, State::Down);
            let rung = matches!(self.state, State::Ringing(_) | State::Stopping(_));
            self.give_up(if rung { Cause::TEMPORARY } else { Cause::NORMAL }, scene);
            if down {
                self.enter(State::Down);
            }
        }
        true
    }

    /// Off-hook to call. A call that was just being offered finds the line busy; the refusal of its ringing
    /// is still on the way.
    fn seized(&mut self, scene: &mut Scene<'_>) {
        match self.state {
            State::Ringing(call) => {
                self.tell(call, CallInput::Failed(Cause::Glare), scene);
                self.dial(scene);
            }
            State::Idle
            | State::Recalling(_)
            | State::Stopping(_)
            | State::Dialling(..)
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Down => self.lifted(scene),
        }
    }

    /// Off-hook. Whether it answers depends on what is known here: who lifts as the caller gives up gets dial
    /// tone.
    fn lifted(&mut self, scene: &mut Scene<'_>) {
        match self.state {
            State::Idle | State::Stopping(None) => self.dial(scene),
            State::Stopping(Some((call, _))) => {
                self.tell(call, CallInput::Failed(Cause::Glare), scene);
                self.dial(scene);
            }
            State::Ringing(call) => {
                self.enter(State::Talking(call));
                if !self.tone_first(call, scene) {
                    self.tell(call, CallInput::Answered { told: true }, scene);
                }
            }
            State::Recalling(call) => {
                if self.calls_back(scene) {
                    return;
                }
                self.held.retain(|held| *held != call);
                self.enter(State::Talking(call));
                self.tell(call, CallInput::Retrieve, scene);
            }
            // Off-hook already.
            State::Dialling(..)
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked => {}
            State::Down => {} // nothing is fed; when it is back, the line says so again
        }
    }

    fn hung_up(&mut self, scene: &mut Scene<'_>) {
        self.epoch = Some(self.epoch().next());
        self.lets_leaver_go(scene);
        // Who took a call that waited went between two who have nothing to do with each other.
        let hands_on = self.hands_on(scene) && !self.answered_waiting;
        self.off_hook_over();
        match &self.state {
            State::Dialling(..) => {
                scene.out.event(CallEvent::Abandoned { line: self.line, dialled: self.dialled() });
                self.on_hook(scene);
            }
            State::Waiting(call, _) | State::Talking(call) => {
                let call = *call;
                self.may_ask_later();
                if let Some(third) = self.third.take() {
                    self.tell(third, CallInput::Gone(Cause::NORMAL), scene);
                }
                match self.held.pop() {
                    Some(held) if !hands_on => {
                        self.tell(call, CallInput::Gone(Cause::NORMAL), scene);
                        self.enter(State::Recalling(held));
                        self.tell(held, CallInput::Recall, scene);
                    }
                    // The two calls know whether they can be joined; else this one is rung back for the held one.
                    Some(held) => {
                        self.enter(State::Recalling(held));
                        self.asked = Some(call);
                        self.timer = Some((scene.now + scene.setup.timers.recall, Why::Recall));
                        self.tell(call, CallInput::Join { held, keeps: false }, scene);
                    }
                    None => {
                        self.tell(call, CallInput::Gone(Cause::NORMAL), scene);
                        self.on_hook(scene);
                    }
                }
            }
            State::Keying | State::Told | State::Parked | State::Idle => self.on_hook(scene),
            // Lifted and hung up so fast that only the end was seen.
            State::Ringing(call) => {
                self.tell(*call, CallInput::Failed(Cause::TEMPORARY), scene);
                self.on_hook(scene);
            }
            State::Recalling(_) => self.give_up(Cause::NORMAL, scene),
            State::Stopping(_) => self.ring_over(scene),
            State::Down => {}
        }
    }

    fn ring_stopped(&mut self, scene: &mut Scene<'_>) {
        self.epoch = Some(self.epoch().next());
        match self.state {
            State::Stopping(_) | State::Idle => self.ring_over(scene),
            // It stopped by itself.
            State::Ringing(_) | State::Recalling(_) => {
                self.give_up(Cause::TEMPORARY, scene);
            }
            State::Dialling(..)
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Down => {} // cannot ring off-hook
        }
    }

    /// On-hook and not ringing: rung back for a held call, rung for one that waits, or idle.
    fn on_hook(&mut self, scene: &mut Scene<'_>) {
        match self.held.pop() {
            Some(call) => {
                self.let_wait_no_more(Cause::BUSY, scene);
                self.enter(State::Recalling(call));
                self.tell(call, CallInput::Recall, scene);
            }
            None => match self.waiting.take() {
                Some((call, offer)) => {
                    self.enter(State::Ringing(call));
                    self.ring(offer, scene);
                }
                None => self.enter(State::Idle),
            },
        }
    }

    /// Ringing has stopped: the call that waited for it, a held one, or idle.
    fn ring_over(&mut self, scene: &mut Scene<'_>) {
        match self.state {
            State::Stopping(Some((call, offer))) => {
                self.enter(State::Ringing(call));
                self.ring(offer, scene);
            }
            State::Stopping(None)
            | State::Idle
            | State::Dialling(..)
            | State::Waiting(..)
            | State::Talking(_)
            | State::Keying
            | State::Told
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Down => self.on_hook(scene),
        }
    }

    fn in_service(&mut self, on: bool, scene: &mut Scene<'_>) {
        self.in_service = on;
        if on {
            self.up_again();
        } else {
            self.give_up(Cause::LineLost, scene);
            self.enter(State::Down);
        }
    }

    fn up_again(&mut self) {
        if matches!(self.state, State::Down) && self.in_service && !self.silent && !self.lifeline {
            self.enter(State::Idle);
        }
    }

    fn tell(&self, call: CallId, input: CallInput, scene: &mut Scene<'_>) {
        scene.out.tell_call(call, Party::Line(self.line), input);
    }

    fn command(&self, command: LineCommand, scene: &mut Scene<'_>) {
        scene.out.line(self.line, self.epoch(), command);
    }

    /// Changes state. A state's timer ends with it.
    fn enter(&mut self, state: State) {
        self.timer = None;
        self.asked = None;
        self.sending = transfer::Sending::Nobody;
        (self.third, self.leaver, self.asks) = (None, None, None);
        if !matches!(state, State::Talking(_) | State::Ringing(_) | State::Keying) {
            self.calm();
        }
        self.state = state;
    }
}

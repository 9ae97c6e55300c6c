//! One outside line, as calls see it: what it is doing with its exchange, and the call that it is in.
//!
//! # How
//! A call that goes out is offered to the line, which is seized then and dials; what is heard of the exchange becomes
//! news of the call. A call that comes in is kept until its caller is known and then rings whom the configuration
//! says; the line is answered only when somebody of the house does, or at once where callers may dial in ([`Disa`]).
//! After a call the line is out of use until it says that its guard time has passed.
//!
//! # Emergency calls
//! One that finds every line busy is offered again with the order to pre-empt: the line clears what it is in, unless
//! that is an emergency call itself, waits for its release and is seized at once then.
//!
//! # Epochs
//! As those of a telephone's line: what is older than the line's is dropped, and a newer one shows that the end of
//! ours was missed.
//!
//! [`Disa`]: crate::Disa

mod disa;
mod events;
mod orders;

use std::collections::BTreeSet;

use tipring_port::{LineCommand, LineFault, LineSummary, Text, Tone};
use tipring_units::{CallId, Epoch, Instant, LineId, Millis};

use crate::line_side::Scene;
use crate::outbox::{CallInput, Offer};
use crate::{Cause, Identity, LineDoing, Number, OutsideLine, Party, Priority, Why};
use disa::Dialler;

/// A line that was told to hang up and does not say that it is released is asked what is true after this long.
const RELEASE_LIMIT: Millis = Millis::from_secs(30);
/// A line that refused to be seized so soon after its last call is seized again after this long.
const GUARD_RETRY: Millis = Millis(250);
/// A line that rings is answered for so long before it is released for an emergency call: shorter, an exchange
/// takes it for a noise.
const STOLEN_ANSWER: Millis = Millis(500);
/// Who called in and dialled in vain hears why for so long.
const TOLD: Millis = Millis::from_secs(10);

/// A call that goes out on the line, or waits to.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Outgoing {
    call: CallId,
    offer: Offer,
}

impl Outgoing {
    /// It brought no number: the caller hears the exchange's dial tone and dials on it.
    fn dials(&self) -> bool {
        self.offer.number.is_empty()
    }

    fn is_emergency(&self) -> bool {
        self.offer.priority == Priority::Emergency
    }
}

#[derive(Clone, Debug)]
enum State {
    /// On-hook, no call.
    Idle,
    /// The exchange rings; who calls is not known yet.
    Incoming,
    /// The exchange rings, and the call is offered to the house.
    Offered(CallId),
    /// The exchange rings, and nobody of the house is rung for it.
    Vain,
    /// Told to be seized; the exchange is not ready.
    Seizing(Outgoing),
    /// The number is being dialled.
    Dialling(Outgoing),
    /// All is dialled; not answered yet.
    Waiting(Outgoing),
    /// In a call, since when.
    Talking(CallId, Priority, Instant),
    /// Answered; who calls dials.
    Answering(Dialler),
    /// Who called in called somebody who has not answered. What sounds, if anything of ours.
    Inward(CallId, Option<Tone>),
    /// Who called in hears why there is no call (any more).
    Told,
    /// It rang and was answered only to be released for an emergency call.
    Stealing(Outgoing),
    /// Told to hang up, or hung up by itself; an emergency call may wait for it.
    Releasing(Option<Outgoing>),
}

/// An outside line.
#[derive(Clone, Debug)]
pub(crate) struct OutsideSide {
    line: LineId,
    epoch: Option<Epoch>,
    state: State,
    /// Who calls, as far as the exchange told.
    caller: Option<Identity>,
    /// The call that goes out brought no number: its caller dials.
    dials: bool,
    /// What a tone of the exchange says of the call that goes out.
    heard: Option<Cause>,
    in_service: bool,
    /// The administrative state that was ordered last.
    ordered: Option<bool>,
    silent: bool,
    in_use: bool,
    faults: BTreeSet<LineFault>,
    /// It could not be seized the last time.
    doubtful: bool,
    last_used: Option<Instant>,
    /// Calls in a row that failed to give the PIN.
    failed_pins: u8,
    locked_until: Option<Instant>,
    /// Locks since the right PIN was dialled last.
    locks: u8,
    timer: Option<(Instant, Why)>,
}

impl OutsideSide {
    /// A line of which nothing was heard yet.
    pub fn new(line: LineId) -> Self {
        Self {
            line,
            epoch: None,
            state: State::Idle,
            caller: None,
            dials: false,
            heard: None,
            in_service: true,
            ordered: None,
            silent: false,
            in_use: false,
            faults: BTreeSet::new(),
            doubtful: false,
            last_used: None,
            failed_pins: 0,
            locked_until: None,
            locks: 0,
            timer: None,
        }
    }

    /// The line as it is after its own state was lost: without calls, in the same epoch, and to be released if it
    /// may be off-hook.
    pub fn lost(&self, now: Instant) -> Self {
        let mut fresh = Self {
            epoch: self.epoch,
            in_service: self.in_service,
            ordered: self.ordered,
            silent: self.silent,
            in_use: self.in_use,
            faults: self.faults.clone(),
            doubtful: self.doubtful,
            last_used: self.last_used,
            failed_pins: self.failed_pins,
            locked_until: self.locked_until,
            locks: self.locks,
            ..Self::new(self.line)
        };
        match self.state {
            State::Idle => {}
            State::Incoming | State::Offered(_) | State::Vain => fresh.state = State::Vain,
            State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => fresh.release(None, now),
        }
        fresh
    }

    pub fn timer(&self) -> Option<(Instant, Why)> {
        let unlock = self.locked_until.map(|until| (until, Why::Pin));
        match (self.timer, unlock) {
            (Some(own), Some(unlock)) => Some(if unlock.0 < own.0 { unlock } else { own }),
            (own, unlock) => own.or(unlock),
        }
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch.unwrap_or_default()
    }

    pub fn doing(&self) -> LineDoing {
        match self.state {
            State::Idle if self.is_dead() => LineDoing::OutOfService,
            State::Idle if self.in_use => LineDoing::InUse,
            State::Idle => LineDoing::Idle,
            State::Incoming | State::Offered(_) | State::Vain => LineDoing::Ringing,
            State::Seizing(_) | State::Dialling(_) | State::Answering(_) => LineDoing::Dialling,
            State::Waiting(_) | State::Inward(..) => LineDoing::Waiting,
            State::Talking(..) => LineDoing::Talking,
            State::Told => LineDoing::Told,
            State::Stealing(_) | State::Releasing(_) => LineDoing::Releasing,
        }
    }

    /// The call that the line is in.
    pub fn active(&self) -> Option<CallId> {
        match &self.state {
            State::Seizing(out) | State::Dialling(out) | State::Waiting(out) => Some(out.call),
            State::Offered(call) | State::Talking(call, ..) | State::Inward(call, _) => Some(*call),
            State::Stealing(next) | State::Releasing(Some(next)) => Some(next.call),
            State::Idle
            | State::Incoming
            | State::Vain
            | State::Answering(_)
            | State::Told
            | State::Releasing(None) => None,
        }
    }

    /// What who called in dialled so far; never a PIN.
    pub fn dialled(&self) -> Number {
        match &self.state {
            State::Answering(dialler) => dialler.dialled(),
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => Number::EMPTY,
        }
    }

    /// True while what is dialled may be a PIN: such digits are shown to nobody. On a line that `asks` for one that is
    /// whenever no number is being dialled: callers repeat a PIN also where nobody listens any more.
    pub fn hides_digits(&self, asks: bool) -> bool {
        match &self.state {
            State::Answering(dialler) => dialler.is_secret(),
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => asks,
        }
    }

    /// True if a call can be offered to it now.
    pub fn is_free(&self) -> bool {
        matches!(self.state, State::Idle) && !self.is_dead() && !self.in_use
    }

    /// True if it will be free in a moment: its last call is over, and the exchange is given its time to clear. A call that is
    /// offered waits for that.
    pub fn is_soon_free(&self) -> bool {
        matches!(self.state, State::Releasing(None)) && !self.is_dead() && !self.in_use
    }

    /// True if no call can go out on it whatever it is doing.
    pub fn is_dead(&self) -> bool {
        let dead = |fault: &LineFault| match fault {
            LineFault::NoBattery | LineFault::ForeignVoltage => true,
            // It shows in a call only. The others are no fault of the exchange's, or kept elsewhere.
            LineFault::NoDialTone | LineFault::CardSilent | LineFault::Panicked | LineFault::Leakage => false,
        };
        !self.in_service || self.silent || self.faults.iter().any(dead)
    }

    /// True if no dial tone came when it was seized last: others are tried first.
    pub fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// When it was last in a call.
    pub fn last_used(&self) -> Option<Instant> {
        self.last_used
    }

    /// How important what it does is beside an emergency call, and since when; the least goes first, of equals the
    /// longest. None where an emergency call cannot have it.
    pub fn importance(&self) -> Option<(u8, Instant)> {
        let since = self.last_used.unwrap_or(Instant::ZERO);
        if self.is_dead() {
            return None;
        }
        match &self.state {
            State::Idle if self.in_use => None,
            State::Idle => Some((0, since)),
            State::Releasing(None) => Some((1, since)),
            State::Told | State::Answering(_) => Some((2, since)),
            State::Inward(..) => Some((3, since)),
            State::Seizing(out) | State::Dialling(out) | State::Waiting(out) => {
                (!out.is_emergency()).then_some((4, since))
            }
            State::Talking(_, priority, since) => (*priority == Priority::Normal).then_some((5, *since)),
            State::Incoming | State::Offered(_) | State::Vain => Some((6, since)),
            State::Releasing(Some(next)) => (!next.is_emergency()).then_some((1, since)),
            State::Stealing(_) => None,
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
        // The end of a fault, or of another telephone's call, may be what was lost: a line that is still of no use
        // refuses to be seized.
        self.in_use = false;
        if !summary.faulted {
            self.faults.clear();
        }
        match (&self.state, summary.off_hook) {
            // Nobody here knows of a call on it.
            (State::Idle | State::Incoming | State::Offered(_) | State::Vain, true) => {
                self.give_up(Cause::TEMPORARY, scene);
                self.hang_up(None, scene);
            }
            // It rang no longer before the epoch ended; the end of it may be what was lost.
            (State::Incoming | State::Offered(_) | State::Vain, false) if !summary.ringing => {
                self.give_up(Cause::NORMAL, scene);
            }
            (State::Idle | State::Incoming | State::Offered(_) | State::Vain, false) => {}
            // Its order to answer or to seize can be under way still: the call's own time ends that.
            (State::Seizing(_), _) => {}
            (State::Talking(..) | State::Answering(_), false) if summary.ringing => {}
            (
                State::Dialling(_)
                | State::Waiting(_)
                | State::Talking(..)
                | State::Answering(_)
                | State::Inward(..)
                | State::Told,
                false,
            ) => {
                self.give_up(Cause::NORMAL, scene);
                self.release(None, scene.now);
            }
            (
                State::Dialling(_)
                | State::Waiting(_)
                | State::Talking(..)
                | State::Answering(_)
                | State::Inward(..)
                | State::Told
                | State::Stealing(_)
                | State::Releasing(_),
                _,
            ) => {}
        }
    }

    /// The timer ran out.
    pub fn on_timer(&mut self, scene: &mut Scene<'_>) {
        self.unlock(scene);
        if self.timer.is_none_or(|(at, _)| at > scene.now) {
            return;
        }
        self.timer = None;
        match &self.state {
            State::Answering(_) => self.dial_time_over(scene),
            State::Told => self.hang_up(None, scene),
            State::Stealing(next) => {
                let next = *next;
                self.hang_up(Some(next), scene);
            }
            State::Releasing(Some(next)) => {
                let next = *next;
                self.seize(next, scene);
            }
            State::Releasing(None) => {
                self.enter(State::Idle, scene.now);
                self.command(LineCommand::Report, scene);
            }
            // No timer runs in these.
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Inward(..) => {}
        }
    }

    /// Management takes the line out of service, or back.
    pub fn set_in_service(&mut self, on: bool, scene: &mut Scene<'_>) {
        self.ordered = Some(on);
        self.command(LineCommand::InService(on), scene);
        self.in_service(on, scene);
    }

    /// The configuration has the line no more.
    pub fn remove(&mut self, scene: &mut Scene<'_>) {
        let off_hook = self.may_be_off_hook();
        self.give_up(Cause::LineLost, scene);
        if off_hook {
            self.command(LineCommand::HangUp, scene);
        }
    }

    /// A flash goes out to the exchange.
    pub fn flash_out(&mut self, scene: &mut Scene<'_>) {
        if matches!(self.state, State::Talking(..)) {
            self.command(LineCommand::FlashOut, scene);
        }
    }

    pub fn may_be_off_hook(&self) -> bool {
        match self.state {
            State::Idle | State::Incoming | State::Offered(_) | State::Vain => false,
            State::Seizing(_)
            | State::Dialling(_)
            | State::Waiting(_)
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Stealing(_)
            | State::Releasing(_) => true,
        }
    }

    /// Gives up its call and is idle in the epoch that it has. The line itself is told nothing.
    fn give_up(&mut self, cause: Cause, scene: &mut Scene<'_>) {
        match &self.state {
            State::Seizing(out) | State::Dialling(out) | State::Waiting(out) => {
                self.tell(out.call, CallInput::Failed(cause), scene);
            }
            State::Offered(call) | State::Talking(call, ..) | State::Inward(call, _) => {
                self.tell(*call, CallInput::Gone(cause), scene);
            }
            State::Stealing(next) | State::Releasing(Some(next)) => {
                self.tell(next.call, CallInput::Failed(cause), scene);
            }
            State::Idle
            | State::Incoming
            | State::Vain
            | State::Answering(_)
            | State::Told
            | State::Releasing(None) => {}
        }
        self.enter(State::Idle, scene.now);
    }

    /// Nobody of the house is rung, or any more. A line that rings cannot tell its exchange so; one that was seized as it
    /// began to ring is off-hook, and hangs up.
    fn ring_in_vain(&mut self, scene: &mut Scene<'_>) {
        self.enter(State::Vain, scene.now);
        self.command(LineCommand::HangUp, scene);
    }

    /// Tells the line to go on-hook; `next` is seized when it is released.
    fn hang_up(&mut self, next: Option<Outgoing>, scene: &mut Scene<'_>) {
        self.command(LineCommand::HangUp, scene);
        self.release(next, scene.now);
    }

    fn release(&mut self, next: Option<Outgoing>, now: Instant) {
        self.enter(State::Releasing(next), now);
        self.timer = Some((now + RELEASE_LIMIT, Why::Guard));
    }

    /// Seizes the line for a call.
    fn seize(&mut self, out: Outgoing, scene: &mut Scene<'_>) {
        let suffix = self.config(scene).map_or(Number::EMPTY, |own| own.suffix);
        let number = out.offer.number.as_str();
        let suffix = if out.dials() { "" } else { suffix.as_str() };
        let digits: Text<{ tipring_port::MAX_OUT_DIGITS }> = Text::new(&format!("{number}{suffix}"));
        let can = |digit: char| digit.is_ascii_digit() || matches!(digit, '*' | '#' | 'A'..='D' | ',');
        if digits.as_str().len() < number.len() + suffix.len() || !digits.as_str().chars().all(can) {
            // Cut or with something left out it would be another number.
            self.enter(State::Idle, scene.now);
            self.tell(out.call, CallInput::Failed(Cause::INCOMPLETE), scene);
            return;
        }
        // An emergency call is dialled even where no dial tone is heard again.
        let digits =
            if out.is_emergency() && self.doubtful && digits.as_str().len() < tipring_port::MAX_OUT_DIGITS {
                Text::new(&format!(",{digits}"))
            } else {
                digits
            };
        self.heard = None;
        self.dials = out.dials();
        self.enter(State::Seizing(out), scene.now);
        self.command(LineCommand::Seize(digits), scene);
        if out.dials() {
            self.tell(out.call, CallInput::Early { both: true }, scene); // the dial tone is heard as it comes
        }
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
            self.ended(scene);
        }
        true
    }

    /// The epoch has ended: the line is on-hook and its guard time over.
    fn ended(&mut self, scene: &mut Scene<'_>) {
        self.caller = None;
        match &self.state {
            State::Releasing(Some(next)) | State::Stealing(next) => {
                let next = *next;
                self.seize(next, scene);
            }
            State::Seizing(_) | State::Dialling(_) | State::Waiting(_) => {
                self.give_up(self.heard.unwrap_or(Cause::TEMPORARY), scene);
            }
            State::Idle
            | State::Incoming
            | State::Offered(_)
            | State::Vain
            | State::Talking(..)
            | State::Answering(_)
            | State::Inward(..)
            | State::Told
            | State::Releasing(None) => self.give_up(Cause::NORMAL, scene),
        }
    }

    fn in_service(&mut self, on: bool, scene: &mut Scene<'_>) {
        self.in_service = on;
        if !on {
            self.give_up(Cause::LineLost, scene);
        }
    }

    fn config<'a>(&self, scene: &Scene<'a>) -> Option<&'a OutsideLine> {
        scene.setup.lines.iter().find(|one| one.line == self.line)
    }

    fn tell(&self, call: CallId, input: CallInput, scene: &mut Scene<'_>) {
        scene.out.tell_call(call, Party::Line(self.line), input);
    }

    fn command(&self, command: LineCommand, scene: &mut Scene<'_>) {
        scene.out.line(self.line, self.epoch(), command);
    }

    /// Changes state. A state's timer ends with it.
    fn enter(&mut self, state: State, now: Instant) {
        if matches!(state, State::Idle | State::Incoming) {
            self.dials = false;
        }
        let was_idle = matches!(self.state, State::Idle);
        if was_idle != matches!(state, State::Idle) {
            self.last_used = Some(now);
        }
        self.timer = None;
        self.state = state;
    }
}

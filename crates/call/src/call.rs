//! One call: two parties, how far it is, and its times.
//!
//! A call does not know what its parties are. It hears of them by [`CallInput`] and tells them by [`Order`];
//! it connects their sound, tries the next way if one fails, and writes the record when it ends. A way may be several
//! parties that are called at once; the first that answers has the call.

mod joint;
mod moved;
mod parked;
mod referred;
mod sound;
mod test;
mod transfer;
mod turns;
mod ways;

use std::collections::VecDeque;

use tipring_port::Signal;
use tipring_units::{CallId, Instant, LineId, Millis, WallTime};

pub(crate) use joint::JointInput;
pub(crate) use moved::MovedFrom;
pub(crate) use referred::Follows;

use crate::outbox::{CallInput, Offer, Order, Outbox};
use crate::route::{Attempt, Patience};
use crate::{
    Alarm, CallEvent, CallRecord, Cause, Clearer, FarAction, FarId, Identity, Number, Output, Party,
    Priority, RingKind, Side, Timers, Via, Way, Why,
};

/// An emergency call that has another way waits this long for any sign of life: of a server, which has had the call four
/// times by then (RFC 3261 clause 17.1.1.2: after 0, 0.5, 1.5 and 3.5 s).
const EMERGENCY_LIFE: Millis = Millis::from_secs(4);
/// And this long for more than that: ringing, or sound.
const EMERGENCY_REACTION: Millis = Millis::from_secs(10);
/// For so long rings what somebody who called in dialled: he may be gone, with his exchange's tone unheard under our ringback.
const DIALLED_IN: Millis = Millis::from_secs(40);

/// The desk that is told of an emergency call hears for so long that it was.
const NOTICE: Millis = Millis::from_secs(5);
/// A desk that cannot be rung now, because it talks, is tried again after this,
const NOTICE_AGAIN: Millis = Millis::from_secs(10);
/// and so often.
const NOTICE_TRIES: u8 = 60;

/// The far end that sounds a fax or a modem has this long to change the codec by itself before it is asked to: two
/// gateways that both ask at once refuse each other.
const CODEC_GRACE: Millis = Millis(800);

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Offered; nothing is heard of it.
    Trying,
    /// The called telephone rings.
    Alerting,
    /// The caller hears the far end before it answers.
    Early,
    /// Answered.
    Talking,
    /// Over, and its record is written; the switch drops it.
    Over,
}

/// Which sound path was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Path {
    a: Party,
    b: Party,
    way: Way,
}

/// What a call begins with.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub call: CallId,
    pub caller: Party,
    pub from: Identity,
    pub came_by: Option<Via>,
    pub dialled: Number,
    pub priority: Priority,
    /// One of its ends is configured as a fax or a modem.
    pub data: bool,
    /// The caller dials on what it hears before the answer.
    pub two_stage: bool,
    /// The caller is the exchange of an outside line.
    pub outside: bool,
    /// It only tells the called of an emergency call: the caller has nothing to do with it.
    pub notice: bool,
    /// It is made for a party of that call, which is sent elsewhere.
    pub follows: Option<Follows>,
    /// It only shows that this line could call: the telephone on it has nothing to do with it.
    pub test: Option<LineId>,
    /// How it asks to be rung.
    pub ring: Option<RingKind>,
    /// It completes the call of this leg, which came to nothing.
    pub completes: Option<FarId>,
}

/// Now, twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub now: Instant,
    pub wall: WallTime,
}

/// One who is called.
#[derive(Clone, Copy, Debug)]
struct Branch {
    party: Party,
    via: Option<Via>,
    sent: Number,
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    beginning: Beginning,
    /// Those who are called now; the one who answered.
    called: Vec<Branch>,
    /// Who was called last, for the record.
    last: Option<Branch>,
    ways: VecDeque<Attempt>,
    /// The attempt in progress, without its targets.
    trying: Option<Attempt>,
    /// The ways to the desk, for when it can be rung.
    desk: Vec<Attempt>,
    /// How often it could not.
    tries: u8,
    /// The caller is heard before the answer.
    both: bool,
    /// The caller dials on what it hears, and nothing tells when somebody answered.
    dials_on: bool,
    /// Nothing told of the answer: who was dialled on an outside line counts as answered from then on.
    assumed: bool,
    /// The exchange has said that nobody will answer; the caller may listen to it as long as he likes.
    hopeless: bool,
    /// It told that the called rings.
    rang: bool,
    /// A member of the group by which it goes has rung.
    group_rang: bool,
    /// The way gave a sign of life.
    alive: bool,
    /// Who is not heard.
    unheard: Option<Side>,
    phase: Phase,
    holds: [bool; 2],
    /// Who is in a conference with it: caller, called.
    confers: [bool; 2],
    joint: Option<joint::Joint>,
    transfer: Option<transfer::Transfer>,
    /// Its party is on the way elsewhere.
    follow: Option<referred::Follow>,
    parked: Option<parked::Parked>,
    /// A party that was sent elsewhere refused.
    stays: bool,
    /// The caller was told that the called could be asked when he can be reached.
    completable: bool,
    moved: moved::Moved,
    /// The number that the caller's server calls in place of us.
    sent_on: Option<Number>,
    path: Option<Path>,
    started: WallTime,
    answered: Option<Clock>,
    /// It carries a fax or a modem.
    data: bool,
    /// What a machine sounded before the answer.
    early: Option<(Side, Signal)>,
    timer: Option<(Instant, Why)>,
}

impl Call {
    /// A call that has gone nowhere yet.
    pub fn new(beginning: Beginning, clock: Clock) -> Self {
        Self {
            data: beginning.data,
            joint: Self::joint_of(beginning.follows),
            beginning,
            called: Vec::new(),
            last: None,
            ways: VecDeque::new(),
            trying: None,
            desk: Vec::new(),
            tries: 0,
            both: false,
            dials_on: false,
            assumed: false,
            hopeless: false,
            rang: false,
            group_rang: false,
            alive: false,
            unheard: None,
            phase: Phase::Trying,
            holds: [false; 2],
            confers: [false; 2],
            follow: None,
            transfer: None,
            parked: None,
            stays: false,
            completable: false,
            moved: moved::Moved::default(),
            sent_on: None,
            path: None,
            started: clock.wall,
            answered: None,
            early: None,
            timer: None,
        }
    }

    /// Goes the first of `ways`. The caller is told what becomes of it.
    pub fn start(
        &mut self,
        ways: Result<Vec<Attempt>, Cause>,
        clock: Clock,
        timers: Timers,
        out: &mut Outbox,
    ) {
        out.event(CallEvent::Created {
            call: self.beginning.call,
            from: self.beginning.caller,
            shown: self.beginning.from,
            dialled: self.beginning.dialled,
            priority: self.beginning.priority,
        });
        match ways {
            Ok(ways) => {
                if self.data {
                    self.tell(Side::Caller, Order::Data, out);
                }
                if self.beginning.notice {
                    self.desk.clone_from(&ways);
                }
                self.ways = ways.into();
                self.next_way(Cause::NoWay, Clearer::Gateway, clock, timers, out);
            }
            Err(cause) => self.end(cause, Clearer::Gateway, clock, out),
        }
    }

    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub fn timer(&self) -> Option<(Instant, Why)> {
        self.timer
    }

    pub fn caller(&self) -> Party {
        self.beginning.caller
    }

    /// Who is called, or was last.
    pub fn called(&self) -> Option<Party> {
        self.shown_branch().map(|branch| branch.party)
    }

    /// It turned out to be one: nothing pre-empts it, and no timer ends it.
    pub fn becomes_emergency(&mut self, out: &mut Outbox) {
        self.beginning.priority = Priority::Emergency;
        self.tell(Side::Called, Order::Emergency, out);
        if matches!(self.timer, Some((_, Why::NoAnswer))) {
            self.timer = None;
        }
    }

    /// By what the caller came, where it is far.
    pub fn came_by(&self) -> Option<Via> {
        self.beginning.came_by
    }

    pub fn priority(&self) -> Priority {
        self.beginning.priority
    }

    pub fn went_by(&self) -> Option<Via> {
        self.shown_branch().and_then(|branch| branch.via)
    }

    fn shown_branch(&self) -> Option<Branch> {
        self.called.first().copied().or(self.last)
    }

    pub fn from(&self) -> Identity {
        self.beginning.from
    }

    pub fn dialled(&self) -> Number {
        self.beginning.dialled
    }

    pub fn started(&self) -> WallTime {
        self.started
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn is_held(&self) -> bool {
        self.holds.contains(&true) || self.joint.is_some_and(|joint| joint.held)
    }

    pub fn answered(&self) -> Option<Instant> {
        self.answered.map(|clock| clock.now)
    }

    /// A party says something.
    pub fn on(&mut self, clock: Clock, timers: Timers, from: Party, input: CallInput, out: &mut Outbox) {
        let Some(side) = self.side(from) else {
            return; // a way that was given up: its leg was told so
        };
        if self.is_for_the_called() && side == Side::Caller {
            return; // what becomes of the emergency call is no matter of this one
        }
        match input {
            CallInput::Proceeding => match self.phase {
                Phase::Trying => self.proceeds(clock, timers),
                Phase::Alerting | Phase::Early | Phase::Talking | Phase::Over => {} // late
            },
            CallInput::Completable => {
                if let (Party::Far(leg), 1) = (from, self.called.len()) {
                    self.completable = true;
                    self.tell(Side::Caller, Order::Completable(Some(leg)), out);
                }
            }
            CallInput::Alerting => match self.phase {
                Phase::Trying => {
                    self.enter(Phase::Alerting);
                    self.answer_timer(clock, timers);
                    self.tell(Side::Caller, Order::Alerting, out);
                    self.rings(out);
                }
                // Sound that is there is not replaced by a tone; the rest is late.
                Phase::Early if matches!(from, Party::Line(_)) => self.rings(out),
                Phase::Alerting | Phase::Early | Phase::Talking | Phase::Over => {}
            },
            // Of several who are called none is heard before the answer.
            CallInput::Early { .. } if self.called.len() > 1 => {
                self.on(clock, timers, from, CallInput::Alerting, out);
            }
            CallInput::Early { both } => match self.phase {
                Phase::Trying | Phase::Alerting => {
                    self.both = both || self.beginning.two_stage;
                    if self.phase == Phase::Trying {
                        self.answer_timer(clock, timers);
                    }
                    if self.both && !self.is_timed() {
                        self.timer = None; // who dials on it takes the time that it takes
                    }
                    self.enter(Phase::Early);
                    self.tell(Side::Caller, Order::Early, out);
                    self.route_sound(out);
                    out.event(CallEvent::EarlyMedia(self.beginning.call));
                }
                Phase::Early | Phase::Talking | Phase::Over => {} // said before, or late
            },
            CallInput::Hopeless(cause) => match self.phase {
                // Who was joined to it before he could know has nothing to do with it.
                Phase::Trying | Phase::Alerting | Phase::Early if self.joint.is_some() => {
                    self.end(cause, Clearer::Side(side), clock, out);
                }
                Phase::Trying | Phase::Alerting | Phase::Early => self.hopeless = true,
                // Nobody listens to it: the telephone has left, and who was called in its other call has not answered.
                Phase::Talking if self.assumed && self.joint.is_some_and(|joint| !joint.answered) => {
                    self.end(cause, Clearer::Side(side), clock, out);
                }
                Phase::Talking if self.assumed => self.hopeless = true,
                Phase::Talking | Phase::Over => {} // late
            },
            CallInput::Answered { told } => match self.phase {
                Phase::Trying | Phase::Alerting | Phase::Early => {
                    self.keep_only(from, out);
                    (self.assumed, self.dials_on) = (!told, self.both && !told);
                    self.enter(Phase::Talking);
                    self.timer = None;
                    self.answered = Some(clock);
                    self.completed(out);
                    if self.is_for_the_called() {
                        self.timer = Some((clock.now + NOTICE, Why::Notice));
                        self.tell(Side::Called, Order::Notice, out);
                    }
                    self.tell(Side::Caller, Order::Connected, out);
                    if let Some(joint) = self.joint {
                        out.tell_joint(joint.call, self.beginning.call, JointInput::Answered(from));
                    }
                    self.route_sound(out);
                    out.event(CallEvent::Answered(self.beginning.call));
                    if let Some((side, signal)) = self.early.take() {
                        self.signal(side, signal, clock, out);
                    } else if self.data {
                        out.event(CallEvent::PassedThrough { call: self.beginning.call, by: None });
                    }
                }
                Phase::Talking | Phase::Over => {} // said before, or late
            },
            CallInput::Failed(cause) => self.failed(side, from, cause, clock, timers, out),
            CallInput::Moved(to) => self.is_moved(side, from, to, clock, timers, out),
            CallInput::Gone(_) if self.leaves_to_follow(side, out) => {}
            CallInput::Gone(cause) => self.gone(side, cause, clock, out),
            CallInput::Referred { to, place } => match from {
                Party::Far(leg) => self.referred(side, leg, to, place, out),
                Party::Line(_) => {} // a telephone has other ways
            },
            CallInput::OneWay => self.unheard = Some(side),
            CallInput::Hold => self.hold(side, true, out),
            CallInput::Retrieve => {
                self.takes_back(side);
                self.is_back_from_park(side);
                self.hold(side, false, out);
            }
            CallInput::Confer(on) => self.confer(side, on, out),
            CallInput::Join { held, keeps } => self.join(side, from, held, keeps, clock, out),
            CallInput::Transfer(selection) => self.send_away(side, from, selection, clock, out),
            CallInput::ReferGoes => self.refer_goes(clock, timers, out),
            CallInput::ReferEnded(end) => self.refer_ended(end, clock, out),
            CallInput::NotRung if self.not_rung_for_parked(side, clock, out) => {}
            CallInput::NotRung => self.not_rung(side, clock, out),
            CallInput::Recall if self.transfer.is_some() => self.hangs_up_meanwhile(side, from, out),
            CallInput::Recall => match self.phase {
                Phase::Talking => {
                    self.ring_back(side, out);
                }
                // Only a call that was answered can be held.
                Phase::Trying | Phase::Alerting | Phase::Early | Phase::Over => {}
            },
            CallInput::FarHold(on) => match self.phase {
                Phase::Talking => {
                    let call = self.beginning.call;
                    out.event(if on {
                        CallEvent::Held { call, by: side }
                    } else {
                        CallEvent::Resumed { call, by: side }
                    });
                }
                Phase::Trying | Phase::Alerting | Phase::Early | Phase::Over => {} // nothing to hold
            },
            CallInput::Signal(signal) => self.signal(side, signal, clock, out),
            CallInput::Digit(sent) => {
                let heard = match self.phase {
                    Phase::Talking => !self.is_held(),
                    Phase::Early => self.both && side == Side::Caller,
                    Phase::Trying | Phase::Alerting | Phase::Over => false, // nobody hears it
                };
                if heard {
                    self.tell(side.other(), Order::Digit(sent), out);
                }
            }
        }
    }

    /// `side` is rung back for the other one, whom it holds.
    fn ring_back(&self, side: Side, out: &mut Outbox) {
        self.tell(side.other(), Order::Recalling, out);
        let offer = Offer {
            from: self.shown_to(side),
            number: self.beginning.dialled,
            via: None,
            priority: self.beginning.priority,
            data: self.data,
            preempt: false,
            group: false,
            route: None,
            referred: None,
            diverted: None,
            ring: None,
            completes: None,
        };
        self.tell(side, Order::RingBack(offer), out);
    }

    /// The timer ran out.
    pub fn on_timer(&mut self, clock: Clock, timers: Timers, out: &mut Outbox) {
        match self.timer.take() {
            Some((_, Why::Transfer)) => return self.transfer_timer(clock, out),
            Some((_, Why::Park)) => return self.park_timer(out),
            Some(_) | None => {}
        }
        let cause = match self.phase {
            Phase::Trying if self.called.is_empty() => {
                self.ways = self.desk.clone().into();
                self.next_way(Cause::BUSY, Clearer::Gateway, clock, timers, out);
                return;
            }
            Phase::Trying => Cause::NO_REACTION,
            Phase::Alerting | Phase::Early => Cause::NO_ANSWER,
            Phase::Talking if self.is_for_the_called() => {
                self.end(Cause::NORMAL, Clearer::Gateway, clock, out);
                return;
            }
            Phase::Talking => {
                // Whoever of them is far and has changed already has nothing to do.
                self.tell(Side::Caller, Order::Data, out);
                self.tell(Side::Called, Order::Data, out);
                return;
            }
            Phase::Over => return, // no timer runs here
        };
        self.drop_called(cause, out);
        self.gave_up(cause, Clearer::Gateway, clock, timers, out);
    }

    /// Ends the call from outside of it.
    pub fn clear(&mut self, cause: Cause, clock: Clock, out: &mut Outbox) {
        self.end(cause, Clearer::Gateway, clock, out);
    }

    fn end(&mut self, cause: Cause, by: Clearer, clock: Clock, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        self.enter(Phase::Over);
        self.timer = None;
        self.disconnect(out);
        self.unfollow(cause, out);
        self.completed(out);
        if let Some(joint) = self.joint {
            // Before our party is told: the other call may have the sound.
            let over = JointInput::Over { cause, by_gateway: by == Clearer::Gateway };
            out.tell_joint(joint.call, self.beginning.call, over);
        }
        self.tell(Side::Caller, Order::Over(cause), out);
        self.tell(Side::Called, Order::Over(cause), out);
        let call = self.beginning.call;
        out.event(CallEvent::Cleared { call, cause, by });
        self.tell_test(cause, out);
        if self.beginning.notice && self.answered.is_none() && self.tries == 0 {
            out.alarm(Alarm::DeskNotTold { notice: call, shown: self.beginning.from, cause });
        }
        if self.beginning.priority == Priority::Emergency
            && self.answered.is_none()
            && by != Clearer::Side(Side::Caller)
        {
            out.alarm(Alarm::EmergencyFailed { call, cause });
        }
        out.output(Output::Record(CallRecord {
            call,
            caller: self.beginning.caller,
            from: self.beginning.from,
            came_by: self.beginning.came_by,
            dialled: self.beginning.dialled,
            sent: self.sent_on.or(self.shown_branch().map(|last| last.sent)).unwrap_or(Number::EMPTY),
            called: self.called(),
            went_by: self.went_by(),
            started: self.started,
            answered: self.answered.map(|answered| answered.wall),
            ended: clock.wall,
            talked: self.answered.map(|answered| clock.now.since(answered.now)).unwrap_or_default(),
            cause,
            by,
            priority: self.beginning.priority,
            data: self.data,
            quality: None,
        }));
    }

    /// What the party at `side` may be shown of the other one.
    fn shown_to(&self, side: Side) -> Identity {
        match side {
            Side::Called => self.beginning.from,
            Side::Caller => Identity { number: self.beginning.dialled, ..Identity::default() },
        }
    }

    /// Which end of the call a party is.
    pub fn side(&self, party: Party) -> Option<Side> {
        let side = if party == self.beginning.caller {
            Side::Caller
        } else if self.called.iter().any(|branch| branch.party == party) {
            Side::Called
        } else {
            return None;
        };
        let stays = |side: &Side| self.joint.is_none_or(|joint| joint.left != *side);
        Some(side).filter(stays).filter(|side| !self.has_hung_up(*side) && !self.is_followed(*side))
    }

    fn tell(&self, side: Side, order: Order, out: &mut Outbox) {
        if let Some(joint) = self.joint.filter(|joint| joint.left == side) {
            return self.relay(joint, order, out);
        }
        if self.has_hung_up(side) || self.is_followed(side) {
            return;
        }
        match side {
            Side::Caller if self.is_for_the_called() => {}
            Side::Caller => out.tell_party(self.beginning.caller, self.beginning.call, order),
            Side::Called => {
                for branch in &self.called {
                    out.tell_party(branch.party, self.beginning.call, order);
                }
            }
        }
    }

    /// What it completes is not waited for any more.
    fn completed(&mut self, out: &mut Outbox) {
        if let Some(leg) = self.beginning.completes.take() {
            out.far(leg, FarAction::CompleteNot);
        }
    }

    fn rings(&mut self, out: &mut Outbox) {
        if !self.rang {
            self.rang = true;
            out.event(CallEvent::Alerting(self.beginning.call));
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }
}

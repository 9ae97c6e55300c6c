//! One call: two parties, how far it is, and its times.
//!
//! A call does not know what its parties are. It hears of them by [`CallInput`] and tells them by [`Order`];
//! it connects their sound, tries the next way if one fails, and writes the record when it ends.

use std::collections::VecDeque;

use tipring_port::Signal;
use tipring_units::{CallId, Instant, Millis, WallTime};

use crate::outbox::{CallInput, Offer, Order, Outbox};
use crate::route::Target;
use crate::{
    Alarm, CallEvent, CallRecord, Cause, Clearer, Identity, MediaAction, Number, Output, Party, Priority,
    Side, Timers, Via, Way, Why,
};

/// An emergency call that has another way waits this long for any reaction of the first.
const EMERGENCY_REACTION: Millis = Millis::from_secs(10);

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
}

/// Now, twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub now: Instant,
    pub wall: WallTime,
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    beginning: Beginning,
    called: Option<Party>,
    went_by: Option<Via>,
    sent: Number,
    ways: VecDeque<Target>,
    phase: Phase,
    holds: [bool; 2],
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
            beginning,
            called: None,
            went_by: None,
            sent: Number::EMPTY,
            ways: VecDeque::new(),
            phase: Phase::Trying,
            holds: [false; 2],
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
        ways: Result<Vec<Target>, Cause>,
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

    pub fn called(&self) -> Option<Party> {
        self.called
    }

    pub fn priority(&self) -> Priority {
        self.beginning.priority
    }

    pub fn went_by(&self) -> Option<Via> {
        self.went_by
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
        self.holds.contains(&true)
    }

    pub fn answered(&self) -> Option<Instant> {
        self.answered.map(|clock| clock.now)
    }

    /// A party says something.
    pub fn on(&mut self, clock: Clock, timers: Timers, from: Party, input: CallInput, out: &mut Outbox) {
        let Some(side) = self.side(from) else {
            return; // a way that was given up: its leg was told so
        };
        match input {
            CallInput::Alerting => match self.phase {
                Phase::Trying => {
                    self.enter(Phase::Alerting);
                    self.answer_timer(clock, timers);
                    self.tell(Side::Caller, Order::Alerting, out);
                    out.event(CallEvent::Alerting(self.beginning.call));
                }
                // Sound that is there is not replaced by a tone; the rest is late.
                Phase::Alerting | Phase::Early | Phase::Talking | Phase::Over => {}
            },
            CallInput::Early => match self.phase {
                Phase::Trying | Phase::Alerting => {
                    if self.phase == Phase::Trying {
                        self.answer_timer(clock, timers);
                    }
                    self.enter(Phase::Early);
                    self.tell(Side::Caller, Order::Early, out);
                    self.route_sound(out);
                    out.event(CallEvent::EarlyMedia(self.beginning.call));
                }
                Phase::Early | Phase::Talking | Phase::Over => {} // said before, or late
            },
            CallInput::Answered => match self.phase {
                Phase::Trying | Phase::Alerting | Phase::Early => {
                    self.enter(Phase::Talking);
                    self.timer = None;
                    self.answered = Some(clock);
                    self.tell(Side::Caller, Order::Connected, out);
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
            CallInput::Failed(cause) => self.failed(side, cause, clock, timers, out),
            CallInput::Gone(cause) => self.gone(side, cause, clock, out),
            CallInput::Hold => self.hold(side, true, out),
            CallInput::Retrieve => self.hold(side, false, out),
            CallInput::Recall => match self.phase {
                Phase::Talking => {
                    self.tell(side.other(), Order::Recalling, out);
                    let offer = Offer {
                        from: self.shown_to(side),
                        number: self.beginning.dialled,
                        via: None,
                        priority: self.beginning.priority,
                        data: self.data,
                    };
                    self.tell(side, Order::RingBack(offer), out);
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
            CallInput::Digit(digit, length) => match (self.phase, self.party(side.other())) {
                (Phase::Talking, Some(to)) if !self.is_held() => {
                    out.media(MediaAction::Digit { to, digit, length });
                }
                // Nobody hears it.
                (Phase::Talking | Phase::Trying | Phase::Alerting | Phase::Early | Phase::Over, _) => {}
            },
        }
    }

    /// The timer ran out.
    pub fn on_timer(&mut self, clock: Clock, timers: Timers, out: &mut Outbox) {
        self.timer = None;
        let cause = match self.phase {
            Phase::Trying => Cause::NO_REACTION,
            Phase::Alerting | Phase::Early => Cause::NO_ANSWER,
            Phase::Talking => {
                // Whoever of them is far and has changed already has nothing to do.
                self.tell(Side::Caller, Order::Data, out);
                self.tell(Side::Called, Order::Data, out);
                return;
            }
            Phase::Over => return, // no timer runs here
        };
        self.tell(Side::Called, Order::Over(cause), out);
        self.gave_up(cause, Clearer::Gateway, clock, timers, out);
    }

    /// Ends the call from outside of it.
    pub fn clear(&mut self, cause: Cause, clock: Clock, out: &mut Outbox) {
        self.end(cause, Clearer::Gateway, clock, out);
    }

    fn failed(&mut self, side: Side, cause: Cause, clock: Clock, timers: Timers, out: &mut Outbox) {
        match (self.phase, side) {
            (Phase::Trying | Phase::Alerting | Phase::Early, Side::Called) => {
                self.disconnect(out);
                self.gave_up(cause, Clearer::Side(Side::Called), clock, timers, out);
            }
            (Phase::Trying | Phase::Alerting | Phase::Early, Side::Caller) | (Phase::Talking, _) => {
                self.gone(side, cause, clock, out);
            }
            (Phase::Over, _) => {}
        }
    }

    fn gone(&mut self, side: Side, cause: Cause, clock: Clock, out: &mut Outbox) {
        self.disconnect(out);
        // The order that it gets of this finds it gone, and does nothing.
        self.end(cause, Clearer::Side(side), clock, out);
    }

    /// The way came to nothing: the next one, or the end.
    fn gave_up(&mut self, cause: Cause, by: Clearer, clock: Clock, timers: Timers, out: &mut Outbox) {
        if cause.is_of_the_way() && !self.ways.is_empty() {
            self.next_way(cause, by, clock, timers, out);
        } else {
            self.end(cause, by, clock, out);
        }
    }

    fn next_way(&mut self, last: Cause, by: Clearer, clock: Clock, timers: Timers, out: &mut Outbox) {
        let Some(target) = self.ways.pop_front() else {
            self.end(last, by, clock, out);
            return;
        };
        let (party, via, number) = match target {
            Target::Line(line) => (Party::Line(line), None, self.beginning.dialled),
            Target::User(number) => (Party::Far(out.new_leg()), Some(Via::User(number)), number),
            Target::Server { name, number } => (Party::Far(out.new_leg()), Some(Via::Server(name)), number),
        };
        self.disconnect(out);
        self.called = Some(party);
        self.went_by = via;
        self.sent = number;
        self.enter(Phase::Trying);
        let hurry = self.beginning.priority == Priority::Emergency && !self.ways.is_empty();
        let patience = if hurry { timers.reaction.min(EMERGENCY_REACTION) } else { timers.reaction };
        self.timer = Some((clock.now + patience, Why::NoReaction));
        let call = self.beginning.call;
        out.event(CallEvent::Routed { call, to: party, via, sent: number });
        let (from, priority) = (self.beginning.from, self.beginning.priority);
        let offer = Offer { from, number, via, priority, data: self.data };
        out.tell_party(party, call, Order::Offer(offer));
    }

    /// An emergency call rings as long as the caller waits.
    fn answer_timer(&mut self, clock: Clock, timers: Timers) {
        self.timer = match self.beginning.priority {
            Priority::Normal => Some((clock.now + timers.answer, Why::NoAnswer)),
            Priority::Emergency => None,
        };
    }

    /// A machine sounds. What answers a data call makes this one; a voice call goes on in spite of all others.
    fn signal(&mut self, side: Side, signal: Signal, clock: Clock, out: &mut Outbox) {
        if self.data || self.is_held() || !signal.is_data() {
            return;
        }
        match self.phase {
            Phase::Talking => {}
            // An answer tone that overtakes the answer.
            Phase::Early => {
                self.early = Some((side, signal));
                return;
            }
            Phase::Trying | Phase::Alerting | Phase::Over => return, // nobody hears it
        }
        self.data = true;
        let call = self.beginning.call;
        out.event(CallEvent::PassedThrough { call, by: Some((side, signal)) });
        if let Some(Path { a, b, .. }) = self.path {
            out.media(MediaAction::PassThrough { a, b });
        }
        self.tell(side.other(), Order::Data, out);
        self.timer = Some((clock.now + CODEC_GRACE, Why::Codec));
    }

    fn hold(&mut self, side: Side, on: bool, out: &mut Outbox) {
        match self.phase {
            Phase::Talking => {}
            // Before the answer there is nothing to hold; a line gives such a call up instead.
            Phase::Trying | Phase::Alerting | Phase::Early | Phase::Over => return,
        }
        let call = self.beginning.call;
        match side {
            Side::Caller => self.holds[0] = on,
            Side::Called => self.holds[1] = on,
        }
        self.route_sound(out);
        let (order, event) = if on {
            (Order::Held, CallEvent::Held { call, by: side })
        } else {
            (Order::Retrieved, CallEvent::Resumed { call, by: side })
        };
        self.tell(side.other(), order, out);
        out.event(event);
    }

    /// Makes the sound path what the phase and the holds ask for.
    fn route_sound(&mut self, out: &mut Outbox) {
        let way = match self.phase {
            Phase::Early => Some(Way::ToA),
            Phase::Talking if !self.is_held() => Some(Way::Both),
            Phase::Talking | Phase::Trying | Phase::Alerting | Phase::Over => None,
        };
        let wanted = match (way, self.called) {
            (Some(way), Some(b)) => Some(Path { a: self.beginning.caller, b, way }),
            (Some(_) | None, _) => None,
        };
        if wanted == self.path {
            return;
        }
        match wanted {
            Some(Path { a, b, way }) => {
                out.media(MediaAction::Connect { a, b, way });
                if self.data {
                    out.media(MediaAction::PassThrough { a, b });
                }
                self.path = wanted;
            }
            None => self.disconnect(out),
        }
    }

    fn disconnect(&mut self, out: &mut Outbox) {
        if let Some(Path { a, b, .. }) = self.path.take() {
            out.media(MediaAction::Disconnect { a, b });
        }
    }

    fn end(&mut self, cause: Cause, by: Clearer, clock: Clock, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        self.enter(Phase::Over);
        self.timer = None;
        self.disconnect(out);
        self.tell(Side::Caller, Order::Over(cause), out);
        self.tell(Side::Called, Order::Over(cause), out);
        let call = self.beginning.call;
        out.event(CallEvent::Cleared { call, cause, by });
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
            sent: self.sent,
            called: self.called,
            went_by: self.went_by,
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

    fn side(&self, party: Party) -> Option<Side> {
        if party == self.beginning.caller {
            Some(Side::Caller)
        } else if Some(party) == self.called {
            Some(Side::Called)
        } else {
            None
        }
    }

    fn party(&self, side: Side) -> Option<Party> {
        match side {
            Side::Caller => Some(self.beginning.caller),
            Side::Called => self.called,
        }
    }

    fn tell(&self, side: Side, order: Order, out: &mut Outbox) {
        if let Some(party) = self.party(side) {
            out.tell_party(party, self.beginning.call, order);
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }
}

//! The exchange's own machine.
//!
//! # What it does
//! Follows a line from rest through dialling, ringing, talking and clearing, back to rest.
//!
//! # How
//! One state at a time, asked once a tick; what the loop and the keys did in the tick before comes first. A party that is
//! on hold is kept beside the state.
//!
//! # Limits
//! One party on hold. [`MAX_EVENTS`] events wait to be taken; the oldest are lost. [`MAX_DIGITS`] digits a number.
//!
//! # Standard
//! None.

mod parties;

use std::collections::VecDeque;

use tipring_port::{Feed, LoopStart, PulseConvention, Tone};
use tipring_units::{Entropy, Millis, SampleTime, Samples, TICK_SAMPLES};

use super::alert::{Alert, Outcome};
use super::face::Face;
use super::hook::{Hook, HookEvent, View};
use super::order::{Cannot, Trouble};
use super::receiver::Receiver;
use super::score::Score;
use super::spec::{Clearing, MAX_SUBSCRIBERS, Manner, OfficeSpec, Supervision, Unknown};
use super::subscriber::{Doing, Subscriber, SubscriberEvent};
use crate::plant::Fidelity;

/// Events that wait to be taken, at the most.
pub const MAX_EVENTS: usize = 64;
/// Digits of a number, at the most.
const MAX_DIGITS: usize = 32;
/// A busy or congestion tone sounds so long before the line is left alone.
const REFUSING: Millis = Millis(30_000);
/// After ring was grounded the loop has to close within this.
const GRANT: Millis = Millis(2000);

/// Something that the exchange saw or did.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made a few times a call
pub enum OfficeEvent {
    /// The line asks for service.
    Seized,
    /// The line dialled this.
    Dialled(String),
    /// The line gets this tone instead of a call.
    Refused(Tone),
    /// The line is rung.
    Rings,
    /// The caller gave up.
    StopsRinging,
    /// The line answered.
    Answered,
    /// The line flashed for so long.
    Flash(Millis),
    /// The line is charged so many pulses by now.
    Metered(u32),
    /// The line was released.
    Released,
    /// Something happened to a subscriber.
    Subscriber(usize, SubscriberEvent),
}

#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // one a line
enum State {
    /// At rest.
    Idle,
    /// Ring was grounded, and tip is: the loop has to close until then.
    Granted { until: u64 },
    /// A subscriber calls the line.
    Alerting { by: usize, alert: Alert },
    /// The message lamp is being switched.
    Lamp(Alert),
    /// Digits are taken.
    Collecting { digits: String, since: u64, toned: bool },
    /// A number is looked for until then.
    Routing { digits: String, until: u64 },
    /// A subscriber is rung.
    Ringing { with: usize },
    /// A subscriber talks to the line.
    Talking { with: usize, charged: u32, next_charge: Option<u64> },
    /// The line gets a tone instead of a call.
    Refused { until: u64 },
    /// The other party is gone.
    Cleared,
    /// The line is left alone until it is released.
    Parked,
    /// The line was released and is not used again until then.
    Guard { until: u64 },
}

/// The exchange behind one line.
#[derive(Debug)]
pub struct Office<A: Fidelity> {
    spec: OfficeSpec,
    face: Face,
    hook: Hook,
    receiver: Receiver<A>,
    subscribers: Vec<Subscriber<A>>,
    state: State,
    held: Option<usize>,
    now: u64,
    keys: VecDeque<u8>,
    grounded: bool,
    events: VecDeque<(SampleTime, OfficeEvent)>,
    /// It was told something that the last tick does not show.
    fresh: bool,
    /// What the plant has to do: noise, foreign voltage.
    trouble: VecDeque<Trouble>,
}

impl<A: Fidelity> Office<A> {
    /// An exchange whose line is at rest. Subscribers beyond [`MAX_SUBSCRIBERS`] are left out.
    pub fn new(spec: &OfficeSpec, entropy: &mut Entropy) -> Self {
        let subscribers = spec.subscribers.iter().take(MAX_SUBSCRIBERS);
        Self {
            face: Face::new(spec.start),
            hook: Hook::default(),
            receiver: Receiver::new(spec.land),
            subscribers: subscribers
                .map(|one| Subscriber::new(one, spec.land, &mut entropy.fork()))
                .collect(),
            spec: spec.clone(),
            state: State::Idle,
            held: None,
            now: 0,
            keys: VecDeque::new(),
            grounded: false,
            events: VecDeque::new(),
            fresh: true,
            trouble: VecDeque::new(),
        }
    }

    /// How it behaves.
    pub const fn spec(&self) -> &OfficeSpec {
        &self.spec
    }

    /// Its subscribers.
    pub fn subscribers(&self) -> &[Subscriber<A>] {
        &self.subscribers
    }

    /// Whether another line of the exchange has a subscriber in a call.
    pub fn engage(&mut self, subscriber: usize, elsewhere: bool) {
        if let Some(subscriber) = self.subscribers.get_mut(subscriber) {
            subscriber.engage(elsewhere);
        }
    }

    /// True while the line is off-hook as the exchange sees it.
    pub const fn is_seized(&self) -> bool {
        self.hook.is_off_hook()
    }

    /// True while there is no battery.
    pub const fn is_dead(&self) -> bool {
        self.face.is_dead()
    }

    /// True if a subscriber takes part in a call on this line, held ones with it.
    pub fn has_party(&self) -> bool {
        self.subscribers.iter().any(|one| matches!(one.doing(), Doing::Calls | Doing::Rung(_) | Doing::Talks))
    }

    /// True while nothing but a tone, or nothing at all, is on a seized line: both parties are gone.
    pub fn is_over(&self) -> bool {
        match self.state {
            State::Refused { .. } | State::Cleared | State::Parked => true,
            State::Idle
            | State::Granted { .. }
            | State::Alerting { .. }
            | State::Lamp(_)
            | State::Collecting { .. }
            | State::Routing { .. }
            | State::Ringing { .. }
            | State::Talking { .. }
            | State::Guard { .. } => false,
        }
    }

    /// What the plant has to do.
    pub(crate) fn trouble(&mut self) -> Option<Trouble> {
        self.trouble.pop_front()
    }

    /// The next event and its time.
    pub fn event(&mut self) -> Option<(SampleTime, OfficeEvent)> {
        self.events.pop_front()
    }

    /// True if a tick in which the loop does nothing changes nothing but the time.
    pub fn is_quiet(&self) -> bool {
        self.state == State::Idle
            && self.hook.is_resting()
            && self.face.is_resting(self.now)
            && !self.grounded
            && self.events.is_empty()
            && self.trouble.is_empty()
            && !self.fresh
            && self.subscribers.iter().all(|one| matches!(one.doing(), Doing::Idle | Doing::Joined(_)))
    }

    /// Time passes on a quiet line.
    pub(crate) fn skip(&mut self, length: Samples) {
        self.now += length.0;
    }

    /// A tick begins: what the last one showed is worked on.
    pub(crate) fn begin(&mut self) {
        self.fresh = false;
        while let Some(event) = self.hook.event() {
            self.on_hook_event(event);
        }
        while let Some(key) = self.keys.pop_front() {
            self.digit(char::from(key));
        }
        self.on_time();
        self.state_of_subscribers();
    }

    /// What is fed at sample `n` of the tick.
    pub(crate) fn feed(&mut self, n: usize) -> Feed {
        self.face.feed(self.now + n as u64)
    }

    /// A millisecond of the loop: closed or not, `None` where the exchange cannot see it; ring grounded or not.
    pub(crate) fn look(&mut self, closed: Option<bool>, grounded: bool) {
        self.grounded = grounded;
        let view = self.view();
        self.hook.look(closed, view);
    }

    /// The sound of the tick.
    pub(crate) fn speak(&mut self) -> A::Frame {
        if let Some(frame) = self.face.sound::<A>() {
            return frame;
        }
        match self.state {
            State::Talking { with, .. } => {
                self.subscribers.get_mut(with).map_or(A::SILENCE, Subscriber::speak)
            }
            State::Idle
            | State::Granted { .. }
            | State::Alerting { .. }
            | State::Lamp(_)
            | State::Collecting { .. }
            | State::Routing { .. }
            | State::Ringing { .. }
            | State::Refused { .. }
            | State::Cleared
            | State::Parked
            | State::Guard { .. } => A::SILENCE,
        }
    }

    /// Hears the tick, which ends with that.
    pub(crate) fn hear(&mut self, frame: &A::Frame) {
        match self.state {
            State::Collecting { .. } => self.keys.extend(self.receiver.hear(frame)),
            State::Talking { with, .. } => {
                if let Some(subscriber) = self.subscribers.get_mut(with) {
                    subscriber.hear(frame);
                }
            }
            State::Idle
            | State::Granted { .. }
            | State::Alerting { .. }
            | State::Lamp(_)
            | State::Routing { .. }
            | State::Ringing { .. }
            | State::Refused { .. }
            | State::Cleared
            | State::Parked
            | State::Guard { .. } => {}
        }
        self.now += TICK_SAMPLES as u64;
        for place in 0..self.subscribers.len() {
            while let Some(heard) = self.subscribers.get_mut(place).and_then(Subscriber::heard) {
                self.tell(OfficeEvent::Subscriber(place, SubscriberEvent::Heard(heard)));
            }
        }
    }

    fn view(&self) -> View {
        let pulses = matches!(self.state, State::Collecting { .. }) && self.spec.pulses.is_some();
        let flash = self.spec.flash.filter(|_| !pulses || self.held.is_some());
        let has_flash = flash.is_some()
            && (self.held.is_some()
                || matches!(
                    self.state,
                    State::Talking { .. } | State::Ringing { .. } | State::Refused { .. }
                ));
        let longest = flash.filter(|_| has_flash).map_or(0, |flash| flash.max.0 + 50);
        View { pulses, flash: flash.filter(|_| has_flash), release: Millis(self.spec.release.0.max(longest)) }
    }

    fn subscriber(&mut self, place: usize) -> Result<&mut Subscriber<A>, Cannot> {
        self.subscribers.get_mut(place).ok_or(Cannot::NoSubscriber)
    }

    fn tell(&mut self, event: OfficeEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back((SampleTime(self.now), event));
    }

    fn tell_of(&mut self, place: usize, event: SubscriberEvent) {
        self.tell(OfficeEvent::Subscriber(place, event));
    }

    fn does(&mut self, place: usize, doing: Doing) {
        let now = SampleTime(self.now);
        if let Some(subscriber) = self.subscribers.get_mut(place) {
            let was_talking = subscriber.doing == Doing::Talks;
            subscriber.doing = doing;
            if was_talking != (doing == Doing::Talks) {
                subscriber.reset(now);
            }
        }
    }

    fn play(&mut self, tone: Tone) {
        self.face.play(Score::tone(self.spec.land, tone));
    }

    // The loop.

    fn on_hook_event(&mut self, event: HookEvent) {
        match event {
            HookEvent::Closed => self.seized(),
            HookEvent::Pulses(count) => {
                let digit = match self.spec.pulses {
                    Some(PulseConvention::Standard) => count % 10,
                    Some(PulseConvention::Sweden) => count.saturating_sub(1) % 10,
                    Some(PulseConvention::NewZealand) => 10_u8.saturating_sub(count) % 10,
                    None => return,
                };
                self.digit(char::from(b'0' + digit));
            }
            HookEvent::Flash(length) => {
                self.tell(OfficeEvent::Flash(length));
                self.flashed();
            }
            HookEvent::Released => self.released(),
        }
    }

    fn seized(&mut self) {
        match &self.state {
            State::Idle if self.spec.start == LoopStart::Loop => self.register(),
            State::Granted { .. } => self.register(),
            State::Guard { .. } => {
                self.face.rest(false);
                self.register();
            }
            // a message for the lamp gives way; an alert is answered by its own rules
            State::Lamp(_) => self.register(),
            State::Idle
            | State::Alerting { .. }
            | State::Collecting { .. }
            | State::Routing { .. }
            | State::Ringing { .. }
            | State::Talking { .. }
            | State::Refused { .. }
            | State::Cleared
            | State::Parked => {}
        }
    }

    /// Takes digits from now on.
    fn register(&mut self) {
        if self.held.is_none() {
            self.face.rest(false);
            self.tell(OfficeEvent::Seized);
        }
        self.face.hush();
        self.receiver.reset();
        self.keys.clear();
        self.state = State::Collecting { digits: String::new(), since: self.now, toned: false };
    }

    fn digit(&mut self, digit: char) {
        let now = self.now;
        let State::Collecting { digits, since, toned } = &mut self.state else { return };
        if digits.len() < MAX_DIGITS {
            digits.push(digit);
        }
        (*since, *toned) = (now, true);
        self.face.hush();
        let State::Collecting { digits, .. } = &self.state else { return };
        if self.subscribers.iter().any(|one| one.spec().number == *digits) {
            self.route(digits.clone());
        }
    }

    fn route(&mut self, digits: String) {
        self.tell(OfficeEvent::Dialled(digits.clone()));
        self.state = State::Routing { digits, until: self.now + self.spec.setup.samples().0 };
    }

    fn flashed(&mut self) {
        match self.state {
            State::Talking { with, .. } => match self.held.replace(with) {
                None => self.register(),
                // back to the one on hold
                Some(other) => self.talk(other),
            },
            State::Collecting { .. } | State::Refused { .. } => {
                if let Some(other) = self.held.take() {
                    self.face.hush();
                    self.talk(other);
                }
            }
            State::Ringing { with } => {
                if let Some(other) = self.held.take() {
                    self.face.hush();
                    self.does(with, Doing::Idle);
                    self.tell_of(with, SubscriberEvent::StopsRinging);
                    self.talk(other);
                }
            }
            State::Idle
            | State::Granted { .. }
            | State::Alerting { .. }
            | State::Lamp(_)
            | State::Routing { .. }
            | State::Cleared
            | State::Parked
            | State::Guard { .. } => {}
        }
    }

    fn released(&mut self) {
        match (&self.state, self.held.take()) {
            (State::Talking { with, .. } | State::Ringing { with }, Some(held)) => self.join(*with, held),
            (State::Talking { with, .. }, None) => self.leave(*with),
            (State::Ringing { with }, None) => {
                let with = *with;
                self.does(with, Doing::Idle);
                self.tell_of(with, SubscriberEvent::StopsRinging);
            }
            (State::Collecting { .. } | State::Routing { .. } | State::Refused { .. }, Some(held)) => {
                self.leave(held);
            }
            (
                State::Idle
                | State::Granted { .. }
                | State::Alerting { .. }
                | State::Lamp(_)
                | State::Collecting { .. }
                | State::Routing { .. }
                | State::Refused { .. }
                | State::Cleared
                | State::Parked
                | State::Guard { .. },
                _,
            ) => {}
        }
        // while a terminal takes its data by short rings, its going on-hook is no release
        if matches!(self.state, State::Alerting { .. } | State::Idle) {
            return;
        }
        self.tell(OfficeEvent::Released);
        self.face.rest(true);
        self.state = State::Guard { until: self.now + self.spec.guard.samples().0 };
    }

    // Time.

    fn on_time(&mut self) {
        let now = self.now;
        let end = now + TICK_SAMPLES as u64;
        let is_due = |until: u64| now >= until;
        let ms = |since: u64, length: Millis| is_due(since + length.samples().0);
        match &mut self.state {
            State::Idle => {
                if self.spec.start == LoopStart::Ground && self.grounded {
                    self.face.rest(false);
                    self.state = State::Granted { until: now + GRANT.samples().0 };
                }
            }
            State::Granted { until } | State::Guard { until } => {
                if is_due(*until) && !self.hook.is_off_hook() {
                    self.face.rest(true);
                    self.state = State::Idle;
                }
            }
            State::Alerting { by, alert } => {
                let by = *by;
                match alert.tick(&mut self.face, now, end, self.hook.is_off_hook()) {
                    Outcome::Goes => {}
                    Outcome::Rings => self.tell(OfficeEvent::Rings),
                    Outcome::Answered => {
                        self.tell(OfficeEvent::Answered);
                        self.face.hush();
                        self.face.reverse(self.spec.clearing == Clearing::Reversal);
                        self.tell_of(by, SubscriberEvent::Connected);
                        self.talk(by);
                    }
                }
            }
            State::Lamp(alert) => {
                alert.tick(&mut self.face, now, end, false);
                if alert.is_over() && !self.face.is_playing() {
                    self.face.rest(true);
                    self.state = State::Idle;
                }
            }
            State::Collecting { digits, since, toned } => {
                if !*toned && self.spec.dial_tone.is_some_and(|delay| ms(*since, delay)) {
                    *toned = true;
                    let tone = if self.held.is_some() { Tone::Stutter } else { Tone::Dial };
                    self.face.play(Score::tone(self.spec.land, tone));
                }
                if digits.is_empty() && ms(*since, self.spec.first_digit) {
                    self.refuse(Tone::Congestion);
                } else if !digits.is_empty() && ms(*since, self.spec.interdigit) && !self.hook.is_pulsing() {
                    let digits = core::mem::take(digits);
                    self.route(digits);
                }
            }
            State::Routing { digits, until } => {
                if is_due(*until) {
                    let digits = core::mem::take(digits);
                    self.reach(&digits);
                }
            }
            State::Ringing { with } => {
                let with = *with;
                let answers =
                    self.subscribers.get(with).is_some_and(|one| match (one.spec().manner, one.doing()) {
                        (Manner::Answers(after), Doing::Rung(since)) => ms(since, after),
                        _ => false,
                    });
                if answers {
                    // it is rung, so it can answer
                    let _ = self.answer(with);
                }
            }
            State::Talking { charged, next_charge, .. } => {
                if let (Some(at), Supervision::Metering(spec)) = (*next_charge, self.spec.answer)
                    && is_due(at)
                {
                    *charged += 1;
                    *next_charge = (spec.every > Millis::ZERO).then(|| at + spec.every.samples().0);
                    let charged = *charged;
                    self.face.meter(now, spec.frequency, spec.length);
                    self.tell(OfficeEvent::Metered(charged));
                }
            }
            State::Refused { until } => {
                if is_due(*until) {
                    self.face.hush();
                    self.state = State::Parked;
                }
            }
            State::Cleared | State::Parked => {}
        }
    }

    /// Rings whoever has a number.
    fn reach(&mut self, digits: &str) {
        let found = self.subscribers.iter().position(|one| one.spec().number == digits);
        match found {
            Some(with) if !self.subscribers.get(with).is_none_or(Subscriber::is_busy) => {
                self.does(with, Doing::Rung(self.now));
                self.tell_of(with, SubscriberEvent::Rings);
                self.play(Tone::Ringback);
                self.state = State::Ringing { with };
            }
            Some(_) => self.refuse(Tone::Busy),
            None => self.refuse(match self.spec.unknown {
                Unknown::SpecialInformation => Tone::SpecialInformation,
                Unknown::Congestion => Tone::Congestion,
            }),
        }
    }

    fn refuse(&mut self, tone: Tone) {
        self.tell(OfficeEvent::Refused(tone));
        self.play(tone);
        self.state = State::Refused { until: self.now + REFUSING.samples().0 };
    }

    fn supervise_answer(&mut self, with: usize) {
        let reverses = self.spec.answer == Supervision::Reversal || self.spec.clearing == Clearing::Reversal;
        if reverses && self.held.is_none() {
            self.face.reverse(true);
        }
        let is_charged = matches!(self.spec.answer, Supervision::Metering(_)) && self.held.is_none();
        let next_charge = is_charged.then_some(self.now);
        self.state = State::Talking { with, charged: 0, next_charge };
    }

    /// The line talks to a subscriber, uncharged.
    fn talk(&mut self, with: usize) {
        self.does(with, Doing::Talks);
        self.state = State::Talking { with, charged: 0, next_charge: None };
    }

    /// Those that were left hang up when nothing is on the line.
    fn state_of_subscribers(&mut self) {
        if self.state != State::Idle {
            return;
        }
        for place in 0..self.subscribers.len() {
            if matches!(self.subscribers.get(place).map(Subscriber::doing), Some(Doing::Left)) {
                self.does(place, Doing::Idle);
            }
        }
    }
}

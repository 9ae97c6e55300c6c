//! What a telephone's port is for, on its line: a front-desk key, calling by itself, a limit, a door, an amplifier.
//!
//! # Door stations
//! A station on a line listens to the touch tones of who talks to it and works its lock itself, so opening is: the digits that it
//! wants are sent to it. Who talks to it may dial something else ([`crate::Door::release`]), in the sound or as telephone events.
//!
//! # Amplifiers
//! One that answers a ring is rung. One that closes its loop all the time ([`crate::Page::at_once`]) never gets dial tone and
//! has a call at once. Either way the tone comes first, and who calls is answered behind it.

use tipring_port::{LineCommand, Tone};
use tipring_units::{CallId, Millis};

use super::{LineSide, Scene, State};
use crate::outbox::{CallInput, Offer, Sent, Wish};
use crate::{CallEvent, Cause, Duty, MediaAction, Number, Party, Priority, Why};

/// Who calls by itself hears for so long why nobody was reached before it begins again.
const AGAIN: Millis = Millis::from_secs(2);
/// A digit to a door station.
const OPENS: Millis = Millis(120);
/// Digits that may open, at the most: those of a number.
const MAX_HEARD: usize = crate::MAX_NUMBER;

impl LineSide {
    /// What the port is for.
    pub(super) fn duty(&self, scene: &Scene<'_>) -> Duty {
        let phone = scene.setup.phones.iter().find(|phone| phone.line == self.line);
        phone.map(|phone| phone.duty).unwrap_or_default()
    }

    /// The first digit is the key of the desk, which is called.
    pub(super) fn calls_desk(&mut self, digit: u8, scene: &mut Scene<'_>) -> bool {
        let first = matches!(&self.state, State::Dialling(reader, _) if reader.is_empty());
        if !first || self.wants.is_some() || !self.typed.is_empty() {
            return false;
        }
        let is_key = self.duty(scene).desk.is_some_and(|desk| desk.key == digit);
        if is_key {
            self.call_out(Wish::Desk { key: Number::new(char::from(digit).encode_utf8(&mut [0; 4])) }, scene);
        }
        is_key
    }

    /// Lifted: whether it calls by itself, now or after a pause of dial tone in which a digit may come.
    pub(super) fn calls_by_itself(&mut self, scene: &mut Scene<'_>) -> bool {
        let phone = scene.setup.phones.iter().find(|phone| phone.line == self.line);
        let Some(phone) = phone.filter(|phone| !phone.dials.is_empty()) else { return false };
        let after = phone.duty.hotline.after;
        if after == Millis::ZERO {
            self.call_out(Wish::Lifted, scene);
        } else {
            self.forget_codes();
            self.begin_dialling(scene);
            self.timer = Some((scene.now + after, Why::Hotline));
        }
        true
    }

    /// The pause of dial tone is over, and no digit came.
    pub(super) fn pause_is_over(&mut self, scene: &mut Scene<'_>) -> bool {
        let empty = matches!(&self.state, State::Dialling(reader, _) if reader.is_empty());
        let untouched = empty && self.held.is_empty() && self.wants.is_none() && self.typed.is_empty();
        let phone = scene.setup.phones.iter().find(|phone| phone.line == self.line);
        let waits =
            phone.is_some_and(|phone| !phone.dials.is_empty() && phone.duty.hotline.after != Millis::ZERO);
        if untouched && waits {
            self.call_out(Wish::Lifted, scene);
        }
        untouched && waits
    }

    /// Nobody was reached: whether it begins again in a moment. It hears why meanwhile.
    pub(super) fn will_call_again(&mut self, scene: &mut Scene<'_>) -> bool {
        let again = self.by_itself && self.held.is_empty() && self.duty(scene).hotline.repeat;
        if again {
            self.timer = Some((scene.now + AGAIN, Why::Redial));
        }
        again
    }

    /// In the moment in which it begins again.
    pub(super) fn calls_again(&mut self, scene: &mut Scene<'_>) -> bool {
        let told = matches!(self.state, State::Told);
        let again = told && self.by_itself && self.held.is_empty() && self.duty(scene).hotline.repeat;
        if again {
            self.command(LineCommand::Quiet, scene);
            self.call_out(Wish::Lifted, scene);
        }
        again
    }

    /// Talks from now on: how long it may.
    pub(super) fn limit_call(&mut self, scene: &Scene<'_>) {
        self.limit = self.duty(scene).limit.map(|length| scene.now + length);
    }

    /// The call has lasted as long as it may.
    pub(super) fn limit_is_over(&mut self, scene: &mut Scene<'_>) -> bool {
        if self.limit.is_none_or(|at| at > scene.now) {
            return false;
        }
        self.limit = None;
        self.lets_leaver_go(scene);
        if let State::Talking(call) = self.state {
            self.tell(call, CallInput::Gone(Cause::EXPIRED), scene);
            self.left(scene);
        }
        true
    }

    /// Off-hook, and out of its call.
    fn left(&mut self, scene: &mut Scene<'_>) {
        let tone = scene.setup.tones.cleared;
        if self.duty(scene).page.at_once {
            self.enter(State::Parked);
            self.command(LineCommand::Release, scene);
        } else if self.held.is_empty() {
            self.enter(State::Parked);
            self.command(LineCommand::Cleared { tone }, scene);
        } else {
            self.enter(State::Told);
            self.command(LineCommand::Play(tone), scene);
        }
    }

    /// Who talks to it dialled a digit: with the last one of `release` the station is told to open.
    pub(super) fn door(&mut self, sent: Sent, scene: &mut Scene<'_>) {
        let Some(door) = self.duty(scene).door else { return };
        if !matches!(self.state, State::Talking(_)) {
            return;
        }
        if self.heard.len() >= MAX_HEARD {
            self.heard.remove(0);
        }
        self.heard.push(char::from(sent.digit));
        if door.release.is_empty() || !self.heard.ends_with(door.release.as_str()) {
            return;
        }
        self.heard.clear();
        scene.out.event(CallEvent::Opened(self.line));
        // What was dialled is what it wants, and it has heard it.
        if door.opens == door.release {
            return;
        }
        for digit in door.opens.as_str().bytes() {
            scene.out.media(MediaAction::Digit { to: Party::Line(self.line), digit, length: OPENS });
        }
    }

    /// Lifted by a device that is off-hook all the time: it waits for calls.
    pub(super) fn waits_off_hook(&mut self, scene: &mut Scene<'_>) -> bool {
        let waits = self.duty(scene).page.at_once;
        if waits {
            self.enter(State::Parked);
            self.command(LineCommand::Release, scene);
        }
        waits
    }

    /// A call for a port that takes it in a way of its own; false: as any telephone.
    pub(super) fn pages(&mut self, call: CallId, offer: Offer, scene: &mut Scene<'_>) -> bool {
        let page = self.duty(scene).page;
        let gives_way = page.gives_way && offer.priority > self.urgency;
        match self.state {
            State::Parked if page.at_once => self.paged(call, offer, scene),
            State::Talking(before) if gives_way && self.held.is_empty() => {
                self.tell(before, CallInput::Gone(Cause::PREEMPTED), scene);
                self.paged(call, offer, scene);
            }
            State::Ringing(before) if gives_way => {
                self.tell(before, CallInput::Failed(Cause::PREEMPTED), scene);
                self.enter(State::Ringing(call));
                self.urgency = offer.priority;
                self.tell(call, CallInput::Alerting, scene);
            }
            State::Idle | State::Stopping(_) => {
                self.urgency = offer.priority;
                return false;
            }
            State::Dialling(..)
            | State::Waiting(..)
            | State::Talking(_)
            | State::Told
            | State::Parked
            | State::Ringing(_)
            | State::Recalling(_)
            | State::Keying
            | State::Down => return false,
        }
        true
    }

    /// The device is off-hook, and has the call.
    fn paged(&mut self, call: CallId, offer: Offer, scene: &mut Scene<'_>) {
        self.urgency = offer.priority;
        self.enter(State::Talking(call));
        self.tell(call, CallInput::Alerting, scene);
        if !self.tone_first(call, scene) {
            self.command(LineCommand::Quiet, scene);
            self.tell(call, CallInput::Answered { told: true }, scene);
        }
    }

    /// It answered: true if its tone comes first, or else it is heard at once.
    pub(super) fn tone_first(&mut self, call: CallId, scene: &mut Scene<'_>) -> bool {
        let page = self.duty(scene).page;
        self.limit_call(scene);
        if page.one_way {
            self.tell(call, CallInput::OneWay, scene);
        }
        if page.tone == Millis::ZERO {
            return false;
        }
        self.command(LineCommand::Play(Tone::Confirmation), scene);
        self.timer = Some((scene.now + page.tone, Why::PreTone));
        true
    }

    /// The tone is over: who calls is heard.
    pub(super) fn tone_is_over(&mut self, scene: &mut Scene<'_>) -> bool {
        let State::Talking(call) = self.state else { return false };
        self.command(LineCommand::Quiet, scene);
        self.tell(call, CallInput::Answered { told: true }, scene);
        true
    }

    /// How urgent what it is in is.
    pub(super) fn calm(&mut self) {
        self.urgency = Priority::Normal;
        self.limit = None;
        self.heard.clear();
    }
}

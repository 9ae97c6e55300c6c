//! A telephone.
//!
//! # What it does
//! Does what it is told, one action after another: lifts, hangs up, flashes, dials by keys or by dial, speaks; and
//! tells what it hears and when its bell rings.
//!
//! # How
//! Actions are taken apart into steps that wait in a queue, each timed in samples. Contacts, keys and voice then run
//! by themselves; the line asks each tick for the contact's state and the sound.
//!
//! # Limits
//! [`MAX_WAITING`] steps wait. A step that makes sound begins with a tick.
//!
//! # Standard
//! Pulses of 10 or 20 a second as in ITU-T Q.552 and national rules.

mod display;
mod hook;
mod machine;
mod ringer;
mod trunk;

use std::collections::VecDeque;

use thiserror::Error;
use tipring_port::LoopStart;
use tipring_units::{Entropy, Millis, SampleTime, Samples, TICK_SAMPLES, Volts};

use display::{Display, MessageLamp};
pub use hook::Hook;
pub use machine::Machine;
pub use ringer::{Bell, LONGEST_PAUSE, Ringer};
pub use trunk::{Trunk, TrunkEvent};

use crate::ear::{Ear, Heard, HeardEvent, Land, NO_LEVEL, What};
use crate::mouth::{KeypadSpec, Mouth, Talk, frequencies};
use crate::plant::{Fidelity, Terminal};

/// Steps that wait to be done, at the most.
pub const MAX_WAITING: usize = 256;
/// Events that wait to be taken, at the most; the oldest are lost.
pub const MAX_EVENTS: usize = 64;

/// A rotary dial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DialSpec {
    /// Opening of one pulse.
    pub opens: Millis,
    /// Closing between two pulses.
    pub closes: Millis,
    /// Pause after a digit.
    pub interdigit: Millis,
    /// Bounce of the pulse contact.
    pub bounce: Samples,
}

impl DialSpec {
    /// 10 pulses a second, 61/39 ms.
    pub const TEN_PPS: Self =
        Self { opens: Millis(61), closes: Millis(39), interdigit: Millis(750), bounce: Samples(12) };
    /// 20 pulses a second, 30/20 ms.
    pub const TWENTY_PPS: Self =
        Self { opens: Millis(30), closes: Millis(20), interdigit: Millis(600), bounce: Samples(12) };
}

/// A telephone as it is built.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PhoneSpec {
    /// What the loop sees of it.
    pub terminal: Terminal,
    /// The bell needs this voltage (RMS).
    pub bell: Volts,
    /// The hook's contacts bounce this long at the most.
    pub bounce: Samples,
    /// Its keypad.
    pub keypad: KeypadSpec,
    /// Its rotary dial.
    pub dial: DialSpec,
    /// Its display shows who waits while its user talks.
    pub shows_waiting: bool,
    /// Its key that acknowledges such a call begins so long after the alert, and lasts so long (100 ms and 55 to 65 ms by
    /// the standards).
    pub acknowledges: (Millis, Millis),
    /// It has a neon lamp.
    pub neon: bool,
    /// The country whose tones its user knows; see [`Action::Learn`].
    pub land: Land,
    /// It is the trunk port of a private exchange, which asks for service like this.
    pub trunk: Option<LoopStart>,
}

impl Default for PhoneSpec {
    fn default() -> Self {
        Self {
            terminal: Terminal::default(),
            bell: Volts(15.0),
            bounce: Samples(40),
            keypad: KeypadSpec::default(),
            dial: DialSpec::TEN_PPS,
            shows_waiting: true,
            acknowledges: (Millis(20), Millis(60)),
            neon: true,
            land: Land::default(),
            trunk: None,
        }
    }
}

/// How digits are dialled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dialling {
    /// By keys.
    Dtmf,
    /// By dial.
    Pulse,
}

/// What a telephone is told to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Lift the receiver.
    OffHook,
    /// Hang up.
    OnHook,
    /// Open the loop for this long.
    Flash(Millis),
    /// Dial; `,` is a pause of a second.
    Dial(String, Dialling),
    /// Speak, until told otherwise.
    Say(Talk),
    /// Speak no more.
    Hush,
    /// Do nothing for this long.
    Wait(Millis),
    /// Put the plug in.
    PlugIn,
    /// Pull the plug.
    Unplug,
    /// From the next call on, the user knows the tones of this country.
    Learn(Land),
}

/// Why a telephone does not do what it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Unwilling {
    /// It cannot dial that.
    #[error("a telephone cannot dial {0:?} this way")]
    NoKey(char),
    /// It has too much to do already.
    #[error("more than {MAX_WAITING} steps wait")]
    Busy,
}

/// What happens at a telephone.
#[derive(Clone, Copy, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // made a few times a call
pub enum PhoneEvent {
    /// It hears something else, or nothing any more. [`What::Ringing`] and the caller are among it.
    Heard(HeardEvent),
    /// A burst of ringing begins.
    BurstBegan(SampleTime),
    /// A burst of ringing ends.
    BurstEnded(SampleTime),
    /// Its message lamp goes on or off.
    Lamp(SampleTime, bool),
    /// A trunk port sees something of its line, at the end of a millisecond.
    Trunk(SampleTime, TrunkEvent),
}

#[derive(Clone, PartialEq, Debug)]
enum Task {
    Lift,
    HangUp,
    Flash(Samples),
    Key(u8),
    Pulses(u8),
    Say(Talk),
    Hush,
    Wait(Samples),
    Plug(bool),
    Learn(Land),
}

/// One telephone.
#[derive(Debug)]
pub struct Phone<A: Fidelity> {
    spec: PhoneSpec,
    hook: Hook,
    ringer: Ringer,
    mouth: Mouth<A>,
    ear: Ear<A>,
    machine: Option<Box<dyn Machine<A>>>,
    /// The sound of the last tick at its ear.
    heard: A::Frame,
    waiting: VecDeque<Task>,
    ready: SampleTime,
    now: SampleTime,
    lifted: bool,
    plugged: bool,
    plug_changed: bool,
    /// What the display shows.
    display: Option<Heard>,
    /// What it does about a call that waits.
    second: Display,
    lamp: MessageLamp,
    /// The country whose tones the user knows from the next call on.
    coming: Option<Land>,
    events: VecDeque<PhoneEvent>,
    trunk: Option<Trunk>,
    /// It grounds ring since then.
    grounding: Option<SampleTime>,
}

impl<A: Fidelity> Phone<A> {
    /// A telephone on-hook, plugged in.
    pub fn new(spec: &PhoneSpec, entropy: &mut Entropy) -> Self {
        Self {
            spec: *spec,
            hook: Hook::new(entropy.fork()),
            ringer: Ringer::new(spec.bell),
            mouth: Mouth::new(spec.keypad, entropy),
            ear: Ear::new(spec.land),
            machine: None,
            heard: A::SILENCE,
            waiting: VecDeque::new(),
            ready: SampleTime(0),
            now: SampleTime(0),
            lifted: false,
            plugged: true,
            plug_changed: false,
            display: None,
            second: Display::default(),
            lamp: MessageLamp::default(),
            coming: None,
            events: VecDeque::new(),
            trunk: spec.trunk.map(Trunk::new),
            grounding: None,
        }
    }

    /// Does `action` when all earlier ones are done.
    #[allow(clippy::should_implement_trait)]
    pub fn act(&mut self, action: Action) -> Result<(), Unwilling> {
        let mut tasks = Vec::new();
        match action {
            Action::OffHook => tasks.push(Task::Lift),
            Action::OnHook => tasks.push(Task::HangUp),
            Action::Flash(length) => tasks.push(Task::Flash(length.samples())),
            Action::Dial(digits, how) => {
                for digit in digits.chars() {
                    tasks.push(task_of(digit, how).ok_or(Unwilling::NoKey(digit))?);
                }
            }
            Action::Say(talk) => tasks.push(Task::Say(talk)),
            Action::Hush => tasks.push(Task::Hush),
            Action::Wait(length) => tasks.push(Task::Wait(length.samples())),
            Action::PlugIn => tasks.push(Task::Plug(true)),
            Action::Unplug => tasks.push(Task::Plug(false)),
            Action::Learn(land) => tasks.push(Task::Learn(land)),
        }
        if self.waiting.len() + tasks.len() > MAX_WAITING {
            return Err(Unwilling::Busy);
        }
        self.waiting.extend(tasks);
        Ok(())
    }

    /// Puts a machine in place of its mouth and beside its ear; it speaks while the receiver is lifted and no key sounds.
    pub fn attach(&mut self, machine: Box<dyn Machine<A>>) {
        self.machine = Some(machine);
    }

    /// Forgets what it has not begun yet.
    pub fn forget(&mut self) {
        self.waiting.clear();
        self.grounding = None;
        self.mouth.drop_keys();
    }

    /// True while it has something to do: dialling, flashing, waiting.
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
            || self.mouth.is_dialling()
            || !self.hook.is_resting()
            || self.ready > self.now
    }

    /// True if the receiver is lifted (also within a flash).
    pub const fn is_lifted(&self) -> bool {
        self.lifted
    }

    /// True if it is plugged in.
    pub const fn is_plugged(&self) -> bool {
        self.plugged
    }

    /// True while the clapper moves.
    pub const fn is_bursting(&self) -> bool {
        self.ringer.is_bursting()
    }

    /// True while it asks for service by grounding ring.
    pub const fn grounds_ring(&self) -> bool {
        self.grounding.is_some()
    }

    /// True if it is a trunk port, which watches its line.
    pub(crate) const fn is_trunk(&self) -> bool {
        self.trunk.is_some()
    }

    /// A millisecond of the line that ends at sample `n` of the tick.
    pub(crate) fn watch(&mut self, volts: f32, n: usize) {
        let Some(trunk) = &mut self.trunk else { return };
        let at = self.now + Samples(n as u64);
        for event in trunk.watch(volts).into_iter().flatten() {
            self.note(PhoneEvent::Trunk(at, event));
        }
    }

    /// A metering pulse ended at sample `n` of the tick.
    pub(crate) fn charge(&mut self, n: usize) {
        let at = self.now + Samples(n as u64);
        if let Some(event) = self.trunk.as_mut().filter(|_| self.lifted).map(Trunk::charge) {
            self.note(PhoneEvent::Trunk(at, event));
        }
    }

    /// The bell.
    pub const fn bell(&self) -> &Ringer {
        &self.ringer
    }

    /// What is heard now: on-hook the bell and the display, off-hook tones and voices.
    pub fn hears(&self) -> Vec<Heard> {
        if self.lifted {
            return self.ear.now().collect();
        }
        let ringing =
            |since| Heard { what: What::Ringing, since, named: since, confirmed: None, level: NO_LEVEL };
        self.ringer.ringing().map(ringing).into_iter().chain(self.display).collect()
    }

    /// True within the data of a caller-ID burst.
    pub fn is_reading(&self) -> bool {
        self.ear.is_reading()
    }

    /// What the display shows: the last caller, until ringing stops unanswered or the receiver is hung up.
    pub fn display(&self) -> Option<&Heard> {
        self.display.as_ref()
    }

    /// The sound of the last tick in its receiver: silence while that is not lifted.
    pub fn receives(&self) -> A::Frame {
        if self.lifted { self.heard } else { A::SILENCE }
    }

    /// What it says now.
    pub fn says(&self) -> Option<&Talk> {
        self.mouth.talk()
    }

    /// How it was built.
    pub const fn spec(&self) -> &PhoneSpec {
        &self.spec
    }

    /// The next event.
    pub fn event(&mut self) -> Option<PhoneEvent> {
        self.events.pop_front()
    }

    /// True if it is on-hook and nothing goes on in it.
    pub fn is_idle(&self) -> bool {
        !self.lifted
            && !self.is_busy()
            && self.coming.is_none()
            && self.mouth.is_silent()
            && self.ringer.is_resting()
            && self.ear.is_resting()
            && self.lamp.is_resting()
    }

    /// Begins the tasks that are due and gives the samples of the tick in which the contact is closed.
    pub(crate) fn advance(&mut self, now: SampleTime) -> u128 {
        self.now = now;
        let end = now + Samples(TICK_SAMPLES as u64);
        while self.ready < end {
            let at = self.ready.max(now);
            let Some(task) = self.waiting.front() else { break };
            // keys go on by themselves: only another kind of task waits for their end
            if self.mouth.is_dialling() && !matches!(task, Task::Key(_)) {
                break;
            }
            let task = task.clone();
            if !self.begin(task, at) {
                break;
            }
            self.waiting.pop_front();
        }
        let closed = self.hook.tick(now);
        if self.plugged { closed } else { 0 }
    }

    /// Whether the plug was put in or pulled since the last call.
    pub(crate) fn plug_changed(&mut self) -> Option<bool> {
        core::mem::take(&mut self.plug_changed).then_some(self.plugged)
    }

    pub(crate) fn ringer(&mut self) -> &mut Ringer {
        &mut self.ringer
    }

    pub(crate) fn judge_ringing(&mut self, now: SampleTime) {
        let mut bells = [None; 3];
        let mut count = 0;
        let lifted = self.lifted || !self.plugged;
        self.ringer.judge(now, lifted, |bell| {
            if let Some(place) = bells.get_mut(count) {
                *place = Some(bell);
            }
            count += 1;
        });
        for bell in bells.into_iter().flatten() {
            let event = match bell {
                Bell::BurstBegan(at) => PhoneEvent::BurstBegan(at),
                Bell::BurstEnded(at) => PhoneEvent::BurstEnded(at),
                Bell::RingingBegan(since) => {
                    let named = now + Samples(TICK_SAMPLES as u64);
                    let heard = Heard { what: What::Ringing, since, named, confirmed: None, level: NO_LEVEL };
                    PhoneEvent::Heard(HeardEvent::Began(heard))
                }
                Bell::RingingEnded(at) => {
                    if !lifted {
                        self.display = None;
                    }
                    PhoneEvent::Heard(HeardEvent::Ended(What::Ringing, at))
                }
            };
            self.note(event);
        }
    }

    /// The sound of this tick.
    pub(crate) fn speak(&mut self) -> A::Frame {
        if self.machine.as_ref().is_some_and(|machine| machine.is_gone()) {
            self.machine = None;
        }
        match &mut self.machine {
            Some(machine) if self.lifted && machine.is_person() => {
                // what is said meanwhile is not said later
                let said = machine.speak();
                let is_taken =
                    self.mouth.is_dialling() || self.mouth.talk().is_some() || self.second.is_muted();
                if is_taken { self.mouth.frame() } else { said }
            }
            Some(machine) if self.lifted && !self.mouth.is_dialling() => machine.speak(),
            Some(_) | None => self.mouth.frame(),
        }
    }

    /// Time passes in which nothing happens.
    pub(crate) fn skip(&mut self, length: Samples) {
        self.now = self.now + length;
        self.ear.skip(length);
        self.ringer.skip(length);
    }

    /// Between calls the user takes up what is new.
    fn learn(&mut self) {
        if self.coming.is_some()
            && self.ringer.is_resting()
            && !self.ear.is_reading()
            && let Some(land) = self.coming.take()
        {
            self.spec.land = land;
            self.ear.learn(land);
        }
    }

    /// Begins `task` at `at`; false if it has to wait.
    fn begin(&mut self, task: Task, at: SampleTime) -> bool {
        match task {
            Task::Lift => {
                if !self.lifted && self.trunk.as_ref().is_some_and(Trunk::needs_ground) {
                    let since = *self.grounding.get_or_insert(at);
                    if at.0.saturating_sub(since.0) < trunk::PATIENCE.samples().0 {
                        return false; // until the line answers by its battery
                    }
                    self.grounding = None;
                    return true;
                }
                self.grounding = None;
                if let Some(trunk) = self.trunk.as_mut().filter(|_| !self.lifted) {
                    trunk.lift();
                }
                if !self.lifted {
                    if !self.hook.plan(at, true, self.spec.bounce) {
                        return false; // the contact has enough to do for now
                    }
                    self.lifted = true;
                    self.forget_second();
                    self.ear.reset();
                    self.ear.expect_dial_tone(true);
                }
                self.ready = at + self.spec.bounce;
            }
            Task::HangUp => {
                if self.lifted {
                    if !self.hook.plan(at, false, self.spec.bounce) {
                        return false; // as above
                    }
                    self.lifted = false;
                    self.display = None;
                    self.forget_second();
                    self.ear.reset();
                }
                self.mouth.drop_keys();
                self.mouth.hush();
                self.ready = at + self.spec.bounce;
            }
            Task::Flash(length) => {
                if self.lifted {
                    self.forget_second();
                    self.hook.plan(at, false, self.spec.bounce);
                    self.hook.plan(at + length, true, self.spec.bounce);
                    self.ear.expect_dial_tone(true);
                }
                self.ready = at + length + self.spec.bounce;
            }
            Task::Key(key) => {
                self.ear.expect_dial_tone(false);
                let (on, off) = (self.spec.keypad.on, self.spec.keypad.off);
                if !self.mouth.key(key, on, off) {
                    return false; // the keypad's queue is full for now
                }
            }
            Task::Pulses(pulses) => self.pulse(pulses, at),
            Task::Say(talk) => self.mouth.say(talk),
            Task::Hush => self.mouth.hush(),
            Task::Wait(length) => self.ready = at + length,
            Task::Plug(plugged) => {
                self.plug_changed |= self.plugged != plugged;
                self.plugged = plugged;
            }
            Task::Learn(land) => self.coming = Some(land),
        }
        true
    }

    fn pulse(&mut self, pulses: u8, at: SampleTime) {
        self.ear.expect_dial_tone(false);
        let dial = self.spec.dial;
        let period = dial.opens.samples().0 + dial.closes.samples().0;
        let mut end = at;
        for n in 0..u64::from(pulses) {
            let opens = at + Samples(n * period);
            end = opens + dial.opens;
            if self.lifted {
                self.hook.plan(opens, false, dial.bounce);
                self.hook.plan(end, true, dial.bounce);
            }
        }
        self.ready = end + dial.interdigit;
    }

    /// Keeps `event`; the oldest gives way.
    fn note(&mut self, event: PhoneEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

fn task_of(digit: char, how: Dialling) -> Option<Task> {
    let byte = u8::try_from(digit).ok()?;
    match (byte, how) {
        (b',', _) => Some(Task::Wait(Millis(1000).samples())),
        (_, Dialling::Dtmf) => frequencies(byte).map(|_| Task::Key(byte.to_ascii_uppercase())),
        (b'0', Dialling::Pulse) => Some(Task::Pulses(10)),
        (b'1'..=b'9', Dialling::Pulse) => Some(Task::Pulses(byte - b'0')),
        (_, Dialling::Pulse) => None,
    }
}

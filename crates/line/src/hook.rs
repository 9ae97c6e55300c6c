//! What the subscriber means by opening and closing the loop.
//!
//! # What it does
//! Turns edges of the loop into verdicts: off-hook, hang-up, flash, dialled digit. A card that judges by itself has
//! its verdicts passed through.
//!
//! # How
//! On-hook, a closed loop has to last `hook.seize`. Off-hook, a break is judged when it ends, by its length alone:
//!
//! | break | meaning |
//! |---|---|
//! | `pulse.break_min` to `break_max` | a dial pulse; where flash and pulse overlap, a pulse |
//! | above `flash.min`, up to `flash.max` | a flash |
//! | above the longest of them | a hang-up, and whatever closes the loop then is a new seizure |
//! | any other | nothing: contact noise, or a hand that slipped |
//!
//! A break that goes on is a hang-up `hook.release` after the longest break that could mean something else.
//! A make of `pulse.interdigit` ends the digit; more than ten pulses are no digit. Pulses before a flash are a
//! digit, pulses before a hang-up are not.
//!
//! While our own feed makes the current change (CPC, reversal) the tracker is blind; what it finds afterwards
//! counts from then on.
//!
//! # Limits
//! A card's own flash verdict has no length; it is given the shortest of the window.
//!
//! # Standard
//! Dial pulses: TIA/EIA-464 and ETSI ES 201 235 differ by country, so the profile has the figures.

use tipring_port::{CookedEvent, PulseConvention};
use tipring_units::{Millis, SampleTime};

use crate::{Edge, Settings};

/// Pulses of one digit, at the most.
const MAX_PULSES: u8 = 10;
/// Verdicts that wait for their reader, at the most: one edge makes two.
const MAX_WAITING: usize = 4;

/// What the subscriber did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The receiver was lifted.
    OffHook,
    /// It was hung up.
    OnHook,
    /// A hook flash of this length.
    Flash(Millis),
    /// The first pulse of a digit.
    Pulsing,
    /// A whole digit, as a character.
    Digit(u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Receiver {
    Down,
    Closing { since: SampleTime },
    Lifted { since: SampleTime },
    Break { since: SampleTime },
}

/// The tracker of one line.
#[derive(Clone, Debug)]
pub struct HookTracker {
    settings: Settings,
    hook: Receiver,
    /// How long a closed loop has to last now.
    seize: Millis,
    /// The loop as it was last told, also while blind.
    closed: bool,
    blind_until: Option<SampleTime>,
    pulses: u8,
    waiting: [Option<(SampleTime, Verdict)>; MAX_WAITING],
}

impl HookTracker {
    /// A tracker of an open loop.
    pub fn new(settings: &Settings) -> Self {
        Self {
            settings: *settings,
            hook: Receiver::Down,
            seize: settings.hook.seize,
            closed: false,
            blind_until: None,
            pulses: 0,
            waiting: [None; MAX_WAITING],
        }
    }

    /// Takes new settings.
    pub fn apply(&mut self, settings: &Settings) {
        self.settings = *settings;
        self.seize = settings.hook.seize;
    }

    /// The line is on-hook by decree; a closed loop is off-hook after `seize`, counted from `blind_until` at the
    /// earliest.
    pub fn start_on_hook(&mut self, seize: Millis, blind_until: SampleTime) {
        (self.hook, self.seize, self.pulses) = (Receiver::Down, seize, 0);
        (self.blind_until, self.waiting) = (Some(blind_until), [None; MAX_WAITING]);
    }

    /// The line is off-hook by decree.
    pub fn start_off_hook(&mut self, now: SampleTime) {
        (self.hook, self.closed, self.pulses) = (Receiver::Lifted { since: now }, true, 0);
        (self.seize, self.blind_until, self.waiting) = (self.settings.hook.seize, None, [None; MAX_WAITING]);
    }

    /// Our own feed changes: edges before `until` mean nothing.
    pub fn blind(&mut self, until: SampleTime) {
        self.blind_until = Some(self.blind_until.map_or(until, |before| before.max(until)));
    }

    /// Blindness ends at `until`, sooner or later than was announced.
    pub fn blind_only(&mut self, until: SampleTime) {
        self.blind_until = Some(until);
    }

    /// An edge of the loop.
    pub fn edge(&mut self, edge: Edge) {
        self.closed = edge.closed;
        if self.blind_until.is_none_or(|until| edge.at >= until) {
            self.blind_until = None;
            self.change(edge.at, edge.closed);
        }
    }

    /// A verdict of a card that judges by itself.
    pub fn cooked(&mut self, at: SampleTime, event: CookedEvent) {
        match event {
            CookedEvent::OffHook => self.closed = true,
            CookedEvent::OnHook => self.closed = false,
            CookedEvent::Flash | CookedEvent::PulseDigit(_) => {}
            // What an exchange does is no hook.
            CookedEvent::RingBegan
            | CookedEvent::RingEnded
            | CookedEvent::Battery(_)
            | CookedEvent::Reversed(_)
            | CookedEvent::LoopBreak(_) => return,
        }
        if self.blind_until.is_some_and(|until| at < until) {
            return; // the card mistook our own open loop; its latest hook state is kept
        }
        self.blind_until = None;
        match (self.hook, event) {
            (Receiver::Down | Receiver::Closing { .. }, CookedEvent::OffHook) => self.go_off_hook(at),
            (Receiver::Lifted { .. } | Receiver::Break { .. }, CookedEvent::OnHook) => self.go_on_hook(at),
            (Receiver::Lifted { .. }, CookedEvent::Flash) => {
                self.push(at, Verdict::Flash(self.settings.flash.min))
            }
            (Receiver::Lifted { .. }, CookedEvent::PulseDigit(_)) if !self.settings.pulse.enabled => {}
            (Receiver::Lifted { .. }, CookedEvent::PulseDigit(digit)) => {
                let pulses = match digit {
                    b'0' => MAX_PULSES,
                    digit => digit.saturating_sub(b'0'),
                };
                if let Some(digit) = self.digit(pulses) {
                    self.push(at, Verdict::Pulsing);
                    self.push(at, Verdict::Digit(digit));
                }
            }
            (Receiver::Down, CookedEvent::OnHook) => {}
            (Receiver::Closing { .. }, CookedEvent::OnHook) => self.hook = Receiver::Down,
            (Receiver::Lifted { .. }, CookedEvent::OffHook) => {}
            (Receiver::Break { since }, CookedEvent::OffHook) => self.hook = Receiver::Lifted { since },
            // A telephone that is on-hook dials nothing: the card is behind us.
            (Receiver::Down | Receiver::Closing { .. }, CookedEvent::Flash | CookedEvent::PulseDigit(_)) => {}
            // The loop was found open after our own break and the card has not said on-hook: wait for it.
            (Receiver::Break { .. }, CookedEvent::Flash | CookedEvent::PulseDigit(_)) => {}
            // Taken above.
            (
                Receiver::Down | Receiver::Closing { .. } | Receiver::Lifted { .. } | Receiver::Break { .. },
                CookedEvent::RingBegan
                | CookedEvent::RingEnded
                | CookedEvent::Battery(_)
                | CookedEvent::Reversed(_)
                | CookedEvent::LoopBreak(_),
            ) => {}
        }
    }

    /// The next verdict that is due by `now`, with the moment to which it belongs.
    pub fn poll(&mut self, now: SampleTime) -> Option<(SampleTime, Verdict)> {
        if let Some(first) = self.take() {
            return Some(first);
        }
        if let Some(until) = self.blind_until {
            if now < until {
                return None;
            }
            self.blind_until = None;
            self.change(until, self.closed);
            if let Some(first) = self.take() {
                return Some(first);
            }
        }
        let due = self.timer().filter(|due| *due <= now)?;
        match self.hook {
            Receiver::Down => {}
            Receiver::Closing { .. } => self.go_off_hook(due),
            Receiver::Lifted { .. } => self.end_digit(due),
            Receiver::Break { .. } => self.go_on_hook(due),
        }
        self.take()
    }

    /// When [`Self::poll`] has something to say if the loop does not change.
    pub fn deadline(&self) -> Option<SampleTime> {
        match (self.waiting.first(), self.blind_until) {
            (Some(Some((at, _))), _) => Some(*at),
            (_, Some(until)) => Some(until),
            (_, None) => self.timer(),
        }
    }

    /// The loop as it was last told.
    pub fn loop_closed(&self) -> bool {
        self.closed
    }

    /// True if the receiver is lifted (a break that is not yet judged included).
    pub fn is_off_hook(&self) -> bool {
        matches!(self.hook, Receiver::Lifted { .. } | Receiver::Break { .. })
    }

    /// True if an on-hook loop is closed and may become a seizure.
    pub fn is_closing(&self) -> bool {
        matches!(self.hook, Receiver::Closing { .. })
    }

    fn timer(&self) -> Option<SampleTime> {
        match self.hook {
            Receiver::Down => None,
            Receiver::Closing { since } => Some(since + self.seize),
            Receiver::Lifted { since } => (self.pulses > 0).then(|| since + self.settings.pulse.interdigit),
            Receiver::Break { since } => Some(since + self.settings.hang_up_after()),
        }
    }

    fn change(&mut self, at: SampleTime, closed: bool) {
        match (self.hook, closed) {
            (Receiver::Down, true) => self.hook = Receiver::Closing { since: at },
            (Receiver::Closing { .. }, false) => self.hook = Receiver::Down,
            (Receiver::Lifted { .. }, false) => self.hook = Receiver::Break { since: at },
            (Receiver::Break { since }, true) => self.judge(at, at.since(since).millis()),
            // No change: only told again after blindness.
            (Receiver::Down | Receiver::Break { .. }, false)
            | (Receiver::Closing { .. } | Receiver::Lifted { .. }, true) => {}
        }
    }

    fn judge(&mut self, at: SampleTime, length: Millis) {
        let (pulse, flash) = (self.settings.pulse, self.settings.flash);
        self.hook = Receiver::Lifted { since: at };
        if pulse.enabled && length >= pulse.break_min && length <= pulse.break_max {
            if self.pulses == 0 {
                self.push(at, Verdict::Pulsing);
            }
            self.pulses = self.pulses.saturating_add(1);
        } else if length > flash.min && length <= flash.max {
            self.end_digit(at);
            self.push(at, Verdict::Flash(length));
        } else if flash.max > Millis::ZERO && length > self.settings.longest_break() {
            self.go_on_hook(at);
            self.hook = Receiver::Closing { since: at };
        }
    }

    fn go_off_hook(&mut self, at: SampleTime) {
        (self.hook, self.pulses, self.seize) = (Receiver::Lifted { since: at }, 0, self.settings.hook.seize);
        self.push(at, Verdict::OffHook);
    }

    fn go_on_hook(&mut self, at: SampleTime) {
        (self.hook, self.pulses) = (Receiver::Down, 0);
        self.push(at, Verdict::OnHook);
    }

    fn end_digit(&mut self, at: SampleTime) {
        let pulses = core::mem::take(&mut self.pulses);
        if let Some(digit) = self.digit(pulses) {
            self.push(at, Verdict::Digit(digit));
        }
    }

    fn digit(&self, pulses: u8) -> Option<u8> {
        if pulses == 0 || pulses > MAX_PULSES {
            return None;
        }
        let value = match self.settings.pulse.convention {
            PulseConvention::Standard => pulses % MAX_PULSES,
            PulseConvention::Sweden => pulses - 1,
            PulseConvention::NewZealand => MAX_PULSES - pulses,
        };
        Some(b'0' + value)
    }

    fn push(&mut self, at: SampleTime, verdict: Verdict) {
        // A card may report more in one tick than there is room for; its last words are then lost with the noise.
        if let Some(place) = self.waiting.iter_mut().find(|place| place.is_none()) {
            *place = Some((at, verdict));
        }
    }

    fn take(&mut self) -> Option<(SampleTime, Verdict)> {
        let first = self.waiting[0].take();
        if first.is_some() {
            self.waiting.rotate_left(1);
        }
        first
    }
}

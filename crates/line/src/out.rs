//! What a line's machine gives out in one tick.

use tipring_port::{Announcement, CallerId, CallerIdSignal, CardOrder, LineEvent, Tone};
use tipring_units::{Epoch, Millis, SampleTime};

/// Line events of one tick, at the most: a tick makes three at the worst, the others answer commands.
pub const MAX_LINE_EVENTS: usize = 16;

/// What the telephone has to hear.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Playing {
    /// Nothing at all: the line is on-hook, or its subscriber forgot the receiver.
    Nothing,
    /// A tone from its beginning.
    Tone(Tone),
    /// An announcement from its beginning; the tone is what follows it.
    Announcement(Announcement, Option<Tone>),
    /// Who calls, from its beginning; it lasts [`crate::frame_length`] at the most.
    CallerId {
        /// Who.
        caller: CallerId,
        /// As what it is sent.
        signal: CallerIdSignal,
    },
    /// That messages wait (`on`) or none do, from its beginning; it lasts [`crate::lamp_length`] at the most.
    Lamp {
        /// Messages wait.
        on: bool,
        /// As what it is sent.
        signal: CallerIdSignal,
    },
    /// The dual-tone alerting signal, for so long.
    Alert(Millis),
    /// Bursts of the tone that another call waits: so many of its steps. Nobody of the bridge is heard or hears the line.
    WaitingTone {
        /// The first of them.
        first: u8,
        /// How many.
        count: u8,
    },
    /// Nothing; nobody of the bridge is heard or hears the line.
    Hush,
    /// A touch tone to the exchange, once, of this length.
    Digit {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: u8,
        /// How long.
        length: Millis,
    },
    /// The bridge that the line is on.
    Bridge,
    /// The same without the touch tones that sound on it: the line's own machine dials them.
    BridgeVoice,
}

impl Playing {
    /// True if nobody of the bridge is to hear the line meanwhile.
    pub const fn is_hushed(&self) -> bool {
        match self {
            Self::CallerId { .. }
            | Self::Lamp { .. }
            | Self::Alert(_)
            | Self::WaitingTone { .. }
            | Self::Hush => true,
            Self::Nothing
            | Self::Tone(_)
            | Self::Announcement(..)
            | Self::Digit { .. }
            | Self::Bridge
            | Self::BridgeVoice => false,
        }
    }
}

/// A line event with its epoch and moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Said {
    /// The epoch to which it belongs.
    pub epoch: Epoch,
    /// When it happened, exact to the reading where it was measured.
    pub at: SampleTime,
    /// What happened.
    pub event: LineEvent,
}

/// The results of one tick and of the commands before it. The caller clears it once a tick.
#[derive(Clone, Debug)]
pub struct FxsOut {
    /// The order for the card. Where commands and readings of one tick ask for several, the last one stands:
    /// it belongs to the state that the line is in now, and an order replaces all before it anyhow.
    pub order: Option<CardOrder>,
    /// What the telephone has to hear from this tick on; `None`: as before. A tone or burst that is named starts anew.
    pub playing: Option<Playing>,
    /// What the relay of a telephone has to do.
    pub relay: Option<bool>,
    said: [Option<Said>; MAX_LINE_EVENTS],
    len: usize,
    wants_summary: bool,
}

impl FxsOut {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            order: None,
            playing: None,
            relay: None,
            said: [None; MAX_LINE_EVENTS],
            len: 0,
            wants_summary: false,
        }
    }

    /// Makes room for the next tick. What the relay has to do waits until an order has gone that it would be behind.
    pub fn next_tick(&mut self) {
        (self.order, self.playing) = (None, None);
        self.forget_events();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.next_tick();
        self.relay = None;
    }

    /// The events have been passed on.
    pub fn forget_events(&mut self) {
        (self.len, self.wants_summary) = (0, false);
    }

    /// The events in order.
    pub fn events(&self) -> impl Iterator<Item = Said> + '_ {
        self.said.iter().take(self.len).flatten().copied()
    }

    /// True if nothing waits here for the next tick.
    pub fn is_empty(&self) -> bool {
        self.order.is_none()
            && self.playing.is_none()
            && self.relay.is_none()
            && self.len == 0
            && !self.wants_summary
    }

    /// True if the control plane has to look at the line's summary: there was no room for an event, or it
    /// asks.
    pub fn wants_summary(&self) -> bool {
        self.wants_summary
    }

    /// The control plane asks what is true.
    pub(crate) fn report(&mut self) {
        self.wants_summary = true;
    }

    pub(crate) fn say(&mut self, epoch: Epoch, at: SampleTime, event: LineEvent) {
        match self.said.get_mut(self.len) {
            Some(place) => {
                *place = Some(Said { epoch, at, event });
                self.len += 1;
            }
            None => self.wants_summary = true,
        }
    }
}

impl Default for FxsOut {
    fn default() -> Self {
        Self::new()
    }
}

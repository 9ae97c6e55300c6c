//! The sender of telephone events.
//!
//! # What
//! Turns digits, asked for at once or pressed and released, into event packets.
//!
//! # How
//! [`EventSender::tick`] once for each 10 ms of the media clock, then [`EventSender::poll`] until it is empty.
//! The first packet has the marker; an update follows each packet time with the same timestamp and a longer
//! duration; the last one is sent [`END_PACKETS`] times, a packet time apart. An event longer than
//! [`MAX_SEGMENT`] is cut into segments, each with its own timestamp and its last packet three times over, at
//! once so that the next segment starts on time.
//!
//! # Limits
//! [`MAX_WAITING`] events wait. While one sounds or others wait, sound is not to be sent:
//! [`EventSender::is_active`].
//!
//! # Standard
//! RFC 4733 clause 2.5.1.

use crate::event::{EventPayload, MAX_SEGMENT, TelephoneEvent};
use crate::{Ticks, Timestamp};
use tipring_units::{Dbm0, Millis};

/// Events that can wait behind the one that sounds.
pub const MAX_WAITING: usize = 32;
/// Times that the last packet of an event or segment is sent.
pub const END_PACKETS: u8 = 3;
/// The shortest event that is sent (ITU-T Q.24: 40 ms is the least that a receiver must take).
pub const MIN_EVENT: Millis = Millis(40);
/// The gap between events where none is asked for.
pub const DEFAULT_GAP: Millis = Millis(50);
/// The longest event, a stuck key.
pub const MAX_EVENT: Millis = Millis::from_secs(60);

/// Packets in one tick at the most: one update, or the end of a segment and the start of the next.
const MAX_OUT: usize = 4;

/// There are [`MAX_WAITING`] events already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{MAX_WAITING} telephone events are waiting already")]
pub struct Full;

/// A packet of an event, to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventPacket {
    /// The event begins with it.
    pub marker: bool,
    /// Start of the event or segment.
    pub timestamp: Timestamp,
    /// What it says.
    pub payload: EventPayload,
}

#[derive(Clone, Copy, Debug)]
struct Order {
    event: TelephoneEvent,
    /// `None` lasts until it is released.
    duration: Option<Ticks>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Sounding { order: Order, start: Timestamp, before: Ticks, update_in: Ticks },
    Ending { packet: EventPacket, left: u8, next_in: Ticks, gap: Ticks },
    Gap(Ticks),
}

/// A sender.
#[derive(Clone, Debug)]
pub struct EventSender {
    unit: Ticks,
    update: Ticks,
    gap: Ticks,
    attenuation: u8,
    state: State,
    waiting: [Option<Order>; MAX_WAITING],
    out: [Option<EventPacket>; MAX_OUT],
}

impl EventSender {
    /// A sender on a media clock whose 10 ms are `unit`, with an update each `ptime`.
    pub fn new(unit: Ticks, ptime: Millis, gap: Millis, level: Dbm0) -> Self {
        Self {
            unit,
            update: in_ticks(unit, ptime).max(unit),
            gap: in_ticks(unit, gap),
            attenuation: EventPayload::attenuation_of(level),
            state: State::Idle,
            waiting: [None; MAX_WAITING],
            out: [None; MAX_OUT],
        }
    }

    /// Queues an event of this length, [`MIN_EVENT`] to [`MAX_EVENT`].
    pub fn send(&mut self, event: TelephoneEvent, duration: Millis) -> Result<(), Full> {
        let duration = in_ticks(self.unit, duration.clamp(MIN_EVENT, MAX_EVENT));
        self.queue(Order { event, duration: Some(duration) })
    }

    /// Queues an event that lasts until [`EventSender::release`].
    pub fn press(&mut self, event: TelephoneEvent) -> Result<(), Full> {
        self.queue(Order { event, duration: None })
    }

    /// The key that was pressed last is up: its event ends once it has lasted [`MIN_EVENT`].
    pub fn release(&mut self) {
        let least = in_ticks(self.unit, MIN_EVENT);
        if let Some(last) = self.waiting.iter_mut().flatten().last() {
            last.duration = last.duration.or(Some(least));
            return;
        }
        if let State::Sounding { order, .. } = &mut self.state {
            order.duration = order.duration.or(Some(least));
        }
    }

    /// True while sound gives way to an event.
    pub fn is_active(&self) -> bool {
        matches!(self.state, State::Sounding { .. }) || self.waiting.first().is_some_and(Option::is_some)
    }

    /// Moves on to `now` of the media clock, by one unit since the last tick.
    pub fn tick(&mut self, now: Timestamp) {
        match self.state {
            State::Idle => self.begin(now),
            State::Sounding { order, start, before, update_in } => {
                self.sound(now, order, start, before, update_in);
            }
            State::Ending { packet, left, next_in, gap } => {
                let gap = self.less(gap);
                let next_in = self.less(next_in);
                if next_in.0 > 0 {
                    self.state = State::Ending { packet, left, next_in, gap };
                } else {
                    self.push(packet);
                    self.state = match left {
                        0 | 1 => State::Gap(gap),
                        more => State::Ending { packet, left: more - 1, next_in: self.update, gap },
                    };
                }
                if let State::Gap(Ticks(0)) = self.state {
                    self.begin(now);
                }
            }
            State::Gap(left) => {
                let left = self.less(left);
                self.state = State::Gap(left);
                if left.0 == 0 {
                    self.begin(now);
                }
            }
        }
    }

    /// The next packet of this tick.
    pub fn poll(&mut self) -> Option<EventPacket> {
        let first = self.out.first_mut()?.take()?;
        self.out.rotate_left(1);
        Some(first)
    }

    fn queue(&mut self, order: Order) -> Result<(), Full> {
        *self.waiting.iter_mut().find(|place| place.is_none()).ok_or(Full)? = Some(order);
        Ok(())
    }

    /// Starts the next event that waits.
    fn begin(&mut self, now: Timestamp) {
        self.state = State::Idle;
        let Some(order) = self.waiting.first_mut().and_then(Option::take) else { return };
        self.waiting.rotate_left(1);
        // The first packet states one unit, the time until the next tick: a duration of zero would mean a
        // state, not a tone (clause 2.3.5).
        self.push(self.packet(order, now, self.unit, true, false));
        self.state = State::Sounding { order, start: now, before: Ticks(0), update_in: self.update };
    }

    fn sound(&mut self, now: Timestamp, order: Order, start: Timestamp, before: Ticks, update_in: Ticks) {
        let lasted = Ticks(now.since(start).max(0).unsigned_abs());
        let limit = in_ticks(self.unit, MAX_EVENT);
        let total = before.0.saturating_add(lasted.0);
        let over = total >= order.duration.unwrap_or(limit).0;
        if lasted > MAX_SEGMENT {
            let last = self.packet(order, start, MAX_SEGMENT, false, false);
            for _ in 0..END_PACKETS {
                self.push(last);
            }
            let start = start.after(MAX_SEGMENT);
            let before = Ticks(before.0 + MAX_SEGMENT.0);
            let rest = Ticks(lasted.0 - MAX_SEGMENT.0);
            self.push(self.packet(order, start, rest, false, false));
            self.state = State::Sounding { order, start, before, update_in: self.update };
        } else if over {
            let packet = self.packet(order, start, lasted, false, true);
            self.push(packet);
            self.state = State::Ending { packet, left: END_PACKETS - 1, next_in: self.update, gap: self.gap };
        } else {
            let mut update_in = self.less(update_in);
            if update_in.0 == 0 {
                self.push(self.packet(order, start, lasted, false, false));
                update_in = self.update;
            }
            self.state = State::Sounding { order, start, before, update_in };
        }
    }

    fn packet(
        &self,
        order: Order,
        timestamp: Timestamp,
        duration: Ticks,
        marker: bool,
        end: bool,
    ) -> EventPacket {
        let payload =
            EventPayload { number: order.event.number(), end, attenuation: self.attenuation, duration };
        EventPacket { marker, timestamp, payload }
    }

    /// `length` less one unit.
    fn less(&self, length: Ticks) -> Ticks {
        Ticks(length.0.saturating_sub(self.unit.0))
    }

    fn push(&mut self, packet: EventPacket) {
        if let Some(place) = self.out.iter_mut().find(|place| place.is_none()) {
            *place = Some(packet);
        }
    }
}

/// A length of time in ticks of a clock whose 10 ms are `unit`.
fn in_ticks(unit: Ticks, length: Millis) -> Ticks {
    Ticks((u64::from(length.0) * u64::from(unit.0) / 10).min(u64::from(u32::MAX)) as u32)
}

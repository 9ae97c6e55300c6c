//! The receiver of telephone events.
//!
//! # What
//! Reports each event once at its start and once at its end, whatever packets of it arrive.
//!
//! # How
//! An event is known by its timestamp. Its first packet to arrive begins it, be it an update or an end; a
//! packet with the end bit, a newer event, or silence for [`EVENT_TIMEOUT`] ends it. Packets of an event that
//! ended are repetitions. A segment that continues the one before it, without marker and just where that one
//! stopped, lengthens the event.
//!
//! # Limits
//! Events other than 0 to 16 are counted and ignored. A lone packet that is more than [`STALE`] older than the
//! newest event is a new clock rather than a latecomer. Reports that nobody polls fill up at [`MAX_REPORTS`]: then whole
//! events are ignored, so that one that was reported to begin is always reported to end.
//!
//! # Standard
//! RFC 4733 clause 2.5.2.

use crate::event::{EventPayload, MAX_SEGMENT, TelephoneEvent};
use crate::{ClockRate, Ticks, Timestamp};
use tipring_units::{Instant, Millis};

/// Silence after which an event is over: longer than two lost updates of 50 ms.
pub const EVENT_TIMEOUT: Millis = Millis(200);
/// Age at which an event's packet cannot be a latecomer.
pub const STALE: Millis = Millis::from_secs(10);

/// Reports that wait, at the most: the digits of a network stall.
pub const MAX_REPORTS: usize = 32;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventReport {
    /// An event began.
    Begin(TelephoneEvent),
    /// It ended after this long.
    End(TelephoneEvent, Millis),
}

#[derive(Clone, Copy, Debug)]
struct Running {
    event: TelephoneEvent,
    start: Timestamp,
    /// Length of earlier segments.
    before: u64,
    duration: Ticks,
    heard: Instant,
}

/// A receiver.
#[derive(Clone, Debug)]
pub struct EventReceiver {
    clock: ClockRate,
    running: Option<Running>,
    /// Timestamp of the last event or segment that ended.
    last: Option<Timestamp>,
    reports: [Option<EventReport>; MAX_REPORTS],
    ignored: u32,
}

impl EventReceiver {
    /// A receiver of events on this clock.
    pub fn new(clock: ClockRate) -> Self {
        Self { clock, running: None, last: None, reports: [None; MAX_REPORTS], ignored: 0 }
    }

    /// Durations are of this clock from now on.
    pub fn set_clock(&mut self, clock: ClockRate) {
        self.clock = clock;
    }

    /// Takes a packet.
    pub fn receive(&mut self, now: Instant, marker: bool, timestamp: Timestamp, payload: &[u8]) {
        let Some(payload) = EventPayload::parse(payload) else {
            self.ignored = self.ignored.wrapping_add(1);
            return;
        };
        let Some(event) = TelephoneEvent::new(payload.number) else {
            self.ignored = self.ignored.wrapping_add(1);
            return;
        };
        if let Some(running) = &mut self.running {
            let ahead = timestamp.since(running.start);
            if ahead == 0 && running.event == event {
                running.heard = now;
                running.duration = running.duration.max(payload.duration);
                if payload.end {
                    self.end();
                }
                return;
            }
            if ahead <= 0 && !is_stale(self.clock, ahead) {
                return; // a latecomer of an earlier event or segment
            }
            if !marker && event == running.event && ahead.unsigned_abs() == MAX_SEGMENT.0 {
                running.before += u64::from(MAX_SEGMENT.0);
                (running.start, running.duration, running.heard) = (timestamp, payload.duration, now);
                if payload.end {
                    self.end();
                }
                return;
            }
            self.end();
        } else if let Some(last) = self.last {
            let ahead = timestamp.since(last);
            if ahead <= 0 && !is_stale(self.clock, ahead) {
                return; // the second and third end packet, or a latecomer
            }
        }
        // The place of its end is kept for it.
        if self.reports.iter().filter(|place| place.is_none()).count() < 2 {
            self.ignored = self.ignored.wrapping_add(1);
            self.last = Some(timestamp);
            return;
        }
        self.push(EventReport::Begin(event));
        self.running =
            Some(Running { event, start: timestamp, before: 0, duration: payload.duration, heard: now });
        if payload.end {
            self.end();
        }
    }

    /// Ends an event whose packets stopped.
    pub fn tick(&mut self, now: Instant) {
        if self.running.is_some_and(|running| now >= running.heard + EVENT_TIMEOUT) {
            self.end();
        }
    }

    /// The source changed: its timestamps have nothing to do with what came before.
    pub fn restart(&mut self) {
        if self.running.is_some() {
            self.end();
        }
        self.last = None;
    }

    /// The event that sounds now.
    pub fn running(&self) -> Option<TelephoneEvent> {
        self.running.map(|running| running.event)
    }

    /// The next report.
    pub fn poll(&mut self) -> Option<EventReport> {
        let first = self.reports.first_mut()?.take()?;
        self.reports.rotate_left(1);
        Some(first)
    }

    /// Packets that made no sense or told of events that we do not know.
    pub fn ignored(&self) -> u32 {
        self.ignored
    }

    fn end(&mut self) {
        if let Some(running) = self.running.take() {
            let ticks = running.before + u64::from(running.duration.0);
            let millis = ticks * 1000 / u64::from(self.clock.0.max(1));
            self.last = Some(running.start);
            self.push(EventReport::End(running.event, Millis(millis.min(u64::from(u32::MAX)) as u32)));
        }
    }

    fn push(&mut self, report: EventReport) {
        if let Some(place) = self.reports.iter_mut().find(|place| place.is_none()) {
            *place = Some(report);
        }
    }
}

/// True if a packet `ahead` ticks from the newest event is of another clock rather than late.
fn is_stale(clock: ClockRate, ahead: i32) -> bool {
    u64::from(ahead.unsigned_abs()) > u64::from(STALE.0) * u64::from(clock.0) / 1000
}

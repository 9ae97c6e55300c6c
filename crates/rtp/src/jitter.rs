//! The jitter buffer.
//!
//! # What
//! Packets go in as they come; units of 10 ms come out as the line needs them, mostly one at a tick.
//!
//! # How
//! Media time is a *timeline* of 10 ms positions. Each packet is cut into units at their positions; each
//! [`JitterBuffer::pop`] takes the next position, found or not, so that loss, reordering, other packet times and
//! pauses need no cases of their own. What adapts is the *depth*: the time from the arrival of the fastest packet
//! to its playing. It is compared with what `DelayModel` wants, and moved:
//! - deeper, by concealing 10 ms without moving on where a unit is missing anyway, else by asking that the sound
//!   be made longer: in a quiet moment, at once after late packets, or after [`GROW_PATIENCE`];
//! - shallower, by leaving out units that are missing, else by asking that the sound be made shorter;
//! - freely, at the first packet after a pause.
//!
//! Who takes units may hold some of them ([`JitterBuffer::hold`]): that is part of the depth. A clock that drifts is
//! met by the speed at which sound is read ([`JitterBuffer::speed`]), before it shows as depth. A timestamp far off
//! starts a new timeline, once a second packet continues it or the marker says so; so does a run of packets that all
//! come too late. A fixed buffer keeps its depth by steps in silence, and else by its speed, once it is well off.
//! Missing sound is concealed for [`CONCEAL_LIMIT`] units if nothing newer is there, then it is silence.
//!
//! # Limits
//! A packet that is not whole units long (25 ms) loses the end of its last unit. Telephone events are played as such
//! only where their packets come in time. Packets that cannot be cut are those of `whole`.
//!
//! # Standard
//! RFC 3550 clause 5.1 (timestamps), RFC 3389 (comfort noise), RFC 4733 clause 2.6 (playout of events).

mod whole;

use self::whole::{Whole, is_silence};
use crate::bursts::Bursts;
use crate::delay::DelayModel;
use crate::drift::Drift;
use crate::event::EventPayload;
use crate::opus::MAX_OPUS_UNITS;
use crate::playout::{JitterConfig, JitterMode, JitterStatistics, Pace, Playout};
use crate::unit_store::{Content, UnitStore};
use crate::{ClockRate, Format, Header, PayloadMap, PayloadType, Timestamp};
use tipring_units::{Instant, Millis, Samples};

/// The deepest that a buffer can be asked to be.
pub const MAX_DEPTH: Millis = Millis(400);
/// Units cut from one packet at the most.
pub const MAX_PACKET_UNITS: usize = 20;
/// Missing units in a row that are concealed where nothing newer is there.
pub const CONCEAL_LIMIT: u32 = 10;
/// How long a shallow buffer waits for a quiet moment.
pub const GROW_PATIENCE: Millis = Millis(500);
/// How long a deep buffer waits for a quiet moment before it asks that speech be made shorter.
pub const SHRINK_PATIENCE: Millis = Millis(500);

const MILLI: i64 = 1_000_000;
const UNIT: i64 = 10 * MILLI;
/// Places beyond the deepest depth: a packet of the longest packet time and what comes early after a stall.
const SPARE_PLACES: usize = 32;
/// Places behind the next one to be played that may still hold bytes: of a packet whose first units came too late.
const LATE_PLACES: usize = MAX_OPUS_UNITS;
/// Bytes of comfort noise that are kept.
const MIN_WIDTH: usize = 16;
/// Below the wanted depth by this much it grows.
const GROW_AT: i64 = UNIT / 2;
/// Above it by this much it shrinks, a little later where that can be heard; more than one step from the other, so
/// that it does not swing.
const SHRINK_AT: i64 = UNIT + UNIT / 2;
const SHRINK_AT_IN_QUIET: i64 = UNIT;
/// Between two steps of sound: a word is at most a tenth faster or slower.
const STEP_PACE: Millis = Millis(100);
/// Between two steps in quiet, or when it is urgent.
const QUICK_PACE: Millis = Millis(20);
/// Deeper than allowed by this much, sound is left out as it comes.
const BEYOND: i64 = 25 * MILLI;
/// How far a fixed buffer may be off, as shares of its depth and at the most: in silence nothing is lost by a step; up to
/// the second every sample passes as it came, since a modem that follows its far end's clock is disturbed by another speed;
/// from there the speed brings it back to a quarter of that; beyond the third it steps, which the speed has not prevented.
const FIXED_SILENT: i64 = 6 * MILLI;
const FIXED_FREE: (i64, i64) = (5, 20 * MILLI);
const FIXED_SLACK: (i64, i64) = (2, 50 * MILLI);
/// Parts in a million of speed for each millisecond that it is off, beside the drift that is known, and the most.
const FIXED_PULL: (f32, f32) = (5.0, 100.0);
/// Drift that is not worth another speed, in parts in a million: at exact speed samples pass bit by bit.
const DRIFT_MIN: f32 = 4.0;
/// A packet this far behind or before the timeline is of another one.
const FAR: i64 = 1000 * MILLI;
/// Late packets in a row, and over what time, that start a new timeline.
const LATE_RUN: (u32, Millis) = (5, Millis(200));
/// The same after a pause, when nothing is lost by it.
const LATE_RUN_IN_PAUSE: (u32, Millis) = (3, Millis(40));
/// A tick this far from when it was due was a stall, not a wobble.
const STALL: i64 = 100 * MILLI;

/// What happens at the position that is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The first unit of the timeline has not been due yet.
    Filling,
    /// Sound was played, or has been concealed for so many units.
    Playing(u32),
    /// The sender pauses.
    Pause,
}

/// A buffer.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    formats: PayloadMap,
    store: UnitStore,
    model: DelayModel,
    /// Ticks of the media clock in a unit.
    ticks: i64,
    /// The newest timestamp and its place on the timeline in ticks.
    newest: Option<(Timestamp, i64)>,
    /// Position of the next unit to be played.
    next: i64,
    phase: Phase,
    /// When the next tick is due.
    due: Option<i64>,
    jump: Option<Timestamp>,
    late_run: Option<(Instant, u32)>,
    drift: Drift,
    speed: f32,
    /// A fixed buffer changes its depth by its speed.
    pulls: bool,
    /// Sound that was taken and has not been played, in nanoseconds.
    held: i64,
    shallow_since: Option<Instant>,
    deep_since: Option<Instant>,
    stepped: Option<Instant>,
    /// The next unit is missing and concealed without moving on.
    extends: bool,
    /// Units in a packet of the far end, and those that were played or missing since the last whole packet.
    packet_units: u32,
    partial: (u32, u32),
    bursts: Bursts,
    whole: Whole,
    statistics: JitterStatistics,
}

impl JitterBuffer {
    /// A buffer for these formats. All of its memory is allocated here.
    pub fn new(config: JitterConfig, formats: PayloadMap) -> Self {
        let (places, width) = room(config, &formats);
        Self::over(UnitStore::new(places, width), config, formats)
    }

    /// Begins anew in the memory that it has; more is allocated only if it never was so deep or its units so large.
    pub fn reset(&mut self, config: JitterConfig, formats: PayloadMap) {
        let (places, width) = room(config, &formats);
        let mut store = core::mem::replace(&mut self.store, UnitStore::HOLLOW);
        store.resize(places, width);
        *self = Self::over(store, config, formats);
    }

    /// A buffer without memory, which may only be replaced.
    pub(crate) fn hollow() -> Self {
        Self::over(UnitStore::HOLLOW, JitterConfig::default(), PayloadMap::new())
    }

    fn over(store: UnitStore, config: JitterConfig, formats: PayloadMap) -> Self {
        let config = within_limits(config);
        Self {
            store,
            model: DelayModel::new(config.start),
            ticks: 80,
            newest: None,
            next: 0,
            phase: Phase::Pause,
            due: None,
            jump: None,
            late_run: None,
            drift: Drift::new(),
            speed: 0.0,
            pulls: false,
            held: 0,
            shallow_since: None,
            deep_since: None,
            stepped: None,
            extends: false,
            packet_units: 2,
            partial: (0, 0),
            bursts: Bursts::default(),
            whole: Whole::default(),
            statistics: JitterStatistics::default(),
            config,
            formats,
        }
    }

    /// Other formats from now on. If their units are larger than any before, what waits is dropped.
    pub fn set_formats(&mut self, formats: PayloadMap) {
        let largest = formats.largest_unit().0;
        if largest > self.store.width() {
            self.store.resize(self.store.places(), largest);
        }
        self.formats = formats;
    }

    /// Another depth and mode from now on, in the memory that it has: deeper than it was made for it does not become.
    /// A fixed buffer takes its depth at once and in one step, so that none follows.
    pub fn set_config(&mut self, now: Instant, config: JitterConfig) {
        let most = self.store.places().saturating_sub(SPARE_PLACES + LATE_PLACES) * 10;
        let most = Millis(u32::try_from(most).unwrap_or(u32::MAX));
        self.config = within_limits(JitterConfig { max: config.max.min(most), ..config });
        if self.config.mode == JitterMode::Fixed && self.newest.is_some() && self.phase != Phase::Pause {
            let units = (self.target(now) - self.depth() + UNIT / 2).div_euclid(UNIT);
            for position in self.next..self.next.saturating_sub(units) {
                self.store.clear(position);
            }
            self.next = self.next.saturating_sub(units);
        }
    }

    /// Forgets what waits and the timeline: the source is another one. What was learned of the network stays.
    pub fn restart(&mut self) {
        self.store.clear_all();
        self.newest = None;
        self.jump = None;
        self.late_run = None;
        self.close_packet();
    }

    /// Takes a packet.
    pub fn push(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        let (unit, clock) = match self.formats.get(header.payload_type) {
            Some(Format::Audio { unit, clock, .. }) => (unit.0, clock),
            Some(Format::Opus { unit }) => return self.push_opus(now, header, unit.0, payload),
            Some(Format::ComfortNoise) => {
                (self.store.width(), ClockRate((self.ticks * 100).clamp(0, i64::from(u32::MAX)) as u32))
            }
            Some(Format::Events { clock }) => return self.push_event(now, clock.unit().0, header, payload),
            None => return,
        };
        if unit == 0 || clock.unit().0 == 0 || payload.is_empty() {
            return;
        }
        let count = payload.len().div_ceil(unit);
        if unit > self.store.width() || count > MAX_PACKET_UNITS {
            self.statistics.overflow += 1;
            return;
        }
        self.count_by(clock);
        let Some(first) = self.place(now, header, count as i64) else { return };
        let noise = self.formats.get(header.payload_type) == Some(Format::ComfortNoise);
        if !noise {
            self.packet_units = count as u32;
        }
        for (position, bytes) in (first..).zip(payload.chunks(unit)) {
            let length = bytes.len();
            let free = match self.store.content(position) {
                Content::Empty => true,
                Content::Sound { length: there, .. } => there < length,
                Content::Part(_) => false,
                Content::Noise { .. } => !noise,
                Content::Event { .. } => continue, // sound beside an event gives way to it
            };
            if position < self.next {
                continue; // that much of the packet came too late
            }
            if !free {
                self.statistics.duplicates += 1;
            } else if noise {
                self.store.put(position, Content::Noise { length }, bytes);
            } else {
                let payload_type = header.payload_type;
                self.store.put(position, Content::Sound { payload_type, length }, bytes);
            }
        }
    }

    /// A tick passes: how it is to be played. `quiet`: what was last played was soft, so that 10 ms more or less of it
    /// will not be heard. Then as many units as are needed can be taken.
    pub fn pace(&mut self, now: Instant, quiet: bool) -> Pace {
        let due = self.keep_time(now);
        self.drift.tick();
        self.extends = false;
        let pace = if self.newest.is_none() { Pace::Steady } else { self.step(now, quiet) };
        self.speed = self.fitting_speed(now);
        self.due = Some(due + UNIT);
        pace
    }

    /// Takes the next unit.
    pub fn take(&mut self) -> Playout<'_> {
        if self.newest.is_none() {
            self.phase = Phase::Pause;
            return self.play(None);
        }
        if core::mem::take(&mut self.extends) {
            return self.play(None);
        }
        self.next += 1;
        self.play(Some(self.next - 1))
    }

    /// True if the next unit is sound that is there.
    pub fn has_sound(&self) -> bool {
        let there = matches!(self.store.content(self.next), Content::Sound { .. } | Content::Part(_));
        self.newest.is_some() && (there || self.is_mended(self.next))
    }

    /// Tells how much of what was taken still waits to be played, after the tick has been played.
    pub fn hold(&mut self, held: Samples) {
        self.held = i64::try_from(held.0).unwrap_or(0) * UNIT / 80;
    }

    /// How much faster than the ticks the sound is to be read, in parts in a million.
    pub fn speed(&self) -> f32 {
        self.speed
    }

    /// Bursts of packets that were missing when they were due, since the start.
    pub fn bursts(&self) -> &Bursts {
        &self.bursts
    }

    /// The far end's packet time.
    pub fn packet_time(&self) -> Millis {
        Millis(10 * self.packet_units.max(1))
    }

    /// How it behaves.
    pub fn config(&self) -> JitterConfig {
        self.config
    }

    /// Statistics since the start.
    pub fn statistics(&self, now: Instant) -> JitterStatistics {
        let millis = |nanos: i64| Millis((nanos.max(0) / MILLI) as u32);
        let depth = if self.newest.is_some() { millis(self.depth()) } else { Millis::ZERO };
        let target = millis(self.target(now));
        JitterStatistics { depth, target, drift_ppm: self.drift.ppm() as i16, ..self.statistics }
    }

    fn fitting_speed(&mut self, now: Instant) -> f32 {
        let speed = match self.config.mode {
            JitterMode::Adaptive => self.drift.ppm(),
            JitterMode::Fixed if matches!(self.phase, Phase::Playing(_)) => {
                let (off, free) = (self.depth() - self.target(now), self.fixed_share(now, FIXED_FREE));
                self.pulls = off.abs() > if self.pulls { free / 4 } else { free };
                let pull = off as f32 / MILLI as f32 * FIXED_PULL.0;
                if self.pulls { self.drift.ppm() + pull.clamp(-FIXED_PULL.1, FIXED_PULL.1) } else { 0.0 }
            }
            JitterMode::Fixed => 0.0,
        };
        if speed.abs() < DRIFT_MIN { 0.0 } else { speed }
    }

    /// A share of a fixed buffer's depth, and no more than so much.
    fn fixed_share(&self, now: Instant, (part, most): (i64, i64)) -> i64 {
        (self.target(now) / part).min(most)
    }

    /// Compares the depth with what is wanted.
    fn step(&mut self, now: Instant, quiet: bool) -> Pace {
        self.skip(now);
        let off = self.depth() - self.target(now);
        let (low, high) = match (self.config.mode, quiet) {
            (JitterMode::Fixed, true) => (-FIXED_SILENT, FIXED_SILENT),
            (JitterMode::Fixed, false) => {
                let slack = self.fixed_share(now, FIXED_SLACK);
                (-slack, slack)
            }
            (JitterMode::Adaptive, true) => (-GROW_AT, SHRINK_AT_IN_QUIET),
            (JitterMode::Adaptive, false) => (-GROW_AT, SHRINK_AT),
        };
        if off > low {
            self.shallow_since = None;
        }
        if off < high {
            self.deep_since = None;
        }
        if !matches!(self.phase, Phase::Playing(_)) || (off > low && off < high) {
            Pace::Steady
        } else if off <= low {
            self.grow(now, quiet)
        } else {
            self.shrink(now, quiet)
        }
    }

    fn grow(&mut self, now: Instant, quiet: bool) -> Pace {
        let since = *self.shallow_since.get_or_insert(now);
        let missing = self.store.content(self.next) == Content::Empty && !self.is_mended(self.next);
        let quick = missing || quiet || self.model.is_urgent(now);
        let waited = now >= since + GROW_PATIENCE;
        if !(quick || waited) || !self.may_step(now, if quick { QUICK_PACE } else { STEP_PACE }) {
            return Pace::Steady;
        }
        self.statistics.grown += 1;
        self.extends = missing;
        if missing { Pace::Steady } else { Pace::Longer { force: quick || waited } }
    }

    fn shrink(&mut self, now: Instant, quiet: bool) -> Pace {
        let since = *self.deep_since.get_or_insert(now);
        let beyond = self.depth() >= self.deepest() + SHRINK_AT;
        let quick = quiet || beyond;
        let waited = now >= since + SHRINK_PATIENCE;
        if !(quick || waited) || !self.may_step(now, if quick { QUICK_PACE } else { STEP_PACE }) {
            return Pace::Steady;
        }
        self.statistics.shrunk += 1;
        Pace::Shorter { force: beyond }
    }

    /// Leaves out units that are missing where the buffer is too deep, which costs nothing; and any where it is
    /// far deeper than it may be.
    fn skip(&mut self, now: Instant) {
        while self.config.mode == JitterMode::Adaptive
            && self.depth() >= self.target(now) + SHRINK_AT
            && self.store.any_from(self.next)
            && (self.store.content(self.next) == Content::Empty || self.depth() >= self.deepest() + BEYOND)
        {
            if matches!(self.phase, Phase::Playing(_)) {
                self.note_unit(self.store.content(self.next) != Content::Empty);
            }
            self.store.clear(self.next);
            self.next += 1;
            self.statistics.shrunk += 1;
        }
    }

    fn deepest(&self) -> i64 {
        i64::from(self.config.max.0) * MILLI
    }

    /// Whether the last step was long enough ago; this is one, then.
    fn may_step(&mut self, now: Instant, pace: Millis) -> bool {
        let may = self.stepped.is_none_or(|at| now >= at + pace);
        if may {
            self.stepped = Some(now);
        }
        may
    }

    /// Plays what lies at `position`, or nothing of the timeline.
    fn play(&mut self, position: Option<i64>) -> Playout<'_> {
        let content = position.map_or(Content::Empty, |position| self.store.content(position));
        let at = position.unwrap_or(self.next);
        let mended = content == Content::Empty && position.is_some() && self.mends(at);
        self.phase = match (content, self.phase) {
            (Content::Sound { payload_type, length }, _) if self.describes_silence(payload_type, length) => {
                Phase::Pause
            }
            (Content::Part(part), _) if is_silence(part) => Phase::Pause,
            (Content::Sound { .. } | Content::Part(_), _) => Phase::Playing(0),
            (Content::Empty, _) if mended => Phase::Playing(0),
            (Content::Noise { .. } | Content::Event { .. }, _) => Phase::Pause,
            (Content::Empty, Phase::Playing(run)) if run < CONCEAL_LIMIT || self.store.any_from(at) => {
                Phase::Playing(run.saturating_add(1))
            }
            (Content::Empty, Phase::Playing(_) | Phase::Pause) => Phase::Pause,
            (Content::Empty, Phase::Filling) => Phase::Filling,
        };
        if position.is_some() {
            self.note_unit(mended || content != Content::Empty);
        }
        let statistics = &mut self.statistics;
        let count = match (content, self.phase) {
            (Content::Empty, Phase::Playing(_)) if mended => &mut statistics.repeated,
            (Content::Empty, Phase::Playing(_)) => &mut statistics.concealed,
            (Content::Empty, Phase::Pause | Phase::Filling) => &mut statistics.silent,
            (Content::Sound { .. } | Content::Part(_) | Content::Noise { .. } | Content::Event { .. }, _) => {
                &mut statistics.played
            }
        };
        *count = count.wrapping_add(1);
        if position.is_some() {
            self.store.clear(at);
        }
        match (content, self.phase) {
            (Content::Sound { payload_type, length }, _) => {
                Playout::Frame { payload_type, payload: self.store.bytes_of(at, length) }
            }
            (Content::Part(part), _) => self.play_part(at, part),
            (Content::Empty, _) if mended => self.play_mended(at),
            (Content::Noise { length }, _) => Playout::ComfortNoise(self.store.bytes_of(at, length)),
            (Content::Event { number }, _) => Playout::Event(number),
            (Content::Empty, Phase::Playing(_)) => Playout::Conceal,
            (Content::Empty, Phase::Pause | Phase::Filling) => Playout::Silence,
        }
    }

    /// Counts what was due, there or not, in packets of the far end's length.
    fn note_unit(&mut self, there: bool) {
        let units = self.packet_units.max(1);
        let (played, missing) = &mut self.partial;
        match (there, self.phase) {
            (false, Phase::Playing(_)) => *missing += 1,
            // That the sender fell silent is known now: what was missed was never sent.
            (false, Phase::Pause | Phase::Filling) => *missing = 0,
            (true, _) => {
                if *missing > 0 {
                    let packets = (core::mem::take(missing) + units / 2) / units;
                    (0..packets.max(1)).for_each(|_| self.bursts.missing());
                }
                *played += 1;
                if *played >= units {
                    *played = 0;
                    self.bursts.played();
                }
            }
        }
    }

    /// A unit of so many bytes is the codec's own description of silence.
    fn describes_silence(&self, payload_type: PayloadType, length: usize) -> bool {
        match self.formats.get(payload_type) {
            Some(Format::Audio { silence, .. }) => silence.0 == length && length > 0,
            Some(Format::Opus { .. } | Format::Events { .. } | Format::ComfortNoise) | None => false,
        }
    }

    /// Finds the position of a packet of `count` units, or counts why it has none.
    fn place(&mut self, now: Instant, header: &Header, count: i64) -> Option<i64> {
        let Some((newest, at)) = self.newest else {
            return Some(self.start(now, header.timestamp, false));
        };
        let ticks = at + i64::from(header.timestamp.since(newest));
        let position = self.position(ticks);
        let transit = self.transit(now, ticks);
        let base = self.model.base().unwrap_or(transit);
        let pause = self.phase == Phase::Pause;
        let off = transit - base;
        let ahead = position + count > self.next + self.places_ahead();
        if (pause || ahead) && header.marker && (ahead || off > self.target(now)) {
            return Some(self.start(now, header.timestamp, true));
        }
        if ahead || off.abs() > FAR {
            // After a pause nothing is lost by believing it; in the midst of speech it takes two.
            if pause || self.jump == Some(header.timestamp) {
                return Some(self.start(now, header.timestamp, true));
            }
            self.jump = Some(Timestamp(header.timestamp.0.wrapping_add((count * self.ticks) as u32)));
            self.statistics.overflow += 1;
            return None;
        }
        self.jump = None;
        self.model.note(now, transit);
        self.note_drift(transit);
        if pause && !self.store.any_from(self.next) {
            // The first packet after a pause: the depth is chosen freely.
            let base = self.model.base().unwrap_or(transit);
            let next = (self.due.unwrap_or(0) + self.held - base - self.target(now)).div_euclid(UNIT);
            if position >= next {
                self.next = next;
            }
        }
        if position + count <= self.next {
            self.statistics.late += 1;
            if !pause {
                let depth = self.depth();
                self.model.note_late(now, transit, depth);
            }
            let (since, run) = self.late_run.map_or((now, 1), |(since, run)| (since, run + 1));
            self.late_run = Some((since, run));
            let (packets, time) = if pause { LATE_RUN_IN_PAUSE } else { LATE_RUN };
            if run >= packets && now >= since + time {
                return Some(self.start(now, header.timestamp, true));
            }
            return None;
        }
        if position >= self.next {
            self.late_run = None;
        }
        if ticks > at {
            self.newest = Some((header.timestamp, ticks));
        }
        Some(position)
    }

    /// Places for what is to come.
    fn places_ahead(&self) -> i64 {
        self.store.places().saturating_sub(LATE_PLACES) as i64
    }

    /// Timestamps are of this clock from now on.
    fn count_by(&mut self, clock: ClockRate) {
        if i64::from(clock.unit().0) != self.ticks {
            self.ticks = i64::from(clock.unit().0);
            self.restart();
        }
    }

    /// Starts a timeline with a packet at position 0 that is played when the wanted depth has passed.
    fn start(&mut self, now: Instant, timestamp: Timestamp, again: bool) -> i64 {
        self.restart();
        self.newest = Some((timestamp, 0));
        let transit = self.transit(now, 0);
        self.model.rebase(transit);
        self.drift.rebase();
        self.model.note(now, transit);
        self.due.get_or_insert(now.as_nanos() as i64);
        self.next = (self.due.unwrap_or(0) + self.held - transit - self.target(now)).div_euclid(UNIT);
        self.phase = Phase::Filling;
        self.statistics.restarts += u32::from(again);
        0
    }

    /// Marks the time that a telephone event covers so far.
    fn push_event(&mut self, now: Instant, clock: u32, header: &Header, payload: &[u8]) {
        let Some(event) = EventPayload::parse(payload) else { return };
        if i64::from(clock) != self.ticks {
            return; // on another clock than the sound, so that it has no place beside it
        }
        let Some((newest, at)) = self.newest else {
            let last = Timestamp(header.timestamp.0.wrapping_add(event.duration.0).wrapping_sub(clock));
            let position = self.start(now, last, false);
            return self.store.put(position, Content::Event { number: event.number }, &[]);
        };
        let start = at + i64::from(header.timestamp.since(newest));
        let first = self.position(start).max(self.next);
        let end = self.position(start + i64::from(event.duration.0));
        let end = end.min(self.next + self.places_ahead());
        for position in first..end {
            self.store.put(position, Content::Event { number: event.number }, &[]);
        }
    }

    /// Follows the ticks and says when this one was due: they are 10 ms apart but for a wobble, and the clock
    /// that drives them may drift.
    fn keep_time(&mut self, now: Instant) -> i64 {
        let now = now.as_nanos() as i64;
        let due = self.due.unwrap_or(now);
        let error = now - due;
        let due = if error.abs() > STALL { now } else { due + error / 16 };
        self.due = Some(due);
        due
    }

    /// Takes a transit time for the estimate of drift, by the clock of the ticks.
    fn note_drift(&mut self, transit: i64) {
        if let Some(due) = self.due {
            self.drift.note(transit - due + self.drift.ticks() * UNIT);
        }
    }

    fn position(&self, ticks: i64) -> i64 {
        (ticks + self.ticks / 2).div_euclid(self.ticks)
    }

    /// Arrival less media time.
    fn transit(&self, now: Instant, ticks: i64) -> i64 {
        now.as_nanos() as i64 - ticks.saturating_mul(UNIT) / self.ticks
    }

    /// From the arrival of the fastest packets to their playing.
    fn depth(&self) -> i64 {
        let offset = self.due.unwrap_or(0) - self.next.saturating_mul(UNIT);
        offset + self.held - self.model.base().unwrap_or(offset)
    }

    fn target(&self, now: Instant) -> i64 {
        if self.config.mode == JitterMode::Fixed {
            return i64::from(self.config.start.0) * MILLI;
        }
        let (min, max) = (i64::from(self.config.min.0) * MILLI, i64::from(self.config.max.0) * MILLI);
        self.model.target(now).max(self.repairing_depth(now)).clamp(min, max)
    }
}

fn within_limits(config: JitterConfig) -> JitterConfig {
    let max = config.max.min(MAX_DEPTH).max(Millis(10));
    let min = config.min.min(max);
    JitterConfig { min, max, start: config.start.clamp(min, max), mode: config.mode }
}

/// Places and bytes of each that a buffer needs.
fn room(config: JitterConfig, formats: &PayloadMap) -> (usize, usize) {
    let places = within_limits(config).max.0 as usize / 10 + SPARE_PLACES + LATE_PLACES;
    (places, formats.largest_unit().0.max(MIN_WIDTH))
}

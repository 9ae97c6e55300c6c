//! One thread's share of the media plane: its lines with their signalling, its legs and bridges.
//!
//! # What it does
//! Each tick takes a frame and a report from the card for every line and the packets that came, and gives a frame and
//! at most one order for every line and the packets to send. Commands come between ticks, events go up by a
//! bounded queue.
//!
//! # How
//! The order within a tick is fixed: lines are sensed and heard, streams are played out, bridges mixed, frames
//! handed to the card, packets written. A line whose machine, voice path or player panics is made anew and faulted, a
//! leg that panics ends, and so do the legs of a bridge that does; their neighbours do not notice. What the card plays in one tick is the canceller's reference in the next.
//!
//! # Limits
//! [`MAX_EVENTS`] events wait at the most. When a line's event finds no room the line is marked and its latched
//! summary goes up as soon as there is. Events of the media plane that find no room are counted, see
//! [`Shard::dropped`].

mod balance;
mod line;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use core::net::SocketAddr;

use tipring_line::{FxsOut, Machine};
use tipring_media::{Crossed, Packets, Plane, Processing, Stage};
use tipring_port::{
    Audio, BalanceEnd, CardOrder, CardReport, Command, Event, LineProfile, LineSummary, LoopReading,
    TapPoint, TonePlan,
};
use tipring_units::{
    Entropy, Epoch, Instant, LegId, LineId, MediaSlot, SampleTime, Samples, ShardId, TICK_SAMPLES, WallTime,
};

use tipring_voice::PhraseBank;

use balance::Balance;
use line::LineUnit;

/// Events that wait for the control plane, at the most.
pub const MAX_EVENTS: usize = 1024;

/// What a shard is made of.
#[derive(Clone, Debug)]
pub struct ShardSetup {
    /// Its number.
    pub id: ShardId,
    /// Its first line; the others follow.
    pub first_line: LineId,
    /// The profile of each line, and whether it is in service.
    pub lines: Vec<(LineProfile, bool)>,
    /// RTP legs at the most.
    pub streams: usize,
    /// Tones into RTP legs.
    pub tones: TonePlan,
    /// The calendar at the start of the monotonic clock, for RTCP.
    pub started: WallTime,
}

/// What a card gives for one line in one tick.
#[derive(Clone, Copy, Debug)]
pub struct LineIn<A: Audio> {
    /// The sound from the line.
    pub frame: A::Frame,
    /// The loop.
    pub report: CardReport,
}

impl<A: Audio> LineIn<A> {
    /// Silence on a steady loop.
    pub fn steady(reading: LoopReading) -> Self {
        Self { frame: A::SILENCE, report: CardReport::steady(reading) }
    }
}

/// What a card takes for one line in one tick.
#[derive(Clone, Copy, Debug)]
pub struct LineOut<A: Audio> {
    /// The sound for the line.
    pub frame: A::Frame,
    /// An order, if there is one.
    pub order: Option<CardOrder>,
}

impl<A: Audio> LineOut<A> {
    /// Silence and no order.
    pub const SILENT: Self = Self { frame: A::SILENCE, order: None };
}

/// A stage of a line's tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineStage {
    /// Its signalling.
    Sense,
    /// What it begins to play.
    Play,
    /// The frame for its card.
    Out,
}

/// A shard.
pub struct Shard<A: Processing> {
    id: ShardId,
    first_line: u16,
    time: SampleTime,
    units: Vec<LineUnit>,
    plane: Plane<A>,
    balance: Balance<A>,
    events: VecDeque<Event>,
    refused: u64,
    dropped: u64,
}

impl<A: Processing> Shard<A> {
    /// A shard whose lines are in service and on-hook.
    pub fn new(setup: &ShardSetup, entropy: Entropy) -> Self {
        let unit = |(profile, in_service): &(LineProfile, bool)| LineUnit {
            machine: Machine::new(profile, Epoch::default(), *in_service),
            out: FxsOut::new(),
            profile: *profile,
            bridged: false,
            wants_summary: false,
            injured: None,
            coming: None,
            revision: 0,
            taken: None,
            network_due: true,
            was_off_hook: false,
        };
        let profiles: Vec<LineProfile> = setup.lines.iter().map(|(profile, _)| *profile).collect();
        Self {
            id: setup.id,
            first_line: setup.first_line.0,
            time: SampleTime(0),
            units: setup.lines.iter().map(unit).collect(),
            plane: Plane::new(
                setup.first_line,
                &profiles,
                setup.streams,
                &setup.tones,
                setup.started,
                entropy,
            ),
            balance: Balance::new(),
            events: VecDeque::with_capacity(MAX_EVENTS),
            refused: 0,
            dropped: 0,
        }
    }

    /// Gives it the phrases of its announcements, which it has none of at first. Not in a tick: what was there before may be
    /// freed.
    pub fn set_bank(&mut self, bank: &Arc<PhraseBank>) {
        self.plane.set_bank(bank);
    }

    /// Its number.
    pub fn id(&self) -> ShardId {
        self.id
    }

    /// Lines of this shard.
    pub fn line_count(&self) -> usize {
        self.units.len()
    }

    /// The time of its clock.
    pub fn time(&self) -> SampleTime {
        self.time
    }

    fn place(&self, line: LineId) -> Option<usize> {
        let place = usize::from(line.0.checked_sub(self.first_line)?);
        (place < self.units.len()).then_some(place)
    }

    fn line_at(&self, place: usize) -> LineId {
        LineId(self.first_line + place as u16)
    }

    /// Carries out a command of the control plane; its effects on cards come with the next tick.
    pub fn command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Line(line, epoch, command) => {
                let Some(place) = self.place(line) else {
                    self.refused += 1;
                    return;
                };
                let time = self.time;
                let unit = &mut self.units[place];
                let whole = guarded(|| unit.machine.command(time, epoch, command, &mut unit.out));
                if !whole {
                    self.restart(place);
                }
            }
            Command::Media(command) => {
                let (events, dropped) = (&mut self.events, &mut self.dropped);
                self.plane.command(now, command, &mut |event| {
                    *dropped += u64::from(!push(events, Event::Media(event)));
                });
            }
            Command::Profile(line, revision, profile) => match self.place(line) {
                Some(place) if self.units[place].revision <= revision => {
                    let unit = &mut self.units[place];
                    unit.revision = revision;
                    unit.coming = Some((revision, profile));
                }
                Some(_) | None => self.refused += 1,
            },
            Command::Tones(tones) => self.plane.set_tones(&tones),
            Command::Balance(line) => self.start_balance(line),
            Command::Learn(line) => self.start_learning(line),
            Command::Restart(line) => match self.place(line) {
                Some(place) => self.renew(place),
                None => self.refused += 1,
            },
        }
    }

    /// A packet arrived.
    pub fn receive(&mut self, now: Instant, slot: MediaSlot, from: SocketAddr, bytes: &[u8]) {
        let (events, dropped) = (&mut self.events, &mut self.dropped);
        self.plane.receive(now, slot, from, bytes, &mut |event| {
            *dropped += u64::from(!push(events, Event::Media(event)));
        });
    }

    /// A frame arrived from another shard.
    pub fn receive_crossed(&mut self, to: LegId, frame: &A::Frame) {
        let (events, dropped) = (&mut self.events, &mut self.dropped);
        self.plane.receive_crossed(to, frame, &mut |event| {
            *dropped += u64::from(!push(events, Event::Media(event)));
        });
    }

    /// One tick: `rx` and `tx` have one place for each line in order.
    pub fn tick(
        &mut self,
        now: Instant,
        rx: &[LineIn<A>],
        tx: &mut [LineOut<A>],
        packets: &mut Packets,
        cross: impl FnMut(Crossed<A>),
    ) {
        for (place, input) in rx.iter().enumerate().take(self.units.len()) {
            self.sense(place, input);
        }
        for place in 0..self.units.len() {
            self.take_profile(place);
        }
        let (events, dropped) = (&mut self.events, &mut self.dropped);
        let mut tell = |event| *dropped += u64::from(!push(events, Event::Media(event)));
        self.plane.hear_streams(now, &mut tell);
        self.plane.mix(&mut tell);
        for (place, output) in tx.iter_mut().enumerate().take(self.units.len()) {
            let line = self.line_at(place);
            let unit = &mut self.units[place];
            let order = unit.out.order.take().or_else(|| self.balance.order(place)).or_else(|| {
                // A machine that was made anew orders its feed first.
                let own = CardOrder::Present(unit.profile.impedance);
                let is_due = !unit.machine.is_fresh() && core::mem::take(&mut unit.network_due);
                is_due.then_some(own)
            });
            let order = order.or_else(|| unit.out.relay.take().map(CardOrder::Lifeline));
            *output = LineOut { frame: A::SILENCE, order };
            unit.out.next_tick();
            let (plane, bridged) = (&mut self.plane, unit.bridged);
            let injured = unit.injured.take_if(|stage| *stage == LineStage::Out).is_some();
            let whole = guarded(|| {
                assert!(!injured, "injured by a test");
                output.frame = plane.line_out(line, bridged);
            });
            if !whole {
                self.restart(place);
            }
            if let Some(frame) = self.balance.frame(place) {
                output.frame = frame;
            }
            self.end_announcement(place);
        }
        let (events, dropped) = (&mut self.events, &mut self.dropped);
        self.plane.send_streams(now, packets, cross, &mut |event| {
            *dropped += u64::from(!push(events, Event::Media(event)));
        });
        self.time = self.time + Samples(TICK_SAMPLES as u64);
    }

    /// The card of these lines has fallen silent, or reports again.
    pub fn card_silent(&mut self, silent: bool) {
        if let Some(place) = self.balance.place().filter(|_| silent) {
            self.end_balance(place, BalanceEnd::Interrupted);
        }
        for place in 0..self.units.len() {
            // What it was told meanwhile may be lost.
            self.units[place].network_due |= !silent;
            let (time, unit) = (self.time, &mut self.units[place]);
            if !guarded(|| unit.machine.card_silent(time, silent, &mut unit.out)) {
                self.restart(place);
            }
        }
    }

    /// The next event for the control plane.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What is true of a line now, whatever events were lost.
    pub fn summary(&self, line: LineId) -> Option<(Epoch, LineSummary)> {
        let unit = &self.units[self.place(line)?];
        Some((unit.machine.epoch(), unit.machine.summary()))
    }

    /// Takes what a tap has heard: each frame in order goes to `each`; returns how many were lost, `None` if the
    /// tap is not open.
    pub fn take_tap(&mut self, line: LineId, point: TapPoint, each: impl FnMut(&A::Frame)) -> Option<u32> {
        self.plane.take_tap(line, point, each)
    }

    /// Until when ticks with steady reports would change nothing, so that the simulator may skip them: `None` if
    /// the next tick counts, else a moment of this shard's clock (the last one there is, if nothing is due at all).
    pub fn quiet_until(&self) -> Option<SampleTime> {
        if !self.events.is_empty() || !self.plane.is_idle() || self.balance.place().is_some() {
            return None;
        }
        let mut until = SampleTime(u64::MAX);
        for unit in &self.units {
            // A line that is to take a profile looks in each tick whether it is idle; most are at once.
            let is_due = unit.coming.is_some() && unit.machine.is_idle();
            let has_to_tell = unit.wants_summary || unit.taken.is_some() || unit.network_due;
            if !unit.out.is_empty() || is_due || has_to_tell {
                return None;
            }
            if let Some(due) = unit.machine.next_wakeup() {
                until = until.min(due);
            }
        }
        (until > self.time).then_some(until)
    }

    /// Lets the clock run for `ticks` in which nothing happens.
    pub fn skip(&mut self, ticks: u64) {
        self.time = self.time + Samples(ticks * TICK_SAMPLES as u64);
    }

    /// Legs that exist, for the checkers.
    pub fn leg_count(&self) -> usize {
        self.plane.leg_count()
    }

    /// Commands for lines that this shard does not have.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Events of the media plane that found no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Packets that came for no leg.
    pub fn strays(&self) -> u64 {
        self.plane.strays()
    }

    /// Makes a leg's work panic in the next tick, as a defect would.
    pub fn injure_leg(&mut self, leg: LegId, stage: Stage) {
        self.plane.injure(leg, stage);
    }

    /// Makes a line panic when it comes to this stage, as a defect would.
    pub fn injure(&mut self, line: LineId, stage: LineStage) {
        if let Some(place) = self.place(line) {
            self.units[place].injured = Some(stage);
        }
    }
}

fn guarded(work: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_ok()
}

fn push(events: &mut VecDeque<Event>, event: Event) -> bool {
    if events.len() < MAX_EVENTS {
        events.push_back(event);
        true
    } else {
        false
    }
}

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

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use core::net::SocketAddr;

use tipring_line::{Fxs, FxsOut, Playing};
use tipring_media::{Crossed, LineVoice, Packets, Plane, Player, Processing, Stage};
use tipring_port::{
    Audio, BalanceEnd, CardOrder, CardReport, Command, Event, LineEvent, LineFault, LineProfile, LineSummary,
    LoopReading, TapPoint, TonePlan,
};
use tipring_units::{
    Entropy, Epoch, Instant, LegId, LineId, MediaSlot, SampleTime, Samples, ShardId, TICK_SAMPLES, WallTime,
};

use balance::Balance;

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

struct LineUnit {
    fxs: Fxs,
    out: FxsOut,
    profile: LineProfile,
    bridged: bool,
    wants_summary: bool,
    injured: Option<LineStage>,
    /// A profile that waits for the line to be idle, with its revision.
    coming: Option<(u64, Box<LineProfile>)>,
    /// The latest revision that the line was given a profile of.
    revision: u64,
    /// A revision whose profile was taken, to be told.
    taken: Option<u64>,
    /// The card has to be told the line's network.
    network_due: bool,
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
            fxs: Fxs::new(profile, Epoch::default(), *in_service),
            out: FxsOut::new(),
            profile: *profile,
            bridged: false,
            wants_summary: false,
            injured: None,
            coming: None,
            revision: 0,
            taken: None,
            network_due: true,
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
                let whole = guarded(|| unit.fxs.command(time, epoch, command, &mut unit.out));
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
                let is_due = !unit.fxs.is_fresh() && core::mem::take(&mut unit.network_due);
                is_due.then_some(own)
            });
            *output = LineOut { frame: A::SILENCE, order };
            unit.out.clear();
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
        }
        let (events, dropped) = (&mut self.events, &mut self.dropped);
        self.plane.send_streams(now, packets, cross, &mut |event| {
            *dropped += u64::from(!push(events, Event::Media(event)));
        });
        self.time = self.time + Samples(TICK_SAMPLES as u64);
    }

    fn sense(&mut self, place: usize, input: &LineIn<A>) {
        let line = self.line_at(place);
        let time = self.time;
        let unit = &mut self.units[place];
        let injured = unit.injured.take_if(|stage| *stage == LineStage::Sense).is_some();
        let whole = guarded(|| {
            assert!(!injured, "injured by a test");
            unit.fxs.tick(time, &input.report, &mut unit.out);
        });
        if !whole {
            self.restart(place);
        }
        let unit = &mut self.units[place];
        let off_hook = unit.fxs.summary().off_hook;
        if let Some(playing) = unit.out.playing.take() {
            unit.bridged = playing == Playing::Bridge;
            let injured = unit.injured.take_if(|stage| *stage == LineStage::Play).is_some();
            let plane = &mut self.plane;
            let whole = guarded(|| {
                assert!(!injured, "injured by a test");
                let Some(leg) = plane.line_leg(line) else { return };
                let tones = *leg.tones();
                match playing {
                    Playing::Nothing | Playing::Bridge => leg.player.stop(),
                    Playing::Tone(tone) => leg.player.tone(tone, tones.get(tone)),
                    Playing::CallerId { caller, signal } => leg.player.caller_id(&caller, signal),
                    Playing::Alert(length) => leg.player.alert(length),
                }
            });
            if !whole {
                self.restart(place);
            }
        }
        let unit = &mut self.units[place];
        let epoch = unit.fxs.epoch();
        for said in unit.out.events() {
            if matches!(said.event, LineEvent::Seized | LineEvent::Answered)
                && let Some(leg) = self.plane.line_leg(line)
            {
                // A path that cannot be cleared panics where it is used, and its line starts anew there.
                guarded(|| leg.voice.reset());
            }
            if !push(&mut self.events, Event::Line(line, said.epoch, said.event)) {
                unit.wants_summary = true;
            }
        }
        unit.wants_summary |= unit.out.wants_summary();
        // On-hook nothing but ringing and caller ID is on the wire; the voice path rests.
        let mut heard = None;
        if self.balance.place() == Some(place) {
            if !guarded(|| self.measure(place, input)) {
                self.restart(place);
            }
        } else if off_hook
            && !guarded(|| heard = self.plane.hear_line(line, &input.frame, input.report.bulk_delay))
        {
            self.restart(place);
        }
        let unit = &mut self.units[place];
        if let Some(heard) = heard {
            let digits = [
                heard.ended.map(|(digit, length)| LineEvent::Digit {
                    digit,
                    source: tipring_port::DigitSource::Dtmf,
                    length,
                }),
                heard.began.map(LineEvent::DigitBegan),
            ];
            for event in digits.into_iter().flatten() {
                if !push(&mut self.events, Event::Line(line, epoch, event)) {
                    unit.wants_summary = true;
                }
            }
        }
        if unit.wants_summary && self.events.len() < MAX_EVENTS / 2 {
            unit.wants_summary = false;
            push(&mut self.events, Event::Summary(line, unit.fxs.epoch(), unit.fxs.summary()));
        }
    }

    /// A line that is idle takes the profile that waits for that, and says so.
    fn take_profile(&mut self, place: usize) {
        let line = self.line_at(place);
        let unit = &mut self.units[place];
        // An order that the card has not been given yet belongs to what the line was doing.
        if unit.coming.is_some()
            && unit.fxs.is_idle()
            && unit.out.order.is_none()
            && let Some((revision, profile)) = unit.coming.take()
        {
            unit.taken = Some(revision);
            self.set_profile(line, &profile);
        }
        let unit = &mut self.units[place];
        if let Some(revision) = unit.taken
            && push(&mut self.events, Event::Profiled(line, revision))
        {
            unit.taken = None;
        }
    }

    /// Makes a line's machine anew after a panic, in the next epoch. A profile that waited is in force then.
    fn restart(&mut self, place: usize) {
        let line = self.line_at(place);
        if self.balance.place() == Some(place) {
            self.end_balance(place, BalanceEnd::Interrupted);
        }
        let unit = &mut self.units[place];
        if let Some((revision, profile)) = unit.coming.take() {
            unit.profile = *profile;
            unit.taken = Some(revision);
        }
        let epoch = unit.fxs.epoch();
        let in_service = unit.fxs.summary().in_service;
        unit.fxs = Fxs::new(&unit.profile, epoch.next(), in_service);
        unit.out.clear();
        unit.bridged = false;
        unit.network_due = true;
        self.plane.restart_line(line, &unit.profile);
        let told = [
            (epoch, LineEvent::Fault(LineFault::Panicked)),
            (epoch, LineEvent::Released),
            (epoch.next(), LineEvent::FaultCleared(LineFault::Panicked)),
        ];
        for (epoch, event) in told {
            unit.wants_summary |= !push(&mut self.events, Event::Line(line, epoch, event));
        }
    }

    /// Gives a line a new profile. Signalling takes it at once; the voice path starts anew.
    fn set_profile(&mut self, line: LineId, profile: &LineProfile) {
        if let Some(place) = self.place(line) {
            let unit = &mut self.units[place];
            unit.network_due |= unit.profile.impedance != profile.impedance;
            unit.profile = *profile;
            if guarded(|| unit.fxs.apply(profile)) {
                self.plane.set_profile(line, profile);
            } else {
                self.restart(place);
            }
        }
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
            if !guarded(|| unit.fxs.card_silent(time, silent, &mut unit.out)) {
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
        Some((unit.fxs.epoch(), unit.fxs.summary()))
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
            let is_due = unit.coming.is_some() && unit.fxs.is_idle();
            let has_to_tell = unit.wants_summary || unit.taken.is_some() || unit.network_due;
            if !unit.out.is_empty() || is_due || has_to_tell {
                return None;
            }
            if let Some(due) = unit.fxs.next_wakeup() {
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

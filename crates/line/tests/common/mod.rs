//! A small plant for these tests: one loop with ringers and a hook switch, and a card that executes programs. It is
//! independent of the laboratory's, and coarser.
#![allow(dead_code)] // each test file uses its part

use tipring_line::{Fxs, FxsOut, Playing, Said, Settings};
use tipring_port::{
    CardOrder, CardReport, Feed, LineCommand, LineEvent, LineProfile, LoopReading, Program, ProgramEnd,
    ProgramStep, READINGS_PER_TICK, RingPattern, RingRequest, Sense,
};
use tipring_units::{Epoch, Milliamps, SampleTime, Samples, Volts};

pub const BATTERY: f64 = 48.0;

pub fn settings() -> Settings {
    Settings::from(&LineProfile::laboratory())
}

/// Feed, loop, ringers and one telephone.
#[derive(Clone, Copy, Debug)]
pub struct Plant {
    pub source_ohms: f64,
    pub loop_ohms: f64,
    pub phone_ohms: f64,
    pub ren: f64,
    pub leak_ohms: f64,
    /// Another source on the pair: volts (peak, where it alternates), hertz, and ohms behind it.
    pub foreign: (f64, f64, f64),
    pub limit_ma: f64,
    pub closed: bool,
    /// The terminal grounds ring (ground start).
    pub grounded: bool,
    pub capacitor: f64,
    pub angle: f64,
    pub foreign_angle: f64,
}

impl Plant {
    pub fn new(ren: f64, loop_ohms: f64) -> Self {
        Self {
            source_ohms: 400.0,
            loop_ohms,
            phone_ohms: 300.0,
            ren,
            leak_ohms: 1e9,
            foreign: (0.0, 0.0, 1e9),
            limit_ma: 25.0,
            closed: false,
            grounded: false,
            capacitor: 0.0,
            angle: 0.0,
            foreign_angle: 0.0,
        }
    }

    /// One sample: current in mA and voltage at the card.
    fn sample(&mut self, feed: Feed) -> (f64, f64) {
        let step = 1.0 / 8000.0;
        let (ringer_ohms, farads) = (7000.0 / self.ren.max(1e-6), 8e-6 * self.ren.max(1e-6));
        let ringer = 1.0 / ringer_ohms;
        let (volts, hertz, ohms) = self.foreign;
        self.foreign_angle += hertz * step;
        let foreign = volts * (self.foreign_angle * std::f64::consts::TAU).cos() / ohms;
        let phone = 1.0 / self.leak_ohms + 1.0 / ohms + if self.closed { 1.0 / self.phone_ohms } else { 0.0 };
        let (volts, limited) = match feed {
            Feed::Open | Feed::TipOpen | Feed::Closed | Feed::RingGround => {
                let node = (self.capacitor * ringer + foreign) / (ringer + phone);
                self.capacitor += (node - self.capacitor) / ringer_ohms / farads * step;
                return (0.0, node);
            }
            Feed::Normal | Feed::Metering { reversed: false, .. } => (BATTERY, true),
            Feed::Reversed | Feed::Metering { reversed: true, .. } => (-BATTERY, true),
            Feed::Neon(voltage) => (f64::from(voltage.0), true),
            Feed::Ringing { frequency, level } => {
                self.angle += f64::from(frequency.0) * step;
                let peak = f64::from(level.0) * std::f64::consts::SQRT_2;
                (BATTERY + peak * (self.angle * std::f64::consts::TAU).sin(), false)
            }
        };
        if limited {
            self.angle = 0.0;
        }
        let series = self.source_ohms + self.loop_ohms;
        let mut node = (volts / series + self.capacitor * ringer + foreign) / (1.0 / series + phone + ringer);
        let mut current = (volts - node) / series;
        let limit = self.limit_ma / 1000.0;
        if limited && current.abs() > limit {
            current = limit.copysign(current);
            node = (current + self.capacitor * ringer + foreign) / (phone + ringer);
        }
        self.capacitor += (node - self.capacitor) / ringer_ohms / farads * step;
        (current * 1000.0, node + current * self.loop_ohms)
    }
}

/// A card with one line, the machine, and what it said and did.
pub struct Bench {
    pub plant: Plant,
    pub fxs: Fxs,
    pub out: FxsOut,
    pub said: Vec<Said>,
    /// It was asked for a report.
    asked: bool,
    pub played: Vec<(u64, Playing)>,
    pub orders: Vec<(u64, CardOrder)>,
    /// Hook switch: closes (`true`) or opens at this sample.
    pub switches: Vec<(u64, bool)>,
    pub now: u64,
    feed: Feed,
    program: Option<(Program, usize, u64)>,
    /// Samples in a row of ringing on a closed loop, and the most of them.
    ringing_closed: u64,
    pub longest_ringing_closed: u64,
    /// Random current on each reading, in mA, and hum of 50 Hz.
    pub noise_ma: f64,
    pub hum_ma: f64,
    seed: u64,
    /// Orders take effect so many samples late.
    pub lag: u64,
    late: Vec<(u64, CardOrder)>,
    /// The card reports the steps of a program.
    pub reports_steps: bool,
}

impl Bench {
    pub fn new(settings: Settings, plant: Plant) -> Self {
        let mut bench = Self {
            plant,
            fxs: Fxs::with_settings(settings, Epoch(1), true),
            out: FxsOut::new(),
            said: Vec::new(),
            asked: false,
            played: Vec::new(),
            orders: Vec::new(),
            switches: Vec::new(),
            now: 0,
            feed: Feed::Open,
            program: None,
            ringing_closed: 0,
            longest_ringing_closed: 0,
            noise_ma: 0.0,
            hum_ma: 0.0,
            seed: 1,
            lag: 0,
            late: Vec::new(),
            reports_steps: true,
        };
        bench.run(600);
        bench
    }

    pub fn simple() -> Self {
        Self::new(settings(), Plant::new(1.0, 300.0))
    }

    pub fn command(&mut self, command: LineCommand) {
        let epoch = self.fxs.epoch();
        self.command_in(epoch, command);
    }

    pub fn command_in(&mut self, epoch: Epoch, command: LineCommand) {
        self.asked |= command == LineCommand::Report;
        self.fxs.command(SampleTime(self.now), epoch, command, &mut self.out);
    }

    pub fn ring(&mut self) {
        self.command(LineCommand::Ring(RingRequest { pattern: RingPattern::new(&[]), caller: None }));
    }

    /// Closes or opens the loop `after` milliseconds from now.
    pub fn switch(&mut self, after: f64, closed: bool) {
        self.switches.push((self.now + (after * 8.0).round() as u64, closed));
        self.switches.sort_by_key(|(at, _)| *at);
    }

    /// The same, with contacts that chatter for `bounce` milliseconds.
    pub fn bouncing(&mut self, after: f64, closed: bool, bounce: f64) {
        let mut at = 0.0;
        for (index, part) in [0.12, 0.2, 0.08, 0.25, 0.15, 0.2].into_iter().enumerate() {
            self.switch(after + at * bounce, (index % 2 == 0) == closed);
            at += part;
        }
        self.switch(after + bounce, closed);
    }

    pub fn lift(&mut self) {
        self.switch(0.0, true);
        self.run(150);
    }

    pub fn run(&mut self, millis: u64) {
        for _ in 0..millis / 10 {
            self.tick();
        }
    }

    pub fn tick(&mut self) {
        let report = self.report();
        let now = self.now;
        self.now += 80;
        self.fxs.tick(SampleTime(now), &report, &mut self.out);
        self.said.extend(self.out.events());
        self.played.extend(self.out.playing.map(|playing| (self.now, playing)));
        if let Some(order) = self.out.order {
            self.orders.push((self.now, order));
            self.late.push((self.now + self.lag, order));
        }
        assert_eq!(self.out.wants_summary(), core::mem::take(&mut self.asked));
        self.out.clear();
    }

    fn report(&mut self) -> CardReport {
        let mut readings = [LoopReading::default(); READINGS_PER_TICK];
        let mut report = CardReport::steady(LoopReading::default());
        for (index, reading) in readings.iter_mut().enumerate() {
            let (mut current, mut voltage) = (0.0, 0.0);
            for sample in 0..8 {
                let at = self.now + index as u64 * 8 + sample;
                self.advance_program(at, &mut report);
                while let Some(&(due, closed)) = self.switches.first()
                    && due <= at
                {
                    self.plant.closed = closed;
                    self.switches.remove(0);
                }
                let (i, v) = self.plant.sample(self.feed);
                (current, voltage) = (current + i / 8.0, voltage + v / 8.0);
                let bad = self.plant.closed && matches!(self.feed, Feed::Ringing { .. });
                self.ringing_closed = if bad { self.ringing_closed + 1 } else { 0 };
                self.longest_ringing_closed = self.longest_ringing_closed.max(self.ringing_closed);
            }
            current += self.disturbance(self.now + index as u64 * 8);
            *reading = LoopReading {
                voltage: Volts(voltage as f32),
                current: Milliamps(current as f32),
                ground: Milliamps(if self.plant.grounded { 40.0 } else { 0.0 }),
            };
        }
        report.sense = Sense::Raw(readings);
        if !self.reports_steps {
            report.step = None;
        }
        report
    }

    fn disturbance(&mut self, at: u64) -> f64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = (self.seed >> 33) as f64 / f64::from(1_u32 << 30) - 1.0;
        let hum = (at as f64 / 8000.0 * 50.0 * std::f64::consts::TAU).sin();
        random * self.noise_ma + hum * self.hum_ma
    }

    fn advance_program(&mut self, at: u64, report: &mut CardReport) {
        while let Some(&(due, order)) = self.late.first()
            && due <= at
        {
            self.late.remove(0);
            match order {
                CardOrder::Feed(feed) => (self.feed, self.program) = (feed, None),
                CardOrder::Present(_) | CardOrder::Lifeline(_) => {}
                CardOrder::Run(program) => {
                    self.feed = program.steps()[0].feed;
                    self.program = Some((program, 0, at));
                    report.step = Some((program.id, 0, (at - self.now) as u8));
                }
            }
        }
        let Some((program, step, start)) = self.program else { return };
        let offset = (at - self.now) as u8;
        if at < start + program.steps()[step].length.0 {
            return;
        }
        let next = if step + 1 < program.steps().len() { Some(step + 1) } else { program.repeat_from() };
        match next {
            Some(next) => {
                self.feed = program.steps()[next].feed;
                self.program = Some((program, next, at));
                report.step = Some((program.id, next as u8, offset));
            }
            None => {
                self.program = None;
                report.ended = Some(ProgramEnd::Completed(program.id, offset));
            }
        }
    }

    pub fn feed(&self) -> Feed {
        self.feed
    }

    pub fn rings_now(&self) -> bool {
        matches!(self.feed, Feed::Ringing { .. })
    }

    /// The events so far, without their times; forgets them.
    pub fn take(&mut self) -> Vec<LineEvent> {
        core::mem::take(&mut self.said).into_iter().map(|said| said.event).collect()
    }

    /// The moment of an event in ms after `since`.
    pub fn millis_of(&self, event: LineEvent, since: u64) -> Option<f64> {
        let said = self.said.iter().find(|said| said.event == event)?;
        Some((said.at.0 as f64 - since as f64) / 8.0)
    }
}

pub fn steady(current: f32) -> CardReport {
    CardReport::steady(LoopReading {
        voltage: Volts(48.0),
        current: Milliamps(current),
        ..LoopReading::default()
    })
}

pub fn step(feed: Feed, millis: u32) -> ProgramStep {
    ProgramStep { feed, length: Samples(u64::from(millis) * 8) }
}

//! An exchange as a few numbers: battery, ringing, breaks, another telephone on the line.
#![allow(dead_code)] // each test file uses its part

use tipring_line::{Fxo, FxsOut, Playing};
use tipring_port::{
    CardOrder, CardReport, Feed, FxoProfile, LineCommand, LineEvent, LineProfile, LoopReading, Overheard,
    Program, ProgramEnd, READINGS_PER_TICK, Sense, Text,
};
use tipring_units::{Epoch, Hz, Milliamps, SampleTime, Samples, Volts};

/// What the exchange does to the line.
#[derive(Clone, Copy, Debug)]
pub struct Office {
    /// Tip minus ring without load.
    pub battery: f32,
    /// Ringing on top of it, while the loop is open.
    pub ring: Option<(Hz, Volts)>,
    /// The loop is open at the exchange.
    pub broken: bool,
    /// Another telephone on the line is off-hook.
    pub parallel: bool,
    /// Ground start: tip is open until ring is grounded.
    pub tip_open: bool,
}

impl Office {
    pub const PLAIN: Self =
        Self { battery: 48.0, ring: None, broken: false, parallel: false, tip_open: false };
}

/// A machine on such a line.
pub struct Bench {
    pub fxo: Fxo,
    pub out: FxsOut,
    pub office: Office,
    pub now: u64,
    pub feed: Feed,
    pub events: Vec<(f64, LineEvent)>,
    pub played: Vec<(f64, Playing)>,
    /// Each change of what the port does, exact to the sample.
    pub feeds: Vec<(f64, Feed)>,
    pub metering: u8,
    program: Option<(Program, usize, u64)>,
    angle: f64,
    ended: Option<ProgramEnd>,
}

/// The laboratory's outside line, with changes.
pub fn line(change: impl FnOnce(&mut LineProfile, &mut FxoProfile)) -> LineProfile {
    let mut profile = LineProfile::laboratory();
    let mut fxo = FxoProfile::laboratory();
    change(&mut profile, &mut fxo);
    LineProfile { fxo: Some(fxo), ..profile }
}

impl Bench {
    pub fn new(profile: &LineProfile) -> Self {
        let mut bench = Self {
            fxo: Fxo::new(profile, Epoch(0), true).expect("an outside line"),
            out: FxsOut::new(),
            office: Office::PLAIN,
            now: 0,
            feed: Feed::Closed,
            events: Vec::new(),
            played: Vec::new(),
            feeds: Vec::new(),
            metering: 0,
            program: None,
            angle: 0.0,
            ended: None,
        };
        bench.run(1000);
        assert_eq!(bench.take(), [LineEvent::InUse(false)], "free at the start");
        bench
    }

    pub fn plain() -> Self {
        Self::new(&line(|_, _| {}))
    }

    pub fn command(&mut self, command: LineCommand) {
        let epoch = self.fxo.epoch();
        self.fxo.command(SampleTime(self.now), epoch, command, &mut self.out);
    }

    pub fn seize(&mut self, digits: &str) {
        self.command(LineCommand::Seize(Text::new(digits)));
    }

    pub fn hear(&mut self, heard: Overheard) {
        self.fxo.overheard(SampleTime(self.now), heard, &mut self.out);
        // It is heard within a tick, whose frame it still changes.
        if let Some(playing) = self.out.playing.take() {
            self.played.push((self.now as f64 / 8.0 - 10.0, playing));
        }
    }

    /// Runs for so many milliseconds.
    pub fn run(&mut self, millis: u64) {
        for _ in 0..millis / 10 {
            self.tick();
        }
    }

    /// Rings for so many milliseconds.
    pub fn ring(&mut self, millis: u64) {
        self.office.ring = Some((Hz(20.0), Volts(75.0)));
        self.run(millis);
        self.office.ring = None;
    }

    /// The events since the last time.
    pub fn take(&mut self) -> Vec<LineEvent> {
        self.events.drain(..).map(|(_, event)| event).collect()
    }

    pub fn is_on_hook(&self) -> bool {
        self.feed == Feed::Open
    }

    fn tick(&mut self) {
        let mut readings = [LoopReading::default(); READINGS_PER_TICK];
        let mut report = CardReport::steady(LoopReading::default());
        report.ended = self.ended.take();
        for (index, reading) in readings.iter_mut().enumerate() {
            self.advance(self.now + index as u64 * 8);
            *reading = self.look();
        }
        report.sense = Sense::Raw(readings);
        report.metering = core::mem::take(&mut self.metering);
        self.fxo.tick(SampleTime(self.now), &report, &mut self.out);
        for said in self.out.events() {
            self.events.push((said.at.0 as f64 / 8.0, said.event));
        }
        if let Some(playing) = self.out.playing {
            self.played.push((self.now as f64 / 8.0, playing));
        }
        self.now += 80;
        match self.out.order {
            Some(CardOrder::Feed(feed)) => {
                self.program = None;
                self.change(self.now, feed);
            }
            Some(CardOrder::Run(program)) => {
                self.change(self.now, program.steps()[0].feed);
                self.program = Some((program, 0, self.now + program.steps()[0].length.0));
            }
            Some(CardOrder::Present(_) | CardOrder::Lifeline(_)) | None => {}
        }
        self.out.clear();
    }

    fn change(&mut self, at: u64, feed: Feed) {
        if self.feed != feed {
            self.feed = feed;
            self.feeds.push((at as f64 / 8.0, feed));
        }
    }

    fn advance(&mut self, at: u64) {
        while let Some((program, step, until)) = self.program {
            if at < until {
                break;
            }
            match program.steps().get(step + 1) {
                Some(next) => {
                    self.change(until, next.feed);
                    self.program = Some((program, step + 1, until + next.length.0));
                }
                None => {
                    self.program = None;
                    self.ended = Some(ProgramEnd::Completed(program.id, 0));
                }
            }
        }
    }

    /// One millisecond at the port.
    fn look(&mut self) -> LoopReading {
        let office = self.office;
        let mut volts = if office.broken || office.tip_open { 0.0 } else { office.battery };
        let mut source = 700.0;
        if let Some((frequency, level)) = office.ring {
            self.angle += f64::from(frequency.0) / 1000.0;
            volts += (f64::from(level.0)
                * std::f64::consts::SQRT_2
                * (self.angle * std::f64::consts::TAU).sin()) as f32;
            source = 1000.0;
        } else {
            self.angle = 0.0;
        }
        let port = if self.feed == Feed::Closed { Some(200.0) } else { None };
        let load: f32 = port.into_iter().chain(office.parallel.then_some(200.0)).map(|ohms| 1.0 / ohms).sum();
        let across = if load > 0.0 { volts / (1.0 + source * load) } else { volts };
        let current = port.map_or(0.0, |ohms| across / ohms * 1000.0);
        LoopReading { voltage: Volts(across), current: Milliamps(current), ground: Milliamps(0.0) }
    }
}

/// The time of the first event like `wanted`.
pub fn at(bench: &Bench, wanted: LineEvent) -> Option<f64> {
    bench.events.iter().find(|(_, event)| *event == wanted).map(|(at, _)| *at)
}

/// So many samples in milliseconds.
pub fn millis(samples: Samples) -> f64 {
    samples.0 as f64 / 8.0
}

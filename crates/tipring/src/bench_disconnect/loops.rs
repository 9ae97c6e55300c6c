//! Breaks and reversals of the loop: how soon the machine of an outside line takes one for clearing, and what the line's own
//! transients make it do.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use tipring_line::{Fxo, FxsOut};
use tipring_port::{
    AnswerSign, CardOrder, CardReport, ClearSign, Feed, LineCommand, LineEvent, LineProfile, LoopReading,
    READINGS_PER_TICK, Sense, Text,
};
use tipring_units::{Entropy, Epoch, Milliamps, Millis, SampleTime, Volts};

use crate::client::print;

/// Ticks until a call that was dialled is up.
const DIALLED: usize = 600;
/// Trials of a row.
const TRIALS: usize = 60;
/// Milliseconds of the breaks on either side of the shortest that clears a call.
const BREAKS: [usize; 10] = [10, 50, 100, 150, 180, 190, 200, 210, 250, 350];

/// The exchange's side of the loop, in thousandths of a second.
#[derive(Clone, Copy)]
struct Loop {
    /// Current without disturbance, its sign the polarity.
    current: f32,
    broken: bool,
    /// What the line adds, and the share of the current that is left.
    added: f32,
    left: f32,
}

/// A call on an outside line.
struct Call {
    fxo: Fxo,
    out: FxsOut,
    feed: Feed,
    now: u64,
}

impl Call {
    /// A call that was answered, over a loop of this current.
    fn up(profile: &LineProfile, line: &mut Loop) -> Result<Self> {
        let Some(fxo) = Fxo::new(profile, Epoch(0), true) else { anyhow::bail!("not an outside line") };
        let mut call = Self { fxo, out: FxsOut::new(), feed: Feed::Open, now: 0 };
        for _ in 0..100 {
            call.tick(|| *line);
        }
        let epoch = call.fxo.epoch();
        call.fxo.command(SampleTime(call.now), epoch, LineCommand::Seize(Text::new("1")), &mut call.out);
        for _ in 0..DIALLED {
            call.tick(|| *line);
        }
        let reversal = profile.fxo.is_some_and(|fxo| fxo.answer == AnswerSign::Reversal);
        if reversal {
            line.current = -line.current;
        }
        let mut up = !reversal;
        for _ in 0..100 {
            up |= call.tick(|| *line).is_some_and(|event| matches!(event, LineEvent::FarAnswered(_)));
        }
        ensure!(up && call.feed == Feed::Closed, "the call of the bench did not come about");
        Ok(call)
    }

    /// Ten milliseconds; what was told, clearing before all else.
    fn tick(&mut self, mut line: impl FnMut() -> Loop) -> Option<LineEvent> {
        let mut readings = [LoopReading::default(); READINGS_PER_TICK];
        for reading in &mut readings {
            let line = line();
            let current = if line.broken || self.feed == Feed::Open { 0.0 } else { line.current * line.left };
            let current = if self.feed == Feed::Open { 0.0 } else { current + line.added };
            let open = if line.broken { 0.0 } else { 48.0_f32.copysign(line.current) };
            let voltage = if self.feed == Feed::Open { open } else { current * 0.2 };
            *reading =
                LoopReading { voltage: Volts(voltage), current: Milliamps(current), ground: Milliamps(0.0) };
        }
        let mut report = CardReport::steady(readings[0]);
        report.sense = Sense::Raw(readings);
        self.fxo.tick(SampleTime(self.now), &report, &mut self.out);
        let told: Vec<LineEvent> = self.out.events().map(|said| said.event).collect();
        match self.out.order {
            Some(CardOrder::Feed(feed)) => self.feed = feed,
            Some(CardOrder::Run(program)) => {
                self.feed = program.steps().last().map_or(self.feed, |step| step.feed);
            }
            Some(CardOrder::Present(_) | CardOrder::Lifeline(_)) | None => {}
        }
        self.out.clear();
        self.now += 80;
        let cleared = told.iter().find(|event| matches!(event, LineEvent::FarCleared(_)));
        cleared.or(told.first()).copied()
    }
}

/// Prints the rows of the loop.
pub fn run(seed: u64, minutes: usize) -> Result<usize> {
    let outside = |reversal: bool| -> Result<LineProfile> {
        let country = tipring_country::Country::named("us")?;
        let mut fxo = country.fxo_profile();
        fxo.answer = if reversal { AnswerSign::Reversal } else { AnswerSign::AtOnce };
        fxo.clear.reversal = reversal;
        fxo.dial_when = tipring_port::DialWhen::Pause(Millis(1000));
        Ok(LineProfile { fxo: Some(fxo), ..country.line_profile() })
    };
    print(
        "\nThe loop, 16 to 60 mA with up to 2 mA of hum: seconds until it is taken for clearing, then false alarms in an hour of",
    )?;
    print(
        "transients, one every 2 s: breaks of up to 150 ms, surges of either sign up to 30 ms, sags to a third for up to 2 s",
    )?;
    let mut all = 0;
    for (name, reversal) in [("loop break (CPC)", false), ("reversal", true)] {
        let profile = outside(reversal)?;
        let mut entropy = Entropy::for_simulation(seed);
        let mut times = Vec::new();
        for _ in 0..TRIALS {
            let mut line = quiet(&mut entropy);
            let mut call = Call::up(&profile, &mut line)?;
            if reversal {
                line.current = -line.current;
            } else {
                line.broken = true;
            }
            let from = call.now;
            for _ in 0..100 {
                let told = call.tick(|| hum(line, &mut entropy));
                let right = match told {
                    Some(LineEvent::FarCleared(ClearSign::LoopBreak(_))) => !reversal,
                    Some(LineEvent::FarCleared(ClearSign::Reversal)) => reversal,
                    Some(_) | None => false,
                };
                if right {
                    times.push((call.now - from) as f64 / 8000.0);
                    break;
                }
            }
        }
        times.sort_by(f64::total_cmp);
        let share = 100.0 * times.len() as f64 / TRIALS as f64;
        let (median, worst) = (times.get(times.len() / 2), times.last());
        let alarms = transients(&profile, minutes, &mut entropy)?;
        all += alarms;
        let hours = minutes as f64 / 60.0;
        print(&format!(
            "{name:<28} {share:>5.1}% {:>6.2} {:>6.2}   {:>5.1} in {hours:.2} hours",
            median.copied().unwrap_or(f64::NAN),
            worst.copied().unwrap_or(f64::NAN),
            alarms as f64 / hours.max(1e-9)
        ))?;
    }
    breaks(&outside(false)?, &mut Entropy::for_simulation(seed))?;
    Ok(all)
}

/// Prints the share of breaks that are taken for clearing, by their length.
fn breaks(profile: &LineProfile, entropy: &mut Entropy) -> Result<()> {
    let mut row = String::new();
    for length in BREAKS {
        let mut cleared = 0;
        for _ in 0..TRIALS {
            let mut line = quiet(entropy);
            let mut call = Call::up(profile, &mut line)?;
            let from = entropy.below(80) as usize;
            let mut at = 0;
            let is_cleared = (0..100).any(|_| {
                let told = call.tick(|| {
                    at += 1;
                    hum(Loop { broken: (from..from + length).contains(&at), ..line }, entropy)
                });
                matches!(told, Some(LineEvent::FarCleared(_)))
            });
            cleared += usize::from(is_cleared);
        }
        let _ = write!(row, "  {length}: {}%", 100 * cleared / TRIALS);
    }
    let least = profile.fxo.map_or(Millis(0), |fxo| fxo.clear.loop_break);
    print(&format!("breaks taken for clearing, by their milliseconds (asked for: {least}):{row}"))?;
    Ok(())
}

fn quiet(entropy: &mut Entropy) -> Loop {
    Loop { current: 16.0 + 44.0 * entropy.unit(), broken: false, added: 0.0, left: 1.0 }
}

/// The line with a hum of up to 2 mA.
fn hum(line: Loop, entropy: &mut Entropy) -> Loop {
    Loop { added: line.added + 4.0 * (entropy.unit() - 0.5), ..line }
}

/// How often transients are taken for clearing; each time there is a new call.
fn transients(profile: &LineProfile, minutes: usize, entropy: &mut Entropy) -> Result<usize> {
    let (mut alarms, mut ticks) = (0, 0);
    'calls: while ticks < minutes * 6000 {
        let mut line = quiet(entropy);
        let mut call = Call::up(profile, &mut line)?;
        while ticks < minutes * 6000 {
            let (wait, kind) = (1000 + entropy.below(2000), entropy.below(3));
            let (length, disturbed) = match kind {
                0 => (1 + entropy.below(150), Loop { broken: true, ..line }),
                1 => (1 + entropy.below(30), Loop { added: 120.0 * (entropy.unit() - 0.5), ..line }),
                _ => (200 + entropy.below(1800), Loop { left: 0.33, ..line }),
            };
            let mut at = 0;
            while at < wait + length {
                let told = call.tick(|| {
                    at += 1;
                    hum(if at > wait && at <= wait + length { disturbed } else { line }, entropy)
                });
                ticks += 1;
                if matches!(told, Some(LineEvent::FarCleared(_))) {
                    alarms += 1;
                    continue 'calls;
                }
            }
        }
    }
    Ok(alarms)
}

//! The blocks of the voice path by themselves, one of each for every line, on what the lines of a load hear and say.

use std::hint::black_box;

use tipring_dsp::{Bank, DcBlock, DtmfDetector, EchoCanceller, EchoConfig, Gain, TimeScaler};
use tipring_media::{Coder, SampleCoder};
use tipring_port::{CodecName, Frame, LineProfile, SAMPLE_SILENCE, TonePlan};
use tipring_units::{Db, Samples, TICK_SAMPLES};

use super::watch::Start;

/// The blocks, in the order of the table.
pub const NAMES: [&str; 6] = [
    "echo canceller",
    "digit detector",
    "bank, from the line",
    "bank, to the line",
    "G.711, concealment, stretching",
    "dc block, gains",
];

/// One line's blocks.
struct Parts {
    canceller: EchoCanceller,
    digits: DtmfDetector,
    banks: [Bank; 2],
    coder: SampleCoder,
    stretch: TimeScaler,
    dc: DcBlock,
    gains: [Gain; 2],
    /// What was played a tick before.
    sent: Frame,
}

/// The blocks of all lines.
pub struct AllParts {
    lines: Vec<Parts>,
    clean: Vec<Frame>,
    cost: [f64; NAMES.len()],
    ticks: usize,
}

impl AllParts {
    /// As many as `lines` of this profile need.
    pub fn new(profile: &LineProfile, lines: u16) -> Self {
        let tail = profile.echo_tail.millis();
        let canceller =
            || EchoCanceller::new(EchoConfig { tail, delay: Samples(0), ..EchoConfig::default() });
        let bank = || Bank::new(&TonePlan::SILENT);
        let parts = |_| Parts {
            canceller: canceller(),
            digits: DtmfDetector::default(),
            banks: [bank(), bank()],
            coder: SampleCoder::new(CodecName::Pcmu),
            stretch: TimeScaler::new(),
            dc: DcBlock::new(),
            gains: [Gain::new(Db(0.0)), Gain::new(Db(0.0))],
            sent: SAMPLE_SILENCE,
        };
        Self {
            lines: (0..lines).map(parts).collect(),
            clean: vec![SAMPLE_SILENCE; usize::from(lines)],
            cost: [0.0; NAMES.len()],
            ticks: 0,
        }
    }

    /// One tick of each block over all lines, given what came from each line and what it is given. Costs count from when
    /// `counts` is true.
    pub fn tick<'f>(&mut self, lines: impl Iterator<Item = (&'f Frame, &'f Frame)>, counts: bool) {
        let (heard, given): (Vec<&Frame>, Vec<&Frame>) = lines.unzip();
        let mut cost = [0.0; NAMES.len()];
        let clean = &mut self.clean;
        let all = &mut self.lines;
        cost[5] = timed(|| {
            for ((parts, clean), heard) in all.iter_mut().zip(clean.iter_mut()).zip(&heard) {
                *clean = **heard;
                parts.dc.process(clean);
                parts.gains[0].process(clean);
                let mut out = *clean;
                parts.gains[1].process(&mut out);
                black_box(&out);
            }
        });
        cost[0] = timed(|| {
            for (parts, clean) in all.iter_mut().zip(clean.iter_mut()) {
                parts.canceller.process(clean, &parts.sent);
            }
        });
        cost[1] = timed(|| {
            for (parts, clean) in all.iter_mut().zip(clean.iter()) {
                black_box(parts.digits.process(clean));
            }
        });
        cost[2] = timed(|| {
            for (parts, clean) in all.iter_mut().zip(clean.iter()) {
                black_box(parts.banks[0].process(clean));
            }
        });
        cost[3] = timed(|| {
            for (parts, given) in all.iter_mut().zip(&given) {
                black_box(parts.banks[1].process(given));
            }
        });
        cost[4] = timed(|| {
            for (parts, clean) in all.iter_mut().zip(clean.iter()) {
                let mut unit = [0; TICK_SAMPLES];
                parts.coder.encode(clean, &mut unit);
                let frame = parts.coder.decode(CodecName::Pcmu, &unit);
                parts.stretch.push(&frame);
                black_box(parts.stretch.pull());
            }
        });
        for (parts, given) in all.iter_mut().zip(&given) {
            parts.sent = **given;
        }
        if counts {
            self.ticks += 1;
            for (sum, cost) in self.cost.iter_mut().zip(cost) {
                *sum += cost;
            }
        }
    }

    /// Nanoseconds of a tick of one line, by block.
    pub fn costs(&self) -> [f64; NAMES.len()] {
        self.cost.map(|cost| cost / (self.ticks.max(1) * self.lines.len().max(1)) as f64)
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Start::now();
    work();
    start.took().cpu
}

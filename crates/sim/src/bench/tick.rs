//! The cost of one tick of one line.
//!
//! # What it does
//! Brings lines into a state and ticks a shard that has nothing else.
//!
//! # How
//! First the laboratory is run with one line in the state and what its card gives is kept. That is then given to all lines
//! of another shard, which does the same, so that the laboratory costs nothing while it is measured. The
//! baseline is a plain filter of [`BASELINE_TAPS`] taps over one frame: how fast the machine is.
//!
//! # Limits
//! All lines do the same at the same time.
//!
//! # Standard
//! None.

use core::net::SocketAddr;

use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::{Coder, Packets, SampleCoder};
use tipring_port::{
    CallerId, CodecName, Command, Direction, DtmfMode, EventType, Frame, JitterSpec, LegSpec, LineCommand,
    LineProfile, MAX_PAYLOAD_TYPES, MediaCommand, OpusWish, PayloadType, RingRequest, RtpClock, RtpSpec,
    SAMPLE_SILENCE, Samples, SilenceMode, Text, Tone,
};
use tipring_units::{BridgeId, Entropy, Instant, LegId, LineId, MediaSlot, Millis, ShardId, TICK, WallTime};

use super::speech::speech;
use crate::lab::{Lab, Place};
use crate::mouth::Talk;
use crate::phone::{Action, Dialling, PhoneSpec};
use crate::plant::LineSpec;

/// A moment of the caller's clock, in nanoseconds.
pub type Nanos = u64;

/// Ticks before a state counts as reached.
pub const WARM_TICKS: usize = 250;
/// Ticks that can be measured then: a whole ring cadence.
pub const MEASURED_TICKS: usize = 600;
/// Taps of the baseline's filter: those of an echo canceller for 32 ms.
pub const BASELINE_TAPS: usize = 256;

/// What a line does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LineState {
    /// On-hook.
    Idle,
    /// Off-hook with dial tone.
    DialTone,
    /// Keys over dial tone.
    Dialling,
    /// Ringing with caller ID.
    Ringing,
    /// A call by RTP with G.711, both ends talking.
    Talking,
}

impl LineState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Idle, Self::DialTone, Self::Dialling, Self::Ringing, Self::Talking];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::DialTone => "dial tone",
            Self::Dialling => "dialling",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What a card gives in a state, tick by tick, and the far ends' payloads.
pub struct Script {
    state: LineState,
    profile: LineProfile,
    inputs: Vec<LineIn<Samples>>,
    payloads: Vec<[u8; 80]>,
}

impl Script {
    /// Runs the laboratory and keeps what its card gives.
    pub fn record(state: LineState, profile: &LineProfile) -> Self {
        let mut entropy = Entropy::for_simulation(11);
        let spec = LineSpec { phones: vec![PhoneSpec::default()], ..LineSpec::default() };
        let mut lab = Lab::<Samples>::new(&[spec], &mut entropy.fork());
        let mut coder = SampleCoder::new(CodecName::Pcmu);
        let payload = |frame: &Frame| {
            let mut unit = [0; 80];
            coder.encode(frame, &mut unit);
            unit
        };
        let length = WARM_TICKS + MEASURED_TICKS;
        let mut script = Self {
            state,
            profile: *profile,
            inputs: Vec::with_capacity(length),
            payloads: speech(length / 100 + 1, &mut entropy).iter().map(payload).collect(),
        };
        let said: Vec<i16> = speech(length / 100 + 1, &mut entropy).into_iter().flatten().collect();
        let mut bench = script.bench(1);
        let mut out = LineOut::SILENT;
        for tick in 0..length {
            script.act(tick, &mut lab, &said);
            let (frame, report) = lab.exchange(LineId(0), out.frame, out.order);
            script.inputs.push(LineIn { frame, report });
            bench.tick(&script, tick);
            out = bench.tx[0];
        }
        script
    }

    /// The telephone's part.
    fn act(&self, tick: usize, lab: &mut Lab<Samples>, said: &[i16]) {
        let place = Place { line: LineId(0), phone: 0 };
        let action = match (self.state, tick) {
            (LineState::DialTone | LineState::Dialling | LineState::Talking, 100) => Action::OffHook,
            (LineState::Dialling, 200 | 400 | 600 | 800) => Action::Dial("0123456789".into(), Dialling::Dtmf),
            (LineState::Talking, 150) => Action::Say(Talk::Samples(said.to_vec())),
            _ => return,
        };
        // The telephone is there and has nothing else to do.
        let _ = lab.act(place, action);
    }

    /// A shard whose lines this script will be given to.
    pub fn bench(&self, lines: u16) -> Bench {
        let setup = ShardSetup {
            id: ShardId(0),
            first_line: LineId(0),
            lines: vec![(self.profile, true); usize::from(lines)],
            streams: usize::from(lines),
            tones: self.profile.tones,
            started: WallTime(1_700_000_000_000_000),
        };
        Bench {
            shard: Shard::new(&setup, Entropy::for_simulation(3)),
            rx: Vec::with_capacity(usize::from(lines)),
            tx: vec![LineOut::SILENT; usize::from(lines)],
            packets: Packets::with_capacity(usize::from(lines) * 4),
            now: Instant::ZERO,
            lines,
            sent: 0,
        }
    }

    /// Nanoseconds of a tick of one line of `lines`, the least of `rounds` runs.
    pub fn time(&self, lines: u16, rounds: u32, clock: &mut dyn FnMut() -> Nanos) -> f64 {
        let mut least = f64::INFINITY;
        for _ in 0..rounds {
            let mut bench = self.bench(lines);
            bench.run(self, 0, WARM_TICKS);
            let start = clock();
            bench.run(self, WARM_TICKS, MEASURED_TICKS);
            let line_ticks = MEASURED_TICKS as f64 * f64::from(lines);
            least = least.min((clock() - start) as f64 / line_ticks);
        }
        least
    }
}

/// A shard under load.
pub struct Bench {
    shard: Shard<Samples>,
    rx: Vec<LineIn<Samples>>,
    tx: Vec<LineOut<Samples>>,
    packets: Packets,
    now: Instant,
    lines: u16,
    sent: usize,
}

impl Bench {
    /// Runs `ticks` of a script from tick `first` on; returns the packets sent so far.
    pub fn run(&mut self, script: &Script, first: usize, ticks: usize) -> usize {
        for tick in first..first + ticks {
            self.tick(script, tick);
        }
        self.sent
    }

    fn tick(&mut self, script: &Script, tick: usize) {
        self.rx.clear();
        if let Some(input) = script.inputs.get(tick) {
            self.rx.resize(usize::from(self.lines), *input);
        }
        for line in 0..self.lines {
            self.order(script, tick, line);
        }
        self.packets.clear();
        self.shard.tick(self.now, &self.rx, &mut self.tx, &mut self.packets, |_| ());
        self.sent += self.packets.len();
        while self.shard.poll().is_some() {}
        self.now += TICK;
    }

    /// The control plane's and the far end's part for one line.
    fn order(&mut self, script: &Script, tick: usize, line: u16) {
        let (now, id) = (self.now, LineId(line));
        let Some((epoch, _)) = self.shard.summary(id) else { return };
        let (own, far) = (LegId(u64::from(line)), LegId(10_000 + u64::from(line)));
        let bridge = BridgeId(u64::from(line));
        let mut media = |command| self.shard.command(now, Command::Media(command));
        match (script.state, tick) {
            (LineState::Talking, 140) => {
                media(MediaCommand::Open(own, LegSpec::Line(id)));
                media(MediaCommand::Open(far, LegSpec::Rtp(stream(line))));
                media(MediaCommand::Join(bridge, own));
                media(MediaCommand::Join(bridge, far));
            }
            (LineState::DialTone | LineState::Dialling, 140) => {
                self.shard.command(now, Command::Line(id, epoch, LineCommand::Play(Tone::Dial)));
            }
            (LineState::Ringing, 240) => {
                let caller = CallerId {
                    date: None,
                    number: Ok(Text::new("5550123")),
                    name: Some(Ok(Text::new("FRONT DESK"))),
                };
                let pattern = script.profile.ring.pattern;
                let ring = LineCommand::Ring(RingRequest { pattern, caller: Some(caller) });
                self.shard.command(now, Command::Line(id, epoch, ring));
            }
            _ => {}
        }
        if script.state == LineState::Talking && tick > 140 && tick.is_multiple_of(2) {
            let payloads = script.payloads.get(tick..tick + 2).unwrap_or_default();
            let mut packet = [0; 172];
            packet[0] = 0x80;
            packet[2..4].copy_from_slice(&(tick as u16 / 2).to_be_bytes());
            packet[4..8].copy_from_slice(&(tick as u32 * 80).to_be_bytes());
            packet[11] = 9;
            for (place, unit) in packet[12..].chunks_exact_mut(80).zip(payloads) {
                place.copy_from_slice(unit);
            }
            self.shard.receive(now, MediaSlot(line), FAR, &packet);
        }
    }
}

/// Where the far ends of the benches are.
pub const FAR: SocketAddr =
    SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 9)), 4000);

/// G.711 with 20 ms, as it is usual, at this media slot.
pub fn stream(slot: u16) -> RtpSpec {
    let kind = PayloadType { number: 0, codec: CodecName::Pcmu };
    let mut receive = [None; MAX_PAYLOAD_TYPES];
    receive[0] = Some(kind);
    RtpSpec {
        slot: MediaSlot(slot),
        remote_rtp: FAR,
        remote_rtcp: SocketAddr::new(FAR.ip(), 4001),
        send: kind,
        receive,
        receive_events: [Some(EventType { number: 101, clock: RtpClock::K8 }), None],
        event_clock: RtpClock::K8,
        receive_noise: None,
        silence: SilenceMode::Sent,
        ptime: Millis(20),
        opus: OpusWish::default(),
        dtmf: DtmfMode::Events(101),
        direction: Direction::BOTH,
        jitter: JitterSpec { min: Millis(20), max: Millis(200), fixed: false },
        cname: Text::new("bench"),
    }
}

/// Nanoseconds of the baseline, the least of `rounds` runs.
pub fn baseline(rounds: u32, clock: &mut dyn FnMut() -> Nanos) -> f64 {
    const RUNS: u32 = 1000;
    let taps = [0.5_f32; BASELINE_TAPS];
    let mut history = [1.0_f32; BASELINE_TAPS + SAMPLE_SILENCE.len()];
    let mut least = f64::INFINITY;
    for _ in 0..rounds {
        let start = clock();
        for run in 0..RUNS {
            history[run as usize % BASELINE_TAPS] = run as f32;
            let mut sum = 0.0_f32;
            for window in history.windows(BASELINE_TAPS).take(SAMPLE_SILENCE.len()) {
                let mut lanes = [0.0_f32; 8];
                let (taps, window) = (taps.as_chunks::<8>().0, window.as_chunks::<8>().0);
                for (a, b) in taps.iter().zip(window) {
                    for lane in 0..8 {
                        lanes[lane] += a[lane] * b[lane];
                    }
                }
                sum += lanes.iter().sum::<f32>();
            }
            core::hint::black_box(sum);
        }
        least = least.min((clock() - start) as f64 / f64::from(RUNS));
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_reached_and_kept() {
        for state in LineState::ALL {
            let script = Script::record(state, &LineProfile::laboratory());
            let mut bench = script.bench(2);
            bench.run(&script, 0, WARM_TICKS + 100);
            for line in 0..2 {
                let (_, summary) = bench.shard.summary(LineId(line)).unwrap();
                let off_hook =
                    matches!(state, LineState::DialTone | LineState::Dialling | LineState::Talking);
                assert_eq!(
                    (summary.off_hook, summary.ringing),
                    (off_hook, state == LineState::Ringing),
                    "{state:?}"
                );
                let sounds = bench.tx[usize::from(line)].frame != SAMPLE_SILENCE;
                let sounding =
                    matches!(state, LineState::DialTone | LineState::Dialling | LineState::Talking);
                assert_eq!(sounds, sounding, "{state:?}");
            }
            assert_eq!(bench.sent > 100, state == LineState::Talking, "{state:?}: {} packets", bench.sent);
            assert_eq!(LineState::from_word(state.word()), Some(state));
        }
    }
}

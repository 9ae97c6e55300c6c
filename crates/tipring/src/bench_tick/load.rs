//! A shard with many lines in calls.
//!
//! # What it does
//! Makes lines, each in a call by RTP with G.711, and gives them tick by tick what a card and a network would: a telephone's
//! sound with the echo of its line, and packets of the far end that come a little late.
//!
//! # How
//! Who talks when follows the model of conversation of ITU-T P.59: one alone, both, none, for exponential times with the means of
//! its table 1. Calls begin and packets leave spread over ticks, as they do when people make them. Lines share
//! some voices, each at a place of its own. All of this is made before the clock is looked at.
//!
//! # Limits
//! One shard on one thread. Nobody dials, and no packet is lost.
//!
//! # Standard
//! ITU-T P.59 (table 1 and clause 4), G.711.

use clap::ValueEnum;
use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::{Coder, Packets, SampleCoder};
use tipring_port::{
    CardReport, CodecName, Command, Frame, LegSpec, LineProfile, LoopReading, MediaCommand, SAMPLE_SILENCE,
    Samples,
};
use tipring_sim::bench::speech::speech;
use tipring_sim::bench::tick::{FAR, stream};
use tipring_units::{
    BridgeId, Entropy, Instant, LegId, LineId, MediaSlot, Milliamps, ShardId, TICK, TICK_SAMPLES, Volts,
    WallTime,
};

use super::watch::{Start, Took};

/// Ticks before anything is measured: calls begin in the first, and cancellers learn in the others.
pub const WARM_TICKS: usize = 400;
/// Ticks over which the calls' begin is spread.
const BEGIN_TICKS: usize = 100;
/// Ticks that a handset is off its hook before its call.
const HOOK_TICKS: usize = 20;
/// The loop with the handset in its cradle and off it.
const ON_HOOK: LoopReading =
    LoopReading { voltage: Volts(48.0), current: Milliamps(0.0), ground: Milliamps(0.0) };
const OFF_HOOK: LoopReading =
    LoopReading { voltage: Volts(8.0), current: Milliamps(24.0), ground: Milliamps(0.0) };
/// Voices that the lines share, and seconds of each.
const VOICES: usize = 24;
const VOICE_SECONDS: usize = 9;
/// Mean square root of the noise in pauses, as a uniform peak: about -68 dBm0.
const NOISE: u32 = 12;
/// Mean times of the model of conversation in ticks: one talks, both do, none does (P.59: 854, 226, 456 ms).
const ALONE: f32 = 85.4;
const BOTH: f32 = 22.6;
const NONE: f32 = 45.6;
/// After one alone, chance in a hundred that both talk; else none does.
const INTERRUPTED: f32 = 40.0;
/// Chances in a hundred that a packet comes a tick late, and two.
const LATE: [f32; 2] = [16.0, 3.0];
/// Packets of one line that can be under way.
const UNDER_WAY: usize = 4;
/// An echo path: the hybrid's first taps, and a far reflection with its delay in samples.
const HYBRID: [f32; 6] = [0.05, 0.22, -0.18, 0.12, -0.06, 0.02];
const REFLECTION: (usize, f32) = (57, 0.08);

/// Who talks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Talk {
    /// As people do in a conversation.
    Conversation,
    /// Both ends of every call, all the time.
    All,
    /// Nobody.
    None,
}

impl Talk {
    /// The words of a table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::All => "all talk at once",
            Self::None => "nobody talks",
        }
    }
}

/// Voices and their coded form, shared by lines and loads.
pub struct Voices {
    tracks: Vec<Vec<Frame>>,
    coded: Vec<Vec<[u8; TICK_SAMPLES]>>,
}

impl Voices {
    /// Voices of a seed; the last track is the noise of a pause.
    pub fn new(seed: u64) -> Self {
        let mut entropy = Entropy::for_simulation(seed);
        let mut tracks: Vec<Vec<Frame>> = (0..VOICES).map(|_| speech(VOICE_SECONDS, &mut entropy)).collect();
        for frame in tracks.iter_mut().flatten() {
            frame.iter_mut().for_each(|sample| *sample += hiss(&mut entropy));
        }
        let length = tracks.first().map_or(1, Vec::len);
        let pause = |_| core::array::from_fn(|_| hiss(&mut entropy));
        tracks.push((0..length).map(pause).collect());
        let mut coder = SampleCoder::new(CodecName::Pcmu);
        let mut coded = |frame: &Frame| {
            let mut unit = [0; TICK_SAMPLES];
            coder.encode(frame, &mut unit);
            unit
        };
        let coded = tracks.iter().map(|track| track.iter().map(&mut coded).collect()).collect();
        Self { tracks, coded }
    }

    /// The place of a voice's tick.
    fn place(&self, voice: usize, talks: bool, tick: usize) -> (usize, usize) {
        let track = if talks { voice % VOICES } else { VOICES };
        (track, tick % self.tracks[track].len())
    }
}

fn hiss(entropy: &mut Entropy) -> i16 {
    entropy.below(2 * NOISE + 1) as i16 - NOISE as i16
}

/// One side's voice and where it is in it.
#[derive(Clone, Copy, Debug)]
struct Speaker {
    voice: usize,
    offset: usize,
    talks: bool,
}

/// A conversation's state: who talks, and for how many ticks still.
#[derive(Clone, Copy, Debug)]
struct Conversation {
    near: Speaker,
    far: Speaker,
    left: u32,
    /// Who talks alone next, after both or none.
    near_is_next: bool,
}

impl Conversation {
    fn step(&mut self, talk: Talk, entropy: &mut Entropy) {
        match talk {
            Talk::All => (self.near.talks, self.far.talks) = (true, true),
            Talk::None => (self.near.talks, self.far.talks) = (false, false),
            Talk::Conversation if self.left > 0 => self.left -= 1,
            Talk::Conversation => {
                let alone = self.near.talks != self.far.talks;
                let mean = if !alone {
                    (self.near.talks, self.far.talks) = (self.near_is_next, !self.near_is_next);
                    ALONE
                } else if entropy.chance(INTERRUPTED) {
                    (self.near.talks, self.far.talks) = (true, true);
                    BOTH
                } else {
                    (self.near.talks, self.far.talks) = (false, false);
                    NONE
                };
                self.near_is_next = entropy.chance(50.0);
                self.left = (-mean * (1.0 - entropy.unit()).max(1e-6).ln()) as u32;
            }
        }
    }
}

/// Shares of the time in which each end talks, and both, over so many ticks of one conversation.
#[cfg(test)]
pub fn talking(ticks: u32) -> (f32, f32, f32) {
    let mut entropy = Entropy::for_simulation(1);
    let speaker = Speaker { voice: 0, offset: 0, talks: false };
    let mut conversation = Conversation { near: speaker, far: speaker, left: 0, near_is_next: true };
    let mut counts = (0, 0, 0);
    for _ in 0..ticks {
        conversation.step(Talk::Conversation, &mut entropy);
        let (near, far) = (conversation.near.talks, conversation.far.talks);
        counts = (counts.0 + i32::from(near), counts.1 + i32::from(far), counts.2 + i32::from(near && far));
    }
    let share = |count: i32| count as f32 / ticks as f32;
    (share(counts.0), share(counts.1), share(counts.2))
}

/// A packet on its way.
#[derive(Clone, Copy, Debug)]
struct Flying {
    due: usize,
    bytes: [u8; PACKET],
}

/// Bytes of a packet of 20 ms.
pub const PACKET: usize = 12 + 2 * TICK_SAMPLES;

/// One call.
struct Call {
    conversation: Conversation,
    /// Tick in which it begins, which is the phase of its packets too.
    begin: usize,
    number: u16,
    flying: [Option<Flying>; UNDER_WAY],
    first_half: [u8; TICK_SAMPLES],
    entropy: Entropy,
    /// The last two frames that the card played, for the echo.
    played: [i16; 2 * TICK_SAMPLES],
}

/// A shard with its load.
pub struct Load<'a> {
    shard: Shard<Samples>,
    voices: &'a Voices,
    talk: Talk,
    calls: Vec<Call>,
    rx: Vec<LineIn<Samples>>,
    tx: Vec<LineOut<Samples>>,
    packets: Packets,
    now: Instant,
    tick: usize,
    sent: u64,
}

impl<'a> Load<'a> {
    /// `lines` lines of this profile.
    pub fn new(voices: &'a Voices, profile: &LineProfile, lines: u16, talk: Talk, seed: u64) -> Self {
        let setup = ShardSetup {
            id: ShardId(0),
            first_line: LineId(0),
            lines: vec![(*profile, true); usize::from(lines)],
            streams: usize::from(lines),
            tones: profile.tones,
            started: WallTime(1_700_000_000_000_000),
        };
        let mut entropy = Entropy::for_simulation(seed);
        let speaker = |entropy: &mut Entropy| Speaker {
            voice: entropy.below(VOICES as u32) as usize,
            offset: entropy.below(VOICE_SECONDS as u32 * 100) as usize,
            talks: false,
        };
        let call = |line: u16| Call {
            conversation: Conversation {
                near: speaker(&mut entropy),
                far: speaker(&mut entropy),
                left: entropy.below(60),
                near_is_next: line.is_multiple_of(2),
            },
            begin: HOOK_TICKS + usize::from(line) % BEGIN_TICKS,
            number: line,
            flying: [None; UNDER_WAY],
            first_half: [0xff; TICK_SAMPLES],
            entropy: entropy.fork(),
            played: [0; 2 * TICK_SAMPLES],
        };
        let silent = LineIn { frame: SAMPLE_SILENCE, report: CardReport::steady(ON_HOOK) };
        Self {
            calls: (0..lines).map(call).collect(),
            shard: Shard::new(&setup, Entropy::for_simulation(seed)),
            voices,
            talk,
            rx: vec![silent; usize::from(lines)],
            tx: vec![LineOut::SILENT; usize::from(lines)],
            packets: Packets::with_capacity(usize::from(lines) * 2),
            now: Instant::ZERO,
            tick: 0,
            sent: 0,
        }
    }

    /// One tick and what it took. What comes of card and network is made before and not counted.
    pub fn tick(&mut self) -> Took {
        self.begin_calls();
        self.make_inputs();
        self.packets.clear();
        let (now, tick) = (self.now, self.tick);
        let start = Start::now();
        for (slot, call) in self.calls.iter().enumerate() {
            for flying in call.flying.iter().flatten().filter(|flying| flying.due == tick) {
                self.shard.receive(now, MediaSlot(slot as u16), FAR, &flying.bytes);
            }
        }
        self.shard.tick(now, &self.rx, &mut self.tx, &mut self.packets, |_| ());
        while self.shard.poll().is_some() {}
        let took = start.took();
        self.sent += self.packets.len() as u64;
        self.now += TICK;
        self.tick += 1;
        took
    }

    /// Packets sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// What the lines gave in the last tick and what they were given, for blocks that are measured by themselves.
    pub fn lines(&self) -> impl Iterator<Item = (&Frame, &Frame)> {
        self.rx.iter().zip(&self.tx).map(|(input, output)| (&input.frame, &output.frame))
    }

    fn begin_calls(&mut self) {
        let now = self.now;
        for (line, call) in self.calls.iter().enumerate().filter(|(_, call)| call.begin == self.tick) {
            let (own, far) = (LegId(line as u64), LegId(100_000 + line as u64));
            let bridge = BridgeId(line as u64);
            let commands = [
                MediaCommand::Open(own, LegSpec::Line(LineId(call.number))),
                MediaCommand::Open(far, LegSpec::Rtp(stream(call.number))),
                MediaCommand::Join(bridge, own),
                MediaCommand::Join(bridge, far),
            ];
            for command in commands {
                self.shard.command(now, Command::Media(command));
            }
        }
    }

    fn make_inputs(&mut self) {
        let (voices, tick) = (self.voices, self.tick);
        for ((call, input), output) in self.calls.iter_mut().zip(&mut self.rx).zip(&self.tx) {
            if tick + HOOK_TICKS < call.begin {
                continue;
            }
            input.report = CardReport::steady(OFF_HOOK);
            if tick >= call.begin {
                call.conversation.step(self.talk, &mut call.entropy);
            }
            let Conversation { near, far, .. } = call.conversation;
            call.played.copy_within(TICK_SAMPLES.., 0);
            call.played[TICK_SAMPLES..].copy_from_slice(&output.frame);
            let (track, at) = voices.place(near.voice, near.talks, near.offset + tick);
            let said = &voices.tracks[track][at];
            for (n, (slot, &said)) in input.frame.iter_mut().zip(said).enumerate() {
                *slot = said.saturating_add(echo(&call.played, TICK_SAMPLES + n));
            }
            call.flying
                .iter_mut()
                .filter(|flying| flying.is_some_and(|f| f.due < tick))
                .for_each(|f| *f = None);
            if tick < call.begin {
                continue;
            }
            let (track, at) = voices.place(far.voice, far.talks, far.offset + tick);
            let unit = &voices.coded[track][at];
            if (tick - call.begin).is_multiple_of(2) {
                call.first_half = *unit;
            } else {
                call.leave(tick, unit);
            }
        }
    }
}

impl Call {
    /// The far end sends a packet, whose second half is `unit`.
    fn leave(&mut self, tick: usize, unit: &[u8; TICK_SAMPLES]) {
        let index = (tick - self.begin) / 2;
        let mut bytes = [0; PACKET];
        bytes[0] = 0x80;
        bytes[2..4].copy_from_slice(&(index as u16).to_be_bytes());
        bytes[4..8].copy_from_slice(&(index as u32 * 2 * TICK_SAMPLES as u32).to_be_bytes());
        bytes[10..12].copy_from_slice(&self.number.to_be_bytes());
        bytes[12..12 + TICK_SAMPLES].copy_from_slice(&self.first_half);
        bytes[12 + TICK_SAMPLES..].copy_from_slice(unit);
        let late = LATE.iter().position(|&chance| self.entropy.chance(chance)).map_or(0, |place| place + 1);
        let flying = Flying { due: tick + late, bytes };
        if let Some(place) = self.flying.iter_mut().find(|place| place.is_none()) {
            *place = Some(flying);
        }
    }
}

/// Echo of what was played up to the sample at `at`.
fn echo(played: &[i16], at: usize) -> i16 {
    let past = |delay: usize| f32::from(played[at - delay]);
    let near: f32 = HYBRID.iter().enumerate().map(|(delay, tap)| tap * past(delay)).sum();
    (near + REFLECTION.1 * past(REFLECTION.0)) as i16
}

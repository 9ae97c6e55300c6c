//! How long sound is under way between a telephone and the wire.
//!
//! # What it does
//! Sends single impulses through laboratory and shard, both ways.
//!
//! # How
//! Time is the card's: samples since the start. A frame that the card hands over at a tick was recorded in the 10 ms before
//! it; a frame that it is given is played in the 10 ms after it; packets leave and arrive at the tick. The network takes
//! no time.
//!
//! # Limits
//! A card's own delay comes on top; the laboratory's is zero here.
//!
//! # Standard
//! None.

use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::{Channel, Coder, Packets, SampleCoder};
use tipring_port::{
    CodecName, Command, LegSpec, LineProfile, MediaCommand, SAMPLE_SILENCE, Samples, TapPoint,
};
use tipring_units::{
    BridgeId, Entropy, Instant, LegId, LineId, MediaSlot, Samples as Count, ShardId, TICK, TICK_SAMPLES,
    WallTime,
};

use super::tick::stream;
use crate::lab::{Lab, Place};
use crate::mouth::Talk;
use crate::phone::{Action, PhoneSpec};
use crate::plant::LineSpec;

/// The least and the most of a delay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    /// The least.
    pub least: Count,
    /// The most.
    pub most: Count,
}

const IMPULSE: i16 = 20_000;
const LOUD: u16 = 5000;
/// Ticks between two impulses: an odd number, so that they fall into both halves of a packet of 20 ms.
const APART: usize = 21;
const IMPULSES: usize = 12;

/// Mouth to wire: from a sound at the telephone to the departure of the packet that holds it, G.711, 20 ms packets.
pub fn mouth_to_wire(profile: &LineProfile) -> Option<Spread> {
    let mut run = Run::new(profile);
    let period = APART * TICK_SAMPLES + 17;
    let mut said = vec![0; period * (IMPULSES + 1)];
    for n in 1..=IMPULSES {
        *said.get_mut(n * period)? = IMPULSE;
    }
    run.talk(Action::Say(Talk::Samples(said)));
    let (mut spoken, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..APART * (IMPULSES + 8) {
        let tick = run.ticks;
        let packets = run.tick(&[]);
        run.shard.take_tap(LineId(0), TapPoint::LineIn, |frame| {
            spoken.extend(loud(frame).map(|n| tick * TICK_SAMPLES + n));
        });
        sent.extend(packets.iter().flat_map(|sound| loud(sound)).map(|_| (tick + 1) * TICK_SAMPLES));
    }
    spread(&spoken, &sent)
}

/// Wire to ear: from the arrival of a packet to its first sample at the telephone, without any jitter.
pub fn wire_to_ear(profile: &LineProfile) -> Option<Spread> {
    let mut run = Run::new(profile);
    let (mut arrived, mut heard) = (Vec::new(), Vec::new());
    let mut coder = SampleCoder::new(CodecName::Pcmu);
    for n in 0..APART * (IMPULSES + 20) {
        let tick = run.ticks;
        let mut packet = Vec::new();
        if n.is_multiple_of(2) {
            packet.extend([0x80, 0]);
            packet.extend((n as u16 / 2).to_be_bytes());
            packet.extend((n as u32 * 80).to_be_bytes());
            packet.extend([0, 0, 0, 7]);
            // After a while in which the buffer finds its depth.
            let marked = n > APART * 10 && n.is_multiple_of(APART * 2);
            for half in 0..2 {
                let mut frame = SAMPLE_SILENCE;
                frame[0] = if marked && half == 0 { IMPULSE } else { 0 };
                let mut unit = [0; TICK_SAMPLES];
                coder.encode(&frame, &mut unit);
                packet.extend(unit);
            }
            arrived.extend(marked.then_some((tick + 1) * TICK_SAMPLES));
        }
        run.tick(&packet);
        heard.extend(loud(&run.out.frame).map(|n| (tick + 1) * TICK_SAMPLES + n));
    }
    spread(&arrived, &heard)
}

fn loud(samples: &[i16]) -> impl Iterator<Item = usize> + '_ {
    samples.iter().enumerate().filter(|(_, sample)| sample.unsigned_abs() > LOUD).map(|(n, _)| n)
}

/// The delays between pairs of moments; `None` unless each has its counterpart, but for the last.
fn spread(from: &[usize], to: &[usize]) -> Option<Spread> {
    if to.len() < 4 || from.len() < to.len() || from.len() > to.len() + 2 {
        return None;
    }
    let delays = from.iter().zip(to).map(|(from, to)| to.checked_sub(*from));
    let delays: Vec<usize> = delays.collect::<Option<_>>()?;
    let count = |samples: Option<&usize>| samples.map(|samples| Count(*samples as u64));
    Some(Spread { least: count(delays.iter().min())?, most: count(delays.iter().max())? })
}

/// A telephone in a call by RTP.
struct Run {
    lab: Lab<Samples>,
    shard: Shard<Samples>,
    out: LineOut<Samples>,
    packets: Packets,
    now: Instant,
    ticks: usize,
}

impl Run {
    fn new(profile: &LineProfile) -> Self {
        let spec = LineSpec { phones: vec![PhoneSpec::default()], ..LineSpec::default() };
        let setup = ShardSetup {
            id: ShardId(0),
            first_line: LineId(0),
            lines: vec![(*profile, true)],
            streams: 1,
            tones: profile.tones,
            started: WallTime(0),
        };
        let mut run = Self {
            lab: Lab::new(&[spec], &mut Entropy::for_simulation(1)),
            shard: Shard::new(&setup, Entropy::for_simulation(2)),
            out: LineOut::SILENT,
            packets: Packets::with_capacity(8),
            now: Instant::ZERO,
            ticks: 0,
        };
        for _ in 0..60 {
            run.tick(&[]);
        }
        run.talk(Action::OffHook);
        for _ in 0..40 {
            run.tick(&[]);
        }
        let (own, far) = (LegId(1), LegId(2));
        for command in [
            MediaCommand::Open(own, LegSpec::Line(LineId(0))),
            MediaCommand::Open(far, LegSpec::Rtp(stream(0))),
            MediaCommand::Join(BridgeId(1), own),
            MediaCommand::Join(BridgeId(1), far),
            MediaCommand::Tap(LineId(0), TapPoint::LineIn, true),
        ] {
            run.shard.command(run.now, Command::Media(command));
        }
        run
    }

    fn talk(&mut self, action: Action) {
        // The telephone is there and can do this.
        let _ = self.lab.act(Place { line: LineId(0), phone: 0 }, action);
    }

    /// One tick; `arriving` is a packet or nothing. Returns the sound of the packets sent.
    fn tick(&mut self, arriving: &[u8]) -> Vec<Vec<i16>> {
        let (frame, report) = self.lab.exchange(LineId(0), self.out.frame, self.out.order);
        if !arriving.is_empty() {
            self.shard.receive(self.now, MediaSlot(0), stream(0).remote_rtp, arriving);
        }
        self.packets.clear();
        let out = core::slice::from_mut(&mut self.out);
        self.shard.tick(self.now, &[LineIn { frame, report }], out, &mut self.packets, |_| ());
        while self.shard.poll().is_some() {}
        self.now += TICK;
        self.ticks += 1;
        let mut coder = SampleCoder::new(CodecName::Pcmu);
        let sound = self.packets.iter().filter(|packet| packet.channel == Channel::Rtp).map(|packet| {
            let units = packet.bytes.get(12..).unwrap_or_default().chunks(TICK_SAMPLES);
            units.flat_map(|unit| coder.decode(CodecName::Pcmu, unit)).collect()
        });
        sound.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_waits_for_its_packet_and_no_longer() {
        // A packet of 20 ms leaves with its last sample.
        let spread = mouth_to_wire(&LineProfile::laboratory()).unwrap();
        assert!(spread.least.0 >= 1 && spread.most.0 <= 2 * TICK_SAMPLES as u64, "{spread:?}");
    }

    #[test]
    fn a_packet_is_heard_after_the_depth_of_the_jitter_buffer() {
        let spread = wire_to_ear(&LineProfile::laboratory()).unwrap();
        assert!(spread.least.0 >= 80 && spread.most.0 <= 480, "{spread:?}");
    }
}

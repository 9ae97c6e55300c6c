//! The tick allocates nothing, and neither does a call that comes and goes.
#![allow(unsafe_code)] // a global allocator that counts cannot be written without

mod shard_bench;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use shard_bench::far::Far;
use shard_bench::toys::Toys;
use shard_bench::{address, profile};
use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::Packets;
use tipring_port::{
    CodecName, Command, DtmfMode, Event, LegSpec, LineCommand, LineProfile, LoopReading, MediaCommand,
    RingPattern, RingRequest, Samples, Symbols, TapPoint, Tone,
};
use tipring_units::{
    BridgeId, Entropy, Instant, LegId, LineId, MediaSlot, Milliamps, Millis, ShardId, TICK, Volts, WallTime,
};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LINES: usize = 4;

/// A minute of ticks: calls by RTP that are opened, changed, held and closed; a line that rings with caller ID; tones,
/// digits both ways, taps, a crossing; lines that are given other profiles, with other tones, tails and gains.
fn a_minute<A: Toys>() {
    let setup = ShardSetup {
        id: ShardId(0),
        first_line: LineId(0),
        lines: vec![(profile(), true); LINES],
        streams: LINES,
        tones: profile().tones,
        started: WallTime(1_700_000_000_000_000),
    };
    let mut shard = Shard::<A>::new(&setup, Entropy::for_simulation(1));
    let far = |codec, dtmf| Far::<A>::new(3).by(codec, dtmf).spec();
    let specs = [far(CodecName::Pcmu, DtmfMode::Events(101)), far(CodecName::L16, DtmfMode::Signalling)];
    let mut rx: Vec<LineIn<A>> = (0..LINES).map(|_| LineIn::steady(LoopReading::default())).collect();
    let mut tx: Vec<LineOut<A>> = (0..LINES).map(|_| LineOut::SILENT).collect();
    let mut packets = Packets::with_capacity(64);
    let mut mouth = A::mouth();
    let mut now = Instant::ZERO;
    let mut wire = [0x55; 172];
    let mut sent = 0;
    // The box of a command is the control plane's.
    let mut edits: Vec<Command> = [Millis(64), Millis(0), Millis(16), Millis(128), Millis(48), Millis(32)]
        .into_iter()
        .zip(1..)
        .flat_map(|(tail, revision)| (0..LINES as u16).map(move |line| (LineId(line), revision, tail)))
        .map(|(line, revision, tail)| {
            let gain_in = tipring_units::Db(tail.0 as f32 / -32.0);
            let profile = LineProfile { echo_tail: tail.samples(), gain_in, ..profile() };
            Command::Profile(line, revision, Box::new(profile))
        })
        .collect();
    edits.reverse();
    let mut profiled = 0;
    let before = COUNT.with(Cell::get);
    assert!(before > 0, "the count counts");
    for tick in 0..6000_u32 {
        let media = |shard: &mut Shard<A>, command| shard.command(now, Command::Media(command));
        for line in 0..LINES as u16 - 1 {
            let leg = |kind: u64| LegId(kind + u64::from(tick / 1000) * 100 + u64::from(line));
            let spec = tipring_port::RtpSpec { slot: MediaSlot(line), ..specs[usize::from(line % 2)] };
            match tick % 1000 {
                100 => {
                    media(&mut shard, MediaCommand::Open(leg(10_000), LegSpec::Line(LineId(line))));
                    media(&mut shard, MediaCommand::Open(leg(20_000), LegSpec::Rtp(spec)));
                    media(&mut shard, MediaCommand::Join(BridgeId(leg(1).0), leg(10_000)));
                    media(&mut shard, MediaCommand::Join(BridgeId(leg(1).0), leg(20_000)));
                    media(&mut shard, MediaCommand::Tap(LineId(line), TapPoint::LineOut, true));
                    let cross = tipring_port::CrossSpec { peer: ShardId(1), peer_leg: LegId(1) };
                    media(&mut shard, MediaCommand::Open(leg(30_000), LegSpec::Cross(cross)));
                    media(&mut shard, MediaCommand::Join(BridgeId(leg(1).0), leg(30_000)));
                }
                300 => media(&mut shard, MediaCommand::Tone(leg(20_000), Some(Tone::Ringback))),
                350 => media(&mut shard, MediaCommand::Tone(leg(20_000), None)),
                400 => {
                    let other =
                        tipring_port::RtpSpec { slot: MediaSlot(line), ..specs[usize::from((line + 1) % 2)] };
                    media(&mut shard, MediaCommand::Change(leg(20_000), other));
                }
                500 => media(&mut shard, MediaCommand::Digit(leg(10_000), b'5', Millis(100))),
                550 => media(&mut shard, MediaCommand::Digit(leg(20_000), b'5', Millis(100))),
                700 => {
                    for kind in [10_000, 20_000, 30_000] {
                        media(&mut shard, MediaCommand::PassThrough(leg(kind)));
                    }
                }
                900 => {
                    for kind in [10_000, 20_000, 30_000] {
                        media(&mut shard, MediaCommand::Close(leg(kind)));
                    }
                }
                _ => {}
            }
            wire[0] = 0x80;
            wire[1] = 0;
            wire[2..4].copy_from_slice(&(tick as u16).to_be_bytes());
            wire[4..8].copy_from_slice(&(tick * 80).to_be_bytes());
            if tick % 17 != 0 {
                shard.receive(now, MediaSlot(line), address(3), &wire[..92]);
            }
            shard.receive_crossed(leg(30_000), &A::SILENCE);
        }
        if [2850, 2900, 2950].contains(&(tick % 3000)) {
            for _ in 0..LINES {
                if let Some(edit) = edits.pop() {
                    shard.command(now, edit);
                }
            }
        }
        let ringing = LineId(LINES as u16 - 1);
        if tick % 3000 == 200 {
            let caller = tipring_port::CallerId {
                number: Ok(tipring_port::Text::new("5550123")),
                name: Some(Ok(tipring_port::Text::new("FRONT DESK"))),
                date: None,
            };
            let pattern = RingPattern::new(&[Millis(2000), Millis(4000)]);
            let ring = LineCommand::Ring(RingRequest { pattern, caller: Some(caller) });
            let epoch = shard.summary(ringing).unwrap().0;
            shard.command(now, Command::Line(ringing, epoch, ring));
        }
        for (line, input) in rx.iter_mut().enumerate() {
            let closed = line + 1 < LINES && tick % 3000 < 2700;
            let current = Milliamps(if closed { 25.0 } else { 0.0 });
            *input = LineIn::steady(LoopReading { voltage: Volts(48.0), current, ..LoopReading::default() });
            let say = match tick % 100 {
                0..12 => shard_bench::toys::Say::Digit(b'7'),
                40..70 => shard_bench::toys::Say::Voice(1),
                _ => shard_bench::toys::Say::Nothing,
            };
            input.frame = A::utter(&mut mouth, say);
        }
        packets.clear();
        shard.tick(now, &rx, &mut tx, &mut packets, |_| ());
        sent += packets.len();
        while let Some(event) = shard.poll() {
            profiled += u32::from(matches!(event, Event::Profiled(..)));
        }
        if tick % 20 == 0 {
            shard.take_tap(LineId(0), TapPoint::LineOut, |_| ());
        }
        now += TICK;
    }
    assert_eq!(COUNT.with(Cell::get) - before, 0);
    assert!(sent > 5000, "{sent}");
    assert!(profiled > 10, "{profiled} profiles were taken");
}

#[test]
fn a_minute_of_calls_allocates_nothing_with_samples() {
    a_minute::<Samples>();
}

#[test]
fn a_minute_of_calls_allocates_nothing_with_symbols() {
    a_minute::<Symbols>();
}

//! The tick allocates nothing, and neither does a call that comes and goes.
#![allow(unsafe_code)] // a global allocator that counts cannot be written without

mod shard_bench;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use shard_bench::far::Far;
use shard_bench::toys::Toys;
use shard_bench::{address, profile};
use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::Packets;
use tipring_port::{
    Announcement, CodecName, Command, DtmfMode, Event, LegSpec, LineCommand, LineEvent, LineProfile,
    LoopReading, MediaCommand, MediaEvent, RingPattern, RingRequest, Samples, Symbols, TapPoint, Tone,
};
use tipring_units::{
    BridgeId, Entropy, Instant, LegId, LineId, MediaSlot, Milliamps, Millis, ShardId, TICK, Volts, WallTime,
};

use tipring_voice::{PhraseBank, Voice};

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
    shard.set_bank(&Arc::new(PhraseBank::spoken(Voice::of("en").unwrap())));
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
    let (mut profiled, mut announced) = (0, (0, 0));
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
                150 => {
                    let words = Announcement::of_number("42");
                    media(&mut shard, MediaCommand::Announce(leg(20_000), words));
                }
                600 => media(&mut shard, MediaCommand::Tone(leg(20_000), Some(Tone::Ringback))),
                650 => media(&mut shard, MediaCommand::Tone(leg(20_000), None)),
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
        if tick % 3000 == 1750 {
            let words = Announcement::of_number("42");
            let announce = LineCommand::Announce { words, then: Some(Tone::Busy) };
            let epoch = shard.summary(LineId(0)).unwrap().0;
            shard.command(now, Command::Line(LineId(0), epoch, announce));
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
            announced.0 += u32::from(matches!(event, Event::Line(_, _, LineEvent::Announced)));
            announced.1 += u32::from(matches!(event, Event::Media(MediaEvent::Announced(_))));
        }
        if tick % 20 == 0 {
            shard.take_tap(LineId(0), TapPoint::LineOut, |_| ());
        }
        now += TICK;
    }
    assert_eq!(COUNT.with(Cell::get) - before, 0);
    assert!(sent > 5000, "{sent}");
    assert_eq!(announced, (2, 18), "on lines and on legs");
    assert!(profiled > 10, "{profiled} profiles were taken");
}

/// What the exchange of an outside line does at a moment of a round of 30 s: rings (with a caller's burst between), is
/// answered, speaks, plays tones, breaks the loop; then the line calls out itself.
fn exchange(millis: u64, closed: bool) -> LoopReading {
    let rings = matches!(millis % 30_000, 1000..3000 | 7000..8000) && !closed;
    let broken = matches!(millis % 30_000, 15_000..15_500 | 27_000..27_500);
    let swing = if rings { 100.0 * (millis as f32 * 0.02 * core::f32::consts::TAU).sin() } else { 0.0 };
    match (broken, closed) {
        (true, _) => LoopReading::default(),
        (false, true) => {
            LoopReading { voltage: Volts(8.0), current: Milliamps(25.0), ..LoopReading::default() }
        }
        (false, false) => LoopReading { voltage: Volts(48.0 + swing), ..LoopReading::default() },
    }
}

/// A minute of two telephones in a call for which others wait, acknowledged or not, and of lamps that are switched.
fn a_minute_of_waiting<A: Toys>() {
    use tipring_port::{CallerId, CardReport, Component, LineEvent, ToneProgram, ToneStep};

    let caller = CallerId { date: None, number: Ok("5550123".into()), name: Some(Ok("MARY".into())) };
    let mut plan = profile().tones;
    let mut components = [Component::NONE; 4];
    components[0] = Component::sine(tipring_units::Hz(440.0), tipring_units::Dbm0(-13.0));
    let burst = ToneStep { components, length: Millis(300) };
    let pause = ToneStep { length: Millis(2700), ..ToneStep::SILENCE };
    plan.set(Tone::CallWaiting, ToneProgram::new(&[burst, pause], 0).unwrap());
    let profile = LineProfile {
        tones: plan,
        waiting: LineProfile::laboratory().waiting,
        lamp: LineProfile::laboratory().lamp,
        ..profile()
    };
    let setup = ShardSetup {
        id: ShardId(0),
        first_line: LineId(0),
        lines: vec![(profile, true); 2],
        streams: 0,
        tones: plan,
        started: WallTime(1_700_000_000_000_000),
    };
    let mut shard = Shard::<A>::new(&setup, Entropy::for_simulation(1));
    let mut tx = [LineOut::<A>::SILENT, LineOut::<A>::SILENT];
    let mut rx = [0, 1].map(|_| LineIn::<A>::steady(LoopReading::default()));
    let mut packets = Packets::with_capacity(8);
    let mut mouth = A::mouth();
    let (mut shown, mut lamps, mut lifted, mut asked) = ([0, 0], 0, 0, 0_u64);
    let before = COUNT.with(Cell::get);
    for tick in 0..6000_u64 {
        let millis = tick * 10;
        let now = Instant::ZERO + Millis(millis as u32);
        let off_hook = millis > 5000 && millis % 20_000 < 15_000;
        let reading = LoopReading {
            voltage: Volts(if off_hook { 8.0 } else { 48.0 }),
            current: Milliamps(if off_hook { 24.0 } else { 0.0 }),
            ..LoopReading::default()
        };
        // The alert ends 400 ms and some ticks after the order; every other time the key comes.
        let answers = (440..500).contains(&(millis.saturating_sub(asked))) && asked % 6000 == 0;
        let say = if answers { shard_bench::toys::Say::Digit(b'D') } else { shard_bench::toys::Say::Nothing };
        let frame = A::utter(&mut mouth, say);
        for line in &mut rx {
            *line = LineIn { frame, report: CardReport::steady(reading) };
        }
        let mut order = |line: u16, order| {
            let epoch = shard.summary(LineId(line)).unwrap().0;
            shard.command(now, Command::Line(LineId(line), epoch, order));
        };
        match millis % 3000 {
            0 => {
                order(0, LineCommand::Waiting(Some(caller)));
                asked = millis;
            }
            2500 => order(0, LineCommand::StopWaiting),
            600 => order(1, LineCommand::Lamp(millis % 2 == 0)),
            _ => {}
        }
        packets.clear();
        shard.tick(now, &rx, &mut tx, &mut packets, |_| ());
        while let Some(event) = shard.poll() {
            match event {
                Event::Line(_, _, LineEvent::WaitingShown(true)) => shown[0] += 1,
                Event::Line(_, _, LineEvent::WaitingShown(false)) => shown[1] += 1,
                Event::Line(_, _, LineEvent::LampShown(_)) => lamps += 1,
                Event::Line(_, _, LineEvent::Seized) => lifted += 1,
                _ => {}
            }
        }
    }
    assert_eq!(COUNT.with(Cell::get) - before, 0);
    assert!(shown[0] >= 2 && shown[1] >= 2 && lamps >= 3 && lifted >= 4, "{shown:?} {lamps} {lifted}");
}

#[test]
fn waiting_calls_and_lamps_allocate_nothing_with_samples() {
    a_minute_of_waiting::<Samples>();
}

#[test]
fn waiting_calls_and_lamps_allocate_nothing_with_symbols() {
    a_minute_of_waiting::<Symbols>();
}

/// Two minutes of an outside line: calls in and out, tones, voices, silence, caller identity, learning and another profile.
fn two_minutes_outside<A: Toys>() {
    use tipring_port::{
        CardOrder, CardReport, DialWhen, Feed, FxoProfile, LineEvent, READINGS_PER_TICK, Sense, Text,
    };

    // This exchange has no dial tone.
    let fxo = FxoProfile { dial_when: DialWhen::Pause(Millis(500)), ..FxoProfile::laboratory() };
    let outside = LineProfile { fxo: Some(fxo), ..profile() };
    let setup = ShardSetup {
        id: ShardId(0),
        first_line: LineId(0),
        lines: vec![(outside, true)],
        streams: 1,
        tones: outside.tones,
        started: WallTime(1_700_000_000_000_000),
    };
    let mut shard = Shard::<A>::new(&setup, Entropy::for_simulation(1));
    let mut tx = [LineOut::<A>::SILENT];
    let mut rx = [LineIn::<A>::steady(LoopReading::default())];
    let mut packets = Packets::with_capacity(8);
    let mut mouth = A::mouth();
    let mut edit = Some(Command::Profile(
        LineId(0),
        1,
        Box::new(LineProfile { echo_tail: Millis(64).samples(), ..outside }),
    ));
    let mut now = Instant::ZERO;
    let (mut closed, mut answered, mut dialled, mut learned) = (false, 0, 0, 0);
    let before = COUNT.with(Cell::get);
    for tick in 0..12_000_u64 {
        let millis = tick * 10;
        let mut readings = [LoopReading::default(); READINGS_PER_TICK];
        for (place, reading) in (0..).zip(&mut readings) {
            *reading = exchange(millis + place, closed);
        }
        let report = CardReport { sense: Sense::Raw(readings), ..CardReport::steady(readings[0]) };
        let say = match millis % 3000 {
            0..120 => shard_bench::toys::Say::Digit(b'7'),
            1000..1800 => shard_bench::toys::Say::Voice(1),
            _ => shard_bench::toys::Say::Nothing,
        };
        rx[0] = LineIn { frame: A::utter(&mut mouth, say), report };
        let order = match millis {
            9000 | 39_000 => Some(LineCommand::Answer),
            18_000 | 48_000 => Some(LineCommand::Seize(Text::new("5550123"))),
            _ => None,
        };
        if let Some(order) = order {
            let epoch = shard.summary(LineId(0)).unwrap().0;
            shard.command(now, Command::Line(LineId(0), epoch, order));
        }
        if millis == 60_000 {
            shard.command(now, Command::Learn(LineId(0)));
        }
        if millis == 29_500
            && let Some(edit) = edit.take()
        {
            shard.command(now, edit);
        }
        packets.clear();
        shard.tick(now, &rx, &mut tx, &mut packets, |_| ());
        match tx[0].order {
            Some(CardOrder::Feed(feed)) => closed = feed == Feed::Closed,
            Some(CardOrder::Run(_) | CardOrder::Present(_) | CardOrder::Lifeline(_)) | None => {}
        }
        while let Some(event) = shard.poll() {
            match event {
                Event::Line(_, _, LineEvent::FarCleared(_)) => answered += 1,
                Event::Line(_, _, LineEvent::Dialled) => dialled += 1,
                Event::Learned(..) => learned += 1,
                _ => {}
            }
        }
        now += TICK;
    }
    // The edit's box goes back with the command that is dropped; nothing is made.
    assert_eq!(COUNT.with(Cell::get) - before, 0);
    assert!(
        answered >= 3 && dialled >= 2 && learned == 1,
        "{answered} cleared, {dialled} dialled, {learned} learned"
    );
}

#[test]
fn outside_lines_allocate_nothing_with_samples() {
    two_minutes_outside::<Samples>();
}

#[test]
fn outside_lines_allocate_nothing_with_symbols() {
    two_minutes_outside::<Symbols>();
}

#[test]
fn a_minute_of_calls_allocates_nothing_with_samples() {
    a_minute::<Samples>();
}

#[test]
fn a_minute_of_calls_allocates_nothing_with_symbols() {
    a_minute::<Symbols>();
}

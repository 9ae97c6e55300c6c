//! An RTP stream to which anything may happen: datagrams, well-made packets at odd times, ticks, changes.

use core::net::SocketAddr;
use tipring_rtp::{
    Arrival, ClockRate, Cname, Compound, EventPayload, EventReport, Format, Impairment, JitterConfig,
    JitterMode, LatchMode, MAX_DATAGRAM, Packet, PayloadMap, PayloadType, Piece, RtpStream, Sending,
    SessionConfig, StreamConfig, TelephoneEvent, UnitSize,
};
use tipring_units::{Dbm0, Entropy, Instant, Millis, WallTime};

/// Most ticks of one run.
const MAX_TICKS: u32 = 3000;

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.byte().unwrap_or(0), self.byte().unwrap_or(0)])
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

fn formats(kind: u8) -> PayloadMap {
    let clock = ClockRate::NARROW;
    let map = PayloadMap::new()
        .with(PayloadType(0), Format::Audio { unit: UnitSize(80), clock, silence: UnitSize(0) })
        .with(PayloadType(101), Format::Events { clock })
        .with(PayloadType(13), Format::ComfortNoise);
    match kind % 4 {
        0 => map,
        3 => map.with(PayloadType(96), Format::Opus { unit: UnitSize(160) }),
        1 => map.with(PayloadType(96), Format::Audio { unit: UnitSize(160), clock, silence: UnitSize(0) }),
        _ => map.with(
            PayloadType(9),
            Format::Audio { unit: UnitSize(80), clock: ClockRate(16_000), silence: UnitSize(0) },
        ),
    }
}

/// The first byte sets the stream up; each following one is an instruction with its operands. Ticks always give
/// something to play, digits end after they began and one at a time.
pub fn run(data: &[u8]) {
    if let Ok(packet) = Packet::parse(data) {
        let _ = packet.contributors().count();
        let _ = EventPayload::parse(packet.payload);
    }
    pieces(data);
    let mut script = Bytes(data);
    let setup = script.byte().unwrap_or(0);
    let far = |n: u8| SocketAddr::from(([192, 0, 2, n], 4000 + u16::from(n & 1)));
    let mode = if setup & 8 == 0 { JitterMode::Adaptive } else { JitterMode::Fixed };
    let config = StreamConfig {
        session: SessionConfig { cname: Cname::new("end"), clock: ClockRate::NARROW, rtcp: setup & 4 == 0 },
        latch: LatchMode::Symmetric,
        jitter: JitterConfig { min: Millis(u32::from(setup) * 2), max: Millis(200), start: Millis(40), mode },
        formats: formats(setup),
        sending: Sending {
            payload_type: PayloadType(0),
            ptime: Millis(20),
            clock: ClockRate::NARROW,
            events: Some((PayloadType(101), ClockRate::NARROW)),
            event_level: Dbm0(-10.0),
            impairment: Impairment::G711,
        },
        remote_rtp: far(1),
        remote_rtcp: far(1),
    };
    let mut now = Instant::ZERO + Millis(1000);
    let make = |entropy| RtpStream::new(now, WallTime(1_700_000_000_000_000), config.clone(), entropy);
    let mut stream = make(Entropy::for_simulation(1));
    let (mut ticks, mut pops, mut open) = (0, 0_u32, false);
    let (mut sequence, mut timestamp) = (1000_u16, 0_u32);
    let mut out = [0; MAX_DATAGRAM];
    while let Some(instruction) = script.byte() {
        match instruction & 7 {
            0 | 1 => {
                for _ in 0..=instruction >> 3 {
                    if ticks == MAX_TICKS {
                        return;
                    }
                    (ticks, pops) = (ticks + 1, pops + 1);
                    stream.pace(now, instruction & 1 != 0);
                    stream.sound().take();
                    stream.send(now, (instruction & 8 == 0).then_some(&[0x55; 80]));
                    while let Some(departure) = stream.poll_packet(now, &mut out) {
                        assert!(departure.size <= MAX_DATAGRAM);
                    }
                    while let Some(report) = stream.poll_event() {
                        let begins = matches!(report, EventReport::Begin(_));
                        assert_ne!(begins, open, "{report:?} out of turn");
                        open = begins;
                    }
                    now += Millis(10);
                }
            }
            2 => {
                // The next packet of the stream as it should be, or a little off.
                let bend = script.byte().unwrap_or(0);
                sequence = sequence.wrapping_add(1 + u16::from(bend & 3));
                timestamp = timestamp.wrapping_add(80 * u32::from(bend >> 5));
                let length = usize::from(instruction >> 3) * 10;
                let payload = script.take(length);
                let kind = [0, 0, 0, 13, 96, 9, 0, 0][usize::from(bend >> 2 & 7)];
                packet(&mut stream, now, far(1), (kind, bend & 16 != 0), sequence, timestamp, payload);
            }
            3 => {
                let number = script.byte().unwrap_or(0);
                let duration = script.word();
                sequence = sequence.wrapping_add(1);
                let payload = [number & 0x0f, number & 0x80, (duration >> 8) as u8, duration as u8];
                let start = timestamp.wrapping_add(u32::from(instruction >> 4) * 400);
                let marker = instruction & 8 != 0;
                packet(&mut stream, now, far(1), (101, marker), sequence, start, &payload);
            }
            4 => {
                let length = usize::from(script.byte().unwrap_or(0));
                let datagram = script.take(length);
                let arrival = stream.receive(now, far(instruction >> 3 & 3), datagram);
                assert!(!datagram.is_empty() || !matches!(arrival, Arrival::Media | Arrival::Report));
            }
            5 => {
                (sequence, timestamp) =
                    (script.word(), u32::from(script.word()) << 16 | u32::from(script.word()))
            }
            6 => match instruction >> 3 & 3 {
                0 => stream.set_formats(formats(instruction >> 5)),
                1 => drop(stream.send_event(TelephoneEvent::FLASH, Millis(u32::from(script.word())))),
                2 => stream.signal(far(instruction >> 5), far(2)),
                _ => {
                    stream.reset(now, WallTime(1), config.clone(), Entropy::for_simulation(2));
                    (pops, open) = (0, false);
                }
            },
            _ => now += Millis(u32::from(instruction >> 3)),
        }
        let (_, jitter) = stream.statistics(now);
        assert_eq!(jitter.played + jitter.concealed + jitter.silent, pops, "a tick without anything to play");
    }
    stream.leave(now, &mut out);
}

fn packet(
    stream: &mut RtpStream,
    now: Instant,
    from: SocketAddr,
    (kind, marker): (u8, bool),
    sequence: u16,
    timestamp: u32,
    payload: &[u8],
) {
    let mut bytes = vec![0x80, kind | u8::from(marker) << 7];
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend([0, 0, 0, 7]);
    bytes.extend(payload);
    stream.receive(now, from, &bytes);
}

/// Everything in a compound packet.
fn pieces(data: &[u8]) {
    let Ok(compound) = Compound::parse(data) else { return };
    for piece in compound {
        match piece {
            Piece::Sender { blocks, .. } | Piece::Receiver { blocks, .. } => drop(blocks.count()),
            Piece::Name { cname, .. } => assert!(cname.len() < 256),
            Piece::Voip { metrics, .. } => drop(metrics.count()),
            Piece::Goodbye(leavers) => drop(leavers.count()),
            Piece::Other(_) => {}
        }
    }
}

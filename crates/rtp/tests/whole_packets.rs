//! Packets that cannot be cut (Opus): their way through the jitter buffer and a stream, their clock and that of events.

use core::net::{Ipv4Addr, SocketAddr};
use tipring_rtp::{
    ClockRate, Cname, EventPayload, EventReport, Format, Header, Impairment, JitterBuffer, JitterConfig,
    JitterMode, LatchMode, MAX_DATAGRAM, Packet, PayloadMap, PayloadType, Playout, RtpStream, Sending,
    SessionConfig, Ssrc, StreamConfig, TelephoneEvent, Timestamp, UnitSize,
};
use tipring_units::{Dbm0, Entropy, Instant, Millis, WallTime};

const OPUS: PayloadType = PayloadType(111);
const EVENTS: PayloadType = PayloadType(110);
const NARROW: PayloadType = PayloadType(0);
/// Narrow-band speech in frames of 20 and of 60 ms.
const HEAD_20: u8 = 1 << 3;
const HEAD_60: u8 = 3 << 3;
/// The bit behind those of speech: a repetition is in the packet.
const REPEATS_20: u8 = 0b0100_0000;

fn formats() -> PayloadMap {
    PayloadMap::new().with(OPUS, Format::Opus { unit: UnitSize(40) })
}

fn header(sequence: u16, units: u32) -> Header {
    let timestamp = Timestamp(0xffff_f000_u32.wrapping_add(480_u32.wrapping_mul(units)));
    Header { marker: false, payload_type: OPUS, sequence, timestamp, ssrc: Ssrc(1) }
}

/// What a tick plays, in a word: `p7.0` the first unit of packet 7, `r8x2` two units by what packet 8 repeats, `+1` the
/// second unit of what came last, `c` concealed, `s` silence.
fn word(playout: Playout<'_>) -> String {
    match playout {
        Playout::Packet { payload_type, payload, unit } => {
            assert_eq!(payload_type, OPUS);
            format!("p{}.{unit}", payload[2])
        }
        Playout::Repeated { next, units, .. } => format!("r{}x{units}", next[2]),
        Playout::Rest { unit } => format!("+{unit}"),
        Playout::Conceal => "c".into(),
        Playout::Silence => "s".into(),
        other => panic!("{other:?}"),
    }
}

/// Packets by when they come, played from a fixed buffer of 60 ms.
fn played(arrivals: &[(u32, u16, u32, Vec<u8>)], ticks: u32) -> (Vec<String>, JitterBuffer) {
    let depth = Millis(60);
    let config = JitterConfig { min: depth, max: depth, start: depth, mode: JitterMode::Fixed };
    let mut buffer = JitterBuffer::new(config, formats());
    let mut words = Vec::new();
    for tick in 0..ticks {
        let now = Instant::from_millis(u64::from(tick) * 10);
        for (_, sequence, units, payload) in arrivals.iter().filter(|(at, ..)| *at == tick) {
            buffer.push(now, &header(*sequence, *units), payload);
        }
        buffer.pace(now, false);
        words.push(word(buffer.take()));
    }
    (words, buffer)
}

/// Packet `number` of 20 ms, which comes when it has been spoken.
fn packet(number: u8) -> (u32, u16, u32, Vec<u8>) {
    let number = u32::from(number);
    (2 * number, number as u16, 2 * number, vec![HEAD_20, REPEATS_20, number as u8, 9, 9])
}

#[test]
fn a_packet_is_given_out_once_and_its_other_units_by_number() {
    let arrivals: Vec<_> = (0..60).map(packet).collect();
    let (words, buffer) = played(&arrivals, 110);
    let expected: Vec<String> = (0..52).flat_map(|n| [format!("p{n}.0"), "+1".into()]).collect();
    assert_eq!(words[6..], expected[..104]);
    let statistics = buffer.statistics(Instant::from_millis(1100));
    assert_eq!((statistics.played, statistics.concealed, statistics.repeated), (104, 0, 0));
    assert_eq!(buffer.packet_time(), Millis(20));
}

#[test]
fn a_lost_packet_is_played_from_what_the_next_one_repeats() {
    let arrivals: Vec<_> = (0..20).filter(|n| *n != 5).map(packet).collect();
    let (words, buffer) = played(&arrivals, 24);
    assert_eq!(words[14..20], ["p4.0", "+1", "r6x2", "+1", "p6.0", "+1"]);
    let statistics = buffer.statistics(Instant::from_millis(240));
    assert_eq!((statistics.concealed, statistics.repeated), (0, 2));
    assert_eq!(buffer.bursts().figures().loss, 0.0, "what was repaired is not lost");
}

#[test]
fn of_two_lost_packets_the_last_is_repaired_and_the_first_concealed() {
    let arrivals: Vec<_> = (0..20).filter(|n| ![5, 6].contains(n)).map(packet).collect();
    let (words, _) = played(&arrivals, 24);
    assert_eq!(words[16..22], ["c", "c", "r7x2", "+1", "p7.0", "+1"]);
}

#[test]
fn without_a_repetition_in_the_next_packet_a_loss_is_concealed() {
    let mut arrivals: Vec<_> = (0..20).filter(|n| *n != 5).map(packet).collect();
    arrivals.iter_mut().for_each(|(.., payload)| payload[1] = 0);
    let (words, _) = played(&arrivals, 24);
    assert_eq!(words[16..20], ["c", "c", "p6.0", "+1"]);
}

#[test]
fn a_pause_of_the_sender_is_no_loss_to_be_repaired() {
    // Packets 5 and later are numbered on, but were spoken 20 ms later.
    let arrivals: Vec<_> = (0..20)
        .map(packet)
        .map(|(at, n, units, payload)| {
            let later = if n < 5 { 0 } else { 2 };
            (at + later, n, units + later, payload)
        })
        .collect();
    let (words, _) = played(&arrivals, 26);
    assert_eq!(words[16..20], ["c", "c", "p5.0", "+1"]);
}

#[test]
fn a_packet_without_sound_begins_a_pause_of_the_codecs_own_noise() {
    let mut arrivals: Vec<_> = (0..6).map(packet).collect();
    arrivals[5].3 = vec![HEAD_20];
    // 400 ms later speech goes on.
    arrivals.extend((25..40).map(packet).map(|(at, n, units, payload)| (at, n - 19, units, payload)));
    let depth = Millis(60);
    let config = JitterConfig { min: depth, max: depth, start: depth, mode: JitterMode::Fixed };
    let mut buffer = JitterBuffer::new(config, formats());
    let mut words = Vec::new();
    for tick in 0..60 {
        let now = Instant::from_millis(tick * 10);
        for (_, sequence, units, payload) in arrivals.iter().filter(|(at, ..)| u64::from(*at) == tick) {
            buffer.push(now, &header(*sequence, *units), payload);
        }
        buffer.pace(now, false);
        words.push(match buffer.take() {
            Playout::Packet { payload, .. } if payload.len() == 1 => "d".into(),
            other => word(other),
        });
    }
    assert_eq!(words[16..19], ["d", "+1", "s"]);
    assert!(words[18..56].iter().all(|word| word == "s"), "{words:?}");
    assert_eq!(words[56..58], ["p25.0", "+1"]);
    assert_eq!(buffer.statistics(Instant::from_millis(600)).concealed, 0);
}

#[test]
fn a_packet_that_comes_half_too_late_is_played_from_its_second_half() {
    let mut arrivals: Vec<_> = (0..20).map(packet).collect();
    arrivals.iter_mut().for_each(|(.., payload)| payload[1] = 0);
    arrivals[5].0 = 17; // its first unit was due at tick 16
    let (words, _) = played(&arrivals, 24);
    assert_eq!(words[14..20], ["p4.0", "+1", "c", "p5.1", "p6.0", "+1"]);
}

#[test]
fn long_packets_wrap_around_the_ring_and_twice_the_same_is_once() {
    let mut arrivals = Vec::new();
    for n in 0..100_u32 {
        let payload = vec![HEAD_60, 0, n as u8, n as u8, n as u8];
        arrivals.push((6 * n, n as u16, 6 * n, payload.clone()));
        arrivals.push((6 * n + 1, n as u16, 6 * n, payload));
    }
    let (words, buffer) = played(&arrivals, 606);
    for (n, chunk) in words[6..].chunks_exact(6).enumerate() {
        assert_eq!(chunk, [&format!("p{n}.0"), "+1", "+2", "+3", "+4", "+5"]);
    }
    assert_eq!(buffer.statistics(Instant::from_millis(6000)).duplicates, 100);
    assert_eq!(buffer.packet_time(), Millis(60));
}

#[test]
fn no_packets_panic_or_overflow_the_store() {
    let mut entropy = Entropy::for_simulation(7);
    let mut buffer = JitterBuffer::new(JitterConfig::default(), formats());
    let mut now = Instant::ZERO;
    for n in 0..20_000_u32 {
        let mut bytes = [0; 600];
        let length = entropy.u32() as usize % 520;
        bytes.iter_mut().for_each(|byte| *byte = entropy.u32() as u8);
        let units = n.wrapping_add(entropy.u32() % 80).wrapping_sub(40);
        buffer.push(now, &header(n as u16, units), &bytes[..length]);
        buffer.pace(now, entropy.u32().is_multiple_of(3));
        for _ in 0..entropy.u32() % 3 {
            match buffer.take() {
                Playout::Packet { payload, unit, .. } => assert!(!payload.is_empty() && unit < 12),
                Playout::Repeated { next, units, .. } => assert!(!next.is_empty() && units < 13),
                Playout::Rest { unit } => assert!(unit < 12),
                Playout::Conceal | Playout::Silence => {}
                other => panic!("{other:?}"),
            }
        }
        now += Millis(10);
    }
}

fn stream(sending: Sending, events: ClockRate) -> RtpStream {
    let far = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 4000));
    let narrow = Format::Audio { unit: UnitSize(80), clock: ClockRate::NARROW, silence: UnitSize(0) };
    let config = StreamConfig {
        session: SessionConfig { cname: Cname::new("end"), clock: ClockRate::NARROW, rtcp: true },
        latch: LatchMode::Symmetric,
        jitter: JitterConfig::default(),
        formats: formats().with(EVENTS, Format::Events { clock: events }).with(NARROW, narrow),
        sending,
        remote_rtp: far,
        remote_rtcp: far,
    };
    RtpStream::new(Instant::ZERO, WallTime(0), config, Entropy::for_simulation(3))
}

fn opus(events: ClockRate) -> Sending {
    Sending {
        payload_type: OPUS,
        ptime: Millis(20),
        clock: ClockRate::OPUS,
        events: Some((EVENTS, events)),
        event_level: Dbm0(-10.0),
        impairment: Impairment::G711,
    }
}

/// Ticks of a stream that sends packets of 20 ms: their payload types, timestamps and payloads.
fn sent(stream: &mut RtpStream, ticks: core::ops::Range<u64>) -> Vec<(PayloadType, u32, bool, Vec<u8>)> {
    let mut packets = Vec::new();
    let mut bytes = [0; MAX_DATAGRAM];
    for tick in ticks {
        let now = Instant::from_millis(tick * 10);
        if tick % 2 == 0 {
            stream.collect(now)
        } else {
            stream.send_packet(now, 2, &[HEAD_20, 0, 1])
        }
        while let Some(departure) = stream.poll_packet(now, &mut bytes) {
            if let Ok(packet) = Packet::parse(&bytes[..departure.size])
                && bytes[1] & 0x7f < 64 + 63
                && !(200..=207).contains(&bytes[1])
            {
                let Header { payload_type, timestamp, marker, .. } = packet.header;
                packets.push((payload_type, timestamp.0, marker, packet.payload.to_vec()));
            }
        }
    }
    packets
}

#[test]
fn ten_milliseconds_are_480_ticks_and_a_packet_bears_the_time_of_its_first() {
    let mut stream = stream(opus(ClockRate::OPUS), ClockRate::OPUS);
    let first = stream.session().timestamp().0;
    let packets = sent(&mut stream, 0..20);
    assert_eq!(packets.len(), 10);
    assert!(packets[0].2 && !packets[1].2, "the first is marked");
    for (n, (payload_type, timestamp, ..)) in packets.iter().enumerate() {
        assert_eq!((*payload_type, *timestamp), (OPUS, first.wrapping_add(960 * n as u32)));
    }
}

#[test]
fn events_beside_opus_run_on_their_own_clock_and_start_on_that_of_sound() {
    for (clock, unit) in [(ClockRate::OPUS, 480), (ClockRate::NARROW, 80)] {
        let mut sender = stream(opus(clock), clock);
        let mut receiver = stream(opus(clock), clock);
        let before = sender.session().timestamp().0;
        sent(&mut sender, 0..10);
        sender.send_event(TelephoneEvent::from_digit('5').unwrap(), Millis(100)).unwrap();
        let packets = sent(&mut sender, 10..60);
        let events: Vec<_> = packets.iter().filter(|(payload_type, ..)| *payload_type == EVENTS).collect();
        assert!(events.len() >= 6);
        let last = EventPayload::parse(&events.last().unwrap().3).unwrap();
        assert!(last.end && last.duration.0 == 10 * unit, "{last:?}");
        for (_, timestamp, ..) in &events {
            assert_eq!(*timestamp, before.wrapping_add(480 * 10), "{clock:?}");
        }
        // Heard back: the length is that on the clock of events.
        let from = SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 4000));
        let mut reports = Vec::new();
        for (n, (payload_type, timestamp, marker, payload)) in packets.iter().enumerate() {
            let timestamp = Timestamp(*timestamp);
            let header = Header {
                marker: *marker,
                payload_type: *payload_type,
                sequence: n as u16,
                timestamp,
                ssrc: Ssrc(9),
            };
            let mut bytes = [0; MAX_DATAGRAM];
            let size = header.write(payload, &mut bytes).unwrap();
            let now = Instant::from_millis(n as u64 * 20);
            receiver.receive(now, from, &bytes[..size]);
            receiver.pace(now, false);
            reports.extend(core::iter::from_fn(|| receiver.poll_event()));
        }
        let five = TelephoneEvent::from_digit('5').unwrap();
        assert_eq!(reports, [EventReport::Begin(five), EventReport::End(five, Millis(100))]);
    }
}

#[test]
fn another_clock_is_another_source_and_the_old_one_takes_leave() {
    let mut stream = stream(opus(ClockRate::OPUS), ClockRate::OPUS);
    sent(&mut stream, 0..10);
    let old = stream.session().ssrc();
    let narrow =
        Sending { payload_type: NARROW, clock: ClockRate::NARROW, events: None, ..opus(ClockRate::OPUS) };
    stream.set_sending(narrow);
    assert_ne!(stream.session().ssrc(), old);
    let mut bytes = [0; MAX_DATAGRAM];
    let mut goodbye = false;
    let mut stamps = Vec::new();
    for tick in 10..30_u64 {
        let now = Instant::from_millis(tick * 10);
        stream.send(now, Some(&[0x55; 80]));
        while let Some(departure) = stream.poll_packet(now, &mut bytes) {
            let bytes = &bytes[..departure.size];
            if bytes[1] & 0x7f == 0 {
                stamps.push(Packet::parse(bytes).unwrap().header.timestamp.0);
            } else {
                let ends = bytes.windows(8).any(|w| w[1] == 203 && w[4..8] == old.0.to_be_bytes());
                goodbye |= ends;
            }
        }
    }
    assert!(goodbye && stamps.windows(2).all(|two| two[1].wrapping_sub(two[0]) == 160));
}

#[test]
fn an_adaptive_buffer_is_deep_enough_for_repairs_after_the_first_loss() {
    let mut buffer = JitterBuffer::new(JitterConfig::default(), formats());
    let (mut repeated, mut concealed) = (Vec::new(), Vec::new());
    for tick in 0..3000_u32 {
        let now = Instant::from_millis(u64::from(tick) * 10);
        let n = tick / 2;
        if tick % 2 == 0 && n % 10 != 9 {
            buffer.push(now, &header(n as u16, tick), &[HEAD_20, REPEATS_20, 0, 1, 1]);
        }
        buffer.pace(now, true);
        match buffer.take() {
            Playout::Repeated { .. } => repeated.push(tick),
            Playout::Conceal => concealed.push(tick),
            _ => {}
        }
    }
    assert!(concealed.iter().all(|tick| *tick < 150), "{concealed:?}");
    assert!(repeated.len() > 140, "{}", repeated.len());
    assert_eq!(buffer.statistics(Instant::from_millis(30_000)).target, Millis(30));
}

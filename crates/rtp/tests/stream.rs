//! Two whole streams that talk with each other, and what outsiders can do to them.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use tipring_rtp::{
    Arrival, ClockRate, Cname, Datagram, Departure, EventReport, Format, Gate, Impairment, JitterConfig,
    LatchMode, MAX_DATAGRAM, PayloadMap, PayloadType, Playout, RtpStream, Sending, SessionConfig,
    StreamConfig, TelephoneEvent, UnitSize,
};
use tipring_units::{Dbm0, Entropy, Instant, Millis, WallTime};

const UNIT: usize = 12;
const SOUND: PayloadType = PayloadType(0);
const EVENTS: PayloadType = PayloadType(101);

fn address(host: u8, udp: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), udp)
}

fn stream(seed: u64, far: SocketAddr) -> RtpStream {
    let config = StreamConfig {
        session: SessionConfig { cname: Cname::new("end"), clock: ClockRate::NARROW, rtcp: true },
        latch: LatchMode::Symmetric,
        jitter: JitterConfig::default(),
        formats: PayloadMap::new()
            .with(
                SOUND,
                Format::Audio { unit: UnitSize(UNIT), clock: ClockRate::NARROW, silence: UnitSize(0) },
            )
            .with(EVENTS, Format::Events { clock: ClockRate::NARROW }),
        sending: Sending {
            payload_type: SOUND,
            ptime: Millis(20),
            clock: ClockRate::NARROW,
            events: Some((EVENTS, ClockRate::NARROW)),
            event_level: Dbm0(-10.0),
            impairment: Impairment::G711,
        },
        remote_rtp: far,
        remote_rtcp: SocketAddr::new(far.ip(), far.port() + 1),
    };
    RtpStream::new(Instant::ZERO, WallTime(1_700_000_000_000_000), config, Entropy::for_simulation(seed))
}

/// Two ends on a network without delay.
struct Call {
    ends: [RtpStream; 2],
    /// Where packets of each end come from.
    from: [SocketAddr; 2],
    now: Instant,
    reports: [Vec<EventReport>; 2],
    departures: Vec<(usize, Departure)>,
    frames: [u32; 2],
    silences: [u32; 2],
}

impl Call {
    fn new() -> Self {
        let from = [address(1, 4000), address(2, 6000)];
        Self {
            ends: [stream(1, from[1]), stream(2, from[0])],
            from,
            now: Instant::ZERO,
            reports: [Vec::new(), Vec::new()],
            departures: Vec::with_capacity(64),
            frames: [0; 2],
            silences: [0; 2],
        }
    }

    /// One tick of both ends; `speaks` tells who does.
    fn tick(&mut self, speaks: [bool; 2]) {
        self.tick_over(speaks, false);
    }

    /// Both speak; RTP to the first end is lost if `lost`.
    fn lossy_tick(&mut self, lost: bool) {
        self.tick_over([true; 2], lost);
    }

    fn tick_over(&mut self, speaks: [bool; 2], lost: bool) {
        self.departures.clear();
        for (end, speaks) in speaks.into_iter().enumerate() {
            self.ends[end].pace(self.now, false);
            match self.ends[end].sound().take() {
                Playout::Frame { payload, .. } => {
                    assert_eq!(payload, [1 - end as u8; UNIT]);
                    self.frames[end] += 1;
                }
                Playout::Silence => self.silences[end] += 1,
                Playout::Conceal | Playout::ComfortNoise(_) | Playout::Event(_) => {}
                Playout::Packet { .. } | Playout::Repeated { .. } | Playout::Rest { .. } => {
                    panic!("these packets can be cut")
                }
            }
            self.ends[end].send(self.now, speaks.then_some(&[end as u8; UNIT]));
            let mut bytes = [0; MAX_DATAGRAM];
            while let Some(departure) = self.ends[end].poll_packet(self.now, &mut bytes) {
                let udp = self.from[end].port() + u16::from(departure.gate == Gate::Rtcp);
                let from = SocketAddr::new(self.from[end].ip(), udp);
                if !(lost && end == 1 && departure.gate == Gate::Rtp) {
                    self.ends[1 - end].receive(self.now, from, &bytes[..departure.size]);
                }
                self.departures.push((end, departure));
            }
            while let Some(report) = self.ends[end].poll_event() {
                self.reports[end].push(report);
            }
        }
        self.now += Millis(10);
    }
}

#[test]
fn both_hear_each_other_and_know_how_well() {
    let mut call = Call::new();
    for _ in 0..6000 {
        call.tick([true; 2]);
    }
    for end in 0..2 {
        let (network, buffer) = call.ends[end].statistics(call.now);
        assert!(call.frames[end] > 5985, "{}", call.frames[end]);
        assert_eq!((network.lost, network.refused, network.malformed), (0, 0, 0));
        assert_eq!((network.sent_packets, network.received_packets), (3000, 3000));
        assert!(network.round_trip.is_some() && network.far.is_some());
        assert!(buffer.concealed <= 1 && buffer.depth <= Millis(40), "{buffer:?}");
    }
}

#[test]
fn digits_arrive_once_and_sound_gives_way_to_them() {
    let mut call = Call::new();
    for tick in 0..400 {
        if tick == 100 {
            for digit in ['4', '4', '#'] {
                call.ends[0].send_event(TelephoneEvent::from_digit(digit).unwrap(), Millis(100)).unwrap();
            }
        }
        call.tick([true; 2]);
    }
    let expected: Vec<_> = ['4', '4', '#']
        .into_iter()
        .filter_map(TelephoneEvent::from_digit)
        .flat_map(|event| [EventReport::Begin(event), EventReport::End(event, Millis(100))])
        .collect();
    assert_eq!(call.reports[1], expected);
    assert!(call.reports[0].is_empty());
    // Sound stops from the first digit to the end of the last: three of 100 ms and two gaps of 50.
    assert!((350..=362).contains(&call.frames[1]), "{}", call.frames[1]);
    assert!(call.frames[0] > 385);
}

#[test]
fn without_a_payload_type_for_events_sound_is_not_interrupted() {
    let mut call = Call::new();
    let without = Sending {
        payload_type: SOUND,
        ptime: Millis(20),
        clock: ClockRate::NARROW,
        events: None,
        event_level: Dbm0(-10.0),
        impairment: Impairment::G711,
    };
    call.ends[0].set_sending(without);
    call.ends[0].send_event(TelephoneEvent::FLASH, Millis(100)).unwrap();
    for _ in 0..100 {
        call.tick([true; 2]);
    }
    assert!(call.frames[1] > 90 && call.reports[1].is_empty());
}

#[test]
fn hold_is_silence_and_return_is_heard_at_once() {
    let mut call = Call::new();
    for tick in 0..1000 {
        call.tick([!(300..600).contains(&tick), true]);
    }
    assert!((680..=700).contains(&call.frames[1]), "{}", call.frames[1]);
    assert!((285..=310).contains(&call.silences[1]), "{}", call.silences[1]);
    assert_eq!(call.ends[1].statistics(call.now).1.restarts, 0);
}

#[test]
fn a_far_end_behind_a_translator_is_answered_where_it_is() {
    let mut call = Call::new();
    call.from[1] = address(77, 33_000);
    for _ in 0..1000 {
        call.tick([true; 2]);
    }
    assert_eq!(call.ends[0].remote(), address(77, 33_000));
    assert!(call.frames[0] > 980, "{}", call.frames[0]);
    assert_eq!(call.ends[0].statistics(call.now).0.refused, 2, "until the third packet in sequence");
}

#[test]
fn an_outsider_neither_is_heard_nor_moves_the_stream() {
    let mut call = Call::new();
    let mut thief = stream(9, address(1, 4000));
    let mut bytes = [0; MAX_DATAGRAM];
    for tick in 0..1000 {
        call.tick([true; 2]);
        thief.send(call.now, Some(&[66; UNIT]));
        while let Some(departure) = thief.poll_packet(call.now, &mut bytes) {
            let arrival = call.ends[0].receive(call.now, address(66, 9), &bytes[..departure.size]);
            assert_eq!(arrival, Arrival::Dropped, "tick {tick}");
        }
    }
    assert_eq!(call.ends[0].remote(), address(2, 6000));
    assert!(call.frames[0] > 985);
    assert!(call.ends[0].statistics(call.now).0.refused >= 500);
}

#[test]
fn a_farewell_from_elsewhere_does_not_count() {
    let mut call = Call::new();
    for _ in 0..50 {
        call.tick([true; 2]);
    }
    let mut bytes = [0; MAX_DATAGRAM];
    let departure = call.ends[1].leave(call.now, &mut bytes).unwrap();
    assert_eq!(call.ends[0].receive(call.now, address(66, 9), &bytes[..departure.size]), Arrival::Dropped);
    assert_eq!(call.ends[0].receive(call.now, address(2, 6001), &bytes[..departure.size]), Arrival::Goodbye);
}

#[test]
fn reports_go_by_the_other_gate_unless_they_share_one() {
    let mut call = Call::new();
    let mut seen = Vec::new();
    for _ in 0..700 {
        call.tick([true; 2]);
        seen.extend(call.departures.iter().filter(|(_, departure)| departure.gate == Gate::Rtcp).copied());
    }
    assert!([0, 1].into_iter().all(|end| seen.iter().any(|(from, _)| *from == end)));
    assert!(seen.iter().all(|(end, departure)| departure.to == [address(2, 6001), address(1, 4001)][*end]));

    call.ends[0].signal(address(2, 6000), address(2, 6000));
    for _ in 0..700 {
        call.tick([true; 2]);
        assert!(call.departures.iter().all(|(end, departure)| *end == 1 || departure.gate == Gate::Rtp));
    }
}

#[test]
fn rubbish_is_counted_and_foreign_protocols_handed_on() {
    let mut end = stream(1, address(2, 6000));
    let now = Instant::ZERO;
    assert_eq!(end.receive(now, address(2, 6000), &[0x80, 0, 1]), Arrival::Dropped);
    assert_eq!(end.receive(now, address(2, 6001), &[0x80, 200, 0, 9]), Arrival::Dropped);
    assert_eq!(end.receive(now, address(2, 6000), &[22, 254, 253, 0]), Arrival::Foreign(Datagram::Dtls));
    assert_eq!(end.receive(now, address(2, 6000), &[]), Arrival::Foreign(Datagram::Other));
    let unknown = [0x80, 99, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 2];
    assert_eq!(end.receive(now, address(2, 6000), &unknown), Arrival::Dropped);
    let (network, _) = end.statistics(now);
    assert_eq!((network.malformed, network.refused), (2, 1));
}

proptest::proptest! {
    #[test]
    fn any_datagrams_leave_the_stream_alive(datagrams in proptest::collection::vec((proptest::collection::vec(0_u8.., 0..120), proptest::bool::ANY, 0_u8..4), 0..60)) {
        let mut end = stream(1, address(2, 6000));
        let (mut now, mut out) = (Instant::ZERO, [0; MAX_DATAGRAM]);
        for (mut bytes, like_rtp, payload_type) in datagrams {
            if like_rtp && let [first, second, ..] = &mut bytes[..] {
                (*first, *second) = (0x80 | (*first & 0x30), [0, 101, 200, 203][usize::from(payload_type)]);
            }
            end.receive(now, address(2, 6000), &bytes);
            end.pace(now, false);
            end.sound().take();
            end.send(now, Some(&[0; UNIT]));
            while end.poll_event().is_some() {}
            while end.poll_packet(now, &mut out).is_some() {}
            now += Millis(10);
        }
    }
}

#[test]
fn both_ends_tell_each_other_how_they_hear() {
    let mut call = Call::new();
    for n in 0..3000 {
        call.lossy_tick(n % 50 < 4); // 8 %, two packets in a row
    }
    let here = call.ends[0].hears(call.now).unwrap();
    assert!((here.loss - 0.08).abs() < 0.02, "{here:?}");
    assert!(here.rating.0 < 80.0 && here.rating.0 > 55.0, "{here:?}");
    let there = call.ends[1].is_heard().unwrap();
    assert!(
        (there.rating.0 - here.rating.0).abs() < 3.0 && (there.loss - here.loss).abs() < 0.02,
        "{there:?}"
    );
    let back = call.ends[1].hears(call.now).unwrap();
    assert!(back.loss < 0.001 && back.rating.0 > 88.0, "{back:?}");
    let told = call.ends[1].session().statistics().far_voip.unwrap();
    assert_eq!((told.ssrc, told.gap_min), (call.ends[1].session().ssrc(), 16));
    assert_eq!((told.burst_density, told.burst_ms, told.gap_density), (255, 40, 0), "{told:?}");
    assert!((440..=470).contains(&told.gap_ms) && (15..=25).contains(&told.loss), "{told:?}");
    assert!(told.listening >= told.conversation && told.conversation > Some(25), "{told:?}");
}

#[test]
fn without_extended_reports_the_rating_comes_of_the_ordinary_ones() {
    let mut end = stream(1, address(2, 6000));
    let mut far = stream(2, address(1, 4000));
    assert!(end.is_heard().is_none() && end.hears(Instant::ZERO).is_none());
    let mut bytes = [0; MAX_DATAGRAM];
    for tick in 0..200_u64 {
        let now = Instant::from_millis(tick * 10);
        for own in [&mut end, &mut far] {
            own.pace(now, false);
            own.sound().take();
            own.send(now, Some(&[1; UNIT]));
        }
        while let Some(departure) = far.poll_packet(now, &mut bytes) {
            end.receive(now, address(2, 6000), &bytes[..departure.size]);
        }
        while end.poll_packet(now, &mut bytes).is_some() {}
    }
    let block = tipring_rtp::Block {
        ssrc: end.session().ssrc(),
        fraction_lost: 26,
        lost: 10,
        highest: 0,
        jitter: tipring_rtp::Ticks(80),
        last_report: 0,
        delay: 0,
    };
    let ssrc = far.session().ssrc();
    let report = tipring_rtp::Report {
        ssrc,
        sender: None,
        block: Some(block),
        voip: None,
        cname: b"x",
        goodbye: false,
    };
    let size = report.write(&mut bytes).unwrap();
    end.receive(Instant::from_millis(2000), address(2, 6001), &bytes[..size]);
    let heard = end.is_heard().unwrap();
    assert!((heard.loss - 0.1).abs() < 0.01 && heard.rating.0 < 70.0 && heard.rating.0 > 50.0, "{heard:?}");
    assert_eq!(heard.jitter.as_millis(), 10);
}

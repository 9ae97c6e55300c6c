//! Telephone events from sender to receiver, over a network that loses packets.

use tipring_rtp::{
    ClockRate, EVENT_TIMEOUT, EventPacket, EventPayload, EventReceiver, EventReport, EventSender, Full,
    MAX_REPORTS, MAX_WAITING, TelephoneEvent, Ticks, Timestamp,
};
use tipring_units::{Dbm0, Entropy, Instant, Millis};

const UNIT: Ticks = Ticks(80);

fn sender(ptime: u32) -> EventSender {
    EventSender::new(UNIT, Millis(ptime), Millis(50), Dbm0(-10.0))
}

fn event(digit: char) -> TelephoneEvent {
    TelephoneEvent::from_digit(digit).unwrap()
}

/// Runs a sender for `ticks` and gives each packet with the tick it was sent in.
fn run(sender: &mut EventSender, start: Timestamp, ticks: u32) -> Vec<(u32, EventPacket)> {
    let mut sent = Vec::new();
    for tick in 0..ticks {
        sender.tick(start.after(Ticks(tick * UNIT.0)));
        while let Some(packet) = sender.poll() {
            sent.push((tick, packet));
        }
    }
    sent
}

/// What a receiver reports of packets that survive `lose`.
fn hear(sent: &[(u32, EventPacket)], mut lose: impl FnMut(usize) -> bool) -> Vec<EventReport> {
    let mut receiver = EventReceiver::new(ClockRate::NARROW);
    let (mut reports, last) = (Vec::new(), sent.last().map_or(0, |(tick, _)| *tick) + 100);
    for tick in 0..last {
        let now = Instant::from_millis(u64::from(tick) * 10);
        for (index, (_, packet)) in sent.iter().enumerate().filter(|(_, (at, _))| *at == tick) {
            if !lose(index) {
                receiver.receive(now, packet.marker, packet.timestamp, &packet.payload.to_bytes());
                reports.extend(core::iter::from_fn(|| receiver.poll()));
            }
        }
        receiver.tick(now);
        reports.extend(core::iter::from_fn(|| receiver.poll()));
    }
    reports
}

#[test]
fn a_digit_has_one_marker_growing_durations_and_three_ends() {
    let mut sender = sender(20);
    sender.send(event('5'), Millis(100)).unwrap();
    let sent = run(&mut sender, Timestamp(u32::MAX - 200), 40);
    let told: Vec<_> =
        sent.iter().map(|(tick, p)| (*tick, p.marker, p.payload.end, p.payload.duration.0)).collect();
    let expected = [
        (0, true, false, 80),
        (2, false, false, 160),
        (4, false, false, 320),
        (6, false, false, 480),
        (8, false, false, 640),
        (10, false, true, 800),
        (12, false, true, 800),
        (14, false, true, 800),
    ];
    assert_eq!(told, expected);
    assert!(sent.iter().all(|(_, p)| p.timestamp == Timestamp(u32::MAX - 200)));
    assert!(sent.iter().all(|(_, p)| (p.payload.number, p.payload.attenuation) == (5, 10)));
}

#[test]
fn digits_in_a_row_have_new_timestamps_and_the_gap_between() {
    for ptime in [10, 20, 30, 60] {
        let mut sender = sender(ptime);
        for digit in "4001#".chars() {
            sender.send(event(digit), Millis(80)).unwrap();
        }
        let sent = run(&mut sender, Timestamp(0), 200);
        let starts: Vec<u32> = sent.iter().filter(|(_, p)| p.marker).map(|(_, p)| p.timestamp.0).collect();
        assert_eq!(starts.len(), 5, "ptime {ptime}");
        // 80 ms of tone, then 50 ms of gap or the time that the end packets take.
        let step = 640 + (50 * 8).max(2 * ptime * 8).next_multiple_of(80);
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] == step), "ptime {ptime}: {starts:?}");
        let expected: Vec<_> = "4001#"
            .chars()
            .flat_map(|digit| [EventReport::Begin(event(digit)), EventReport::End(event(digit), Millis(80))])
            .collect();
        assert_eq!(hear(&sent, |_| false), expected, "ptime {ptime}");
        assert!(!sender.is_active());
    }
}

#[test]
fn a_held_key_lasts_until_it_is_released_and_not_less_than_40_ms() {
    let mut sender = sender(20);
    sender.press(event('9')).unwrap();
    let mut sent = run(&mut sender, Timestamp(0), 101);
    assert!(sender.is_active());
    sender.release();
    sent.extend(run(&mut sender, Timestamp(101 * 80), 40).into_iter().map(|(tick, p)| (tick + 101, p)));
    assert_eq!(
        hear(&sent, |_| false),
        [EventReport::Begin(event('9')), EventReport::End(event('9'), Millis(1010))]
    );

    sender.press(event('1')).unwrap();
    sender.release();
    let sent = run(&mut sender, Timestamp(0), 40);
    assert_eq!(
        hear(&sent, |_| false),
        [EventReport::Begin(event('1')), EventReport::End(event('1'), Millis(40))]
    );
}

#[test]
fn a_long_event_is_cut_into_segments_and_heard_as_one() {
    let mut sender = sender(50);
    sender.send(TelephoneEvent::FLASH, Millis(20_000)).unwrap();
    let sent = run(&mut sender, Timestamp(1000), 2100);
    let full: Vec<_> = sent.iter().filter(|(_, p)| p.payload.duration.0 == 0xffff).collect();
    assert_eq!(full.len(), 6, "two segments, the last packet of each three times");
    assert!(full.iter().all(|(_, p)| !p.payload.end));
    assert_eq!(full[3].1.timestamp, Timestamp(1000 + 0xffff));
    assert_eq!(sent.iter().filter(|(_, p)| p.marker).count(), 1);
    let expected =
        [EventReport::Begin(TelephoneEvent::FLASH), EventReport::End(TelephoneEvent::FLASH, Millis(20_000))];
    assert_eq!(hear(&sent, |_| false), expected);
}

#[test]
fn every_digit_survives_a_third_of_its_packets_once_and_only_once() {
    let mut entropy = Entropy::for_simulation(11);
    let (mut missed, mut heard) = (0, 0);
    for _ in 0..300 {
        let mut sender = sender(20);
        for digit in "0123456789".chars() {
            sender.send(event(digit), Millis(100)).unwrap();
        }
        let sent = run(&mut sender, Timestamp(entropy.u32()), 200);
        let reports = hear(&sent, |_| entropy.chance(33.0));
        let begun: String = reports
            .iter()
            .filter_map(|report| match report {
                EventReport::Begin(event) => event.digit(),
                EventReport::End(..) => None,
            })
            .collect();
        heard += begun.len();
        missed += 10 - begun.len();
        // Each at most once, in order, and every begin has its end before the next begin.
        assert!(begun.as_bytes().windows(2).all(|pair| pair[0] < pair[1]), "{begun}");
        for pair in reports.chunks(2) {
            let [EventReport::Begin(first), EventReport::End(second, length)] = pair else {
                panic!("{reports:?}")
            };
            assert!(first == second && length.0 <= 100);
        }
    }
    // Eight packets a digit: all are lost in one of 7000 cases.
    assert!(missed <= 3 && heard >= 2997, "{missed} of {heard}");
}

#[test]
fn a_lost_start_and_a_lost_end_are_made_good() {
    let mut sender = sender(20);
    sender.send(event('7'), Millis(100)).unwrap();
    let sent = run(&mut sender, Timestamp(0), 40);
    assert_eq!(
        hear(&sent, |index| index < 5),
        [EventReport::Begin(event('7')), EventReport::End(event('7'), Millis(100))]
    );
    assert_eq!(
        hear(&sent, |index| index >= 5),
        [EventReport::Begin(event('7')), EventReport::End(event('7'), Millis(80))],
        "ends when packets stop"
    );
}

#[test]
fn latecomers_of_an_ended_digit_do_not_repeat_it() {
    let mut receiver = EventReceiver::new(ClockRate::NARROW);
    let payload = |duration, end| {
        EventPayload { number: 3, end, attenuation: 10, duration: Ticks(duration) }.to_bytes()
    };
    let mut reports = Vec::new();
    // 160 again after the end, an older digit's end, and the same digit dialled once more.
    for (timestamp, duration, end) in [
        (5000, 160, false),
        (5000, 800, true),
        (5000, 160, false),
        (3000, 800, true),
        (9000, 800, true),
        (5000, 800, true),
    ] {
        receiver.receive(Instant::ZERO, false, Timestamp(timestamp), &payload(duration, end));
        reports.extend(core::iter::from_fn(|| receiver.poll()));
    }
    let one = [EventReport::Begin(event('3')), EventReport::End(event('3'), Millis(100))];
    assert_eq!(reports, [one, one].concat());
}

#[test]
fn a_source_that_restarts_is_heard_from_its_first_digit() {
    let mut receiver = EventReceiver::new(ClockRate::NARROW);
    let bytes = EventPayload { number: 1, end: true, attenuation: 0, duration: Ticks(400) }.to_bytes();
    receiver.receive(Instant::ZERO, true, Timestamp(900_000), &bytes);
    assert_eq!(core::iter::from_fn(|| receiver.poll()).count(), 2);
    receiver.restart();
    receiver.receive(Instant::ZERO, true, Timestamp(899_000), &bytes);
    assert_eq!(core::iter::from_fn(|| receiver.poll()).count(), 2);
}

#[test]
fn events_that_come_in_a_burst_are_reported_whole_or_not_at_all() {
    let mut receiver = EventReceiver::new(ClockRate::NARROW);
    for n in 0..100_u32 {
        let end = n % 3 != 0;
        let bytes = EventPayload { number: (n % 10) as u8, end, attenuation: 0, duration: Ticks(400) };
        receiver.receive(Instant::ZERO, true, Timestamp(n * 800), &bytes.to_bytes());
    }
    receiver.tick(Instant::ZERO + EVENT_TIMEOUT);
    let reports: Vec<_> = core::iter::from_fn(|| receiver.poll()).collect();
    assert!((MAX_REPORTS - 1..=MAX_REPORTS).contains(&reports.len()), "{reports:?}");
    for (n, pair) in reports.chunks(2).enumerate() {
        let event = TelephoneEvent::new(n as u8 % 10).unwrap();
        assert_eq!(pair[0], EventReport::Begin(event));
        assert!(matches!(pair[1], EventReport::End(ended, _) if ended == event), "{pair:?}");
    }
}

#[test]
fn unknown_events_and_short_payloads_are_counted() {
    let mut receiver = EventReceiver::new(ClockRate::NARROW);
    receiver.receive(Instant::ZERO, true, Timestamp(0), &[32, 0x80, 0, 80]);
    receiver.receive(Instant::ZERO, true, Timestamp(0), &[1, 2]);
    assert_eq!((receiver.poll(), receiver.ignored()), (None, 2));
}

#[test]
fn no_more_than_the_bound_can_wait() {
    let mut sender = sender(20);
    for _ in 0..MAX_WAITING {
        sender.send(event('0'), Millis(100)).unwrap();
    }
    assert_eq!(sender.send(event('1'), Millis(100)), Err(Full));
}

proptest::proptest! {
    #[test]
    fn any_packets_keep_begin_and_end_in_pairs(packets in proptest::collection::vec((0_u64..400, proptest::bool::ANY, 0_u32..200_000, proptest::array::uniform4(0_u8..)), 0..60)) {
        let mut receiver = EventReceiver::new(ClockRate::NARROW);
        let (mut now, mut open) = (Instant::ZERO, None);
        for (wait, marker, timestamp, mut payload) in packets {
            now += Millis(wait as u32);
            payload[0] %= 18;
            receiver.tick(now);
            let mut reports: Vec<_> = core::iter::from_fn(|| receiver.poll()).collect();
            receiver.receive(now, marker, Timestamp(timestamp), &payload);
            reports.extend(core::iter::from_fn(|| receiver.poll()));
            for report in reports {
                match (report, open) {
                    (EventReport::Begin(event), None) => open = Some(event),
                    (EventReport::End(event, _), Some(begun)) if begun == event => open = None,
                    (report, open) => proptest::prop_assert!(false, "{report:?} while {open:?}"),
                }
            }
        }
    }
}

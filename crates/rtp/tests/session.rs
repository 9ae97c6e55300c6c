//! Sessions that talk with each other.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use tipring_rtp::{
    ClockRate, Cname, Compound, MAX_DATAGRAM, Outgoing, Packet, PayloadType, Piece, Session, SessionConfig,
    Ssrc, Ticks, Verdict,
};
use tipring_units::{Entropy, Instant, Millis, WallTime};

const FAR: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 4000);
const ELSEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), 4000);

fn session(seed: u64) -> Session {
    let config = SessionConfig { cname: Cname::new("one"), clock: ClockRate::NARROW, rtcp: true };
    Session::new(Instant::ZERO, WallTime(1_700_000_000_000_000), config, Entropy::for_simulation(seed))
}

/// The next packet of 20 ms of `sender`, sent at `now`.
fn packet(sender: &mut Session, now: Instant) -> Vec<u8> {
    let mut bytes = vec![0; MAX_DATAGRAM];
    let timestamp = sender.timestamp();
    let outgoing = Outgoing { payload_type: PayloadType(0), marker: false, timestamp, payload: &[0xff; 160] };
    let size = sender.write(outgoing, &mut bytes).unwrap();
    sender.advance(now, Ticks(160));
    bytes.truncate(size);
    bytes
}

fn give(to: &mut Session, now: Instant, bytes: &[u8]) -> Verdict {
    to.receive(now, FAR, &Packet::parse(bytes).unwrap(), Some(ClockRate::NARROW))
}

#[test]
fn round_trip_loss_and_jitter_are_known_after_the_reports() {
    let (mut ours, mut theirs) = (session(1), session(2));
    let (there, back) = (Millis(30), Millis(50));
    let mut wires: [Vec<(Instant, Vec<u8>, bool)>; 2] = [Vec::new(), Vec::new()];
    for tick in 0..3000_u64 {
        let now = Instant::from_millis(tick * 20);
        let sent = packet(&mut ours, now);
        if tick % 10 != 0 {
            wires[0].push((now + there, sent, false));
        }
        let jitter = Millis(if tick % 2 == 0 { 0 } else { 8 });
        wires[1].push((now + back + jitter, packet(&mut theirs, now), false));
        let mut bytes = [0; MAX_DATAGRAM];
        if let Some(size) = ours.poll_rtcp(now, &mut bytes) {
            wires[0].push((now + there, bytes[..size].to_vec(), true));
        }
        if let Some(size) = theirs.poll_rtcp(now, &mut bytes) {
            wires[1].push((now + back, bytes[..size].to_vec(), true));
        }
        for (wire, to) in wires.iter_mut().zip([&mut theirs, &mut ours]) {
            while let Some(first) = wire.iter().position(|(at, ..)| *at < now + Millis(20)) {
                let (at, bytes, rtcp) = wire.remove(first);
                if rtcp {
                    to.receive_rtcp(at, &bytes).unwrap();
                } else {
                    give(to, at, &bytes);
                }
            }
        }
    }
    let statistics = ours.statistics();
    let trip = statistics.round_trip.unwrap();
    assert!(trip.abs_diff(Duration::from_millis(80)) < Duration::from_millis(1), "{trip:?}");
    let far = statistics.far.unwrap();
    assert!((23..=28).contains(&far.fraction_lost), "a tenth is 25.6/256: {far:?}");
    assert!((240..=300).contains(&far.lost), "{far:?}");
    assert!(
        statistics.jitter.abs_diff(Duration::from_millis(8)) < Duration::from_millis(1),
        "{:?}",
        statistics.jitter
    );
    assert_eq!((statistics.lost, statistics.sent_packets, statistics.sent_octets), (0, 3000, 480_000));
    assert!(theirs.statistics().lost.abs_diff(299) < 3);
}

#[test]
fn reports_come_every_five_seconds_or_so_and_never_in_step() {
    let mut ours = session(3);
    let (mut at, mut bytes) = (Vec::new(), [0; MAX_DATAGRAM]);
    for tick in 0..600_000_u64 {
        let now = Instant::from_millis(tick * 10);
        if ours.poll_rtcp(now, &mut bytes).is_some() {
            at.push(now);
        }
    }
    assert!(at[0].as_millis() <= 3200, "the first after half an interval: {}", at[0]);
    let gaps: Vec<u64> = at.windows(2).map(|pair| pair[1].as_millis() - pair[0].as_millis()).collect();
    assert!(gaps.iter().all(|gap| (2050..=6170).contains(gap)), "{gaps:?}");
    // (0.5 + U) * 5 s / 1.21828 has a mean of 4.1 s.
    let mean = gaps.iter().sum::<u64>() / gaps.len() as u64;
    assert!((3950..=4250).contains(&mean), "{mean}");
    assert!(gaps.iter().max().unwrap() - gaps.iter().min().unwrap() > 3000);
}

#[test]
fn a_sender_reports_as_sender_and_a_listener_as_receiver() {
    let (mut ours, mut theirs) = (session(1), session(2));
    let mut bytes = [0; MAX_DATAGRAM];
    for tick in 0..200 {
        let now = Instant::from_millis(tick * 20);
        let sent = packet(&mut ours, now);
        give(&mut theirs, now, &sent);
    }
    let now = Instant::from_millis(4000);
    let size = ours.poll_rtcp(now, &mut bytes).unwrap();
    let Some(Piece::Sender { ssrc, info, .. }) = Compound::parse(&bytes[..size]).unwrap().next() else {
        panic!()
    };
    assert_eq!((ssrc, info.packets, info.octets), (ours.ssrc(), 200, 32_000));
    assert_eq!(info.ntp >> 32, 1_700_000_000 + 2_208_988_800 + 4);
    // The media clock was moved at 3.98 s and has run for 20 ms since.
    assert_eq!(info.timestamp, ours.timestamp().after(Ticks(160)));
    let size = theirs.poll_rtcp(now, &mut bytes).unwrap();
    let Some(Piece::Receiver { mut blocks, .. }) = Compound::parse(&bytes[..size]).unwrap().next() else {
        panic!()
    };
    assert_eq!(blocks.next().map(|block| (block.ssrc, block.lost)), Some((ours.ssrc(), 0)));
}

#[test]
fn the_first_source_plays_from_its_first_packet() {
    let (mut ours, mut theirs) = (session(1), session(2));
    let first = packet(&mut theirs, Instant::ZERO);
    assert_eq!(give(&mut ours, Instant::ZERO, &first), Verdict::Play { fresh: true });
    let second = packet(&mut theirs, Instant::ZERO);
    assert_eq!(give(&mut ours, Instant::ZERO, &second), Verdict::Play { fresh: false });
    assert_eq!(give(&mut ours, Instant::ZERO, &second), Verdict::Drop, "twice");
    assert_eq!(ours.statistics().duplicates, 1);
}

#[test]
fn another_source_takes_over_only_when_the_present_one_is_quiet() {
    let (mut ours, mut theirs, mut other) = (session(1), session(2), session(3));
    for _ in 0..10 {
        let bytes = packet(&mut theirs, Instant::ZERO);
        give(&mut ours, Instant::ZERO, &bytes);
        let bytes = packet(&mut other, Instant::ZERO);
        assert_eq!(give(&mut ours, Instant::ZERO, &bytes), Verdict::Drop, "mixed streams stay apart");
    }
    assert_eq!(ours.source(), Some(theirs.ssrc()));
    let bytes = packet(&mut other, Instant::ZERO);
    assert_eq!(give(&mut ours, Instant::ZERO, &bytes), Verdict::Play { fresh: true }, "the second in a row");
    assert_eq!(ours.source(), Some(other.ssrc()));
    assert_eq!(ours.statistics().restarts, 1);
}

#[test]
fn after_a_farewell_the_next_source_is_taken_at_once() {
    let (mut ours, mut theirs, mut other) = (session(1), session(2), session(3));
    for _ in 0..3 {
        let bytes = packet(&mut theirs, Instant::ZERO);
        give(&mut ours, Instant::ZERO, &bytes);
    }
    let mut bytes = [0; MAX_DATAGRAM];
    let size = theirs.leave(Instant::ZERO, &mut bytes).unwrap();
    assert!(ours.receive_rtcp(Instant::ZERO, &bytes[..size]).unwrap().goodbye);
    assert_eq!(
        theirs.poll_rtcp(Instant::from_millis(60_000), &mut bytes),
        None,
        "nothing follows a farewell"
    );
    let bytes = packet(&mut other, Instant::ZERO);
    assert_eq!(give(&mut ours, Instant::ZERO, &bytes), Verdict::Play { fresh: true });
}

#[test]
fn a_silent_party_leaves_without_a_word() {
    let mut bytes = [0; MAX_DATAGRAM];
    assert_eq!(session(1).leave(Instant::from_millis(100), &mut bytes), None);
}

#[test]
fn a_collision_gives_us_another_ssrc_and_a_loop_is_cut() {
    let mut ours = session(1);
    let mut twin = session(1);
    packet(&mut ours, Instant::ZERO);
    let old = ours.ssrc();
    let bytes = packet(&mut twin, Instant::ZERO);
    assert_eq!(give(&mut ours, Instant::ZERO, &bytes), Verdict::Play { fresh: true });
    assert_ne!(ours.ssrc(), old);
    let mut out = [0; MAX_DATAGRAM];
    let size = ours.poll_rtcp(Instant::ZERO, &mut out).unwrap();
    let leavers: Vec<Ssrc> = Compound::parse(&out[..size])
        .unwrap()
        .filter_map(|piece| if let Piece::Goodbye(leavers) = piece { Some(leavers) } else { None })
        .flatten()
        .collect();
    assert_eq!(leavers, [old]);
    // Our own packets come back from the same address.
    let second = ours.ssrc();
    for _ in 0..10 {
        let reflected = packet(&mut ours, Instant::ZERO);
        assert_eq!(give(&mut ours, Instant::ZERO, &reflected), Verdict::Drop);
    }
    assert_eq!(ours.ssrc(), second);
    let reflected = packet(&mut ours, Instant::ZERO);
    ours.receive(Instant::ZERO, ELSEWHERE, &Packet::parse(&reflected).unwrap(), Some(ClockRate::NARROW));
    assert_ne!(ours.ssrc(), second, "another address is another collision");
}

#[test]
fn clocks_far_apart_do_not_make_a_round_trip() {
    let mut ours = session(1);
    packet(&mut ours, Instant::ZERO);
    let mut bytes = [0; MAX_DATAGRAM];
    let block = tipring_rtp::Block {
        ssrc: ours.ssrc(),
        fraction_lost: 0,
        lost: 0,
        highest: 0,
        jitter: Ticks(0),
        last_report: 1,
        delay: 0,
    };
    let report = tipring_rtp::Report {
        ssrc: Ssrc(9),
        sender: None,
        block: Some(block),
        voip: None,
        cname: b"x",
        goodbye: false,
    };
    let size = report.write(&mut bytes).unwrap();
    ours.receive_rtcp(Instant::from_millis(5), &bytes[..size]).unwrap();
    assert_eq!(ours.statistics().round_trip, None);
}

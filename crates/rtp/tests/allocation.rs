//! The tick allocates nothing.
#![allow(unsafe_code)] // a global allocator that counts cannot be written without

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use tipring_rtp::{
    ClockRate, Cname, Format, Impairment, JitterConfig, LatchMode, MAX_DATAGRAM, PayloadMap, PayloadType,
    RtpStream, Sending, SessionConfig, StreamConfig, TelephoneEvent, UnitSize,
};
use tipring_units::{Dbm0, Entropy, Instant, Millis, WallTime};

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

#[test]
fn a_minute_of_ticks_with_digits_and_reports_allocates_nothing() {
    let far = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);
    let config = StreamConfig {
        session: SessionConfig { cname: Cname::new("end"), clock: ClockRate::NARROW, rtcp: true },
        latch: LatchMode::Symmetric,
        jitter: JitterConfig::default(),
        formats: PayloadMap::new()
            .with(
                PayloadType(0),
                Format::Audio { unit: UnitSize(80), clock: ClockRate::NARROW, silence: UnitSize(0) },
            )
            .with(PayloadType(101), Format::Events { clock: ClockRate::NARROW }),
        sending: Sending {
            payload_type: PayloadType(0),
            ptime: Millis(20),
            clock: ClockRate::NARROW,
            events: Some((PayloadType(101), ClockRate::NARROW)),
            event_level: Dbm0(-10.0),
            impairment: Impairment::G711,
        },
        remote_rtp: far,
        remote_rtcp: far,
    };
    let make =
        |seed| RtpStream::new(Instant::ZERO, WallTime(0), config.clone(), Entropy::for_simulation(seed));
    let (mut here, mut there) = (make(1), make(2));
    let mut bytes = [0; MAX_DATAGRAM];
    let mut now = Instant::ZERO;
    let before = COUNT.with(Cell::get);
    assert!(before > 0, "the count counts");
    let mut packets = 0;
    for tick in 0..6000_u32 {
        if tick % 500 == 0 {
            here.send_event(TelephoneEvent::FLASH, Millis(200)).unwrap();
        }
        here.send(now, (tick % 1000 < 800).then_some(&[0x55; 80]));
        while let Some(departure) = here.poll_packet(now, &mut bytes) {
            packets += 1;
            if packets % 13 != 0 {
                there.receive(now, far, &bytes[..departure.size]);
            }
        }
        there.pace(now, tick % 7 == 0);
        there.sound().take();
        while there.poll_event().is_some() {}
        now += Millis(10);
    }
    assert_eq!(COUNT.with(Cell::get) - before, 0);
    assert!(packets > 2000 && there.statistics(now).1.played > 3000);
}

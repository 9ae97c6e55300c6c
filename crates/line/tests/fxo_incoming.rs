//! Calls that come in on an outside line: ringing, and what is none.

mod fxo_common;

use fxo_common::{Bench, Office, at, line};
use tipring_port::{
    Absence, CallerId, CallerIdAlert, CallerIdFault, CallerIdSignal, CallerIdTiming, ClearSign, Feed,
    LineCommand, LineEvent, LineFault, Overheard, Refusal,
};
use tipring_units::{Hz, Millis, Volts};

fn caller() -> CallerId {
    CallerId { date: None, number: Ok("5550177".into()), name: Some(Ok("MARY".into())) }
}

#[test]
fn a_call_is_told_when_its_ringing_is_valid_and_shown_at_the_second_ring() {
    let mut bench = Bench::plain();
    let start = bench.now as f64 / 8.0;
    bench.ring(2000);
    let told = bench.events.clone();
    assert_eq!(bench.take(), [LineEvent::Incoming]);
    assert!((told[0].0 - start).abs() < 60.0, "it began at {} after {start}", told[0].0);
    bench.run(4000);
    assert_eq!(bench.take(), []);
    bench.ring(2000);
    assert_eq!(bench.take(), [LineEvent::Offered]);
    bench.run(6000);
    assert_eq!(bench.take(), []);
    bench.run(1000);
    assert_eq!(bench.take(), [LineEvent::GaveUp]);
    assert_eq!(bench.fxo.epoch().0, 1);
    assert!(bench.is_on_hook());
}

#[test]
fn ringing_of_every_country_is_ringing() {
    for (hertz, volts) in [(16.7, 40.0), (20.0, 15.5), (20.0, 90.0), (25.0, 75.0), (50.0, 35.0), (66.0, 60.0)]
    {
        let mut bench = Bench::plain();
        bench.office.ring = Some((Hz(hertz), Volts(volts)));
        bench.run(400);
        assert_eq!(bench.take(), [LineEvent::Incoming], "{hertz} Hz {volts} V");
    }
}

#[test]
fn what_is_too_slow_too_fast_too_soft_or_too_short_is_no_ringing() {
    for (hertz, volts, millis) in
        [(10.0, 75.0, 2000), (90.0, 75.0, 1500), (20.0, 12.0, 2000), (20.0, 75.0, 200)]
    {
        let mut bench = Bench::plain();
        bench.office.ring = Some((Hz(hertz), Volts(volts)));
        bench.run(millis);
        bench.office.ring = None;
        bench.run(500);
        assert!(!bench.take().contains(&LineEvent::Incoming), "{hertz} Hz {volts} V {millis} ms");
    }
}

#[test]
fn a_double_ring_is_one_ring() {
    let mut bench = Bench::plain();
    for _ in 0..2 {
        bench.ring(400);
        bench.run(200);
        bench.ring(400);
        bench.run(2000);
    }
    // The first double ring tells, the second one shows.
    assert_eq!(bench.take(), [LineEvent::Incoming, LineEvent::Offered]);
}

#[test]
fn a_telephone_that_dials_pulses_on_the_line_does_not_ring_it() {
    for (open, closed) in [(61, 39), (33, 17), (30, 20), (67, 33)] {
        let mut bench = Bench::plain();
        bench.office.parallel = true;
        bench.run(1000);
        assert_eq!(bench.take(), [LineEvent::InUse(true)]);
        // Ten pulses, a reading at a time: one after the other, ten digits.
        for _ in 0..50 {
            for (parallel, length) in [(false, open), (true, closed)] {
                bench.office.parallel = parallel;
                bench.run(length / 10 * 10);
            }
        }
        assert_eq!(bench.take(), [], "{open}/{closed}");
        bench.office.parallel = false;
        bench.run(1000);
        assert_eq!(bench.take(), [LineEvent::InUse(false)]);
    }
}

#[test]
fn a_reversal_and_a_short_break_of_battery_are_no_ringing() {
    let mut bench = Bench::plain();
    for _ in 0..3 {
        bench.office.battery = -bench.office.battery;
        bench.run(300);
    }
    bench.office.broken = true;
    bench.run(250);
    bench.office.broken = false;
    bench.run(2000);
    assert_eq!(bench.take(), []);
}

#[test]
fn who_calls_between_rings_is_shown_at_once() {
    let mut bench = Bench::plain();
    bench.ring(2000);
    bench.run(1500);
    bench.hear(Overheard::Caller(Ok(caller())));
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Incoming, LineEvent::Caller(Ok(caller())), LineEvent::Offered]);
}

#[test]
fn a_bad_checksum_is_told_and_the_call_is_shown_without_a_number() {
    let mut bench = Bench::plain();
    bench.ring(2000);
    bench.hear(Overheard::Caller(Err(CallerIdFault::Checksum)));
    bench.run(10);
    let bad = LineEvent::Caller(Err(CallerIdFault::Checksum));
    assert_eq!(bench.take(), [LineEvent::Incoming, bad, LineEvent::Offered]);
}

#[test]
fn who_calls_before_the_first_ring_is_kept_for_it_and_forgotten_without_one() {
    let mut bench = Bench::plain();
    bench.hear(Overheard::Caller(Ok(caller())));
    bench.run(500);
    assert_eq!(bench.take(), []);
    bench.ring(400);
    assert_eq!(bench.take(), [LineEvent::Incoming, LineEvent::Caller(Ok(caller())), LineEvent::Offered]);
    bench.run(8000);
    assert_eq!(bench.take(), [LineEvent::GaveUp]);
    bench.hear(Overheard::Caller(Ok(CallerId { number: Err(Absence::Private), ..caller() })));
    bench.run(11_000);
    bench.ring(400);
    assert_eq!(bench.take(), [LineEvent::Incoming], "nobody called for so long");
}

#[test]
fn a_ring_pulse_before_caller_identity_is_not_the_call() {
    let mut bench = Bench::new(&line(|profile, fxo| {
        profile.caller_id = CallerIdTiming::BeforeRing {
            alert: CallerIdAlert::RingPulse(Millis(250)),
            alert_to_data: Millis(600),
            data_to_ring: Millis(300),
            signal: CallerIdSignal::ETSI,
        };
        fxo.rings = 1;
    }));
    bench.ring(300);
    bench.run(1000);
    assert_eq!(bench.take(), []);
    bench.hear(Overheard::Caller(Ok(caller())));
    bench.run(300);
    bench.ring(1000);
    assert_eq!(bench.take(), [LineEvent::Incoming, LineEvent::Caller(Ok(caller())), LineEvent::Offered]);
}

#[test]
fn an_answer_closes_the_loop_and_hanging_up_opens_it() {
    let mut bench = Bench::plain();
    bench.ring(2000);
    bench.hear(Overheard::Caller(Ok(caller())));
    bench.run(10);
    bench.take();
    bench.command(LineCommand::Answer);
    bench.run(1000);
    assert_eq!((bench.feed, bench.take()), (Feed::Closed, vec![]));
    bench.command(LineCommand::HangUp);
    bench.run(20);
    assert!(bench.is_on_hook());
    assert_eq!(bench.take(), [], "the guard time has not passed");
    bench.seize("1");
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::Guard)]);
    bench.run(1000);
    assert_eq!(bench.take(), [LineEvent::Released]);
}

#[test]
fn a_call_within_the_guard_time_is_a_new_one() {
    let mut bench = Bench::plain();
    bench.ring(2000);
    bench.command(LineCommand::Answer);
    bench.run(500);
    bench.command(LineCommand::HangUp);
    bench.run(100);
    bench.take();
    bench.ring(400);
    assert_eq!(bench.take(), [LineEvent::Released, LineEvent::Incoming]);
    assert_eq!(bench.fxo.epoch().0, 1);
}

#[test]
fn a_terminal_of_ntt_lifts_after_a_short_ring_for_the_caller_and_is_rung_then() {
    let mut bench = Bench::new(&line(|profile, fxo| {
        profile.caller_id = CallerIdTiming::AfterShortRing { signal: CallerIdSignal::Ntt };
        fxo.rings = 2;
    }));
    bench.ring(500);
    bench.run(200);
    assert_eq!(bench.feed, Feed::Closed, "it answers by itself");
    bench.hear(Overheard::Caller(Ok(caller())));
    bench.run(20);
    assert!(bench.is_on_hook());
    assert_eq!(bench.take(), [LineEvent::Incoming, LineEvent::Caller(Ok(caller()))]);
    bench.run(300);
    bench.ring(1000);
    assert_eq!(bench.take(), [LineEvent::Offered]);
}

#[test]
fn a_dead_line_is_a_fault_and_a_battery_ends_it() {
    let mut bench = Bench::plain();
    bench.office.broken = true;
    bench.run(2500);
    assert_eq!(bench.take(), [], "it may be a long break");
    bench.run(1000);
    assert_eq!(bench.take(), [LineEvent::Fault(LineFault::NoBattery)]);
    bench.seize("1");
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::OutOfService)]);
    bench.office.broken = false;
    bench.run(1000);
    assert_eq!(bench.take(), [LineEvent::FaultCleared(LineFault::NoBattery)]);
}

#[test]
fn a_line_that_another_telephone_uses_is_not_seized() {
    let mut bench = Bench::plain();
    bench.office.parallel = true;
    bench.run(500);
    assert_eq!(bench.take(), [LineEvent::InUse(true)]);
    bench.seize("1");
    bench.run(20);
    assert_eq!(bench.take(), [LineEvent::Refused(Refusal::InUse)]);
    assert!(bench.is_on_hook());
}

#[test]
fn mains_and_too_much_battery_are_foreign_voltages_and_a_bell_that_never_stops_is_one() {
    let narrow = line(|_, fxo| fxo.ringing.highest = Hz(40.0));
    let fault = LineEvent::Fault(LineFault::ForeignVoltage);
    let over = LineEvent::FaultCleared(LineFault::ForeignVoltage);
    let mut bench = Bench::new(&narrow);
    bench.office.ring = Some((Hz(50.0), Volts(30.0)));
    bench.run(4000);
    assert_eq!(bench.take(), [fault]);
    bench.office.ring = None;
    bench.run(1000);
    assert_eq!(bench.take(), [over]);
    bench.office.battery = 110.0;
    bench.run(2000);
    assert_eq!(bench.take(), [fault]);
    let mut bench = Bench::plain();
    bench.office.ring = Some((Hz(20.0), Volts(75.0)));
    bench.run(8000);
    assert_eq!(bench.take(), [LineEvent::Incoming, fault, LineEvent::GaveUp]);
}

#[test]
fn the_message_lamp_is_told() {
    let mut bench = Bench::plain();
    bench.hear(Overheard::Waiting(true));
    bench.run(10);
    assert_eq!(bench.take(), [LineEvent::Waiting(true)]);
}

#[test]
fn an_idle_line_needs_no_ticks_until_something_happens() {
    let mut bench = Bench::plain();
    bench.run(3000);
    assert_eq!(bench.fxo.next_wakeup(), None);
    bench.office = Office { battery: -48.0, ..Office::PLAIN };
    bench.run(10);
    assert!(bench.fxo.next_wakeup().is_some());
    bench.run(5000);
    assert_eq!(bench.fxo.next_wakeup(), None);
    bench.ring(2000);
    assert!(bench.fxo.next_wakeup().is_some());
    assert!(at(&bench, LineEvent::Incoming).is_some());
}

#[test]
fn an_exchange_may_reverse_the_polarity_as_it_sees_our_answer_and_clears_by_doing_so_later() {
    for reverses_at_once in [true, false] {
        let mut bench = Bench::new(&line(|_, fxo| fxo.clear.reversal = true));
        bench.ring(2000);
        bench.command(LineCommand::Answer);
        bench.run(100);
        if reverses_at_once {
            bench.office.battery = -bench.office.battery;
        }
        bench.run(3000);
        bench.take();
        bench.office.battery = -bench.office.battery;
        bench.run(100);
        assert_eq!(bench.take(), [LineEvent::FarCleared(ClearSign::Reversal)], "{reverses_at_once}");
    }
}

//! Dial pulses, flashes and hang-ups.

mod common;

use common::{Bench, Plant, settings};
use tipring_line::{Playing, Settings};
use tipring_port::{
    CardReport, CookedEvent, CookedEvents, DigitSource, FlashWindow, LineCommand, LineEvent, LoopReading,
    PulseConvention, Sense, Tone,
};
use tipring_units::{Millis, SampleTime};

fn off_hook(settings: Settings, ren: f64, loop_ohms: f64) -> Bench {
    let mut bench = Bench::new(settings, Plant::new(ren, loop_ohms));
    bench.lift();
    assert_eq!(bench.take(), [LineEvent::Seized]);
    bench
}

/// Dials `pulses` breaks; returns their length in ms.
fn dial(bench: &mut Bench, pulses: u32, rate: f64, ratio: f64, bounce: f64) -> f64 {
    let period = 1000.0 / rate;
    for pulse in 0..pulses {
        let start = 5.0 + f64::from(pulse) * period;
        bench.bouncing(start, false, bounce);
        bench.bouncing(start + period * ratio, true, bounce);
    }
    5.0 + f64::from(pulses) * period
}

fn digit(digit: u8) -> LineEvent {
    LineEvent::Digit { digit, source: DigitSource::Pulse, length: Millis::ZERO }
}

/// Windows of flash and pulse of several countries.
fn countries() -> [Settings; 5] {
    let base = settings();
    let with = |flash: (u32, u32), break_max| {
        let mut settings = base;
        settings.flash = FlashWindow { min: Millis(flash.0), max: Millis(flash.1) };
        settings.pulse.break_max = Millis(break_max);
        settings
    };
    [
        with((300, 1000), 200),
        with((80, 310), 80),
        with((90, 500), 80),
        with((100, 900), 90),
        with((50, 130), 200),
    ]
}

#[test]
fn dial_pulses_of_8_to_12_and_18_to_22_a_second_are_counted() {
    for (rates, bounces) in [([8.0, 10.0, 12.0], [0.0, 3.0, 5.0]), ([18.0, 20.0, 22.0], [0.0, 3.0, 5.0])] {
        for rate in rates {
            for ratio in [0.50, 0.61, 0.67, 0.75] {
                for bounce in bounces {
                    for loop_ohms in [0.0, 1500.0] {
                        let mut settings = settings();
                        settings.hook.bounce = Millis(if loop_ohms > 0.0 { 10 } else { 12 });
                        let mut bench = off_hook(settings, 0.5, loop_ohms);
                        let length = dial(&mut bench, 7, rate, ratio, bounce);
                        bench.run((length as u64 / 10 + 40) * 10);
                        let label = format!("{rate} pps {ratio} bounce {bounce} {loop_ohms} ohm");
                        assert_eq!(bench.take(), [digit(b'7')], "{label}");
                    }
                }
            }
        }
    }
}

#[test]
fn ten_pulses_a_second_are_counted_beside_five_ringers() {
    for loop_ohms in [0.0, 500.0] {
        let mut bench = off_hook(settings(), 5.0, loop_ohms);
        let length = dial(&mut bench, 5, 10.0, 0.61, 2.0);
        bench.run((length as u64 / 10 + 40) * 10);
        assert_eq!(bench.take(), [digit(b'5')], "{loop_ohms}");
    }
}

#[test]
fn each_convention_gives_pulses_their_digits() {
    for (convention, digits) in [
        (PulseConvention::Standard, *b"1234567890"),
        (PulseConvention::Sweden, *b"0123456789"),
        (PulseConvention::NewZealand, *b"9876543210"),
    ] {
        for (pulses, expected) in (1..).zip(digits) {
            let mut settings = settings();
            settings.pulse.convention = convention;
            let mut bench = off_hook(settings, 0.0, 300.0);
            let length = dial(&mut bench, pulses, 10.0, 0.61, 3.0);
            bench.run((length as u64 / 10 + 40) * 10);
            assert_eq!(bench.take(), [digit(expected)], "{convention:?} {pulses}");
        }
    }
}

#[test]
fn eleven_pulses_are_no_digit() {
    let mut bench = off_hook(settings(), 0.0, 300.0);
    let length = dial(&mut bench, 11, 10.0, 0.61, 3.0);
    bench.run((length as u64 / 10 + 40) * 10);
    assert_eq!(bench.take(), []);
}

#[test]
fn digits_are_separated_by_the_make_between_them() {
    let mut bench = off_hook(settings(), 0.0, 300.0);
    for digits in [3, 1, 10] {
        let length = dial(&mut bench, digits, 10.0, 0.61, 3.0);
        bench.run((length as u64 / 10 + 30) * 10);
    }
    assert_eq!(bench.take(), [digit(b'3'), digit(b'1'), digit(b'0')]);
}

#[test]
fn the_first_pulse_silences_dial_tone() {
    let mut bench = off_hook(settings(), 0.0, 300.0);
    bench.command(LineCommand::Play(Tone::Dial));
    bench.run(500);
    assert_eq!(bench.fxs.playing(), Playing::Tone(Tone::Dial));
    dial(&mut bench, 5, 10.0, 0.61, 3.0);
    bench.run(150);
    assert_eq!(bench.fxs.playing(), Playing::Bridge);
}

#[test]
fn a_break_is_pulse_flash_or_hang_up_by_the_countrys_windows() {
    for settings in countries() {
        let (flash, pulse) = (settings.flash, settings.pulse);
        for length in (5_u32..1400).step_by(7) {
            let mut bench = off_hook(settings, 0.0, 500.0);
            bench.switch(7.3, false);
            bench.switch(7.3 + f64::from(length), true);
            bench.run(2000);
            let events = bench.take();
            let label = format!("{length} ms of {flash:?} {pulse:?}: {events:?}");
            let near = |limit: Millis| length.abs_diff(limit.0) <= 3;
            let longest = flash.max.max(pulse.break_max);
            let edges =
                [pulse.break_min, pulse.break_max, flash.min, flash.max, longest + settings.hook.release];
            if edges.into_iter().any(near) || near(Millis(10)) {
                continue; // measured in whole milliseconds
            }
            if length < 15 {
                assert_eq!(events, [], "{label}");
            } else if length <= pulse.break_max.0 {
                assert_eq!(events, [digit(b'1')], "{label}");
            } else if length > flash.min.0 && length <= flash.max.0 {
                let [LineEvent::Flash(measured)] = events[..] else { panic!("{label}") };
                assert!(measured.0.abs_diff(length) <= 2, "{label}");
            } else if length <= longest.0 {
                assert_eq!(events, [], "{label}");
            } else {
                assert_eq!(events, [LineEvent::Released, LineEvent::Seized], "{label}");
            }
        }
    }
}

#[test]
fn a_recall_of_fifty_milliseconds_is_a_flash_where_pulse_dialling_is_off() {
    let mut settings = settings();
    settings.flash = FlashWindow { min: Millis(50), max: Millis(130) };
    settings.pulse.enabled = false;
    for length in [53.0, 90.0, 127.0] {
        let mut bench = off_hook(settings, 1.0, 500.0);
        bench.bouncing(3.0, false, 2.0);
        bench.bouncing(3.0 + length, true, 2.0);
        bench.run(500);
        assert!(matches!(bench.take()[..], [LineEvent::Flash(_)]), "{length}");
    }
}

#[test]
fn hanging_up_ends_the_epoch_after_the_flash_window() {
    for (settings, latest) in countries().into_iter().zip([1064, 374, 564, 964, 264]) {
        let mut bench = off_hook(settings, 1.0, 500.0);
        let epoch = bench.fxs.epoch();
        let hung_up = bench.now;
        bench.bouncing(0.0, false, 5.0);
        bench.run(2000);
        let after = bench.millis_of(LineEvent::Released, hung_up).expect("released");
        assert!((f64::from(latest)..f64::from(latest + 40)).contains(&after), "{after} ms, not {latest}");
        let said = bench.said[0];
        assert_eq!((said.epoch, bench.fxs.epoch()), (epoch, epoch.next()));
        assert!(!bench.fxs.summary().off_hook);
        assert_eq!(bench.fxs.playing(), Playing::Nothing);
    }
}

#[test]
fn without_a_flash_window_the_release_time_alone_hangs_up() {
    let mut settings = settings();
    settings.flash = FlashWindow { min: Millis::ZERO, max: Millis::ZERO };
    settings.pulse.enabled = false;
    let mut bench = off_hook(settings, 0.0, 500.0);
    let hung_up = bench.now;
    bench.switch(0.0, false);
    bench.run(200);
    let after = bench.millis_of(LineEvent::Released, hung_up).expect("released");
    assert!((64.0..70.0).contains(&after), "{after}");
}

#[test]
fn pulses_before_a_hang_up_are_no_digit() {
    let mut bench = off_hook(settings(), 0.0, 300.0);
    let length = dial(&mut bench, 4, 10.0, 0.61, 3.0);
    bench.switch(length, false);
    bench.run(2000);
    assert_eq!(bench.take(), [LineEvent::Released]);
}

#[test]
fn short_closures_do_not_seize() {
    let mut bench = Bench::simple();
    for tap in 0..10 {
        bench.switch(f64::from(tap) * 100.0, true);
        bench.switch(f64::from(tap) * 100.0 + 55.0, false);
    }
    bench.run(1500);
    assert_eq!(bench.take(), []);
    let lifted = bench.now;
    bench.bouncing(0.0, true, 5.0);
    bench.run(200);
    let after = bench.millis_of(LineEvent::Seized, lifted).expect("seized");
    assert!((64.0..75.0).contains(&after), "{after}");
}

/// One tick of a card that judges by itself.
fn cook(bench: &mut Bench, events: &[(u8, CookedEvent)]) -> Vec<LineEvent> {
    let mut cooked = CookedEvents::default();
    for &(offset, event) in events {
        assert!(cooked.push(offset, event));
    }
    let report = CardReport { sense: Sense::Cooked(cooked), ..CardReport::steady(LoopReading::default()) };
    bench.fxs.tick(SampleTime(bench.now), &report, &mut bench.out);
    bench.now += 80;
    bench.said.extend(bench.out.events());
    bench.out.clear();
    bench.take()
}

#[test]
fn a_card_that_mistakes_cpc_for_a_hang_up_is_not_believed_unless_it_stays_so() {
    for comes_back in [true, false] {
        let mut bench = Bench::simple();
        cook(&mut bench, &[(40, CookedEvent::OffHook)]);
        bench.command(LineCommand::Cleared { tone: Tone::Busy });
        cook(&mut bench, &[]);
        cook(&mut bench, &[(9, CookedEvent::OnHook)]);
        let mut events = Vec::new();
        for tick in 0..250 {
            let back = comes_back && tick == 30;
            events.extend(cook(&mut bench, if back { &[(5, CookedEvent::OffHook)] } else { &[] }));
        }
        assert_eq!(events.contains(&LineEvent::Released), !comes_back, "{events:?}");
    }
}

#[test]
fn a_card_that_judges_by_itself_is_believed() {
    let mut bench = Bench::simple();
    assert_eq!(cook(&mut bench, &[(40, CookedEvent::OffHook)]), [LineEvent::Seized]);
    assert_eq!(cook(&mut bench, &[(1, CookedEvent::PulseDigit(b'0'))]), [digit(b'0')]);
    let flash = settings().flash.min;
    assert_eq!(
        cook(&mut bench, &[(2, CookedEvent::PulseDigit(b'7')), (9, CookedEvent::Flash)]),
        [digit(b'7'), LineEvent::Flash(flash)]
    );
    assert_eq!(cook(&mut bench, &[(3, CookedEvent::OnHook)]), [LineEvent::Released]);
    bench.ring();
    assert_eq!(cook(&mut bench, &[]), []);
    for _ in 0..6 {
        cook(&mut bench, &[]);
    }
    assert_eq!(cook(&mut bench, &[(3, CookedEvent::OffHook)]), [LineEvent::Answered]);
    assert_eq!(cook(&mut bench, &[(3, CookedEvent::OnHook)]), [LineEvent::Released]);
    bench.ring();
    let glare = cook(&mut bench, &[(3, CookedEvent::OffHook)]);
    assert_eq!(glare, [LineEvent::Refused(tipring_port::Refusal::OffHook), LineEvent::Seized]);
}

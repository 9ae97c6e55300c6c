//! Shard and laboratory together, in both fidelities: a call that waits, and message lamps.

use tipring_country::Country;
use tipring_gateway::{LineIn, LineOut, Shard, ShardSetup};
use tipring_media::{Packets, Processing};
use tipring_oracle::{Adsi, Spandsp};
use tipring_port::{
    CallerId, CallerIdAlert, CallerIdSignal, CallerIdTiming, Command, Event, FskStandard, LegSpec,
    LineCommand, LineEvent, LineProfile, LoopReading, MediaCommand, Samples, Symbols, TapPoint, Tone,
};
use tipring_sim::ear::{Heard, HeardEvent, Land, What};
use tipring_sim::lab::{Lab, Place};
use tipring_sim::mouth::Talk;
use tipring_sim::phone::{Action, PhoneEvent, PhoneSpec};
use tipring_sim::plant::{Fidelity, HybridSpec, LineSpec, LoopSpec};
use tipring_units::{
    BridgeId, Db, Entropy, Instant, LegId, LineId, Millis, Ohms, ShardId, TICK, Volts, WallTime,
};

struct World<A: Processing + Fidelity> {
    lab: Lab<A>,
    shard: Shard<A>,
    out: Vec<LineOut<A>>,
    input: Vec<LineIn<A>>,
    packets: Packets,
    now: Instant,
    said: Vec<(Instant, u16, LineEvent)>,
    heard: Vec<(Instant, u16, PhoneEvent)>,
    sent: Vec<A::Frame>,
}

impl<A: Processing + Fidelity> World<A> {
    fn new(profile: &LineProfile, phones: [PhoneSpec; 2], ohms: f32) -> Self {
        let lines: Vec<LineSpec> = phones
            .into_iter()
            .map(|phone| LineSpec {
                hybrid: HybridSpec { echo_return_loss: Some(Db(9.0)), ..HybridSpec::default() },
                circuit: LoopSpec { loop_resistance: Ohms(ohms), ..LoopSpec::default() },
                delay: 24,
                cushion: 40,
                phones: vec![phone],
                ..LineSpec::default()
            })
            .collect();
        let setup = ShardSetup {
            id: ShardId(0),
            first_line: LineId(0),
            lines: vec![(*profile, true); 2],
            streams: 0,
            tones: profile.tones,
            started: WallTime(0),
        };
        let mut world = Self {
            lab: Lab::new(&lines, &mut Entropy::for_simulation(7)),
            shard: Shard::new(&setup, Entropy::for_simulation(8)),
            out: lines.iter().map(|_| LineOut::SILENT).collect(),
            input: lines.iter().map(|_| LineIn::steady(LoopReading::default())).collect(),
            packets: Packets::with_capacity(4),
            now: Instant::ZERO,
            said: Vec::new(),
            heard: Vec::new(),
            sent: Vec::new(),
        };
        world.media(MediaCommand::Tap(LineId(0), TapPoint::LineOut, true));
        world.run(200);
        world
    }

    fn media(&mut self, command: MediaCommand) {
        self.shard.command(self.now, Command::Media(command));
    }

    fn order(&mut self, command: LineCommand) {
        let (epoch, _) = self.shard.summary(LineId(0)).unwrap();
        self.shard.command(self.now, Command::Line(LineId(0), epoch, command));
    }

    fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            for (line, (input, out)) in self.input.iter_mut().zip(&self.out).enumerate() {
                let (frame, report) = self.lab.exchange(LineId(line as u16), out.frame, out.order);
                *input = LineIn { frame, report };
            }
            self.packets.clear();
            self.shard.tick(self.now, &self.input, &mut self.out, &mut self.packets, |_| ());
            let sent = &mut self.sent;
            self.shard.take_tap(LineId(0), TapPoint::LineOut, |frame| sent.push(*frame));
            while let Some(event) = self.shard.poll() {
                if let Event::Line(line, _, event) = event {
                    self.said.push((self.now, line.0, event));
                }
            }
            while let Some(entry) = self.lab.event() {
                self.heard.push((self.now, entry.place.line.0, entry.event));
            }
            self.now += TICK;
        }
    }

    fn act(&mut self, line: u16, action: Action) {
        self.lab.act(Place { line: LineId(line), phone: 0 }, action).unwrap();
    }

    /// Both off-hook on one bridge, talking: the first with voice 3, the second with voice 5.
    fn talk(&mut self) {
        for line in 0..2 {
            self.act(line, Action::OffHook);
        }
        self.run(60);
        for line in 0..2_u16 {
            let leg = LegId(u64::from(line));
            self.media(MediaCommand::Open(leg, LegSpec::Line(LineId(line))));
            self.media(MediaCommand::Join(BridgeId(1), leg));
        }
        self.act(0, Action::Say(Talk::Voice(3)));
        self.act(1, Action::Say(Talk::Voice(5)));
        self.run(150);
        self.forget();
    }

    fn forget(&mut self) {
        self.said.clear();
        self.heard.clear();
        self.sent.clear();
    }

    fn told(&self) -> Vec<LineEvent> {
        self.said.iter().filter(|(_, line, _)| *line == 0).map(|(_, _, event)| *event).collect()
    }

    /// What a telephone began to hear.
    fn began(&self, phone: u16) -> Vec<(Instant, What)> {
        self.heard
            .iter()
            .filter(|(_, line, _)| *line == phone)
            .filter_map(|(at, _, event)| match event {
                PhoneEvent::Heard(HeardEvent::Began(Heard { what, .. })) => Some((*at, *what)),
                _ => None,
            })
            .collect()
    }

    fn lamps(&self) -> Vec<bool> {
        self.heard
            .iter()
            .filter_map(|(_, _, event)| if let PhoneEvent::Lamp(_, on) = event { Some(*on) } else { None })
            .collect()
    }

    fn hears(&self, phone: u16) -> Vec<What> {
        let place = Place { line: LineId(phone), phone: 0 };
        self.lab.phone(place).unwrap().hears().iter().map(|heard| heard.what).collect()
    }
}

fn caller() -> CallerId {
    CallerId { date: None, number: Ok("5550123".into()), name: Some(Ok("MARY".into())) }
}

fn countries() -> [(Land, LineProfile); 4] {
    [(Land::Us, "us"), (Land::Uk, "gb"), (Land::De, "de"), (Land::Fr, "fr")]
        .map(|(land, code)| (land, Country::named(code).unwrap().line_profile()))
}

fn phones(land: Land) -> [PhoneSpec; 2] {
    [PhoneSpec { land, ..PhoneSpec::default() }; 2]
}

fn who_waits_is_shown<A: Processing + Fidelity>(names_tone: bool) {
    for (land, profile) in countries() {
        for ohms in [0.0, 300.0, 1200.0] {
            let mut world = World::<A>::new(&profile, phones(land), ohms);
            world.talk();
            world.order(LineCommand::Waiting(Some(caller())));
            world.run(300);
            let what = format!("{land:?} {ohms} ohm");
            assert_eq!(world.told(), [LineEvent::WaitingShown(true)], "{what}: {:?}", world.began(0));
            let shown = world.began(0).into_iter().filter(|(_, what)| *what == What::NextCaller(caller()));
            assert_eq!(shown.count(), 1, "{what}: {:?}", world.began(0));
            if names_tone {
                let tone = What::Tone(Tone::CallWaiting);
                assert!(world.began(0).iter().any(|(_, heard)| *heard == tone), "{what}");
            }
            // the far end heard nothing of it but a pause
            let strange: Vec<What> = world
                .began(1)
                .into_iter()
                .map(|(_, what)| what)
                .filter(|what| !matches!(what, What::Voice(3) | What::Silence))
                .collect();
            assert_eq!(strange, [], "{what}");
            assert_eq!(
                (world.hears(0), world.hears(1)),
                (vec![What::Voice(5)], vec![What::Voice(3)]),
                "{what}"
            );
        }
    }
}

#[test]
fn who_waits_is_shown_by_a_telephone_in_a_call_and_the_call_goes_on_with_samples() {
    who_waits_is_shown::<Samples>(false);
}

#[test]
fn who_waits_is_shown_by_a_telephone_in_a_call_and_the_call_goes_on_with_symbols() {
    who_waits_is_shown::<Symbols>(true);
}

fn an_old_telephone_has_its_call_back<A: Processing + Fidelity>() {
    for (land, profile) in countries() {
        let old = phones(land).map(|phone| PhoneSpec { shows_waiting: false, ..phone });
        let mut world = World::<A>::new(&profile, old, 300.0);
        world.talk();
        let start = world.now;
        world.order(LineCommand::Waiting(Some(caller())));
        world.run(200);
        assert_eq!(world.told(), [LineEvent::WaitingShown(false)], "{land:?}");
        let back = world.said[0].0.since(start).as_millis();
        assert!(back < 1100, "{land:?}: {back} ms");
        assert_eq!((world.hears(0), world.hears(1)), (vec![What::Voice(5)], vec![What::Voice(3)]));
        assert!(world.began(1).iter().all(|(_, what)| matches!(what, What::Voice(3) | What::Silence)));
    }
}

#[test]
fn an_old_telephone_has_its_call_back_at_once_with_samples() {
    an_old_telephone_has_its_call_back::<Samples>();
}

#[test]
fn an_old_telephone_has_its_call_back_at_once_with_symbols() {
    an_old_telephone_has_its_call_back::<Symbols>();
}

/// The earliest and the latest key, the shortest and the longest, near and far.
#[test]
fn every_acknowledgement_within_the_standards_is_heard() {
    let (land, profile) = countries()[0];
    for (after, length) in [(0, 55), (0, 65), (40, 55), (80, 60), (80, 55), (80, 65)] {
        let phones =
            phones(land).map(|phone| PhoneSpec { acknowledges: (Millis(after), Millis(length)), ..phone });
        for ohms in [0.0, 1500.0] {
            let mut world = World::<Samples>::new(&profile, phones, ohms);
            world.talk();
            world.order(LineCommand::Waiting(Some(caller())));
            world.run(250);
            assert_eq!(
                world.told(),
                [LineEvent::WaitingShown(true)],
                "{length} ms after {after} ms, {ohms} ohm"
            );
            let shown = world.began(0).into_iter().any(|(_, what)| what == What::NextCaller(caller()));
            assert!(shown, "{length} ms after {after} ms, {ohms} ohm");
        }
    }
    // a telephone that takes too long is not waited for
    let late = phones(land).map(|phone| PhoneSpec { acknowledges: (Millis(260), Millis(60)), ..phone });
    let mut world = World::<Samples>::new(&profile, late, 300.0);
    world.talk();
    world.order(LineCommand::Waiting(Some(caller())));
    world.run(250);
    assert!(world.told().contains(&LineEvent::WaitingShown(false)), "{:?}", world.told());
}

/// In American the tone is long enough to be named amid voices, and comes every ten seconds.
#[test]
fn the_tone_is_heard_again_and_again_until_it_is_stopped() {
    let (land, profile) = countries()[0];
    let mut world = World::<Samples>::new(&profile, phones(land), 300.0);
    world.talk();
    world.order(LineCommand::Waiting(None));
    world.run(2500);
    let tones = |world: &World<Samples>| -> Vec<u128> {
        let begins = world.began(0);
        let tone = |what: &What| *what == What::Tone(Tone::CallWaiting);
        begins.into_iter().filter(|(_, what)| tone(what)).map(|(at, _)| at.as_nanos().into()).collect()
    };
    let heard = tones(&world);
    assert_eq!(heard.len(), 3, "{:?}", world.began(0));
    for pair in heard.windows(2) {
        let apart = (pair[1] - pair[0]) / 1_000_000;
        assert!((10_200..10_400).contains(&apart), "{apart} ms");
    }
    world.order(LineCommand::StopWaiting);
    world.forget();
    world.run(1500);
    assert_eq!(tones(&world), []);
}

#[test]
fn hanging_up_or_flashing_in_the_middle_leaves_nothing_behind() {
    for ends in [Action::OnHook, Action::Flash(Millis(500))] {
        for after in [5, 35, 42, 50, 60, 72] {
            let (land, profile) = countries()[0];
            let mut world = World::<Samples>::new(&profile, phones(land), 300.0);
            world.talk();
            world.order(LineCommand::Waiting(Some(caller())));
            world.run(after);
            world.act(0, ends.clone());
            world.run(200);
            let told = world.told();
            assert!(!told.contains(&LineEvent::WaitingShown(true)), "{after}: {told:?}");
            match ends {
                // that nobody acknowledged may have been said before the break was long enough
                Action::OnHook => assert_eq!(told.last(), Some(&LineEvent::Released), "{after}"),
                _ => {
                    assert!(matches!(told.last(), Some(LineEvent::Flash(_))), "{after}: {told:?}");
                    assert_eq!(world.hears(0), [What::Voice(5)], "{after}");
                }
            }
            world.forget();
            world.run(1500);
            assert_eq!(world.told(), [], "{after}");
        }
    }
}

fn lamp_timings() -> Vec<CallerIdTiming> {
    let before = |alert, signal| CallerIdTiming::BeforeRing {
        alert,
        alert_to_data: Millis(60),
        data_to_ring: Millis(300),
        signal,
    };
    let both = CallerIdAlert::ReversalAndTone { wait: Millis(150), length: Millis(100) };
    let single =
        CallerIdSignal::Fsk { standard: FskStandard::Bell202, multiple: false, seizure: 300, mark: 180 };
    let mut all: Vec<CallerIdTiming> = countries().map(|(_, profile)| profile.caller_id).to_vec();
    all.extend([before(both, CallerIdSignal::ETSI), before(CallerIdAlert::Reversal, CallerIdSignal::ETSI)]);
    all.push(CallerIdTiming::BetweenRings {
        after_ring: Millis(600),
        before_ring: Millis(200),
        signal: single,
    });
    all
}

fn a_lamp_follows_the_messages<A: Processing + Fidelity>() {
    for timing in lamp_timings() {
        let mut profile = countries()[0].1;
        profile.set_caller_id(timing);
        let mut world = World::<A>::new(&profile, phones(Land::Us), 300.0);
        for on in [true, false, true] {
            world.forget();
            world.order(LineCommand::Lamp(on));
            world.run(400);
            assert_eq!(
                (world.told(), world.lamps()),
                (vec![LineEvent::LampShown(on)], vec![on]),
                "{timing:?}"
            );
        }
        // while it talks the telephone is told nothing
        world.talk();
        world.order(LineCommand::Lamp(false));
        world.run(300);
        assert!(world.lamps().is_empty());
        world.act(0, Action::OnHook);
        world.run(500);
        assert_eq!(world.lamps(), [false], "{timing:?}");
    }
}

#[test]
fn a_lamp_follows_the_messages_with_samples() {
    a_lamp_follows_the_messages::<Samples>();
}

#[test]
fn a_lamp_follows_the_messages_with_symbols() {
    a_lamp_follows_the_messages::<Symbols>();
}

#[test]
fn a_neon_lamp_burns_while_messages_wait_and_the_telephone_is_on_hook() {
    let mut profile = countries()[0].1;
    (profile.lamp.signal, profile.lamp.neon) = (None, Some(Volts(100.0)));
    let mut world = World::<Symbols>::new(&profile, phones(Land::Us), 300.0);
    world.forget();
    world.order(LineCommand::Lamp(true));
    world.run(100);
    assert_eq!(world.lamps(), [true]);
    world.talk();
    world.run(100);
    assert_eq!(world.told(), [], "a lifted receiver is a seizure and nothing else");
    world.act(0, Action::OnHook);
    world.run(300);
    assert_eq!((world.told(), world.lamps()), (vec![LineEvent::Released], vec![true]), "it is lit again");
    world.order(LineCommand::Lamp(false));
    world.run(100);
    assert_eq!(world.lamps(), [true, false]);
}

/// Another's receiver hears both messages as they leave the gateway.
#[test]
fn libspandsp_hears_who_waits_and_the_lamp() {
    let Some(library) = Spandsp::open() else {
        eprintln!("skipped: libspandsp2 is not installed");
        return;
    };
    for (land, profile) in countries() {
        let standard = if land == Land::Us { Adsi::Class } else { Adsi::Clip };
        let messages = |frames: &[[i16; 80]]| {
            let mut receiver = library.adsi_receiver(standard).expect("its functions are there");
            receiver.feed(&frames.concat());
            receiver.take()
        };
        let mut world = World::<Samples>::new(&profile, phones(land), 300.0);
        for on in [true, false] {
            world.forget();
            world.order(LineCommand::Lamp(on));
            world.run(400);
            let lamp = vec![0x82, 3, 0x0b, 1, if on { 0xff } else { 0 }];
            assert_eq!(messages(&world.sent), [lamp], "{land:?}");
        }
        world.talk();
        world.order(LineCommand::Waiting(Some(caller())));
        world.run(300);
        let mut message = vec![0x80, 15, 2, 7];
        message.extend(b"5550123");
        message.extend([7, 4]);
        message.extend(b"MARY");
        let heard = messages(&world.sent);
        assert!(heard.contains(&message), "{land:?}: {heard:02x?}");
    }
}

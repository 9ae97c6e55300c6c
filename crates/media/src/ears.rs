//! Tests that the ears of both kinds of frame tell the same of an outside line.

use tipring_port::{
    Audio, CallerId, CallerIdSignal, CallerIdTiming, Component, DtmfCallerId, FxoProfile, LineProfile,
    Overheard, Samples, Sound, Symbol, Symbols, Tone, ToneProgram, ToneStep,
};
use tipring_units::{Dbm0, Hz, Millis};

use crate::processing::{LineEar, Player, Processing};

fn program(steps: &[(&[f32], u32)]) -> ToneProgram {
    let steps: Vec<_> = steps
        .iter()
        .map(|&(tones, length)| {
            let mut step = ToneStep { length: Millis(length), ..ToneStep::SILENCE };
            for (slot, &hz) in step.components.iter_mut().zip(tones) {
                *slot = Component::sine(Hz(hz), Dbm0(-20.0));
            }
            step
        })
        .collect();
    ToneProgram::new(&steps, 0).unwrap()
}

fn profile() -> LineProfile {
    let mut profile = LineProfile { fxo: Some(FxoProfile::laboratory()), ..LineProfile::laboratory() };
    profile.tones.set(Tone::Dial, program(&[(&[350.0, 440.0], 0)]));
    profile.tones.set(Tone::Ringback, program(&[(&[440.0, 480.0], 2000), (&[], 4000)]));
    profile.tones.set(Tone::Busy, program(&[(&[480.0, 620.0], 500), (&[], 500)]));
    profile.tones.set(Tone::Congestion, program(&[(&[480.0, 620.0], 250), (&[], 250)]));
    let information = [(&[950.0][..], 330), (&[1400.0], 330), (&[1800.0], 330), (&[], 1000)];
    profile.tones.set(Tone::SpecialInformation, program(&information));
    profile
}

/// What an ear tells of some ticks, with the tick.
fn told<A: Processing>(
    ear: &mut A::LineEar,
    off_hook: bool,
    ticks: usize,
    mut frame: impl FnMut(usize) -> A::Frame,
) -> Vec<(usize, Overheard)> {
    let listen = |tick| {
        let news = ear.listen(off_hook, &frame(tick), Some(&<A as Audio>::SILENCE));
        news.into_iter().flatten().map(move |one| (tick, one)).collect::<Vec<_>>()
    };
    (0..ticks).flat_map(listen).collect()
}

/// A tone for so many ticks, then silence: when it was told, and when its end.
fn tone_told<A: Processing>(tone: Tone, sounds: usize) -> (usize, usize) {
    let profile = profile();
    let (mut ear, mut player) = (A::LineEar::new(&profile), A::Player::new());
    player.tone(tone, profile.tones.get(tone));
    let news = told::<A>(&mut ear, true, sounds + 800, |tick| {
        if tick == sounds {
            player.stop();
        }
        player.next_frame().unwrap_or(A::SILENCE)
    });
    let tones: Vec<_> = news.iter().filter(|(_, one)| !matches!(one, Overheard::Silence(_))).collect();
    match tones[..] {
        [&(begun, Overheard::Tone(a)), &(ended, Overheard::ToneEnded(b))] if a == tone && b == tone => {
            (begun, ended)
        }
        _ => panic!("{tone:?}: {news:?}"),
    }
}

#[test]
fn a_tone_is_certain_after_as_many_bursts_for_either_ear() {
    for (tone, sounds) in [
        (Tone::Dial, 500),
        (Tone::Ringback, 800),
        (Tone::Busy, 450),
        (Tone::Congestion, 225),
        (Tone::SpecialInformation, 597),
    ] {
        let samples = tone_told::<Samples>(tone, sounds);
        let symbols = tone_told::<Symbols>(tone, sounds);
        assert!(samples.0.abs_diff(symbols.0) < 12, "{tone:?} began: {samples:?}, {symbols:?}");
        assert!(samples.1.abs_diff(symbols.1) < 12, "{tone:?} ended: {samples:?}, {symbols:?}");
    }
}

#[test]
fn a_tone_before_seizure_is_not_listened_to() {
    fn heard<A: Processing>() -> Vec<(usize, Overheard)> {
        let (mut ear, mut player) = (A::LineEar::new(&profile()), A::Player::new());
        player.tone(Tone::Busy, profile().tones.get(Tone::Busy));
        told::<A>(&mut ear, false, 600, |_| player.next_frame().unwrap_or(A::SILENCE))
    }
    assert_eq!(heard::<Samples>(), []);
    assert_eq!(heard::<Symbols>(), []);
}

#[test]
fn every_caller_id_signal_is_heard_once_by_either_ear() {
    fn heard<A: Processing>(signal: CallerIdSignal, caller: &CallerId) -> Vec<Overheard> {
        let timing = CallerIdTiming::AfterShortRing { signal };
        let mut profile = LineProfile { caller_id: timing, ..profile() };
        let mut all = Vec::new();
        for off_hook in [true, false] {
            let (mut ear, mut player) = (A::LineEar::new(&profile), A::Player::new());
            player.caller_id(caller, signal);
            let news = told::<A>(&mut ear, off_hook, 600, |_| player.next_frame().unwrap_or(A::SILENCE));
            all.extend(
                news.into_iter().map(|(_, one)| one).filter(|one| !matches!(one, Overheard::Silence(_))),
            );
            let wait = Millis(500);
            profile.caller_id = CallerIdTiming::BetweenRings { after_ring: wait, before_ring: wait, signal };
        }
        // Off-hook it is only listened for where a terminal answers for it.
        let (mut ear, mut player) = (A::LineEar::new(&profile), A::Player::new());
        player.caller_id(caller, signal);
        let news = told::<A>(&mut ear, true, 600, |_| player.next_frame().unwrap_or(A::SILENCE));
        assert!(news.iter().all(|(_, one)| !matches!(one, Overheard::Caller(_))), "{news:?}");
        all
    }
    let caller = CallerId { date: None, number: Ok("5550177".into()), name: None };
    for signal in [
        CallerIdSignal::GR30,
        CallerIdSignal::ETSI,
        CallerIdSignal::Ntt,
        CallerIdSignal::Dtmf(DtmfCallerId::AC),
        CallerIdSignal::Dtmf(DtmfCallerId::DHash),
    ] {
        let samples = heard::<Samples>(signal, &caller);
        assert!(
            matches!(samples[..], [Overheard::Caller(Ok(one)), Overheard::Caller(Ok(_))] if one.number == caller.number),
            "{signal:?}: {samples:?}"
        );
        assert_eq!(samples, heard::<Symbols>(signal, &caller), "{signal:?}");
    }
}

#[test]
fn the_alerting_signal_is_heard_by_either_ear() {
    fn heard<A: Processing>() -> Vec<Overheard> {
        let (mut ear, mut player) = (A::LineEar::new(&profile()), A::Player::new());
        player.alert(Millis(100));
        let news = told::<A>(&mut ear, false, 100, |_| player.next_frame().unwrap_or(A::SILENCE));
        news.into_iter().map(|(_, one)| one).collect()
    }
    assert_eq!(heard::<Samples>(), [Overheard::Alert]);
    assert_eq!(heard::<Symbols>(), [Overheard::Alert]);
}

#[test]
fn a_learned_tone_is_told_once_by_either_ear_and_another_is_not() {
    let learned = program(&[(&[520.0], 170), (&[], 310)]);
    let mut profile = profile();
    if let Some(fxo) = &mut profile.fxo {
        fxo.clear.learned = Some(learned);
    }
    for (on, off, known) in [(17, 31, true), (17, 60, false), (34, 31, false)] {
        let (mut ear, mut player) =
            (<Samples as Processing>::LineEar::new(&profile), <Samples as Processing>::Player::new());
        player.tone(Tone::Busy, &program(&[(&[520.0], on * 10), (&[], off * 10)]));
        let samples =
            told::<Samples>(&mut ear, true, 400, |_| player.next_frame().unwrap_or(Samples::SILENCE));
        let mut ear = <Symbols as Processing>::LineEar::new(&profile);
        let symbols = told::<Symbols>(&mut ear, true, 400, |tick| match tick as u32 % (on + off) < on {
            true => Symbol::of(Sound::Sine(520), Dbm0(-20.0)),
            false => Symbol::SILENCE,
        });
        for news in [samples, symbols] {
            let only: Vec<_> = news.iter().filter(|(_, one)| !matches!(one, Overheard::Silence(_))).collect();
            match only[..] {
                [(tick, Overheard::Learned)] if known => assert!((100..130).contains(tick), "{news:?}"),
                [] if !known => {}
                _ => panic!("{on} {off}: {news:?}"),
            }
        }
    }
}

#[test]
fn silence_is_told_each_second_until_somebody_speaks() {
    let mut ear = <Symbols as Processing>::LineEar::new(&profile());
    let news = told::<Symbols>(&mut ear, true, 450, |tick| match tick {
        250..300 => Symbol::of(Sound::Voice(3), Dbm0(-16.0)),
        _ => Symbol::SILENCE,
    });
    let wanted = [
        (99, Overheard::Silence(Millis(1000))),
        (199, Overheard::Silence(Millis(2000))),
        (273, Overheard::Voice),
        // as over samples, a voice lingers for 200 ms
        (419, Overheard::Silence(Millis(1000))),
    ];
    assert_eq!(news, wanted);
}

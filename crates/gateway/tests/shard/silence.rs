//! Silence that is not sent: comfort noise by RFC 3389 and by Annex B of G.729, both ways.

use crate::shard_bench::Bench;
use crate::shard_bench::far::{EVENTS, Far, NOISE};
use crate::shard_bench::toys::{Say, Toys};
use tipring_port::{CodecName, DtmfMode, MediaCommand, MediaEvent, Samples, SilenceMode, Symbols};
use tipring_units::LegId;

fn house<A: Toys>(codec: CodecName, silence: SilenceMode) -> (Bench<A>, LegId) {
    let mut bench = Bench::<A>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    let mut far = Far::new(3).by(codec, DtmfMode::Events(EVENTS));
    far.silence = silence;
    let leg = bench.join_far(far, 5);
    (bench, leg)
}

#[test]
fn silence_is_described_and_speech_begins_with_the_marker() {
    described::<Samples>();
    described::<Symbols>();
}

fn described<A: Toys>() {
    let (mut bench, _) = house::<A>(CodecName::Pcma, SilenceMode::Described(NOISE));
    bench.lines[0].says = Say::Voice(0);
    bench.run(100);
    bench.forget();
    bench.lines[0].says = Say::Nothing;
    bench.run(250);
    let far = &bench.fars[0];
    assert!((9..=17).contains(&far.arrived.len()), "the hangover is sent: {}", far.arrived.len());
    assert!((2..=8).contains(&far.noise.len()), "at the start and each two seconds: {}", far.noise.len());
    assert!(far.markers.is_empty(), "neither comfort noise nor the rest of the speech has one");
    let (last, first) = (far.arrived[far.arrived.len() - 1], &far.noise[0]);
    assert_eq!(first.1, last.0.wrapping_add(1), "the numbers go on");
    assert_eq!(first.2, last.1.wrapping_add(160), "no packet goes out short");
    assert!(first.3.len() <= 11 && first.3[0] > 60, "{:?}", first.3);
    let number = far.noise[far.noise.len() - 1].1;
    bench.forget();
    bench.lines[0].says = Say::Voice(0);
    bench.run(60);
    let far = &bench.fars[0];
    assert_eq!((far.markers.len(), far.arrived[0].0), (1, number.wrapping_add(1)), "one talk spurt");
    assert!(far.ear.voices(40) == 0b1 && far.noise.is_empty());
}

#[test]
fn silence_is_sent_where_it_was_not_agreed_otherwise() {
    let (mut bench, _) = house::<Samples>(CodecName::Pcma, SilenceMode::Sent);
    bench.run(200);
    assert_eq!((bench.fars[0].arrived.len(), bench.fars[0].noise.len()), (100, 0));
}

/// Mean power of what the line heard in the last ticks.
fn heard_level(bench: &Bench<Samples>, ticks: usize) -> f64 {
    let frames = &bench.lines[0].spoken;
    let last = &frames[frames.len() - ticks..];
    let sum: f64 = last.iter().flatten().map(|sample| f64::from(*sample) * f64::from(*sample)).sum();
    10.0 * (sum / (ticks * 80) as f64 / (32768.0 * 32768.0)).log10()
}

#[test]
fn comfort_noise_is_played_at_its_level_until_the_far_end_talks_again() {
    let (mut bench, leg) = house::<Samples>(CodecName::Pcmu, SilenceMode::Sent);
    bench.fars[0].says = Say::Voice(1);
    bench.run(100);
    bench.fars[0].sends = false;
    bench.fars[0].describes = Some((NOISE, vec![45, 63, 127])); // -45 dBov, falling with frequency
    bench.run(20);
    bench.forget();
    bench.run(600);
    let level = heard_level(&bench, 500);
    let gain = f64::from(crate::shard_bench::profile().receive_gain().0);
    assert!((level - gain + 45.0).abs() < 2.0, "{level} dBov with a gain of {gain} dB");
    assert_eq!(bench.lines[0].ear.ever() & 0b10, 0, "no voice is made up");
    let starved = |event: &MediaEvent| matches!(event, MediaEvent::Starved(..));
    assert!(!bench.media_events().iter().any(starved), "a pause that was announced is none");
    bench.fars[0].sends = true;
    bench.run(60);
    assert_eq!(bench.lines[0].ear.voices(40) & 0b10, 0b10);
    bench.media(0, MediaCommand::Close(leg));
    bench.run(2);
    let stats = bench.last_stats(leg);
    assert!(stats.concealed <= 6 && stats.lost == 0, "silence is no loss: {stats:?}");
}

#[test]
fn descriptions_of_silence_by_g729_are_played_whether_or_not_they_were_agreed() {
    let (mut bench, leg) = house::<Samples>(CodecName::G729, SilenceMode::Sent);
    bench.fars[0].says = Say::Voice(1);
    bench.run(100);
    for round in 0..4 {
        bench.fars[0].sends = false;
        bench.fars[0].describes = Some((18, vec![0x2a, 0x44 + round]));
        bench.run(100);
        assert!(heard_level(&bench, 50) < -25.0, "{}", heard_level(&bench, 50));
        bench.fars[0].sends = true;
        bench.run(60);
        assert_eq!(bench.lines[0].ear.voices(20) & 0b10, 0b10);
    }
    bench.media(0, MediaCommand::Close(leg));
    bench.run(2);
    let stats = bench.last_stats(leg);
    assert!(stats.concealed <= 16, "silence is no loss: {stats:?}");
}

#[test]
fn g729_with_annex_b_falls_silent_in_its_own_words() {
    let (mut bench, _) = house::<Samples>(CodecName::G729, SilenceMode::ByCodec);
    bench.lines[0].says = Say::Voice(0);
    bench.run(100);
    bench.lines[0].says = Say::Nothing;
    bench.run(100);
    bench.forget();
    bench.run(300);
    let quiet = bench.fars[0].arrived.len();
    assert!(quiet < 40, "{quiet} packets in 3 s of silence");
    assert!(bench.fars[0].markers.is_empty() && bench.fars[0].noise.is_empty());
    bench.lines[0].says = Say::Voice(0);
    bench.run(60);
    assert_eq!(bench.fars[0].ear.voices(30), 0b1);
    assert!(!bench.fars[0].markers.is_empty());
}

//! What reports say of the voice that is heard (RFC 3611 clause 4.7), with every sample.

use crate::shard_bench::Bench;
use crate::shard_bench::far::{EVENTS, Far};
use crate::shard_bench::toys::Say;
use tipring_port::{CodecName, DtmfMode, Samples};
use tipring_rtp::{Compound, Piece, VoipMetrics};

/// A sine of a peak of 3000 where full scale is +3.14 dBm0.
const SPOKEN: f32 = -17.6;

/// The last metrics that came to the far end.
fn metrics(far: &Far<Samples>) -> VoipMetrics {
    let found = |bytes: &Vec<u8>| {
        Compound::parse(bytes).ok()?.find_map(|piece| match piece {
            Piece::Voip { metrics, .. } => metrics.into_iter().next(),
            _ => None,
        })
    };
    far.rtcp.iter().rev().find_map(found).expect("metrics by RTCP")
}

/// A far end that talks by turns, to a line that is silent; for so many ticks.
fn listening(ticks: usize) -> VoipMetrics {
    let mut bench = Bench::<Samples>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    bench.join_far(Far::new(3).by(CodecName::Pcmu, DtmfMode::Events(EVENTS)), 5);
    for tick in 0..ticks {
        bench.fars[0].says = if tick % 60 < 40 { Say::Voice(2) } else { Say::Nothing };
        bench.run(1);
    }
    metrics(&bench.fars[0])
}

#[test]
fn reports_tell_levels_of_voice_and_noise_and_what_goes_back_of_it() {
    let told = listening(1500);
    let signal = f32::from(told.signal.expect("a level of the voice"));
    assert!((signal - SPOKEN).abs() <= 2.5, "{signal} dBm0");
    let noise = told.noise.expect("a level of the noise");
    assert!(noise < -50, "{noise} dBm0 between the words");
    let loss = told.echo_loss.expect("an echo return loss");
    assert!((20..=126).contains(&loss), "{loss} dB");
    assert!(told.rating.is_some_and(|rating| rating > 80));
}

#[test]
fn what_was_not_measured_is_told_as_not_known() {
    // The far end says nothing: there is no level of its voice, and nothing that could come back.
    let mut bench = Bench::<Samples>::new(1, 1, 1);
    bench.lift(0);
    bench.join_line(0, 5);
    bench.join_far(Far::new(3).by(CodecName::Pcmu, DtmfMode::Events(EVENTS)), 5);
    bench.run(1000);
    let told = metrics(&bench.fars[0]);
    assert_eq!((told.signal, told.noise, told.echo_loss), (None, None, None));
}

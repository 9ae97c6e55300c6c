//! Test 13 of G.168: coders in the echo path.
//!
//! What a coder adds to the echo no linear canceller can take out, so that the residual is measured against that: the
//! difference of the coded echo and the echo itself.

use tipring_codec::{Codec, G726Rate, LineDecoder, LineEncoder, Packing};
use tipring_dsp::echo_trial::signal::{EchoPath, composite};
use tipring_dsp::echo_trial::{Limit, Measure, Plant, Row, Scene};
use tipring_units::{Dbm0, Entropy, TICK_SAMPLES};

use super::TAIL;

/// Seconds of a scene.
const SECONDS: f64 = 11.2;

/// A scene for each coder at one level.
pub fn scenes(seed: u64, level: Dbm0) -> Vec<Scene> {
    let row = Row {
        what: "residual over the coders' own noise, dB",
        measure: Measure::Over(5.6, SECONDS),
        limit: Limit::AtMost(2.0),
        source: "aim",
    };
    let g726 = |rate| Codec::G726(rate, Packing::Rfc3551);
    [
        ("PCMU", Codec::Pcmu),
        ("PCMA", Codec::Pcma),
        ("G726-40", g726(G726Rate::R40)),
        ("G726-32", g726(G726Rate::R32)),
    ]
    .into_iter()
    .map(|(name, codec)| {
        let mut entropy = Entropy::for_simulation(seed + 700);
        let path = EchoPath::models(0, super::LOSS).swap_remove(3);
        let far = composite(&mut entropy, SECONDS, level);
        // The far end's coder comes before the canceller, that of the way back behind it.
        let far = coded(codec, &far);
        let echo = path.back(&mut entropy, &far, &[], Dbm0(-75.0));
        let near = coded(codec, &echo);
        let noise = near.iter().zip(&echo).map(|(coded, echo)| coded.saturating_sub(*echo)).collect();
        Scene {
            name: format!("test 13, {name}, {:.0} dBm0", level.0),
            line: path.name,
            tail: TAIL,
            suppress: false,
            far,
            near,
            talk: noise,
            rows: vec![row],
        }
    })
    .collect()
}

/// What a coder and its decoder make of a sound.
fn coded(codec: Codec, sound: &[i16]) -> Vec<i16> {
    let (mut encoder, mut decoder) = (LineEncoder::new(codec), LineDecoder::new(codec));
    let mut out = Vec::with_capacity(sound.len());
    for tick in sound.as_chunks::<TICK_SAMPLES>().0 {
        let (mut bytes, mut back) = ([0; TICK_SAMPLES], [0; TICK_SAMPLES]);
        let size = encoder.encode(tick, &mut bytes);
        decoder.decode(&bytes[..size], &mut back);
        out.extend(back);
    }
    out
}

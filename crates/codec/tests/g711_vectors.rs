//! G.711 against the ITU's sweep of all samples and against speech coded by an independent coder.

use std::path::PathBuf;
use tipring_codec::{Codec, MAX_UNIT_SAMPLES};

/// The words of a little-endian 16-bit file, or `None` with a note where there are no vectors.
fn words(name: &str) -> Option<Vec<i16>> {
    let root = std::env::var_os("TIPRING_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let Ok(bytes) = std::fs::read(root.join(name)) else {
        println!("skipped: no vectors");
        return None;
    };
    Some(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

/// Codes and decodes `linear` in units and compares every word of both directions.
fn compare(codec: Codec, linear: &str, coded: &str, decoded: &str) {
    let (Some(linear), Some(coded), Some(decoded)) = (words(linear), words(coded), words(decoded)) else {
        return;
    };
    assert!(linear.len() >= 65_536 && linear.len() == coded.len() && coded.len() == decoded.len());
    let (mut encoder, mut decoder) = (codec.encoder(), codec.decoder());
    let size = codec.unit_samples();
    for (index, samples) in linear.chunks(size).enumerate() {
        let range = index * size..index * size + samples.len();
        let (mut bytes, mut back) = ([0; MAX_UNIT_SAMPLES], [0; MAX_UNIT_SAMPLES]);
        assert_eq!(encoder.encode(samples, &mut bytes), samples.len());
        assert!(
            bytes.iter().zip(&coded[range.clone()]).all(|(ours, theirs)| i16::from(*ours) == *theirs),
            "{index}"
        );
        assert_eq!(decoder.decode(&bytes[..samples.len()], &mut back), samples.len());
        assert_eq!(back[..samples.len()], decoded[range], "unit {index}");
    }
}

#[test]
fn a_law_codes_every_sample_as_the_itu_sweep() {
    compare(
        Codec::Pcma,
        "codec-itu/g711/sweep.src",
        "codec-itu/g711/sweep-r.a",
        "codec-itu/g711/sweep-r.a-a",
    );
}

#[test]
fn mu_law_codes_every_sample_as_the_itu_sweep() {
    compare(
        Codec::Pcmu,
        "codec-itu/g711/sweep.src",
        "codec-itu/g711/sweep-r.u",
        "codec-itu/g711/sweep-r.u-u",
    );
}

#[test]
fn speech_is_coded_as_an_independent_coder_does() {
    for clip in ["s0", "s1"] {
        for (codec, law) in [(Codec::Pcma, "A"), (Codec::Pcmu, "u")] {
            let name = |end: &str| format!("codec/{clip}.{end}");
            compare(
                codec,
                &name("8k.s16"),
                &name(&format!("g711{law}.log16")),
                &name(&format!("g711{law}.dec.s16")),
            );
        }
    }
}

//! G.729 Annex A against the ITU's vectors.
#![cfg(feature = "g729")]

mod common;

use common::{first_difference, words};
use tipring_codec::{G729Decoder, G729Encoder};

/// The packed frames of a serial file: a sync word, a length, a word for each bit; a zero is an erased frame.
fn frames(serial: &[i16]) -> Vec<Option<[u8; 10]>> {
    let mut frames = Vec::new();
    for frame in serial.as_chunks::<82>().0 {
        assert_eq!(frame[..2], [0x6b21, 80]);
        let bit = |word: &i16| u8::from(*word == 0x81);
        let erased = frame[2..].contains(&0);
        let byte = |n: usize| frame[2 + 8 * n..10 + 8 * n].iter().fold(0, |byte, word| byte << 1 | bit(word));
        frames.push((!erased).then(|| core::array::from_fn(byte)));
    }
    frames
}

fn decode(frames: &[Option<[u8; 10]>]) -> Vec<i16> {
    let mut decoder = G729Decoder::new();
    let mut out = Vec::new();
    for frame in frames {
        let mut samples = [0; 80];
        match frame {
            Some(bytes) => assert_eq!(decoder.decode(bytes, &mut samples), 80),
            None => assert_eq!(decoder.conceal(&mut samples), 80),
        }
        out.extend(samples);
    }
    out
}

#[test]
fn the_coder_agrees_with_annex_a_bit_for_bit() {
    for name in ["ALGTHM", "LSP", "SPEECH", "TAME"] {
        let Some(input) = words(&format!("codec-itu/g729/annex-a/{name}.IN")) else { return };
        let theirs = frames(&words(&format!("codec-itu/g729/annex-a/{name}.BIT")).unwrap());
        let mut encoder = G729Encoder::new(false);
        let mut ours = Vec::new();
        for samples in input.as_chunks::<80>().0 {
            let mut bytes = [0; 10];
            assert_eq!(encoder.encode(samples, &mut bytes), 10);
            ours.push(Some(bytes));
        }
        assert_eq!(first_difference(&ours, &theirs[..ours.len()]), None, "{name}");
    }
}

#[test]
fn the_decoder_agrees_with_annex_a_bit_for_bit() {
    for name in ["ALGTHM", "LSP", "PARITY", "SPEECH", "TAME"] {
        let Some(serial) = words(&format!("codec-itu/g729/annex-a/{name}.BIT")) else { return };
        let theirs = words(&format!("codec-itu/g729/annex-a/{name}.PST")).unwrap();
        let ours = decode(&frames(&serial));
        assert_eq!(first_difference(&ours, &theirs), None, "{name}");
    }
}

#[test]
fn speech_is_coded_and_decoded_as_an_independent_coder_does() {
    for clip in ["s0", "s1"] {
        let Some(input) = words(&format!("codec/{clip}.8k.s16")) else { return };
        let theirs = frames(&words(&format!("codec/{clip}.g729a.bit")).unwrap());
        let mut encoder = G729Encoder::new(false);
        let ours: Vec<_> = input
            .as_chunks::<80>()
            .0
            .iter()
            .map(|samples| {
                let mut bytes = [0; 10];
                encoder.encode(samples, &mut bytes);
                Some(bytes)
            })
            .collect();
        assert_eq!(first_difference(&ours, &theirs), None, "{clip}");
        let back = words(&format!("codec/{clip}.g729a.dec.s16")).unwrap();
        assert_eq!(first_difference(&decode(&theirs), &back), None, "{clip}");
    }
}

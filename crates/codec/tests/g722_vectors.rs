//! G.722 against the ITU's vectors and against speech coded by an independent coder.

mod common;

use common::{bytes, first_difference, words};
use tipring_codec::{G722Decoder, G722Encoder, G722Mode};

fn encode(samples: &[i16], at_a_time: usize) -> Vec<u8> {
    let (mut encoder, mut out) = (G722Encoder::new(), vec![0; samples.len() / 2]);
    let mut written = 0;
    for chunk in samples.chunks(at_a_time) {
        written += encoder.encode(chunk, &mut out[written..]);
    }
    assert_eq!(written, out.len());
    out
}

fn decode(mode: G722Mode, coded: &[u8], at_a_time: usize) -> Vec<i16> {
    let (mut decoder, mut out) = (G722Decoder::new(mode), vec![0; coded.len() * 2]);
    let mut written = 0;
    for chunk in coded.chunks(at_a_time) {
        written += decoder.decode(chunk, &mut out[written..]);
    }
    assert_eq!(written, out.len());
    out
}

#[test]
fn the_itu_sequence_agrees_bit_for_bit() {
    let Some(input) = words("codec-itu/g722/inpsp.bin") else { return };
    let mut coded = bytes("codec-itu/g722/codsp.cod").unwrap();
    // Two codes a word, the first in its upper half.
    coded.as_chunks_mut::<2>().0.iter_mut().for_each(|pair| pair.swap(0, 1));
    let back = words("codec-itu/g722/outsp1.bin").unwrap();
    assert_eq!(first_difference(&encode(&input, 320), &coded), None);
    assert_eq!(first_difference(&decode(G722Mode::R64, &coded, 160), &back), None);
    // However it is cut.
    assert_eq!(first_difference(&encode(&input, 34), &coded), None);
    assert_eq!(first_difference(&decode(G722Mode::R64, &coded, 7), &back), None);
}

#[test]
fn speech_is_coded_and_decoded_as_an_independent_coder_does() {
    for clip in ["s0", "s1"] {
        let name = |end: &str| format!("codec/{clip}.{end}");
        let (Some(input), Some(serial)) = (words(&name("16k.s16")), words(&name("g722_m1.g192"))) else {
            return;
        };
        // G.192: a sync word, a length, and a word for each bit; here a frame is eight planes, each one bit of every byte,
        // those that a network takes away last.
        const PLANES: [usize; 8] = [2, 3, 4, 5, 6, 7, 1, 0];
        let mut theirs = Vec::new();
        let mut rest = &serial[..];
        while let [0x6b21, length, frame @ ..] = rest {
            let (frame, after) = frame.split_at(*length as usize);
            let size = frame.len() / 8;
            theirs.extend((0..size).map(|byte| {
                PLANES
                    .iter()
                    .enumerate()
                    .map(|(n, bit)| u8::from(frame[n * size + byte] == 0x81) << bit)
                    .sum::<u8>()
            }));
            rest = after;
        }
        let ours = encode(&input, 320);
        assert_eq!(first_difference(&ours, &theirs), None, "{clip}");
        let back = words(&name("g722_dec1.s16")).unwrap();
        assert_eq!(first_difference(&decode(G722Mode::R64, &theirs, 160), &back), None, "{clip}");
    }
}

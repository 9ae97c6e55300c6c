//! G.726 against the ITU's vectors: coder, decoder, homing and reset sequences, every rate, both laws.

mod common;

use common::{first_difference, low_bytes, words};
use tipring_codec::{G726Decoder, G726Encoder, G726Rate, Law, Packing};

/// One code a byte from packed codes.
fn unpack(packed: &[u8], bits: usize) -> Vec<u8> {
    let bit = |n: usize| packed[n / 8] >> (n % 8) & 1;
    (0..packed.len() * 8 / bits).map(|code| (0..bits).map(|n| bit(code * bits + n) << n).sum()).collect()
}

/// Packed codes, the first in the lowest bits.
fn pack(codes: &[u8], bits: usize) -> Vec<u8> {
    let mut packed = vec![0; (codes.len() * bits).div_ceil(8)];
    for (index, code) in codes.iter().enumerate() {
        for n in 0..bits {
            packed[(index * bits + n) / 8] |= (code >> n & 1) << ((index * bits + n) % 8);
        }
    }
    packed
}

fn expand(law: Law, code: u8) -> i16 {
    let mut sample = [0];
    let codec = match law {
        Law::A => tipring_codec::Codec::Pcma,
        Law::Mu => tipring_codec::Codec::Pcmu,
    };
    codec.decoder().decode(&[code], &mut sample);
    sample[0]
}

struct Pair {
    rate: G726Rate,
    encoder: G726Encoder,
    decoder: G726Decoder,
}

impl Pair {
    fn new(rate: G726Rate) -> Self {
        Self {
            rate,
            encoder: G726Encoder::new(rate, Packing::Rfc3551),
            decoder: G726Decoder::new(rate, Packing::Rfc3551),
        }
    }

    fn codes(&mut self, law: Law, companded: &[u8]) -> Vec<u8> {
        let linear: Vec<i16> = companded.iter().map(|code| expand(law, *code)).collect();
        let mut out = vec![0; linear.len()];
        let size = self.encoder.encode(&linear, &mut out);
        unpack(&out[..size], self.rate.bits())
    }

    fn decoded(&mut self, law: Law, codes: &[u8]) -> Vec<u8> {
        let mut out = vec![0; codes.len()];
        let size = self.decoder.decode_companded(law, &pack(codes, self.rate.bits()), &mut out);
        out.truncate(size);
        out
    }
}

const RATES: [(G726Rate, &str); 4] =
    [(G726Rate::R16, "16"), (G726Rate::R24, "24"), (G726Rate::R32, "32"), (G726Rate::R40, "40")];

fn check<T: PartialEq + std::fmt::Debug>(what: &str, ours: &[T], theirs: &[T]) {
    assert_eq!(first_difference(ours, theirs), None, "{what}: differs there");
}

/// Compared with what the vectors hold; counts what was there.
fn compare(name: &str, ours: &[u8], counted: &mut usize) {
    if let Some(theirs) = low_bytes(&format!("codec-itu/g726/{name}")) {
        check(name, ours, &theirs);
        *counted += 1;
    }
}

#[test]
fn reset_sequences_agree_bit_for_bit() {
    let Some(_) = low_bytes("codec-itu/g726/nrm.a") else { return };
    let mut counted = 0;
    for (rate, number) in RATES {
        // Names: r(eset), n(ormal) or v (overload), the rate, f, the law of the input; .i codes, .o output.
        for (letter, source) in [("n", "nrm"), ("v", "ovr")] {
            for (law, suffix, crossed, into) in [(Law::A, "a", Law::Mu, "x"), (Law::Mu, "m", Law::A, "c")] {
                let input = low_bytes(&format!("codec-itu/g726/{source}.{suffix}")).unwrap();
                let codes = Pair::new(rate).codes(law, &input);
                compare(&format!("r{letter}{number}f{suffix}.i"), &codes, &mut counted);
                let back = Pair::new(rate).decoded(law, &codes);
                compare(&format!("r{letter}{number}f{suffix}.o"), &back, &mut counted);
                // Cross: coded from A-law, decoded to mu-law, and the other way.
                let back = Pair::new(rate).decoded(crossed, &codes);
                compare(&format!("r{letter}{number}f{into}.o"), &back, &mut counted);
            }
        }
        let codes = low_bytes(&format!("codec-itu/g726/i{number}")).unwrap();
        for (law, suffix) in [(Law::A, "a"), (Law::Mu, "m")] {
            let back = Pair::new(rate).decoded(law, &codes);
            compare(&format!("ri{number}f{suffix}.o"), &back, &mut counted);
        }
    }
    assert!(counted >= 40, "{counted} sequences compared");
}

#[test]
fn homing_sequences_agree_bit_for_bit() {
    let Some(_) = low_bytes("codec-itu/g726/nrm.a") else { return };
    let mut counted = 0;
    for (rate, number) in RATES {
        let start = |suffix: &str, law: Law| {
            let mut pair = Pair::new(rate);
            let input = low_bytes(&format!("codec-itu/g726/pcm_init.{suffix}")).unwrap();
            let codes = low_bytes(&format!("codec-itu/g726/i_ini_{number}.{suffix}")).unwrap();
            // The last 88 words of these files are not of the sequence.
            pair.codes(law, &input[..3496]);
            pair.decoded(law, &codes[..3496]);
            pair
        };
        for (letter, source) in [("n", "nrm"), ("v", "ovr")] {
            for (law, suffix, crossed, into) in [(Law::A, "a", Law::Mu, "x"), (Law::Mu, "m", Law::A, "c")] {
                let input = low_bytes(&format!("codec-itu/g726/{source}.{suffix}")).unwrap();
                let codes = start(suffix, law).codes(law, &input);
                compare(&format!("h{letter}{number}f{suffix}.i"), &codes, &mut counted);
                let back = start(suffix, law).decoded(law, &codes);
                compare(&format!("h{letter}{number}f{suffix}.o"), &back, &mut counted);
                let other = if suffix == "a" { "m" } else { "a" };
                // The ITU made this one with a decoder at reset.
                let at_reset = (letter, number, into) == ("n", "16", "c");
                let mut pair = if at_reset { Pair::new(rate) } else { start(other, crossed) };
                let back = pair.decoded(crossed, &codes);
                compare(&format!("h{letter}{number}f{into}.o"), &back, &mut counted);
            }
        }
        let codes = low_bytes(&format!("codec-itu/g726/i{number}")).unwrap();
        for (law, suffix) in [(Law::A, "a"), (Law::Mu, "m")] {
            let back = start(suffix, law).decoded(law, &codes);
            compare(&format!("hi{number}f{suffix}.o"), &back, &mut counted);
        }
    }
    assert!(counted >= 20, "{counted} sequences compared");
}

#[test]
fn speech_is_coded_and_decoded_as_an_independent_coder_does() {
    for clip in ["s0", "s1"] {
        for (law, letter, log) in [(Law::A, "A", "g711A"), (Law::Mu, "u", "g711u")] {
            let Some(input) = low_bytes(&format!("codec/{clip}.{log}.log16")) else { return };
            for (rate, number) in RATES {
                let name = format!("codec/{clip}.{letter}.g726_{number}");
                let Some(theirs) = low_bytes(&format!("{name}.adpcm16")) else { return };
                let Some(decoded) = words(&format!("{name}.dec.s16")) else { return };
                let mut pair = Pair::new(rate);
                let codes = pair.codes(law, &input);
                check(&name, &codes, &theirs);
                let back: Vec<i16> =
                    pair.decoded(law, &codes).into_iter().map(|code| expand(law, code)).collect();
                check(&name, &back, &decoded);
            }
        }
    }
}

//! Every decoder on any bytes in any cut, with losses between.

use tipring_codec::{Codec, G722Decoder, G722Mode, G726Decoder, G726Rate, Law, Packing};

/// Samples of the longest packet that a decoder is asked for: 60 ms at 16 kHz and some room.
const ROOM: usize = 1000;

/// The first byte picks the codec. Then each packet has a byte that says how it is treated and how long it is. What is
/// decoded is as long as the decoder says, the same bytes give the same sound, and after a reset all is as at first.
pub fn run(data: &[u8]) {
    let Some((which, script)) = data.split_first() else { return };
    let codec = Codec::ALL[usize::from(*which) % Codec::ALL.len()];
    let first = stream(codec, script);
    assert_eq!(first, stream(codec, script), "{codec:?} is not the same twice");
    others(script);
}

fn stream(codec: Codec, script: &[u8]) -> Vec<i16> {
    let (mut decoder, mut line) = (codec.decoder(), codec.line_decoder());
    let mut heard = Vec::new();
    let mut rest = script;
    while let [how, after @ ..] = rest {
        let length = usize::from(how >> 2) * 3;
        let (packet, next) = after.split_at(length.min(after.len()));
        rest = next;
        let mut out = [0; ROOM];
        match how & 3 {
            0 | 1 => {
                let size = decoder.decode(packet, &mut out);
                assert!(size <= ROOM);
                heard.extend(&out[..size]);
                let size = line.decode(packet, &mut out);
                assert!(size <= ROOM);
                heard.extend(&out[..size]);
            }
            2 => {
                let size = decoder.conceal(&mut out[..80]);
                decoder.follow(&out[..size.max(40)]);
                line.follow(&out[..80]);
            }
            _ => decoder.reset(),
        }
    }
    heard
}

/// The ways of decoding that no codec's name leads to.
fn others(bytes: &[u8]) {
    let mut samples = [0; ROOM];
    for mode in [G722Mode::R56, G722Mode::R48] {
        G722Decoder::new(mode).decode(bytes, &mut samples);
    }
    let mut companded = [0; ROOM];
    for rate in G726Rate::ALL {
        for law in [Law::A, Law::Mu] {
            G726Decoder::new(rate, Packing::Rfc3551).decode_companded(law, bytes, &mut companded);
        }
    }
}

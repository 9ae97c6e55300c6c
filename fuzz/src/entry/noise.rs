//! Descriptions of background noise, and the noise that is made of them.

use tipring_codec::NoiseDescription;
use tipring_dsp::{Concealer, NoiseAnalyser, NoiseShape, ShapedNoise};

/// Each piece of twelve bytes is a payload: what is read is written the same, and its noise stays below full scale.
pub fn run(data: &[u8]) {
    assert_eq!(NoiseDescription::parse(&[]), None);
    let mut source: Option<ShapedNoise> = None;
    let (mut analyser, mut concealer) = (NoiseAnalyser::new(), Concealer::new());
    for payload in data.chunks(12).take(300) {
        let Some(described) = NoiseDescription::parse(payload) else { continue };
        let mut written = [0; 16];
        let size = described.write(&mut written);
        assert_eq!(NoiseDescription::parse(&written[..size]), Some(described));
        let shape = NoiseShape::from_overload(described.level, described.reflections());
        let noise = source.get_or_insert_with(|| ShapedNoise::new(1, &shape));
        noise.set(&shape);
        let mut frame = [0; 80];
        noise.process(&mut frame);
        analyser.process(&frame);
        let heard = analyser.shape();
        assert!(heard.level.0.is_finite() && heard.reflections.iter().all(|k| k.abs() < 1.0));
        match payload[0] & 1 {
            0 => concealer.received(&mut frame),
            _ => concealer.conceal(&mut frame),
        }
    }
}

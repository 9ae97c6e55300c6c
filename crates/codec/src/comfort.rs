//! The comfort-noise payload.
//!
//! # What it does
//! Carries the level and, if the sender likes, the spectrum of background noise: RTP payload type 13, `CN` in SDP.
//!
//! # How
//! A byte for the level in -dBov, then a byte for each reflection coefficient.
//!
//! # Limits
//! Ten coefficients at the most, as the standard has it; further bytes are left out.
//!
//! # Standard
//! RFC 3389 clauses 3 and 3.1; ITU-T G.711 Appendix II.

/// The encoding name in `a=rtpmap`.
pub const COMFORT_NOISE_NAME: &str = "CN";
/// The static payload type.
pub const COMFORT_NOISE_PAYLOAD_TYPE: u8 = 13;
/// Most reflection coefficients.
pub const COMFORT_NOISE_ORDER_MAX: usize = 10;

/// A description of background noise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoiseDescription {
    /// Level in dB below overload, 0 to 127.
    pub level: u8,
    coefficients: [u8; COMFORT_NOISE_ORDER_MAX],
    order: usize,
}

impl NoiseDescription {
    /// White noise of a level, in dB below overload; 127 at the most.
    pub const fn white(level: u8) -> Self {
        Self { level: if level > 127 { 127 } else { level }, coefficients: [127; 10], order: 0 }
    }

    /// Noise with these reflection coefficients, each from -1 to 1; the first ten count.
    pub fn shaped(level: u8, reflections: &[f32]) -> Self {
        let mut noise = Self::white(level);
        for (code, reflection) in noise.coefficients.iter_mut().zip(reflections) {
            // N = 127 + 127 k (clause 3.1); what is no number counts as zero.
            let scaled = 127.0 + 127.0 * if reflection.is_nan() { 0.0 } else { reflection.clamp(-1.0, 1.0) };
            *code = (scaled + 0.5) as u8;
            noise.order += 1;
        }
        noise
    }

    /// The description in a payload; `None` if it is empty.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (level, rest) = payload.split_first()?;
        // The first bit is reserved and must be ignored.
        let mut noise = Self::white(level & 0x7f);
        for (code, byte) in noise.coefficients.iter_mut().zip(rest) {
            *code = (*byte).min(254); // 255 is not a coefficient
            noise.order += 1;
        }
        Some(noise)
    }

    /// Writes the payload and returns its length; coefficients that do not fit are left out.
    pub fn write(&self, out: &mut [u8]) -> usize {
        let bytes = core::iter::once(self.level).chain(self.coefficients.into_iter().take(self.order));
        let mut written = 0;
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = from;
            written += 1;
        }
        written
    }

    /// The reflection coefficients, each between -1 and 1 (both excluded, so that the filter is stable).
    pub fn reflections(&self) -> impl Iterator<Item = f32> {
        let limit = 126.0 / 127.0;
        self.coefficients
            .into_iter()
            .take(self.order)
            .map(move |code| ((f32::from(code) - 127.0) / 127.0).clamp(-limit, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let noise = NoiseDescription::shaped(68, &[0.5, -0.25, 1.0, f32::NAN]);
        let mut out = [0; 16];
        assert_eq!(noise.write(&mut out), 5);
        assert_eq!(out[..5], [68, 191, 95, 254, 127]);
        assert_eq!(NoiseDescription::parse(&out[..5]), Some(noise));
        let back: Vec<f32> = noise.reflections().collect();
        assert!((back[0] - 0.5).abs() < 0.005 && (back[1] + 0.25).abs() < 0.005 && back[2] < 1.0);
    }

    #[test]
    fn hostile_payloads_give_stable_filters() {
        assert_eq!(NoiseDescription::parse(&[]), None);
        let noise = NoiseDescription::parse(&[255; 40]).unwrap();
        assert_eq!((noise.level, noise.reflections().count()), (127, COMFORT_NOISE_ORDER_MAX));
        assert!(noise.reflections().all(|k| k.abs() < 1.0));
        assert_eq!(NoiseDescription::white(40).write(&mut []), 0);
    }
}

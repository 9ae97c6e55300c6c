//! Opus, for speech: RFC 6716 by libopus.
//!
//! # What
//! Packets of 10, 20, 40 or 60 ms at about 16 (narrow) or 24 kbit/s (wide), and a quarter more with in-band error
//! correction; that and discontinuous transmission where the far end wants them ([`OpusSettings`]).
//!
//! # How
//! By the crate `opus` 0.4, which builds libopus. All it allocates is made with the coder.
//!
//! # Limits
//! Mono; what comes in stereo is mixed. The correction is used where the packet after a loss is known
//! ([`OpusDecoder::recover`]); else libopus conceals. Into packets of 10 ms libopus puts no correction at this rate.
//!
//! # Standard
//! RFC 6716; RFC 7587 (clock of 48 kHz, two channels in SDP whatever is sent, `useinbandfec`).

use std::fmt;

use opus::{Application, Bandwidth, Bitrate, Channels, Decoder, Encoder, Signal};

/// The band that is coded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpusBand {
    /// To 4 kHz, samples at 8 kHz.
    Narrow,
    /// To 8 kHz, samples at 16 kHz.
    Wide,
}

/// What the far end wants of a coder (RFC 7587 clause 6.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpusSettings {
    /// Each packet repeats what the one before it said.
    pub repeats: bool,
    /// Nothing is sent while nobody talks, but for a packet now and then.
    pub silent: bool,
    /// All packets have one size.
    pub constant: bool,
    /// Bits in a second, at the most; libopus has a least of 6000.
    pub most_bits: u32,
}

impl Default for OpusSettings {
    fn default() -> Self {
        Self { repeats: true, silent: false, constant: false, most_bits: 510_000 }
    }
}

/// A coder of one stream.
pub struct OpusEncoder(Option<Encoder>);

/// A decoder of one stream.
pub struct OpusDecoder {
    inner: Option<Decoder>,
    /// Samples of 10 ms.
    unit: usize,
}

/// What the coder is told of the network, in percent: it decides how much correction is sent.
const EXPECTED_LOSS: i32 = 5;
/// The least that libopus codes speech with, in bits per second.
const LEAST_BITS: i32 = 6000;

impl OpusBand {
    const fn rate(self) -> u32 {
        match self {
            Self::Narrow => 8000,
            Self::Wide => 16_000,
        }
    }

    /// Band and bits per second; correction takes a fifth, below which libopus leaves it out.
    const fn settings(self, repeats: bool) -> (Bandwidth, i32) {
        match (self, repeats) {
            (Self::Narrow, false) => (Bandwidth::Narrowband, 16_000),
            (Self::Narrow, true) => (Bandwidth::Narrowband, 20_000),
            (Self::Wide, false) => (Bandwidth::Wideband, 24_000),
            (Self::Wide, true) => (Bandwidth::Wideband, 30_000),
        }
    }
}

impl OpusEncoder {
    /// A coder of speech. One that libopus refused, for want of memory, codes nothing.
    pub fn new(band: OpusBand) -> Self {
        Self::with(band, OpusSettings::default())
    }

    /// The same with other settings.
    pub fn with(band: OpusBand, settings: OpusSettings) -> Self {
        let made = || {
            let (bandwidth, rate) = band.settings(settings.repeats);
            let mut encoder = Encoder::new(band.rate(), Channels::Mono, Application::Voip)?;
            encoder.set_signal(Signal::Voice)?;
            encoder.set_max_bandwidth(bandwidth)?;
            let most = i32::try_from(settings.most_bits).unwrap_or(i32::MAX).max(LEAST_BITS);
            encoder.set_bitrate(Bitrate::Bits(rate.min(most)))?;
            encoder.set_vbr(!settings.constant)?;
            encoder.set_dtx(settings.silent)?;
            encoder.set_inband_fec(settings.repeats)?;
            encoder.set_packet_loss_perc(if settings.repeats { EXPECTED_LOSS } else { 0 })?;
            Ok::<_, opus::Error>(encoder)
        };
        Self(made().ok())
    }

    /// Codes a packet of 10, 20, 40 or 60 ms and returns its bytes; none if the length is another or it does not fit.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        if samples.is_empty() || out.is_empty() {
            return 0;
        }
        self.0.as_mut().and_then(|encoder| encoder.encode(samples, out).ok()).unwrap_or(0)
    }
}

impl OpusDecoder {
    /// A decoder of speech, for packets of any bandwidth.
    pub fn new(band: OpusBand) -> Self {
        let inner = Decoder::new(band.rate(), Channels::Mono).ok();
        Self { inner, unit: band.rate() as usize / 100 }
    }

    /// Decodes a packet and returns the samples; none if it is no packet or its sound does not fit.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> usize {
        if packet.is_empty() || out.is_empty() {
            return 0;
        }
        self.run(packet, out, false)
    }

    /// Writes 10 ms in place of what was lost.
    pub fn conceal(&mut self, out: &mut [i16]) -> usize {
        let unit = self.unit;
        out.get_mut(..unit).map_or(0, |out| self.run(&[], out, false))
    }

    /// Writes the sound of a lost packet, as long as `out`, from what the next packet repeats of it.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) -> usize {
        if next.is_empty() || out.is_empty() {
            return 0;
        }
        self.run(next, out, true)
    }

    fn run(&mut self, packet: &[u8], out: &mut [i16], recover: bool) -> usize {
        self.inner.as_mut().and_then(|decoder| decoder.decode(packet, out, recover).ok()).unwrap_or(0)
    }
}

impl fmt::Debug for OpusEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusEncoder").finish_non_exhaustive()
    }
}

impl fmt::Debug for OpusDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusDecoder").field("unit", &self.unit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_every_length_come_back_and_a_lost_one_is_recovered() {
        for (band, rate) in [(OpusBand::Narrow, 8000), (OpusBand::Wide, 16_000)] {
            for ms in [10, 20, 40, 60] {
                let size = rate * ms / 1000;
                let (mut encoder, mut decoder) = (OpusEncoder::new(band), OpusDecoder::new(band));
                let mut packets = Vec::new();
                for packet in 0..20 {
                    let wave = |n: usize| (((packet * size + n) as f64 * 0.2).sin() * 8000.0) as i16;
                    let samples: Vec<i16> = (0..size).map(wave).collect();
                    let mut bytes = [0; 600];
                    let length = encoder.encode(&samples, &mut bytes);
                    assert!(length > 2, "{ms}");
                    packets.push(bytes[..length].to_vec());
                }
                let mut out = vec![0; size];
                for packet in &packets[..18] {
                    assert_eq!(decoder.decode(packet, &mut out), size);
                }
                assert_eq!(decoder.recover(&packets[19], &mut out), size);
                assert_eq!(decoder.decode(&packets[19], &mut out), size);
                assert!(out.iter().any(|s| s.abs() > 2000));
                assert_eq!(decoder.conceal(&mut out), rate / 100);
            }
        }
    }

    #[test]
    fn speech_is_repeated_where_that_is_wanted_and_only_there() {
        // The bit behind the one of speech in a packet of one frame (RFC 6716 clause 4.2.3).
        let repeated = |band: OpusBand, repeats| {
            let size = band.rate() as usize / 50;
            let mut encoder = OpusEncoder::with(band, OpusSettings { repeats, ..OpusSettings::default() });
            let packets = (0..100_usize).filter(|packet| {
                let level = if packet % 12 < 8 { 9000.0 } else { 30.0 };
                let pitch = 0.11 + (packet / 12) as f64 * 0.01;
                let wave = |n: usize| (((packet * size + n) as f64 * pitch).sin().powi(5) * level) as i16;
                let samples: Vec<i16> = (0..size).map(wave).collect();
                let mut bytes = [0; 400];
                let length = encoder.encode(&samples, &mut bytes);
                length > 2 && bytes[1] & 0x40 != 0
            });
            packets.count()
        };
        for band in [OpusBand::Narrow, OpusBand::Wide] {
            assert!(repeated(band, true) > 30, "{band:?}: {}", repeated(band, true));
            assert_eq!(repeated(band, false), 0, "{band:?}");
        }
    }

    #[test]
    fn nonsense_is_no_sound() {
        let mut decoder = OpusDecoder::new(OpusBand::Narrow);
        assert_eq!(decoder.decode(&[], &mut [0; 80]), 0);
        assert_eq!(decoder.decode(&[0xff; 3], &mut [0; 80]), 0);
        assert_eq!(OpusEncoder::new(OpusBand::Narrow).encode(&[0; 81], &mut [0; 100]), 0);
    }
}

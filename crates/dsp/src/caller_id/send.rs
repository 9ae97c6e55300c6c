//! What goes out for a caller.
//!
//! # What it does
//! Makes the burst of FSK or the run of digits that tells a terminal who calls, by any signal that a network uses.
//!
//! # How
//! The message is built in the signal's format and put behind the lead-in that the signal names.
//!
//! # Limits
//! A single data message needs the date; without one a multiple data message goes out in its place.
//!
//! # Standard
//! Telcordia GR-30-CORE; ETSI EN 300 659-1 (clause 6.2 for FSK, annex B for DTMF); BT SIN 227; NTT "Technical Reference:
//! Telephone Service Interface": 75 bits of mark before its frame, no seizure.

use super::digits::CallerIdDigits;
use super::japan::JapanFrame;
use super::{CallerIdFormat, CallerIdFrame};
use crate::fsk::{FskBurst, FskStandard};
use tipring_port::{CallerId, CallerIdSignal};
use tipring_units::{Dbm0, Hz, Millis, Samples};

/// The two frequencies of the dual-tone alerting signal (DT-AS, CAS).
pub const ALERT_TONES: [Hz; 2] = [Hz(2130.0), Hz(2750.0)];
/// Level of each (GR-30: -15 dBm at the port).
pub const ALERT_LEVEL: Dbm0 = Dbm0(-15.0);
/// Bits of mark before a frame of NTT.
const JAPAN_MARK: u16 = 75;

/// What is sent for a caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(clippy::large_enum_variant)] // one per line, kept for its life
pub enum CallerIdBurst {
    /// FSK by this standard.
    Fsk(FskStandard, FskBurst),
    /// DTMF digits, each [`CallerIdBurst::DIGIT_ON`] long and followed by [`CallerIdBurst::DIGIT_OFF`] of silence.
    Digits(CallerIdDigits),
}

impl CallerIdBurst {
    /// Length of a digit.
    pub const DIGIT_ON: Millis = Millis(70);
    /// Silence after a digit.
    pub const DIGIT_OFF: Millis = Millis(70);

    /// The burst for `caller` by `signal`.
    pub fn new(caller: &CallerId, signal: CallerIdSignal) -> Option<Self> {
        match signal {
            CallerIdSignal::Fsk { standard, multiple, seizure, mark } => {
                let format = if multiple { CallerIdFormat::Multiple } else { CallerIdFormat::Single };
                let frame = CallerIdFrame::call(caller, format)
                    .or_else(|_| CallerIdFrame::call(caller, CallerIdFormat::Multiple))
                    .ok()?;
                FskBurst::new(frame.bytes(), seizure, mark).map(|burst| Self::Fsk(standard, burst))
            }
            CallerIdSignal::Dtmf(framing) => Some(Self::Digits(CallerIdDigits::new(caller, framing))),
            CallerIdSignal::Ntt => FskBurst::new(JapanFrame::new(caller).bytes(), 0, JAPAN_MARK)
                .map(|burst| Self::Fsk(FskStandard::V23, burst)),
        }
    }

    /// The message that switches a telephone's lamp, by `signal`; digits and NTT's frame have none.
    pub fn lamp(on: bool, signal: CallerIdSignal) -> Option<Self> {
        match signal {
            CallerIdSignal::Fsk { standard, multiple, seizure, mark } => {
                let format = if multiple { CallerIdFormat::Multiple } else { CallerIdFormat::Single };
                let frame = CallerIdFrame::message_waiting(on, format);
                FskBurst::new(frame.bytes(), seizure, mark).map(|burst| Self::Fsk(standard, burst))
            }
            CallerIdSignal::Dtmf(_) | CallerIdSignal::Ntt => None,
        }
    }

    /// How long it is.
    pub fn duration(&self) -> Samples {
        match self {
            Self::Fsk(_, burst) => burst.duration(),
            Self::Digits(run) => {
                let each = Self::DIGIT_ON.samples().0 + Self::DIGIT_OFF.samples().0;
                Samples(run.as_bytes().len() as u64 * each)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_port::DtmfCallerId;

    #[test]
    fn lengths_are_those_of_the_standards() {
        let caller = CallerId { date: None, number: Ok("0312345678".into()), name: None };
        let length = |signal| CallerIdBurst::new(&caller, signal).unwrap().duration().0;
        // Message of 2 + 12 + 1 bytes behind 480 bits, 10 of mark at the end.
        assert_eq!(length(CallerIdSignal::ETSI), ((480_u64 + 150 + 10) * 20).div_ceil(3));
        let bt = CallerIdSignal::Fsk { standard: FskStandard::V23, multiple: true, seizure: 96, mark: 55 };
        assert_eq!(length(bt), ((151_u64 + 150 + 10) * 20).div_ceil(3));
        assert_eq!(length(CallerIdSignal::Dtmf(DtmfCallerId::AC)), 12 * 140 * 8);
        // DLE SOH 07 DLE STX, 40 0C 02 0A and ten digits, DLE ETX, CRC.
        assert_eq!(length(CallerIdSignal::Ntt), ((75_u64 + 230 + 10) * 20).div_ceil(3));
    }
}

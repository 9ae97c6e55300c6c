//! Reception of caller-ID messages.
//!
//! # What it does
//! Hears a burst and returns its message, once.
//!
//! # How
//! The seizure reads as bytes too, so a message begins with the first byte after a long mark; its second
//! byte tells how many follow.
//!
//! # Limits
//! One message at a time.
//!
//! # Standard
//! Telcordia GR-30-CORE clause 2.3; at least 45 ms of mark come before a message (SIN 227), of which 20
//! bits are asked for here.

use super::{CallerIdMessage, FRAME_MAX, ParseError};
use crate::fsk::{FskDemodulator, FskEvent, FskStandard};
use crate::level::Frame;
use tipring_units::Samples;

/// Mark before a message, at least: 20 bits.
const MARK_BEFORE: Samples = Samples(133);

/// Why a burst brought no message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The bytes came but say nothing.
    #[error("caller ID unreadable: {0}")]
    Parse(#[from] ParseError),
    /// A byte had no stop bit.
    #[error("caller ID broken after {received} bytes: no stop bit")]
    Framing {
        /// Bytes received before.
        received: usize,
    },
    /// The carrier ended within the message.
    #[error("caller ID ended after {received} bytes of a longer message")]
    Lost {
        /// Bytes received before.
        received: usize,
    },
    /// The check value of a Japanese message is wrong.
    #[error("caller ID unreadable: CRC is {found:#06x} where {expected:#06x} was expected")]
    Crc {
        /// The one received.
        found: u16,
        /// The one that belongs to the bytes received.
        expected: u16,
    },
}

/// Hears caller-ID bursts.
#[derive(Clone, Debug)]
pub struct CallerIdReceiver {
    demodulator: FskDemodulator,
    bytes: [u8; FRAME_MAX],
    len: usize,
    last: usize,
}

impl CallerIdReceiver {
    /// A receiver that has heard nothing.
    pub fn new(standard: FskStandard) -> Self {
        Self { demodulator: FskDemodulator::new(standard), bytes: [0; FRAME_MAX], len: 0, last: 0 }
    }

    /// The bytes heard last, from the message type to the checksum or to where it broke off.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.last]
    }

    /// True while a carrier is there.
    pub fn has_carrier(&self) -> bool {
        self.demodulator.has_carrier()
    }

    /// Takes a frame in; returns a message, or what became of one, when it is over.
    pub fn process(&mut self, frame: &Frame) -> Option<Result<CallerIdMessage, ReceiveError>> {
        let mut result = None;
        for event in self.demodulator.process(frame) {
            if let Some(outcome) = self.on(event) {
                result = Some(outcome);
            }
        }
        result
    }

    /// Takes a byte of a message.
    pub(super) fn byte(&mut self, value: u8) -> Option<Result<CallerIdMessage, ReceiveError>> {
        self.on(FskEvent::Byte { value, mark: MARK_BEFORE })
    }

    /// The carrier is gone.
    pub(super) fn lost(&mut self) -> Option<Result<CallerIdMessage, ReceiveError>> {
        self.on(FskEvent::Lost)
    }

    fn on(&mut self, event: FskEvent) -> Option<Result<CallerIdMessage, ReceiveError>> {
        match event {
            FskEvent::Carrier => {
                self.len = 0;
                None
            }
            FskEvent::Byte { value, mark } => {
                if self.len == 0 && mark < MARK_BEFORE {
                    return None; // the seizure
                }
                *self.bytes.get_mut(self.len)? = value;
                self.len += 1;
                if self.len < 2 || self.len < usize::from(self.bytes[1]) + 3 {
                    return None;
                }
                let message = CallerIdMessage::parse(&self.bytes[..self.len]);
                self.last = core::mem::take(&mut self.len);
                Some(message.map_err(ReceiveError::from))
            }
            FskEvent::Framing => self.broken(|received| ReceiveError::Framing { received }),
            FskEvent::Lost => self.broken(|received| ReceiveError::Lost { received }),
        }
    }

    fn broken(
        &mut self,
        error: impl FnOnce(usize) -> ReceiveError,
    ) -> Option<Result<CallerIdMessage, ReceiveError>> {
        let received = core::mem::take(&mut self.len);
        self.last = if received > 0 { received } else { self.last };
        (received > 0).then(|| Err(error(received)))
    }
}

//! How long a caller-ID burst lasts.
//!
//! # What it does
//! Computes the length of the FSK burst for a [`CallerId`], so that it is sent only into a pause in which it ends in
//! time.
//!
//! # How
//! Channel seizure and mark bits, then ten bits for each byte of the message, at 1200 baud.
//!
//! # Limits
//! Counts the bytes of number and name as they are given; a sender that shortens or translates them needs less.
//!
//! # Standard
//! Telcordia GR-30 (physical layer: 300 bits of seizure, 180 of mark) and GR-31 (messages).

use tipring_port::{CallerId, MAX_CALLER_NAME, MAX_CALLER_NUMBER, Text};
use tipring_units::Millis;

const BAUD: u32 = 1200;
const SEIZURE_BITS: u32 = 300;
const MARK_BITS: u32 = 180;
const BITS_PER_BYTE: u32 = 10;
/// Message type and length before the parameters, the checksum after them.
const ENVELOPE: usize = 3;
/// Type and length before each parameter of a multiple data message.
const PARAMETER: usize = 2;
/// Month, day, hour and minute, two digits each.
const DATE: usize = 8;
/// One letter stands for a number or a name that is absent.
const REASON: usize = 1;
/// Mark that a sender may add after the checksum, and the tick in which it starts.
const TAIL: Millis = Millis(20);

/// Length of the burst for `caller`, with name where `multiple` (MDMF), else date and number only (SDMF).
pub fn frame_length(caller: &CallerId, multiple: bool) -> Millis {
    let number = caller.number.as_ref().map_or(REASON, number_bytes);
    let bytes = if multiple {
        let date = caller.date.map_or(0, |_| PARAMETER + DATE);
        let name =
            caller.name.as_ref().map_or(0, |name| PARAMETER + name.as_ref().map_or(REASON, name_bytes));
        ENVELOPE + date + PARAMETER + number + name
    } else {
        ENVELOPE + DATE + number
    };
    let bits = SEIZURE_BITS + MARK_BITS + bytes as u32 * BITS_PER_BYTE;
    Millis((bits * 1000).div_ceil(BAUD)) + TAIL
}

fn number_bytes(text: &Text<MAX_CALLER_NUMBER>) -> usize {
    text.as_str().len()
}

fn name_bytes(text: &Text<MAX_CALLER_NAME>) -> usize {
    text.as_str().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_port::{Absence, DateTime};

    const DATE_TIME: DateTime = DateTime { month: 3, day: 30, hour: 12, minute: 15 };

    #[test]
    fn single_and_multiple_messages_have_the_length_of_their_bits() {
        let caller = CallerId { date: Some(DATE_TIME), number: Ok("6095551212".into()), name: None };
        // 480 bits and 21 bytes: type, length, 8 of date, 10 digits, checksum.
        assert_eq!(frame_length(&caller, false), Millis(575) + TAIL);
        // 480 bits and 25 bytes: two parameters of type and length.
        assert_eq!(frame_length(&caller, true), Millis(609) + TAIL);
        let private =
            CallerId { date: None, number: Err(Absence::Private), name: Some(Err(Absence::Unavailable)) };
        assert_eq!(frame_length(&private, true), Millis((480 + 90) * 1000 / 1200) + TAIL);
    }
}

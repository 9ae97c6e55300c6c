//! What an exchange tells of a caller, as bytes and as keys.
//!
//! # What it does
//! Builds single and multiple data messages, messages for the lamp, NTT's frame and the rows of keys of DTMF countries.
//!
//! # How
//! Straight from the standards; the laboratory shares no builder with the gateway.
//!
//! # Limits
//! Contents of 255 bytes; names and numbers are cut to what [`CallerId`] holds.
//!
//! # Standard
//! Telcordia GR-30, GR-31, GR-1188 and ETSI EN 300 659-3 (types 0x04, 0x80, 0x06, 0x82; parameters 0x01, 0x02, 0x04,
//! 0x07, 0x08, 0x0b); ETS 300 659-1 annex B (keys); NTT technical reference, number display: DLE framing, even parity,
//! CRC-16 (x^16 + x^12 + x^5 + 1, lowest bit first).

use tipring_port::{Absence, CallerId, DateTime, DtmfCallerId};

const DLE: u8 = 0x10;
const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
/// NTT's header.
const HEADER: u8 = 0x07;
/// NTT: incoming call; its parameters: number, reason of absence.
const NTT_KIND: u8 = 0x40;
const NTT_NUMBER: u8 = 0x02;
const NTT_ABSENT: u8 = 0x04;

/// Something wrong in a message, on purpose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// The checksum is wrong.
    Checksum,
    /// The message ends in its middle.
    Short,
}

/// A single data message.
pub fn single(caller: &CallerId, flaw: Flaw) -> Vec<u8> {
    let mut contents = caller.date.map_or_else(|| b"01010000".to_vec(), |date| digits_of(&date));
    match &caller.number {
        Ok(number) => contents.extend_from_slice(number.as_str().as_bytes()),
        Err(why) => contents.push(letter(*why)),
    }
    sealed(0x04, &contents, flaw)
}

/// A multiple data message.
pub fn multiple(caller: &CallerId, flaw: Flaw) -> Vec<u8> {
    let mut contents = Vec::new();
    if let Some(date) = &caller.date {
        parameter(&mut contents, 0x01, &digits_of(date));
    }
    match &caller.number {
        Ok(number) => parameter(&mut contents, 0x02, number.as_str().as_bytes()),
        Err(why) => parameter(&mut contents, 0x04, &[letter(*why)]),
    }
    match &caller.name {
        Some(Ok(name)) => parameter(&mut contents, 0x07, name.as_str().as_bytes()),
        Some(Err(why)) => parameter(&mut contents, 0x08, &[letter(*why)]),
        None => {}
    }
    sealed(0x80, &contents, flaw)
}

/// The lamp goes on or off: by a multiple message or by a single one.
pub fn lamp(on: bool, is_multiple: bool, flaw: Flaw) -> Vec<u8> {
    if is_multiple {
        return sealed(0x82, &[0x0b, 1, if on { 0xff } else { 0 }], flaw);
    }
    let word = if on { 0x42 } else { 0x6f };
    sealed(0x06, &[word; 3], flaw)
}

/// NTT's frame.
pub fn ntt(caller: &CallerId, flaw: Flaw) -> Vec<u8> {
    let mut contents = Vec::new();
    match &caller.number {
        Ok(number) => parameter(&mut contents, NTT_NUMBER, number.as_str().as_bytes()),
        Err(why) => parameter(&mut contents, NTT_ABSENT, &[letter(*why)]),
    }
    let mut frame = vec![DLE, SOH, HEADER, DLE, STX, NTT_KIND, contents.len() as u8];
    // what looks like the escape is sent twice
    for byte in &contents {
        frame.push(*byte);
        if *byte == DLE {
            frame.push(DLE);
        }
    }
    frame.extend([DLE, ETX]);
    let mut frame: Vec<u8> = frame.into_iter().map(with_parity).collect();
    // over everything from the header on
    let crc = frame.iter().skip(2).fold(0_u16, |crc, byte| crc16(crc, *byte));
    let crc = if flaw == Flaw::Checksum { crc ^ 0x0101 } else { crc };
    frame.extend([crc as u8, (crc >> 8) as u8]);
    cut(frame, flaw)
}

/// The row of keys.
pub fn keys(caller: &CallerId, framing: DtmfCallerId) -> Vec<u8> {
    let (begin, end) = match framing {
        DtmfCallerId::AC => (b'A', b'C'),
        DtmfCallerId::AHash => (b'A', b'#'),
        DtmfCallerId::DC => (b'D', b'C'),
        DtmfCallerId::DHash => (b'D', b'#'),
    };
    let (begin, digits) = match (&caller.number, framing) {
        (Ok(number), _) => (begin, number.as_str().bytes().filter(u8::is_ascii_digit).collect()),
        (Err(Absence::Private), DtmfCallerId::AC | DtmfCallerId::DC) => (b'B', b"10".to_vec()),
        (Err(Absence::Unavailable), DtmfCallerId::AC | DtmfCallerId::DC) => (b'B', b"00".to_vec()),
        (Err(Absence::Private), DtmfCallerId::AHash | DtmfCallerId::DHash) => (b'D', b"1".to_vec()),
        (Err(Absence::Unavailable), DtmfCallerId::AHash | DtmfCallerId::DHash) => (b'D', b"2".to_vec()),
    };
    [vec![begin], digits, vec![end]].concat()
}

fn digits_of(date: &DateTime) -> Vec<u8> {
    format!("{:02}{:02}{:02}{:02}", date.month, date.day, date.hour, date.minute).into_bytes()
}

const fn letter(why: Absence) -> u8 {
    match why {
        Absence::Private => b'P',
        Absence::Unavailable => b'O',
    }
}

fn parameter(contents: &mut Vec<u8>, kind: u8, value: &[u8]) {
    contents.extend([kind, value.len() as u8]);
    contents.extend_from_slice(value);
}

fn sealed(kind: u8, contents: &[u8], flaw: Flaw) -> Vec<u8> {
    let mut bytes = vec![kind, contents.len() as u8];
    bytes.extend_from_slice(contents);
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let seal = sum.wrapping_neg();
    bytes.push(if flaw == Flaw::Checksum { seal ^ 0x15 } else { seal });
    cut(bytes, flaw)
}

fn cut(mut bytes: Vec<u8>, flaw: Flaw) -> Vec<u8> {
    if flaw == Flaw::Short {
        bytes.truncate(bytes.len() / 2);
    }
    bytes
}

/// Seven bits and an even number of ones.
const fn with_parity(byte: u8) -> u8 {
    let byte = byte & 0x7f;
    byte | ((byte.count_ones() as u8 & 1) << 7)
}

/// CRC-16 of CCITT, lowest bit first.
fn crc16(crc: u16, byte: u8) -> u16 {
    (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 })
}

#[cfg(test)]
mod tests {
    use tipring_port::Text;

    use super::*;
    use crate::ear::{Message, parse};

    fn caller() -> CallerId {
        CallerId {
            date: Some(DateTime { month: 3, day: 14, hour: 9, minute: 30 }),
            number: Ok(Text::new("5550177")),
            name: Some(Ok(Text::new("MARY"))),
        }
    }

    #[test]
    fn the_laboratorys_display_reads_what_the_exchange_writes() {
        assert_eq!(parse(&multiple(&caller(), Flaw::None)), Ok(Message::Caller(caller())));
        let short = CallerId { name: None, ..caller() };
        assert_eq!(parse(&single(&caller(), Flaw::None)), Ok(Message::Caller(short)));
        for lamp_on in [true, false] {
            for is_multiple in [true, false] {
                assert_eq!(parse(&lamp(lamp_on, is_multiple, Flaw::None)), Ok(Message::Waiting(lamp_on)));
            }
        }
    }

    #[test]
    fn a_flaw_is_one() {
        for flaw in [Flaw::Checksum, Flaw::Short] {
            assert!(parse(&multiple(&caller(), flaw)).is_err(), "{flaw:?}");
            assert!(parse(&single(&caller(), flaw)).is_err(), "{flaw:?}");
        }
    }

    #[test]
    fn keys_begin_and_end_as_the_country_wants() {
        let absent = |why| CallerId { number: Err(why), ..caller() };
        assert_eq!(keys(&caller(), DtmfCallerId::AC), b"A5550177C");
        assert_eq!(keys(&caller(), DtmfCallerId::DHash), b"D5550177#");
        assert_eq!(keys(&absent(Absence::Private), DtmfCallerId::AHash), b"D1#");
        assert_eq!(keys(&absent(Absence::Unavailable), DtmfCallerId::AC), b"B00C");
    }

    #[test]
    fn ntts_bytes_have_even_parity_and_its_crc_comes_out_even() {
        let frame = ntt(&caller(), Flaw::None);
        let (body, crc) = frame.split_at(frame.len() - 2);
        assert!(body.iter().all(|byte| byte.count_ones() % 2 == 0));
        assert_eq!(frame.iter().skip(2).fold(0, |sum, byte| crc16(sum, *byte)), 0, "{crc:?}");
    }
}

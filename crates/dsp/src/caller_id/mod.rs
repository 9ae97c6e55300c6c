//! Caller-ID messages.
//!
//! # What it does
//! [`CallerIdFrame`] builds the bytes of a single or multiple data message from a [`CallerId`], and reads
//! them back; [`CallerIdReceiver`] hears such a message on a line. [`CallerIdBurst`] is what goes out for a caller by any of
//! the signals there are, and [`CallerIdEar`] hears any one of them.
//!
//! # How
//! Type, length, parameters (each type, length, value), and the two's complement of the sum of all.
//!
//! # Limits
//! [`FRAME_MAX`] bytes. Names go out in ASCII, [`NAME_SENT_MAX`] characters of them.
//!
//! # Standard
//! Telcordia GR-30-CORE clause 2.3, GR-31-CORE (number), GR-1188-CORE (name), GR-1401-CORE (message
//! waiting); ETSI EN 300 659-3 clause 5 uses the same types.

mod build;
mod digits;
mod ear;
mod japan;
mod parse;
mod receive;
mod send;

pub use build::{BuildError, CallerIdFormat};
pub use digits::{CallerIdDigits, caller_id_of_digits};
pub use ear::CallerIdEar;
pub use japan::{JapanReceiver, japan_message};
pub use parse::{CallerIdMessage, ParseError};
pub use receive::{CallerIdReceiver, ReceiveError};
pub use send::{ALERT_LEVEL, ALERT_TONES, CallerIdBurst};

/// Bytes of a message, at most: type, length, 255 bytes and a checksum.
pub const FRAME_MAX: usize = 258;
/// Characters of a name that are sent, at most (GR-1188-CORE).
pub const NAME_SENT_MAX: usize = 15;

/// Message types.
const SINGLE: u8 = 0x04;
const SINGLE_WAITING: u8 = 0x06;
const MULTIPLE: u8 = 0x80;
const MULTIPLE_WAITING: u8 = 0x82;

/// Parameter types of a multiple data message.
const DATE: u8 = 0x01;
const NUMBER: u8 = 0x02;
const NUMBER_ABSENT: u8 = 0x04;
const NAME: u8 = 0x07;
const NAME_ABSENT: u8 = 0x08;
const INDICATOR: u8 = 0x0B;
const CALL_TYPE: u8 = 0x11;
const DIALABLE: u8 = 0x03;
const REDIRECTING: u8 = 0x1A;
const MESSAGES: u8 = 0x13;

/// Values of a message-waiting indicator.
const INDICATOR_ON: u8 = 0xFF;
const INDICATOR_OFF: u8 = 0x00;
/// The same in a single data message, sent three times.
const SINGLE_ON: u8 = 0x42;
const SINGLE_OFF: u8 = 0x6F;

/// A message with its checksum, ready for [`FskBurst`](crate::FskBurst).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallerIdFrame {
    bytes: [u8; FRAME_MAX],
    len: u16,
}

impl CallerIdFrame {
    /// The bytes, from the message type to the checksum.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The parameters of a multiple data message's body, each a type and its value; what is cut off is left out.
pub fn fields(body: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = body;
    core::iter::from_fn(move || {
        let [kind, length, tail @ ..] = rest else { return None };
        let (value, next) = tail.split_at_checked(usize::from(*length))?;
        rest = next;
        Some((*kind, value))
    })
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0_u8, |sum, &b| sum.wrapping_add(b)).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{frames, manifest, vectors, wav};
    use crate::{FskBurst, FskModulator, FskStandard};
    use proptest::prelude::*;
    use tipring_port::{Absence, CallerId, DateTime, Text};
    use tipring_units::Dbm0;

    fn caller(number: &str, name: &str) -> CallerId {
        CallerId {
            date: Some(DateTime { month: 2, day: 9, hour: 23, minute: 57 }),
            number: Ok(Text::new(number)),
            name: Some(Ok(Text::new(name))),
        }
    }

    /// The bytes that the recordings of these messages hold, checksum left out.
    fn hex(frame: &CallerIdFrame) -> String {
        let (_, bytes) = frame.bytes().split_last().unwrap();
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn messages_have_the_bytes_that_others_send() {
        let frame =
            CallerIdFrame::call(&caller("0015613", "ACME WIDGETS LT"), CallerIdFormat::Multiple).unwrap();
        assert_eq!(
            hex(&frame),
            "802401083032303932333537020730303135363133070f41434d452057494447455453204c54"
        );
        assert_eq!(frame.bytes().iter().fold(0_u8, |s, &b| s.wrapping_add(b)), 0);
        let hidden = CallerId {
            date: Some(DateTime { month: 9, day: 20, hour: 19, minute: 22 }),
            number: Err(Absence::Private),
            name: Some(Err(Absence::Private)),
        };
        let frame = CallerIdFrame::call(&hidden, CallerIdFormat::Multiple).unwrap();
        assert_eq!(hex(&frame), "801001083039323031393232040150080150");
        let plain = CallerId {
            date: Some(DateTime { month: 9, day: 27, hour: 17, minute: 8 }),
            ..caller("606", "NOT SENT")
        };
        let frame = CallerIdFrame::call(&plain, CallerIdFormat::Single).unwrap();
        assert_eq!(hex(&frame), "040b3039323731373038363036");
        assert_eq!(hex(&CallerIdFrame::message_waiting(true, CallerIdFormat::Multiple)), "82030b01ff");
        assert_eq!(hex(&CallerIdFrame::message_waiting(false, CallerIdFormat::Multiple)), "82030b0100");
    }

    #[test]
    fn recorded_bursts_are_read_as_they_were_sent() {
        let Some(dir) = vectors() else { return };
        let mut counts = [0; 3];
        for entry in manifest(&dir, "cid") {
            let (place, standard) = match entry["std"].as_str().unwrap() {
                "CLASS" => (0, FskStandard::Bell202),
                "ACLIP" => (1, FskStandard::Bell202),
                "CLIP" => (2, FskStandard::V23),
                _ => continue,
            };
            let file = entry["file"].as_str().unwrap();
            let mut receiver = CallerIdReceiver::new(standard);
            let mut samples = wav(&dir.join(file));
            samples.extend([0; 800]);
            let heard: Vec<_> = frames(&samples).filter_map(|frame| receiver.process(&frame)).collect();
            assert_eq!(heard.len(), 1, "{file}: {heard:?}");
            let message = heard[0].unwrap_or_else(|error| panic!("{file}: {error}"));
            check(file, &entry, &message);
            counts[place] += 1;
        }
        eprintln!("CLASS {}, ACLIP {}, CLIP {} bursts read", counts[0], counts[1], counts[2]);
        assert!(counts.iter().all(|&n| n >= 8), "{counts:?}");
    }

    #[test]
    fn recorded_bursts_of_japan_are_read_as_they_were_sent() {
        let Some(dir) = vectors() else { return };
        let mut count = 0;
        for entry in manifest(&dir, "cid").into_iter().filter(|entry| entry["std"] == "JCLIP") {
            let file = entry["file"].as_str().unwrap();
            let mut receiver = JapanReceiver::new();
            let mut samples = wav(&dir.join(file));
            samples.extend([0; 800]);
            let heard: Vec<_> = frames(&samples).filter_map(|frame| receiver.process(&frame)).collect();
            assert_eq!(heard.len(), 1, "{file}: {heard:?}");
            check(file, &entry, &heard[0].unwrap_or_else(|error| panic!("{file}: {error}")));
            if let Some(hex) = entry["hex"].as_str() {
                let own: String = receiver.frame().iter().map(|b| format!("{b:02x}")).collect();
                assert_eq!(own, hex, "{file}");
            }
            count += 1;
        }
        assert!(count >= 8);
    }

    fn check(file: &str, entry: &serde_json::Value, message: &CallerIdMessage) {
        let date = |d: Option<DateTime>| {
            d.map(|d| format!("{:02}{:02}{:02}{:02}", d.month, d.day, d.hour, d.minute)).unwrap_or_default()
        };
        let single = entry["kind"] == "sdmf";
        for (n, field) in entry["fields"].as_array().unwrap().iter().enumerate() {
            let (kind, value) = field.as_str().unwrap().split_once('=').unwrap();
            let caller = &message.caller;
            match (kind, single, n) {
                ("0x01", _, _) | ("0x00", true, 0) => assert_eq!(date(caller.date), value, "{file}"),
                ("0x02", _, _) | ("0x00", true, 1) => {
                    assert_eq!(caller.number.unwrap().as_str(), value, "{file}");
                }
                ("0x07", _, _) => assert_eq!(caller.name.unwrap().unwrap().as_str(), value, "{file}"),
                ("0x04", _, _) => assert_eq!(caller.number, Err(absence(value)), "{file}"),
                ("0x08", _, _) => assert_eq!(caller.name, Some(Err(absence(value))), "{file}"),
                ("0x0B", _, _) => assert_eq!(message.waiting, Some(value == "\\xFF"), "{file}"),
                ("0x11", _, _) => assert_eq!(message.call_type, Some(1), "{file}"),
                ("0x03", _, _) => assert_eq!(message.dialable.unwrap().as_str(), value, "{file}"),
                ("0x13", _, _) => assert_eq!(message.messages, Some(5), "{file}"),
                _ => panic!("{file}: unknown field {kind}"),
            }
        }
    }

    fn absence(value: &str) -> Absence {
        if value == "P" { Absence::Private } else { Absence::Unavailable }
    }

    #[test]
    fn a_burst_of_ours_is_received_by_ours() {
        for standard in [FskStandard::Bell202, FskStandard::V23] {
            let sent = caller("+12125551234", "O'BRIEN & SONS");
            let frame = CallerIdFrame::call(&sent, CallerIdFormat::Multiple).unwrap();
            let mut modulator = FskModulator::new(standard, Dbm0(-13.5));
            modulator.start(&FskBurst::on_hook(frame.bytes()).unwrap());
            let mut receiver = CallerIdReceiver::new(standard);
            let mut heard = Vec::new();
            for _ in 0..150 {
                let mut line = [0; 80];
                modulator.process(&mut line);
                heard.extend(receiver.process(&line));
            }
            assert_eq!(heard.len(), 1);
            assert_eq!(heard[0].unwrap().caller, sent);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_cut_or_refused() {
        let long = caller("123456789012345678901234", "A VERY LONG NAME INDEED");
        let frame = CallerIdFrame::call(&long, CallerIdFormat::Multiple).unwrap();
        let back = CallerIdMessage::parse(frame.bytes()).unwrap();
        assert_eq!(back.caller.name.unwrap().unwrap().as_str(), "A VERY LONG NAM");
        assert_eq!(back.caller.number, long.number);
        let accents = caller("1", "Jürgen");
        let frame = CallerIdFrame::call(&accents, CallerIdFormat::Multiple).unwrap();
        assert_eq!(
            CallerIdMessage::parse(frame.bytes()).unwrap().caller.name.unwrap().unwrap().as_str(),
            "J?rgen"
        );
        let undated = CallerId { date: None, ..caller("1", "X") };
        assert_eq!(CallerIdFrame::call(&undated, CallerIdFormat::Single), Err(BuildError::DateMissing));
        assert!(CallerIdFrame::call(&undated, CallerIdFormat::Multiple).is_ok());
    }

    #[test]
    fn damage_is_found_and_placed() {
        let frame = CallerIdFrame::call(&caller("606", "X"), CallerIdFormat::Multiple).unwrap();
        let mut bytes = frame.bytes().to_vec();
        bytes[5] ^= 1;
        assert!(matches!(CallerIdMessage::parse(&bytes), Err(ParseError::Checksum { .. })));
        assert!(matches!(CallerIdMessage::parse(&bytes[..4]), Err(ParseError::Truncated { .. })));
        assert!(matches!(CallerIdMessage::parse(&[]), Err(ParseError::Truncated { .. })));
        let odd = [0x33, 0x00, 0xCD];
        assert_eq!(CallerIdMessage::parse(&odd), Err(ParseError::Type { found: 0x33 }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = CallerIdMessage::parse(&bytes);
            // And with a right frame around them.
            let body: Vec<u8> = bytes.iter().copied().take(255).collect();
            for kind in [SINGLE, SINGLE_WAITING, MULTIPLE, MULTIPLE_WAITING] {
                let mut framed = vec![kind, body.len() as u8];
                framed.extend(&body);
                framed.push(checksum(&framed));
                let _ = CallerIdMessage::parse(&framed);
            }
        }

        #[test]
        fn what_is_built_is_read_back(number in "[0-9*#+]{1,24}", name in "[ -~]{1,15}", month in 1_u8..13, minute in 0_u8..60) {
            let sent = CallerId {
                date: Some(DateTime { month, day: 31, hour: 23, minute }),
                ..caller(&number, &name)
            };
            let frame = CallerIdFrame::call(&sent, CallerIdFormat::Multiple).unwrap();
            prop_assert_eq!(CallerIdMessage::parse(frame.bytes()).unwrap().caller, sent);
        }
    }
}

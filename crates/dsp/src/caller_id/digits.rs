//! Caller ID by DTMF.
//!
//! # What it does
//! Reads a run of digits as one of the ways in which exchanges send a number by DTMF before or between rings, and makes the
//! run that is sent for a caller.
//!
//! # How
//! A letter tells what follows: `A` the caller, `D` the number that the call was sent on from, `B` a code for why there is no number;
//! `C` or `#` ends all.
//!
//! # Limits
//! A number without any letter before it (`12345#`) is not told from one that a person dials, and is left alone. Of a number
//! only its digits are sent (no `+`); one that has others, or fewer than three behind a `D` that `#` ends, where they are codes,
//! goes out as not available.
//!
//! # Standard
//! ETSI ETS 300 659-1 annex B: `A...D...B..C`, codes 00 (not available) and 10 (restricted); `A...#` with `D1#` (restricted),
//! `D2#` (international), `D3#` (technical reasons); `D...C` and `D...#` as sent in Taiwan, Kuwait and parts of Denmark.

use super::CallerIdMessage;
use tipring_port::{Absence, CallerId, DtmfCallerId, MAX_CALLER_NUMBER};

/// A number with the letters around it.
const RUN_MAX: usize = MAX_CALLER_NUMBER + 2;

/// The digits that are sent for a caller, in ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallerIdDigits {
    digits: [u8; RUN_MAX],
    len: u8,
}

impl CallerIdDigits {
    /// The run for `caller` in this framing.
    pub fn new(caller: &CallerId, framing: DtmfCallerId) -> Self {
        let number = match &caller.number {
            Ok(number) => plain(number.as_str()).ok_or(Absence::Unavailable),
            Err(why) => Err(*why),
        };
        let number = match framing {
            DtmfCallerId::DHash => {
                number.and_then(|n| if n.len() < 3 { Err(Absence::Unavailable) } else { Ok(n) })
            }
            DtmfCallerId::AC | DtmfCallerId::AHash | DtmfCallerId::DC => number,
        };
        let code = |c_ends: bool, why: Absence| match (c_ends, why) {
            (true, Absence::Unavailable) => ("B", "00"),
            (true, Absence::Private) => ("B", "10"),
            (false, Absence::Private) => ("D", "1"),
            (false, Absence::Unavailable) => ("D", "2"),
        };
        let (letter, end) = match framing {
            DtmfCallerId::AC => ("A", "C"),
            DtmfCallerId::AHash => ("A", "#"),
            DtmfCallerId::DC => ("D", "C"),
            DtmfCallerId::DHash => ("D", "#"),
        };
        let (letter, body) = match number {
            Ok(number) => (letter, number),
            Err(why) => code(end == "C", why),
        };
        let mut run = Self { digits: [0; RUN_MAX], len: 0 };
        let all = letter.bytes().chain(body.bytes()).chain(end.bytes());
        for (place, digit) in run.digits.iter_mut().zip(all) {
            *place = digit;
            run.len += 1;
        }
        run
    }

    /// The digits in order.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }
}

/// A number without its `+`, if only digits are left.
fn plain(number: &str) -> Option<&str> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (!digits.is_empty() && digits.bytes().all(|d| d.is_ascii_digit())).then_some(digits)
}

/// Reads a whole run of digits, in ASCII; `None` if it is not caller ID.
pub fn caller_id_of_digits(run: &[u8]) -> Option<CallerIdMessage> {
    let (&end, body) = run.split_last()?;
    if !matches!(end, b'C' | b'#') || !matches!(body.first(), Some(b'A' | b'B' | b'D')) {
        return None;
    }
    let mut message = CallerIdMessage::EMPTY;
    message.caller = CallerId { date: None, number: Err(Absence::Unavailable), name: None };
    let mut diverted: Option<&[u8]> = None;
    let mut caller_given = false;
    let mut rest = body;
    while let [letter, tail @ ..] = rest {
        let length = tail.iter().position(|d| !d.is_ascii_digit()).unwrap_or(tail.len());
        let (value, next) = tail.split_at_checked(length)?;
        match (letter, value) {
            (b'A', []) => caller_given = true,
            (b'A', number) => {
                message.caller.number = Ok(super::parse::text(number));
                caller_given = true;
            }
            (b'D', number) if diverted.is_none() => diverted = Some(number),
            (b'B', b"00") => message.caller.number = Err(Absence::Unavailable),
            (b'B', b"10") => message.caller.number = Err(Absence::Private),
            _ => return None,
        }
        rest = next;
    }
    match (diverted, caller_given, end) {
        (Some(b"1"), false, b'#') => message.caller.number = Err(Absence::Private),
        (Some(b"2" | b"3"), false, b'#') => message.caller.number = Err(Absence::Unavailable),
        (Some(number), false, _) if number.len() >= 3 || (end == b'C' && !number.is_empty()) => {
            message.caller.number = Ok(super::parse::text(number))
        }
        (Some(number), true, _) => message.redirecting = Some(super::parse::text(number)),
        (Some(_), false, _) => return None,
        (None, _, _) => {}
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tipring_port::Text;

    #[test]
    fn what_is_sent_is_read_back_in_all_framings() {
        let framings = [
            (DtmfCallerId::AC, "A5550100C", "B10C", "B00C"),
            (DtmfCallerId::AHash, "A5550100#", "D1#", "D2#"),
            (DtmfCallerId::DC, "D5550100C", "B10C", "B00C"),
            (DtmfCallerId::DHash, "D5550100#", "D1#", "D2#"),
        ];
        let caller = |number| CallerId { date: None, number, name: None };
        for (framing, known, private, unavailable) in framings {
            for (number, wanted) in [
                (Ok("5550100".into()), known),
                (Ok("+5550100".into()), known),
                (Err(Absence::Private), private),
                (Err(Absence::Unavailable), unavailable),
                (Ok("alice".into()), unavailable),
                (Ok("".into()), unavailable),
            ] {
                let run = CallerIdDigits::new(&caller(number), framing);
                assert_eq!(core::str::from_utf8(run.as_bytes()), Ok(wanted), "{framing:?} {number:?}");
                let read = caller_id_of_digits(run.as_bytes()).unwrap().caller.number;
                assert_eq!(read.is_ok(), wanted == known, "{framing:?} {number:?}");
                if wanted == known {
                    assert_eq!(read.unwrap().as_str(), "5550100");
                }
            }
            let long = caller(Ok(Text::new(&"9".repeat(MAX_CALLER_NUMBER))));
            let run = CallerIdDigits::new(&long, framing);
            assert_eq!(caller_id_of_digits(run.as_bytes()).unwrap().caller.number, long.number);
            // A short number is never taken for a code.
            for short in ["1", "2", "10", "00"] {
                let run = CallerIdDigits::new(&caller(Ok(short.into())), framing);
                let read = caller_id_of_digits(run.as_bytes()).unwrap().caller.number;
                assert!(read == Ok(short.into()) || read == Err(Absence::Unavailable), "{framing:?} {short}");
            }
        }
    }

    #[test]
    fn the_ways_of_the_administrations_are_read() {
        let number = |run: &str| caller_id_of_digits(run.as_bytes()).map(|m| m.caller.number);
        let told = |run: &str| number(run).unwrap().unwrap().as_str().to_owned();
        assert_eq!(told("A5550100C"), "5550100");
        assert_eq!(told("A5550100#"), "5550100");
        assert_eq!(told("D5550100C"), "5550100");
        assert_eq!(told("D8655148#"), "8655148");
        assert_eq!(told("A5550100D5550199C"), "5550100");
        let diverted = caller_id_of_digits(b"A5550100D5550199C").unwrap();
        assert_eq!(diverted.redirecting.unwrap().as_str(), "5550199");
        for (run, why) in [
            ("B00C", Absence::Unavailable),
            ("B10C", Absence::Private),
            ("D1#", Absence::Private),
            ("D2#", Absence::Unavailable),
            ("D3#", Absence::Unavailable),
        ] {
            assert_eq!(number(run), Some(Err(why)), "{run}");
        }
        for run in ["", "C", "#", "123#", "A12", "A1*2C", "D12#", "B55C", "AC1", "C123C"] {
            assert!(number(run).is_none(), "{run}");
        }
    }
}

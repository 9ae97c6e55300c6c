//! Caller ID by DTMF.
//!
//! # What it does
//! Reads a run of digits as one of the ways in which exchanges send a number by DTMF before or between rings.
//!
//! # How
//! A letter tells what follows: `A` the caller, `D` the number that the call was sent on from, `B` a code for why there is no number;
//! `C` or `#` ends all.
//!
//! # Limits
//! A number without any letter before it (`12345#`) is not told from one that a person dials, and is left alone.
//!
//! # Standard
//! ETSI ETS 300 659-1 annex B: `A...D...B..C`, codes 00 (not available) and 10 (restricted); `A...#` with `D1#` (restricted),
//! `D2#` (international), `D3#` (technical reasons); `D...C` and `D...#` as sent in Taiwan, Kuwait and parts of Denmark.

use super::CallerIdMessage;
use tipring_port::{Absence, CallerId};

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
        (Some(number), false, _) if number.len() >= 3 => {
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

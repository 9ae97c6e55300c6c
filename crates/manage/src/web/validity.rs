//! From when until when a certificate holds.
//!
//! # How
//! It walks the few outer elements of the certificate to its validity (RFC 5280, 4.1), and reads nothing else.

/// Seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validity {
    /// The first.
    pub from: u64,
    /// The last.
    pub until: u64,
}

/// Tags of DER (X.690).
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

impl Validity {
    /// That of a certificate in DER; `None` where it is none.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let (whole, _) = element(certificate, SEQUENCE)?;
        let (signed, _) = element(whole, SEQUENCE)?;
        // The version is left out of one of the first version.
        let rest = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
        let (_, rest) = element(rest, INTEGER)?;
        let (_, rest) = element(rest, SEQUENCE)?; // algorithm
        let (_, rest) = element(rest, SEQUENCE)?; // issuer
        let (both, _) = element(rest, SEQUENCE)?;
        let (from, rest) = time(both)?;
        let (until, _) = time(rest)?;
        Some(Self { from, until })
    }

    /// True if it holds now.
    pub const fn holds(&self, now: u64) -> bool {
        self.from <= now && now <= self.until
    }
}

/// What the first element has in it, and what follows it; `None` if it is another one.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn time(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (text, rest, year_digits) = match *bytes.first()? {
        UTC_TIME => element(bytes, UTC_TIME).map(|(text, rest)| (text, rest, 2))?,
        GENERALIZED_TIME => element(bytes, GENERALIZED_TIME).map(|(text, rest)| (text, rest, 4))?,
        _ => return None,
    };
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if text.len() != year_digits + 10 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, length: usize| text.get(from..from + length)?.parse::<u64>().ok();
    let year = match number(0, year_digits)? {
        // RFC 5280, 4.1.2.5.1.
        short @ 50..=99 if year_digits == 2 => 1900 + short,
        short if year_digits == 2 => 2000 + short,
        year => year,
    };
    let field = |place: usize| number(year_digits + 2 * place, 2);
    let (month, day, hour) = (field(0)?, field(1)?, field(2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = hour * 3600 + field(3)? * 60 + field(4)?;
    Some((days(year, month, day) * 86_400 + seconds, rest))
}

/// Days from 1970 to a date; none before it.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // Years that begin in March: a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.saturating_sub(1), month + 9) };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    (of_years + (153 * month + 2) / 5 + day - 1).saturating_sub(719_468)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(from: (i32, u8, u8), until: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["gw".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_times_of_a_certificate_are_read() {
        // 2050 and later are written in another way.
        for (from, until, seconds) in [
            ((2024, 2, 29), (2026, 3, 1), (1_709_164_800, 1_772_323_200)),
            ((1999, 12, 31), (2100, 3, 1), (946_598_400, 4_107_542_400)),
        ] {
            let validity = Validity::of(&certificate(from, until)).unwrap();
            assert_eq!((validity.from, validity.until), seconds);
            assert!(validity.holds(seconds.0) && validity.holds(seconds.1));
            assert!(!validity.holds(seconds.0 - 1) && !validity.holds(seconds.1 + 1));
        }
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        let whole = certificate((2024, 1, 1), (2025, 1, 1));
        for length in 0..whole.len() {
            let _ = Validity::of(&whole[..length]);
        }
        for place in 0..whole.len().min(200) {
            let mut wrong = whole.clone();
            wrong[place] ^= 0xff;
            let _ = Validity::of(&wrong);
        }
        assert_eq!(Validity::of(&[]), None);
        assert_eq!(Validity::of(b"\x30\x03\x30\x01\x02"), None);
        assert_eq!(Validity::of(&whole[..whole.len() / 2]), None);
    }
}

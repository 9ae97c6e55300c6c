//! Q.850 causes and how they map to SIP statuses, RFC 3398 §7.2.4.1 and §8.2.6.1, and the Reason header
//! that carries them, RFC 3326.

use core::fmt;

/// A cause of ITU-T Q.850.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cause(pub u8);

impl Cause {
    /// The number is not assigned.
    pub const UNALLOCATED: Self = Self(1);
    /// Normal clearing.
    pub const NORMAL: Self = Self(16);
    /// The called user is busy.
    pub const BUSY: Self = Self(17);
    /// No user responds.
    pub const NO_RESPONSE: Self = Self(18);
    /// The user was alerted and did not answer.
    pub const NO_ANSWER: Self = Self(19);
    /// The call was rejected.
    pub const REJECTED: Self = Self(21);
    /// The number has changed.
    pub const CHANGED: Self = Self(22);
    /// The destination is out of order.
    pub const OUT_OF_ORDER: Self = Self(27);
    /// The number's format is invalid.
    pub const INVALID_NUMBER: Self = Self(28);
    /// Normal, unspecified.
    pub const UNSPECIFIED: Self = Self(31);
    /// No circuit is available.
    pub const NO_CIRCUIT: Self = Self(34);
    /// Temporary failure.
    pub const TEMPORARY_FAILURE: Self = Self(41);
    /// Congestion.
    pub const CONGESTION: Self = Self(42);
    /// The bearer capability is not implemented.
    pub const BEARER_NOT_IMPLEMENTED: Self = Self(65);
    /// A timer expired.
    pub const TIMER: Self = Self(102);
    /// Interworking, unspecified.
    pub const INTERWORKING: Self = Self(127);

    /// The cause of a final status, RFC 3398 §8.2.6.1.
    pub const fn from_status(status: u16) -> Self {
        match status {
            200..=299 | 487 => Self::NORMAL,
            400 | 481 | 500 | 503 => Self::TEMPORARY_FAILURE,
            401 | 402 | 403 | 407 | 603 => Self::REJECTED,
            404 | 485 | 604 => Self::UNALLOCATED,
            408 | 504 => Self::TIMER,
            410 => Self::CHANGED,
            405 => Self(63),
            406 | 415 | 488 | 501 | 606 => Self::BEARER_NOT_IMPLEMENTED,
            413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => Self::INTERWORKING,
            480 => Self::NO_RESPONSE,
            482 | 483 => Self(25),
            484 => Self::INVALID_NUMBER,
            486 | 600 => Self::BUSY,
            502 => Self(38),
            _ => Self::UNSPECIFIED,
        }
    }

    /// The status that refuses an INVITE for this cause, RFC 3398 §7.2.4.1.
    pub const fn status(self) -> u16 {
        match self.0 {
            1..=3 => 404,
            17 => 486,
            18 => 408,
            19 | 20 | 31 => 480,
            21 => 403,
            22 => 410,
            23 => 301,
            26 => 404,
            27 => 502,
            28 => 484,
            29 | 79 => 501,
            34 | 38 | 41 | 42 | 47 => 503,
            55 | 57 | 87 => 403,
            58 => 503,
            65 | 70 => 488,
            88 => 503,
            102 => 504,
            _ => 500,
        }
    }

    /// The value of a Reason header.
    pub fn header(self) -> String {
        format!("Q.850;cause={};text=\"{}\"", self.0, self.text())
    }

    /// Reads the Q.850 cause out of the value of a Reason header; other protocols are passed over.
    pub fn from_header(value: &str) -> Option<Self> {
        value.split(',').find_map(|reason| {
            let mut parts = reason.split(';').map(str::trim);
            if !parts.next()?.eq_ignore_ascii_case("Q.850") {
                return None;
            }
            parts.find_map(|part| {
                let (name, value) = part.split_once('=')?;
                (name.trim().eq_ignore_ascii_case("cause")).then(|| value.trim().parse().ok().map(Self))?
            })
        })
    }

    /// The cause in words.
    pub const fn text(self) -> &'static str {
        match self.0 {
            1 => "unallocated number",
            2 | 3 => "no route to destination",
            16 => "normal call clearing",
            17 => "user busy",
            18 => "no user responding",
            19 => "no answer from user",
            20 => "subscriber absent",
            21 => "call rejected",
            22 => "number changed",
            25 => "exchange routing error",
            27 => "destination out of order",
            28 => "invalid number format",
            31 => "normal, unspecified",
            34 => "no circuit available",
            38 => "network out of order",
            41 => "temporary failure",
            42 => "switching equipment congestion",
            47 => "resource unavailable",
            63 => "service not available",
            65 => "bearer capability not implemented",
            79 => "service not implemented",
            102 => "recovery on timer expiry",
            127 => "interworking, unspecified",
            _ => "cause not named",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text(), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_header_goes_round() {
        assert_eq!(Cause::from_header(&Cause::BUSY.header()), Some(Cause::BUSY));
        assert_eq!(
            Cause::from_header("SIP;cause=486, q.850 ; text=\"x\"; cause = 19"),
            Some(Cause::NO_ANSWER)
        );
        assert_eq!(Cause::from_header("SIP;cause=200;text=\"elsewhere\""), None);
        assert_eq!(Cause::from_header("Q.850;cause=999"), None);
        assert_eq!(Cause::from_header(""), None);
    }

    #[test]
    fn common_failures_keep_their_cause_both_ways() {
        for cause in [Cause::UNALLOCATED, Cause::BUSY, Cause::INVALID_NUMBER] {
            assert_eq!(Cause::from_status(cause.status()), cause);
        }
    }
}

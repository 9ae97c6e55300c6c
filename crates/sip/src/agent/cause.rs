//! Q.850 causes and how they map to SIP statuses, RFC 3398 §7.2.4.1 and §8.2.6.1, and the Reason header
//! that carries them, RFC 3326.
//!
//! **Limits.** 488 and 606 are bearer capability not implemented, whatever their Warning says. The RFC has no cause for
//! 487, and no status for normal clearing, which ends a call by BYE or CANCEL. Its list of causes ends with 500 for all
//! others; from that one is taken: an exchange routing error, which is what 482 and 483 become, is a 483 again.

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
    /// An exchange could not route the call: it went in a circle.
    pub const ROUTING_ERROR: Self = Self(25);
    /// The destination is out of order.
    pub const OUT_OF_ORDER: Self = Self(27);
    /// The number's format is invalid.
    pub const INVALID_NUMBER: Self = Self(28);
    /// Normal, unspecified.
    pub const UNSPECIFIED: Self = Self(31);
    /// No circuit is available.
    pub const NO_CIRCUIT: Self = Self(34);
    /// Call rejected due to a feature at the destination: who is called takes no anonymous calls.
    pub const ANONYMITY_DISALLOWED: Self = Self(24);
    /// The network is out of order.
    pub const NETWORK_OUT_OF_ORDER: Self = Self(38);
    /// Temporary failure.
    pub const TEMPORARY_FAILURE: Self = Self(41);
    /// Congestion.
    pub const CONGESTION: Self = Self(42);
    /// The service or option is not available, unspecified.
    pub const SERVICE_UNAVAILABLE: Self = Self(63);
    /// The bearer capability is not implemented.
    pub const BEARER_NOT_IMPLEMENTED: Self = Self(65);
    /// The service or option is not implemented, unspecified.
    pub const SERVICE_NOT_IMPLEMENTED: Self = Self(79);
    /// A timer expired.
    pub const TIMER: Self = Self(102);
    /// Interworking, unspecified.
    pub const INTERWORKING: Self = Self(127);

    /// The cause of a final status, RFC 3398 §8.2.6.1; 433 is of RFC 5079.
    pub const fn from_status(status: u16) -> Self {
        match status {
            200..=299 | 487 => Self::NORMAL,
            400 | 481 | 500 | 503 => Self::TEMPORARY_FAILURE,
            401 | 402 | 403 | 407 | 603 => Self::REJECTED,
            404 | 485 | 604 => Self::UNALLOCATED,
            405 => Self::SERVICE_UNAVAILABLE,
            406 | 415 | 501 => Self::SERVICE_NOT_IMPLEMENTED,
            408 | 504 => Self::TIMER,
            410 => Self::CHANGED,
            433 => Self::ANONYMITY_DISALLOWED,
            413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => Self::INTERWORKING,
            480 => Self::NO_RESPONSE,
            482 | 483 => Self::ROUTING_ERROR,
            484 => Self::INVALID_NUMBER,
            486 | 600 => Self::BUSY,
            488 | 606 => Self::BEARER_NOT_IMPLEMENTED,
            502 => Self::NETWORK_OUT_OF_ORDER,
            _ => Self::UNSPECIFIED,
        }
    }

    /// The status that refuses an INVITE for this cause, RFC 3398 §7.2.4.1; of 24, RFC 5079 §5.
    pub const fn status(self) -> u16 {
        match self.0 {
            1..=3 | 26 => 404,
            17 => 486,
            18 => 408,
            19 | 20 | 31 => 480,
            21 | 55 | 57 | 87 => 403,
            22 | 23 => 410,
            24 => 433,
            25 => 483,
            27 => 502,
            28 => 484,
            29 | 79 => 501,
            34 | 38 | 41 | 42 | 47 | 58 | 88 => 503,
            65 | 70 => 488,
            102 => 504,
            _ => 500,
        }
    }

    /// The status that passes a refusal with `status` on to another SIP party: what it says of the called party or of
    /// the number stays, which the way by a cause and back would blur (480 would become 408, 603 would become 403). What
    /// it says of our own request does not concern the other one; that is mapped by its cause.
    pub const fn relayed(self, status: u16) -> u16 {
        let keeps = matches!(status, 404 | 410 | 480 | 482..=486 | 600 | 603 | 604);
        if keeps && Self::from_status(status).0 == self.0 { status } else { self.status() }
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
            24 => "call rejected due to feature at the destination",
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

    /// RFC 3398 §8.2.6.1, line by line; 433, 487, 488 and 606 as this module says.
    const CAUSE_OF_STATUS: [(u16, u8); 34] = [
        (400, 41),
        (401, 21),
        (402, 21),
        (403, 21),
        (404, 1),
        (405, 63),
        (406, 79),
        (407, 21),
        (408, 102),
        (410, 22),
        (413, 127),
        (414, 127),
        (415, 79),
        (416, 127),
        (420, 127),
        (421, 127),
        (423, 127),
        (480, 18),
        (481, 41),
        (482, 25),
        (483, 25),
        (484, 28),
        (485, 1),
        (486, 17),
        (500, 41),
        (501, 79),
        (502, 38),
        (503, 41),
        (504, 102),
        (505, 127),
        (513, 127),
        (600, 17),
        (603, 21),
        (604, 1),
    ];

    /// RFC 3398 §7.2.4.1, line by line.
    const STATUS_OF_CAUSE: [(u8, u16); 30] = [
        (1, 404),
        (2, 404),
        (3, 404),
        (17, 486),
        (18, 408),
        (19, 480),
        (20, 480),
        (21, 403),
        (22, 410),
        (23, 410),
        (26, 404),
        (27, 502),
        (28, 484),
        (29, 501),
        (31, 480),
        (34, 503),
        (38, 503),
        (41, 503),
        (42, 503),
        (47, 503),
        (55, 403),
        (57, 403),
        (58, 503),
        (65, 488),
        (70, 488),
        (79, 501),
        (87, 403),
        (88, 503),
        (102, 504),
        (111, 500),
    ];

    #[test]
    fn each_status_has_the_cause_of_rfc_3398_and_others_are_unspecified() {
        for (status, cause) in CAUSE_OF_STATUS.into_iter().chain([(433, 24), (487, 16), (488, 65), (606, 65)])
        {
            assert_eq!(Cause::from_status(status), Cause(cause), "{status}");
        }
        let known = |status: u16| CAUSE_OF_STATUS.iter().any(|(known, _)| *known == status);
        for status in (300..700).filter(|s| !known(*s) && !matches!(s, 433 | 487 | 488 | 606)) {
            assert_eq!(Cause::from_status(status), Cause::UNSPECIFIED, "{status}");
        }
    }

    #[test]
    fn each_cause_has_the_status_of_rfc_3398_and_others_are_500() {
        for (cause, status) in STATUS_OF_CAUSE {
            assert_eq!(Cause(cause).status(), status, "{cause}");
        }
        let known =
            |cause: u8| matches!(cause, 24 | 25) || STATUS_OF_CAUSE.iter().any(|(known, _)| *known == cause);
        for cause in (0..=127).filter(|cause| !known(*cause)) {
            assert_eq!(Cause(cause).status(), 500, "{cause}");
        }
        assert_eq!(Cause::ROUTING_ERROR.status(), 483);
        assert_eq!(Cause::ANONYMITY_DISALLOWED.status(), 433);
    }

    #[test]
    fn what_a_refusal_says_of_the_called_party_is_passed_on_as_it_came() {
        let relayed = |status: u16| Cause::from_status(status).relayed(status);
        for status in [404, 410, 433, 480, 482, 483, 484, 485, 486, 600, 603, 604] {
            assert_eq!(relayed(status), status);
        }
        // Our own credentials, our own offer, a server's defect.
        for (status, other) in
            [(401, 403), (407, 403), (400, 503), (415, 501), (502, 503), (408, 504), (481, 503)]
        {
            assert_eq!(relayed(status), other, "{status}");
        }
        // The Reason header said more than the status did, or the call went on elsewhere.
        assert_eq!(Cause::NO_ANSWER.relayed(486), 480);
    }
}

//! Why a call ended, and what the caller hears of it.

use core::fmt;

use tipring_port::{Announcement, LineCommand, Phrase, Tone};

/// A cause of ITU-T Q.850, or one that only this box knows. Each local cause has a Q.850 value that the far
/// end is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// A Q.850 value, 1 to 127.
    Q850(u8),
    /// The line or the user may not call such numbers.
    Barred,
    /// No rule of the dial plan takes the number.
    NoRule,
    /// The emergency or other number has no way out in this configuration.
    NoWay,
    /// A line was lifted in the moment in which it was to ring.
    Glare,
    /// Management ended it.
    Managed,
    /// The box stops.
    Stopping,
    /// The line failed or was taken out of service.
    LineLost,
    /// A program fault ended it.
    Fault,
    /// A table of the switch is full.
    NoRoom,
    /// Nobody of a group takes the call, and the caller is to be told so in words.
    Unattended,
    /// The telephone forwards, and the caller's server was told where: it calls there itself.
    Forwarded,
}

impl Cause {
    /// Unallocated number.
    pub const UNALLOCATED: Self = Self::Q850(1);
    /// Preemption: an emergency call needed the line.
    pub const PREEMPTED: Self = Self::Q850(8);
    /// Normal clearing.
    pub const NORMAL: Self = Self::Q850(16);
    /// User busy.
    pub const BUSY: Self = Self::Q850(17);
    /// No user responding.
    pub const NO_REACTION: Self = Self::Q850(18);
    /// No answer from user.
    pub const NO_ANSWER: Self = Self::Q850(19);
    /// Subscriber absent.
    pub const ABSENT: Self = Self::Q850(20);
    /// Call rejected.
    pub const REJECTED: Self = Self::Q850(21);
    /// Redirection to a new destination.
    pub const REDIRECTED: Self = Self::Q850(23);
    /// Call rejected due to a feature at the destination: no anonymous calls are taken.
    pub const ANONYMOUS: Self = Self::Q850(24);
    /// Exchange routing error: too many hops.
    pub const TOO_MANY_HOPS: Self = Self::Q850(25);
    /// Destination out of order.
    pub const OUT_OF_ORDER: Self = Self::Q850(27);
    /// Number incomplete.
    pub const INCOMPLETE: Self = Self::Q850(28);
    /// No circuit available.
    pub const NO_CIRCUIT: Self = Self::Q850(34);
    /// Network out of order.
    pub const NETWORK: Self = Self::Q850(38);
    /// Temporary failure.
    pub const TEMPORARY: Self = Self::Q850(41);

    /// A timer ran out.
    pub const EXPIRED: Self = Self::Q850(102);

    /// The Q.850 value that the far end is told.
    pub const fn q850(self) -> u8 {
        match self {
            Self::Q850(value) => value,
            Self::Barred => 21,
            Self::NoRule => 1,
            Self::NoWay => 3,
            Self::Glare | Self::Unattended => 17,
            Self::Managed => 31,
            Self::Stopping | Self::Fault => 41,
            Self::LineLost => 27,
            Self::NoRoom => 42,
            Self::Forwarded => 23,
        }
    }

    /// The words for it in records and logs; Q.850 clause 2.2.7 names the values.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Q850(value) => match value {
                1 => "unallocated number",
                2 | 3 => "no route",
                8 => "preempted",
                16 => "normal clearing",
                17 => "busy",
                18 => "no reaction",
                19 => "no answer",
                20 => "absent",
                21 => "rejected",
                22 => "number changed",
                23 => "redirected",
                24 => "anonymous refused",
                25 => "too many hops",
                27 => "out of order",
                28 => "number incomplete",
                29 => "facility rejected",
                31 => "normal",
                34 => "no circuit",
                38 => "network out of order",
                41 => "temporary failure",
                42 => "congestion",
                47 => "no resource",
                57 => "not allowed",
                58 | 63 | 65 | 79 => "not available",
                88 => "incompatible",
                102 => "timer expired",
                111 => "protocol error",
                127 => "interworking",
                _ => "other",
            },
            Self::Barred => "barred",
            Self::NoRule => "no rule in the dial plan",
            Self::NoWay => "no way out",
            Self::Glare => "glare",
            Self::Managed => "cleared by management",
            Self::Stopping => "the gateway stops",
            Self::LineLost => "line out of service",
            Self::Fault => "program fault",
            Self::NoRoom => "no room",
            Self::Unattended => "nobody of the group",
            Self::Forwarded => "forwarded by the server",
        }
    }

    /// What a caller hears whose call failed before the answer.
    pub const fn tone(self, tones: CauseTones) -> Tone {
        match self {
            Self::Q850(value) => match value {
                17 | 19 => Tone::Busy,
                1 | 2 | 3 | 22 | 28 => tones.unknown,
                21 | 24 => tones.rejected,
                _ => Tone::Congestion,
            },
            Self::Glare | Self::Unattended => Tone::Busy,
            Self::NoRule => tones.unknown,
            Self::Barred
            | Self::NoWay
            | Self::Managed
            | Self::Stopping
            | Self::LineLost
            | Self::Fault
            | Self::NoRoom
            | Self::Forwarded => Tone::Congestion,
        }
    }

    /// What a caller is told of it in words, where announcements are on; `None` where the tone says all (busy, no answer).
    pub fn announcement(self) -> Option<Announcement> {
        let phrase = match self {
            Self::Q850(value) => match value {
                1 | 2 | 3 | 22 | 28 => Phrase::NotInService,
                20 | 27 => Phrase::Unreachable,
                34 | 38 | 41 | 42 | 47 => Phrase::AllLinesBusy,
                57 => Phrase::NotAllowed,
                _ => return None,
            },
            Self::NoRule => Phrase::NotInService,
            Self::Barred => Phrase::NotAllowed,
            Self::NoWay | Self::NoRoom | Self::Unattended => Phrase::AllLinesBusy,
            Self::LineLost => Phrase::Unreachable,
            Self::Glare | Self::Managed | Self::Stopping | Self::Fault | Self::Forwarded => return None,
        };
        let said = Announcement::of(phrase);
        // Where no second try will help none is asked for.
        Some(if phrase == Phrase::NotAllowed { said } else { said.then(Phrase::TryAgain) })
    }

    /// What a line is told to play to a caller whose call failed before the answer: the tone, or where announcements are on
    /// first the words for it; a group that says so has words anyway.
    pub fn told(self, tones: CauseTones) -> LineCommand {
        let tone = self.tone(tones);
        match self.announcement().filter(|_| tones.announces || self == Self::Unattended) {
            Some(words) => LineCommand::Announce { words, then: Some(tone) },
            None => LineCommand::Play(tone),
        }
    }

    /// True if another way may succeed where this one failed: the way is at fault, not the called party.
    pub const fn is_of_the_way(self) -> bool {
        match self {
            Self::Q850(value) => !matches!(value, 1 | 8 | 16 | 17 | 19 | 22 | 24 | 28),
            Self::Glare | Self::LineLost | Self::Fault | Self::NoRoom | Self::NoWay => true,
            Self::Barred
            | Self::NoRule
            | Self::Managed
            | Self::Stopping
            | Self::Unattended
            | Self::Forwarded => false,
        }
    }
}

impl fmt::Display for Cause {
    /// `busy (17)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.word(), self.q850())
    }
}

/// Tones that differ by country for the same cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CauseTones {
    /// The number reaches nobody: special information tone, or congestion where the country has none.
    pub unknown: Tone,
    /// The called party refused: busy, or congestion.
    pub rejected: Tone,
    /// What a line hears when the other end hung up.
    pub cleared: Tone,
    /// A voice tells why a call failed, before the tone.
    pub announces: bool,
}

impl Default for CauseTones {
    fn default() -> Self {
        Self {
            unknown: Tone::SpecialInformation,
            rejected: Tone::Congestion,
            cleared: Tone::Congestion,
            announces: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_the_tone_that_tells_it() {
        let tones = CauseTones::default();
        let heard = |cause: Cause| cause.tone(tones);
        assert_eq!(heard(Cause::BUSY), Tone::Busy);
        assert_eq!(heard(Cause::NO_ANSWER), Tone::Busy);
        for unreachable in [20, 27, 34, 38, 41] {
            assert_eq!(heard(Cause::Q850(unreachable)), Tone::Congestion, "{unreachable}");
        }
        assert_eq!(heard(Cause::UNALLOCATED), Tone::SpecialInformation);
        assert_eq!(heard(Cause::NoRule), Tone::SpecialInformation);
        assert_eq!(heard(Cause::Barred), Tone::Congestion);
        let german = CauseTones { unknown: Tone::Congestion, rejected: Tone::Busy, ..tones };
        assert_eq!(Cause::UNALLOCATED.tone(german), Tone::Congestion);
        assert_eq!(Cause::REJECTED.tone(german), Tone::Busy);
    }

    #[test]
    fn a_voice_tells_what_no_tone_tells_where_that_is_wanted() {
        let quiet = CauseTones::default();
        let tones = CauseTones { announces: true, ..quiet };
        assert_eq!(Cause::NoRule.told(quiet), LineCommand::Play(Tone::SpecialInformation));
        for (cause, words, then) in [
            (Cause::NoRule, "not-in-service try-again", Tone::SpecialInformation),
            (Cause::Q850(1), "not-in-service try-again", Tone::SpecialInformation),
            (Cause::Barred, "not-allowed", Tone::Congestion),
            (Cause::NO_CIRCUIT, "all-lines-busy try-again", Tone::Congestion),
            (Cause::OUT_OF_ORDER, "unreachable try-again", Tone::Congestion),
        ] {
            let LineCommand::Announce { words: said, then: tone } = cause.told(tones) else {
                panic!("{cause} is not told in words");
            };
            assert_eq!((said.to_string().as_str(), tone), (words, Some(then)), "{cause}");
        }
        assert_eq!(Cause::BUSY.told(tones), LineCommand::Play(Tone::Busy));
        assert_eq!(Cause::NO_ANSWER.told(tones), LineCommand::Play(Tone::Busy));
    }

    #[test]
    fn a_local_cause_is_told_as_its_q850_value() {
        assert_eq!(Cause::Barred.q850(), 21);
        assert_eq!(Cause::BUSY.to_string(), "busy (17)");
        assert_eq!(Cause::Stopping.to_string(), "the gateway stops (41)");
    }

    #[test]
    fn only_a_fault_of_the_way_is_worth_another_way() {
        assert!(Cause::NETWORK.is_of_the_way() && Cause::NO_REACTION.is_of_the_way());
        assert!(!Cause::BUSY.is_of_the_way() && !Cause::NO_ANSWER.is_of_the_way());
    }
}

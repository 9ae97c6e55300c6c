//! What a subscriber has set on a telephone: forwarding, do not disturb, speed dials and the like.
//!
//! # How
//! What is set by star code is [`Features`], which the owner keeps over restarts; where nothing was set, the configuration's
//! own ([`crate::Phone::features`]) holds. So a code can switch off what the configuration switches on.
//!
//! # Limits
//! [`MAX_SPEED`] speed dials. The last number and the last caller are forgotten with the process.

mod codes;
mod reference;
mod sets;
mod table;

use std::collections::BTreeMap;

pub use codes::{Action, Code, CodeError, Given, Judged, MAX_CODES, Turn, judge};
pub use reference::{code_reference, code_word_reference};
pub use sets::CodeSet;
pub use table::{CodeFinding, CodeRow, code_plan_findings, code_table, code_word, code_words};

use crate::{Cause, Identity, Number};

/// Speed dials of a telephone, at the most: `0` to `9` and `00` to `99`.
pub const MAX_SPEED: usize = 110;

/// When a call is forwarded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ForwardWhen {
    /// Always; the telephone does not ring.
    Always,
    /// It is busy.
    Busy,
    /// Nobody answers it.
    NoAnswer,
    /// It cannot be reached: its line is out of service.
    Unreachable,
}

impl ForwardWhen {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Always, Self::Busy, Self::NoAnswer, Self::Unreachable];

    /// True if a call that came to nothing for this cause is forwarded in this case.
    pub fn fits(self, cause: Cause) -> bool {
        match self {
            Self::Always => false,
            Self::Busy => matches!(cause, Cause::BUSY | Cause::Glare),
            Self::NoAnswer => cause == Cause::NO_ANSWER,
            Self::Unreachable => {
                matches!(cause, Cause::OUT_OF_ORDER | Cause::LineLost | Cause::NO_REACTION | Cause::ABSENT)
            }
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Busy => "busy",
            Self::NoAnswer => "no answer",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Where calls go instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forward {
    /// Nowhere else.
    Off,
    /// To this number, as the subscriber would dial it.
    To(Number),
}

/// What is on or off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Flag {
    /// Every caller hears busy.
    DoNotDisturb,
    /// Callers who do not show their number are refused.
    RejectAnonymous,
    /// The own number is not shown.
    Hide,
    /// Nothing but telephones of the house and emergency services can be called.
    Lock,
    /// A call that comes in a call waits.
    Waiting,
}

impl Flag {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::DoNotDisturb, Self::RejectAnonymous, Self::Hide, Self::Lock, Self::Waiting];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DoNotDisturb => "do not disturb",
            Self::RejectAnonymous => "anonymous rejection",
            Self::Hide => "caller ID hidden",
            Self::Lock => "lock",
            Self::Waiting => "call waiting",
        }
    }
}

/// What is set on a telephone; `None` is not set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Features {
    forward: [Option<Forward>; 4],
    flags: [Option<bool>; Flag::ALL.len()],
    speed: BTreeMap<u8, Number>,
}

impl Features {
    /// Where calls go in that case, as far as it is set.
    pub fn forward(&self, when: ForwardWhen) -> Option<Forward> {
        self.forward[when as usize]
    }

    /// Sets it.
    pub fn set_forward(&mut self, when: ForwardWhen, to: Forward) {
        self.forward[when as usize] = Some(to);
    }

    /// Whether it is on, as far as it is set.
    pub fn flag(&self, flag: Flag) -> Option<bool> {
        self.flags[flag as usize]
    }

    /// Sets it.
    pub fn set_flag(&mut self, flag: Flag, on: bool) {
        self.flags[flag as usize] = Some(on);
    }

    /// The speed dial of that key: 0 to 9, or 10 to 109 for `00` to `99`.
    pub fn speed(&self, key: u8) -> Option<Number> {
        self.speed.get(&key).copied()
    }

    /// Sets it; nothing where there is no such key.
    pub fn set_speed(&mut self, key: u8, number: Number) {
        if usize::from(key) < MAX_SPEED {
            self.speed.insert(key, number);
        }
    }

    /// All speed dials that are set.
    pub fn speeds(&self) -> impl Iterator<Item = (u8, Number)> + '_ {
        self.speed.iter().map(|(key, number)| (*key, *number))
    }
}

/// The features of a telephone in force, and what is remembered for it.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Memory {
    /// What was set by code.
    pub set: Features,
    /// What it called last.
    pub dialled: Option<Number>,
    /// Who called it last.
    pub caller: Option<Identity>,
    /// Messages wait for it.
    pub mail: bool,
}

impl Memory {
    /// Where calls go in that case, where the configuration says `config`.
    pub fn forward(&self, when: ForwardWhen, config: &Features) -> Option<Number> {
        match self.set.forward(when).or(config.forward(when)) {
            Some(Forward::To(number)) => Some(number),
            Some(Forward::Off) | None => None,
        }
    }

    /// Whether it is on, where the configuration says `config`.
    pub fn is(&self, flag: Flag, config: &Features) -> bool {
        self.set.flag(flag).or(config.flag(flag)).unwrap_or(false)
    }

    /// The number behind a key.
    pub fn speed(&self, key: u8, config: &Features) -> Option<Number> {
        self.set.speed(key).or(config.speed(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_code_has_set_goes_before_the_configuration_also_where_it_is_off() {
        let mut config = Features::default();
        config.set_forward(ForwardWhen::Busy, Forward::To(Number::new("100")));
        config.set_flag(Flag::Hide, true);
        let mut memory = Memory::default();
        assert_eq!(memory.forward(ForwardWhen::Busy, &config), Some(Number::new("100")));
        assert_eq!(memory.forward(ForwardWhen::Always, &config), None);
        assert!(memory.is(Flag::Hide, &config));
        memory.set.set_forward(ForwardWhen::Busy, Forward::Off);
        memory.set.set_flag(Flag::Hide, false);
        assert_eq!(memory.forward(ForwardWhen::Busy, &config), None);
        assert!(!memory.is(Flag::Hide, &config));
        memory.set.set_forward(ForwardWhen::Busy, Forward::To(Number::new("101")));
        assert_eq!(memory.forward(ForwardWhen::Busy, &config), Some(Number::new("101")));
    }

    #[test]
    fn keys_beyond_those_of_speed_dials_hold_nothing() {
        let mut features = Features::default();
        features.set_speed(109, Number::new("1"));
        features.set_speed(110, Number::new("2"));
        assert_eq!(features.speeds().collect::<Vec<_>>(), [(109, Number::new("1"))]);
    }
}

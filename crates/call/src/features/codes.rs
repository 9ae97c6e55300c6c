//! Star codes: what a subscriber dials to set a feature.
//!
//! # What it does
//! Reads what was dialled since dial tone against a table of codes, digit by digit.
//!
//! # How
//! A code is written as it is dialled, with `{number}`, `{pin}`, `{digit}` or `{digits}` (two) where the subscriber's own
//! digits go: `*21*{number}#`, `*72{number}`, `#{digit}`. A `{number}` at the end is read by the dial plan, on a second dial
//! tone; one with a sign behind it ends at that sign.
//!
//! # Limits
//! [`MAX_CODES`] codes of [`MAX_PARTS`] parts. A number in a code has no `*` and no `#`.
//!
//! # Standard
//! The form of the codes with `*` and `#`: ETSI ETS 300 738; of those with two digits: GR-590 and its kin.

use core::fmt;

use super::{Flag, ForwardWhen};
use crate::Number;

/// Codes of a table, at the most.
pub const MAX_CODES: usize = 128;
/// Signs and places of a code, at the most.
pub const MAX_PARTS: usize = 24;
/// Digits of a PIN, at the most.
const MAX_PIN: usize = 12;

/// On, off, or asked how it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Sets it.
    On,
    /// Ends it.
    Off,
    /// Asks: confirmation tone where it is on, else busy.
    Ask,
}

/// What a code does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Forwarding.
    Forward(ForwardWhen, Turn),
    /// Ends all forwarding.
    ForwardNone,
    /// What is on or off.
    Flag(Flag, Turn),
    /// The next call does not show the own number.
    HideNext,
    /// The next call shows it.
    ShowNext,
    /// No call waits until the telephone has hung up.
    NoWaiting,
    /// Calls the last number that was called.
    Redial,
    /// Calls who called last.
    Return,
    /// Calls the number of a key.
    Speed,
    /// Sets the number of a key.
    SetSpeed,
    /// The last call that came in is marked as malicious in the log.
    Trace,
    /// Sends the held party to a number.
    Transfer,
    /// Says the telephone's own number.
    SayNumber,
    /// Says the gateway's address.
    SayAddress,
    /// Answers a call that rings at a telephone.
    PickUp,
    /// Answers one that rings in a pick-up group of the own telephone.
    PickUpGroup,
    /// Parks the held call under the own number.
    Park,
    /// Takes a parked call.
    Unpark,
    /// Rings when the telephone that was busy is free; where none was, calls the last number again.
    CallBack,
    /// The same, by a key on busy tone.
    CallBackNow,
    /// Ends all such requests.
    CallBackOff,
    /// Is no code: left to the dial plan and so to a server.
    Pass,
}

/// Each action with the words by which the configuration names it.
const WORDS: [(&str, Action); 43] = [
    ("forward", Action::Forward(ForwardWhen::Always, Turn::On)),
    ("forward off", Action::Forward(ForwardWhen::Always, Turn::Off)),
    ("forward ask", Action::Forward(ForwardWhen::Always, Turn::Ask)),
    ("forward busy", Action::Forward(ForwardWhen::Busy, Turn::On)),
    ("forward busy off", Action::Forward(ForwardWhen::Busy, Turn::Off)),
    ("forward busy ask", Action::Forward(ForwardWhen::Busy, Turn::Ask)),
    ("forward no answer", Action::Forward(ForwardWhen::NoAnswer, Turn::On)),
    ("forward no answer off", Action::Forward(ForwardWhen::NoAnswer, Turn::Off)),
    ("forward no answer ask", Action::Forward(ForwardWhen::NoAnswer, Turn::Ask)),
    ("forward unreachable", Action::Forward(ForwardWhen::Unreachable, Turn::On)),
    ("forward unreachable off", Action::Forward(ForwardWhen::Unreachable, Turn::Off)),
    ("forward unreachable ask", Action::Forward(ForwardWhen::Unreachable, Turn::Ask)),
    ("forward none", Action::ForwardNone),
    ("do not disturb", Action::Flag(Flag::DoNotDisturb, Turn::On)),
    ("do not disturb off", Action::Flag(Flag::DoNotDisturb, Turn::Off)),
    ("do not disturb ask", Action::Flag(Flag::DoNotDisturb, Turn::Ask)),
    ("reject anonymous", Action::Flag(Flag::RejectAnonymous, Turn::On)),
    ("reject anonymous off", Action::Flag(Flag::RejectAnonymous, Turn::Off)),
    ("hide", Action::Flag(Flag::Hide, Turn::On)),
    ("hide off", Action::Flag(Flag::Hide, Turn::Off)),
    ("hide ask", Action::Flag(Flag::Hide, Turn::Ask)),
    ("lock", Action::Flag(Flag::Lock, Turn::On)),
    ("lock off", Action::Flag(Flag::Lock, Turn::Off)),
    ("waiting", Action::Flag(Flag::Waiting, Turn::On)),
    ("waiting off", Action::Flag(Flag::Waiting, Turn::Off)),
    ("waiting ask", Action::Flag(Flag::Waiting, Turn::Ask)),
    ("no waiting", Action::NoWaiting),
    ("hide next", Action::HideNext),
    ("show next", Action::ShowNext),
    ("redial", Action::Redial),
    ("return", Action::Return),
    ("trace", Action::Trace),
    ("say number", Action::SayNumber),
    ("say address", Action::SayAddress),
    ("transfer", Action::Transfer),
    ("pick up", Action::PickUp),
    ("pick up group", Action::PickUpGroup),
    ("park", Action::Park),
    ("unpark", Action::Unpark),
    ("call back", Action::CallBack),
    ("call back now", Action::CallBackNow),
    ("call back off", Action::CallBackOff),
    ("pass", Action::Pass),
];
/// The two that a key goes with.
const KEYS: [(&str, Action); 2] = [("speed dial", Action::Speed), ("set speed dial", Action::SetSpeed)];

impl Action {
    /// All words.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.into_iter().chain(KEYS).map(|(word, _)| word)
    }

    /// The action of that word.
    pub fn of_word(word: &str) -> Option<Self> {
        WORDS.into_iter().chain(KEYS).find(|(own, _)| *own == word).map(|(_, action)| action)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        WORDS.into_iter().chain(KEYS).find(|(_, own)| *own == self).map_or("forward", |(word, _)| word)
    }

    /// It needs a number, a PIN, a key.
    pub(super) const fn needs(self) -> (bool, bool, bool) {
        match self {
            Self::Forward(_, Turn::On) | Self::Transfer | Self::PickUp | Self::Unpark => (true, false, false),
            Self::Flag(Flag::Lock, _) => (false, true, false),
            Self::SetSpeed => (true, false, true),
            Self::Speed => (false, false, true),
            Self::Forward(_, Turn::Off | Turn::Ask)
            | Self::ForwardNone
            | Self::Flag(..)
            | Self::HideNext
            | Self::ShowNext
            | Self::NoWaiting
            | Self::PickUpGroup
            | Self::Park
            | Self::CallBack
            | Self::CallBackNow
            | Self::CallBackOff
            | Self::Redial
            | Self::Return
            | Self::Trace
            | Self::SayNumber
            | Self::SayAddress
            | Self::Pass => (false, false, false),
        }
    }
}

/// A part of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Sign(u8),
    Number,
    Pin,
    Digit,
}

/// A code and what it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    text: String,
    parts: Vec<Part>,
    action: Action,
}

/// Why a text is no code.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodeError {
    /// A sign that no telephone has.
    #[error(
        "`{0}` is on no keypad: a code has digits, * and #, and {{number}}, {{pin}}, {{digit}} or {{digits}}"
    )]
    Sign(char),
    /// No beginning of its own.
    #[error("a code begins with a digit, * or #")]
    NoBeginning,
    /// Too long.
    #[error("a code has {MAX_PARTS} signs at the most")]
    Long,
    /// What the action needs is missing, or there is more than it needs.
    #[error("{action} is written with {needs}, as in {example}")]
    Places {
        /// The action's word.
        action: &'static str,
        /// What it needs.
        needs: &'static str,
        /// A right one.
        example: &'static str,
    },
    /// A number or PIN has no end.
    #[error("write a sign behind {{pin}}, as # in *33*{{pin}}#")]
    NoEnd,
}

impl Code {
    /// Reads a code as it is written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str, action: Action) -> Result<Self, CodeError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            const PLACES: [(&str, &[Part]); 4] = [
                ("{number}", &[Part::Number]),
                ("{pin}", &[Part::Pin]),
                ("{digits}", &[Part::Digit, Part::Digit]),
                ("{digit}", &[Part::Digit]),
            ];
            let place = PLACES.into_iter().find_map(|(word, parts)| Some((rest.strip_prefix(word)?, parts)));
            if let Some((behind, own)) = place {
                parts.extend_from_slice(own);
                rest = behind;
            } else if first.is_ascii_digit() || matches!(first, '*' | '#') {
                parts.push(Part::Sign(first as u8));
                rest = rest.get(1..).unwrap_or("");
            } else {
                return Err(CodeError::Sign(first));
            }
        }
        if parts.len() > MAX_PARTS {
            return Err(CodeError::Long);
        }
        if !matches!(parts.first(), Some(Part::Sign(_))) {
            return Err(CodeError::NoBeginning);
        }
        let count = |part: Part| parts.iter().filter(|own| **own == part).count();
        let (number, pin, key) = action.needs();
        let keys = if key { 1..=2 } else { 0..=0 };
        let fits = count(Part::Number) == usize::from(number)
            && count(Part::Pin) == usize::from(pin)
            && keys.contains(&count(Part::Digit));
        if !fits && action != Action::Pass {
            let (needs, example) = match action.needs() {
                (true, _, true) => ("{digit} or {digits}, and {number}", "*74{digit}{number}"),
                (true, _, false) => ("{number}", "*72{number} or *21*{number}#"),
                (false, true, _) => ("{pin}", "*33*{pin}#"),
                (false, false, true) => ("{digit} or {digits}", "#{digit}"),
                (false, false, false) => ("nothing but digits, * and #", "*73"),
            };
            return Err(CodeError::Places { action: action.word(), needs, example });
        }
        let endless = |pair: &[Part]| match pair {
            [Part::Pin] => true,
            [Part::Number | Part::Pin, next] => !matches!(next, Part::Sign(b'*' | b'#')),
            _ => false,
        };
        if parts.windows(2).any(endless) || parts.last().is_some_and(|last| endless(&[*last])) {
            return Err(CodeError::NoEnd);
        }
        Ok(Self { text: text.to_owned(), parts, action })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it does.
    pub const fn action(&self) -> Action {
        self.action
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn read(&self, typed: &str) -> Judged {
        let mut given = Given { action: self.action, number: None, key: None, pin: None };
        let mut signs = typed.bytes().peekable();
        for (place, part) in self.parts.iter().enumerate() {
            match part {
                Part::Number if place + 1 == self.parts.len() => {
                    return if signs.peek().is_none() { Judged::NumberFollows(given) } else { Judged::Not };
                }
                Part::Sign(sign) => match signs.next() {
                    Some(one) if one == *sign => {}
                    Some(_) => return Judged::Not,
                    None => return Judged::More { secret: false },
                },
                Part::Digit => match signs.next() {
                    Some(one @ b'0'..=b'9') => {
                        let value = one - b'0';
                        given.key = Some(given.key.map_or(value, |tens: u8| 10 + tens * 10 + value));
                    }
                    Some(_) => return Judged::Not,
                    None => return Judged::More { secret: false },
                },
                Part::Number | Part::Pin => {
                    let mut own = String::new();
                    while let Some(digit) = signs.next_if(u8::is_ascii_digit) {
                        own.push(char::from(digit));
                    }
                    if signs.peek().is_none() {
                        return Judged::More { secret: *part == Part::Pin };
                    }
                    let too_long = *part == Part::Pin && own.len() > MAX_PIN;
                    if own.is_empty() || too_long {
                        return Judged::Not;
                    }
                    match part {
                        Part::Pin => given.pin = Some(Number::new(&own)),
                        Part::Number | Part::Sign(_) | Part::Digit => given.number = Some(Number::new(&own)),
                    }
                }
            }
        }
        if signs.peek().is_none() { Judged::Whole(given) } else { Judged::Not }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What was dialled with a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Given {
    /// What the code does.
    pub action: Action,
    /// The number.
    pub number: Option<Number>,
    /// The key of a speed dial: 0 to 9, or 10 to 109 for two digits.
    pub key: Option<u8>,
    /// The PIN.
    pub pin: Option<Number>,
}

/// What the signs so far are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judged {
    /// No code, whatever follows.
    Not,
    /// The beginning of one; `secret`: a PIN is being dialled.
    More {
        /// What comes next is not to be shown.
        secret: bool,
    },
    /// All but the number, which the dial plan reads.
    NumberFollows(Given),
    /// A whole code.
    Whole(Given),
}

/// Reads what was dialled since dial tone against the codes.
pub fn judge(codes: &[Code], typed: &str) -> Judged {
    let (mut more, mut secret) = (false, false);
    // Keys on busy tone are none on dial tone.
    for code in codes.iter().take(MAX_CODES).filter(|code| code.action != Action::CallBackNow) {
        match code.read(typed) {
            found @ (Judged::Whole(given) | Judged::NumberFollows(given)) => {
                return if given.action == Action::Pass { Judged::Not } else { found };
            }
            Judged::More { secret: own } if code.action != Action::Pass => {
                (more, secret) = (true, secret || own);
            }
            Judged::More { .. } | Judged::Not => {}
        }
    }
    if more { Judged::More { secret } } else { Judged::Not }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str, word: &str) -> Code {
        Code::new(text, Action::of_word(word).unwrap()).unwrap()
    }

    #[test]
    fn a_number_ends_at_its_sign_or_is_left_to_the_dial_plan() {
        let codes = [code("*21*{number}#", "forward"), code("*72{number}", "forward busy")];
        assert_eq!(
            judge(&codes, "*21*555#"),
            Judged::Whole(Given {
                action: Action::Forward(ForwardWhen::Always, Turn::On),
                number: Some(Number::new("555")),
                key: None,
                pin: None,
            })
        );
        for more in ["*", "*2", "*21", "*21*", "*21*5"] {
            assert_eq!(judge(&codes, more), Judged::More { secret: false }, "{more}");
        }
        assert!(matches!(judge(&codes, "*72"), Judged::NumberFollows(_)));
        for not in ["1", "*3", "*21#", "*21*#", "*21*5*", "*725"] {
            assert_eq!(judge(&codes, not), Judged::Not, "{not}");
        }
    }

    #[test]
    fn keys_of_one_digit_and_of_two_are_different_ones() {
        let codes = [code("#{digit}", "speed dial"), code("##{digits}", "speed dial")];
        let key = |typed: &str| match judge(&codes, typed) {
            Judged::Whole(given) => given.key,
            Judged::Not | Judged::More { .. } | Judged::NumberFollows(_) => None,
        };
        assert_eq!((key("#0"), key("#9"), key("##00"), key("##99")), (Some(0), Some(9), Some(10), Some(109)));
        assert_eq!(key("##9"), None);
    }

    #[test]
    fn a_pin_is_secret_from_its_first_digit_on() {
        let codes = [code("*33*{pin}#", "lock")];
        assert_eq!(judge(&codes, "*33"), Judged::More { secret: false });
        assert_eq!(judge(&codes, "*33*"), Judged::More { secret: true });
        assert_eq!(judge(&codes, "*33*1"), Judged::More { secret: true });
        assert!(
            matches!(judge(&codes, "*33*1234#"), Judged::Whole(given) if given.pin == Some(Number::new("1234")))
        );
        assert_eq!(judge(&codes, "*33*1234567890123#"), Judged::Not);
    }

    #[test]
    fn what_is_passed_is_no_code() {
        let codes = [code("*69", "pass"), code("*69", "return"), code("*6", "redial")];
        assert_eq!(judge(&codes, "*69"), Judged::Not);
        assert!(matches!(judge(&codes, "*6"), Judged::Whole(_)));
    }

    #[test]
    fn codes_that_cannot_be_are_refused_with_words() {
        let error =
            |text: &str, word: &str| Code::new(text, Action::of_word(word).unwrap()).unwrap_err().to_string();
        assert_eq!(error("{number}", "forward"), "a code begins with a digit, * or #");
        assert_eq!(
            error("*72", "forward"),
            "forward is written with {number}, as in *72{number} or *21*{number}#"
        );
        assert_eq!(
            error("*73{number}", "forward off"),
            "forward off is written with nothing but digits, * and #, as in *73"
        );
        assert_eq!(error("*33{pin}", "lock"), "write a sign behind {pin}, as # in *33*{pin}#");
        assert_eq!(
            error("*7x", "redial"),
            "`x` is on no keypad: a code has digits, * and #, and {number}, {pin}, {digit} or {digits}"
        );
        assert!(error(&"*".repeat(25), "redial").contains("24 signs"));
    }

    #[test]
    fn every_action_has_a_word_of_its_own() {
        for word in Action::words() {
            assert_eq!(Action::of_word(word).map(Action::word), Some(word));
        }
    }
}

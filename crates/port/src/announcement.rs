//! What the gateway says: a few phrases and digits, one after another.

/// Parts of one announcement, at the most: a sentence, an IPv4 address digit by digit, and a farewell fit.
pub const MAX_PARTS: usize = 48;

/// Something that can be said, from the voice's bank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phrase {
    /// The digit 0; the others follow.
    Zero,
    /// 1.
    One,
    /// 2.
    Two,
    /// 3.
    Three,
    /// 4.
    Four,
    /// 5.
    Five,
    /// 6.
    Six,
    /// 7.
    Seven,
    /// 8.
    Eight,
    /// 9.
    Nine,
    /// `*`.
    Star,
    /// `#`.
    Pound,
    /// `+`.
    Plus,
    /// `.` of an address.
    Dot,
    /// The number that was dialled is not in service.
    NotInService,
    /// All ways out are taken.
    AllLinesBusy,
    /// The called party cannot be reached now.
    Unreachable,
    /// Such calls may not be made from this telephone.
    NotAllowed,
    /// Hang up and try again.
    TryAgain,
    /// A feature was switched on.
    FeatureOn,
    /// A feature was switched off.
    FeatureOff,
    /// Calls are forwarded to: digits follow.
    ForwardedTo,
    /// Your number is: digits follow.
    YourNumber,
    /// The address of the gateway is: digits follow.
    Address,
    /// There is none, or it is not known.
    Unknown,
}

impl Phrase {
    /// All phrases, digits first.
    pub const ALL: [Self; 25] = [
        Self::Zero,
        Self::One,
        Self::Two,
        Self::Three,
        Self::Four,
        Self::Five,
        Self::Six,
        Self::Seven,
        Self::Eight,
        Self::Nine,
        Self::Star,
        Self::Pound,
        Self::Plus,
        Self::Dot,
        Self::NotInService,
        Self::AllLinesBusy,
        Self::Unreachable,
        Self::NotAllowed,
        Self::TryAgain,
        Self::FeatureOn,
        Self::FeatureOff,
        Self::ForwardedTo,
        Self::YourNumber,
        Self::Address,
        Self::Unknown,
    ];

    /// The word for it in flows, ladders, `data/voices` and the names of files that replace it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zero => "0",
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
            Self::Four => "4",
            Self::Five => "5",
            Self::Six => "6",
            Self::Seven => "7",
            Self::Eight => "8",
            Self::Nine => "9",
            Self::Star => "star",
            Self::Pound => "pound",
            Self::Plus => "plus",
            Self::Dot => "dot",
            Self::NotInService => "not-in-service",
            Self::AllLinesBusy => "all-lines-busy",
            Self::Unreachable => "unreachable",
            Self::NotAllowed => "not-allowed",
            Self::TryAgain => "try-again",
            Self::FeatureOn => "feature-on",
            Self::FeatureOff => "feature-off",
            Self::ForwardedTo => "forwarded-to",
            Self::YourNumber => "your-number",
            Self::Address => "address",
            Self::Unknown => "unknown",
        }
    }

    /// The phrase with this [`Phrase::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phrase| phrase.word() == word)
    }

    /// The phrase at this place of [`Phrase::ALL`].
    pub fn at(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// Its place in [`Phrase::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// What is said for a character of a number or an address; `None` for what is not said.
    pub const fn of_character(character: char) -> Option<Self> {
        match character {
            '0' => Some(Self::Zero),
            '1' => Some(Self::One),
            '2' => Some(Self::Two),
            '3' => Some(Self::Three),
            '4' => Some(Self::Four),
            '5' => Some(Self::Five),
            '6' => Some(Self::Six),
            '7' => Some(Self::Seven),
            '8' => Some(Self::Eight),
            '9' => Some(Self::Nine),
            '*' => Some(Self::Star),
            '#' => Some(Self::Pound),
            '+' => Some(Self::Plus),
            '.' => Some(Self::Dot),
            _ => None,
        }
    }

    /// True for what is said for a character: such parts follow each other closely.
    pub const fn is_character(self) -> bool {
        (self as usize) <= (Self::Dot as usize)
    }
}

/// Phrases and digits in order, at most [`MAX_PARTS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Announcement {
    parts: [Phrase; MAX_PARTS],
    len: u8,
}

impl Announcement {
    /// Nothing is said.
    pub const EMPTY: Self = Self { parts: [Phrase::Zero; MAX_PARTS], len: 0 };

    /// One phrase.
    pub const fn of(phrase: Phrase) -> Self {
        let mut said = Self::EMPTY;
        said.parts[0] = phrase;
        said.len = 1;
        said
    }

    /// The same and then `phrase`; where there is no room for it, it is left out.
    #[must_use]
    pub fn then(mut self, phrase: Phrase) -> Self {
        if let Some(place) = self.parts.get_mut(usize::from(self.len)) {
            *place = phrase;
            self.len += 1;
        }
        self
    }

    /// The same and then `text`, character by character: digits, `*`, `#`, `+` and `.`; others are left out.
    #[must_use]
    pub fn spelling(self, text: &str) -> Self {
        text.chars().filter_map(Phrase::of_character).fold(self, Self::then)
    }

    /// `Your number is`, and the number digit by digit.
    #[must_use]
    pub fn of_number(number: &str) -> Self {
        Self::told(Phrase::YourNumber, number)
    }

    /// `The address is`, and the address digit by digit: `192 dot 168 …`. Of a version 6 address nothing can be said.
    #[must_use]
    pub fn of_address(address: core::net::IpAddr) -> Self {
        let core::net::IpAddr::V4(address) = address else {
            return Self::of(Phrase::Address).then(Phrase::Unknown);
        };
        let mut said = Self::of(Phrase::Address);
        for (index, octet) in address.octets().into_iter().enumerate() {
            if index > 0 {
                said = said.then(Phrase::Dot);
            }
            for place in [100, 10, 1] {
                if (octet >= place || place == 1)
                    && let Some(digit) = Phrase::at(usize::from(octet / place % 10))
                {
                    said = said.then(digit);
                }
            }
        }
        said
    }

    /// `phrase`, and a number digit by digit; without any digit, that it is not known.
    #[must_use]
    pub fn told(phrase: Phrase, number: &str) -> Self {
        let said = Self::of(phrase).spelling(number);
        if said.len == 1 { said.then(Phrase::Unknown) } else { said }
    }

    /// The parts in order.
    pub fn parts(&self) -> &[Phrase] {
        self.parts.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// True if nothing is said.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// The words of its parts, one after another.
impl core::fmt::Display for Announcement {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (index, part) in self.parts().iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(part.word())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_has_its_own_place_and_word() {
        for (index, phrase) in Phrase::ALL.into_iter().enumerate() {
            assert_eq!(phrase.index(), index);
            assert_eq!(Phrase::from_word(phrase.word()), Some(phrase));
        }
    }

    #[test]
    fn numbers_and_addresses_are_said_digit_by_digit() {
        assert_eq!(Announcement::of_number("+49 30*7").to_string(), "your-number plus 4 9 3 0 star 7");
        assert_eq!(Announcement::of_number("alice").to_string(), "your-number unknown");
        let address = Announcement::of_address([192, 168, 0, 10].into());
        assert_eq!(address.to_string(), "address 1 9 2 dot 1 6 8 dot 0 dot 1 0");
        assert_eq!(
            Announcement::of_address([105, 20, 3, 255].into()).to_string(),
            "address 1 0 5 dot 2 0 dot 3 dot 2 5 5"
        );
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(Announcement::of_number(&"7".repeat(90)).parts().len(), MAX_PARTS);
    }
}

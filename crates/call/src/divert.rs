//! Who sends a call on, and where a far end says that somebody is to be found.

use tipring_port::{MAX_CALLER_NAME, Text};

use crate::{ForwardWhen, Number, ServerName};

/// Places that a far end names for one whom it does not have, at the most.
pub const MAX_MOVES: usize = 5;
/// Who sent a call on before it came here, at the most; longer chains are told by their length.
pub const MAX_DIVERTERS: usize = 5;

/// A telephone that sends a call on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Diverter {
    /// Its number.
    pub number: Number,
    /// Its name, may be empty.
    pub name: Text<MAX_CALLER_NAME>,
    /// When it does.
    pub when: ForwardWhen,
    /// Who it is is not to be shown.
    pub private: bool,
}

/// Who sent a call on before it came here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Diverters {
    numbers: [Option<Number>; MAX_DIVERTERS],
    count: u32,
}

impl Diverters {
    /// One more, who did so `count` times.
    pub fn push(&mut self, number: Number, count: u32) {
        self.count = self.count.saturating_add(count);
        if let Some(free) = self.numbers.iter_mut().find(|place| place.is_none()) {
            *free = Some(number);
        }
    }

    /// True if `number` is among them.
    pub fn has(&self, number: Number) -> bool {
        self.numbers.contains(&Some(number))
    }

    /// How often the call was sent on.
    pub const fn count(&self) -> u32 {
        self.count
    }
}

/// Where somebody is to be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// Under this number; an empty one: under that which was called.
    pub to: Number,
    /// Whose it is.
    pub at: MovedTo,
}

impl Move {
    /// The place of one who was called under `number`.
    pub(crate) fn of(self, number: Number) -> Self {
        if self.to.is_empty() { Self { to: number, ..self } } else { self }
    }
}

/// Whose number it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MovedTo {
    /// Of this house.
    House,
    /// Of a server of the configuration.
    Server(ServerName),
    /// Of somebody whom the configuration does not know.
    Stranger,
}

/// Where somebody is to be found, best first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moves([Option<Move>; MAX_MOVES]);

impl Moves {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Move> + '_ {
        self.0.iter().copied().flatten()
    }
}

impl FromIterator<Move> for Moves {
    fn from_iter<T: IntoIterator<Item = Move>>(all: T) -> Self {
        let mut all = all.into_iter();
        Self(core::array::from_fn(|_| all.next()))
    }
}

/// Why a call does not go where a far end says that somebody is to be found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StayWhy {
    /// Who calls, or has forwarded the call, may not call that number.
    Barred,
    /// An emergency number is neither reached nor left so.
    Emergency,
    /// The configuration does not know whose number it is.
    Stranger,
    /// It was there already, or has been sent on too often.
    Loop,
    /// There is no way there now.
    NoWay,
}

impl StayWhy {
    /// The words for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Barred => "barred",
            Self::Emergency => "emergency",
            Self::Stranger => "not trusted",
            Self::Loop => "loop",
            Self::NoWay => "no way",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_of_diversions_are_counted_beyond_those_that_are_kept() {
        let mut all = Diverters::default();
        for number in 0..8 {
            all.push(Number::new(&format!("10{number}")), 2);
        }
        assert_eq!(all.count(), 16);
        assert!(all.has(Number::new("104")) && !all.has(Number::new("105")));
    }

    #[test]
    fn of_many_places_the_first_are_kept() {
        let place = |number: u32| Move { to: Number::new(&number.to_string()), at: MovedTo::House };
        let moves: Moves = (0..9).map(place).collect();
        let kept: Vec<String> = moves.iter().map(|one| one.to.to_string()).collect();
        assert_eq!(kept, ["0", "1", "2", "3", "4"]);
    }
}

//! How a phone rings by who calls: rules of `ring_for`.

use core::fmt;

use serde::{Serialize, Serializer};
use tipring_country::{NumberPattern, RewriteError};

use crate::vocabulary::RingWord;

/// A rule: `0044x. dr2`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RingFor {
    /// Who calls.
    pub who: RingCaller,
    /// The ring.
    pub ring: RingWord,
}

/// Who calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RingCaller {
    /// With such a number.
    Number(NumberPattern),
    /// With a hidden number.
    Private,
    /// With none that is known.
    Unknown,
}

/// Why a text is no such rule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RingForError {
    /// Not two parts.
    #[error("expected who calls and the ring, as \"5xx internal\" or \"private dr4\"")]
    Parts,
    /// The ring is none.
    #[error("{0} is no ring: expected dr1 to dr5, internal or external")]
    Ring(String),
    /// The pattern is none.
    #[error("{0}: {1}")]
    Pattern(String, RewriteError),
}

impl RingFor {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RingForError> {
        let mut parts = text.split_whitespace();
        let (Some(who), Some(ring), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(RingForError::Parts);
        };
        let ring = RingWord::parse(ring).ok_or_else(|| RingForError::Ring(ring.to_owned()))?;
        let who = match who {
            "private" => RingCaller::Private,
            "unknown" => RingCaller::Unknown,
            pattern => RingCaller::Number(
                NumberPattern::parse(pattern)
                    .map_err(|error| RingForError::Pattern(pattern.to_owned(), error))?,
            ),
        };
        Ok(Self { who, ring })
    }

    /// A rule of the same callers as one before it.
    pub(crate) fn twin(rules: &[Self]) -> Option<&Self> {
        let is_twin =
            |(place, rule): &(usize, &Self)| rules.iter().take(*place).any(|other| other.who == rule.who);
        rules.iter().enumerate().find(is_twin).map(|(_, rule)| rule)
    }
}

impl fmt::Display for RingCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(pattern) => pattern.as_str(),
            Self::Private => "private",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for RingFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.who, self.ring.word())
    }
}

impl Serialize for RingFor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_who_calls_and_a_ring_and_is_shown_as_it_is_written() {
        for text in ["0044x. dr2", "5xx internal", "private dr4", "unknown external", "+1[2-9]x. dr5"] {
            assert_eq!(RingFor::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(RingFor::parse("5xx"), Err(RingForError::Parts));
        assert_eq!(RingFor::parse("5xx dr2 dr3"), Err(RingForError::Parts));
        assert_eq!(RingFor::parse("5xx dr6"), Err(RingForError::Ring("dr6".to_owned())));
        for wrong in ["abc dr1", "<9:>x. dr1", "hidden dr1"] {
            assert!(matches!(RingFor::parse(wrong), Err(RingForError::Pattern(..))), "{wrong}");
        }
    }
}

//! Line cards.

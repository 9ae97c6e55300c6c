//! The contract between the planes: commands down, events up, media, line profile, card signals.

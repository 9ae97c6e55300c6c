//! Country packs: tones, cadences, caller identity and timing as data with sources.

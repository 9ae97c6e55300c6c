//! Signal processing of a line: tones, DTMF, FSK, echo canceller, filters.

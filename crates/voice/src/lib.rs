//! The voice of announcements: phonemes as data, a formant synthesiser, a bank of phrases.
//!
//! A [`Voice`] is read from `data/voices/LANGUAGE.toml`; [`PhraseBank`] holds what it says as samples, made once at the start and
//! shared by all lines, or only how long it takes, for simulations without sound. Recordings of the user's replace phrases.
#![forbid(unsafe_code)]

mod bank;
mod load;
mod recording;
mod synth;
mod timing;

pub use bank::{MAX_PHRASE, PhraseBank, SPEECH_LEVEL};
pub use load::{LANGUAGES, Voice, VoiceError};
pub use recording::{RecordingError, read_recording};

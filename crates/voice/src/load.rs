//! Voices: loader of `data/voices/*.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;
use tipring_port::Phrase;

/// The languages that are built in.
pub const LANGUAGES: &[(&str, &str)] = &[
    ("de", include_str!("../../../data/voices/de.toml")),
    ("en", include_str!("../../../data/voices/en.toml")),
];

/// Phonemes of one phrase, at the most.
const MAX_SOUNDS: usize = 96;

/// Why a voice cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum VoiceError {
    /// There is no voice of that language.
    #[error("there is no voice of the language `{0}`")]
    Language(String),
    /// No TOML, or not of this shape.
    #[error("{0}")]
    Shape(String),
    /// A phrase has no entry.
    #[error("phrases.{0} is missing")]
    Missing(&'static str),
    /// An entry is no phrase.
    #[error("phrases.{0} is no phrase of the gateway's")]
    NoPhrase(String),
    /// A phrase names a phoneme that the voice does not have.
    #[error("phrases.{phrase}: there is no phoneme `{sound}`")]
    NoPhoneme {
        /// The phrase.
        phrase: String,
        /// What it names.
        sound: String,
    },
    /// A phrase has too many phonemes.
    #[error("phrases.{0} has more than 96 phonemes, or none")]
    Length(String),
    /// A value is outside of what can be.
    #[error("{0} is not possible")]
    Value(String),
}

/// What kind of sound a phoneme is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A vowel or diphthong.
    Vowel,
    /// w, y, r, l.
    Glide,
    /// m, n, ng.
    Nasal,
    /// f, th, s, sh.
    Fricative,
    /// v, dh, z.
    Voiced,
    /// h.
    Breath,
    /// p, t, k.
    Stop,
    /// b, d, g.
    Bar,
}

/// A phoneme as the file has it.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phoneme {
    pub kind: Kind,
    pub f: [f32; 3],
    pub to: Option<[f32; 3]>,
    pub b: [f32; 3],
    pub ms: f32,
    #[serde(default)]
    pub noise: Option<[f32; 3]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPhrase {
    text: String,
    says: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    language: String,
    pitch: f32,
    fall: f32,
    pace: f32,
    phonemes: BTreeMap<String, Phoneme>,
    phrases: BTreeMap<String, RawPhrase>,
}

/// One sound of a phrase.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Sound {
    /// A phoneme, and whether it is stressed.
    Phoneme(Phoneme, bool),
    /// A short pause.
    Pause,
}

/// What a language sounds like, and what it says.
#[derive(Clone, PartialEq, Debug)]
pub struct Voice {
    pub(crate) pitch: f32,
    pub(crate) fall: f32,
    pub(crate) pace: f32,
    /// By the places of [`Phrase::ALL`].
    phrases: Vec<(String, Vec<Sound>)>,
}

impl Voice {
    /// The voice of a language that is built in, by its name in ISO 639-1.
    ///
    /// # Errors
    /// If there is none of this language; never what is wrong with a file, which a test sees to.
    pub fn of(language: &str) -> Result<Self, VoiceError> {
        let found = LANGUAGES.iter().find(|(name, _)| *name == language);
        let (_, text) = found.ok_or_else(|| VoiceError::Language(language.to_owned()))?;
        Self::parse(text)
    }

    /// A voice from the text of its file.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn parse(text: &str) -> Result<Self, VoiceError> {
        let raw: Raw = toml::from_str(text).map_err(|why| VoiceError::Shape(why.message().to_owned()))?;
        for (name, value, range) in
            [("pitch", raw.pitch, 60.0..=300.0), ("fall", raw.fall, 0.4..=1.5), ("pace", raw.pace, 0.5..=2.0)]
        {
            if !range.contains(&value) {
                return Err(VoiceError::Value(name.to_owned()));
            }
        }
        if !raw.language.chars().all(|c| c.is_ascii_lowercase()) || raw.language.is_empty() {
            return Err(VoiceError::Value("language".to_owned()));
        }
        for (name, phoneme) in &raw.phonemes {
            if !is_possible(phoneme) {
                return Err(VoiceError::Value(format!("phonemes.{name}")));
            }
        }
        if let Some(name) = raw.phrases.keys().find(|name| Phrase::from_word(name).is_none()) {
            return Err(VoiceError::NoPhrase(name.clone()));
        }
        let mut phrases = Vec::with_capacity(Phrase::ALL.len());
        for phrase in Phrase::ALL {
            let entry = raw.phrases.get(phrase.word()).ok_or(VoiceError::Missing(phrase.word()))?;
            phrases.push((entry.text.clone(), sounds(phrase, &entry.says, &raw.phonemes)?));
        }
        Ok(Self { pitch: raw.pitch, fall: raw.fall, pace: raw.pace, phrases })
    }

    /// The words of a phrase as a person would write them.
    pub fn text(&self, phrase: Phrase) -> &str {
        self.phrases.get(phrase.index()).map_or("", |(text, _)| text)
    }

    pub(crate) fn sounds(&self, phrase: Phrase) -> &[Sound] {
        self.phrases.get(phrase.index()).map_or(&[], |(_, sounds)| sounds)
    }
}

fn is_possible(phoneme: &Phoneme) -> bool {
    let formants = |f: [f32; 3]| 100.0 <= f[0] && f[0] < f[1] && f[1] < f[2] && f[2] <= 3400.0;
    formants(phoneme.f)
        && phoneme.to.is_none_or(formants)
        && phoneme.b.iter().all(|b| (20.0..=1000.0).contains(b))
        && (10.0..=500.0).contains(&phoneme.ms)
        && phoneme.noise.is_none_or(|[centre, width, level]| {
            (100.0..=3900.0).contains(&centre)
                && (50.0..=4000.0).contains(&width)
                && (-60.0..=10.0).contains(&level)
        })
}

fn sounds(
    phrase: Phrase,
    says: &str,
    phonemes: &BTreeMap<String, Phoneme>,
) -> Result<Vec<Sound>, VoiceError> {
    let mut sounds = Vec::new();
    for word in says.split_whitespace() {
        if word == "|" {
            sounds.push(Sound::Pause);
            continue;
        }
        let (name, stressed) = word.strip_suffix('1').map_or((word, false), |name| (name, true));
        let no_phoneme =
            || VoiceError::NoPhoneme { phrase: phrase.word().to_owned(), sound: word.to_owned() };
        sounds.push(Sound::Phoneme(*phonemes.get(name).ok_or_else(no_phoneme)?, stressed));
    }
    if sounds.is_empty() || sounds.len() > MAX_SOUNDS {
        return Err(VoiceError::Length(phrase.word().to_owned()));
    }
    Ok(sounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_voice_can_be_read_and_says_every_phrase() {
        for (language, _) in LANGUAGES {
            let voice = Voice::of(language).unwrap();
            assert!(Phrase::ALL.into_iter().all(|phrase| !voice.text(phrase).is_empty()));
        }
        assert_eq!(Voice::of("xx"), Err(VoiceError::Language("xx".to_owned())));
    }

    #[test]
    fn what_is_wrong_with_a_voice_is_told() {
        let good = LANGUAGES[1].1;
        let wrong = |from: &str, to: &str| {
            assert!(good.contains(from));
            Voice::parse(&good.replacen(from, to, 1)).unwrap_err()
        };
        assert_eq!(wrong("W AH1 N", "W AH1 Q").to_string(), "phrases.1: there is no phoneme `Q`");
        assert_eq!(
            wrong("[phrases.star]", "[phrases.moon]").to_string(),
            "phrases.moon is no phrase of the gateway's"
        );
        assert_eq!(wrong("pitch = 118", "pitch = 5").to_string(), "pitch is not possible");
        assert_eq!(
            wrong("f = [750, 1250, 2550]", "f = [750, 1250, 9550]").to_string(),
            "phonemes.AY is not possible"
        );
        assert!(matches!(wrong("kind = \"stop\"", "kind = \"click\""), VoiceError::Shape(_)));
    }
}

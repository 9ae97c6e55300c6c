//! The tones of a country as the ear knows them.

use tipring_port::Tone;
use tipring_units::{Hz, Millis};

/// The table, keyed for the laboratory alone.
const TABLE: &str = include_str!("plan.tsv");

/// Declares the countries with their codes; the first is the default.
macro_rules! lands {
    ($first:ident $first_code:literal $first_name:literal, $($land:ident $code:literal $name:literal,)*) => {
        /// A country whose tones the ear knows.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
        pub enum Land {
            #[doc = concat!($first_name, ".")]
            #[default]
            $first,
            $(#[doc = concat!($name, ".")] $land,)*
        }

        impl Land {
            /// All of them.
            pub const ALL: &'static [Self] = &[Self::$first, $(Self::$land),*];

            /// The code in flows and configurations.
            pub const fn code(self) -> &'static str {
                match self {
                    Self::$first => $first_code,
                    $(Self::$land => $code,)*
                }
            }
        }
    };
}

lands! {
    Us "us" "United States",
    Uk "uk" "United Kingdom",
    De "de" "Germany",
    Fr "fr" "France",
    At "at" "Austria",
    Au "au" "Australia",
    Be "be" "Belgium",
    Br "br" "Brazil",
    Ca "ca" "Canada",
    Ch "ch" "Switzerland",
    Cn "cn" "China",
    Dk "dk" "Denmark",
    Es "es" "Spain",
    Fi "fi" "Finland",
    Ie "ie" "Ireland",
    In "in" "India",
    It "it" "Italy",
    Jp "jp" "Japan",
    Nl "nl" "Netherlands",
    No "no" "Norway",
    Nz "nz" "New Zealand",
    Pl "pl" "Poland",
    Pt "pt" "Portugal",
    Se "se" "Sweden",
}

impl Land {
    /// The country with this code; the United Kingdom also goes by its ISO code `gb`.
    pub fn of_code(code: &str) -> Option<Self> {
        let code = if code == "gb" { "uk" } else { code };
        Self::ALL.iter().copied().find(|land| land.code() == code)
    }

    /// What a flow may write where a country is expected.
    pub fn hint() -> String {
        let codes: Vec<&str> = Self::ALL.iter().map(|land| land.code()).collect();
        format!("Write one of {}.", codes.join(", "))
    }
}

/// A part of a cadence.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    /// The place of its frequencies in [`Plan::chords`]; `None` for a pause.
    pub chord: Option<u8>,
    /// Its length; `None` until stopped.
    pub length: Option<Millis>,
}

/// A tone's cadence.
#[derive(Clone, PartialEq, Debug)]
pub struct Pattern {
    /// Its name.
    pub tone: Tone,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The step that follows the last.
    pub repeat_from: Option<usize>,
}

/// The tones of one country.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The sets of frequencies that sound at once.
    pub chords: Vec<Vec<Hz>>,
    /// The tones that can be told apart.
    pub patterns: Vec<Pattern>,
    /// Tones that sound as another does, and that other.
    pub alike: Vec<(Tone, Tone)>,
}

impl Plan {
    /// The tones of `land`.
    pub fn of(land: Land) -> Self {
        let mut plan = Self { chords: Vec::new(), patterns: Vec::new(), alike: Vec::new() };
        for line in TABLE.lines() {
            let mut words = line.split_whitespace();
            if words.next() != Some(land.code()) {
                continue;
            }
            let Some(tone) = words.next().and_then(tone_of) else { continue };
            let mut pattern = Pattern { tone, steps: Vec::new(), repeat_from: None };
            for word in words {
                if word == "|" {
                    pattern.repeat_from = Some(pattern.steps.len());
                } else if let Some(step) = plan.step(word) {
                    pattern.steps.push(step);
                }
            }
            let same =
                |known: &&Pattern| (&known.steps, known.repeat_from) == (&pattern.steps, pattern.repeat_from);
            match plan.patterns.iter().find(same) {
                Some(known) => plan.alike.push((tone, known.tone)),
                None => plan.patterns.push(pattern),
            }
        }
        plan
    }

    /// What `tone` is heard as: itself, where no tone before it in the table sounds the same.
    pub fn heard_as(&self, tone: Tone) -> Tone {
        self.alike.iter().find(|(one, _)| *one == tone).map_or(tone, |(_, other)| *other)
    }

    /// The pattern of `tone`.
    pub fn pattern(&self, tone: Tone) -> Option<&Pattern> {
        let tone = self.heard_as(tone);
        self.patterns.iter().find(|pattern| pattern.tone == tone)
    }

    fn step(&mut self, word: &str) -> Option<Step> {
        let (sound, length) = match word.split_once('/') {
            Some((sound, length)) => (sound, Some(Millis(length.parse().ok()?))),
            None => (word, None),
        };
        if sound == "-" {
            return Some(Step { chord: None, length });
        }
        let chord = sound.split('+').map(|f| f.parse().ok().map(Hz)).collect::<Option<Vec<Hz>>>()?;
        let place = self.chords.iter().position(|known| *known == chord).unwrap_or_else(|| {
            self.chords.push(chord);
            self.chords.len() - 1
        });
        Some(Step { chord: Some(place as u8), length })
    }
}

fn tone_of(word: &str) -> Option<Tone> {
    Tone::ALL.into_iter().find(|tone| tone.word() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        for land in Land::ALL.iter().copied() {
            let plan = Plan::of(land);
            let lines = TABLE.lines().filter(|line| line.split_whitespace().next() == Some(land.code()));
            for line in lines.clone() {
                let words: Vec<&str> = line.split_whitespace().collect();
                let pattern = plan.pattern(tone_of(words[1]).unwrap()).unwrap();
                let steps = words[2..].iter().filter(|word| **word != "|").count();
                assert_eq!(pattern.steps.len(), steps, "{line}");
            }
            assert_eq!(plan.patterns.len() + plan.alike.len(), lines.count());
            assert!(plan.patterns.len() >= 8, "{land:?} has a dial tone, busy and the others");
        }
    }

    #[test]
    fn tones_that_sound_the_same_are_heard_as_the_first() {
        assert_eq!(Plan::of(Land::Jp).heard_as(Tone::Congestion), Tone::Busy);
        assert_eq!(Plan::of(Land::Au).alike, [(Tone::Congestion, Tone::Busy)]);
        assert_eq!(Plan::of(Land::De).alike, []);
        assert_eq!(Plan::of(Land::Pl).pattern(Tone::Congestion), Plan::of(Land::Pl).pattern(Tone::Busy));
    }

    #[test]
    fn british_ringback_is_known_by_its_two_bursts() {
        let plan = Plan::of(Land::Uk);
        let pattern = plan.pattern(Tone::Ringback).unwrap();
        let lengths: Vec<u32> = pattern.steps.iter().map(|step| step.length.unwrap().0).collect();
        assert_eq!(lengths, [400, 200, 400, 2000]);
        assert_eq!(plan.chords[usize::from(pattern.steps[0].chord.unwrap())], [Hz(400.0), Hz(450.0)]);
    }
}

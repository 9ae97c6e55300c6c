//! Ladders: what happened in a flow, line by line, and whether two of them agree.

use core::fmt::Write as _;

use tipring_units::{Instant, Millis};

/// How far the times of the same event may lie apart at the two fidelities: a DTMF detector over true samples needs
/// up to two ticks more than over symbols, an ear up to 40 ms more to be sure; where a line dials on the tone that it
/// heard and its exchange hears the digits, the one comes on top of the other.
pub const TOLERANCE: Millis = Millis(150);

/// The same for what ears tell: they date a sound over true samples by the window of their analysis, and some sounds
/// have first to be told from others. An exchange hears digits, and rings its subscribers by them.
pub const EAR_TOLERANCE: Millis = Millis(300);

/// One line of a ladder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rung {
    /// When, from the start of the flow.
    pub at: Instant,
    /// To whom; empty for a statement of the flow.
    pub who: String,
    /// What.
    pub words: String,
}

/// A ladder.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ladder {
    /// In order of time.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    /// Its text: seconds, who, what; statements of the flow after `>`.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for rung in &self.rungs {
            let seconds = rung.at.to_string();
            // writing to a String does not fail
            let _ = if rung.who.is_empty() {
                writeln!(text, "{seconds:>9}  > {}", rung.words)
            } else {
                writeln!(text, "{seconds:>9}    {:<9} {}", rung.who, rung.words)
            };
        }
        text
    }

    /// Reads a ladder's text; lines that are none are left out.
    pub fn parse(text: &str) -> Self {
        let mut ladder = Self::default();
        for line in text.lines() {
            let Some((seconds, rest)) = line.trim_start().split_once(' ') else { continue };
            let Some(at) = moment_of(seconds) else { continue };
            let rest = rest.trim_start();
            let (who, words) = match rest.strip_prefix("> ") {
                Some(words) => ("", words),
                None => split_who(rest),
            };
            ladder.rungs.push(Rung { at, who: who.trim().to_owned(), words: words.to_owned() });
        }
        ladder
    }

    /// What is in one of the two and not in the other, with times apart by no more than `tolerance`: in words, the
    /// golden one being `self`. Events closer to each other than that may change places.
    pub fn differences(&self, other: &Self, tolerance: Millis) -> Vec<String> {
        let mut free: Vec<&Rung> = other.rungs.iter().collect();
        let mut differences = Vec::new();
        for rung in &self.rungs {
            let same = |candidate: &&Rung| candidate.who == rung.who && candidate.words == rung.words;
            let near = |candidate: &Rung| {
                let apart = candidate.at.since(rung.at).max(rung.at.since(candidate.at));
                let heard =
                    ["hears", "stops", "shows", "overhears"].iter().any(|verb| rung.words.starts_with(verb))
                        || ["exchange ", "subscriber "].iter().any(|who| rung.who.starts_with(who));
                let slack = if heard && tolerance > Millis::ZERO { EAR_TOLERANCE } else { tolerance };
                apart <= slack.into()
            };
            if let Some(place) = free.iter().position(|candidate| same(candidate) && near(candidate)) {
                free.remove(place);
            } else if let Some(place) = free.iter().position(same) {
                let found = free.remove(place);
                differences.push(format!(
                    "{} {}: at {} in one, {} in the other",
                    rung.who, rung.words, rung.at, found.at
                ));
            } else {
                differences
                    .push(format!("{} {}: at {} in one, not in the other", rung.who, rung.words, rung.at));
            }
        }
        for rung in free {
            differences.push(format!("{} {}: not in one, at {} in the other", rung.who, rung.words, rung.at));
        }
        differences
    }
}

fn moment_of(text: &str) -> Option<Instant> {
    let (seconds, millis) = text.split_once('.')?;
    let (seconds, millis): (u64, u64) = (seconds.parse().ok()?, millis.parse().ok()?);
    (millis < 1000 && seconds < 10_000_000).then(|| Instant::from_millis(seconds * 1000 + millis))
}

/// Who ends with two blanks, or at the ninth character.
fn split_who(rest: &str) -> (&str, &str) {
    let at = rest.char_indices().nth(9).map_or(rest.len(), |(at, _)| at);
    if rest.get(at..).is_some_and(|tail| tail.starts_with(' ')) {
        let (who, words) = rest.split_at(at);
        return (who, words.trim_start());
    }
    rest.split_once("  ").unwrap_or((rest, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder(rungs: &[(u64, &str, &str)]) -> Ladder {
        let rung = |(at, who, words): &(u64, &str, &str)| Rung {
            at: Instant::from_millis(*at),
            who: (*who).to_owned(),
            words: (*words).to_owned(),
        };
        Ladder { rungs: rungs.iter().map(rung).collect() }
    }

    #[test]
    fn a_ladder_is_read_as_it_was_written() {
        let written = ladder(&[
            (0, "", "phone 1: off-hook"),
            (70, "line 1", "seized"),
            (1_234_567, "gateway", "alarm full"),
        ]);
        assert_eq!(Ladder::parse(&written.to_text()), written);
    }

    #[test]
    fn ladders_agree_within_the_tolerance_only() {
        let one = ladder(&[(100, "line 1", "seized"), (130, "phone 1", "hears dial-tone")]);
        let swapped = ladder(&[(120, "phone 1", "hears dial-tone"), (150, "line 1", "seized")]);
        assert_eq!(one.differences(&swapped, TOLERANCE), Vec::<String>::new());
        let late = ladder(&[(251, "line 1", "seized"), (130, "phone 1", "hears dial-tone")]);
        assert_eq!(one.differences(&late, TOLERANCE).len(), 1);
        // Ears need longer to be sure of true sound than of its name.
        let beyond = 131 + u64::from(EAR_TOLERANCE.0);
        let late = ladder(&[(100, "line 1", "seized"), (beyond, "phone 1", "hears dial-tone")]);
        assert_eq!(one.differences(&late, TOLERANCE).len(), 1);
        let more = ladder(&[
            (100, "line 1", "seized"),
            (130, "phone 1", "hears dial-tone"),
            (140, "phone 1", "hears dial-tone"),
        ]);
        assert_eq!(one.differences(&more, TOLERANCE).len(), 1);
        assert_eq!(more.differences(&one, TOLERANCE).len(), 1);
    }
}

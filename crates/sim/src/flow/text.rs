//! The words of a flow and what can be wrong with them.

use core::fmt;

use tipring_units::Millis;

/// Characters of a flow, at the most.
pub const MAX_TEXT: usize = 65_536;
/// Words of one line, at the most.
pub const MAX_WORDS: usize = 256;
/// The longest time that a flow can name.
pub const LONGEST: Millis = Millis::from_secs(24 * 3600);

/// What is wrong with a flow, where, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{line}:{column}: {what}. {remedy}")]
pub struct FlowError {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// What a word is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A plain word.
    Plain,
    /// Text in quotes.
    Quoted,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `->`
    Arrow,
}

/// A word of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// Its text, without quotes.
    pub text: String,
    /// Where it stands, from 1.
    pub column: usize,
    /// What it is.
    pub kind: Kind,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::Quoted { write!(f, "\"{}\"", self.text) } else { f.write_str(&self.text) }
    }
}

/// Cuts a line into words. A `#` at the start of a word begins a comment.
pub fn words(line: usize, text: &str) -> Result<Vec<Word>, FlowError> {
    let mut words: Vec<Word> = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let column = at + 1;
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        if c == '#' {
            break;
        }
        if words.len() >= MAX_WORDS {
            let (what, remedy) = ("this line has too many words".to_owned(), "Cut it in two.".to_owned());
            return Err(FlowError { line, column, what, remedy });
        }
        if c == '"' {
            let rest: String = chars[at + 1..].iter().take_while(|c| **c != '"').collect();
            let length = rest.chars().count();
            if at + 1 + length >= chars.len() {
                return Err(FlowError {
                    line,
                    column,
                    what: "this quote is not closed".to_owned(),
                    remedy: "Write \" at its end.".to_owned(),
                });
            }
            words.push(Word { text: rest, column, kind: Kind::Quoted });
            at += length + 2;
            continue;
        }
        let mut end = at;
        while end < chars.len() && !chars[end].is_whitespace() && chars[end] != '"' {
            end += 1;
        }
        let mut text: String = chars[at..end].iter().collect();
        at = end;
        if text == "->" {
            words.push(Word { text, column, kind: Kind::Arrow });
            continue;
        }
        let mut marks = Vec::new();
        while let Some(mark) = text.chars().last().filter(|c| matches!(c, ',' | ';')) {
            text.pop();
            let kind = if mark == ',' { Kind::Comma } else { Kind::Semicolon };
            marks.push(Word { text: mark.to_string(), column: column + text.chars().count(), kind });
        }
        if !text.is_empty() {
            words.push(Word { text, column, kind: Kind::Plain });
        }
        words.extend(marks.into_iter().rev());
    }
    Ok(words)
}

/// A cursor over the words of one line.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    /// The line, from 1.
    pub line: usize,
    words: &'a [Word],
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// At the first word. `length` is the length of the line, for errors at its end.
    pub fn new(line: usize, words: &'a [Word], length: usize) -> Self {
        Self { line, words, at: 0, end: length + 1 }
    }

    /// The next word, without taking it.
    pub fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    /// The text of the next word if it is a plain one.
    pub fn peek_plain(&self) -> Option<&'a str> {
        self.peek().filter(|word| word.kind == Kind::Plain).map(|word| word.text.as_str())
    }

    /// Takes the next word.
    pub fn take(&mut self) -> Option<&'a Word> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// Takes the next word if it is this one.
    pub fn eat(&mut self, text: &str) -> bool {
        let found = self.peek_plain() == Some(text);
        self.at += usize::from(found);
        found
    }

    /// Takes the next word if it is of this kind.
    pub fn eat_kind(&mut self, kind: Kind) -> bool {
        let found = self.peek().is_some_and(|word| word.kind == kind);
        self.at += usize::from(found);
        found
    }

    /// How many words have been taken.
    pub const fn place(&self) -> usize {
        self.at
    }

    /// Goes back to a place.
    pub fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    /// True at the end of the line.
    pub fn is_done(&self) -> bool {
        self.at >= self.words.len()
    }

    /// An error at the next word.
    pub fn error(&self, what: impl Into<String>, remedy: impl Into<String>) -> FlowError {
        let column = self.peek().map_or(self.end, |word| word.column);
        FlowError { line: self.line, column, what: what.into(), remedy: remedy.into() }
    }

    /// An error at the word before.
    pub fn error_before(&self, what: impl Into<String>, remedy: impl Into<String>) -> FlowError {
        let word = self.words.get(self.at.wrapping_sub(1));
        let column = word.map_or(self.end, |word| word.column);
        FlowError { line: self.line, column, what: what.into(), remedy: remedy.into() }
    }

    /// The next word, plain or quoted, whatever it is.
    pub fn text(&mut self, expected: &str) -> Result<&'a str, FlowError> {
        match self.peek() {
            Some(word) if matches!(word.kind, Kind::Plain | Kind::Quoted) => {
                self.at += 1;
                Ok(&word.text)
            }
            Some(_) | None => Err(self.error(format!("{expected} is missing"), "Write it here.")),
        }
    }

    /// The next word as a number.
    pub fn number<T: core::str::FromStr>(&mut self, expected: &str) -> Result<T, FlowError> {
        let text = self.text(expected)?;
        text.parse()
            .map_err(|_| self.error_before(format!("\"{text}\" is not {expected}"), "Write a number."))
    }

    /// The next word as a number with a unit behind it: `5%`.
    pub fn quantity(&mut self, unit: &str, expected: &str) -> Result<f32, FlowError> {
        let text = self.text(expected)?;
        let number = text.strip_suffix(unit).and_then(|number| number.parse::<f32>().ok());
        number.filter(|number| number.is_finite() && (-1e6..=1e6).contains(number)).ok_or_else(|| {
            self.error_before(format!("\"{text}\" is not {expected}"), format!("Write a number and {unit}."))
        })
    }

    /// The next word as a length of time: `300ms`, `10s`, `5m`, `1h`.
    pub fn time(&mut self, expected: &str) -> Result<Millis, FlowError> {
        let text = self.text(expected)?;
        time_of(text).ok_or_else(|| {
            self.error_before(
                format!("\"{text}\" is not {expected}"),
                "Write a time like 300ms, 10s, 5m or 1h, up to 24h.",
            )
        })
    }
}

/// A length of time.
pub fn time_of(text: &str) -> Option<Millis> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return None,
    };
    let millis = number.parse::<f64>().ok()? * scale;
    (0.0..=f64::from(LONGEST.0)).contains(&millis).then_some(Millis(millis as u32))
}

/// The word of `all` that is nearest to `word`, for "did you mean".
pub fn nearest<'a>(word: &str, all: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    all.into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 2.min(candidate.chars().count() / 2))
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(40).enumerate() {
        let mut last = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = last + usize::from(x != *y);
            last = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(last + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_falls_into_words_marks_and_a_comment() {
        let words = words(1, "peer: 180, 200 -> phone 1 shows \"A, B\"; x # y").unwrap();
        let texts: Vec<String> = words.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["peer:", "180", ",", "200", "->", "phone", "1", "shows", "\"A, B\"", ";", "x"]);
        assert_eq!(words[8].column, 33);
        assert_eq!(
            super::words(3, "a \"b").unwrap_err().to_string(),
            "3:3: this quote is not closed. Write \" at its end."
        );
    }

    #[test]
    fn times_have_units_and_limits() {
        assert_eq!(time_of("300ms"), Some(Millis(300)));
        assert_eq!(time_of("1.5s"), Some(Millis(1500)));
        assert_eq!(time_of("2h"), Some(Millis(7_200_000)));
        for bad in ["", "5", "s", "25h", "-1s", "NaNs", "1e99s"] {
            assert_eq!(time_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        assert_eq!(nearest("dails", ["dials", "says", "flash"]), Some("dials"));
        assert_eq!(nearest("xyzzy", ["dials", "says", "flash"]), None);
    }
}

//! The star codes of a house: a ready set with rows of its own on top.
//!
//! # How
//! A row goes before the set: what it is the same code as, or is done before, is taken out of the set where the row is the same
//! code, and told where a longer one could not be dialled any more. Where a row leaves out the subscriber's own digits they stand
//! where the set of North America has them: at the end.
//!
//! # Limits
//! [`MAX_CODES`] codes; further ones are told.

use super::codes::{Action, Code, MAX_CODES, Part};
use super::sets::CodeSet;
use crate::Plan;
use crate::digits::{Reader, Verdict};

/// What a row of the configuration says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeRow {
    /// The code as written: `*72`, `*21*{number}#`.
    pub code: String,
    /// What it does: `forward-always`, `pass`, `none`.
    pub action: String,
}

/// What is wrong with a row, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeFinding {
    /// The code of the row.
    pub code: String,
    /// True if the row cannot be used.
    pub is_error: bool,
    /// A sentence or two.
    pub message: String,
}

/// The word for an action in the configuration.
pub fn code_word(action: Action) -> String {
    let word = action.word();
    let word = match word.strip_prefix("forward") {
        Some("") => "forward always",
        Some(" off") => "forward always off",
        Some(" ask") => "forward always ask",
        Some(" none") => "forward off",
        Some(_) | None => word,
    };
    word.replace(' ', "-")
}

/// The words that a row may have.
pub fn code_words() -> Vec<String> {
    let mut words: Vec<String> = Action::words().filter_map(Action::of_word).map(code_word).collect();
    words.push("none".to_owned());
    words.sort();
    words
}

/// The codes of the set and of the rows, and what is wrong with them.
pub fn code_table(set: Option<CodeSet>, rows: &[CodeRow]) -> (Vec<Code>, Vec<CodeFinding>) {
    let (mut own, mut findings) = (Vec::<Code>::new(), Vec::new());
    let mut theirs = set.map(CodeSet::codes).unwrap_or_default();
    for row in rows {
        let error = |message: String| CodeFinding { code: row.code.clone(), is_error: true, message };
        if row.action == "none" {
            let before = theirs.len();
            theirs.retain(|code| !is_meant(code, &row.code));
            if theirs.len() == before {
                findings.push(CodeFinding {
                    is_error: false,
                    ..error("takes nothing out: the set has no such code.".to_owned())
                });
            }
            continue;
        }
        let Some(action) = Action::of_word_in_table(&row.action) else {
            findings.push(error(format!("no code does \"{}\". {}", row.action, suggestion(&row.action))));
            continue;
        };
        let text = completed(&row.code, action);
        match Code::new(&text, action) {
            Ok(code) => {
                if let Some(twin) =
                    own.iter().find(|twin| twin.is_done_before(&code) && code.is_done_before(twin))
                {
                    findings.push(error(format!("is the same code as \"{twin}\". Keep one.")));
                    continue;
                }
                theirs.retain(|other| !(code.is_done_before(other) && other.is_done_before(&code)));
                own.push(code);
            }
            Err(why) => findings.push(error(format!("{why}."))),
        }
    }
    for code in &own {
        findings.extend(hidden(code, &own, &theirs));
    }
    own.append(&mut theirs);
    if own.len() > MAX_CODES {
        let code = rows.first().map(|row| row.code.clone()).unwrap_or_default();
        let message = format!("there are {} codes; {MAX_CODES} are the most.", own.len());
        findings.push(CodeFinding { code, is_error: true, message });
        own.truncate(MAX_CODES);
    }
    (own, findings)
}

/// What is wrong with rows beside the dial plan: codes that would be done before an emergency number is dialled, codes that an
/// emergency number is done before, and numbers that cannot be dialled any more.
pub fn code_plan_findings(plan: &Plan, codes: &[Code], rows: &[CodeRow]) -> Vec<CodeFinding> {
    let mut findings = Vec::new();
    let is_row = |code: &Code| rows.iter().find(|row| completed(&row.code, code.action()) == code.as_str());
    for (code, row) in codes.iter().filter_map(|code| Some((code, is_row(code)?))) {
        if code.action() == Action::Pass {
            continue;
        }
        let error = |message: String| CodeFinding { code: row.code.clone(), is_error: true, message };
        if let Some(number) = plan.emergency_numbers().find(|number| code.is_done_within(number)) {
            findings.push(error(format!(
                "would be done before {number} is dialled, an emergency number. Take another code, that begins with * or #."
            )));
            continue;
        }
        let typed = code.example();
        if let Some(number) = plan.emergency_numbers().find(|number| typed.starts_with(*number)) {
            findings.push(error(format!(
                "nobody can dial it: {number} is an emergency number and goes at once. Take another code."
            )));
            continue;
        }
        let mut reader = Reader::new(plan, false);
        for digit in typed.bytes() {
            reader.push(plan, digit);
        }
        if !matches!(reader.verdict(plan), Verdict::Dead(_)) {
            findings.push(CodeFinding {
                is_error: false,
                ..error(format!(
                    "numbers that begin with {typed} cannot be dialled: the code goes before the dial plan. Write \"pass\" if they are for a server."
                ))
            });
        }
    }
    findings
}

/// A row that is done at the beginning of another code, or another one at the beginning of it.
fn hidden(code: &Code, own: &[Code], theirs: &[Code]) -> Vec<CodeFinding> {
    let mut findings = Vec::new();
    let finding = |code: &Code, message: String| CodeFinding {
        code: code.as_str().to_owned(),
        is_error: true,
        message,
    };
    for other in own.iter().chain(theirs).filter(|other| *other != code) {
        let is_set = theirs.contains(other);
        let free = if is_set { format!(", or write \"{other}\" = \"none\"") } else { String::new() };
        if other.action() != Action::Pass && other.is_done_before(code) && !code.is_done_before(other) {
            findings.push(finding(
                code,
                format!(
                    "nobody can dial it: \"{other}\" ({}) is done before. Take another code{free}.",
                    other.action().word()
                ),
            ));
        } else if is_set
            && code.action() != Action::Pass
            && code.is_done_before(other)
            && !other.is_done_before(code)
        {
            findings.push(finding(
                code,
                format!(
                    "is done before \"{other}\" ({}) of the set can be dialled. Take another code{free}.",
                    other.action().word()
                ),
            ));
        }
    }
    findings.truncate(1);
    findings
}

/// The code of a row with the subscriber's own digits, where they were left out.
fn completed(text: &str, action: Action) -> String {
    if text.contains('{') {
        return text.to_owned();
    }
    let with = |own: &str| format!("{text}{own}");
    match action.needs() {
        (true, _, true) => with("{digit}{number}"),
        (true, _, false) => match text.strip_suffix('#') {
            // As the ETSI codes are.
            Some(begin) if begin.ends_with('*') => format!("{begin}{{number}}#"),
            Some(_) | None => with("{number}"),
        },
        (false, true, _) => with("*{pin}#"),
        (false, false, true) => with("{digit}"),
        (false, false, false) => text.to_owned(),
    }
}

/// True if `written`, with or without the subscriber's own digits, means this code.
fn is_meant(code: &Code, written: &str) -> bool {
    let bare = |text: &str| text.split('{').next().unwrap_or("").trim_end_matches(['*', '#']).to_owned();
    code.as_str() == written
        || (!written.contains('{') && !bare(written).is_empty() && bare(code.as_str()) == bare(written) && {
            // `#21#` is not `*21*{number}#`, but `*72` is `*72{number}`.
            code.as_str().starts_with(written.trim_end_matches(['*', '#'])) && code.as_str().contains('{')
        })
}

fn suggestion(word: &str) -> String {
    let words = code_words();
    let near = words.iter().filter(|known| known.starts_with(word) || word.starts_with(known.as_str()));
    match near.min_by_key(|known| known.len().abs_diff(word.len())) {
        Some(known) => format!("Did you mean \"{known}\"?"),
        None => format!("It may be {}.", words.join(", ")),
    }
}

impl Action {
    /// The action of a word of the configuration; words with spaces are taken too.
    pub fn of_word_in_table(word: &str) -> Option<Self> {
        let wanted = word.replace(' ', "-");
        Self::words().filter_map(Self::of_word).find(|action| code_word(*action) == wanted)
    }
}

impl Code {
    /// True if whoever dials `other` has dialled this one before its end, or with it.
    fn is_done_before(&self, other: &Self) -> bool {
        let own = self.parts();
        // The number at the end is read by the dial plan: the code is done in front of it.
        let own = match own {
            [rest @ .., Part::Number] => rest,
            all => all,
        };
        let theirs = match other.parts() {
            [rest @ .., Part::Number] => rest,
            all => all,
        };
        own.len() <= theirs.len()
            && own.iter().zip(theirs).all(|(own, theirs)| may_be_the_same(*own, *theirs))
    }

    /// True if it is done by the digits of `number`, or by the first of them.
    fn is_done_within(&self, number: &str) -> bool {
        let own = match self.parts() {
            [rest @ .., Part::Number] => rest,
            all => all,
        };
        own.len() <= number.len()
            && own.iter().zip(number.bytes()).all(|(own, digit)| may_be_the_same(*own, Part::Sign(digit)))
    }

    /// What is dialled, up to the first of the subscriber's own digits.
    fn example(&self) -> String {
        let signs = self.parts().iter().map_while(|part| match part {
            Part::Sign(sign) => Some(char::from(*sign)),
            Part::Number | Part::Pin | Part::Digit => None,
        });
        signs.collect()
    }
}

fn may_be_the_same(own: Part, theirs: Part) -> bool {
    match (own, theirs) {
        (Part::Sign(own), Part::Sign(theirs)) => own == theirs,
        (Part::Digit, Part::Sign(sign)) | (Part::Sign(sign), Part::Digit) => sign.is_ascii_digit(),
        (Part::Number | Part::Pin, Part::Number | Part::Pin) | (Part::Digit, Part::Digit) => true,
        (Part::Number | Part::Pin, Part::Sign(_) | Part::Digit)
        | (Part::Sign(_) | Part::Digit, Part::Number | Part::Pin) => false,
    }
}

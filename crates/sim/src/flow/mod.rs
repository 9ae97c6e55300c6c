//! Flows: calls written as text, run in virtual time, told as ladders.
//!
//! # What it does
//! Reads a flow, builds its world, lets happen what it says, checks what it expects and writes its ladder.
//!
//! # How
//! A flow has a head (seed, country, telephones, far ends) and statements, one a line: who does what, and after `->`
//! what is then to be seen. What can be expected is what ladders show. A statement begins [`PACE`] after the one before
//! it has come true; with `&` before it, at the same moment. At audio fidelity each statement begins when it began at
//! signal fidelity, so that the two ladders have the same times.
//!
//! # Limits
//! [`MAX_TEXT`], [`MAX_STATEMENTS`], [`MAX_RUN`].
//!
//! # Standard
//! None.

mod action;
mod expect;
mod header;
mod ladder;
mod outside;
mod run;
mod site;
mod subject;
mod text;
mod watch;

use tipring_units::Millis;

pub use action::Action;
pub use expect::{ABSTINENCE, Always, Expectation, Mode, PATIENCE};
pub use header::{Head, LineHead, MAX_FLOW_LINES, MAX_PEERS, MAX_SHARDS, ServerHead};
pub use ladder::{EAR_TOLERANCE, Ladder, Rung, TOLERANCE};
pub use outside::{Outside, caller_id_of};
pub use run::{Failure, Fidelity, FlowReport, LISTENING, MAX_RUN, PACE, run_flow};
pub use site::{config_of, world_of};
pub use subject::{Scene, Subject};
pub use text::{FlowError, LONGEST, MAX_TEXT, MAX_WORDS};

use header::HeadReader;
use text::{Cursor, Kind};

/// Statements of a flow, at the most.
pub const MAX_STATEMENTS: usize = 1000;

/// What a statement lets happen.
#[derive(Clone, PartialEq, Debug)]
pub enum Deed {
    /// These, one after the other, at once.
    Do(Vec<Action>),
    /// Nothing for this long.
    Wait(Millis),
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// The line of the flow.
    pub line: usize,
    /// What stands before the arrow.
    pub text: String,
    /// It begins with the one before it.
    pub together: bool,
    /// What it lets happen.
    pub deed: Deed,
    /// What is expected then.
    pub expects: Vec<Expectation>,
}

/// A flow.
#[derive(Clone, PartialEq, Debug)]
pub struct Flow {
    /// Its head.
    pub head: Head,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// What holds throughout.
    pub always: Vec<Always>,
}

impl Flow {
    /// Reads a flow.
    pub fn parse(text: &str) -> Result<Self, FlowError> {
        if text.len() > MAX_TEXT {
            let what = format!("a flow of {} bytes is too long", text.len());
            let remedy = format!("Up to {MAX_TEXT}; make several of it.");
            return Err(FlowError { line: 1, column: 1, what, remedy });
        }
        let mut reader = Some(HeadReader::default());
        let mut head = Head::default();
        let mut scene = Scene::of(&head);
        let (mut statements, mut always) = (Vec::new(), Vec::new());
        for (place, raw) in text.lines().enumerate() {
            let line = place + 1;
            let words = text::words(line, raw)?;
            let mut cursor = Cursor::new(line, &words, raw.chars().count());
            if cursor.is_done() {
                continue;
            }
            if !is_statement(&words) {
                let Some(reader) = &mut reader else {
                    return Err(not_a_statement(&scene, &cursor));
                };
                reader.line(&mut cursor, raw)?;
                continue;
            }
            if let Some(reader) = reader.take() {
                head = reader.finish();
                scene = Scene::of(&head);
            }
            if statements.len() + always.len() >= MAX_STATEMENTS {
                return Err(cursor.error("too many statements", format!("Up to {MAX_STATEMENTS}.")));
            }
            if cursor.eat("always:") {
                always.push(expect::always(&scene, &mut cursor)?);
            } else {
                statements.push(statement(&scene, &mut cursor, &words)?);
            }
            if !cursor.is_done() {
                return Err(cursor.error("this does not belong here", "Leave it out, or put -> before it."));
            }
        }
        if let Some(reader) = reader {
            head = reader.finish();
        }
        Ok(Self { head, statements, always })
    }
}

/// A statement has a colon behind its subject, or waits.
fn is_statement(words: &[text::Word]) -> bool {
    let plain = |word: &text::Word, text: &str| word.kind == Kind::Plain && word.text == text;
    let first = words.iter().find(|word| !plain(word, "&"));
    if first.is_some_and(|word| plain(word, "wait") || word.kind == Kind::Arrow) {
        return true;
    }
    // a dial pattern may hold a colon too: only the first three words can be a subject
    let head = ["dial", "offline", "config", "table", "server", "emergency", "line", "subscriber"];
    let is_head = first.is_some_and(|word| head.contains(&word.text.as_str()));
    let has_colon = |word: &text::Word| word.kind == Kind::Plain && word.text.ends_with(':');
    let first_colon = words.iter().take(4).position(has_colon);
    match first_colon {
        Some(place) => {
            let numbered = |word: &text::Word| matches!(word.text.as_str(), "line" | "subscriber");
            !is_head || (first.is_some_and(numbered) && place <= 2)
        }
        None => false,
    }
}

fn not_a_statement(scene: &Scene, cursor: &Cursor<'_>) -> FlowError {
    let mut ahead = cursor.clone();
    match scene.subject(&mut ahead) {
        Ok(Some(_)) => ahead.error("a colon is missing behind the subject", "Write: phone 1: off-hook."),
        Ok(None) => scene.unknown(cursor),
        Err(error) => error,
    }
}

fn statement(scene: &Scene, cursor: &mut Cursor<'_>, words: &[text::Word]) -> Result<Statement, FlowError> {
    let line = cursor.line;
    let together = cursor.eat("&");
    let begin = cursor.place();
    let mut subject = None;
    let deed = if cursor.eat("wait") {
        Deed::Wait(cursor.time("how long")?)
    } else if cursor.peek().is_some_and(|word| word.kind == Kind::Arrow) {
        Deed::Do(Vec::new())
    } else {
        let found = scene.subject(cursor)?;
        let Some(found) = found else { return Err(scene.unknown(cursor)) };
        let has_colon =
            words.get(cursor.place().wrapping_sub(1)).is_some_and(|word| word.text.ends_with(':'));
        if !has_colon && !cursor.eat(":") {
            return Err(cursor.error("a colon is missing behind the subject", "Write: phone 1: off-hook."));
        }
        subject = Some(found);
        Deed::Do(action::actions(scene, found, cursor)?)
    };
    let end = cursor.place();
    let text: Vec<String> = words.iter().take(end).skip(begin).map(ToString::to_string).collect();
    let text = text.join(" ").replace(" ,", ",");
    let expects =
        if cursor.eat_kind(Kind::Arrow) { expect::expectations(scene, subject, cursor)? } else { Vec::new() };
    Ok(Statement { line, text, together, deed, expects })
}

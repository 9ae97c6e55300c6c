//! The ready sets as Markdown, for the book.

use core::fmt::Write;

use super::codes::{Action, Turn};
use super::sets::CodeSet;
use super::{Flag, ForwardWhen};
use crate::features::{code_word, code_words};

/// What a row of the table is about: codes that end or ask for a thing stand beside the one that begins it.
const fn row(action: Action) -> (Action, Turn) {
    match action {
        Action::Forward(when, turn) => (Action::Forward(when, Turn::On), turn),
        Action::Flag(flag, turn) => (Action::Flag(flag, Turn::On), turn),
        Action::ShowNext => (Action::HideNext, Turn::Off),
        Action::CallBackOff => (Action::CallBack, Turn::Off),
        Action::ForwardNone
        | Action::HideNext
        | Action::NoWaiting
        | Action::Redial
        | Action::Return
        | Action::Speed
        | Action::SetSpeed
        | Action::Trace
        | Action::Transfer
        | Action::SayNumber
        | Action::SayAddress
        | Action::PickUp
        | Action::PickUpGroup
        | Action::Park
        | Action::Unpark
        | Action::CallBack
        | Action::CallBackNow
        | Action::Pass => (action, Turn::On),
    }
}

/// What it is, for a person.
const fn about(action: Action) -> &'static str {
    match action {
        Action::Forward(ForwardWhen::Always, _) => "forward all calls",
        Action::Forward(ForwardWhen::Busy, _) => "forward while busy",
        Action::Forward(ForwardWhen::NoAnswer, _) => "forward when nobody answers for `ring_time`",
        Action::Forward(ForwardWhen::Unreachable, _) => "forward while the line is out of service",
        Action::ForwardNone => "forward nothing",
        Action::Flag(Flag::DoNotDisturb, _) => "do not disturb",
        Action::Flag(Flag::RejectAnonymous, _) => "refuse callers who hide their number",
        Action::Flag(Flag::Hide, _) => "hide the own number always",
        Action::Flag(Flag::Lock, _) => "lock, unlock with the `pin` of the phone",
        Action::Flag(Flag::Waiting, _) => "call waiting",
        Action::HideNext | Action::ShowNext => "hide the own number in the next call, show it",
        Action::NoWaiting => "no call waiting until hung up",
        Action::Redial => "the last number again",
        Action::Return => "call who called last",
        Action::Speed => "call a speed dial",
        Action::SetSpeed => "set a speed dial",
        Action::Trace => "mark the last call as malicious, in the log",
        Action::Transfer => "send the held party to a number",
        Action::SayNumber => "say the line's own number",
        Action::SayAddress => "say the gateway's address",
        Action::PickUp => "answer a call that rings at a phone",
        Action::PickUpGroup => "answer one that rings in a pick-up group",
        Action::Park => "park the held call under the own number",
        Action::Unpark => "take a parked call",
        Action::CallBack | Action::CallBackOff => {
            "be rung when who was busy is free (the last number again, where nobody was); not any more"
        }
        Action::CallBackNow => "the same, on busy tone",
        Action::Pass => "left to the dial plan",
    }
}

/// `*72{number}`, `*73`; asks: `*#21#`.
fn cell(set: CodeSet, of: Action) -> String {
    let mut all = String::new();
    // What begins it, then what ends it, then what asks.
    for turn in [Turn::On, Turn::Off, Turn::Ask] {
        for code in set.own_codes().filter(|code| row(code.action()) == (of, turn)) {
            let before = match (all.is_empty(), turn) {
                (_, Turn::Ask) => "; asks: ",
                (true, Turn::On | Turn::Off) => "",
                (false, Turn::On | Turn::Off) => ", ",
            };
            // Writing to a String cannot fail.
            let _ = write!(all, "{before}`{}`", code.as_str());
        }
    }
    all
}

/// The codes of all sets: a row for each thing that a code does.
pub fn code_reference() -> String {
    let mut all = "| | North America | ETSI | UK, besides those of ETSI |\n|---|---|---|---|\n".to_owned();
    let actions = Action::words().filter_map(Action::of_word);
    for action in actions.filter(|action| row(*action) == (*action, Turn::On)) {
        let [north_america, etsi, uk] =
            [CodeSet::NorthAmerica, CodeSet::Etsi, CodeSet::Uk].map(|set| cell(set, action));
        if north_america.is_empty() && etsi.is_empty() && uk.is_empty() {
            continue;
        }
        let _ = writeln!(all, "| {} | {north_america} | {etsi} | {uk} |", about(action));
    }
    all
}

/// What each word of `[codes]` stands for.
pub fn code_word_reference() -> String {
    let mut all = "| word | does |\n|---|---|\n".to_owned();
    for word in code_words() {
        let does = match Action::of_word_in_table(&word) {
            None => "takes the code out of the set".to_owned(),
            Some(action) => {
                let end = match row(action).1 {
                    Turn::On => "",
                    Turn::Off => ": off",
                    Turn::Ask => ": asks whether it is on",
                };
                format!("{}{end}", about(action))
            }
        };
        debug_assert!(
            word == "none" || Action::of_word_in_table(&word).map(code_word).as_deref() == Some(&word)
        );
        let _ = writeln!(all, "| `{word}` | {does} |");
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_every_set_stands_in_the_table_once() {
        let made = code_reference();
        let is_code =
            |text: &&str| !text.contains(' ') && text.starts_with(|sign: char| "*#0123456789".contains(sign));
        let texts: Vec<&str> = made.split('`').filter(is_code).collect();
        let sets = [CodeSet::NorthAmerica, CodeSet::Etsi, CodeSet::Uk];
        let mut all: Vec<String> =
            sets.into_iter().flat_map(CodeSet::own_codes).map(|code| code.as_str().to_owned()).collect();
        let mut told: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        all.sort();
        told.sort();
        assert_eq!(told, all);
    }
}

//! Plans of Sipura, Linksys and Cisco adapters: alternatives in parentheses, each a pattern as it is written here too.

use tipring_units::Millis;

use super::{DialPlan, alternatives, inside, moved, skip_spaces};
use crate::pattern::Reader;
use crate::{Element, Pattern, PatternError};

const EMPTY: &str = "an alternative between | and |";
const DIGITS: &str = "at least one digit to dial (or P for a hotline)";

/// Reads `L:10,S:5,(a|b)`.
pub(super) fn read(text: &str, start: usize, plan: &mut DialPlan) -> Result<(), PatternError> {
    let (timers, start) = timers(text, start)?;
    let parentheses = [('(', "( before the first alternative"), (')', ") after the last alternative")];
    let (body, start) = inside(text, start, parentheses)?;
    for (part, offset) in alternatives(body, start) {
        if part.is_empty() {
            return Err(PatternError { offset, expected: EMPTY });
        }
        let (part, to_line) = gateway(part, offset, plan);
        let mut pattern = Pattern::read(&part).map_err(|error| moved(error, offset))?;
        let nothing = |element: &Element| match element {
            Element::Substitute { dialled, sent } => dialled.is_empty() && sent.is_empty(),
            Element::Digit(_) | Element::Repeat(_) | Element::OutsideTone => false,
        };
        pattern.elements.retain(|element| !nothing(element));
        if !pattern.has_digits() && pattern.pause.is_none() {
            // A number that is whole before the first digit: a hotline, as late as its timer says.
            pattern.pause = pattern.short_timer.take();
            if pattern.pause.is_none() {
                return Err(PatternError { offset: offset + part.len(), expected: DIGITS });
            }
        } else if pattern.pause.is_none() {
            pattern.short_timer = pattern.short_timer.or(timers.short);
            pattern.long_timer = pattern.long_timer.or(timers.long);
        }
        plan.add(pattern, to_line, offset)?;
    }
    Ok(())
}

#[derive(Default)]
struct Timers {
    short: Option<Millis>,
    long: Option<Millis>,
}

/// `L:10,S:5,` before the parentheses, and where these begin.
fn timers(text: &str, start: usize) -> Result<(Timers, usize), PatternError> {
    let mut reader = Reader { bytes: text.as_bytes(), at: skip_spaces(text, start) };
    let mut timers = Timers::default();
    while let Some(letter @ (b'L' | b'S')) = reader.peek() {
        reader.at += 1;
        if reader.peek() != Some(b':') {
            return Err(reader.error("L:seconds, or S:seconds, before the plan"));
        }
        reader.at += 1;
        let length = Some(reader.seconds()?);
        if letter == b'L' {
            timers.long = length;
        } else {
            timers.short = length;
        }
        reader.at = skip_spaces(text, reader.at);
        if reader.peek() != Some(b',') {
            return Err(reader.error("a comma after the timer"));
        }
        reader.at = skip_spaces(text, reader.at + 1);
    }
    Ok((timers, reader.at))
}

/// Takes `@gw0`, the device's own outside line, out of `part`; the places of all else stay.
fn gateway(part: &str, offset: usize, plan: &mut DialPlan) -> (String, bool) {
    let mut to_line = false;
    let mut rest = part.to_owned();
    while let Some(at) = rest.find("@gw") {
        let digit = rest.as_bytes().get(at + 3).copied().filter(u8::is_ascii_digit);
        let length = 3 + usize::from(digit.is_some());
        match digit {
            Some(b'0') => to_line = true,
            Some(_) | None => {
                let name = rest.get(at..at + length).unwrap_or_default().to_owned();
                plan.lose(
                    offset + at,
                    format!("{name}: there is no such gateway here: the row goes where the others go"),
                );
            }
        }
        rest.replace_range(at..at + length, &" ".repeat(length));
    }
    (rest, to_line)
}

//! Digit maps of MGCP (RFC 3435 §2.1.5): alternatives in parentheses, or one without. `x.` is any count of digits, none
//! included; `T` at the end waits for the timer.
//!
//! A map is matched as soon as one of its alternatives is, also where another one is longer; only `T` waits: 4 s where
//! nothing but the timer is missing, 16 s where a digit is.

use tipring_units::Millis;

use super::meet::{extends, overlap};
use super::{DialPlan, alternatives, inside, skip_spaces};
use crate::pattern::Reader;
use crate::{DigitSet, Element, MAX_ELEMENTS, Pattern, PatternError};

/// The critical timer, Tcrit.
const CRITICAL: Millis = Millis::from_secs(4);
/// The partial dial timer, Tpar.
const PARTIAL: Millis = Millis::from_secs(16);

/// An alternative: its elements, its text, its place, and whether it waits.
struct Alternative<'t> {
    elements: Vec<Element>,
    text: &'t str,
    offset: usize,
    waits: bool,
}

/// Reads `(a|b)`.
pub(super) fn read(text: &str, start: usize, plan: &mut DialPlan) -> Result<(), PatternError> {
    let from = skip_spaces(text, start);
    let rest = text.get(from..).unwrap_or_default();
    let parentheses = [('(', "( before the first alternative"), (')', ") after the last alternative")];
    let (body, start) = if rest.starts_with('(') { inside(text, start, parentheses)? } else { (rest, from) };
    let mut all: Vec<Alternative<'_>> = Vec::new();
    for (part, offset) in alternatives(body, start) {
        if part.is_empty() {
            return Err(PatternError { offset, expected: "an alternative between | and |" });
        }
        if all.len() >= super::MAX_ROWS {
            return Err(PatternError { offset, expected: "at most 256 alternatives" });
        }
        let mut reader =
            Reader { bytes: text.as_bytes().get(..offset + part.len()).unwrap_or_default(), at: offset };
        let (elements, waits) = alternative(&mut reader)?;
        all.push(Alternative { elements, text: part, offset, waits });
    }
    for one in &all {
        let grows = all.iter().any(|other| extends(&one.elements, &other.elements));
        let short_timer = match (one.waits, grows) {
            (true, _) => Some(CRITICAL),
            (false, true) => Some(Millis::ZERO),
            (false, false) => None,
        };
        if one.waits && !grows {
            let text = one.text;
            let why = "nothing longer begins so, so that it goes at once, without the 4 s of T";
            plan.lose(one.offset, format!("{text}: {why}"));
        }
        if one.waits
            && let Some((other, number)) = fits_both(one, &all)
        {
            let text = one.text;
            plan.lose(
                one.offset,
                format!("{text}: {number} fits {other} too, which does not wait; here the more specific of the two decides"),
            );
        }
        let pattern = Pattern {
            elements: one.elements.clone(),
            short_timer,
            long_timer: Some(PARTIAL),
            ..Pattern::default()
        };
        plan.add(pattern, false, one.offset)?;
    }
    Ok(())
}

/// An alternative that does not wait, and a number that fits both.
fn fits_both<'a>(one: &Alternative<'_>, all: &'a [Alternative<'_>]) -> Option<(&'a str, String)> {
    all.iter()
        .filter(|other| !other.waits)
        .find_map(|other| overlap(&one.elements, &other.elements).map(|number| (other.text, number)))
}

/// The elements, and whether `T` stands at the end.
fn alternative(reader: &mut Reader<'_>) -> Result<(Vec<Element>, bool), PatternError> {
    let mut elements: Vec<Element> = Vec::new();
    let mut waits = false;
    while let Some(byte) = reader.peek() {
        if waits {
            return Err(reader.error("T at the end of the alternative"));
        }
        match byte {
            b' ' | b'\t' => reader.at += 1,
            b'T' | b't' if elements.is_empty() => return Err(reader.error("a digit before T")),
            b'T' | b't' => {
                waits = true;
                reader.at += 1;
            }
            b'.' => {
                let Some(Element::Digit(set)) = elements.pop() else {
                    return Err(reader.error("a digit, x or [..] before `.`, which repeats it"));
                };
                elements.push(Element::Repeat(set));
                reader.at += 1;
            }
            b'a'..=b'd' => {
                elements.extend(DigitSet::of(byte.to_ascii_uppercase()).map(Element::Digit));
                reader.at += 1;
            }
            _ => elements.push(Element::Digit(reader.digit_set("0-9, *, #, A-D, x, [..], `.` or T")?)),
        }
        if elements.len() > MAX_ELEMENTS {
            return Err(reader.error("at most 64 elements"));
        }
    }
    Ok((elements, waits))
}

//! Plans of Grandstream adapters: alternatives in braces. `+` and `.` are one or more of what stands before them, `?` none
//! or one, `<2=011>` sends another number, `^` bars, `,` is the second dial tone, `T` waits 3 s, `L:` sends to the
//! device's own outside line, `\` takes the next character as it is.

use tipring_units::Millis;

use super::{DialPlan, alternatives, inside};
use crate::pattern::Reader;
use crate::{DigitSet, Element, MAX_ELEMENTS, MAX_SENT, Pattern, PatternError};

/// What `T` waits.
const WAIT: Millis = Millis::from_secs(3);
/// `?` of one alternative, at the most: each doubles its rows.
const MAX_OPTIONAL: usize = 4;

const BEFORE: &str = "a digit, x or [..] before +, `.` or ?";
const PART: &str = "a digit, *, #, x, [..], <..=..>, +, `.`, ?, `,` or T";
const SENT: &str = "a digit to send (0-9, *, #, +; 64 at the most) or >";

/// A part of an alternative.
enum Part {
    One(Element),
    /// None or one of the set.
    Optional(DigitSet),
}

/// Reads `{ a | b }`.
pub(super) fn read(text: &str, start: usize, plan: &mut DialPlan) -> Result<(), PatternError> {
    let braces = [('{', "{ before the first alternative"), ('}', "} after the last alternative")];
    let (body, start) = inside(text, start, braces)?;
    for (part, offset) in alternatives(body, start) {
        if part.is_empty() {
            return Err(PatternError { offset, expected: "an alternative between | and |" });
        }
        // Up to its end: what stands behind it is no part of it.
        let mut reader =
            Reader { bytes: text.as_bytes().get(..offset + part.len()).unwrap_or_default(), at: offset };
        alternative(&mut reader, part, offset, plan)?;
    }
    Ok(())
}

fn alternative(
    reader: &mut Reader<'_>,
    text: &str,
    offset: usize,
    plan: &mut DialPlan,
) -> Result<(), PatternError> {
    let mut head = Pattern::default();
    let to_line = text.starts_with("L:");
    if to_line {
        reader.at += 2;
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut plus = false;
    while let Some(byte) = reader.peek() {
        if head.short_timer.is_some() {
            return Err(reader.error("T at the end of the alternative"));
        }
        match byte {
            b' ' | b'\t' => reader.at += 1,
            b'^' if parts.is_empty() && !head.barred => {
                head.barred = true;
                reader.at += 1;
            }
            b',' => {
                parts.push(Part::One(Element::OutsideTone));
                reader.at += 1;
            }
            b'T' => {
                head.short_timer = Some(WAIT);
                reader.at += 1;
            }
            b'+' | b'.' | b'?' => {
                let Some(Part::One(Element::Digit(set))) = parts.last() else {
                    return Err(reader.error(BEFORE));
                };
                let set = *set;
                if byte == b'?' {
                    parts.pop();
                    parts.push(Part::Optional(set));
                } else {
                    parts.push(Part::One(Element::Repeat(set)));
                }
                reader.at += 1;
            }
            b'<' => parts.push(Part::One(substitution(reader)?)),
            b'\\' => {
                reader.at += 1;
                match reader.peek() {
                    Some(b'+') => {
                        plus = true;
                        reader.at += 1;
                    }
                    _ => parts.push(Part::One(Element::Digit(literal(reader)?))),
                }
            }
            _ => parts.push(Part::One(Element::Digit(digit_set(reader, PART)?))),
        }
        if parts.len() > MAX_ELEMENTS {
            return Err(reader.error("at most 64 elements"));
        }
    }
    if plus {
        let why = "no telephone dials +, and SIP phones that do are understood without it: left out";
        plan.lose(offset, format!("{text}: {why}"));
        return Ok(());
    }
    for elements in expanded(&parts, offset)? {
        let pattern = Pattern { elements, ..head.clone() };
        if !pattern.has_digits() {
            return Err(PatternError { offset, expected: "at least one digit to dial" });
        }
        if pattern.elements.len() > MAX_ELEMENTS {
            return Err(PatternError { offset, expected: "at most 64 elements" });
        }
        plan.add(pattern, to_line, offset)?;
    }
    Ok(())
}

/// The alternatives without `?` that are the same together, the shortest first.
fn expanded(parts: &[Part], offset: usize) -> Result<Vec<Vec<Element>>, PatternError> {
    let optional = parts.iter().filter(|part| matches!(part, Part::Optional(_))).count();
    if optional > MAX_OPTIONAL {
        return Err(PatternError { offset, expected: "? four times at the most" });
    }
    let mut all = Vec::new();
    for choice in 0..1_usize << optional {
        let mut seen = 0;
        let mut elements = Vec::new();
        for part in parts {
            match part {
                Part::One(element) => elements.push(element.clone()),
                Part::Optional(set) => {
                    if choice >> seen & 1 == 1 {
                        elements.push(Element::Digit(*set));
                    }
                    seen += 1;
                }
            }
        }
        // Nothing is left of `{x?}` without its digit.
        if !elements.is_empty() || optional == 0 {
            all.push(elements);
        }
    }
    all.sort_by_key(Vec::len);
    Ok(all)
}

/// `\*`: the character after the backslash.
fn literal(reader: &mut Reader<'_>) -> Result<DigitSet, PatternError> {
    let error = reader.error("0-9, *, #, A-D or + after the backslash");
    let byte = reader.peek().ok_or(error)?;
    let set = DigitSet::of(byte.to_ascii_uppercase()).ok_or(error)?;
    reader.at += 1;
    Ok(set)
}

/// One digit, `x`, or a set, in which `x` may stand too.
fn digit_set(reader: &mut Reader<'_>, expected: &'static str) -> Result<DigitSet, PatternError> {
    let error = reader.error(expected);
    match reader.peek() {
        Some(b'x' | b'X') => {
            reader.at += 1;
            Ok(DigitSet::DECIMAL)
        }
        Some(b'[') => {
            reader.at += 1;
            let mut set = DigitSet::default();
            loop {
                let wanted = reader.error("a digit, x, a range or ]");
                match reader.peek() {
                    Some(b']') if set.count() > 0 => break,
                    Some(b'x' | b'X') => {
                        set = set.union(DigitSet::DECIMAL);
                        reader.at += 1;
                    }
                    Some(b' ') => reader.at += 1,
                    Some(byte) => {
                        let byte = byte.to_ascii_uppercase();
                        set = set.union(DigitSet::of(byte).ok_or(wanted)?);
                        reader.at += 1;
                        if reader.peek() == Some(b'-') {
                            reader.at += 1;
                            set = set.union(reader.range_end(byte)?);
                        }
                    }
                    None => return Err(reader.error("]")),
                }
            }
            reader.at += 1;
            Ok(set)
        }
        Some(byte) => {
            let set = DigitSet::of(if byte.is_ascii_lowercase() { byte - 32 } else { byte }).ok_or(error)?;
            reader.at += 1;
            Ok(set)
        }
        None => Err(error),
    }
}

/// `<dialled=sent>`.
fn substitution(reader: &mut Reader<'_>) -> Result<Element, PatternError> {
    reader.at += 1;
    let mut dialled = Vec::new();
    loop {
        match reader.peek() {
            Some(b'=') => break,
            Some(b' ') => reader.at += 1,
            _ => dialled.push(digit_set(reader, "a dialled digit, or = and what is sent for it")?),
        }
        if dialled.len() > MAX_ELEMENTS {
            return Err(reader.error("at most 64 elements"));
        }
    }
    reader.at += 1;
    let mut sent = String::new();
    loop {
        match reader.peek() {
            Some(b'>') => break,
            Some(b' ' | b'\\') => reader.at += 1,
            Some(byte @ (b'0'..=b'9' | b'*' | b'#' | b'+')) if sent.len() < MAX_SENT => {
                sent.push(char::from(byte));
                reader.at += 1;
            }
            _ => return Err(reader.error(SENT)),
        }
    }
    reader.at += 1;
    Ok(Element::Substitute { dialled, sent })
}

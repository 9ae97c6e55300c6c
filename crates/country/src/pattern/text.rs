//! Writes a pattern from its parts, so that it is read as the same.

use core::fmt::Write as _;

use tipring_units::Millis;

use super::{DigitSet, Element, Pattern};

impl Pattern {
    /// The same pattern with the text that its parts make.
    #[must_use]
    pub(crate) fn rewritten(self) -> Self {
        let mut text = String::new();
        if let Some(pause) = self.pause {
            push_timer(&mut text, 'P', pause);
        }
        for element in &self.elements {
            // What would be read on as the length of the pause.
            if text.starts_with('P') && !text.contains(' ') {
                text.push(' ');
            }
            match element {
                Element::Digit(set) => push_set(&mut text, *set),
                Element::Repeat(set) => {
                    push_set(&mut text, *set);
                    text.push('.');
                }
                Element::Substitute { dialled, sent } => {
                    text.push('<');
                    dialled.iter().for_each(|set| push_set(&mut text, *set));
                    text.push(':');
                    text.push_str(sent);
                    text.push('>');
                }
                Element::OutsideTone => text.push(','),
            }
        }
        for (letter, timer) in [('S', self.short_timer), ('L', self.long_timer)] {
            if let Some(timer) = timer {
                text.push(' ');
                push_timer(&mut text, letter, timer);
            }
        }
        if self.barred {
            text.push('!');
        }
        if let Some(hours) = self.hours {
            let _ = write!(text, " {hours}"); // a String takes all
        }
        Self { text, ..self }
    }
}

fn push_timer(text: &mut String, letter: char, timer: Millis) {
    let _ = write!(text, "{letter}{}", timer.0 / 1000); // a String takes all
}

/// `x`, `4`, `[2-8*]`.
fn push_set(text: &mut String, set: DigitSet) {
    if set == DigitSet::DECIMAL {
        text.push('x');
        return;
    }
    let digits: Vec<u8> = set.digits().collect();
    if let [only] = digits.as_slice() {
        text.push(char::from(*only));
        return;
    }
    text.push('[');
    let mut rest = digits.as_slice();
    while let Some((first, _)) = rest.split_first() {
        let follows = |(place, digit): (usize, &u8)| {
            digit.is_ascii_digit() && usize::from(*digit) == usize::from(*first) + place
        };
        let run = rest.iter().enumerate().take_while(|pair| follows(*pair)).count().max(1);
        let (taken, after) = rest.split_at(run);
        match taken {
            [from, _, .., to] => {
                let _ = write!(text, "{}-{}", char::from(*from), char::from(*to));
            }
            few => text.extend(few.iter().copied().map(char::from)),
        }
        rest = after;
    }
    text.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for (text, written) in [
            ("[0-9]xx", "xxx"),
            ("[13-5*]", "[13-5*]"),
            ("[12]x.", "[12]x."),
            ("< 9: >,xx.S2L12!", "<9:>,xx. S2 L12!"),
            ("<9:>,xx.S2L12!", "<9:>,xx. S2 L12!"),
            ("P5<:1000>", "P5 <:1000>"),
            ("P51", "P51"),
            ("0x!  18:00-08:00", "0x! 18:00-08:00"),
            ("P5 1", "P5 1"),
            ("<9,:+1>[A-]", ""),
            ("<[2-4]1:+1>[0-9*#A]", "<[2-4]1:+1>[0-9*#A]"),
        ] {
            let Ok(pattern) = Pattern::parse(text) else {
                assert_eq!(written, "", "{text}");
                continue;
            };
            let again = pattern.clone().rewritten();
            assert_eq!(again.as_str(), written);
            assert_eq!(Pattern::parse(again.as_str()), Ok(again.clone()));
            assert_eq!(Pattern { text: String::new(), ..again }, Pattern { text: String::new(), ..pattern });
        }
    }
}
